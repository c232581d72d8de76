"""Who asks for too much is told when to come again; nobody else notices."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.documents import MOST_PAGES, Documents
from graph.limits import Limits
from graph.rate_limits import RateLimits, cost_of, network_of
from graph.schema import schema
from resolvers.clock import system_clock
from resolvers.errors import RateLimited
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
    assert 1 <= seconds <= 60
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


async def test_who_fails_to_sign_in_too_often_hears_429_and_a_good_token_still_passes(
    strict: Api,
) -> None:
    lena = await factories.landlord()
    failed = [await strict.post(VIEWER) for _ in range(5)]

    assert [each.status_code for each in failed] == [401, 401, 401, 429, 429]
    assert failed[4].json() == refusal(int(failed[4].headers["retry-after"]))
    assert (await strict.post(VIEWER, as_=lena)).status_code == 200


async def test_without_limits_nobody_is_refused(database: None) -> None:
    lena = await factories.landlord()
    async with serve(Clock(), rate_limit=0) as api:
        statuses = [(await api.post(VIEWER, as_=lena)).status_code for _ in range(50)]
        statuses += [(await api.post(VIEWER)).status_code for _ in range(50)]

    assert statuses == [200] * 50 + [401] * 50


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), max_size=60), st.integers(1, 100))
def test_what_is_accepted_never_exceeds_the_limit(
    charges: list[tuple[int, int]], most: int
) -> None:
    limits = RateLimits(most, 0)
    now = system_clock()
    accepted = [0, 0, 0]
    for who, cost in charges:
        try:
            limits.charge(UUID(int=who), cost, now)
        except RateLimited:
            continue
        accepted[who] += cost

    # A minute may end meanwhile, and then another one begins.
    assert max(accepted) <= 2 * most


@pytest.mark.parametrize(("nodes", "cost"), [(0, 1), (99, 1), (100, 2), (2_000, 21), (20_000, 201)])
def test_a_request_costs_one_and_one_more_for_each_hundred_items(nodes: int, cost: int) -> None:
    assert cost_of(nodes) == cost


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:0db8:0000:0000"),
        ("2001:db8:0:0:ffff::2", "2001:0db8:0000:0000"),
        ("2001:db8:0:1::1", "2001:0db8:0000:0001"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_counts_with_those_its_holder_has(address: str, network: str) -> None:
    assert network_of(address) == network


def test_the_price_stays_right_however_many_page_sizes_were_asked_for() -> None:
    documents = Documents(schema._schema, Limits())
    query = "query ($n: Int) { tenants(first: $n) { nodes { id } } }"
    sizes = [1, *range(101, 101 + 2 * MOST_PAGES), 1, 101]
    found = [documents.prepare(query, {"n": size}).nodes({"n": size}) for size in sizes]

    assert found == sizes
    assert len(documents.prepare(query, {"n": 1}).measured_pages) == MOST_PAGES
