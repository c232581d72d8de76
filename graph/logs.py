"""What is logged and how: one JSON object or one line of text for each message, on stderr.

Of a caller's only the request ID and the operation's name are logged: no token, no key, no
variable, no literal, no user ID. What libraries log is told by the template of the message alone,
and of exceptions only types and lines of code, for their texts quote values.
"""

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

import orjson

from graph.observation import Observation
from graph.wording import shortened

Format = Literal["json", "text"]

OWN = ("headcount", "graph", "uvicorn")
FIELDS = (
    *("request_id", "trace_id", "operation_type", "operation_name", "field", "code", "status"),
    *("duration_ms", "principal_id", "reason", "exception", "dropped"),
)
"""What a line may say beside its message, given by `extra`; nothing else of `extra` is shown."""

BURST, PER_SECOND = 20, 2.0
"""How many messages of one kind are logged at once, and how many more each second: a flood of
failures must fill no disk. The next that is logged says how many were dropped."""

LEVELS = {
    "INTERNAL_SERVER_ERROR": logging.WARNING,
    "TIMEOUT": logging.WARNING,
    "UNAVAILABLE": logging.WARNING,
    "RATE_LIMITED": logging.INFO,
    "FORBIDDEN": logging.INFO,
}
"""Outcomes that are logged always, if rarely enough. A failed sign-in is logged, with its reason,
where it fails."""

access = logging.getLogger("headcount.access")


class Teller:
    """Logs requests whose outcome has a level, or with `all_` every one."""

    def __init__(self, all_: bool) -> None:
        self._all = all_

    def observe(self, seen: Observation) -> None:
        level = LEVELS.get(seen.code)
        if level is None:
            if not self._all:
                return
            level = logging.INFO
        name = seen.name
        said = {
            "request_id": seen.request_id,
            "trace_id": seen.trace_id,
            "operation_type": seen.type,
            "operation_name": name and shortened(name),
            "field": seen.field,
            "code": seen.code,
            "status": seen.status,
            "duration_ms": round(seen.seconds * 1000, 3),
            "principal_id": seen.principal_id,
        }
        access.log(level, "request", extra=said)


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat("T", "milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            **_given(record),
        }
        if trace := _exception_of(record):
            line["trace"] = trace
        return orjson.dumps(line, default=str).decode()


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = "".join(f" {name}={value}" for name, value in _given(record).items())
        line = f"{self.formatTime(record)} {record.levelname} {record.name}: {message_of(record)}"
        trace = _exception_of(record)
        return f"{line}{said}" + (f"\n{trace}" if trace else "")


class Bounded(logging.Filter):
    """Lets so many messages of one kind pass; a kind is what is said, apart from by whom."""

    def __init__(self, every_request: bool = False) -> None:
        super().__init__()
        self._unbounded = access.name if every_request else None
        self._kinds: dict[tuple[object, ...], _Bucket] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == self._unbounded:
            return True
        said = record.__dict__
        kind = (record.name, record.msg, *(said.get(name) for name in _TELLING))
        bucket = self._kinds.get(kind)
        if bucket is None:
            if len(self._kinds) >= 1000:
                self._kinds.clear()
            bucket = self._kinds[kind] = _Bucket(record.created)
        dropped = bucket.take(record.created)
        if dropped:
            record.dropped = dropped
        return dropped is not None


_TELLING = ("code", "reason", "exception")


class _Bucket:
    def __init__(self, now: float) -> None:
        self.left, self.at, self.dropped = float(BURST), now, 0

    def take(self, now: float) -> int | None:
        """How many were dropped before this one; None when it is dropped, too."""
        self.left = min(BURST, self.left + max(0.0, now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            self.dropped += 1
            return None
        self.left -= 1
        dropped, self.dropped = self.dropped, 0
        return dropped


def config(level: str, format: Format = "text", *, every_request: bool = False) -> dict[str, Any]:
    """For logging.config: our own loggers and uvicorn's from `level`, others from warnings on."""
    formatter = JsonLines if format == "json" else TextLines
    named = {"level": logging.getLevelName(level.upper())}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"bounded": {"()": Bounded, "every_request": every_request}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["bounded"],
            }
        },
        "loggers": dict.fromkeys(OWN, named),
        "root": {"handlers": ["stderr"], "level": "WARNING"},
    }


def message_of(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] in OWN:
        return record.getMessage()
    return next(iter(str(record.msg).splitlines()), "")


def trace_of(error: BaseException) -> Iterator[str]:
    """Code lines and exception types, outermost first, without any message."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield type_of(following)
        yield _lines(following.__traceback__)
        following = following.__cause__ or following.__context__


def type_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _lines(trace: TracebackType | None) -> str:
    return "".join(traceback.format_tb(trace)).rstrip()


def _given(record: logging.LogRecord) -> dict[str, object]:
    said = record.__dict__
    return {name: said[name] for name in FIELDS if said.get(name) is not None}


def _exception_of(record: logging.LogRecord) -> str:
    if not isinstance(record.exc_info, tuple) or record.exc_info[1] is None:
        return ""
    return "\n".join(trace_of(record.exc_info[1]))
