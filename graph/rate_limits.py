"""How much one caller may ask for in a minute, and how often one address may fail to sign in.

A request costs 1, and 1 more for each hundred list items its page sizes add up to; a document that
is not known yet costs 5 more, for it has to be parsed and validated, and what is then refused costs
these 5. Each worker process counts for itself, or all together in Redis; what is refused for its
rate does not count.
"""

from collections.abc import Awaitable
from datetime import datetime
from uuid import UUID

from graph.addresses import network_of
from graph.shared_rates import SharedRates
from graph.windows import Windows
from resolvers.errors import RateLimited

NODES_OF_ONE = 100
UNPREPARED = 5
"""What a document costs that is not known, and a request that is refused before it is executed."""
MOST_ADDRESSES = 20_000
"""Addresses that are counted at a time: beyond, the one that failed longest ago begins anew."""


class RateLimits:
    """`cost` a minute for each principal, `failures` a minute for each address; 0 is no limit."""

    def __init__(self, cost: int, failures: int, shared: SharedRates | None = None) -> None:
        self._costs = Windows(cost)
        self._failures = Windows(failures, MOST_ADDRESSES)
        self._shared = shared

    def charge(self, principal_id: UUID, cost: int, now: datetime) -> Awaitable[None] | None:
        """Raises RateLimited; with Redis, what is returned does and must be awaited."""
        if not self._costs.limit:
            return None
        return self._take("cost", self._costs, principal_id.hex, cost, now)

    def failed(self, address: str, now: datetime) -> Awaitable[None] | None:
        """Note a failed sign-in; good credentials from the same address are never refused."""
        if not self._failures.limit:
            return None
        return self._take("failures", self._failures, network_of(address), 1, now)

    def _take(
        self, kind: str, windows: Windows, key: str, amount: int, now: datetime
    ) -> Awaitable[None] | None:
        if self._shared is not None:
            return self._take_shared(self._shared, kind, windows, key, amount, now)
        if wait := windows.take(key, amount, now.timestamp()):
            raise RateLimited(wait)
        return None

    async def _take_shared(
        self,
        shared: SharedRates,
        kind: str,
        windows: Windows,
        key: str,
        amount: int,
        now: datetime,
    ) -> None:
        wait = await shared.take(kind, key, windows.limit, amount)
        if wait is None:
            wait = windows.take(key, amount, now.timestamp())
        if wait:
            raise RateLimited(wait)

    async def open(self) -> None:
        if self._shared is not None:
            await self._shared.open()

    async def close(self) -> None:
        if self._shared is not None:
            await self._shared.close()


def cost_of(nodes: int) -> int:
    return 1 + nodes // NODES_OF_ONE
