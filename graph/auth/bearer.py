"""Bearer access tokens (RFC 6750, RFC 9068): from the request's headers to who the token names."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from string import ascii_letters, digits
from typing import NamedTuple

from graph.auth import jws
from graph.auth.jws import UnknownKey
from graph.auth.keys import Keys
from graph.auth.refusal import refuse

MAX_TOKEN_BYTES = 8 * 1024
MAX_SUBJECT_CHARACTERS = 255
MAX_REMEMBERED = 4096
# The end of year 9999. A later "date" is a count of milliseconds: such a token would never expire.
END_OF_TIME = 253_402_300_800

# RFC 6750, 2.1: these, and equals signs at the end. A regular expression takes four times as long.
_OF_TOKENS = f"{ascii_letters}{digits}-._~+/".encode()
# RFC 6749, 3.3.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
# Only an ID token says what other tokens it came with (OpenID Connect Core, 3.3.2.11).
_ID_TOKEN_CLAIMS = frozenset({"at_hash", "c_hash"})


class Claims(NamedTuple):
    """What a verified token says: who, by which issuer, with which scopes. Never a role."""

    issuer: str
    subject: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say; `types` in lower case without `application/`, with None among them
    where a token need not have one; `leeway` in seconds."""

    issuer: str
    audience: str
    types: frozenset[str | None]
    leeway: int


@dataclass(frozen=True, slots=True)
class _Grant:
    """A token that is right except perhaps for the time; instants in seconds since 1970."""

    claims: Claims
    not_before: float
    expires: float


def token_of(authorization: str | None) -> str:
    """The token in the one Authorization header there may be; several have been joined by commas,
    which no token has."""
    if authorization is None:
        raise refuse("no credentials", came=False)
    scheme, _, rest = authorization.partition(" ")
    token = rest.lstrip(" ")
    made_of = token.rstrip("=").encode()
    if scheme.lower() != "bearer" or not made_of or made_of.translate(None, _OF_TOKENS):
        raise refuse("not a bearer token")
    return token


class BearerTokens:
    """Verifies tokens against keys and rules.

    A token's signature is checked once and its grant kept under the token's digest: the token
    itself is not kept, and the time is checked anew on every use. Other keys need another instance.
    """

    def __init__(self, keys: Keys, rules: TokenRules) -> None:
        self._keys = keys
        self._rules = rules
        self._remembered: dict[bytes, _Grant] = {}

    async def verified(self, token: str, now: datetime) -> Claims:
        """As verify: these keys are at hand."""
        return self.verify(token, now)

    def verify(self, token: str, now: datetime) -> Claims:
        """What the token says, or Unauthenticated. `now` must know its zone."""
        try:
            return self.check(token, now)
        except UnknownKey:
            raise refuse("no key of that kid") from None

    def check(self, token: str, now: datetime) -> Claims:
        """As verify, but for UnknownKey, of which more can be made where keys are fetched."""
        grant = self._grant(token)
        seconds, leeway = now.timestamp(), self._rules.leeway
        if seconds >= grant.expires + leeway:
            raise refuse("the token has expired")
        if seconds < grant.not_before - leeway:
            raise refuse("the token is not valid yet")
        return grant.claims

    def _grant(self, token: str) -> _Grant:
        if len(token) > MAX_TOKEN_BYTES:
            raise refuse("the token is larger than 8 KiB")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        grant = self._remembered.get(digest)
        if grant is None:
            payload = jws.read_payload(token, self._keys, self._rules.types)
            grant = _read_grant(payload, self._rules)
            if len(self._remembered) >= MAX_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[digest] = grant
        return grant


def _read_grant(payload: Mapping[str, object], rules: TokenRules) -> _Grant:
    if payload.get("iss") != rules.issuer:
        raise refuse("another issuer")
    if rules.audience not in _strings(payload.get("aud"), "aud"):
        raise refuse("another audience")
    if not _ID_TOKEN_CLAIMS.isdisjoint(payload):
        raise refuse("an ID token")
    if "cnf" in payload:
        # The token is worth something only with a proof of possession, which is not checked here.
        raise refuse("a token bound to a key")
    if "exp" not in payload:
        raise refuse("no exp")
    starts = [_instant(payload[name], name) for name in ("nbf", "iat") if name in payload]
    claims = Claims(rules.issuer, _subject(payload.get("sub")), _scopes(payload))
    return _Grant(claims, max(starts, default=0), _instant(payload["exp"], "exp"))


def _subject(value: object) -> str:
    """Printable: no control character, nothing invisible, nothing that is not Unicode text."""
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_SUBJECT_CHARACTERS:
        raise refuse("sub is not a string of 1 to 255 characters")
    if not value.isprintable():
        raise refuse("sub has characters that cannot be printed")
    return value


def _instant(value: object, name: str) -> float:
    """A NumericDate (RFC 7519, 2) between 1970 and 9999."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refuse(f"{name} is not a number")
    if not 0 <= value < END_OF_TIME:
        raise refuse(f"{name} is not an instant")
    return value


def _scopes(payload: Mapping[str, object]) -> frozenset[str]:
    """`scope` (RFC 8693: one string, separated by single spaces) and `scp` (also as a list)."""
    names: list[str] = []
    if "scope" in payload:
        if not isinstance(payload["scope"], str):
            raise refuse("scope is not a string")
        names += _separated(payload["scope"])
    if isinstance(payload.get("scp"), str):
        names += _separated(str(payload["scp"]))
    elif "scp" in payload:
        names += _strings(payload["scp"], "scp")
    if not all(_SCOPE.fullmatch(name) for name in names):
        raise refuse("malformed scopes")
    return frozenset(names)


def _separated(text: str) -> list[str]:
    return text.split(" ") if text else []


def _strings(value: object, name: str) -> list[str]:
    """A string or a list of strings; one item of another type spoils the list."""
    items = value if isinstance(value, list) else [value]
    strings = [item for item in items if isinstance(item, str)]
    if len(strings) != len(items):
        raise refuse(f"{name} is not made of strings")
    return strings
