from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index

from models.migrations._table import CreateTable


class Migration(migrations.Migration):
    dependencies = [("models", "0002_audit")]

    operations = [
        CreateTable(
            name="ApiKey",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=12),
                ),
                (
                    "principal",
                    fields.ForeignKeyField(
                        "models.Principal",
                        source_field="principal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="api_keys",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("secret_sha256", fields.CharField(max_length=64)),
                ("scopes", fields.CharField(max_length=255)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "api_key",
                "app": "models",
                "indexes": [Index(fields=["principal_id"])],
                "pk_attr": "id",
                "table_description": "Keys of service accounts",
            },
            bases=["Model"],
            checks={"expires_after_creation": "expires_at > created_at"},
        ),
    ]
