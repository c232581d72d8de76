"""Instants and dates as text: RFC 3339 with an offset, held in UTC, exact to the millisecond.

Milliseconds are what the GraphQL DateTime specification shows, so nothing finer is kept: digits
beyond the third are cut off, never rounded, which keeps a login on the date it happened.
"""

import re
from datetime import UTC, date, datetime

# [0-9] and not \d, which also matches the digits of other scripts.
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_SECONDS = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
# The form nearly every login has, and the only one that the standard library reads to the
# millisecond as it stands.
_plain = re.compile(rf"{_DATE}T{_SECONDS}(?:\.[0-9]{{3}})?Z").fullmatch
# RFC 3339, section 4.3: -00:00 says that the local offset is not known.
_full = re.compile(
    rf"({_DATE})[Tt]({_SECONDS})(?:(\.[0-9]{{1,3}})[0-9]*)?"
    r"([Zz]|\+(?:[01][0-9]|2[0-3]):[0-5][0-9]|-(?!00:00)(?:[01][0-9]|2[0-3]):[0-5][0-9])"
).fullmatch
_date = re.compile(_DATE).fullmatch

_EXPECTED = "Expected an RFC 3339 date-time with an offset, such as 2026-03-01T08:30:00.000Z."


def parse(text: str) -> datetime:
    """The instant, in UTC, cut to milliseconds; ValueError says what was expected.

    Refused: no offset, -00:00, a space instead of the T, 24:00, leap seconds (they have no
    place in UTC days of 86,400 seconds), and what lies before year 1 or after 9999 in UTC.
    """
    try:
        if _plain(text):
            return datetime.fromisoformat(text)
        return _convert(text)
    except (ValueError, OverflowError):
        raise ValueError(_EXPECTED) from None


def _convert(text: str) -> datetime:
    match = _full(text)
    if match is None:
        raise ValueError(_EXPECTED)
    day, time, fraction, offset = match.groups("")
    if offset in "Zz":
        return datetime.fromisoformat(f"{day}T{time}{fraction}+00:00")
    return datetime.fromisoformat(f"{day}T{time}{fraction}{offset}").astimezone(UTC)


def render(instant: datetime) -> str:
    """The one form instants are shown in: 2026-03-01T08:30:00.000Z.

    Refused: an instant without a zone, which the server's own zone would otherwise decide.
    """
    if instant.tzinfo is None:
        raise ValueError("An instant carries its zone.")
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return f"{instant.isoformat(timespec='milliseconds')[:-6]}Z"


def parse_date(text: str) -> date:
    """YYYY-MM-DD and nothing else; ValueError says what was expected."""
    try:
        if _date(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("Expected a calendar date YYYY-MM-DD, such as 2026-03-01.")
