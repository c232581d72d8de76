"""Who sees what: long runs of the state machine against its oracle."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from hypothesis import HealthCheck, Phase, given, settings

from models import database
from tests.authorisation.machine import Machine, runs
from tests.authorisation.oracle import FIELDS
from tests.soak.bar import Bar, Figure

RUNS, STEPS = 200, 40


def measure(url: str) -> Figure:
    return figure(*play(url, RUNS, STEPS))


def play(url: str, count: int, length: int) -> tuple[Machine, int]:
    """The machine after so many runs of so many steps, and how many answers were wrong."""
    mismatches = 0
    with asyncio.Runner() as runner, _machine(runner, url) as machine:

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(run=runs(length))
        def once(run: tuple[int, list[str]]) -> None:
            nonlocal mismatches
            try:
                runner.run(machine.play(*run))
            except AssertionError as error:
                mismatches += 1
                print(error, file=sys.stderr)

        once()
        return machine, mismatches


@contextmanager
def _machine(runner: asyncio.Runner, url: str) -> Iterator[Machine]:
    stack = AsyncExitStack()
    try:
        # A busy machine is no refusal.
        runner.run(database.open(url, statement_timeout=60))
        yield runner.run(Machine.start(stack))
    finally:
        runner.run(stack.aclose())
        runner.run(database.close())


def figure(machine: Machine, mismatches: int) -> Figure:
    tally = machine.tally
    share = tally.allowed / tally.asked
    missed = {f"{kind}.{name}" for kind in FIELDS for name in FIELDS[kind]} - tally.reached
    text = (
        f"{mismatches} mismatches in {machine.requests:,} requests of {machine.steps:,} steps;"
        f" {share:.0%} of {tally.asked:,} reads allowed; {len(missed)} fields not reached"
    )
    enough = machine.steps >= RUNS * STEPS
    return Figure(text, enough and not mismatches and not missed and share >= 0.15)


BARS = [
    Bar(
        "Broken object or function authorisation",
        f"≥ {RUNS} runs of {STEPS} steps against an oracle of its own, every field of the schema:"
        " 0 mismatches, ≥ 15 % of the reads allowed",
        measure,
    )
]
