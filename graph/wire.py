"""Reading a GraphQL request off HTTP, to the letter of the GraphQL over HTTP specification.

Whatever is not such a request is answered with a status and one error in JSON.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"

_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$")


Rank = tuple[float, bool, int]


class NotUnderstood(Exception):
    """Not a GraphQL request that this endpoint takes; `str()` of it is meant for the caller."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Disconnected(Exception):
    """The client left before the request was complete."""


class Question(NamedTuple):
    """One request: a document, which of its operations, and the values of its variables."""

    query: str
    operation_name: str | None
    variables: dict[str, object]


Fields = Mapping[bytes, bytes]
"""Header fields by name in lower case; of one that came several times, the values joined by commas
(RFC 9110, 5.3)."""


def fields_of(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        fields[name] = fields[name] + b", " + value if name in fields else value
    return fields


def text_of(fields: Fields, name: bytes) -> str | None:
    value = fields.get(name)
    return None if value is None else value.decode("latin-1")


def preferred(accept: str, offers: Sequence[str]) -> str | None:
    """The offer that an Accept header likes best, or None when it accepts none of them.

    Among equals a type that is named wins over one that a wildcard lets in, then what is named
    earlier, then an earlier offer. An empty header means that anything will do.
    """
    ranges = _ranges(accept.strip() or "*/*")
    best: Rank = (0.0, False, 0)
    chosen = None
    for offer in offers:
        rank = _rank(offer, ranges)
        if rank[0] > 0 and rank > best:
            best, chosen = rank, offer
    return chosen


@lru_cache(maxsize=256)
def _known_offer(accept: bytes) -> str | None:
    return preferred(accept.decode("latin-1"), (JSON, GRAPHQL))


def offer_of(accept: bytes) -> str | None:
    """The media type of the answer; None when the header accepts none. Clients send few different
    ones; a long one is not kept."""
    return _known_offer(accept) if len(accept) < 200 else _known_offer.__wrapped__(accept)


def prefers_page(accept: bytes) -> bool:
    return preferred(accept.decode("latin-1"), (JSON, GRAPHQL, HTML)) == HTML


def _ranges(accept: str) -> Sequence[tuple[str, float]]:
    """Media ranges with their quality; one whose quality is malformed is passed over."""
    found = []
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((p[2:].strip() for p in parameters if p.startswith("q=")), "1")
        if _QUALITY.match(quality):
            found.append((name, float(quality)))
    return found


def _rank(offer: str, ranges: Sequence[tuple[str, float]]) -> Rank:
    """Quality of an offer by the most specific range that holds it, if that names it, where."""
    for candidate in (offer, offer.split("/")[0] + "/*", "*/*"):
        for position, (name, quality) in enumerate(ranges):
            if name == candidate:
                return quality, candidate == offer, -position
    return 0.0, False, 0


async def read(scope: Scope, receive: Receive, fields: Fields, max_bytes: int) -> bytes:
    """The bytes of the question: the query string of a GET, the body of a POST."""
    if scope["method"] == "GET":
        query_string: bytes = scope["query_string"]
        return query_string
    _check_content(fields)
    return await _body(receive, fields, max_bytes)


def understand(method: str, raw: bytes) -> Question:
    return _question(_query_string(raw) if method == "GET" else _json(raw, "The body"))


def _check_content(fields: Fields) -> None:
    """Exactly application/json, in UTF-8 when it says so, and not compressed."""
    if not _is_json(fields.get(b"content-type", b"")):
        raise NotUnderstood(415, "The Content-Type must be application/json, in UTF-8.")
    if fields.get(b"content-encoding", b"identity").lower() != b"identity":
        raise NotUnderstood(415, "The body must not be compressed.")


def _is_json(content_type: bytes) -> bool:
    if content_type == b"application/json":
        return True
    name, *parameters = (
        piece.strip() for piece in content_type.decode("latin-1").lower().split(";")
    )
    charsets = [p[8:].strip('"') for p in parameters if p.startswith("charset=")]
    return name == JSON and all(charset in ("utf-8", "utf8") for charset in charsets)


async def _body(receive: Receive, fields: Fields, max_bytes: int) -> bytes:
    """The body, read no further than allowed.

    Starlette's `max_body_size` would answer in plain text, where every answer here is JSON.
    """
    declared = fields.get(b"content-length", b"0")
    size = int(declared) if declared.isdigit() and len(declared) < 20 else 0
    chunks: list[bytes] = []
    more = size <= max_bytes
    if more:
        size = 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        more = size <= max_bytes and message.get("more_body", False)
    if size > max_bytes:
        raise NotUnderstood(413, f"The body is too large: at most {max_bytes:,} bytes.")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _query_string(raw: bytes) -> dict[str, Any]:
    """The parameters of a GET: `variables` and `extensions` are JSON, none comes twice, and an
    `operationName` that is empty is none."""
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20
        )
    except ValueError:
        raise NotUnderstood(400, "The query string is not URL-encoded UTF-8.") from None
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise NotUnderstood(400, "A parameter of the query string is given twice.")
        given[name] = value
    if given.get("operationName") == "":
        del given["operationName"]
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = _json(given[name].encode(), f"The parameter '{name}'")
    return given


def _json(raw: bytes, what: str) -> Any:
    """Parse by orjson: it refuses lone surrogates, NaN, infinity and nesting below 1,024.

    Of a key given twice it keeps the last; a number beyond 64 bits becomes a float.
    """
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise NotUnderstood(400, f"{what} is not JSON in UTF-8.") from None


def _question(given: Any) -> Question:
    """Check the parameters' types. `extensions` and whatever else is sent is not used."""
    if not isinstance(given, dict):
        raise NotUnderstood(400, "The body must be one JSON object.")
    query = given.get("query")
    operation_name = given.get("operationName")
    variables = given.get("variables")
    if not isinstance(query, str):
        raise NotUnderstood(400, "The parameter 'query' is required and must be a string.")
    if not isinstance(operation_name, str | None):
        raise NotUnderstood(400, "The parameter 'operationName' must be a string or null.")
    if not isinstance(variables, dict | None):
        raise NotUnderstood(400, "The parameter 'variables' must be an object or null.")
    if not isinstance(given.get("extensions"), dict | None):
        raise NotUnderstood(400, "The parameter 'extensions' must be an object or null.")
    return Question(query, operation_name, variables or {})
