"""Answers kept as JSON: never stale, never somebody else's, never more than their bound."""

from datetime import UTC, datetime
from typing import Any

import pytest

from graph.execution import pieces
from graph.execution.pieces import Pieces
from models import Presence, Principal, Tenant, TenantDay
from resolvers import assignments, tenants
from tests import factories, statements, tokens
from tests.http import Api

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
REPORT = """
query ($tenant: ID!, $date: Date!, $first: Int, $names: Boolean = true) {
  billingReport(tenant: $tenant, date: $date) {
    maxUsers
    users(first: $first) { totalCount nodes { userId @include(if: $names) lastLoginAt } }
  }
}
"""
ONE_REPORT = 'query ($tenant: ID!) { billingReport(tenant: $tenant, date: "2026-11-14") {'


@pytest.fixture
async def tenant(database: None) -> Tenant:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann", "bob"], NOON)
    return tenant


@pytest.fixture
async def landlord(tenant: Tenant) -> Principal:
    return await factories.landlord(tenant)


async def ask(api: Api, tenant: Tenant, as_: Principal, **more: Any) -> Any:
    variables = {"tenant": str(tenant.id), "date": "2026-11-14", **more}
    return await api.ask(REPORT, variables, as_=as_)


def users(*ids: str, names: bool = True) -> Any:
    nodes = [
        ({"userId": user} if names else {}) | {"lastLoginAt": "2026-11-14T12:00:00.000Z"}
        for user in ids
    ]
    return {
        "data": {
            "billingReport": {
                "maxUsers": len(ids),
                "users": {"totalCount": len(ids), "nodes": nodes},
            }
        }
    }


async def test_a_report_that_did_not_change_takes_one_statement_and_is_the_same(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    first = await ask(api, tenant, landlord)
    async with statements.counted() as sent:
        second = await ask(api, tenant, landlord)

    assert first == second == users("ann", "bob")
    assert len(sent) == 1


async def test_a_report_that_changed_is_read_anew(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    answers = [await ask(api, tenant, landlord)]
    await factories.record(tenant, ["cid"], NOON)
    answers.append(await ask(api, tenant, landlord))

    assert answers == [users("ann", "bob"), users("ann", "bob", "cid")]


async def test_a_day_made_again_with_the_same_version_is_read_anew(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    before = await ask(api, tenant, landlord)
    version = (await TenantDay.get(tenant_id=tenant.id)).version
    await Presence.filter(tenant_id=tenant.id).delete()
    await TenantDay.filter(tenant_id=tenant.id).delete()
    gone = await ask(api, tenant, landlord)
    await factories.record(tenant, ["eve", "fay"], NOON)
    after = await ask(api, tenant, landlord)

    assert (await TenantDay.get(tenant_id=tenant.id)).version == version
    assert [before, gone, after] == [users("ann", "bob"), users(), users("eve", "fay")]


async def test_a_revoked_assignment_hides_what_is_kept(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    other = await factories.landlord(tenant)
    await ask(api, tenant, landlord)
    await assignments.unassign([tenant], landlord, tokens.NOW)

    answer = await ask(api, tenant, landlord)
    assert answer["data"] == {"billingReport": None}
    assert answer["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"
    assert await ask(api, tenant, other) == users("ann", "bob")


async def test_a_tenant_that_is_billable_no_more_hides_what_is_kept(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    await ask(api, tenant, landlord)
    await tenants.set_billable(tenant, False)

    answer = await ask(api, tenant, landlord)
    assert answer["errors"][0]["extensions"]["code"] == "TENANT_NOT_BILLABLE"


async def test_a_service_account_without_the_scope_does_not_see_kept_users(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    account = await factories.service(tenant)
    await ask(api, tenant, landlord)
    variables = {"tenant": str(tenant.id), "date": "2026-11-14"}

    full = await api.ask(REPORT, variables, as_=account, scope="billing:read billing:users")
    part = await api.ask(REPORT, variables, as_=account, scope="billing:read")
    assert full == users("ann", "bob")
    assert part["data"] == {"billingReport": {"maxUsers": 2, "users": None}}
    assert part["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_pages_and_selections_are_kept_apart(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    for _ in range(2):
        one = await ask(api, tenant, landlord, first=1)
        assert one["data"]["billingReport"]["users"] == {
            "totalCount": 2,
            "nodes": [{"userId": "ann", "lastLoginAt": "2026-11-14T12:00:00.000Z"}],
        }
        assert await ask(api, tenant, landlord, names=False) == users("ann", "bob", names=False)
        assert await ask(api, tenant, landlord) == users("ann", "bob")


async def test_a_report_with_its_tenant_is_never_kept(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    query = f"{ONE_REPORT} users {{ totalCount }} tenant {{ billable }} }} }}"
    kept = len(pieces.store)

    for _ in range(2):
        answer = await api.ask(query, {"tenant": str(tenant.id)}, as_=landlord)

    assert answer["data"]["billingReport"]["tenant"] == {"billable": True}
    assert len(pieces.store) == kept


def test_the_bound_of_bytes_holds_and_what_was_used_last_stays() -> None:
    kept = Pieces(most_bytes=80)
    for number in range(8):
        kept.put(number, b"x" * 10)
    kept.get(0)
    kept.put(8, b"y" * 10)
    kept.put("too large", b"z" * 11)
    kept.put(8, b"y" * 8)

    assert [kept.get(number) is not None for number in range(9)] == [True, False] + [True] * 7
    assert kept.get("too large") is None
    assert (len(kept), kept.bytes) == (8, 78)
