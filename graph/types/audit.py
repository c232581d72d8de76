import datetime as dt
from enum import Enum
from typing import Any, Self, cast

import strawberry
from strawberry import enum_value

from graph.context import Info
from graph.types.billing import DateRange
from graph.types.pagination import PageInfo
from graph.types.problem import ErrorCode
from graph.types.viewer import ViewerRole
from models import PrincipalKind
from resolvers.audit import OK
from resolvers.audit.trail import TrailEntry, TrailPage
from resolvers.billing_window import BillingWindow


@strawberry.enum(description="What was done with a tenant or its billing, or was refused.")
class AuditAction(Enum):
    BILLING_REPORT_READ = enum_value(
        "BILLING_REPORT_READ", description="How many users a report has was looked at."
    )
    BILLING_USERS_READ = enum_value(
        "BILLING_USERS_READ", description="A report was looked at with its users."
    )
    BILLING_TREND_READ = enum_value("BILLING_TREND_READ", description="A trend was looked at.")
    AUDIT_TRAIL_READ = enum_value(
        "AUDIT_TRAIL_READ", description="The audit trail was asked for; only refusals are kept."
    )
    TENANT_CREATE = enum_value("TENANT_CREATE", description="The tenant was created.")
    TENANT_UPDATE = enum_value(
        "TENANT_UPDATE", description="The tenant's name or identifiers were changed."
    )
    TENANT_SET_BILLABLE = enum_value(
        "TENANT_SET_BILLABLE", description="The tenant was configured as billable, or no longer so."
    )
    TENANT_ASSIGN = enum_value("TENANT_ASSIGN", description="The tenant was assigned to somebody.")
    TENANT_UNASSIGN = enum_value(
        "TENANT_UNASSIGN", description="The tenant was taken away from somebody."
    )
    LOGINS_RECORD = enum_value(
        "LOGINS_RECORD", description="Logins of the tenant's users were recorded."
    )


@strawberry.type(description="What somebody did with a tenant or its billing, or was refused.")
class AuditEntry:
    id: strawberry.ID = strawberry.field(
        description="Hash of the entry in the audit log's chain; finds it in an export of the log."
    )
    at: dt.datetime = strawberry.field(description="When it was asked for.")
    action: AuditAction | None = strawberry.field(
        description="What was done or refused; null for what this version does not know."
    )
    refusal: ErrorCode | None = strawberry.field(
        description="Why it was refused; null when it was done."
    )
    principal_name: str | None = strawberry.field(
        description="Who did it, by the name they had then; null for the service's operator."
    )
    principal_role: ViewerRole | None = strawberry.field(
        description="What they were then; null for the service's operator."
    )
    dates: DateRange | None = strawberry.field(
        description="Report dates asked for; null where there are none or only one end was given."
    )
    subject_name: str | None = strawberry.field(
        description="To whom the tenant was assigned or from whom it was taken, by the name they"
        " had then; null otherwise."
    )

    @classmethod
    def of(cls, entry: TrailEntry) -> Self:
        content = entry.content
        return cls(
            id=strawberry.ID(entry.hash),
            # Kept as the text that is shown.
            at=cast(dt.datetime, content["at"]),
            action=AuditAction.__members__.get(content["action"]),
            refusal=_refusal(content["outcome"]),
            principal_name=content["by"].get("name"),
            principal_role=_ROLES.get(content["by"]["kind"]),
            dates=_dates(content),
            subject_name=content.get("subject", {}).get("name"),
        )


_ROLES = {
    PrincipalKind.LANDLORD.value: ViewerRole.LANDLORD,
    PrincipalKind.TENANT_ADMINISTRATOR.value: ViewerRole.TENANT_ADMINISTRATOR,
    PrincipalKind.SERVICE_ACCOUNT.value: ViewerRole.SERVICE,
}


def _refusal(outcome: str) -> ErrorCode | None:
    """A code of a later version is what clients take an unknown one for."""
    known = ErrorCode.__members__
    return None if outcome == OK else known.get(outcome, ErrorCode.INTERNAL_SERVER_ERROR)


def _dates(content: dict[str, Any]) -> DateRange | None:
    if "from" not in content or "to" not in content:
        return None
    first, last = (dt.date.fromisoformat(content[end]) for end in ("from", "to"))
    return DateRange.of(BillingWindow(first, last))


@strawberry.type(description="An entry of an audit trail, with its place in it.")
class AuditEntryEdge:
    cursor: str = strawberry.field(description="Pass it as after to go on behind this entry.")
    node: AuditEntry = strawberry.field(description="The entry.")


def _page_info(self: "AuditConnection") -> PageInfo:
    """Cursors are worked out for those who ask."""
    page = self.page
    return PageInfo.of(
        has_next=page.has_next,
        after=self.after,
        first=page.cursor(page.entries[0]) if page.entries else None,
        last=page.cursor(page.entries[-1]) if page.entries else None,
    )


@strawberry.type(description="A page of a tenant's audit trail, newest first.")
class AuditConnection:
    page_info: PageInfo = strawberry.field(
        resolver=_page_info, description="Where this page stands."
    )
    nodes: list[AuditEntry] = strawberry.field(description="Entries of this page.")
    page: strawberry.Private[TrailPage]
    after: strawberry.Private[str | None]

    @strawberry.field(description="Number of entries of the whole trail.")
    async def total_count(self, info: Info) -> int:
        return await info.context.trail_totals.load(self.page.tenant_id)

    @strawberry.field(description="Entries of this page with their cursors.")
    def edges(self) -> list[AuditEntryEdge]:
        return [
            AuditEntryEdge(cursor=self.page.cursor(entry), node=node)
            for entry, node in zip(self.page.entries, self.nodes, strict=True)
        ]

    @classmethod
    def of(cls, page: TrailPage, after: str | None) -> Self:
        return cls(nodes=[AuditEntry.of(each) for each in page.entries], page=page, after=after)
