"""Who signs in, and who does not: an issuer that cannot be reached, and tokens that are forged."""

import asyncio
import json
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from graph.auth import provider
from graph.auth.bearer import TokenRules
from graph.auth.issuer import IssuerTokens
from graph.auth.provider import Address
from graph.auth.published_keys import COOLDOWN, PublishedKeys
from resolvers import key_texts
from resolvers.clock import system_clock
from resolvers.errors import Refusal
from tests import command, forged_tokens, tokens
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


def forge(url: str, folder: Path) -> tuple[list[int], dict[str, tuple[int, bytes]]]:
    """Of a served process, what good credentials are answered before and after, and what each
    forged one is: all would name somebody known, were it not for what is wrong with them."""
    env = command.production(url, folder, HEADCOUNT_RATE_LIMIT_UNAUTHENTICATED="0")
    command.done("principal", "add", "landlord", "alice", env=env)
    command.done("principal", "add", "service-account", "planner", env=env)
    made = [_key(env) for _ in range(2)]
    command.done("key", "revoke", made[1], env=env)
    now = int(system_clock().timestamp())
    good = [tokens.mint(iat=now - 60, exp=now + 600), made[0]]
    forged = forged_tokens.forged(now, margin=300)
    forged = {name: text for name, text in forged.items() if _is_sent(text)}
    forged |= {f"API key, {name}": text for name, text in _forged_keys(made).items()}
    with command.served(env, cwd=folder) as served:
        connection = HTTPConnection(str(urlsplit(served).netloc), timeout=30)
        before = [_status(connection, text)[0] for text in good]
        answers = {name: _status(connection, text) for name, text in forged.items()}
        after = [_status(connection, text)[0] for text in good]
        connection.close()
    return before + after, answers


def _key(env: dict[str, str]) -> str:
    options = ("--scope", "billing:read", "--days", 1, "--json")
    return str(json.loads(command.done("key", "create", "planner", *options, env=env))["key"])


def _forged_keys(made: list[str]) -> dict[str, str]:
    good, revoked = made
    other = key_texts.make()[0]
    with_other_secret = good[:21] + other[21:53]
    return {
        "revoked": revoked,
        "unknown": other,
        "the secret of another": with_other_secret + key_texts._check_sum(with_other_secret),
        "another secret, old check sum": with_other_secret + good[-6:],
        "cut off": good[:-1],
        "longer": good + "0",
        "of a test": good.replace("live", "test"),
        "twice": good + good,
        "without its secret": good[:21],
        "padded": good + "=",
        "called SQL": good.replace(good[8:20], "' OR 1=1 --x"),
    }


def _is_sent(text: str) -> bool:
    """HTTP takes white space from around a value, and can carry no line break in it."""
    return text == text.strip() and "\n" not in text and text.encode("latin-1", "ignore") != b""


def _status(connection: HTTPConnection, token: str) -> tuple[int, bytes]:
    head = {"Authorization": b"Bearer " + token.encode("utf-8", "surrogatepass")}
    body = json.dumps({"query": "{ viewer { displayName } }"})
    connection.request("POST", "/graphql", body, {"Content-Type": "application/json", **head})
    answer = connection.getresponse()
    return answer.status, answer.read()


def token_forgery(url: str) -> Figure:
    with TemporaryDirectory() as folder:
        good, answers = forge(url, Path(folder))
    accepted = sum(status < 300 for status, _ in answers.values())
    other = sum(status != 401 for status, _ in answers.values()) - accepted
    alike = len({body for _, body in answers.values()})
    return Figure(
        f"{len(answers)} forged credentials over HTTP: {accepted} accepted, {other} other than 401,"
        f" {alike} answer for all; good ones {good}",
        (accepted, other, alike, good) == (0, 0, 1, [200] * 4) and len(answers) >= 45,
    )


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
        "Token forgery",
        "≥ 45 bad tokens, sent to a served process: 0 accepted, 0 other than 401",
        token_forgery,
    ),
    Bar(
        "Provider outage",
        "500 cold concurrent = 1 fetch; 10,000 unknown keys = 0 extra fetches in the cooldown;"
        " provider down 1 h = 0 failures",
        provider_outage,
        databases=(),
    ),
]
