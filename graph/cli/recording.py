"""A login file on its way into the database: batch by batch, each committed before the next."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from graph.cli import connection
from graph.cli.interrupt import Interrupt
from models import Tenant
from resolvers import logins
from resolvers.clock import system_clock
from resolvers.login_files import Batch, LoginFile, RefusedLogin

SHOWN = 5


@dataclass(slots=True)
class Counts:
    """What became of the records read so far; all of it is committed.

    `counted` are users who were new on their report date. Once recorded, a file counts nobody
    anew.
    """

    read: int = 0
    recorded: int = 0
    counted: int = 0
    refused: int = 0
    not_logins: int = 0

    def as_json(self) -> dict[str, int]:
        names = {"not_logins": "notLogins"}
        return {names.get(name, name): number for name, number in asdict(self).items()}


@dataclass(slots=True)
class Recording:
    """`report` is called with each refused login, in the order of the file within a batch."""

    tenant: Tenant
    report: Callable[[RefusedLogin], None]
    counts: Counts = field(default_factory=Counts)
    shown: list[RefusedLogin] = field(default_factory=list)

    def read(
        self, file: LoginFile, size: int, runner: asyncio.Runner, after_batch: Callable[[], Any]
    ) -> None:
        """The whole file. Raises KeyboardInterrupt between two batches, never within one, so that
        the counts always say what is in the database."""
        with Interrupt() as interrupt:
            for batch in file.batches(size):
                with interrupt.postponed():
                    refused = connection.run_in(runner, self._record(batch))
                    self._refuse(refused)
                after_batch()

    async def _record(self, batch: Batch) -> list[RefusedLogin]:
        pairs = list(zip(batch.user_ids, batch.instants, strict=True))
        done = await logins.record(self.tenant, pairs, system_clock(), connection.origin())
        refused = [batch.refuse(r.position, r.code.value, r.reason) for r in done.refused]
        refused = sorted([*batch.refused, *refused], key=lambda login: login.position)
        self.counts.read += batch.read
        self.counts.recorded += done.recorded
        self.counts.counted += done.counted
        self.counts.refused += len(refused)
        self.counts.not_logins += batch.not_logins
        return refused

    def _refuse(self, refused: list[RefusedLogin]) -> None:
        self.shown += refused[: SHOWN - len(self.shown)]
        for login in refused:
            self.report(login)
