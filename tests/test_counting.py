"""The long runs of `tests/soak/counting.py`, made short."""

from tests.soak.counting import run_race, shuffle


async def test_shuffles_splits_and_replays_by_several_at_once_change_nothing(
    database: None,
) -> None:
    differences, recorded = await shuffle(10, 8)

    assert differences == 0
    assert recorded > 100


async def test_readers_see_as_many_users_as_are_counted_and_lose_none(
    database: None, database_url: str
) -> None:
    race = await run_race(database_url, 1, 1, 60)

    assert (race.exact, race.unequal, race.shrunk) == (True, 0, 0)
    assert race.reads >= 6
