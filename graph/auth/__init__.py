"""Who asks: from the Authorization header to the viewer that the database knows."""

from datetime import datetime

from graph.auth.bearer import BearerTokens, Claims, token_of
from graph.auth.refusal import refuse
from resolvers import admission
from resolvers.admission import Admission, Ask, Desk, Question
from resolvers.asked import Asked, State


class Authenticator:
    """Signs in in two steps, both of which raise Unauthenticated, always the same one: who the
    credentials name, and then, by the database, who that is."""

    def __init__(self, tokens: BearerTokens, ask: Ask = admission.states) -> None:
        self._tokens = tokens
        self._desk = Desk(ask)

    async def verify(self, authorization: str | None, now: datetime) -> Claims:
        """Who the token names, without a look at the database."""
        return self._tokens.verify(token_of(authorization), now)

    def question(self, claims: Claims, asked: Asked | None) -> Question:
        """Who the claims name, and what the request asks first."""
        return Question(claims.issuer, claims.subject, claims.scopes, asked)

    async def state(self, question: Question) -> State:
        """What the database says to it now."""
        state = await self._desk.ask(question)
        if state is None:
            raise refuse(UNKNOWN)
        return state

    def admit(self, question: Question, state: State) -> Admission:
        """The viewer that the state says, with what the request asked first."""
        admitted = admission.read(question, state)
        if admitted is None:
            raise refuse(UNKNOWN)
        return admitted


UNKNOWN = "the subject is unknown or disabled"
