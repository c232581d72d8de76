"""The migrated tables are the declared ones, with the rules that only the database can hold."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.recorder import MigrationRecorder

from models import (
    ApiKey,
    Assignment,
    Presence,
    Principal,
    PrincipalKind,
    Tenant,
    TenantDay,
    migrate,
)
from models import database as db
from tests import factories, tokens
from tests.processes import connected, workers

NOW = tokens.NOW
DAY = NOW.date()
EVERY_MIGRATION = sorted(
    path.stem for path in (Path(migrate.__file__).parent / "migrations").glob("0*.py")
)
TABLES = {
    *("tenant", "principal", "assignment", "tenant_day", "presence"),
    *("audit_entry", "audit_filing", "audit_head", "api_key"),
}
_numbers = count()


@pytest.fixture
async def empty_url(database: None, database_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables, of the kind under test."""
    if db.dialect() == "sqlite":
        yield f"sqlite://{tmp_path}/empty.db"
        return
    name = f"empty{next(_numbers)}"
    await db.rows(f"CREATE DATABASE {name}")
    yield urlsplit(database_url)._replace(path=f"/{name}").geturl()
    await db.rows(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


# Same tables


async def test_nothing_is_left_to_make_a_migration_of(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Tortoise.apps is not None
    detector = MigrationAutodetector(Tortoise.apps, db.apps(db.dialect()))

    assert await detector.changes() == []
    monkeypatch.setattr(TenantDay._meta, "unique_together", ())
    assert len(await detector.changes()) == 1


_COLUMNS = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
       regexp_replace(column_default, '''.*''', 'sequence')
FROM information_schema.columns WHERE table_schema = 'public'
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
"""
_INDEXES = """
SELECT tablename, regexp_replace(indexdef, 'INDEX .* ON', 'INDEX ON') FROM pg_indexes
WHERE schemaname = 'public'
"""


async def tables() -> set[tuple[object, ...]]:
    """Columns, keys and indexes of our tables, without names that Tortoise makes up."""
    if db.dialect() == "postgresql":
        found = [
            row
            for sql in (_COLUMNS, _CONSTRAINTS, _INDEXES)
            for row in map(tuple, await db.rows(sql))
        ]
        return {row for row in found if row[0] in TABLES}
    described: set[tuple[object, ...]] = set()
    for table in TABLES:
        for column in await db.rows(f"PRAGMA table_info({table})"):
            described.add((table, *tuple(column)[1:]))
        for key in await db.rows(f"PRAGMA foreign_key_list({table})"):
            described.add((table, *tuple(key)[2:]))
        for index in await db.rows(f"PRAGMA index_list({table})"):
            columns = [row["name"] for row in await db.rows(f"PRAGMA index_info({index['name']})")]
            described.add((table, index["unique"], index["partial"], *columns))
    return described


async def _declared(url: str) -> set[tuple[object, ...]]:
    async def work() -> set[tuple[object, ...]]:
        await Tortoise.generate_schemas(safe=False)
        return await tables()

    described: set[tuple[object, ...]] = await connected(url, work)
    return described


async def test_the_migrated_tables_are_the_declared_ones(empty_url: str) -> None:
    with workers(1) as start:
        declared = await asyncio.wrap_future(start(_declared, empty_url))

    migrated = await tables()
    assert declared - migrated == set()
    # What cannot be declared.
    active = {
        "sqlite": ("assignment", 1, 1, "principal_id", "tenant_id"),
        "postgresql": (
            "assignment",
            "CREATE UNIQUE INDEX ON public.assignment USING btree (principal_id, tenant_id)"
            " WHERE (revoked_at IS NULL)",
        ),
    }
    assert migrated - declared == {active[db.dialect()]}
    assert len(declared) > 40


async def test_texts_that_are_sorted_are_sorted_by_code_point(database: None) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("knows no other order")

    rows = await db.rows(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND collation_name = 'C'"
    )

    assert sorted(map(tuple, rows)) == [
        ("audit_entry", "hash"),
        ("presence", "user_id"),
        ("tenant", "external_id"),
        ("tenant", "name"),
        ("tenant", "search_text"),
    ]


# Migrating


async def _pending_and_migrated(url: str) -> tuple[list[str], list[str], list[str], list[str]]:
    before = await connected(url, migrate.pending)
    first = await migrate.migrate(url)
    second = await migrate.migrate(url)
    return before, first, second, await connected(url, migrate.pending)


async def test_migrating_applies_what_is_pending_and_then_nothing(empty_url: str) -> None:
    with workers(1) as start:
        answers = await asyncio.wrap_future(start(_pending_and_migrated, empty_url))

    assert answers == (EVERY_MIGRATION, EVERY_MIGRATION, [], [])


async def _ended_and_migrated(url: str) -> tuple[str, list[str]]:
    async def end(*_: object) -> None:
        raise LookupError("killed")

    note, ended = MigrationRecorder.record_applied, ""
    MigrationRecorder.record_applied = end  # type: ignore[method-assign]
    try:
        await migrate.migrate(url)
    except LookupError as error:
        ended = str(error)
    finally:
        MigrationRecorder.record_applied = note  # type: ignore[method-assign]
    return ended, await migrate.migrate(url)


async def test_a_migration_that_ends_before_it_is_noted_can_be_run_again(empty_url: str) -> None:
    """Its tables are made and it is killed."""
    with workers(1) as start:
        answers = await asyncio.wrap_future(start(_ended_and_migrated, empty_url))

    assert answers == ("killed", EVERY_MIGRATION)


async def test_the_database_under_test_is_migrated(database: None) -> None:
    assert await migrate.pending() == []


async def test_of_two_migrators_at_once_one_migrates(empty_url: str) -> None:
    with workers(2) as start:
        applied = await asyncio.gather(
            *(asyncio.wrap_future(start(migrate.migrate, empty_url)) for _ in range(2))
        )

    assert sorted(applied) == [[], EVERY_MIGRATION]


async def _pending_of_a_dropped_database(url: str, name: str) -> str:
    async def work() -> str:
        pool: Any = db.connection()
        others = await asyncpg.connect(
            **{**db.DatabaseUrl.parse(url).credentials, "database": "postgres"}
        )
        assert await migrate.pending() == EVERY_MIGRATION
        await others.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await others.close()
        await pool._pool.expire_connections()
        try:
            return str(await migrate.pending())
        except Exception as error:
            return type(error).__name__

    answer: str = await connected(url, work)
    return answer


async def test_what_is_pending_in_a_database_that_is_gone_is_not_said(empty_url: str) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("is a file that this process has open")
    name = urlsplit(empty_url).path.removeprefix("/")

    with workers(1) as start:
        answer = await asyncio.wrap_future(start(_pending_of_a_dropped_database, empty_url, name))

    assert answer == "InvalidCatalogNameError"


@pytest.mark.parametrize(
    "url", ["postgresql://user@127.0.0.1:1/name", "postgresql:///name?host=/no/such/folder"]
)
async def test_a_database_that_cannot_be_reached_is_not_migrated(url: str) -> None:
    with pytest.raises(OSError, match=r"Connect|connect|No such file"):
        await migrate.migrate(url)


# What only the database can hold: each rule, and what is right beside it


async def _principal(**values: Any) -> Principal:
    return await Principal.create(
        **{
            "kind": PrincipalKind.LANDLORD,
            "issuer": "i",
            "subject": str(uuid4()),
            "display_name": "",
            "created_at": NOW,
            **values,
        }
    )


async def _day(tenant_id: UUID, **values: Any) -> TenantDay:
    defaults = {"report_date": DAY, "first_recorded_at": NOW, "last_recorded_at": NOW}
    return await TenantDay.create(tenant_id=tenant_id, **{**defaults, **values})


async def _presence(**values: Any) -> Presence:
    defaults = {
        "tenant_id": uuid4(),
        "report_date": DAY,
        "user_id": "ann",
        "first_login_at": NOW,
        "last_login_at": NOW,
    }
    return await Presence.create(**{**defaults, **values})


async def holds(right: Callable[[], Awaitable[Any]], wrong: Callable[[], Awaitable[Any]]) -> None:
    await right()
    with pytest.raises(IntegrityError):
        await wrong()


@pytest.mark.parametrize("kind", PrincipalKind)
async def test_exactly_administrators_have_a_home_tenant(
    kind: PrincipalKind, database: None
) -> None:
    home = await factories.tenant()
    with_home = kind == PrincipalKind.TENANT_ADMINISTRATOR

    await holds(
        lambda: _principal(kind=kind, home_tenant=home if with_home else None),
        lambda: _principal(kind=kind, home_tenant=None if with_home else home),
    )


async def test_a_subject_of_an_issuer_is_one_principal(database: None) -> None:
    await _principal(issuer="a", subject="s")

    await holds(
        lambda: _principal(issuer="b", subject="s"), lambda: _principal(issuer="a", subject="s")
    )


async def test_a_key_ends_after_it_was_made(database: None) -> None:
    owner = await factories.service()

    def made(key_id: str, expires_at: datetime) -> Awaitable[Any]:
        values = {"secret_sha256": "", "scopes": "", "created_at": NOW, "expires_at": expires_at}
        return ApiKey.create(id=key_id, principal=owner, **values)

    await holds(lambda: made("a", NOW + timedelta(seconds=1)), lambda: made("b", NOW))


async def test_a_number_of_users_is_not_negative(database: None) -> None:
    one, two = await factories.tenant(), await factories.tenant()

    await holds(lambda: _day(one.id, max_users=0), lambda: _day(two.id, max_users=-1))


async def test_a_tenant_has_one_row_for_a_day(database: None) -> None:
    one, two = await factories.tenant(), await factories.tenant()
    await _day(one.id)

    await holds(lambda: _day(two.id), lambda: _day(one.id))


async def test_a_day_belongs_to_a_tenant_that_exists(database: None) -> None:
    tenant = await factories.tenant()

    await holds(lambda: _day(tenant.id), lambda: _day(uuid4()))


async def test_the_first_login_is_not_after_the_last(database: None) -> None:
    earlier = NOW - timedelta(milliseconds=1)

    await holds(
        lambda: _presence(first_login_at=earlier),
        lambda: _presence(user_id="bob", last_login_at=earlier),
    )


async def test_a_user_is_counted_once_a_day(database: None) -> None:
    tenant = uuid4()
    await _presence(tenant_id=tenant)

    await holds(
        lambda: _presence(tenant_id=tenant, user_id="Ann"), lambda: _presence(tenant_id=tenant)
    )


@pytest.mark.parametrize("column", ["external_id", "instance_id"])
async def test_identifiers_of_tenants_are_unique(column: str, database: None) -> None:
    tenant = await factories.tenant()
    taken = {column: getattr(tenant, column)}

    await holds(lambda: factories.tenant(name=tenant.name), lambda: factories.tenant(**taken))


async def test_of_two_assignments_of_a_pair_one_is_revoked(database: None) -> None:
    tenant, landlord = await factories.tenant(), await factories.landlord()
    await factories.assign(tenant, landlord, revoked_at=NOW)
    await factories.assign(tenant, landlord, revoked_at=NOW)

    await holds(
        lambda: factories.assign(tenant, landlord), lambda: factories.assign(tenant, landlord)
    )
    assert await Assignment.all().count() == 3


async def test_what_others_refer_to_is_not_deleted(database: None) -> None:
    free, used, home, assigned = [await factories.tenant() for _ in range(4)]
    await _day(used.id)
    await factories.administrator(home)
    landlord = await factories.landlord(assigned)

    for row in (used, home, assigned):
        with pytest.raises(IntegrityError):
            await row.delete()
    with pytest.raises(IntegrityError):
        await landlord.delete()
    await free.delete()

    assert sorted(row.id for row in await Tenant.all()) == sorted(
        row.id for row in (used, home, assigned)
    )
