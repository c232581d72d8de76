"""Assignments: which tenants a landlord or a service account may see, granted and revoked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from models import Assignment, Principal, PrincipalKind, PrincipalStatus, Tenant, database

MAX_TENANTS = 500


async def assignee(principal_id: UUID, *kinds: PrincipalKind) -> Principal | None:
    """The active principal of one of these kinds, if there is one with this ID."""
    return await Principal.get_or_none(
        id=principal_id, kind__in=kinds, status=PrincipalStatus.ACTIVE
    )


async def assign(
    tenants: Sequence[Tenant], principal: Principal, granted_by: UUID | None, now: datetime
) -> None:
    """Make the tenants visible to the principal; those that are already stay as they are."""
    await database.transaction(lambda: grant(tenants, principal.id, granted_by, now))


async def grant(
    tenants: Sequence[Tenant], principal_id: UUID, granted_by: UUID | None, now: datetime
) -> None:
    """As assign, inside a transaction of the caller."""
    if not tenants:
        return
    values = ", ".join(f"($1, ${4 + n}, $2, $3)" for n in range(len(tenants)))
    await database.rows(
        "INSERT INTO assignment (principal_id, tenant_id, granted_by_id, granted_at)"
        f" VALUES {values}"
        " ON CONFLICT (principal_id, tenant_id) WHERE revoked_at IS NULL DO NOTHING",
        [
            str(principal_id),
            granted_by and str(granted_by),
            now,
            *(str(tenant.id) for tenant in tenants),
        ],
    )


async def unassign(tenants: Sequence[Tenant], principal: Principal, now: datetime) -> None:
    """Make the tenants invisible to the principal from the next request on."""

    async def work() -> None:
        await Assignment.filter(
            principal_id=principal.id,
            tenant_id__in=[tenant.id for tenant in tenants],
            revoked_at__isnull=True,
        ).update(revoked_at=now)

    await database.transaction(work)
