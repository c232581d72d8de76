"""The limit: a hand-tuned JSON endpoint that answers the questions of the benchmark and no others,
without GraphQL, sign-in, permissions or a cache. Raw ASGI, asyncpg and orjson.

It takes GET /report, /tenants and /trend with their arguments in the query string, and answers
what a GraphQL server answers, down to the names.
"""

import array
import asyncio
import gc
import os
from collections.abc import Awaitable, Callable
from datetime import date
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import orjson

from benchmarks import servers
from models import database

Arguments = dict[str, str]

# Instants leave the database in binary: it takes four times as long to write them as text.
REPORT = """
SELECT d.max_users, u.ids, u.firsts, u.lasts
FROM tenant_day d CROSS JOIN LATERAL (
    SELECT array_agg(user_id) AS ids, string_agg(timestamptz_send(first_login_at), '') AS firsts,
           string_agg(timestamptz_send(last_login_at), '') AS lasts
    FROM (
        SELECT user_id, first_login_at, last_login_at FROM presence
        WHERE tenant_id = $1 AND report_date = $2 ORDER BY user_id LIMIT $3
    ) p
) u
WHERE d.tenant_id = $1 AND d.report_date = $2
"""
MAX_USERS = "SELECT max_users FROM tenant_day WHERE tenant_id = $1 AND report_date = $2"
TENANTS = """
SELECT id::text, name, external_id, instance_id::text, billable, time_zone
FROM tenant ORDER BY search_text, id LIMIT $1
"""
REPORTS = """
SELECT t.id::text, t.name, d.max_users
FROM (SELECT id, name, search_text FROM tenant ORDER BY search_text, id LIMIT $1) t
LEFT JOIN tenant_day d ON d.tenant_id = t.id AND d.report_date = $2
ORDER BY t.search_text, t.id
"""
TREND = """
SELECT array_agg(report_date::text ORDER BY report_date),
       array_agg(max_users ORDER BY report_date)
FROM tenant_day WHERE tenant_id = $1 AND report_date BETWEEN $2 AND $3
"""

DAY = 86_400_000_000
"""Microseconds, in which PostgreSQL counts from the year 2000."""
CLOCK = [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}." for s in range(86_400)]
MILLISECONDS = [f"{ms:03}Z" for ms in range(1_000)]


@lru_cache(maxsize=1_000)
def _day(number: int) -> str:
    return date.fromordinal(date(2000, 1, 1).toordinal() + number).isoformat()


def texts(sent: bytes | None) -> list[str]:
    """RFC 3339 from the binary form of the instants of one report date."""
    counts = array.array("q")
    counts.frombytes(sent or b"")
    counts.byteswap()
    earliest = min(counts, default=0) // DAY
    start = earliest * DAY
    # A local day of 25 hours may touch three days of UTC.
    days, clock, milliseconds = [_day(earliest + n) for n in range(3)], CLOCK, MILLISECONDS
    return [
        f"{days[n // DAY]}{clock[n // 1_000_000 % 86_400]}{milliseconds[n // 1_000 % 1_000]}"
        for n in [count - start for count in counts]
    ]


class Limit:
    def __init__(self) -> None:
        #: The connection that was used last has the warmest caches.
        self.idle: asyncio.LifoQueue[dict[str, Any]] = asyncio.LifoQueue()
        self.routes: dict[str, Callable[[Arguments], Awaitable[object]]] = {
            "/report": self.report,
            "/tenants": self.tenants,
            "/trend": self.trend,
        }

    async def open(self) -> None:
        credentials = database.DatabaseUrl.parse(os.environ["BENCHMARK_DATABASE"]).credentials
        for _ in range(int(os.environ["BENCHMARK_POOL"])):
            driver = await asyncpg.connect(**credentials)
            statements = (REPORT, MAX_USERS, TENANTS, REPORTS, TREND)
            self.idle.put_nowait({sql: await driver.prepare(sql) for sql in statements})
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 50, 100)

    async def rows(self, sql: str, *values: object) -> list[Any]:
        statements = await self.idle.get()
        try:
            found: list[Any] = await statements[sql].fetch(*values)
            return found
        finally:
            self.idle.put_nowait(statements)

    async def report(self, asked: Arguments) -> object:
        on, first = date.fromisoformat(asked["date"]), int(asked["first"])
        if not first:
            ((count,),) = await self.rows(MAX_USERS, asked["tenant"], on)
            return {"billingReport": {"maxUsers": count}}
        ((count, ids, firsts, lasts),) = await self.rows(REPORT, asked["tenant"], on, first)
        users = [
            {"userId": user_id, "firstLoginAt": first_at, "lastLoginAt": last_at}
            for user_id, first_at, last_at in zip(ids, texts(firsts), texts(lasts), strict=True)
        ]
        return {"billingReport": {"maxUsers": count, "users": {"nodes": users}}}

    async def tenants(self, asked: Arguments) -> object:
        first = int(asked["first"])
        if "date" in asked:
            rows = await self.rows(REPORTS, first, date.fromisoformat(asked["date"]))
            nodes = [
                {"id": row[0], "name": row[1], "billingReport": {"maxUsers": row[2] or 0}}
                for row in rows
            ]
        else:
            names = ("id", "name", "externalId", "instanceId", "billable", "timeZone")
            nodes = [dict(zip(names, row, strict=True)) for row in await self.rows(TENANTS, first)]
        return {"tenants": {"nodes": nodes}}

    async def trend(self, asked: Arguments) -> object:
        between = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
        ((dates, counts),) = await self.rows(TREND, asked["tenant"], *between)
        points = [{"date": on, "maxUsers": count} for on, count in zip(dates, counts, strict=True)]
        return {"billingTrend": {"points": points}}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await self.open()
            await send({"type": "lifespan.startup.complete"})
            return
        asked = dict(parse_qsl(scope["query_string"].decode()))
        body = orjson.dumps({"data": await self.routes[scope["path"]](asked)})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    servers.run(Limit())
