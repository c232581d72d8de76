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
    its content has them."""

    position: int
    hash: str
    content: str
    at: str
    tenant: str | None


class End(NamedTuple):
    """The head as it is stored and the greatest position there is, seen in one moment."""

    head: Head
    last: int


async def end() -> End | None:
    """None when the row of the head is gone."""
    found = await database.rows(
        "SELECT position, hash, (SELECT coalesce(max(position), 0) FROM audit_entry)"
        " FROM audit_head"
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


def _stored(position: int, digest: str, content: str, at: Any, tenant_id: Any) -> Stored:
    # SQLite's values are texts, and after tampering might be any.
    text = instants.render(at) if isinstance(at, datetime) else str(at).replace(" ", "T")
    tenant = None if tenant_id is None else str(tenant_id)
    return Stored(position, digest, content, text.replace("+00:00", "Z"), tenant)
