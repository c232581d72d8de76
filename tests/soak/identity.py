"""Who signs in, and who does not: an issuer that cannot be reached, and tokens that are forged."""

import asyncio
from datetime import datetime, timedelta
from functools import partial

from graph.auth import provider
from graph.auth.bearer import TokenRules
from graph.auth.issuer import IssuerTokens
from graph.auth.provider import Address
from graph.auth.published_keys import COOLDOWN, PublishedKeys
from resolvers.errors import Refusal
from tests import tokens
from tests.provider import Provider, publishing, running
from tests.soak.bar import Bar, Figure
from tests.tokens import NOW, OTHER_RSA, RSA, claims, header, jwk, jwks, sign

KEYS = jwks(jwk(RSA, kid="rsa"))


def trusting(issuer: Provider) -> IssuerTokens:
    fetch = partial(provider.fetch, Address.of(issuer.url))
    rules = TokenRules(tokens.ISSUER, tokens.AUDIENCE, frozenset({"at+jwt"}), 30)
    return IssuerTokens(PublishedKeys(fetch), rules)


async def named(verifier: IssuerTokens, token: str, now: datetime) -> bool:
    try:
        await verifier.verified(token, now)
    except Refusal:
        return False
    return True


async def cold_start(count: int) -> tuple[int, int]:
    """Of so many at once, before any key is known: how many sign in, and how many fetches."""
    with running(publishing(KEYS)) as issuer:
        verifier = trusting(issuer)
        good = [tokens.mint(sub=f"subject-{number}") for number in range(count)]
        signed_in = await asyncio.gather(*(named(verifier, token, NOW) for token in good))
        return sum(signed_in), len(issuer.asked)


async def flood(count: int) -> tuple[int, int, int]:
    """Of so many tokens with keys that nobody knows: how many are refused, how many fetches they
    cause within the cooldown, and how many as many more cause after it."""
    with running(publishing(KEYS)) as issuer:
        verifier = trusting(issuer)
        await named(verifier, tokens.mint(), NOW)
        forged = [sign(header(kid=f"kid-{n}"), b"{}", OTHER_RSA) for n in range(count)]
        late = NOW + COOLDOWN - timedelta(milliseconds=1)
        found = await asyncio.gather(*(named(verifier, token, late) for token in forged))
        within = len(issuer.asked) - 1
        await asyncio.gather(*(named(verifier, token, NOW + COOLDOWN) for token in forged))
        return found.count(False), within, len(issuer.asked) - 1 - within


async def outage(length: timedelta, every: timedelta) -> tuple[int, int]:
    """While the issuer is down, with the clock set on: how many sign in, and how many do not."""
    with running(publishing(KEYS)) as issuer:
        verifier = trusting(issuer)
        good = tokens.mint(exp=claims()["exp"] + int(length.total_seconds()))  # type: ignore[operator]
        assert await named(verifier, good, NOW)
    found = []
    for step in range(length // every + 1):
        found.append(await named(verifier, good, NOW + step * every))
        if verifier._published._flight:
            await asyncio.wait([verifier._published._flight])
    return found.count(True), found.count(False)


def provider_outage(_url: str) -> Figure:
    return asyncio.run(_provider_outage())


async def _provider_outage() -> Figure:
    signed_in, fetches = await cold_start(500)
    refused, within, after = await flood(10_000)
    right, wrong = await outage(timedelta(hours=1), timedelta(seconds=5))
    return Figure(
        f"{signed_in} of 500 cold: {fetches} fetch; {refused:,} unknown keys: {within} fetches in"
        f" the cooldown, {after} after it; down 1 h: {wrong} of {right + wrong} failed",
        (signed_in, fetches, refused, within, after, wrong) == (500, 1, 10_000, 0, 1, 0),
    )


BARS = [
    Bar(
        "Provider outage",
        "500 cold concurrent = 1 fetch; 10,000 unknown keys = 0 extra fetches in the cooldown;"
        " provider down 1 h = 0 failures",
        provider_outage,
        databases=(),
    ),
]
