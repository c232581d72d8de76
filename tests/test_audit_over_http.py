"""Who looked at our billing, and when: what a request leaves in the audit log, and its trail."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from graph.types.audit import AuditAction
from models import Principal, Tenant
from models import database as db
from resolvers import audit
from resolvers.audit import Action, Origin, Record, reading, verifying
from resolvers.audit.chain import Head
from resolvers.viewers import Landlord
from tests import factories, tampering, tokens
from tests.http import Api, Clock, serve
from tests.statements import counted

DATE = "2026-11-14"
REQUEST = "request-id-of-the-test"


@dataclass
class World:
    own: Tenant
    free: Tenant
    foreign: Tenant
    landlord: Principal
    administrator: Principal
    service: Principal
    stranger: Principal
    before: Head


@pytest.fixture
async def world(database: None) -> World:
    own = await factories.tenant(name="Own")
    free = await factories.tenant(name="Free", billable=False)
    foreign = await factories.tenant(name="Foreign")
    for tenant in (own, free, foreign):
        await factories.record(tenant, ["ann", "bob"])
    landlord = await factories.landlord(own, free, display_name="Lena")
    administrator = await factories.administrator(own, display_name="Tom")
    service = await factories.service(own, free, display_name="Feed")
    stranger = await factories.landlord(foreign, display_name="Oleg")
    end = await reading.end()
    assert end is not None
    return World(own, free, foreign, landlord, administrator, service, stranger, end.head)


async def entries(after: Head) -> list[dict[str, Any]]:
    """What was written since, as it is stored."""
    return [json.loads(each.content) async for each in reading.entries(after.position)]


async def noted(after: Head) -> list[dict[str, Any]]:
    """The same without who and when."""
    who_and_when = ("at", "by", "request")
    found = await entries(after)
    return [{name: each[name] for name in each if name not in who_and_when} for each in found]


def read(tenant: Tenant, action: str = "BILLING_REPORT_READ", **changes: Any) -> dict[str, Any]:
    shown = {"action": action, "outcome": "OK", "tenant": str(tenant.id)}
    return {**shown, "from": DATE, "to": DATE, **changes}


REPORT = f'query ($t: ID!) {{ billingReport(tenant: $t, date: "{DATE}") {{ maxUsers }} }}'
USERS = f"""query ($t: ID!) {{
  billingReport(tenant: $t, date: "{DATE}") {{ users(first: 1) {{ nodes {{ userId }} }} }}
}}"""
TREND = "query ($t: ID!) { billingTrend(tenant: $t) { userDays } }"
NESTED = f"""{{ tenants {{ nodes {{
  billingReport(date: "{DATE}") {{ maxUsers }}
  billingTrend(from: "{DATE}", to: "{DATE}") {{ userDays }}
}} }} }}"""

# Reads


async def test_a_report_that_is_read_is_written_with_who_when_and_the_request(
    api: Api, world: World
) -> None:
    headers = {
        "Authorization": f"Bearer {api.token(world.landlord)}",
        "X-Request-ID": REQUEST,
    }
    body = {"query": REPORT, "variables": {"t": str(world.own.id)}}

    answer = await api.client.post("/graphql", json=body, headers=headers)

    assert answer.json() == {"data": {"billingReport": {"maxUsers": 2}}}
    assert await entries(world.before) == [
        {
            "action": "BILLING_REPORT_READ",
            "at": "2026-11-15T12:00:00.000Z",
            "by": {"id": str(world.landlord.id), "kind": "LANDLORD", "name": "Lena"},
            "from": DATE,
            "outcome": "OK",
            "request": REQUEST,
            "tenant": str(world.own.id),
            "to": DATE,
        }
    ]
    assert (await verifying.verify()).position == world.before.position + 1


@pytest.mark.parametrize("compiler", [True, False])
async def test_every_read_is_written_compiled_or_not(world: World, compiler: bool) -> None:
    t = {"t": str(world.own.id)}
    async with serve(Clock(), compiler=compiler) as api:
        for document in (REPORT, USERS, TREND):
            await api.ask(document, t, as_=world.landlord)
        await api.ask(NESTED, as_=world.landlord)

    trend = read(world.own, "BILLING_TREND_READ", **{"from": "2026-05-15", "to": "2026-11-15"})
    assert await noted(world.before) == [
        read(world.own),
        read(world.own, "BILLING_USERS_READ"),
        trend,
        read(world.own),
        read(world.own, "BILLING_TREND_READ"),
    ]


@pytest.mark.parametrize("compiler", [True, False])
async def test_a_list_that_is_read_is_one_entry_in_the_trail_of_each(
    world: World, compiler: bool
) -> None:
    other = await factories.tenant(name="Other")
    await factories.assign(other, world.landlord)
    before = await reading.end()
    assert before is not None
    async with serve(Clock(), compiler=compiler) as api:
        for _ in range(2):
            await api.ask(NESTED, as_=world.landlord)
        found = [
            (await trail(api, world.own, world.landlord, first=4))["nodes"],
            (await trail(api, world.own, world.administrator, first=4))["nodes"],
            (await trail(api, other, world.landlord))["nodes"],
        ]

    tenants = [str(other.id), str(world.own.id)]
    dates = {"from": DATE, "to": DATE}
    expected = [
        {"action": action, "outcome": "OK", "tenants": tenants, **dates}
        for action in ("BILLING_REPORT_READ", "BILLING_TREND_READ")
    ]
    assert await noted(before.head) == 2 * expected
    # The administrator sees the same, and of the other tenant nothing.
    assert found[0] == found[1] == found[2]
    assert sorted(each["action"] for each in found[0]) == sorted(
        2 * [e["action"] for e in expected]
    )
    assert str(other.id) not in json.dumps(found)
    assert (await verifying.verify()).position == before.head.position + 4


async def test_an_answer_that_is_given_again_is_written_again(api: Api, world: World) -> None:
    sent = []
    for _ in range(3):
        async with counted() as seen:
            await api.ask(USERS, {"t": str(world.own.id)}, as_=world.landlord)
        sent.append(len(seen))

    # Kept answers ask for nothing but the state that they were made of.
    assert (sent[0] > 1, sent[1:]) == (True, [1, 1])
    assert await noted(world.before) == 3 * [read(world.own, "BILLING_USERS_READ")]


async def test_within_a_request_the_same_is_written_once(api: Api, world: World) -> None:
    document = REPORT.replace("{ billing", "{ a: viewer { id } again: billing", 1).replace(
        "{ a: viewer", f'{{ billingReport(tenant: $t, date: "{DATE}") {{ maxUsers }} a: viewer', 1
    )

    await api.ask(document, {"t": str(world.own.id)}, as_=world.landlord)

    assert await noted(world.before) == [read(world.own)]


async def test_a_service_that_may_not_see_users_has_not_seen_them(api: Api, world: World) -> None:
    await api.ask(USERS, {"t": str(world.own.id)}, as_=world.service, scope="billing:read")

    refused = read(world.own, "BILLING_USERS_READ", outcome="FORBIDDEN")
    assert await noted(world.before) == [read(world.own), refused]


async def test_what_shows_no_billing_is_not_written(api: Api, world: World) -> None:
    await api.ask(
        "{ viewer { id } tenants { nodes { name billingWindow { from } } } }", as_=world.landlord
    )
    await api.ask('{ tenant(by: {id: "nonsense"}) { id } }', as_=world.landlord)

    assert await noted(world.before) == []


async def test_the_entry_is_there_when_the_answer_arrives(api: Api, world: World) -> None:
    """Looked for by another connection, as soon as the answer's first byte is there."""
    body = {"query": REPORT, "variables": {"t": str(world.own.id)}}
    headers = {"Authorization": f"Bearer {api.token(world.landlord)}"}

    async def ask(number: int) -> bool:
        request_id = f"request-{number:08}"
        async with api.client.stream(
            "POST", "/graphql", json=body, headers={**headers, "X-Request-ID": request_id}
        ) as response:
            assert response.status_code == 200
            return request_id in {each["request"] for each in await entries(world.before)}

    assert await asyncio.gather(*map(ask, range(20))) == [True] * 20


# Refusals


@pytest.mark.parametrize(
    ("who", "document", "tenant", "entry"),
    [
        ("service", REPORT, "own", {"outcome": "FORBIDDEN", "asked": "own"}),
        ("service", TREND, "own", {"outcome": "FORBIDDEN", "asked": "own"}),
        (
            "service",
            TREND.replace("$t)", f'$t, from: "{DATE}", to: "{DATE}")'),
            "own",
            {"outcome": "FORBIDDEN", "asked": "own", "on": DATE},
        ),
        ("landlord", REPORT, "foreign", {"outcome": "TENANT_NOT_FOUND", "asked": "foreign"}),
        ("landlord", TREND, "foreign", {"outcome": "TENANT_NOT_FOUND", "asked": "foreign"}),
        ("landlord", REPORT, "free", {"outcome": "TENANT_NOT_BILLABLE", "tenant": "free"}),
        ("landlord", TREND, "free", {"outcome": "TENANT_NOT_BILLABLE", "tenant": "free"}),
        (
            "landlord",
            REPORT.replace(DATE, "1999-01-01"),
            "own",
            {"outcome": "DATE_OUT_OF_WINDOW", "tenant": "own", "on": "1999-01-01"},
        ),
        (
            "landlord",
            TREND.replace("$t)", '$t, from: "1999-01-01", to: "1999-01-01")'),
            "own",
            {"outcome": "DATE_OUT_OF_WINDOW", "tenant": "own", "on": "1999-01-01"},
        ),
    ],
)
async def test_every_refused_read_is_written(
    api: Api, world: World, who: str, document: str, tenant: str, entry: dict[str, str]
) -> None:
    named: Tenant = getattr(world, tenant)

    answer = await api.ask(document, {"t": str(named.id)}, as_=getattr(world, who))

    trend = "billingTrend" in document
    on = entry.get("on") or (None if trend else DATE)
    expected = {
        "action": "BILLING_TREND_READ" if trend else "BILLING_REPORT_READ",
        "outcome": entry["outcome"],
        "tenant" if "tenant" in entry else "asked": str(named.id),
        **({"from": on, "to": on} if on else {}),
    }
    assert [each["extensions"]["code"] for each in answer["errors"]] == [entry["outcome"]]
    assert await noted(world.before) == [expected]


async def test_a_tenant_that_cannot_be_one_is_written_without_what_was_sent(
    api: Api, world: World
) -> None:
    await api.ask(REPORT, {"t": "hc_live_secret"}, as_=world.landlord)

    assert await noted(world.before) == [
        {"action": "BILLING_REPORT_READ", "outcome": "TENANT_NOT_FOUND", "from": DATE, "to": DATE}
    ]


UPDATE = 'mutation ($t: ID!) { tenantUpdate(id: $t, input: {name: "x"}) { tenant { id } } }'
BILLABLE = "mutation ($t: ID!) { tenantSetBillable(id: $t, billable: true) { tenant { id } } }"
CREATE = (
    'mutation ($t: String!) { tenantCreate(input: {name: "New", externalId: $t,'
    ' instanceId: "7f077c75-6d84-47df-8bdc-ca3590971479"}) { tenant { id } } }'
)
ASSIGN = (
    "mutation ($t: ID!, $l: ID!) { tenantsAssign(tenantIds: [$t], landlordId: $l)"
    " { userErrors { code } } }"
)
UNASSIGN = ASSIGN.replace("tenantsAssign", "tenantsUnassign")
LOGINS = (
    "mutation ($t: ID!) { loginsRecord(input: {tenant: {id: $t}, logins: ["
    f'{{userId: "zoe", at: "{DATE}T10:00:00Z"}}, {{userId: "", at: "{DATE}T10:00:00Z"}}])'
    " { recorded } }"
).replace("])", "]})")


@pytest.mark.parametrize(
    ("document", "action"),
    [
        (UPDATE, "TENANT_UPDATE"),
        (BILLABLE, "TENANT_SET_BILLABLE"),
        (CREATE, "TENANT_CREATE"),
        (ASSIGN, "TENANT_ASSIGN"),
        (UNASSIGN, "TENANT_UNASSIGN"),
        (LOGINS, "LOGINS_RECORD"),
    ],
)
async def test_every_refused_change_is_written(
    api: Api, world: World, document: str, action: str
) -> None:
    values = {"t": str(world.own.id)}
    if "$l" in document:
        values["l"] = str(world.stranger.id)

    await api.ask(document, values, as_=world.administrator)

    (entry,) = await noted(world.before)
    assert (entry["action"], entry["outcome"]) == (action, "FORBIDDEN")
    assert "tenant" not in entry


async def test_an_assignment_of_tenants_that_are_not_seen_is_one_entry(
    api: Api, world: World
) -> None:
    document = ASSIGN.replace("$t: ID!", "$t: [ID!]!").replace("[$t]", "$t")
    given = {"t": [str(world.own.id), str(world.foreign.id), "x"], "l": str(world.stranger.id)}

    await api.ask(document, given, as_=world.landlord)

    assert await noted(world.before) == [
        {
            "action": "TENANT_ASSIGN",
            "outcome": "TENANT_NOT_FOUND",
            "asked": str(world.foreign.id),
            "details": {"tenants": 2},
        }
    ]


# Changes


async def test_every_change_is_written_with_who_made_it(api: Api, world: World) -> None:
    t, of = str(world.own.id), {"id": str(world.stranger.id), "name": "Oleg"}
    for document in (UPDATE, BILLABLE, ASSIGN, UNASSIGN):
        values = {"t": t, "l": str(world.stranger.id)} if "$l" in document else {"t": t}
        await api.ask(document, values, as_=world.landlord)
    await api.ask(LOGINS, {"t": t}, as_=world.service, scope="logins:write")

    found = await entries(world.before)
    common = {"outcome": "OK", "tenant": t}
    assert await noted(world.before) == [
        {"action": "TENANT_UPDATE", "details": {"fields": "name"}, **common},
        {"action": "TENANT_SET_BILLABLE", "details": {"billable": True}, **common},
        {"action": "TENANT_ASSIGN", "subject": of, **common},
        {"action": "TENANT_UNASSIGN", "subject": of, **common},
        {
            "action": "LOGINS_RECORD",
            "details": {"recorded": 1, "counted": 1, "refused": 1},
            **common,
        },
    ]
    assert [each["by"]["name"] for each in found] == ["Lena"] * 4 + ["Feed"]


async def test_a_created_tenant_is_written_with_its_assignment(api: Api, world: World) -> None:
    answer = await api.ask(CREATE, {"t": "NEW"}, as_=world.landlord)

    tenant_id = answer["data"]["tenantCreate"]["tenant"]["id"]
    lena = {"id": str(world.landlord.id), "name": "Lena"}
    common = {"outcome": "OK", "tenant": tenant_id}
    assert await noted(world.before) == [
        {"action": "TENANT_CREATE", "details": {"billable": False}, **common},
        {"action": "TENANT_ASSIGN", "subject": lena, **common},
    ]


async def test_a_change_that_is_not_made_is_not_written(api: Api, world: World) -> None:
    taken = await api.ask(CREATE, {"t": world.foreign.external_id}, as_=world.landlord)

    assert taken["data"]["tenantCreate"]["tenant"] is None
    assert await noted(world.before) == []


# No entry, no answer


async def test_what_cannot_be_written_is_not_answered(api: Api, world: World) -> None:
    t = {"t": str(world.own.id)}
    async with tampering.unwritable():
        answers = [
            await api.post(document, t, as_=world.landlord)
            for document in (REPORT, USERS, TREND, NESTED, REPORT.replace(DATE, "1999-01-01"))
        ]
        viewer = await api.ask("{ viewer { displayName } }", as_=world.landlord)

    assert [answer.status_code for answer in answers] == [503] * 5
    assert {answer.content for answer in answers} == {
        b'{"errors":[{"message":"The service cannot answer just now; try again in a moment.",'
        b'"extensions":{"code":"UNAVAILABLE","retryAfter":1}}]}'
    }
    assert viewer == {"data": {"viewer": {"displayName": "Lena"}}}
    assert await noted(world.before) == []
    assert (await api.post(REPORT, t, as_=world.landlord)).status_code == 200


async def test_a_change_that_cannot_be_written_is_not_made(api: Api, world: World) -> None:
    async with tampering.unwritable():
        answer = await api.ask(UPDATE, {"t": str(world.own.id)}, as_=world.landlord)
    row = await api.ask(
        "query ($t: ID!) { tenant(by: {id: $t}) { name } }",
        {"t": str(world.own.id)},
        as_=world.landlord,
    )

    assert answer["data"] == {"tenantUpdate": None}
    assert row == {"data": {"tenant": {"name": "Own"}}}
    assert await noted(world.before) == []


async def test_while_the_log_is_locked_nothing_is_answered(world: World, database_url: str) -> None:
    if db.dialect() == "sqlite":
        pytest.skip("locks the whole database, not the log alone")
    other = await asyncpg.connect(**db.DatabaseUrl.parse(database_url).credentials)
    async with serve(Clock(), request_timeout=0.5) as api, other.transaction():
        await other.execute("LOCK TABLE audit_entry IN ACCESS EXCLUSIVE MODE")
        locked = await api.post(USERS, {"t": str(world.own.id)}, as_=world.landlord)
    async with serve(Clock()) as api:
        free = await api.post(USERS, {"t": str(world.own.id)}, as_=world.landlord)
    await other.close()

    assert (locked.status_code, free.status_code) == (504, 200)
    assert "data" not in locked.json()
    assert b"ann" not in locked.content


async def test_switched_off_nothing_is_written_and_everything_is_answered(world: World) -> None:
    async with serve(Clock(), audit=False) as api:
        report = await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.landlord)
        await api.ask(BILLABLE, {"t": str(world.own.id)}, as_=world.landlord)

    assert report == {"data": {"billingReport": {"maxUsers": 2}}}
    assert await noted(world.before) == []


# The trail

TRAIL = """query ($t: ID!, $first: Int, $after: String) { tenant(by: {id: $t}) {
  auditTrail(first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor }
    nodes { id at action refusal principalName principalRole dates { from to } subjectName }
  }
} }"""


async def trail(api: Api, tenant: Tenant, as_: Principal, **values: Any) -> dict[str, Any]:
    answer = await api.ask(TRAIL, {"t": str(tenant.id), **values}, as_=as_)
    assert "errors" not in answer, answer
    found: dict[str, Any] = answer["data"]["tenant"]["auditTrail"]
    return found


def shown(action: str, **changes: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("refusal", "dates", "subjectName"))
    lena = {"principalName": "Lena", "principalRole": "LANDLORD"}
    at = {"at": "2026-11-15T12:00:00.000Z"}
    return {**at, "action": action, **nothing, **lena, **changes}


@pytest.mark.parametrize("who", ["landlord", "administrator"])
async def test_a_trail_shows_who_did_what_and_when(api: Api, world: World, who: str) -> None:
    second = tokens.NOW.replace(second=1)
    on = {"from": DATE, "to": DATE}
    await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.landlord)
    api.clock.now = second
    await api.ask(ASSIGN, {"t": str(world.own.id), "l": str(world.stranger.id)}, as_=world.landlord)
    api.clock.now = second.replace(second=2)
    await api.ask(USERS, {"t": str(world.own.id)}, as_=world.service, scope="billing:read")
    await api.ask(
        UNASSIGN, {"t": str(world.own.id), "l": str(world.stranger.id)}, as_=world.landlord
    )
    api.clock.now = second.replace(second=3)
    await api.ask(REPORT.replace(DATE, "1999-01-01"), {"t": str(world.own.id)}, as_=world.landlord)

    found = await trail(api, world.own, getattr(world, who))

    # The first entry is the operator's: the logins of the test.
    nodes = [{name: node[name] for name in node if name != "id"} for node in found["nodes"]]
    old = {"from": "1999-01-01", "to": "1999-01-01"}
    feed = {"principalName": "Feed", "principalRole": "SERVICE", "dates": on}
    at = [{"at": f"2026-11-15T12:00:0{n}.000Z"} for n in range(4)]
    in_the_same_moment = sorted(nodes[1:4], key=lambda node: (node["action"], str(node["refusal"])))
    assert found["totalCount"] == len(found["nodes"]) == 7
    assert nodes[0] == shown(
        "BILLING_REPORT_READ", refusal="DATE_OUT_OF_WINDOW", dates=old, **at[3]
    )
    assert in_the_same_moment == [
        shown("BILLING_REPORT_READ", **feed, **at[2]),
        shown("BILLING_USERS_READ", refusal="FORBIDDEN", **feed, **at[2]),
        shown("TENANT_UNASSIGN", subjectName="Oleg", **at[2]),
    ]
    assert nodes[4:6] == [
        shown("TENANT_ASSIGN", subjectName="Oleg", **at[1]),
        shown("BILLING_REPORT_READ", dates=on, **at[0]),
    ]
    assert [nodes[6][name] for name in ("action", "principalName", "principalRole")] == [
        "LOGINS_RECORD",
        None,
        None,
    ]


async def test_an_entry_of_a_trail_is_found_in_the_log_by_its_id(api: Api, world: World) -> None:
    await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.landlord)

    found = await trail(api, world.own, world.administrator, first=1)

    stored = [entry async for entry in reading.entries(world.before.position)]
    assert [node["id"] for node in found["nodes"]] == [stored[0].hash]


async def write(tenant: Tenant, count: int) -> None:
    """Entries at few instants, so that many share one; every third is of other tenants, too."""
    for number in range(count):
        at = tokens.NOW.replace(second=number // 4)
        tenants = [uuid4(), tenant.id, uuid4()] if number % 3 == 0 else [tenant.id]
        records = [Record(Action.BILLING_REPORT_READ, tenant_id=each) for each in tenants]
        await audit.alone(Origin(Landlord(uuid4(), f"L{number}"), at), records)


async def test_pages_of_a_trail_are_all_of_it_once(api: Api, world: World) -> None:
    await write(world.free, 10)
    whole = await trail(api, world.free, world.landlord)
    pages, after = [], None
    while True:
        page = await trail(api, world.free, world.landlord, first=3, after=after)
        pages.append(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert [node for page in pages for node in page["nodes"]] == whole["nodes"]
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True, True]
    assert [len(page["nodes"]) for page in pages] == [3, 3, 3, 2]
    assert {page["totalCount"] for page in pages} == {11}
    assert len({node["id"] for node in whole["nodes"]}) == 11
    assert [node["at"] for node in whole["nodes"]] == sorted(
        (node["at"] for node in whole["nodes"]), reverse=True
    )
    assert [edge["cursor"] for edge in pages[0]["edges"]][-1] == pages[0]["pageInfo"]["endCursor"]


async def test_trails_of_many_tenants_are_read_together(api: Api, world: World) -> None:
    await write(world.free, 3)
    document = "{ tenants { nodes { name auditTrail(first: 2) { totalCount nodes { id } } } } }"
    await api.ask(document, as_=world.landlord)

    async with counted(audit=True) as seen:
        answer = await api.ask(document, as_=world.landlord)

    nodes = answer["data"]["tenants"]["nodes"]
    assert [
        (n["name"], n["auditTrail"]["totalCount"], len(n["auditTrail"]["nodes"])) for n in nodes
    ] == [
        ("Free", 4, 2),
        ("Own", 1, 1),
    ]
    # Who asks and the tenants, their trails, their totals.
    assert len(seen) == 3


def test_the_schema_knows_every_action_that_can_stand_in_a_trail() -> None:
    of_no_tenant = {
        *("AUDIT_EXPORT", "API_KEY_CREATE", "API_KEY_REVOKE"),
        *("PRINCIPAL_CREATE", "PRINCIPAL_ENABLE", "PRINCIPAL_DISABLE"),
    }

    assert set(AuditAction.__members__) == {action.value for action in Action} - of_no_tenant


@pytest.mark.parametrize("first", [-1, 501])
async def test_a_page_of_a_trail_has_a_limit(api: Api, world: World, first: int) -> None:
    answer = await api.ask(TRAIL, {"t": str(world.own.id), "first": first}, as_=world.landlord)

    assert answer["data"] == {"tenant": {"auditTrail": None}}
    assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_cursor_belongs_to_its_trail(api: Api, world: World) -> None:
    page = await trail(api, world.own, world.landlord)
    cursor = page["pageInfo"]["endCursor"]

    for tenant, after in ((world.free, cursor), (world.own, "nonsense"), (world.own, "")):
        answer = await api.ask(TRAIL, {"t": str(tenant.id), "after": after}, as_=world.landlord)
        assert answer["errors"][0]["extensions"] == {"code": "INVALID_CURSOR"}
    assert (await trail(api, world.own, world.landlord, after=cursor))["nodes"] == []


async def test_a_service_account_sees_no_trail_and_is_noted(api: Api, world: World) -> None:
    scopes = "billing:read billing:users logins:write audit:read"

    answer = await api.ask(TRAIL, {"t": str(world.own.id)}, as_=world.service, scope=scopes)

    assert answer["data"] == {"tenant": {"auditTrail": None}}
    assert answer["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert await noted(world.before) == [
        {"action": "AUDIT_TRAIL_READ", "outcome": "FORBIDDEN", "tenant": str(world.own.id)}
    ]


async def test_what_a_stranger_tried_is_in_the_log_and_in_no_trail(api: Api, world: World) -> None:
    before = await trail(api, world.own, world.administrator)
    for document in (REPORT, TREND, UPDATE):
        await api.ask(document, {"t": str(world.own.id)}, as_=world.stranger)
    await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.service)

    assert await trail(api, world.own, world.administrator) == before
    assert [
        (each["by"]["name"], each["outcome"], each["asked"]) for each in await entries(world.before)
    ] == [
        *(3 * [("Oleg", "TENANT_NOT_FOUND", str(world.own.id))]),
        ("Feed", "FORBIDDEN", str(world.own.id)),
    ]
    # Nor does it show once they may see the tenant.
    await factories.assign(world.own, world.stranger)
    assert await trail(api, world.own, world.stranger) == before


# Nothing that does not belong there

PLANTED = (
    "planted-user-4711",
    "hc_live_0123456789_plantedsecret",
    "postgresql://u:planted-password@h/d",
    "eyJhbGciOiJub25lIn0.planted.token",
)


async def test_the_log_holds_no_secret_and_no_user(api: Api, world: World) -> None:
    await factories.record(world.own, PLANTED)
    answered: list[httpx2.Response] = []
    documents = (REPORT, USERS, TREND, UPDATE, BILLABLE, CREATE, ASSIGN, LOGINS)
    for text in PLANTED:
        for document in documents:
            document = document.replace("zoe", text).replace('"New"', f'"{text}"')
            for tenant in (str(world.own.id), text):
                values = {"t": tenant, **({"l": text} if "$l" in document else {})}
                for who in (world.landlord, world.administrator, world.service):
                    response = await api.post(document, values, as_=who, scope=text)
                    answered.append(response)
    tokens_sent = [str(each.request.headers["authorization"]).split()[1] for each in answered]

    rows = await db.rows(
        "SELECT content FROM audit_entry WHERE position > $1", [world.before.position]
    )
    told = "\n".join(row[0] for row in rows)
    assert len(rows) > 150
    assert [text for text in (*PLANTED, "ann", "bob", *tokens_sent) if text in told] == []
    assert {
        UUID(json.loads(row[0])["by"]["id"]) for row in rows if "id" in json.loads(row[0])["by"]
    } == {
        world.landlord.id,
        world.administrator.id,
        world.service.id,
    }
