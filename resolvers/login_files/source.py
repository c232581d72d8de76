"""A byte stream that can be looked into without being rewound: standard input is read once."""

from collections.abc import Iterator
from typing import Protocol

_BLOCK = 1 << 18


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

    def blocks(self, longest: int) -> Iterator[bytes]:
        """Whole lines, many at a time; a line longer than `longest` is handed out in pieces."""
        rest = b""
        while block := self.take():
            end = block.rfind(b"\n") + 1
            if end == 0 and len(rest) + len(block) < longest:
                rest += block
                continue
            end = end or len(block)
            yield rest + block[:end]
            rest = block[end:]
        if rest:
            yield rest
