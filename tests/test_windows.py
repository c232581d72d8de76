"""In no minute is more let through than the limit, and memory does not grow without end."""

from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.windows import MINUTE, STEP, STEPS, Windows

NOW = 1_795_000_000.0


@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.integers(0, 2), st.integers(1, 60)), min_size=1, max_size=80
    ),
    st.integers(1, 100),
)
def test_in_no_sixty_seconds_is_more_let_through_than_the_limit(
    steps: list[tuple[float, int, int]], most: int
) -> None:
    windows = Windows(most)
    times = accumulate((seconds for seconds, _, _ in steps), initial=NOW)
    taken = [
        (at, key, amount)
        for at, (_, key, amount) in zip(times, steps, strict=False)
        if not windows.take(str(key), amount, at)
    ]

    for end, key, _ in taken:
        last = [n for at, who, n in taken if who == key and end - MINUTE < at <= end]
        assert sum(last) <= most


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 10)), max_size=40))
def test_whoever_waits_as_long_as_told_is_let_through(steps: list[tuple[float, int]]) -> None:
    windows, now = Windows(10), NOW
    for seconds, amount in steps:
        now += seconds
        wait = windows.take("a", amount, now)
        if wait:
            now += wait
            assert (wait <= MINUTE + STEP, windows.take("a", amount, now)) == (True, 0)


def test_what_is_refused_does_not_count_and_others_do_not_notice() -> None:
    windows = Windows(10)

    assert [windows.take("a", amount, NOW) > 0 for amount in (8, 5, 2, 1)] == [
        False,
        True,
        False,
        True,
    ]
    assert windows.take("b", 10, NOW) == 0


def test_what_can_never_be_let_through_waits_a_minute() -> None:
    assert Windows(10).take("a", 11, NOW) == MINUTE


def test_a_little_out_of_order_is_counted_and_a_clock_set_back_begins_anew() -> None:
    windows = Windows(10)
    windows.take("a", 10, NOW)

    assert windows.take("a", 1, NOW - STEP * STEPS) > 0
    assert windows.take("a", 1, NOW - STEP * (STEPS + 2)) == 0


def test_keys_that_are_not_used_any_more_go_when_others_come() -> None:
    windows = Windows(10)
    for number in range(1_000):
        windows.take(f"old{number}", 1, NOW)
    for number in range(1_000):
        windows.take(f"new{number}", 1, NOW + 2 * MINUTE)

    assert len(windows) == 1_000


@pytest.mark.parametrize("most", [1, 7, 100])
def test_there_are_never_more_keys_than_may_be(most: int) -> None:
    windows = Windows(10, most)
    sizes = Counter()  # type: ignore[var-annotated]
    for number in range(1_000):
        windows.take(str(number), 1, NOW + number / 100)
        sizes[len(windows) > most] += 1

    assert sizes == {False: 1_000}
    # Of those that are left the last one is known still.
    assert windows.take("999", 10, NOW + 10) > 0
