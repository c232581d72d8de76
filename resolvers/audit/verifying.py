"""Whether the log is what was written: nothing edited, deleted, inserted or exchanged.

Each entry is held against the hash before it. What a chain cannot tell by itself is that its end
was cut off: that shows against a head noted earlier and kept elsewhere.
"""

import re
from collections.abc import Iterable, Sequence

import orjson

from resolvers.audit import reading
from resolvers.audit.chain import Head, hash_of
from resolvers.audit.entries import canonical
from resolvers.audit.reading import Filing, Stored

_HEAD = re.compile(r"(0|[1-9][0-9]{0,18}):([0-9a-f]{64})")


class Broken(Exception):
    """The log was tampered with; `str()` of it says where and how."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position


def parse_head(text: str) -> Head | None:
    """What `headcount audit head` prints, in either form; None when it is neither."""
    text = text.strip()
    if text.startswith("{"):
        try:
            given = orjson.loads(text)
            text = f"{given['position']}:{given['hash']}"
        except (ValueError, KeyError):
            return None
    match = _HEAD.fullmatch(text)
    return Head(int(match[1]), match[2]) if match else None


class Verification:
    """Takes entry after entry; `head` is the last one that was right. `known` are heads that the
    chain must pass through."""

    def __init__(self, start: Head, known: Iterable[Head]) -> None:
        self.start = self.head = start
        self._known = {head.position: head.hash for head in known}
        self._compare(start)

    def take(self, entry: Stored) -> None:
        position, expected = entry.position, self.head.position + 1
        if type(position) is not int:
            raise Broken(expected, f"Entry {expected} has no number.")
        if position > expected:
            raise Broken(expected, f"{_named(expected, position - 1)} missing.")
        if position < expected:
            raise Broken(position, f"Entry {position} stands where entry {expected} belongs.")
        if hash_of(position, self.head.hash, entry.content) != entry.hash:
            raise Broken(
                position, f"Entry {position} is not what was written: its hash does not fit."
            )
        self.head = Head(position, entry.hash)
        self._compare(self.head)

    def end(self) -> Head:
        """The head of what was taken, which must reach as far as all that is known."""
        furthest, first = max(self._known, default=0), min(self._known, default=self.start.position)
        if furthest > self.head.position:
            missing = _named(self.head.position + 1, furthest)
            raise Broken(self.head.position + 1, f"{missing} missing: the end was cut off.")
        if first < self.start.position:
            reason = f"It begins behind entry {self.start.position}, so entry {first} is not shown."
            raise Broken(self.start.position, reason)
        return self.head

    def _compare(self, head: Head) -> None:
        if self._known.get(head.position, head.hash) != head.hash:
            raise Broken(
                head.position,
                f"Entry {head.position} is not the one whose hash was noted:"
                " the log was written anew.",
            )


def _named(first: int, last: int) -> str:
    return f"Entry {first} is" if first == last else f"Entries {first} to {last} are"


async def verify(known: Head | None = None) -> Head:
    """Hold the whole log against itself and against a head noted earlier; Broken says what is
    wrong first. Others may append meanwhile."""
    before = await reading.end()
    if before is None:
        raise Broken(0, "The head of the log is gone.")
    verification = Verification(Head(), [before.head, *([known] if known else [])])
    # Two heads at one position are compared by hand: one of them would hide the other.
    if known and known.position == before.head.position and known != before.head:
        raise Broken(known.position, f"The head is not the one noted at entry {known.position}.")
    filings = _Filings()
    async for entry in reading.entries():
        # What others append meanwhile is for the next time.
        if type(entry.position) is int and entry.position > before.head.position:
            break
        verification.take(entry)
        _compare(entry, await filings.of(entry.position))
    verified = verification.end()
    await filings.of(verified.position)
    after = await reading.end()
    if after is None or after.last != after.head.position:
        last = after.last if after else verified.position
        raise Broken(last, "The head of the log is not its last entry.")
    return verified


class _Filings:
    """Stands in the order in which entries are read: so were filings written."""

    def __init__(self) -> None:
        self._all = reading.filings()
        self._next: Filing | None = None

    async def of(self, position: int) -> list[Filing]:
        """Those of this entry, once those of the entries before were taken."""
        found = []
        while filing := self._next or await anext(self._all, None):
            self._next = filing
            if type(filing.position) is not int or filing.position < position:
                raise Broken(filing.position, _ELSEWHERE.format(filing.position))
            if filing.position > position:
                break
            found.append(filing)
            self._next = None
        return found


_ELSEWHERE = "Entry {} is filed under another tenant or time than it names."


def _compare(stored: Stored, filings: Sequence[Filing]) -> None:
    """What a trail is found by is no part of the hash, and must repeat what is."""
    try:
        entry = orjson.loads(stored.content)
        named = sorted((entry["at"], tenant) for tenant in entry.get("tenants", []))
        alone = entry["at"], entry.get("tenant")
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Broken(stored.position, f"Entry {stored.position} is no record.") from None
    filed = sorted((filing.at, filing.tenant) for filing in filings)
    if alone != (stored.at, stored.tenant) or named != filed:
        raise Broken(stored.position, _ELSEWHERE.format(stored.position))


def verify_export(lines: Iterable[bytes], known: Head | None = None) -> Head:
    """The same of exported lines, which may begin in the middle of the log."""
    verification: Verification | None = None
    heads, before = [known] if known else [], ""
    for number, line in enumerate(lines, 1):
        previous, entry = _read(number, line)
        if verification is None:
            if entry.position == 1 and previous != Head().hash:
                raise Broken(1, "Entry 1 is not the beginning of a chain.")
            before = previous
            verification = Verification(Head(entry.position - 1, previous), heads)
        verification.take(entry)
        if previous != before:
            raise Broken(entry.position, f"Entry {entry.position} names another one before it.")
        before = entry.hash
    return (verification or Verification(Head(), heads)).end()


def export_line(previous: str, entry: Stored) -> str:
    """One entry as JSON. Its hash is the SHA-256 of its position, the previous hash and the entry,
    each but the last ending with a line feed, the entry with its keys sorted."""
    head = f'{{"position":{entry.position},"previous":"{previous}","hash":"{entry.hash}"'
    return f'{head},"entry":{entry.content}}}\n'


def _read(number: int, line: bytes) -> tuple[str, Stored]:
    try:
        given = orjson.loads(line)
        position, previous, digest = given["position"], given["previous"], given["hash"]
        content = canonical(given["entry"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Broken(0, f"Line {number} is not an exported entry.") from None
    if type(position) is not int or position < 1:
        raise Broken(0, f"Line {number} is not an exported entry.")
    return previous, Stored(position, digest, content, "", None)
