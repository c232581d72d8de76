"""That everything is written down, by many at once, and that nobody can change it unseen."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from uuid import UUID, uuid4

from models import database
from resolvers import audit
from resolvers.audit import Action, Log, Origin, Record, reading, verifying
from resolvers.audit.chain import Head
from resolvers.audit.verifying import Broken
from resolvers.viewers import Landlord
from tests import factories, tampering, tokens
from tests.http import Api, Clock, serve
from tests.processes import connected, workers
from tests.soak.bar import Bar, Figure

LENA = Landlord(UUID(int=1), "Lena")
DAY = tokens.NOW.date() - timedelta(days=1)
REPORT = f'query ($t: ID!) {{ billingReport(tenant: $t, date: "{DAY}") {{ maxUsers }} }}'

TAMPERINGS: dict[str, Callable[[int], list[str]]] = {
    "edited": tampering.edit,
    "deleted": tampering.delete,
    "exchanged": tampering.exchange,
    "inserted": tampering.insert,
}


def reads(count: int, on: date = DAY) -> list[Record]:
    """An entry each, for no two are of the same dates."""
    return [
        Record(
            Action.BILLING_REPORT_READ,
            tenant_id=uuid4(),
            first=on - timedelta(days=number),
            last=on,
        )
        for number in range(count)
    ]


def listed(tenants: int) -> list[Record]:
    """A list of reports that was read: one entry."""
    return [
        Record(Action.BILLING_REPORT_READ, tenant_id=uuid4(), first=DAY) for _ in range(tenants)
    ]


async def stored_head() -> Head:
    end = await reading.end()
    assert end is not None
    assert end.last == end.head.position
    return end.head


async def write_many(url: str, readers: int, count: int) -> int:
    """As one worker: those who read `count` times each, and one who changes tenants meanwhile."""

    async def work() -> int:
        log = Log()

        async def reader() -> None:
            for _ in range(count):
                await log.append(LENA, "soak-0001", tokens.NOW, audit.spelt(reads(1)))
                await log.append(LENA, "soak-0002", tokens.NOW, audit.spelt(listed(3)))

        async def changer() -> None:
            for _ in range(count // 5):
                await audit.alone(Origin(LENA, tokens.NOW), [*reads(1), *listed(3)])

        await asyncio.gather(*(reader() for _ in range(readers)), changer())
        return 2 * readers * count + count // 5 * 2

    written: int = await connected(url, work)
    return written


async def written_by_workers(url: str, processes: int, readers: int, count: int) -> int:
    """How many entries were acknowledged to all writers together."""
    with workers(processes) as start:
        futures = [
            asyncio.wrap_future(start(write_many, url, readers, count)) for _ in range(processes)
        ]
        return sum(await asyncio.gather(*futures))


async def is_broken(known: Head | None = None) -> bool:
    try:
        await verifying.verify(known)
    except Broken:
        return True
    return False


async def tamperings_found(each: int) -> tuple[int, int]:
    """Found of those tried: every kind at `each` random places, and the end cut off as often."""
    end = await verifying.verify()
    choose = random.Random(1)
    found = tried = 0
    looks: list[tuple[list[str], Callable[[], Awaitable[bool]]]] = []
    for _ in range(each):
        at = choose.randrange(1, end.position)
        looks += [(change(at), is_broken) for change in TAMPERINGS.values()]
        looks.append((tampering.cut_off(at), lambda: is_broken(end)))
    for statements, look in looks:
        tried += 1
        found += await tampering.after(*statements, look=look)
    assert await verifying.verify(end) == end
    return found, tried


async def there_on_arrival(api: Api, readers: int, count: int) -> tuple[int, int]:
    """Of reports read over HTTP: how many had their entry when the answer began to arrive."""
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann"])
    landlord = await factories.landlord(tenant)
    headers = {"Authorization": f"Bearer {api.token(landlord)}"}
    body = {"query": REPORT, "variables": {"t": str(tenant.id)}}

    async def read(number: int) -> bool:
        request_id = f"arrival-{number:08}"
        sent = {**headers, "X-Request-ID": request_id}
        async with api.client.stream("POST", "/graphql", json=body, headers=sent) as response:
            assert response.status_code == 200
            rows = await database.rows(
                "SELECT 1 FROM audit_entry WHERE content LIKE $1", [f'%"{request_id}"%']
            )
            return len(rows) == 1

    async def reader(first: int) -> int:
        return sum([await read(first + number) for number in range(count)])

    found = await asyncio.gather(*(reader(1_000_000 * n) for n in range(readers)))
    return sum(found), readers * count


def measure(url: str) -> Figure:
    async def work() -> Figure:
        appended = await written_by_workers(url, processes=2, readers=8, count=1_000)
        return await connected(url, lambda: looked_at(appended))

    return asyncio.run(work())


async def looked_at(appended: int) -> Figure:
    whole = (await verifying.verify()).position
    async with serve(Clock()) as api:
        there, read = await there_on_arrival(api, readers=16, count=25)
    found, tried = await tamperings_found(each=10)
    end = await reading.end()
    met = (whole, there, found) == (appended, read, tried) and end is not None
    return Figure(
        f"{whole:,} of {appended:,} entries of 2 processes in one whole chain; {there} of {read}"
        f" there before the answer; {found} of {tried} tamperings found",
        met,
    )


BARS = [
    Bar(
        "Reads not auditable",
        "every read is one append-only entry before its answer; edit, delete, swap, insertion and"
        " truncation against an exported head are found",
        measure,
    )
]
