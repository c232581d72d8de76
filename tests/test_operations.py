"""What those who run it see: metrics, logs and traces of a served process, and nobody's secrets."""

import asyncio
import atexit
import json
import logging
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from graph import logs, metrics, production, tracing
from graph.observation import Observation
from graph.settings import SettingsError
from models.readers import PoolState
from resolvers.clock import system_clock
from resolvers.logins import Recorded, RefusedLogin
from resolvers.problems import ProblemCode
from tests import secrecy, tokens, waiting
from tests.command import done, finish, served, start

VIEWER = "{ viewer { displayName } }"
SECRETS = ("canary-user", "canary-literal", "canary-header")


def mint(subject: str = "lena") -> str:
    seconds = int(system_clock().timestamp())
    return tokens.mint(sub=subject, iat=seconds - 60, exp=seconds + 600)


def ask(url: str, query: str = VIEWER, token: str | None = None, **more: Any) -> int:
    """The status."""
    headers = {"Authorization": f"Bearer {token or mint()}", "Content-Type": "application/json"}
    body = json.dumps({"query": query, "variables": more.pop("variables", None)}).encode()
    request = urllib.request.Request(url, body, headers | more)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def scraped(port: int) -> dict[tuple[str, ...], float]:
    """Samples by name and the values of their labels."""
    return _samples(_read(f"http://127.0.0.1:{port}/metrics"))


def _samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _read(url: str) -> str:
    """A worker may still be starting while another one answers."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return str(answer.read().decode())
        except urllib.error.URLError:
            subprocess.run(["sleep", "0.1"], check=True)
    raise AssertionError(f"{url} does not answer")


def requests_of(samples: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    return {
        key[1:]: value for key, value in samples.items() if key[0] == "headcount_requests_total"
    }


def test_metrics_count_requests_by_field_outcome_and_status(
    ready: dict[str, str], tmp_path: Path
) -> None:
    port = two_free_ports()
    environment = {**ready, "HEADCOUNT_METRICS_PORT": str(port)}
    report = 'query Named { billingReport(tenant: "none", date: "2026-11-01") { maxUsers } }'
    with served(environment, cwd=tmp_path) as url:
        statuses = [
            *(ask(url) for _ in range(3)),
            ask(url, report),
            ask(url, "{"),
            ask(url, token="bad"),
            ask(url, "{ viewer { id } again: viewer { id } }"),
        ]
        samples = scraped(port)

    assert statuses == [200, 200, 200, 200, 200, 401, 200]
    # By code, root field, status and type.
    assert requests_of(samples) == {
        ("OK", "viewer", "200", "query"): 3,
        ("TENANT_NOT_FOUND", "billingReport", "200", "query"): 1,
        ("GRAPHQL_PARSE_FAILED", "none", "200", "none"): 1,
        ("UNAUTHENTICATED", "none", "401", "none"): 1,
        ("OK", "several", "200", "query"): 1,
    }
    assert samples["headcount_request_seconds_count", "viewer"] == 3
    assert samples["headcount_compiled_total",] == 2
    assert samples["headcount_given_again_total",] == 2
    assert samples["headcount_fallbacks_total", "error"] == 1
    assert ("process_resident_memory_bytes",) in samples


def test_metrics_tell_of_durations_logins_and_connections() -> None:
    pool = PoolState(most=10, open=3, in_use=2, waiting=1)
    figures = metrics.Metrics(metrics.Sources(lambda: pool))
    before = samples_of(figures)
    refused = RefusedLogin(2, "at", ProblemCode.IN_FUTURE, "is in the future")

    metrics.count_logins(Recorded(recorded=5, counted=3, refused=[refused]))
    seen = Observation("-", ())
    seen.code, seen.status, seen.seconds = "TENANT_NOT_FOUND", 200, 0.02
    figures.observe(seen)

    after = samples_of(figures)
    added = {key: value - before.get(key, 0) for key, value in after.items()}
    assert {key: added[key] for key in added if key[0].startswith("headcount_logins_total")} == {
        ("headcount_logins_total", "recorded"): 5,
        ("headcount_logins_total", "counted"): 3,
        ("headcount_logins_total", "refused"): 1,
    }
    assert {key[0]: value for key, value in after.items() if "database" in key[0]} == {
        "headcount_database_connections_most": 10,
        "headcount_database_connections_open": 3,
        "headcount_database_connections_in_use": 2,
        "headcount_database_waiting": 1,
    }
    buckets = {key[2]: value for key, value in added.items() if key[0].endswith("seconds_bucket")}
    assert (buckets["0.01"], buckets["0.025"], buckets["+Inf"]) == (0, 1, 1)
    assert requests_of(added) == {("TENANT_NOT_FOUND", "none", "200", "none"): 1}


def samples_of(figures: metrics.Metrics) -> dict[tuple[str, ...], float]:
    return _samples(generate_latest(figures.registry).decode())


def two_free_ports() -> int:
    """The first of two neighbours that nobody has, below those that systems hand out. The port
    before them is kept, as a sign for other processes of tests that the two are taken."""
    for port in range(20_000, 30_000, 3):
        try:
            sign = socket.create_server(("127.0.0.1", port))
        except OSError:
            continue
        atexit.register(sign.close)
        with suppress(OSError):
            for each in (port + 1, port + 2):
                socket.create_server(("127.0.0.1", each)).close()
            return port + 1
    raise AssertionError("No two ports are free.")


def test_each_worker_counts_for_itself(ready: dict[str, str], tmp_path: Path) -> None:
    port = two_free_ports()
    environment = {**ready, "HEADCOUNT_METRICS_PORT": str(port)}
    with served(environment, "--workers", 2, cwd=tmp_path) as url:
        answered = [ask(url) for _ in range(10)]
        counted = [requests_of(scraped(each)) for each in (port, port + 1)]

    assert answered == [200] * 10
    assert sum((Counter(each) for each in counted), Counter()) == {
        ("OK", "viewer", "200", "query"): 10
    }


def test_there_are_no_metrics_unless_a_port_is_set(ready: dict[str, str], tmp_path: Path) -> None:
    with served(ready, cwd=tmp_path) as url:
        request = urllib.request.Request(url.replace("/graphql", "/metrics"))
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(request, timeout=60)


def lines_of(environment: dict[str, str], folder: Path) -> list[dict[str, Any]]:
    """What is logged while good and bad requests come, each line one JSON object."""
    process = start("serve", "--port", 0, env=environment, cwd=folder)
    assert process.stderr is not None
    first = process.stderr.readline()
    url = json.loads(first)["message"].split()[-1]
    record = 'query Q($t: ID!) { billingReport(tenant: $t, date: "canary-literal") { maxUsers } }'
    token = mint()
    ask(url, token=token)
    ask(url, record, variables={"t": "canary-user"})
    ask(url, 'query Q { nothing(at: "canary-literal") }')
    ask(url, token=mint("canary-user"))
    ask(url, token="canary-header", **{"X-Canary": "canary-header"})
    process.terminate()
    outcome = finish(process)
    assert outcome.code == 0
    assert [each for each in (*SECRETS, *token.split(".")) if each in first + outcome.err] == []
    return [json.loads(line) for line in [first, *outcome.err.splitlines()]]


def test_logs_are_json_and_say_nothing_of_what_was_sent(
    ready: dict[str, str], tmp_path: Path
) -> None:
    lines = lines_of({**ready, "HEADCOUNT_ACCESS_LOG": "true"}, tmp_path)

    told = [line for line in lines if line["logger"] == "headcount.access"]
    assert [(line["code"], line["status"], line.get("operation_name")) for line in told] == [
        ("OK", 200, None),
        ("BAD_USER_INPUT", 200, None),
        ("GRAPHQL_VALIDATION_FAILED", 200, None),
        ("UNAUTHENTICATED", 401, None),
        ("UNAUTHENTICATED", 401, None),
    ]
    assert {type(line["duration_ms"]) for line in told} == {float}
    reasons = [line["reason"] for line in lines if "reason" in line]
    assert len(reasons) == 2
    assert reasons[0] == "the subject is unknown or disabled"
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, lines))


def test_no_secret_and_no_user_id_that_was_planted_comes_out(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done("migrate", env=environment)
    secrecy.prepare(environment)

    leaks = secrecy.look(environment, tmp_path, two_free_ports())

    assert leaks.found == []
    assert len(leaks.planted.needles) >= 30
    assert '"recorded":1,"rejected":1' in leaks.shown["responses"]
    assert {where for where, text in leaks.shown.items() if text} >= {
        *("commands", "import", "logs", "metrics", "responses"),
    }


def test_a_secret_that_comes_out_is_found() -> None:
    leaks = secrecy.Leaks()
    leaks.shown["logs"] = f"GET /?token={leaks.planted.text('token in a URL')}"
    leaks.planted.text("another")

    assert leaks.found == ["token in a URL in logs"]


def test_only_failures_are_logged_unless_all_requests_are_wanted(
    ready: dict[str, str], tmp_path: Path
) -> None:
    lines = lines_of(ready, tmp_path)

    assert [line for line in lines if line["logger"] == "headcount.access"] == []
    assert len([line for line in lines if "reason" in line]) == 2


def test_a_flood_of_one_kind_is_cut_and_what_was_dropped_is_told() -> None:
    bounded = logs.Bounded()

    def passes(at: float, reason: str = "a") -> int | None:
        record = logging.makeLogRecord({"name": "headcount.auth", "created": at, "reason": reason})
        return getattr(record, "dropped", 0) if bounded.filter(record) else None

    flood = [passes(100.0) for _ in range(100)]

    assert flood == [0] * logs.BURST + [None] * (100 - logs.BURST)
    assert passes(100.0, "b") == 0
    assert passes(101.0) == 100 - logs.BURST


def test_a_request_is_one_span_with_the_callers_trace(
    ready: dict[str, str], tmp_path: Path
) -> None:
    received: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            **ready,
            "HEADCOUNT_TRACING": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        with served(environment, cwd=tmp_path) as url:
            ask(url, "query Named { viewer { id } }", traceparent=f"00-{trace}-{parent}-01")
            ask(url, token="bad")
            waiting.until(lambda: len(spans_of(received)) == 2)
        server.shutdown()

    spans = spans_of(received)
    attributes = [
        {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
        for span in spans
    ]
    assert [(span.name, span.parent_span_id.hex()) for span in spans] == [
        ("GraphQL query", parent),
        ("GraphQL none", ""),
    ]
    assert spans[0].trace_id.hex() == trace
    assert attributes[0] == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Named",
        "headcount.field": "viewer",
        "headcount.code": "OK",
        "http.response.status_code": 200,
    }
    assert attributes[1]["headcount.code"] == "UNAUTHENTICATED"


def spans_of(received: list[bytes]) -> list[Span]:
    return [
        span
        for each in received
        for resource in ExportTraceServiceRequest.FromString(each).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_tracing_without_its_packages_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        if name.startswith("HEADCOUNT_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEADCOUNT_TRACING", "true")
    production.from_environment()
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)

    with pytest.raises(SettingsError, match=r"HEADCOUNT_TRACING needs .*headcount\[tracing\]"):
        production.from_environment()


async def test_nobody_waits_for_scrapers_once_metrics_are_no_longer_served() -> None:
    before = set(threading.enumerate())
    async with metrics.served(CollectorRegistry(), "127.0.0.1", [two_free_ports()]):
        await asyncio.sleep(0.1)
        assert any(_serves(each) for each in set(threading.enumerate()) - before)

    assert not any(_serves(each) for each in set(threading.enumerate()) - before)


def _serves(thread: threading.Thread) -> bool:
    return "serve_forever" in thread.name


@pytest.mark.parametrize(
    ("host", "reason"),
    [("192.0.2.1", "Cannot assign requested address"), ("127.0.0.1", "Address already in use")],
)
async def test_why_there_are_no_metrics_is_logged(
    host: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with metrics.served(CollectorRegistry(), host, [taken.getsockname()[1]]):
            await asyncio.sleep(0.1)

    assert f"No port for metrics: {reason}; looking again" in caplog.messages
