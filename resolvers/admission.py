"""Signing in, and with it what the request is going to ask first.

Identity, status, visibility, the tenant and the head of its report are one statement: a round trip
costs more than all of them. It changes no rule and keeps nothing: each request asks anew, and what
was brought along is used by those who would have asked for it, behind the same permissions.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from models import Tenant, database
from models.gathering import Gathering
from resolvers import access, viewers
from resolvers.billing_reports import DayState, day_state
from resolvers.viewers import Viewer


class Asked(NamedTuple):
    """A tenant that the request names by its ID, and the date of a report of it. `text` is the ID
    as it was sent."""

    text: str
    tenant_id: UUID
    on: date | None = None


class Head(NamedTuple):
    """A report without its users."""

    max_users: int
    state: DayState | None


class Admission(NamedTuple):
    """A viewer, what was asked, the tenant if it is visible to the viewer, and the report's head.
    Neither billable nor the window was looked at."""

    viewer: Viewer
    asked: Asked | None = None
    tenant: Tenant | None = None
    head: Head | None = None


class Question(NamedTuple):
    """Who a verified credential names, with the scopes it carries, and what is asked first."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    asked: Asked | None = None


_SELECT = f"""
SELECT k.n, {viewers.COLUMNS}, d.max_users, d.id, d.version, d.last_recorded_at, {access.SELECTED}
"""
_FROM = f"""
JOIN principal p ON {viewers.SIGNS_IN}
{access.JOIN_VISIBLE}
LEFT JOIN tenant_day d ON d.tenant_id = t.id AND d.report_date = k.report_date
"""
_POSTGRESQL = f"""
{_SELECT}
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::date[])
     WITH ORDINALITY AS k (issuer, subject, tenant_id, report_date, n)
{_FROM}
"""
_SQLITE = f"""
{_SELECT}
FROM (
    SELECT key + 1 AS n, json_extract(value, '$[0]') AS issuer,
           json_extract(value, '$[1]') AS subject, json_extract(value, '$[2]') AS tenant_id,
           json_extract(value, '$[3]') AS report_date
    FROM json_each($1)
) k
{_FROM}
"""


AdmitAll = Callable[[Sequence[Question]], Awaitable[Sequence[Admission | None]]]


def desk(admit: AdmitAll) -> Gathering[Question, Admission | None]:
    """Where those who come at the same time are admitted together."""
    return Gathering(admit)


async def admit_all(questions: Sequence[Question]) -> list[Admission | None]:
    """In the order of the questions; None where nobody active is known by issuer and subject."""
    keys = [
        (
            each.issuer,
            each.subject,
            *((each.asked.tenant_id, each.asked.on) if each.asked else (None, None)),
        )
        for each in questions
    ]
    if database.dialect() == "postgresql":
        rows = await database.rows(
            _POSTGRESQL, [list(column) for column in zip(*keys, strict=True)]
        )
    else:
        rows = await database.rows(_SQLITE, [json.dumps(keys, default=str)])
    admissions: list[Admission | None] = [None] * len(questions)
    for row in rows:
        values = tuple(row)
        admissions[values[0] - 1] = _admission(questions[values[0] - 1], values[1:])
    return admissions


def _admission(question: Question, row: Sequence[Any]) -> Admission | None:
    viewer = viewers.of_row(row, question.scopes)
    asked = question.asked
    if viewer is None:
        return None
    if asked is None or row[8] is None:
        return Admission(viewer, asked)
    head = Head(row[4] or 0, day_state(*row[5:8])) if asked.on else None
    return Admission(viewer, asked, access.of_row(row[8:]), head)
