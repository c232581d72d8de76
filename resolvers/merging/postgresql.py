"""PostgreSQL takes a column of many rows as one text with a line for each, which is made and read
in a fraction of the time of an array: the driver makes an array value by value, and the loop waits.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from models import Tenant, database
from resolvers.merging.batch import Row

_LOCK = """
INSERT INTO tenant_day AS d
    (tenant_id, report_date, max_users, version, first_recorded_at, last_recorded_at)
SELECT $1, day, 0, 0, $3, $3 FROM unnest($2::date[]) day
ON CONFLICT (tenant_id, report_date) DO UPDATE SET version = d.version
RETURNING report_date, max_users
"""
_FILL = r"""
INSERT INTO presence AS p (tenant_id, report_date, user_id, first_login_at, last_login_at)
SELECT $1, * FROM unnest(
    string_to_array($2, E'\n')::date[],
    string_to_array($3, E'\n'),
    string_to_array($4, E'\n')::timestamptz[],
    string_to_array($5, E'\n')::timestamptz[]
)
"""
_INSERT = f"{_FILL} ON CONFLICT (tenant_id, report_date, user_id)"
# Not by xmax, which cannot be returned from a partitioned table.
_INSERT_NEW = f"""
WITH inserted AS ({_INSERT} DO NOTHING RETURNING report_date)
SELECT report_date, count(*) FROM inserted GROUP BY report_date
"""
_WIDEN = f"""
WITH merged AS (
    {_INSERT} DO UPDATE
    SET first_login_at = least(p.first_login_at, excluded.first_login_at),
        last_login_at = greatest(p.last_login_at, excluded.last_login_at)
    WHERE excluded.first_login_at < p.first_login_at OR excluded.last_login_at > p.last_login_at
    RETURNING report_date
)
SELECT DISTINCT report_date FROM merged
"""
_RECOUNT = """
UPDATE tenant_day AS d
SET version = version + 1, last_recorded_at = $3, max_users = (
    SELECT count(*) FROM presence p
    WHERE p.tenant_id = d.tenant_id AND p.report_date = d.report_date
)
WHERE tenant_id = $1 AND report_date = ANY($2::date[])
RETURNING report_date, max_users
"""
_GROW = """
UPDATE tenant_day AS d
SET version = version + 1, last_recorded_at = $4, max_users = max_users + grown
FROM unnest($2::date[], $3::int[]) AS change (day, grown)
WHERE tenant_id = $1 AND report_date = day
"""


class PostgreSQL:
    """See `resolvers/merging/batch.py`."""

    def __init__(self, tenant: Tenant, rows: Sequence[Row], now: datetime) -> None:
        self.tenant_id, self.now = tenant.id, now
        days = {day: [*group] for day, group in groupby(rows, itemgetter(0))}
        self.sizes: Mapping[date, int] = {day: len(group) for day, group in days.items()}
        self._columns = {day: _columns(group) for day, group in days.items()}

    async def lock(self) -> Mapping[date, int]:
        return dict(map(tuple, await self._run(_LOCK, [*self.sizes], self.now)))

    async def fill(self, days: Sequence[date]) -> None:
        await self._run(_FILL, *self._texts(days))

    async def insert(self, days: Sequence[date]) -> Counter[date]:
        return Counter(dict(map(tuple, await self._run(_INSERT_NEW, *self._texts(days)))))

    async def widen(self, days: Sequence[date]) -> set[date]:
        return {row[0] for row in await self._run(_WIDEN, *self._texts(days))}

    async def recount(self, days: Iterable[date]) -> Mapping[date, int]:
        return dict(map(tuple, await self._run(_RECOUNT, [*days], self.now)))

    async def grow(self, days: Mapping[date, int]) -> None:
        await self._run(_GROW, [*days], [*days.values()], self.now)

    def _texts(self, days: Sequence[date]) -> list[str]:
        return [
            "\n".join(column) for column in zip(*(self._columns[day] for day in days), strict=True)
        ]

    async def _run(self, sql: str, *values: object) -> list[Any]:
        return await database.rows(sql, [self.tenant_id, *values])


def _columns(rows: Sequence[Row]) -> list[str]:
    """A text for each column. No user ID holds a control character."""
    days, user_ids, firsts, lasts = zip(*rows, strict=True)
    texts = map(date.isoformat, days), user_ids, map(_text, firsts), map(_text, lasts)
    return ["\n".join(column) for column in texts]


_text = datetime.isoformat
