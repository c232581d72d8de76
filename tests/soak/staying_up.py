"""Slow clients, cancelled requests, the end of a process, and a database that goes or hangs."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import cancelling, killing, neighbours, outages, postgresql
from tests.command import production
from tests.soak.bar import Bar, Figure

SOCKETS = 100
SECONDS = 15.0
CANCELS = 200
REQUESTS = 200
EXIT_WITHIN = 15.0
DEADLINE = 10.0


def _prepared(url: str, measure: Callable[[dict[str, str], Path], Figure], **more: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        environment = production(url, Path(folder), **more)
        killing.prepare(environment)
        return measure(environment, Path(folder))


def slow_clients(url: str) -> Figure:
    def measure(environment: dict[str, str], folder: Path) -> Figure:
        found = neighbours.besieged(environment, folder, SOCKETS, SECONDS)
        text = (
            f"p95 {found.idle.p95:.2f} ms idle, {found.during.p95:.2f} ms during;"
            f" {found.during.statuses[503]} times 503; {found.closed} of {SOCKETS} closed, the last"
            f" after {found.last_closed:.1f} s"
        )
        calm = found.during.p95 <= 2 * found.idle.p95 and set(found.during.statuses) == {200}
        return Figure(text, calm and found.closed == SOCKETS and found.last_closed <= 12)

    return _prepared(url, measure)


def cancels(url: str) -> Figure:
    found = asyncio.run(cancelling.cancel_everything(url, CANCELS))
    operations = len((*cancelling.READS, *cancelling.WRITES))
    text = (
        f"{operations} operations, {CANCELS} times: {found.cancelled.total():,} cancelled,"
        f" {found.ended.total():,} ended before; {len(found.faults)} hangs, lost slots and torn"
        " writes"
    )
    enough = found.cancelled.total() + found.ended.total() == operations * CANCELS
    return Figure(text, enough and found.cancelled.total() > 0 and not found.faults)


def _shutdown(url: str, workers: int, stuck: bool) -> Figure:
    def measure(environment: dict[str, str], folder: Path) -> Figure:
        arguments = ("--workers", workers)
        found = outages.ended(environment, folder, REQUESTS, *arguments, stuck=stuck)
        first = found.not_ready_after
        text = (
            f"readiness 503 after {first or 0:.2f} s, {found.requests[200]} of {REQUESTS} answered,"
            f" gone after {found.gone_after:.1f} s"
        )
        met = found.requests == {200: REQUESTS} and found.gone_after <= EXIT_WITHIN
        return Figure(text, met and first is not None and found.code == 0)

    # As it is unless somebody sets it.
    return _prepared(url, measure, HEADCOUNT_DRAIN_SECONDS="3")


def shutdown(url: str) -> Figure:
    return _shutdown(url, 1, stuck=True)


def shutdown_of_workers(url: str) -> Figure:
    return _shutdown(url, 2, stuck=True)


def restart(_url: str) -> Figure:
    with postgresql.server() as server:

        def measure(environment: dict[str, str], folder: Path) -> Figure:
            found = outages.restarted(environment, folder, server.stop_at_once, server.start)
            failed = found.after.total() - found.after[200, "OK"]
            text = (
                f"{found.without[503, 'UNAVAILABLE']} of {found.without.total()} UNAVAILABLE, the"
                f" last after {found.slowest:.2f} s; after its return {failed} of"
                f" {found.after.total()} failed, with {found.connections} connections before"
            )
            met = set(found.without) == {(503, "UNAVAILABLE")} and found.slowest <= 3
            return Figure(text, met and failed <= found.connections)

        return _prepared(server.url, measure)


def freeze(_url: str) -> Figure:
    with postgresql.server() as server:

        def measure(environment: dict[str, str], folder: Path) -> Figure:
            found = outages.frozen(environment, folder, server.frozen)
            text = (
                f"{found.during[504, 'TIMEOUT']} of {found.during.total()} TIMEOUT, the last after"
                f" {found.slowest:.1f} s; /livez {found.live}, /readyz {found.ready} after"
                f" {found.ready_after:.1f} s; then {found.after[200, 'OK']} of"
                f" {found.after.total()} answered"
            )
            met = set(found.during) == {(504, "TIMEOUT")} and found.slowest <= DEADLINE + 2
            well = (found.live, found.ready) == (200, 503) and set(found.after) == {(200, "OK")}
            return Figure(text, met and well and found.ready_after <= 1)

        return _prepared(server.url, measure)


def exhaustion(_url: str) -> Figure:
    with postgresql.server() as server:

        def measure(environment: dict[str, str], folder: Path) -> Figure:
            found = asyncio.run(outages.exhausted(environment, folder))
            refused = found.writers[200, "UNAVAILABLE"]
            text = (
                f"{refused} of {found.writers.total()} writers UNAVAILABLE, the last after"
                f" {found.slowest_refusal:.1f} s; then {found.after[200, 'OK']} of"
                f" {found.after.total()} answered"
            )
            told = set(found.writers) == {(200, "OK"), (200, "UNAVAILABLE")}
            met = told and found.retry_after == {1} and found.slowest_refusal <= 3
            return Figure(text, met and set(found.after) == {(200, "OK")})

        return _prepared(server.url, measure, HEADCOUNT_DATABASE_POOL_SIZE="3")


BARS = [
    Bar(
        "Slow clients",
        f"{SOCKETS} half-open sockets for {SECONDS:g} s: valid p95 ≤ 2 times idle, no 503,"
        " all closed ≤ 12 s",
        slow_clients,
    ),
    Bar(
        "Cancellation",
        f"{CANCELS} random cancels of every operation that touches the database: 0 hangs, 0 lost"
        " pool slots, 0 torn writes",
        cancels,
    ),
    Bar(
        "Shutdown",
        f"SIGTERM: readiness 503 first, 0 failed of {REQUESTS} requests under way, exit ≤"
        f" {EXIT_WITHIN:g} s with a stuck client",
        shutdown,
    ),
    Bar(
        "Shutdown of two workers",
        f"the same: readiness 503 first, 0 failed of {REQUESTS}, exit ≤ {EXIT_WITHIN:g} s",
        shutdown_of_workers,
    ),
    Bar(
        "Database restart",
        "UNAVAILABLE within 3 s, no hang; ≤ 1 failed request per pooled connection after its"
        " return",
        restart,
        ("postgresql",),
    ),
    Bar(
        "Database hangs",
        f"TIMEOUT at the deadline of {DEADLINE:g} s, /readyz 503 within 1 s, all well afterwards",
        freeze,
        ("postgresql",),
    ),
    Bar(
        "No connection left",
        "UNAVAILABLE with retryAfter within 3 s, all well afterwards",
        exhaustion,
        ("postgresql",),
    ),
]
