"""Rows for tests. Everything has a default; a test names only what it is about."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from models import ApiKey, Assignment, Principal, PrincipalKind, Tenant
from resolvers import api_keys, logins, tenants
from resolvers.audit import Origin
from resolvers.viewers import Operator
from tests import tokens

_numbers = count(1)


async def tenant(**changes: Any) -> Tenant:
    number = next(_numbers)
    values = {
        "name": f"Tenant {number}",
        "external_id": f"EXT-{number}",
        "instance_id": uuid4(),
        "billable": True,
        "time_zone": "UTC",
        "created_at": tokens.NOW,
    } | changes
    return await Tenant.create(
        **values, search_text=tenants.search_text(values["name"], values["external_id"])
    )


async def landlord(*assigned: Tenant, **changes: Any) -> Principal:
    return await _principal(PrincipalKind.LANDLORD, *assigned, **changes)


async def service(*assigned: Tenant, **changes: Any) -> Principal:
    return await _principal(PrincipalKind.SERVICE_ACCOUNT, *assigned, **changes)


async def administrator(home: Tenant, **changes: Any) -> Principal:
    return await _principal(PrincipalKind.TENANT_ADMINISTRATOR, home_tenant=home, **changes)


async def _principal(kind: PrincipalKind, *assigned: Tenant, **changes: Any) -> Principal:
    number = next(_numbers)
    values = {
        "kind": kind,
        "issuer": tokens.ISSUER,
        "subject": f"subject-{number}",
        "display_name": f"Principal {number}",
        "created_at": tokens.NOW,
    } | changes
    principal = await Principal.create(**values)
    for row in assigned:
        await assign(row, principal)
    return principal


async def assign(row: Tenant, principal: Principal, **changes: Any) -> Assignment:
    values = {"granted_at": tokens.NOW} | changes
    return await Assignment.create(tenant=row, principal=principal, **values)


async def api_key(
    owner: Principal, *scopes: str, days: float = 90, at: datetime = tokens.NOW
) -> tuple[ApiKey, str]:
    """The key as it is stored and in full; it may read billing unless told otherwise."""
    granted = scopes or ("billing:read",)
    outcome = await api_keys.create(owner, granted, at + timedelta(days=days), at)
    assert isinstance(outcome, tuple), outcome
    return outcome


async def record(row: Tenant, users: Iterable[str], at: datetime | None = None) -> None:
    """Each user logs in once, at noon yesterday unless told otherwise."""
    instant = at or tokens.NOW - timedelta(days=1)
    # Before whatever a test asks: a trail is ordered by time.
    origin = Origin(Operator(), tokens.NOW - timedelta(hours=1))
    await logins.record(row, [(user, instant) for user in users], tokens.NOW, origin)
