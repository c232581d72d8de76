"""Billing trends: the daily maximum users of a tenant over the billing window or a part of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
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


def clamp(tenant: Tenant, now: datetime, start: date | None, end: date | None) -> BillingWindow:
    """The part of the tenant's billing window that was asked for."""
    window = billing_window.at(now, tenant.time_zone)
    if start is not None and end is not None and start > end:
        raise BadInput("from must not be after to.")
    first, last = max(start or window.start, window.start), min(end or window.end, window.end)
    if first > last:
        raise DateOutOfWindow(window.start, window.end)
    return BillingWindow(first, last)


async def read(requests: Sequence[TrendRequest]) -> list[BillingTrend]:
    """The trends in the order of the requests, from one statement."""
    reader = _read_postgresql if database.dialect() == "postgresql" else _read_sqlite
    trends = [
        BillingTrend(r.tenant, r.range, [0] * ((r.range.end - r.range.start).days + 1), None)
        for r in requests
    ]
    for index, days, distinct in await reader(requests):
        request, trend = requests[index], trends[index]
        for offset, max_users in days:
            trend.counts[offset] = max_users
        if request.distinct:
            trends[index] = BillingTrend(trend.tenant, trend.range, trend.counts, distinct)
    return trends


_Answers = list[tuple[int, list[tuple[int, int]], int]]

_POSTGRESQL = """
SELECT k.n - 1, d.offsets, d.counts, p.users
FROM unnest($1::uuid[], $2::date[], $3::date[], $4::bool[])
     WITH ORDINALITY AS k (tenant_id, first, last, distinct_too, n)
LEFT JOIN LATERAL (
    SELECT array_agg(report_date - k.first) AS offsets, array_agg(max_users) AS counts
    FROM tenant_day
    WHERE tenant_id = k.tenant_id AND report_date BETWEEN k.first AND k.last
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


async def _read_postgresql(requests: Sequence[TrendRequest]) -> _Answers:
    rows = await database.rows(
        _POSTGRESQL,
        [
            [request.tenant.id for request in requests],
            [request.range.start for request in requests],
            [request.range.end for request in requests],
            [request.distinct for request in requests],
        ],
    )
    return [
        (index, list(zip(offsets or (), counts or (), strict=True)), users or 0)
        for index, offsets, counts, users in rows
    ]


_SQLITE = """
SELECT k.n,
    (
        SELECT json_group_array(json_array(report_date, max_users)) FROM tenant_day
        WHERE tenant_id = k.tenant_id AND report_date BETWEEN k.first AND k.last
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


async def _read_sqlite(requests: Sequence[TrendRequest]) -> _Answers:
    keys = [
        [str(r.tenant.id), r.range.start.isoformat(), r.range.end.isoformat(), int(r.distinct)]
        for r in requests
    ]
    answers: _Answers = []
    for index, days, users in await database.rows(_SQLITE, [json.dumps(keys)]):
        start = requests[index].range.start
        counts = [((date.fromisoformat(on) - start).days, n) for on, n in json.loads(days)]
        answers.append((index, counts, users or 0))
    return answers
