"""What is the case, as plain Python values: tenants, principals, who is assigned what, who logged
in. The oracle answers from these alone; the steps of a run change them beside the database."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass
class TenantFacts:
    id: str
    name: str
    external_id: str
    instance_id: str
    billable: bool
    time_zone: str
    #: Date -> user -> first and last login.
    days: dict[date, dict[str, tuple[datetime, datetime]]] = field(default_factory=dict)

    def record(self, user: str, at: datetime) -> bool:
        """Whether the user is new on the date."""
        users = self.days.setdefault(local_date(at, self.time_zone), {})
        first, last = users.get(user, (at, at))
        new = user not in users
        users[user] = (min(first, at), max(last, at))
        return new


@dataclass
class PrincipalFacts:
    """`kind` is LANDLORD, TENANT_ADMINISTRATOR or SERVICE_ACCOUNT; `home` is a tenant's ID."""

    id: str
    kind: str
    subject: str
    name: str
    home: str | None = None
    active: bool = True


@dataclass
class World:
    now: datetime
    tenants: dict[str, TenantFacts] = field(default_factory=dict)
    principals: dict[str, PrincipalFacts] = field(default_factory=dict)
    #: Pairs of a principal's and a tenant's ID.
    assigned: set[tuple[str, str]] = field(default_factory=set)

    def sees(self, who: PrincipalFacts, tenant: TenantFacts) -> bool:
        if who.kind == "TENANT_ADMINISTRATOR":
            return who.home == tenant.id
        return (who.id, tenant.id) in self.assigned

    def window(self, tenant: TenantFacts) -> tuple[date, date]:
        today = local_date(self.now, tenant.time_zone)
        return half_a_year_before(today), today


@dataclass(frozen=True)
class Caller:
    """Whose token is sent, and the scopes written into it."""

    who: PrincipalFacts
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        rights = {
            "LANDLORD": {
                *("billing:read", "billing:users", "audit:read"),
                *("tenants:manage", "tenants:assign"),
            },
            "TENANT_ADMINISTRATOR": {"billing:read", "billing:users", "audit:read"},
            "SERVICE_ACCOUNT": {"billing:read", "billing:users", "logins:write"} & self.scopes,
        }
        return scope in rights[self.who.kind]


def local_date(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def half_a_year_before(today: date) -> date:
    """The same day six months back, or the last before it that exists."""
    months_back = 6
    first = today.replace(day=1)
    for _ in range(months_back):
        first = (first - DAY).replace(day=1)
    for day in range(today.day, 0, -1):
        try:
            return first.replace(day=day)
        except ValueError:
            continue
    raise AssertionError


@cache
def first_instant(on: date, zone: str) -> datetime:
    """The first minute whose local date is `on` or later: looked for one by one."""
    at = datetime(on.year, on.month, on.day, tzinfo=UTC) - 26 * 60 * MINUTE
    while local_date(at, zone) < on:
        at += MINUTE
    return at


def text_of(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
