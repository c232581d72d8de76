"""SQLite takes many rows as one JSON text, and dates, instants and UUIDs as text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson

from models import Tenant, database

# In each, WHERE true tells the parser that ON CONFLICT does not belong to a join.
_LOCK = """
INSERT INTO tenant_day
    (tenant_id, report_date, max_users, version, first_recorded_at, last_recorded_at)
SELECT $1, value, 0, 0, $3, $3 FROM json_each($2) WHERE true
ON CONFLICT (tenant_id, report_date) DO UPDATE SET version = version
RETURNING report_date, max_users
"""
_INSERT = """
INSERT INTO presence (tenant_id, report_date, user_id, first_login_at, last_login_at)
SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
       json_extract(value, '$[2]'), json_extract(value, '$[3]')
FROM json_each($2) WHERE true
ON CONFLICT (tenant_id, report_date, user_id)
"""
_INSERT_NEW = f"{_INSERT} DO NOTHING RETURNING report_date"
_WIDEN = f"""
{_INSERT} DO UPDATE
SET first_login_at = min(first_login_at, excluded.first_login_at),
    last_login_at = max(last_login_at, excluded.last_login_at)
WHERE excluded.first_login_at < first_login_at OR excluded.last_login_at > last_login_at
RETURNING report_date
"""
_RECOUNT = """
UPDATE tenant_day
SET version = version + 1, last_recorded_at = $3, max_users = (
    SELECT count(*) FROM presence p
    WHERE p.tenant_id = tenant_day.tenant_id AND p.report_date = tenant_day.report_date
)
WHERE tenant_id = $1 AND report_date IN (SELECT value FROM json_each($2))
RETURNING report_date, max_users
"""
_GROW = """
UPDATE tenant_day
SET version = version + 1, last_recorded_at = $3,
    max_users = max_users + (SELECT value FROM json_each($2) WHERE key = report_date)
WHERE tenant_id = $1 AND report_date IN (SELECT key FROM json_each($2))
"""


class SQLite:
    """See `resolvers.merging.Batch`."""

    def __init__(
        self, tenant: Tenant, rows: Sequence[tuple[date, str, datetime, datetime]], now: datetime
    ) -> None:
        self.tenant_id, self.now = str(tenant.id), _text(now)
        self.size = len(rows)
        self.days = _json(sorted({row[0] for row in rows}))
        self.rows = _json([(on, user_id, _text(a), _text(b)) for on, user_id, a, b in rows])

    async def lock(self) -> Mapping[object, int]:
        return dict(map(tuple, await self._run(_LOCK, self.days, self.now)))

    async def insert(self) -> Counter[object]:
        return Counter(row[0] for row in await self._run(_INSERT_NEW, self.rows))

    async def widen(self) -> set[object]:
        return {row[0] for row in await self._run(_WIDEN, self.rows)}

    async def recount(self, days: Iterable[object]) -> Mapping[object, int]:
        return dict(map(tuple, await self._run(_RECOUNT, _json([*days]), self.now)))

    async def grow(self, days: Mapping[object, int]) -> None:
        await self._run(_GROW, _json(days), self.now)

    async def _run(self, sql: str, *values: object) -> list[Any]:
        return await database.rows(sql, [self.tenant_id, *values])


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _text(instant: datetime) -> str:
    """How SQLite keeps an instant: in UTC and of fixed width, so that text order is time order."""
    return instant.isoformat(sep=" ", timespec="milliseconds")
