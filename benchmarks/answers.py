"""Asking a contender once, and whether all of them say the same."""

import http.client
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.contenders import Contender, Request
from benchmarks.questions import Question

_JSON = {"Content-Type": "application/json"}


class Differ(Exception):
    """Contenders that do not give the same data cannot be compared."""


def requests(contender: Contender, question: Question, token: str) -> list[Request]:
    return [request(contender, each, token) for each in question.in_turn()]


def request(contender: Contender, question: Question, token: str) -> Request:
    if contender.asks == "paths":
        return Request("GET", question.url_path())
    signed_in = {"Authorization": f"Bearer {token}"} if contender.signs_in else {}
    tables = contender.asks == "tables"
    query = question.postgraphile if tables else question.graphql
    known = {name: value for name, value in question.variables.items() if f"${name}" in query}
    body = json.dumps({"query": query, "variables": known}).encode()
    return Request("POST", "/graphql", {**_JSON, **signed_in}, body)


def ask(port: int, sent: Request) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(sent.method, sent.path, sent.body, dict(sent.headers))
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise Differ(f"The answer to {sent.path} is {response.status}: {body[:300]!r}")
    return body


def read(contender: Contender, question: Question, body: bytes) -> Any:
    """The data of an answer in our shape, instants in one form."""
    answer = json.loads(body)
    if answer.get("errors") or answer.get("data") is None:
        raise Differ(f"{contender.name} refuses {question.name}: {body[:500].decode()}")
    data = answer["data"]
    return _normal(question.from_tables(data) if contender.asks == "tables" else data)


def compare(question: Question, answers: Mapping[str, Any]) -> None:
    """Raises Differ unless all contenders, by name, gave the same data."""
    (first, expected), *others = answers.items()
    for name, data in others:
        if data != expected:
            raise Differ(
                f"{first} and {name} answer {question.name} differently:"
                f"\n{_start(expected)}\n{_start(data)}"
            )


def _normal(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: _instant(item) if name.endswith("LoginAt") else _normal(item)
                for name, item in value.items()
            }
        case list():
            return [_normal(item) for item in value]
        case _:
            return value


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="milliseconds")


def _start(data: Any) -> str:
    return json.dumps(data)[:300]
