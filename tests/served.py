"""`headcount serve` as a process that may be stopped, killed and waited for."""

import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from resolvers.clock import system_clock
from tests import command, tokens, waiting

_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    """`status` is None when the connection failed."""

    status: int | None
    seconds: float
    body: dict[str, Any]

    @property
    def code(self) -> str:
        """Of its first error; `OK` without any."""
        errors = self.body.get("errors")
        return str(errors[0]["extensions"]["code"]) if errors else "OK"


@dataclass
class Served:
    """`log` is where it writes; `port` is 0 until it says there where it listens."""

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

    def ask(self, query: str, variables: object = None, *, as_: str = "lena") -> Answer:
        """As the principal of that subject, with every scope that there is to record."""
        body = json.dumps({"query": query, "variables": variables})
        headers = {"Authorization": f"Bearer {token(as_)}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        began = time.perf_counter()
        try:
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
            return Answer(answer.status, time.perf_counter() - began, found)
        except (OSError, http.client.HTTPException, ValueError):
            return Answer(None, time.perf_counter() - began, {})
        finally:
            connection.close()

    def ask_at_once(self, count: int, query: str, *more: object, as_: str = "lena") -> list[Answer]:
        with ThreadPoolExecutor(count) as pool:
            asked = [pool.submit(self.ask, query, *more, as_=as_) for _ in range(count)]
            return [each.result() for each in asked]

    def listens(self) -> bool:
        if said := re.search(r":(\d+)/graphql", self.log.read_text()):
            self.port = int(said[1])
        return said is not None

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """With all of its workers, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


def token(subject: str) -> str:
    seconds = int(system_clock().timestamp())
    return tokens.mint(sub=subject, iat=seconds - 60, exp=seconds + 600, scope="logins:write")


@contextmanager
def running(environment: dict[str, str], folder: Path, *options: object) -> Iterator[Served]:
    """Ready when it is given, and gone with all that it started afterwards."""
    log = folder / f"serve-{next(_numbers)}.log"
    with log.open("ab") as file:
        streams = {"stdout": file, "stderr": file, "start_new_session": True}
        process = command.start(
            "serve", "--port", 0, *options, env=environment, cwd=folder, **streams
        )
    server = Served(process, 0, log)
    try:
        waiting.until(lambda: server.listens() or server.has_ended())
        waiting.until(lambda: server.status("/readyz") == 200 or server.has_ended())
        assert not server.has_ended(), log.read_text()
        yield server
    finally:
        server.kill()
