"""Whether the stored number of each day is that of its presences.

Recording keeps it so; a row deleted by hand or a part of a backup does not.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from models import database

SHOWN = 3

# One tenant after the other, so that no statement takes long, and each along an index.
_NEXT = """
SELECT tenant_id FROM (
    SELECT tenant_id FROM tenant_day WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1
) of_days UNION SELECT tenant_id FROM (
    SELECT tenant_id FROM presence WHERE tenant_id > $1 ORDER BY tenant_id LIMIT 1
) of_presences ORDER BY tenant_id LIMIT 1
"""
_DIFFERING = """
SELECT d.report_date, d.max_users, count(p.user_id) FROM tenant_day d LEFT JOIN presence p
ON p.tenant_id = d.tenant_id AND p.report_date = d.report_date
WHERE d.tenant_id = $1 GROUP BY d.report_date, d.max_users HAVING d.max_users <> count(p.user_id)
UNION ALL
SELECT p.report_date, 0, count(*) FROM presence p WHERE p.tenant_id = $1 AND NOT EXISTS (
    SELECT 1 FROM tenant_day d WHERE d.tenant_id = $1 AND d.report_date = p.report_date
) GROUP BY p.report_date
ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class DifferingDay:
    tenant_id: UUID
    report_date: date
    max_users: int
    presences: int


async def differing() -> tuple[int, list[DifferingDay]]:
    """How many days differ, and the first few."""
    count, first = 0, list[DifferingDay]()
    tenant = UUID(int=0)
    while found := await database.rows(_NEXT, [str(tenant)]):
        tenant = UUID(str(found[0][0]))  # The driver's own kind of UUID is no JSON.
        days = await database.rows(_DIFFERING, [str(tenant)])
        count += len(days)
        for on, stored, counted in days[: SHOWN - len(first)]:
            day = on if isinstance(on, date) else date.fromisoformat(on)
            first.append(DifferingDay(tenant, day, stored, counted))
    return count, first
