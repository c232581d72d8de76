"""Bearer tokens of an issuer whose keys are fetched from where it publishes them."""

from datetime import datetime

from graph.auth.bearer import BearerTokens, Claims, TokenRules
from graph.auth.jws import UnknownKey
from graph.auth.keys import Keys
from graph.auth.published_keys import PublishedKeys


class IssuerTokens:
    """Verifies tokens against the keys of the moment.

    Other keys are another BearerTokens, which remembers no token yet: what a key has verified is
    forgotten with it.
    """

    def __init__(self, keys: PublishedKeys, rules: TokenRules) -> None:
        self._published = keys
        self._rules = rules
        self._keys: Keys | None = None
        self._tokens: BearerTokens | None = None

    async def verified(self, token: str, now: datetime) -> Claims:
        """What the token says, or Unauthenticated; Unavailable when nobody can tell."""
        tokens = self._against(await self._published.current(now))
        try:
            return tokens.check(token, now)
        except UnknownKey:
            keys = await self._published.after_an_unknown_key(now)
        return self._against(keys).verify(token, now)

    def _against(self, keys: Keys) -> BearerTokens:
        if self._tokens is None or keys is not self._keys:
            self._keys, self._tokens = keys, BearerTokens(keys, self._rules)
        return self._tokens
