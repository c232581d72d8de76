"""A schema with every kind of field, over objects whose values follow from a seed.

Faults are values that make an error of a field: the share of them is part of the seed, so that a
world without any exists beside one where little works.
"""

import asyncio
import datetime as dt
import decimal
from collections.abc import Iterator
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry import UNSET, Info
from strawberry.dataloader import DataLoader
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig

from graph.execution import batched, passes_text
from tests.execution.sources import Color, Plain, Proxy, Slots, Source

Instant = NewType("Instant", dt.datetime)


@passes_text(20)
def serialize_instant(value: Any) -> str:
    if isinstance(value, str):
        if len(value) != 20:
            raise ValueError(f"Not an instant: {value}")
        return value
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    raise GraphQLError("Not an instant.", extensions={"code": "NOT_AN_INSTANT"})


def parse_instant(value: Any) -> dt.datetime:
    return dt.datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)


@strawberry.input
class Range:
    low: int = 1
    high: int | None = UNSET
    tags: list[str] = strawberry.field(default_factory=lambda: ["a", "b"])
    color: Color | None = Color.RED
    inner: "Range | None" = None


@strawberry.input(one_of=True)
class By:
    key: strawberry.ID | None = UNSET
    name: str | None = UNSET
    at: Instant | None = UNSET


class Context:
    """Per request; notes what was loaded, batch by batch.

    The loader keeps nothing: with rows at hand a second try takes fewer ticks, and which of
    several errors comes first, when one makes an answer null, is a matter of ticks.
    """

    def __init__(self, faults: float = 0.0) -> None:
        self.faults = faults
        self.batches: list[list[Any]] = []
        self.loader: DataLoader[Any, Any] = DataLoader(self._load, cache=False)

    async def _load(self, keys: list[Any]) -> list[Any]:
        self.batches.append(list(keys))
        await asyncio.sleep(0)
        values = [Slots(f"load{key}", self.faults).src.other("loaded") for key in keys]
        return [ValueError("not loaded") if v == 5 else v for v in values]


class Allowed(BasePermission):
    message = "Not allowed."
    error_extensions = {"code": "FORBIDDEN"}  # noqa: RUF012

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return not info.context.faults or "1" not in source.src.key_


class AllowedLater(Allowed):
    async def has_permission(  # type: ignore[override]
        self, source: Any, info: Info, **kwargs: Any
    ) -> bool:
        await asyncio.sleep(0)
        return not info.context.faults or "2" not in source.src.key_


class Denied(BasePermission):
    message = "Denied."

    def has_permission(self, source: Any, info: Info, **kwargs: Any) -> bool:
        return "0" in source.src.key_


class Shout(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        return f"{next_(source, info, **kwargs)}!"

    async def resolve_async(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        return f"{await next_(source, info, **kwargs)}?"


class ShoutLater(FieldExtension):
    async def resolve_async(self, next_: Any, source: Any, info: Info, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return f"{await next_(source, info, **kwargs)}..."


def source_of(value: Any) -> Source:
    return value.src  # type: ignore[no-any-return]


async def load_batch(parents: list[Any], info: Info, number: int = 1) -> list[Any]:
    await asyncio.sleep(0)
    return [each.src.other(f"batch{number}") for each in parents]


@strawberry.interface
class Node:
    key: strawberry.ID


@strawberry.type
class Pair(Node):
    """Implements an interface, so that values are tested for their type."""

    number: int

    @strawberry.field
    def text(self) -> str:
        return f"pair {self.number}"


@strawberry.type
class Thing:
    text: str
    text_or_null: str | None
    key: strawberry.ID
    number: int
    number_or_null: int | None
    ratio: float
    flag: bool
    color: Color
    color_or_null: Color | None
    instant: Instant
    instant_or_null: Instant | None
    money: decimal.Decimal | None
    anything: JSON | None
    texts: list[str]
    numbers_or_null: list[int | None] | None
    colors: list[Color]
    child: "Thing"
    child_or_null: "Thing | None"
    children: list["Thing"]
    children_or_null: list["Thing | None"] | None
    grid: list[list["Thing"]]

    @strawberry.field
    def doubled(self) -> int | None:
        return source_of(self).value("number", "doubled")  # type: ignore[no-any-return]

    @strawberry.field
    def echo(
        self,
        value: str = "x",
        times: int | None = 2,
        key: strawberry.ID | None = UNSET,
        colors: list[Color] | None = UNSET,
        at: Instant | None = None,
    ) -> str:
        return repr((value, times, key, colors, at))

    @strawberry.field
    def ranged(self, within: Range | None = UNSET, by: By | None = None) -> str:
        return repr((within, by))

    @strawberry.field
    def ranges(self, all_: list[Range] = UNSET) -> str:
        return repr(all_)

    @strawberry.field
    def by(self, by: By) -> str | None:
        return repr(by)

    @strawberry.field
    def where(self, info: Info) -> str:
        """All that can be asked of an info object, apart from the schema and helpers."""
        raw = info._raw_info
        assert raw.schema is schema._schema
        selected = [repr(each) for each in info.selected_fields]
        return repr((info.path, info.variable_values, selected, list(raw.fragments), raw[:4]))

    @strawberry.field
    async def later(self, info: Info, name: str = "a") -> "Thing | None":
        await asyncio.sleep(0)
        return source_of(self).other(f"later{name}")  # type: ignore[no-any-return]

    @strawberry.field
    async def later_required(self) -> "Thing":
        return source_of(self).other("later_required")  # type: ignore[no-any-return]

    @strawberry.field
    async def later_number(self) -> int:
        await asyncio.sleep(0)
        return source_of(self).value("number", "later_number")  # type: ignore[no-any-return]

    @strawberry.field
    async def later_list(self, info: Info) -> list["Thing"]:
        return source_of(self).others("later_list")  # type: ignore[no-any-return]

    @strawberry.field
    async def loaded(self, info: Info, number: int = 1) -> "Thing | None":
        return await info.context.loader.load((len(source_of(self).key_) % 5, number))  # type: ignore[no-any-return]

    @strawberry.field
    def loaded_future(self, info: Info, number: int = 2) -> "Thing | None":
        return info.context.loader.load((len(source_of(self).key_) % 3, number))  # type: ignore[no-any-return]

    @strawberry.field
    def coroutines(self, info: Info) -> list["Thing | None"]:
        async def one(index: int) -> Any:
            await asyncio.sleep(0)
            return source_of(self).other(f"coroutine{index}")

        return [one(0), one(1), None]  # type: ignore[list-item]

    @strawberry.field(metadata=batched(load_batch))
    async def batch(self, info: Info, number: int = 1) -> "Thing | None":
        return source_of(self).other(f"batch{number}")  # type: ignore[no-any-return]

    @strawberry.field(permission_classes=[Allowed])
    def guarded(self) -> str | None:
        return "guarded"

    @strawberry.field(permission_classes=[Allowed, AllowedLater])
    async def guarded_later(self, number: int = 3) -> int:
        return number

    @strawberry.field(permission_classes=[AllowedLater])
    def guarded_mixed(self) -> int | None:
        return 1

    @strawberry.field(extensions=[PermissionExtension([Denied()], fail_silently=True)])
    def silent(self) -> str | None:
        return "seen"

    @strawberry.field(extensions=[PermissionExtension([Denied()], fail_silently=True)])
    async def silent_list(self) -> list["Thing"]:
        return source_of(self).others("silent")  # type: ignore[no-any-return]

    @strawberry.field(extensions=[Shout()])
    def shouted(self, value: str = "s") -> str:
        return value

    @strawberry.field(extensions=[Shout(), ShoutLater()])
    async def shouted_later(self, by: By | None = None) -> str:
        return repr(by)

    @strawberry.field(extensions=[ShoutLater()])
    def shouted_mixed(self) -> str:
        return "mixed"

    @strawberry.field
    def fails(self, really: bool = False) -> str | None:
        if really:
            raise GraphQLError("failed", extensions={"code": "FAILED"})
        return "did not fail"

    @strawberry.field
    async def fails_later(self, really: bool = False) -> str:
        await asyncio.sleep(0)
        if really:
            raise ValueError("failed later")
        return "did not fail later"

    @strawberry.field
    def generated(self) -> list[int]:
        def numbers() -> Iterator[int]:
            yield from range(3)

        return numbers()  # type: ignore[return-value]

    @strawberry.field
    def pair(self) -> Pair:
        return Pair(key=strawberry.ID(source_of(self).key_), number=2)

    @strawberry.field
    def pairs(self) -> list[Pair | None]:
        wrong: Any = self if source_of(self).faults > 0.02 else None
        return [Pair(key=strawberry.ID("p"), number=3), wrong]

    @strawberry.field
    def node(self) -> Node:
        return Pair(key=strawberry.ID("n"), number=4)


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, info: Info, name: str = "t") -> Thing | None:
        return Slots(name, info.context.faults)  # type: ignore[return-value]

    @strawberry.field
    async def thing_later(self, info: Info, key: strawberry.ID | None = None) -> Thing | None:
        await asyncio.sleep(0)
        return Plain(f"later{key}", info.context.faults)  # type: ignore[return-value]

    @strawberry.field
    async def things(self, info: Info, first: int | None = 3) -> list[Thing]:
        count = 3 if first is None else max(0, min(first, 6))
        return [Slots(f"many{i}", info.context.faults) for i in range(count)]  # type: ignore[misc]

    @strawberry.field
    def required(self, info: Info) -> Thing:
        return Proxy("required", info.context.faults)  # type: ignore[return-value]

    @strawberry.field
    def number(self) -> int:
        return 42


schema = strawberry.Schema(
    Query,
    types=[Pair],
    config=StrawberryConfig(
        scalar_map={
            Instant: strawberry.scalar(
                name="Instant", serialize=serialize_instant, parse_value=parse_instant
            )
        }
    ),
)
