"""Whether the tests would notice: planted faults, and every small change of the pure rules."""

import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from tests.soak import planting
from tests.soak.bar import Bar, Figure
from tests.soak.faults import FAULTS
from tests.soak.mutants import Mutant, mutants
from tests.soak.planting import ROOT, Copy

ON_POSTGRESQL = "--database=postgresql"

#: Modules of pure rules with the tests that hold them.
RULES: Mapping[str, tuple[str, ...]] = {
    "resolvers/access.py": ("tests/test_access.py",),
    "resolvers/billing_window.py": ("tests/test_billing_window.py",),
}

#: Those that hold SQL of both databases: what SQLite does not notice, PostgreSQL is to.
WITH_SQL = ("resolvers/access.py",)

#: Changes that make no difference to anybody, each with its reason.
EQUIVALENT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "scopes: assert_never(viewer) left out",
            "visible_tenants: assert_never(viewer) left out",
        ),
        "Never run: the union of viewers is closed, and mypy fails when a kind is not decided.",
    ),
    "parse_id: _parsed(text) if len(text) == 36 else None always": (
        "What is not 36 characters long is refused below too; the look at the length only keeps it"
        " out of the memory of what was parsed."
    ),
    **dict.fromkeys(
        (
            "taken: external_id is not None and await others.filter(external_id=external_id)"
            ".exists() without part 0",
            "taken: instance_id is not None and await others.filter(instance_id=instance_id)"
            ".exists() without part 0",
        ),
        "No row has null in the column, so none is found for null; it only spares a statement.",
    ),
    "hold:  for key in keys if key.instance_id without its condition": (
        "Null in the list that a column is compared with finds no row more."
    ),
    **dict.fromkeys(
        ("of_row: zip(COLUMNS, values, strict=True) without strict", "of_row: True to False"),
        "The values are those that SELECTED names, one for each of COLUMNS.",
    ),
    "hold: '' to 'X'": "Neither is an ID.",
    "of_row: 0 to -1": "The first column and the last one are texts together.",
    **dict.fromkeys(
        (
            "module: 'json_group_array(json_array({}))' to 'json_group_array(json_array({}))X'",
            "first_of_p: ') t)' to ') t)X'",
        ),
        "Another name for a column that is read by its place.",
    ),
    "first_of_p: ', ' to ', X'": "Nothing is separated: one column more is asked for.",
    **dict.fromkeys(
        (
            *("day_start: 26 to 27", "day_start: 26 to 25"),
            *("day_start: 52 to 53", "day_start: 52 to 51"),
            *("day_start: 3600 to 3601", "day_start: 3600 to 3599"),
        ),
        "The search begins and ends hours away from where a day starts in any zone.",
    ),
    "_six_months_before: min(day.day, monthrange(year, month + 1)[1]) with arguments turned"
    " round": "The lesser of two is the same.",
    "named: if (instance_id := parse_id(text)):"
    "     keys.add(TenantKey(instance_id=instance_id)) always": (
        "A key without a value names nothing."
    ),
}


def measure_faults(_url: str) -> Figure:
    missed = []
    with planting.copy() as source:
        for fault in FAULTS:
            if source.notices([fault.test]):
                raise RuntimeError(f"{fault.test} fails without any fault.")
            with source.changed(fault.path, fault.plant(ROOT)):
                if not source.notices([fault.test]):
                    _tell([fault.name])
                    missed.append(fault.name)
    caught = len(FAULTS) - len(missed)
    return Figure(f"{caught} of {len(FAULTS)} faults caught", len(FAULTS) >= 16 and not missed)


@dataclass(frozen=True, slots=True)
class Outcome:
    killed: int
    equivalent: int
    survivors: list[str]


def measure_mutants(_url: str) -> Figure:
    outcome = kill(RULES)
    text = (
        f"{outcome.killed} of {outcome.killed + len(outcome.survivors)} mutants killed;"
        f" {outcome.equivalent} more change no answer"
    )
    return Figure(text, outcome.killed > 0 and not outcome.survivors)


def kill(rules: Mapping[str, tuple[str, ...]]) -> Outcome:
    work = [(path, mutant) for path in rules for mutant in mutants((ROOT / path).read_text())]
    real = [(path, mutant) for path, mutant in work if mutant.name not in EQUIVALENT]
    copies: SimpleQueue[Copy] = SimpleQueue()

    def survives(path: str, mutant: Mutant) -> bool:
        source = copies.get()
        try:
            with source.changed(path, mutant.text):
                noticed = source.notices(rules[path], 120) or (
                    path in WITH_SQL and source.notices((*rules[path], ON_POSTGRESQL))
                )
            if not noticed:
                _tell([f"{path}: {mutant.name}"])
            return not noticed
        finally:
            copies.put(source)

    with planting.copy() as one, planting.copy() as two, ThreadPoolExecutor(2) as pool:
        for path in rules:
            if one.notices(rules[path]):
                raise RuntimeError(f"{rules[path]} fail without any change.")
        copies.put(one)
        copies.put(two)
        survived = list(pool.map(survives, *zip(*real, strict=True)))
    names = [
        f"{each[0]}: {each[1].name}" for each, left in zip(real, survived, strict=True) if left
    ]
    return Outcome(len(real) - len(names), len(work) - len(real), names)


def _tell(missed: list[str]) -> None:
    for each in missed:
        print(f"not noticed: {each}", file=sys.stderr)


BARS = [
    Bar(
        "Rules not really tested",
        "≥ 16 faults planted, each noticed by its test",
        measure_faults,
        databases=(),
    ),
    Bar(
        "Rules not really tested",
        "every small change of the pure rules noticed: 100 % of the mutants killed",
        measure_mutants,
        databases=(),
    ),
]
