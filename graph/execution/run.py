"""Running a plan: awaiting what the walk left pending, level by level, and nothing else.

A chain of single awaitables is followed in the task of the request. Where several are pending,
each becomes a task, as in graphql-core, and all start in the same tick of the loop. A failure
lets the other tasks end by themselves, so that no shared loader is left with a cancelled future;
a cancelled request cancels them and waits for them.
"""

import asyncio
import inspect
from collections.abc import Iterable
from typing import Any

from graph.execution.fallback import Fallback
from graph.execution.pending import Completion, Pending, Wait
from graph.execution.request import Request
from graph.execution.values import PLAIN, is_plain


async def run(request: Request) -> Any:
    """The data of the answer; raises whatever made the plan unable to give it."""
    try:
        data, waits = await _walk(request, request.plan.walk, request.root, None)
        waits = await _follow(request, waits)
        if waits:
            await _fan_out(request, waits)
    except Exception:
        await request.settle()
        raise
    return data


async def _walk(
    request: Request, complete: Completion, value: Any, path: Any
) -> tuple[Any, list[Wait]]:
    """Complete a value as far as it goes without waiting, and tell what it waits for."""
    pending = Pending()
    try:
        completed = complete(value, request, path, pending)
    except Exception:
        await _settle(wait[0] for wait in pending)
        raise
    waits = [Wait(*wait) for wait in pending]
    waits += [batch.wait(parents, request) for batch, parents in pending.batches.items()]
    return completed, waits


async def _follow(request: Request, waits: list[Wait]) -> list[Wait]:
    """Go on as long as there is just one thing to wait for; return what there is beyond."""
    while len(waits) == 1:
        waits = await _resume(request, waits[0])
    return waits


async def _resume(request: Request, wait: Wait) -> list[Wait]:
    """Fill one hole of the answer; return what its value leaves pending."""
    value = await wait.awaitable
    if type(value) not in PLAIN and not is_plain(value):
        await _settle([value])
        raise Fallback("value")
    completed, waits = await _walk(request, wait.complete, value, wait.path)
    wait.container[wait.key] = completed
    return waits


async def _fan_out(request: Request, waits: list[Wait]) -> None:
    failures: list[Exception] = []
    started: list[Wait] = []

    def start(waits: list[Wait]) -> None:
        started.extend(waits)
        for wait in waits:
            group.create_task(branch(wait))

    async def branch(wait: Wait) -> None:
        try:
            start(await _follow(request, await _resume(request, wait)))
        except asyncio.CancelledError:
            # Ours, or that of an awaitable somebody else cancelled: a task group overlooks both.
            failures.append(Fallback("error"))
            raise
        except Exception as error:
            failures.append(error)

    try:
        async with asyncio.TaskGroup() as group:
            start(waits)
    except asyncio.CancelledError:
        # A task cancelled before its first step never came to its awaitable.
        await _dismiss(wait.awaitable for wait in started)
        raise
    if failures:
        raise failures[0]


async def _dismiss(awaitables: Iterable[Any]) -> None:
    futures: list[asyncio.Future[Any]] = []
    for awaitable in awaitables:
        if inspect.iscoroutine(awaitable):
            awaitable.close()
        elif asyncio.isfuture(awaitable) and not awaitable.done():
            awaitable.cancel()
            futures.append(awaitable)
    await asyncio.gather(*futures, return_exceptions=True)


async def _settle(awaitables: Iterable[Any]) -> None:
    """Let what was started, or was made to be awaited, end before anything else begins."""
    await asyncio.gather(*awaitables, return_exceptions=True)
