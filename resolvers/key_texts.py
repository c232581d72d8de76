"""API keys as text: `hc_live_<id>_<secret><crc>`, all of letters and digits.

The prefix is there for scanners that look for leaked secrets, the check sum for them and for us: a
mistyped or invented key costs no look at the database. The ID is no secret: it names the key in
lists. The secret has 190 random bits, so its plain SHA-256 can be kept: nobody can try them all.
"""

import re
from hashlib import sha256
from secrets import choice
from typing import NamedTuple
from zlib import crc32

PREFIX = "hc_live_"

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(rf"({PREFIX}([0-9A-Za-z]{{12}})_([0-9A-Za-z]{{32}}))([0-9A-Za-z]{{6}})", re.ASCII)


class KeyText(NamedTuple):
    """What a key says, without its secret: the digest is what is kept of that."""

    id: str
    digest: str


def make() -> tuple[str, KeyText]:
    """A new key, in full and as it is kept."""
    key_id, secret = _random(12), _random(32)
    text = f"{PREFIX}{key_id}_{secret}"
    return text + _check_sum(text), KeyText(key_id, _digest(secret))


def read(text: str) -> KeyText | None:
    """What the key says, or None when it cannot be one."""
    match = _KEY.fullmatch(text)
    if match is None or match[4] != _check_sum(match[1]):
        return None
    return KeyText(match[2], _digest(match[3]))


def _random(length: int) -> str:
    return "".join(choice(_DIGITS) for _ in range(length))


def _digest(secret: str) -> str:
    return sha256(secret.encode("ascii")).hexdigest()


def _check_sum(text: str) -> str:
    """CRC-32 in base 62, of six digits."""
    number, digits = crc32(text.encode("ascii")), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
