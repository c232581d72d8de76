"""Questions asked at the same time are answered together, each with its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from models.gathering import LINES, MOST_TOGETHER, Gathering


class Teller:
    """Doubles numbers; waits at the gate, fails when it is asked for 13, and cannot be reached
    when it is asked for 99."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def answer(self, questions: Sequence[int]) -> list[int]:
        self.asked.append(list(questions))
        await self.gate.wait()
        if 13 in questions:
            raise RuntimeError("thirteen")
        if 99 in questions:
            raise ConnectionError("ninety-nine")
        return [2 * each for each in questions]


async def test_those_who_ask_in_the_same_turn_are_answered_together() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)

    answers = await asyncio.gather(*(gathering.ask(number) for number in range(5)))

    assert answers == [0, 2, 4, 6, 8]
    assert teller.asked == [[0, 1, 2, 3, 4]]


async def test_those_who_come_while_all_lines_are_busy_go_together_when_one_is_free() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer, patience=0)
    teller.gate.clear()
    first = []
    for number in range(LINES):
        first.append(gathering.ask(number))
        await asyncio.sleep(0.001)
    later = [gathering.ask(number) for number in (100, 200)]
    await asyncio.sleep(0.001)
    waiting = list(teller.asked)
    teller.gate.set()

    assert await asyncio.gather(*first, *later) == [0, 2, 200, 400]
    assert waiting == [[0], [1]]
    assert teller.asked == [[0], [1], [100, 200]]


async def test_a_second_statement_is_begun_only_beside_a_slow_one() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer, patience=60)
    teller.gate.clear()
    asked = []
    for number in range(3):
        asked.append(gathering.ask(number))
        await asyncio.sleep(0.001)
    teller.gate.set()

    assert await asyncio.gather(*asked) == [0, 2, 4]
    assert teller.asked == [[0], [1, 2]]


async def test_equal_questions_that_come_together_are_one() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)
    leaving, *staying = [gathering.ask(number) for number in (1, 1, 2, 1)]
    leaving.cancel()

    assert await asyncio.gather(*staying) == [2, 4, 2]
    assert teller.asked == [[1, 2]]
    assert await gathering.ask(1) == 2
    assert teller.asked == [[1, 2], [1]]


async def test_no_statement_grows_without_end() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)
    numbers = list(range(1000, 1000 + 2 * MOST_TOGETHER + 1))

    assert await asyncio.gather(*map(gathering.ask, numbers)) == [2 * each for each in numbers]
    assert [len(each) for each in teller.asked] == [MOST_TOGETHER, MOST_TOGETHER, 1]


async def test_trouble_of_the_database_reaches_all_who_asked_together_and_nobody_else() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)

    together = await asyncio.gather(*map(gathering.ask, (1, 99)), return_exceptions=True)

    assert [str(each) for each in together] == ["ninety-nine", "ninety-nine"]
    assert await gathering.ask(2) == 4
    assert teller.asked == [[1, 99], [2]]


async def test_a_question_that_cannot_be_answered_takes_nobody_along() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)

    first, bad, *rest = await asyncio.gather(
        *map(gathering.ask, (1, 13, 2, 13)), return_exceptions=True
    )

    assert (first, str(bad), rest[0], str(rest[1])) == (2, "thirteen", 4, "thirteen")
    assert teller.asked == [[1, 13, 2], [1], [13], [2]]


async def test_whoever_is_cancelled_takes_nobody_along() -> None:
    teller = Teller()
    gathering = Gathering(teller.answer)
    teller.gate.clear()
    leaving, staying = gathering.ask(1), gathering.ask(2)
    await asyncio.sleep(0.001)
    leaving.cancel()
    teller.gate.set()

    assert await staying == 4
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await gathering.ask(3) == 6
