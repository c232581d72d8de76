"""The benchmark runs, on tiny data, and refuses to compare what is not the same."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from benchmarks import answers, arena, bars, contenders, dataset, load, logins, questions
from benchmarks.arena import Cell, Sample
from benchmarks.load import Load
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
        "PostgreSQL, by time": 2000,
        "PostgreSQL, at random": 2000,
        "SQLite, by time": 2000,
        "SQLite, at random": 2000,
    }


def test_the_results_hold_ratios_and_nothing_of_the_machine_but_its_kind(run: Path) -> None:
    results = (run / "results.md").read_text()

    assert "| Headcount / the limit, per second |" in results
    assert "| Headcount / the best peer" not in results
    assert "| memory after the run | at most 150 MiB |" in results
    assert "to the best peer |" not in results
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

    products = {name for name, each in CONTENDERS.items() if each.command == contenders.PRODUCT}
    assert products >= {"product", "interpreted"}
    assert sent == {name: "Bearer token" if name in products else None for name in CONTENDERS}


def test_cold_questions_ask_for_reports_of_one_size_and_each_only_once_in_a_turn() -> None:
    tenant, on = DATA.tenants()[0], DATA.last.isoformat()
    asked = {
        name: [(q.variables["tenant"], q.variables["date"]) for q in QUESTIONS[name].in_turn()]
        for name in ("Q1", "Q1c", "Q1y")
    }

    assert asked == {
        "Q1": [(str(tenant.id), on)],
        "Q1c": [(str(tenant.id), date.isoformat()) for date in DATA.dates],
        "Q1y": [(str(young.id), on) for young in DATA.young()],
    }
    assert {len(set(pairs)) for pairs in asked.values()} == {1, DATA.size.dates}
    numbers = range(DATA.size.tenants, len(DATA.tenants()))
    assert [(DATA.dates_of(n), DATA.users(n, DATA.last)) for n in numbers] == [
        ([DATA.last], DATA.size.large)
    ] * DATA.size.dates


def test_requests_are_sent_in_turn_by_every_generator() -> None:
    requests = answers.requests(CONTENDERS["limit"], QUESTIONS["Q1c"], "token")
    sent = [request.path for request in requests]

    assert len(set(sent)) == DATA.size.dates
    for generator in ("python", *(["wrk"] if shutil.which("wrk") else [])):
        with noting() as (port, paths):
            load.choose(generator).send(load.Target(port, requests, 1), 0.5, None)

        assert len(paths) > len(sent)
        # wrk makes one request that it does not send.
        first = sent.index(paths[0])
        expected = islice(cycle(sent), first, first + len(paths))
        assert paths == list(expected), generator


@contextmanager
def noting() -> Iterator[tuple[int, list[str]]]:
    """A server that answers anything and notes the paths it was asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("order", logins.ORDERS)
def test_logins_to_record_are_the_same_number_of_users_of_dates_in_either_order(
    order: str,
) -> None:
    rows, now = 2 * logins.USERS + 7, tokens.NOW
    made = list(logins.all_of(rows, order, now))

    dates = {at.date() for _, at in made}
    assert len({(user_id, at.date()) for user_id, at in made}) == rows
    assert len(dates) == {logins.BY_TIME: 3, logins.AT_RANDOM: logins.DATES}[order]
    assert max(dates) < now.date()
    assert [at for _, at in made] != sorted(at for _, at in made) or order == logins.BY_TIME


def test_bars_are_met_by_the_figures_alone() -> None:
    outcome = arena.Outcome([QUESTIONS["Q1"]])
    for name, per_second in {"product": 800, "mercurius": 100, "postgraphile": 20}.items():
        outcome.titles[name], outcome.memory[name] = name, 150 * bars.MIB
        load_ = Load(per_second, 1, 2.0, 10.0, 0, 0.1)
        outcome.cells[name, "Q1"] = Cell([Sample(load_, 0.5, 0.1)])

    met = bars.bars(outcome, None)
    outcome.cells["product", "Q1"].samples[0] = Sample(Load(799, 1, 2.0, 10.1, 0, 0.1), 0.5, 0.1)
    outcome.memory["product"] += bars.MIB

    assert [(bar.reached, bar.met) for bar in met] == [
        ("8.00 x", True),
        ("5.0 x (Q1)", True),
        ("150 MiB", True),
    ]
    assert [(bar.reached, bar.met) for bar in bars.bars(outcome, None)] == [
        ("7.99 x", False),
        ("5.0 x (Q1)", False),
        ("151 MiB", False),
    ]


def test_a_profile_counts_what_ran_and_what_waited_for_it_once() -> None:
    main, ask, write = "main (run.py:1)", "ask (graph/ask.py:2)", "write (graph/wire.py:3)"
    profile = Profile.parse(f"{main};{ask};{ask} 3\n{main};{write} 1\n{main} 1\n")

    assert profile.samples == 5
    assert profile.own() == {ask: 3, write: 1, main: 1}
    assert profile.whole() == {main: 5, ask: 3, write: 1}
    assert profile.by_package() == {"graph": 4, "run.py": 1}
