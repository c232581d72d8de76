"""Work in other processes that have the same database open: what several workers of a server,
or a server and a command, do to each other."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import psutil

from models import database

Start = Callable[..., Future[Any]]

_barrier: Barrier | None = None


@contextmanager
def workers(count: int) -> Iterator[Start]:
    """Give a function that starts work in one of `count` processes. All begin at once: call it
    `count` times."""
    # Spawned, as forked children would share the parent's connections.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count)
    with ProcessPoolExecutor(count, context, _keep, (barrier,)) as pool:
        yield lambda work, *arguments: pool.submit(_run, work, *arguments)


def _keep(barrier: Barrier) -> None:
    global _barrier
    _barrier = barrier


def _run(work: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    async def alone() -> Any:
        return await work(*arguments)

    assert _barrier is not None
    _barrier.wait(timeout=120)
    return asyncio.run(alone())


async def connected(url: str, work: Callable[[], Awaitable[Any]], **options: Any) -> Any:
    """What `work` gives with the database open."""
    await database.open(url, **options)
    try:
        return await work()
    finally:
        await database.close()


def python(code: str, *arguments: str, timeout: float = 60, **environment: str) -> str:
    """What a Python process of its own prints; fails when it fails or does not end."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """A server with its children, which accepts connections and says nothing, as if stuck."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    for each in family:
        each.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in family:
            each.send_signal(signal.SIGCONT)
