"""`headcount serve` as a process that may be stopped, killed and waited for."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import command


@dataclass
class Served:
    """`log` is where it writes."""

    process: subprocess.Popen[str]
    port: int
    log: Path

    def status(self, path: str, timeout: float = 30) -> int | None:
        """None when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """With all of its workers, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


@contextmanager
def running(environment: dict[str, str], folder: Path, *options: object) -> Iterator[Served]:
    """Ready when it is given, and gone with all that it started afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / f"serve-{port}.log"
    with log.open("ab") as file:
        streams = {"stdout": file, "stderr": file, "start_new_session": True}
        process = command.start(
            "serve", "--port", port, *options, env=environment, cwd=folder, **streams
        )
    server = Served(process, port, log)
    try:
        for _ in range(1500):
            if server.status("/readyz") == 200:
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.02)
        yield server
    finally:
        server.kill()
