"""Signing in, and with it what the request is going to ask first.

Identity, status, visibility, the tenant and the head of its report are one statement: a round trip
costs more than all of them. It changes no rule and keeps nothing: each request asks anew, and what
was brought along is used by those who would have asked for it, behind the same permissions.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from models import Tenant, database
from resolvers import access, viewers
from resolvers.billing_reports import DayState, day_state
from resolvers.viewers import Viewer


@dataclass(frozen=True, slots=True)
class Asked:
    """A tenant that the request names by its ID, and the date of a report of it. `text` is the ID
    as it was sent."""

    text: str
    tenant_id: UUID
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A report without its users."""

    max_users: int
    state: DayState | None


@dataclass(frozen=True, slots=True)
class Admission:
    """A viewer, what was asked, the tenant if it is visible to the viewer, and the report's head.
    Neither billable nor the window was looked at."""

    viewer: Viewer
    asked: Asked | None = None
    tenant: Tenant | None = None
    head: Head | None = None


_SQL = f"""
SELECT {viewers.COLUMNS}, d.max_users, d.id, d.version, d.last_recorded_at, {access.SELECTED}
FROM principal p
{access.JOIN_VISIBLE}
LEFT JOIN tenant_day d ON d.tenant_id = t.id AND d.report_date = $5
WHERE {viewers.SIGNS_IN}
"""


async def admit(
    issuer: str, subject: str, scopes: frozenset[str], asked: Asked | None
) -> Admission | None:
    """None when nobody active is known by this issuer and subject."""
    if asked is None:
        viewer = await viewers.sign_in(issuer, subject, scopes)
        return Admission(viewer) if viewer else None
    keys: list[Any] = [asked.tenant_id, asked.on]
    if database.dialect() == "sqlite":
        keys = [str(asked.tenant_id), asked.on and asked.on.isoformat()]
    rows = await database.rows(_SQL, [issuer, subject, viewers.ACTIVE, *keys])
    viewer = viewers.of_row(rows[0], scopes) if rows else None
    if viewer is None:
        return None
    row = tuple(rows[0])
    if row[8] is None:
        return Admission(viewer, asked)
    head = Head(row[4] or 0, day_state(*row[5:8])) if asked.on else None
    return Admission(viewer, asked, access.of_row(row[8:]), head)
