import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import instants

EXPECTED = "Expected an RFC 3339 date-time with an offset, such as 2026-03-01T08:30:00.000Z."
EXPECTED_DATE = "Expected a calendar date YYYY-MM-DD, such as 2026-03-01."

# A day's margin at both ends, so that every offset stays within the years 1 to 9999.
moments = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis takes naive bounds
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
digits = st.text("0123456789", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01T08:30:00Z", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01t08:30:00z", datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        ("2026-03-01T08:30:00.5Z", datetime(2026, 3, 1, 8, 30, 0, 500_000, UTC)),
        ("2026-03-01T08:30:00.05z", datetime(2026, 3, 1, 8, 30, 0, 50_000, UTC)),
        ("2026-03-01T08:30:00.1239999Z", datetime(2026, 3, 1, 8, 30, 0, 123_000, UTC)),
        ("2026-03-01T23:59:59.9999999+00:00", datetime(2026, 3, 1, 23, 59, 59, 999_000, UTC)),
        ("2026-03-01T00:30:00+14:00", datetime(2026, 2, 28, 10, 30, tzinfo=UTC)),
        ("2026-03-01T23:30:00.001-09:30", datetime(2026, 3, 2, 9, 0, 0, 1_000, UTC)),
        ("2024-02-29T00:00:00+23:59", datetime(2024, 2, 28, 0, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999Z", datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)),
    ],
)
def test_an_instant_is_read_into_utc_and_cut_to_milliseconds(text: str, instant: datetime) -> None:
    read = instants.parse(text)

    assert (read, read.tzinfo) == (instant, UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T08:30:00",
        "2026-03-01 08:30:00Z",
        "2026-03-01_08:30:00Z",
        "2026-03-01T08:30Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T08:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-03-01T08:30:00-00:00",
        "2026-03-01T08:30:00+01",
        "2026-03-01T08:30:00+0100",
        "2026-03-01T08:30:00+24:00",
        "2026-03-01T08:30:00+01:60",
        "2026-03-01T08:30:00+01:00:30",
        "2026-03-01T08:30:00 +01:00",
        "2026-03-01T08:30:00Z+01:00",
        "2026-03-01T08:30:00.Z",
        "2026-03-01T08:30:00,5Z",
        "2026-03-01T08:30:0012Z",
        "2026-02-29T08:30:00Z",
        "2026-13-01T08:30:00Z",
        "2026-00-10T08:30:00Z",
        "0000-01-01T00:00:00Z",
        "12026-03-01T08:30:00Z",
        "+2026-03-01T08:30:00Z",
        "26-03-01T08:30:00Z",
        "2026-W09-7T08:30:00Z",
        "2026-060T08:30:00Z",
        "20260301T083000Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        " 2026-03-01T08:30:00Z",
        "2026-03-01T08:30:00Z\n",
        "\u0662\u0660\u0662\u0666-03-01T08:30:00Z",
        "2026-03-01T08:30:00.\u0665Z",
        "2026-03-01T08:30:00\u017f",
        "1772353800000",
    ],
)
def test_any_other_form_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="Expected") as refused:
        instants.parse(text)

    assert str(refused.value) == EXPECTED


def test_a_zone_that_is_nearly_an_unknown_offset_is_read() -> None:
    assert instants.parse("2026-03-01T08:30:00-00:01") == datetime(2026, 3, 1, 8, 31, tzinfo=UTC)


@given(moments)
def test_what_is_rendered_reads_back_to_the_millisecond(moment: datetime) -> None:
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert instants.parse(instants.render(moment)) == cut


@given(moments, offsets)
def test_the_zone_of_an_instant_does_not_change_how_it_is_rendered(
    moment: datetime, zone: timezone
) -> None:
    assert instants.render(moment.astimezone(zone)) == instants.render(moment)


@given(moments, moments)
def test_cutting_digits_keeps_the_order_of_instants(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))

    assert instants.parse(earlier.isoformat()) <= instants.parse(later.isoformat())


@given(moments, offsets, digits)
def test_the_standard_library_reads_the_same_instant(
    moment: datetime, zone: timezone, fraction: str
) -> None:
    text = moment.astimezone(zone).replace(microsecond=0, tzinfo=None).isoformat()
    offset = zone.utcoffset(None)
    sign, minutes = ("-", -offset) if offset < timedelta() else ("+", offset)
    hours, rest = divmod(minutes // timedelta(minutes=1), 60)
    text = f"{text}.{fraction}{sign}{hours:02}:{rest:02}"

    expected = datetime.fromisoformat(text)

    assert instants.parse(text) == expected.replace(
        microsecond=expected.microsecond // 1000 * 1000
    ).astimezone(UTC)


@given(st.text("0123456789-+:.TtZzW \u0663\n", max_size=36))
def test_only_the_documented_form_is_ever_accepted(text: str) -> None:
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
    try:
        instants.parse(text)
    except ValueError:
        return

    assert re.fullmatch(form, text)


def test_an_instant_is_rendered_with_three_digits_and_z() -> None:
    assert [
        instants.render(datetime(2026, 3, 1, 8, 30, tzinfo=UTC)),
        instants.render(datetime(2026, 3, 1, 8, 30, 0, 999_999, UTC)),
        instants.render(datetime(1, 1, 1, tzinfo=UTC)),
    ] == ["2026-03-01T08:30:00.000Z", "2026-03-01T08:30:00.999Z", "0001-01-01T00:00:00.000Z"]


def test_an_instant_without_a_zone_is_not_rendered() -> None:
    with pytest.raises(ValueError, match="carries its zone"):
        instants.render(datetime(2026, 3, 1, 8, 30))  # noqa: DTZ001 - the case under test


@given(st.dates())
def test_a_date_reads_back(day: date) -> None:
    assert instants.parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260301",
        "2026-W09-7",
        "2026-060",
        "2026-3-1",
        "2026-02-29",
        "2026-03-01T00:00:00Z",
        "12026-03-01",
        "0000-01-01",
        "2026-03-01 ",
        "2026-03-01\n",
        "\u0662\u0660\u0662\u0666-03-01",
    ],
)
def test_any_other_form_of_date_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="Expected") as refused:
        instants.parse_date(text)

    assert str(refused.value) == EXPECTED_DATE
