"""Who sees what, over HTTP with real tokens: the table of the README, row by row and by its
opposite. The rows are held against the schema: a field without one fails."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import strawberry
from graphql import GraphQLObjectType, is_object_type
from strawberry.permission import PermissionExtension

from graph.app import create_app
from graph.auth import Authenticator
from graph.federation import subgraph
from graph.permissions import CanSeeTenant, HasScope, IsAuthenticated
from graph.schema import schema
from graph.settings import Settings
from models import Principal, Tenant
from tests import factories, tokens
from tests.http import Api, Clock

ALL_SCOPES = "billing:read billing:users logins:write"
DATE = "2026-11-14"


@dataclass
class World:
    """What everybody may see has an invisible twin."""

    own: Tenant
    free: Tenant
    foreign: Tenant
    landlord: Principal
    administrator: Principal
    service: Principal
    stranger: Principal


@pytest.fixture
async def world(database: None) -> World:
    own = await factories.tenant(name="Own")
    free = await factories.tenant(name="Free", billable=False)
    foreign = await factories.tenant(name="Foreign")
    for tenant in (own, free, foreign):
        await factories.record(tenant, ["ann", "bob"])
    return World(
        own,
        free,
        foreign,
        await factories.landlord(own, free),
        await factories.administrator(own),
        await factories.service(own, free),
        await factories.landlord(foreign),
    )


#: Everyone who can ask: attribute of World, scopes of the token.
VIEWERS = {
    "landlord": ("landlord", None),
    "administrator": ("administrator", None),
    "service": ("service", ALL_SCOPES),
    "service without scopes": ("service", None),
    "service that reads": ("service", "billing:read"),
    "service that writes": ("service", "logins:write"),
}

LOGIN = '{userId: "zoe", at: "2026-11-14T10:00:00Z"}'

#: Documents by the field they exercise; $own and $landlord are replaced by IDs.
DOCUMENTS = {
    "Query.viewer": "{ viewer { id } }",
    "Query.tenants": "{ tenants { totalCount } }",
    "Query.tenant": '{ tenant(by: {id: "$own"}) { id } }',
    "Query.billingReport": f'{{ billingReport(tenant: "$own", date: "{DATE}") {{ maxUsers }} }}',
    "Query.billingTrend": '{ billingTrend(tenant: "$own") { userDays } }',
    "Tenant.billingReport": (
        f'{{ tenant(by: {{id: "$own"}}) {{ billingReport(date: "{DATE}") {{ maxUsers }} }} }}'
    ),
    "Tenant.billingTrend": '{ tenant(by: {id: "$own"}) { billingTrend { userDays } } }',
    "BillingReport.users": (
        f'{{ billingReport(tenant: "$own", date: "{DATE}") {{ users {{ totalCount }} }} }}'
    ),
    "Tenant.auditTrail": '{ tenant(by: {id: "$own"}) { auditTrail { totalCount } } }',
    "Mutation.tenantCreate": (
        'mutation { tenantCreate(input: {name: "New", externalId: "NEW",'
        f' instanceId: "{uuid4()}"}}) {{ userErrors {{ code }} }} }}'
    ),
    "Mutation.tenantUpdate": (
        'mutation { tenantUpdate(id: "$own", input: {name: "Other"}) { userErrors { code } } }'
    ),
    "Mutation.tenantSetBillable": (
        'mutation { tenantSetBillable(id: "$own", billable: true) { userErrors { code } } }'
    ),
    "Mutation.tenantsAssign": (
        'mutation { tenantsAssign(tenantIds: ["$own"], landlordId: "$landlord")'
        " { userErrors { code } } }"
    ),
    "Mutation.tenantsUnassign": (
        'mutation { tenantsUnassign(tenantIds: ["$own"], landlordId: "$landlord")'
        " { userErrors { code } } }"
    ),
    "Mutation.loginsRecord": (
        f'mutation {{ loginsRecord(input: {{tenant: {{id: "$own"}}, logins: [{LOGIN}]}})'
        " { userErrors { code } } }"
    ),
}

PEOPLE = {"landlord", "administrator"}
READERS = PEOPLE | {"service", "service that reads"}

#: Field -> those who may; everybody else gets FORBIDDEN.
MAY: dict[str, set[str]] = {
    "Query.viewer": set(VIEWERS),
    "Query.tenants": set(VIEWERS),
    "Query.tenant": set(VIEWERS),
    "Query.billingReport": READERS,
    "Query.billingTrend": READERS,
    "Tenant.billingReport": READERS,
    "Tenant.billingTrend": READERS,
    "BillingReport.users": PEOPLE | {"service"},
    "Tenant.auditTrail": PEOPLE,
    "Mutation.tenantCreate": {"landlord"},
    "Mutation.tenantUpdate": {"landlord"},
    "Mutation.tenantSetBillable": {"landlord"},
    "Mutation.tenantsAssign": {"landlord"},
    "Mutation.tenantsUnassign": {"landlord"},
    "Mutation.loginsRecord": {"service", "service that writes"},
}


def guarded_fields(schema: strawberry.Schema = schema) -> dict[str, list[type]]:
    """Every field of the schema with a permission, and every root field, with its permissions."""
    found = {}
    for name, kind in schema._schema.type_map.items():
        definition = schema.get_type_by_name(name)
        if name.startswith("__") or not is_object_type(kind) or definition is None:
            continue
        assert isinstance(kind, GraphQLObjectType)
        for field in definition.fields:  # type: ignore[union-attr]
            permissions = [
                type(permission)
                for extension in field.extensions
                if isinstance(extension, PermissionExtension)
                for permission in extension.permissions
            ]
            public = schema.config.name_converter.get_graphql_name(field)
            if permissions or name in ("Query", "Mutation"):
                found[f"{name}.{public}"] = permissions
    return found


def test_every_guarded_field_has_its_row() -> None:
    assert set(DOCUMENTS) == set(MAY) == set(guarded_fields())


def test_the_subgraph_adds_two_guarded_root_fields_and_changes_no_guard() -> None:
    added = {"Query._entities": [IsAuthenticated], "Query._service": [IsAuthenticated]}

    assert guarded_fields(subgraph) == guarded_fields() | added


def test_every_root_field_asks_for_a_known_viewer_first() -> None:
    roots = {k: v for k, v in guarded_fields().items() if k.startswith(("Query.", "Mutation."))}

    assert [name for name, guards in roots.items() if guards[:1] != [IsAuthenticated]] == []


def test_every_mutation_asks_for_a_scope() -> None:
    mutations = {k: v for k, v in guarded_fields().items() if k.startswith("Mutation.")}

    assert [name for name, guards in mutations.items() if HasScope not in guards] == []


def test_every_field_that_names_one_tenant_asks_whether_the_viewer_sees_it() -> None:
    unguarded = []
    for name, permissions in guarded_fields().items():
        kind, field = name.split(".")
        parent = schema._schema.type_map[kind]
        assert isinstance(parent, GraphQLObjectType)
        names = set(parent.fields[field].args)
        if (names & {"tenant", "id"} or name == "Mutation.loginsRecord") and (
            CanSeeTenant not in permissions
        ):
            unguarded.append(name)

    assert unguarded == []


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("field", DOCUMENTS)
async def test_exactly_those_who_may_are_answered(
    api: Api, world: World, field: str, viewer: str
) -> None:
    who, scope = VIEWERS[viewer]
    document = (
        DOCUMENTS[field]
        .replace("$own", str(world.own.id))
        .replace("$landlord", str(world.stranger.id))
    )

    answer = await api.ask(document, as_=getattr(world, who), scope=scope)

    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ([] if viewer in MAY[field] else ["FORBIDDEN"])


@pytest.mark.parametrize("field", DOCUMENTS)
async def test_nobody_is_answered_without_a_token(api: Api, world: World, field: str) -> None:
    response = await api.post(DOCUMENTS[field])

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert response.headers["www-authenticate"] == "Bearer"


TENANTS_LISTED = {
    "landlord": ["Free", "Own"],
    "administrator": ["Own"],
    "service": ["Free", "Own"],
    "service without scopes": ["Free", "Own"],
    "service that reads": ["Free", "Own"],
    "service that writes": ["Free", "Own"],
}


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_lists_and_totals_hold_visible_tenants_only(
    api: Api, world: World, viewer: str
) -> None:
    who, scope = VIEWERS[viewer]

    answer = await api.ask(
        "{ tenants { totalCount nodes { name } } }", as_=getattr(world, who), scope=scope
    )

    names = TENANTS_LISTED[viewer]
    assert answer == {
        "data": {"tenants": {"totalCount": len(names), "nodes": [{"name": name} for name in names]}}
    }


REPORT = 'query ($t: ID!) { billingReport(tenant: $t, date: "2026-11-14") { maxUsers } }'
NAMING = {
    "Query.billingReport": REPORT,
    "Query.billingTrend": "query ($t: ID!) { billingTrend(tenant: $t) { userDays } }",
    "Mutation.tenantUpdate": (
        'mutation ($t: ID!) { tenantUpdate(id: $t, input: {name: "x"}) { tenant { id } } }'
    ),
    "Mutation.tenantSetBillable": (
        "mutation ($t: ID!) { tenantSetBillable(id: $t, billable: false) { tenant { id } } }"
    ),
    "Mutation.loginsRecord": (
        "mutation ($t: ID!) { loginsRecord(input: {tenant: {id: $t}, logins: []}) { recorded } }"
    ),
}


@pytest.mark.parametrize(
    ("field", "viewer"),
    [
        (field, viewer)
        for field in NAMING
        for viewer in ("landlord", "administrator", "service")
        if viewer in MAY[field]
    ],
)
async def test_a_foreign_tenant_looks_like_one_that_does_not_exist(
    api: Api, world: World, field: str, viewer: str
) -> None:
    who, scope = VIEWERS[viewer]

    answers = [
        await api.post(NAMING[field], {"t": named}, as_=getattr(world, who), scope=scope)
        for named in (str(world.foreign.id), str(uuid4()), "nonsense", "")
    ]

    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json() == {
        "data": {field.split(".")[1]: None},
        "errors": [
            {
                "message": "There is no such tenant among those you may see.",
                "locations": answers[0].json()["errors"][0]["locations"],
                "path": [field.split(".")[1]],
                "extensions": {"code": "TENANT_NOT_FOUND"},
            }
        ],
    }


@pytest.mark.parametrize("viewer", ["landlord", "administrator", "service"])
async def test_a_look_up_of_a_foreign_tenant_is_null_as_of_one_that_does_not_exist(
    api: Api, world: World, viewer: str
) -> None:
    who, scope = VIEWERS[viewer]
    keys: list[dict[str, Any]] = [
        {"id": str(world.foreign.id)},
        {"externalId": world.foreign.external_id},
        {"instanceId": str(world.foreign.instance_id)},
        {"id": str(uuid4())},
        {"externalId": "made up"},
        {"instanceId": str(uuid4())},
    ]

    answers = [
        await api.post(
            "query ($by: TenantBy!) { tenant(by: $by) { id } }",
            {"by": key},
            as_=getattr(world, who),
            scope=scope,
        )
        for key in keys
    ]

    assert {answer.content for answer in answers} == {b'{"data":{"tenant":null}}'}


async def test_filters_do_not_reach_foreign_tenants(api: Api, world: World) -> None:
    where = {
        "ids": [str(world.foreign.id), str(world.own.id)],
        "externalIds": [world.foreign.external_id, world.own.external_id],
        "instanceIds": [str(world.foreign.instance_id), str(world.own.instance_id)],
    }

    answer = await api.ask(
        "query ($w: TenantFilter) { tenants(filter: $w) { totalCount nodes { id } } }",
        {"w": where},
        as_=world.landlord,
    )

    assert answer == {"data": {"tenants": {"totalCount": 1, "nodes": [{"id": str(world.own.id)}]}}}


async def test_a_tenant_that_is_not_billable_is_refused_at_the_root_and_null_below(
    api: Api, world: World
) -> None:
    answer = await api.ask(
        'query ($t: ID!) { billingReport(tenant: $t, date: "2026-11-14") { maxUsers }'
        " billingTrend(tenant: $t) { userDays }"
        ' tenant(by: {id: $t}) { name billingReport(date: "1999-01-01") { maxUsers }'
        " billingTrend { userDays } } }",
        {"t": str(world.free.id)},
        as_=world.landlord,
    )

    assert answer["data"] == {
        "billingReport": None,
        "billingTrend": None,
        "tenant": {"name": "Free", "billingReport": None, "billingTrend": None},
    }
    assert [(e["path"], e["extensions"]) for e in answer["errors"]] == [
        (["billingReport"], {"code": "TENANT_NOT_BILLABLE"}),
        (["billingTrend"], {"code": "TENANT_NOT_BILLABLE"}),
    ]


async def test_an_assignment_does_not_widen_what_a_tenant_administrator_sees(
    api: Api, world: World
) -> None:
    await factories.assign(world.foreign, world.administrator)

    answer = await api.ask("{ tenants { nodes { name } } }", as_=world.administrator)

    assert answer == {"data": {"tenants": {"nodes": [{"name": "Own"}]}}}


async def test_the_first_request_after_a_revoke_is_refused(api: Api, world: World) -> None:
    before = await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.landlord)
    await api.ask(
        "mutation ($t: ID!, $l: ID!) { tenantsUnassign(tenantIds: [$t], landlordId: $l)"
        " { userErrors { code } } }",
        {"t": str(world.own.id), "l": str(world.landlord.id)},
        as_=world.landlord,
    )

    after = await api.ask(REPORT, {"t": str(world.own.id)}, as_=world.landlord)

    assert before == {"data": {"billingReport": {"maxUsers": 2}}}
    assert after["errors"][0]["extensions"] == {"code": "TENANT_NOT_FOUND"}


async def test_a_disabled_principal_is_nobody(api: Api, world: World) -> None:
    world.landlord.status = "DISABLED"  # type: ignore[assignment]
    await world.landlord.save()

    response = await api.post("{ viewer { id } }", as_=world.landlord)

    assert response.status_code == 401


async def test_a_role_or_tenant_claimed_by_the_caller_counts_for_nothing(
    api: Api, world: World
) -> None:
    headers = {
        "X-Tenant-ID": str(world.foreign.id),
        "X-Role": "LANDLORD",
        "Authorization": "Bearer "
        + tokens.mint(
            sub=world.administrator.subject,
            role="LANDLORD",
            tenants=[str(world.foreign.id)],
            scope="tenants:manage logins:write",
        ),
    }

    response = await api.client.post(
        "/graphql",
        json={
            "query": "{ viewer { role permissions { canManageTenants canRecordLogins } }"
            " tenants { nodes { name } } }"
        },
        headers=headers,
    )

    assert response.json() == {
        "data": {
            "viewer": {
                "role": "TENANT_ADMINISTRATOR",
                "permissions": {"canManageTenants": False, "canRecordLogins": False},
            },
            "tenants": {"nodes": [{"name": "Own"}]},
        }
    }


BAD_DATE = "1999-01-01"


@pytest.mark.parametrize(
    ("viewer", "tenant", "code"),
    [
        ("service without scopes", "foreign", "FORBIDDEN"),
        ("landlord", "foreign", "TENANT_NOT_FOUND"),
        ("landlord", "free", "TENANT_NOT_BILLABLE"),
        ("landlord", "own", "DATE_OUT_OF_WINDOW"),
    ],
)
async def test_checks_come_in_one_order_scope_visibility_billable_window(
    api: Api, world: World, viewer: str, tenant: str, code: str
) -> None:
    who, scope = VIEWERS[viewer]

    answer = await api.ask(
        REPORT.replace(DATE, BAD_DATE),
        {"t": str(getattr(world, tenant).id)},
        as_=getattr(world, who),
        scope=scope,
    )

    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_nothing_of_an_unknown_caller_is_parsed(world: World) -> None:
    app = create_app(Settings(), Authenticator(tokens.verifier()), Clock())
    endpoint: Any = next(route for route in app.routes if route.path == "/graphql").endpoint  # type: ignore[attr-defined]
    query = "{ viewer { displayName } }"

    async def status(subject: str) -> int:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
            headers = {"Authorization": f"Bearer {tokens.mint(sub=subject)}"}
            answer = await client.post("/graphql", json={"query": query}, headers=headers)
            return answer.status_code

    assert (await status("nobody"), endpoint.documents.knows(query)) == (401, False)
    assert (await status(world.landlord.subject), endpoint.documents.knows(query)) == (200, True)
    assert await status("nobody") == 401
