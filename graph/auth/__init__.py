"""Who asks: from the Authorization header to the viewer that the database knows."""

from datetime import datetime
from typing import Protocol

from graph.auth.bearer import Claims, KeyClaim, token_of
from graph.auth.refusal import refuse
from resolvers import admission, key_admission, key_texts
from resolvers.admission import Admission, AdmitAll, Asked, Question
from resolvers.key_admission import KeyQuestion


class Tokens(Protocol):
    """Verifies access tokens: what one says, or Unauthenticated."""

    async def verified(self, token: str, now: datetime) -> Claims: ...


class Authenticator:
    """Signs in in two steps, both of which raise Unauthenticated, always the same one: who the
    credentials name, and then, by the database, who that is."""

    def __init__(self, tokens: Tokens, admit_all: AdmitAll = admission.admit_all) -> None:
        self._tokens = tokens
        self._desk = admission.desk(admit_all)
        self._key_desk = key_admission.desk()

    async def verify(self, authorization: str | None, now: datetime) -> Claims | KeyClaim:
        """Who the token or the API key names, without a look at the database."""
        token = token_of(authorization)
        if not token.startswith(key_texts.PREFIX):
            return await self._tokens.verified(token, now)
        key = key_texts.read(token)
        if key is None:
            raise refuse("not an API key: its check sum is wrong")
        return KeyClaim(key, now)

    async def admit(self, claims: Claims | KeyClaim, asked: Asked | None) -> Admission:
        """The viewer, with what the request asks first."""
        if isinstance(claims, KeyClaim):
            found = await self._key_desk.ask(KeyQuestion(*claims.key, claims.now, asked))
            reason = "the API key is unknown, revoked or expired, or its account is disabled"
        else:
            question = Question(claims.issuer, claims.subject, claims.scopes, asked)
            found = await self._desk.ask(question)
            reason = "the subject is unknown or disabled"
        if found is None:
            raise refuse(reason)
        return found
