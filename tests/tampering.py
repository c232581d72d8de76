"""Changing the audit log as its owner in the database could: past its triggers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from models import database

Found = TypeVar("Found")


class _Undo(Exception):
    pass


async def after(*statements: str, look: Callable[[], Awaitable[Found]]) -> Found:
    """What `look` finds when these were done; then all is as it was."""
    found: list[Found] = []

    async def work() -> None:
        await _unprotect()
        for statement in statements:
            await database.rows(statement)
        found.append(await look())
        raise _Undo

    with suppress(_Undo):
        await database.transaction(work)
    return found[0]


async def _unprotect() -> None:
    if database.dialect() == "postgresql":
        for table in ("audit_entry", "audit_filing", "audit_head"):
            await database.rows(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return
    triggers = await database.rows(
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%'"
    )
    for (name,) in map(tuple, triggers):
        await database.rows(f"DROP TRIGGER {name}")


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


def edit(at: int) -> list[str]:
    return [f"UPDATE audit_entry SET content = replace(content, '20', '21') WHERE position = {at}"]


def delete(at: int) -> list[str]:
    return [f"DELETE FROM audit_entry WHERE position = {at}"]


def exchange(at: int) -> list[str]:
    """With the one behind it."""
    return [
        f"UPDATE audit_entry SET position = {new} WHERE position = {old}"
        for old, new in ((at, -1), (at + 1, at), (-1, at + 1))
    ]


def insert(at: int) -> list[str]:
    """A copy of an entry, before it; the others move on, and the head with them."""
    columns = "at, tenant_id, content, hash"
    return [
        f"UPDATE audit_entry SET position = -position WHERE position >= {at}",
        f"UPDATE audit_entry SET position = 1 - position WHERE position <= -{at}",
        f"INSERT INTO audit_entry (position, {columns})"
        f" SELECT {at}, {columns} FROM audit_entry WHERE position = {at + 1}",
        "UPDATE audit_head SET position = position + 1",
    ]


def cut_off(behind: int) -> list[str]:
    """The end, and the head moved back: only a head noted before tells."""
    return [
        f"DELETE FROM audit_entry WHERE position > {behind}",
        f"UPDATE audit_head SET position = {behind},"
        f" hash = (SELECT hash FROM audit_entry WHERE position = {behind})",
    ]
