"""A load generator for machines that have no better one. Reads what to send as JSON from standard
input, prints what it measured as JSON. Knows answers with a Content-Length only."""

import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)


def message(asked: dict[str, Any]) -> bytes:
    body: bytes = asked["body"].encode()
    headers = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **asked["headers"]}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{asked['method']} {asked['path']} HTTP/1.1\r\n{head}\r\n".encode() + body


async def send(port: int, messages: Iterator[bytes], until: float, times: list[float]) -> int:
    """One connection: the next request follows the answer, and on the slowest of machines there are
    two. Returns how many were not 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    failed = count = 0
    while (started := time.perf_counter()) < until or count < 2:
        count += 1
        writer.write(next(messages))
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        await reader.readexactly(int(length[1]) if length else 0)
        times.append(time.perf_counter() - started)
        failed += not head.startswith(b"HTTP/1.1 200 ")
    writer.close()
    return failed


async def run(asked: dict[str, Any]) -> dict[str, float]:
    # Shared by the connections, so that each request comes in its turn.
    messages, times = cycle([message(each) for each in asked["requests"]]), list[float]()
    started = time.perf_counter()
    until = started + asked["seconds"]
    each = [send(asked["port"], messages, until, times) for _ in range(asked["connections"])]
    failed = sum(await asyncio.gather(*each))
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "requests": len(times),
        "seconds": time.perf_counter() - started,
        "p50_ms": cuts[49] * 1e3,
        "p99_ms": cuts[98] * 1e3,
        "failed": failed,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
