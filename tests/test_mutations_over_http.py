"""Mutations as a client sees them: payloads, user errors, and what is there afterwards."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import Principal, Tenant
from tests import factories, tokens
from tests.http import Api

CREATE = """
mutation ($input: TenantCreateInput!) {
  tenantCreate(input: $input) {
    tenant { name externalId instanceId billable timeZone }
    userErrors { code field }
  }
}
"""
UPDATE = """
mutation ($id: ID!, $input: TenantUpdateInput!) {
  tenantUpdate(id: $id, input: $input) {
    tenant { name externalId instanceId }
    userErrors { code field }
  }
}
"""
RECORD = """
mutation ($input: LoginsRecordInput!) {
  loginsRecord(input: $input) { recorded counted rejected userErrors { code message field } }
}
"""
INSTANCE = "2f077c75-6d84-47df-8bdc-ca3590971479"


@pytest.fixture
async def tenant(database: None) -> Tenant:
    return await factories.tenant(name="Acme", external_id="ACME")


@pytest.fixture
async def landlord(tenant: Tenant) -> Principal:
    return await factories.landlord(tenant)


async def test_a_created_tenant_is_assigned_to_its_creator(api: Api, landlord: Principal) -> None:
    given = {
        "name": "  Exist ",
        "externalId": "EXIST",
        "instanceId": INSTANCE,
        "billable": True,
        "timeZone": "Europe/Berlin",
    }

    created = await api.ask(CREATE, {"input": given}, as_=landlord)
    listed = await api.ask("{ tenants { nodes { externalId } } }", as_=landlord)

    assert created == {
        "data": {"tenantCreate": {"tenant": {**given, "name": "Exist"}, "userErrors": []}}
    }
    assert listed == {
        "data": {"tenants": {"nodes": [{"externalId": x} for x in ("ACME", "EXIST")]}}
    }


async def test_a_tenant_is_not_billable_and_in_utc_unless_told_otherwise(
    api: Api, landlord: Principal
) -> None:
    given = {"name": "New", "externalId": "NEW", "instanceId": INSTANCE}

    answer = await api.ask(CREATE, {"input": given}, as_=landlord)

    tenant = answer["data"]["tenantCreate"]["tenant"]
    assert tenant == {**given, "billable": False, "timeZone": "UTC"}


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"name": " "}, [("BLANK", "name")]),
        ({"name": "x" * 256}, [("INVALID", "name")]),
        ({"name": "a\u0007b"}, [("INVALID", "name")]),
        ({"externalId": ""}, [("BLANK", "externalId")]),
        ({"timeZone": "Mars/Olympus"}, [("INVALID", "timeZone")]),
        ({"timeZone": "../../etc/passwd"}, [("INVALID", "timeZone")]),
        ({"externalId": "TAKEN"}, [("TAKEN", "externalId")]),
        (
            {"name": "", "externalId": "", "timeZone": ""},
            [("BLANK", "name"), ("BLANK", "externalId"), ("INVALID", "timeZone")],
        ),
    ],
)
async def test_a_tenant_with_problems_is_not_created_and_all_of_them_are_told(
    api: Api, landlord: Principal, changes: dict[str, str], problems: list[tuple[str, str]]
) -> None:
    await factories.tenant(external_id="TAKEN")
    given = {"name": "New", "externalId": "NEW", "instanceId": INSTANCE} | changes

    answer = await api.ask(CREATE, {"input": given}, as_=landlord)

    assert answer == {
        "data": {
            "tenantCreate": {
                "tenant": None,
                "userErrors": [
                    {"code": code, "field": ["input", field]} for code, field in problems
                ],
            }
        }
    }
    assert await Tenant.filter(external_id="NEW").count() == 0


async def test_an_update_changes_what_is_given_and_keeps_the_rest(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    answer = await api.ask(UPDATE, {"id": str(tenant.id), "input": {"name": "Zebra"}}, as_=landlord)
    found = await api.ask('{ tenants(filter: {search: "ZEB"}) { nodes { name } } }', as_=landlord)

    assert answer == {
        "data": {
            "tenantUpdate": {
                "tenant": {
                    "name": "Zebra",
                    "externalId": "ACME",
                    "instanceId": str(tenant.instance_id),
                },
                "userErrors": [],
            }
        }
    }
    assert found == {"data": {"tenants": {"nodes": [{"name": "Zebra"}]}}}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": None}, ("INVALID", "name")),
        ({"externalId": None}, ("INVALID", "externalId")),
        ({"instanceId": None}, ("INVALID", "instanceId")),
        ({"name": ""}, ("BLANK", "name")),
        ({"externalId": "TAKEN"}, ("TAKEN", "externalId")),
        ({"instanceId": INSTANCE}, ("TAKEN", "instanceId")),
    ],
)
async def test_an_update_with_a_problem_changes_nothing(
    api: Api,
    tenant: Tenant,
    landlord: Principal,
    change: dict[str, str | None],
    problem: tuple[str, str],
) -> None:
    await factories.tenant(external_id="TAKEN", instance_id=UUID(INSTANCE))

    answer = await api.ask(UPDATE, {"id": str(tenant.id), "input": change}, as_=landlord)

    code, field = problem
    assert answer == {
        "data": {
            "tenantUpdate": {
                "tenant": None,
                "userErrors": [{"code": code, "field": ["input", field]}],
            }
        }
    }
    after = await Tenant.get(id=tenant.id)
    assert (after.name, after.external_id) == ("Acme", "ACME")


async def test_a_tenant_that_becomes_billable_shows_its_billing_at_once(
    api: Api, landlord: Principal
) -> None:
    tenant = await factories.tenant(billable=False)
    await factories.assign(tenant, landlord)
    await factories.record(tenant, ["ann"])
    report = 'query ($t: ID!) { billingReport(tenant: $t, date: "2026-11-14") { maxUsers } }'
    change = "mutation ($t: ID!, $b: Boolean!) { tenantSetBillable(id: $t, billable: $b)"
    change += " { tenant { billable } userErrors { code } } }"

    before = await api.ask(report, {"t": str(tenant.id)}, as_=landlord)
    set_on = await api.ask(change, {"t": str(tenant.id), "b": True}, as_=landlord)
    between = await api.ask(report, {"t": str(tenant.id)}, as_=landlord)
    await api.ask(change, {"t": str(tenant.id), "b": False}, as_=landlord)
    after = await api.ask(report, {"t": str(tenant.id)}, as_=landlord)

    assert set_on == {
        "data": {"tenantSetBillable": {"tenant": {"billable": True}, "userErrors": []}}
    }
    assert between == {"data": {"billingReport": {"maxUsers": 1}}}
    codes = [answer["errors"][0]["extensions"]["code"] for answer in (before, after)]
    assert codes == ["TENANT_NOT_BILLABLE", "TENANT_NOT_BILLABLE"]


async def test_assigning_makes_a_tenant_visible_and_taking_away_invisible(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    other = await factories.landlord()
    variables = {"t": [str(tenant.id)], "l": str(other.id)}
    names = "{ tenants { nodes { name } } }"

    async def change(verb: str) -> dict[str, Any]:
        return await api.ask(
            f"mutation ($t: [ID!]!, $l: ID!) {{ {verb}(tenantIds: $t, landlordId: $l)"
            " { tenants { name } userErrors { code field } } }",
            variables,
            as_=landlord,
        )

    assigned, twice = await change("tenantsAssign"), await change("tenantsAssign")
    seen = await api.ask(names, as_=other)
    taken = await change("tenantsUnassign")
    unseen = await api.ask(names, as_=other)

    done = {"tenants": [{"name": "Acme"}], "userErrors": []}
    assert assigned == twice == {"data": {"tenantsAssign": done}}
    assert taken == {"data": {"tenantsUnassign": done}}
    assert seen == {"data": {"tenants": {"nodes": [{"name": "Acme"}]}}}
    assert unseen == {"data": {"tenants": {"nodes": []}}}


async def test_assigning_is_all_or_nothing_and_names_what_is_not_found(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    foreign = await factories.tenant()
    administrator = await factories.administrator(tenant)

    answer = await api.ask(
        "mutation ($t: [ID!]!, $l: ID!) { tenantsAssign(tenantIds: $t, landlordId: $l)"
        " { tenants { name } userErrors { code field } } }",
        {"t": [str(tenant.id), str(foreign.id), str(uuid4())], "l": str(administrator.id)},
        as_=landlord,
    )

    assert answer == {
        "data": {
            "tenantsAssign": {
                "tenants": [],
                "userErrors": [
                    {"code": "NOT_FOUND", "field": ["tenantIds", "1"]},
                    {"code": "NOT_FOUND", "field": ["tenantIds", "2"]},
                    {"code": "NOT_FOUND", "field": ["landlordId"]},
                ],
            }
        }
    }


async def _record(api: Api, tenant: Tenant, logins: list[dict[str, str]]) -> Any:
    service = await factories.service(tenant)
    answer = await api.ask(
        RECORD,
        {"input": {"tenant": {"externalId": tenant.external_id}, "logins": logins}},
        as_=service,
        scope="logins:write",
    )
    assert "data" in answer, answer
    return answer["data"]["loginsRecord"]


async def test_logins_are_recorded_and_bad_ones_refused_one_by_one(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    future = (tokens.NOW + timedelta(minutes=6)).isoformat()
    logins = [
        {"userId": "ann", "at": "2026-11-14T10:00:00Z"},
        {"userId": " ", "at": "2026-11-14T10:00:00Z"},
        {"userId": "bob", "at": "2026-05-14T23:59:59Z"},
        {"userId": "bob", "at": future},
        {"userId": "ann ", "at": "2026-11-14T13:00:00+02:00"},
        {"userId": "n\u0000l", "at": "2026-11-14T10:00:00Z"},
    ]

    first = await _record(api, tenant, logins)
    again = await _record(api, tenant, logins)
    report = await api.ask(
        'query ($t: ID!) { billingReport(tenant: $t, date: "2026-11-14")'
        " { maxUsers users { nodes { userId firstLoginAt lastLoginAt } } } }",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    refused = [
        ("BLANK", "The user ID is empty.", "1", "userId"),
        (
            "OUT_OF_WINDOW",
            "The login is before the tenant's billing window, which starts on 2026-05-15.",
            "2",
            "at",
        ),
        ("IN_FUTURE", "The login is more than 5 minutes in the future.", "3", "at"),
        ("INVALID", "The user ID contains a control character.", "5", "userId"),
    ]
    user_errors = [
        {"code": code, "message": message, "field": ["input", "logins", position, field]}
        for code, message, position, field in refused
    ]
    assert first == {"recorded": 2, "counted": 1, "rejected": 4, "userErrors": user_errors}
    assert again == {"recorded": 2, "counted": 0, "rejected": 4, "userErrors": user_errors}
    assert report["data"]["billingReport"] == {
        "maxUsers": 1,
        "users": {
            "nodes": [
                {
                    "userId": "ann",
                    "firstLoginAt": "2026-11-14T10:00:00.000Z",
                    "lastLoginAt": "2026-11-14T11:00:00.000Z",
                }
            ]
        },
    }


async def test_a_call_takes_1000_logins_and_not_one_more(api: Api, tenant: Tenant) -> None:
    logins = [{"userId": f"u{n}", "at": "2026-11-14T10:00:00Z"} for n in range(1001)]

    many = await _record(api, tenant, logins)
    enough = await _record(api, tenant, logins[:1000])

    assert (many["recorded"], many["rejected"]) == (0, 1001)
    assert [(e["code"], e["field"]) for e in many["userErrors"]] == [
        ("TOO_MANY", ["input", "logins"])
    ]
    assert enough == {"recorded": 1000, "counted": 1000, "rejected": 0, "userErrors": []}


async def test_logins_of_a_tenant_that_is_not_billable_are_kept_for_later(api: Api) -> None:
    tenant = await factories.tenant(billable=False)

    outcome = await _record(api, tenant, [{"userId": "ann", "at": "2026-11-14T10:00:00Z"}])

    assert outcome == {"recorded": 1, "counted": 1, "rejected": 0, "userErrors": []}


async def test_an_instant_without_an_offset_refuses_the_request_and_names_the_place(
    api: Api, tenant: Tenant
) -> None:
    service = await factories.service(tenant)
    logins = [
        {"userId": "ann", "at": "2026-11-14T10:00:00Z"},
        {"userId": "ann", "at": "2026-11-14T10:00:00"},
    ]

    answer = await api.ask(
        RECORD,
        {"input": {"tenant": {"id": str(tenant.id)}, "logins": logins}},
        as_=service,
        scope="logins:write",
    )

    (error,) = answer["errors"]
    assert "data" not in answer
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "logins[1].at" in error["message"]
    assert "10:00:00" not in error["message"]
