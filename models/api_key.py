from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.principal import Principal


class ApiKey(Model):
    """Lets a service account sign in without a token, until it expires or is revoked.

    The key itself is not kept: `id` is the part of it that names it, `secret_sha256` what is left
    of the rest.
    """

    id = fields.CharField(max_length=12, primary_key=True)
    principal: fields.ForeignKeyRelation[Principal] = fields.ForeignKeyField(
        "models.Principal", on_delete=fields.RESTRICT, related_name="api_keys"
    )
    secret_sha256 = fields.CharField(max_length=64)
    # Separated by spaces, as in a token.
    scopes = fields.CharField(max_length=255)
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    principal_id: UUID

    class Meta:
        table = "api_key"
        table_description = "Keys of service accounts"
        indexes = (("principal_id",),)
