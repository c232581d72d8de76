"""Login files: CSV, and the logs that identity providers export, read once and in little memory.

    file = login_files.recognise(stream)
    for batch in file.batches():
        ...

Every record of the file comes out as a login, as not a login, or refused with its position and
reason; reading goes on after a refusal. Whether a login is acceptable (its user, its instant) is
judged elsewhere: see `resolvers.logins`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from resolvers.login_files import csv_rows, json_records, json_values, providers
from resolvers.login_files.batch import Batch, Original, RefusedLogin
from resolvers.login_files.refused import RefusedWriter
from resolvers.login_files.source import ByteStream, Source

__all__ = [
    "FORMATS",
    "Batch",
    "LoginFile",
    "Original",
    "RefusedLogin",
    "RefusedWriter",
    "UnreadableFile",
    "recognise",
]

FORMATS = ("csv", *providers.PROVIDERS)

_HEAD = 1 << 16
_LOOK_AT_MOST = 2 * json_values.LONGEST
_SAMPLE = 100  # records that may come before the first one of a known shape
_BOM = b"\xef\xbb\xbf"
_UNREAD = {
    b"\x1f\x8b": "The file is compressed with gzip: use zcat FILE | headcount record - ...",
    b"\xff\xfe": "The file is text in UTF-16: save it as UTF-8.",
    b"\xfe\xff": "The file is text in UTF-16: save it as UTF-8.",
}
_KNOWN = (
    "Known are CSV with a header that names the columns user_id and at, and the JSON records "
    f"(one a line, or an array) of {', '.join(providers.PROVIDERS)}."
)


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; the message says what was seen and what is known."""


@dataclass(frozen=True, slots=True)
class LoginFile:
    """`unit` names what positions count: "line" or "element"."""

    format: str
    unit: str
    _source: Source
    _header: csv_rows.Header | None = None

    def batches(self, size: int = 10_000) -> Iterator[Batch]:
        """In batches of about `size` logins; can be iterated once."""
        if self._header is not None:
            return csv_rows.Rows(self._source, self._header).batches(size)
        read = json_values.lines if self.unit == "line" else json_values.elements
        return json_records.batches(read(self._source), providers.PROVIDERS[self.format], size)


def recognise(stream: ByteStream, format: str | None = None) -> LoginFile:
    """The file in `stream`, in the format of that name, or in the one its beginning shows."""
    if format is not None and format not in FORMATS:
        raise UnreadableFile(f"The format is unknown. Known are {', '.join(FORMATS)}.")
    source = Source(stream)
    if hint := _UNREAD.get(source.peek(_HEAD)[:2]):
        raise UnreadableFile(hint)
    if source.peek(_HEAD).startswith(_BOM):
        source.drop(len(_BOM))
    if format != "csv" and _is_json(source.peek(_HEAD)):
        return _json(source, format)
    if format in (None, "csv"):
        return _csv(source)
    if head := source.peek(_HEAD).strip():
        raise UnreadableFile(f"Expected JSON; the file begins with {_shown(head)}.")
    return LoginFile(format or "", "line", source)


def _is_json(head: bytes) -> bool:
    """By its first character; or, when the first line is damaged, by another line."""
    if head.lstrip()[:1] in (b"{", b"["):
        return True
    return _header(head) is None and _is_lines(head)


def _header(head: bytes) -> csv_rows.Header | None:
    return csv_rows.header(head.partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r"))


def _csv(source: Source) -> LoginFile:
    head = source.peek(_HEAD)
    header = _header(head)
    line, newline, _ = head.partition(b"\n")
    if header is None:
        seen = f"The file begins with {_shown(line)}" if head.strip() else "The file is empty"
        raise UnreadableFile(f"{seen}, which is no known format. {_KNOWN}")
    source.drop(len(line) + len(newline))
    return LoginFile("csv", "line", source, header)


def _json(source: Source, format: str | None) -> LoginFile:
    head = source.peek(_HEAD)
    unit = "line" if _is_lines(head) else "element"
    if format is not None:
        return LoginFile(format, unit, source)
    # One record may be longer than the first look: look further until there is one.
    wanted = _HEAD
    while not (records := _sample(head, unit)) and not source.ended and wanted < _LOOK_AT_MOST:
        wanted *= 2
        head = source.peek(wanted)
    for record in records:
        if provider := providers.of(record):
            return LoginFile(provider.name, unit, source)
    raise UnreadableFile(f"{_fields(records)} {_KNOWN} Name the format if it is one of these.")


def _is_lines(head: bytes) -> bool:
    """Whether a line of its own is an object; not so in arrays, pages and indented objects."""
    start = head.lstrip()
    if start.startswith(b"[") or json_values.starts_page(start):
        return False
    return any(
        line.startswith(b"{") and type(json_values.parsed(line)) is dict
        for line in head.split(b"\n", 20)[:20]
    )


def _sample(head: bytes, unit: str) -> list[providers.Record]:
    read = json_values.lines if unit == "line" else json_values.elements
    pieces = json_records.flat(read(Source(_Head(head))))
    return [value for _, _, value in islice(pieces, _SAMPLE) if type(value) is dict]


class _Head:
    """The beginning of a stream as a stream of its own."""

    def __init__(self, head: bytes) -> None:
        self._head = head

    def read(self, size: int, /) -> bytes:
        taken, self._head = self._head[:size], self._head[size:]
        return taken


def _shown(text: bytes) -> str:
    """The first characters, fit for a message on one line."""
    return repr(text[:60].decode("utf-8", "replace"))


def _fields(records: list[providers.Record]) -> str:
    if not records:
        return "The file holds no JSON record to recognise its format by."
    names = ", ".join(sorted(records[0])[:12])
    return f"The first record has the fields {names[:200]}, which is no known format."
