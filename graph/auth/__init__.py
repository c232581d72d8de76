"""Who asks: from the Authorization header to the viewer that the database knows."""

from datetime import datetime
from typing import Protocol

from graph.auth.bearer import Claims, token_of
from graph.auth.refusal import refuse
from resolvers import admission, key_admission, key_texts
from resolvers.admission import Admission, Ask, Desk, Question
from resolvers.asked import Asked, State
from resolvers.key_admission import KeyQuestion
from resolvers.key_texts import KeyText

#: Who the credentials name: by an access token, or by an API key.
Claim = Claims | KeyText
Questioned = Question | KeyQuestion


class Tokens(Protocol):
    """Verifies access tokens: what one says, or Unauthenticated."""

    async def verified(self, token: str, now: datetime) -> Claims: ...


class Authenticator:
    """Signs in in two steps, both of which raise Unauthenticated, always the same one: who the
    credentials name, and then, by the database, who that is."""

    def __init__(self, tokens: Tokens, ask: Ask = admission.states) -> None:
        self._tokens = tokens
        self._desk = Desk(ask)
        self._key_desk = Desk(key_admission.states)

    async def verify(self, authorization: str | None, now: datetime) -> Claim:
        """Who the token or the API key names, without a look at the database."""
        token = token_of(authorization)
        if not token.startswith(key_texts.PREFIX):
            return await self._tokens.verified(token, now)
        key = key_texts.read(token)
        if key is None:
            raise refuse("not an API key: its check sum is wrong")
        return key

    def question(self, claims: Claim, asked: Asked | None) -> Questioned:
        """Who the claims name, and what the request asks first."""
        if isinstance(claims, KeyText):
            return KeyQuestion(claims, asked)
        return Question(claims.issuer, claims.subject, claims.scopes, asked)

    async def state(self, question: Questioned, now: datetime) -> State:
        """What the database says to it now."""
        if isinstance(question, KeyQuestion):
            state = await self._key_desk.ask(question)
            if state is None or not key_admission.is_good(question, state, now):
                raise refuse(UNKNOWN_KEY)
            return state
        state = await self._desk.ask(question)
        if state is None:
            raise refuse(UNKNOWN)
        return state

    def admit(self, question: Questioned, state: State) -> Admission:
        """The viewer that the state says, with what the request asked first."""
        if isinstance(question, KeyQuestion):
            admitted = key_admission.read(question, state)
        else:
            admitted = admission.read(question, state)
        if admitted is None:
            raise refuse(UNKNOWN)
        return admitted


UNKNOWN = "the subject is unknown or disabled"
UNKNOWN_KEY = "the API key is unknown, revoked or expired, or its account is disabled"
