"""The run itself: contenders side by side on the same database, asked in turns."""

import statistics
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import answers, contenders
from benchmarks.contenders import Contender, Request, Unavailable
from benchmarks.dataset import LANDLORD
from benchmarks.load import Generator, Load, Target
from benchmarks.processes import (
    Cores,
    DidNotStart,
    PostgreSQL,
    Running,
    cpu_seconds,
    free_port,
    serving,
)
from benchmarks.questions import Json, Question
from benchmarks.signing import Provider

CEILING = Contender(
    "constant",
    "constant bytes over HTTP (the ceiling)",
    (contenders.PYTHON, "-m", "benchmarks.servers.constant"),
)


@dataclass(frozen=True, slots=True)
class Options:
    rounds: int
    seconds: float
    connections: int
    cores: Cores


@dataclass(frozen=True, slots=True)
class Sample:
    """One contender, one question, one round. CPU in seconds, of its process and of PostgreSQL."""

    load: Load
    cpu: float
    database_cpu: float


@dataclass(slots=True)
class Cell:
    samples: list[Sample] = field(default_factory=list)

    def median(self, name: str) -> float:
        """Of the rounds: a figure of the load, or CPU in milliseconds per request."""
        return statistics.median(_figure(sample, name) for sample in self.samples)

    @property
    def failed(self) -> int:
        return sum(sample.load.failed for sample in self.samples)


def _figure(sample: Sample, name: str) -> float:
    if name in ("cpu", "database_cpu"):
        return float(getattr(sample, name)) * 1e3 / max(1, sample.load.requests)
    return float(getattr(sample.load, name))


@dataclass(slots=True)
class Outcome:
    """`memory` in bytes, of each contender after all rounds; `skipped` with reasons; `answered` in
    bytes, all answers to a question together."""

    questions: list[Question]
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Arena:
    postgresql: PostgreSQL
    provider: Provider
    folder: Path
    options: Options

    def environment(self, contender: Contender, port: int) -> Mapping[str, str]:
        parameters = self.postgresql.connection
        return {
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "BENCHMARK_PORT": str(port),
            "BENCHMARK_DATABASE": self.postgresql.url,
            "BENCHMARK_ANSWERS": str(self.folder / "answers"),
            "BENCHMARK_POOL": str(contenders.POOL),
            "PGHOST": parameters["host"],
            "PGUSER": parameters["user"],
            "PGDATABASE": parameters["database"],
            **(self.provider.environment(self.postgresql.url) if contender.signs_in else {}),
            **({"HEADCOUNT_PORT": str(port)} if contender.signs_in else {}),
            **contender.environment,
        }

    @contextmanager
    def serving(self, contender: Contender) -> Iterator[Running]:
        """Started and ready; raises Unavailable or DidNotStart."""
        command, port = contender.prepare(), free_port()
        environment = self.environment(contender, port)
        core = self.options.cores.contender
        with serving(command, environment, core, port) as running:
            yield running

    def requests(self, contender: Contender, question: Question) -> list[Request]:
        if contender is CEILING:
            return [Request("GET", f"/{question.name}")]
        return answers.requests(contender, question, self.provider.token(LANDLORD))


@dataclass(frozen=True, slots=True)
class Entrant:
    contender: Contender
    running: Running
    requests: Mapping[str, Sequence[Request]]


def run(
    arena: Arena,
    wanted: Sequence[Contender],
    questions: list[Question],
    generator: Generator,
) -> Outcome:
    """Start all, check that they agree, measure them in turns."""
    outcome = Outcome(questions)
    with ExitStack() as stack:
        entrants = [
            entrant
            for contender in wanted
            if (entrant := _enter(arena, contender, questions, stack, outcome))
        ]
        _agree(arena, entrants, questions, outcome)
        ceiling = _enter(arena, CEILING, questions, stack, outcome)
        entrants += [ceiling] if ceiling else []
        for number in range(arena.options.rounds):
            for question in questions:
                # Nobody always runs first, or after the same neighbour.
                turn = number % len(entrants)
                for entrant in entrants[turn:] + entrants[:turn]:
                    _measure(arena, entrant, question, generator, outcome)
            say(f"round {number + 1} of {arena.options.rounds} is done")
        for entrant in entrants:
            outcome.memory[entrant.contender.name] = entrant.running.memory()
    return outcome


def _enter(
    arena: Arena,
    contender: Contender,
    questions: Sequence[Question],
    stack: ExitStack,
    outcome: Outcome,
) -> Entrant | None:
    try:
        running = stack.enter_context(arena.serving(contender))
    except (Unavailable, DidNotStart) as error:
        outcome.skipped[contender.title] = str(error)
        say(f"{contender.name} is skipped: {error}")
        return None
    outcome.titles[contender.name] = contender.title
    requests = {question.name: arena.requests(contender, question) for question in questions}
    return Entrant(contender, running, requests)


def _agree(
    arena: Arena, entrants: Sequence[Entrant], questions: Sequence[Question], outcome: Outcome
) -> None:
    """Everybody gives the same data; what the first one says is what the ceiling repeats."""
    kept = arena.folder / "answers"
    kept.mkdir()
    for question in questions:
        for number in range(len(question.in_turn())):
            said: dict[str, Json] = {}
            for entrant in entrants:
                body = answers.ask(entrant.running.port, entrant.requests[question.name][number])
                said[entrant.contender.name] = answers.read(entrant.contender, question, body)
                if len(said) == 1:
                    (kept / question.name).write_bytes(body)
                    outcome.answered[question.name] += len(body)
            answers.compare(question, said)
    say(f"{len(entrants)} contenders agree on {len(questions)} questions")


def _measure(
    arena: Arena, entrant: Entrant, question: Question, generator: Generator, outcome: Outcome
) -> None:
    options = arena.options
    target = Target(entrant.running.port, entrant.requests[question.name], options.connections)
    generator.send(target, max(generator.least, options.seconds / 5), options.cores.others)
    before = entrant.running.cpu_seconds(), cpu_seconds(arena.postgresql.process)
    load = generator.send(target, options.seconds, options.cores.others)
    after = entrant.running.cpu_seconds(), cpu_seconds(arena.postgresql.process)
    cell = outcome.cells.setdefault((entrant.contender.name, question.name), Cell())
    cell.samples.append(Sample(load, after[0] - before[0], after[1] - before[1]))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
