"""One GET of the issuer's keys: what is taken, what is refused, and that it always ends."""

import asyncio
import socket
from pathlib import Path

import pytest

from graph.auth import provider
from graph.auth.provider import Address, NoAnswer, fetch
from tests import provider as providers
from tests.provider import endless, publishing, raw, running, status

OK = b"HTTP/1.1 200 OK\r\n"
KIB_64 = b" " * 64 * 1024


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One of the provider, which this machine trusts."""
    file = tmp_path / "provider.pem"
    file.write_bytes(providers.certificate())
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return file


DEADLINE = provider.DEADLINE


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not what these are about."""
    monkeypatch.setattr(provider, "DEADLINE", 60.0)


@pytest.fixture
def quick(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for two seconds each time would prove no more."""
    assert DEADLINE == 2
    monkeypatch.setattr(provider, "DEADLINE", 0.4)


async def refused(url: str) -> str:
    with pytest.raises(NoAnswer) as error:
        await fetch(Address.of(url))
    return str(error.value)


async def test_a_body_comes_over_tls_from_a_host_that_is_trusted(certificate: Path) -> None:
    with running(publishing(b"{}"), certificate) as found:
        assert await fetch(Address.of(found.url)) == b"{}"
        assert await fetch(Address.of(f"{found.url}?p=policy")) == b"{}"

    assert found.asked == ["/jwks.json", "/jwks.json?p=policy"]


async def test_nobody_else_is_believed_to_be_the_provider(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    untrusted = "its certificate is not one that is trusted here"
    other = tmp_path / "other.pem"
    other.write_bytes(providers.certificate("login.example.com"))

    with running(publishing(b"{}"), other) as found:
        assert await refused(found.url) == untrusted
        # Trusted, but for another name.
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        assert await refused(found.url) == untrusted
    with running(publishing(b"{}")) as found:
        assert await refused(found.url.replace("http:", "https:")) == "it cannot be reached"

    assert found.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        raw(OK + b"Content-Length: 2\r\n\r\n{}"),
        raw(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        raw(OK + b"Connection: close\r\n\r\n{}"),
        raw(b"HTTP/1.0 200 Fine\r\n\r\n{}"),
    ],
)
async def test_a_body_may_end_in_every_way_that_http_knows(answer: providers.Answer) -> None:
    with running(answer) as found:
        assert await fetch(Address.of(found.url)) == b"{}"


@pytest.mark.parametrize("code", [201, 204, 301, 302, 303, 307, 308, 401, 404, 500, 503])
async def test_only_200_is_an_answer_and_no_redirect_is_followed(code: int) -> None:
    with running(status(code)) as found:
        found.answer = status(code, Location=found.url.replace("jwks", "elsewhere"))

        assert await refused(found.url) == f"it answered with the status {code}"

    assert found.asked == ["/jwks.json"]


async def test_a_body_may_have_64_kib_and_no_byte_more() -> None:
    with running(publishing(KIB_64)) as found:
        assert await fetch(Address.of(found.url)) == KIB_64
        found.answer = publishing(KIB_64 + b" ")
        assert await refused(found.url) == "its answer is larger than 65536 bytes"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (endless(KIB_64, OK + b"\r\n"), "its answer is larger than 65536 bytes"),
        (
            endless(b"10000\r\n%s\r\n" % KIB_64, OK + b"Transfer-Encoding: chunked\r\n\r\n"),
            "its answer is larger than 65536 bytes",
        ),
        (endless(b"X: " + b"y" * 1000 + b"\r\n", OK), "its headers are too large"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "its answer is not HTTP"),
        (raw(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"), "its answer is not HTTP"),
        (raw(OK + b"Content-Length: 2\r\n\r\n{}{}"), "its answer is not HTTP"),
        (raw(b""), "it closed the connection without an answer"),
        (raw(OK), "it closed the connection without an answer"),
    ],
)
async def test_what_is_no_answer_of_64_kib_at_most_is_refused(
    answer: providers.Answer, said: str
) -> None:
    with running(answer) as found:
        assert await refused(found.url) == said


@pytest.mark.parametrize(
    "answer",
    [
        endless(b"", pause=0.05),
        endless(b" ", OK + b"Content-Length: 9999\r\n\r\n", pause=0.05),
        endless(b"X: y\r\n", OK, pause=0.05),
    ],
    ids=["silence", "a byte at a time", "a header at a time"],
)
async def test_all_of_it_ends_with_the_deadline_and_blocks_nobody(
    answer: providers.Answer, quick: None
) -> None:
    with running(answer) as found:
        waiting = asyncio.create_task(refused(found.url))
        turns = 0
        async with asyncio.timeout(60):
            while not waiting.done():
                await asyncio.sleep(0)
                turns += 1

        assert await waiting == "no whole answer within 0 seconds"
    assert turns > 3


async def test_a_host_that_accepts_and_says_nothing_is_given_up(
    certificate: Path, quick: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"

        async with asyncio.timeout(60):
            assert await refused(url) == "no whole answer within 0 seconds"


async def test_a_host_that_is_not_there_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    # A port that nobody listens on, and nobody else can take.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert await refused(url) == "it cannot be reached"

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # How long a name server takes to say so is its affair.
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert await refused("http://no.such.host.invalid/") == "it cannot be reached"
