"""A deadline ends what takes too long, and nothing else."""

import asyncio

import pytest

from graph.deadlines import Deadlines
from resolvers.errors import TimedOut


async def within(deadlines: Deadlines, seconds: float) -> str:
    with deadlines.one():
        await asyncio.sleep(seconds)
        return "done"


async def test_what_takes_too_long_is_timed_out_and_goes_on_uncancelled() -> None:
    deadlines = Deadlines(0.02)

    with pytest.raises(TimedOut):
        await within(deadlines, 60)

    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert await within(deadlines, 0) == "done"


async def test_those_in_time_are_left_alone_beside_those_that_are_late() -> None:
    deadlines = Deadlines(1)

    ended = await asyncio.gather(
        *(within(deadlines, seconds) for seconds in (0, 60, 0.01, 60)), return_exceptions=True
    )

    assert [type(each) for each in ended] == [str, TimedOut, str, TimedOut]
    assert (deadlines.due, deadlines.over) == ({}, set())


async def test_whoever_is_cancelled_by_somebody_else_is_cancelled() -> None:
    deadlines = Deadlines(60)
    task = asyncio.create_task(within(deadlines, 60))
    await asyncio.sleep(0.01)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert (deadlines.due, deadlines.over) == ({}, set())


async def test_whoever_is_cancelled_and_late_at_once_is_cancelled() -> None:
    deadlines = Deadlines(0.02)

    async def stubborn() -> None:
        with deadlines.one():
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                # Late by now; somebody else cancels before this ends.
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(stubborn())


async def test_a_fault_of_the_work_itself_stays_what_it_is() -> None:
    deadlines = Deadlines(60)

    with pytest.raises(LookupError), deadlines.one():
        raise LookupError
    assert deadlines.due == {}
