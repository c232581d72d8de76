"""Billing reports: how many users logged in on a report date, and who they were.

The number and the users of a report come from one SQL statement, so they agree even while
logins are being recorded; so do all reports that one request asks for together.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from models import Tenant, database
from resolvers import cursors
from resolvers.billed_users import A_MICROSECOND, BilledUsers

MAX_USERS_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class UsersPage:
    """At most `first` users after user ID `after` (empty: from the beginning), by code point."""

    first: int
    after: str


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """One report, with all pages of its users that the caller wants: read together or not at all
    in agreement."""

    tenant: Tenant
    on: date
    pages: tuple[UsersPage, ...] = ()


#: ID, version and last recording of the row of a day. A day that was deleted and made again has
#: another ID, one that was restored from a copy another recording.
DayState = tuple[int, int, object]


@dataclass(frozen=True, slots=True)
class BillingReport:
    tenant: Tenant
    on: date
    max_users: int
    #: Up to one user more than the page asked for: the one more says that there is a next page.
    users: dict[UsersPage, BilledUsers]
    #: Of the state of the day that this was read from, and of no other.
    state: DayState | None = field(default=None, compare=False)


def day_state(day: int | None, version: int, recorded: object) -> DayState | None:
    """None when nobody logged in on the date."""
    return None if day is None else (day, version, recorded)


def users_page(tenant: Tenant, on: date, first: int | None, after: str | None) -> UsersPage:
    """What a client asks for by `first` and `after`; the cursor must be of this very report."""
    size = cursors.page_size(first, 1_000, MAX_USERS_PAGE)
    place = "" if after is None else cursors.decode(_list_of(tenant.id, on), after, 1)[0]
    return UsersPage(size, place)


def user_cursor(tenant: Tenant, on: date, user_id: str) -> str:
    return cursors.encode(_list_of(tenant.id, on), user_id)


def _list_of(tenant: UUID, on: date) -> str:
    return f"users of {tenant} on {on}"


async def read(requests: Sequence[ReportRequest]) -> list[BillingReport]:
    """The reports in the order of the requests, from one statement. Takes Tenants that the
    viewer may see; whether they are billable and the date is in the window was asked before."""
    # One key for each report and page; a report without pages is a key with a page of none.
    keys = [
        (number, request, page)
        for number, request in enumerate(requests)
        for page in request.pages or (UsersPage(-1, ""),)
    ]
    reports = [BillingReport(request.tenant, request.on, 0, {}) for request in requests]
    reader = _read_postgresql if database.dialect() == "postgresql" else _read_sqlite
    for index, max_users, state, users in await reader([(r, page) for _, r, page in keys]):
        number, request, page = keys[index]
        pages = reports[number].users
        if page.first >= 0:
            pages[page] = users
        reports[number] = BillingReport(request.tenant, request.on, max_users, pages, state)
    return reports


_Keys = Sequence[tuple[ReportRequest, UsersPage]]
_Answers = list[tuple[int, int, DayState | None, BilledUsers]]

_POSTGRESQL = """
SELECT k.n - 1, coalesce(d.max_users, 0), d.id, d.version, d.last_recorded_at,
       u.user_ids, u.firsts, u.lasts
FROM unnest($1::uuid[], $2::date[], $3::text[], $4::int[])
     WITH ORDINALITY AS k (tenant_id, report_date, after, size, n)
LEFT JOIN tenant_day d ON d.tenant_id = k.tenant_id AND d.report_date = k.report_date
LEFT JOIN LATERAL (
    -- Three texts: arrays take PostgreSQL and the driver twice as long, to_char five times.
    SELECT string_agg(p.user_id, E'\n') AS user_ids,
           string_agg((p.first_login_at AT TIME ZONE 'UTC' + $5)::text, '|') AS firsts,
           string_agg((p.last_login_at AT TIME ZONE 'UTC' + $5)::text, '|') AS lasts
    FROM (
        SELECT user_id, first_login_at, last_login_at FROM presence
        WHERE tenant_id = k.tenant_id AND report_date = k.report_date AND user_id > k.after
        ORDER BY user_id LIMIT k.size
    ) p
) u ON k.size > 0
"""


async def _read_postgresql(keys: _Keys) -> _Answers:
    rows = await database.rows(
        _POSTGRESQL,
        [
            [request.tenant.id for request, _ in keys],
            [request.on for request, _ in keys],
            [page.after for _, page in keys],
            [page.first + 1 for _, page in keys],
            A_MICROSECOND,
        ],
    )
    return [
        (row[0], row[1], day_state(*row[2:5]), BilledUsers.of_texts(*row[5:]))
        for row in map(tuple, rows)
    ]


# SQLite cannot take LIMIT from a row, so there is one SELECT for each page size.
_SQLITE = """
SELECT k.n, coalesce(d.max_users, 0), d.id, d.version, d.last_recorded_at, (
    SELECT json_group_array(json_array(
        user_id,
        replace(substr(first_login_at, 1, 23), ' ', 'T') || 'Z',
        replace(substr(last_login_at, 1, 23), ' ', 'T') || 'Z'
    ))
    FROM (
        SELECT user_id, first_login_at, last_login_at FROM presence
        WHERE tenant_id = k.tenant_id AND report_date = k.report_date AND user_id > k.after
        ORDER BY user_id LIMIT ?
    )
)
FROM (
    SELECT json_extract(value, '$[0]') AS n, json_extract(value, '$[1]') AS tenant_id,
           json_extract(value, '$[2]') AS report_date, json_extract(value, '$[3]') AS after
    FROM json_each(?)
) k
LEFT JOIN tenant_day d ON d.tenant_id = k.tenant_id AND d.report_date = k.report_date
"""


async def _read_sqlite(keys: _Keys) -> _Answers:
    by_size: dict[int, list[list[object]]] = {}
    for index, (request, page) in enumerate(keys):
        key = [index, str(request.tenant.id), request.on.isoformat(), page.after]
        by_size.setdefault(page.first + 1, []).append(key)
    if not by_size:
        return []
    rows = await database.rows(
        " UNION ALL ".join([_SQLITE] * len(by_size)),
        [value for size, group in by_size.items() for value in (size, json.dumps(group))],
    )
    return [
        (row[0], row[1], day_state(*row[2:5]), BilledUsers.of_rows(json.loads(row[5])))
        for row in map(tuple, rows)
    ]
