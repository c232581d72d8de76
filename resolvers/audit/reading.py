"""The whole log, read from its beginning in pages, however long it is."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, NamedTuple

from models import database
from resolvers import instants
from resolvers.audit.chain import Head

PAGE = 2_000
#: Smaller than any position; nothing should be there, and what is must be found.
BEFORE_ALL = -(2**62)


class Stored(NamedTuple):
    """An entry as it is found. `at` and `tenant` are what it is filed under, in the form in which
    its content has them; where that names several tenants, there are filings instead."""

    position: int
    hash: str
    content: str
    at: str
    tenant: str | None


class Filing(NamedTuple):
    """That an entry is filed under a tenant, as it is found."""

    id: int
    position: int
    at: str
    tenant: str


class End(NamedTuple):
    """The head as it is stored and the greatest position there is, of entries or filings, seen in
    one moment."""

    head: Head
    last: int


async def end() -> End | None:
    """None when the row of the head is gone."""
    found = await database.rows(
        "SELECT position, hash, (SELECT coalesce(max(position), 0) FROM ("
        " SELECT max(position) AS position FROM audit_entry"
        " UNION ALL SELECT max(position) FROM audit_filing) furthest) FROM audit_head"
    )
    return next((End(Head(row[0], row[1]), row[2]) for row in map(tuple, found)), None)


async def hash_at(position: int) -> str | None:
    """The hash that stands there; of position 0, what the chain begins with."""
    if position == 0:
        return Head().hash
    found = await database.rows("SELECT hash FROM audit_entry WHERE position = $1", [position])
    return found[0][0] if found else None


async def entries(after: int = BEFORE_ALL) -> AsyncIterator[Stored]:
    """Everything behind a position, in order."""
    while page := await database.rows(
        "SELECT position, hash, content, at, tenant_id FROM audit_entry WHERE position > $1"
        f" ORDER BY position LIMIT {PAGE}",
        [after],
    ):
        for row in map(tuple, page):
            yield _stored(*row)
        after = page[-1][0]


async def filings() -> AsyncIterator[Filing]:
    """All of them, in the order in which they were written."""
    after = BEFORE_ALL
    while page := await database.rows(
        "SELECT id, position, at, tenant_id FROM audit_filing WHERE id > $1"
        f" ORDER BY id LIMIT {PAGE}",
        [after],
    ):
        for key, position, at, tenant_id in map(tuple, page):
            yield Filing(key, position, _text(at), str(tenant_id))
        after = page[-1][0]


def _stored(position: int, digest: str, content: str, at: Any, tenant_id: Any) -> Stored:
    tenant = None if tenant_id is None else str(tenant_id)
    return Stored(position, digest, content, _text(at), tenant)


def _text(at: Any) -> str:
    # SQLite's values are texts, and after tampering might be any.
    text = instants.render(at) if isinstance(at, datetime) else str(at).replace(" ", "T")
    return text.replace("+00:00", "Z")
