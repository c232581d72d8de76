"""What the doctor finds: what it is, why it matters and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    #: `serve` does not start with it.
    MISCONFIGURED = "misconfigured"
    #: Something does not work.
    WRONG = "wrong"
    #: It works, and somebody or something can do harm.
    UNSAFE = "unsafe"
    #: It may be meant so.
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    what: str
    why: str
    do: str


def wrong(what: str, why: str, do: str) -> Finding:
    return Finding(Level.WRONG, what, why, do)


def unsafe(what: str, why: str, do: str) -> Finding:
    return Finding(Level.UNSAFE, what, why, do)


def advice(what: str, why: str, do: str) -> Finding:
    return Finding(Level.ADVICE, what, why, do)
