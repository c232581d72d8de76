"""What must hold, how it is measured, and what a measurement found."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What a run reached, in words with its numbers, and whether that is enough."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """`measure` is given the URL of a database of its own, migrated and empty, once for each of
    `databases`; a bar that needs none has none, and is measured once with an empty URL."""

    threat: str
    bar: str
    measure: Callable[[str], Figure]
    databases: tuple[str, ...] = ("sqlite", "postgresql")
