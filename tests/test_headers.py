"""Headers of every answer, and pages of other origins."""

from collections.abc import AsyncIterator

import pytest

from graph.headers import SECURITY_HEADERS
from tests import tokens
from tests.http import Api, Clock, serve

FRIEND = "https://app.example.com"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}


@pytest.fixture
async def friendly(database: None) -> AsyncIterator[Api]:
    async with serve(Clock(), cors_origins=(FRIEND,), graphiql=True) as api:
        yield api


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/graphql"),
        ("GET", "/graphql"),
        ("PUT", "/graphql"),
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/nowhere"),
    ],
)
async def test_every_answer_has_the_security_headers(api: Api, method: str, path: str) -> None:
    response = await api.client.request(method, path)

    found = {name: response.headers.get(name) for name in SECURITY_HEADERS}
    assert found == SECURITY_HEADERS


async def test_no_other_origin_may_ask_unless_it_is_named(api: Api) -> None:
    preflight = await api.client.options("/graphql", headers={"Origin": FRIEND, **PREFLIGHT})
    answer = await api.client.post("/graphql", headers={"Origin": FRIEND})

    assert preflight.status_code == 405
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_a_named_origin_may_ask_with_a_token_and_without_cookies(friendly: Api) -> None:
    preflight = await friendly.client.options("/graphql", headers={"Origin": FRIEND, **PREFLIGHT})
    answer = await friendly.client.post("/graphql", headers={"Origin": FRIEND})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == FRIEND
    assert "Authorization" in preflight.headers["access-control-allow-headers"]
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "https://app.example.com.evil.com",
        "http://app.example.com",
        "null",
    ],
)
async def test_an_origin_that_is_not_named_may_not(friendly: Api, origin: str) -> None:
    preflight = await friendly.client.options("/graphql", headers={"Origin": origin, **PREFLIGHT})
    answer = await friendly.client.post("/graphql", headers={"Origin": origin})

    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_the_explorer_keeps_its_own_policy(friendly: Api) -> None:
    page = await friendly.client.get("/graphql", headers={"Accept": "text/html"})

    assert page.headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'"
    )
    assert page.headers["x-frame-options"] == "DENY"


async def test_an_authorized_answer_is_kept_in_no_cache(api: Api) -> None:
    response = await api.client.post(
        "/graphql",
        json={"query": "{ __typename }"},
        headers={"Authorization": f"Bearer {tokens.mint()}"},
    )

    assert response.headers["cache-control"] == "no-store"
    assert response.headers["vary"] == "Accept, Authorization"
