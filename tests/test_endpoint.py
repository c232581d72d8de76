import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from graph.auth.bearer import Claims
from graph.documents import Documents
from graph.headers import SECURITY_HEADERS
from graph.limits import Limits
from graph.wire import preferred
from resolvers.admission import Admission
from tests.malformed import BODIES, CONTENT_TYPES, GOOD, QUERY_STRINGS
from tests.sample import LANDLORD, NOW, TOKEN, Context, Door, client, context, schema

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
VIEWER = {"data": {"viewer": "Lena"}}


def refusal(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def send(
    body: bytes = GOOD, accept: str = JSON, content_type: str | None = JSON, **headers: str
) -> Any:
    given = {"Accept": accept, **{name.replace("_", "-"): headers[name] for name in headers}}
    if content_type is not None:
        given["Content-Type"] = content_type
    return client().post("/graphql", content=body, headers=given)


def test_an_answer_and_all_its_headers() -> None:
    answer = send(X_Request_ID="request-0123")

    assert (answer.status_code, answer.content) == (200, b'{"data":{"viewer":"Lena"}}')
    assert dict(answer.headers) == {
        **{name.lower(): value for name, value in SECURITY_HEADERS.items()},
        "vary": "Accept, Authorization",
        "content-type": "application/json; charset=utf-8",
        "content-length": "26",
        "x-request-id": "request-0123",
    }


@pytest.mark.parametrize("given", ["", "short", "a b c d e f", "x" * 65, "café-1234", "a\tb-12345"])
def test_a_request_id_that_is_not_well_formed_is_replaced(given: str) -> None:
    answered = send(X_Request_ID=given.encode()).headers["x-request-id"]  # type: ignore[arg-type]

    assert len(answered) == 32
    assert answered.isalnum()


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL};q=0.9, {JSON}", JSON),
        (f"{JSON};q=0.9, {GRAPHQL}", GRAPHQL),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"*/*, {GRAPHQL}", GRAPHQL),
        (f"{JSON}, */*", JSON),
        (f"{GRAPHQL};q=0.5, */*;q=0.9", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"{JSON};q=0, application/*", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        ("APPLICATION/GRAPHQL-RESPONSE+JSON", GRAPHQL),
        ("text/html, */*;q=0.1", JSON),
        (f"text/html, {GRAPHQL};q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=x, {JSON};q=0.1", JSON),
        ("text/html", None),
        ("text/*", None),
        (f"{JSON};q=0", None),
        ("*/*;q=0", None),
        ("application/jsonx", None),
        (",;q=,;;", None),
    ],
)
def test_the_media_type_is_negotiated(accept: str, chosen: str | None) -> None:
    assert preferred(accept, (JSON, GRAPHQL)) == chosen


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("", {}, "GRAPHQL_PARSE_FAILED"),
        ("{vewer}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A{viewer} query B{viewer}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query{viewer}", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n:Int!){tenants(first:$n){nodes{id}}}", {}, "BAD_USER_INPUT"),
        ("{" + "viewer " * 21 + "}", {}, "QUERY_TOO_COMPLEX"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
def test_what_cannot_be_executed_is_400_only_under_the_graphql_media_type(
    query: str, variables: object, code: str, accept: str, status: int
) -> None:
    answer = send(json.dumps({"query": query, "variables": variables}).encode(), accept)

    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{accept}; charset=utf-8"
    assert answer.json().keys() == {"errors"}
    assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_an_error_of_a_field_is_200_with_data(accept: str) -> None:
    answer = send(b'{"query":"{missing}"}', accept)

    assert (answer.status_code, answer.json()["data"]) == (200, {"missing": None})


UNKNOWN_NAME = refusal(
    "The document has no operation of the name in operationName.", "GRAPHQL_VALIDATION_FAILED"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("A", VIEWER),
        ("B", {"data": {"__typename": "Query"}}),
        ("", UNKNOWN_NAME),
        ("C", UNKNOWN_NAME),
    ],
)
def test_the_operation_is_chosen_by_name(name: str, expected: dict[str, Any]) -> None:
    query = "query A{viewer} query B{__typename}"
    answer = send(json.dumps({"query": query, "operationName": name}).encode())

    assert answer.json() == expected


@pytest.mark.parametrize("parameters", ["", "&operationName=", "&operationName=A"])
def test_an_empty_operation_name_in_a_query_string_is_none(parameters: str) -> None:
    answer = client().get("/graphql?query=query+A{viewer}" + parameters)

    assert (answer.status_code, answer.json()) == (200, VIEWER)


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_body_is_400(name: str) -> None:
    answer = send(BODIES[name])

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("name", CONTENT_TYPES)
def test_another_content_type_is_415(name: str) -> None:
    answer = send(content_type=CONTENT_TYPES[name])

    assert (answer.status_code, answer.json()) == (
        415,
        refusal("The Content-Type must be application/json, in UTF-8."),
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=utf-8",
        'Application/JSON ; Charset="UTF-8"',
        "application/json; charset=UTF8",
    ],
)
def test_json_in_utf_8_is_taken(content_type: str) -> None:
    assert send(content_type=content_type).json() == VIEWER


def test_a_compressed_body_is_415() -> None:
    answer = send(gzip.compress(GOOD), Content_Encoding="gzip")

    assert (answer.status_code, answer.json()) == (
        415,
        refusal("The body must not be compressed."),
    )


def chunks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * 100


@pytest.mark.parametrize("body", [b" " * 1_001, chunks(11)], ids=["declared", "in chunks"])
def test_a_body_that_is_too_large_is_413(body: Any) -> None:
    answer = client(max_body_bytes=1_000).post(
        "/graphql", content=body, headers={"Content-Type": JSON}
    )

    assert (answer.status_code, answer.json()) == (
        413,
        refusal("The body is too large: at most 1,000 bytes."),
    )


def test_a_body_of_the_largest_size_is_read() -> None:
    body = GOOD.ljust(1_000)
    answer = client(max_body_bytes=1_000).post(
        "/graphql", content=body, headers={"Content-Type": JSON}
    )

    assert answer.json() == VIEWER


def test_a_key_given_twice_counts_as_given_last() -> None:
    assert send(b'{"query":"{vewer}","query":"{viewer}"}').json() == VIEWER


def test_a_persisted_query_extension_beside_a_query_is_not_used() -> None:
    body = b'{"query":"{viewer}","extensions":{"persistedQuery":{"version":1}}}'

    assert send(body).json() == VIEWER


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_405(method: str) -> None:
    answer = client().request(method, "/graphql")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
    assert answer.json() == refusal("Use GET or POST.")


def test_get_answers_a_query_with_variables() -> None:
    given = {
        "query": "query A($d:Day!){on(day:$d)} query B{viewer}",
        "operationName": "A",
        "variables": '{"d":"2026-11-02"}',
        "extensions": "{}",
    }

    assert client().get("/graphql", params=given).json() == {"data": {"on": "2026-11-02"}}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
def test_get_does_not_change_anything(accept: str) -> None:
    query = "mutation{record(input:{logins:[]})}"
    answer = client().get("/graphql", params={"query": query}, headers={"Accept": accept})

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == refusal("Use POST for this operation.")
    assert send(json.dumps({"query": query}).encode()).json() == {"data": {"record": 0}}


@pytest.mark.parametrize("name", QUERY_STRINGS)
def test_a_malformed_query_string_is_400(name: str) -> None:
    answer = client().get("/graphql?" + QUERY_STRINGS[name])

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


def test_nothing_acceptable_is_406() -> None:
    answer = send(accept="text/html")

    assert (answer.status_code, answer.json()) == (
        406,
        refusal("Accept application/graphql-response+json or application/json."),
    )


@pytest.mark.parametrize("name", ["invalid UTF-8", "a form", "nothing"])
@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "text/html"])
def test_nobody_unknown_has_the_request_read(name: str, accept: str) -> None:
    answer = send(BODIES[name], accept, "text/plain", Authorization="Bearer wrong")

    challenge = 'Bearer error="invalid_token"'
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
    assert answer.json() == refusal("A valid bearer token is required.", "UNAUTHENTICATED")


def test_the_context_holds_the_viewer_the_time_and_the_request_id() -> None:
    seen: list[object] = []

    class Watched(Door):
        async def verify(self, authorization: str | None, now: datetime) -> Claims:
            seen.append((authorization, now))
            return await super().verify(authorization, now)

    def make_context(admission: Admission, now: datetime, request_id: str) -> Context:
        seen.append((admission, now, request_id))
        return context(admission, now, request_id)

    client(authenticator=Watched(), make_context=make_context).get(
        "/graphql?query={viewer}", headers={"X-Request-ID": "request-0123"}
    )

    assert seen == [(f"Bearer {TOKEN}", NOW), (Admission(LANDLORD), NOW, "request-0123")]


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def page(_request: Request) -> Response:
    return HTMLResponse("the page")


@pytest.mark.parametrize(
    ("method", "accept", "shown"),
    [
        ("GET", BROWSER, True),
        ("GET", "*/*", False),
        ("GET", JSON, False),
        ("POST", BROWSER, False),
    ],
)
def test_the_page_is_for_a_get_that_prefers_html(method: str, accept: str, shown: bool) -> None:
    answer = client(page=page).request(
        method, "/graphql", headers={"Accept": accept, "Authorization": ""}
    )

    assert (answer.text == "the page") == shown
    assert answer.status_code == (200 if shown else 401)


def test_there_is_no_page_unless_one_is_given() -> None:
    answer = client().get("/graphql?query={viewer}", headers={"Accept": BROWSER})

    assert answer.json() == VIEWER


def test_a_known_document_is_not_parsed_again() -> None:
    documents = Documents(schema._schema, Limits())
    first = documents.prepare("{viewer}", {})

    assert documents.prepare("{viewer}", {}) is first
    assert documents.prepare("{ viewer}", {}) is not first


def test_documents_are_kept_within_a_number_and_a_length() -> None:
    documents = Documents(schema._schema, Limits(), entries=2, characters=30)
    first = documents.prepare("{viewer}", {})
    documents.prepare("{a:viewer}", {})
    documents.prepare("{viewer}", {})
    documents.prepare("{b:viewer}", {})

    assert documents.prepare("{viewer}", {}) is first

    documents.prepare("{viewer}" + " " * 20, {})

    assert documents.prepare("{viewer}", {}) is not first
