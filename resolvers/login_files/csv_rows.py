"""Logins from CSV: the columns `user_id` and `at` in any place, other columns ignored."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from resolvers import instants
from resolvers.login_files.batch import Batch, RefusedLogin
from resolvers.login_files.source import Source

_DELIMITERS = ",;\t"
_LONGEST_LINE = 1 << 20
# In place of a longer line: the csv module gives up on such a cell, whatever came before it.
_UNREADABLE = "x" * (csv.field_size_limit() + 1) + "\n"


@dataclass(frozen=True, slots=True)
class Header:
    """Where the two columns are, and what separates the cells."""

    delimiter: str
    width: int
    user_id: int
    at: int


def header(line: str) -> Header | None:
    """None when the line does not name each of the two columns exactly once."""
    for delimiter in _DELIMITERS:
        try:
            names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
        except csv.Error:
            continue
        if names.count("user_id") == 1 and names.count("at") == 1:
            return Header(delimiter, len(names), names.index("user_id"), names.index("at"))
    return None


class Rows:
    """Reads rows in one pass at the speed of the csv module; a broken row costs only itself.

    A quote that is never closed swallows the lines after it. Such a row is taken apart again:
    its lines are read one by one, so that only what is really broken is refused.
    """

    def __init__(self, source: Source, header: Header) -> None:
        self._source = source
        self._header = header
        self._reader = csv.reader(
            chain.from_iterable(self._blocks()), delimiter=header.delimiter, strict=True
        )
        self._done = 1  # the last line of the last row: so far, the header
        self._recent: list[tuple[int, list[str]]] = []  # lines, with the number of the first
        self._cut: set[int] = set()  # lines too long, of which only the beginning was kept
        self._decoded = True  # whether all bytes so far were UTF-8
        self._start_batch()

    def batches(self, size: int) -> Iterator[Batch]:
        exhausted = False
        while not exhausted:
            try:
                exhausted = self._read_some(size)
            except csv.Error:
                self._take_apart(1 + self._reader.line_num)
            if exhausted or max(len(self._ats), len(self._batch.refused)) >= size:
                self._batch.originals = list(zip(self._batch.user_ids, self._ats, strict=True))
                yield self._batch
                self._start_batch()

    def _start_batch(self) -> None:
        self._batch = Batch()
        self._ats: list[str] = []

    def _read_some(self, size: int) -> bool:
        """Rows until the batch is full, a row is broken (csv.Error) or the file ends (True)."""
        width, user_id, at = self._header.width, self._header.user_id, self._header.at
        batch, ats, reader, parse = self._batch, self._ats, self._reader, instants.parse
        for row in reader:
            first, self._done = self._done + 1, 1 + reader.line_num
            if len(row) != width or not self._decoded:
                self._examine(row, first, self._done)
            else:
                try:
                    batch.instants.append(parse(row[at]))
                except ValueError as defect:
                    self._refuse_cells(first, row, str(defect))
                else:
                    batch.positions.append(first)
                    batch.user_ids.append(row[user_id])
                    ats.append(row[at])
            if len(ats) >= size or len(batch.refused) >= size:
                return False
        return True

    def _examine(self, row: list[str], first: int, last: int) -> None:
        """A row that is not as wide as the header, or that may hold bytes that are not UTF-8."""
        width = self._header.width
        if not row:
            return
        if len(row) < width or any(row[width:]):
            if first < last:
                self._done = first - 1
                self._take_apart(last)
            else:
                reason = f"The row has {len(row)} cells; the header has {width}."
                self._refuse_raw(first, last, reason)
        elif not "".join(row).isascii() and not _is_unicode(row):
            self._refuse_raw(first, last, "The row is not valid UTF-8.")
        else:
            self._accept(row, first)

    def _accept(self, row: list[str], position: int) -> None:
        at = row[self._header.at]
        try:
            self._batch.instants.append(instants.parse(at))
        except ValueError as defect:
            self._refuse_cells(position, row, str(defect))
            return
        self._batch.positions.append(position)
        self._batch.user_ids.append(row[self._header.user_id])
        self._ats.append(at)

    def _take_apart(self, last: int) -> None:
        """Read the lines after the last whole row one by one."""
        for number in range(self._done + 1, last + 1):
            if number in self._cut:
                self._cut.discard(number)
                reason = "The line is longer than 1 MiB; only its beginning is kept."
                self._refuse_raw(number, number, reason)
                continue
            [line] = self._lines(number, number)
            try:
                for row in csv.reader([line], delimiter=self._header.delimiter, strict=True):
                    self._examine(row, number, number)
            except csv.Error:
                self._refuse_raw(number, number, "Broken CSV: quotes or line ends do not match.")
        self._done = last

    def _refuse_cells(self, position: int, row: list[str], reason: str) -> None:
        cells = row[self._header.user_id], row[self._header.at]
        code = "INVALID" if cells[1] else "BLANK"
        self._batch.refused.append(RefusedLogin(position, code, reason, cells))

    def _refuse_raw(self, first: int, last: int, reason: str) -> None:
        raw = "".join(self._lines(first, last)).encode("utf-8", "surrogateescape")
        self._batch.refused.append(RefusedLogin(first, "INVALID", reason, raw.rstrip(b"\r\n")))

    def _lines(self, first: int, last: int) -> list[str]:
        return [
            line
            for start, lines in self._recent
            for line in lines[max(first - start, 0) : max(last + 1 - start, 0)]
        ]

    def _blocks(self) -> Iterator[list[str]]:
        """Lines as text; bytes that are not UTF-8 become lone surrogates."""
        start = 2
        for block, is_cut in self._source.blocks(_LONGEST_LINE):
            try:
                text = block.decode()
            except UnicodeDecodeError:
                self._decoded = False
                text = block.decode("utf-8", "surrogateescape")
            # Ends a line at \n only; str.splitlines would also do so at U+2028 and others.
            lines = [text] if is_cut else list(io.StringIO(text, newline="\n"))
            self._recent = [
                (number, kept)
                for number, kept in self._recent
                if number + len(kept) > self._done + 1
            ]
            self._recent.append((start, lines))
            if is_cut:
                self._cut.add(start)
                lines = [_UNREADABLE]
            start += len(lines)
            yield lines


def _is_unicode(row: list[str]) -> bool:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return False
    return True
