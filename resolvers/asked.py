"""What a request asks of the database first, as far as its document says so, and the SQL that
brings it along with the answer to who asks.

Each kind is one statement for many questions: a row k for each of them, the principal p whom k
names, and what p may see of what k asks for. Such a row is the *state* that an answer is made of
which asks for nothing else: the same state, the same answer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from models import Tenant
from resolvers import access, billing_trends
from resolvers.billing_reports import DayState, day_state
from resolvers.billing_trends import Days

State = tuple[Any, ...]


class AskedTenant(NamedTuple):
    """A tenant that the request names by its ID, and the date of a report of it. `text` is the ID
    as it was sent."""

    text: str
    tenant_id: UUID
    on: date | None = None


class AskedTrend(NamedTuple):
    """A tenant, and the dates that a trend of it can have, both included."""

    text: str
    tenant_id: UUID
    first: date
    last: date


class AskedTenants(NamedTuple):
    """The first `size` tenants by an order's columns, of all or of those that are (not) billable,
    and the date of a report of each."""

    order: tuple[str, ...]
    size: int
    billable: bool | None = None
    on: date | None = None


Asked = AskedTenant | AskedTrend | AskedTenants


class Head(NamedTuple):
    """A report without its users; `state` only where the users can be asked for next."""

    max_users: int
    state: DayState | None = None


class Brought(NamedTuple):
    """What was asked for, as far as the viewer may see it: a tenant, the heads of the date's
    reports by tenant ID, the days of its trend; or a list of tenants. Neither billable nor the
    window was looked at."""

    tenant: Tenant | None = None
    heads: Mapping[UUID, Head] = {}
    days: Days | None = None
    tenants: Sequence[Tenant] | None = None


NOTHING = Brought()


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """`keys` are the columns of k that say what is asked for, each with its type in PostgreSQL;
    `selected` and `joined` what is read. `limit`, as `$limit`, is for what SQLite takes from no
    row: all questions of one statement have it in common."""

    keys: Mapping[str, str]
    selected: Mapping[str, str]
    joined: str = ""
    limit: int | None = None


_TENANT = Kind(
    keys={"tenant_id": "uuid", "report_date": "date"},
    selected=dict.fromkeys(
        ("postgresql", "sqlite"),
        f"d.max_users, d.id, d.version, d.last_recorded_at, {access.SELECTED}",
    ),
    joined=f"""
        {access.JOIN_VISIBLE}
        LEFT JOIN tenant_day d ON d.tenant_id = t.id AND d.report_date = k.report_date""",
)
_TREND = Kind(
    keys={"tenant_id": "uuid", "first": "date", "last": "date"},
    selected={
        dialect: f"(SELECT {days} FROM tenant_day d WHERE d.tenant_id = t.id"
        f" AND d.report_date BETWEEN k.first AND k.last), {access.SELECTED}"
        for dialect, days in billing_trends.DAYS.items()
    },
    joined=access.JOIN_VISIBLE,
)


@cache
def _tenants(order: tuple[str, ...], size: int) -> Kind:
    users = """(
        SELECT d.max_users FROM tenant_day d
        WHERE d.tenant_id = t.id AND d.report_date = k.report_date
    )"""
    condition = "k.billable IS NULL OR t.billable = k.billable"
    return Kind(
        keys={"billable": "bool", "report_date": "date"},
        selected=access.first_of_p(order, condition, {"max_users": users}),
        limit=size,
    )


def kind_of(asked: Asked | None) -> Kind:
    """Questions of one kind can share a statement."""
    match asked:
        case AskedTrend():
            return _TREND
        case AskedTenants():
            return _tenants(asked.order, asked.size)
        case _:
            return _TENANT


def key_of(asked: Asked | None) -> tuple[object, ...]:
    """Values of the kind's keys."""
    match asked:
        case AskedTenant():
            return asked.tenant_id, asked.on
        case AskedTrend():
            return asked.tenant_id, asked.first, asked.last
        case AskedTenants():
            return asked.billable, asked.on
        case None:
            return None, None


def brought(asked: Asked | None, row: Sequence[Any]) -> Brought:
    """What the kind selected."""
    match asked:
        case AskedTenant() if row[4] is not None:
            tenant = access.of_row(row[4:])
            head = Head(row[0] or 0, day_state(*row[1:4]))
            return Brought(tenant, {tenant.id: head} if asked.on else {})
        case AskedTrend() if row[1] is not None:
            return Brought(access.of_row(row[1:]), days=billing_trends.days_of(row[0]))
        case AskedTenants():
            rows = json.loads(row[0] or "[]")
            tenants = [access.of_texts(each[:-1]) for each in rows]
            heads = {t.id: Head(r[-1] or 0) for t, r in zip(tenants, rows, strict=True)}
            return Brought(heads=heads if asked.on else {}, tenants=tenants)
        case _:
            return NOTHING
