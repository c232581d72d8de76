"""Compiled execution answers as graphql-core does, to the last error and key."""

import asyncio
import gc
import warnings

from tests.execution.differential import Comparison, compare
from tests.soak.bar import Bar, Figure

QUERIES = 20_000


def measure(_url: str) -> Figure:
    # What both leave behind when a null bubbles up past it; see tests/execution.
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
        found = asyncio.run(compare(range(QUERIES)))
        gc.collect()
    return figure(found)


def figure(found: Comparison) -> Figure:
    counts = found.counts
    reasons = sorted(counts.fallbacks.items(), key=lambda each: -each[1])
    handed, told = sum(counts.fallbacks.values()), [f"{n:,} {reason}" for reason, n in reasons if n]
    asked = counts.compiled + handed
    text = (
        f"{asked:,} generated queries, {found.failed:,} of them with errors:"
        f" {len(found.different)} differences; {handed / asked:.0%} handed over to graphql-core"
        f" ({', '.join(told) or 'none'})"
    )
    return Figure(
        text, not found.different and asked >= QUERIES and not counts.fallbacks["compiler"]
    )


BARS = [
    Bar(
        "Compiled and interpreted answers",
        "20,000 generated queries: 0 differences, errors and the order of keys included",
        measure,
        databases=(),
    )
]
