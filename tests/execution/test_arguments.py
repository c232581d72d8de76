"""Arguments reach resolvers as graphql-core coerces and Strawberry converts them."""

from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse, validate

from graph.execution import CompiledExecutor
from tests.execution.interpreter import interpret
from tests.execution.world import Context, schema

INSTANT = "2019-03-01T00:00:00Z"
COMPILED = [
    ("query { thing { echo } }", {}),
    ('query { thing { echo(value: "v", times: null, key: 7, colors: AZURE) } }', {}),
    (f'query {{ thing {{ echo(colors: [RED, GREEN], at: "{INSTANT}") }} }}', {}),
    ("query { thing { echo(colors: null, key: null) } }", {}),
    ("query ($v: String!) { thing { echo(value: $v) } }", {"v": "given"}),
    ('query ($v: String = "d") { thing { echo(value: $v) } }', {}),
    ('query ($v: String! = "d") { thing { echo(value: $v) } }', {}),
    ('query ($v: String = "d") { thing { echo(value: $v) } }', {"v": "given"}),
    ("query ($t: Int) { thing { echo(times: $t) } }", {}),
    ("query ($t: Int) { thing { echo(times: $t) } }", {"t": None}),
    ("query ($t: Int = 9) { thing { echo(times: $t) } }", {"t": None}),
    ("query ($t: Int = null) { thing { echo(times: $t) } }", {}),
    ("query ($c: [Color!]) { thing { echo(colors: $c) } }", {"c": "RED"}),
    ("query ($c: [Color!]) { thing { echo(colors: $c) } }", {"c": ["RED", "AZURE"]}),
    ("query ($c: [Color!]) { thing { echo(colors: $c) } }", {"c": []}),
    ("query ($c: Color!) { thing { echo(colors: [$c, RED]) } }", {"c": "GREEN"}),
    ("query ($a: Instant) { thing { echo(at: $a) } }", {"a": INSTANT}),
    ("query ($k: ID) { thing { a: echo(key: $k) b: echo(key: $k) } }", {"k": 12}),
    ("query { thing { ranged } }", {}),
    ("query { thing { ranged(within: {}) } }", {}),
    ("query { thing { ranged(within: null, by: null) } }", {}),
    ("query { thing { ranged(within: {low: 3, high: null, tags: [], color: null}) } }", {}),
    ('query { thing { ranged(within: {tags: "one", inner: {inner: {high: 4}}}) } }', {}),
    ("query ($h: Int) { thing { ranged(within: {high: $h}) } }", {}),
    ("query ($h: Int) { thing { ranged(within: {high: $h}) } }", {"h": None}),
    ("query ($r: Range) { thing { ranged(within: $r) } }", {}),
    ("query ($r: Range) { thing { ranged(within: $r) } }", {"r": {"inner": {"low": 2}}}),
    ("query ($r: Range = {low: 5}) { thing { ranged(within: $r) } }", {}),
    ("query ($r: [Range!] = {low: 5}) { thing { ranges(all_: $r) } }", {}),
    ("query { thing { ranges(all_: [{low: 1}, {high: 2}]) ranged } }", {}),
    ('query { thing { by(by: {name: "n"}) } }', {}),
    (f'query {{ thing {{ by(by: {{at: "{INSTANT}"}}) }} }}', {}),
    ("query ($b: By!) { thing { by(by: $b) } }", {"b": {"key": 1}}),
    ("query ($unused: Int) { thing { echo } }", {"unused": 1}),
    ("query { thing { echo } }", {"undeclared": 1}),
    ("query { thing { guardedLater(number: 8) shoutedLater(by: {key: 5}) } }", {}),
]
REFUSED = [
    ("query ($v: String!) { thing { echo(value: $v) } }", {}),
    ("query ($v: String!) { thing { echo(value: $v) } }", {"v": None}),
    ("query ($v: String!) { thing { echo(value: $v) } }", {"v": 5}),
    ('query ($v: String = "d") { thing { echo(value: $v) } }', {"v": None}),
    ("query ($c: [Color!]) { thing { echo(colors: $c) } }", {"c": ["PURPLE"]}),
    ("query ($c: [Color!]) { thing { echo(colors: $c) } }", {"c": [None]}),
    ("query ($a: Instant) { thing { echo(at: $a) } }", {"a": "yesterday"}),
    ("query ($r: Range) { thing { ranged(within: $r) } }", {"r": {"unknown": 2}}),
    ("query ($b: By!) { thing { by(by: $b) } }", {"b": {}}),
    ("query ($b: By!) { thing { by(by: $b) } }", {"b": {"key": 1, "name": "n"}}),
    ("query ($b: By!) { thing { by(by: $b) } }", {"b": {"key": None}}),
    ('query { thing { by(by: {key: 1, name: "n"}) } }', {}),
]


async def both(
    text: str, variables: dict[str, Any], executor: CompiledExecutor
) -> tuple[ExecutionResult, ExecutionResult]:
    document = parse(text)
    assert validate(schema._schema, document) == [] or "$unused" in text
    ours = await executor.execute(document, variable_values=variables, context_value=Context())
    return ours, await interpret(schema, document, variables, Context())


@pytest.mark.parametrize(("text", "variables"), COMPILED)
async def test_arguments_are_coerced_as_by_graphql_core(
    text: str, variables: dict[str, Any]
) -> None:
    executor = CompiledExecutor(schema)

    ours, theirs = await both(text, variables, executor)

    assert ours == theirs
    assert (ours.errors, executor.counts().compiled) == (None, 1)


@pytest.mark.parametrize(("text", "variables"), REFUSED)
async def test_what_does_not_coerce_is_refused_by_graphql_core(
    text: str, variables: dict[str, Any]
) -> None:
    executor = CompiledExecutor(schema)

    ours, theirs = await both(text, variables, executor)

    assert ours == theirs
    assert ours.errors
    assert executor.counts().compiled == 0


@pytest.mark.parametrize("text", ["{ a: take(items: [1]) b: take }", "{ a: take b: take }"])
async def test_a_resolver_that_changes_its_arguments_changes_no_other_call(text: str) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def take(self, items: list[int] = [1]) -> int:  # noqa: B006
            items.append(1)
            return len(items)

    executor = CompiledExecutor(strawberry.Schema(Query))
    document = parse(text)

    answers = [await executor.execute(document) for _ in range(2)]

    assert answers == [ExecutionResult({"a": 2, "b": 2})] * 2
    assert executor.counts().compiled == 2


async def test_plain_arguments_are_coerced_once_for_all_parents() -> None:
    parsed: list[Any] = []

    def parse_word(value: Any) -> str:
        parsed.append(value)
        return str(value)

    class Word(str):
        __slots__ = ()

    @strawberry.type
    class Item:
        @strawberry.field
        def word(self, value: Word) -> str:
            return value

    @strawberry.type
    class Query:
        @strawberry.field
        def items(self) -> list[Item]:
            return [Item(), Item(), Item()]

    config = strawberry.schema.config.StrawberryConfig(
        scalar_map={Word: strawberry.scalar(name="Word", serialize=str, parse_value=parse_word)}
    )
    executor = CompiledExecutor(strawberry.Schema(Query, config=config))
    document = parse("query ($w: Word!) { items { word(value: $w) } }")

    answer = await executor.execute(document, variable_values={"w": "x"})

    assert answer == ExecutionResult({"items": [{"word": "x"}] * 3})
    assert parsed == ["x"]
