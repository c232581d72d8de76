"""Recording logins is a merge: the stored rows depend on which logins were recorded, and on
nothing else. HEADCOUNT_TEST_SCALE makes the race larger (1 takes seconds, 20 takes minutes)."""

import asyncio
import os
import random
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from asyncpg import IntegrityConstraintViolationError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tortoise.exceptions import IntegrityError

from models import Presence, Tenant, TenantDay
from resolvers import billing_reports, logins, merging
from resolvers.billing_reports import ReportRequest, UsersPage
from resolvers.logins import Login, Recorded, RefusedLogin
from resolvers.problems import ProblemCode
from tests import factories, processes, statements, tokens

NOW = tokens.NOW
MS = timedelta(milliseconds=1)
SCALE = int(os.environ.get("HEADCOUNT_TEST_SCALE", "1"))

Row = tuple[date, str, datetime, datetime]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


async def stored(tenant: Tenant) -> list[Row]:
    return [
        tuple(row)
        for row in await Presence.filter(tenant_id=tenant.id)
        .order_by("report_date", "user_id")
        .values_list("report_date", "user_id", "first_login_at", "last_login_at")
    ]


async def days(tenant: Tenant) -> list[Any]:
    return (
        await TenantDay.filter(tenant=tenant)
        .order_by("report_date")
        .values_list("report_date", "max_users", "version", "first_recorded_at", "last_recorded_at")
    )


def model(batch: Iterable[Login], zone: str) -> list[Row]:
    """What recording good logins must come to, by grouping them."""
    groups: dict[tuple[date, str], list[datetime]] = {}
    for text, instant in batch:
        user_id = unicodedata.normalize("NFC", text).strip()
        key = (datetime.fromtimestamp(instant.timestamp(), ZoneInfo(zone)).date(), user_id)
        groups.setdefault(key, []).append(instant)
    return sorted((*key, min(seen), max(seen)) for key, seen in groups.items())


def per_day(rows: Iterable[Row]) -> list[tuple[date, int]]:
    counts: dict[date, int] = {}
    for on, *_ in rows:
        counts[on] = counts.get(on, 0) + 1
    return sorted(counts.items())


@pytest.fixture(params=[0, 10**9], ids=["grown", "counted anew"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of the two ways `max_users` is kept."""
    monkeypatch.setattr(merging, "MOST_COUNTED", request.param)


@pytest.fixture(params=[1, 10**9], ids=["filled", "merged"])
def or_empty(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether days without users are taken apart from the others."""
    monkeypatch.setattr(merging, "MANY", request.param)


# The merge


async def test_a_user_is_counted_once_with_the_first_and_the_last_login(database: None) -> None:
    tenant = await factories.tenant()
    batch = [
        ("ann", at("2026-11-14T09:00:00")),
        ("bob", at("2026-11-14T12:00:00")),
        ("ann", at("2026-11-14T08:00:00.001")),
        ("ann", at("2026-11-14T23:59:59.999")),
        ("ann", at("2026-11-15T00:00:00")),
        ("ann", at("2026-11-14T10:00:00")),
    ]

    recorded = await logins.record(tenant, batch, NOW)

    assert recorded == Recorded(6, 3, [])
    assert await stored(tenant) == [
        (
            date(2026, 11, 14),
            "ann",
            at("2026-11-14T08:00:00.001"),
            at("2026-11-14T23:59:59.999"),
        ),
        (date(2026, 11, 14), "bob", at("2026-11-14T12:00:00"), at("2026-11-14T12:00:00")),
        (date(2026, 11, 15), "ann", at("2026-11-15T00:00:00"), at("2026-11-15T00:00:00")),
    ]
    assert await days(tenant) == [
        (date(2026, 11, 14), 2, 1, NOW, NOW),
        (date(2026, 11, 15), 1, 1, NOW, NOW),
    ]


async def test_the_version_of_a_day_goes_up_when_the_day_changed_and_only_then(
    database: None, either_way: None
) -> None:
    tenant, on = await factories.tenant(), date(2026, 11, 14)
    steps = [
        ("first", [("ann", "10:00:00")], (1, 1, 1)),
        ("replay", [("ann", "10:00:00")], (0, 1, 1)),
        ("later", [("ann", "11:00:00")], (0, 1, 2)),
        ("earlier", [("ann", "09:00:00")], (0, 1, 3)),
        ("between", [("ann", "09:30:00"), ("ann", "10:59:59.999")], (0, 1, 3)),
        ("both ends again", [("ann", "09:00:00"), ("ann", "11:00:00")], (0, 1, 3)),
        ("another user", [("bob", "10:00:00"), ("ann", "10:00:00")], (1, 2, 4)),
        ("two more", [("cid", "10:00:00"), ("dan", "10:00:00")], (2, 4, 5)),
    ]

    seen = []
    recorded_at = []
    for minute, (name, batch, _) in enumerate(steps):
        moment = NOW + timedelta(minutes=minute)
        instants = [(user, at(f"2026-11-14T{time}")) for user, time in batch]
        recorded = await logins.record(tenant, instants, moment)
        ((day, max_users, version, first, last),) = await days(tenant)
        assert (day, first) == (on, NOW)
        seen.append((name, batch, (recorded.counted, max_users, version)))
        recorded_at.append((last - NOW) // timedelta(minutes=1))

    assert seen == steps
    assert recorded_at == [0, 0, 2, 3, 3, 3, 6, 7]


async def test_only_the_days_that_changed_get_a_new_version(
    database: None, either_way: None
) -> None:
    tenant = await factories.tenant()
    old, new = ("ann", at("2026-11-13T10:00:00")), ("ann", at("2026-11-14T10:00:00"))
    await logins.record(tenant, [old], NOW)

    recorded = await logins.record(tenant, [old, new], NOW + MS)

    assert recorded == Recorded(2, 1, [])
    assert await days(tenant) == [
        (date(2026, 11, 13), 1, 1, NOW, NOW),
        (date(2026, 11, 14), 1, 1, NOW + MS, NOW + MS),
    ]


async def test_tenants_do_not_share_users(database: None) -> None:
    one, two = await factories.tenant(), await factories.tenant()
    batch = [("ann", at("2026-11-14T10:00:00"))]

    recorded = [await logins.record(tenant, batch, NOW) for tenant in (one, two, one)]

    assert recorded == [Recorded(1, 1, []), Recorded(1, 1, []), Recorded(1, 0, [])]
    assert await stored(one) == await stored(two)


async def test_logins_are_recorded_of_tenants_that_are_not_billable(database: None) -> None:
    tenant = await factories.tenant(billable=False)

    assert await logins.record(tenant, [("ann", NOW)], NOW) == Recorded(1, 1, [])


async def test_a_batch_is_three_statements_and_five_where_many_rows_find_empty_days(
    database: None,
) -> None:
    tenant = await factories.tenant()
    many = [(f"user{n}", NOW - timedelta(hours=n % 4000)) for n in range(5000)]
    counts = []

    for batch in ([], [("", NOW)], many[-1:], many[:1_000], many, many):
        async with statements.counted() as seen:
            await logins.record(tenant, batch, NOW)
        counts.append(len(seen))

    assert counts == [0, 0, 3, 3, 5, 3]
    assert await stored(tenant) == model(many, "UTC")


async def test_few_logins_into_a_large_day_do_not_count_it_anew(database: None) -> None:
    tenant, instant = await factories.tenant(), at("2026-11-14T10:00:00")
    known = [(f"user{number}", instant) for number in range(100)]
    await logins.record(tenant, known, NOW)
    # A number that counting anew would set right, and adding to does not.
    await TenantDay.filter(tenant=tenant).update(max_users=1_000)
    batches = {
        "new": [("ann", instant), ("bob", instant)],
        "replayed": [("ann", instant), known[0]],
        "widened": [("ann", instant + MS)],
        "some of each": [("cid", instant), ("bob", instant + MS), known[1]],
    }
    seen = {}

    for name, batch in batches.items():
        async with statements.counted() as told:
            recorded = await logins.record(tenant, batch, NOW)
        ((_, max_users, version, *_),) = await days(tenant)
        seen[name] = (len(told), recorded.counted, max_users, version)

    assert seen == {
        "new": (3, 2, 1_002, 2),
        "replayed": (3, 0, 1_002, 2),
        "widened": (4, 0, 1_002, 3),
        "some of each": (4, 1, 1_003, 4),
    }


async def test_a_batch_that_fails_leaves_nothing_behind(database: None) -> None:
    unknown = Tenant(id=uuid4(), time_zone="UTC")

    with pytest.raises((IntegrityError, IntegrityConstraintViolationError)):
        await logins.record(unknown, [("ann", NOW)], NOW)

    assert await stored(unknown) == []
    assert await days(unknown) == []


_LOGINS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "Ann", " ann", "é", "e\u0301", "😀"]),
        # Around the ends of two of the tenant's days, to the millisecond.
        st.builds(
            lambda day, ms: at(f"2026-11-1{day}T05:00:00") + timedelta(milliseconds=ms),
            st.integers(2, 4),
            st.integers(-3, 3),
        ),
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=60 * SCALE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# All is drawn before the coroutine starts: a draw within it would end the event loop.
@given(batch=_LOGINS, seed=st.integers(0, 2**32))
@example(batch=[("ann", NOW)] * 2, seed=1)
async def test_neither_order_nor_splits_nor_replays_change_what_is_stored(
    batch: list[Login], seed: int, database: None, either_way: None, or_empty: None
) -> None:
    chance = random.Random(seed)
    tenant = await factories.tenant(time_zone="America/New_York")
    rest = batch + chance.choices(batch, k=len(batch))
    chance.shuffle(rest)
    recorded, counted = 0, 0

    while rest:
        size = chance.randint(1, len(rest))
        part, rest = rest[:size], rest[size:]
        outcome = await logins.record(tenant, part, NOW)
        recorded, counted = recorded + outcome.recorded, counted + outcome.counted

    expected = model(batch, "America/New_York")
    assert await stored(tenant) == expected
    assert [(on, users) for on, users, *_ in await days(tenant)] == per_day(expected)
    assert (recorded, counted) == (2 * len(batch), len(expected))


# What is refused


def refused(position: int, field: str, code: str, reason: str) -> RefusedLogin:
    return RefusedLogin(position, field, ProblemCode(code), reason)


async def test_bad_logins_are_refused_one_by_one_and_the_good_ones_kept(database: None) -> None:
    tenant = await factories.tenant()
    good = at("2026-11-14T10:00:00")

    recorded = await logins.record(
        tenant,
        [
            ("ann", good),
            ("", good),
            (" \t\u2003", good),
            ("a\0b", good),
            ("a\nb", good),
            ("a\ud800b", good),
            ("x" * 256, good),
            ("ann", NOW + timedelta(minutes=5) + MS),
            ("ann", at("2026-05-14T23:59:59.999")),
            ("\0", at("2000-01-01T00:00:00")),
            ("bob", good),
        ],
        NOW,
    )

    control = "The user ID contains a control character."
    assert recorded == Recorded(
        2,
        2,
        [
            refused(1, "userId", "BLANK", "The user ID is empty."),
            refused(2, "userId", "BLANK", "The user ID is empty."),
            refused(3, "userId", "INVALID", control),
            refused(4, "userId", "INVALID", control),
            refused(5, "userId", "INVALID", control),
            refused(6, "userId", "INVALID", "The user ID has more than 255 characters."),
            refused(7, "at", "IN_FUTURE", "The login is more than 5 minutes in the future."),
            refused(
                8,
                "at",
                "OUT_OF_WINDOW",
                "The login is before the tenant's billing window, which starts on 2026-05-15.",
            ),
            refused(9, "userId", "INVALID", control),
        ],
    )
    assert await stored(tenant) == model([("ann", good), ("bob", good)], "UTC")


@pytest.mark.parametrize(
    ("text", "user_id"),
    [
        ("ann", "ann"),
        ("Ann", "Ann"),
        ("  ann\t\r\n\u00a0\u2003\u3000", "ann"),
        ("a  b", "a  b"),
        ("a\u00a0b", "a\u00a0b"),
        ("e\u0301", "\u00e9"),
        ("\u212b", "\u00c5"),
        ("\ufb01", "\ufb01"),
        ("\uff41", "\uff41"),
        ("\u200bann", "\u200bann"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\U0010ffff\ufffe", "\U0010ffff\ufffe"),
        ("%_\\'\"{}[],;$1", "%_\\'\"{}[],;$1"),
        ("x" * 255, "x" * 255),
        (f" {'x' * 255} ", "x" * 255),
        ("😀" * 255, "😀" * 255),
        ("e\u0301" * 255, "\u00e9" * 255),
        ("\u0958" * 127, "\u0915\u093c" * 127),
    ],
)
async def test_a_user_id_is_composed_trimmed_and_then_kept_to_the_letter(
    text: str, user_id: str, database: None
) -> None:
    tenant = await factories.tenant()

    await logins.record(tenant, [(text, NOW)], NOW)

    assert [row[1] for row in await stored(tenant)] == [user_id]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\x1f", "x" * 256, "😀" * 256, "\u0958" * 128, "a\0", "\0", "a\x1fb"),
        *("a\x7fb", "a\x85b", "\ud800", "a\udfff", "a\tb"),
    ],
)
def test_other_texts_are_no_user_ids(text: str) -> None:
    with pytest.raises(ValueError, match=r"^The user ID "):
        logins.normalise_user_id(text)


@given(st.text(max_size=300))
def test_what_became_a_user_id_stays_it(text: str) -> None:
    try:
        user_id = logins.normalise_user_id(text)
    except ValueError:
        return

    assert logins.normalise_user_id(user_id) == user_id
    assert user_id == unicodedata.normalize("NFC", user_id)
    assert user_id == user_id.strip()
    assert {unicodedata.category(character) for character in user_id}.isdisjoint({"Cc", "Cs"})


@given(st.text(max_size=30))
def test_each_form_of_a_user_id_is_the_same_user(text: str) -> None:
    try:
        user_id = logins.normalise_user_id(text)
    except ValueError:
        return

    for form in (unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)):
        assert logins.normalise_user_id(f" {form}\n") == user_id


async def test_users_that_differ_in_one_byte_are_two_users(database: None) -> None:
    tenant = await factories.tenant()
    texts = ["ann", "Ann", "ann.", "an\u0303n", "anñ", "\uff41nn", "ann\u200b", "a nn", "a  nn"]

    recorded = await logins.record(tenant, [(text, NOW) for text in texts], NOW)

    assert recorded.counted == 9
    assert [row[1] for row in await stored(tenant)] == sorted(
        unicodedata.normalize("NFC", text) for text in texts
    )


async def test_five_minutes_ahead_are_tolerated_and_a_millisecond_more_is_not(
    database: None,
) -> None:
    tenant = await factories.tenant()
    latest = NOW + timedelta(minutes=5)

    recorded = await logins.record(tenant, [("ann", latest), ("bob", latest + MS)], NOW)

    assert (recorded.recorded, [login.position for login in recorded.refused]) == (1, [1])
    assert await stored(tenant) == model([("ann", latest)], "UTC")


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", "2026-05-15T00:00:00"),
        ("Pacific/Kiritimati", "2026-05-15T10:00:00"),
        ("Pacific/Pago_Pago", "2026-05-15T11:00:00"),
        ("America/New_York", "2026-05-15T04:00:00"),
        ("Africa/Cairo", "2026-05-14T21:00:00"),
        ("America/Santiago", "2026-05-15T04:00:00"),
        ("Australia/Lord_Howe", "2026-05-14T13:30:00"),
    ],
)
async def test_logins_are_taken_from_the_first_instant_of_the_tenants_window(
    zone: str, first: str, database: None
) -> None:
    tenant = await factories.tenant(time_zone=zone)

    recorded = await logins.record(tenant, [("ann", at(first)), ("bob", at(first) - MS)], NOW)

    assert [(login.position, login.code) for login in recorded.refused] == [
        (1, ProblemCode.OUT_OF_WINDOW)
    ]
    assert await stored(tenant) == model([("ann", at(first))], zone)


@pytest.mark.parametrize(
    ("zone", "now", "midnight", "before", "after"),
    [
        ("UTC", "2026-11-15T23:58:00", "2026-11-16T00:00:00", "2026-11-15", "2026-11-16"),
        (
            "Pacific/Kiritimati",
            "2026-11-15T09:58:00",
            "2026-11-15T10:00:00",
            "2026-11-15",
            "2026-11-16",
        ),
        (
            "America/New_York",
            "2026-11-02T04:58:00",
            "2026-11-02T05:00:00",
            "2026-11-01",
            "2026-11-02",
        ),
        # No midnight, an hour twice, and a date that never was.
        ("Africa/Cairo", "2026-04-23T21:58:00", "2026-04-23T22:00:00", "2026-04-23", "2026-04-24"),
        ("Asia/Beirut", "2026-10-24T21:58:00", "2026-10-24T22:00:00", "2026-10-24", "2026-10-25"),
        ("Pacific/Apia", "2011-12-30T09:58:00", "2011-12-30T10:00:00", "2011-12-29", "2011-12-31"),
        ("Pacific/Apia", "2012-01-10T12:00:00", "2011-12-30T10:00:00", "2011-12-29", "2011-12-31"),
    ],
)
async def test_the_date_changes_at_the_tenants_midnight_also_a_little_ahead(
    zone: str, now: str, midnight: str, before: str, after: str, database: None
) -> None:
    tenant = await factories.tenant(time_zone=zone)
    instants = [at(midnight) - MS, at(midnight), min(at(now), at(midnight)) + timedelta(minutes=5)]

    recorded = await logins.record(tenant, [("ann", instant) for instant in instants], at(now))

    assert recorded == Recorded(3, 2, [])
    assert await stored(tenant) == [
        (date.fromisoformat(before), "ann", instants[0], instants[0]),
        (date.fromisoformat(after), "ann", instants[1], instants[2]),
    ]


# Races


async def _write(url: str, tenant_id: UUID, seed: int, users: int) -> int:
    """Record half of all logins, shuffled, in parts, some of them twice; gives the users that
    were counted. Half of the writers never count a day anew, and half take empty days apart."""
    merging.MOST_COUNTED *= seed % 2
    merging.MANY = 1 if seed < 4 else merging.MANY
    chance = random.Random(seed)
    mine = [login for login in _race_logins(users) if chance.random() < 0.5]
    mine += chance.sample(mine, len(mine) // 4)
    chance.shuffle(mine)

    async def work() -> int:
        tenant = await Tenant.get(id=tenant_id)
        counted, rest = 0, list(mine)
        while rest:
            size = chance.randint(1, 60)
            part, rest = rest[:size], rest[size:]
            counted += (await logins.record(tenant, part, NOW)).counted
        return counted

    counted: int = await processes.connected(url, work)
    return counted


def _race_logins(users: int) -> list[Login]:
    chance = random.Random(users)
    return [
        (f"user{user}", NOW - timedelta(days=day, milliseconds=chance.randrange(40_000_000)))
        for user in range(users)
        for day in range(3)
        for _ in range(2)
    ]


def _part_of(seed: int, users: int) -> list[Login]:
    chance = random.Random(seed)
    return [login for login in _race_logins(users) if chance.random() < 0.5]


async def test_eight_writers_at_once_lose_nothing_and_count_nothing_twice(
    database: None, database_url: str
) -> None:
    tenant, users, writers = await factories.tenant(), 150 * SCALE, range(8)
    requests = [
        ReportRequest(tenant, NOW.date() - timedelta(days=day), (UsersPage(5000, ""),))
        for day in range(3)
    ]
    seen: list[list[set[str]]] = []

    with processes.workers(len(writers)) as start:
        done = [
            asyncio.wrap_future(start(_write, database_url, tenant.id, seed, users))
            for seed in writers
        ]
        while not all(future.done() for future in done):
            reports = await billing_reports.read(requests)
            listed = [[user.user_id for user in r.users[UsersPage(5000, "")]] for r in reports]
            assert [r.max_users for r in reports] == [len(ids) for ids in listed]
            seen.append([set(ids) for ids in listed])
            await asyncio.sleep(0.01)
        counted = await asyncio.gather(*done)

    expected = model([login for seed in writers for login in _part_of(seed, users)], "UTC")
    assert await stored(tenant) == expected
    assert [(on, max_users) for on, max_users, *_ in await days(tenant)] == per_day(expected)
    assert sum(counted) == len(expected)
    assert _only_grows(seen)


def _only_grows(seen: Sequence[Sequence[set[str]]]) -> bool:
    """Whether no user that a reader saw was missing from what it read next."""
    return all(
        earlier <= later
        for before, after in pairwise(seen)
        for earlier, later in zip(before, after, strict=True)
    )


async def test_writers_in_one_process_wait_for_each_other(database: None) -> None:
    tenant, users = await factories.tenant(), 40
    parts = [_part_of(seed, users) for seed in range(8)]

    recorded = await asyncio.gather(*(logins.record(tenant, part, NOW) for part in parts))

    expected = model([login for part in parts for login in part], "UTC")
    assert await stored(tenant) == expected
    assert sum(outcome.counted for outcome in recorded) == len(expected)


def test_the_race_is_read_by_a_measure_that_can_fail() -> None:
    assert _only_grows([[{"a"}], [{"a", "b"}], [{"a", "b"}]])
    assert not _only_grows([[{"a"}], [{"b"}]])
    assert at("2026-11-15T12:00:00") == NOW
    assert UTC is NOW.tzinfo
