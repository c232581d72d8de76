"""Who asks: from a request's headers to the viewer that the database knows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers

from graph.auth.bearer import BearerTokens, token_of
from graph.auth.refusal import refuse
from resolvers.viewers import Viewer

SignIn = Callable[[str, str, frozenset[str]], Awaitable[Viewer | None]]
"""(issuer, subject, scopes) -> the viewer; None for nobody known, or nobody who may sign in now."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Raises Unauthenticated, always the same one, unless the caller is a viewer."""

    tokens: BearerTokens
    sign_in: SignIn

    async def __call__(self, headers: Headers, now: datetime) -> Viewer:
        claims = self.tokens.verify(token_of(headers), now)
        viewer = await self.sign_in(claims.issuer, claims.subject, claims.scopes)
        if viewer is None:
            raise refuse("the subject is unknown or disabled")
        return viewer
