"""JSON in which nothing is ambiguous: two readers of the same bytes see the same object."""

import json
from typing import NoReturn


def read_object(data: bytes) -> dict[str, object]:
    """The object in `data`; ValueError for anything else.

    Refused beside bad JSON: a name twice in one object (RFC 8725, 2.4: parsers disagree which one
    counts), NaN and Infinity, encodings other than UTF-8, nesting that exhausts the stack.
    """
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name twice in one object")
    return members


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
