"""What one request carries: who asks, when, and what was loaded for it so far."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from models import Tenant
from resolvers import access, billing_reports, billing_trends
from resolvers.access import TenantKey
from resolvers.admission import Admission, Head
from resolvers.audit import Origin, Record, trail
from resolvers.audit.trail import TrailPage, TrailRequest
from resolvers.billing_reports import BillingReport, ReportRequest
from resolvers.billing_trends import BillingTrend, TrendRequest
from resolvers.errors import TenantNotFound
from resolvers.viewers import Viewer


@dataclass(slots=True)
class Context:
    """Made anew for every request, so nothing that was loaded outlives it."""

    viewer: Viewer
    now: datetime
    request_id: str
    #: What signing in brought along.
    admission: Admission | None = None
    #: Tenants that CanSeeTenant has let pass; a field below it finds its tenant here.
    held: dict[TenantKey, Tenant] = field(default_factory=dict)
    #: False when HEADCOUNT_AUDIT is off.
    audited: bool = True
    #: What was read and what was refused: in the audit log before the answer leaves. Each but
    #: once, for a request may be answered twice (`graph/execution/`).
    records: dict[Record, None] = field(default_factory=dict)
    #: What graph/lookahead.py has worked out of the document.
    lookahead: dict[tuple[object, ...], list[dict[str, Any]]] = field(default_factory=dict)
    _tenants: DataLoader[TenantKey, Tenant | None] | None = None
    _reports: DataLoader[ReportRequest, BillingReport] | None = None
    _trends: DataLoader[TrendRequest, BillingTrend] | None = None
    _trails: DataLoader[TrailRequest, TrailPage] | None = None
    _trail_totals: DataLoader[UUID, int] | None = None

    # Most requests need no more than one of these.
    @property
    def tenants(self) -> DataLoader[TenantKey, Tenant | None]:
        if self._tenants is None:
            self._tenants = DataLoader(self._load_tenants)
        return self._tenants

    @property
    def reports(self) -> DataLoader[ReportRequest, BillingReport]:
        if self._reports is None:
            self._reports = DataLoader(billing_reports.read, cache=False)
        return self._reports

    @property
    def trends(self) -> DataLoader[TrendRequest, BillingTrend]:
        if self._trends is None:
            self._trends = DataLoader(billing_trends.read, cache=False)
        return self._trends

    @property
    def trails(self) -> DataLoader[TrailRequest, TrailPage]:
        if self._trails is None:
            self._trails = DataLoader(trail.read, cache=False)
        return self._trails

    @property
    def trail_totals(self) -> DataLoader[UUID, int]:
        if self._trail_totals is None:
            self._trail_totals = DataLoader(trail.totals)
        return self._trail_totals

    @property
    def origin(self) -> Origin:
        """For what the request changes: its entry is written with the change."""
        return Origin(self.viewer, self.now, self.request_id, self.audited)

    def note(self, record: Record) -> None:
        self.records[record] = None

    async def _load_tenants(self, keys: list[TenantKey]) -> list[Tenant | None]:
        held = await access.hold(self.viewer, keys)
        return [held.get(key) for key in keys]

    async def find(self, key: TenantKey) -> Tenant | None:
        """The visible tenant that the key names, if there is one."""
        admission = self.admission
        if admission and admission.asked and key.id == admission.asked.text:
            return admission.tenant
        return await self.tenants.load(key)

    def head(self, tenant: Tenant, on: date) -> Head | None:
        """The head of a report when signing in brought it along."""
        admission = self.admission
        if admission is None or admission.tenant is not tenant or admission.asked is None:
            return None
        return admission.head if admission.asked.on == on else None

    async def hold(self, key: TenantKey) -> Tenant:
        """The visible tenant that the key names; TenantNotFound when there is none."""
        tenant = await self.find(key)
        if tenant is None:
            raise TenantNotFound
        self.held[key] = tenant
        return tenant


Info = strawberry.Info[Context, None]
