"""No field stands open by oversight: each has a guard, or its name stands below."""

import strawberry
from graphql import is_object_type

from graph.federation import subgraph
from graph.schema import Query, assemble, schema
from graph.types.scalars import SCALARS
from tests.test_permissions import guarded_fields

#: Fields without a guard of their own, by type: what is reached only through a guarded field and
#: tells no more than that field may tell. A new field is added here or guarded, on purpose.
PUBLIC = {
    "Viewer": "id displayName role permissions",
    "ViewerPermissions": "canManageTenants canAssignTenants canRecordLogins canViewBilledUsers"
    " canViewAuditTrail",
    "Tenant": "id name externalId instanceId billable timeZone billingWindow",
    "AuditConnection": "totalCount pageInfo nodes edges",
    "AuditEntryEdge": "cursor node",
    "AuditEntry": "id at action refusal principalName principalRole dates subjectName",
    "TenantConnection": "totalCount pageInfo nodes edges",
    "TenantEdge": "cursor node",
    "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
    "BillingReport": "id tenant date dayStart dayEnd maxUsers",
    "BilledUserConnection": "totalCount pageInfo nodes edges",
    "BilledUserEdge": "cursor node",
    "BilledUser": "userId firstLoginAt lastLoginAt",
    "BillingTrend": "range points peak distinctUsers userDays",
    "DailyMaxUsers": "date maxUsers",
    "DateRange": "from to",
    "TenantCreatePayload": "tenant userErrors",
    "TenantUpdatePayload": "tenant userErrors",
    "TenantSetBillablePayload": "tenant userErrors",
    "TenantsAssignPayload": "tenants userErrors",
    "TenantsUnassignPayload": "tenants userErrors",
    "LoginsRecordPayload": "recorded counted rejected userErrors",
    "UserError": "code message field",
    "_Service": "sdl",
}


def fields_of(served: strawberry.Schema) -> set[str]:
    return {
        f"{name}.{field}"
        for name, kind in served._schema.type_map.items()
        if is_object_type(kind) and not name.startswith("__")
        for field in kind.fields
    }


def bare(served: strawberry.Schema) -> list[str]:
    """Fields with neither a guard nor a name in PUBLIC."""
    public = {f"{kind}.{name}" for kind, names in PUBLIC.items() for name in names.split()}
    guarded = {name for name, guards in guarded_fields(served).items() if guards}
    return sorted(fields_of(served) - guarded - public)


def test_every_field_is_guarded_or_named() -> None:
    assert bare(schema) == [], "guard it, or name it in PUBLIC above"
    assert bare(subgraph) == [], "guard it, or name it in PUBLIC above"


def test_what_is_named_is_there_and_has_no_guard() -> None:
    public = {f"{kind}.{name}" for kind, names in PUBLIC.items() for name in names.split()}

    assert public - fields_of(subgraph) == set()
    assert public & {name for name, guards in guarded_fields(subgraph).items() if guards} == set()


def test_a_bare_field_is_found_wherever_it_is_planted() -> None:
    @strawberry.type
    class Secret:
        value: str

        @strawberry.field
        async def worked_out(self) -> str:
            return self.value

    @strawberry.type(name="Query")
    class Planted(Query):
        plain: str = "x"

        @strawberry.field
        def secret(self) -> Secret:
            return Secret(value="x")

    found = ["Query.plain", "Query.secret", "Secret.value", "Secret.workedOut"]
    assert bare(assemble(Planted, SCALARS)) == found
