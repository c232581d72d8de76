from uuid import uuid4

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from models.migrations._table import CreateTable
from models.principal import PrincipalKind, PrincipalStatus


class Migration(migrations.Migration):
    initial = True

    operations = [
        CreateTable(
            name="Tenant",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("name", fields.CharField(max_length=255)),
                ("external_id", fields.CharField(unique=True, max_length=255)),
                ("instance_id", fields.UUIDField(unique=True)),
                ("billable", fields.BooleanField(default=False)),
                ("time_zone", fields.CharField(default="UTC", max_length=64)),
                ("search_text", fields.TextField(unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tenant",
                "app": "models",
                "pk_attr": "id",
                "table_description": "Customer organisations of the service",
            },
            bases=["Model"],
            by_code_point={
                "name": "VARCHAR(255)",
                "external_id": "VARCHAR(255)",
                "search_text": "TEXT",
            },
        ),
        CreateTable(
            name="Principal",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        description="LANDLORD: LANDLORD\nTENANT_ADMINISTRATOR: TENANT_ADMINISTRATOR\nSERVICE_ACCOUNT: SERVICE_ACCOUNT",
                        enum_type=PrincipalKind,
                        max_length=32,
                    ),
                ),
                ("issuer", fields.CharField(max_length=255)),
                ("subject", fields.CharField(max_length=255)),
                ("display_name", fields.CharField(max_length=255)),
                (
                    "status",
                    fields.CharEnumField(
                        default=PrincipalStatus.ACTIVE,
                        description="ACTIVE: ACTIVE\nDISABLED: DISABLED",
                        enum_type=PrincipalStatus,
                        max_length=16,
                    ),
                ),
                (
                    "home_tenant",
                    fields.ForeignKeyField(
                        "models.Tenant",
                        source_field="home_tenant_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="administrators",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "principal",
                "app": "models",
                "unique_together": (("issuer", "subject"),),
                "pk_attr": "id",
                "table_description": "Who can sign in",
            },
            bases=["Model"],
            checks={
                "home_tenant_of_administrators": "(kind = 'TENANT_ADMINISTRATOR') = (home_tenant_id IS NOT NULL)"
            },
        ),
        CreateTable(
            name="Assignment",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "principal",
                    fields.ForeignKeyField(
                        "models.Principal",
                        source_field="principal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="assignments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "models.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="assignments",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "granted_by",
                    fields.ForeignKeyField(
                        "models.Principal",
                        source_field="granted_by_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="granted",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("granted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "assignment",
                "app": "models",
                "indexes": [Index(fields=["tenant_id", "principal_id"])],
                "pk_attr": "id",
                "table_description": "Which tenants a landlord or service account may see",
            },
            bases=["Model"],
        ),
        CreateTable(
            name="TenantDay",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "models.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="days",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("report_date", fields.DateField()),
                ("max_users", fields.IntField(default=0)),
                ("version", fields.BigIntField(default=0)),
                ("first_recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "tenant_day",
                "app": "models",
                "unique_together": (("tenant", "report_date"),),
                "pk_attr": "id",
                "table_description": "Number of users of a tenant on a report date",
            },
            bases=["Model"],
            checks={"max_users_not_negative": "max_users >= 0"},
        ),
        CreateTable(
            name="Presence",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("tenant_id", fields.UUIDField()),
                ("report_date", fields.DateField()),
                ("user_id", fields.CharField(max_length=255)),
                ("first_login_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_login_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "presence",
                "app": "models",
                "unique_together": (("tenant_id", "report_date", "user_id"),),
                "pk_attr": "id",
                "table_description": "Users seen on a report date of a tenant",
            },
            bases=["Model"],
            by_code_point={"user_id": "VARCHAR(255)"},
            checks={"first_login_not_after_last": "first_login_at <= last_login_at"},
        ),
        # At most one active assignment for a pair; revoked ones stay as history.
        ops.RunSQL(
            "CREATE UNIQUE INDEX uid_assignment_active ON assignment (principal_id, tenant_id) "
            "WHERE revoked_at IS NULL",
            "DROP INDEX uid_assignment_active",
        ),
    ]
