"""Counting SQL statements where they are sent: in the driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from models import database


@asynccontextmanager
async def counted() -> AsyncIterator[list[str]]:
    """The statements that this process sends to the database meanwhile."""
    client: Any = database.connection()
    seen: list[str] = []
    if database.dialect() == "sqlite":
        await client._connection.set_trace_callback(seen.append)
        yield seen
        await client._connection.set_trace_callback(None)
        return

    def note(query: Any) -> None:
        seen.append(query.query)

    # The connections there are. A new one would begin by asking for the types of arrays, so
    # whoever counts asks the same once before.
    inner = [holder._con for holder in client._pool._holders if holder._con is not None]
    for connection in inner:
        connection.add_query_logger(note)
    try:
        yield seen
    finally:
        for connection in inner:
            connection.remove_query_logger(note)
