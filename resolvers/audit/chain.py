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

_MOVE = """
WITH moved AS (
    UPDATE audit_head SET position = $3, hash = $4 WHERE position = $1 AND hash = $2 RETURNING 1
)
INSERT INTO audit_entry (position, at, tenant_id, content, hash)
SELECT * FROM unnest($5::bigint[], $6::timestamptz[], $7::uuid[], $8::text[], $9::text[])
WHERE EXISTS (SELECT 1 FROM moved)
RETURNING position
"""


async def _move(old: Head, links: Sequence[Link], new: Head) -> bool:
    """Append to a chain that ends with `old`; False when it ends with another entry by now."""
    values = [
        *old,
        *new,
        [each.position for each in links],
        [each.row.at for each in links],
        [each.row.tenant_id for each in links],
        [each.row.content for each in links],
        [each.hash for each in links],
    ]
    return bool(await database.rows(_MOVE, values))


async def _insert_sqlite(links: Sequence[Link], head: Head) -> None:
    keys = [
        [
            each.position,
            each.row.at.isoformat(sep=" ", timespec="milliseconds"),
            each.row.tenant_id and str(each.row.tenant_id),
            each.row.content,
            each.hash,
        ]
        for each in links
    ]
    await database.rows(
        """
        INSERT INTO audit_entry (position, at, tenant_id, content, hash)
        SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),
               json_extract(value, '$[2]'), json_extract(value, '$[3]'),
               json_extract(value, '$[4]')
        FROM json_each($1)
        """,
        [json.dumps(keys)],
    )
    await database.rows("UPDATE audit_head SET position = $1, hash = $2", list(head))
