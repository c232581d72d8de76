"""One way of writing logins, in a process of its own so that its memory can be told:
`python -m benchmarks.recorder HOW URL ROWS` prints what it measured as JSON.

`record` is the path that a file takes; `bare` hands the same rows to the driver with nothing
around it, into a table with the same columns, indexes and checks; `block` sends mutations to the
application and watches how long they hold the event loop.
"""

import asyncio
import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks import dataset
from benchmarks.signing import Provider
from models import Assignment, Principal, PrincipalKind, Tenant, database, migrate
from resolvers import billing_window, logins, tenants
from resolvers.clock import system_clock

BATCH = 10_000
USERS = 40_000
"""A date; the next one begins when all of them were seen."""
CALL = 1_000
CALLS = 20

Login = tuple[str, datetime]


def batches(rows: int, now: datetime) -> Iterator[tuple[date, list[Login]]]:
    """Logins as a file holds them: date by date, users in no order, each once a date."""
    dates = -(-rows // USERS)
    for number in range(dates):
        on = (now - timedelta(days=dates - number)).date()
        start = billing_window.day_start(on, "UTC")
        count = min(USERS, rows - number * USERS)
        # 7 does not divide the number of users, so nobody comes twice.
        seen = [(f"user{n * 7 % USERS:06}", start + timedelta(seconds=n)) for n in range(count)]
        for first in range(0, count, BATCH):
            yield on, seen[first : first + BATCH]


async def open_with_tenant(url: str, now: datetime) -> Tenant:
    await migrate.migrate(url)
    await database.open(url)
    key = UUID(int=time.time_ns())
    tenant = Tenant(id=key, name="Tenant", external_id=str(key), instance_id=key, created_at=now)
    tenant.search_text = tenants.search_text(tenant.name, tenant.external_id)
    await tenant.save(force_create=True)
    return tenant


async def record(url: str, rows: int, now: datetime) -> dict[str, float]:
    tenant = await open_with_tenant(url, now)
    try:
        recorded, seconds = 0, 0.0
        for _, batch in batches(rows, now):
            started = time.perf_counter()
            recorded += (await logins.record(tenant, batch, now)).recorded
            seconds += time.perf_counter() - started
    finally:
        await database.close()
    return {"rows": recorded, "seconds": seconds}


async def bare(url: str, rows: int, now: datetime) -> dict[str, float]:
    await migrate.migrate(url)
    parsed, key = database.DatabaseUrl.parse(url), UUID(int=time.time_ns())
    if parsed.dialect == "sqlite":
        return _bare_sqlite(parsed.credentials["file_path"], key, rows, now)
    driver: Any = await asyncpg.connect(**parsed.credentials)
    await driver.execute("CREATE TABLE IF NOT EXISTS bare (LIKE presence INCLUDING ALL)")
    seconds = 0.0
    for on, batch in batches(rows, now):
        started = time.perf_counter()
        records = [(key, on, user_id, at, at) for user_id, at in batch]
        await driver.copy_records_to_table("bare", columns=dataset.PRESENCE, records=records)
        seconds += time.perf_counter() - started
    await driver.close()
    return {"rows": rows, "seconds": seconds}


def _bare_sqlite(path: str, key: UUID, rows: int, now: datetime) -> dict[str, float]:
    driver = sqlite3.connect(path)
    driver.execute("PRAGMA synchronous = FULL")
    ((table,),) = driver.execute("SELECT sql FROM sqlite_master WHERE name = 'presence'")
    driver.execute(table.replace('"presence"', "bare", 1))
    columns = ", ".join(dataset.PRESENCE)
    insert, seconds = f"INSERT INTO bare ({columns}) VALUES (?, ?, ?, ?, ?)", 0.0
    for on, batch in batches(rows, now):
        started = time.perf_counter()
        with driver:
            driver.executemany(insert, _texts(key, on, batch))
        seconds += time.perf_counter() - started
    driver.close()
    return {"rows": rows, "seconds": seconds}


def _texts(key: UUID, on: date, batch: list[Login]) -> Iterator[tuple[str, ...]]:
    tenant, day = str(key), on.isoformat()
    for user_id, at in batch:
        text = at.isoformat(" ", "milliseconds")
        yield tenant, day, user_id, text, text


async def block(url: str, _rows: int, now: datetime) -> dict[str, float]:
    """Milliseconds of a mutation of 1,000 logins, and the longest it held the event loop."""
    from graph import serving  # It takes a second, which the other ways need not wait for.

    tenant = await open_with_tenant(url, now)
    try:
        token = await _sign_in(tenant, url, now)
        app = serving.production_app()
        longest, whole = [], []
        for number in range(CALLS):
            body = _mutation(tenant, number, now)
            gaps = asyncio.create_task(_gaps())
            started = time.perf_counter()
            await _post(app, token, body)
            whole.append(time.perf_counter() - started)
            gaps.cancel()
            longest.append(await gaps)
    finally:
        await database.close()
    longest.sort()
    return {
        "longest_ms": longest[-1] * 1e3,
        "usual_ms": longest[CALLS // 2] * 1e3,
        "whole_ms": sorted(whole)[CALLS // 2] * 1e3,
    }


async def _gaps() -> float:
    """Until it is cancelled; the longest time that nothing else could run."""
    last, longest = time.perf_counter(), 0.0
    try:
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
    except asyncio.CancelledError:
        return longest


async def _sign_in(tenant: Tenant, url: str, now: datetime) -> str:
    provider = Provider(Path(os.environ["BENCHMARK_FOLDER"]) / "recorder.json")
    provider.publish()
    os.environ.update(provider.environment(url))
    subject = f"service of {tenant.id}"
    principal = await Principal.create(
        kind=PrincipalKind.SERVICE_ACCOUNT,
        issuer=dataset.ISSUER,
        subject=subject,
        display_name="Service",
        created_at=now,
    )
    await Assignment.create(tenant=tenant, principal=principal, granted_at=now)
    return provider.token(subject, "logins:write")


def _mutation(tenant: Tenant, number: int, now: datetime) -> bytes:
    at = (now - timedelta(days=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sent = [{"userId": f"user{number:03}{n:06}", "at": at} for n in range(CALL)]
    query = "mutation ($input: LoginsRecordInput!) { loginsRecord(input: $input) { recorded } }"
    given = {"input": {"tenant": {"id": str(tenant.id)}, "logins": sent}}
    return json.dumps({"query": query, "variables": given}).encode()


async def _post(app: Callable[..., Any], token: str, body: bytes) -> None:
    """One request to an ASGI application, without a network in between."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    answers: list[bytes] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message.get("body", b""))

    scope = {
        **{"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http"},
        **{"path": "/graphql", "raw_path": b"/graphql", "query_string": b"", "root_path": ""},
        **{"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "asgi": {"version": "3.0"}},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    answer = json.loads(b"".join(answers))
    if answer != {"data": {"loginsRecord": {"recorded": CALL}}}:
        raise ValueError(f"The mutation answers {str(answer)[:500]}")


def main() -> None:
    how, url, rows = sys.argv[1:]
    work = {"record": record, "bare": bare, "block": block}[how]
    measured = uvloop.run(work(url, int(rows), system_clock()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**measured, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
