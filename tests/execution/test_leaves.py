"""Leaves come out as their type's serialiser has them, called or not."""

import decimal
import enum
from collections.abc import Iterator
from typing import Any, NewType

import pytest
import strawberry
from graphql import parse
from graphql.pyutils import Undefined
from strawberry.schema.config import StrawberryConfig

from graph.execution import CompiledExecutor, passes_text
from tests.execution.interpreter import interpret
from tests.execution.sources import Odd, Text

Stamp = NewType("Stamp", str)
Word = NewType("Word", str)
Plain = NewType("Plain", str)
called: list[Any] = []


@passes_text(4)
def serialize_stamp(value: Any) -> str:
    called.append(value)
    return str(value) if len(str(value)) == 4 else f"<{value}>"


@passes_text()
def serialize_word(value: Any) -> str:
    called.append(value)
    return str(value)


def serialize_plain(value: Any) -> str:
    called.append(value)
    return str(value).upper()


@strawberry.enum
class Light(enum.Enum):
    ON = 1
    OFF = "off"


@strawberry.type
class Query:
    string: str | None
    id: strawberry.ID | None
    int: int | None
    float: float | None
    boolean: bool | None
    light: Light | None
    stamp: Stamp | None
    word: Word | None
    plain: Plain | None


schema = strawberry.Schema(
    Query,
    config=StrawberryConfig(
        scalar_map={
            Stamp: strawberry.scalar(name="Stamp", serialize=serialize_stamp),
            Word: strawberry.scalar(name="Word", serialize=serialize_word),
            Plain: strawberry.scalar(name="Plain", serialize=serialize_plain),
        }
    ),
)

VALUES: list[Any] = [
    *(None, "", "text", "12", "1.5", Text("text"), b"bytes", Odd()),
    *(0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**30, True, False),
    *(0.0, -0.0, 1.0, 1.5, 1e300, float("inf"), float("-inf"), float("nan")),
    *(decimal.Decimal("2"), decimal.Decimal("2.5"), [], {}, (), object, Light.ON, "off", "OFF"),
    ValueError("returned"),
]
FIELDS = ["string", "id", "int", "float", "boolean", "light", "stamp", "word", "plain"]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_a_value_comes_out_as_from_graphql_core(field: str, value: Any) -> None:
    root = Query(**{name: value if name == field else None for name in FIELDS})
    document = parse(f"{{ {field} }}")

    ours = await CompiledExecutor(schema).execute(document, root_value=root)
    theirs = await interpret(schema, document, root=root)

    assert repr(ours) == repr(theirs)


class Later:
    def __await__(self) -> Iterator[Any]:
        yield from ()
        return "awaited"


@pytest.mark.parametrize("serialized", [None, Undefined, "later", ValueError("returned")])
async def test_a_serialiser_that_gives_no_value_is_left_to_graphql_core(serialized: Any) -> None:
    class Word(str):
        __slots__ = ()

    def serialize(_value: Any) -> Any:
        return Later() if serialized == "later" else serialized

    @strawberry.type
    class Words:
        @strawberry.field
        def word(self) -> Word | None:
            return Word("w")

    scalar = strawberry.scalar(name="Word", serialize=serialize)
    odd = strawberry.Schema(Words, config=StrawberryConfig(scalar_map={Word: scalar}))
    executor, document = CompiledExecutor(odd), parse("{ word }")

    ours = await executor.execute(document)
    theirs = await interpret(odd, document)

    assert repr(ours) == repr(theirs)
    returned = isinstance(serialized, Exception)
    assert executor.counts().compiled == returned


@pytest.mark.parametrize(
    ("field", "value", "calls", "answer"),
    [
        ("stamp", "2019", [], "2019"),
        ("stamp", "201", ["201"], "<201>"),
        ("stamp", 2019, [2019], "2019"),
        ("stamp", None, [], None),
        ("word", "any", [], "any"),
        ("word", 5, [5], "5"),
        ("plain", "any", ["any"], "ANY"),
    ],
)
async def test_a_serialiser_is_called_unless_it_passes_such_text(
    field: str, value: Any, calls: list[Any], answer: Any
) -> None:
    executor = CompiledExecutor(schema)
    root = Query(**{name: value if name == field else None for name in FIELDS})
    called.clear()

    result = await executor.execute(parse(f"{{ {field} }}"), root_value=root)

    assert result.data == {field: answer}
    assert called == calls
    assert executor.counts().compiled == 1
