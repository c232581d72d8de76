"""Generated queries give the same answer, to the last error and key, as through graphql-core.

`tests/soak/execution.py` asks for ten times as many.
"""

import asyncio
import gc

import pytest
from graphql import parse

from graph.execution import CompiledExecutor, Counts
from graph.execution.fallback import REASONS, Fallback
from graph.execution.request import Request
from graph.execution.run import run
from tests.execution.differential import Comparison, case_of, compare
from tests.execution.world import Context, schema
from tests.soak import execution
from tests.soak.bar import Figure

QUERIES = 2_000


# graphql-core leaves coroutines behind, its own and those of resolvers, when a null bubbles up past
# them; collected within the constructor of a named tuple, the warning itself fails.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
)
async def test_generated_queries_are_answered_as_by_graphql_core() -> None:
    found = await compare(range(QUERIES))
    gc.collect()

    counts = found.counts
    assert found.different == []
    assert counts.compiled + sum(counts.fallbacks.values()) == QUERIES
    assert counts.compiled >= QUERIES / 2
    assert found.failed >= QUERIES / 20
    assert 0 < found.our_batches <= found.their_batches
    reached = {reason for reason, count in counts.fallbacks.items() if count}
    assert reached == {"abstract", "variables", "null", "value", "error"}


def test_the_long_form_tells_how_many_were_handed_over_and_why() -> None:
    counts = Counts(15_000, {**dict.fromkeys(REASONS, 0), "null": 1_000, "error": 4_000})
    same = Comparison(counts, failed=7_000)
    case, _ = case_of(0)

    assert execution.figure(same) == Figure(
        "20,000 generated queries, 7,000 of them with errors: 0 differences; 25% handed over to"
        " graphql-core (4,000 error, 1,000 null)",
        met=True,
    )
    assert not execution.figure(Comparison(counts, different=[(0, case)])).met
    assert not execution.figure(Comparison(Counts(19_999, dict.fromkeys(REASONS, 0)))).met


async def test_a_first_try_leaves_no_task_and_no_coroutine_behind() -> None:
    executor = CompiledExecutor(schema)
    tasks = asyncio.all_tasks()
    failed = 0
    for seed in range(QUERIES, QUERIES + 500):
        case, _ = case_of(seed)
        try:
            outline = executor._outline(parse(case.text), None)
            variables = outline.variables(case.variables)
            plan = executor._plan(outline, variables)
        except Fallback:
            continue
        try:
            await run(Request(plan, variables, Context(0.05), None))
        except Exception:
            failed += 1
        assert asyncio.all_tasks() == tasks, (seed, case)
    # A coroutine that was never awaited is a warning here, and warnings are errors.
    gc.collect()
    assert failed > 50
