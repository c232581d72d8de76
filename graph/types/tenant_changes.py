"""Inputs and payloads of the mutations on tenants."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

import strawberry

from graph.types.given import given
from graph.types.problem import UserError
from graph.types.tenant import Tenant
from models import Tenant as TenantRow
from resolvers.problems import Problem, ProblemCode
from resolvers.tenants import NewTenant, TenantChange

_USER_ERRORS = "What the caller can correct; empty on success."
_TENANT = "The tenant as it is now; null on failure."


@strawberry.input(description="A new tenant.")
class TenantCreateInput:
    name: str = strawberry.field(description="Name of the tenant; 1 to 255 characters.")
    external_id: str = strawberry.field(
        description="ID of the tenant in the operator's own systems; unique, 1 to 255 characters."
    )
    instance_id: UUID = strawberry.field(description="PureConnect Instance Unique ID; unique.")
    billable: bool = strawberry.field(
        default=False, description="Whether the tenant is PureConnect billable."
    )
    time_zone: str = strawberry.field(
        default="UTC", description="IANA time zone such as Europe/Berlin; fixed for ever."
    )

    def new(self) -> NewTenant:
        return NewTenant(
            self.name, self.external_id, self.instance_id, self.billable, self.time_zone
        )


@strawberry.input(description="Omitted keeps the value; null is refused.")
class TenantUpdateInput:
    name: str | None = strawberry.field(default=strawberry.UNSET, description="New name.")
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="New ID in the operator's own systems."
    )
    instance_id: UUID | None = strawberry.field(
        default=strawberry.UNSET, description="New PureConnect Instance Unique ID."
    )

    def change(self) -> TenantChange | list[Problem]:
        values = {
            "name": self.name,
            "externalId": self.external_id,
            "instanceId": self.instance_id,
        }
        if nulls := [name for name, value in values.items() if value is None]:
            return [
                Problem(
                    ProblemCode.INVALID,
                    f"{name} must not be null; leave it out to keep the value.",
                    ("input", name),
                )
                for name in nulls
            ]
        return TenantChange(given(self.name), given(self.external_id), given(self.instance_id))


@strawberry.type(description="Outcome of tenantCreate.")
class TenantCreatePayload:
    tenant: Tenant | None = strawberry.field(description="The new tenant; null on failure.")
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)

    @classmethod
    def of(cls, outcome: TenantRow | list[Problem]) -> Self:
        if isinstance(outcome, list):
            return cls(tenant=None, user_errors=UserError.list_of(outcome))
        return cls(tenant=Tenant.of(outcome), user_errors=[])


@strawberry.type(description="Outcome of tenantUpdate.")
class TenantUpdatePayload:
    tenant: Tenant | None = strawberry.field(description=_TENANT)
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)

    @classmethod
    def of(cls, outcome: TenantRow | list[Problem]) -> Self:
        if isinstance(outcome, list):
            return cls(tenant=None, user_errors=UserError.list_of(outcome))
        return cls(tenant=Tenant.of(outcome), user_errors=[])


@strawberry.type(description="Outcome of tenantSetBillable.")
class TenantSetBillablePayload:
    tenant: Tenant | None = strawberry.field(description=_TENANT)
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)

    @classmethod
    def of(cls, row: TenantRow) -> Self:
        return cls(tenant=Tenant.of(row), user_errors=[])


@strawberry.type(description="Outcome of tenantsAssign: all of them, or none.")
class TenantsAssignPayload:
    tenants: list[Tenant] = strawberry.field(
        description="The tenants assigned, in the order given; empty on failure."
    )
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)

    @classmethod
    def of(cls, rows: Sequence[TenantRow], problems: Sequence[Problem]) -> Self:
        return cls(
            tenants=[Tenant.of(row) for row in rows], user_errors=UserError.list_of(problems)
        )


@strawberry.type(description="Outcome of tenantsUnassign: all of them, or none.")
class TenantsUnassignPayload:
    tenants: list[Tenant] = strawberry.field(
        description="The tenants taken away, in the order given; empty on failure."
    )
    user_errors: list[UserError] = strawberry.field(description=_USER_ERRORS)

    @classmethod
    def of(cls, rows: Sequence[TenantRow], problems: Sequence[Problem]) -> Self:
        return cls(
            tenants=[Tenant.of(row) for row in rows], user_errors=UserError.list_of(problems)
        )
