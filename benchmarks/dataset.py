"""The data that every contender answers from: the same rows for the same sizes and dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from models import PrincipalKind, PrincipalStatus, database, migrate
from resolvers import billing_window, tenants

ISSUER = "https://login.example.com/"
AUDIENCE = "https://headcount.example.com"
LANDLORD = "landlord"
SERVICE = "service"

_NAMESPACE = UUID("5b1c3f0e-2f5f-4d5c-9a57-0d4a5f0c8a11")
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo")


@dataclass(frozen=True, slots=True)
class Size:
    """`large` users on each date of the first tenant, `huge` ones on one date of the second;
    the other tenants have from `small` users a date to ten times as many. Beside these there are
    as many young tenants as dates, with `large` users on the last date and no other."""

    tenants: int
    dates: int
    large: int
    huge: int
    small: int


FULL = Size(tenants=200, dates=180, large=2_000, huge=100_000, small=5)
TINY = Size(tenants=12, dates=10, large=40, huge=150, small=1)


@dataclass(frozen=True, slots=True)
class Tenant:
    id: UUID
    instance_id: UUID
    name: str
    external_id: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class DataSet:
    """`last` is the latest report date: yesterday, which no tenant's window lacks."""

    size: Size
    last: date

    @property
    def dates(self) -> list[date]:
        count = self.size.dates
        return [self.last - timedelta(days=count - 1 - n) for n in range(count)]

    @property
    def huge_date(self) -> date:
        return self.last - timedelta(days=self.size.dates // 2)

    def tenants(self) -> list[Tenant]:
        """The young ones last, in every order."""
        return [_tenant(number) for number in range(self.size.tenants + self.size.dates)]

    def young(self) -> list[Tenant]:
        return self.tenants()[self.size.tenants :]

    def dates_of(self, number: int) -> list[date]:
        return self.dates if number < self.size.tenants else [self.last]

    def users(self, number: int, on: date) -> int:
        """How many users logged in: at least one for each date of the tenant."""
        if number == 0 or number >= self.size.tenants:
            return self.size.large
        if number == 1 and on == self.huge_date:
            return self.size.huge
        return self.size.small * (1 + number % 10)


def _tenant(number: int) -> Tenant:
    """External IDs sort as names do, because not every contender can sort by name."""
    return Tenant(
        id=uuid5(_NAMESPACE, f"tenant {number}"),
        instance_id=uuid5(_NAMESPACE, f"instance {number}"),
        name=f"Tenant {number:04}",
        external_id="EXIST" if number == 0 else f"EXT-{number:04}",
        time_zone=_ZONES[number % len(_ZONES)],
    )


def principal_id(subject: str) -> UUID:
    return uuid5(_NAMESPACE, f"principal {subject}")


def user_ids(count: int) -> list[str]:
    return [f"user{number:06}" for number in range(1, count + 1)]


def instants(start: datetime, count: int) -> Iterator[tuple[datetime, datetime]]:
    """First and last logins of a day that starts at `start`, between 8 and 16 hours later."""
    for number in range(count):
        first = start + timedelta(hours=8, seconds=number * 7 % 14_400, milliseconds=number % 1_000)
        yield first, first + timedelta(seconds=number * 13 % 14_400)


async def seed(url: str, data: DataSet) -> None:
    """Make our tables and fill them, with COPY."""
    await migrate.migrate(url)
    driver = await asyncpg.connect(**database.DatabaseUrl.parse(url).credentials)
    try:
        await _seed_tenants(driver, data)
        await _copy(driver, "tenant_day", _DAY, _days(data))
        await _copy(driver, "presence", PRESENCE, _presences(data))
        # Otherwise autovacuum would come in the middle of a round.
        await driver.execute("VACUUM ANALYZE")
        await driver.execute("CHECKPOINT")
    finally:
        await driver.close()


_TENANT = (
    *("id", "name", "external_id", "instance_id", "billable", "time_zone"),
    *("search_text", "created_at"),
)
_PRINCIPAL = ("id", "kind", "issuer", "subject", "display_name", "status", "created_at")
_ASSIGNMENT = ("principal_id", "tenant_id", "granted_at")
_DAY = (
    *("tenant_id", "report_date", "max_users", "version"),
    *("first_recorded_at", "last_recorded_at"),
)
PRESENCE = ("tenant_id", "report_date", "user_id", "first_login_at", "last_login_at")
_KINDS = {LANDLORD: PrincipalKind.LANDLORD, SERVICE: PrincipalKind.SERVICE_ACCOUNT}


async def _copy(driver: Any, table: str, columns: tuple[str, ...], rows: Any) -> None:
    await driver.copy_records_to_table(table, columns=columns, records=rows)


async def _seed_tenants(driver: Any, data: DataSet) -> None:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        (*(t.id, t.name, t.external_id, t.instance_id, True, t.time_zone), text, made)
        for t in data.tenants()
        for text in (tenants.search_text(t.name, t.external_id),)
    ]
    await _copy(driver, "tenant", _TENANT, rows)
    active = PrincipalStatus.ACTIVE.value
    principals = [
        (principal_id(subject), kind.value, ISSUER, subject, subject.title(), active, made)
        for subject, kind in _KINDS.items()
    ]
    await _copy(driver, "principal", _PRINCIPAL, principals)
    assigned = [(principal_id(who), t.id, made) for who in _KINDS for t in data.tenants()]
    await _copy(driver, "assignment", _ASSIGNMENT, assigned)


def _days(data: DataSet) -> Iterator[tuple[Any, ...]]:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    for number, tenant in enumerate(data.tenants()):
        for on in data.dates_of(number):
            yield tenant.id, on, data.users(number, on), 1, made, made


def _presences(data: DataSet) -> Iterator[tuple[Any, ...]]:
    ids = user_ids(max(data.size.large, data.size.huge))
    for number, tenant in enumerate(data.tenants()):
        for on in data.dates_of(number):
            start = billing_window.day_start(on, tenant.time_zone)
            seen = instants(start, data.users(number, on))
            for user_id, (first, last) in zip(ids, seen, strict=False):
                yield tenant.id, on, user_id, first, last
