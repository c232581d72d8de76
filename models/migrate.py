"""Bring the tables up to date: Tortoise's migrations, one migrator at a time.

Tortoise takes no lock of its own: two `migrate` at once run the same step twice.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models import database

# Any number will do, as long as every version of this program uses the same.
_ADVISORY_LOCK = 0x4845_4144


async def migrate(url: str) -> list[str]:
    """Apply what is missing and return its names, in order; empty when nothing was."""
    parsed = database.DatabaseUrl.parse(url)
    async with _lock(parsed):
        # No limit on a statement: a migration of a large table may take its time.
        await database.open(url, pool_size=2, statement_timeout=0)
        try:
            names = await pending()
            await _executor().migrate([MigrationTarget("models", "__latest__")])
            return names
        finally:
            await database.close()


async def pending() -> list[str]:
    """Names of the migrations that the connected database lacks."""
    # Tortoise takes a database that does not answer for one in which nothing was applied.
    await database.ping()
    plan = await _executor().plan([MigrationTarget("models", "__latest__")])
    return [step.migration.name for step in plan]


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
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.with_name(f"{file.name}.migrate").open("w") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            if not file.exists():
                # Nobody else's to read: it will hold the user IDs of all tenants.
                file.touch(mode=0o660)
            yield
    else:
        yield
