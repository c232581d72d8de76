"""Why a request is handed to graphql-core."""

from typing import Literal, NoReturn, get_args

Reason = Literal[
    "operation",  # no such operation, more than one, or not a query
    "introspection",
    "abstract",  # an interface or union
    "directive",  # one other than @skip and @include
    "unsupported",  # fragment arguments, a field without a resolver, far too many fields
    "large",  # many fields, asked for the first time: perhaps the only one
    "variables",  # a variable that does not coerce
    "null",  # where the type says it cannot be
    "value",  # of a Python type that is not certain to come out the same
    "error",  # raised by a resolver, permission, serialiser, loader or argument
    "compiler",  # a fault of ours: stays at zero
]

REASONS: tuple[Reason, ...] = get_args(Reason)


class Fallback(Exception):
    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def null() -> NoReturn:
    """Called by generated code for a null in a non-null place."""
    raise Fallback("null")


def unexpected() -> NoReturn:
    """Called by generated code for a value that is not what the schema says."""
    raise Fallback("value")
