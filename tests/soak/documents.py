"""Documents sent to hurt, and bytes that are not requests: what they cost, and what they break."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from time import process_time
from typing import Any

import httpx2

from graph.app import create_app
from graph.auth import Authenticator
from graph.federation import subgraph
from graph.settings import Settings
from models import Principal, Tenant, database
from tests import factories, fuzz, sample, tokens
from tests.authorisation.facts import Caller, PrincipalFacts, TenantFacts, World
from tests.authorisation.questions import Questions
from tests.hostile import SIZED
from tests.http import Clock
from tests.malformed import BODIES, CONTENT_TYPES, QUERY_STRINGS
from tests.soak.bar import Bar, Figure

SIZE, SIZES, MOST_SECONDS, TRIES = 480, (60, 120, 240, 480, 960), 0.1, 5
#: Below this a ratio tells of the clock and not of the document.
FLOOR_SECONDS = 0.002
QUERIES, VALUES, SHAPES = 1_000, 100_000, 5_000


# Hostile documents


def measure_hostile(_url: str) -> Figure:
    worst, steepest, faults = asyncio.run(hostile(SIZES, TRIES))
    text = (
        f"{len(SIZED)} documents in {len(SIZES)} sizes: at most {worst[1] * 1000:.0f} ms of CPU"
        f" ({worst[0]}), twice the size at most {steepest[1]:.1f} times the time ({steepest[0]}),"
        f" {faults} faults of ours"
    )
    met = worst[1] <= MOST_SECONDS and steepest[1] <= 2.5 and not faults
    return Figure(text, len(SIZED) >= 50 and met)


async def hostile(
    sizes: tuple[int, ...], tries: int
) -> tuple[tuple[str, float], tuple[str, float], int]:
    """The longest CPU time of a document, the steepest growth between two sizes, both with the
    document's name, and how many answers were faults of ours."""
    worst, steepest, faults = ("none", 0.0), ("none", 1.0), 0
    for name, make in SIZED.items():
        times = []
        for size in sizes:
            spent, broken = await _cost(make(size), tries)
            times.append(spent)
            faults += broken
            worst = max(worst, (f"{name} of {size}", spent), key=lambda each: each[1])
        for size, before, after in zip(sizes, times, times[1:], strict=False):
            growth = after / max(before, FLOOR_SECONDS)
            steepest = max(steepest, (f"{name} from {size}", growth), key=lambda each: each[1])
    return worst, steepest, faults


async def _cost(document: str, tries: int) -> tuple[float, bool]:
    """CPU seconds, the least of some tries, each by an endpoint that does not know the document."""
    spent, broken = [], False
    for _ in range(tries):
        transport = httpx2.ASGITransport(sample.app(), raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {sample.TOKEN}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://here", headers=headers
        ) as client:
            begun = process_time()
            answer = await client.post("/graphql", json={"query": document})
            spent.append(process_time() - begun)
        broken = broken or _is_fault(answer)
    return min(spent), broken


def _is_fault(answer: httpx2.Response) -> bool:
    return answer.status_code >= 500 or b"INTERNAL_SERVER_ERROR" in answer.content


# Malformed bytes


@dataclass
class Fuzzed:
    requests: int = 0
    queries: int = 0
    values: int = 0
    shapes: int = 0
    faults: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


def measure_malformed(url: str) -> Figure:
    found = asyncio.run(malformed(url, QUERIES, VALUES, SHAPES))
    for each in found.faults[:5]:
        print(each, file=sys.stderr)
    corpus = len(BODIES) + len(CONTENT_TYPES) + len(QUERY_STRINGS)
    text = (
        f"{corpus} cases, {found.queries:,} documents, {found.values:,} values and cursors"
        f" and {found.shapes:,} operations with variables of any shape in"
        f" {found.requests:,} requests: {len(found.faults)} answers of 500 and more"
    )
    return Figure(text, corpus >= 40 and not found.faults)


async def malformed(url: str, queries: int, values: int, shapes: int) -> Fuzzed:
    await database.open(url)
    try:
        return await fuzzed(queries, values, shapes)
    finally:
        await database.close()


async def fuzzed(queries: int, values: int, shapes: int) -> Fuzzed:
    """Send all that, as somebody who may see something, to the served application."""
    own = await factories.tenant()
    await factories.record(own, ["ann", "bob"])
    people = [
        await factories.landlord(own),
        await factories.service(own),
    ]
    found = Fuzzed()
    async with _client() as client:
        for name, body in BODIES.items():
            await _send(client, people[0], found, name, content=body)
        for name, kind in CONTENT_TYPES.items():
            headers = {} if kind is None else {"Content-Type": kind}
            await _send(client, people[0], found, name, content=b"{}", headers=headers)
        for name, query in QUERY_STRINGS.items():
            await _send(client, people[0], found, name, method="GET", path=f"/graphql?{query}")
        chance = Random(values)
        documents = _documents(own, people[0], queries, chance)
        for content in fuzz.broken(documents, chance):
            found.queries += 1
            await _send(
                client, people[0], found, str(content), content=json.dumps(content).encode()
            )
        kinds = sorted(fuzz.VALUES)
        while found.values < values:
            kind = kinds[found.requests % len(kinds)]
            # As many as the limits of a document let through.
            content = fuzz.request(kind, 15, str(own.id), chance)
            found.values += 15
            who = people[kind == "DateTime"]
            await _send(client, who, found, str(content), content=json.dumps(content).encode())
        while found.shapes < shapes:
            content = fuzz.shapeless(str(own.id), chance)
            who = people[found.shapes % 2]
            found.shapes += 1
            await _send(client, who, found, str(content), content=json.dumps(content).encode())
    return found


def _documents(own: Tenant, who: Principal, count: int, chance: Random) -> Any:
    facts = TenantFacts(
        str(own.id), own.name, own.external_id, str(own.instance_id), True, own.time_zone
    )
    caller = Caller(PrincipalFacts(str(who.id), "LANDLORD", "", ""), frozenset())
    world = World(tokens.NOW, {facts.id: facts}, {}, {(caller.who.id, facts.id)})
    for _ in range(count):
        questions = Questions(subgraph._schema, world, caller, {}, chance)
        yield questions.query().text


@asynccontextmanager
async def _client() -> AsyncIterator[httpx2.AsyncClient]:
    settings = Settings(federation=True, rate_limit=0, rate_limit_unauthenticated=0)
    app = create_app(settings, Authenticator(tokens.verifier()), Clock())
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


async def _send(
    client: httpx2.AsyncClient,
    who: Principal,
    found: Fuzzed,
    name: str,
    method: str = "POST",
    path: str = "/graphql",
    content: bytes = b"",
    headers: dict[str, str] | None = None,
) -> None:
    token = _token(who.subject)
    given = {"Content-Type": "application/json"} if headers is None else headers
    answer = await client.request(
        method, path, content=content, headers={"Authorization": f"Bearer {token}", **given}
    )
    found.requests += 1
    found.statuses[answer.status_code] += 1
    if _is_fault(answer):
        found.faults.append(f"{answer.status_code} {name[:2000]}")


_tokens: dict[str, str] = {}


def _token(subject: str) -> str:
    return _tokens.setdefault(subject, tokens.mint(sub=subject, scope="billing:read logins:write"))


BARS = [
    Bar(
        "Hostile documents",
        "≥ 50 documents, each refused or done in ≤ 100 ms of CPU; twice the size ≤ 2.5 times the"
        " time; 0 faults",
        measure_hostile,
        databases=(),
    ),
    Bar(
        "Malformed bytes",
        f"≥ 40 cases, {QUERIES:,} generated documents, {VALUES:,} fuzzed values and cursors: no"
        " answer of 500 or more",
        measure_malformed,
    ),
]
