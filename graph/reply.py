"""An answer in JSON as an ASGI application. Every request makes one, and Starlette's Response takes
longer to make than a small answer takes to read."""

from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

from graph.headers import SECURITY_HEADERS, encoded

RawHeader = tuple[bytes, bytes]

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
        self.headers = [
            *_HEADERS,
            (b"content-type", f"{media_type}; charset=utf-8".encode()),
            (b"content-length", str(len(body)).encode()),
            *headers,
        ]

    @classmethod
    def again(cls, body: bytes, headers: list[RawHeader]) -> "Reply":
        """What an earlier reply said, without an error."""
        reply = cls.__new__(cls)
        reply.body, reply.status_code, reply.code = body, 200, "OK"
        reply.headers = headers.copy()
        return reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})
