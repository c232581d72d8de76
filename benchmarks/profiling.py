"""Where the time of one contender goes under one question: samples of its stack, taken from
outside by py-spy, as tables and as a file that flame graph viewers take."""

import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import report
from benchmarks.arena import Arena
from benchmarks.contenders import Contender, Unavailable
from benchmarks.load import Generator, Target
from benchmarks.questions import Question

RATE = 500
"""Samples per second."""
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """`stacks` from the outermost frame to the innermost, with how often each was seen."""

    stacks: Mapping[tuple[str, ...], int]

    @property
    def samples(self) -> int:
        return sum(self.stacks.values())

    def own(self) -> Counter[str]:
        """By the function that ran."""
        found: Counter[str] = Counter()
        for stack, seen in self.stacks.items():
            found[stack[-1]] += seen
        return found

    def whole(self) -> Counter[str]:
        """By every function that ran or waited for one that did."""
        found: Counter[str] = Counter()
        for stack, seen in self.stacks.items():
            for frame in set(stack):
                found[frame] += seen
        return found

    def by_package(self) -> Counter[str]:
        """By the top folder of the file that the function stands in."""
        found: Counter[str] = Counter()
        for frame, seen in self.own().items():
            found[frame.rpartition("(")[2].partition("/")[0].partition(":")[0]] += seen
        return found

    @classmethod
    def parse(cls, folded: str) -> "Profile":
        lines = [line.rsplit(" ", 1) for line in folded.splitlines()]
        return cls({tuple(stack.split(";")): int(seen) for stack, seen in lines})


def record(
    arena: Arena,
    contender: Contender,
    question: Question,
    generator: Generator,
    kept: Path,
    native: bool = False,
) -> Profile:
    """Sample the contender while it answers; the file is named after both. Frames in C only with
    `native`, which slows the contender down."""
    sampler = shutil.which("py-spy", path=f"{Path(sys.executable).parent}:/usr/bin:/usr/local/bin")
    if sampler is None:
        raise Unavailable("py-spy is not installed")
    folded = kept / f"{contender.name}-{question.name}.folded"
    seconds = arena.options.seconds
    with arena.serving(contender) as running:
        requests = arena.requests(contender, question)
        target = Target(running.port, requests, arena.options.connections)
        generator.send(target, 1, arena.options.cores.others)
        load = threading.Thread(
            target=generator.send, args=(target, seconds + 2, arena.options.cores.others)
        )
        load.start()
        command = [
            *(sampler, "record", "--format", "raw", "--rate", str(RATE)),
            *("--duration", str(round(seconds)), "--output", str(folded)),
            *(("--native",) if native else ()),
            *("--function", "--pid", str(running.process.pid)),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=seconds + 60)
        load.join()
    return Profile.parse(folded.read_text())


def table(profile: Profile) -> str:
    whole, own, total = profile.whole(), profile.own(), profile.samples
    # What is on every stack says nothing.
    listed = [(frame, seen) for frame, seen in whole.most_common() if seen < total][:SHOWN]
    return "\n\n".join(
        [
            report.grid(
                ["with callees", "own", "function"],
                [
                    [f"{seen / total:.1%}", f"{own[frame] / total:.1%}", frame]
                    for frame, seen in listed
                ],
            ),
            *(
                report.grid(
                    ["own", title],
                    [[f"{n / total:.1%}", name] for name, n in counts.most_common(20)],
                )
                for title, counts in {"package": profile.by_package(), "function": own}.items()
            ),
        ]
    )
