"""Transactions that a cancelled caller cannot tear.

Tortoise's own transaction leaks its connection when it is cancelled while it begins, and
graphql-core cancels sibling fields when one of them fails, so any client could empty the pool.
Therefore the transaction is a task of its own: cancelled callers stop waiting, the transaction
ends properly. Nothing else may use Tortoise's `in_transaction`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from tortoise.transactions import in_transaction

from models.readers import FREE_WITHIN, NoConnection

Result = TypeVar("Result")

#: Transactions whose caller may be gone: the event loop itself keeps only weak references.
_running: set[asyncio.Task[Any]] = set()


#: Tortoise knows it, too, but takes ten calls to tell.
_within = ContextVar("within", default=False)


def is_within() -> bool:
    """Whether the caller is in a transaction."""
    return _within.get()


async def run(connection_name: str, work: Callable[[], Awaitable[Result]]) -> Result:
    """What has not begun when its caller gives up is not done later either."""
    begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def alone() -> Result:
        _within.set(True)
        async with in_transaction(connection_name):
            if begun.cancelled():
                raise NoConnection
            begun.set_result(None)
            return await work()

    task = asyncio.create_task(alone())
    _running.add(task)
    task.add_done_callback(_ended)
    await _beginning(task, begun)
    return await asyncio.shield(task)


async def _beginning(task: asyncio.Task[Any], begun: asyncio.Future[None]) -> None:
    """Wait until the transaction has begun, or has failed to."""
    try:
        await asyncio.wait((task, begun), timeout=FREE_WITHIN, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if given_up := not (task.done() or begun.done()):
            begun.cancel()
    if given_up:
        raise NoConnection


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled():
        # Whoever is gone does not ask for it, and asyncio would complain in the log.
        task.exception()
