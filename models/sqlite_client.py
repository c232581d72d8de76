"""Tortoise's client of SQLite, whose transactions hold scripts too.

`sqlite3` commits before it runs a script, so that a migration would be applied piece by piece: one
that ends in the middle could neither be run again nor taken back.
"""

import asyncio
import sqlite3
from collections.abc import Iterator

from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)


class _Transaction(SqliteTransactionWrapper):
    async def execute_script(self, query: str) -> None:
        for statement in _statements(query):
            await self.execute_query(statement)

    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))


class Client(SqliteClient):
    async def create_connection(self, with_db: bool) -> None:
        """Look first whether the file can be opened: where it cannot, aiosqlite's thread outlives
        the event loop and complains of it."""
        if self._connection is None:
            await asyncio.to_thread(lambda: sqlite3.connect(self.filename).close())
        await super().create_connection(with_db)

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(_Transaction(self), self._lock)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


#: Where Tortoise looks for it.
client_class = Client
