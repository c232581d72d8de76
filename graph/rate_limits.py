"""How much one caller may ask for in a minute, and how often one address may fail to sign in.

A request costs 1, and 1 more for each hundred list items its page sizes add up to; a document that
is not known yet costs 5 more, for it has to be parsed and validated. Each worker process counts for
itself, in windows of a minute.
"""

from datetime import datetime
from ipaddress import ip_address
from math import ceil
from uuid import UUID

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from resolvers.errors import RateLimited

NODES_OF_ONE = 100
UNKNOWN_DOCUMENT = 5
MINUTE = 60


class RateLimits:
    """`cost` a minute for each principal, `failures` a minute for each address; 0 is no limit."""

    def __init__(self, cost: int, failures: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._cost = RateLimitItemPerMinute(cost) if cost else None
        self._failures = RateLimitItemPerMinute(failures) if failures else None

    def charge(self, principal_id: UUID, cost: int, now: datetime) -> None:
        """Raises RateLimited, and what was refused counts, too."""
        if self._cost is not None:
            self._hit(self._cost, principal_id.hex, cost, now)

    def failed(self, address: str | None, now: datetime) -> None:
        """Note a failed sign-in; good credentials from the same address are never refused."""
        if self._failures is not None and address is not None:
            self._hit(self._failures, network_of(address), 1, now)

    def _hit(self, item: RateLimitItemPerMinute, key: str, cost: int, now: datetime) -> None:
        if not self._limiter.hit(item, key, cost=cost):
            ends = self._limiter.get_window_stats(item, key).reset_time
            raise RateLimited(min(MINUTE, max(1, ceil(ends - now.timestamp()))))


def cost_of(nodes: int) -> int:
    return 1 + nodes // NODES_OF_ONE


def network_of(address: str) -> str:
    """An IPv6 address by its first 64 bits: a client has all that follow to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return address if parsed.version == 4 else parsed.exploded[:19]
