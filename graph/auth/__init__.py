"""Who asks: from the Authorization header to the viewer that the database knows."""

from datetime import datetime

from graph.auth.bearer import BearerTokens, Claims, token_of
from graph.auth.refusal import refuse
from resolvers import admission
from resolvers.admission import Admission, AdmitAll, Asked, Question


class Authenticator:
    """Signs in in two steps, both of which raise Unauthenticated, always the same one: who the
    credentials name, and then, by the database, who that is."""

    def __init__(self, tokens: BearerTokens, admit_all: AdmitAll = admission.admit_all) -> None:
        self._tokens = tokens
        self._desk = admission.desk(admit_all)

    async def verify(self, authorization: str | None, now: datetime) -> Claims:
        """Who the token names, without a look at the database."""
        return self._tokens.verify(token_of(authorization), now)

    async def admit(self, claims: Claims, asked: Asked | None) -> Admission:
        """The viewer, with what the request asks first."""
        question = Question(claims.issuer, claims.subject, claims.scopes, asked)
        found = await self._desk.ask(question)
        if found is None:
            raise refuse("the subject is unknown or disabled")
        return found
