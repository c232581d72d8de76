"""Waiting until something is so: as soon as possible, and however long a busy machine takes."""

import asyncio
import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which it is a fault, and not the machine."""
_PAUSE = 0.01


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"Not so within {PATIENCE:g} seconds"
        time.sleep(_PAUSE)


async def until_async(condition: Callable[[], object]) -> None:
    """While the event loop goes on."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 what is waited for has no event
            await asyncio.sleep(_PAUSE)
