"""Who asks for too much is told when to come again; nobody else notices."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from graph.documents import MOST_PAGES, Documents
from graph.limits import Limits
from graph.rate_limits import cost_of
from graph.schema import schema
from resolvers.clock import system_clock
from tests import factories
from tests.http import Api, Clock, serve

VIEWER = "{ viewer { id } }"
KNOWN = 6
"""What the first request with a small document costs: 5 for reading it, and 1."""


@pytest.fixture
async def strict(database: None) -> AsyncIterator[Api]:
    """Twenty a minute, and three failed sign-ins."""
    async with serve(Clock(system_clock()), rate_limit=20, rate_limit_unauthenticated=3) as api:
        yield api


def refusal(seconds: int) -> dict[str, Any]:
    return {
        "errors": [
            {
                "message": f"Too many requests; try again in {seconds} seconds.",
                "extensions": {"code": "RATE_LIMITED", "retryAfter": seconds},
            }
        ]
    }


async def test_who_asks_too_often_is_told_when_to_come_again(strict: Api) -> None:
    lena, other = await factories.landlord(), await factories.landlord()
    allowed = [await strict.post(VIEWER, as_=lena) for _ in range(1 + 20 - KNOWN)]
    refused = await strict.post(VIEWER, as_=lena)

    seconds = int(refused.headers["retry-after"])
    assert {each.status_code for each in allowed} == {200}
    assert (refused.status_code, refused.json()) == (429, refusal(seconds))
    assert 60 <= seconds <= 65
    assert (await strict.post(VIEWER, as_=other)).status_code == 200


async def test_a_document_that_asks_for_more_costs_more(strict: Api) -> None:
    lena = await factories.landlord()
    query = "query ($n: Int) { tenants(first: $n) { nodes { id } } }"
    # 5 + 1 + 5, 1 + 5 and 1 are allowed, 1 + 5 more are not.
    pages = [500, 500, 1, 500]
    answers = [await strict.post(query, {"n": size}, as_=lena) for size in pages]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]


async def test_nothing_unknown_is_parsed_for_who_asks_too_much(strict: Api) -> None:
    lena = await factories.landlord()
    statuses = [(await strict.post("{" + "!" * n, as_=lena)).status_code for n in range(1, 6)]

    # Malformed documents cost their reading.
    assert statuses == [200, 200, 200, 200, 429]


@pytest.mark.parametrize(
    "body",
    [
        {"query": VIEWER, "operationName": "Nobody"},
        {"query": VIEWER, "variables": {"ids": ["x"] * 501}},
        {"query": None},
        ["no object"],
    ],
    ids=["an unknown operation", "a long list", "no document", "no object"],
)
async def test_what_is_refused_before_it_is_executed_is_not_free(strict: Api, body: object) -> None:
    lena = await factories.landlord()
    await strict.post(VIEWER, as_=lena)  # Known from now on, for 6.
    headers = {"Authorization": f"Bearer {strict.token(lena)}"}
    answers = [await strict.client.post("/graphql", json=body, headers=headers) for _ in range(4)]

    assert [each.json()["errors"][0]["extensions"]["code"] for each in answers[:2]] != (
        ["RATE_LIMITED"] * 2
    )
    assert [each.status_code for each in answers[2:]] == [429, 429]


async def test_who_fails_to_sign_in_too_often_hears_429_and_a_good_token_still_passes(
    strict: Api,
) -> None:
    lena = await factories.landlord()
    failed = [await strict.post(VIEWER) for _ in range(5)]

    assert [each.status_code for each in failed] == [401, 401, 401, 429, 429]
    assert failed[4].json() == refusal(int(failed[4].headers["retry-after"]))
    assert (await strict.post(VIEWER, as_=lena)).status_code == 200


async def test_around_the_edge_of_a_minute_nobody_gets_more_than_in_any_other(strict: Api) -> None:
    lena = await factories.landlord()

    async def let_through() -> int:
        return [(await strict.post(VIEWER, as_=lena)).status_code for _ in range(25)].count(200)

    strict.clock.now = strict.clock.now.replace(second=59)
    before = await let_through()
    counts = []
    for seconds in (2, 57, 7):
        strict.clock.now += timedelta(seconds=seconds)
        counts.append(await let_through())

    # The first with an unknown document; then nothing until all of it is a minute ago.
    assert [before, *counts] == [1 + 20 - KNOWN, 0, 0, 20]


async def test_behind_a_trusted_proxy_failures_count_by_the_address_it_tells(
    database: None,
) -> None:
    changes = {"rate_limit_unauthenticated": 1, "trusted_proxies": ["127.0.0.1"]}
    async with serve(Clock(), **changes) as api:

        async def fail(told: str) -> int:
            return (await api.client.get("/graphql", headers={"X-Forwarded-For": told})).status_code

        statuses = [await fail(each) for each in ("192.0.2.1", "192.0.2.2", "9.9.9.9, 192.0.2.1")]

    assert statuses == [401, 401, 429]


async def test_nobody_else_is_believed(database: None) -> None:
    async with serve(Clock(), rate_limit_unauthenticated=1) as api:
        statuses = [
            (await api.client.get("/graphql", headers={"X-Forwarded-For": each})).status_code
            for each in ("192.0.2.1", "192.0.2.2")
        ]

    assert statuses == [401, 429]


async def test_without_limits_nobody_is_refused(database: None) -> None:
    lena = await factories.landlord()
    async with serve(Clock(), rate_limit=0) as api:
        statuses = [(await api.post(VIEWER, as_=lena)).status_code for _ in range(50)]
        statuses += [(await api.post(VIEWER)).status_code for _ in range(50)]

    assert statuses == [200] * 50 + [401] * 50


@pytest.mark.parametrize(("nodes", "cost"), [(0, 1), (99, 1), (100, 2), (2_000, 21), (20_000, 201)])
def test_a_request_costs_one_and_one_more_for_each_hundred_items(nodes: int, cost: int) -> None:
    assert cost_of(nodes) == cost


def test_the_price_stays_right_however_many_page_sizes_were_asked_for() -> None:
    documents = Documents(schema._schema, Limits())
    query = "query ($n: Int) { tenants(first: $n) { nodes { id } } }"
    sizes = [1, *range(101, 101 + 2 * MOST_PAGES), 1, 101]
    found = [documents.prepare(query, {"n": size}).nodes({"n": size}) for size in sizes]

    assert found == sizes
    assert len(documents.prepare(query, {"n": 1}).measured_pages) == MOST_PAGES


def test_of_a_page_size_nothing_is_kept_but_what_counts() -> None:
    documents = Documents(schema._schema, Limits())
    query = "query ($n: Int) { tenants(first: $n) { nodes { id } } }"
    deep: object = 1
    for _ in range(2_000):
        deep = {"a": deep}
    for value in ("x" * 100_000, "y" * 100_000, {"a": "z" * 100_000}, deep, None, [1], 5, 5.0):
        documents.prepare(query, {"n": value})
    document = documents.prepare(query, {})

    kept = list(document.measured_pages)
    assert kept == [(str,), (dict,), (type(None),), ("1 items",), (5,), (None,)]
    # What was sent is no number, so the field's own page size counts.
    assert [document.nodes({"n": value}) for value in ("x", None, 5, 5.0)] == [100, 100, 5, 5]
