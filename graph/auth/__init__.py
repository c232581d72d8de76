"""Who asks: from a request's headers to the viewer that the database knows."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers

from graph.auth.bearer import BearerTokens, Claims, token_of
from graph.auth.refusal import refuse
from resolvers import admission
from resolvers.admission import Admission, Asked
from resolvers.viewers import Viewer

SignIn = Callable[[str, str, frozenset[str]], Awaitable[Viewer | None]]
"""(issuer, subject, scopes) -> the viewer; None for nobody known, or nobody who may sign in now."""


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Raises Unauthenticated, always the same one, unless the caller is a viewer."""

    tokens: BearerTokens
    sign_in: SignIn

    def verify(self, headers: Headers, now: datetime) -> Claims:
        """Who the token names, without a look at the database."""
        return self.tokens.verify(token_of(headers), now)

    async def admit(self, claims: Claims, asked: Asked | None) -> Admission:
        """The viewer, with what the request asks first."""
        found = await admission.admit(claims.issuer, claims.subject, claims.scopes, asked)
        if found is None:
            raise refuse("the subject is unknown or disabled")
        return found

    async def __call__(self, headers: Headers, now: datetime) -> Viewer:
        claims = self.verify(headers, now)
        viewer = await self.sign_in(claims.issuer, claims.subject, claims.scopes)
        if viewer is None:
            raise refuse("the subject is unknown or disabled")
        return viewer
