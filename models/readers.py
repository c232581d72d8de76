"""Connections that reading statements keep among themselves.

Taking a connection from asyncpg's pool and giving it back costs as much as a small statement, for
each return is a task of its own. So whoever has read hands the connection to the next who reads;
of idle ones, the one used last is taken first. They stay the pool's: its size still bounds all
connections, a quarter of it is never kept here, so that transactions find one, and a connection
whose statement failed or was cancelled goes back to the pool, which knows what to do with it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg


class Connection(asyncpg.Connection):
    """Goes back to the pool without a round trip: this program sets no session state, so there
    is something to undo only when a transaction was left open."""

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self.is_in_transaction():
            await super().reset(timeout=timeout)


class Readers:
    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        size = pool.get_max_size()
        self._most = size - max(1, size // 4)
        self._held = 0
        self._idle: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        if not self._most:
            return list(await self.pool.fetch(sql, *values))
        connection = self._idle.pop() if self._idle else None
        if connection is None or _is_gone(connection):
            connection = await self._another(connection)
        try:
            rows: list[Any] = await connection.fetch(sql, *values)
        except BaseException:
            await self._give_up(connection)
            raise
        self._forward(connection)
        return rows

    async def _another(self, closed: Any) -> Any:
        if closed is not None:
            await self._give_up(closed)
        while self._held >= self._most:
            turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                connection = await turn
            except asyncio.CancelledError:
                # Handed on in the moment of being cancelled.
                if turn.done() and not turn.cancelled():
                    self._forward(turn.result())
                raise
            if connection is not None:
                return connection
        self._held += 1
        try:
            return await self.pool.acquire()
        except BaseException:
            self._held -= 1
            self._pass(None)
            raise

    def _forward(self, connection: Any) -> None:
        if not self._pass(connection) and connection is not None:
            self._idle.append(connection)

    def _pass(self, connection: Any) -> bool:
        """Wake the one who waits longest, with a connection or to look for one; False if nobody."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return True
        return False

    async def _give_up(self, connection: Any) -> None:
        self._held -= 1
        self._pass(None)
        await self.pool.release(connection)

    async def close(self) -> None:
        """Return what is idle: the pool cannot be closed before."""
        while self._idle:
            await self._give_up(self._idle.pop())


def _is_gone(connection: Any) -> bool:
    """Closed, by the server perhaps; the pool has then taken it back already."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


@dataclass(frozen=True, slots=True)
class PoolState:
    """Connections: the most there may be, those there are, those at work; and statements that
    wait for one."""

    most: int
    open: int
    in_use: int
    waiting: int


def state(pool: asyncpg.Pool) -> PoolState:
    """Readable from any thread."""
    held = _of_this_process if _of_this_process and _of_this_process.pool is pool else None
    idle = pool.get_idle_size() + (len(held._idle) if held else 0)
    size = pool.get_size()
    waiting = sum(not turn.done() for turn in tuple(held._waiting)) if held else 0
    return PoolState(pool.get_max_size(), size, size - idle, waiting)


_of_this_process: Readers | None = None


def of(pool: asyncpg.Pool) -> Readers:
    """The readers of the pool that this process holds."""
    global _of_this_process
    if _of_this_process is None or _of_this_process.pool is not pool:
        _of_this_process = Readers(pool)
    return _of_this_process


async def close() -> None:
    global _of_this_process
    if _of_this_process is not None:
        await _of_this_process.close()
        _of_this_process = None
