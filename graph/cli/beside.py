"""Work of an event loop beside the main thread, which alone hears signals and reads files."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from graph.cli.connection import run_in


class Beside:
    """One piece of work at a time. Leaving waits for what was begun."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[Any] | None = None

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    @property
    def is_busy(self) -> bool:
        return self._running is not None

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        self._running = self._pool.submit(run_in, self._runner, work)

    def end(self) -> Any:
        """What was begun gives or raises. Whoever is interrupted while waiting for it has it
        cancelled."""
        assert self._running is not None
        running, self._running = self._running, None
        try:
            return running.result()
        except KeyboardInterrupt:
            self._runner.get_loop().call_soon_threadsafe(self._cancel)
            raise

    def _cancel(self) -> None:
        for task in asyncio.all_tasks():
            task.cancel()
