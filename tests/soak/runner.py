"""Runs the measurements of a bar, each in a process of its own: one that crashes, hangs or leaves
something behind tells nothing about the next."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from tests.soak import databases
from tests.soak.bar import Figure
from tests.soak.bars import Located, bars_of

LIMIT = 3600.0
"""Seconds after which a measurement counts as hung."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement of a bar; `database` is the product with its version, if there is one."""

    kind: str
    database: str
    figure: Figure
    seconds: float


def measure(located: Located, limit: float = LIMIT) -> Iterator[Measured]:
    """On each of its databases in turn. What goes wrong is a figure too, one that is not met."""
    for kind in located.bar.databases or ("",):
        began = perf_counter()
        with databases.fresh(kind) as database:
            figure = _measure_apart(located, database.url, limit)
        yield Measured(kind, database.product, figure, perf_counter() - began)


def _measure_apart(located: Located, url: str, limit: float) -> Figure:
    with tempfile.TemporaryDirectory(prefix="figure") as folder:
        answer = Path(folder) / "figure.json"
        arguments = [located.module, str(located.number), url, str(answer)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.runner", *arguments], start_new_session=True
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return Figure(f"did not end within {limit:g} s", met=False)
        finally:
            _end(process)
        if not answer.exists():
            return Figure(f"crashed: exit code {code}", met=False)
        return Figure(**json.loads(answer.read_text(encoding="utf-8")))


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started and left running."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answer(module: str, number: str, url: str, answer: str) -> None:
    """What the process of its own does."""
    bar = bars_of(module)[int(number)]
    try:
        figure = bar.measure(url)
    except Exception as error:
        # Its message may name this machine's files: that is for the terminal alone.
        figure = Figure(f"crashed: {type(error).__name__}", met=False)
        sys.excepthook(type(error), error, error.__traceback__)
    Path(answer).write_text(json.dumps(asdict(figure)), encoding="utf-8")


if __name__ == "__main__":
    _answer(*sys.argv[1:])
