"""`headcount serve` as a process: when it starts, what it answers, how it stops."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from pathlib import Path

import pytest

from graph.health import ONE_SIGNAL
from resolvers.clock import system_clock
from tests import provider, tokens, waiting
from tests.command import MAIN, Outcome, finish, run, served, start


@contextmanager
def listening(
    env: dict[str, str], folder: Path, code: str = MAIN
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its port; it is killed if a test leaves it running."""
    process = start("serve", "--port", 0, env=env, cwd=folder, code=code)
    try:
        assert process.stderr is not None
        [port] = re.findall(r":(\d+)/graphql", process.stderr.readline())
        yield process, port
    finally:
        process.kill()
        finish(process)


def ask(url: str, subject: str = "lena") -> HTTPResponse:
    seconds = int(system_clock().timestamp())
    token = tokens.mint(sub=subject, iat=seconds - 60, exp=seconds + 600)
    body = json.dumps({"query": "{ viewer { displayName } tenants { nodes { name } } }"})
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode(), headers)
    response: HTTPResponse = urllib.request.urlopen(request, timeout=60)
    return response


ANSWER = {"data": {"viewer": {"displayName": "Lena"}, "tenants": {"nodes": [{"name": "Acme"}]}}}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_production_answers_whom_its_issuer_vouches_for(
    workers: int, ready: dict[str, str], tmp_path: Path
) -> None:
    with served(ready, "--workers", workers, cwd=tmp_path) as url:
        for _ in range(8):
            with ask(url) as response:
                assert json.load(response) == ANSWER
                assert "server" not in response.headers
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(url, subject="nobody")


def test_files_in_the_working_directory_shadow_nothing(
    ready: dict[str, str], tmp_path: Path
) -> None:
    for name in ("models", "resolvers", "graph", "uvicorn"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stray file was imported')")

    with served(ready, "--workers", 2, cwd=tmp_path) as url, ask(url) as response:
        assert json.load(response) == ANSWER


def test_what_is_asked_is_not_logged(ready: dict[str, str], tmp_path: Path) -> None:
    process = start("serve", "--port", 0, env=ready, cwd=tmp_path)
    assert process.stderr is not None
    first = process.stderr.readline()
    [url] = re.findall(r"http://127\.0\.0\.1:\d+/graphql", first)
    with ask(url) as response:
        assert json.load(response) == ANSWER
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{url}?query=planted", timeout=60)
    process.send_signal(signal.SIGINT)
    outcome = finish(process)

    assert (outcome.code, outcome.out) == (0, "")
    assert not re.search(r"planted|Bearer|eyJ|displayName|POST|GET", first + outcome.err)


def test_nothing_is_served_before_the_settings_are_complete() -> None:
    assert run("serve") == Outcome(
        2,
        "",
        "headcount: The settings cannot be used:\n"
        "  HEADCOUNT_TOKEN_JWKS_URL is not set, nor HEADCOUNT_TOKEN_JWKS_FILE or"
        " HEADCOUNT_TOKEN_KEY_FILE: one must say where the issuer's keys are\n"
        "  HEADCOUNT_DATABASE_URL is not set: say where data is kept, for example"
        " sqlite://data.db\n"
        "  HEADCOUNT_TOKEN_ISSUER is not set: copy the `issuer` of your provider's metadata\n"
        "  HEADCOUNT_TOKEN_AUDIENCE is not set: without it, tokens made for any other API would"
        " be accepted\n",
    )


def test_nothing_is_served_before_the_database_is_migrated(
    environment: dict[str, str], tmp_path: Path
) -> None:
    if environment["HEADCOUNT_DATABASE_URL"].startswith("sqlite://"):
        (tmp_path / "headcount.db").touch()

    assert run("serve", env=environment) == Outcome(
        1,
        "",
        "headcount: The database lacks tables of this version: run `headcount migrate`.\n",
    )


def test_a_port_in_use_is_said_in_one_line(ready: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert run("serve", "--port", port, env=ready) == Outcome(
            1,
            "",
            f"headcount: Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose"
            " another with --port or HEADCOUNT_PORT.\n",
        )


def test_a_host_that_is_not_here_is_said_in_one_line(ready: dict[str, str]) -> None:
    outcome = run("serve", "--host", "no.such.host.invalid", env=ready)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith("headcount: Cannot listen on no.such.host.invalid port 8000: ")
    assert outcome.err.endswith(
        " Choose another that this machine has with --host or HEADCOUNT_HOST.\n"
    )


def test_a_running_request_is_answered_before_the_end(
    ready: dict[str, str], tmp_path: Path
) -> None:
    body = b'{"query": "{ viewer { displayName } }"}'
    seconds = int(system_clock().timestamp())
    token = tokens.mint(sub="lena", iat=seconds - 60, exp=seconds + 600)
    with (
        listening(ready, tmp_path) as (process, port),
        socket.create_connection(("127.0.0.1", int(port)), timeout=60) as client,
    ):
        client.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body))
        )
        client.sendall(body[:10])
        # Answered once the server runs, so the request above is being read by then.
        urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=60).close()
        process.send_signal(signal.SIGTERM)
        subprocess.run(["sleep", "0.5"], check=True)
        client.sendall(body[10:])
        answer = client.makefile("rb").read()
        code = finish(process).code

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"data":{"viewer":{"displayName":"Lena"}}}')
    assert code == 0


def test_after_sigterm_it_says_not_ready_and_answers_until_the_drain_is_over(
    ready: dict[str, str], tmp_path: Path
) -> None:
    env = {**ready, "HEADCOUNT_DRAIN_SECONDS": "5"}
    with listening(env, tmp_path) as (process, port):
        waiting.until(lambda: _status(port, "readyz") == 200)
        _told_to_end(process, port)
        meanwhile = _status(port, "livez")
        code = finish(process).code

    assert (meanwhile, code) == (200, 0)


def test_a_second_sigterm_does_not_wait(ready: dict[str, str], tmp_path: Path) -> None:
    env = {**ready, "HEADCOUNT_DRAIN_SECONDS": "60"}
    with listening(env, tmp_path) as (process, port):
        _told_to_end(process, port)
        # Since the first was noticed.
        time.sleep(ONE_SIGNAL + 0.3)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=50) == 0


PATIENT = f"from graph import health; health.ONE_SIGNAL = 600; {MAIN}"


def test_the_same_sigterm_twice_still_drains(ready: dict[str, str], tmp_path: Path) -> None:
    """As systemd does it: one for each process, and then the supervisor's own. However late a busy
    machine brings the second, it is the same here."""
    env = {**ready, "HEADCOUNT_DRAIN_SECONDS": "60"}
    with listening(env, tmp_path, PATIENT) as (process, port):
        _told_to_end(process, port)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)

        assert [_status(port, name) for name in ("readyz", "livez")] == [503, 200]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=50) == 0


def _told_to_end(process: subprocess.Popen[str], port: str) -> None:
    """By a signal that it has noticed."""
    # Once it answers, it has begun to heed signals.
    _status(port, "livez")
    process.send_signal(signal.SIGTERM)
    waiting.until(lambda: _status(port, "readyz") == 503)


def _status(port: str, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (provider.status(404), "it answered with the status 404"),
        (provider.publishing(b"<html>"), "what is published there is not a JWK Set, a JSON object"),
    ],
)
def test_a_provider_that_does_not_publish_its_keys_is_told_at_the_start(
    answer: provider.Answer, said: str, ready: dict[str, str], tmp_path: Path
) -> None:
    del ready["HEADCOUNT_TOKEN_JWKS_FILE"]
    with provider.running(answer) as issuer:
        ready["HEADCOUNT_TOKEN_ISSUER"] = ready["HEADCOUNT_TOKEN_JWKS_URL"] = issuer.url
        with listening(ready, tmp_path) as (process, port):
            assert process.stderr is not None
            line = process.stderr.readline()
            # Answered once it can be stopped.
            assert _status(port, "livez") == 200
            process.send_signal(signal.SIGINT)
            assert finish(process).code == 0

    assert f"No token is accepted before the issuer's keys are fetched: {said}" in line


def test_workers_whose_metrics_would_take_the_port_are_not_started(ready: dict[str, str]) -> None:
    env = {**ready, "HEADCOUNT_METRICS_PORT": "27998", "HEADCOUNT_PORT": "28000"}

    assert run("serve", "--workers", 4, env=env) == Outcome(
        2,
        "",
        "headcount: The settings cannot be used:\n"
        "  HEADCOUNT_METRICS_PORT takes HEADCOUNT_PORT: each worker has a port of its own for"
        " metrics\n",
    )


def test_workers_start_with_the_options_of_the_command_and_not_with_what_they_replace(
    ready: dict[str, str], tmp_path: Path
) -> None:
    """Metrics at 7999 and 8000, beside a port that the option moves out of their way."""
    env = {**ready, "HEADCOUNT_METRICS_PORT": "7999", "headcount_port": "8000"}
    with served(env, "--workers", 2, cwd=tmp_path) as url, ask(url) as response:
        assert json.load(response) == ANSWER


@pytest.mark.parametrize("workers", [1, 2])
def test_a_quick_second_ctrl_c_is_no_fault(
    workers: int, ready: dict[str, str], tmp_path: Path
) -> None:
    """A terminal sends it to all processes."""
    arguments = ("serve", "--port", 0, "--workers", workers)
    process = start(*arguments, env=ready, cwd=tmp_path, start_new_session=True)
    assert process.stderr is not None
    said = ""
    while said.count("Application startup complete") < workers:
        said += process.stderr.readline()
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.02)
    outcome = finish(process)

    assert (outcome.code, outcome.out) == (0, "")
    assert "Traceback" not in outcome.err
    assert '"level":"error"' not in outcome.err
