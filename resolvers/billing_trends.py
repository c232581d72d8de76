"""Billing trends: the daily maximum users of a tenant over the billing window or a part of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from models import Tenant, database
from resolvers import billing_window
from resolvers.billing_window import BillingWindow
from resolvers.errors import BadInput, DateOutOfWindow


@dataclass(frozen=True, slots=True)
class TrendRequest:
    tenant: Tenant
    range: BillingWindow
    #: Counting distinct users reads every presence of the range: only when it is asked for.
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class BillingTrend:
    tenant: Tenant
    range: BillingWindow
    #: One count for each date of the range, oldest first.
    counts: list[int]
    #: Distinct users over the whole range; None when it was not asked for.
    distinct_users: int | None
    #: The state of the days that this was read from.
    days: "Days | None" = field(default=None, compare=False)


def clamp(tenant: Tenant, now: datetime, start: date | None, end: date | None) -> BillingWindow:
    """The part of the tenant's billing window that was asked for."""
    window = billing_window.at(now, tenant.time_zone)
    if start is not None and end is not None and start > end:
        raise BadInput("from must not be after to.")
    first, last = max(start or window.start, window.start), min(end or window.end, window.end)
    if first > last:
        raise DateOutOfWindow(window.start, window.end)
    return BillingWindow(first, last)


#: What a trend is made of: the number of users by date, of the dates with logins, each with what
#: tells a state of the day from every other (`billing_reports.DayState`).
Days = Mapping[date, tuple[int, str]]

_DAY = " || '|' || ".join(
    f"d.{column}" for column in ("report_date", "max_users", "id", "version", "last_recorded_at")
)
#: The days d as an SQL value by dialect, for days_of to read.
DAYS = {"postgresql": f"string_agg({_DAY}, ',')", "sqlite": f"group_concat({_DAY}, ',')"}


def days_of(text: str | None) -> Days:
    days = {}
    for each in text.split(",") if text else ():
        on, max_users, state = each.split("|", 2)
        days[date.fromisoformat(on)] = int(max_users), state
    return days


def agree(trend: BillingTrend, days: Days | None) -> bool:
    """Whether the trend was read from the same state of its dates as these days."""
    if days is None or trend.days is None:
        return False
    first, last = trend.range.start, trend.range.end
    return trend.days == {on: state for on, state in days.items() if first <= on <= last}


def of_days(request: TrendRequest, days: Days, distinct: int | None = None) -> BillingTrend:
    start, end = request.range.start, request.range.end
    counts = [0] * ((end - start).days + 1)
    for on, (max_users, _) in days.items():
        if start <= on <= end:
            counts[(on - start).days] = max_users
    return BillingTrend(request.tenant, request.range, counts, distinct, days)


async def read(requests: Sequence[TrendRequest]) -> list[BillingTrend]:
    """The trends in the order of the requests, from one statement."""
    if not requests:
        return []
    keys = [(r.tenant.id, r.range.start, r.range.end, r.distinct) for r in requests]
    if database.dialect() == "postgresql":
        columns = [list(column) for column in zip(*keys, strict=True)]
        rows = await database.rows(_POSTGRESQL, columns)
    else:
        rows = await database.rows(_SQLITE, [json.dumps(keys, default=str)])
    found = {n: (days_of(days), users) for n, days, users in rows}
    return [
        of_days(request, found[n][0], (found[n][1] or 0) if request.distinct else None)
        for n, request in enumerate(requests)
    ]


_POSTGRESQL = f"""
SELECT k.n - 1, d.days, p.users
FROM unnest($1::uuid[], $2::date[], $3::date[], $4::bool[])
     WITH ORDINALITY AS k (tenant_id, first, last, distinct_too, n)
LEFT JOIN LATERAL (
    SELECT {DAYS["postgresql"]} AS days FROM tenant_day d
    WHERE d.tenant_id = k.tenant_id AND d.report_date BETWEEN k.first AND k.last
) d ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS users FROM (
        -- Asked inside, or every presence would be read to be thrown away.
        SELECT DISTINCT user_id FROM presence
        -- Here and not behind ON: a join looks at its condition when the counting is done.
        WHERE k.distinct_too
          AND tenant_id = k.tenant_id AND report_date BETWEEN k.first AND k.last
    ) u
) p ON true
"""
_SQLITE = f"""
SELECT k.n,
    (
        SELECT {DAYS["sqlite"]} FROM tenant_day d
        WHERE d.tenant_id = k.tenant_id AND d.report_date BETWEEN k.first AND k.last
    ),
    CASE WHEN k.distinct_too THEN (
        SELECT count(DISTINCT user_id) FROM presence
        WHERE tenant_id = k.tenant_id AND report_date BETWEEN k.first AND k.last
    ) END
FROM (
    SELECT key AS n, json_extract(value, '$[0]') AS tenant_id,
           json_extract(value, '$[1]') AS first, json_extract(value, '$[2]') AS last,
           json_extract(value, '$[3]') AS distinct_too
    FROM json_each(?)
) k
"""
