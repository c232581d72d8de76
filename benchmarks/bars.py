"""What the figures are held against, and whether they reach it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.arena import Cell, Outcome
from benchmarks.logins import BY_TIME
from benchmarks.recording import Recording

PEERS = ("mercurius", "postgraphile")
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Bar:
    """`asked` and `reached` in words; `met` by the figures themselves."""

    title: str
    asked: str
    reached: str
    met: bool


def bars(outcome: Outcome, recording: Recording | None) -> list[Bar]:
    """Those for which there are figures."""
    found = [*_reading(outcome), *_every_question(outcome)] if _has(outcome, "product") else []
    return [*found, *(_recording(recording) if recording else ())]


_AGAINST_PEERS = {
    "Q1c": ("report, cold", 1.1),
    "Q1": ("report of an unchanged day", 8.0),
    "Q1s": ("only maxUsers", 0.8),
    "Q2": ("tenants", 1.0),
    "Q3": ("trend", 1.0),
    "Q4": ("tenants with their report", 1.8),
    "Q5": ("first users of a large day", 1.0),
}


def _reading(outcome: Outcome) -> Iterator[Bar]:
    peers = [name for name in PEERS if _has(outcome, name)]
    for name, (title, least) in _AGAINST_PEERS.items():
        if peers and ("product", name) in outcome.cells:
            ratio = min(_ratio(outcome, name, peer) for peer in peers)
            yield _at_least(f"{name} {title}, to the best peer", ratio, least)
    if ("product", "Q1c") in outcome.cells and ("product", "Q1y") in outcome.cells:
        ratio = _rate(outcome, "product", "Q1c") / _rate(outcome, "product", "Q1y")
        asked = "within 10 % of each other"
        reached, met = f"{ratio - 1:+.1%}", 0.9 <= ratio <= 1 / 0.9
        yield Bar("report, 180 dates of history to a single one", asked, reached, met)


def _every_question(outcome: Outcome) -> Iterator[Bar]:
    names = [question.name for question in outcome.questions]
    for other, title, least in (
        ("interpreted", "each question, compiled execution to none", 8.0),
        ("limit", "each question, to the hand-tuned endpoint without sign-in", 0.8),
    ):
        if _has(outcome, other):
            ratio, name = min((_ratio(outcome, name, other), name) for name in names)
            yield _at_least(title, ratio, least, f" ({name})")
    spread, name = max((_spread(outcome.cells["product", name]), name) for name in names)
    reached = f"{spread:.1f} x ({name})"
    yield Bar("each question, p99 to p50", "at most 5 x", reached, spread <= 5)
    memory = outcome.memory["product"] / MIB
    yield Bar("memory after the run", "at most 150 MiB", f"{memory:.0f} MiB", memory <= 150)


_ROWS_PER_SECOND = {"PostgreSQL": 100_000, "SQLite": 60_000}


def _recording(recording: Recording) -> Iterator[Bar]:
    for database, least in _ROWS_PER_SECOND.items():
        measured = recording.record[database, BY_TIME]
        rate = measured["rows"] / measured["seconds"]
        title, asked = f"rows of a file recorded into {database}", f"at least {least:,} a second"
        yield Bar(title, asked, f"{rate:,.0f}", rate >= least)
    memory = max(each["peak_bytes"] for each in recording.record.values()) / MIB
    yield Bar("memory while recording", "below 300 MiB", f"{memory:.0f} MiB", memory < 300)
    longest = max(each["longest_ms"] for each in recording.block.values())
    title, asked = "longest that 1,000 logins hold the event loop", "at most 15 ms"
    yield Bar(title, asked, f"{longest:.1f} ms", longest <= 15)


def _at_least(title: str, ratio: float, least: float, where: str = "") -> Bar:
    return Bar(title, f"at least {least:.1f} x", f"{ratio:.2f} x{where}", ratio >= least)


def _ratio(outcome: Outcome, question: str, other: str) -> float:
    return _rate(outcome, "product", question) / _rate(outcome, other, question)


def _rate(outcome: Outcome, contender: str, question: str) -> float:
    return outcome.cells[contender, question].median("per_second")


def _spread(cell: Cell) -> float:
    return cell.median("p99_ms") / cell.median("p50_ms")


def _has(outcome: Outcome, contender: str) -> bool:
    return contender in outcome.titles


def lines(found: Sequence[Bar]) -> list[list[str]]:
    return [[bar.title, bar.asked, bar.reached, "yes" if bar.met else "**no**"] for bar in found]
