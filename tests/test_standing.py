"""Answers kept under the state they were made of: never stale, never somebody else's, and always
what would be made anew."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.context import Context
from models import Presence, Principal, PrincipalStatus, Tenant, TenantDay
from resolvers import admission, assignments, billing_window, tenants
from resolvers.admission import Question
from resolvers.asked import AskedTenant, AskedTrend
from resolvers.billing_reports import ReportRequest, UsersPage
from resolvers.billing_trends import TrendRequest
from resolvers.tenants import TenantChange
from tests import factories, statements, tokens
from tests.http import Api, Clock, serve

NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
REPORT = """
query ($tenant: ID!, $date: Date!, $first: Int, $names: Boolean = true) {
  billingReport(tenant: $tenant, date: $date) {
    maxUsers
    users(first: $first) { totalCount nodes { userId @include(if: $names) lastLoginAt } }
  }
}
"""


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
    found = {"totalCount": len(ids), "nodes": nodes}
    return {"data": {"billingReport": {"maxUsers": len(ids), "users": found}}}


#: Each of these is answered again from one statement when nothing has changed.
QUERIES = {
    "report": REPORT,
    "head": """query ($tenant: ID!, $date: Date!) { viewer { id role } report: billingReport(
        tenant: $tenant, date: $date) { id dayStart maxUsers tenant { name billable } } }""",
    "edges": """query ($tenant: ID!, $date: Date!) { billingReport(tenant: $tenant, date: $date) {
        users(first: 1) { pageInfo { hasNextPage } edges { cursor node { userId } } } } }""",
    "trend": """query ($tenant: ID!) { billingTrend(tenant: $tenant, from: "2026-11-01") {
        range { from to } points { date maxUsers } peak { date } userDays } }""",
    "distinct": "query ($tenant: ID!) { billingTrend(tenant: $tenant) { distinctUsers } }",
    "tenant": """query ($tenant: ID!, $date: Date!) { tenant(by: {id: $tenant}) { ...Parts } }
        fragment Parts on Tenant { name billingWindow { from to } billingReport(date: $date) {
        maxUsers } }""",
    "list": """query ($date: Date!) { tenants(first: 5, filter: {billable: true}) {
        pageInfo { hasNextPage } nodes { id name timeZone billingReport(date: $date) {
        maxUsers } } } }""",
    "optional": """query ($date: Date!, $billable: Boolean, $search: String) {
        tenants(first: 5, filter: {billable: $billable, search: $search}) { nodes {
        name billingReport(date: $date) { maxUsers } } } }""",
    "all": "{ tenants(orderBy: NAME_DESC) { edges { cursor node { externalId billable } } } }",
    "viewer": "{ viewer { displayName permissions { canViewBilledUsers } } }",
}

#: Of these, signing in cannot bring along everything, so they are asked anew each time.
BEYOND = {
    "by external ID": """query ($name: String!) {
        tenant(by: {externalId: $name}) { name billable } }""",
    "search": '{ tenants(filter: {search: "ext"}) { nodes { name } } }',
    "two dates": """query ($tenant: ID!, $date: Date!) { tenant(by: {id: $tenant}) {
        one: billingReport(date: $date) { maxUsers }
        two: billingReport(date: "2026-11-13") { maxUsers } } }""",
    "one date twice": """query ($tenant: ID!, $date: Date!) { tenant(by: {id: $tenant}) {
        one: billingReport(date: $date) { maxUsers }
        two: billingReport(date: $date) { maxUsers users { totalCount } } } }""",
    "users of a list": """query ($date: Date!) { tenants(first: 3) { nodes {
        billingReport(date: $date) { users { nodes { userId } } } } } }""",
    "trends of a list": """{ tenants(first: 3) { nodes {
        billingTrend { peak { date maxUsers } } } } }""",
    "trend below a tenant": """query ($tenant: ID!) { tenant(by: {id: $tenant}) {
        billingTrend { userDays distinctUsers } } }""",
    "total": "{ tenants(first: 1) { totalCount } }",
    "several": """query ($tenant: ID!, $date: Date!) {
        one: billingReport(tenant: $tenant, date: $date) { maxUsers }
        two: billingReport(tenant: $tenant, date: "2026-11-13") { maxUsers } }""",
}


@pytest.mark.parametrize("query", BEYOND.values(), ids=BEYOND)
async def test_what_asks_for_more_is_never_kept(
    api: Api, tenant: Tenant, landlord: Principal, query: str
) -> None:
    for _ in range(2):
        first = await api.ask(query, variables_of(query, tenant), as_=landlord)
    async with statements.counted() as sent:
        second = await api.ask(query, variables_of(query, tenant), as_=landlord)

    assert "errors" not in first
    assert first == second
    assert len(sent) > 1


def variables_of(query: str, tenant: Tenant) -> dict[str, str]:
    given = {"tenant": str(tenant.id), "date": "2026-11-14", "name": tenant.external_id}
    return {name: value for name, value in given.items() if f"${name}:" in query}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_what_did_not_change_takes_one_statement_and_is_the_same(
    api: Api, tenant: Tenant, landlord: Principal, query: str
) -> None:
    variables = variables_of(query, tenant)
    for _ in range(2):  # A document that was never asked for stands from the second time on.
        first = await api.post(query, variables, as_=landlord)
    async with statements.counted() as sent:
        second = await api.post(query, variables, as_=landlord)

    assert "errors" not in first.json()
    assert first.content == second.content
    assert len(sent) == 1
    changing = ("date", "x-request-id")
    kept, made = (
        [(name, value) for name, value in each.headers.items() if name not in changing]
        for each in (second, first)
    )
    assert kept == made
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


@dataclass(frozen=True, slots=True)
class Both:
    """The same data, asked with and without anything being kept."""

    keeping: Api
    plain: Api


@pytest.fixture
async def both(database: None) -> AsyncIterator[Both]:
    clock = Clock()
    async with serve(clock) as keeping, serve(clock, compiler=False) as plain:
        yield Both(keeping, plain)


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_changes_the_answers_are_those_made_anew(both: Both, seed: int) -> None:
    choose = random.Random(seed)
    rows = [await factories.tenant(time_zone=zone) for zone in ("UTC", "Asia/Tokyo", "UTC")]
    people = [
        await factories.landlord(*rows[:2]),
        await factories.administrator(rows[2]),
        await factories.service(*rows),
    ]
    asked = [
        (person, query, variables_of(query, row))
        for person in people
        for query in (*QUERIES.values(), *BEYOND.values())
        for row in rows
    ]
    # Few, so that each is asked again and again.
    asked = choose.sample(asked, 8)

    async def change() -> None:
        row, person = choose.choice(rows), choose.choice(people)
        match choose.randrange(9):
            case 0 | 1 | 2:
                user = choose.choice(["ann", "bob", "cid"])
                at = NOON + timedelta(days=choose.randrange(-2, 1), minutes=choose.randrange(90))
                await factories.record(row, [user], at)
            case 3:
                await tenants.set_billable(row, choose.random() < 0.7)
            case 4:
                await tenants.update(row, TenantChange(name=choose.choice(["A", "B", "Z"])))
            case 5 if person is not people[1]:
                await assignments.unassign([row], person, tokens.NOW)
            case 6 if person is not people[1]:
                await assignments.assign([row], person, None, tokens.NOW)
            case 7:
                status = choose.choice(list(PrincipalStatus))
                await Principal.filter(id=person.id).update(status=status)
            case _:
                both.keeping.clock.now += timedelta(hours=choose.choice([0, 0, 5]))

    for _ in range(60):
        await change()
        person, query, variables = choose.choice(asked)
        scope = choose.choice(["billing:read", "billing:read billing:users"])
        for _ in range(2):
            kept, made = [
                await each.post(query, variables, as_=person, scope=scope)
                for each in (both.keeping, both.plain)
            ]
            assert (kept.status_code, kept.json()) == (made.status_code, made.json())


async def test_a_report_read_from_another_state_than_signing_in_saw_is_beyond_it(
    tenant: Tenant, landlord: Principal
) -> None:
    on = NOON.date()
    asked = AskedTenant(str(tenant.id), tenant.id, on)
    question = Question(landlord.issuer, landlord.subject, frozenset(), asked)
    (state,) = await admission.states([question])
    assert state is not None
    admitted = admission.read(question, state)
    assert admitted is not None
    request = ReportRequest(tenant, on, (UsersPage(10, ""),))

    async def is_beyond() -> bool:
        context = Context(admitted.viewer, tokens.NOW, "-", admitted)
        await context.reports([request])
        return context.beyond

    same = await is_beyond()
    await factories.record(tenant, ["ann"], NOON + timedelta(hours=1))
    assert (same, await is_beyond()) == (False, True)


async def test_a_trend_read_from_another_state_than_signing_in_saw_is_beyond_it(
    tenant: Tenant, landlord: Principal
) -> None:
    window = billing_window.at(tokens.NOW, "UTC")
    asked = AskedTrend(str(tenant.id), tenant.id, window.start, window.end)
    question = Question(landlord.issuer, landlord.subject, frozenset(), asked)
    (state,) = await admission.states([question])
    assert state is not None
    admitted = admission.read(question, state)
    assert admitted is not None

    async def is_beyond() -> bool:
        context = Context(admitted.viewer, tokens.NOW, "-", admitted)
        await context.trends([TrendRequest(tenant, window, distinct=True)])
        return context.beyond

    same = await is_beyond()
    await factories.record(tenant, ["ann"], NOON + timedelta(hours=1))
    assert (same, await is_beyond()) == (False, True)


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
    for each in (landlord, other, landlord, other):
        await ask(api, tenant, each)
    await assignments.unassign([tenant], landlord, tokens.NOW)

    answer = await ask(api, tenant, landlord)
    assert answer["data"] == {"billingReport": None}
    assert answer["errors"][0]["extensions"]["code"] == "TENANT_NOT_FOUND"
    assert await ask(api, tenant, other) == users("ann", "bob")


async def test_a_tenant_that_is_billable_no_more_hides_what_is_kept(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    for _ in range(2):
        await ask(api, tenant, landlord)
    await tenants.set_billable(tenant, False)

    answer = await ask(api, tenant, landlord)
    assert answer["errors"][0]["extensions"]["code"] == "TENANT_NOT_BILLABLE"


async def test_a_disabled_principal_is_refused_what_is_kept(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    for _ in range(2):
        await ask(api, tenant, landlord)
    await Principal.filter(id=landlord.id).update(status=PrincipalStatus.DISABLED)

    variables = variables_of(REPORT, tenant)
    assert (await api.post(REPORT, variables, as_=landlord)).status_code == 401


async def test_what_leaves_the_window_is_not_given_again(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    oldest = (
        'query ($tenant: ID!) { billingReport(tenant: $tenant, date: "2026-05-15") { maxUsers } }'
    )
    variables = {"tenant": str(tenant.id)}
    for _ in range(2):
        seen = await api.ask(oldest, variables, as_=landlord)
    api.clock.now = datetime(2026, 11, 16, tzinfo=UTC)

    gone = await api.ask(oldest, variables, as_=landlord)
    assert seen == {"data": {"billingReport": {"maxUsers": 0}}}
    assert gone["errors"][0]["extensions"]["code"] == "DATE_OUT_OF_WINDOW"


async def test_a_service_account_without_the_scope_does_not_see_kept_users(
    api: Api, tenant: Tenant
) -> None:
    account = await factories.service(tenant)
    variables = {"tenant": str(tenant.id), "date": "2026-11-14"}

    for _ in range(2):
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


async def test_reports_of_one_answer_agree_while_logins_are_recorded(
    api: Api, tenant: Tenant, landlord: Principal
) -> None:
    """One of them could come with signing in, the other from a later statement."""
    query, done = BEYOND["one date twice"], asyncio.Event()

    async def write() -> None:
        for number in range(1_000):
            if done.is_set():
                break
            await factories.record(tenant, [f"user{number}"], NOON)

    writing = asyncio.create_task(write())
    answers = [await api.ask(query, variables_of(query, tenant), as_=landlord) for _ in range(40)]
    done.set()
    await writing

    seen = [answer["data"]["tenant"] for answer in answers]
    assert [each["one"]["maxUsers"] for each in seen] == [each["two"]["maxUsers"] for each in seen]
    # Somebody did record meanwhile.
    assert seen[0] != seen[-1]
