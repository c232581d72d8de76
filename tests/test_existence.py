"""No answer tells whether a tenant exists: one of somebody else and one that is not are alike to
the last byte, by every path, in every way of executing."""

from collections.abc import AsyncIterator

import pytest

from tests.existence import MALFORMED, PATHS, Parties, nobodys, send, value_of
from tests.http import Api, Clock, serve

JSON, GRAPHQL = "application/json", "application/graphql-response+json"


@pytest.fixture(scope="session")
async def both(_open_database: None) -> AsyncIterator[list[Api]]:
    """By compiled plans, and by graphql-core."""
    async with (
        serve(Clock(), federation=True, compiler=True) as compiled,
        serve(Clock(), federation=True, compiler=False) as interpreted,
    ):
        yield [compiled, interpreted]


@pytest.mark.parametrize("name", PATHS)
async def test_what_is_foreign_looks_like_what_is_not(
    name: str, both: list[Api], database: None
) -> None:
    path = PATHS[name]
    parties = await Parties.meet(1)
    named = [value_of(parties.foreign[0], path.key), nobodys(path.key), *MALFORMED[path.key]]

    for who in path.who:
        for api, accept in zip(both, (JSON, GRAPHQL), strict=True):
            answers = set()
            for value in named:
                variables = parties.variables(path, value, who)
                answer = await send(api, path, variables, parties.people[who], accept)
                headers = sorted(h for h in answer.headers.multi_items() if h[0] != "date")
                answers.add((answer.status_code, answer.content, tuple(headers)))
            assert len(answers) == 1, (who, answers)


@pytest.mark.parametrize("name", PATHS)
async def test_what_is_seen_looks_otherwise(name: str, both: list[Api], database: None) -> None:
    """The same paths lead to a tenant that is seen: the test above compares no dead ends."""
    path = PATHS[name]
    parties = await Parties.meet(1)
    who = path.who[0]

    answers = [
        await send(both[0], path, parties.variables(path, value, who), parties.people[who], JSON)
        for value in (value_of(parties.own, path.key), nobodys(path.key))
    ]

    assert answers[0].content != answers[1].content
    assert "errors" not in answers[0].json()
