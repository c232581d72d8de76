"""Writes refused logins so that the corrected file can be read again."""

import csv
import io
from typing import BinaryIO

import orjson

from resolvers.login_files.batch import Original, RefusedLogin
from resolvers.login_files.json_records import REFUSED_KEY

_COLUMNS = ("user_id", "at", "line", "code", "reason")


class RefusedWriter:
    """Writes CSV for a CSV file and NDJSON for any other; nothing at all when none is refused.

    CSV: the original cells, then line, code and reason; a row whose cells cannot be told apart
    stands whole in `user_id`, byte for byte. NDJSON: the original record, with `headcount_refused`
    added; in place of one that is not a JSON object, an object with nothing but that, which holds
    the text as `original` and is refused again until it has been replaced.
    """

    def __init__(self, target: BinaryIO, format: str) -> None:
        self._target = target
        self._csv = format == "csv"
        self._begun = False

    def write(self, refused: RefusedLogin) -> None:
        line = _csv_row(refused) if self._csv else _json_line(refused)
        if self._csv and not self._begun:
            self._target.write(_row(_COLUMNS))
        self._begun = True
        self._target.write(line)


def _row(cells: tuple[object, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "surrogateescape")


def _csv_row(refused: RefusedLogin) -> bytes:
    user_id, at = _cells(refused.original)
    return _row((user_id, at, refused.position, refused.code, refused.reason))


def _cells(original: Original) -> tuple[str, str]:
    if isinstance(original, bytes):
        return original.decode("utf-8", "surrogateescape"), ""
    return original


def _json_line(refused: RefusedLogin) -> bytes:
    why: dict[str, object] = {
        "position": refused.position,
        "code": refused.code,
        "reason": refused.reason,
    }
    raw = refused.original if isinstance(refused.original, bytes) else b""
    try:
        record = orjson.loads(raw)
    except orjson.JSONDecodeError:
        record = None
    if type(record) is not dict:
        record = {}
        why["original"] = raw.decode("utf-8", "backslashreplace")
    elif record.keys() == {REFUSED_KEY} and type(record[REFUSED_KEY]) is dict:
        why = {**record[REFUSED_KEY], **why}
    return orjson.dumps({**record, REFUSED_KEY: why}) + b"\n"
