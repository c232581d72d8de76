from typing import Any

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.schema_editor import BaseSchemaEditor

from models.migrations._append_only import refuse_no_more, refuse_on_sqlite
from models.migrations._table import CreateTable

_POSTGRESQL = [
    """
    CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'The audit log is append-only.'; END $$
    """,
    """
    CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()
    """,
    """
    CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head FOR EACH ROW
    WHEN (NEW.position <= OLD.position OR NEW.id <> OLD.id) EXECUTE FUNCTION audit_refuse()
    """,
]
_SQLITE = {
    "audit_entry_not_changed": "UPDATE ON audit_entry",
    "audit_entry_not_deleted": "DELETE ON audit_entry",
    "audit_head_stays": "DELETE ON audit_head",
    # An append begins by writing the same again: that is how SQLite locks.
    "audit_head_moves_on": "UPDATE ON audit_head WHEN NEW.position < OLD.position"
    " OR NEW.id <> OLD.id OR (NEW.position = OLD.position AND NEW.hash <> OLD.hash)",
}


async def append_only(_apps: Any, editor: BaseSchemaEditor) -> None:
    if editor.DIALECT == "postgres":
        for statement in _POSTGRESQL:
            await editor._run_sql(statement)
        return
    await refuse_on_sqlite(editor, _SQLITE)


async def not_any_more(_apps: Any, editor: BaseSchemaEditor) -> None:
    if editor.DIALECT == "postgres":
        await editor._run_sql("DROP FUNCTION audit_refuse CASCADE")
        return
    await refuse_no_more(editor, _SQLITE)


class Migration(migrations.Migration):
    dependencies = [("models", "0001_tables")]

    operations = [
        CreateTable(
            name="AuditEntry",
            fields=[
                (
                    "position",
                    fields.BigIntField(
                        generated=False, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("tenant_id", fields.UUIDField(null=True)),
                ("content", fields.TextField(unique=False)),
                ("hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_entry",
                "app": "models",
                "indexes": [Index(fields=["tenant_id", "at", "hash"])],
                "pk_attr": "position",
                "table_description": "Who did or was refused what, in a chain of hashes",
            },
            bases=["Model"],
            by_code_point={"hash": "VARCHAR(64)"},
        ),
        CreateTable(
            name="AuditHead",
            fields=[
                (
                    "id",
                    fields.IntField(generated=False, primary_key=True, unique=True, db_index=True),
                ),
                ("position", fields.BigIntField()),
                ("hash", fields.CharField(max_length=64)),
            ],
            options={
                "table": "audit_head",
                "app": "models",
                "pk_attr": "id",
                "table_description": "End of the chain of audit entries",
            },
            bases=["Model"],
            checks={"only_one": "id = 1"},
        ),
        ops.RunSQL(
            f"INSERT INTO audit_head (id, position, hash) VALUES (1, 0, '{'0' * 64}')",
            "DELETE FROM audit_head",
        ),
        ops.RunPython(append_only, not_any_more),
    ]
