"""One GET of the issuer's published keys, within hard bounds of time and size.

Over asyncio's own streams: a client library would be one more dependency, and that of the standard
library blocks and bounds each read instead of the whole. No proxy, no redirect and no compression
is followed: what answers is the host that the operator named, or nobody.
"""

import asyncio
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

#: Seconds for all of it: name look-up, connection, TLS and the answer.
DEADLINE = 2.0
MAX_BODY_BYTES = 64 * 1024
MAX_HEAD_BYTES = 16 * 1024
CHUNK = 16 * 1024


class NoAnswer(Exception):
    """The provider gave nothing that can be used; `str()` of it says why, in words of ours."""


class Address(NamedTuple):
    """Where to ask; `tls` is None for plain http."""

    host: str
    port: int
    target: str
    authority: str
    tls: ssl.SSLContext | None

    @classmethod
    def of(cls, url: str) -> "Address":
        """Of a URL that graph/production.py has found to be a safe one. Certificates are checked
        against the authorities of this machine, or those of SSL_CERT_FILE."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        secure = parts.scheme == "https"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(
            parts.hostname,
            parts.port or (443 if secure else 80),
            target,
            parts.netloc,
            ssl.create_default_context() if secure else None,
        )


async def fetch(address: Address) -> bytes:
    """The body of a 200, or NoAnswer."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await _get(address)
    except TimeoutError:
        raise NoAnswer(f"no whole answer within {DEADLINE:.0f} seconds") from None
    except ssl.SSLCertVerificationError:
        raise NoAnswer("its certificate is not one that is trusted here") from None
    except httptools.HttpParserError:
        raise NoAnswer("its answer is not HTTP") from None
    except OSError:
        raise NoAnswer("it cannot be reached") from None


async def _get(address: Address) -> bytes:
    reader, writer = await asyncio.open_connection(address.host, address.port, ssl=address.tls)
    try:
        writer.write(
            f"GET {address.target} HTTP/1.1\r\nHost: {address.authority}\r\n"
            "Accept: application/json\r\nAccept-Encoding: identity\r\n"
            "User-Agent: headcount\r\nConnection: close\r\n\r\n".encode("ascii")
        )
        answer = _Answer()
        # An answer may also end with the connection: what is cut off is no JSON.
        while not answer.complete and (data := await reader.read(CHUNK)):
            answer.feed(data)
        return answer.content()
    finally:
        # Not closed politely: nobody waits for the other side to agree.
        writer.transport.abort()


class _Answer:
    """Parses while it counts, so that no more is kept than may be."""

    def __init__(self) -> None:
        self.complete = False
        self._parser = httptools.HttpResponseParser(self)
        self._status: int | None = None
        self._head, self._body = 0, bytearray()

    def feed(self, data: bytes) -> None:
        if self._status is None:
            self._head += len(data)
        self._parser.feed_data(data)
        if self._status not in (None, 200):
            raise NoAnswer(f"it answered with the status {self._status}")
        # The last piece of the head may have brought a piece of the body along.
        if self._head > MAX_HEAD_BYTES + CHUNK:
            raise NoAnswer("its headers are too large")
        if len(self._body) > MAX_BODY_BYTES:
            raise NoAnswer(f"its answer is larger than {MAX_BODY_BYTES} bytes")

    def content(self) -> bytes:
        if self._status is None:
            raise NoAnswer("it closed the connection without an answer")
        return bytes(self._body)

    # What the parser calls. It swallows what is raised here, so nothing is.

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self.complete = True
