"""An answer in JSON as an ASGI application. Every request makes one, and Starlette's Response takes
longer to make than a small answer takes to read."""

from collections.abc import Iterable, Mapping, Sequence

import orjson
from starlette.types import Receive, Scope, Send

from graph import wire
from graph.headers import SECURITY_HEADERS, encoded

RawHeader = tuple[bytes, bytes]


class Block(list[RawHeader]):
    """Headers, and the same as they are sent: for a server that knows us (`graph/protocol.py`) and
    need neither check nor join them. Whoever adds to them makes a plain list of them."""

    __slots__ = ("text",)

    def __init__(self, headers: Iterable[RawHeader], text: bytes) -> None:
        super().__init__(headers)
        self.text = text

    @classmethod
    def of(cls, headers: Iterable[RawHeader]) -> "Block":
        given = tuple(headers)
        return cls(given, b"".join(b"%b: %b\r\n" % header for header in given))

    def with_one(self, name: bytes, value: bytes) -> "Block":
        return Block((*self, (name, value)), b"%b%b: %b\r\n" % (self.text, name, value))


#: Of every answer in JSON.
_HEADERS = encoded({**SECURITY_HEADERS, "Vary": "Accept, Authorization"})


class Reply:
    def __init__(
        self, body: bytes, status: int, media_type: str, headers: Iterable[RawHeader] = ()
    ) -> None:
        self.body = body
        self.status_code = status
        #: Of the first error, for those who count and log.
        self.code = "OK"
        content = (b"content-type", f"{media_type}; charset=utf-8".encode())
        length = (b"content-length", str(len(body)).encode())
        self.headers = Block.of((*_HEADERS, content, length, *headers))

    @classmethod
    def again(cls, body: bytes, headers: Block) -> "Reply":
        """What an earlier reply said, without an error."""
        reply = cls.__new__(cls)
        reply.body, reply.headers, reply.status_code, reply.code = body, headers, 200, "OK"
        return reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "TIMEOUT": 504,
    "UNAVAILABLE": 503,
}
"""Statuses of refusals that end a request before it is executed; any other is 400."""

CHALLENGES = {False: "Bearer", True: 'Bearer error="invalid_token"'}
"""What a 401 asks for (RFC 6750, 3), by whether credentials came."""


def answer(
    content: object, status: int, media_type: str | None, headers: Mapping[str, str] | None = None
) -> Reply:
    reply = Reply(orjson.dumps(content), status, media_type or wire.JSON, encoded(headers or {}))
    if isinstance(content, dict) and "errors" in content:
        reply.code = content["errors"][0]["extensions"]["code"]
    return reply


def refused(told: Sequence[Mapping[str, object]], media_type: str | None) -> Reply:
    """A request that was understood and cannot be executed."""
    return answer({"errors": told}, 400 if media_type == wire.GRAPHQL else 200, media_type)
