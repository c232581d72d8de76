from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor import BaseSchemaEditor

from models.migrations._append_only import refuse_no_more, refuse_on_sqlite
from models.migrations._table import CreateTable

_SQLITE = {
    "audit_filing_not_changed": "UPDATE ON audit_filing",
    "audit_filing_not_deleted": "DELETE ON audit_filing",
}


async def append_only(_apps: Any, editor: BaseSchemaEditor) -> None:
    if editor.DIALECT == "postgres":
        await editor._run_sql(
            "CREATE TRIGGER audit_filing_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON audit_filing FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
        return
    await refuse_on_sqlite(editor, _SQLITE)


async def not_any_more(_apps: Any, editor: BaseSchemaEditor) -> None:
    if editor.DIALECT == "postgres":
        await editor._run_sql("DROP TRIGGER audit_filing_append_only ON audit_filing")
        return
    await refuse_no_more(editor, _SQLITE)


class Migration(migrations.Migration):
    dependencies = [("models", "0003_api_keys")]

    operations = [
        CreateTable(
            name="AuditFiling",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("position", fields.BigIntField()),
                ("tenant_id", fields.UUIDField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "audit_filing",
                "app": "models",
                "indexes": [Index(fields=["tenant_id", "at", "position"])],
                "pk_attr": "id",
                "table_description": "Audit entries about several tenants, by tenant",
            },
            bases=["Model"],
        ),
        ops.RunPython(append_only, not_any_more),
    ]
