"""Generated queries, answered by compiled plans and by graphql-core, and compared as a whole."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import ExecutionResult, parse, validate

from graph.execution import CompiledExecutor, Counts
from tests.execution.interpreter import interpret
from tests.execution.queries import Case, Queries
from tests.execution.world import Context, schema

# Reached in a few queries only: each makes a whole request fall back.
SELDOM = frozenset({"node", "generated"})


@dataclass
class Comparison:
    """`failed` answers hold errors. Batches of data loaders are those of compiled queries, loaded
    by the plans and by graphql-core."""

    counts: Counts
    different: list[tuple[int, Case]] = field(default_factory=list)
    failed: int = 0
    our_batches: int = 0
    their_batches: int = 0


def case_of(seed: int) -> tuple[Case, float]:
    """A query, and the share of faults in the world it asks."""
    dice = random.Random(seed)
    avoided = SELDOM if dice.random() < 0.9 else frozenset()
    case = Queries(schema._schema, dice, avoided).case()
    return case, dice.choice([0.0, 0.0, 0.0, 0.01, 0.1])


async def compare(seeds: Iterable[int]) -> Comparison:
    executor = CompiledExecutor(schema)
    found = Comparison(executor.counts())
    for seed in seeds:
        case, faults = case_of(seed)
        document = parse(case.text)
        assert validate(schema._schema, document) == [], case.text
        ours, theirs = Context(faults), Context(faults)
        compiled = executor.counts().compiled

        answer = await executor.execute(
            document, variable_values=case.variables, context_value=ours
        )
        expected = await interpret(schema, document, case.variables, theirs)

        if _everything(answer) != _everything(expected):
            found.different.append((seed, case))
        if executor.counts().compiled > compiled:
            found.our_batches += len(ours.batches)
            found.their_batches += len(theirs.batches)
        found.failed += bool(expected.errors)
    found.counts = executor.counts()
    return found


def _everything(result: ExecutionResult) -> tuple[str, list[object]]:
    """The whole answer; `repr` tells 1 from True and 1.0, and keeps the order of keys."""
    return repr(result.data), [error.formatted for error in result.errors or ()]
