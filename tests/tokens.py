"""Real tokens, good and bad: signed with real keys, from any bytes that a forger might choose."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from graph.auth import keys
from graph.auth.bearer import BearerTokens, TokenRules
from graph.auth.keys import Keys

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ISSUER = "https://login.example.com/"
AUDIENCE = "https://headcount.example.com"

# Made once: generating RSA keys is what takes time.
RSA = RSAKey.generate_key(2048)
OTHER_RSA = RSAKey.generate_key(2048)
P256 = ECKey.generate_key("P-256")
P384 = ECKey.generate_key("P-384")
P521 = ECKey.generate_key("P-521")
ED25519 = OKPKey.generate_key("Ed25519")

SigningKey = RSAKey | ECKey | OKPKey


def jwk(key: SigningKey, **members: object) -> dict[str, object]:
    """The public part of `key` as a provider publishes it."""
    return {**key.as_dict(private=False), **members}


def jwks(*members: Mapping[str, object]) -> bytes:
    return json.dumps({"keys": members}).encode()


def key_set(*members: Mapping[str, object]) -> Keys:
    return keys.parse_jwks(jwks(*members))


def header(**changes: object) -> dict[str, object]:
    """Of a good token; a change to None leaves the member out."""
    return _merge({"alg": "RS256", "typ": "at+jwt", "kid": "rsa"}, changes)


def claims(**changes: object) -> dict[str, object]:
    """Of a good token; a change to None leaves the member out."""
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "iat": SECONDS - 60,
        "exp": SECONDS + 600,
    }
    return _merge(good, changes)


def sign(
    head: Mapping[str, object] | bytes,
    payload: Mapping[str, object] | bytes,
    key: Any = RSA,
    alg: str | None = None,
) -> str:
    """A token with exactly these bytes, signed with `alg`, or with what the header says."""
    name = alg or (str(head["alg"]) if isinstance(head, Mapping) else "RS256")
    signed = f"{encode(_bytes(head))}.{encode(_bytes(payload))}"
    model = JWSRegistry.algorithms[name]
    return f"{signed}.{encode(model.sign(signed.encode(), key))}"


def mint(**changes: object) -> str:
    """A good token but for these claims."""
    return sign(header(), claims(**changes))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def verifier(trusted: Keys | None = None, **rules: Any) -> BearerTokens:
    """What a production would build; trusts RSA under the name "rsa" unless told otherwise."""
    usual: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "types": frozenset({"at+jwt", "jwt"}),
        "leeway": 30,
    }
    return BearerTokens(trusted or key_set(jwk(RSA, kid="rsa")), TokenRules(**{**usual, **rules}))


def _merge(good: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def _bytes(value: Mapping[str, object] | bytes) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
