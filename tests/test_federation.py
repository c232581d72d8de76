"""The subgraph over HTTP with real tokens: whoever refers to a tenant sees of it what they would
see of it anyway, and nothing that is sent becomes an answer."""

import difflib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.federation import keys_of, subgraph
from graph.schema import schema
from models import Principal, Tenant
from resolvers.access import TenantKey
from resolvers.errors import BadInput
from tests import factories, statements, tokens
from tests.http import Api, Clock, serve

ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Tenant { name } } }"
REPORT = (
    "query ($r: [_Any!]!, $d: Date!) { _entities(representations: $r)"
    " { ... on Tenant { name billingReport(date: $d) { maxUsers users { nodes { userId } } } } } }"
)
DATE = "2026-11-14"
UNKNOWN = "9d9c7b52-25b5-4f1c-8a6e-0c1f2f3a4b5c"

TYPENAME = "The __typename of a representation must be Tenant."
SHAPE = "A Tenant is represented by one of id, externalId, instanceId and nothing else."
STRING = "A key in a representation must be a string."
OBJECT = "A representation must be an object."
ONE = "The keys of a representation must name one tenant."


@pytest.fixture(scope="session")
async def _served(_open_database: None) -> AsyncIterator[Api]:
    async with serve(Clock(), federation=True) as api:
        yield api


@pytest.fixture
def federated(_served: Api, database: None) -> Api:
    """The application with the setting on."""
    _served.clock.now = tokens.NOW
    return _served


@pytest.fixture
async def own(database: None) -> Tenant:
    return await factories.tenant(name="Own")


@pytest.fixture
async def foreign(database: None) -> Tenant:
    """Somebody else's, and with as much to see."""
    row = await factories.tenant(name="Foreign")
    await factories.record(row, ["ann", "bob"])
    await factories.landlord(row)
    return row


@pytest.fixture
async def landlord(own: Tenant, foreign: Tenant) -> Principal:
    return await factories.landlord(own)


def by_id(row: Tenant) -> dict[str, object]:
    return {"__typename": "Tenant", "id": str(row.id)}


def by_external_id(row: Tenant) -> dict[str, object]:
    return {"__typename": "Tenant", "externalId": row.external_id}


def by_instance_id(row: Tenant) -> dict[str, object]:
    return {"__typename": "Tenant", "instanceId": str(row.instance_id)}


def refused(message: str, place: int, column: int = 24) -> dict[str, Any]:
    return {
        "message": message,
        "locations": [{"line": 1, "column": column}],
        "path": ["_entities", place],
        "extensions": {"code": "BAD_USER_INPUT"},
    }


@pytest.mark.parametrize("key", [by_id, by_external_id, by_instance_id])
async def test_each_key_names_a_visible_tenant(
    federated: Api, landlord: Principal, own: Tenant, key: Any
) -> None:
    answer = await federated.ask(ENTITIES, {"r": [key(own)]}, as_=landlord)

    assert answer == {"data": {"_entities": [{"name": "Own"}]}}


async def test_keys_that_agree_name_a_visible_tenant(
    federated: Api, landlord: Principal, own: Tenant
) -> None:
    keys = {**by_id(own), **by_external_id(own), **by_instance_id(own)}

    answer = await federated.ask(ENTITIES, {"r": [keys]}, as_=landlord)

    assert answer == {"data": {"_entities": [{"name": "Own"}]}}


async def test_a_representation_can_be_written_into_the_document(
    federated: Api, landlord: Principal, own: Tenant
) -> None:
    answer = await federated.ask(
        'query ($id: ID) { _entities(representations: {__typename: "Tenant", id: $id})'
        " { __typename ... on Tenant { name } } }",
        {"id": str(own.id).upper()},
        as_=landlord,
    )

    assert answer == {"data": {"_entities": [{"__typename": "Tenant", "name": "Own"}]}}


@pytest.mark.parametrize("viewer", ["landlord", "service", "administrator", "stranger"])
async def test_one_that_is_foreign_unknown_or_malformed_is_null_byte_for_byte(
    federated: Api, own: Tenant, foreign: Tenant, viewer: str
) -> None:
    asks = {
        "landlord": await factories.landlord(own),
        "service": await factories.service(own),
        "administrator": await factories.administrator(own),
        "stranger": await factories.landlord(),
    }[viewer]
    one_key = [
        *({"id": value} for value in (str(foreign.id), UNKNOWN, "nonsense", "", "\0")),
        *({"id": value} for value in (f"{{{own.id}}}", f"urn:uuid:{own.id}", own.id.hex)),
        *({"externalId": value} for value in (foreign.external_id, "made up", "", "\0", "x" * 999)),
        *({"externalId": value} for value in (str(own.id), own.external_id.lower(), "%", "' --")),
        *({"instanceId": value} for value in (str(foreign.instance_id), UNKNOWN, "nonsense", "")),
        *({"instanceId": value} for value in (f"{{{own.instance_id}}}", str(own.id), "\0")),
    ]
    agreeing = {"id": str(foreign.id), "externalId": foreign.external_id}
    mixed = {"id": str(foreign.id), "externalId": "made up", "instanceId": "nonsense"}

    answers = [
        await federated.post(ENTITIES, {"r": [{"__typename": "Tenant", **key}]}, as_=asks)
        for key in (*one_key, agreeing, mixed)
    ]

    assert {answer.content for answer in answers} == {b'{"data":{"_entities":[null]}}'}


BAD: dict[str, tuple[object, str]] = {
    "no type": ({"id": "$own"}, TYPENAME),
    "nothing at all": ({}, TYPENAME),
    "a type that does not exist": ({"__typename": "Nope", "id": "$own"}, TYPENAME),
    "a type without keys": ({"__typename": "Viewer", "id": "$own", "role": "LANDLORD"}, TYPENAME),
    "a type below a tenant": (
        {"__typename": "BillingReport", "id": "$own", "maxUsers": 7},
        TYPENAME,
    ),
    "an input type": ({"__typename": "TenantBy", "id": "$own"}, TYPENAME),
    "a scalar": ({"__typename": "_Any", "id": "$own"}, TYPENAME),
    "the union": ({"__typename": "_Entity", "id": "$own"}, TYPENAME),
    "the root": ({"__typename": "Query", "id": "$own"}, TYPENAME),
    "introspection": ({"__typename": "__Type", "name": "Tenant"}, TYPENAME),
    "a type in another case": ({"__typename": "tenant", "id": "$own"}, TYPENAME),
    "a type that is null": ({"__typename": None, "id": "$own"}, TYPENAME),
    "a type that is a list": ({"__typename": ["Tenant"], "id": "$own"}, TYPENAME),
    "a type that is an object": ({"__typename": {"Tenant": 1}, "id": "$own"}, TYPENAME),
    "no key": ({"__typename": "Tenant"}, SHAPE),
    "a forged name only": ({"__typename": "Tenant", "name": "Own"}, SHAPE),
    "a forged name": ({"__typename": "Tenant", "id": "$own", "name": "Forged"}, SHAPE),
    "a forged flag": ({"__typename": "Tenant", "id": "$own", "billable": True}, SHAPE),
    "a forged report": (
        {"__typename": "Tenant", "id": "$own", "billingReport": {"maxUsers": 7}},
        SHAPE,
    ),
    "a name of Python": ({"__typename": "Tenant", "external_id": "$external"}, SHAPE),
    "the row": ({"__typename": "Tenant", "id": "$own", "row": {"billable": True}}, SHAPE),
    "the context": ({"__typename": "Tenant", "id": "$own", "info": {"context": 1}}, SHAPE),
    "an empty name": ({"__typename": "Tenant", "": "$own"}, SHAPE),
    "an ID that is null": ({"__typename": "Tenant", "id": None}, STRING),
    "an ID that is a number": ({"__typename": "Tenant", "id": 1}, STRING),
    "an ID that is a flag": ({"__typename": "Tenant", "id": True}, STRING),
    "an ID that is a list": ({"__typename": "Tenant", "id": ["$own"]}, STRING),
    "an ID that is an object": ({"__typename": "Tenant", "id": {"id": "$own"}}, STRING),
    "an external ID that is null": ({"__typename": "Tenant", "externalId": None}, STRING),
    "an external ID that is a number": ({"__typename": "Tenant", "externalId": 1.5}, STRING),
    "an instance ID that is null": ({"__typename": "Tenant", "instanceId": None}, STRING),
    "an instance ID that is a list": ({"__typename": "Tenant", "instanceId": []}, STRING),
    "one key that is null": ({"__typename": "Tenant", "id": "$own", "externalId": None}, STRING),
    "keys of two visible tenants": (
        {"__typename": "Tenant", "id": "$own", "externalId": "$other"},
        ONE,
    ),
    "a key of a foreign tenant": (
        {"__typename": "Tenant", "id": "$own", "externalId": "$foreign"},
        ONE,
    ),
    "a key of no tenant": (
        {"__typename": "Tenant", "id": "$own", "externalId": "made up"},
        ONE,
    ),
    "a malformed key": ({"__typename": "Tenant", "id": "$own", "instanceId": "nonsense"}, ONE),
    "a string": ("$own", OBJECT),
    "a number": (7, OBJECT),
    "a flag": (True, OBJECT),
    "a list": ([{"__typename": "Tenant", "id": "$own"}], OBJECT),
    "an empty list": ([], OBJECT),
}


@pytest.mark.parametrize("bad", BAD)
async def test_a_bad_representation_is_an_error_in_its_place_and_its_neighbours_stand(
    federated: Api,
    landlord: Principal,
    own: Tenant,
    foreign: Tenant,
    bad: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = await factories.tenant(name="Other")
    await factories.assign(other, landlord)
    values = {
        "$own": str(own.id),
        "$external": own.external_id,
        "$other": other.external_id,
        "$foreign": foreign.external_id,
    }
    representation, message = BAD[bad]
    sent = [by_id(own), filled(representation, values), by_external_id(other), by_id(foreign)]

    answer = await federated.ask(ENTITIES, {"r": sent}, as_=landlord)

    assert answer == {
        "data": {"_entities": [{"name": "Own"}, None, {"name": "Other"}, None]},
        "errors": [refused(message, 1)],
    }
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


def filled(value: object, values: dict[str, str]) -> object:
    match value:
        case dict():
            return {name: filled(item, values) for name, item in value.items()}
        case list():
            return [filled(item, values) for item in value]
        case str():
            return values.get(value, value)
        case _:
            return value


async def test_the_first_five_of_many_bad_ones_are_told(
    federated: Api, landlord: Principal, own: Tenant
) -> None:
    answer = await federated.ask(ENTITIES, {"r": [{}] * 7 + [by_id(own)]}, as_=landlord)

    told = [refused(TYPENAME, place) for place in range(5)]
    told[-1]["extensions"]["omitted"] = 2
    assert answer == {"data": {"_entities": [None] * 7 + [{"name": "Own"}]}, "errors": told}


@pytest.mark.parametrize(
    ("representations", "where", "type_"),
    [([None], " at '[0]'", "_Any!"), ([{}, None], " at '[1]'", "_Any!"), (None, "", "[_Any!]!")],
)
async def test_null_where_the_schema_allows_none_is_refused_as_everywhere(
    federated: Api, landlord: Principal, representations: object, where: str, type_: str
) -> None:
    answer = await federated.ask(ENTITIES, {"r": representations}, as_=landlord)

    assert answer == {
        "errors": [
            {
                "message": f"Variable '$r' has an invalid value{where}: a value of type"
                f" '{type_}' is required (An entity by its key, such as"
                ' {"__typename": "Tenant", "externalId": "EXIST"}).',
                "locations": [{"line": 1, "column": 8}],
                "extensions": {"code": "BAD_USER_INPUT"},
            }
        ]
    }


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(["id", "externalId", "instanceId", "name", "billable", "external_id"])


@given(
    json
    | st.fixed_dictionaries({"__typename": st.just("Tenant") | json})
    | st.dictionaries(names, json, max_size=3).map(
        lambda fields: {"__typename": "Tenant", **fields}
    )
)
def test_whatever_is_sent_is_keys_or_bad_input(representation: object) -> None:
    keys = keys_of(representation)

    assert isinstance(keys, BadInput) or all(type(key) is TenantKey for key in keys)
    assert isinstance(keys, BadInput) or (
        isinstance(representation, dict)
        and len(keys) == len(representation) - 1
        and all(isinstance(value, str) for value in representation.values())
        and not representation.keys() & {"name", "billable", "external_id"}
    )


async def test_twenty_references_by_mixed_keys_are_one_statement(federated: Api) -> None:
    rows = [await factories.tenant(name=f"Tenant {n}") for n in range(20)]
    landlord = await factories.landlord(*rows)
    keys = [by_id, by_external_id, by_instance_id]
    sent = [keys[n % 3](row) for n, row in enumerate(rows)]

    async with statements.counted() as seen:
        answer = await federated.ask(ENTITIES, {"r": sent}, as_=landlord)

    assert answer == {"data": {"_entities": [{"name": f"Tenant {n}"} for n in range(20)]}}
    assert ["principal" in seen[0], "tenant" in seen[1], len(seen)] == [True, True, 2]


async def test_two_fields_of_references_share_that_statement(
    federated: Api, landlord: Principal, own: Tenant, foreign: Tenant
) -> None:
    query = (
        "query ($a: [_Any!]!, $b: [_Any!]!) {"
        " a: _entities(representations: $a) { ... on Tenant { id } }"
        " b: _entities(representations: $b) { ... on Tenant { id } } }"
    )
    sent = {"a": [by_id(own), by_id(foreign)], "b": [by_external_id(own)]}

    async with statements.counted() as seen:
        answer = await federated.ask(query, sent, as_=landlord)

    found = {"id": str(own.id)}
    assert answer == {"data": {"a": [found, None], "b": [found]}}
    assert len(seen) == 2


async def test_twenty_references_with_their_reports_are_two_statements(federated: Api) -> None:
    rows = [await factories.tenant(name=f"Tenant {n}") for n in range(20)]
    for row in rows:
        await factories.record(row, [f"ann of {row.name}"])
    landlord = await factories.landlord(*rows)
    sent = [by_external_id(row) for row in rows]
    query = REPORT.replace("users", "users(first: 10)")
    await federated.ask(query, {"r": sent[:1], "d": DATE}, as_=landlord)

    async with statements.counted() as seen:
        answer = await federated.ask(query, {"r": sent, "d": DATE}, as_=landlord)

    assert answer == {
        "data": {
            "_entities": [
                {
                    "name": row.name,
                    "billingReport": {
                        "maxUsers": 1,
                        "users": {"nodes": [{"userId": f"ann of {row.name}"}]},
                    },
                }
                for row in rows
            ]
        }
    }
    assert len(seen) == 3  # Signing in is the first.


@pytest.mark.parametrize(
    ("scope", "date", "report", "told"),
    [
        ("billing:read billing:users", DATE, {"maxUsers": 0, "users": {"nodes": []}}, None),
        (None, DATE, None, (["billingReport"], {"code": "FORBIDDEN"})),
        (
            "billing:read",
            DATE,
            {"maxUsers": 0, "users": None},
            (["billingReport", "users"], {"code": "FORBIDDEN"}),
        ),
        (
            "billing:read",
            "2026-05-14",
            None,
            (
                ["billingReport"],
                {"code": "DATE_OUT_OF_WINDOW", "from": "2026-05-15", "to": "2026-11-15"},
            ),
        ),
    ],
)
async def test_what_stands_below_a_reference_keeps_its_guards(
    federated: Api,
    own: Tenant,
    scope: str | None,
    date: str,
    report: object,
    told: tuple[list[str], dict[str, str]] | None,
) -> None:
    service = await factories.service(own)

    answer = await federated.ask(REPORT, {"r": [by_id(own)], "d": date}, as_=service, scope=scope)

    assert answer["data"] == {"_entities": [{"name": "Own", "billingReport": report}]}
    assert [(e["path"], e["extensions"]) for e in answer.get("errors", [])] == (
        [(["_entities", 0, *told[0]], told[1])] if told else []
    )


async def test_a_reference_to_a_tenant_that_is_not_billable_has_no_billing(
    federated: Api,
) -> None:
    free = await factories.tenant(name="Free", billable=False)
    await factories.record(free, ["ann"])
    landlord = await factories.landlord(free)

    answer = await federated.ask(REPORT, {"r": [by_id(free)], "d": DATE}, as_=landlord)

    assert answer == {"data": {"_entities": [{"name": "Free", "billingReport": None}]}}


async def test_a_reference_is_null_from_the_first_request_after_a_revoke(
    federated: Api, own: Tenant
) -> None:
    landlord = await factories.landlord()
    assignment = await factories.assign(own, landlord)
    before = await federated.ask(ENTITIES, {"r": [by_id(own)]}, as_=landlord)
    assignment.revoked_at = tokens.NOW
    await assignment.save()

    after = await federated.ask(ENTITIES, {"r": [by_id(own)]}, as_=landlord)

    assert before == {"data": {"_entities": [{"name": "Own"}]}}
    assert after == {"data": {"_entities": [None]}}


async def test_an_assignment_shows_a_tenant_administrator_no_other_tenant(
    federated: Api, own: Tenant, foreign: Tenant
) -> None:
    administrator = await factories.administrator(own)
    await factories.assign(foreign, administrator)

    answer = await federated.ask(ENTITIES, {"r": [by_id(own), by_id(foreign)]}, as_=administrator)

    assert answer == {"data": {"_entities": [{"name": "Own"}, None]}}


@pytest.mark.parametrize("document", [ENTITIES, "{ _service { sdl } }", "{ __typename }"])
async def test_nobody_is_answered_without_a_token(
    federated: Api, own: Tenant, document: str
) -> None:
    response = await federated.post(document, {"r": [by_id(own)]})

    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_composer_reads_the_plain_schema_with_its_directives(
    federated: Api, landlord: Principal
) -> None:
    answer = await federated.ask("{ _service { sdl } }", as_=landlord)

    lines = difflib.ndiff(
        schema.as_str().splitlines(), answer["data"]["_service"]["sdl"].splitlines()
    )
    assert [line for line in lines if line[0] in "+-"] == [
        "+ extend schema",
        '+   @link(url: "https://specs.apollo.dev/federation/v2.3",'
        ' import: ["@key", "@shareable"])',
        "+ ",
        "- type PageInfo {",
        "+ type PageInfo @shareable {",
        "- type Tenant {",
        '+ type Tenant @key(fields: "id") @key(fields: "externalId") @key(fields: "instanceId") {',
    ]


async def test_references_exist_only_where_the_setting_is_on(
    api: Api, landlord: Principal, own: Tenant
) -> None:
    answers = [
        await api.ask(document, as_=landlord)
        for document in (
            '{ _entities(representations: [{__typename: "Tenant"}]) { __typename } }',
            "{ _service { sdl } }",
            '{ __type(name: "_Any") { name } }',
        )
    ]

    assert [answer.get("errors", [{}])[0].get("message") for answer in answers] == [
        "Cannot query field '_entities' on type 'Query'.",
        "Cannot query field '_service' on type 'Query'.",
        None,
    ]
    assert answers[2] == {"data": {"__type": None}}


def test_the_subgraph_only_adds_to_the_plain_schema_and_has_the_very_same_types() -> None:
    lines = difflib.ndiff(schema.as_str().splitlines(), subgraph.as_str().splitlines())
    changes = [line for line in lines if line[0] in "+-" and '"""' not in line]
    definitions = {
        name: (schema.get_type_by_name(name), subgraph.get_type_by_name(name))
        for name in schema._schema.type_map
        if not name.startswith("__") and name != "Query"
    }

    assert [line for line in changes if line[0] == "-"] == []
    assert [line for line in changes if line.startswith("+   _")] == [
        "+   _service: _Service!",
        "+   _entities(representations: [_Any!]!): [_Entity]!",
    ]
    assert [name for name, (plain, served) in definitions.items() if plain is not served] == []


FIELD = "_entities(representations: $r) { __typename }"
ONE_REFERENCE = '{__typename: "Tenant", id: ""}'


def too_many(found: int) -> dict[str, Any]:
    message = f"The document is over its limit of representations: 100 allowed, {found:,} found."
    extensions = {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "representations",
        "allowed": 100,
        "found": found,
    }
    return {"errors": [{"message": message, "extensions": extensions}]}


@pytest.mark.parametrize(
    "document",
    [
        f"query ($r: [_Any!]!) {{ {FIELD} }}",
        f"query ($r: [_Any!]!) {{ ...F }} fragment F on Query {{ {FIELD} }}",
        f"query ($r: [_Any!]! = [{ONE_REFERENCE}]) {{ ... on Query {{ {FIELD} }} }}",
    ],
)
async def test_more_than_a_hundred_references_are_too_complex(
    federated: Api, landlord: Principal, document: str
) -> None:
    """Whatever was asked with the same document before."""
    answers = [
        await federated.ask(document, {"r": [{"__typename": "Tenant", "id": ""}] * n}, as_=landlord)
        for n in (101, 100, 1, 101, 1000)
    ]

    assert answers == [
        too_many(101),
        {"data": {"_entities": [None] * 100}},
        {"data": {"_entities": [None]}},
        too_many(101),
        too_many(1000),
    ]


@pytest.mark.parametrize(
    "document",
    [
        f"{{ _entities(representations: [{ONE_REFERENCE * 101}]) {{ __typename }} }}",
        f"query ($r: [_Any!]! = [{ONE_REFERENCE * 101}]) {{ {FIELD} }}",
        "query ($r: [_Any!]!) { viewer { id } a: _entities(representations: [])"
        f" {{ __typename }} b: _entities(representations: [{ONE_REFERENCE * 101}])"
        " { __typename } }",
    ],
)
async def test_references_written_into_the_document_count_too(
    federated: Api, landlord: Principal, document: str
) -> None:
    assert await federated.ask(document, as_=landlord) == too_many(101)


async def test_a_hundred_references_are_answered(
    federated: Api, landlord: Principal, own: Tenant
) -> None:
    answer = await federated.ask(ENTITIES, {"r": [by_id(own)] * 100}, as_=landlord)

    assert answer == {"data": {"_entities": [{"name": "Own"}] * 100}}


async def test_references_count_as_nodes_with_what_stands_below_them(
    federated: Api, landlord: Principal, own: Tenant
) -> None:
    """100 references with 200 users each are 100 + 20,000 objects; 99 are 19,899."""
    query = REPORT.replace("users", "users(first: 200)")

    over = await federated.ask(query, {"r": [by_id(own)] * 100, "d": DATE}, as_=landlord)
    under = await federated.ask(query, {"r": [by_id(own)] * 99, "d": DATE}, as_=landlord)

    assert over["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX",
        "limit": "nodes",
        "allowed": 20_000,
        "found": 20_100,
    }
    assert len(under["data"]["_entities"]) == 99


async def test_an_unknown_identity_is_refused_by_the_fields_themselves(own: Tenant) -> None:
    """Should they ever be reached past the endpoint."""
    from graph.context import Context
    from resolvers.admission import Admission

    nobody: Any = None
    context = Context(nobody, tokens.NOW, "-", Admission(nobody))

    results = [
        await subgraph.execute(document, {"r": [by_id(own)]}, context)
        for document in (ENTITIES, "{ _service { sdl } }")
    ]

    assert [[str(e.original_error) for e in result.errors or []] for result in results] == [
        ["Sign in first."],
        ["Sign in first."],
    ]
