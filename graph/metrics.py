"""Figures for Prometheus, on a port of their own: each worker counts for itself and is a target of
its own, so that none is averaged away and a worker that hangs is seen to.

The labels are the schema's and ours, never a client's: operation names would be without bound.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from logging import getLogger
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from graph.execution.executor import Counts
from graph.observation import Observation
from graph.standing import Standings
from resolvers.logins import Recorded

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

LISTEN_AGAIN = 1.0
"""Seconds after which a worker looks again for a free port: one that is being replaced still has
its own."""

logger = getLogger("headcount.metrics")

_logins = Counter(
    "headcount_logins",
    "Logins sent to the API: recorded, of these counted for the first time on their date, refused.",
    ["outcome"],
    registry=None,
)
_recorded, _counted, _refused = (
    _logins.labels(outcome) for outcome in ("recorded", "counted", "refused")
)


def count_logins(outcome: Recorded) -> None:
    _recorded.inc(outcome.recorded)
    _counted.inc(outcome.counted)
    _refused.inc(len(outcome.refused))


class Pool(Protocol):
    """Connections to the database, as models/database.py tells of them."""

    @property
    def most(self) -> int: ...
    @property
    def open(self) -> int: ...
    @property
    def in_use(self) -> int: ...
    @property
    def waiting(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What is not counted here but asked for when somebody looks."""

    pool: Callable[[], Pool | None]
    executions: Callable[[], Counts] | None = None
    standings: Standings | None = None


class Metrics:
    """Of one process. `observe` is called once for each request and costs 1.5 microseconds."""

    def __init__(self, sources: Sources) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "headcount_requests",
            "GraphQL requests by type of operation, root field, code of the outcome and status.",
            ["type", "field", "code", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "headcount_request_seconds",
            "Time from a request's headers to its answer, by root field.",
            ["field"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._known: dict[tuple[str, str, str, int], tuple[Counter, Histogram]] = {}
        for collector in (_logins, _Looked(sources)):
            self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def observe(self, seen: Observation) -> None:
        key = (seen.type, seen.field, seen.code, seen.status)
        known = self._known.get(key)
        if known is None:
            known = self._requests.labels(*key), self._seconds.labels(key[1])
            self._known[key] = known
        known[0].inc()
        known[1].observe(seen.seconds)


class _Looked(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        kept = self._sources.standings
        if kept is not None:
            yield _gauge("standing_requests", "Requests that stand with their answer.", len(kept))
            yield _gauge("standing_bytes", "Bytes of these.", kept.bytes)
            yield CounterMetricFamily(
                "headcount_given_again", "Answers given again, unchanged.", kept.given_again
            )
        pool = self._sources.pool()
        if pool is not None:
            yield _gauge("database_connections_most", "Connections it may hold.", pool.most)
            yield _gauge("database_connections_open", "Connections it holds.", pool.open)
            yield _gauge("database_connections_in_use", "Connections at work.", pool.in_use)
            yield _gauge("database_waiting", "Statements that wait for one.", pool.waiting)
        if self._sources.executions:
            yield from _executions(self._sources.executions())


def _gauge(name: str, help: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"headcount_{name}", help, value)


def _executions(counts: Counts) -> Iterator[Metric]:
    yield CounterMetricFamily(
        "headcount_compiled", "Requests answered by a compiled plan.", counts.compiled
    )
    fallbacks = CounterMetricFamily(
        "headcount_fallbacks", "Requests handed over to graphql-core.", labels=["reason"]
    )
    for reason, count in counts.fallbacks.items():
        fallbacks.add_metric([reason], count)
    yield fallbacks


@asynccontextmanager
async def served(
    registry: CollectorRegistry, host: str, ports: Sequence[int]
) -> AsyncIterator[None]:
    """Answer on the first free one of the ports. Measuring never keeps the service from serving:
    without a free port it goes on and looks again."""
    listening = asyncio.create_task(_listen(registry, host, ports))
    try:
        yield
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def _listen(registry: CollectorRegistry, host: str, ports: Sequence[int]) -> None:
    said = False
    while True:
        for port in ports:
            try:
                server, _ = start_http_server(port, host, registry)
            except OSError as error:
                failed = error
                continue
            logger.info("Metrics at port %d", port)
            try:
                await asyncio.Event().wait()
            finally:
                # Its thread asks every half second whether to end, and with the port gone under
                # it would ask without a pause.
                with suppress(asyncio.CancelledError):
                    await asyncio.shield(asyncio.to_thread(server.shutdown))
                server.server_close()
        if not said:
            logger.warning("No port for metrics: %s; looking again", failed.strerror)
            said = True
        await asyncio.sleep(LISTEN_AGAIN)
