"""What was acknowledged is there, however the processes or the database ended."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import killing, postgresql
from tests.command import production
from tests.killing import Found
from tests.soak.bar import Bar, Figure

KILLS = {"sqlite": 100, "postgresql": 20}
STOPS = 10
IMPORTS = 20


def _environment(url: str, folder: Path) -> dict[str, str]:
    environment = production(url, folder)
    killing.prepare(environment)
    return environment


def _figure(what: str, found: Found, rounds: int) -> Figure:
    text = (
        f"{found.rounds} times {what}, {found.acknowledged:,} logins acknowledged, {found.lost}"
        f" lost, {len(found.faults)} other faults"
    )
    met = found.rounds >= rounds and found.acknowledged > 0 and not (found.lost or found.faults)
    return Figure(text, met)


def _in_folder(measure: Callable[[Path], Figure]) -> Figure:
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        return measure(Path(folder))


def kills(url: str) -> Figure:
    rounds = KILLS["sqlite" if url.startswith("sqlite") else "postgresql"]

    def measure(folder: Path) -> Figure:
        found = killing.recorded_while_killed(_environment(url, folder), folder, rounds)
        return _figure("kill -9 of the server", found, rounds)

    return _in_folder(measure)


def imports(url: str) -> Figure:
    def measure(folder: Path) -> Figure:
        environment = _environment(url, folder)
        found = killing.imported_while_killed(environment, folder, IMPORTS, logins=200_000)
        figure = _figure("looked", found, IMPORTS)
        text = f"killed {IMPORTS} times, {found.halves} times with a part recorded; {figure.text}"
        return Figure(text, figure.met and found.halves > 0)

    return _in_folder(measure)


def stops(_url: str) -> Figure:
    def measure(folder: Path) -> Figure:
        with postgresql.server() as server:
            environment = _environment(server.url, folder)
            found = killing.recorded_while_the_database_stops(
                environment, folder, STOPS, server.stop_at_once, server.start
            )
        return _figure("immediate stop of PostgreSQL", found, STOPS)

    return _in_folder(measure)


BARS = [
    Bar(
        "Lost or torn write: the server is killed",
        f"kill -9 while four writers record over HTTP, {KILLS['sqlite']} times on SQLite and"
        f" {KILLS['postgresql']} times on PostgreSQL: 0 acknowledged logins lost, integrity ok",
        kills,
    ),
    Bar(
        "Lost or torn write: an import is killed",
        "kill -9 of `headcount record` in the middle: the file can be recorded again, and is whole",
        imports,
    ),
    Bar(
        "Lost or torn write: the database stops",
        f"PostgreSQL stopped at once {STOPS} times while four writers record: 0 acknowledged"
        " logins lost",
        stops,
        ("postgresql",),
    ),
]
