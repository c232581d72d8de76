"""The trail of a tenant: who looked at its billing, changed it or was refused, and when.

Held by those who may see the tenant. What a stranger tried stands in the log without the tenant,
so nobody learns of it here, and nobody can write into a trail that they could not read.
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from models import Tenant, database
from resolvers import cursors, instants
from resolvers.errors import InvalidCursor

MAX_PAGE = 500

_HASH = re.compile("[0-9a-f]{64}")


class Place(NamedTuple):
    """Where an entry stands. By time and hash: the position in the log would tell how much is
    written about other tenants."""

    at: datetime
    hash: str


#: Behind every entry, for hashes are hexadecimal.
_LATEST = Place(datetime(9999, 12, 31, tzinfo=UTC), "g")


class TrailRequest(NamedTuple):
    tenant_id: UUID
    first: int
    before: Place = _LATEST


class TrailEntry(NamedTuple):
    hash: str
    content: dict[str, Any]


class TrailPage(NamedTuple):
    tenant_id: UUID
    entries: list[TrailEntry]
    has_next: bool

    def cursor(self, entry: TrailEntry) -> str:
        return cursors.encode(_list_of(self.tenant_id), entry.content["at"], entry.hash)


def request(tenant: Tenant, first: int | None, after: str | None) -> TrailRequest:
    """What a client asks for by `first` and `after`; the cursor must be of this very trail."""
    size = cursors.page_size(first, 100, MAX_PAGE)
    return TrailRequest(tenant.id, size, _LATEST if after is None else _place(tenant.id, after))


def _place(tenant_id: UUID, cursor: str) -> Place:
    at, digest = cursors.decode(_list_of(tenant_id), cursor, 2)
    try:
        instant = instants.parse(at)
    except ValueError:
        raise InvalidCursor from None
    if not _HASH.fullmatch(digest):
        raise InvalidCursor
    return Place(instant, digest)


def _list_of(tenant_id: UUID) -> str:
    return f"audit trail of {tenant_id}"


async def read(requests: Sequence[TrailRequest]) -> list[TrailPage]:
    """The pages in the order of the requests, newest entries first, from one statement."""
    reader = _read_postgresql if database.dialect() == "postgresql" else _read_sqlite
    found: list[list[TrailEntry]] = [[] for _ in requests]
    for index, digest, content in await reader(requests):
        found[index].append(TrailEntry(digest, orjson.loads(content)))
    return [
        TrailPage(each.tenant_id, entries[: each.first], len(entries) > each.first)
        for each, entries in zip(requests, found, strict=True)
    ]


async def totals(tenant_ids: Sequence[UUID]) -> list[int]:
    """How many entries the trails have, in the order of the tenants."""
    keys: object = [*tenant_ids]
    named = "= ANY($1::uuid[])"
    if database.dialect() == "sqlite":
        keys = json.dumps([str(each) for each in tenant_ids])
        named = "IN (SELECT value FROM json_each($1))"
    sql = " UNION ALL ".join(
        f"SELECT tenant_id, count(*) FROM {table} WHERE tenant_id {named} GROUP BY tenant_id"
        for table in ("audit_entry", "audit_filing")
    )
    counts: Counter[UUID] = Counter()
    for tenant_id, count in map(tuple, await database.rows(sql, [keys])):
        counts[database.uuid(tenant_id)] += count
    return [counts[each] for each in tenant_ids]


# The entries of a tenant's own and those that are filed under it, each in the order of an index.
# The first condition on `at` is for the index, which does not know the hash.
_OWN = """
SELECT at, hash, content FROM audit_entry
WHERE tenant_id = k.tenant_id AND (at, hash) < (k.at, k.hash)
ORDER BY at DESC, hash DESC LIMIT {size}
"""
_FILED = """
SELECT f.at, e.hash, e.content FROM audit_filing f JOIN audit_entry e ON e.position = f.position
WHERE f.tenant_id = k.tenant_id AND f.at <= k.at AND (f.at, e.hash) < (k.at, k.hash)
ORDER BY f.at DESC, e.hash DESC LIMIT {size}
"""
_BOTH = f"""
SELECT at, hash, content
FROM (SELECT * FROM ({_OWN}) own UNION ALL SELECT * FROM ({_FILED}) filed) e
ORDER BY at DESC, hash DESC LIMIT {{size}}
"""


async def _read_postgresql(requests: Sequence[TrailRequest]) -> list[tuple[int, str, str]]:
    rows = await database.rows(
        f"""
        SELECT k.n - 1, e.hash, e.content
        FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::int[])
             WITH ORDINALITY AS k (tenant_id, at, hash, size, n)
        JOIN LATERAL ({_BOTH.format(size="k.size")}) e ON true
        ORDER BY k.n, e.at DESC, e.hash DESC
        """,
        [
            [each.tenant_id for each in requests],
            [each.before.at for each in requests],
            [each.before.hash for each in requests],
            [each.first + 1 for each in requests],
        ],
    )
    return [tuple(row) for row in rows]


# SQLite cannot take LIMIT from a row, so there is one SELECT for each page size.
_SQLITE = """
SELECT k.n, (SELECT json_group_array(json_array(hash, content)) FROM ({page}))
FROM (
    SELECT json_extract(value, '$[0]') AS n, json_extract(value, '$[1]') AS tenant_id,
           json_extract(value, '$[2]') AS at, json_extract(value, '$[3]') AS hash
    FROM json_each({keys})
) k
"""


async def _read_sqlite(requests: Sequence[TrailRequest]) -> list[tuple[int, str, str]]:
    by_size: dict[int, list[list[object]]] = {}
    for index, (tenant_id, first, (at, digest)) in enumerate(requests):
        key = [index, str(tenant_id), at.isoformat(sep=" ", timespec="milliseconds"), digest]
        by_size.setdefault(first + 1, []).append(key)
    pages = [
        _SQLITE.format(page=_BOTH.format(size=f"${2 * at + 1}"), keys=f"${2 * at + 2}")
        for at in range(len(by_size))
    ]
    rows = await database.rows(
        " UNION ALL ".join(pages),
        [value for size, group in by_size.items() for value in (size, json.dumps(group))],
    )
    return [(index, *entry) for index, entries in map(tuple, rows) for entry in json.loads(entries)]
