from dataclasses import fields

import pytest
from graphql import get_introspection_query

from graph.documents import Documents, RequestRefused
from graph.limits import Limits, Measurer
from resolvers.errors import TooComplex
from tests.hostile import SIZED
from tests.sample import client, schema

PAGES = "{tenants(first:50){nodes{users(first:100){nodes{id}}}}}"


def measure(text: str, variables: dict[str, object] | None = None, **limits: int) -> None:
    documents = Documents(schema._schema, Limits(**limits))
    documents.prepare(text, variables or {})


def refusal(
    text: str, variables: dict[str, object] | None = None, **limits: int
) -> tuple[str, int, int]:
    with pytest.raises(TooComplex) as refused:
        measure(text, variables, **limits)
    return refused.value.limit, refused.value.allowed, refused.value.found


LIMITED = {
    "tokens": ("{viewer viewer}", 4, "tokens"),
    "depth": ("{tenants{nodes{tenant{id}}}}", 4, "depth"),
    "introspection_depth": ("{__schema{types{fields{name}}}}", 4, "introspectionDepth"),
    "fields": ("{viewer ...A ...A} fragment A on Query {viewer viewer}", 5, "fields"),
    "aliases": ("{a:viewer ...A ...A} fragment A on Query {b:viewer}", 3, "aliases"),
    "directives": (
        "query @skip(if:false) {...A @skip(if:false) ... @skip(if:false) {viewer @skip(if:false)}}"
        " fragment A on Query {viewer}",
        4,
        "directives",
    ),
    "roots": ("{viewer ...A ... {viewer}} fragment A on Query {viewer}", 3, "roots"),
    "nodes": (PAGES, 5_050, "nodes"),
    "list_items": ("{tenants(filter:{ids:[1 2 3]}){nodes{id}}}", 3, "listItems"),
    "repeats": ("{tenants{nodes{id} n:nodes{id} nodes{id name name name}}}", 3, "repeats"),
}


@pytest.mark.parametrize("name", LIMITED)
def test_a_document_over_a_limit_is_refused_with_the_limit_and_by_how_much(name: str) -> None:
    text, found, limit = LIMITED[name]

    assert refusal(text, **{name: found - 1}) == (limit, found - 1, found)


@pytest.mark.parametrize("name", [name for name in LIMITED if name != "directives"])
def test_a_document_at_its_limit_is_fine(name: str) -> None:
    text, found, _ = LIMITED[name]

    measure(text, **{name: found})


def test_the_answer_names_the_limit() -> None:
    answer = client(limits=Limits(depth=2)).post("/graphql", json={"query": PAGES})

    assert answer.json() == {
        "errors": [
            {
                "message": "The document is over its limit of depth: 2 allowed, 5 found.",
                "extensions": {
                    "code": "QUERY_TOO_COMPLEX",
                    "limit": "depth",
                    "allowed": 2,
                    "found": 5,
                },
            }
        ]
    }


NESTED = "($t:Int$D){tenants(first:$t){nodes{users{nodes{id}}}}}"


@pytest.mark.parametrize(
    ("text", "variables", "nodes"),
    [
        ("{tenants{nodes{id}}}", {}, 100),
        ("{tenants(first:null){nodes{id}}}", {}, 100),
        ("{tenants(first:7){nodes{id}}}", {}, 7),
        ("{tenants(first:-7){nodes{id} }viewer}", {}, 0),
        ("{tenants(first:%s){nodes{id}}}" % ("9" * 5_000), {}, 1_000_000_000),
        ("query($n:Int){tenants(first:$n){nodes{id}}}", {"n": 7}, 7),
        ("query($n:Int){tenants(first:$n){nodes{id}}}", {"n": 7.0}, 7),
        ("query($n:Int){tenants(first:$n){nodes{id}}}", {"n": None}, 100),
        ("query($n:Int){tenants(first:$n){nodes{id}}}", {}, 100),
        ("query($n:Int=9){tenants(first:$n){nodes{id}}}", {}, 9),
        ("query($n:Int=9){tenants(first:$n){nodes{id}}}", {"n": 8}, 8),
        ("query A($n:Int=9){...F} query B($n:Int=8){...F} fragment F on Query"
         " {tenants(first:$n){nodes{id}}}", {}, 9),
        ("{tenants(first:5){nodes{users(first:10){nodes{id}} b:users(first:20){nodes{id}}}}}",
         {}, 5 * 31),
        ("{...A ...A} fragment A on Query {tenants(first:5){nodes{...B}}}"
         " fragment B on Tenant {users(first:10){nodes{id}}}", {}, 2 * 55),
    ],
)  # fmt: skip
def test_nodes_are_the_product_of_the_pages_along_the_nesting(
    text: str, variables: dict[str, object], nodes: int
) -> None:
    if nodes:
        assert refusal(text, variables, nodes=nodes - 1, tokens=6_000)[2] == nodes
    else:
        measure(text, variables, nodes=0)


def test_a_known_document_is_measured_again_with_other_pages() -> None:
    documents = Documents(schema._schema, Limits(nodes=100))
    text = "query($n:Int){tenants(first:$n){nodes{id}}}"
    documents.prepare(text, {"n": 100})
    documents.prepare(text, {"n": 100})

    with pytest.raises(TooComplex):
        documents.prepare(text, {"n": 101})


@pytest.mark.parametrize("hidden", ["query Other", "fragment Unused on Query"])
def test_what_is_not_executed_is_no_hiding_place(hidden: str) -> None:
    text = "query Asked {viewer} " + hidden + PAGES

    assert refusal(text, nodes=100) == ("nodes", 100, 5_050)


def test_a_cycle_is_left_to_validation() -> None:
    with pytest.raises(RequestRefused) as refused:
        measure("{...A} fragment A on Query {...B} fragment B on Query {...A viewer}")

    assert refused.value.told[0]["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}


ANY = "query($f:Filter){tenants(filter:$f){nodes{id}}}"
RECORD = "mutation($input:RecordInput!){record(input:$input)}"
RECORD_LIST = "mutation($these:[LoginInput!]!){record(input:{logins:$these})}"


@pytest.mark.parametrize(
    ("text", "name", "value", "allowed"),
    [
        (ANY, "f", {"ids": ["1"] * 501}, 500),
        (ANY, "f", [["1"] * 501], 500),
        (ANY, "undeclared", ["1"] * 501, 500),
        (RECORD, "input", {"logins": [{"userId": "1"}] * 2_001}, 2_000),
        (RECORD, "input", {"logins": [["1"] * 501]}, 500),
        (RECORD_LIST, "these", [{"userId": "1"}] * 2_001, 2_000),
    ],
)
def test_a_list_in_a_variable_may_be_so_long_and_no_longer(
    text: str, name: str, value: object, allowed: int
) -> None:
    assert refusal(text, {name: value}) == ("listItems", allowed, allowed + 1)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (ANY, {"f": {"ids": ["1"] * 500}}),
        (RECORD, {"input": {"logins": [{"userId": "1"}] * 2_000}}),
        (RECORD_LIST, {"these": [{"userId": "1"}] * 2_000}),
    ],
)
def test_a_list_at_its_limit_is_fine(text: str, variables: dict[str, object]) -> None:
    measure(text, variables)


def test_the_introspection_of_graphiql_is_answered() -> None:
    query = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    answer = client().post("/graphql", json={"query": query})

    assert "errors" not in answer.json()


def test_a_loop_through_introspection_is_refused() -> None:
    loop = "{__schema{types{fields{type{fields{type{fields{name}}}}}}}}"

    assert refusal(loop, nodes=5_000)[0] == "nodes"


def test_fifty_hostile_documents_are_known() -> None:
    assert len(SIZED) >= 50


@pytest.mark.parametrize("size", [1, 20, 90, 480])
@pytest.mark.parametrize("name", SIZED)
def test_a_hostile_document_is_refused_or_answered(name: str, size: int) -> None:
    answer = client().post("/graphql", json={"query": SIZED[name](size)})

    told = answer.json().get("errors", [])
    assert answer.status_code == 200
    assert {error["extensions"]["code"] for error in told} <= {
        "BAD_USER_INPUT",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "QUERY_TOO_COMPLEX",
    }


@pytest.mark.parametrize("name", [name for name in SIZED if name not in (
    "unterminated", "brackets", "introspection_loop", "page_of_many_digits",
    "nested_fields", "introspection_chain", "nested_inline_fragments", "nested_typed_fragments",
    "nested_list_literal", "nested_object_literal", "same_branches"
)])  # fmt: skip
def test_twice_the_document_is_at_most_twice_the_visits(name: str) -> None:
    unlimited = Limits(*[10**12] * len(fields(Limits)))
    measurer = Measurer(schema._schema, unlimited)

    def visits(size: int) -> int:
        return measurer.measure(measurer.parse(SIZED[name](size)), {}).visited

    assert visits(128) <= 2 * visits(64) + 2
