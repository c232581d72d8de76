import datetime as dt
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry
from strawberry import argument

from graph.context import Info
from graph.execution import batched
from graph.permissions import HasScope, TenantIsBillable, WithinBillingWindow, guard
from graph.types import billing
from graph.types.arguments import After, FirstDate, LastDate, ReportDate
from graph.types.audit import AuditConnection
from graph.types.billing import BillingReport, BillingTrend, DateRange
from graph.types.given import given
from graph.types.pagination import PageInfo
from models import Tenant as TenantRow
from resolvers import billing_window, tenants
from resolvers.access import Scope
from resolvers.audit import Action, trail
from resolvers.tenants import TenantPage


@strawberry.enum(
    description="Order of a list of tenants. Names are compared without regard to case."
)
class TenantOrder(Enum):
    NAME_ASC = strawberry.enum_value("NAME_ASC", description="By name, from A to Z.")
    NAME_DESC = strawberry.enum_value("NAME_DESC", description="By name, from Z to A.")
    EXTERNAL_ID_ASC = strawberry.enum_value("EXTERNAL_ID_ASC", description="By external ID.")

    def order(self) -> tenants.TenantOrder:
        return tenants.TenantOrder[self.name]


async def _billing_reports(
    parents: list["Tenant"], info: Info, date: dt.date
) -> list[BillingReport]:
    return await billing.reports(info, [parent.row for parent in parents], date)


async def _billing_trends(
    parents: list["Tenant"],
    info: Info,
    from_: dt.date | None = strawberry.UNSET,
    to: dt.date | None = strawberry.UNSET,
) -> list[BillingTrend]:
    rows = [parent.row for parent in parents]
    return await billing.trends(info, rows, given(from_), given(to))


@strawberry.type(description="A customer organisation of the service.")
class Tenant:
    id: strawberry.ID = strawberry.field(description="ID of the tenant in this API.")
    name: str = strawberry.field(description="Name of the tenant.")
    external_id: str = strawberry.field(
        description="ID of the tenant in the operator's own systems; unique."
    )
    instance_id: UUID = strawberry.field(description="PureConnect Instance Unique ID; unique.")
    billable: bool = strawberry.field(
        description="Indicates the tenant is configured as PureConnect billable."
    )
    time_zone: str = strawberry.field(
        description="IANA time zone whose calendar days are the tenant's report dates. Fixed when"
        " the tenant is created."
    )
    row: strawberry.Private[TenantRow]

    @strawberry.field(
        description="Report dates that can be viewed: the past six months up to today, in the"
        " tenant's time zone, both ends included."
    )
    def billing_window(self, info: Info) -> DateRange:
        return DateRange.of(billing_window.at(info.context.now, self.time_zone))

    @strawberry.field(
        description="Billing report of a report date. Null without an error when the tenant is"
        " not billable. A service account needs the scope billing:read. Error: DATE_OUT_OF_WINDOW.",
        extensions=[
            guard(
                HasScope(Scope.BILLING_READ),
                TenantIsBillable(or_null=True),
                WithinBillingWindow(),
                action=Action.BILLING_REPORT_READ,
            )
        ],
        metadata=batched(_billing_reports),
    )
    async def billing_report(self, info: Info, date: ReportDate) -> BillingReport | None:
        return await billing.report(info, self.row, date)

    @strawberry.field(
        description="Daily maximum users over the billing window or a part of it. Null without an"
        " error when the tenant is not billable. A service account needs the scope billing:read.",
        extensions=[
            guard(
                HasScope(Scope.BILLING_READ),
                TenantIsBillable(or_null=True),
                action=Action.BILLING_TREND_READ,
            ),
        ],
        metadata=batched(_billing_trends),
    )
    async def billing_trend(
        self,
        info: Info,
        from_: FirstDate = strawberry.UNSET,
        to: LastDate = strawberry.UNSET,
    ) -> BillingTrend | None:
        return await billing.trend(info, self.row, given(from_), given(to))

    @strawberry.field(
        description="Who looked at the tenant's billing, changed it or was refused, newest first;"
        " for landlords and the tenant's administrator.",
        extensions=[guard(HasScope(Scope.AUDIT_READ), action=Action.AUDIT_TRAIL_READ)],
    )
    async def audit_trail(
        self,
        info: Info,
        first: Annotated[int | None, argument("Length of the page: 0 to 500; null is 100.")] = 100,
        after: After = strawberry.UNSET,
    ) -> AuditConnection | None:
        request = trail.request(self.row, first, given(after))
        page = await info.context.trails.load(request)
        return AuditConnection.of(page, given(after))

    @classmethod
    def of(cls, row: TenantRow) -> Self:
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            external_id=row.external_id,
            instance_id=row.instance_id,
            billable=row.billable,
            time_zone=row.time_zone,
            row=row,
        )


@strawberry.type(description="A tenant of a list, with its place in it.")
class TenantEdge:
    cursor: str = strawberry.field(description="Pass it as after to go on behind this tenant.")
    node: Tenant = strawberry.field(description="The tenant.")


def _page_info(self: "TenantConnection") -> PageInfo:
    """Cursors are worked out for those who ask."""
    page = self.page
    return PageInfo.of(
        has_next=page.has_next,
        after=self.after,
        first=page.cursor(page.rows[0]) if page.rows else None,
        last=page.cursor(page.rows[-1]) if page.rows else None,
    )


@strawberry.type(description="A page of the tenants that the viewer may see.")
class TenantConnection:
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="Where this page stands."
    )
    nodes: list[Tenant] = strawberry.field(description="Tenants of this page.")
    page: strawberry.Private[TenantPage]
    after: strawberry.Private[str | None]

    @strawberry.field(
        description="Number of tenants that the viewer may see and that pass the filter."
    )
    async def total_count(self) -> int:
        return await self.page.total()

    @strawberry.field(description="Tenants of this page with their cursors.")
    def edges(self) -> list[TenantEdge]:
        return [TenantEdge(cursor=self.page.cursor(node.row), node=node) for node in self.nodes]

    @classmethod
    def of(cls, page: TenantPage, after: str | None) -> Self:
        return cls(nodes=[Tenant.of(row) for row in page.rows], page=page, after=after)


@strawberry.input(
    description="All conditions must hold. Lists carry at most 500 values; they join another"
    " system in one request."
)
class TenantFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Part of the name or of the external ID, without regard to case.",
    )
    billable: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Configured as PureConnect billable, or not."
    )
    ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these IDs."
    )
    external_ids: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these external IDs."
    )
    instance_ids: list[UUID] | None = strawberry.field(
        default=strawberry.UNSET, description="One of these instance IDs."
    )

    def where(self) -> tenants.TenantFilter:
        return tenants.TenantFilter(
            search=given(self.search),
            billable=given(self.billable),
            ids=given(self.ids),
            external_ids=given(self.external_ids),
            instance_ids=given(self.instance_ids),
        )
