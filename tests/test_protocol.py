"""Clients that are slow, or too talkative, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from graph import protocol
from tests import factories
from tests.http import Api, serve

LATE = b"HTTP/1.1 408 "
LARGE = b"HTTP/1.1 431 "
HEAD = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"


_CONNECTED = protocol.Protocol.connection_made


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has connected may take their time to begin, unless a test is about that."""

    def connected(self: protocol.Protocol, transport: asyncio.Transport) -> None:
        _CONNECTED(self, transport)
        self._due = None

    monkeypatch.setattr(protocol.Protocol, "connection_made", connected)
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 0.2)
    monkeypatch.setattr(protocol, "BODY_WITHIN", 0.2)
    monkeypatch.setattr(protocol, "READ_WITHIN", 0.2)
    monkeypatch.setattr(protocol, "EVERY", 0.05)


@asynccontextmanager
async def connected(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    url = api.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def said(api: Api, *parts: bytes) -> bytes:
    """Everything the server says until it closes the connection, perhaps before it has it all."""
    async with connected(api) as (reader, writer):
        heard = asyncio.create_task(_heard(reader))
        with suppress(ConnectionError):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.01)
        return await heard


async def _heard(reader: asyncio.StreamReader) -> bytes:
    """At once, for nothing can be read any more after a reset."""
    heard = b""
    with suppress(ConnectionError):
        while data := await reader.read(10_000):
            heard += data
    return heard


async def test_who_says_nothing_is_hung_up_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol.Protocol, "connection_made", _CONNECTED)

    assert await said(api) == b""


@pytest.mark.parametrize(
    "parts",
    [
        (b"P",),
        (b"POST /graphql HTTP/1.1\r\n",),
        (HEAD,),
        (HEAD, b"X-A: b\r\n", b"X-C: "),
    ],
)
async def test_headers_that_do_not_arrive_in_time_are_408(
    api: Api, parts: tuple[bytes, ...]
) -> None:
    assert (await said(api, *parts)).startswith(LATE)


async def test_a_body_that_does_not_arrive_in_time_is_408(api: Api) -> None:
    authorization = f"Authorization: Bearer {api.token(await factories.landlord())}\r\n".encode()
    answer = await said(api, HEAD + authorization + b"Content-Length: 90\r\n\r\n", b"{")

    assert answer.startswith(LATE)


@pytest.mark.parametrize(
    "parts",
    [
        # One value that never ends, a line without end, many small fields, all in one piece.
        (HEAD + b"X-A: ", b"b" * 20_000, b"b" * 20_000),
        (b"POST /" + b"a" * 40_000,),
        (HEAD, *[(b"X-A: " + b"b" * 1_000 + b"\r\n") * 8] * 4, b"X-B: b\r\n" * 100),
        (HEAD + b"X-A: " + b"b" * 40_000 + b"\r\n\r\n",),
    ],
)
async def test_headers_beyond_32_kib_are_431(
    api: Api, parts: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 20)

    assert (await said(api, *parts)).startswith(LARGE)


async def test_large_headers_below_that_are_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEADERS_WITHIN", 20)
    answer = await api.client.get("/livez", headers={"X-A": "b" * 30_000})

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


async def test_a_large_body_that_comes_with_its_headers_does_not_count_as_headers(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_WITHIN", 20)
    body = b" " * 60_000
    length = f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()

    assert (await said(api, HEAD + length + body)).startswith(b"HTTP/1.1 401 ")


async def test_a_second_request_has_its_own_time(api: Api) -> None:
    """Whoever is slow between two requests is not late; within one, they are."""
    live = b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
    async with connected(api) as (reader, writer):
        for _ in range(2):
            writer.write(live)
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.4)
        writer.write(live[:-2])

        assert (await reader.read()).startswith(LATE)


async def test_whoever_does_not_read_is_cut_off() -> None:
    """An answer larger than all buffers between the two; the server lets go of it."""

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b" " * 50_000_000})

    server = uvicorn.Server(uvicorn.Config(large, port=0, http=protocol.Protocol, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn tells it in no other way
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    while not server.server_state.connections:  # noqa: ASYNC110
        await asyncio.sleep(0.005)

    async with asyncio.timeout(60):
        while server.server_state.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    server.should_exit = True
    writer.close()
    await task


async def test_others_are_answered_meanwhile(api: Api) -> None:
    opened = [
        await asyncio.open_connection("127.0.0.1", api.client.base_url.port) for _ in range(50)
    ]
    for _, writer in opened:
        writer.write(HEAD)

    answers = [(await api.client.get("/livez")).status_code for _ in range(20)]
    ended = await asyncio.gather(*(reader.read() for reader, _ in opened))

    assert answers == [200] * 20
    assert [each[: len(LATE)] for each in ended] == [LATE] * 50
    for _, writer in opened:
        writer.close()


async def test_a_request_that_was_answered_before_it_was_all_there_is_answered_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request's own deadline may come before that of its body."""
    monkeypatch.setattr(protocol, "BODY_WITHIN", 1.0)
    token = api.token(await factories.landlord())
    async with serve(api.clock, request_timeout=0.2) as hasty, connected(hasty) as (reader, writer):
        writer.write(
            HEAD + f"Authorization: Bearer {token}\r\nContent-Length: 9\r\n\r\n{{".encode()
        )
        async with asyncio.timeout(20):
            answered = await reader.read()

    assert answered.count(b"HTTP/1.1 ") == 1
    assert answered.startswith(b"HTTP/1.1 504 ")
