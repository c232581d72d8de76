"""Bring the tables up to date: Tortoise's migrations, one migrator at a time.

Tortoise takes no lock of its own: two `migrate` at once run the same step twice. And it notes a
migration after it has committed it: a crash in between would leave tables that nobody knows of, so
both are one transaction here.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TextIO

import asyncpg
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget, PlanStep

from models import database
from models.troubles import Unsuitable

# Any number will do, as long as every version of this program uses the same.
_ADVISORY_LOCK = 0x4845_4144


class NoFolder(OSError):
    """No file can be made where the database is to be; `str()` of it says what to do."""


async def migrate(url: str) -> list[str]:
    """Apply what is missing and return its names, in order; empty when nothing was."""
    parsed = database.DatabaseUrl.parse(url)
    async with _lock(parsed):
        # No limit on a statement: a migration of a large table may take its time.
        await database.open(url, pool_size=2, statement_timeout=0)
        try:
            await refuse_newer()
            steps = await _plan()
            # Makes the table of what was applied, without which the first question in a
            # transaction of PostgreSQL would be its last.
            await _executor().migrate([])
            for step in steps:
                await database.transaction(partial(_apply, step.migration.name))
            return [step.migration.name for step in steps]
        finally:
            await database.close()


async def pending() -> list[str]:
    """Names of the migrations that the connected database lacks."""
    return [step.migration.name for step in await _plan()]


async def unknown() -> list[str]:
    """Names of the migrations that the connected database has and this version lacks."""
    await database.ping()
    executor = _executor()
    await executor.loader.build_graph()
    known = executor.loader.graph.nodes
    return [key.name for key in await executor.recorder.applied_migrations() if key not in known]


async def refuse_newer() -> None:
    """This version would write what a newer one does not expect."""
    if names := await unknown():
        raise Unsuitable(
            f"it was migrated by a newer version ({', '.join(names)}). Install that version"
        )


async def _plan() -> list[PlanStep]:
    # Tortoise takes a database that does not answer for one in which nothing was applied.
    await database.ping()
    return await _executor().plan([MigrationTarget("models", "__latest__")])


async def _apply(name: str) -> None:
    await _executor().migrate([MigrationTarget("models", name)])


def _executor() -> MigrationExecutor:
    connection = database.connection()
    return MigrationExecutor(connection, database.apps(connection.connection_name))


@asynccontextmanager
async def _lock(url: database.DatabaseUrl) -> AsyncIterator[None]:
    if url.dialect == "postgresql":
        connection = await asyncpg.connect(**url.credentials)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
            yield
        finally:
            await connection.close()
    elif file := url.file:
        with _lock_file(file) as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            if not file.exists():
                # Nobody else's to read: it will hold the user IDs of all tenants.
                file.touch(mode=0o660)
            yield
    else:
        yield


def _lock_file(file: Path) -> TextIO:
    """Beside the database. Its folder is not made: a mistyped path would look like success."""
    if not file.parent.is_dir():
        raise NoFolder(f"There is no folder {file.parent}: make it, or correct the path.")
    try:
        return file.with_name(f"{file.name}.migrate").open("w")
    except OSError as error:
        raise NoFolder(
            f"No file can be made in {file.parent}: {error.strerror}. Name another folder, or"
            " correct this one."
        ) from None
