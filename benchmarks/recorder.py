"""One way of writing logins, in a process of its own so that its memory can be told:
`python -m benchmarks.recorder HOW URL ROWS ORDER` prints what it measured as JSON.

`record` runs the command `headcount record` on a CSV file; `bare` hands the same rows to the driver
with nothing around it, into a table with the same columns, indexes and checks; `block` sends
mutations to the application and watches how long they hold the event loop.
"""

import asyncio
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from benchmarks import contenders, dataset
from benchmarks.logins import Login, batches, write
from benchmarks.signing import Provider
from models import Assignment, Principal, PrincipalKind, Tenant, database, migrate
from resolvers import tenants
from resolvers.clock import system_clock

BATCH = 10_000
"""Rows that the bare driver is handed at a time."""
CALL = 1_000
CALLS = 20


async def open_with_tenant(url: str, now: datetime) -> Tenant:
    await migrate.migrate(url)
    await database.open(url)
    key = UUID(int=time.time_ns())
    tenant = Tenant(id=key, name="Tenant", external_id=str(key), instance_id=key, created_at=now)
    tenant.search_text = tenants.search_text(tenant.name, tenant.external_id)
    await tenant.save(force_create=True)
    return tenant


async def record(url: str, rows: int, order: str, now: datetime) -> dict[str, float]:
    tenant = await open_with_tenant(url, now)
    await database.close()
    return _command(url, tenant, rows, order, now)


def _command(url: str, tenant: Tenant, rows: int, order: str, now: datetime) -> dict[str, float]:
    """Seconds of the process as a whole, from its start to its end."""
    file = Path(os.environ["BENCHMARK_FOLDER"]) / "logins.csv"
    write(file, rows, order, now)
    command = [*contenders.HEADCOUNT, "record", str(file), "--tenant", str(tenant.id), "--json"]
    environment = {**os.environ, "HEADCOUNT_DATABASE_URL": url}
    started = time.perf_counter()
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - started
    file.unlink()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return {"rows": json.loads(ran.stdout)["counted"], "seconds": seconds, "peak_bytes": peak}


async def bare(url: str, rows: int, order: str, now: datetime) -> dict[str, float]:
    await migrate.migrate(url)
    parsed, key = database.DatabaseUrl.parse(url), UUID(int=time.time_ns())
    if parsed.dialect == "sqlite":
        return _bare_sqlite(parsed.credentials["file_path"], key, rows, order, now)
    driver: Any = await asyncpg.connect(**parsed.credentials)
    await driver.execute("CREATE TABLE IF NOT EXISTS bare (LIKE presence INCLUDING ALL)")
    seconds = 0.0
    for batch in batches(rows, order, now, BATCH):
        started = time.perf_counter()
        records = [(key, at.date(), user_id, at, at) for user_id, at in batch]
        await driver.copy_records_to_table("bare", columns=dataset.PRESENCE, records=records)
        seconds += time.perf_counter() - started
    await driver.close()
    return {"rows": rows, "seconds": seconds}


def _bare_sqlite(path: str, key: UUID, rows: int, order: str, now: datetime) -> dict[str, float]:
    driver = sqlite3.connect(path)
    driver.execute("PRAGMA synchronous = FULL")
    ((table,),) = driver.execute("SELECT sql FROM sqlite_master WHERE name = 'presence'")
    driver.execute(table.replace('"presence"', "bare", 1))
    columns = ", ".join(dataset.PRESENCE)
    insert, seconds = f"INSERT INTO bare ({columns}) VALUES (?, ?, ?, ?, ?)", 0.0
    for batch in batches(rows, order, now, BATCH):
        started = time.perf_counter()
        with driver:
            driver.executemany(insert, _texts(key, batch))
        seconds += time.perf_counter() - started
    driver.close()
    return {"rows": rows, "seconds": seconds}


def _texts(key: UUID, batch: list[Login]) -> Iterator[tuple[str, ...]]:
    tenant = str(key)
    for user_id, at in batch:
        text = at.isoformat(" ", "milliseconds")
        yield tenant, text[:10], user_id, text, text


async def block(url: str, _rows: int, _order: str, now: datetime) -> dict[str, float]:
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
    how, url, rows, order = sys.argv[1:]
    work = {"record": record, "bare": bare, "block": block}[how]
    measured = uvloop.run(work(url, int(rows), order, system_clock()))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"peak_bytes": peak, **measured}))


if __name__ == "__main__":
    main()
