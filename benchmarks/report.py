"""The results as Markdown."""

from collections.abc import Callable, Sequence

from benchmarks.arena import Cell, Outcome


def tables(outcome: Outcome) -> str:
    return "\n\n".join(
        [
            table(outcome, "Requests per second", lambda cell: f"{cell.median('per_second'):,.0f}"),
            table(outcome, "p50 / p99 in ms", _times),
            table(outcome, "CPU per request in ms: contender + PostgreSQL", _cpu),
            table(outcome, "Load generator busy", lambda c: f"{c.median('busy'):.0%}"),
        ]
    )


def _times(cell: Cell) -> str:
    return f"{cell.median('p50_ms'):.1f} / {cell.median('p99_ms'):.1f}"


def _cpu(cell: Cell) -> str:
    return f"{cell.median('cpu'):.3f} + {cell.median('database_cpu'):.3f}"


def table(outcome: Outcome, title: str, show: Callable[[Cell], str]) -> str:
    names = [question.name for question in outcome.questions]
    rows = [
        [outcome.titles[name], *(show(outcome.cells[name, question]) for question in names)]
        for name in outcome.titles
    ]
    return grid([title, *(f"{q.name} {q.title}" for q in outcome.questions)], rows)


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
