"""Processes and databases that are killed while logins are recorded, and what is left of them."""

import json
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from models.database import DatabaseUrl
from resolvers.clock import system_clock
from tests import command, waiting
from tests.processes import python
from tests.served import Served, running

BATCH = 20
WRITERS = 4
HEAD = "user_id,at\n"
MUTATION = (
    "mutation ($input: LoginsRecordInput!) { loginsRecord(input: $input) { recorded rejected } }"
)


@dataclass
class Found:
    """`acknowledged` users, how many of them are `lost`, and what else was found wrong. `halves`
    counts the rounds that left a part of a file."""

    rounds: int = 0
    halves: int = 0
    acknowledged: int = 0
    lost: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Recording:
    """Writers that send batches to a server, one after the other, and note what was answered."""

    server: Served
    prefix: str
    acknowledged: set[str] = field(default_factory=set)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        for writer in range(WRITERS):
            self._threads.append(threading.Thread(target=self._write, args=(writer,)))
            self._threads[-1].start()

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _write(self, writer: int) -> None:
        number = 0
        while not self._stop.is_set():
            users = [f"{self.prefix}-{writer}-{number}-{n}" for n in range(BATCH)]
            number += 1
            answer = self.server.ask(MUTATION, batch(users), as_="sync")
            recorded = (answer.body.get("data") or {}).get("loginsRecord") or {}
            if recorded.get("recorded") == BATCH:
                self.acknowledged.update(users)
            elif answer.status is None:
                time.sleep(0.02)


@contextmanager
def _recording(server: Served, prefix: str) -> Iterator[Recording]:
    """Under way: something was acknowledged."""
    recording = Recording(server, prefix)
    recording.begin()
    try:
        waiting.until(lambda: recording.acknowledged)
        yield recording
    finally:
        recording.end()


def batch(users: list[str]) -> dict[str, object]:
    at = (system_clock() - timedelta(hours=1)).isoformat()
    logins = [{"userId": user, "at": at} for user in users]
    return {"input": {"tenant": {"externalId": "ACME"}, "logins": logins}}


_PREPARE = """
import asyncio, sys
from models import database, migrate
from tests import factories

async def main(url):
    await migrate.migrate(url)
    await database.open(url)
    try:
        acme = await factories.tenant(name="Acme", external_id="ACME")
        await factories.service(acme, subject="sync")
        await factories.landlord(acme, subject="lena", display_name="Lena")
    finally:
        await database.close()

asyncio.run(main(sys.argv[1]))
"""


def prepare(environment: dict[str, str]) -> None:
    """A tenant ACME, the service account `sync` that records its logins, and a landlord `lena`."""
    python(_PREPARE, environment["HEADCOUNT_DATABASE_URL"])


def recorded_while_killed(
    environment: dict[str, str], folder: Path, rounds: int, *options: str, seed: int = 1
) -> Found:
    """Kill all processes of the server, `rounds` times, while four writers record over HTTP."""
    found, chance = Found(), random.Random(seed)
    known: set[str] = set()
    for number in range(rounds):
        with (
            running(environment, folder, *options) as server,
            _recording(server, f"k{number}") as recording,
        ):
            time.sleep(chance.uniform(0, 0.5))
            server.kill()
        known |= recording.acknowledged
        _check(environment["HEADCOUNT_DATABASE_URL"], known, found)
    return found


def recorded_while_the_database_stops(
    environment: dict[str, str],
    folder: Path,
    rounds: int,
    stop: Callable[[], None],
    start: Callable[[], None],
    seed: int = 1,
) -> Found:
    """Stop the database at once and start it again, `rounds` times; the server stays."""
    found, chance = Found(), random.Random(seed)
    known: set[str] = set()
    with running(environment, folder) as server:
        for number in range(rounds):
            with _recording(server, f"s{number}") as recording:
                time.sleep(chance.uniform(0, 0.5))
                stop()
                start()
                time.sleep(0.3)
            known |= recording.acknowledged
            _check(environment["HEADCOUNT_DATABASE_URL"], known, found)
    return found


def imported_while_killed(
    environment: dict[str, str], folder: Path, rounds: int, logins: int, seed: int = 1
) -> Found:
    """Kill `headcount record` in the middle of a file, `rounds` times, and then let it end. Each
    time it gets a larger part of the file and waits for the rest, so it cannot end before."""
    found, chance = Found(), random.Random(seed)
    day = system_clock() - timedelta(days=1)
    users = [f"u{n:07}" for n in range(logins)]
    lines = [
        f"{user},{(day - timedelta(days=n % 3)).isoformat()}\n" for n, user in enumerate(users)
    ]
    arguments = ("record", "-", "--tenant", "ACME", "--batch", 500, "--json")
    url = environment["HEADCOUNT_DATABASE_URL"]
    for number in range(rounds):
        before = _stored(url)
        options = {"env": environment, "cwd": folder, "stdin": subprocess.PIPE}
        process = command.start(*arguments, **options)
        part = lines[: logins * (number + 1) // (rounds + 1)]
        feeding = threading.Thread(target=_feed, args=(process, part))
        feeding.start()
        try:
            # As soon as something new is there, and a random moment later.
            waiting.until(lambda: _stored(url) > before or process.poll() is not None)  # noqa: B023
            time.sleep(chance.uniform(0, 0.05))
        finally:
            process.kill()
            feeding.join(timeout=60)
            process.communicate()
        found.halves += 0 < _stored(url) < logins
        _check(url, set(), found)
    outcome = command.run(*arguments, stdin="".join([HEAD, *lines]), env=environment)
    told = json.loads(outcome.out) if outcome.code == 0 else {}
    if (told.get("complete"), told.get("recorded")) != (True, logins):
        found.faults.append(f"the file cannot be recorded again: {outcome}")
    _check(url, set(users), found)
    return found


def _feed(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.writelines([HEAD, *lines])
        process.stdin.flush()


def _stored(url: str) -> int:
    return int(command.rows(url, "SELECT count(*) FROM presence")[0][0])


def _check(url: str, known: set[str], found: Found) -> None:
    # Fails when a stored number is not that of the users beside it.
    stored = {user for users in command.days(url).values() for user in users}
    found.rounds += 1
    found.acknowledged, found.lost = len(known), len(known - stored)
    if DatabaseUrl.parse(url).file is not None:
        (said,) = command.rows(url, "PRAGMA integrity_check")[0]
        if said != "ok":
            found.faults.append(f"integrity: {said}")
