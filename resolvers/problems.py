"""What a caller can correct, told beside the answer instead of in its place."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemCode(StrEnum):
    BLANK = "BLANK"
    INVALID = "INVALID"
    TAKEN = "TAKEN"
    NOT_FOUND = "NOT_FOUND"
    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    IN_FUTURE = "IN_FUTURE"
    DAY_CLOSED = "DAY_CLOSED"
    TOO_MANY = "TOO_MANY"


@dataclass(frozen=True, slots=True)
class Problem:
    code: ProblemCode
    message: str
    #: Path of the offending input in the caller's own terms, such as ("input", "name").
    field: tuple[str, ...] = ()
