"""Those who sign in at the same time share a statement, and nothing else."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from graph.auth import Authenticator
from graph.auth.bearer import Claims
from models import PrincipalStatus
from models import database as db
from resolvers import admission
from resolvers.admission import Admission, Question
from resolvers.asked import AskedTenant
from resolvers.errors import Unauthenticated
from tests import factories, statements, tokens

SCOPES = frozenset({"billing:read"})
ON = tokens.NOW.date()


async def admit(*questions: Question) -> list[Admission | None]:
    states = await admission.states(questions)
    return [
        None if state is None else admission.read(question, state)
        for question, state in zip(questions, states, strict=True)
    ]


def plain(admitted: Admission | None) -> Any:
    """All of it, in a form that can be compared."""
    if admitted is None or admitted.brought.tenant is None:
        return admitted
    brought = admitted.brought._replace(tenant=None)
    return admitted._replace(brought=brought), {**vars(admitted.brought.tenant)}


async def test_each_of_many_gets_what_a_statement_of_its_own_says(database: None) -> None:
    mine, foreign = await factories.tenant(), await factories.tenant()
    people = [
        await factories.landlord(mine),
        await factories.landlord(mine, status=PrincipalStatus.DISABLED),
        await factories.administrator(foreign),
        await factories.service(mine, foreign),
    ]
    await factories.record(mine, ["ann", "bob", "cy"], tokens.NOW)
    nobodys = uuid4()
    dates = [ON, date(2026, 1, 1), None]
    asked = [
        None,
        *(AskedTenant(str(i), i, on) for i in (mine.id, foreign.id, nobodys) for on in dates),
    ]
    questions = [
        Question(person.issuer, person.subject, scopes, each)
        for each in asked
        for scopes in (SCOPES, frozenset[str]())
        for person in people
    ]

    together = await admit(*questions)

    alone = [(await admit(question))[0] for question in questions]
    assert [plain(each) for each in together] == [plain(each) for each in alone]
    heads = [head.max_users for each in together if each for head in each.brought.heads.values()]
    # Of the three who may sign in: two see mine, two see foreign, on two dates, with two scopes.
    assert sorted(heads) == [0] * 12 + [3] * 4


async def test_those_who_sign_in_at_the_same_time_share_a_statement(database: None) -> None:
    rows = [await factories.tenant() for _ in range(10)]
    people = [await factories.landlord(row) for row in rows]
    authenticator = Authenticator(tokens.verifier())
    claims = [Claims(each.issuer, each.subject, SCOPES) for each in people]
    stranger = Claims(tokens.ISSUER, "stranger", SCOPES)

    async def seen(who: Claims, tenant_id: UUID) -> str | None:
        question = authenticator.question(who, AskedTenant(str(tenant_id), tenant_id))
        try:
            state = await authenticator.state(question, tokens.NOW)
            admitted = authenticator.admit(question, state)
        except Unauthenticated:
            return "unknown"
        return admitted.brought.tenant.name if admitted.brought.tenant else None

    await seen(claims[0], rows[0].id)
    async with statements.counted() as sent:
        found = await asyncio.gather(
            *(seen(who, row.id) for who, row in zip(claims, rows, strict=True)),
            seen(stranger, rows[0].id),
            seen(claims[0], rows[1].id),
        )

    assert found == [*(row.name for row in rows), "unknown", None]
    assert len(sent) == 1


async def test_who_cannot_be_asked_for_takes_nobody_along(database: None) -> None:
    """Nothing that a verified token says is like this; should it be, it is its bearer's trouble."""
    tenant = await factories.tenant()
    person = await factories.landlord(tenant)
    desk = admission.Desk(admission.states)
    good = Question(person.issuer, person.subject, SCOPES, AskedTenant(str(tenant.id), tenant.id))
    bad = good._replace(subject="\ud800")

    states = await asyncio.gather(*map(desk.ask, (good, bad)), return_exceptions=True)

    assert states[0] == (await admission.states([good]))[0] is not None
    if db.dialect() == "postgresql":
        assert type(states[1]) is asyncpg.DataError
    else:
        assert states[1] is None
