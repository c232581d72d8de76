"""Changing the audit log as somebody with the rights of its owner would: past its triggers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models import database

TABLES = ("audit_entry", "audit_head")


@asynccontextmanager
async def unprotected() -> AsyncIterator[None]:
    """The triggers are away meanwhile, and the same again afterwards."""
    if database.dialect() == "postgresql":
        for table in TABLES:
            await database.rows(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield
        finally:
            for table in TABLES:
                await database.rows(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    found = await database.rows(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
    )
    triggers = [tuple(row) for row in found]
    for name, _ in triggers:
        await database.rows(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        for _, sql in triggers:
            await database.rows(sql)


@asynccontextmanager
async def tampered(*statements: str) -> AsyncIterator[None]:
    """The log after these, and as it was again afterwards."""
    async with unprotected():
        for table in TABLES:
            await database.rows(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}")
        try:
            for statement in statements:
                await database.rows(statement)
            yield
        finally:
            for table in TABLES:
                await database.rows(f"DELETE FROM {table}")
                await database.rows(f"INSERT INTO {table} SELECT * FROM kept_{table}")
                await database.rows(f"DROP TABLE kept_{table}")


@asynccontextmanager
async def unwritable() -> AsyncIterator[None]:
    """No entry can be appended meanwhile."""
    if database.dialect() == "postgresql":
        await database.rows(
            "CREATE TRIGGER full_up BEFORE INSERT ON audit_entry"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )
    else:
        await database.rows(
            "CREATE TRIGGER full_up BEFORE INSERT ON audit_entry"
            " BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    try:
        yield
    finally:
        on = " ON audit_entry" if database.dialect() == "postgresql" else ""
        await database.rows(f"DROP TRIGGER full_up{on}")
