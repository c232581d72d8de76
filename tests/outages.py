"""A database that goes, hangs or has no connection left, and a server that is told to end."""

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg

from models.database import DatabaseUrl
from tests import command, killing, waiting
from tests.served import Answer, Served, running, token

QUERY = "{ viewer { displayName } tenants { totalCount nodes { name } } }"
AT_ONCE = 20


@dataclass
class Restarted:
    """Before, without and after the database: answers by status and code, the slowest in seconds;
    `connections` are those the server held when it went."""

    connections: int
    before: Counter[tuple[int | None, str]]
    without: Counter[tuple[int | None, str]]
    slowest: float
    after: Counter[tuple[int | None, str]]


def _outcomes(answers: list[Answer]) -> Counter[tuple[int | None, str]]:
    return Counter((each.status, each.code) for each in answers)


def restarted(
    environment: dict[str, str], folder: Path, stop: Callable[[], None], start: Callable[[], None]
) -> Restarted:
    url = environment["HEADCOUNT_DATABASE_URL"]
    with running(environment, folder) as server:
        before = server.ask_at_once(AT_ONCE, QUERY)
        held = command.rows(
            url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'headcount'"
        )
        stop()
        without = server.ask_at_once(AT_ONCE, QUERY) + [server.ask(QUERY) for _ in range(5)]
        start()
        after = [server.ask(QUERY) for _ in range(5)]
        after += [each for _ in range(3) for each in server.ask_at_once(AT_ONCE, QUERY)]
    slowest = max(each.seconds for each in without)
    return Restarted(held[0][0], _outcomes(before), _outcomes(without), slowest, _outcomes(after))


@dataclass
class Frozen:
    """Answers while the database says nothing, and afterwards; seconds of the slowest."""

    during: Counter[tuple[int | None, str]]
    slowest: float
    live: int | None
    ready: int | None
    ready_after: float
    after: Counter[tuple[int | None, str]]


def frozen(
    environment: dict[str, str], folder: Path, freeze: Callable[[], AbstractContextManager[None]]
) -> Frozen:
    with running(environment, folder) as server:
        server.ask_at_once(AT_ONCE, QUERY)
        with freeze():
            during = server.ask_at_once(AT_ONCE, QUERY)
            live, began = server.status("/livez"), time.perf_counter()
            ready = server.status("/readyz")
            ready_after = time.perf_counter() - began
        after = server.ask_at_once(AT_ONCE, QUERY)
    slowest = max(each.seconds for each in during)
    return Frozen(_outcomes(during), slowest, live, ready, ready_after, _outcomes(after))


@dataclass
class Exhausted:
    """Writers that wait for a lock until no connection is left for others."""

    writers: Counter[tuple[int | None, str]]
    retry_after: set[int]
    slowest_refusal: float
    readers: Counter[tuple[int | None, str]]
    after: Counter[tuple[int | None, str]]


async def exhausted(environment: dict[str, str], folder: Path) -> Exhausted:
    """Needs PostgreSQL; the environment should have a small pool."""
    url = DatabaseUrl.parse(environment["HEADCOUNT_DATABASE_URL"])
    other = await asyncpg.connect(**url.credentials)
    with ThreadPoolExecutor(AT_ONCE) as pool, running(environment, folder) as server:

        def write(user: str) -> "asyncio.Future[Answer]":
            ask = partial(server.ask, killing.MUTATION, killing.batch([user]), as_="sync")
            return asyncio.get_running_loop().run_in_executor(pool, ask)

        try:
            await write("a")
            transaction = other.transaction()
            await transaction.start()
            await other.execute("SELECT * FROM tenant_day FOR UPDATE")
            writing = [write("b") for _ in range(8)]
            # Whoever has begun waits for the lock, so that this is one of the others.
            await asyncio.wait(writing, return_when=asyncio.FIRST_COMPLETED)
            reading = asyncio.get_running_loop().run_in_executor(pool, server.ask, QUERY)
            readers = [await reading]
            await transaction.rollback()
            writers = await asyncio.gather(*writing)
        finally:
            await other.close()
        after = await asyncio.to_thread(server.ask_at_once, AT_ONCE, QUERY)
    refused = [each for each in writers if each.code == "UNAVAILABLE"]
    return Exhausted(
        _outcomes(writers),
        {each.body["errors"][0]["extensions"]["retryAfter"] for each in refused},
        max((each.seconds for each in refused), default=0),
        _outcomes(readers),
        _outcomes(after),
    )


@dataclass
class Ended:
    """Statuses of the requests that were under way when the server was told to end, and seconds
    until `/readyz` said so and until all of its processes were gone."""

    requests: Counter[int] = field(default_factory=Counter)
    not_ready_after: float | None = None
    gone_after: float = 0.0
    code: int | None = None


def ended(
    environment: dict[str, str], folder: Path, requests: int, *options: object, stuck: bool
) -> Ended:
    """Half of the requests were sent as a whole, half are still being sent; a stuck client never
    sends the rest."""
    found = Ended()
    with running(environment, folder, *options) as server, contextlib.ExitStack() as stack:
        body = b'{"query": "{ viewer { displayName } }"}'
        head = _head(server, body)
        clients = [stack.enter_context(_connected(server)) for _ in range(requests)]
        for number, client in enumerate(clients):
            client.sendall(head + (body if number % 2 else body[:10]))
        if stuck:
            stack.enter_context(_connected(server)).sendall(head + body[:10])
        began = time.perf_counter()
        server.terminate()
        waiting.until(lambda: server.status("/readyz", 5) == 503 or server.has_ended())
        if not server.has_ended():
            found.not_ready_after = time.perf_counter() - began
        for client in clients[::2]:
            client.sendall(body[10:])
        for client in clients:
            found.requests[_status(client)] += 1
        found.code = server.process.wait(timeout=60)
        found.gone_after = time.perf_counter() - began
    return found


def _head(server: Served, body: bytes) -> bytes:
    return (
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
    ) % (token("lena").encode(), len(body))


def _connected(server: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=60)


def _status(client: socket.socket) -> int:
    """0 when the connection ended without an answer."""
    try:
        line = client.recv(4096).split(b"\r\n")[0]
    except OSError:
        return 0
    return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0
