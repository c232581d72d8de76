"""Whether the process lives, and whether it should be sent requests."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from graph import errors
from graph.reply import Reply, answer

ONE_SIGNAL = 1.0
"""Seconds in which a second SIGTERM is the first one over again."""
READY_WITHIN = 0.9
"""Seconds in which the database must answer for the service to be ready."""


class Health:
    """`ping` fails when the database does not answer.

    `drain` is how many seconds requests are still taken after SIGTERM while /readyz says that no
    more should be sent: load balancers need some to notice. Ctrl-C and a second signal do not wait;
    one right after the first is the same: systemd signals all processes, and a supervisor its
    workers again.
    """

    def __init__(self, ping: Callable[[], Awaitable[None]], drain: float) -> None:
        self._ping = ping
        self._drain = drain
        self._draining = False
        self._since = 0.0

    def routes(self) -> list[BaseRoute]:
        return [Route("/livez", self.live), Route("/readyz", self.ready)]

    async def live(self, _request: Request) -> Reply:
        """The process runs; asks nobody, so that a broken database does not restart it."""
        return answer({"status": "live"}, 200, None)

    async def ready(self, _request: Request) -> Reply:
        if self._draining:
            return answer({"status": "draining"}, 503, None)
        try:
            await self._reach()
        except Exception as error:
            errors.log(error, errors.Incident("-", "readyz"))
            return answer({"status": "unavailable"}, 503, None)
        return answer({"status": "ready"}, 200, None)

    async def _reach(self) -> None:
        """Whoever asks is not kept by what is to be done after the time is up."""
        ping = asyncio.ensure_future(self._ping())
        done, _ = await asyncio.wait([ping], timeout=READY_WITHIN)
        if not done:
            ping.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            ping.cancel()
            raise TimeoutError
        await ping

    @contextmanager
    def heeding_signals(self) -> Iterator[None]:
        """Stand between SIGTERM and the server's own handler, which closes its sockets at once."""
        stop = signal.getsignal(signal.SIGTERM)
        if not (self._drain and callable(stop)) or not _in_main_thread():
            yield
            return
        loop = asyncio.get_running_loop()

        def begin(number: int, frame: Any) -> None:
            if self._draining:
                if monotonic() - self._since > ONE_SIGNAL:
                    stop(number, frame)
                return
            self._draining, self._since = True, monotonic()
            loop.call_soon_threadsafe(loop.call_later, self._drain, stop, number, None)

        signal.signal(signal.SIGTERM, begin)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, stop)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
