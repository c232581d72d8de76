"""What is read from a login file, some thousand records at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

# The cells (user_id, at) of a CSV row, or the bytes that stood in the file: of a JSON record, or
# of a CSV row whose cells cannot be told apart.
Original = tuple[str, str] | bytes

Code = Literal["BLANK", "INVALID"]


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """A record that is kept out of the count, with all that is needed to correct it.

    `position` counts from 1: lines of CSV (the header is line 1) and NDJSON, elements of an array.
    """

    position: int
    code: str
    reason: str
    original: Original


@dataclass(slots=True)
class Batch:
    """Logins as parallel lists, in the order of the file; nothing about them is judged yet."""

    positions: list[int] = field(default_factory=list)
    user_ids: list[str] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    originals: Sequence[Original] = ()
    refused: list[RefusedLogin] = field(default_factory=list)
    not_logins: int = 0

    @property
    def read(self) -> int:
        return len(self.user_ids) + len(self.refused) + self.not_logins

    def refuse(self, index: int, code: str, reason: str) -> RefusedLogin:
        """The login at `index`, refused by whoever judges it."""
        return RefusedLogin(self.positions[index], code, reason, self.originals[index])


class Defect(ValueError):
    """Why one record is refused; the reason never repeats the record's values."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
