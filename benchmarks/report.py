"""The results as Markdown. Every figure comes from the run; none is typed."""

from collections.abc import Callable, Sequence

from benchmarks import bars
from benchmarks.arena import CEILING, Cell, Outcome
from benchmarks.bars import PEERS
from benchmarks.facts import Facts
from benchmarks.logins import DATES
from benchmarks.recording import Recording
from graph.execution import pieces

Rate = Callable[[Cell], float]


def document(facts: Facts, outcome: Outcome, recording: Recording | None) -> str:
    parts = [
        "# Results of the benchmark",
        "Written by `make bench`.",
        "\n".join(f"- {line}" for line in facts.lines),
        _skipped(outcome),
        *_bars(outcome, recording),
        *(speed(outcome) if outcome.cells else []),
        *(_recording(recording) if recording else []),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _skipped(outcome: Outcome) -> str:
    lines = [f"- {title}: {reason}" for title, reason in outcome.skipped.items()]
    return "\n".join(["Skipped:", "", *lines]) if lines else ""


def _bars(outcome: Outcome, recording: Recording | None) -> list[str]:
    found = bars.bars(outcome, recording)
    head = ["Bar", "asked for", "reached", "met"]
    return ["## Bars", grid(head, bars.lines(found))] if found else []


def speed(outcome: Outcome) -> list[str]:
    return [
        "## Reading",
        *_cold(outcome),
        _by_question(outcome, "Requests per second", lambda c: f"{c.median('per_second'):,.0f}"),
        ratios(outcome),
        _by_question(outcome, "Latency in ms, p50 / p99", _latency),
        _by_question(outcome, "CPU in ms per request: contender + PostgreSQL", _cpu),
        _by_question(outcome, "Share of its core that the load generator used", _busy),
        grid(["Memory after the run", "MiB"], _memory(outcome)),
    ]


def _cold(outcome: Outcome) -> list[str]:
    """What Q1c and Q1y measure, said with figures, for a cache that held it all would be warm."""
    names = {question.name for question in outcome.questions} & {"Q1c", "Q1y"}
    if not names:
        return []
    least = min(outcome.answered[name] for name in names) / bars.MIB
    return [
        "The cold questions ask every contender for the same report of another date, or of another"
        f" tenant, each time: all their answers take {least:.0f} MiB or more, of which Headcount"
        f" keeps the last {pieces.MOST_BYTES / bars.MIB:.0f}. The buffers of PostgreSQL stay warm"
        " for everybody."
    ]


def ratios(outcome: Outcome) -> str:
    """How the product stands to the limit, to the best peer, and to itself uncompiled."""
    peers = [name for name in PEERS if name in outcome.titles]
    against = {
        "Headcount / the limit": ["limit"],
        "Headcount / the best peer": peers,
        "Compiled / not compiled": ["interpreted"],
    }
    rows = [
        [f"{title}{measure}", *(_ratio(outcome, q.name, others, rate) for q in outcome.questions)]
        for title, others in against.items()
        if "product" in outcome.titles and all(name in outcome.titles for name in others) and others
        for measure, rate in {", per second": _per_second, ", per CPU second": _per_cpu}.items()
    ]
    return grid(["Ratio of requests", *_heads(outcome)], rows) if rows else ""


def _ratio(outcome: Outcome, question: str, others: Sequence[str], rate: Rate) -> str:
    best = max(rate(outcome.cells[name, question]) for name in others)
    return f"{rate(outcome.cells['product', question]) / best:.2f}"


def _per_second(cell: Cell) -> float:
    return cell.median("per_second")


def _per_cpu(cell: Cell) -> float:
    """Requests in a second of the contender's own CPU: what other work on the machine changes
    least."""
    return 1e3 / max(cell.median("cpu"), 1e-9)


def _latency(cell: Cell) -> str:
    failed = f", {cell.failed} failed" if cell.failed else ""
    return f"{cell.median('p50_ms'):.2f} / {cell.median('p99_ms'):.2f}{failed}"


def _cpu(cell: Cell) -> str:
    return f"{cell.median('cpu'):.3f} + {cell.median('database_cpu'):.3f}"


def _busy(cell: Cell) -> str:
    return f"{cell.median('busy'):.0%}"


def _memory(outcome: Outcome) -> list[list[str]]:
    return [
        [outcome.titles[name], f"{memory / 2**20:.0f}"]
        for name, memory in outcome.memory.items()
        if name != CEILING.name
    ]


def _by_question(outcome: Outcome, title: str, show: Callable[[Cell], str]) -> str:
    rows = [
        [each, *(show(outcome.cells[name, q.name]) for q in outcome.questions)]
        for name, each in outcome.titles.items()
    ]
    return grid([title, *_heads(outcome)], rows)


def _heads(outcome: Outcome) -> list[str]:
    return [f"{question.name} {question.title}" for question in outcome.questions]


def _recording(recording: Recording) -> list[str]:
    speeds = [
        [
            f"{database}, {order}",
            *(f"{each['rows'] / each['seconds']:,.0f}" for each in (bare, record)),
            f"{bare['seconds'] / record['seconds']:.2f}",
            *(f"{each['peak_bytes'] / 2**20:.0f}" for each in (bare, record)),
        ]
        for (database, order), record in recording.record.items()
        for bare in (recording.bare[database, order],)
    ]
    blocks = [
        [name, *(f"{block[key]:.1f}" for key in ("usual_ms", "longest_ms", "whole_ms"))]
        for name, block in recording.block.items()
    ]
    return [
        "## Recording",
        f"`headcount record` of a CSV file of {recording.rows:,} logins, from the start of the"
        " process to its end; bare is COPY (PostgreSQL) or executemany (SQLite) of the same rows,"
        " parsed already, into a table with the same indexes, 10,000 at a time. Logins come by"
        f" time, or at random over {DATES} dates. Memory is the peak of the writing process.",
        grid(
            ["Rows per second", "bare", "recorded", "ratio", "bare MiB", "recorded MiB"],
            speeds,
        ),
        "How long one `loginsRecord` of 1,000 logins keeps everybody else from running, and takes"
        " as a whole:",
        grid(["ms", "blocked, median", "blocked, longest", "whole, median"], blocks),
    ]


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
