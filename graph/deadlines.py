"""The time a request may take, with one timer for all requests instead of one for each: setting a
timer and taking it back costs as much as a tenth of a small answer.

    with deadlines.one():
        await work()        # cancelled, and TimedOut, when its time is over
"""

import asyncio
from types import TracebackType
from typing import Any

from resolvers.errors import TimedOut

MOST_LATE = 0.25
"""Seconds between two looks at what is running."""


class Deadlines:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        #: When they must have ended, in the loop's time; those that began first come first.
        self.due: dict[asyncio.Task[Any], float] = {}
        self.over: set[asyncio.Task[Any]] = set()
        self._every = min(MOST_LATE, seconds / 10)
        self._looking = False

    def one(self) -> "Deadline":
        """For the task that runs now."""
        return Deadline(self)

    def watch(self) -> None:
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(self._every, self._look)

    def _look(self) -> None:
        self._looking = False
        now = asyncio.get_running_loop().time()
        for task, due in list(self.due.items()):
            if due > now:
                break
            del self.due[task]
            self.over.add(task)
            task.cancel()
        if self.due:
            self.watch()


class Deadline:
    __slots__ = ("_deadlines", "_task")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> None:
        self._task = task = asyncio.current_task()
        assert task is not None
        deadlines = self._deadlines
        deadlines.due[task] = asyncio.get_running_loop().time() + deadlines.seconds
        deadlines.watch()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        task, over = self._task, self._deadlines.over
        assert task is not None
        if task not in over:
            del self._deadlines.due[task]
            return
        over.discard(task)
        # Cancelled by somebody else as well, it ends as cancelled.
        if task.uncancel() == 0 and kind is not None:
            raise TimedOut from None
