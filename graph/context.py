"""What one request carries: who asks, when, and what was loaded for it so far."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import strawberry
from strawberry.dataloader import DataLoader

from models import Tenant
from resolvers import access, billing_reports, billing_trends
from resolvers.access import TenantKey
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
    #: Tenants that CanSeeTenant has let pass; a field below it finds its tenant here.
    held: dict[TenantKey, Tenant] = field(default_factory=dict)
    #: What graph/lookahead.py has worked out of the document.
    lookahead: dict[tuple[object, ...], list[dict[str, Any]]] = field(default_factory=dict)
    tenants: DataLoader[TenantKey, Tenant | None] = field(init=False)
    reports: DataLoader[ReportRequest, BillingReport] = field(init=False)
    trends: DataLoader[TrendRequest, BillingTrend] = field(init=False)

    def __post_init__(self) -> None:
        self.tenants = DataLoader(self._load_tenants)
        self.reports = DataLoader(billing_reports.read, cache=False)
        self.trends = DataLoader(billing_trends.read, cache=False)

    async def _load_tenants(self, keys: list[TenantKey]) -> list[Tenant | None]:
        held = await access.hold(self.viewer, keys)
        return [held.get(key) for key in keys]

    async def hold(self, key: TenantKey) -> Tenant:
        """The visible tenant that the key names; TenantNotFound when there is none."""
        tenant = await self.tenants.load(key)
        if tenant is None:
            raise TenantNotFound
        self.held[key] = tenant
        return tenant


Info = strawberry.Info[Context, None]
