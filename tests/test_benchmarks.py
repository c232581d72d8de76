"""The benchmark runs, on tiny data, and refuses to compare what is not the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import answers, contenders, dataset, questions
from benchmarks.processes import DidNotStart, free_port, serving
from benchmarks.profiling import Profile
from benchmarks.questions import Question
from tests import tokens

ROOT = Path(__file__).parent.parent
DATA = dataset.DataSet(dataset.TINY, tokens.NOW.date())
QUESTIONS = {question.name: question for question in questions.all_of(DATA)}
CONTENDERS = {contender.name: contender for contender in contenders.CONTENDERS}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of moments, without peers from npm; the folder with what it wrote."""
    folder = tmp_path_factory.mktemp("benchmark")
    command = [
        *(sys.executable, "-m", "benchmarks", "--tiny", "--rounds=1", "--seconds=0.2"),
        *("--rows=2000", "--generator=python", "--contenders", "product", "limit"),
        *("--results", str(folder / "results.md"), "--json", str(folder / "figures.json")),
    ]
    outcome = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return folder


def test_every_contender_answers_every_question(run: Path) -> None:
    figures = json.loads((run / "figures.json").read_text())
    rates = figures["requests_per_second"]
    took_part = ["product", "limit", "constant"]

    assert figures["skipped"] == {}
    assert set(rates) == {f"{who} {what}" for who in took_part for what in QUESTIONS}
    assert all(rate > 0 for rate in rates.values())
    assert figures["failed"] == 0
    assert {name: each["rows"] for name, each in figures["recorded"].items()} == {
        "PostgreSQL": 2000,
        "SQLite": 2000,
    }


def test_the_results_hold_ratios_and_nothing_of_the_machine_but_its_kind(run: Path) -> None:
    results = (run / "results.md").read_text()

    assert "| Headcount / the limit, per second |" in results
    assert "| Headcount / the best peer" not in results
    assert str(ROOT) not in results
    assert str(Path.home()) not in results


def test_answers_that_differ_end_the_run() -> None:
    question = QUESTIONS["Q1s"]
    same = {"billingReport": {"maxUsers": 40}}

    answers.compare(question, {"product": same, "limit": same})
    with pytest.raises(answers.Differ, match="product and limit answer Q1s differently"):
        answers.compare(question, {"product": same, "limit": {"billingReport": {"maxUsers": 41}}})


def test_a_refusal_is_no_answer() -> None:
    body = b'{"errors": [{"message": "Sign in first."}], "data": {"billingReport": null}}'

    with pytest.raises(answers.Differ, match="product refuses Q1s"):
        answers.read(CONTENDERS["product"], QUESTIONS["Q1s"], body)


@pytest.mark.parametrize(
    ("name", "theirs", "ours"),
    [
        (
            "Q5",
            {
                "tenantDayByTenantIdAndReportDate": {"maxUsers": 1},
                "allPresences": {"nodes": [_USER := {"userId": "a"}]},
            },
            {"billingReport": {"maxUsers": 1, "users": {"nodes": [_USER]}}},
        ),
        (
            "Q3",
            {"allTenantDays": {"nodes": [{"reportDate": "2026-11-01", "maxUsers": 2}]}},
            {"billingTrend": {"points": [{"date": "2026-11-01", "maxUsers": 2}]}},
        ),
        (
            "Q4",
            {
                "allTenants": {
                    "nodes": [
                        {
                            "rowId": "1",
                            "name": "Acme",
                            "tenantDaysByTenantId": {"nodes": [{"maxUsers": 3}]},
                        }
                    ]
                }
            },
            {"tenants": {"nodes": [{"id": "1", "name": "Acme", "billingReport": {"maxUsers": 3}}]}},
        ),
    ],
)
def test_what_stands_in_tables_is_read_in_our_shape(name: str, theirs: Any, ours: Any) -> None:
    body = json.dumps({"data": theirs}).encode()

    assert answers.read(CONTENDERS["postgraphile"], QUESTIONS[name], body) == ours


def test_instants_are_compared_as_instants() -> None:
    assert _first_login("2026-11-14T09:00:00.5+01:00") == _first_login("2026-11-14T08:00:00.500Z")
    assert _first_login("2026-11-14T09:00:00Z") != _first_login("2026-11-14T08:00:00Z")


def _first_login(text: str) -> Any:
    body = json.dumps({"data": {"firstLoginAt": text}}).encode()
    question: Question = QUESTIONS["Q1"]
    return answers.read(CONTENDERS["mercurius"], question, body)


def test_a_contender_that_does_not_start_is_skipped_with_its_last_words() -> None:
    command = (sys.executable, "-c", "raise SystemExit('no such luck')")
    refused = pytest.raises(DidNotStart, match="no such luck")

    with refused, serving(command, {}, None, free_port()):
        pass


def test_only_the_product_is_signed_in() -> None:
    sent = {
        name: answers.request(contender, QUESTIONS["Q1"], "token").headers.get("Authorization")
        for name, contender in CONTENDERS.items()
    }

    assert sent == {
        "product": "Bearer token",
        "interpreted": "Bearer token",
        "limit": None,
        "mercurius": None,
        "postgraphile": None,
    }


def test_a_profile_counts_what_ran_and_what_waited_for_it_once() -> None:
    main, ask, write = "main (run.py:1)", "ask (graph/ask.py:2)", "write (graph/wire.py:3)"
    profile = Profile.parse(f"{main};{ask};{ask} 3\n{main};{write} 1\n{main} 1\n")

    assert profile.samples == 5
    assert profile.own() == {ask: 3, write: 1, main: 1}
    assert profile.whole() == {main: 5, ask: 3, write: 1}
    assert profile.by_package() == {"graph": 4, "run.py": 1}
