"""The chain: each entry has a hash over its position, the hash before it and its content.

One row, the head, is the end of the chain. Whoever appends moves it, and so decides who comes
first: several workers and commands write to the one chain. A process that was the last to append
knows the head, and needs one statement; it fails to move a head that somebody else has moved
since, and then appends behind a lock.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from models import database
from resolvers.audit.entries import Row


class Head(NamedTuple):
    """The last entry of a chain; of an empty one, nothing at all."""

    position: int = 0
    hash: str = "0" * 64


class Link(NamedTuple):
    """A row in its place."""

    position: int
    hash: str
    row: Row


def hash_of(position: int, previous: str, content: str) -> str:
    return sha256(f"{position}\n{previous}\n{content}".encode()).hexdigest()


def link(head: Head, rows: Sequence[Row]) -> tuple[list[Link], Head]:
    """The rows behind the head, in their order, and the head they make."""
    links = []
    position, previous = head
    for row in rows:
        position += 1
        previous = hash_of(position, previous, row.content)
        links.append(Link(position, previous, row))
    return links, Head(position, previous)


class Chain:
    """The chain as one process appends to it, one append at a time."""

    def __init__(self) -> None:
        self._seen: Head | None = None
        self._alone = True

    async def append(self, rows: Sequence[Row]) -> None:
        """Written and committed when it returns."""
        seen = self._seen
        if seen and self._alone and database.dialect() == "postgresql":
            links, head = link(seen, rows)
            if await _move(seen, links, head):
                self._seen = head
                return
        found, self._seen = await database.transaction(lambda: append_locked(rows))
        # Where others append too, trying without a lock would be in vain.
        self._alone = seen in (None, found)


async def append_locked(rows: Sequence[Row]) -> tuple[Head, Head]:
    """Append in the transaction of the caller, and tell the heads before and after. The chain stays
    locked until that ends, so this comes last in it: no lock is ever waited for behind this one.
    """
    lock = _LOCK_SQLITE if database.dialect() == "sqlite" else _LOCK_POSTGRESQL
    ((position, digest),) = map(tuple, await database.rows(lock))
    found = Head(position, digest)
    links, head = link(found, rows)
    if database.dialect() == "postgresql":
        await _move(found, links, head)
    else:
        await _insert_sqlite(links, head)
    return found, head


_LOCK_POSTGRESQL = "SELECT position, hash FROM audit_head FOR UPDATE"
# SQLite's transactions must begin with a write.
_LOCK_SQLITE = "UPDATE audit_head SET position = position RETURNING position, hash"

# Columns of many rows are texts with a line for each, which are made and read in a fraction of the
# time of arrays.
_MOVE = r"""
WITH moved AS (
    UPDATE audit_head SET position = $3, hash = $4 WHERE position = $1 AND hash = $2 RETURNING 1
), entry AS (
    SELECT $1 + n AS position, at::timestamptz AS at,
           string_to_array(tenants, ',')::uuid[] AS tenants, content, hash
    FROM unnest(
        string_to_array($5, E'\n'), string_to_array($6, E'\n'),
        string_to_array($7, E'\n'), string_to_array($8, E'\n')
    ) WITH ORDINALITY AS e (at, tenants, content, hash, n)
    WHERE EXISTS (SELECT 1 FROM moved)
), filed AS (
    INSERT INTO audit_filing (position, tenant_id, at)
    SELECT position, unnest(tenants), at FROM entry WHERE cardinality(tenants) > 1
    ORDER BY position
)
INSERT INTO audit_entry (position, at, tenant_id, content, hash)
SELECT position, at, CASE cardinality(tenants) WHEN 1 THEN tenants[1] END, content, hash FROM entry
RETURNING position
"""


async def _move(old: Head, links: Sequence[Link], new: Head) -> bool:
    """Append to a chain that ends with `old`; False when it ends with another entry by now."""
    columns = zip(
        *((row.at.isoformat(), row.tenants, row.content, digest) for _, digest, row in links),
        strict=True,
    )
    return bool(await database.rows(_MOVE, [*old, *new, *("\n".join(each) for each in columns)]))


async def _insert_sqlite(links: Sequence[Link], head: Head) -> None:
    entries, filings = [], []
    for position, digest, (at, names, content) in links:
        on, tenants = at.isoformat(sep=" ", timespec="milliseconds"), names.split(",")
        alone = names if len(tenants) == 1 and names else None
        entries.append([position, on, alone, content, digest])
        if len(tenants) > 1:
            filings += [[position, tenant, on] for tenant in tenants]
    for sql, values in ((_ENTER, entries), (_FILE, filings)):
        if values:
            await database.rows(sql, [json.dumps(values)])
    await database.rows("UPDATE audit_head SET position = $1, hash = $2", list(head))


_ENTER = """
INSERT INTO audit_entry (position, at, tenant_id, content, hash)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
       json_extract(value, '$[3]'), json_extract(value, '$[4]')
FROM json_each($1)
"""
_FILE = """
INSERT INTO audit_filing (position, tenant_id, at)
SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
FROM json_each($1)
"""
