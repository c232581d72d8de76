"""Signing in with an API key: one statement, as with a token, asks for the key, too.

A statement of its own, so that those who come with tokens do not pay for a join that is not theirs.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from models import PrincipalKind, PrincipalStatus
from models.gathering import Gathering
from resolvers import admission
from resolvers.admission import Admission, Asked, Question


class KeyQuestion(NamedTuple):
    """A key whose text is sound, when it was presented, and what is asked first."""

    id: str
    digest: str
    now: datetime
    asked: Asked | None = None


_SIGNS_IN = f"""
JOIN api_key a ON a.id = k.subject AND a.revoked_at IS NULL
JOIN principal p ON p.id = a.principal_id AND p.kind = '{PrincipalKind.SERVICE_ACCOUNT.value}'
     AND p.status = '{PrincipalStatus.ACTIVE.value}'
"""
_BY_KEY = admission.statements(_SIGNS_IN, ", a.secret_sha256, a.scopes, a.expires_at")


def desk() -> Gathering[KeyQuestion, Admission | None]:
    """Where those who come at the same time are admitted together."""
    return Gathering(admit_all)


async def admit_all(questions: Sequence[KeyQuestion]) -> list[Admission | None]:
    """In the order of the questions; None where the key is unknown, revoked, expired or wrong, or
    its service account is disabled."""
    keys = [("", each.id, *admission.sought(each.asked)) for each in questions]
    admissions: list[Admission | None] = [None] * len(questions)
    for number, row in await admission.ask(_BY_KEY, keys):
        admissions[number] = _admission(questions[number], row)
    return admissions


def _admission(question: KeyQuestion, row: Sequence[Any]) -> Admission | None:
    *rest, digest, scopes, expires_at = row
    if isinstance(expires_at, str):  # SQLite's values are yet to be converted.
        expires_at = datetime.fromisoformat(expires_at)
    if not hmac.compare_digest(digest, question.digest) or question.now >= expires_at:
        return None
    granted = frozenset(scopes.split(" "))
    return admission.admission(Question("", question.id, granted, question.asked), rest)
