"""The merge of presences into the database: three statements for a batch, in one transaction.

1. The day rows come first, in the order of dates. They are the lock that keeps `max_users`
   exact under concurrent writers, and make an SQLite transaction begin with a write.
2. The presences are inserted or widened, in key order, so that writers queue and never
   dead-lock. A replay writes nothing.
3. Days that did change are counted anew, and their version goes up.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any

from models import Tenant, database

#: Report date, user ID, first and last login; unique and sorted by date and user ID.
Row = tuple[date, str, datetime, datetime]


async def merge(
    tenant: Tenant, rows: Sequence[Row], now: datetime, then: Callable[[int], Awaitable[None]]
) -> int:
    """Merge the rows and return how many users are newly counted on their report date; `then` is
    told the number and belongs to the same transaction."""
    merge = _merge_postgresql if database.dialect() == "postgresql" else _merge_sqlite

    async def work() -> int:
        counted = await merge(tenant, rows, now)
        await then(counted)
        return counted

    return await database.transaction(work)


def _dates(rows: Sequence[Row]) -> list[date]:
    return sorted({row[0] for row in rows})


def _growth(before: Sequence[Any], after: Sequence[Any]) -> int:
    """Sum of what the changed days gained; both are rows of (report date, max users)."""
    known = {row[0]: row[1] for row in before}
    return sum(row[1] - known[row[0]] for row in after)


async def _merge_postgresql(tenant: Tenant, rows: Sequence[Row], now: datetime) -> int:
    before = await database.rows(
        """
        INSERT INTO tenant_day AS d
            (tenant_id, report_date, max_users, version, first_recorded_at, last_recorded_at)
        SELECT $1, day, 0, 0, $3, $3 FROM unnest($2::date[]) day
        ON CONFLICT (tenant_id, report_date) DO UPDATE SET version = d.version
        RETURNING report_date, max_users
        """,
        [tenant.id, _dates(rows), now],
    )
    changed = await database.rows(
        """
        WITH merged AS (
            INSERT INTO presence AS p
                (tenant_id, report_date, user_id, first_login_at, last_login_at)
            SELECT $1, * FROM unnest($2::date[], $3::text[], $4::timestamptz[], $5::timestamptz[])
            ON CONFLICT (tenant_id, report_date, user_id) DO UPDATE
            SET first_login_at = least(p.first_login_at, excluded.first_login_at),
                last_login_at = greatest(p.last_login_at, excluded.last_login_at)
            WHERE excluded.first_login_at < p.first_login_at
               OR excluded.last_login_at > p.last_login_at
            RETURNING report_date
        )
        SELECT DISTINCT report_date FROM merged
        """,
        [tenant.id, *map(list, zip(*rows, strict=True))],
    )
    after = await database.rows(
        """
        UPDATE tenant_day AS d
        SET version = version + 1, last_recorded_at = $3, max_users = (
            SELECT count(*) FROM presence p
            WHERE p.tenant_id = d.tenant_id AND p.report_date = d.report_date
        )
        WHERE tenant_id = $1 AND report_date = ANY($2::date[])
        RETURNING report_date, max_users
        """,
        [tenant.id, [row[0] for row in changed], now],
    )
    return _growth(before, after)


async def _merge_sqlite(tenant: Tenant, rows: Sequence[Row], now: datetime) -> int:
    tenant_id, moment = str(tenant.id), _text(now)
    before = await database.rows(
        # WHERE true tells the parser that ON CONFLICT does not belong to a join.
        """
        INSERT INTO tenant_day
            (tenant_id, report_date, max_users, version, first_recorded_at, last_recorded_at)
        SELECT $1, value, 0, 0, $3, $3 FROM json_each($2) WHERE true
        ON CONFLICT (tenant_id, report_date) DO UPDATE SET version = version
        RETURNING report_date, max_users
        """,
        [tenant_id, json.dumps([on.isoformat() for on in _dates(rows)]), moment],
    )
    written = await database.rows(
        """
        INSERT INTO presence (tenant_id, report_date, user_id, first_login_at, last_login_at)
        SELECT $1, json_extract(value, '$[0]'), json_extract(value, '$[1]'),
               json_extract(value, '$[2]'), json_extract(value, '$[3]')
        FROM json_each($2) WHERE true
        ON CONFLICT (tenant_id, report_date, user_id) DO UPDATE
        SET first_login_at = min(first_login_at, excluded.first_login_at),
            last_login_at = max(last_login_at, excluded.last_login_at)
        WHERE excluded.first_login_at < first_login_at
           OR excluded.last_login_at > last_login_at
        RETURNING report_date
        """,
        [
            tenant_id,
            json.dumps([[on.isoformat(), user, _text(a), _text(b)] for on, user, a, b in rows]),
        ],
    )
    after = await database.rows(
        """
        UPDATE tenant_day
        SET version = version + 1, last_recorded_at = $3, max_users = (
            SELECT count(*) FROM presence p
            WHERE p.tenant_id = tenant_day.tenant_id AND p.report_date = tenant_day.report_date
        )
        WHERE tenant_id = $1 AND report_date IN (SELECT value FROM json_each($2))
        RETURNING report_date, max_users
        """,
        [tenant_id, json.dumps(sorted({row[0] for row in written})), moment],
    )
    return _growth(before, after)


def _text(instant: datetime) -> str:
    """How SQLite keeps an instant: in UTC and of fixed width, so that text order is time order."""
    return instant.isoformat(sep=" ", timespec="milliseconds")
