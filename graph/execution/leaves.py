"""Completing leaf values: scalars and enums.

Generated code first makes a test that holds for the usual Python type, and calls the completion
made here only when it fails.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from graphql import GraphQLEnumType, GraphQLLeafType, GraphQLScalarType
from graphql.pyutils import Undefined, is_awaitable
from graphql.type import scalars

from graph.execution.fallback import Fallback

Serializer = TypeVar("Serializer", bound=Callable[..., Any])

_PASSES_TEXT = "__passes_text__"

# The test under which the built-in serialiser returns the very value it was given.
_UNCHANGED: dict[Callable[..., Any], str] = {
    scalars.serialize_string: "type({0}) is str",
    scalars.serialize_id: "type({0}) is str",
    scalars.serialize_boolean: "type({0}) is bool",
    scalars.serialize_int: f"type({{0}}) is int and {scalars.GRAPHQL_MIN_INT} <= {{0}}"
    f" <= {scalars.GRAPHQL_MAX_INT}",
    # Holds for finite numbers only.
    scalars.serialize_float: "type({0}) is float and {0} - {0} == 0.0",
}


def passes_text(*lengths: int) -> Callable[[Serializer], Serializer]:
    """Declare that a serialiser returns text unchanged, so that it need not be called.

    With lengths: only text of one of these lengths, such as 20 for `2019-03-01T00:00:00Z`. The
    declaration is trusted: it is for serialisers whose text comes from our own SQL.
    """

    def declare(serializer: Serializer) -> Serializer:
        setattr(serializer, _PASSES_TEXT, tuple(int(length) for length in lengths))
        return serializer

    return declare


def unchanged_test(type_: GraphQLLeafType) -> str | None:
    """Python expression over `{0}` that implies the value is already in its final form."""
    if not isinstance(type_, GraphQLScalarType):
        return None
    serializer = type_.coerce_output_value
    lengths = getattr(serializer, _PASSES_TEXT, None)
    if lengths is None:
        return _UNCHANGED.get(serializer)
    if not lengths:
        return "type({0}) is str"
    return f"type({{0}}) is str and len({{0}}) in {lengths!r}"


def completion(type_: GraphQLLeafType, *, nullable: bool) -> Callable[..., Any]:
    """Complete one value as graphql-core does, with the signature all completions share."""
    coerce = _enum_names(type_) if isinstance(type_, GraphQLEnumType) else type_.coerce_output_value

    def complete(value: Any, _request: Any = None, _path: Any = None, _pending: Any = None) -> Any:
        if value is None:
            if nullable:
                return None
            raise Fallback("null")
        if value is Undefined or isinstance(value, Exception) or is_awaitable(value):
            raise Fallback("value")
        coerced = coerce(value)
        if coerced is None or coerced is Undefined or is_awaitable(coerced):
            raise Fallback("value")
        return coerced

    return complete


def _enum_names(type_: GraphQLEnumType) -> Callable[[Any], Any]:
    """Look members up instead of comparing them one by one, as Strawberry's enum type does."""
    names: dict[int, tuple[Enum, str]] = {}
    for member in getattr(type_, "wrapped_cls", ()):
        if isinstance(member, Enum):
            names[id(member)] = (member, type_.coerce_output_value(member))

    def coerce(value: Any) -> Any:
        known = names.get(id(value))
        return type_.coerce_output_value(value) if known is None else known[1]

    return coerce
