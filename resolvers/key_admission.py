"""Signing in with an API key: one statement, as with a token, that asks for the key, too.

A statement of its own, so that those who come with tokens do not pay for a join that is not theirs.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from models import PrincipalKind, PrincipalStatus
from resolvers import admission, asked
from resolvers.admission import Admission, Credential, Question
from resolvers.asked import Asked, State
from resolvers.key_texts import KeyText


class KeyQuestion(NamedTuple):
    """A key that is sound in itself, and what is asked first."""

    key: KeyText
    asked: Asked | None = None


_KEY = Credential(
    ("key_id",),
    f"""
        JOIN api_key a ON a.id = k.key_id AND a.revoked_at IS NULL
        JOIN principal p ON p.id = a.principal_id
             AND p.kind = '{PrincipalKind.SERVICE_ACCOUNT.value}'
             AND p.status = '{PrincipalStatus.ACTIVE.value}'""",
    "a.secret_sha256, a.scopes, a.expires_at, ",
)
_COLUMNS = 3


async def states(questions: Sequence[KeyQuestion]) -> list[State | None]:
    """In the order of the questions, which are of one kind; None where the key is unknown or
    revoked, or its service account disabled. Whether it is good, `is_good` says."""
    keys = [(each.key.id, *asked.key_of(each.asked)) for each in questions]
    return await admission.rows(_KEY, asked.kind_of(questions[0].asked), keys)


def is_good(question: KeyQuestion, state: State, now: datetime) -> bool:
    """Whether the secret is that of the key, which has not ended. To be asked of every state: time
    passes, and the state stays the same."""
    digest, _, expires_at = state[:_COLUMNS]
    if isinstance(expires_at, str):  # SQLite's values are yet to be converted.
        expires_at = datetime.fromisoformat(expires_at)
    return hmac.compare_digest(digest, question.key.digest) and bool(now < expires_at)


def read(question: KeyQuestion, state: State) -> Admission | None:
    """What a state says: the scopes are the key's own."""
    scopes = frozenset(state[1].split(" "))
    as_token = Question("", question.key.id, scopes, question.asked)
    return admission.read(as_token, state[_COLUMNS:])
