"""An answer in JSON as an ASGI application. Every request makes one, and Starlette's Response takes
longer to make than a small answer takes to read."""

from collections.abc import Mapping

from starlette.types import Receive, Scope, Send


class Reply:
    def __init__(self, body: bytes, status: int, headers: Mapping[str, str]) -> None:
        self.body = body
        self.status_code = status
        self.headers = {**headers, "Content-Length": str(len(body))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers.items()
        ]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})
