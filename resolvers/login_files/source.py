"""A byte stream that can be looked into without being rewound: standard input is read once."""

import re
from collections.abc import Iterator
from typing import Protocol

_BLOCK = 1 << 18
# Bytes kept of a line that is too long.
_SHOWN = 1_000
_LAST_CHARACTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]*\Z")


class ByteStream(Protocol):
    """An open file, `sys.stdin.buffer` or a socket's file; it need not be seekable."""

    def read(self, size: int, /) -> bytes: ...


class Source:
    """Hands out what was peeked at before it reads on."""

    __slots__ = ("_ahead", "_stream", "ended")

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._ahead = b""
        self.ended = False

    def peek(self, size: int) -> bytes:
        """The next bytes, at least `size` of them unless the stream ends before."""
        parts = [self._ahead]
        have = len(self._ahead)
        while have < size and not self.ended:
            part = self._stream.read(max(size - have, _BLOCK))
            self.ended = not part
            parts.append(part)
            have += len(part)
        self._ahead = b"".join(parts)
        return self._ahead

    def take(self, size: int = _BLOCK) -> bytes:
        """All that is at hand, at least `size` bytes; empty at the end of the stream."""
        taken = self.peek(size)
        self._ahead = b""
        return taken

    def drop(self, size: int) -> None:
        """Forget bytes that were peeked at."""
        self._ahead = self._ahead[size:]

    def end(self) -> None:
        """Give up on what is left."""
        self._ahead = b""
        self.ended = True

    def blocks(self, longest: int) -> Iterator[tuple[bytes, bool]]:
        """Whole lines, many at a time; or, with True, no more than the beginning of one line that
        is longer than `longest`. Its rest is passed over without being kept."""
        rest = b""
        while block := self.take():
            first = block.find(b"\n")
            if len(rest) + (first if first >= 0 else len(block)) > longest:
                yield _beginning(rest + block), True
                rest, block = b"", block[first + 1 :] if first >= 0 else self._next_line()
            end = block.rfind(b"\n") + 1
            if end:
                yield rest + block[:end], False
                rest = b""
            rest += block[end:]
        if rest:
            yield rest, False

    def _next_line(self) -> bytes:
        """What is at hand behind the end of this line."""
        while block := self.take():
            if end := block.find(b"\n") + 1:
                return block[end:]
        return b""


def _beginning(line: bytes) -> bytes:
    """Enough to find the line by, ending between two characters."""
    return _LAST_CHARACTER.sub(b"", line[:_SHOWN])
