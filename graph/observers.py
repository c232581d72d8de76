"""Who observes requests, as the settings have it: the log always, metrics and traces when asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from graph import metrics
from graph.logs import Teller
from graph.metrics import Metrics, Sources
from graph.observation import Observe, together
from graph.settings import Settings
from graph.tracing import CLOSE_WITHIN, Tracing


class Observers:
    def __init__(self, settings: Settings, sources: Sources) -> None:
        self._settings = settings
        self._metrics = None if settings.metrics_port is None else Metrics(sources)
        self._tracing = Tracing() if settings.tracing else None
        # Traces before the log, which says the trace's ID.
        observers = [self._metrics, self._tracing, Teller(settings.access_log)]
        self.observe: Observe = together([each.observe for each in observers if each])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer for metrics, and at the end send the traces that are left."""
        async with AsyncExitStack() as stack:
            if self._tracing:
                stack.push_async_callback(_close, self._tracing)
            if self._metrics and self._settings.metrics_port:
                first = self._settings.metrics_port
                ports = range(first, first + self._settings.workers)
                served = metrics.served(self._metrics.registry, self._settings.metrics_host, ports)
                await stack.enter_async_context(served)
            yield


async def _close(tracing: Tracing) -> None:
    """A receiver that does not answer must not keep the process."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN):
            await asyncio.to_thread(tracing.close)
