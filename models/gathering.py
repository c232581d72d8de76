"""Questions that are asked at the same time and answered by one statement.

A small statement costs the driver and the event loop more than it costs the database. So those
who ask in the same turn of the loop, or while all lines are busy, are answered together. Nobody
waits for a timer, nothing is kept, and every answer was read after its question was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

#: Statements under way at the same time: with a second one the database need not wait for us.
LINES = 2
MOST_TOGETHER = 64


class Gathering(Generic[Question, Answer]):
    """`answer` gives the answers in the order of the questions, or fails for all of them. Of
    those who ask, each may be cancelled without the others noticing."""

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]],
        *,
        lines: int = LINES,
    ) -> None:
        self._answer = answer
        self._most_lines = lines
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._lines: set[asyncio.Task[None]] = set()
        self._called = False

    def ask(self, question: Question) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((question, future))
        if not self._called and len(self._lines) < self._most_lines:
            # Not now: whoever else asks in this turn comes along.
            self._called = True
            loop.call_soon(self._start)
        return future

    def _start(self) -> None:
        self._called = False
        together, self._waiting = (
            self._waiting[:MOST_TOGETHER],
            self._waiting[MOST_TOGETHER:],
        )
        if together:
            line = asyncio.get_running_loop().create_task(self._run(together))
            self._lines.add(line)
            line.add_done_callback(self._ended)

    def _ended(self, line: "asyncio.Task[None]") -> None:
        self._lines.discard(line)
        if self._waiting and not self._called:
            self._start()

    async def _run(self, together: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        try:
            answers: Sequence[Any] = await self._answer([question for question, _ in together])
        except asyncio.CancelledError:
            for _, future in together:
                future.cancel()
            raise
        except Exception as error:
            for _, future in together:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(together, answers, strict=True):
            if not future.done():
                future.set_result(answer)
