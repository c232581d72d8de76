"""SQLite takes many rows as one JSON text, and dates, instants and UUIDs as text."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from models import Tenant, database
from resolvers.merging.batch import Row

# In each, WHERE true tells the parser that ON CONFLICT does not belong to a join.
_LOCK = """
INSERT INTO tenant_day
    (tenant_id, report_date, max_users, version, first_recorded_at, last_recorded_at)
SELECT $1, value, 0, 0, $3, $3 FROM json_each($2) WHERE true
ON CONFLICT (tenant_id, report_date) DO UPDATE SET version = version
RETURNING report_date, max_users
"""
_FILL = """
INSERT INTO presence (tenant_id, report_date, user_id, first_login_at, last_login_at)
SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
       json_extract(value, '$[2]'), json_extract(value, '$[3]')
FROM json_each($2) WHERE true
"""
_INSERT = f"{_FILL} ON CONFLICT (tenant_id, report_date, user_id)"
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
    """See `resolvers/merging/batch.py`."""

    def __init__(self, tenant: Tenant, rows: Sequence[Row], now: datetime) -> None:
        self.tenant_id, self.now = str(tenant.id), _text(now)
        days = {f"{day}": [*group] for day, group in groupby(rows, itemgetter(0))}
        self.sizes: Mapping[str, int] = {day: len(group) for day, group in days.items()}
        self._rows = {day: _items(group) for day, group in days.items()}

    async def lock(self) -> Mapping[str, int]:
        return dict(map(tuple, await self._run(_LOCK, _json([*self.sizes]), self.now)))

    async def fill(self, days: Sequence[str]) -> None:
        await self._run(_FILL, self._array(days))

    async def insert(self, days: Sequence[str]) -> Counter[str]:
        return Counter(row[0] for row in await self._run(_INSERT_NEW, self._array(days)))

    async def widen(self, days: Sequence[str]) -> set[str]:
        return {row[0] for row in await self._run(_WIDEN, self._array(days))}

    async def recount(self, days: Iterable[str]) -> Mapping[str, int]:
        return dict(map(tuple, await self._run(_RECOUNT, _json([*days]), self.now)))

    async def grow(self, days: Mapping[str, int]) -> None:
        await self._run(_GROW, _json(days), self.now)

    def _array(self, days: Sequence[str]) -> str:
        return f"[{','.join(self._rows[day] for day in days)}]"

    async def _run(self, sql: str, *values: object) -> list[Any]:
        return await database.rows(sql, [self.tenant_id, *values])


def _items(rows: Sequence[Row]) -> str:
    """What stands between the brackets of a JSON array."""
    return _json([(on, user_id, _text(a), _text(b)) for on, user_id, a, b in rows])[1:-1]


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _text(instant: datetime) -> str:
    """How SQLite keeps an instant: in UTC and of fixed width, so that text order is time order."""
    return instant.isoformat(sep=" ", timespec="milliseconds")
