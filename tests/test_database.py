"""The connection: its URL, its safety, and transactions that cancelled callers cannot tear."""

import asyncio
import sqlite3
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from models import Presence, Tenant, TenantDay, transactions
from models import database as db
from models.database import DatabaseUrl, InvalidDatabaseUrl
from models.readers import NoConnection
from models.troubles import Trouble, trouble
from resolvers import billing_reports, logins
from resolvers.billing_reports import ReportRequest, UsersPage
from tests import factories, tokens, waiting
from tests.processes import connected, python

NOW = tokens.NOW


def postgresql(**changes: Any) -> DatabaseUrl:
    values = {
        "host": "localhost",
        "port": 5432,
        "user": None,
        "password": None,
        "database": "name",
        "ssl": "prefer",
    }
    return DatabaseUrl("postgresql", values | changes)


def sqlite(path: str) -> DatabaseUrl:
    return DatabaseUrl("sqlite", {"file_path": path, "busy_timeout": 15_000})


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("sqlite://relative/path.db", sqlite("relative/path.db")),
        ("sqlite:///absolute/path.db", sqlite("/absolute/path.db")),
        ("sqlite://:memory:", sqlite(":memory:")),
        ("postgresql:///name", postgresql()),
        ("postgres://localhost/name", postgresql()),
        ("postgresql://db.example.com:6432/name", postgresql(host="db.example.com", port=6432)),
        ("postgresql://[::1]:6432/name", postgresql(host="::1", port=6432)),
        ("postgresql://user@db/name", postgresql(host="db", user="user")),
        (
            "postgresql://user:secret@db/name",
            postgresql(host="db", user="user", password="secret"),
        ),
        (
            "postgresql://us%40er:p%2Fa%3Ass%40%23%3F%25@db/na%2Fme",
            postgresql(host="db", user="us@er", password="p/a:ss@#?%", database="na/me"),
        ),
        *(
            (f"postgresql://db/name?sslmode={mode}", postgresql(host="db", ssl=mode))
            for mode in ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
        ),
        (
            "postgresql://user:@/name?host=/var/run/Pg",
            postgresql(host="/var/run/Pg", user="user", ssl=None),
        ),
        ("postgresql:///name?host=/tmp&sslmode=require", postgresql(host="/tmp", ssl=None)),
        ("postgresql://%2Fvar%2Frun%2FPg/name", postgresql(host="/var/run/Pg", ssl=None)),
    ],
)
def test_a_url_says_where_the_database_is(url: str, parsed: DatabaseUrl) -> None:
    assert DatabaseUrl.parse(url) == parsed


FORMS = "A database URL begins with sqlite:// or postgresql://."
MALFORMED = "The host or port of the database URL is malformed."
NAMELESS = "A PostgreSQL URL ends with the name of a database."
UNQUOTED = "The user, password or name holds a character that must be percent-encoded."


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", FORMS),
        ("mysql://user:secret@db/name", FORMS),
        ("postgresql:/user:secret@db/name", FORMS),
        ("sqlite:relative.db", FORMS),
        ("sqlite://", "An SQLite URL is sqlite:// and a path, without parameters."),
        ("sqlite://x.db?mode=ro", "An SQLite URL is sqlite:// and a path, without parameters."),
        ("postgresql://user:secret@db", NAMELESS),
        ("postgresql://user:secret@db/", NAMELESS),
        ("postgresql://user:secret@db:port/name", MALFORMED),
        ("postgresql://user:secret@db:99999/name", MALFORMED),
        ("postgresql://user:secret@[::1/name", MALFORMED),
        (
            "postgresql://user:secret@db/name?sslmode=yes",
            "sslmode is one of disable, allow, prefer, require, verify-ca, verify-full.",
        ),
        (
            "postgresql://user:secret@db/name?options=-c&ssl=false",
            "Only host and sslmode are known as parameters, not options, ssl.",
        ),
        # Passwords that were not percent-encoded.
        ("postgresql://user:secret/more@db/name", MALFORMED),
        ("postgresql://user:secret?more@db/name", MALFORMED),
        ("postgresql://user:secret#more@db/name", MALFORMED),
        ("postgresql://user:1/secret@db/name", UNQUOTED),
        ("postgresql://user:1?secret@db/name", UNQUOTED),
        ("postgresql://user:1/2?secret@db/name", UNQUOTED),
        ("postgresql://user:1#secret@db/name", UNQUOTED),
        ("postgresql://user:1/2#secret@db/name", UNQUOTED),
        ("postgresql://user:[secret@db/name", MALFORMED),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str, text: str) -> None:
    with pytest.raises(InvalidDatabaseUrl) as refused:
        DatabaseUrl.parse(url)

    assert str(refused.value) == text
    # With whatever it was raised from.
    assert "secret" not in "".join(traceback.format_exception(refused.value))


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(DatabaseUrl.parse("postgresql://user:secret@db/name"))


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite://a/b.db", Path("a/b.db")),
        ("sqlite:///a/b.db", Path("/a/b.db")),
        ("sqlite://:memory:", None),
        ("postgresql:///name", None),
    ],
)
def test_only_sqlite_has_a_file(url: str, file: Path | None) -> None:
    assert DatabaseUrl.parse(url).file == file


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [(8, "8000"), (0.25, "250"), (0, "0"), (0.0001, "1"), (60, "60000")],
)
def test_the_statement_timeout_is_a_setting_of_the_server(
    seconds: float, milliseconds: str
) -> None:
    config = db.config(postgresql(), pool_size=3, statement_timeout=seconds)

    credentials = config["connections"]["postgresql"]["credentials"]
    assert (credentials["maxsize"], credentials["server_settings"]) == (
        3,
        {
            "application_name": "headcount",
            "datestyle": "ISO",
            "jit": "off",
            "default_transaction_isolation": "read committed",
            "statement_timeout": milliseconds,
            "idle_in_transaction_session_timeout": "60000",
        },
    )


async def test_sqlite_runs_with_what_acknowledged_logins_need(database: None) -> None:
    if db.dialect() != "sqlite":
        pytest.skip("has no pragmas")
    names = ("foreign_keys", "synchronous", "journal_mode", "busy_timeout")

    assert [(await db.rows(f"PRAGMA {name}"))[0][0] for name in names] == [1, 2, "wal", 15_000]


@pytest.mark.parametrize(
    ("pragma", "unsafe", "safe"), [("foreign_keys", 0, 1), ("synchronous", 1, 2)]
)
async def test_sqlite_without_it_is_not_used(
    pragma: str, unsafe: int, safe: int, database: None
) -> None:
    if db.dialect() != "sqlite":
        pytest.skip("has no pragmas")
    await db.rows(f"PRAGMA {pragma} = {unsafe}")

    try:
        with pytest.raises(RuntimeError, match=f"SQLite runs with {pragma}={unsafe}"):
            await db._assert_sqlite_is_safe()
    finally:
        await db.rows(f"PRAGMA {pragma} = {safe}")
    await db._assert_sqlite_is_safe()


async def test_rows_come_with_names_and_parameters_may_repeat(database: None) -> None:
    tenant = await factories.tenant(name="a")

    (row,) = await db.rows(
        "SELECT name, external_id AS other FROM tenant WHERE name = $2 AND name = $2 AND id = $1",
        [str(tenant.id), "a"],
    )

    assert (row["name"], row["other"], row[0]) == ("a", tenant.external_id, "a")
    assert await db.rows("SELECT 1 FROM tenant WHERE name = $1", ["b"]) == []


# Transactions


async def _rename(tenant: Tenant, name: str) -> None:
    await Tenant.filter(id=tenant.id).update(name=name)


async def _name(tenant: Tenant) -> str:
    return (await Tenant.get(id=tenant.id)).name


async def test_a_transaction_gives_what_its_work_gives_and_keeps_what_it_did(
    database: None,
) -> None:
    tenant = await factories.tenant(name="old")

    async def work() -> str:
        await _rename(tenant, "new")
        return await _name(tenant)

    assert await db.transaction(work) == "new"
    assert await _name(tenant) == "new"


async def test_a_transaction_that_fails_did_nothing(database: None) -> None:
    tenant = await factories.tenant(name="old")

    async def work() -> None:
        await _rename(tenant, "new")
        raise LookupError("on purpose")

    for _ in range(20):
        with pytest.raises(LookupError, match="on purpose"):
            await db.transaction(work)

    assert await _name(tenant) == "old"


async def test_a_transaction_ends_properly_though_nobody_waits_for_it(database: None) -> None:
    tenant = await factories.tenant(name="old")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await _rename(tenant, "new")
        begun.set()
        await go_on.wait()

    caller = asyncio.create_task(db.transaction(work))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    go_on.set()

    async with asyncio.timeout(20):
        while await _name(tenant) != "new":  # noqa: ASYNC110 another connection commits
            await asyncio.sleep(0.01)
    await db.transaction(lambda: asyncio.sleep(0))


async def test_what_cannot_begin_in_time_is_refused_and_not_done_later(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    go_on = asyncio.Event()

    async def work(name: str) -> None:
        begun.append(name)
        await factories.tenant(name=name)
        await go_on.wait()

    # More than there are connections; at least the first one begins.
    names = [f"made {number}" for number in range(12)]
    tasks = [asyncio.create_task(db.transaction(partial(work, names[0])))]
    await waiting.until_async(lambda: begun)
    monkeypatch.setattr(transactions, "FREE_WITHIN", 0.3)
    tasks += [asyncio.create_task(db.transaction(partial(work, name))) for name in names[1:]]
    await waiting.until_async(lambda: len(begun) + sum(map(_is_done, tasks)) >= len(names))
    go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    monkeypatch.undo()
    # Those that were given up, too, find a connection now.
    await waiting.until_async(lambda: not transactions._running)
    await db.transaction(lambda: asyncio.sleep(0))

    refused = {name for name, each in zip(names, outcomes, strict=True) if each is not None}
    assert {type(each) for each in outcomes} == {type(None), NoConnection}
    assert {tenant.name for tenant in await Tenant.all()} == set(names) - refused
    assert trouble(NoConnection()) is Trouble.UNREACHABLE


def _is_done(task: asyncio.Task[Any]) -> bool:
    return task.done()


async def _cancel(work: Coroutine[Any, Any, Any], steps: int) -> bool:
    """Start the work and cancel it after so many turns of the event loop; whether it was done."""
    task = asyncio.create_task(work)
    for _ in range(steps):
        await asyncio.sleep(0)
        if task.done():
            break
    task.cancel()
    await asyncio.wait([task])
    return not task.cancelled()


def _batch(number: int) -> list[tuple[str, Any]]:
    """Three users on each of two days: all are stored, or none."""
    return [(f"user{number}-{n}", NOW - timedelta(days=day)) for n in range(3) for day in range(2)]


async def _stored(tenant: Tenant) -> set[int]:
    """The numbers of the batches that are stored, which must be whole."""
    rows = await Presence.filter(tenant_id=tenant.id).values_list("user_id", flat=True)
    numbers = [int(str(user_id).removeprefix("user").split("-")[0]) for user_id in rows]
    assert {numbers.count(number) for number in numbers} <= {6}
    days = await TenantDay.filter(tenant=tenant).values_list("max_users", flat=True)
    assert sum(int(str(users)) for users in days) == len(rows)
    return set(numbers)


async def _cancelled_at_many_points(tenant_id: UUID) -> None:
    tenant = await Tenant.get(id=tenant_id)
    page = UsersPage(5000, "")
    acknowledged = set()
    for number in range(120):
        if await _cancel(logins.record(tenant, _batch(number), NOW), number % 60):
            acknowledged.add(number)
        if number % 3 == 0:
            # As siblings in one request: reads, and writes that wait for each other.
            for steps, work in enumerate(
                (
                    billing_reports.read([ReportRequest(tenant, NOW.date(), (page,))]),
                    db.transaction(lambda: _rename(tenant, "other")),
                    logins.record(tenant, _batch(number), NOW),
                )
            ):
                if await _cancel(work, number // 3 + steps) and steps == 2:
                    acknowledged.add(number)
        async with asyncio.timeout(20):
            (report,) = await billing_reports.read([ReportRequest(tenant, NOW.date(), (page,))])
        assert report.max_users == len(report.users[page])
    async with asyncio.timeout(20):
        # As many at once as there are connections, and one more.
        await asyncio.gather(*(logins.record(tenant, _batch(n), NOW) for n in (200, 201, 202)))
        await db.transaction(lambda: asyncio.sleep(0))
    stored = await _stored(tenant)
    assert stored >= acknowledged | {200, 201, 202}


_RUN = """
import asyncio, sys
from uuid import UUID
from tests import test_database
asyncio.run(getattr(test_database, sys.argv[1])(sys.argv[2], UUID(sys.argv[3])))
print("done")
"""


async def run_alone(work: Callable[[str, UUID], Awaitable[None]], url: str, tenant: Tenant) -> None:
    """In a process of its own, which must end by itself."""
    said = await asyncio.to_thread(python, _RUN, work.__name__, url, str(tenant.id), timeout=120)
    assert said == "done\n"


async def cancel_at_many_points(url: str, tenant_id: UUID) -> None:
    await connected(url, lambda: _cancelled_at_many_points(tenant_id), pool_size=2)


async def close_while_transactions_run(url: str, tenant_id: UUID) -> None:
    for number in range(30):
        await db.open(url, pool_size=2)
        tenant = await Tenant.get(id=tenant_id)
        await _cancel(logins.record(tenant, _batch(number), NOW), number)
        async with asyncio.timeout(20):
            await db.close()


async def end_while_a_transaction_runs(url: str, tenant_id: UUID) -> None:
    async def work() -> None:
        tenant = await Tenant.get(id=tenant_id)
        await _cancel(logins.record(tenant, _batch(1), NOW), 10)
        await asyncio.create_task(asyncio.sleep(0))

    await connected(url, work, pool_size=2)


async def test_callers_cancelled_at_many_points_lose_no_connection_and_tear_no_write(
    database: None, database_url: str
) -> None:
    tenant = await factories.tenant()

    await run_alone(cancel_at_many_points, database_url, tenant)

    assert {200, 201, 202} <= await _stored(tenant)


@pytest.mark.parametrize("work", [close_while_transactions_run, end_while_a_transaction_runs])
async def test_closing_while_a_transaction_runs_tears_nothing_and_ends(
    work: Callable[[str, UUID], Awaitable[None]], database: None, database_url: str
) -> None:
    tenant = await factories.tenant()

    await run_alone(work, database_url, tenant)

    await _stored(tenant)
    async with asyncio.timeout(20):
        await logins.record(tenant, _batch(1000), NOW)


_FAILS = """
import asyncio, sys
from models import database

async def work():
    await database.rows("UPDATE tenant SET name = 'torn'")
    raise LookupError("on purpose")

async def main():
    await database.open(sys.argv[1])
    try:
        await database.transaction(work)
    finally:
        await database.close()

try:
    asyncio.run(main())
except LookupError as error:
    print(error)
"""


async def test_a_process_ends_when_a_transaction_fails(database: None, database_url: str) -> None:
    tenant = await factories.tenant(name="whole")

    assert await asyncio.to_thread(python, _FAILS, database_url) == "on purpose\n"
    assert await _name(tenant) == "whole"


_UNREACHABLE = """
import asyncio, sys
from models import database
try:
    asyncio.run(database.open(sys.argv[1]))
except Exception as error:
    print("secret" in str(error))
"""


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///no/such/folder/x.db",
        "postgresql://user:secret@127.0.0.1:1/name",
        "postgresql:///name?host=/no/such/folder",
    ],
)
def test_a_process_ends_when_the_database_cannot_be_reached(url: str) -> None:
    assert python(_UNREACHABLE, url) == "False\n"


async def _too_slow() -> None:
    # More of both than there are connections.
    for _ in range(3):
        with pytest.raises(asyncpg.QueryCanceledError):
            await db.rows("SELECT pg_sleep(30)")
        with pytest.raises(asyncpg.QueryCanceledError):
            await db.transaction(lambda: db.rows("SELECT pg_sleep(30)"))
    assert (await db.rows("SELECT 1"))[0][0] == 1


async def wait_too_long(url: str, tenant_id: UUID) -> None:
    await connected(url, _too_slow, pool_size=2, statement_timeout=0.5)


async def test_a_statement_that_takes_too_long_is_ended_and_its_connection_kept(
    database: None, database_url: str
) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("has no statement timeout")

    await run_alone(wait_too_long, database_url, await factories.tenant())


async def _isolation() -> None:
    sql = "SELECT current_setting('transaction_isolation')"
    assert (await db.rows(sql))[0][0] == "read committed"
    assert (await db.transaction(lambda: db.rows(sql)))[0][0] == "read committed"


async def ask_for_isolation(url: str, _tenant_id: UUID) -> None:
    await connected(url, _isolation, pool_size=2)


async def test_transactions_see_what_others_committed_whatever_the_servers_default(
    database: None, database_url: str
) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("knows one isolation only")
    name = DatabaseUrl.parse(database_url).credentials["database"]
    default = f"ALTER DATABASE {name} SET default_transaction_isolation"

    await db.rows(f"{default} = 'serializable'")
    try:
        await run_alone(ask_for_isolation, database_url, await factories.tenant())
    finally:
        await db.rows(f"{default} TO DEFAULT")


def _sqlite_error(script: str) -> sqlite3.OperationalError:
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError) as caught,
    ):
        connection.executescript(script)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        _sqlite_error("PRAGMA query_only = 1; CREATE TABLE t (x)"),
        _sqlite_error("PRAGMA max_page_count = 1; CREATE TABLE t (x)"),
    ],
)
def test_a_database_that_cannot_be_written_is_in_trouble(error: Exception) -> None:
    assert trouble(error) is Trouble.UNWRITABLE
    assert trouble(OperationalError(error)) is Trouble.UNWRITABLE
    assert trouble(sqlite3.OperationalError("no such table: nowhere")) is None
