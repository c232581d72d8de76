"""`python -m benchmarks`: seed, check, measure, print, write the results."""

import argparse
import asyncio
import json
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from benchmarks import arena, contenders, dataset, load, processes, profiling, questions, report
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.dataset import DataSet
from benchmarks.signing import Provider
from resolvers.clock import system_clock

RESULTS = Path(__file__).parent / "RESULTS.md"


def main() -> None:
    options = _options().parse_args()
    data = _data(options.tiny)
    asked = [each for each in questions.all_of(data) if each.name in _names(options.questions)]
    wanted = [each for each in CONTENDERS if each.name in _names(options.contenders)]
    cores = processes.Cores.of_this_machine()
    with (
        tempfile.TemporaryDirectory(prefix="benchmark") as folder,
        processes.postgresql(cores.others) as server,
    ):
        asyncio.run(dataset.seed(server.url, data))
        arena.say(f"{data.size} is seeded")
        provider = Provider(Path(folder) / "jwks.json")
        provider.publish()
        rules = arena.Options(options.rounds, options.seconds, options.connections, cores)
        place = arena.Arena(server, provider, Path(folder), rules)
        generator = load.choose(options.generator)
        if options.profile:
            for question in asked:
                found = profiling.record(place, wanted[0], question, generator, options.profile)
                print(f"## {wanted[0].name}, {question.name}\n\n{profiling.table(found)}\n")
            return
        outcome = arena.run(place, wanted, asked, generator)
    print(report.tables(outcome))


def _data(tiny: bool) -> DataSet:
    yesterday = system_clock().date() - timedelta(days=1)
    return DataSet(dataset.TINY if tiny else dataset.FULL, yesterday)


def _names(text: str) -> list[str]:
    return text.split(",")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    everybody = ",".join(each.name for each in CONTENDERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of one contender's turn")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--questions", default="Q1,Q1s,Q2,Q3,Q4,Q5")
    parser.add_argument("--contenders", default=everybody)
    parser.add_argument("--generator", choices=["wrk", "autocannon", "python"])
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="where stacks are kept")
    parser.add_argument("--tiny", action="store_true", help="a data set for trying out")
    return parser


if __name__ == "__main__":
    main()
