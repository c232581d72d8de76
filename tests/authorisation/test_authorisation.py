"""Who sees what, whatever happened before: the served application against an oracle of its own."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from graphql import is_object_type
from hypothesis import HealthCheck, Phase, given, settings

from graph.federation import subgraph
from tests.authorisation.machine import Machine, runs
from tests.authorisation.oracle import FIELDS
from tests.authorisation.questions import NOT_ASKED


@pytest.fixture(scope="session")
async def machine(_open_database: None) -> AsyncIterator[Machine]:
    async with AsyncExitStack() as stack:
        yield await Machine.start(stack)


# What fails tells its document; making the way to it shorter takes minutes.
@settings(
    max_examples=15,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(run=runs(20))
async def test_every_answer_is_the_oracles(
    run: tuple[int, list[str]], machine: Machine, database: None
) -> None:
    await machine.play(*run)


async def test_enough_of_what_was_asked_was_allowed_and_enough_refused(
    machine: Machine, database: None
) -> None:
    tally = machine.tally
    if not tally.asked:
        pytest.skip("Nothing was asked in this process.")

    assert tally.allowed >= 0.15 * tally.asked


def test_the_oracle_decides_every_field_of_the_schema() -> None:
    served = {
        f"{name}.{field}"
        for name, kind in subgraph._schema.type_map.items()
        if is_object_type(kind) and not name.startswith("_")
        for field in kind.fields
    }

    assert {f"{kind}.{name}" for kind in FIELDS for name in FIELDS[kind]} == served - set(NOT_ASKED)
