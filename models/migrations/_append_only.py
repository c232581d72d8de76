"""Triggers that refuse to change what is written in the audit log."""

from collections.abc import Mapping

from tortoise.migrations.schema_editor import BaseSchemaEditor


async def refuse_on_sqlite(editor: BaseSchemaEditor, triggers: Mapping[str, str]) -> None:
    """`triggers` are events by name."""
    for name, event in triggers.items():
        # Past _run_sql, which takes the semicolon inside for the end of a statement.
        await editor.client.execute_query(
            f"CREATE TRIGGER {name} BEFORE {event}"
            " BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END"
        )


async def refuse_no_more(editor: BaseSchemaEditor, triggers: Mapping[str, str]) -> None:
    for name in triggers:
        await editor._run_sql(f"DROP TRIGGER {name}")
