"""Counting in Redis, for all workers together.

Redis is asked within a quarter of a second. When it does not answer, each worker counts for itself
until it does: refusing everybody would make a counter the cause of an outage, and letting everybody
through would take the limits away when they are needed. One request in five seconds asks it again,
so that nobody else waits for it meanwhile.

Redis weighs the last minute by how much of it is still within sixty seconds (a sliding window
counter): two numbers a key instead of a list of requests.
"""

import asyncio
import logging
from importlib.util import find_spec
from math import ceil
from time import monotonic

from limits import RateLimitItemPerMinute

from graph.windows import MINUTE

EXTRA = "headcount[redis]"
WITHIN = 0.25
"""Seconds in which Redis must have answered."""
AGAIN = 5.0
"""Seconds in which Redis is left alone after it did not answer."""
CONNECTIONS = 16
PREFIX = "headcount"

logger = logging.getLogger("headcount.rates")


def is_installed() -> bool:
    return find_spec("redis") is not None


class SharedRates:
    """`url` is redis://... or rediss://..."""

    def __init__(self, url: str) -> None:
        from limits.aio.storage import RedisStorage
        from limits.aio.strategies import SlidingWindowCounterRateLimiter
        from redis.asyncio import BlockingConnectionPool
        from redis.exceptions import RedisError

        self._pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=WITHIN,
            socket_timeout=WITHIN,
            socket_connect_timeout=WITHIN,
        )
        self._storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            key_prefix=PREFIX,
            connection_pool=self._pool,  # type: ignore[arg-type] # for options it names only plain types
        )
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)
        self._errors = (RedisError, OSError, TimeoutError)
        self._failing = False
        #: Until when it is left alone, by the monotonic clock.
        self._resting = 0.0

    async def open(self) -> None:
        """Ask once, so that the log says at the start when nobody answers."""
        await self.take("start", "start", MINUTE, 0)

    async def close(self) -> None:
        await self._pool.aclose()

    async def take(self, kind: str, key: str, limit: int, amount: int) -> int | None:
        """0 when the amount is let through, otherwise the seconds after which it may be; None when
        Redis does not answer."""
        moment = monotonic()
        if moment < self._resting:
            return None
        if self._failing:
            self._resting = moment + AGAIN
        item = RateLimitItemPerMinute(limit, namespace=kind)
        try:
            async with asyncio.timeout(WITHIN):
                accepted = await self._limiter.hit(item, key, cost=amount)
                wait = 0 if accepted else await self._wait(item, key, amount)
        except self._errors as error:
            self._rest(error)
            return None
        self._answered()
        return wait

    async def _wait(self, item: RateLimitItemPerMinute, key: str, amount: int) -> int:
        """Until enough of the last minute has slid out, and of the running one after it."""
        found = await self._storage.get_sliding_window(item.key_for(key), MINUTE)
        before, before_left, running, running_left = found
        room = item.amount - amount
        if running <= room and before:
            wait = before_left - (room - running) * MINUTE / before
        else:
            # `running_left` goes on for a minute in which this one is the last.
            wait = running_left - max(0, room) * MINUTE / max(1, running)
        return min(2 * MINUTE, max(1, ceil(wait)))

    def _rest(self, error: Exception) -> None:
        self._resting = monotonic() + AGAIN
        if not self._failing:
            self._failing = True
            logger.warning(
                "The storage of rate limits does not answer (%s); each worker counts for itself.",
                type(error).__name__,
            )

    def _answered(self) -> None:
        if self._failing:
            self._failing = False
            self._resting = 0.0
            logger.warning("The storage of rate limits answers again.")
