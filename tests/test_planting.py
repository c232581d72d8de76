"""The faults and small changes that `tests/soak/rules.py` plants can be planted."""

import ast

import pytest

from tests.soak.faults import FAULTS, Fault
from tests.soak.mutants import mutants
from tests.soak.planting import ROOT
from tests.soak.rules import EQUIVALENT, RULES


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_finds_its_place_and_its_test(fault: Fault) -> None:
    file, _, name = fault.test.partition("::")

    assert fault.plant(ROOT) != (ROOT / fault.path).read_text()
    assert f"def {name}(" in (ROOT / file).read_text()


def test_there_are_sixteen_faults_and_no_two_alike() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 16
    assert len({(fault.path, fault.old, fault.new) for fault in FAULTS}) == len(FAULTS)


def test_a_fault_whose_place_was_reworded_is_not_passed_over() -> None:
    gone = Fault("gone", "resolvers/access.py", "no such text", "", "")

    with pytest.raises(LookupError, match="gone: found 0 times"):
        gone.plant(ROOT)


SMALL = """
def rule(a: int, b: int = 1) -> bool:
    \"\"\"Kept.\"\"\"
    if a < b and not b:
        raise ValueError("no")
    return f(a, b, c="SELECT 1 WHERE x = 2 AND y IS NULL")
"""


def test_mutants_change_one_thing_each() -> None:
    found = [mutant.name.removeprefix("rule: ") for mutant in mutants(SMALL)]

    assert sorted(found) == sorted(
        [
            "1 to 2",
            "1 to 0",
            "if a < b and (not b):     raise ValueError('no') always",
            "if a < b and (not b):     raise ValueError('no') never",
            "a < b and (not b) with Or",
            "a < b and (not b) without part 0",
            "a < b and (not b) without part 1",
            "a < b with LtE at 0",
            "a < b with GtE at 0",
            "not b without not",
            "raise ValueError('no') left out",
            "'no' to 'noX'",
            "return f(a, b, c='SELECT 1 WHERE x = 2 AND y IS NULL') to nothing",
            "f(a, b, c='SELECT 1 WHERE x = 2 AND y IS NULL') with arguments turned round",
            "f(a, b, c='SELECT 1 WHERE x = 2 AND y IS NULL') without c",
            "'SELECT 1 WHERE x = 2 AND y IS NULL' to 'SELECT 1 WHERE x <> 2 AND y IS NULL'",
            "'SELECT 1 WHERE x = 2 AND y IS NULL' to 'SELECT 1 WHERE x = 2 AND y IS NOT NULL'",
            "'SELECT 1 WHERE x = 2 AND y IS NULL' to 'SELECT 1 WHERE x = 2 OR y IS NULL'",
        ]
    )
    texts = [mutant.text for mutant in mutants(SMALL)]
    assert len(set(texts)) == len(texts)
    assert ast.unparse(ast.parse(SMALL)) not in texts
    assert all('"""Kept."""' in text for text in texts)


def test_what_is_called_equivalent_is_a_mutant() -> None:
    names = {mutant.name for path in RULES for mutant in mutants((ROOT / path).read_text())}

    assert set(EQUIVALENT) - names == set()
