"""A login file on its way into the database: batch by batch, each committed before the next."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from graph.cli import connection
from graph.cli.beside import Beside
from graph.cli.interrupt import Interrupt
from models import Tenant
from resolvers import logins
from resolvers.clock import system_clock
from resolvers.login_files import Batch, LoginFile, RefusedLogin
from resolvers.logins import Judged

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
        """The whole file, each batch merged while the next is read. Raises KeyboardInterrupt
        between two batches, never within one, so that the counts always say what is in the
        database."""
        with Interrupt() as interrupt, Beside(runner) as beside:
            try:
                for batch in file.batches(size):
                    judged = self._judged(batch)
                    self._end(beside, interrupt, after_batch)
                    with interrupt.postponed():
                        beside.begin(self._keep(batch, judged))
            finally:
                self._end(beside, interrupt, after_batch)

    def _end(self, beside: Beside, interrupt: Interrupt, after_batch: Callable[[], Any]) -> None:
        """Of the batch that is being recorded, if there is one."""
        if beside.is_busy:
            with interrupt.postponed():
                self._refuse(beside.end())
            after_batch()

    def _judged(self, batch: Batch) -> Judged:
        pairs = list(zip(batch.user_ids, batch.instants, strict=True))
        return logins.judge(self.tenant, pairs, system_clock())

    async def _keep(self, batch: Batch, judged: Judged) -> list[RefusedLogin]:
        done = await logins.keep(judged, connection.origin())
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
