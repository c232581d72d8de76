"""How a field's value is had: read from the object, or got from a resolver.

Strawberry wraps every field in a resolver of its own. Where that wrapper does nothing but read an
attribute or pass plain arguments on, it is left out; to know this we look into its closure, and
whatever does not look as expected is called as it is.
"""

import inspect
import keyword
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from graphql import GraphQLField, GraphQLList, GraphQLNonNull, is_leaf_type
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from graph.execution.arguments import has_default
from graph.execution.batches import BatchFunction, declared
from graph.execution.guards import Permissions, are_sync, permissions


@dataclass(frozen=True, slots=True)
class Attribute:
    """Read from the object, as Strawberry's default resolver does."""

    name: str

    def expression(self, source: str) -> str:
        plain = self.name.isascii() and self.name.isidentifier()
        if plain and not keyword.iskeyword(self.name):
            return f"{source}.{self.name}"
        return f"getattr({source}, {self.name!r})"


@dataclass(frozen=True, slots=True)
class Resolve:
    """The field's `resolve`, with all that Strawberry and its extensions do in it."""

    function: Callable[..., Any]
    is_async: bool


@dataclass(frozen=True, slots=True)
class Call:
    """The Python function behind a field, with the permissions that guard it; no extensions."""

    function: Callable[..., Any]
    is_async: bool
    takes_self: bool
    info: str | None
    field: StrawberryField
    batch: BatchFunction | None
    permissions: Permissions = ()


Reading = Attribute | Resolve | Call


def reading(field: GraphQLField, given: Collection[str] = ()) -> Reading | None:
    """How to have the field with these arguments given; None for a field that graphql-core's own
    default resolver answers."""
    resolve = field.resolve
    if resolve is None:
        return None
    if isinstance(resolve, FunctionType):
        found = _attribute(resolve) or _call(resolve, field, given)
        if found is not None:
            return found
    return Resolve(resolve, inspect.iscoroutinefunction(resolve))


def _nested(code: CodeType | None, name: str) -> CodeType | None:
    """The code of a function that another one defines."""
    constants = code.co_consts if code else ()
    return next((c for c in constants if isinstance(c, CodeType) and c.co_name == name), None)


_FROM_RESOLVER = GraphQLCoreConverter.from_resolver.__code__
_BASIC = _nested(_FROM_RESOLVER, "_get_basic_result")
_SYNC = _nested(_FROM_RESOLVER, "_resolver")
_ASYNC = _nested(_FROM_RESOLVER, "_async_resolver")
_FROM_OBJECT = GraphQLCoreConverter.from_object.__code__
_IS_TYPE_OF = _nested(_nested(_FROM_OBJECT, "_get_is_type_of"), "is_type_of")


def is_stock_type_test(test: Any) -> bool:
    """Whether `is_type_of` is the one Strawberry makes, which asks nothing of the info object."""
    return getattr(test, "__code__", None) is _IS_TYPE_OF and _IS_TYPE_OF is not None


def _closure(function: FunctionType) -> dict[str, Any]:
    cells = function.__closure__ or ()
    return dict(zip(function.__code__.co_freevars, (c.cell_contents for c in cells), strict=True))


def _attribute(resolve: FunctionType) -> Attribute | None:
    if resolve.__code__ is not _BASIC:
        return None
    field: Any = _closure(resolve).get("field")
    if not _is_stock(field) or field.base_resolver or field.default_resolver is not getattr:
        return None
    return Attribute(field.python_name)


def _call(resolve: FunctionType, definition: GraphQLField, given: Collection[str]) -> Call | None:
    if resolve.__code__ not in (_SYNC, _ASYNC):
        return None
    closure = _closure(resolve)
    field: Any = _closure(closure["_strawberry_info_from_graphql"]).get("field")
    if not _is_stock(field) or closure["field_exception_handlers"] != ():
        return None
    guard = permissions(field)
    if guard is None:
        return None
    resolver = field.base_resolver
    if resolver is None or not isinstance(resolver.wrapped_func, FunctionType):
        return None
    if resolver.parent_parameter or resolver.root_parameter or not _are_plain(definition, given):
        return None
    is_async = inspect.iscoroutinefunction(resolver.wrapped_func)
    if not is_async and not are_sync(guard):
        return None
    info = resolver.info_parameter
    return Call(
        function=resolver.wrapped_func,
        is_async=is_async,
        takes_self=resolver.self_parameter is not None,
        info=info.name if info else None,
        field=field,
        # A batch is checked parent by parent before its one call.
        batch=declared(field.metadata) if are_sync(guard) else None,
        permissions=guard,
    )


def _is_stock(field: Any) -> bool:
    return (
        isinstance(field, StrawberryField) and type(field).get_result is StrawberryField.get_result
    )


def _are_plain(definition: GraphQLField, given: Collection[str]) -> bool:
    """Hold for leaves and lists of them; input objects are left to Strawberry's conversion."""
    for name, argument in definition.args.items():
        if name not in given and not has_default(argument):
            continue
        type_: Any = argument.type
        while isinstance(type_, GraphQLNonNull | GraphQLList):
            type_ = type_.of_type
        if not is_leaf_type(type_):
            return False
    return True
