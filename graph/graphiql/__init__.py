"""GraphiQL from our own origin: no other host is asked for anything, and the policy says so.

`page` answers a browser that opens the endpoint, `routes` serves the files the page names. Their
addresses are relative to the page, so both may live under a prefix.
"""

import gzip
import hashlib
import html
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from graph.graphiql import assets

HERE = Path(__file__).parent
OWN_FILES = ("explorer.css", "explorer.js", "session.js", "tabs.js", "policy.js", "icon.svg")
# In the order of the tabs: the report is what a person came for.
EXAMPLES = ("billing_report", "tenants", "billing_trend", "join_by_external_id")

# `data:` fonts and images stand in GraphiQL's own style sheet. Styles set through the DOM need
# no permission; the two places where a bundle would write a style as text are in policy.js.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Vary": "Accept",
}
MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"


def routes() -> list[BaseRoute]:
    """The files of the page. One path segment and a list of names: no path is ever walked."""
    return [Route("/graphiql/{name}", _file, methods=["GET"])]


def page(request: Request) -> Response:
    """The explorer; with 503, the words that say which command brings it."""
    try:
        for name in assets.FILES:
            _content(_path(name))
    except LookupError:
        return Response(_missing(), 503, PAGE_HEADERS, "text/html")
    return Response(_explorer(), 200, PAGE_HEADERS, "text/html")


def examples() -> list[str]:
    """The ready queries, in the order of their tabs."""
    folder = HERE / "examples"
    return [(folder / f"{name}.graphql").read_text("utf-8") for name in EXAMPLES]


@dataclass(frozen=True, slots=True)
class Content:
    body: bytes
    tag: str


@lru_cache
def _content(path: Path) -> Content:
    """Absence is not remembered, so a repair needs no restart.

    A third-party file that is not the pinned one counts as absent.
    """
    try:
        body = path.read_bytes()
    except OSError:
        raise LookupError(path.name) from None
    digest = hashlib.sha256(body).hexdigest()
    if path.name in assets.FILES and assets.FILES[path.name].sha256 != digest:
        raise LookupError(path.name)
    return Content(body, digest[:32])


@lru_cache
def _zipped(content: Content) -> bytes:
    return gzip.compress(content.body, mtime=0)


def _path(name: str) -> Path:
    if name in OWN_FILES:
        return HERE / name
    if name in assets.FILES:
        return assets.FOLDER / name
    raise LookupError(name)


# Not async: reading and compressing for the first time belongs on a thread.
def _file(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        content = _content(_path(name))
    except LookupError:
        return Response("Not found", 404, media_type="text/plain")
    zips = "gzip" in request.headers.get("Accept-Encoding", "")
    headers = {
        "ETag": f'"{content.tag}{"-gzip" if zips else ""}"',
        # Third-party names carry their version; our own are asked for again each time.
        "Cache-Control": FOR_EVER if name in assets.FILES else "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if headers["ETag"] in _tags(request.headers.get("If-None-Match", "")):
        return Response(status_code=304, headers=headers)
    if zips:
        headers["Content-Encoding"] = "gzip"
    body = _zipped(content) if zips else content.body
    return Response(body, headers=headers, media_type=MEDIA_TYPES[Path(name).suffix])


def _tags(condition: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in condition.split(",")}


@cache
def _explorer() -> str:
    # Inside a script element only `<` could end it.
    data = json.dumps(examples()).replace("<", "\\u003c")
    return (HERE / "index.html").read_text("utf-8").replace("{{examples}}", data)


@cache
def _missing() -> str:
    template = (HERE / "missing.html").read_text("utf-8")
    return template.replace("{{command}}", html.escape(assets.REPAIR_COMMAND))
