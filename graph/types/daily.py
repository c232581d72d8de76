"""The points of a trend, kept as columns: half a year has many, and they are only written out."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graph.types.billing import DailyMaxUsers


@dataclass(frozen=True, slots=True, eq=False)
class DailyPoints(Sequence["DailyMaxUsers"]):
    """One for each date from `start`; what graph/execution/columns.py takes as it is."""

    start: dt.date
    counts: list[int]

    def rows_of(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        columns = {"date": _texts(self.start, len(self.counts)), "max_users": self.counts}
        return zip(*(columns[name] for name in names), strict=True)

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, at: Any) -> Any:
        from graph.types.billing import DailyMaxUsers

        if isinstance(at, slice):
            return list(self)[at]
        number = range(len(self.counts))[at]
        date = self.start + dt.timedelta(days=number)
        return DailyMaxUsers(date=date, max_users=self.counts[number])


@lru_cache(maxsize=1_000)
def _texts(start: dt.date, count: int) -> list[str]:
    return [(start + dt.timedelta(days=number)).isoformat() for number in range(count)]
