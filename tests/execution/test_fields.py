"""Fields of every build, each as graphql-core has it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry import Info
from strawberry.schema.config import StrawberryConfig
from strawberry.types.field import StrawberryField

from graph.execution import CompiledExecutor, batched
from tests.execution.interpreter import interpret


class Overridden(StrawberryField):
    def get_result(self, source: Any, info: Any, args: list[Any], kwargs: Any) -> Any:
        return f"overridden {self.python_name}"


def test_name(root: "Query") -> str:
    return f"root {root.name}"


test_name.__test__ = False  # type: ignore[attr-defined]


async def load_paths(parents: list["Query"], info: Info) -> list[str]:
    return [f"{info.path.as_list()} {info.field_name}" for _ in parents]


def is_even(value: Any, _info: Any) -> bool:
    return value.number % 2 == 0


@strawberry.type
class Even:
    number: int
    is_type_of = is_even


@strawberry.type
class Failure:
    message: str


@strawberry.type
class Query:
    name: str = "n"
    class_: str = strawberry.field(name="class", default="keyword")
    overridden: str = Overridden(default="not seen")  # type: ignore[assignment]
    by_root: str = strawberry.field(resolver=test_name)

    @strawberry.field
    def by_parent(parent: strawberry.Parent[Any]) -> str:
        return f"parent {parent.name}"

    @strawberry.field
    @staticmethod
    def static(value: int = 1) -> str:
        return f"static {value}"

    @strawberry.field
    @classmethod
    def of_class(cls, value: int = 1) -> str:
        return f"{cls.__name__} {value}"

    @strawberry.field
    def renamed(self, the_info: Info, self_: int = 1) -> str:
        return f"{the_info.field_name} {self_}"

    @strawberry.field(metadata=batched(load_paths))
    async def batch(self, info: Info) -> str:
        return f"{info.path.as_list()} {info.field_name}"

    @strawberry.field(metadata=batched(load_paths))
    async def quiet(self) -> str:
        return "['a'] quiet"

    @strawberry.field
    def even(self, number: int) -> Even | None:
        return Even(number=number)

    @strawberry.field
    async def stream(self) -> AsyncIterator[list[int]]:
        yield [1]


schema = strawberry.Schema(Query)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{ class }", {"class": "keyword"}),
        ("{ overridden }", {"overridden": "overridden overridden"}),
        ("{ byRoot }", {"byRoot": "root n"}),
        ("{ byParent }", {"byParent": "parent n"}),
        ("{ static of: static(value: 2) }", {"static": "static 1", "of": "static 2"}),
        ("{ ofClass(value: 3) }", {"ofClass": "Query 3"}),
        ("{ a: renamed(self_: 4) }", {"a": "renamed 4"}),
        ("{ a: batch }", {"a": "['a'] batch"}),
        ("{ a: quiet }", {"a": "['a'] quiet"}),
    ],
)
async def test_a_field_of_any_build_is_compiled(text: str, data: dict[str, Any]) -> None:
    executor, document = CompiledExecutor(schema), parse(text)

    ours = await executor.execute(document, root_value=Query())
    theirs = await interpret(schema, document, root=Query())

    assert ours == theirs == ExecutionResult(data)
    assert executor.counts().compiled == 1


@pytest.mark.parametrize("number", [1, 2])
async def test_a_type_test_of_ones_own_is_left_to_graphql_core(number: int) -> None:
    executor = CompiledExecutor(schema)
    document = parse(f"{{ even(number: {number}) {{ number }} }}")

    ours = await executor.execute(document, root_value=Query())
    theirs = await interpret(schema, document, root=Query())

    assert repr(ours) == repr(theirs)
    assert bool(ours.errors) is (number == 1)
    assert executor.counts().fallbacks["unsupported"] == 1


@pytest.mark.parametrize(("spread", "value"), [("...F(n: 2)", 2), ("...F", 3)])
async def test_a_fragment_with_variables_is_left_to_graphql_core(spread: str, value: int) -> None:
    text = f"{{ {spread} }} fragment F($n: Int = 3) on Query {{ static(value: $n) }}"
    document = parse(text, experimental_fragment_arguments=True)
    executor = CompiledExecutor(schema)

    answer = await executor.execute(document, root_value=Query())

    assert answer == ExecutionResult({"static": f"static {value}"})
    assert executor.counts().fallbacks["unsupported"] == 1


async def test_a_default_resolver_of_ones_own_reads_the_fields() -> None:
    @strawberry.type
    class Row:
        name: str

    @strawberry.type
    class Rows:
        @strawberry.field
        def rows(self) -> list[Row]:
            return [{"name": "from a dict"}]  # type: ignore[list-item]

    def by_key(source: Any, name: str) -> Any:
        return source[name]

    config = StrawberryConfig(default_resolver=by_key)
    executor = CompiledExecutor(strawberry.Schema(Rows, config=config))

    answer = await executor.execute(parse("{ rows { name } }"))

    assert answer == ExecutionResult({"rows": [{"name": "from a dict"}]})
    assert executor.counts().compiled == 1
