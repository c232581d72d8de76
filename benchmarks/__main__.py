"""Seed, check that all contenders say the same, measure them in turns, print and write the
results. Everything it starts listens on this machine only and ends with it."""

import argparse
import asyncio
import json
import signal
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from benchmarks import arena, dataset, load, processes, profiling, questions, recording, report
from benchmarks.arena import Arena, Options, Outcome
from benchmarks.contenders import CONTENDERS, Contender, Unavailable
from benchmarks.dataset import DataSet
from benchmarks.facts import Facts
from benchmarks.load import Generator
from benchmarks.questions import Question
from benchmarks.signing import Provider
from resolvers.clock import system_clock

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    # Ended like Ctrl-C, so that nothing that was started is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = _arguments().parse_args()
    yesterday = system_clock().date() - timedelta(days=1)
    data = DataSet(dataset.TINY if chosen.tiny else dataset.FULL, yesterday)
    asked = [each for each in questions.all_of(data) if each.name in chosen.only]
    wanted = [each for each in CONTENDERS if each.name in chosen.contenders]
    try:
        generator = load.choose(chosen.generator)
    except Unavailable as error:
        raise SystemExit(f"A load generator is needed: install wrk, or Node ({error}).") from None
    with ExitStack() as stack:
        place = _arena(stack, chosen)
        facts = Facts.gather(data, place.options, place.postgresql, generator, system_clock())
        asyncio.run(dataset.seed(place.postgresql.url, data))
        arena.say("the data is seeded")
        if chosen.profile:
            _profile(place, wanted[0], asked, generator, chosen.profile)
            return
        outcome = arena.run(place, wanted, asked, generator)
        recorded = _recording(place, chosen.rows)
    print(text := report.document(facts, outcome, recorded))
    if chosen.results:
        chosen.results.write_text(text)
    if chosen.json:
        chosen.json.write_text(json.dumps(_figures(outcome, recorded)))


def _arena(stack: ExitStack, chosen: argparse.Namespace) -> Arena:
    cores = processes.Cores.of_this_machine()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
    server = stack.enter_context(processes.postgresql(cores.others))
    provider = Provider(folder / "jwks.json")
    provider.publish()
    options = Options(chosen.rounds, chosen.seconds, chosen.connections, cores)
    return Arena(server, provider, folder, options)


def _profile(
    place: Arena, contender: Contender, asked: list[Question], generator: Generator, kept: Path
) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    for question in asked:
        found = profiling.record(place, contender, question, generator, kept)
        print(f"## {contender.name}, {question.name}\n\n{profiling.table(found)}\n")


def _recording(place: Arena, rows: int) -> recording.Recording | None:
    if not rows:
        return None
    return recording.measure(place.postgresql, place.folder, rows, place.options.cores)


def _figures(outcome: Outcome, recorded: recording.Recording | None) -> dict[str, object]:
    """What a program that compares runs wants to read."""
    return {
        "requests_per_second": {
            f"{contender} {question}": cell.median("per_second")
            for (contender, question), cell in outcome.cells.items()
        },
        "failed": sum(cell.failed for cell in outcome.cells.values()),
        "skipped": outcome.skipped,
        "recorded": {
            f"{database}, {order}": each
            for (database, order), each in (recorded.record.items() if recorded else ())
        },
    }


def _questions(known: Sequence[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        given = text.split(",")
        if unknown := set(given) - set(known):
            raise argparse.ArgumentTypeError(
                f"There is no {', '.join(sorted(unknown))}; there are {', '.join(known)}."
            )
        return given

    return names


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    everybody = [each.name for each in CONTENDERS]
    everything = ["Q1", "Q1c", "Q1y", "Q1s", "Q2", "Q3", "Q4", "Q5"]
    add("--contenders", nargs="*", choices=everybody, default=everybody)
    add("--only", type=_questions(everything), default=everything, metavar="Q1,Q1s")
    add("--rounds", type=int, default=3)
    add("--seconds", type=float, default=3, help="of one contender's turn at one question")
    add("--connections", type=int, default=16)
    add("--rows", type=int, default=1_000_000, help="to record; 0 leaves recording out")
    add("--generator", choices=["wrk", "autocannon", "python"])
    add("--tiny", action="store_true", help="a small data set, for trying out")
    add("--results", type=Path, help=f"where to write them; `make bench` says {RESULTS.name}")
    add("--json", type=Path, help="where to write the figures for a program")
    add("--profile", type=Path, metavar="FOLDER", help="sample the first contender instead")
    return parser


if __name__ == "__main__":
    main()
