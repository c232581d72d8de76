"""The table of bars in the README is what `make soak` found, for every bar there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, Outcome
from tests.soak import bars, table

EMPTY = f"Before.\n{table.BEGIN}\n{table.END}\nAfter.\n"


def soak(readme: Path, *arguments: object) -> Outcome:
    command = [sys.executable, "-m", "tests.soak", *map(str, arguments)]
    place = ["--package", "tests.planted_soak", "--readme", str(readme)]
    ran = subprocess.run(
        [*command, *place],
        cwd=ROOT,
        # Of the PostgreSQL that the tests bring along.
        env={**os.environ, "PYTHONWARNINGS": "ignore:XDG_RUNTIME_DIR is not set"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Outcome(ran.returncode, ran.stdout, ran.stderr)


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(EMPTY, encoding="utf-8")
    return path


def rows_of(readme: Path) -> list[tuple[str, str, str]]:
    """Threat, figure and whether it is met."""
    rows, _ = table.read(readme.read_text(encoding="utf-8"))
    return [(row.threat, row.figure, row.met) for row in rows]


def test_the_readme_has_a_row_for_every_bar_and_no_other() -> None:
    rows, _ = table.read((ROOT / "README.md").read_text(encoding="utf-8"))

    assert [row.key for row in rows] == [table.key_of(each.bar) for each in bars.found()]
    assert [row for row in rows if not is_dated(row)] == []


def is_dated(row: table.Row) -> bool:
    """Or says openly that nobody has measured it."""
    measured = row.met in ("yes", "**no**") and re.match(r"\d{4}-\d\d-\d\d, ", row.date)
    return bool(measured) or (row.figure, row.met, row.date) == (table.NOT_MEASURED, "", "")


def test_a_bar_that_is_missed_or_crashes_or_hangs_is_told_and_fails_the_run(readme: Path) -> None:
    outcome = soak(readme, "missed", "raises", "dies")
    hung = soak(readme, "hangs", "--limit", 3)

    assert (outcome.code, hung.code) == (1, 1)
    assert outcome.out.endswith("0 of 3 bars met.\n")
    assert "LookupError: sqlite://" in outcome.err
    assert rows_of(readme) == [
        ("Leftovers", table.NOT_MEASURED, ""),
        ("Missed", r"1 \| 2 lost, URL ''", "**no**"),
        ("Raises", "SQLite: crashed: LookupError", "**no**"),
        ("Dies", "crashed: exit code 7", "**no**"),
        ("Hangs", "did not end within 3 s", "**no**"),
    ]


def test_each_measurement_has_a_migrated_empty_database_of_its_own(readme: Path) -> None:
    outcome = soak(readme, "leftovers")

    figure = "0 rows, 0 migrations left"
    assert (outcome.code, outcome.err) == (0, "")
    assert rows_of(readme)[0] == (
        "Leftovers",
        f"SQLite: {figure}<br>PostgreSQL: {figure}",
        "yes",
    )
    assert re.search(
        r"\n\nLast run: \S+ at \w{7}\+? on .* cores, .*; Python [\d.]+, SQLite [\d.]+,"
        r" PostgreSQL [\d.]+; ",
        readme.read_text(encoding="utf-8"),
    )


def test_what_was_not_run_keeps_its_figure_and_its_date(readme: Path) -> None:
    soak(readme, "missed")
    text = readme.read_text(encoding="utf-8").replace("1 \\| 2 lost", "3 lost")
    text = re.sub(r"\d{4}-\d\d-\d\d, ", "2020-01-01, ", text)
    readme.write_text(text, encoding="utf-8")

    soak(readme, "dies")

    rows, _ = table.read(readme.read_text(encoding="utf-8"))
    assert (rows[1].figure, rows[1].date[:10]) == ("3 lost, URL ''", "2020-01-01")
    assert rows[3].date[:10] > "2020-01-01"


def test_a_bar_whose_words_changed_is_not_measured_and_one_that_is_gone_has_no_row() -> None:
    (first, *_) = bars.found("tests.planted_soak")
    row = table.Row("Leftovers", "0 rows", "SQLite: 0", "yes", "2026-11-25, 0000000")
    changed = table.Row("Leftovers", "1 row", "SQLite: 0", "yes", "2026-11-25, 0000000")
    there = table.renewed(EMPTY, [first.bar], {row.key: row}, "Last run.")

    assert table.renewed(there, [first.bar], {}) == there
    assert table.read(table.renewed(there, [], {})) == ([], "Last run.")
    was_other = there.replace(str(row), str(changed))
    assert table.read(table.renewed(was_other, [first.bar], {}))[0] == [table.Row(*row.key)]


def test_bars_are_listed_and_named_without_being_run(readme: Path) -> None:
    listed = soak(readme, "--list", "bars")

    assert listed.out.splitlines()[1] == "bars: Missed: 0 lost"
    assert len(listed.out.splitlines()) == 5
    assert readme.read_text(encoding="utf-8") == EMPTY
    unknown = soak(readme, "nothing of the kind")
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "No bar is called 'nothing of the kind'; --list names all.\n"
