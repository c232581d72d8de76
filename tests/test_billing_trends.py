"""Billing trends: the daily numbers over the window or a part of it."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from models import Tenant
from resolvers import billing_reports, billing_trends, logins
from resolvers.billing_reports import ReportRequest
from resolvers.billing_trends import BillingTrend, TrendRequest
from resolvers.billing_window import BillingWindow
from resolvers.errors import BadInput, DateOutOfWindow
from tests import factories, statements, tokens

NOW = tokens.NOW
START, END = date(2026, 5, 15), date(2026, 11, 15)
WINDOW = BillingWindow(START, END)


def days(first: str, last: str) -> BillingWindow:
    return BillingWindow(date.fromisoformat(first), date.fromisoformat(last))


def at(on: str) -> datetime:
    return datetime.fromisoformat(f"{on}T12:00:00+00:00")


@pytest.mark.parametrize(
    ("start", "end", "clamped"),
    [
        (None, None, WINDOW),
        (START, END, WINDOW),
        (date.min, date.max, WINDOW),
        (START - timedelta(days=1), None, WINDOW),
        (None, END + timedelta(days=1), WINDOW),
        (START, None, WINDOW),
        (None, START, BillingWindow(START, START)),
        (END, None, BillingWindow(END, END)),
        (date(2026, 7, 1), date(2026, 7, 31), days("2026-07-01", "2026-07-31")),
        (date(2026, 7, 1), date(2026, 7, 1), days("2026-07-01", "2026-07-01")),
        (date(2026, 1, 1), START, BillingWindow(START, START)),
        (END, date(2027, 1, 1), BillingWindow(END, END)),
    ],
)
def test_a_range_is_clamped_to_the_window(
    start: date | None, end: date | None, clamped: BillingWindow
) -> None:
    assert billing_trends.clamp(Tenant(time_zone="UTC"), NOW, start, end) == clamped


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, START - timedelta(days=1)),
        (END + timedelta(days=1), None),
        (date(2026, 1, 1), date(2026, 5, 14)),
        (date(2026, 11, 16), date(2026, 12, 1)),
    ],
)
def test_a_range_outside_the_window_is_refused(start: date | None, end: date | None) -> None:
    with pytest.raises(DateOutOfWindow) as refused:
        billing_trends.clamp(Tenant(time_zone="UTC"), NOW, start, end)

    assert refused.value.extensions == {"from": "2026-05-15", "to": "2026-11-15"}


@pytest.mark.parametrize(
    ("start", "end"),
    [(date(2026, 7, 2), date(2026, 7, 1)), (date.max, date.min), (END, START)],
)
def test_a_range_that_ends_before_it_starts_is_refused(start: date, end: date) -> None:
    with pytest.raises(BadInput, match="from must not be after to"):
        billing_trends.clamp(Tenant(time_zone="UTC"), NOW, start, end)


def test_a_range_is_clamped_in_the_tenants_zone() -> None:
    ahead = billing_trends.clamp(Tenant(time_zone="Pacific/Kiritimati"), NOW, None, None)

    assert ahead == days("2026-05-16", "2026-11-16")


async def test_a_trend_has_one_count_for_each_date_and_zero_where_nobody_logged_in(
    database: None,
) -> None:
    tenant, other = await factories.tenant(), await factories.tenant()
    for on, users in (
        ("2026-05-15", ["ann"]),
        ("2026-05-17", ["ann", "bob", "cid"]),
        ("2026-11-15", ["bob", "dan"]),
    ):
        await logins.record(tenant, [(user, at(on) - timedelta(hours=1)) for user in users], NOW)
    await factories.record(other, ["eve"], at("2026-05-16"))

    (trend,) = await billing_trends.read([TrendRequest(tenant, WINDOW, True)])

    assert trend == BillingTrend(tenant, WINDOW, [1, 0, 3, *[0] * 181, 2], 4)
    assert len(trend.counts) == 185


async def test_distinct_users_are_counted_once_over_the_range_and_only_when_asked_for(
    database: None,
) -> None:
    tenant = await factories.tenant()
    for on in ("2026-11-10", "2026-11-11", "2026-11-12"):
        await factories.record(tenant, ["ann", on], at(on))
    part = days("2026-11-11", "2026-11-12")

    trends = await billing_trends.read(
        [
            TrendRequest(tenant, part, True),
            TrendRequest(tenant, part, False),
            TrendRequest(tenant, days("2026-11-10", "2026-11-12"), True),
            TrendRequest(tenant, days("2026-11-13", "2026-11-14"), True),
        ]
    )

    assert [(trend.counts, trend.distinct_users) for trend in trends] == [
        ([2, 2], 3),
        ([2, 2], None),
        ([2, 2, 2], 4),
        ([0, 0], 0),
    ]


async def test_many_trends_are_one_statement_and_come_in_the_order_asked(database: None) -> None:
    rows = [await factories.tenant() for _ in range(5)]
    for number, tenant in enumerate(rows):
        users = [f"user{n}" for n in range(number)]
        await factories.record(tenant, users, at("2026-11-14"))
    span = days("2026-11-13", "2026-11-15")

    async with statements.counted() as seen:
        trends = await billing_trends.read(
            [TrendRequest(rows[n % 5], span, n % 2 == 0) for n in range(500)]
        )

    assert len(seen) == 1
    assert trends == [
        BillingTrend(rows[n % 5], span, [0, n % 5, 0], n % 5 if n % 2 == 0 else None)
        for n in range(500)
    ]


async def test_no_trends_are_no_rows(database: None) -> None:
    assert await billing_trends.read([]) == []


async def test_a_tenant_without_logins_has_a_trend_of_zeros(database: None) -> None:
    tenant = Tenant(id=uuid4())

    assert await billing_trends.read([TrendRequest(tenant, WINDOW, True)]) == [
        BillingTrend(tenant, WINDOW, [0] * 185, 0)
    ]


async def test_each_point_is_the_number_of_that_days_report(database: None) -> None:
    tenant = await factories.tenant(time_zone="Australia/Lord_Howe")
    await logins.record(
        tenant,
        [
            (f"user{n % 7}", datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=5 * n))
            for n in range(60)
        ],
        NOW,
    )
    span = days("2026-09-30", "2026-10-15")

    (trend,) = await billing_trends.read([TrendRequest(tenant, span)])
    reports = await billing_reports.read(
        [
            ReportRequest(tenant, trend.range.start + timedelta(days=offset))
            for offset in range(len(trend.counts))
        ]
    )

    assert trend.counts == [report.max_users for report in reports]
    assert sum(trend.counts) > 7
