"""The whole API in one sitting: every root field, its guards in the order they are checked, and
the resolver it hands over to.

Root fields that can be refused are nullable, so that one refusal leaves its siblings standing.
"""

from collections.abc import Mapping
from typing import Annotated, cast

import strawberry
from strawberry import argument
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from graph import auditing, metrics
from graph.context import Info
from graph.executor import Schema
from graph.permissions import (
    CanSeeTenant,
    HasScope,
    IsAuthenticated,
    TenantIsBillable,
    WithinBillingWindow,
    guard,
)
from graph.types import billing
from graph.types.arguments import (
    After,
    FirstDate,
    LandlordId,
    LastDate,
    ReportDate,
    TenantId,
    TenantIds,
)
from graph.types.billing import BillingReport, BillingTrend
from graph.types.given import given
from graph.types.keys import TenantBy
from graph.types.login import MAX_LOGINS, LoginsRecordInput, LoginsRecordPayload
from graph.types.problem import ErrorCode
from graph.types.scalars import SCALARS
from graph.types.tenant import Tenant, TenantConnection, TenantFilter, TenantOrder
from graph.types.tenant_changes import (
    TenantCreateInput,
    TenantCreatePayload,
    TenantsAssignPayload,
    TenantSetBillablePayload,
    TenantsUnassignPayload,
    TenantUpdateInput,
    TenantUpdatePayload,
)
from graph.types.viewer import Viewer
from resolvers import assignments, logins, tenants
from resolvers.access import Scope, TenantKey
from resolvers.audit import Action
from resolvers.viewers import Landlord


@strawberry.type(description="What can be asked.")
class Query:
    @strawberry.field(
        description="The authenticated caller.", extensions=[guard(IsAuthenticated())]
    )
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.viewer)

    @strawberry.field(
        description="Tenants the viewer may see: those assigned to a landlord or a service"
        " account, or the administrator's own.",
        extensions=[guard(IsAuthenticated())],
    )
    async def tenants(
        self,
        info: Info,
        first: Annotated[int | None, argument("Length of the page: 0 to 500; null is 100.")] = 100,
        after: After = strawberry.UNSET,
        filter: Annotated[
            TenantFilter | None, argument("Which of them; all when omitted.")
        ] = strawberry.UNSET,
        order_by: Annotated[
            TenantOrder, argument("Order of the list; a cursor belongs to one order.")
        ] = TenantOrder.NAME_ASC,
    ) -> TenantConnection | None:
        where = (given(filter) or TenantFilter()).where()
        cursor = given(after)
        page = await info.context.page(where, order_by.order(), first, cursor)
        return TenantConnection.of(page, cursor)

    @strawberry.field(
        description="One tenant, or null when there is none among those the viewer may see.",
        extensions=[guard(IsAuthenticated())],
    )
    async def tenant(
        self, info: Info, by: Annotated[TenantBy, argument("Which tenant.")]
    ) -> Tenant | None:
        row = await info.context.find(by.key())
        return None if row is None else Tenant.of(row)

    @strawberry.field(
        description="Billing report of a tenant on a report date. A service account needs the scope"
        " billing:read. Errors: TENANT_NOT_FOUND, TENANT_NOT_BILLABLE, DATE_OUT_OF_WINDOW.",
        extensions=[
            guard(
                IsAuthenticated(),
                HasScope(Scope.BILLING_READ),
                CanSeeTenant(),
                TenantIsBillable(),
                WithinBillingWindow(),
                action=Action.BILLING_REPORT_READ,
            )
        ],
    )
    async def billing_report(
        self, info: Info, tenant: TenantId, date: ReportDate
    ) -> BillingReport | None:
        return await billing.report(info, info.context.held[TenantKey(id=tenant)], date)

    @strawberry.field(
        description="Daily maximum users of a tenant over the billing window or a part of it. A"
        " service account needs the scope billing:read. Errors: TENANT_NOT_FOUND,"
        " TENANT_NOT_BILLABLE.",
        extensions=[
            guard(
                IsAuthenticated(),
                HasScope(Scope.BILLING_READ),
                CanSeeTenant(),
                TenantIsBillable(),
                action=Action.BILLING_TREND_READ,
            )
        ],
    )
    async def billing_trend(
        self,
        info: Info,
        tenant: TenantId,
        from_: FirstDate = strawberry.UNSET,
        to: LastDate = strawberry.UNSET,
    ) -> BillingTrend | None:
        row = info.context.held[TenantKey(id=tenant)]
        return await billing.trend(info, row, given(from_), given(to))


def _manages(action: Action, *more: BasePermission) -> list[FieldExtension]:
    return [guard(IsAuthenticated(), HasScope(Scope.TENANTS_MANAGE), *more, action=action)]


def _assigns(action: Action) -> list[FieldExtension]:
    return [guard(IsAuthenticated(), HasScope(Scope.TENANTS_ASSIGN), action=action)]


@strawberry.type(description="What can be changed.")
class Mutation:
    @strawberry.field(
        description="Create a tenant and assign it to the landlord who creates it. For landlords.",
        extensions=_manages(Action.TENANT_CREATE),
    )
    async def tenant_create(
        self, info: Info, input: Annotated[TenantCreateInput, argument("The new tenant.")]
    ) -> TenantCreatePayload | None:
        landlord = cast(Landlord, info.context.viewer)
        outcome = await tenants.create(landlord, input.new(), info.context.now, info.context.origin)
        return TenantCreatePayload.of(outcome)

    @strawberry.field(
        description="Change a tenant's name or identifiers. For landlords. Error:"
        " TENANT_NOT_FOUND.",
        extensions=_manages(Action.TENANT_UPDATE, CanSeeTenant()),
    )
    async def tenant_update(
        self,
        info: Info,
        id: TenantId,
        input: Annotated[TenantUpdateInput, argument("What to change.")],
    ) -> TenantUpdatePayload | None:
        change = input.change()
        if isinstance(change, list):
            return TenantUpdatePayload.of(change)
        outcome = await tenants.update(
            info.context.held[TenantKey(id=id)], change, info.context.origin
        )
        return TenantUpdatePayload.of(outcome)

    @strawberry.field(
        description="Configure a tenant as PureConnect billable, or no longer so. For landlords."
        " Error: TENANT_NOT_FOUND.",
        extensions=_manages(Action.TENANT_SET_BILLABLE, CanSeeTenant()),
    )
    async def tenant_set_billable(
        self,
        info: Info,
        id: TenantId,
        billable: Annotated[bool, argument("Whether it is PureConnect billable from now on.")],
    ) -> TenantSetBillablePayload | None:
        tenant = info.context.held[TenantKey(id=id)]
        row = await tenants.set_billable(tenant, billable, info.context.origin)
        return TenantSetBillablePayload.of(row)

    @strawberry.field(
        description="Make tenants visible to a landlord: all of them, or none. For landlords.",
        extensions=_assigns(Action.TENANT_ASSIGN),
    )
    async def tenants_assign(
        self, info: Info, tenant_ids: TenantIds, landlord_id: LandlordId
    ) -> TenantsAssignPayload | None:
        context = info.context
        rows, problems = await assignments.assign_for(
            context.viewer, tenant_ids, landlord_id, context.now, context.origin
        )
        auditing.not_found(context, Action.TENANT_ASSIGN, tenant_ids, problems)
        return TenantsAssignPayload.of(rows, problems)

    @strawberry.field(
        description="Take tenants away from a landlord, from their next request on: all of them, or"
        " none. For landlords.",
        extensions=_assigns(Action.TENANT_UNASSIGN),
    )
    async def tenants_unassign(
        self, info: Info, tenant_ids: TenantIds, landlord_id: LandlordId
    ) -> TenantsUnassignPayload | None:
        context = info.context
        rows, problems = await assignments.unassign_for(
            context.viewer, tenant_ids, landlord_id, context.now, context.origin
        )
        auditing.not_found(context, Action.TENANT_UNASSIGN, tenant_ids, problems)
        return TenantsUnassignPayload.of(rows, problems)

    @strawberry.field(
        description="Record logins of a tenant's users. Bad ones are refused one by one; the good"
        " ones are kept. For service accounts with the scope logins:write. Error:"
        " TENANT_NOT_FOUND.",
        extensions=[
            guard(
                IsAuthenticated(),
                HasScope(Scope.LOGINS_WRITE),
                CanSeeTenant(),
                action=Action.LOGINS_RECORD,
            )
        ],
    )
    async def logins_record(
        self, info: Info, input: Annotated[LoginsRecordInput, argument("Whose logins, and which.")]
    ) -> LoginsRecordPayload | None:
        if len(input.logins) > MAX_LOGINS:
            return LoginsRecordPayload.too_many(len(input.logins))
        tenant = info.context.held[input.tenant.key()]
        outcome = await logins.record(
            tenant, input.records(), info.context.now, info.context.origin
        )
        metrics.count_logins(outcome)
        return LoginsRecordPayload.of(outcome)


def assemble(query: type, scalars: Mapping[object, ScalarDefinition]) -> Schema:
    return Schema(
        query=query,
        mutation=Mutation,
        # Nothing refers to it: it documents errors[].extensions.code.
        types=[ErrorCode],
        config=StrawberryConfig(scalar_map={**scalars}, disable_field_suggestions=True),
    )


schema = assemble(Query, SCALARS)
