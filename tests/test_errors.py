import asyncio
import logging
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension

from graph.executor import Schema
from resolvers.errors import Refusal, TimedOut, Unavailable
from tests.sample import CANARY, LANDLORD, NOW, Context, Door, Query, client, schema

REQUEST_ID = "request-0123"
JSON = {"X-Request-ID": REQUEST_ID}
STRICT = {"Accept": "application/graphql-response+json", **JSON}
FAULT = {
    "message": "Something went wrong on our side; the request ID finds it in our log.",
    "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": REQUEST_ID},
}


def ask(query: str, variables: object = None, **changes: Any) -> dict[str, Any]:
    asked = {"query": query, "variables": variables}
    answer: dict[str, Any] = client(**changes).post("/graphql", json=asked, headers=STRICT).json()
    return answer


def at(column: int, *path: str | int) -> dict[str, Any]:
    place: dict[str, Any] = {"locations": [{"line": 1, "column": column}]}
    return {**place, "path": list(path)} if path else place


FAULTS = [
    "broken",
    "keyError",
    "chained",
    "graphqlError",
    "fragile",
    "notANumber",
]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_masked_and_logged_once(name: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = ask(f'query Report {{{name} on(day:"2026-11-02")}}')

    assert answer == {
        "errors": [{**FAULT, **at(15, name)}],
        "data": {name: None, "on": "2026-11-02"},
    }
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.getMessage().startswith(f"request {REQUEST_ID}, operation Report, path {name}: ")
    assert "  File " in record.getMessage()
    assert CANARY not in caplog.text
    assert "2026-11-02" not in caplog.text


def test_a_fault_in_a_place_that_is_never_null_leaves_no_data() -> None:
    assert ask("{neverNull}") == {"errors": [{**FAULT, **at(2, "neverNull")}], "data": None}


def test_a_log_names_the_exceptions_and_the_code_but_not_what_they_say(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ask("{chained}")

    assert "builtins.ValueError" in caplog.text
    assert "builtins.OSError" in caplog.text
    assert "in chained" in caplog.text
    assert CANARY not in caplog.text


def test_a_refusal_says_its_message_code_and_extensions(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask("{missing outside viewer}")

    assert answer == {
        "errors": [
            {
                "message": "Billing can be viewed from 2026-05-02 to 2026-11-02, both ends"
                " included.",
                **at(10, "outside"),
                "extensions": {
                    "code": "DATE_OUT_OF_WINDOW",
                    "from": "2026-05-02",
                    "to": "2026-11-02",
                },
            },
            {
                "message": "There is no such tenant among those you may see.",
                **at(2, "missing"),
                "extensions": {"code": "TENANT_NOT_FOUND"},
            },
        ],
        "data": {"missing": None, "outside": None, "viewer": "Lena"},
    }
    assert [record for record in caplog.records if record.name == "headcount"] == []


def test_five_errors_go_out_and_the_last_says_how_many_were_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = ask("{many(count:7){secret}}")

    extensions = [error["extensions"] for error in answer["errors"]]
    assert extensions == [FAULT["extensions"]] * 4 + [{**FAULT["extensions"], "omitted": 2}]
    assert len([record for record in caplog.records if record.name == "headcount"]) == 5


def test_five_errors_of_validation_go_out() -> None:
    answer = ask("{a b c d e f g}")

    assert [error["message"] for error in answer["errors"]] == [
        f"Cannot query field '{name}' on type 'Query'." for name in "abcde"
    ]
    assert answer["errors"][4]["extensions"] == {
        "code": "GRAPHQL_VALIDATION_FAILED",
        "omitted": 2,
    }


async def fail(*_: object) -> Any:
    raise RuntimeError(CANARY)


async def unavailable(*_: object) -> Any:
    raise Unavailable


async def timed_out(*_: object) -> Any:
    raise TimedOut


def fail_at_once(*_: object) -> Any:
    raise RuntimeError(CANARY)


class Broken(Door):
    """Knows the token and fails to ask who it names."""

    def __init__(self, state: Any) -> None:
        self.state = state  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "changes",
    [
        {"authenticator": Broken(fail)},
        {"execute": fail},
        {"make_context": fail_at_once},
        {"clock": fail_at_once},
    ],
)
def test_a_fault_outside_every_field_is_500_without_data(
    changes: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    answer = client(**changes).post("/graphql", json={"query": "{viewer}"}, headers=JSON)

    assert (answer.status_code, answer.json()) == (500, {"errors": [FAULT]})
    assert CANARY not in caplog.text
    assert f"request {REQUEST_ID}" in caplog.text


@pytest.mark.parametrize(
    ("changes", "status", "extensions"),
    [
        (
            {"authenticator": Broken(unavailable)},
            503,
            {"code": "UNAVAILABLE", "retryAfter": 1},
        ),
        ({"execute": unavailable}, 503, {"code": "UNAVAILABLE", "retryAfter": 1}),
        ({"execute": timed_out}, 504, {"code": "TIMEOUT"}),
    ],
)
def test_a_refusal_outside_every_field_has_its_status(
    changes: dict[str, Any], status: int, extensions: dict[str, Any]
) -> None:
    answer = client(**changes).post("/graphql", json={"query": "{viewer}"})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]) == (
        status,
        extensions,
    )


def test_who_finds_the_service_unavailable_is_told_when_to_come_again() -> None:
    broken = client(authenticator=Broken(unavailable)).post("/graphql", json={"query": "{viewer}"})
    whole = client().post("/graphql", json={"query": "{viewer}"})

    assert (broken.status_code, broken.headers.get("retry-after")) == (503, "1")
    assert (whole.status_code, whole.headers.get("retry-after")) == (200, None)


async def never(*_: object) -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("changes", [{"execute": never}, {"authenticator": Broken(never)}])
def test_a_request_that_is_not_answered_before_its_deadline_is_a_timeout(
    changes: dict[str, Any],
) -> None:
    answer = client(deadline=0.05, **changes).post("/graphql", json={"query": "{viewer}"})

    assert (answer.status_code, answer.json()) == (
        504,
        {
            "errors": [
                {
                    "message": "The answer took too long; ask for less at a time. A change may have"
                    " been made.",
                    "extensions": {"code": "TIMEOUT"},
                }
            ]
        },
    )


def unavailable_if_broken(error: Exception) -> Refusal | None:
    return Unavailable() if isinstance(error, RuntimeError) else None


def test_an_exception_can_be_translated_to_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    answer = ask("{broken keyError}", translate=unavailable_if_broken)

    codes = {error["path"][0]: error["extensions"]["code"] for error in answer["errors"]}
    told = {error["path"][0]: error["extensions"].get("retryAfter") for error in answer["errors"]}
    assert told == {"broken": 1, "keyError": None}
    assert codes == {"broken": "UNAVAILABLE", "keyError": "INTERNAL_SERVER_ERROR"}
    assert len([record for record in caplog.records if record.name == "headcount"]) == 1


def test_an_answer_that_is_not_json_is_a_fault() -> None:
    async def execute(*_: object) -> Any:
        return strawberry.types.ExecutionResult(data={"x": object()}, errors=None)

    answer = client(execute=execute).post("/graphql", json={"query": "{viewer}"}, headers=JSON)

    assert (answer.status_code, answer.json()) == (500, {"errors": [FAULT]})


def test_a_schema_with_extension_hooks_is_refused_because_they_would_not_run() -> None:
    class Hook(SchemaExtension):
        def on_execute(self) -> Any:
            raise RuntimeError(CANARY)

    with pytest.raises(ValueError, match="extensions do not run"):
        client(schema=Schema(Query, config=schema.config, extensions=[Hook]))


async def test_strawberrys_own_logger_stays_silent(caplog: pytest.LogCaptureFixture) -> None:
    context = Context(LANDLORD, NOW, REQUEST_ID)
    result = await schema.execute("{broken}", context_value=context)

    assert result.errors
    assert caplog.records == []


BAD = "BAD_USER_INPUT"
PARSE = "GRAPHQL_PARSE_FAILED"
INVALID = "GRAPHQL_VALIDATION_FAILED"
SECRET = "s3cr3t"
BY = "query($by:TenantBy!){tenant(by:$by){id}}"
ONE_OF = "xactly one field of 'TenantBy' must be given, and not as null."

REQUESTS = [
    ("{", None, PARSE, "Syntax Error: Expected Name, found <EOF>."),
    ('{"s3cr3t"}', None, PARSE, "Syntax Error: Expected Name, found String."),
    ('{a """\ns3cr3t\n"""}', None, PARSE, "Syntax Error: Expected Name, found BlockString."),
    ("query s3cr3t s3cr3t", None, PARSE, "Syntax Error: Expected '{', found Name."),
    ("s3cr3t", None, PARSE, "Syntax Error: Unexpected Name."),
    ('{a(b:"\\u s3cr3t")}', None, PARSE, "Syntax Error: Invalid Unicode escape sequence."),
    ("{a(b:.1234)}", None, PARSE, "Syntax Error: Invalid number, expected digit before '.'."),
    ("{\0}", None, PARSE, "Syntax Error: Unexpected character."),
    ("{vewer}", None, INVALID, "Cannot query field 'vewer' on type 'Query'."),
    ("{tenants(frst:1){nodes{id}}}", None, INVALID,
     "Unknown argument 'frst' on field 'Query.tenants'."),
    ("{...on Tenan{id}}", None, INVALID, "Unknown type 'Tenan'."),
    ("query A{viewer} query B{viewer}", None, INVALID,
     "The document has several operations; operationName must say which to execute."),
    ('{tenants(first:"s3cr3t"){nodes{id}}}', None, BAD, "Expected a value of type 'Int'."),
    ("{tenants(orderBy:NAME_ASK){nodes{id}}}", None, BAD, "Expected a value of type 'Order'."),
    ('{tenants(orderBy:"s3cr3t"){nodes{id}}}', None, BAD, "Expected a value of type 'Order'."),
    ('{tenants(filter:"s3cr3t"){nodes{id}}}', None, BAD, "Expected a value of type 'Filter'."),
    ('{tenants(filter:{bilable:"s3cr3t"}){nodes{id}}}', None, BAD, "'Filter' has no such field."),
    ('{on(day:"s3cr3t")}', None, BAD,
     "Expected a value of type 'Day' (Calendar date YYYY-MM-DD)."),
    ('{on(day:"refused")}', None, BAD, "A day of the past is needed."),
    ('{tenant(by:{id:"1" externalId:"s3cr3t"}){id}}', None, BAD, f"E{ONE_OF}"),
    ("{tenant(by:{id:null}){id}}", None, BAD, f"E{ONE_OF}"),
    (BY, {}, BAD, "Variable '$by' has an invalid value: a value of type 'TenantBy!' is required."),
    (BY, {"by": None}, BAD,
     "Variable '$by' has an invalid value: a value of type 'TenantBy!' is required."),
    (BY, {"by": SECRET}, BAD,
     "Variable '$by' has an invalid value: expected a value of type 'TenantBy'."),
    (BY, {"by": {"id": "1", "externalId": SECRET}}, BAD,
     f"Variable '$by' has an invalid value: e{ONE_OF}"),
    (BY, {"by": {SECRET: "1"}}, BAD,
     "Variable '$by' has an invalid value: 'TenantBy' has no such field."),
    ("query($i:RecordInput!){viewer tenants @include(if:false){nodes{id}}}", {"i": {}}, INVALID,
     "Variable '$i' is never used."),
    ("mutation($i:RecordInput!){record(input:$i)}", {"i": {"logns": SECRET}}, BAD,
     "Variable '$i' has an invalid value: the field 'logins' of 'RecordInput' is required."),
    ("mutation($i:RecordInput!){record(input:$i)}", {"i": {"logins": [{"userId": 7.5}]}}, BAD,
     "Variable '$i' has an invalid value at 'logins[0].userId':"
     " expected a value of type 'String'."),
    ("query($o:Order!){tenants(orderBy:$o){nodes{id}}}", {"o": "NAME_ASK"}, BAD,
     "Variable '$o' has an invalid value: expected a value of type 'Order'."),
    ("query($o:Order!){tenants(orderBy:$o){nodes{id}}}", {"o": ["x' does not exist in 'x' enum."]},
     BAD, "Variable '$o' has an invalid value: expected a value of type 'Order'."),
    ("query($d:Day!){on(day:$d)}", {"d": SECRET}, BAD,
     "Variable '$d' has an invalid value: expected a value of type 'Day'"
     " (Calendar date YYYY-MM-DD)."),
    ("query($d:Day!){on(day:$d)}", {"d": {"a": [SECRET]}}, BAD,
     "Variable '$d' has an invalid value: expected a value of type 'Day'"
     " (Calendar date YYYY-MM-DD)."),
    ("query($d:Day!){on(day:$d)}", {"d": "refused"}, BAD,
     "Variable '$d' has an invalid value: A day of the past is needed."),
    ("query($n:Int){tenants(first:$n){nodes{id}}}", {"n": -1e19}, BAD,
     "Variable '$n' has an invalid value: expected a value of type 'Int'."),
    ("query($n:Int){tenants(first:$n){nodes{id}}}", {"n": True}, BAD,
     "Variable '$n' has an invalid value: expected a value of type 'Int'."),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables", "code", "message"), REQUESTS)
def test_a_bad_request_is_explained_without_what_was_sent(
    query: str, variables: object, code: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(query, variables)

    error = answer["errors"][0]
    assert (error["message"], error["extensions"]) == (message, {"code": code})
    assert "data" not in answer
    assert SECRET not in str(answer)
    assert [record for record in caplog.records if record.name == "headcount"] == []


def test_an_argument_that_turns_out_null_is_bad_input() -> None:
    query = "query($o:Order=NAME_ASC){tenants(orderBy:$o){nodes{id}}}"

    assert ask(query, {"o": None}) == {
        "errors": [
            {
                "message": "Argument 'orderBy' has an invalid value:"
                " a value of type 'Order!' is required.",
                **at(42, "tenants"),
                "extensions": {"code": BAD},
            }
        ],
        "data": None,
    }


def test_one_of_several_that_turns_out_missing_is_bad_input() -> None:
    assert ask("query($id:ID){tenant(by:{id:$id}){id}}", {}) == {
        "errors": [
            {
                "message": f"Argument 'by' has an invalid value: e{ONE_OF}",
                **at(25, "tenant"),
                "extensions": {"code": BAD},
            }
        ],
        "data": {"tenant": None},
    }


def test_a_long_name_is_not_repeated_in_full() -> None:
    message = ask("{" + "x" * 5_000 + "}")["errors"][0]["message"]

    assert len(message) < 500
