"""How long it takes to hear that a tenant is somebody else's, and that there is none."""

import asyncio
import random
import statistics
import sys
from time import perf_counter

from models import database
from tests.existence import PATHS, Parties, Path, nobodys, send, value_of
from tests.http import Api, Clock, serve
from tests.soak.bar import Bar, Figure

PAIRS = 600
NAMED = 100
JSON = "application/json"


def measure(url: str) -> Figure:
    ratios, unlike = asyncio.run(compare(url, PAIRS))
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.3f}", file=sys.stderr)
    low, high = min(ratios.values()), max(ratios.values())
    text = (
        f"{unlike} answers differ; ratios of the medians {low:.2f} to {high:.2f} on"
        f" {len(ratios)} paths of {PAIRS} pairs"
    )
    return Figure(text, not unlike and low >= 0.9 and high <= 1.1)


async def compare(url: str, pairs: int) -> tuple[dict[str, float], int]:
    """By path: the median time of an answer about a foreign tenant to that about none, taken by
    turns; and how many answers were not like the first of their path."""
    await database.open(url)
    try:
        async with serve(Clock(), federation=True, rate_limit=0) as api:
            parties = await Parties.meet(NAMED)
            ratios, unlike = {}, 0
            for name, path in PATHS.items():
                ratios[name], different = await _path(api, parties, path, pairs)
                unlike += different
            return ratios, unlike
    finally:
        await database.close()


async def _path(api: Api, parties: Parties, path: Path, pairs: int) -> tuple[float, int]:
    who, chance = path.who[0], random.Random(pairs)
    kinds = (
        [value_of(row, path.key) for row in parties.foreign],
        # As many: what is remembered of an ID must not tell them apart.
        [nobodys(path.key) for _ in parties.foreign],
    )
    times: tuple[list[float], list[float]] = ([], [])
    answers: list[bytes] = []
    for place in range(pairs):
        for kind in chance.sample((0, 1), 2):
            variables = parties.variables(path, kinds[kind][place % NAMED], who)
            begun = perf_counter()
            answer = await send(api, path, variables, parties.people[who], JSON)
            times[kind].append(perf_counter() - begun)
            answers.append(answer.content)
    foreign, nothing = map(statistics.median, times)
    return foreign / nothing, sum(each != answers[0] for each in answers)


BARS = [
    Bar(
        "Existence oracle",
        f"answers about foreign tenants and about none are the same bytes and take the same time:"
        f" ratio of the medians 0.9 to 1.1 over {PAIRS} pairs by turns, on each path",
        measure,
    )
]
