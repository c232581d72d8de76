"""The issuer's keys where the issuer publishes them: fetched, kept for a while, renewed.

The rules, in one place:

- Nobody waits while keys are at hand that the provider was asked for within LIFETIME: they are
  renewed from half of that on, beside the requests. After a longer silence the next request waits
  for the answer, so a key that the provider has withdrawn is trusted LIFETIME longer at most.
- A token that names an unknown key has the keys fetched anew, but not within COOLDOWN of the last
  time: whoever invents names causes two fetches a minute.
- There is one fetch at a time, whoever asks.
- While the provider does not answer, its last keys are good for STALE; it is asked again every
  COOLDOWN, and no request waits for that. Without any keys it is asked every COLD.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from graph.auth.keys import Keys, UnusableKeysError, parse_jwks
from graph.auth.provider import NoAnswer
from resolvers.errors import Unavailable

LIFETIME = timedelta(minutes=10)
COOLDOWN = timedelta(seconds=30)
STALE = timedelta(hours=24)
COLD = timedelta(seconds=5)

_logger = logging.getLogger("headcount.auth")


class PublishedKeys:
    """`fetch` gives a JWK Set, or raises NoAnswer, within seconds."""

    def __init__(self, fetch: Callable[[], Awaitable[bytes]]) -> None:
        self._fetch = fetch
        self._keys: Keys | None = None
        self._data = b""
        self._asked: datetime | None = None
        self._fetched: datetime | None = None
        self._flight: asyncio.Task[None] | None = None
        self._all_wait = False

    async def current(self, now: datetime) -> Keys:
        """The keys to trust; the same object for as long as the provider publishes the same.

        Raises Unavailable where there are none: that is no fault of the caller's.
        """
        silent = _age(self._asked, now)
        if self._flight:
            if self._all_wait:
                await asyncio.shield(self._flight)
        elif silent >= LIFETIME or (silent >= COLD and not self._usable(now)):
            self._all_wait = True
            await self._renewed(now)
        elif silent >= COOLDOWN and _age(self._fetched, now) >= LIFETIME / 2:
            self._all_wait = False
            self._renew(now)
        return self._held(now)

    async def after_an_unknown_key(self, now: datetime) -> Keys:
        """The keys as the provider publishes them now, unless it was asked a moment ago."""
        if self._flight or _age(self._asked, now) >= COOLDOWN:
            await self._renewed(now)
        return self._held(now)

    def _usable(self, now: datetime) -> bool:
        return self._keys is not None and _age(self._fetched, now) < STALE

    def _held(self, now: datetime) -> Keys:
        if self._keys is None or not self._usable(now):
            raise Unavailable
        return self._keys

    async def _renewed(self, now: datetime) -> None:
        # Shielded: whoever stops waiting takes nobody along.
        await asyncio.shield(self._renew(now))

    def _renew(self, now: datetime) -> "asyncio.Task[None]":
        if self._flight is None:
            self._asked = now
            self._flight = asyncio.create_task(self._ask(now))
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, _flight: "asyncio.Task[None]") -> None:
        self._flight = None
        self._all_wait = False

    async def _ask(self, now: datetime) -> None:
        try:
            data = await self._fetch()
            if data != self._data or self._keys is None:
                self._keys, self._data = parse_jwks(data), data
        except NoAnswer as error:
            self._failed(str(error))
        except UnusableKeysError as error:
            self._failed(f"what it publishes {error}")
        else:
            # As of when it was asked: what it has changed since may be missing.
            self._fetched = now

    def _failed(self, reason: str) -> None:
        _logger.warning(
            "The keys of the token issuer cannot be fetched: %s", reason, extra={"reason": reason}
        )


def _age(since: datetime | None, now: datetime) -> timedelta:
    """How long ago; a clock that was set back far is no reason to trust for longer."""
    return abs(now - since) if since else timedelta.max
