"""What Tortoise's CreateModel leaves out of a table."""

from typing import Any

from tortoise.migrations.operations import CreateModel
from tortoise.migrations.schema_editor import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class CreateTable(CreateModel):
    """CreateModel with CHECKs (Tortoise ignores them; SQLite cannot add one later) and with
    columns that PostgreSQL sorts by code point, as SQLite does, whatever the database's locale.
    """

    def __init__(
        self,
        *args: Any,
        checks: dict[str, str] | None = None,
        by_code_point: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.checks = checks or {}
        self.by_code_point = by_code_point or {}

    async def database_forward(
        self,
        app_label: str,
        old_state: State,
        new_state: State,
        state_editor: BaseSchemaEditor | None = None,
    ) -> None:
        if not state_editor:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.name}")
        table = model._meta.db_table
        body, end, comments = state_editor._get_model_sql_data(model).table_sql.partition("\n)")
        for name, condition in self.checks.items():
            body += f',\n    CONSTRAINT "{name}" CHECK ({condition})'
        await state_editor._run_sql(body + end + comments)
        if state_editor.DIALECT == "postgres":
            for column, sql_type in self.by_code_point.items():
                await state_editor._run_sql(
                    f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE {sql_type} COLLATE "C"'
                )
