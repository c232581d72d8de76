"""uvicorn's HTTP protocol, with what it lacks: deadlines for those at the other end, and a short
way for headers that are ready.

uvicorn waits for ever for the rest of a request, and for a client that does not read. One look a
second at all connections of the process ends those, without a timer for each.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from graph.reply import Block

HEADERS_WITHIN = 5.0
"""Seconds from connecting, or from the first byte of a later request, to the end of its headers."""
BODY_WITHIN = 10.0
"""Seconds from the end of the headers to the end of the body."""
READ_WITHIN = 10.0
"""Seconds in which a client must take something of an answer that waits for it."""
MAX_HEADER_BYTES = 32 * 1024
EVERY = 1.0
"""Seconds between two looks at the connections."""


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: When what the client sends must be complete, in the loop's time; None: nothing is due.
        self._due: float | None = None
        self._in_headers = False
        #: Bytes since the request began, or rather since the beginning of what it came with.
        self._fed = 0
        self._chunk = 0
        #: How much of an answer waited to be read when it last became less, and when that was.
        self._unread = 0
        self._unread_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._due = self.loop.time() + HEADERS_WITHIN
        _watch(self.loop, self.server_state)

    def data_received(self, data: bytes) -> None:
        self._chunk = len(data)
        self._fed += self._chunk
        super().data_received(data)
        if self._in_headers and self._fed > MAX_HEADER_BYTES:
            self._refuse(431, "The headers are too large: at most 32 KiB.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = True
        self._fed = self._chunk
        self._due = self.loop.time() + HEADERS_WITHIN

    def on_headers_complete(self) -> None:
        self._in_headers = False
        if self._fed > MAX_HEADER_BYTES and _size(self.url, self.headers) > MAX_HEADER_BYTES:
            self._refuse(431, "The headers are too large: at most 32 KiB.")
            raise ValueError("The headers are too large.")
        self._due = self.loop.time() + BODY_WITHIN
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.__class__ = Cycle

    def on_message_complete(self) -> None:
        self._due = None
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self.transport.is_closing():
            super().send_400_response(msg)

    def look(self, now: float) -> None:
        """End the connection if its client is too slow."""
        unread = self.transport.get_write_buffer_size()
        if not unread or unread < self._unread or not self._unread:
            self._unread, self._unread_since = unread, now
        elif now - self._unread_since > READ_WITHIN:
            self.transport.abort()
            return
        # What is not read because the request before it is still being answered is not late.
        if self._due is None or now < self._due or self.flow.read_paused:
            return
        if self.cycle is None and not self._in_headers:
            self.transport.close()  # It never said anything.
        elif not self._in_headers and self.cycle.response_started:
            self.transport.close()  # Answered before it was all there.
        elif not self.transport.is_closing():
            self._refuse(408, "The request did not arrive in time.")

    def _refuse(self, status: int, text: str) -> None:
        """Answer what never became a request, unless an answer is on its way already."""
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            block = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            length = f"content-length: {len(text)}\r\n\r\n".encode()
            self.transport.write(STATUS_LINE[status] + block + length + text.encode())
        self.transport.close()


#: uvicorn's own headers, a new list every second, and the same as they are sent.
_ours: tuple[list[tuple[bytes, bytes]], bytes] = [], b""


class Cycle(RequestResponseCycle):
    """One request and its answer. uvicorn checks and joins headers one by one, which takes longer
    than finding a small answer; those that we have checked and joined ourselves go out as they
    are, together with the body."""

    #: Of an answer that has begun, and whose body is still to come.
    head: bytes | None = None

    async def send(self, message: Any) -> None:
        headers = message.get("headers")
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.head is not None and not self.disconnected:
            self._finish(self.head, message["body"])
        elif type(headers) is Block and not (self.response_started or self.disconnected):
            self._begin(message["status"], headers)
        else:
            await super().send(message)

    def _begin(self, status: int, headers: Block) -> None:
        """A block of headers announces one body, which comes at once."""
        self.response_started = True
        self.waiting_for_100_continue = False
        global _ours
        if _ours[0] is not self.default_headers:
            ours = b"".join(b"%b: %b\r\n" % header for header in self.default_headers)
            _ours = self.default_headers, ours
        close = b"" if self.keep_alive else b"connection: close\r\n"
        self.head = b"%b%b%b%b\r\n" % (STATUS_LINE[status], _ours[1], headers.text, close)

    def _finish(self, head: bytes, body: bytes) -> None:
        """As uvicorn ends an answer whose length is known."""
        self.head = None
        self.transport.writelines([head] if self.scope["method"] == "HEAD" else [head, body])
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()


def _size(url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> int:
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


#: Servers whose next look at their connections is due.
_watched: WeakSet[ServerState] = WeakSet()


def _watch(loop: asyncio.AbstractEventLoop, server: ServerState) -> None:
    if server not in _watched:
        _watched.add(server)
        loop.call_later(EVERY, _look, loop, server)


def _look(loop: asyncio.AbstractEventLoop, server: ServerState) -> None:
    _watched.discard(server)
    now = loop.time()
    for connection in list(server.connections):
        if isinstance(connection, Protocol):
            connection.look(now)
    if server.connections:
        _watch(loop, server)
