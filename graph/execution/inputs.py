"""Input objects, made of coerced values by functions that are put together once.

Strawberry finds out anew for each value of a list what its type is, which costs 10 µs for each
input object: 1,000 of them hold the event loop for longer than everything else a request does.
`quicken` gives the input types of a schema a converter of their own, through the hook that
Strawberry has for that (`from_input`).

Covered are input objects of scalars, enums, lists and input objects, optional or not, lazy or not.
A type with anything else (`Maybe`, global IDs, a hook of its own) is left to Strawberry, and so is
every type of a schema that was not quickened. What comes out is the same, and so is what is
raised: classes are called as Strawberry calls them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import is_input_object_type
from strawberry.relay.types import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import InputContext
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.lazy_type import LazyType
from strawberry.types.unset import UNSET

Convert = Callable[[Any], Any]


def quicken(schema: strawberry.Schema) -> None:
    """Convert the schema's input objects quickly, those that are covered."""
    converters = _Converters(schema)
    for named in schema._schema.type_map.values():
        definition = named.extensions.get("strawberry-definition")
        if is_input_object_type(named) and isinstance(definition, StrawberryObjectDefinition):
            _equip(definition, converters)


def _equip(definition: StrawberryObjectDefinition, converters: "_Converters") -> None:
    hook = definition.from_input
    if hook is not None and not isinstance(hook, _Hook):
        return
    try:
        convert = converters.of(definition.origin)
    except _NotCovered:
        return
    hook = hook or _Hook()
    hook.known[id(converters.config)] = (converters.config, definition.origin, convert)
    definition.from_input = hook


class _Hook:
    """What Strawberry calls for a type; schemas that share the type each have their converter."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        # By identity, for a configuration has no hash; an entry keeps its own alive.
        self.known: dict[int, tuple[StrawberryConfig, type, Convert]] = {}

    def __call__(self, made: type, value: Mapping[str, Any], context: InputContext) -> Any:
        known = self.known.get(id(context.config))
        if known is not None and known[1] is made:
            return known[2](value)
        return _as_strawberry_does(made, value, context)


def _as_strawberry_does(made: Any, value: Mapping[str, Any], context: InputContext) -> Any:
    definition = made.__strawberry_definition__
    given = _implied(definition)
    for field in definition.fields:
        name = context.config.name_converter.from_field(field)
        if name in value:
            type_ = field.resolve_type(type_definition=definition)
            given[field.python_name] = context.convert(value[name], type_, name)
    return made(**given)


def _implied(definition: StrawberryObjectDefinition) -> dict[str, Any]:
    """Fields that may be omitted although their class gives them no default."""
    return {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }


class _NotCovered(Exception):
    pass


class _Converters:
    """Of one schema, by type."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.config = schema.config
        self._scalars = schema.schema_converter.scalar_registry
        self._objects: dict[type, Convert] = {}

    def of(self, made: type) -> Convert:
        """Raises _NotCovered; then nothing that was made on the way is kept, for types may hold
        each other."""
        before = dict(self._objects)
        try:
            return self._object(made)
        except _NotCovered:
            self._objects = before
            raise

    def _object(self, made: Any) -> Convert:
        if made in self._objects:
            return self._objects[made]
        definition = made.__strawberry_definition__
        if definition.from_input is not None and not isinstance(definition.from_input, _Hook):
            raise _NotCovered
        # A type may hold itself: what it holds finds this before it is made.
        self._objects[made] = lambda value: convert(value)
        implied, fields = _implied(definition), []
        for field in definition.fields:
            name = self.config.name_converter.from_field(field)
            inner = self._any(field.resolve_type(type_definition=definition))
            fields.append((name, field.python_name, inner))

        def convert(value: Any) -> Any:
            given = implied.copy()
            for name, python_name, inner in fields:
                if name in value:
                    each = value[name]
                    given[python_name] = each if inner is None else inner(each)
            return made(**given)

        self._objects[made] = convert
        return convert

    def _any(self, type_: Any) -> Convert | None:
        """None changes nothing."""
        if isinstance(type_, StrawberryMaybe) or type_ is GlobalID:
            raise _NotCovered
        if isinstance(type_, StrawberryOptional):
            return self._any(type_.of_type)
        if isinstance(type_, LazyType):
            return self._any(type_.resolve_type())
        if isinstance(type_, StrawberryList):
            return _of_items(self._any(type_.of_type))
        if is_scalar(type_, self._scalars) or _is_enum(type_):
            return None
        if has_object_definition(type_):
            return _if_given(self._object(type_))
        raise _NotCovered


def _is_enum(type_: Any) -> bool:
    return isinstance(type_, StrawberryEnumDefinition) or has_enum_definition(type_)


def _of_items(inner: Convert | None) -> Convert:
    # A list is copied also when its items stay: graphql-core hands the same default to everybody.
    items = list if inner is None else lambda value: [inner(item) for item in value]
    return _if_given(items)


def _if_given(convert: Convert) -> Convert:
    return lambda value: value if value is None or value is UNSET else convert(value)
