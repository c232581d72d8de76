"""Concurrency: siblings together, one level in one batch, and nothing left running."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from strawberry import Info
from strawberry.dataloader import DataLoader

from graph.execution import CompiledExecutor, batched
from graph.execution.fallback import REASONS


class Context:
    """Notes what happened, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.gate = asyncio.Event()
        self.loader: DataLoader[int, str] = DataLoader(self._load)

    async def _load(self, keys: list[int]) -> list[str]:
        self.events.append(tuple(keys))
        return [f"row {key}" for key in keys]

    async def hold(self, name: str) -> str:
        self.events.append(f"{name} starts")
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            # One that takes its time to be cancelled.
            await asyncio.sleep(0)
            self.events.append(f"{name} cancelled")
            raise
        self.events.append(f"{name} ends")
        return name


async def load_sizes(parents: list["Item"], info: Info, scale: int = 1) -> list[Any]:
    info.context.events.append([parent.number for parent in parents])
    if scale == 0:
        raise ValueError("no scale")
    sizes: list[Any] = [parent.number * scale for parent in parents]
    if scale == 2:
        return sizes[1:]
    if scale == 3:
        sizes[0] = ValueError("returned")
    return sizes


@strawberry.type
class Item:
    number: int

    @strawberry.field
    async def row(self, info: Info) -> str:
        return await info.context.loader.load(self.number)  # type: ignore[no-any-return]

    @strawberry.field
    def row_future(self, info: Info) -> str:
        return info.context.loader.load(self.number)  # type: ignore[no-any-return]

    @strawberry.field
    async def other(self, info: Info) -> str:
        return await info.context.loader.load(self.number + 1000)  # type: ignore[no-any-return]

    @strawberry.field(metadata=batched(load_sizes))
    async def size(self, info: Info, scale: int = 1) -> int:
        info.context.events.append(f"size of {self.number}")
        return self.number * scale

    @strawberry.field
    async def next(self) -> "Item":
        return Item(number=self.number + 1)


@strawberry.type
class Query:
    @strawberry.field
    async def items(self, count: int = 3) -> list[Item]:
        return [Item(number=number) for number in range(count)]

    @strawberry.field
    async def held(self, info: Info, name: str) -> str:
        return await info.context.hold(name)  # type: ignore[no-any-return]

    @strawberry.field
    def held_at_once(self, info: Info, name: str) -> str:
        return asyncio.ensure_future(info.context.hold(name))  # type: ignore[return-value]

    @strawberry.field
    async def held_item(self, info: Info, name: str) -> Item:
        await info.context.hold(name)
        return Item(number=7)

    @strawberry.field
    async def fails(self, info: Info) -> str | None:
        info.context.events.append("fails")
        raise ValueError("failed")

    @strawberry.field
    def fails_at_once(self, info: Info) -> str | None:
        info.context.events.append("fails")
        raise ValueError("failed")

    @strawberry.field
    async def cancelled(self) -> str | None:
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        await future
        return "not reached"

    @strawberry.field
    async def tracks(self, info: Info) -> str | None:
        info._raw_info.async_helpers.track([info.context.hold("tracked")])
        await asyncio.sleep(0)
        raise ValueError("failed")


schema = strawberry.Schema(Query)


@pytest.fixture
async def leaves_no_task() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    gc.collect()
    coroutines = [task.get_coro() for task in asyncio.all_tasks() - before]
    assert [each for each in coroutines if "anyio" not in each.cr_code.co_filename] == []


pytestmark = pytest.mark.usefixtures("leaves_no_task")


async def answer(
    text: str, context: Context, executor: CompiledExecutor | None = None
) -> ExecutionResult:
    executor = executor or CompiledExecutor(schema)
    return await executor.execute(parse(text), context_value=context)


async def ticks(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("field", ["row", "rowFuture"])
async def test_a_loader_sees_all_keys_of_a_level_at_once(field: str) -> None:
    context = Context()

    result = await answer(f"{{ items(count: 50) {{ {field} other }} }}", context)

    assert result.data == {
        "items": [{field: f"row {i}", "other": f"row {i + 1000}"} for i in range(50)]
    }
    assert [sorted(batch) for batch in context.events] == [[*range(50), *range(1000, 1050)]]


async def test_a_loader_sees_all_keys_of_a_deeper_level_at_once() -> None:
    context = Context()

    await answer("{ items(count: 9) { next { next { row } } } }", context)

    assert context.events == [tuple(range(2, 11))]


async def test_siblings_run_together() -> None:
    context = Context()

    task = asyncio.ensure_future(answer('{ a: held(name: "a") b: held(name: "b") }', context))
    await ticks()

    assert context.events == ["a starts", "b starts"]
    context.gate.set()
    assert (await task).data == {"a": "a", "b": "b"}


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ('{ a: held(name: "a") }', ["a"]),
        ('{ a: held(name: "a") b: held(name: "b") items { number } }', ["a", "b"]),
        ('{ a: heldItem(name: "a") { row } b: heldAtOnce(name: "b") }', ["a", "b"]),
        ('{ a: held(name: "a") fails }', ["a"]),
        ('{ a: held(name: "a") failsAtOnce }', ["a"]),
    ],
)
async def test_a_cancelled_request_cancels_its_tasks_and_waits_for_them(
    text: str, held: list[str]
) -> None:
    context = Context()
    task = asyncio.ensure_future(answer(text, context))
    await ticks()

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    assert sorted(e for e in context.events if "starts" in e) == [f"{h} starts" for h in held]
    assert sorted(e for e in context.events if "cancelled" in e) == [f"{h} cancelled" for h in held]


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize(
    "text",
    [
        '{ items { row other } a: held(name: "a") b: heldItem(name: "b") { row } }',
        '{ items { rowFuture } a: held(name: "a") b: heldAtOnce(name: "b") }',
        '{ items { row } a: held(name: "a") b: heldAtOnce(name: "b") failsAtOnce }',
        "{ items { size row } more: items { size(scale: 0) } }",
    ],
)
async def test_a_request_can_be_cancelled_at_any_tick(after: int, text: str) -> None:
    """Also before its tasks had their first step: no coroutine is left without being awaited."""
    task = asyncio.ensure_future(answer(text, Context()))
    await ticks(after)
    was_done = task.done()

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled() is not was_done


async def test_a_time_limit_is_one_for_the_whole_request() -> None:
    context = Context()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await answer('{ a: held(name: "a") b: held(name: "b") }', context)

    assert sorted(context.events[2:]) == ["a cancelled", "b cancelled"]


@pytest.mark.parametrize("fails", ["fails", "failsAtOnce"])
@pytest.mark.parametrize("held", ["held", "heldAtOnce"])
async def test_the_second_try_starts_when_the_first_has_ended(fails: str, held: str) -> None:
    context = Context()
    executor = CompiledExecutor(schema)

    task = asyncio.ensure_future(answer(f'{{ a: {held}(name: "a") {fails} }}', context, executor))
    await ticks()
    first = sorted(context.events)
    context.gate.set()
    result = await task

    assert first == ["a starts", "fails"]
    assert sorted(context.events[2:]) == ["a ends", "a ends", "a starts", "fails"]
    assert context.events[2] == "a ends"
    assert executor.counts().fallbacks["error"] == 1
    assert result.data == {"a": "a", fails: None}
    assert [error.message for error in result.errors or ()] == ["failed"]


async def test_work_that_a_resolver_handed_over_ends_before_the_second_try() -> None:
    context = Context()

    task = asyncio.ensure_future(answer("{ tracks }", context))
    await ticks()
    before = list(context.events)
    context.gate.set()
    await task
    await ticks()

    assert before == ["tracked starts"]
    assert context.events == ["tracked starts", "tracked ends"] * 2


async def test_an_awaitable_somebody_else_cancelled_is_graphql_cores_to_judge() -> None:
    executor = CompiledExecutor(schema)

    with pytest.raises(asyncio.CancelledError):
        await answer("{ cancelled items { number } }", Context(), executor)

    assert executor.counts().fallbacks == dict.fromkeys(REASONS, 0) | {"error": 1}


async def test_a_batched_field_is_resolved_once_for_all_parents() -> None:
    context = Context()

    result = await answer(
        "{ items(count: 3) { size(scale: 5) number next { size } } more: items { size } }", context
    )

    assert result == ExecutionResult(
        {
            "items": [
                {"size": number * 5, "number": number, "next": {"size": number + 1}}
                for number in range(3)
            ],
            "more": [{"size": number} for number in range(3)],
        }
    )
    assert sorted(context.events) == [[0, 1, 2], [0, 1, 2], [1], [2], [3]]


@pytest.mark.parametrize("scale", [0, 2, 3])
async def test_a_batch_that_fails_leaves_the_field_to_its_own_resolver(scale: int) -> None:
    context = Context()

    result = await answer(f"{{ items {{ size(scale: {scale}) }} }}", context)

    assert result == ExecutionResult({"items": [{"size": i * scale} for i in range(3)]})
    assert context.events == [[0, 1, 2], "size of 0", "size of 1", "size of 2"]


async def test_a_batched_field_with_an_extension_is_resolved_one_by_one() -> None:
    class Counting(strawberry.extensions.FieldExtension):
        async def resolve_async(
            self, next_: Callable[..., Any], source: Any, info: Info, **kwargs: Any
        ) -> Any:
            return await next_(source, info, **kwargs)

    @strawberry.type
    class Guarded:
        number: int

        @strawberry.field(metadata=batched(load_sizes), extensions=[Counting()])
        async def size(self) -> int:
            return -self.number

    @strawberry.type
    class Root:
        @strawberry.field
        def all(self) -> list[Guarded]:
            return [Guarded(number=1), Guarded(number=2)]

    context = Context()
    executor = CompiledExecutor(strawberry.Schema(Root))

    result = await answer("{ all { size } }", context, executor)

    assert result.data == {"all": [{"size": -1}, {"size": -2}]}
    assert (context.events, executor.counts().compiled) == ([], 1)
