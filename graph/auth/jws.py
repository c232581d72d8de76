"""Signed tokens (RFC 7515, compact form): from text to a payload that the issuer has signed.

Stricter than the RFC where leniency has been attacked before: one spelling per token (no padding,
no spare bits), no header that names another key or another way to read the token.
"""

import base64
import re
from typing import NamedTuple

from graph.auth import strict_json
from graph.auth.keys import Keys, VerificationKey
from graph.auth.refusal import refuse

# `crit` and `b64` change the meaning of the token, `enc`, `zip` and `cty` wrap another one in it,
# the rest bring or point to a key of the caller's.
REFUSED_HEADERS = frozenset({"crit", "b64", "enc", "zip", "cty", "jku", "jwk", "x5u", "x5c"})

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


class UnknownKey(Exception):
    """The token names a key that is not among those given."""


class Segments(NamedTuple):
    header: str
    payload: str
    signature: str


def read_payload(token: str, keys: Keys, types: frozenset[str | None]) -> dict[str, object]:
    """What the issuer has signed; it is not parsed before the signature has been verified.

    `types` are the accepted `typ` headers in lower case, without `application/`; with None among
    them there need not be one. UnknownKey is raised where other keys could make a difference.
    """
    segments = _split(token)
    header = _read_object(segments.header)
    _check_type(header, types)
    key = _key_for(header, keys)
    signed = f"{segments.header}.{segments.payload}".encode("ascii")
    if not key.verifies(signed, _decode(segments.signature)):
        raise refuse("the signature does not match")
    return _read_object(segments.payload)


def _split(token: str) -> Segments:
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise refuse("not a signed token in compact form")
    return Segments(*match.groups())


def _check_type(header: dict[str, object], types: frozenset[str | None]) -> None:
    if not REFUSED_HEADERS.isdisjoint(header):
        raise refuse("a header that is never followed")
    if "typ" not in header and None in types:
        return
    typ = header.get("typ")
    # RFC 7515, 4.1.9: a media type, so case does not count and `application/` may be left out.
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
        raise refuse("not a type of token that is accepted")


def _key_for(header: dict[str, object], keys: Keys) -> VerificationKey:
    kid = header.get("kid")
    if "kid" in header and not isinstance(kid, str):
        raise refuse("the kid is not a string")
    key = keys.find(kid if isinstance(kid, str) else None)
    if key is None:
        raise UnknownKey if isinstance(kid, str) else refuse("no kid")
    # A list, because what stands in the header need not be hashable.
    if header.get("alg") not in [*key.names]:
        raise refuse("not the algorithm of that key")
    return key


def _read_object(segment: str) -> dict[str, object]:
    data = _decode(segment)
    try:
        return strict_json.read_object(data)
    except ValueError:
        raise refuse("not one unambiguous JSON object") from None


def _decode(segment: str) -> bytes:
    """Base64url without padding, in its one canonical spelling."""
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise refuse("not base64url") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != segment:
        raise refuse("not the canonical base64url")
    return data
