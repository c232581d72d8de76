"""Cuts JSON into records without holding more than one of them: lines, arrays, pages.

Both ways of reading yield (position, bytes, value), value being `Broken` where the bytes are not
JSON, so that one bad record costs no other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from resolvers.login_files.source import Source

# No provider sends a larger record (Azure Event Hubs end at 1 MiB); it bounds the memory.
LONGEST = 1 << 22
_AHEAD = 1 << 16

_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SCALAR = rb"(?:" + _STRING + rb"|[-+.0-9A-Za-z]++)"
_FIELD = _STRING + rb"\s*+:\s*+" + _SCALAR
# Microsoft Graph and Azure Event Hubs, and the Auth0 API with totals, deliver pages.
PAGE_KEYS = ("value", "records", "logs")
_opening = re.compile(
    rb"\{\s*+(?:" + _FIELD + rb'\s*+,\s*+)*?"(?:value|records|logs)"\s*+:\s*+\[', re.DOTALL
)
_closing = re.compile(rb"\]\s*+(?:,\s*+" + _FIELD + rb"\s*+)*+\}", re.DOTALL)
_between = re.compile(rb"[\s,]*+")
_scalar = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"?|[^\s,\[\]{}"]++|.', re.DOTALL)
_bracket = re.compile(rb'(?:[^"{}\[\]]++|' + _STRING + rb")*+([{}\[\]])", re.DOTALL)
_follows = re.compile(rb"\s*+(?:,\s*+[\[{]|[\]{]|,?\Z)")
_first_keys = re.compile(
    rb"\{\s*+(" + _STRING + rb")\s*+:(?:\s*+" + _SCALAR + rb"\s*+,\s*+(" + _STRING + rb")\s*+:)?"
)


@dataclass(frozen=True, slots=True)
class Broken:
    """In place of a value: why there is none."""

    reason: str


Piece = tuple[int, bytes, object]


def parsed(raw: bytes) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        # Only what is wrong: the rest of the message counts from the record's own beginning.
        return Broken(f"Broken JSON: {error.msg}.")


def starts_page(head: bytes) -> bool:
    return _opening.match(head) is not None


def lines(source: Source) -> Iterator[Piece]:
    """One record a line; a blank line is none. The position is the line's number."""
    number = 0
    for block, is_cut in source.blocks(LONGEST):
        if is_cut:
            number += 1
            yield (
                number,
                block,
                Broken("The line is longer than 4 MiB; only its beginning is kept."),
            )
            continue
        for line in block.split(b"\n") if block[-1:] != b"\n" else block[:-1].split(b"\n"):
            number += 1
            if line and not line.isspace():
                yield number, line, parsed(line)


def elements(source: Source) -> Iterator[Piece]:
    """Objects in arrays, in pages such as {"value": [...]}, or one after another."""
    return _Elements(source).pieces()


class _Elements:
    """Finds where each object ends, by a guess that is checked and by counting brackets.

    The guess: the next object begins with the same keys as this one. Bytes that parse are the
    object, since no beginning of an object is an object itself; the guess can only be slow.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._buffer = b""
        self._at = 0
        self._opened: list[bool] = []  # of each open array: whether it stands in a page
        self._next_object: re.Pattern[bytes] | None = None
        self._window = 0  # where the next object is worth looking for

    def pieces(self) -> Iterator[Piece]:
        number = 0
        while self._skip_to_value():
            number += 1
            raw, value = self._value()
            yield number, raw, value
        if self._opened:
            reason = f"The array is not closed: reading stopped after element {number}."
            yield number + 1, b"", Broken(reason)

    def _fill(self, size: int) -> bool:
        """Have `size` bytes from here on; False when the stream ends before."""
        have = len(self._buffer) - self._at
        if have < size and (more := self._source.take(max(size, 2 * have))):
            self._buffer = self._buffer[self._at :] + more
            self._at = 0
            have += len(more)
        return have >= size

    def _skip_to_value(self) -> bool:
        """Step over what stands between objects: False at the end of the stream."""
        while True:
            self._fill(_AHEAD)
            between = _between.match(self._buffer, self._at)
            self._at = between.end() if between else self._at
            if self._at == len(self._buffer):
                if not self._fill(1):
                    return False
            elif not self._step_over_array():
                return True

    def _step_over_array(self) -> bool:
        """Enter or leave an array; False in front of a value."""
        here = self._buffer[self._at : self._at + 1]
        if here == b"]" and self._opened:
            closing = _closing.match(self._buffer, self._at) if self._opened.pop() else None
            self._at = closing.end() if closing else self._at + 1
            return True
        if self._opened:
            return False
        opening = _opening.match(self._buffer, self._at)
        if opening is None and here != b"[":
            return False
        self._opened.append(opening is not None)
        self._at = opening.end() if opening else self._at + 1
        return True

    def _value(self) -> tuple[bytes, object]:
        if self._buffer[self._at : self._at + 1] not in (b"{", b"["):
            scalar = _scalar.match(self._buffer, self._at)
            return self._cut(scalar.end() if scalar else self._at + 1)
        end = self._guessed_end()
        if end is not None:
            raw = self._buffer[self._at : end]
            value = parsed(raw)
            if not isinstance(value, Broken):
                self._at = end
                return raw, value
        return self._counted()

    def _cut(self, end: int) -> tuple[bytes, object]:
        raw = self._buffer[self._at : end]
        self._at = end
        return raw, parsed(raw)

    def _guessed_end(self) -> int | None:
        if self._next_object is None:
            return None
        found = self._next_object.search(self._buffer, self._at, self._at + self._window)
        return found.start() + 1 if found else None

    def _counted(self) -> tuple[bytes, object]:
        """The value up to its closing bracket; without one, up to the next likely object."""
        while (end := self._bracket_end()) is None:
            have = len(self._buffer) - self._at
            if have >= LONGEST or not self._fill(have + 1):
                return self._unclosed()
        if not _follows.match(self._buffer, end):
            # A stray quote has led the count astray.
            end = self._guessed_end() or end
        raw, value = self._cut(end)
        if type(value) is dict:
            self._learn(raw)
        return raw, value

    def _bracket_end(self) -> int | None:
        depth = 0
        at = self._at
        while found := _bracket.match(self._buffer, at):
            at = found.end()
            depth += 1 if found[1] in b"{[" else -1
            if depth == 0:
                return at
        return None

    def _unclosed(self) -> tuple[bytes, object]:
        end = self._guessed_end()
        if end is not None:
            return self._cut(end)
        raw = self._buffer[self._at :]
        self._buffer, self._at = b"", 0
        self._opened.clear()
        self._source.end()
        return raw, Broken("The record does not end: reading stopped here.")

    def _learn(self, raw: bytes) -> None:
        """Two objects of an array usually begin with the same one or two keys."""
        self._window = 4 * len(raw) + _AHEAD
        keys = _first_keys.match(raw)
        if keys is None:
            return
        pattern = rb"\}\s*+,?\s*+(?=\{\s*+" + re.escape(keys[1]) + rb"\s*+:"
        if keys[2]:
            pattern += rb"\s*+" + _SCALAR + rb"\s*+,\s*+" + re.escape(keys[2]) + rb"\s*+:"
        self._next_object = re.compile(pattern + rb")", re.DOTALL)
