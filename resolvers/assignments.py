"""Assignments: which tenants a landlord or a service account may see, granted and revoked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F

from models import Assignment, Principal, PrincipalKind, PrincipalStatus, Tenant, database
from resolvers import access, audit
from resolvers.access import TenantKey
from resolvers.audit import Action, Origin, Record, Subject
from resolvers.errors import TenantNotFound
from resolvers.problems import Problem, ProblemCode
from resolvers.viewers import Viewer

MAX_TENANTS = 500

#: The tenants in the order given, and what kept the call from being done.
Outcome = tuple[list[Tenant], list[Problem]]


async def assignee(principal_id: UUID, *kinds: PrincipalKind) -> Principal | None:
    """The active principal of one of these kinds, if there is one with this ID."""
    return await Principal.get_or_none(
        id=principal_id, kind__in=kinds, status=PrincipalStatus.ACTIVE
    )


async def assign(
    tenants: Sequence[Tenant],
    principal: Principal,
    granted_by: UUID | None,
    now: datetime,
    origin: Origin | None = None,
) -> None:
    """Make the tenants visible to the principal; those that are already stay as they are."""

    async def work() -> None:
        await grant(tenants, principal.id, granted_by, now)
        records = [granted(tenant, principal.id, principal.display_name) for tenant in tenants]
        await audit.within(origin, records)

    await database.transaction(work)


async def assign_for(
    viewer: Viewer,
    tenant_ids: Sequence[str],
    landlord_id: str,
    now: datetime,
    origin: Origin | None = None,
) -> Outcome:
    """Assign tenants the viewer may see to a landlord: all of them, or none."""
    tenants, landlord, problems = await _parties(viewer, tenant_ids, landlord_id)
    if landlord is None or problems:
        return [], problems
    await assign(tenants, landlord, viewer.id, now, origin)
    return tenants, []


async def unassign_for(
    viewer: Viewer,
    tenant_ids: Sequence[str],
    landlord_id: str,
    now: datetime,
    origin: Origin | None = None,
) -> Outcome:
    """Take tenants the viewer may see from a landlord: all of them, or none."""
    tenants, landlord, problems = await _parties(viewer, tenant_ids, landlord_id)
    if landlord is None or problems:
        return [], problems
    await unassign(tenants, landlord, now, origin)
    return tenants, []


async def _parties(
    viewer: Viewer, tenant_ids: Sequence[str], landlord_id: str
) -> tuple[list[Tenant], Principal | None, list[Problem]]:
    if len(tenant_ids) > MAX_TENANTS:
        message = f"At most {MAX_TENANTS} tenants fit into one call; there are {len(tenant_ids)}."
        return [], None, [Problem(ProblemCode.TOO_MANY, message, ("tenantIds",))]
    keys = [TenantKey(id=text) for text in tenant_ids]
    held = await access.hold(viewer, keys)
    problems = [
        Problem(ProblemCode.NOT_FOUND, str(TenantNotFound()), ("tenantIds", str(position)))
        for position, key in enumerate(keys)
        if key not in held
    ]
    parsed = access.parse_id(landlord_id)
    landlord = parsed and await assignee(parsed, PrincipalKind.LANDLORD)
    if not landlord:
        message = "There is no active landlord with this ID."
        problems.append(Problem(ProblemCode.NOT_FOUND, message, ("landlordId",)))
    return [held[key] for key in keys if key in held], landlord or None, problems


async def grant(
    tenants: Sequence[Tenant], principal_id: UUID, granted_by: UUID | None, now: datetime
) -> None:
    """As assign, inside a transaction of the caller."""
    if not tenants:
        return
    await _lock(principal_id)
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


def granted(tenant: Tenant, principal_id: UUID, name: str) -> Record:
    """What the audit log is told of an assignment."""
    subject = Subject(principal_id, name)
    return Record(Action.TENANT_ASSIGN, tenant_id=tenant.id, subject=subject)


async def unassign(
    tenants: Sequence[Tenant], principal: Principal, now: datetime, origin: Origin | None = None
) -> None:
    """Make the tenants invisible to the principal from the next request on."""

    async def work() -> None:
        await _lock(principal.id)
        await Assignment.filter(
            principal_id=principal.id,
            tenant_id__in=[tenant.id for tenant in tenants],
            revoked_at__isnull=True,
        ).update(revoked_at=now)
        subject = Subject(principal.id, principal.display_name)
        await audit.within(
            origin,
            [
                Record(Action.TENANT_UNASSIGN, tenant_id=tenant.id, subject=subject)
                for tenant in tenants
            ],
        )

    await database.transaction(work)


async def _lock(principal_id: UUID) -> None:
    """One change of a principal's assignments at a time: two that name the same tenants in
    different orders would dead-lock on PostgreSQL."""
    await Principal.filter(id=principal_id).update(status=F("status"))
