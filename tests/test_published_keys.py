"""Tokens of an issuer that publishes its keys: how often it is asked, who waits, whom it trusts."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from threading import Event

import pytest

from graph.auth import provider
from graph.auth.bearer import Claims, TokenRules
from graph.auth.issuer import IssuerTokens
from graph.auth.provider import Address
from graph.auth.published_keys import COLD, COOLDOWN, LIFETIME, STALE, PublishedKeys
from resolvers.errors import Unauthenticated, Unavailable
from tests.provider import Provider, held, publishing, raw, running, status
from tests.soak import identity
from tests.tokens import AUDIENCE, ISSUER, NOW, OTHER_RSA, RSA, claims, header, jwk, jwks, sign
from tests.waiting import until_async

ALICE = Claims(ISSUER, "alice", frozenset())
SECOND = timedelta(seconds=1)
OLD, NEW = jwk(RSA, kid="old"), jwk(OTHER_RSA, kid="new")


def lasting(key: object, kid: str) -> str:
    """A good token of years."""
    return sign(header(kid=kid), claims(exp=claims()["iat"] + 10**8), key)  # type: ignore[operator]


BY_OLD, BY_NEW = lasting(RSA, "old"), lasting(OTHER_RSA, "new")
BY_NOBODY = lasting(OTHER_RSA, "unknown")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not what these are about."""
    monkeypatch.setattr(provider, "DEADLINE", 60.0)


@pytest.fixture
def issuer() -> Iterator[Provider]:
    with running(publishing(jwks(OLD))) as found:
        yield found


def tokens_of(found: Provider) -> IssuerTokens:
    fetch = partial(provider.fetch, Address.of(found.url))
    rules = TokenRules(ISSUER, AUDIENCE, frozenset({"at+jwt"}), 30)
    return IssuerTokens(PublishedKeys(fetch), rules)


async def names(tokens: IssuerTokens, token: str, later: timedelta = timedelta()) -> object:
    """Whom a token names some time after the first; the exception's name where it names nobody."""
    try:
        return await tokens.verified(token, NOW + later)
    except (Unauthenticated, Unavailable) as refused:
        return type(refused).__name__


async def landed(tokens: IssuerTokens) -> None:
    """Wait until no fetch is under way."""
    while flight := tokens._published._flight:
        await asyncio.wait([flight])


# How often


async def test_many_at_a_cold_start_share_one_fetch() -> None:
    assert await identity.cold_start(100) == (100, 1)


async def test_a_flood_of_unknown_keys_causes_one_fetch_after_each_cooldown() -> None:
    assert await identity.flood(200) == (200, 0, 1)


async def test_what_the_provider_has_published_is_asked_for_after_half_its_lifetime(
    issuer: Provider,
) -> None:
    tokens = tokens_of(issuer)
    asked = []

    for minutes in (0, 1, 4.99, 5, 6, 9.99, 10, 14.99, 15, 15.5):
        assert await names(tokens, BY_OLD, timedelta(minutes=minutes)) == ALICE
        await landed(tokens)
        asked.append(len(issuer.asked))

    assert asked == [1, 1, 1, 2, 2, 2, 3, 3, 4, 4]


async def test_an_unknown_key_is_looked_for_once_in_each_cooldown(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    asked = []

    for seconds in (0, 1, 29, 30, 31, 59, 60):
        assert await names(tokens, BY_NOBODY, seconds * SECOND) == "Unauthenticated"
        asked.append(len(issuer.asked))

    assert asked == [1, 1, 1, 2, 2, 2, 3]


@pytest.mark.parametrize(
    "token",
    ["x", "e30.e30.e30", sign(header(kid="old", alg="none"), claims(), RSA, alg="RS256"), "a.b"],
)
async def test_a_token_that_no_key_could_save_causes_no_fetch_in_addition(
    token: str, issuer: Provider
) -> None:
    tokens = tokens_of(issuer)
    await names(tokens, BY_OLD)

    assert await names(tokens, token, COOLDOWN) == "Unauthenticated"
    assert len(issuer.asked) == 1


# Whom it trusts


async def test_a_new_key_is_trusted_when_its_first_token_comes(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    assert await names(tokens, BY_OLD) == ALICE
    issuer.answer = publishing(jwks(OLD, NEW))

    assert await names(tokens, BY_NEW, COOLDOWN - SECOND) == "Unauthenticated"
    assert await names(tokens, BY_NEW, COOLDOWN) == ALICE
    assert await names(tokens, BY_OLD, COOLDOWN) == ALICE
    assert len(issuer.asked) == 2


async def test_what_a_withdrawn_key_has_verified_is_forgotten_with_it(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    assert await names(tokens, BY_OLD) == ALICE
    issuer.answer = publishing(jwks(NEW))

    # Any unknown key makes it ask; what it learns holds for all.
    assert await names(tokens, BY_OLD, COOLDOWN) == ALICE
    assert await names(tokens, BY_NEW, COOLDOWN) == ALICE
    assert await names(tokens, BY_OLD, COOLDOWN) == "Unauthenticated"


@pytest.mark.parametrize("idle", [LIFETIME, LIFETIME * 2, STALE, STALE * 2])
async def test_a_withdrawn_key_is_refused_after_its_lifetime_however_long_nobody_asked(
    idle: timedelta, issuer: Provider
) -> None:
    tokens = tokens_of(issuer)
    assert await names(tokens, BY_OLD) == ALICE
    issuer.answer = publishing(jwks(NEW))

    # All of those who come at the same time, the first of whom makes it ask.
    found = await asyncio.gather(*(names(tokens, BY_OLD, idle) for _ in range(5)))

    assert found == ["Unauthenticated"] * 5


async def test_a_key_that_comes_back_verifies_anew(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    found = []

    for turn, keys in enumerate([OLD, NEW, OLD]):
        issuer.answer = publishing(jwks(keys))
        found.append(await names(tokens, BY_OLD, turn * LIFETIME))

    assert found == [ALICE, "Unauthenticated", ALICE]


async def test_as_long_as_the_same_is_published_what_was_verified_is_remembered(
    issuer: Provider,
) -> None:
    tokens = tokens_of(issuer)
    await names(tokens, BY_OLD)
    before = tokens._tokens

    await names(tokens, BY_OLD, LIFETIME)
    assert (tokens._tokens is before, len(issuer.asked)) == (True, 2)
    issuer.answer = publishing(jwks(OLD, NEW))
    await names(tokens, BY_OLD, LIFETIME * 2)
    assert tokens._tokens is not before


async def test_a_clock_that_was_set_back_prolongs_no_trust(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    token = sign(header(kid="old"), claims(iat=0), RSA)
    assert await names(tokens, token) == ALICE
    issuer.answer = publishing(jwks(NEW))

    assert await names(tokens, token, -LIFETIME) == "Unauthenticated"


# Who waits


async def test_nobody_waits_while_keys_are_renewed(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    await names(tokens, BY_OLD)
    gate = Event()
    issuer.answer = held(gate, publishing(jwks(NEW)))

    found = [await names(tokens, BY_OLD, LIFETIME / 2) for _ in range(5)]
    gate.set()
    await landed(tokens)

    assert found == [ALICE] * 5
    assert await names(tokens, BY_OLD, LIFETIME / 2) == "Unauthenticated"
    assert len(issuer.asked) == 2


async def test_whoever_stops_waiting_takes_nobody_along(issuer: Provider) -> None:
    gate = Event()
    issuer.answer = held(gate, publishing(jwks(OLD)))
    tokens = tokens_of(issuer)
    waiting = [asyncio.create_task(names(tokens, BY_OLD)) for _ in range(3)]
    await until_async(lambda: issuer.asked)

    waiting[0].cancel()
    gate.set()

    assert await asyncio.gather(*waiting[1:]) == [ALICE, ALICE]
    assert waiting[0].cancelled()
    assert len(issuer.asked) == 1


# Outages


async def test_an_outage_of_an_hour_is_noticed_by_nobody() -> None:
    assert await identity.outage(timedelta(hours=1), every=timedelta(minutes=1)) == (61, 0)


async def test_the_last_keys_are_good_for_a_day_and_no_longer(issuer: Provider) -> None:
    tokens = tokens_of(issuer)
    await names(tokens, BY_OLD)
    issuer.answer = status(503)

    assert await names(tokens, BY_OLD, STALE - SECOND) == ALICE
    assert await names(tokens, BY_OLD, STALE) == "Unavailable"
    issuer.answer = publishing(jwks(OLD))
    assert await names(tokens, BY_OLD, STALE + COLD) == ALICE


async def test_without_any_keys_it_says_so_and_asks_again_soon(issuer: Provider) -> None:
    issuer.answer = status(503)
    tokens = tokens_of(issuer)

    assert await names(tokens, BY_OLD) == "Unavailable"
    issuer.answer = publishing(jwks(OLD))
    assert await names(tokens, BY_OLD, COLD - SECOND) == "Unavailable"
    assert await names(tokens, BY_OLD, COLD) == ALICE
    assert len(issuer.asked) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(500), "it answered with the status 500"),
        (raw(b""), "it closed the connection without an answer"),
        (publishing(b" " * 65537), "its answer is larger than 65536 bytes"),
        (publishing(b"<html>Sign in</html>"), "what it publishes is not a JWK Set"),
        (publishing(jwks(NEW)[:-1]), "what it publishes is not a JWK Set"),
        (publishing(gzip.compress(jwks(NEW))), "what it publishes is not a JWK Set"),
        (publishing(jwks()), "what it publishes has no key"),
        (publishing(json.dumps(NEW).encode()), 'what it publishes has no "keys" list'),
        (publishing(jwks({"kty": "oct", "k": "c2VjcmV0"})), "what it publishes has a symmetric"),
        (publishing(jwks(OTHER_RSA.as_dict(private=True))), "what it publishes has a private key"),
        (publishing(jwks(NEW, {**OLD, "kid": "new"})), "what it publishes has two keys with"),
    ],
)
async def test_what_cannot_be_used_changes_nothing_and_is_logged(
    answer: object, reason: str, issuer: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = tokens_of(issuer)
    await names(tokens, BY_OLD)
    issuer.answer = answer  # type: ignore[assignment]

    assert await names(tokens, BY_NEW, LIFETIME) == "Unauthenticated"
    assert await names(tokens, BY_OLD, LIFETIME) == ALICE
    (line,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert line.getMessage().startswith(f"The keys of the token issuer cannot be fetched: {reason}")
