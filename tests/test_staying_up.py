"""What others do to the service, it survives: cancelled requests, a database that goes, hangs or
has no connection left, and its own end."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from models import database as db
from models import readers
from tests import cancelling, factories, killing, outages, postgresql
from tests.command import new_database, production
from tests.http import Api
from tests.processes import python
from tests.served import Served, running

ROUNDS = 6

_CANCEL = """
import asyncio, sys
from models import migrate
from tests import cancelling
asyncio.run(migrate.migrate(sys.argv[1]))
found = asyncio.run(cancelling.cancel_everything(sys.argv[1], int(sys.argv[2])))
print(found.cancelled.total() > 0, found.cancelled.total() + found.ended.total(), found.faults)
"""


def test_requests_cancelled_at_any_moment_leave_nothing_behind(
    database_url: str, tmp_path: Path
) -> None:
    """In a process of its own, which must end by itself."""
    url = new_database(database_url, tmp_path)
    said = python(_CANCEL, url, str(ROUNDS), timeout=120)

    requests = ROUNDS * len((*cancelling.READS, *cancelling.WRITES))
    assert said == f"True {requests} []\n"


@pytest.fixture(scope="module")
def server(database_url: str) -> Iterator[postgresql.Server]:
    """Of these tests alone, which stop it."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite is part of the process.")
    with postgresql.server() as own:
        yield own


@pytest.fixture
def environment(server: postgresql.Server, tmp_path: Path) -> dict[str, str]:
    url = new_database(server.url, tmp_path)
    made = production(url, tmp_path, HEADCOUNT_REQUEST_TIMEOUT="2")
    killing.prepare(made)
    return made


def test_without_its_database_the_service_is_unavailable_at_once_and_comes_back(
    server: postgresql.Server, environment: dict[str, str], tmp_path: Path
) -> None:
    # Whoever waited longer for the database that is gone would be told TIMEOUT.
    environment |= {"HEADCOUNT_REQUEST_TIMEOUT": "10"}
    found = outages.restarted(environment, tmp_path, server.stop_at_once, server.start)

    assert set(found.before) == {(200, "OK")}
    assert set(found.without) == {(503, "UNAVAILABLE")}
    assert found.after.total() - found.after[200, "OK"] <= found.connections


def test_a_database_that_hangs_keeps_nobody_longer_than_the_deadline(
    server: postgresql.Server, environment: dict[str, str], tmp_path: Path
) -> None:
    found = outages.frozen(environment, tmp_path, server.frozen)

    # Answered while it hangs: how soon, `make soak` measures.
    assert found.during == {(504, "TIMEOUT"): outages.AT_ONCE}
    assert (found.live, found.ready) == (200, 503)
    assert set(found.after) == {(200, "OK")}


async def test_who_finds_no_connection_left_is_told_to_come_again(
    environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"HEADCOUNT_DATABASE_POOL_SIZE": "3", "HEADCOUNT_REQUEST_TIMEOUT": "30"}
    found = await outages.exhausted(environment, tmp_path)

    assert set(found.writers) == {(200, "OK"), (200, "UNAVAILABLE")}
    assert found.retry_after == {1}
    assert {code for _, code in found.readers} <= {"OK", "UNAVAILABLE"}
    assert set(found.after) == {(200, "OK")}


@pytest.fixture
async def limited(
    api: Api, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[str]]:
    """The statements of readers who have connections of their own, with a limit that no other test
    shall meet."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no time limit for a statement.")
    seen: list[str] = []

    async def note(connection: asyncpg.Connection) -> None:
        connection.add_query_logger(lambda query: seen.append(query.query))

    async with asyncpg.create_pool(
        **db.DatabaseUrl.parse(database_url).credentials,
        min_size=1,
        max_size=4,
        init=note,
        connection_class=readers.Connection,
        server_settings={"datestyle": "ISO", "statement_timeout": "1000"},
    ) as pool:
        own = readers.Readers(pool)
        monkeypatch.setattr(readers, "_of_this_process", own)
        yield seen
        monkeypatch.undo()
        await own.close()


async def test_what_the_database_leaves_unanswered_is_not_asked_again(
    api: Api, database_url: str, limited: list[str]
) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann"])
    landlord = await factories.landlord(tenant)
    query = """query ($t: ID!) { billingReport(tenant: $t, date: "2026-11-14") {
      maxUsers users(first: 1) { nodes { userId } }
    } }"""
    other = await asyncpg.connect(**db.DatabaseUrl.parse(database_url).credentials)
    try:
        async with other.transaction():
            await other.execute("LOCK TABLE presence IN ACCESS EXCLUSIVE MODE")
            slow = await api.ask(query, {"t": str(tenant.id)}, as_=landlord)
            asked = [sql for sql in limited if "presence" in sql]
    finally:
        await other.close()

    assert slow["data"] == {"billingReport": None}
    assert slow["errors"][0]["extensions"]["code"] == "TIMEOUT"
    assert len(asked) == 1
    again = await api.ask(query, {"t": str(tenant.id)}, as_=landlord)
    assert again["data"]["billingReport"]["maxUsers"] == 1


_CLOSE = """
import asyncio, sys
from models import database
from tests import processes

async def close():
    await database.open(sys.argv[1], pool_size=2)
    with processes.frozen(int(sys.argv[2])):
        stuck = asyncio.create_task(database.transaction(lambda: database.rows("SELECT 1")))
        await asyncio.sleep(0.2)
        # For ever, if it waited.
        async with asyncio.timeout(30):
            await database.close()
    await asyncio.wait([stuck], timeout=30)
    print(stuck.done())
    stuck.exception()

asyncio.run(close())
"""


def test_closing_does_not_wait_for_a_database_that_hangs(server: postgresql.Server) -> None:
    """In a process of its own, for this one has a database open already."""
    assert python(_CLOSE, server.url, str(server.pid)) == "True\n"


@pytest.mark.parametrize("workers", [1, 2])
def test_requests_under_way_are_answered_before_the_end(
    workers: int, database_url: str, tmp_path: Path
) -> None:
    made = production(new_database(database_url, tmp_path), tmp_path, HEADCOUNT_DRAIN_SECONDS="5")
    killing.prepare(made)
    found = outages.ended(made, tmp_path, 40, "--workers", workers, stuck=False)

    assert (found.requests, found.code) == (Counter({200: 40}), 0)
    assert found.not_ready_after is not None


REPORT = '{ billingReport(tenant: "%s", date: "2026-11-14") { maxUsers } }'


async def test_a_file_that_cannot_be_written_makes_the_service_unavailable(
    api: Api, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL is asked below.")
    tenant = await factories.tenant(external_id="ACME")
    landlord, sync = await factories.landlord(tenant), await factories.service(tenant)
    at = {"userId": "ann", "at": "2026-11-14T08:00:00Z"}
    login = {"tenant": {"externalId": "ACME"}, "logins": [at]}
    await db.rows("PRAGMA query_only = 1")
    try:
        read = await api.post(REPORT % tenant.id, as_=landlord)
        write = await api.post(killing.MUTATION, {"input": login}, as_=sync, scope="logins:write")
    finally:
        await db.rows("PRAGMA query_only = 0")

    codes = [each.json()["errors"][0]["extensions"]["code"] for each in (read, write)]
    assert codes == ["UNAVAILABLE", "UNAVAILABLE"]
    assert caplog.text.count("OperationalError") >= 2
    assert "errors" not in await api.ask(REPORT % tenant.id, as_=landlord)


def test_a_server_that_takes_no_writes_is_not_ready(
    server: postgresql.Server, environment: dict[str, str], tmp_path: Path
) -> None:
    async def set_read_only(value: str) -> None:
        connection = await asyncpg.connect(**db.DatabaseUrl.parse(server.url).credentials)
        try:
            await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
            await connection.execute("SELECT pg_reload_conf()")
        finally:
            await connection.close()

    with running(environment, tmp_path) as served:
        asyncio.run(set_read_only("on"))
        try:
            assert becomes(served, 503)
            refused = served.ask(killing.MUTATION, killing.batch(["ann"]), as_="sync")
        finally:
            asyncio.run(set_read_only("off"))
        assert becomes(served, 200)
        taken = served.ask(killing.MUTATION, killing.batch(["ann"]), as_="sync")

    assert (refused.code, taken.code) == ("UNAVAILABLE", "OK")
    said = [json.loads(line) for line in served.log.read_text().splitlines()]
    reasons = {(line["operation_name"], line["exception"]) for line in said if "exception" in line}
    why = "asyncpg.exceptions.ReadOnlySQLTransactionError"
    assert reasons == {("readyz", why), ("database", why)}


def becomes(served: Served, status: int) -> bool:
    """Whether it is soon as ready as that: servers take new settings when they look for them."""
    for _ in range(100):
        if served.status("/readyz") == status:
            return True
        time.sleep(0.1)
    return False
