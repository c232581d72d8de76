"""Generated queries give the same answer, to the last error and key, as through graphql-core.

`EXECUTION_QUERIES=20000` asks for more of them.
"""

import asyncio
import gc
import os
import random

import pytest
from graphql import ExecutionResult, parse, validate

from graph.execution import CompiledExecutor
from graph.execution.fallback import Fallback
from graph.execution.request import Request
from graph.execution.run import run
from tests.execution.interpreter import interpret
from tests.execution.queries import Case, Queries
from tests.execution.world import Context, schema

QUERIES = int(os.environ.get("EXECUTION_QUERIES", "2000"))

# Reached in a few queries only: each makes a whole request fall back.
SELDOM = frozenset({"node", "generated"})


def case_of(seed: int) -> tuple[Case, float]:
    """A query, and the share of faults in the world it asks."""
    dice = random.Random(seed)
    avoided = SELDOM if dice.random() < 0.9 else frozenset()
    case = Queries(schema._schema, dice, avoided).case()
    return case, dice.choice([0.0, 0.0, 0.0, 0.01, 0.1])


def everything(result: ExecutionResult) -> tuple[str, list[object]]:
    """The whole answer; `repr` tells 1 from True and 1.0, and keeps the order of keys."""
    return repr(result.data), [error.formatted for error in result.errors or ()]


# graphql-core leaves coroutines behind, its own and those of resolvers, when a null bubbles up past
# them; collected within the constructor of a named tuple, the warning itself fails.
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"
)
async def test_generated_queries_are_answered_as_by_graphql_core() -> None:
    executor = CompiledExecutor(schema)
    failed = our_batches = their_batches = 0
    for seed in range(QUERIES):
        case, faults = case_of(seed)
        document = parse(case.text)
        assert validate(schema._schema, document) == [], case.text
        ours, theirs = Context(faults), Context(faults)
        compiled = executor.counts().compiled

        answer = await executor.execute(
            document, variable_values=case.variables, context_value=ours
        )
        expected = await interpret(schema, document, case.variables, theirs)

        assert everything(answer) == everything(expected), (seed, case)
        if executor.counts().compiled > compiled:
            our_batches += len(ours.batches)
            their_batches += len(theirs.batches)
        failed += bool(expected.errors)
    gc.collect()
    counts = executor.counts()
    assert counts.compiled + sum(counts.fallbacks.values()) == QUERIES
    assert counts.compiled >= QUERIES / 2
    assert failed >= QUERIES / 20
    assert 0 < our_batches <= their_batches
    reached = {reason for reason, count in counts.fallbacks.items() if count}
    assert reached == {"abstract", "variables", "null", "value", "error"}


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
