"""What is answered by a plan, what is handed to graphql-core, and that both answer alike."""

import collections
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, ExecutionResult, parse
from strawberry import Info
from strawberry.dataloader import DataLoader
from strawberry.directive import DirectiveLocation
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.execution import CompiledExecutor, Counts
from graph.execution.fallback import REASONS, Fallback
from graph.execution.writer import MOST_FIELDS, MOST_FIELDS_AT_FIRST
from tests.execution.interpreter import interpret
from tests.execution.world import Context, schema


@strawberry.type
class Leaf:
    name: str
    size: int | None = None


@strawberry.type
class Other:
    name: str


@strawberry.type
class Query:
    name: str = "root"

    @strawberry.field
    def leaf(self) -> Leaf:
        return Leaf(name="leaf")

    @strawberry.field
    def either(self) -> Leaf | Other:
        return Other(name="other")

    @strawberry.field
    def null(self) -> Leaf:
        return None  # type: ignore[return-value]

    @strawberry.field
    def absent(self) -> Leaf | None:
        return None

    @strawberry.field
    def numbers(self) -> list[int]:
        def once() -> Iterator[int]:
            yield 1

        return once()  # type: ignore[return-value]

    @strawberry.field
    def pair(self) -> list[int]:
        return (1, 2)  # type: ignore[return-value]

    @strawberry.field
    def refuses(self) -> int | None:
        raise ValueError("refused")

    @strawberry.field
    def counted(self, count: int = 0) -> int:
        return count


@strawberry.type
class Mutation:
    @strawberry.mutation
    def count(self) -> int:
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self) -> AsyncIterator[int]:
        yield 1


@strawberry.type
class Nest:
    name: str

    @strawberry.field
    def nested(self) -> "Nest | None":
        return None


small = strawberry.Schema(Query, Mutation, Subscription)


def wide(fields: int) -> str:
    return "{ " + " ".join(f"a{i}: name" for i in range(fields)) + " }"


def fallbacks(**reasons: int) -> dict[str, int]:
    return dict.fromkeys(REASONS, 0) | reasons


async def both(
    text: str, variables: dict[str, Any] | None = None, operation_name: str | None = None
) -> tuple[ExecutionResult, ExecutionResult, Counts]:
    executor, document = CompiledExecutor(small), parse(text)
    root = Query()
    ours = await executor.execute(
        document, operation_name=operation_name, variable_values=variables, root_value=root
    )
    theirs = await interpret(small, document, variables, None, root, operation_name)
    return ours, theirs, executor.counts()


async def test_a_query_is_answered_by_a_plan() -> None:
    ours, theirs, counts = await both(
        "{ b: name leaf { size name __typename } absent { name } pair }"
    )

    leaf = {"size": None, "name": "leaf", "__typename": "Leaf"}
    assert ours == ExecutionResult({"b": "root", "leaf": leaf, "absent": None, "pair": [1, 2]})
    assert ours == theirs
    assert counts == Counts(1, fallbacks())


@pytest.mark.parametrize(
    ("reason", "text", "variables"),
    [
        ("operation", "mutation { count }", {}),
        ("operation", "query A { name } query B { name }", {}),
        ("introspection", "{ __schema { queryType { name } } }", {}),
        ("introspection", '{ name __type(name: "Leaf") { name } }', {}),
        ("abstract", "{ name either { ... on Other { name } } }", {}),
        ("directive", "{ name @later }", {}),
        ("directive", "query @later { name }", {}),
        ("directive", "{ name @skip(if: 1) }", {}),
        ("directive", "query ($a: Int @later) { counted(count: $a) }", {}),
        ("large", wide(MOST_FIELDS_AT_FIRST + 1), {}),
        ("unsupported", "{ missing }", {}),
        ("variables", "query ($a: Int!) { counted(count: $a) }", {}),
        ("variables", "query ($a: Int!) { counted(count: $a) }", {"a": "one"}),
        ("variables", "query ($a: Nothing) { name }", {}),
        ("variables", "query ($a: Boolean = true) { name @skip(if: $a) }", {"a": None}),
        ("null", "{ null { name } }", {}),
        ("value", "{ numbers }", {}),
        ("error", "{ name refuses }", {}),
        ("error", "query ($a: Int) { counted(count: $a) }", {"a": None}),
    ],
)
async def test_the_rest_is_answered_by_graphql_core(
    reason: str, text: str, variables: dict[str, Any]
) -> None:
    ours, theirs, counts = await both(text, variables)

    assert ours == theirs
    assert counts == Counts(0, fallbacks(**{reason: 1}))


@pytest.mark.parametrize(
    ("fields", "outcomes"),
    [
        (MOST_FIELDS_AT_FIRST, ["compiled", "compiled"]),
        (MOST_FIELDS_AT_FIRST + 1, ["large", "compiled"]),
        (MOST_FIELDS, ["large", "compiled"]),
        (MOST_FIELDS + 1, ["large", "unsupported"]),
    ],
)
async def test_many_fields_are_compiled_when_asked_for_again(
    fields: int, outcomes: list[str]
) -> None:
    executor, document = CompiledExecutor(small), parse(wide(fields))

    answers = [await executor.execute(document, root_value=Query()) for _ in range(2)]

    assert answers == [ExecutionResult({f"a{i}": "root" for i in range(fields)})] * 2
    counts = executor.counts()
    counted = {"compiled": counts.compiled, **counts.fallbacks}
    assert {k: v for k, v in counted.items() if v} == collections.Counter(outcomes)


async def test_fragments_that_double_at_each_spread_cost_no_more() -> None:
    fragments = "".join(
        f"fragment F{n} on Nest {{ a{n}: nested {{ ...F{n + 1} }} b{n}: nested {{ ...F{n + 1} }} }}"
        for n in range(20)
    )
    document = parse("{ nested { ...F0 } }" + fragments + "fragment F20 on Nest { name }")
    executor = CompiledExecutor(strawberry.Schema(Nest))

    reasons = []
    for _ in range(3):
        with pytest.raises(Fallback) as raised:
            executor.plan(document)
        reasons.append(raised.value.reason)

    assert reasons == ["large", "unsupported", "unsupported"]


async def test_a_subscription_is_not_compiled() -> None:
    with pytest.raises(Fallback) as raised:
        CompiledExecutor(small).plan(parse("subscription { count }"))

    assert raised.value.reason == "operation"


async def test_the_named_operation_is_answered() -> None:
    ours, _, counts = await both("query A { a: name } query B { b: name }", operation_name="B")

    assert ours == ExecutionResult({"b": "root"})
    assert counts.compiled == 1


async def test_a_refusal_keeps_its_message_path_and_code() -> None:
    executor = CompiledExecutor(schema)
    document = parse("{ things { fails(really: true) number: __typename } }")

    answer = await executor.execute(document, context_value=Context(), variable_values={})

    assert answer.data is not None
    assert [error.formatted for error in answer.errors or ()] == [
        {
            "message": "failed",
            "locations": [{"line": 1, "column": 12}],
            "path": ["things", index, "fails"],
            "extensions": {"code": "FAILED"},
        }
        for index in range(3)
    ]
    assert executor.counts().fallbacks["error"] == 1


@pytest.mark.parametrize("shown", [True, False])
async def test_values_of_skip_and_include_select_a_plan(shown: bool) -> None:
    executor = CompiledExecutor(small)
    text = "query ($a: Boolean = false) { name @skip(if: $a) ... @include(if: $a) { pair } }"
    document = parse(text)

    answer = await executor.execute(document, variable_values={"a": shown}, root_value=Query())

    assert answer == ExecutionResult({"pair": [1, 2]} if shown else {"name": "root"})
    assert executor.counts().compiled == 1
    other = executor.plan(document, variable_values={"a": not shown})
    assert executor.plan(document, variable_values={"a": shown}) is not other
    assert (executor.plan(document) is other) is shown


def test_a_plan_is_kept_for_its_document() -> None:
    executor = CompiledExecutor(small)
    document = parse("{ name }")

    assert executor.plan(document) is executor.plan(document)
    assert executor.plan(parse("{ name }")) is not executor.plan(document)


def test_no_more_plans_than_asked_for_are_kept() -> None:
    executor = CompiledExecutor(small, plans=2)
    documents = [parse("{ name }") for _ in range(3)]
    plans = [executor.plan(document) for document in documents]

    assert executor.plan(documents[2]) is plans[2]
    assert executor.plan(documents[1]) is plans[1]
    assert executor.plan(documents[0]) is not plans[0]
    assert (len(executor._plans), len(executor._outlines)) == (2, 2)


def test_no_more_characters_than_asked_for_are_kept_but_for_the_last() -> None:
    executor = CompiledExecutor(small, characters=20)
    short = [parse("{ name }") for _ in range(3)]
    plans = [executor.plan(document) for document in short]

    assert [executor.plan(document) for document in short[1:]] == plans[1:]
    assert (len(executor._plans), len(executor._outlines)) == (2, 2)
    large = parse("{ name } #" + "x" * 100)
    assert executor.plan(large) is executor.plan(large)
    assert (len(executor._plans), len(executor._outlines)) == (1, 1)


async def test_a_document_that_cannot_be_compiled_is_tried_once() -> None:
    executor = CompiledExecutor(small)
    document = parse("{ either { __typename } }")

    for _ in range(2):
        await executor.execute(document)

    assert executor.counts() == Counts(0, fallbacks(abstract=2))
    assert len(executor._plans) == 1


async def test_the_second_try_finds_the_rows_loaded_by_the_first() -> None:
    loads: list[list[int]] = []

    async def load(keys: list[int]) -> list[str]:
        loads.append(list(keys))
        return [str(key) for key in keys]

    @strawberry.type
    class Loading:
        @strawberry.field
        async def row(self, info: Info, key: int) -> str:
            return await info.context.load(key)  # type: ignore[no-any-return]

        @strawberry.field
        async def fails(self) -> str | None:
            raise ValueError

    executor = CompiledExecutor(strawberry.Schema(Loading))
    document = parse("{ a: row(key: 1) fails b: row(key: 2) }")

    answer = await executor.execute(document, context_value=DataLoader(load))

    assert answer.data == {"a": "1", "fails": None, "b": "2"}
    assert loads == [[1, 2]]


class Hook(SchemaExtension):
    def resolve(self, _next: Any, root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
        return _next(root, info, *args, **kwargs)


class Harmless(SchemaExtension):
    pass


@strawberry.directive(locations=[DirectiveLocation.FIELD])
def later(value: str) -> str:
    return value


class Custom(StrawberryGraphQLCoreExecutionContext):
    pass


@pytest.mark.parametrize(
    "refused",
    [{"extensions": [Hook]}, {"directives": [later]}, {"execution_context_class": Custom}],
)
def test_a_schema_of_which_something_would_be_passed_over_is_refused(refused: Any) -> None:
    with pytest.raises(TypeError, match="would be passed over"):
        CompiledExecutor(strawberry.Schema(Query, **refused))


def test_a_schema_extension_without_a_resolve_hook_is_not_refused() -> None:
    executor = CompiledExecutor(strawberry.Schema(Query, extensions=[Harmless]))

    assert executor.counts().compiled == 0


@pytest.mark.parametrize("hidden", [True, False])
async def test_suggestions_are_hidden_on_demand(hidden: bool) -> None:
    @strawberry.input
    class Box:
        size: int = 1

    @strawberry.type
    class Boxes:
        @strawberry.field
        def box(self, box: Box) -> int:
            return box.size

    executor = CompiledExecutor(strawberry.Schema(Boxes), hide_suggestions=hidden)
    document: DocumentNode = parse("query ($b: Box!) { box(box: $b) }")

    answer = await executor.execute(document, variable_values={"b": {"sise": 2}})

    assert answer.errors is not None
    assert ("Did you mean" in answer.errors[0].message) is not hidden
