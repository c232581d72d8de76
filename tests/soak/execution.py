"""Compiled execution answers as graphql-core does, to the last error and key."""

import asyncio
import gc
import inspect
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.execution.differential import Comparison, compare
from tests.soak.bar import Bar, Figure

QUERIES = 20_000


def measure(_url: str) -> Figure:
    with _silent_about_coroutines():
        found = asyncio.run(compare(range(QUERIES)))
        gc.collect()
    return figure(found)


@contextmanager
def _silent_about_coroutines() -> Iterator[None]:
    """graphql-core leaves some behind when a null bubbles up past them. Collected within the
    constructor of a named tuple, even the warning that is ignored fails."""

    def hook(unraisable: Any) -> None:
        if not inspect.iscoroutine(unraisable.object):
            sys.__unraisablehook__(unraisable)

    before, sys.unraisablehook = sys.unraisablehook, hook
    try:
        with warnings.catch_warnings(action="ignore", category=RuntimeWarning):
            yield
    finally:
        sys.unraisablehook = before


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
