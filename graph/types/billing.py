import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any, Self, cast

import strawberry
from strawberry import argument

from graph import lookahead
from graph.context import Info
from graph.permissions import HasScope, guard
from graph.types.arguments import After
from graph.types.daily import DailyPoints
from graph.types.given import given
from graph.types.pagination import PageInfo
from models import Tenant as TenantRow
from resolvers import access, billing_reports, billing_trends, billing_window
from resolvers.access import Scope
from resolvers.audit import Action, Record
from resolvers.billed_users import BilledUser as BilledUserRecord
from resolvers.billed_users import BilledUsers
from resolvers.billing_reports import BillingReport as BillingReportRecord
from resolvers.billing_reports import ReportRequest, UsersPage
from resolvers.billing_trends import BillingTrend as BillingTrendRecord
from resolvers.billing_trends import TrendRequest
from resolvers.billing_window import BillingWindow
from resolvers.errors import DateOutOfWindow, Refusal

if TYPE_CHECKING:
    from graph.types.tenant import Tenant


@strawberry.type(description="Report dates from and to, both included.")
class DateRange:
    from_: dt.date = strawberry.field(name="from", description="First date.")
    to: dt.date = strawberry.field(description="Last date.")

    @classmethod
    def of(cls, window: BillingWindow) -> Self:
        return cls(from_=window.start, to=window.end)


@strawberry.type(description="A user of a tenant who logged in on the report date.")
class BilledUser:
    user_id: strawberry.ID = strawberry.field(
        description="Unique within its tenant only, therefore not named id."
    )
    first_login_at: dt.datetime = strawberry.field(description="First login of the report date.")
    last_login_at: dt.datetime = strawberry.field(description="Last login of the report date.")

    @classmethod
    def of(cls, record: BilledUserRecord) -> "BilledUser":
        """The record as it is: it has the same attributes, and a report has thousands."""
        return cast(BilledUser, record)


@strawberry.type(description="A user of a report, with its place in the list.")
class BilledUserEdge:
    cursor: str = strawberry.field(description="Pass it as after to go on behind this user.")
    node: BilledUser = strawberry.field(description="The user.")


def _page_info(self: "BilledUserConnection") -> PageInfo:
    """Cursors are worked out for those who ask."""
    ids = self.shown.user_id
    return PageInfo.of(
        has_next=self.has_next,
        after=self.page.after or None,
        first=_cursor(self.report, ids[0]) if ids else None,
        last=_cursor(self.report, ids[-1]) if ids else None,
    )


@strawberry.type(description="A page of the users counted in a report.")
class BilledUserConnection:
    total_count: int = strawberry.field(description="Number of users of the whole report.")
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="Where this page stands."
    )

    nodes: list[BilledUser] = strawberry.field(description="Users of this page.")
    report: strawberry.Private[BillingReportRecord]
    page: strawberry.Private[UsersPage]
    shown: strawberry.Private[BilledUsers]
    has_next: strawberry.Private[bool]

    @strawberry.field(description="Users of this page with their cursors.")
    def edges(self) -> list[BilledUserEdge]:
        return [
            BilledUserEdge(cursor=_cursor(self.report, user.user_id), node=BilledUser.of(user))
            for user in self.shown
        ]

    @classmethod
    def of(cls, report: BillingReportRecord, page: UsersPage) -> Self:
        # The page was read with one user more, who only says that there is a next page.
        users = report.users[page]
        shown = users[: page.first]
        return cls(
            total_count=report.max_users,
            # The records as they are: they have the attributes of a BilledUser.
            nodes=cast(list[BilledUser], shown),
            report=report,
            page=page,
            shown=shown,
            has_next=len(users) > page.first,
        )


def _cursor(report: BillingReportRecord, user_id: str) -> str:
    return billing_reports.user_cursor(report.tenant, report.on, user_id)


@strawberry.type(description="How many users of a tenant logged in on a date, and who they were.")
class BillingReport:
    id: strawberry.ID = strawberry.field(
        description="Stable across requests (tenant and date), for client caches."
    )
    date: dt.date = strawberry.field(description="The report date, in the tenant's time zone.")
    max_users: int = strawberry.field(
        description="Maximum number of users that logged in on the date: the number of distinct"
        " user IDs. Equals users.totalCount."
    )
    record: strawberry.Private[BillingReportRecord]

    @strawberry.field(description="The tenant reported on.")
    def tenant(self) -> Annotated["Tenant", strawberry.lazy("graph.types.tenant")]:
        from graph.types.tenant import Tenant

        return Tenant.of(self.record.tenant)

    @strawberry.field(description="First instant of the report date.")
    def day_start(self) -> dt.datetime:
        return billing_window.day_start(self.record.on, self.record.tenant.time_zone)

    @strawberry.field(description="First instant after the report date: [dayStart, dayEnd).")
    def day_end(self) -> dt.datetime:
        return billing_window.day_end(self.record.on, self.record.tenant.time_zone)

    @strawberry.field(
        description="The users counted in maxUsers, ordered by user ID, for auditing."
        " A service account needs the scope billing:users.",
        extensions=[guard(HasScope(Scope.BILLING_USERS), action=Action.BILLING_USERS_READ)],
    )
    def users(
        self,
        first: Annotated[
            int | None, argument("Length of the page: 0 to 5000; null is 1000.")
        ] = 1000,
        after: After = strawberry.UNSET,
    ) -> BilledUserConnection | None:
        record = self.record
        page = billing_reports.users_page(record.tenant, record.on, first, given(after))
        return BilledUserConnection.of(record, page)

    @classmethod
    def of(cls, record: BillingReportRecord) -> Self:
        return cls(
            id=strawberry.ID(f"{record.tenant.id}:{record.on}"),
            date=record.on,
            max_users=record.max_users,
            record=record,
        )


async def report(info: Info, tenant: TenantRow, on: dt.date) -> BillingReport:
    """The report of a tenant that is held, with every page of users that the query selects."""
    (found,) = await reports(info, [tenant], on)
    return found


async def reports(info: Info, tenants: list[TenantRow], on: dt.date) -> list[BillingReport]:
    """As `report`, for many tenants that are held."""
    selected = lookahead.arguments_of(info, "users")
    if not selected:
        heads = [info.context.head(tenant, on) for tenant in tenants]
        if all(heads):
            _note(info, tenants, on, Action.BILLING_REPORT_READ)
            return [
                BillingReport.of(BillingReportRecord(tenant, on, head.max_users, {}))
                for tenant, head in zip(tenants, heads, strict=True)
                if head is not None
            ]
    requests = []
    for tenant in tenants:
        pages = [page for each in selected if (page := _page(tenant, on, each)) is not None]
        requests.append(ReportRequest(tenant, on, tuple(dict.fromkeys(pages))))
    _note(info, tenants, on, _read_by(info, requests))
    return [BillingReport.of(each) for each in await info.context.reports(requests)]


def _read_by(info: Info, requests: list[ReportRequest]) -> Action:
    """Who sees users is told from who sees their number."""
    users = any(page.first > 0 for each in requests for page in each.pages)
    may = Scope.BILLING_USERS in access.scopes(info.context.viewer)
    return Action.BILLING_USERS_READ if users and may else Action.BILLING_REPORT_READ


def _note(info: Info, tenants: list[TenantRow], on: dt.date, action: Action) -> None:
    for tenant in tenants:
        info.context.note(Record(action, tenant_id=tenant.id, first=on, last=on))


def _page(tenant: TenantRow, on: dt.date, arguments: dict[str, Any]) -> UsersPage | None:
    try:
        return billing_reports.users_page(
            tenant, on, arguments.get("first"), given(arguments.get("after"))
        )
    except Refusal:
        return None  # The field itself will refuse, in its own place in the answer.


@strawberry.type(description="Maximum users of one date.")
class DailyMaxUsers:
    date: dt.date = strawberry.field(description="The report date.")
    max_users: int = strawberry.field(description="Number of distinct users of the date.")


@strawberry.type(description="Daily maximum users of a tenant over a range of dates.")
class BillingTrend:
    range: DateRange = strawberry.field(
        description="Dates covered, after clamping to the tenant's billingWindow."
    )
    points: list[DailyMaxUsers] = strawberry.field(
        description="One point for each date of the range, oldest first, zero when nobody logged"
        f" in; at most {billing_window.LONGEST}."
    )
    peak: DailyMaxUsers | None = strawberry.field(
        description="Date with the most users (the earliest when tied); null when nobody logged in."
    )
    distinct_users: int = strawberry.field(
        description="Distinct users over the whole range: not the sum of the points."
    )
    user_days: int = strawberry.field(description="Sum of the points: one for each user and date.")

    @classmethod
    def of(cls, record: BillingTrendRecord) -> Self:
        points = DailyPoints(record.range.start, record.counts)
        most = max(record.counts)
        return cls(
            range=DateRange.of(record.range),
            points=cast(list[DailyMaxUsers], points),
            peak=points[record.counts.index(most)] if most else None,
            # Null only when it was not selected, and so is never seen.
            distinct_users=cast(int, record.distinct_users),
            user_days=sum(record.counts),
        )


async def trend(
    info: Info, tenant: TenantRow, start: dt.date | None, end: dt.date | None
) -> BillingTrend:
    """The trend of a tenant that is held; distinct users are counted only when selected."""
    (found,) = await trends(info, [tenant], start, end)
    return found


async def trends(
    info: Info, tenants: list[TenantRow], start: dt.date | None, end: dt.date | None
) -> list[BillingTrend]:
    distinct = bool(lookahead.arguments_of(info, "distinctUsers"))
    requests = [TrendRequest(each, _range(info, each, start, end), distinct) for each in tenants]
    return [BillingTrend.of(each) for each in await info.context.trends(requests)]


def _range(
    info: Info, tenant: TenantRow, start: dt.date | None, end: dt.date | None
) -> BillingWindow:
    """The dates of a trend, which the audit log is told, as it is of a refusal."""
    record = Record(Action.BILLING_TREND_READ, tenant_id=tenant.id, first=start, last=end)
    try:
        found = billing_trends.clamp(tenant, info.context.now, start, end)
    except DateOutOfWindow as refusal:
        info.context.note(record._replace(outcome=refusal.code))
        raise
    info.context.note(record._replace(first=found.start, last=found.end))
    return found
