"""Connections that readers hand on: none is lost, and nobody waits for ever."""

import asyncio

import asyncpg
import pytest

from models import database, readers
from models.readers import Readers, held


@pytest.fixture
async def pool(database: None, database_url: str, monkeypatch: pytest.MonkeyPatch) -> asyncpg.Pool:
    """How long a busy machine takes to stop twenty statements is not what these are about."""
    monkeypatch.setattr(readers, "FREE_WITHIN", 30.0)
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has no pool.")
    # What tests before have left idle there would be missing here.
    await held().close()
    return db_pool()


def db_pool() -> asyncpg.Pool:
    return database.connection()._pool  # type: ignore[attr-defined,no-any-return]


async def test_more_readers_than_connections_are_all_answered(pool: asyncpg.Pool) -> None:
    own = Readers(pool)

    rows = await asyncio.gather(*(own.fetch("SELECT $1::int", [n]) for n in range(100)))
    kept = len(own._idle)
    await own.close()

    assert [row[0][0] for row in rows] == list(range(100))
    assert 0 < kept < pool.get_max_size()
    assert (own._idle, own._held) == ([], 0)


async def test_a_statement_that_fails_or_is_cancelled_loses_no_connection(
    pool: asyncpg.Pool,
) -> None:
    own = Readers(pool)

    async def fail() -> None:
        with pytest.raises(asyncpg.PostgresError):
            await own.fetch("SELECT 1 / 0", [])

    async def cancel() -> None:
        task = asyncio.create_task(own.fetch("SELECT pg_sleep(60)", []))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    await asyncio.gather(*(fail() for _ in range(20)), *(cancel() for _ in range(20)))
    rows = await asyncio.gather(*(own.fetch("SELECT 1", []) for _ in range(30)))
    await own.close()

    assert [row[0][0] for row in rows] == [1] * 30
    assert (own._idle, own._held) == ([], 0)


async def test_a_connection_that_was_closed_is_replaced(pool: asyncpg.Pool) -> None:
    own = Readers(pool)
    await own.fetch("SELECT 1", [])
    own._idle[0].terminate()

    rows = await own.fetch("SELECT 2", [])
    await own.close()

    assert rows[0][0] == 2
    assert own._held == 0
