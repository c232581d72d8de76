from typing import TypeVar

import strawberry

Value = TypeVar("Value")


def given(value: Value | None) -> Value | None:
    """For arguments where leaving out and null mean the same."""
    return None if value is strawberry.UNSET else value
