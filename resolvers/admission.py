"""Signing in, and with it what the request is going to ask first.

Identity, status, visibility, the tenant and the head of its report are one statement: a round trip
costs more than all of them. It changes no rule and keeps nothing: each request asks anew, and what
was brought along is used by those who would have asked for it, behind the same permissions.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
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


def statements(signs_in: str, more: str = "") -> dict[str, str]:
    """By dialect. `signs_in` joins principal p, whom issuer and subject of k name and who may sign
    in; `more` are columns of that join, which come last."""
    select = f"""
SELECT k.n, {viewers.COLUMNS}, d.max_users, d.id, d.version, d.last_recorded_at,
       {access.SELECTED}{more}
"""
    joins = f"""
{signs_in}
{access.JOIN_VISIBLE}
LEFT JOIN tenant_day d ON d.tenant_id = t.id AND d.report_date = k.report_date
"""
    postgresql = f"""
{select}
FROM unnest($1::text[], $2::text[], $3::uuid[], $4::date[])
     WITH ORDINALITY AS k (issuer, subject, tenant_id, report_date, n)
{joins}
"""
    sqlite = f"""
{select}
FROM (
    SELECT key + 1 AS n, json_extract(value, '$[0]') AS issuer,
           json_extract(value, '$[1]') AS subject, json_extract(value, '$[2]') AS tenant_id,
           json_extract(value, '$[3]') AS report_date
    FROM json_each($1)
) k
{joins}
"""
    return {"postgresql": postgresql, "sqlite": sqlite}


_BY_TOKEN = statements(f"JOIN principal p ON {viewers.SIGNS_IN}")

AdmitAll = Callable[[Sequence[Question]], Awaitable[Sequence[Admission | None]]]


def desk(admit: AdmitAll) -> Gathering[Question, Admission | None]:
    """Where those who come at the same time are admitted together."""
    return Gathering(admit)


async def admit_all(questions: Sequence[Question]) -> list[Admission | None]:
    """In the order of the questions; None where nobody active is known by issuer and subject."""
    keys = [(each.issuer, each.subject, *sought(each.asked)) for each in questions]
    admissions: list[Admission | None] = [None] * len(questions)
    for number, row in await ask(_BY_TOKEN, keys):
        admissions[number] = admission(questions[number], row)
    return admissions


def sought(asked: Asked | None) -> tuple[UUID | None, date | None]:
    return (asked.tenant_id, asked.on) if asked else (None, None)


async def ask(
    sql: Mapping[str, str], keys: Sequence[tuple[Any, ...]]
) -> list[tuple[int, tuple[Any, ...]]]:
    """Rows of the principals who may sign in, each with the position of the key that names it."""
    dialect = database.dialect()
    if dialect == "postgresql":
        values: list[Any] = [list(column) for column in zip(*keys, strict=True)]
    else:
        values = [json.dumps(keys, default=str)]
    rows = [tuple(row) for row in await database.rows(sql[dialect], values)]
    return [(row[0] - 1, row[1:]) for row in rows]


def admission(question: Question, row: Sequence[Any]) -> Admission | None:
    viewer = viewers.of_row(row, question.scopes)
    asked = question.asked
    if viewer is None:
        return None
    if asked is None or row[8] is None:
        return Admission(viewer, asked)
    head = Head(row[4] or 0, day_state(*row[5:8])) if asked.on else None
    return Admission(viewer, asked, access.of_row(row[8 : 8 + len(access.COLUMNS)]), head)
