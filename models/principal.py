from enum import StrEnum
from uuid import UUID, uuid4

from tortoise import fields
from tortoise.models import Model

from models.tenant import Tenant


class PrincipalKind(StrEnum):
    LANDLORD = "LANDLORD"
    TENANT_ADMINISTRATOR = "TENANT_ADMINISTRATOR"
    SERVICE_ACCOUNT = "SERVICE_ACCOUNT"


class PrincipalStatus(StrEnum):
    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"


class Principal(Model):
    """Who can sign in, known by issuer and subject of their token."""

    id = fields.UUIDField(primary_key=True, default=uuid4)
    kind = fields.CharEnumField(PrincipalKind, max_length=32)
    issuer = fields.CharField(max_length=255)
    subject = fields.CharField(max_length=255)
    display_name = fields.CharField(max_length=255)
    status = fields.CharEnumField(PrincipalStatus, max_length=16, default=PrincipalStatus.ACTIVE)
    # Set exactly for a Tenant Administrator; a CHECK in the database holds it.
    home_tenant: fields.ForeignKeyNullableRelation[Tenant] = fields.ForeignKeyField(
        "models.Tenant", null=True, on_delete=fields.RESTRICT, related_name="administrators"
    )
    created_at = fields.DatetimeField()

    home_tenant_id: UUID | None

    class Meta:
        table = "principal"
        table_description = "Who can sign in"
        unique_together = (("issuer", "subject"),)


class Assignment(Model):
    """Makes one tenant visible to one landlord or service account, while not revoked.

    At most one active row for a pair: a partial unique index made by the migration.
    """

    id = fields.BigIntField(primary_key=True)
    principal: fields.ForeignKeyRelation[Principal] = fields.ForeignKeyField(
        "models.Principal", on_delete=fields.RESTRICT, related_name="assignments"
    )
    tenant: fields.ForeignKeyRelation[Tenant] = fields.ForeignKeyField(
        "models.Tenant", on_delete=fields.RESTRICT, related_name="assignments"
    )
    # The principal who granted it; null when it was the operator's command.
    granted_by: fields.ForeignKeyNullableRelation[Principal] = fields.ForeignKeyField(
        "models.Principal", null=True, on_delete=fields.RESTRICT, related_name="granted"
    )
    granted_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    principal_id: UUID
    tenant_id: UUID
    granted_by_id: UUID | None

    class Meta:
        table = "assignment"
        table_description = "Which tenants a landlord or service account may see"
        indexes = (("tenant_id", "principal_id"),)
