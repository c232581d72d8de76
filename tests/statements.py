"""Counting SQL statements where they are sent: in the driver."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from models import database

# What drivers send of their own accord: around transactions, between users of a pool, and to
# look up the types that a new connection meets.
_OVERHEAD = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SELECT pg_advisory_unlock_all)|.*(typeinfo_tree|set_config\('jit')",
    re.DOTALL,
)


@asynccontextmanager
async def counted(*, audit: bool = False) -> AsyncIterator[list[str]]:
    """The statements of ours that this process sends to the database meanwhile; those on the audit
    log when asked for, as how many it takes depends on who else appends."""
    client: Any = database.connection()
    seen: list[str] = []

    def keep(sql: str) -> None:
        if not _OVERHEAD.match(sql) and (audit or "audit_" not in sql):
            seen.append(sql)

    if database.dialect() == "sqlite":
        await client._connection.set_trace_callback(keep)
        try:
            yield seen
        finally:
            await client._connection.set_trace_callback(None)
        return

    def note(query: Any) -> None:
        keep(query.query)

    # Readers keep a connection of their own, and transactions take another.
    await database.rows("SELECT 1")
    async with client._pool.acquire():
        pass
    # The connections there are. A new one would begin by asking for the types of arrays, so
    # whoever counts asks the same once before.
    inner = [holder._con for holder in client._pool._holders if holder._con is not None]
    for connection in inner:
        connection.add_query_logger(note)
    try:
        yield seen
    finally:
        await asyncio.sleep(0)  # The driver tells of a statement one tick later.
        for connection in inner:
            connection.remove_query_logger(note)
