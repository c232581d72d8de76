"""`make soak`: measures the bars, all or those named, and writes the README's table.

make soak
make soak ARGS="--list"
make soak ARGS="durability 'Secrets in logs'"
"""

import argparse
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.facts import cpu
from resolvers.clock import system_clock
from tests.soak import bars, runner, table
from tests.soak.bars import Located
from tests.soak.runner import Measured
from tests.soak.table import Row

ROOT = Path(__file__).parent.parent.parent
_PACKAGES = (
    "strawberry-graphql",
    "graphql-core",
    "tortoise-orm",
    "asyncpg",
    "starlette",
    "uvicorn",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every bar that was measured is met, 1 when one is not, 2 for a name of nothing."""
    options = _parser().parse_args(arguments)
    every = bars.found(options.package)
    for name in options.names:
        if not any(each.is_called(name) for each in every):
            print(f"No bar is called {name!r}; --list names all.", file=sys.stderr)
            return 2
    chosen = [
        each
        for each in every
        if not options.names or any(each.is_called(name) for name in options.names)
    ]
    if options.list:
        for each in chosen:
            print(f"{each.topic}: {each.bar.threat}: {each.bar.bar}")
        return 0
    return _soak(every, [] if options.rows else chosen, options.readme, options.limit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make soak ARGS=...", description=__doc__)
    parser.add_argument("names", nargs="*", help="Topics, or parts of threats; else all.")
    parser.add_argument("--list", action="store_true", help="Name the bars, measure none.")
    parser.add_argument("--rows", action="store_true", help="Renew the rows, measure none.")
    parser.add_argument("--limit", type=float, default=runner.LIMIT, help="Seconds for each.")
    parser.add_argument("--readme", type=Path, default=ROOT / "README.md")
    parser.add_argument("--package", default=bars.PACKAGE, help="Where the bars are.")
    return parser


def _soak(every: Sequence[Located], chosen: Sequence[Located], readme: Path, limit: float) -> int:
    commit, reached, products = _commit(), dict[tuple[str, str], Row](), dict[str, None]()
    failed = 0

    def write() -> None:
        text = readme.read_text(encoding="utf-8")
        about = _about(commit, products) if reached else None
        renewed = table.renewed(text, [each.bar for each in every], reached, about)
        readme.write_text(renewed, encoding="utf-8")

    write()
    for number, each in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {each.topic}: {each.bar.threat}", flush=True)
        print(f"    bar: {each.bar.bar}", flush=True)
        measured = list(map(_told, runner.measure(each, limit)))
        products |= dict.fromkeys(one.database for one in measured if one.database)
        row = Row.of(each.bar, measured, f"{system_clock():%Y-%m-%d}, {commit}")
        reached[row.key] = row
        failed += not all(one.figure.met for one in measured)
        # After each, so that what is known survives a run that is broken off.
        write()
    print(f"{len(chosen) - failed} of {len(chosen)} bars met.")
    return 1 if failed else 0


def _told(one: Measured) -> Measured:
    where = f"{one.database}: " if one.database else ""
    said = "met" if one.figure.met else "NOT MET"
    print(f"    {said}: {where}{one.figure.text} ({one.seconds:.0f} s)", flush=True)
    return one


def _commit() -> str:
    """The commit that is measured; with a + when its files were changed since."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!README.md")
        return git("rev-parse", "--short=7", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "no commit"


def _about(commit: str, products: dict[str, None]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return (
        f"Last run: {system_clock():%Y-%m-%d} at {commit} on {cpu()}, {psutil.cpu_count()} cores,"
        f" {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}"
        f" {platform.machine()}; {', '.join(['Python ' + platform.python_version(), *products])};"
        f" {packages}. Rows with another date or commit are of earlier runs."
    )


if __name__ == "__main__":
    sys.exit(main())
