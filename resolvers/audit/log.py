"""Writing to the audit log: with a change, or before an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import inf

from models import database
from models.gathering import Gathering
from resolvers.audit import entries
from resolvers.audit.chain import Chain, append_locked
from resolvers.audit.entries import Origin, Record, Row, Spelt
from resolvers.clock import system_clock
from resolvers.viewers import Operator, Viewer


async def within(origin: Origin | None, records: Sequence[Record]) -> None:
    """Write in the transaction of the caller, as the last thing it does. No origin is the operator,
    who acts now."""
    origin = origin or Origin(Operator(), system_clock())
    if origin.audited and records:
        await append_locked(entries.rows(origin, entries.spelt(records)))


async def alone(origin: Origin, records: Sequence[Record]) -> None:
    """Write what happens outside any transaction; durable when it returns."""
    await database.transaction(lambda: within(origin, records))


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """The entries of one request: never the same as those of another, however alike."""

    rows: list[Row]


class Log:
    """The log as one application writes to it. Those who read at the same time share a statement
    and a commit; none is answered before it."""

    def __init__(self) -> None:
        chain = Chain()

        async def append_all(groups: Sequence[_Group]) -> list[None]:
            await chain.append([row for group in groups for row in group.rows])
            return [None] * len(groups)

        # One at a time: a second append would have to know how the first one ends.
        self._desk = Gathering(append_all, patience=inf)

    async def append(
        self, viewer: Viewer, request_id: str, now: datetime, noted: Sequence[Spelt]
    ) -> None:
        """Durable when it returns; whatever it raises, the entries may not be there."""
        if noted:
            origin = Origin(viewer, now, request_id)
            await self._desk.ask(_Group(entries.rows(origin, noted)))
