"""One caller who asks too much, and how long another one waits beside it."""

import tempfile
from pathlib import Path

from tests import killing, neighbours
from tests.command import production
from tests.soak.bar import Bar, Figure

LIMIT = 1200
SECONDS = 30.0
RATIO = 1.5


def neighbour(url: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        environment = production(url, Path(folder))
        killing.prepare(environment)
        found = neighbours.pestered(environment, Path(folder), LIMIT, SECONDS)
    ratio = found.beside.p95 / found.alone.p95
    asked, refused = found.noise.total(), found.noise[429]
    text = (
        f"p95 {found.alone.p95:.2f} ms alone, {found.beside.p95:.2f} ms beside, {ratio:.2f} times;"
        f" the other one asked {asked:,} times and was refused {refused:,} times"
    )
    quiet = set(found.alone.statuses) | set(found.beside.statuses)
    # All that was asked but the limit of one minute, and of what has slid out of it since.
    enough = asked >= 0.9 * 10 * LIMIT / 60 * SECONDS and asked - refused <= LIMIT
    return Figure(text, ratio <= RATIO and quiet == {200} and enough)


BARS = [
    Bar(
        "Noisy neighbour",
        f"one caller asks for ten times the limit: the other's p95 ≤ {RATIO} times, and none"
        " refused",
        neighbour,
    )
]
