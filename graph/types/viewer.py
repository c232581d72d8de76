from enum import Enum
from typing import Self, assert_never

import strawberry

from resolvers import access
from resolvers.access import Scope
from resolvers.viewers import Landlord, ServiceAccount, TenantAdministrator
from resolvers.viewers import Viewer as ViewerRecord


@strawberry.enum(description="What the caller is.")
class ViewerRole(Enum):
    LANDLORD = strawberry.enum_value(
        "LANDLORD", description="Operates the service; sees the tenants assigned to them."
    )
    TENANT_ADMINISTRATOR = strawberry.enum_value(
        "TENANT_ADMINISTRATOR", description="Sees one tenant: their own."
    )
    SERVICE = strawberry.enum_value(
        "SERVICE", description="An integration; sees the tenants assigned to it."
    )


@strawberry.type(
    description="Computed on the server, so that a client never derives a right from a role."
)
class ViewerPermissions:
    can_manage_tenants: bool = strawberry.field(
        description="Create and change tenants, and configure them as billable."
    )
    can_assign_tenants: bool = strawberry.field(
        description="Assign tenants to landlords, and take them away."
    )
    can_record_logins: bool = strawberry.field(description="Record logins.")
    can_view_billed_users: bool = strawberry.field(
        description="See who logged in, not only how many."
    )
    can_view_audit_trail: bool = strawberry.field(
        description="See who looked at a tenant's billing, and when."
    )


@strawberry.type(description="The authenticated caller.")
class Viewer:
    id: strawberry.ID = strawberry.field(description="ID of the principal who asks.")
    display_name: str = strawberry.field(description="Name to show for the caller.")
    role: ViewerRole = strawberry.field(description="What the caller is.")
    permissions: ViewerPermissions = strawberry.field(description="What the caller may do.")

    @classmethod
    def of(cls, viewer: ViewerRecord) -> Self:
        scopes = access.scopes(viewer)
        return cls(
            id=strawberry.ID(str(viewer.id)),
            display_name=viewer.display_name,
            role=_role(viewer),
            permissions=ViewerPermissions(
                can_manage_tenants=Scope.TENANTS_MANAGE in scopes,
                can_assign_tenants=Scope.TENANTS_ASSIGN in scopes,
                can_record_logins=Scope.LOGINS_WRITE in scopes,
                can_view_billed_users=Scope.BILLING_USERS in scopes,
                can_view_audit_trail=Scope.AUDIT_READ in scopes,
            ),
        )


def _role(viewer: ViewerRecord) -> ViewerRole:
    match viewer:
        case Landlord():
            return ViewerRole.LANDLORD
        case TenantAdministrator():
            return ViewerRole.TENANT_ADMINISTRATOR
        case ServiceAccount():
            return ViewerRole.SERVICE
        case _:
            assert_never(viewer)
