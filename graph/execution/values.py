"""What a Python value is, before it is copied into an answer."""

from collections.abc import Sequence
from typing import Any

from graphql.pyutils import Undefined, is_awaitable
from strawberry.execution import optimized_is_awaitable

from graph.execution.columns import is_columnar
from graph.execution.fallback import Fallback

# The predicate Strawberry gives to graphql-core.
IS_AWAITABLE: Any = optimized_is_awaitable

# Classes whose instances are never awaitable and never an error, so that one set look-up decides.
# Grows with the classes seen, up to a bound: some libraries make a class for each result.
PLAIN: set[type] = {type(None), bool, int, float, str, bytes, list, tuple, dict}
PLAIN_AT_MOST = 1000


def is_plain(value: Any) -> bool:
    """Tell a value from an awaitable one; an error that was returned counts as raised."""
    if isinstance(value, Exception):
        raise Fallback("error")
    if value is Undefined:
        raise Fallback("value")
    if is_awaitable(value):
        return False
    cls = type(value)
    if len(PLAIN) < PLAIN_AT_MOST and _answers_for_all_instances(cls):
        PLAIN.add(cls)
    return True


def _answers_for_all_instances(cls: type) -> bool:
    """Exclude classes whose instances may each have other attributes, such as proxies."""
    stock: Any = object.__getattribute__
    return cls.__getattribute__ is stock and not hasattr(cls, "__getattr__")


def as_sequence(value: Any) -> Sequence[Any]:
    """Accept what can be read twice; an iterator is spent by the first try."""
    if isinstance(value, list | tuple) and not hasattr(value, "__aiter__"):
        return value
    if is_columnar(value):
        return value  # type: ignore[no-any-return] # it was just asked
    raise Fallback("value")
