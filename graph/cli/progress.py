"""How far a file is read, shown to whoever waits at a terminal."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO

import typer


class Measured:
    """A stream that knows how many bytes were read of it."""

    def __init__(self, stream: FileIO) -> None:
        self._stream = stream
        self._position = 0

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(size)
        self._position += len(data)
        return data

    @contextmanager
    def progress(self, hidden: bool) -> Iterator[Callable[[], None]]:
        """A bar on the terminal, and the function that moves it. None of it where nobody looks or
        where the size of what is read is not known, as in a pipe."""
        status = os.fstat(self._stream.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else 0
        if hidden or not size or not sys.stderr.isatty():
            yield lambda: None
            return
        with typer.progressbar(length=size, label="Recording", file=sys.stderr) as bar:
            yield lambda: bar.update(min(self._position, size) - bar.pos)
