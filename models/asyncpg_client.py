"""Tortoise's client of PostgreSQL, which waits for a free connection no longer than is good."""

import asyncio
from typing import Any

from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.backends.base.client import PoolConnectionWrapper

from models.readers import FREE_WITHIN, NoConnection


class _Acquired(PoolConnectionWrapper[Any]):
    async def __aenter__(self) -> Any:
        await self.ensure_connection()
        try:
            async with asyncio.timeout(FREE_WITHIN):
                return await super().__aenter__()
        except TimeoutError:
            raise NoConnection from None


class Client(AsyncpgDBClient):
    def acquire_connection(self) -> _Acquired:
        return _Acquired(self, self._pool_init_lock)


#: Where Tortoise looks for it.
client_class = Client
