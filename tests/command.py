"""The command `headcount` as a process of its own, on a database of its own."""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from models.database import DatabaseUrl
from tests import tokens

ROOT = Path(__file__).parent.parent
# As an installed script starts: without the working directory on the path.
_PYTHON = (sys.executable, "-P", "-c")
MAIN = "from graph.cli import main; main()"
COMMAND = (*_PYTHON, MAIN)

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    out: str
    err: str


def environment(url: str | None = None, **variables: str) -> dict[str, str]:
    """That of this process without any setting but these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HEADCOUNT_")}
    given = {"HEADCOUNT_DRAIN_SECONDS": "0"}  # Nobody waits for a load balancer here.
    if url is not None:
        given["HEADCOUNT_DATABASE_URL"] = url
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **given, **variables}


def production(url: str, folder: Path, **variables: str) -> dict[str, str]:
    """The environment of a service that trusts the issuer of tests/tokens.py."""
    keys = folder / "jwks.json"
    keys.write_bytes(tokens.jwks(tokens.jwk(tokens.RSA, kid="rsa")))
    trusted = {
        "HEADCOUNT_TOKEN_ISSUER": tokens.ISSUER,
        "HEADCOUNT_TOKEN_AUDIENCE": tokens.AUDIENCE,
        "HEADCOUNT_TOKEN_JWKS_FILE": str(keys),
    }
    return environment(url, **trusted, **variables)


def start(
    *arguments: object, url: str | None = None, code: str = MAIN, **options: Any
) -> subprocess.Popen[str]:
    usual = {"env": environment(url), "text": True}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    called = [*_PYTHON, code, *map(str, arguments)]
    return subprocess.Popen(called, **{**usual, **pipes, **options})


def finish(process: subprocess.Popen[str], stdin: str | None = None) -> Outcome:
    try:
        out, err = process.communicate(stdin, timeout=120)
    finally:
        process.kill()
    return Outcome(process.returncode, out, err)


def run(*arguments: object, stdin: str | None = None, **options: Any) -> Outcome:
    if stdin is not None:
        options["stdin"] = subprocess.PIPE
    return finish(start(*arguments, **options), stdin)


def done(*arguments: object, **options: Any) -> str:
    """What a command that does what it is asked to says on stdout."""
    outcome = run(*arguments, **options)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def new_database(database_url: str, folder: Path) -> str:
    """The URL of an empty database: a file to be, or another one on the same server."""
    if database_url.startswith("sqlite://"):
        return f"sqlite://{folder}/headcount.db"
    name = f"command_{next(_numbers)}"
    asyncio.run(_execute(database_url, f"CREATE DATABASE {name}"))
    return database_url.replace(f"{urlsplit(database_url).path}?", f"/{name}?", 1)


def rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    """Rows of SQL that both databases understand."""
    parsed = DatabaseUrl.parse(url)
    if parsed.file is None:
        return asyncio.run(_execute(url, sql))
    with closing(sqlite3.connect(parsed.file)) as connection:
        return connection.execute(sql).fetchall()


def change(url: str, *statements: str) -> None:
    """Behind the program's back."""
    file = DatabaseUrl.parse(url).file
    if file is None:
        asyncio.run(_change(url, statements))
        return
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in statements:
            connection.executescript(statement)


def days(url: str) -> dict[tuple[str, str], list[str]]:
    """The users of each external ID and report date; the stored number of them is checked."""
    found = rows(
        url,
        "SELECT t.external_id, CAST(d.report_date AS text), d.max_users, p.user_id"
        " FROM tenant t JOIN tenant_day d ON d.tenant_id = t.id"
        " JOIN presence p ON p.tenant_id = t.id AND p.report_date = d.report_date"
        " ORDER BY 1, 2, 4",
    )
    users: dict[tuple[str, str], list[str]] = {}
    for external_id, on, _, user_id in found:
        users.setdefault((external_id, on), []).append(user_id)
    assert all(len(users[external_id, on]) == number for external_id, on, number, _ in found)
    return users


async def _change(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).credentials)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _execute(url: str, sql: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(**DatabaseUrl.parse(url).credentials)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


@contextmanager
def served(environment: dict[str, str], *options: object, cwd: Path) -> Iterator[str]:
    """The URL; ends with SIGTERM, after which all of its processes are gone."""
    process = start("serve", "--port", 0, *options, env=environment, cwd=cwd)
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        assert process.stderr is not None
        listens = re.search(r"http://127\.0\.0\.1:\d+/graphql", process.stderr.readline())
        # How long the tests then take is not the server's affair.
        watchdog.cancel()
        assert listens, process.stderr.read()
        yield listens[0]
        process.send_signal(signal.SIGTERM)
        outcome = finish(process)
        assert (outcome.code, outcome.out) == (0, ""), outcome
        assert "Traceback" not in outcome.err
    finally:
        watchdog.cancel()
        finish(process)
