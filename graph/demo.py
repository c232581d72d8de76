"""The demo's database: a file of its own, made anew or topped up with the days since last time."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NoReturn

from graph import demo_data
from graph.demo_data import EXIST, SampleTenant
from graph.demo_tokens import VALID_FOR
from graph.settings import DEMO_ISSUER
from models import Principal, PrincipalKind, Tenant, database, migrate
from resolvers import (
    access,
    api_keys,
    assignments,
    billing_window,
    logins,
    principals,
    recorded_days,
    tenants,
)
from resolvers.access import TenantKey
from resolvers.logins import Login
from resolvers.principals import NewPrincipal
from resolvers.problems import Problem
from resolvers.tenants import NewTenant, TenantFilter
from resolvers.viewers import Operator

OPERATOR = Operator()
BATCH = 25_000
KINDS = {
    "landlord": (PrincipalKind.LANDLORD, "Lena Lund"),
    "tenantAdministrator": (PrincipalKind.TENANT_ADMINISTRATOR, "Tomás Admin"),
    "service": (PrincipalKind.SERVICE_ACCOUNT, "Workforce planning"),
    "otherLandlord": (PrincipalKind.LANDLORD, "Oleg Other"),
}


class NotTheDemos(Exception):
    """The file is damaged or somebody else's; `str()` of it says which."""


class InUse(Exception):
    """Another demo uses the database that is to be removed."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo tells of itself. `tenants` are all there are, by name; `api_key` is one of the
    service account, made for this start."""

    tenants: list[Tenant]
    exist: Tenant
    sample_date: date
    api_key: str


def subject(role: str) -> str:
    """The `sub` of a role's token."""
    return f"demo-{role}"


def require_own(file: Path) -> None:
    """Refuse a file that is no database of the demo; one that does not exist is about to be."""
    if not file.exists():
        return
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as other:
            (found,) = other.execute("PRAGMA quick_check(1)").fetchone()
            tables = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
            issuers = set()
            if "principal" in tables:
                issuers = {name for (name,) in other.execute("SELECT issuer FROM principal")}
    except sqlite3.Error as error:
        raise NotTheDemos(f"is not a database that can be read ({error})") from None
    if found != "ok":
        raise NotTheDemos("is a damaged database")
    if (tables and "tenant_day" not in tables) or not issuers <= {DEMO_ISSUER}:
        raise NotTheDemos("is a database of something else")


@contextmanager
def held(file: Path, reset: bool) -> Iterator[None]:
    """Tell other demos that the database is used. With `reset` it is removed first, which InUse
    refuses while one of them does."""
    with file.with_name("demo.lock").open("w") as lock:
        if reset:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUse from None
            _remove(file)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _remove(file: Path) -> None:
    """The database, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


async def prepare(url: str, now: datetime) -> Demo:
    """Make the tables, tenants, principals and logins that are not there yet."""
    await migrate.migrate(url)
    await database.open(url)
    try:
        rows = {sample: await _tenant(sample, now) for sample in demo_data.TENANTS}
        known = {role: await _principal(role, rows, now) for role in KINDS}
        for sample, row in rows.items():
            await _record(sample, row, now)
        exist = rows[EXIST]
        today = billing_window.report_date(now, exist.time_zone)
        everything = await tenants.search(OPERATOR, TenantFilter(), first=tenants.MAX_PAGE)
        key = await _api_key(known["service"], now)
        return Demo(everything.rows, exist, demo_data.sample_date(today), key)
    finally:
        await database.close()


async def _tenant(sample: SampleTenant, now: datetime) -> Tenant:
    key = TenantKey(external_id=sample.external_id)
    if row := (await access.hold(OPERATOR, [key])).get(key):
        return row
    new = NewTenant(
        sample.name, sample.external_id, sample.instance_id, sample.billable, sample.time_zone
    )
    outcome = await tenants.create(OPERATOR, new, now)
    return outcome if isinstance(outcome, Tenant) else _changed(outcome)


async def _principal(role: str, rows: dict[SampleTenant, Tenant], now: datetime) -> Principal:
    kind, name = KINDS[role]
    home = rows[EXIST] if kind is PrincipalKind.TENANT_ADMINISTRATOR else None
    known = await principals.named(subject(role), DEMO_ISSUER)
    if known:
        principal = known[0]
    else:
        new = NewPrincipal(kind, DEMO_ISSUER, subject(role), name, home)
        outcome = await principals.create(new, now)
        principal = outcome if isinstance(outcome, Principal) else _changed(outcome)
    assigned = [rows[sample] for sample in demo_data.ASSIGNED.get(role, ())]
    if assigned:
        await assignments.assign(assigned, principal, None, now)
    return principal


async def _api_key(owner: Principal, now: datetime) -> str:
    """A new one, for those of former starts are known to nobody any more; the last of them stays,
    as another demo may be running."""
    live = [row for row in await api_keys.listed(owner) if api_keys.state(row, now) == "live"]
    for row in live[1:]:
        await api_keys.revoke(row, now)
    outcome = await api_keys.create(owner, access.GRANTABLE, now + VALID_FOR, now)
    return outcome[1] if isinstance(outcome, tuple) else _changed(outcome)


def _changed(problems: list[Problem]) -> NoReturn:
    """Whoever tried the demo has changed what it starts from."""
    raise NotTheDemos(f"does not fit any more ({problems[0].message})")


async def _record(sample: SampleTenant, row: Tenant, now: datetime) -> None:
    """Whole days at a time, so that a day is complete or, after an interruption, not there."""
    recorded = await recorded_days.read(row)
    batch: list[Login] = []
    for on in _incomplete(row, recorded, now):
        batch += [login for login in demo_data.logins(sample, on) if login[1] <= now]
        if len(batch) >= BATCH:
            await logins.record(row, batch, now)
            batch = []
    if batch:
        await logins.record(row, batch, now)


def _incomplete(row: Tenant, recorded: dict[date, datetime], now: datetime) -> Iterator[date]:
    """Dates of the window on which nothing was recorded after they were over."""
    window = billing_window.at(now, row.time_zone)
    never = datetime.min.replace(tzinfo=UTC)
    for offset in range((window.end - window.start).days + 1):
        on = window.start + timedelta(days=offset)
        if recorded.get(on, never) < billing_window.day_end(on, row.time_zone):
            yield on
