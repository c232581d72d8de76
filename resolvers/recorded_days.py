"""When the days of a tenant were last added to."""

from datetime import date, datetime

from models import Tenant, TenantDay


async def read(tenant: Tenant) -> dict[date, datetime]:
    """The last recording of each report date that has any login."""
    rows = TenantDay.filter(tenant_id=tenant.id)
    return dict(await rows.values_list("report_date", "last_recorded_at"))
