"""Opaque places in a list, as GraphQL cursors, and how many rows a page behind one may have.

A cursor says after which row to go on, and is bound to the list it came from. It grants
nothing: whoever presents one reads only what a query of their own would give them. The
checksum tells a mangled cursor from a good one, so that it is refused and not misread.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from json import dumps, loads

from resolvers import texts
from resolvers.errors import BadInput, InvalidCursor

_CHECK_BYTES = 6


def page_size(first: int | None, usual: int, most: int) -> int:
    """What a client asks for by `first`, or the usual number."""
    size = usual if first is None else first
    if not 0 <= size <= most:
        raise BadInput(f"first must be from 0 to {most}.")
    return size


def encode(bound_to: str, *place: str) -> str:
    """`bound_to` names the list, such as the tenant and date of a report; `place` is the row's
    sort key."""
    payload = dumps(place, ensure_ascii=False, separators=(",", ":")).encode()
    return urlsafe_b64encode(_checksum(bound_to, payload) + payload).rstrip(b"=").decode()


def decode(bound_to: str, cursor: str, length: int) -> list[str]:
    """The place a cursor stands for: `length` strings that a database could hold. Anything else
    is an InvalidCursor, also when its checksum is right: anybody can compute it."""
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        place = loads(raw[_CHECK_BYTES:])
    except (ValueError, RecursionError):
        raise InvalidCursor from None
    if (
        not isinstance(place, list)
        or len(place) != length
        or not all(isinstance(part, str) and texts.storable(part) for part in place)
        # Checksum, alphabet, padding and spelling at once.
        or encode(bound_to, *place) != cursor
    ):
        raise InvalidCursor
    return place


def _checksum(bound_to: str, payload: bytes) -> bytes:
    return blake2b(bound_to.encode() + b"\0" + payload, digest_size=_CHECK_BYTES).digest()
