"""Headers of every answer, and which other origins' pages may ask at all."""

from collections.abc import Mapping, Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    # Billing belongs into no cache between us and the caller.
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Set unless the answer says otherwise itself, as the explorer's page and its files do."""


def middleware(origins: Sequence[str]) -> list[Middleware]:
    """What wraps the application. `origins` are those whose pages may read answers; the token
    travels in a header, never in a cookie, so credentials stay out of it."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=[
            *("Authorization", "Content-Type", "X-Request-ID"),
            *("traceparent", "tracestate"),
        ],
        expose_headers=["X-Request-ID", "Retry-After"],
        max_age=600,
    )
    return [Middleware(SecurityHeaders), *([cors] if origins else [])]


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As ASGI sends them."""
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


_RAW = encoded(SECURITY_HEADERS)


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                given = {name for name, _ in headers}
                message["headers"] = [*headers, *(h for h in _RAW if h[0] not in given)]
            await send(message)

        await self.app(scope, receive, send_with_headers)
