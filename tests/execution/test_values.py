"""Objects and lists: what is copied, and what is left to graphql-core."""

import asyncio
import collections
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql.pyutils import Undefined
from strawberry import Info

from graph.execution import CompiledExecutor, batched
from tests.execution.interpreter import interpret


async def load_boxes(parents: list[Any], info: Info) -> list[Any]:
    return [info.context() for _ in parents]


@strawberry.type
class Box:
    size: int

    @strawberry.field
    def grow(self, by: list[int]) -> list[int]:
        by.append(self.size)
        return by


@strawberry.type
class Query:
    @strawberry.field
    def box(self, info: Info) -> Box:
        return info.context()  # type: ignore[no-any-return]

    @strawberry.field
    async def later(self, info: Info) -> Box:
        return info.context()  # type: ignore[no-any-return]

    @strawberry.field(metadata=batched(load_boxes))
    async def batch(self, info: Info) -> Box:
        return info.context()  # type: ignore[no-any-return]

    @strawberry.field
    def boxes(self, info: Info) -> list[Box]:
        return info.context()  # type: ignore[no-any-return]

    @strawberry.field
    def grid(self, info: Info) -> list[list[Box | None]] | None:
        return info.context()  # type: ignore[no-any-return]

    @strawberry.field
    def sizes(self, info: Info) -> list[int]:
        return info.context()  # type: ignore[no-any-return]


schema = strawberry.Schema(Query)


class Slots:
    __slots__ = ("size",)

    def __init__(self, size: int = 1) -> None:
        self.size = size


class Row(NamedTuple):
    size: int = 1


class Lazy:
    """Its attributes are made when asked for."""

    def __getattr__(self, name: str) -> Any:
        if name == "size":
            return 1
        raise AttributeError(name)


class Promise:
    """Like Lazy, but to be awaited."""

    size = 2

    def __init__(self, awaitable: bool) -> None:
        self.awaitable = awaitable

    def __getattr__(self, name: str) -> Any:
        if name == "__await__" and self.awaitable:
            return lambda: iter(())
        raise AttributeError(name)


async def box_later() -> Box:
    await asyncio.sleep(0)
    return Box(size=1)


async def nothing_later() -> None:
    await asyncio.sleep(0)


async def async_boxes() -> AsyncIterator[Box]:
    yield Box(size=1)


def future_box() -> Any:
    return asyncio.ensure_future(box_later())


async def both(text: str, make: Callable[[], Any]) -> tuple[ExecutionResult, ExecutionResult, int]:
    executor, document = CompiledExecutor(schema), parse(text)
    ours = await executor.execute(document, context_value=make)
    theirs = await interpret(schema, document, context=make)
    gc.collect()
    return ours, theirs, executor.counts().compiled


@pytest.mark.parametrize("field", ["box", "later", "batch"])
@pytest.mark.parametrize(
    "make", [lambda: Box(size=1), Slots, Row, Lazy, lambda: collections.namedtuple("R", "size")(1)]
)
async def test_an_object_of_any_build_is_read_by_its_attributes(
    field: str, make: Callable[[], Any]
) -> None:
    ours, theirs, compiled = await both(f"{{ {field} {{ size }} }}", make)

    assert ours == theirs == ExecutionResult({field: {"size": 1}})
    assert compiled == 1


@pytest.mark.parametrize("selection", ["size", "__typename"])
@pytest.mark.parametrize("field", ["box", "later", "batch"])
@pytest.mark.parametrize("make", [lambda: None, lambda: Undefined, lambda: KeyError("returned")])
async def test_a_null_or_an_error_is_never_an_object(
    field: str, selection: str, make: Callable[[], Any]
) -> None:
    ours, theirs, compiled = await both(f"{{ {field} {{ {selection} }} }}", make)

    assert repr(ours) == repr(theirs)
    assert (ours.data, compiled) == (None, 0)


@pytest.mark.parametrize("make", [box_later, future_box])
async def test_an_object_may_be_awaited(make: Callable[[], Any]) -> None:
    ours, theirs, compiled = await both("{ box { size } }", make)

    assert ours == theirs == ExecutionResult({"box": {"size": 1}})
    assert compiled == 1


async def test_whether_an_object_is_awaitable_is_asked_of_each_that_may_differ() -> None:
    ours, _, compiled = await both("{ boxes { size } }", lambda: [Promise(False)] * 2)
    assert (ours.data, compiled) == ({"boxes": [{"size": 2}] * 2}, 1)

    executor = CompiledExecutor(schema)
    document = parse("{ boxes { size } }")
    ours = await executor.execute(document, context_value=lambda: [Promise(False), Promise(True)])

    # An instance's own __await__ cannot be awaited: an error, which graphql-core words.
    assert ours.data is None
    assert executor.counts().compiled == 0


@pytest.mark.parametrize(
    ("text", "make", "data"),
    [
        ("{ boxes { size } }", list, []),
        ("{ boxes { size } }", lambda: (Slots(1), Row(2)), [{"size": 1}, {"size": 2}]),
        ("{ boxes { size } }", lambda: [box_later(), Slots(2)], [{"size": 1}, {"size": 2}]),
        ("{ boxes { __typename } }", lambda: [future_box()], [{"__typename": "Box"}]),
        ("{ grid { size } }", lambda: None, None),
        ("{ grid { size } }", lambda: [[], [None, Slots(3)]], [[], [None, {"size": 3}]]),
        ("{ grid { size } }", lambda: [[nothing_later(), None]], [[None, None]]),
        ("{ sizes }", lambda: [1, True, "3"], [1, 1, 3]),
        ("{ sizes }", lambda: Row(7), [7]),
    ],
)
async def test_lists_are_copied(text: str, make: Callable[[], Any], data: Any) -> None:
    ours, theirs, compiled = await both(text, make)

    assert repr(ours) == repr(theirs)
    assert ours.data is not None
    assert (list(ours.data.values()), compiled) == ([data], 1)


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("{ boxes { size } }", lambda: [Slots(), None]),
        ("{ boxes { size } }", lambda: [nothing_later()]),
        ("{ boxes { __typename } }", lambda: [ValueError("returned")]),
        ("{ boxes { size } }", lambda: [box_later(), object(), box_later()]),
        ("{ grid { size } }", lambda: [None]),
        ("{ sizes }", lambda: [1, None]),
        ("{ sizes }", lambda: None),
        ("{ sizes }", lambda: "12"),
        ("{ sizes }", lambda: {1: 2}),
        ("{ sizes }", lambda: 5),
    ],
)
async def test_a_list_with_an_error_is_left_to_graphql_core(
    text: str, make: Callable[[], Any]
) -> None:
    ours, theirs, compiled = await both(text, make)

    assert repr(ours) == repr(theirs)
    assert ours.errors
    assert compiled == 0


@pytest.mark.parametrize(
    ("text", "make"),
    [
        ("{ sizes }", lambda: iter([1, 2])),
        ("{ sizes }", lambda: {1, 2}),
        ("{ sizes }", lambda: collections.deque([1, 2])),
        ("{ boxes { size } }", lambda: (Box(size=n) for n in range(2))),
        ("{ boxes { size } }", async_boxes),
    ],
)
async def test_what_is_no_list_or_tuple_is_left_to_graphql_core(
    text: str, make: Callable[[], Any]
) -> None:
    ours, theirs, compiled = await both(text, make)

    assert ours == theirs
    assert (ours.errors, compiled) == (None, 0)


async def test_an_iterator_kept_between_the_tries_is_still_whole_in_the_second() -> None:
    kept = iter([1, 2, 3])
    executor = CompiledExecutor(schema)

    answer = await executor.execute(parse("{ sizes }"), context_value=lambda: kept)

    assert answer == ExecutionResult({"sizes": [1, 2, 3]})


async def test_an_awaitable_that_was_awaited_is_left_to_graphql_core() -> None:
    """The first answer is a coroutine within a coroutine; it is awaited all the same."""
    answers: list[Any] = [box_later(), Box(size=1)]
    executor = CompiledExecutor(schema)

    answer = await executor.execute(
        parse("{ later { size } }"), context_value=lambda: answers.pop(0)
    )
    gc.collect()

    assert answer == ExecutionResult({"later": {"size": 1}})
    assert executor.counts().fallbacks["value"] == 1


async def test_a_resolver_that_changes_its_arguments_does_not_change_those_of_a_sibling() -> None:
    text = "query ($by: [Int!]!) { boxes { grow(by: $by) } }"
    executor = CompiledExecutor(schema)

    answer = await executor.execute(
        parse(text),
        variable_values={"by": [0]},
        context_value=lambda: [Box(size=1), Box(size=2)],
    )

    assert answer == ExecutionResult({"boxes": [{"grow": [0, 1]}, {"grow": [0, 2]}]})
    assert executor.counts().compiled == 1
