"""Questions that are asked at the same time and answered by one statement.

A small statement costs the driver and the event loop more than it costs the database. So those
who ask in the same turn of the loop, or while all lines are busy, are answered together. Nobody
waits for a timer, nothing is kept, and every answer was read after its question was asked.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, islice
from typing import Generic, TypeVar

from models.troubles import trouble

Question = TypeVar("Question")
Answer = TypeVar("Answer")

#: Statements under way at the same time, and the seconds after which a second one is begun beside
#: the first: sooner, it would only make both smaller; never, one that is stuck would hold up all.
LINES = 2
PATIENCE = 0.002
MOST_TOGETHER = 64


class Gathering(Generic[Question, Answer]):
    """`answer` gives the answers in the order of the questions, or fails. Where it is not the
    database that is in trouble, each question is then asked alone. Of those who ask, each may be
    cancelled without the others noticing. Equal questions that come together are one question."""

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]],
        patience: float = PATIENCE,
    ) -> None:
        self._answer = answer
        self._patience = patience
        self._waiting: dict[Question, list[asyncio.Future[Answer]]] = {}
        self._lines: set[asyncio.Task[None]] = set()
        self._called = False
        self._since = 0.0

    def ask(self, question: Question) -> asyncio.Future[Answer]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(question, []).append(future)
        lines = len(self._lines)
        if not self._called and (not lines or self._is_slow(loop.time(), lines)):
            # Not now: whoever else asks in this turn comes along.
            self._called = True
            loop.call_soon(self._start)
        return future

    def _is_slow(self, now: float, lines: int) -> bool:
        return lines < LINES and now - self._since > self._patience

    def _start(self) -> None:
        self._called = False
        together, self._waiting = self._waiting, {}
        if len(together) > MOST_TOGETHER:
            each = iter(together.items())
            together = dict(islice(each, MOST_TOGETHER))
            self._waiting = dict(each)
        if together:
            loop = asyncio.get_running_loop()
            self._since = loop.time()
            line = loop.create_task(self._run(together))
            self._lines.add(line)
            line.add_done_callback(self._ended)

    def _ended(self, line: "asyncio.Task[None]") -> None:
        self._lines.discard(line)
        if self._waiting and not self._called:
            self._start()

    async def _run(self, together: dict[Question, list[asyncio.Future[Answer]]]) -> None:
        try:
            outcomes = await self._outcomes(list(together))
        except asyncio.CancelledError:
            for future in chain.from_iterable(together.values()):
                future.cancel()
            raise
        for futures, outcome in zip(together.values(), outcomes, strict=True):
            for future in futures:
                if future.done():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

    async def _outcomes(self, questions: Sequence[Question]) -> Sequence[Answer | Exception]:
        try:
            return await self._answer(questions)
        except Exception as error:
            if len(questions) == 1 or trouble(error):
                return [error] * len(questions)
        # The fault of one is none of the others.
        return [outcome for each in questions for outcome in await self._outcomes([each])]
