from uuid import uuid4

from tortoise import fields
from tortoise.models import Model


class Tenant(Model):
    """A customer organisation of the service.

    Queries on tenants start in `resolvers/access.py`, nowhere else.
    """

    id = fields.UUIDField(primary_key=True, default=uuid4)
    name = fields.CharField(max_length=255)
    external_id = fields.CharField(max_length=255, unique=True)
    instance_id = fields.UUIDField(unique=True)
    billable = fields.BooleanField(default=False)
    # IANA name; fixed at creation, since stored report dates were decided in it.
    time_zone = fields.CharField(max_length=64, default="UTC")
    # Name and external ID, case-folded: what lists are sorted by and searched in, so that
    # both databases sort and search alike whatever their collation.
    search_text = fields.TextField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "tenant"
        table_description = "Customer organisations of the service"
