"""What those who run the service rely on: no secret comes out, no unsafe setting is served with,
and what is installed and contained is what was meant."""

import os
import shutil
import socket
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.database import DatabaseUrl
from tests import command, container_run, insecure, secrecy, supply
from tests.command import run
from tests.soak.bar import Bar, Figure
from tests.supply import Audit
from tests.test_operations import two_free_ports


@contextmanager
def _folder() -> Iterator[Path]:
    """That a user without an account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def no_secret_comes_out(url: str) -> Figure:
    found: list[str] = []
    planted, shown = 0, 0
    with _folder() as folder:
        environment = command.production(url, folder)
        secrecy.prepare(environment)
        for format, level in (("json", "info"), ("json", "debug"), ("text", "debug")):
            more = {"HEADCOUNT_LOG_FORMAT": format, "HEADCOUNT_LOG_LEVEL": level}
            leaks = secrecy.look({**environment, **more}, folder, two_free_ports(), thorough=True)
            found += leaks.found
            planted = len(leaks.planted.needles)
            shown += sum(map(len, leaks.shown.values()))
            places = [where for where, text in leaks.shown.items() if text]
    said = f": {', '.join(found)}" if found else ""
    return Figure(
        f"{planted} planted, {len(found)} found{said} in {shown // 1024} KiB of"
        f" {', '.join(sorted(places))}",
        met=not found and planted >= 20,
    )


def no_insecure_setting_is_served_with(url: str) -> Figure:
    with _folder() as folder:
        environment = command.production(url, folder)
        cases = insecure.cases(folder)
        refused = 0
        for case in cases:
            outcome = run("serve", env=insecure.changed(environment, case.changes))
            named = f"\n  {case.variable} " in outcome.err
            refused += outcome.code == 2 and named and "listens" not in outcome.err
        with command.served(environment, cwd=folder) as graphql:
            live = graphql.replace("/graphql", "/livez")
            with urllib.request.urlopen(live, timeout=60) as answer:
                starts = answer.status == 200
    return Figure(
        f"{refused} of {len(cases)} refused by `headcount serve`, which names the variable; without"
        f" them it {'starts' if starts else 'does not start'}",
        met=refused == len(cases) >= 12 and starts,
    )


def what_is_installed_is_pinned(_url: str) -> Figure:
    faults = [
        fault for name in supply.LOCKS for fault in supply.faults_of_lock(supply.read(name))
    ] + [
        each
        for name in ("Makefile", "Containerfile", "README.md")
        for each in supply.unpinned_installs(supply.read(name))
    ]
    locked = supply.locked(supply.read("requirements.lock"))
    with _folder() as folder:
        bill = supply.bill_of_materials(folder)
    listed = sorted((each["name"], each["version"]) for each in bill["components"])
    licences = supply.make("licences").code == 0
    direct = len(supply.direct_dependencies())
    audit = supply.audit(supply.make("audit"))
    return Figure(
        f"{len(faults)} packages or installs without hashes; SBOM lists {len(listed)} of"
        f" {len(locked)} locked; licences {'all' if licences else 'not all'} allowed; {direct}"
        f" direct dependencies; vulnerabilities: {audit.value}",
        met=not faults
        and listed == locked
        and licences
        and direct <= 15
        and audit is not Audit.VULNERABLE,
    )


def the_container_file_runs(url: str) -> Figure:
    if os.geteuid() != 0:
        return Figure("needs root, for a file system of its own", met=False)
    with _folder() as folder, _reached_by_anybody(url, folder) as near:
        image = container_run.build(folder)
        volume = folder / "volume"
        settings = _settings(near, folder)
        migrated, _ = image.run("headcount", "migrate", writable=volume, **settings)
        escaped, _ = image.run("sh", "-c", "touch /opt/x || touch /x", writable=volume)
        _, uid = image.run("id", "-u", writable=volume)
        with container_run.served(image, volume, **settings) as healthy:
            pass
        dead, _ = image.run(*image.health, writable=volume, **settings)
        size = sum(each.stat().st_size for each in image.tree.rglob("*") if each.is_file())
    return Figure(
        f"all steps ran; UID {uid.strip()}, {'nothing' if escaped else 'something'} writable,"
        f" migrate exits with {migrated}, {'healthy' if healthy else 'not healthy'} while served"
        f" and {'unhealthy' if dead else 'healthy'} after; {size / 2**20:.0f} MiB beside Python",
        met=bool(migrated == 0 and escaped and uid.strip() != "0" and healthy and dead),
    )


@contextmanager
def _reached_by_anybody(url: str, folder: Path) -> Iterator[str]:
    """The URL of a database that the image's user can reach: a file in its volume, or the server,
    whose socket is its owner's alone, through a port."""
    volume = folder / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    if url.startswith("sqlite://"):
        yield f"sqlite://{volume}/headcount.db"
        return
    of = DatabaseUrl.parse(url).credentials
    with container_run.reachable(Path(of["host"]) / f".s.PGSQL.{of['port']}") as port:
        yield f"postgresql://{of['user']}@127.0.0.1:{port}/{of['database']}?sslmode=disable"


def _settings(url: str, folder: Path) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = command.production(url, folder)
    ours = {name: value for name, value in environment.items() if name.startswith("HEADCOUNT_")}
    return {**ours, "HEADCOUNT_PORT": str(port), "HEADCOUNT_HOST": "127.0.0.1"}


BARS = [
    Bar(
        "Secrets in logs",
        "20 planted tokens, keys, DSN passwords and user IDs: 0 in logs, responses, metrics, what"
        " commands say, and the audit trail",
        no_secret_comes_out,
    ),
    Bar(
        "Bad configuration",
        "12 insecure production settings: 12 refused at start",
        no_insecure_setting_is_served_with,
        databases=("sqlite",),
    ),
    Bar(
        "Supply chain",
        "every package locked with hashes and installed by them, SBOM of exactly the locked"
        " packages, all licences allowed, at most 15 direct runtime dependencies, no known"
        " vulnerability where that can be looked up",
        what_is_installed_is_pinned,
        databases=(),
    ),
    Bar(
        "Container",
        "every step of the container file runs; without an account, a privilege or a file to write"
        " it migrates, serves and tells its health",
        the_container_file_runs,
    ),
]
