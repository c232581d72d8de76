"""Requests that are cancelled at any moment, as by their deadline, and what that leaves behind."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from starlette.types import ASGIApp

from graph.app import create_app
from graph.auth import Authenticator
from graph.settings import Settings
from models import Assignment, Presence, Principal, Tenant, TenantDay, database
from tests import factories, tokens
from tests.http import Clock

POOL = 4
TOGETHER = 6
"""Requests under way at the same time: more than there are connections."""
HANGS_AFTER = 30.0

DAYS = [(tokens.NOW - timedelta(days=n)).isoformat() for n in (1, 2)]
BY_DATE = '"2026-11-14"'


@dataclass
class World:
    app: ASGIApp
    tenants: list[Tenant]
    lena: Principal
    sync: Principal
    other: Principal
    recorded: set[int] = field(default_factory=set)
    created: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Operation:
    name: str
    query: str
    variables: Callable[[World, int], dict[str, Any]]
    writes: bool = False


def nothing(_world: World, _number: int) -> dict[str, Any]:
    return {}


def one(world: World, number: int) -> dict[str, Any]:
    return {"id": str(world.tenants[number % len(world.tenants)].id)}


def logins(world: World, number: int) -> dict[str, Any]:
    """Three users on each of two days: all are stored, or none."""
    of = [{"userId": f"user{number}-{n}", "at": day} for n in range(3) for day in DAYS]
    return {"input": {"tenant": {"id": str(world.tenants[0].id)}, "logins": of}}


def new_tenant(_world: World, number: int) -> dict[str, Any]:
    name = f"made-{number}"
    return {"input": {"name": name, "externalId": name, "instanceId": str(uuid4())}}


def new_names(world: World, number: int) -> dict[str, Any]:
    return {
        "id": str(world.tenants[1].id),
        "input": {"name": f"name-{number}", "externalId": f"name-{number}"},
    }


def two(world: World, _number: int) -> dict[str, Any]:
    return {"to": str(world.other.id), "ids": [str(each.id) for each in world.tenants[2:4]]}


def _assigning(field: str) -> str:
    given = "landlordId: $to, tenantIds: $ids"
    return f"mutation ($to: ID!, $ids: [ID!]!) {{ {field}({given}) {{ userErrors {{ code }} }} }}"


READS = (
    Operation("signing in", "{ viewer { displayName } }", nothing),
    Operation("tenants", "{ tenants { totalCount nodes { name } } }", nothing),
    Operation("tenant", "query ($id: ID!) { tenant(by: {id: $id}) { name } }", one),
    Operation(
        "report",
        f"query ($id: ID!) {{ billingReport(tenant: $id, date: {BY_DATE})"
        " { maxUsers users(first: 50) { totalCount nodes { userId } } } }",
        one,
    ),
    Operation("trend", "query ($id: ID!) { billingTrend(tenant: $id) { distinctUsers } }", one),
    Operation(
        "nested reports",
        f"{{ tenants {{ nodes {{ name billingReport(date: {BY_DATE}) {{ maxUsers }} }} }} }}",
        nothing,
    ),
    Operation(
        "siblings of which one fails",
        'query ($id: ID!) { tenants { totalCount } bad: billingReport(tenant: "x", date: '
        f"{BY_DATE}) {{ maxUsers }} good: billingReport(tenant: $id, date: {BY_DATE})"
        " { maxUsers } }",
        one,
    ),
)
WRITES = (
    Operation(
        "loginsRecord",
        "mutation ($input: LoginsRecordInput!) { loginsRecord(input: $input) { recorded } }",
        logins,
        True,
    ),
    Operation(
        "tenantCreate",
        "mutation ($input: TenantCreateInput!)"
        " { tenantCreate(input: $input) { tenant { name } userErrors { code } } }",
        new_tenant,
        True,
    ),
    Operation(
        "tenantUpdate",
        "mutation ($id: ID!, $input: TenantUpdateInput!)"
        " { tenantUpdate(id: $id, input: $input) { userErrors { code } } }",
        new_names,
        True,
    ),
    Operation(
        "tenantSetBillable",
        "mutation ($id: ID!) { tenantSetBillable(id: $id, billable: true) { tenant { name } } }",
        one,
        True,
    ),
    Operation("tenantsAssign", _assigning("tenantsAssign"), two, True),
    Operation("tenantsUnassign", _assigning("tenantsUnassign"), two, True),
)


@dataclass
class Found:
    """`cancelled` and `ended` requests of each operation; what was lost, torn or hung."""

    cancelled: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


async def ask(world: World, operation: Operation, number: int) -> dict[str, Any]:
    """The answer, asked without a socket: who is cancelled is the request itself."""
    who = world.sync if operation.name == "loginsRecord" else world.lena
    token = tokens.mint(sub=who.subject, scope="logins:write")
    body = {"query": operation.query, "variables": operation.variables(world, number)}
    sent = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
    got: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        got.append(message.get("body", b""))

    headers = [
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
    await world.app(scope | {"query_string": b"", "root_path": ""}, receive, send)
    answer: dict[str, Any] = json.loads(b"".join(got))
    return answer


async def cancel_everything(url: str, rounds: int, seed: int = 1) -> Found:
    """Each operation `rounds` times, cancelled at a random moment, several at a time."""
    found, chance = Found(), random.Random(seed)
    await database.open(url, pool_size=POOL)
    try:
        world = await _world()
        for operation in (*READS, *WRITES):
            seconds = await _duration(world, operation)
            numbers = list(range(rounds))
            for at in range(0, rounds, TOGETHER):
                part = numbers[at : at + TOGETHER]
                await asyncio.gather(
                    *(_cancelled(world, operation, n, seconds, chance, found) for n in part)
                )
            found.faults += [f"{operation.name}: {fault}" async for fault in _lost(world)]
        found.faults += [fault async for fault in _torn(world)]
    finally:
        try:
            async with asyncio.timeout(HANGS_AFTER):
                await database.close()
        except TimeoutError:
            found.faults.append("a connection was still held at the end")
    return found


async def _world() -> World:
    settings = Settings(rate_limit=0, rate_limit_unauthenticated=0, request_timeout=60)
    app = create_app(settings, Authenticator(tokens.verifier()), clock=Clock())
    made = [await factories.tenant() for _ in range(4)]
    for each in made:
        await factories.record(each, [f"known{n}" for n in range(20)])
    lena, other = await factories.landlord(*made), await factories.landlord()
    return World(app, made, lena, await factories.service(made[0]), other)


async def _duration(world: World, operation: Operation) -> float:
    """Seconds of the third time, when everything is known and warm."""
    for number in (-1, -2, -3):
        began = perf_counter()
        answer = await ask(world, operation, number)
        if operation.name != "siblings of which one fails":
            assert "errors" not in answer, answer
    return perf_counter() - began


async def _cancelled(
    world: World,
    operation: Operation,
    number: int,
    seconds: float,
    chance: random.Random,
    found: Found,
) -> None:
    task = asyncio.create_task(ask(world, operation, number))
    # Several at a time take longer than one alone.
    await asyncio.sleep(chance.uniform(0, 4 * seconds))
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=HANGS_AFTER)
    if not done:
        found.faults.append(f"{operation.name}: hangs")
    elif task.cancelled():
        found.cancelled[operation.name] += 1
    else:
        found.ended[operation.name] += 1
        if "errors" not in task.result():
            _acknowledge(world, operation, number)


def _acknowledge(world: World, operation: Operation, number: int) -> None:
    if operation.name == "loginsRecord":
        world.recorded.add(number)
    elif operation.name == "tenantCreate":
        world.created.add(number)


async def _lost(world: World) -> Any:
    """Connections and locks that are not there for others any more."""
    reading, writing = READS[3], WRITES[3]
    try:
        async with asyncio.timeout(HANGS_AFTER):
            answers = await asyncio.gather(
                *(ask(world, reading, n) for n in range(3 * POOL)),
                *(ask(world, writing, n) for n in range(3 * POOL)),
            )
    except TimeoutError:
        yield "a connection or a lock was lost"
        return
    for answer in answers:
        if "errors" in answer:
            yield f"afterwards {answer['errors'][0]['extensions']['code']}"
    state = database.pool()
    if state is not None and (state.in_use, state.waiting) != (0, 0):
        yield f"{state.in_use} connections are still in use"


async def _torn(world: World) -> Any:
    """Writes of which a part is there, or which were acknowledged and are not."""
    rows = await Presence.filter(tenant_id=world.tenants[0].id).values_list("user_id", flat=True)
    users = [str(row) for row in rows if str(row).startswith("user")]
    batches = Counter(int(user.removeprefix("user").rpartition("-")[0]) for user in users)
    if set(batches.values()) - {6}:
        yield "loginsRecord: a part of a batch"
    if world.recorded - set(batches):
        yield "loginsRecord: an acknowledged batch is not there"
    for day in await TenantDay.filter(tenant_id=world.tenants[0].id):
        found = await Presence.filter(tenant_id=day.tenant_id, report_date=day.report_date).count()
        if found != day.max_users:
            yield f"loginsRecord: max users {day.max_users}, users {found}"
    for fault in _torn_tenants(world, list(await Tenant.all()), list(await Assignment.all())):
        yield fault


def _torn_tenants(
    world: World, tenants: list[Tenant], assignments: list[Assignment]
) -> Iterator[str]:
    made = {each.id: each for each in tenants if each.name.startswith("made-")}
    owned: Counter[UUID] = Counter(_tenant_of(each) for each in assignments)
    if any(owned[key] != 1 for key in made):
        yield "tenantCreate: a tenant without its creator's assignment"
    if world.created - {int(each.name.removeprefix("made-")) for each in made.values()}:
        yield "tenantCreate: an acknowledged tenant is not there"
    renamed = next(each for each in tenants if each.id == world.tenants[1].id)
    if renamed.name != renamed.external_id:
        yield "tenantUpdate: one of two names"
    pair = {each.id for each in world.tenants[2:4]}
    active = [each for each in assignments if each.revoked_at is None]
    of_other = {_tenant_of(each) for each in active if _principal_of(each) == world.other.id}
    if of_other not in (set(), pair):
        yield "tenantsAssign: one of two assignments"


def _tenant_of(row: Any) -> UUID:
    found: UUID = row.tenant_id
    return found


def _principal_of(row: Any) -> UUID:
    found: UUID = row.principal_id
    return found
