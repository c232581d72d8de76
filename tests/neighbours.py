"""Callers beside each other: some say nothing, one asks too much, and how long the others wait."""

import asyncio
import http.client
import json
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from tests.served import running, token

QUERY = "{ viewer { displayName } }"
PAUSE = 0.1
"""Seconds between two requests of the caller who is measured."""


@dataclass(frozen=True)
class Waited:
    """Milliseconds below which 95 of 100 answers came, and the statuses of all."""

    p95: float
    statuses: Counter[int]


def waited(port: int, bearer: str, seconds: float, pause: float = PAUSE) -> Waited:
    """One caller with one connection, asking politely."""
    times, statuses = [], Counter[int]()
    until = time.perf_counter() + seconds
    for status, took in _asking(port, bearer):
        times.append(took)
        statuses[status] += 1
        if time.perf_counter() > until:
            break
        time.sleep(pause)
    return Waited(quantiles(times, n=20)[-1] * 1000, statuses)


def _asking(port: int, bearer: str) -> Iterator[tuple[int, float]]:
    body = json.dumps({"query": QUERY})
    headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        while True:
            began = time.perf_counter()
            connection.request("POST", "/graphql", body, headers)
            answer = connection.getresponse()
            answer.read()
            yield answer.status, time.perf_counter() - began
    finally:
        connection.close()


def pester(port: int, bearer: str, per_second: float, seconds: float) -> Counter[int]:
    """Ask so often, whatever is answered; what cannot be asked in time is asked at once."""
    statuses, began = Counter[int](), time.perf_counter()
    for asked, (status, _) in enumerate(_asking(port, bearer), 1):
        statuses[status] += 1
        now = time.perf_counter() - began
        if now > seconds:
            break
        time.sleep(max(0.0, asked / per_second - now))
    return statuses


@dataclass(frozen=True)
class Pestered:
    alone: Waited
    beside: Waited
    noise: Counter[int]


def pestered(environment: dict[str, str], folder: Path, limit: int, seconds: float) -> Pestered:
    """`lena` asks politely, alone and beside `sync`, who asks for ten times the limit."""
    limited = {**environment, "HEADCOUNT_RATE_LIMIT": str(limit)}
    # Nothing but requests may differ between the two: the process is there from the beginning.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool, running(limited, folder) as server:
        pool.submit(int).result()
        lena, sync = token("lena"), token("sync")
        waited(server.port, lena, 1)
        alone = waited(server.port, lena, seconds)
        noise = pool.submit(pester, server.port, sync, 10 * limit / 60, seconds + 1)
        beside = waited(server.port, lena, seconds)
        return Pestered(alone, beside, noise.result())


@dataclass(frozen=True)
class Besieged:
    """`closed` sockets of those that were left half open, the last after so many seconds."""

    idle: Waited
    during: Waited
    closed: int
    last_closed: float


def besieged(environment: dict[str, str], folder: Path, sockets: int, seconds: float) -> Besieged:
    with running(environment, folder) as server:
        lena = token("lena")
        waited(server.port, lena, 1)
        idle = waited(server.port, lena, seconds / 2, 0.01)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, context) as pool:
            pool.submit(int).result()
            siege = pool.submit(hold_open, server.port, lena, sockets, seconds)
            during = waited(server.port, lena, seconds, 0.01)
            closed = siege.result()
    return Besieged(idle, during, len(closed), max(closed, default=0.0))


def hold_open(port: int, bearer: str, sockets: int, seconds: float) -> list[float]:
    """Seconds after which the server closed each of the sockets."""

    async def all_of_them() -> list[float | None]:
        return await asyncio.gather(*(_half_open(port, bearer, n, seconds) for n in range(sockets)))

    return [each for each in asyncio.run(all_of_them()) if each is not None]


async def _half_open(port: int, bearer: str, number: int, seconds: float) -> float | None:
    """Four kinds: says nothing, stops in the headers, drips them, stops in the body."""
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    whole = head + b"Authorization: Bearer %s\r\nContent-Length: 90\r\n\r\n{"
    parts = (b"", head, head, whole % bearer.encode())
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    writer.write(parts[number % 4])
    drip = asyncio.create_task(_drip(writer)) if number % 4 == 2 else None
    try:
        async with asyncio.timeout(seconds):
            await reader.read()
        return time.perf_counter() - began
    except TimeoutError:
        return None
    except OSError:
        return time.perf_counter() - began
    finally:
        if drip is not None:
            drip.cancel()
        writer.close()


async def _drip(writer: asyncio.StreamWriter) -> None:
    for number in range(1000):
        writer.write(b"X-%d: a\r\n" % number)
        await asyncio.sleep(1)
