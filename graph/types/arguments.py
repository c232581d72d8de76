"""Arguments that several fields take, each with its description in the schema."""

import datetime as dt
from typing import Annotated

import strawberry
from strawberry import argument

TenantId = Annotated[
    strawberry.ID, argument("ID of the tenant in this API (`Tenant.id`), not the external ID.")
]
TenantIds = Annotated[list[strawberry.ID], argument("IDs of the tenants in this API; at most 500.")]
LandlordId = Annotated[strawberry.ID, argument("ID of the landlord, who sees it as viewer.id.")]

ReportDate = Annotated[dt.date, argument("The report date, within the tenant's billingWindow.")]
FirstDate = Annotated[
    dt.date | None,
    argument("First date; that of the billingWindow when omitted or earlier.", name="from"),
]
LastDate = Annotated[
    dt.date | None, argument("Last date; that of the billingWindow when omitted or later.")
]

After = Annotated[
    str | None, argument("Cursor to go on behind: an earlier page's endCursor or an edge's cursor.")
]
