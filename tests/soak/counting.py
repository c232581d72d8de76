"""Logins recorded in any order, in any parts, again and by many at once."""

import asyncio
import os
import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from models import Tenant
from resolvers import billing_reports, logins
from resolvers.billing_reports import ReportRequest, UsersPage
from resolvers.logins import Login
from tests import factories, processes, tokens
from tests import test_logins as known
from tests.soak.bar import Bar, Figure

SHUFFLES, WRITERS, READERS, USERS = 1_000, 8, 8, 2_000
NOW = tokens.NOW
WHOLE = UsersPage(5_000, "")


def measure_merges(url: str) -> Figure:
    differences, recorded = asyncio.run(
        processes.connected(url, lambda: shuffle(SHUFFLES, WRITERS))
    )
    text = f"{differences} differences in {SHUFFLES:,} shuffles of {recorded:,} logins"
    return Figure(text, differences == 0 and recorded > 0)


async def shuffle(times: int, writers: int) -> tuple[int, int]:
    """How often what was stored was not what the logins say, and how many were recorded: shuffled,
    some of them twice, in parts, by several at once."""
    differences = recorded = 0
    for seed in range(times):
        chance = random.Random(seed)
        zone = chance.choice(["UTC", "America/New_York", "Pacific/Kiritimati", "Africa/Cairo"])
        tenant = await factories.tenant(time_zone=zone)
        batch = [_login(chance) for _ in range(chance.randint(1, 40))]
        sent = batch + chance.choices(batch, k=len(batch))
        chance.shuffle(sent)
        shares = [sent[n::writers] for n in range(writers)]
        counted = await asyncio.gather(*(_record(tenant, share, seed) for share in shares))
        expected = known.model(batch, zone)
        days = [(on, users) for on, users, *_ in await known.days(tenant)]
        differences += not (
            await known.stored(tenant) == expected
            and days == known.per_day(expected)
            and sum(counted) == len(expected)
        )
        recorded += len(sent)
    return differences, recorded


def _login(chance: random.Random) -> Login:
    """Near the midnights of the last days, by few users, so that much meets."""
    days, ms = chance.randint(0, 3), chance.randint(-5, 5)
    at = NOW - timedelta(days=days, hours=chance.choice([0, 2, 7, 12])) + timedelta(milliseconds=ms)
    return chance.choice(["ann", " ann", "Ann", "é", "e\u0301", "😀", "bob"]), at


async def _record(tenant: Tenant, share: list[Login], seed: int) -> int:
    chance, counted, rest = random.Random(seed), 0, share
    while rest:
        size = chance.randint(1, len(rest))
        part, rest = rest[:size], rest[size:]
        counted += (await logins.record(tenant, part, NOW)).counted
    return counted


@dataclass(frozen=True, slots=True)
class Race:
    """What writers and readers in processes of their own came to."""

    exact: bool
    reads: int
    unequal: int
    shrunk: int


def measure_isolation(url: str) -> Figure:
    race = asyncio.run(processes.connected(url, lambda: run_race(url, WRITERS, READERS, USERS)))
    text = (
        f"{race.reads:,} reports read while {WRITERS} wrote: {race.unequal} with another number"
        f" than users, {race.shrunk} that lost a user; the end is "
        f"{'exact' if race.exact else 'wrong'}"
    )
    enough = race.reads >= 10 * READERS
    return Figure(text, race.exact and enough and not race.unequal and not race.shrunk)


async def run_race(url: str, writers: int, readers: int, users: int) -> Race:
    tenant = await factories.tenant()
    with TemporaryDirectory() as folder, processes.workers(writers + readers) as start:
        over = Path(folder) / "over"
        writing = [
            asyncio.wrap_future(start(known._write, url, tenant.id, seed, users))
            for seed in range(writers)
        ]
        reading = [
            asyncio.wrap_future(start(_read, url, tenant.id, str(over))) for _ in range(readers)
        ]
        try:
            counted = await asyncio.gather(*writing)
        finally:
            over.touch()
        seen = await asyncio.gather(*reading)
    expected = known.model(
        [login for seed in range(writers) for login in known._part_of(seed, users)], "UTC"
    )
    days = [(on, number) for on, number, *_ in await known.days(tenant)]
    return Race(
        await known.stored(tenant) == expected
        and days == known.per_day(expected)
        and sum(counted) == len(expected),
        sum(reads for reads, _, _ in seen),
        sum(unequal for _, unequal, _ in seen),
        sum(shrunk for _, _, shrunk in seen),
    )


async def _read(url: str, tenant_id: UUID, over: str) -> tuple[int, int, int]:
    """Reports read until the writers are through: how many, how many of them with another number
    than users, how many without somebody who had been there before."""

    async def work() -> tuple[int, int, int]:
        tenant = await Tenant.get(id=tenant_id)
        requests = [
            ReportRequest(tenant, NOW.date() - timedelta(days=day), (WHOLE,)) for day in range(3)
        ]
        before: list[set[str]] = [set()] * len(requests)
        reads = unequal = shrunk = 0
        last = False
        while not last:
            last = os.path.exists(over)  # noqa: ASYNC240 a look at a flag, in a process of its own
            reports = await billing_reports.read(requests)
            now = [{user.user_id for user in report.users[WHOLE]} for report in reports]
            reads += len(reports)
            unequal += sum(
                report.max_users != len(report.users[WHOLE]) or report.max_users != len(ids)
                for report, ids in zip(reports, now, strict=True)
            )
            shrunk += sum(not earlier <= later for earlier, later in zip(before, now, strict=True))
            before = now
        return reads, unequal, shrunk

    found: tuple[int, int, int] = await processes.connected(url, work)
    return found


BARS = [
    Bar(
        "Double counting",
        f"{SHUFFLES:,} shuffles, splits and replays by {WRITERS} writers at once: 0 differences",
        measure_merges,
    ),
    Bar(
        "Isolation",
        f"{WRITERS} writers and {READERS} readers in processes of their own: maxUsers is the"
        " number of users in every report, the users only grow",
        measure_isolation,
    ),
]
