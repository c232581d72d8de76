"""Workers that count together in a real Redis, and what becomes of them without it."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis as Client

from graph import production, shared_rates
from graph.rate_limits import RateLimits
from graph.settings import SettingsError
from graph.shared_rates import SharedRates
from resolvers.clock import system_clock
from resolvers.errors import RateLimited
from tests.command import served
from tests.http import Clock
from tests.redis import Redis, running
from tests.test_operations import ask

LENA = uuid4()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not what these are about."""
    monkeypatch.setattr(shared_rates, "WITHIN", 20.0)


async def charged(rates: RateLimits, cost: int = 1) -> int:
    """0 when it was let through, else the seconds to wait."""
    try:
        if noted := rates.charge(LENA, cost, system_clock()):
            await noted
    except RateLimited as limited:
        return limited.retry_after
    return 0


async def test_two_workers_share_one_limit(redis: Redis) -> None:
    workers = [RateLimits(10, 10, SharedRates(redis.url)) for _ in range(2)]
    waits = [await charged(workers[n % 2]) for n in range(14)]
    other = [await each for each in (workers[0].failed(f"192.0.2.{n}", Clock()()) for n in (1, 2))]
    for each in workers:
        await each.close()

    assert waits[:10] == [0] * 10
    # A full limit in this minute takes most of the next one to slide out.
    assert all(60 < wait <= 120 for wait in waits[10:])
    assert other == [None, None]


async def test_many_at_once_get_exactly_the_limit(redis: Redis) -> None:
    rates = RateLimits(50, 0, SharedRates(redis.url))
    waits = await asyncio.gather(*(charged(rates) for _ in range(150)))
    await rates.close()

    assert waits.count(0) == 50


async def test_without_redis_each_worker_counts_for_itself_at_once_and_then_together_again(
    redis: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_rates, "AGAIN", 0.5)
    rates = RateLimits(10, 0, SharedRates(redis.url))
    with caplog.at_level(logging.WARNING, "headcount.rates"):
        together = await charged(rates, 10)
        redis.stop()
        alone = [await charged(rates, 5) for _ in range(3)]
        redis.start()
        await asyncio.sleep(0.6)
        again = [await charged(rates, 5) for _ in range(3)]
    await rates.close()

    assert (together, alone[:2], again[:2]) == (0, [0, 0], [0, 0])
    assert alone[2] > 0
    assert again[2] > 0
    said = [record.getMessage() for record in caplog.records]
    assert [text.split(" (")[0].rstrip(".") for text in said] == [
        "The storage of rate limits does not answer",
        "The storage of rate limits answers again",
    ]


async def test_a_redis_that_hangs_holds_nobody_up(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_rates, "WITHIN", 1.0)
    rates = RateLimits(1000, 0, SharedRates(redis.url))
    await charged(rates)
    redis.signal(signal.SIGSTOP)
    try:
        # Once as long as it may take, and then nobody waits: each in turn would be 200 seconds.
        async with asyncio.timeout(60):
            first = await asyncio.gather(*(charged(rates) for _ in range(100)))
            rest = [await charged(rates) for _ in range(100)]
    finally:
        redis.signal(signal.SIGCONT)
    await rates.close()

    assert first + rest == [0] * 200


async def test_a_caller_who_leaves_breaks_nothing(redis: Redis) -> None:
    rates = RateLimits(1000, 0, SharedRates(redis.url))
    for turns in range(100):
        task = asyncio.create_task(charged(rates))
        for _ in range(turns % 20):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    waits = await asyncio.gather(*(charged(rates) for _ in range(50)))
    await rates.close()

    assert waits == [0] * 50


def test_all_workers_and_servers_that_name_one_redis_count_there(
    redis: Redis, ready: dict[str, str], tmp_path: Path
) -> None:
    shared = {"HEADCOUNT_RATE_LIMIT_STORAGE": redis.url}
    with (
        served({**ready, **shared}, "--workers", 2, cwd=tmp_path) as first,
        served({**ready, **shared}, cwd=tmp_path) as second,
    ):
        statuses = [ask(url) for url in (first, second) * 10]
        failed = [ask(url, token="bad") for url in (first, second)]
        with Client.from_url(redis.url) as client:
            keys = [str(key) for key in client.keys("headcount:*")]

    assert (set(statuses), set(failed)) == ({200}, {401})
    # One principal and one address, whoever was asked.
    assert [sum(kind in key for key in keys) for kind in ("cost", "failures")] == [1, 1]


async def test_the_log_says_at_the_start_that_nobody_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rates = RateLimits(10, 0, SharedRates("redis://127.0.0.1:1/0"))
    with caplog.at_level(logging.WARNING, "headcount.rates"):
        await rates.open()
    await rates.close()

    assert [record.getMessage() for record in caplog.records] == [
        "The storage of rate limits does not answer (ConnectionError); each worker counts for"
        " itself."
    ]


def test_without_its_package_redis_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        if name.startswith("HEADCOUNT_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HEADCOUNT_RATE_LIMIT_STORAGE", "redis://localhost")
    production.from_environment()
    monkeypatch.setattr(shared_rates, "find_spec", lambda _: None)

    with pytest.raises(SettingsError, match=r"RATE_LIMIT_STORAGE needs .*headcount\[redis\]"):
        production.from_environment()
