"""The merge of presences into the database, in one transaction of three statements, or two more.

1. The day rows come first, in the order of dates. They are the lock that keeps `max_users`
   exact under concurrent writers, and make an SQLite transaction begin with a write.
2. The presences are inserted or widened, in key order, so that writers queue and never
   dead-lock. A replay writes nothing.
3. Days that did change are counted anew, and their version goes up.

Counting costs as much as the days have users, however few are merged. Where that is much more,
the presences are inserted first and widened after, if any were there: then the days grow by the
rows that were inserted, which nobody else can do while the days are locked.

For the same reason a locked day without users stays without presences: many rows for such days,
as when a history is recorded, are inserted by a statement of their own, without looking for others.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from models import Tenant, database
from resolvers.merging.batch import Batch as Batch
from resolvers.merging.batch import Row
from resolvers.merging.postgresql import PostgreSQL
from resolvers.merging.sqlite import SQLite

MANY = 1_000
"""Rows for days without users that are worth a statement of their own."""
MOST_COUNTED = 10
"""Presences that are counted anew for each row merged; a dozen take as long as to merge one."""


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
    before, sizes = await batch.lock(), batch.sizes
    added = {day: sizes[day] for day, users in before.items() if not users}
    if sum(added.values()) < MANY:
        added = {}
    else:
        await batch.fill([*added])
    rest = [day for day in before if day not in added]
    rows, counted = sum(sizes[day] for day in rest), 0
    if rows and sum(before.values()) <= MOST_COUNTED * rows:
        after = await batch.recount(await batch.widen(rest))
        counted = sum(users - before[day] for day, users in after.items())
    elif rows:
        inserted = await batch.insert(rest)
        widened = await batch.widen(rest) if inserted.total() < rows else set()
        added |= {**dict.fromkeys(widened, 0), **inserted}
    if added:
        await batch.grow(added)
    return counted + sum(added.values())
