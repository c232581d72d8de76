"""Granting and revoking, below HTTP."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from models import Assignment, Principal, PrincipalKind, PrincipalStatus, Tenant
from resolvers import access, assignments
from resolvers.problems import Problem, ProblemCode
from resolvers.viewers import Landlord, Viewer
from tests import factories, processes, statements, tokens

LATER = tokens.NOW + timedelta(hours=1)
NOT_FOUND = "There is no such tenant among those you may see."
NO_LANDLORD = Problem(
    ProblemCode.NOT_FOUND, "There is no active landlord with this ID.", ("landlordId",)
)


def viewer_of(landlord: Principal) -> Viewer:
    return Landlord(landlord.id, landlord.display_name)


def unknown(position: int) -> Problem:
    return Problem(ProblemCode.NOT_FOUND, NOT_FOUND, ("tenantIds", str(position)))


async def seen_by(landlord: Principal) -> list[str]:
    return sorted(row.name for row in await access.visible_tenants(viewer_of(landlord)))


async def history(tenant: Tenant) -> list[Any]:
    return (
        await Assignment.filter(tenant=tenant)
        .order_by("id")
        .values_list("principal_id", "granted_by_id", "granted_at", "revoked_at")
    )


async def test_an_assignment_keeps_who_granted_it_and_when(database: None) -> None:
    tenant = await factories.tenant()
    giver, taker = await factories.landlord(tenant), await factories.landlord()

    outcome = await assignments.assign_for(viewer_of(giver), [str(tenant.id)], str(taker.id), LATER)

    assert outcome == ([tenant], [])
    assert await history(tenant) == [
        (giver.id, None, tokens.NOW, None),
        (taker.id, giver.id, LATER, None),
    ]


async def test_assigning_again_changes_nothing(database: None) -> None:
    tenant = await factories.tenant()
    giver, other = await factories.landlord(tenant), await factories.landlord(tenant)
    before = await history(tenant)

    for landlord in (giver, other):
        outcome = await assignments.assign_for(
            viewer_of(giver), [str(tenant.id)], str(landlord.id), LATER
        )
        assert outcome == ([tenant], [])

    assert await history(tenant) == before


async def test_revoking_keeps_the_row_and_assigning_again_adds_one(database: None) -> None:
    tenant = await factories.tenant(name="mine")
    giver, taker = await factories.landlord(tenant), await factories.landlord(tenant)
    call = (viewer_of(giver), [str(tenant.id)], str(taker.id))
    seen = []

    for change in (assignments.unassign_for, assignments.unassign_for, assignments.assign_for):
        assert await change(*call, LATER) == ([tenant], [])
        seen.append(await seen_by(taker))

    assert seen == [[], [], ["mine"]]
    assert await history(tenant) == [
        (giver.id, None, tokens.NOW, None),
        (taker.id, None, tokens.NOW, LATER),
        (taker.id, giver.id, LATER, None),
    ]


async def test_revoking_again_keeps_the_first_time(database: None) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)

    await assignments.unassign([tenant], landlord, tokens.NOW)
    await assignments.unassign([tenant], landlord, LATER)

    assert await history(tenant) == [(landlord.id, None, tokens.NOW, tokens.NOW)]


async def test_revoking_takes_no_tenant_from_anybody_else(database: None) -> None:
    one, two = await factories.tenant(name="one"), await factories.tenant(name="two")
    landlord, other = await factories.landlord(one, two), await factories.landlord(one, two)

    await assignments.unassign([one], landlord, LATER)

    assert [await seen_by(landlord), await seen_by(other)] == [["two"], ["one", "two"]]


async def test_tenants_come_back_in_the_order_given(database: None) -> None:
    rows = [await factories.tenant() for _ in range(5)]
    giver, taker = await factories.landlord(*rows), await factories.landlord()
    given = [rows[3], rows[0], rows[4], rows[0]]

    assigned = await assignments.assign_for(
        viewer_of(giver), [str(row.id) for row in given], str(taker.id), LATER
    )
    unassigned = await assignments.unassign_for(
        viewer_of(giver), [str(row.id) for row in given], str(taker.id), LATER
    )

    assert assigned == (given, [])
    assert unassigned == (given, [])
    assert await Assignment.filter(principal=taker).count() == 3


@pytest.mark.parametrize("change", [assignments.assign_for, assignments.unassign_for])
async def test_one_tenant_that_is_not_visible_stops_all(change: Any, database: None) -> None:
    mine, foreign = await factories.tenant(name="mine"), await factories.tenant(name="foreign")
    giver = await factories.landlord(mine)
    taker = await factories.landlord(foreign)
    ids = [str(mine.id), str(foreign.id), str(uuid4()), "x", ""]

    outcome = await change(viewer_of(giver), ids, str(taker.id), LATER)

    assert outcome == ([], [unknown(n) for n in (1, 2, 3, 4)])
    assert [await seen_by(giver), await seen_by(taker)] == [["mine"], ["foreign"]]


@pytest.mark.parametrize("change", [assignments.assign_for, assignments.unassign_for])
async def test_a_tenant_is_given_to_active_landlords_only(change: Any, database: None) -> None:
    mine = await factories.tenant(name="mine")
    giver = await factories.landlord(mine)
    disabled = await factories.landlord(status=PrincipalStatus.DISABLED)
    service = await factories.service(mine)
    administrator = await factories.administrator(mine)
    before = await history(mine)

    outcomes = [
        await change(viewer_of(giver), [str(mine.id)], text, LATER)
        for text in (
            str(disabled.id),
            str(service.id),
            str(administrator.id),
            str(uuid4()),
            "",
            "x",
            "\0",
            "\ud800",
            giver.id.hex,
        )
    ]

    assert outcomes == [([], [NO_LANDLORD])] * 9
    assert await history(mine) == before


async def test_all_problems_are_told_at_once(database: None) -> None:
    giver = await factories.landlord()

    assert await assignments.assign_for(viewer_of(giver), ["x", "y"], "z", LATER) == (
        [],
        [unknown(0), unknown(1), NO_LANDLORD],
    )


async def test_no_tenants_are_no_problem(database: None) -> None:
    giver = await factories.landlord()

    for change in (assignments.assign_for, assignments.unassign_for):
        assert await change(viewer_of(giver), [], str(giver.id), LATER) == ([], [])


async def test_500_tenants_fit_into_one_call_and_501_do_not(database: None) -> None:
    rows = [
        Tenant(name="t", external_id=f"t{n}", instance_id=uuid4(), search_text="", created_at=LATER)
        for n in range(500)
    ]
    await Tenant.bulk_create(rows)
    giver, taker = await factories.landlord(), await factories.landlord()
    await assignments.assign(rows, giver, None, LATER)
    ids = [str(row.id) for row in rows]

    async with statements.counted() as seen:
        tenants, problems = await assignments.assign_for(
            viewer_of(giver), ids, str(taker.id), LATER
        )
    too_many = await assignments.assign_for(viewer_of(giver), [*ids, "x"], str(taker.id), LATER)

    assert ([row.id for row in tenants], problems) == ([row.id for row in rows], [])
    # Tenants, landlord, lock, rows: not one for each tenant.
    assert len(seen) == 4
    assert await Assignment.filter(principal=taker).count() == 500
    assert too_many == (
        [],
        [
            Problem(
                ProblemCode.TOO_MANY,
                "At most 500 tenants fit into one call; there are 501.",
                ("tenantIds",),
            )
        ],
    )
    await assignments.unassign(rows, taker, LATER)
    assert await seen_by(taker) == []


async def test_an_assignee_is_active_and_of_a_kind_that_was_asked_for(database: None) -> None:
    service = await factories.service()
    gone = await factories.service(status=PrincipalStatus.DISABLED)
    kinds = (PrincipalKind.LANDLORD, PrincipalKind.SERVICE_ACCOUNT)

    assert await assignments.assignee(service.id, *kinds) == service
    assert await assignments.assignee(service.id, PrincipalKind.LANDLORD) is None
    assert await assignments.assignee(gone.id, *kinds) is None
    assert await assignments.assignee(uuid4(), *kinds) is None


async def _assign_often(url: str, tenant_ids: list[UUID], principal_id: UUID) -> None:
    async def work() -> None:
        tenants = await Tenant.filter(id__in=tenant_ids).order_by("id")
        principal = await Principal.get(id=principal_id)
        for _ in range(10):
            await assignments.assign(tenants, principal, None, tokens.NOW)

    await processes.connected(url, work)


async def test_assigning_in_two_processes_at_once_gives_one_active_row(
    database: None, database_url: str
) -> None:
    rows = [await factories.tenant() for _ in range(20)]
    landlord = await factories.landlord()

    with processes.workers(2) as start:
        arguments = (database_url, [row.id for row in rows], landlord.id)
        await asyncio.gather(
            *(asyncio.wrap_future(start(_assign_often, *arguments)) for _ in range(2))
        )

    assert await Assignment.all().count() == 20


async def test_assigning_tenants_in_opposite_orders_at_once_does_not_dead_lock(
    database: None,
) -> None:
    rows = [await factories.tenant() for _ in range(20)]
    takers = [await factories.landlord() for _ in range(2)]

    for _ in range(10):
        await asyncio.gather(
            *(
                assignments.assign(order, taker, None, LATER)
                for taker in takers
                for order in (rows, rows[::-1])
            )
        )
        await asyncio.gather(
            *(
                assignments.unassign(order, taker, LATER)
                for taker in takers
                for order in (rows, rows[::-1])
            )
        )

    assert [await seen_by(taker) for taker in takers] == [[], []]
    assert await Assignment.all().count() == 400
