"""Report dates and the billing window, against an oracle that computes them in another way."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import billing_window
from resolvers.billing_window import BillingWindow
from resolvers.errors import DateOutOfWindow
from tests.processes import python

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
EVERY_DAY = [date(2000, 1, 1) + n * DAY for n in range((date(2101, 1, 1) - date(2000, 1, 1)).days)]
# To the millisecond, from 2020 to 2040.
INSTANTS = st.integers(0, 20 * 365 * 86_400_000).map(
    lambda n: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=n)
)


def window_on(today: date) -> BillingWindow:
    return billing_window.at(datetime(today.year, today.month, today.day, 12, tzinfo=UTC), "UTC")


def oracle(today: date) -> date:
    """The same day six months back, or the last before it that exists."""
    year, month = (
        (today.year, today.month - 6) if today.month > 6 else (today.year - 1, today.month + 6)
    )
    for day in range(today.day, 0, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    raise AssertionError


@pytest.mark.parametrize(
    ("today", "start"),
    [
        (date(2026, 8, 31), date(2026, 2, 28)),
        (date(2026, 8, 30), date(2026, 2, 28)),
        (date(2026, 8, 29), date(2026, 2, 28)),
        (date(2026, 8, 28), date(2026, 2, 28)),
        (date(2026, 8, 27), date(2026, 2, 27)),
        (date(2026, 9, 1), date(2026, 3, 1)),
        (date(2024, 8, 31), date(2024, 2, 29)),
        (date(2024, 8, 29), date(2024, 2, 29)),
        (date(2024, 8, 28), date(2024, 2, 28)),
        (date(2026, 3, 31), date(2025, 9, 30)),
        (date(2026, 12, 31), date(2026, 6, 30)),
        (date(2024, 2, 29), date(2023, 8, 29)),
        (date(2026, 1, 1), date(2025, 7, 1)),
        (date(2026, 6, 30), date(2025, 12, 30)),
        (date(2026, 7, 1), date(2026, 1, 1)),
        (date(2019, 3, 1), date(2018, 9, 1)),
        (date(2100, 8, 31), date(2100, 2, 28)),
        (date(2000, 8, 31), date(2000, 2, 29)),
    ],
)
def test_the_window_reaches_six_calendar_months_back(today: date, start: date) -> None:
    assert window_on(today) == BillingWindow(start, today)


def test_the_window_is_that_of_the_oracle_on_every_day_of_a_century() -> None:
    assert [window_on(day) for day in EVERY_DAY] == [
        BillingWindow(oracle(day), day) for day in EVERY_DAY
    ]


def test_the_window_has_182_to_185_dates() -> None:
    windows = [window_on(day) for day in EVERY_DAY]

    assert {(window.end - window.start).days + 1 for window in windows} == {182, 183, 184, 185}


def test_the_longest_window_is_as_long_as_it_is_said_to_be() -> None:
    assert max((day - oracle(day)).days + 1 for day in EVERY_DAY) == billing_window.LONGEST


def test_the_window_never_moves_backwards() -> None:
    starts = [window_on(day).start for day in EVERY_DAY]

    assert starts == sorted(starts)


@given(
    st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Cairo", "Pacific/Apia"]),
    INSTANTS,
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_neither_end_moves_backwards_from_one_instant_to_a_later(
    zone: str, instant: datetime, later: timedelta
) -> None:
    before, after = billing_window.at(instant, zone), billing_window.at(instant + later, zone)

    assert before.start <= after.start
    assert before.end <= after.end


@pytest.mark.parametrize(
    ("on", "inside"),
    [
        (date(2026, 5, 14), False),
        (date(2026, 5, 15), True),
        (date(2026, 8, 1), True),
        (date(2026, 11, 15), True),
        (date(2026, 11, 16), False),
        (date.min, False),
        (date.max, False),
    ],
)
def test_both_ends_are_included_and_the_future_is_refused(on: date, inside: bool) -> None:
    window = window_on(date(2026, 11, 15))

    assert (on in window) is inside
    if inside:
        window.require(on)
        return
    with pytest.raises(DateOutOfWindow) as refused:
        window.require(on)
    assert refused.value.extensions == {"from": "2026-05-15", "to": "2026-11-15"}


@pytest.mark.parametrize(
    ("zone", "last", "on"),
    [
        # The last instant of a date in UTC, to the microsecond, and that date.
        ("UTC", "2026-11-15T23:59:59.999999", "2026-11-15"),
        ("Pacific/Kiritimati", "2026-11-15T09:59:59.999999", "2026-11-15"),
        ("Pacific/Pago_Pago", "2026-11-16T10:59:59.999999", "2026-11-15"),
        ("America/New_York", "2026-11-01T03:59:59.999999", "2026-10-31"),
        ("America/New_York", "2026-11-02T04:59:59.999999", "2026-11-01"),
        ("America/New_York", "2026-03-08T04:59:59.999999", "2026-03-07"),
        ("America/New_York", "2026-03-09T03:59:59.999999", "2026-03-08"),
        ("Africa/Cairo", "2026-04-23T21:59:59.999999", "2026-04-23"),
        ("Africa/Cairo", "2026-04-24T20:59:59.999999", "2026-04-24"),
        ("Africa/Cairo", "2026-10-29T21:59:59.999999", "2026-10-29"),
        ("Asia/Beirut", "2026-03-28T21:59:59.999999", "2026-03-28"),
        ("Asia/Beirut", "2026-10-24T21:59:59.999999", "2026-10-24"),
        ("America/Santiago", "2026-09-06T03:59:59.999999", "2026-09-05"),
        ("America/Santiago", "2026-04-05T03:59:59.999999", "2026-04-04"),
        ("Australia/Lord_Howe", "2026-04-04T12:59:59.999999", "2026-04-04"),
        ("Australia/Lord_Howe", "2026-04-05T13:29:59.999999", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04T12:59:59.999999", "2026-10-04"),
        ("Pacific/Apia", "2011-12-29T09:59:59.999999", "2011-12-28"),
    ],
)
def test_the_window_moves_on_at_the_tenants_midnight(zone: str, last: str, on: str) -> None:
    instant, end = datetime.fromisoformat(f"{last}+00:00"), date.fromisoformat(on)
    next_end = end + DAY

    assert billing_window.at(instant, zone) == BillingWindow(oracle(end), end)
    assert billing_window.at(instant + timedelta(microseconds=1), zone) == BillingWindow(
        oracle(next_end), next_end
    )


def test_samoa_goes_from_29_to_31_december_2011() -> None:
    last = datetime(2011, 12, 30, 9, 59, 59, 999999, tzinfo=UTC)
    skipped = date(2011, 12, 30)

    assert billing_window.at(last, "Pacific/Apia").end == date(2011, 12, 29)
    assert billing_window.at(last + SECOND, "Pacific/Apia").end == date(2011, 12, 31)
    assert billing_window.day_start(skipped, "Pacific/Apia") == billing_window.day_end(
        skipped, "Pacific/Apia"
    )


@pytest.mark.parametrize(
    ("zone", "on", "start", "hours"),
    [
        ("UTC", "2026-03-01", "2026-03-01T00:00", 24),
        ("Pacific/Kiritimati", "2026-03-01", "2026-02-28T10:00", 24),
        ("Pacific/Pago_Pago", "2026-03-01", "2026-03-01T11:00", 24),
        ("Asia/Kathmandu", "2026-03-01", "2026-02-28T18:15", 24),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00", 23),
        ("America/New_York", "2026-11-01", "2026-11-01T04:00", 25),
        # The clock goes from 24:00 to 01:00: no midnight.
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00", 23),
        ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00", 25),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", 23),
        ("Asia/Beirut", "2026-10-24", "2026-10-23T21:00", 25),
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00", 23),
        ("America/Santiago", "2026-04-04", "2026-04-04T03:00", 25),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00", 24.5),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30", 23.5),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", 24),
        ("Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00", 0),
    ],
)
def test_a_day_starts_at_its_first_instant_and_has_its_own_length(
    zone: str, on: str, start: str, hours: float
) -> None:
    day = date.fromisoformat(on)
    first = billing_window.day_start(day, zone)

    assert (first, first.tzinfo) == (datetime.fromisoformat(f"{start}+00:00"), UTC)
    assert billing_window.day_end(day, zone) - first == timedelta(hours=hours)


@cache
def every_zone() -> list[str]:
    """The names of the IANA database, one for all that are links to the same zone."""
    names = (resources.files("tzdata") / "zones").read_text().split()
    files = {(resources.files("tzdata") / "zoneinfo" / name).read_bytes(): name for name in names}
    return sorted(files.values())


def transition_days(zone: ZoneInfo) -> Iterator[date]:
    """Dates from 2020 to 2030 on which the offset from UTC changes, with both neighbours."""
    week, end = timedelta(days=7), datetime(2031, 1, 1, tzinfo=UTC)
    at = datetime(2020, 1, 1, tzinfo=UTC)
    while at < end:
        if at.astimezone(zone).utcoffset() != (at + week).astimezone(zone).utcoffset():
            days = [at + n * DAY for n in range(8)]
            offsets = [day.astimezone(zone).utcoffset() for day in days]
            for day, before, after in zip(days, offsets, offsets[1:], strict=False):
                if before != after:
                    yield from (day.date() + n * DAY for n in (-1, 0, 1, 2))
        at += week


def test_the_zones_are_all_there() -> None:
    days = {day for name in every_zone() for day in transition_days(ZoneInfo(name))}

    assert len(every_zone()) > 300
    assert date(2026, 3, 29) in days
    assert date(2026, 4, 24) in days


def test_in_every_zone_each_instant_belongs_to_exactly_one_date() -> None:
    wrong = []
    for name in every_zone():
        zone = ZoneInfo(name)
        sample = [date(2026, month, 15) for month in (1, 7)]
        for day in {*sample, *transition_days(zone)}:
            start, end = billing_window.day_start(day, name), billing_window.day_end(day, name)
            quarters = range(0, int((end - start).total_seconds()), 900)
            inside = [start, end - SECOND, *(start + timedelta(seconds=s) for s in quarters)]
            dates = {datetime.fromtimestamp(i.timestamp(), zone).date() for i in inside}
            before = datetime.fromtimestamp(start.timestamp() - 1, zone).date()
            after = datetime.fromtimestamp(end.timestamp(), zone).date()
            if dates != {day} or before != day - DAY or after != day + DAY:
                wrong.append((name, day))

    assert wrong == []


@given(st.sampled_from(every_zone()), INSTANTS)
def test_an_instant_lies_within_its_report_date(name: str, instant: datetime) -> None:
    on = billing_window.report_date(instant, name)

    assert billing_window.day_start(on, name) <= instant < billing_window.day_end(on, name)


@given(INSTANTS, st.sampled_from(every_zone()).map(ZoneInfo))
def test_an_instant_has_one_report_date_however_it_is_written(
    instant: datetime, written_in: ZoneInfo
) -> None:
    same = instant.astimezone(written_in)

    assert billing_window.report_date(same, "Asia/Beirut") == billing_window.report_date(
        instant, "Asia/Beirut"
    )


@pytest.mark.parametrize(
    "now",
    [
        # Where the date turns in the first and in the last zone, and a moment before.
        datetime(2026, 11, 15, 12, tzinfo=UTC),
        datetime(2026, 11, 15, 11, 59, 59, tzinfo=UTC),
        datetime(2026, 11, 15, 10, tzinfo=UTC),
        datetime(2026, 11, 15, 9, 59, 59, tzinfo=UTC),
    ],
)
def test_the_reach_is_that_of_the_windows_of_all_zones_together(now: datetime) -> None:
    windows = [billing_window.at(now, zone) for zone in ("Etc/GMT+12", "UTC", "Etc/GMT-14")]
    windows += [billing_window.at(now, zone) for zone in every_zone()]

    assert billing_window.reach(now) == BillingWindow(
        min(window.start for window in windows), max(window.end for window in windows)
    )


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 15, 12)  # noqa: DTZ001 what is refused

    with pytest.raises(ValueError, match=r"^An instant carries its zone\.$"):
        billing_window.report_date(naive, "UTC")
    with pytest.raises(ValueError, match=r"^An instant carries its zone\.$"):
        billing_window.at(naive, "UTC")


_ANSWERS = """
import json, sys
from datetime import date, datetime
from resolvers import billing_window
answers = []
for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Africa/Cairo"):
    for text in ("2026-11-15T09:59:59", "2026-11-15T10:00:00", "2026-04-23T22:00:00"):
        now = datetime.fromisoformat(text + "+00:00")
        window = billing_window.at(now, zone)
        start = billing_window.day_start(window.end, zone)
        answers.append([zone, text, *map(str, (window.start, window.end, start))])
print(json.dumps(answers))
"""


def test_the_zone_of_the_server_does_not_matter() -> None:
    answers = [
        json.loads(python(_ANSWERS, TZ=zone))
        for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago")
    ]

    assert answers[1] == answers[0]
    assert answers[2] == answers[0]
    assert answers[0][3] == [
        "Pacific/Kiritimati",
        "2026-11-15T09:59:59",
        "2026-05-15",
        "2026-11-15",
        "2026-11-14 10:00:00+00:00",
    ]
    assert answers[0][4][3] == "2026-11-16"
