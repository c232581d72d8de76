"""The long runs of `tests/soak/documents.py`, made short."""

from tests.soak.documents import fuzzed


async def test_no_fuzzed_request_is_answered_with_a_fault(database: None) -> None:
    found = await fuzzed(100, 1_500, 1_000)

    assert found.faults == []
    assert (found.queries, found.values, found.shapes) == (100, 1_500, 1_000)
    assert found.statuses[200] >= 150
    assert found.statuses[400] >= 30
