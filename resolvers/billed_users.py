"""The users of a report, kept as columns: a report has thousands, and most are only written out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import overload

#: Added to every instant in SQL, which then has six digits behind the point as text; nothing finer
#: than a millisecond is stored (`resolvers/instants.py`).
A_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class BilledUser:
    """A user of a report; instants are RFC 3339 text in UTC with milliseconds, as stored."""

    user_id: str
    first_login_at: str
    last_login_at: str


@dataclass(frozen=True, slots=True, eq=False)
class BilledUsers(Sequence[BilledUser]):
    """Columns of equal length, without null and in the form they are answered in; to others it is
    a list of users that are made when they are asked for."""

    user_id: Sequence[str]
    first_login_at: Sequence[str]
    last_login_at: Sequence[str]

    @classmethod
    def of_texts(cls, ids: str | None, firsts: str, lasts: str) -> "BilledUsers":
        """User IDs joined by line breaks, which none of them has; instants by bars, as PostgreSQL
        writes them, in UTC and with A_MICROSECOND added."""
        if ids is None:
            return NOBODY
        return cls(ids.split("\n"), _instants(firsts), _instants(lasts))

    @classmethod
    def of_rows(cls, rows: Sequence[Sequence[str]]) -> "BilledUsers":
        return cls(*zip(*rows, strict=True)) if rows else NOBODY

    def rows_of(self, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The rows as tuples of these attributes."""
        return zip(*(getattr(self, name) for name in names), strict=True)

    def __len__(self) -> int:
        return len(self.user_id)

    @overload
    def __getitem__(self, at: int) -> BilledUser: ...
    @overload
    def __getitem__(self, at: slice) -> "BilledUsers": ...
    def __getitem__(self, at: int | slice) -> "BilledUser | BilledUsers":
        make = BilledUsers if isinstance(at, slice) else BilledUser
        return make(self.user_id[at], self.first_login_at[at], self.last_login_at[at])  # type: ignore[arg-type] # all texts or all columns

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment] # as a list


NOBODY = BilledUsers((), (), ())


def _instants(joined: str) -> list[str]:
    """2026-03-01 08:30:00.000001|... becomes 2026-03-01T08:30:00.000Z, all at once."""
    return f"{joined}|".replace(" ", "T").replace("001|", "Z|")[:-1].split("|")
