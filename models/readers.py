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

#: Seconds in which a connection must be free, or made, for who has something to ask.
FREE_WITHIN = 2.5
#: Seconds in which the server must have stopped a statement that nobody waits for any more.
STOPPED_WITHIN = 1.0


class NoConnection(ConnectionError):
    """All connections stayed busy, or none could be made."""

    def __init__(self) -> None:
        super().__init__(f"No database connection was free within {FREE_WITHIN} seconds")


class Connection(asyncpg.Connection):
    """Goes back to the pool without a round trip: this program sets no session state, so there
    is something to undo only when a transaction was left open."""

    async def reset(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if self.is_in_transaction():
            await super().reset(timeout=timeout)

    async def _cancel(self, *waiters: Any) -> None:
        """asyncpg waits for the server's word before it gives the connection back, and with it
        whoever was cancelled: for ever, when the server is stuck."""
        stuck = asyncio.get_running_loop().call_later(STOPPED_WITHIN, self.terminate)
        try:
            await super()._cancel(*waiters)  # type: ignore[misc] # not in its stubs
        finally:
            stuck.cancel()


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
            connection = await self._acquire()
            try:
                return list(await connection.fetch(sql, *values))
            finally:
                await self.pool.release(connection)
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
        try:
            async with asyncio.timeout(FREE_WITHIN):
                while self._held >= self._most:
                    connection = await self._turn()
                    if connection is not None:
                        return connection
        except TimeoutError:
            raise NoConnection from None
        self._held += 1
        try:
            return await self._acquire()
        except BaseException:
            self._held -= 1
            self._pass(None)
            raise

    async def _turn(self) -> Any:
        """A connection from who has read, or None when there is room for another one."""
        turn: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # Handed on in the moment of being cancelled.
            if turn.done() and not turn.cancelled():
                self._forward(turn.result())
            raise

    async def _acquire(self) -> Any:
        try:
            async with asyncio.timeout(FREE_WITHIN):
                return await self.pool.acquire()
        except TimeoutError:
            raise NoConnection from None

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


def state() -> PoolState | None:
    """None where there is no pool. Readable from any thread."""
    held = _of_this_process
    if held is None:
        return None
    size = held.pool.get_size()
    idle = held.pool.get_idle_size() + len(held._idle)
    waiting = sum(not turn.done() for turn in tuple(held._waiting))
    return PoolState(held.pool.get_max_size(), size, size - idle, waiting)


_of_this_process: Readers | None = None


def hold(pool: asyncpg.Pool) -> None:
    """The pool of this process from now on."""
    global _of_this_process
    _of_this_process = Readers(pool)


def held() -> Readers:
    if _of_this_process is None:
        raise asyncpg.InterfaceError("The database is not open.")
    return _of_this_process


async def close() -> None:
    global _of_this_process
    if _of_this_process is not None:
        await _of_this_process.close()
        _of_this_process = None
