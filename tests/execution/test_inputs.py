"""Input objects come out as Strawberry makes them, whatever they hold, and are made quickly."""

import datetime as dt
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import pytest
import strawberry
from graphql import (
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import convert_argument

from graph.execution import inputs
from tests.execution.sources import Color


@strawberry.input
class Login:
    user_id: strawberry.ID
    at: dt.datetime
    note: str | None
    color: Color = Color.RED
    tags: list[str | None] = strawberry.field(default_factory=lambda: ["a"])
    renamed: int | None = strawberry.field(name="other", default=UNSET)


@strawberry.input(one_of=True)
class By:
    key: strawberry.ID | None = UNSET
    login: Login | None = UNSET


@strawberry.input
class Picky:
    number: int

    def __post_init__(self) -> None:
        if self.number == 2:
            raise ValueError("not two")
        self.number += 1


@strawberry.input
class Tree:
    logins: list[Login | None] | None
    by: By | None = None
    grid: list[list[Login]] = strawberry.field(default_factory=list)
    numbers: list[list[int] | None] | None = UNSET
    picky: list[Picky] | None = UNSET
    children: list[Annotated["Tree", strawberry.lazy("tests.execution.test_inputs")]] | None = UNSET
    self_: "Tree | None" = None


@strawberry.input
class WithMaybe:
    number: strawberry.Maybe[int]


@strawberry.input
class WithGlobalID:
    key: GlobalID


@strawberry.input
class Cycle:
    """Not covered, and neither is what holds it, on whatever way."""

    back: "Around | None" = None
    number: strawberry.Maybe[int]


@strawberry.input
class Around:
    cycle: Cycle | None = None


@strawberry.type
class Query:
    @strawberry.field
    def told(
        self,
        tree: Tree | None = None,
        maybe: WithMaybe | None = None,
        key: WithGlobalID | None = None,
        around: Around | None = None,
    ) -> str:
        return repr(tree)


TYPES: dict[str, Any] = {
    "Tree": Tree, "Login": Login, "By": By, "Picky": Picky, "WithMaybe": WithMaybe,
    "WithGlobalID": WithGlobalID, "Cycle": Cycle, "Around": Around,
}  # fmt: skip
COVERED = ("Tree", "Login", "By", "Picky")

schema = strawberry.Schema(Query)
inputs.quicken(schema)


def convert(name: str, value: Any, by: strawberry.Schema = schema) -> Any:
    registry = by.schema_converter.scalar_registry
    return convert_argument(value, TYPES[name], registry, by.config)


def outcome(name: str, value: Any) -> str:
    """What comes out or is raised; `repr` tells 1 from True and UNSET from None."""
    try:
        return repr(convert(name, value))
    except Exception as error:
        return repr(error)


@contextmanager
def as_strawberry_does() -> Iterator[None]:
    definitions = [each.__strawberry_definition__ for each in TYPES.values()]
    hooks = [definition.from_input for definition in definitions]
    for definition in definitions:
        definition.from_input = None
    try:
        yield
    finally:
        for definition, hook in zip(definitions, hooks, strict=True):
            definition.from_input = hook


def generated(type_: Any, dice: random.Random, depth: int = 5) -> Any:
    """A value as graphql-core may hand it over: of any kind where Strawberry does not look."""
    if is_non_null_type(type_):
        type_ = type_.of_type
    elif dice.random() < 0.15:
        return dice.choice([None, None, UNSET])
    if is_list_type(type_):
        return [generated(type_.of_type, dice, depth - 1) for _ in range(dice.randrange(3))]
    if is_input_object_type(type_):
        return {
            name: generated(field.type, dice, depth - 1)
            for name, field in type_.fields.items()
            if dice.random() < (0.95 if is_required_input_field(field) else depth / 10)
        }
    return dice.choice([0, 1, 2, True, 1.5, "text", Color.RED, dt.date(2026, 3, 1)])


def test_generated_values_are_converted_as_by_strawberry() -> None:
    made = raised = 0
    for seed in range(5_000):
        dice = random.Random(seed)
        name = dice.choice(COVERED)
        value = generated(schema._schema.type_map[name], dice)

        ours = outcome(name, value)
        with as_strawberry_does():
            theirs = outcome(name, value)

        assert ours == theirs, (seed, name, value)
        made += ours.startswith(name)
        raised += ours.startswith(("ValueError", "TypeError"))
    assert made > 2_500
    assert raised > 250


@pytest.mark.parametrize("name", COVERED)
@pytest.mark.parametrize("value", [None, UNSET, {}, {"unknown": 1}, [], 1, "text"])
def test_values_that_graphql_core_lets_nobody_send_are_converted_alike(
    name: str, value: Any
) -> None:
    ours = outcome(name, value)
    with as_strawberry_does():
        assert ours == outcome(name, value)


def test_a_list_is_copied_for_a_default_is_shared() -> None:
    tags = ["a"]
    login = convert("Login", {"userId": "u", "at": None, "tags": tags})

    login.tags.append("b")

    assert tags == ["a"]


@pytest.mark.parametrize("name", TYPES)
def test_what_is_not_covered_is_left_to_strawberry(name: str) -> None:
    hook = TYPES[name].__strawberry_definition__.from_input

    assert (hook is not None) == (name in COVERED)


def test_schemas_that_share_a_type_each_name_its_fields() -> None:
    snakes = strawberry.Schema(
        Query, config=StrawberryConfig(name_converter=NameConverter(auto_camel_case=False))
    )
    at, sent = dt.datetime(2026, 3, 1, tzinfo=dt.UTC), {"userId": "camel", "user_id": "snake"}

    before = convert("Login", {**sent, "at": at}, snakes)
    inputs.quicken(snakes)
    quick = convert("Login", {**sent, "at": at}, snakes)
    other = convert("Login", {**sent, "at": at})

    assert before == quick == Login(user_id=strawberry.ID("snake"), at=at, note=None)
    assert other == Login(user_id=strawberry.ID("camel"), at=at, note=None)


def test_a_hook_of_somebody_else_stays() -> None:
    @strawberry.input
    class Own:
        number: int

    def hook(made: type, value: Any, context: Any) -> str:
        return "made elsewhere"

    @strawberry.type
    class Ask:
        @strawberry.field
        def ask(self, own: Own) -> str:
            return "asked"

    Own.__strawberry_definition__.from_input = hook  # type: ignore[attr-defined]

    inputs.quicken(strawberry.Schema(Ask))

    assert Own.__strawberry_definition__.from_input is hook  # type: ignore[attr-defined]
