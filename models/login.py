from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.tenant import Tenant


class TenantDay(Model):
    """The head of a report: one row for each tenant and date on which anybody logged in.

    Writers lock it before they merge presences, so `max_users` is always the number of
    presences of the day, in every committed state.
    """

    id = fields.BigIntField(primary_key=True)
    tenant: fields.ForeignKeyRelation[Tenant] = fields.ForeignKeyField(
        "models.Tenant", on_delete=fields.RESTRICT, related_name="days"
    )
    report_date = fields.DateField()
    max_users = fields.IntField(default=0)
    # Goes up in every transaction that changes the day; equal versions mean equal reports.
    version = fields.BigIntField(default=0)
    first_recorded_at = fields.DatetimeField()
    last_recorded_at = fields.DatetimeField()

    tenant_id: UUID

    class Meta:
        table = "tenant_day"
        table_description = "Number of users of a tenant on a report date"
        unique_together = (("tenant", "report_date"),)


class Presence(Model):
    """A user seen on a report date of a tenant, with the first and the last login.

    Has no foreign key of its own: its row in tenant_day, written first in the same
    transaction, has one; a check for each of a million rows would buy nothing.
    """

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.UUIDField()
    report_date = fields.DateField()
    user_id = fields.CharField(max_length=255)
    first_login_at = fields.DatetimeField()
    last_login_at = fields.DatetimeField()

    class Meta:
        table = "presence"
        table_description = "Users seen on a report date of a tenant"
        unique_together = (("tenant_id", "report_date", "user_id"),)
