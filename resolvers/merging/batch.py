from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

#: Report date, user ID, first and last login.
Row = tuple[date, str, datetime, datetime]


class Batch(Protocol):
    """Rows of one tenant on their way into one database. Days are as the database writes them;
    `sizes` tells how many rows each has."""

    sizes: Mapping[Any, int]

    async def lock(self) -> Mapping[Any, int]:
        """Lock the days of the rows; how many users each has."""

    async def fill(self, days: Sequence[Any]) -> None:
        """Insert the rows of days that have none."""

    async def insert(self, days: Sequence[Any]) -> Counter[Any]:
        """Insert the rows that are not there; how many, by day."""

    async def widen(self, days: Sequence[Any]) -> set[Any]:
        """Insert the rows that are not there and widen those that are; the days that changed."""

    async def recount(self, days: Iterable[Any]) -> Mapping[Any, int]:
        """Count the users of days that changed; how many each has now."""

    async def grow(self, days: Mapping[Any, int]) -> None:
        """Add to the users of days that changed."""
