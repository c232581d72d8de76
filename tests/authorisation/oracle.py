"""Every field of the schema that reaches a tenant, and who decides its answer here.

Nothing in these modules imports the product, so a mistake in its rules is not repeated.
"""

from collections.abc import Callable
from typing import Any

from tests.authorisation import changes, reads
from tests.authorisation.evaluation import Node, Oracle, Resolve
from tests.authorisation.facts import DAY, Caller, TenantFacts, first_instant, text_of


def plain(*names: str) -> dict[str, Resolve]:
    """Fields that are kept in the node as they are answered."""
    return {name: lambda _o, source, _arguments, name=name: source[name] for name in names}


def of_tenant(attribute: str) -> Callable[[Oracle, TenantFacts, Any], Any]:
    return lambda _o, source, _arguments: getattr(source, attribute)


def billing_window(o: Oracle, source: TenantFacts, _arguments: Any) -> Node:
    first, last = o.world.window(source)
    return Node("DateRange", {"from": str(first), "to": str(last)})


def permissions(_o: Oracle, source: Caller, _arguments: Any) -> Node:
    return Node("ViewerPermissions", {name: source.may(scope) for name, scope in RIGHTS.items()})


def audit_trail(o: Oracle, _source: TenantFacts, _arguments: Any) -> Node:
    o.needs("audit:read")
    return Node("AuditConnection", {})


ROLES = {"SERVICE_ACCOUNT": "SERVICE"}
RIGHTS = {
    "canManageTenants": "tenants:manage",
    "canAssignTenants": "tenants:assign",
    "canRecordLogins": "logins:write",
    "canViewBilledUsers": "billing:users",
    "canViewAuditTrail": "audit:read",
}
_CHANGED = plain("tenant", "userErrors")
_ASSIGNED = plain("tenants", "userErrors")

#: Every field by the type it stands on.
FIELDS: dict[str, dict[str, Resolve]] = {
    "Query": {
        "viewer": reads.viewer,
        "tenants": reads.tenants,
        "tenant": reads.tenant,
        "billingReport": reads.root_report,
        "billingTrend": reads.root_trend,
        "_entities": reads.entities,
    },
    "Mutation": {
        "tenantCreate": changes.tenant_create,
        "tenantUpdate": changes.tenant_update,
        "tenantSetBillable": changes.tenant_set_billable,
        "tenantsAssign": changes.assignment("TenantsAssignPayload", set.update),
        "tenantsUnassign": changes.assignment("TenantsUnassignPayload", set.difference_update),
        "loginsRecord": changes.logins_record,
    },
    "Viewer": {
        "id": lambda _o, source, _a: source.who.id,
        "displayName": lambda _o, source, _a: source.who.name,
        "role": lambda _o, source, _a: ROLES.get(source.who.kind, source.who.kind),
        "permissions": permissions,
    },
    "ViewerPermissions": plain(*RIGHTS),
    "Tenant": {
        "id": of_tenant("id"),
        "name": of_tenant("name"),
        "externalId": of_tenant("external_id"),
        "instanceId": of_tenant("instance_id"),
        "billable": of_tenant("billable"),
        "timeZone": of_tenant("time_zone"),
        "billingWindow": billing_window,
        "billingReport": reads.tenant_report,
        "billingTrend": reads.tenant_trend,
        "auditTrail": audit_trail,
    },
    "BillingReport": {
        "id": lambda _o, source, _a: f"{source[0].id}:{source[1]}",
        "tenant": lambda _o, source, _a: Node("Tenant", source[0]),
        "date": lambda _o, source, _a: str(source[1]),
        "dayStart": lambda _o, source, _a: text_of(first_instant(source[1], source[0].time_zone)),
        "dayEnd": lambda _o, source, _a: text_of(
            first_instant(source[1] + DAY, source[0].time_zone)
        ),
        "maxUsers": lambda _o, source, _a: len(source[0].days.get(source[1], {})),
        "users": reads.users,
    },
    "BilledUserConnection": plain("totalCount", "pageInfo", "nodes", "edges"),
    "BilledUserEdge": plain("cursor", "node"),
    "BilledUser": plain("userId", "firstLoginAt", "lastLoginAt"),
    "BillingTrend": plain("range", "points", "peak", "distinctUsers", "userDays"),
    "DailyMaxUsers": plain("date", "maxUsers"),
    "DateRange": plain("from", "to"),
    "TenantConnection": plain("totalCount", "pageInfo", "nodes", "edges"),
    "TenantEdge": plain("cursor", "node"),
    "PageInfo": plain("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"),
    "TenantCreatePayload": _CHANGED,
    "TenantUpdatePayload": _CHANGED,
    "TenantSetBillablePayload": _CHANGED,
    "TenantsAssignPayload": _ASSIGNED,
    "TenantsUnassignPayload": _ASSIGNED,
    "LoginsRecordPayload": plain("recorded", "counted", "rejected", "userErrors"),
    "UserError": plain("code", "message", "field"),
}
