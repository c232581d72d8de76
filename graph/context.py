"""What one request carries: who asks, when, and what was loaded for it so far."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from models import Tenant
from resolvers import access, billing_reports, billing_trends, tenants
from resolvers.access import TenantKey
from resolvers.admission import Admission
from resolvers.asked import AskedTenant, AskedTenants, AskedTrend, Head
from resolvers.audit import Origin, Record, trail
from resolvers.audit.trail import TrailPage, TrailRequest
from resolvers.billing_reports import BillingReport, ReportRequest
from resolvers.billing_trends import BillingTrend, TrendRequest
from resolvers.errors import TenantNotFound
from resolvers.silence import Silence
from resolvers.tenants import TenantFilter, TenantOrder, TenantPage
from resolvers.viewers import Viewer


@dataclass(slots=True)
class Context:
    """Made anew for every request, so nothing that was loaded outlives it."""

    viewer: Viewer
    now: datetime
    request_id: str
    #: What signing in brought along.
    admission: Admission
    #: Whether anything was read that the admission's state does not say: then the answer is made
    #: of more than the state.
    beyond: bool = False
    #: Tenants that CanSeeTenant has let pass; a field below it finds its tenant here.
    held: dict[TenantKey, Tenant] = field(default_factory=dict)
    #: False when HEADCOUNT_AUDIT is off.
    audited: bool = True
    #: What was read and what was refused: in the audit log before the answer leaves. Each but
    #: once, for a request may be answered twice (`graph/execution/`).
    records: dict[Record, None] = field(default_factory=dict)
    #: What graph/lookahead.py has worked out of the document.
    lookahead: dict[tuple[object, ...], list[dict[str, Any]]] = field(default_factory=dict)
    silence: Silence = field(default_factory=Silence)
    # Most requests need no more than one of these.
    _tenants: DataLoader[TenantKey, Tenant | None] | None = None
    _reports: DataLoader[ReportRequest, BillingReport] | None = None
    _trends: DataLoader[TrendRequest, BillingTrend] | None = None
    _trails: DataLoader[TrailRequest, TrailPage] | None = None
    _trail_totals: DataLoader[UUID, int] | None = None

    @property
    def origin(self) -> Origin:
        """For what the request changes: its entry is written with the change."""
        return Origin(self.viewer, self.now, self.request_id, self.audited)

    def note(self, record: Record) -> None:
        self.records[record] = None

    async def find(self, key: TenantKey) -> Tenant | None:
        """The visible tenant that the key names, if there is one."""
        asked = self.admission.asked
        if isinstance(asked, AskedTenant | AskedTrend) and key.id == asked.text:
            return self.admission.brought.tenant
        self.beyond = True
        if self._tenants is None:
            self._tenants = DataLoader(self.silence.ends(self._load_tenants))
        return await self._tenants.load(key)

    async def _load_tenants(self, keys: list[TenantKey]) -> list[Tenant | None]:
        held = await access.hold(self.viewer, keys)
        return [held.get(key) for key in keys]

    async def hold(self, key: TenantKey) -> Tenant:
        """The visible tenant that the key names; TenantNotFound when there is none."""
        tenant = await self.find(key)
        if tenant is None:
            raise TenantNotFound
        self.held[key] = tenant
        return tenant

    async def page(
        self, where: TenantFilter, order: TenantOrder, first: int | None, after: str | None
    ) -> TenantPage:
        """A page of the tenants that the viewer may see."""
        size = tenants.page_size(first)
        found = self.admission.brought.tenants
        asked = self.admission.asked
        if found is not None and after is None and isinstance(asked, AskedTenants):
            likewise = AskedTenants(order.value, size + 1, where.billable, asked.on)
            if asked == likewise and where == TenantFilter(billable=where.billable):
                return tenants.page_of(found, size, self.viewer, where, order)
        self.beyond = True
        search = self.silence.ends(tenants.search)
        return await search(self.viewer, where, order, first, after)

    def head(self, tenant: Tenant, on: date) -> Head | None:
        """The head of a report when signing in brought it along."""
        asked = self.admission.asked
        if asked is None or isinstance(asked, AskedTrend) or asked.on != on:
            return None
        return self.admission.brought.heads.get(tenant.id)

    async def reports(self, requests: list[ReportRequest]) -> list[BillingReport]:
        """Those whose heads were brought along are made of the admission's state as long as their
        day still has that state."""
        if self._reports is None:
            self._reports = DataLoader(self.silence.ends(billing_reports.read), cache=False)
        found = await self._reports.load_many(requests)
        heads = [self.head(each.tenant, each.on) for each in requests]
        if any(
            head is None or head.max_users != each.max_users or head.state != each.state
            for head, each in zip(heads, found, strict=True)
        ):
            self.beyond = True
        return found

    async def trends(self, requests: list[TrendRequest]) -> list[BillingTrend]:
        days = self.admission.brought.days
        if days is not None and len(requests) == 1 and self._asked_for(requests[0]):
            if not requests[0].distinct:
                return [billing_trends.of_days(requests[0], days)]
        else:
            self.beyond = True
        if self._trends is None:
            self._trends = DataLoader(self.silence.ends(billing_trends.read), cache=False)
        found = await self._trends.load_many(requests)
        if any(not billing_trends.agree(each, days) for each in found):
            self.beyond = True
        return found

    @property
    def trails(self) -> DataLoader[TrailRequest, TrailPage]:
        self.beyond = True
        if self._trails is None:
            self._trails = DataLoader(self.silence.ends(trail.read), cache=False)
        return self._trails

    @property
    def trail_totals(self) -> DataLoader[UUID, int]:
        self.beyond = True
        if self._trail_totals is None:
            self._trail_totals = DataLoader(self.silence.ends(trail.totals))
        return self._trail_totals

    def _asked_for(self, request: TrendRequest) -> bool:
        asked = self.admission.asked
        return (
            isinstance(asked, AskedTrend)
            and request.tenant.id == asked.tenant_id
            and asked.first <= request.range.start
            and request.range.end <= asked.last
        )


Info = strawberry.Info[Context, None]
