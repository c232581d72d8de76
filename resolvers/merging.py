"""The merge of presences into the database, in one transaction of three or four statements.

1. The day rows come first, in the order of dates. They are the lock that keeps `max_users`
   exact under concurrent writers, and make an SQLite transaction begin with a write.
2. The presences are inserted or widened, in key order, so that writers queue and never
   dead-lock. A replay writes nothing.
3. Days that did change are counted anew, and their version goes up.

Counting costs as much as the days have users, however few are merged. Where that is much more,
the presences are inserted first and widened after, if any were there: then the days grow by the
rows that were inserted, which nobody else can do while the days are locked.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from models import Tenant, database
from resolvers.merging_postgresql import PostgreSQL
from resolvers.merging_sqlite import SQLite

#: Report date, user ID, first and last login; unique and sorted by date and user ID.
Row = tuple[date, str, datetime, datetime]

MOST_COUNTED = 10
"""Presences that are counted anew for each row merged; a dozen take as long as to merge one."""


class Batch(Protocol):
    """Rows of one tenant on their way into one database. Days are as the database writes them."""

    size: int

    async def lock(self) -> Mapping[object, int]:
        """Lock the days of the rows; how many users each has."""

    async def insert(self) -> Counter[object]:
        """Insert the rows that are not there; how many, by day."""

    async def widen(self) -> set[object]:
        """Insert the rows that are not there and widen those that are; the days that changed."""

    async def recount(self, days: Iterable[object]) -> Mapping[object, int]:
        """Count the users of days that changed; how many each has now."""

    async def grow(self, days: Mapping[object, int]) -> None:
        """Add to the users of days that changed."""


def batch(tenant: Tenant, rows: Sequence[Row], now: datetime) -> Batch:
    """Presences as the open database takes them."""
    return (PostgreSQL if database.dialect() == "postgresql" else SQLite)(tenant, rows, now)


async def merge(batch: Batch, then: Callable[[int], Awaitable[None]]) -> int:
    """Merge the rows and return how many users are newly counted on their report date; `then` is
    told the number and belongs to the same transaction."""

    async def work() -> int:
        counted = await _merge(batch)
        await then(counted)
        return counted

    return await database.transaction(work)


async def _merge(batch: Batch) -> int:
    before = await batch.lock()
    if sum(before.values()) <= MOST_COUNTED * batch.size:
        after = await batch.recount(await batch.widen())
        return sum(users - before[day] for day, users in after.items())
    inserted = await batch.insert()
    widened = await batch.widen() if inserted.total() < batch.size else set()
    if grown := {**dict.fromkeys(widened, 0), **inserted}:
        await batch.grow(grown)
    return inserted.total()
