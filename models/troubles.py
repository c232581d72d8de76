"""What an exception says of the database, when it is not a fault of ours.

Exceptions arrive as the drivers raise them: Tortoise translates only a few.
"""

import sqlite3
from enum import Enum

import asyncpg
from tortoise.exceptions import DBConnectionError, OperationalError


class Unsuitable(RuntimeError):
    """The database is there and must not be used; the text says why and goes on after a colon."""


class Trouble(Enum):
    """UNWRITABLE lasts until a person sees to it; the others may pass."""

    UNREACHABLE = "unreachable"
    SLOW = "slow"
    UNWRITABLE = "unwritable"


def trouble(error: BaseException) -> Trouble | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, asyncpg.QueryCanceledError | TimeoutError):
            return Trouble.SLOW
        if isinstance(seen, asyncpg.DiskFullError | asyncpg.ReadOnlySQLTransactionError):
            return Trouble.UNWRITABLE
        if isinstance(seen, _UNREACHABLE):
            return Trouble.UNREACHABLE
        if isinstance(seen, sqlite3.OperationalError) and (found := _of_sqlite(seen)):
            return found
        seen = seen.__cause__ or (seen.args[0] if _wraps(seen) else None)
    return None


_UNREACHABLE = (
    OSError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)

#: By the words that SQLite has for it. Locked: another process wrote for longer than we wait.
_SQLITE = {
    "locked": Trouble.UNREACHABLE,
    "full": Trouble.UNWRITABLE,
    "readonly": Trouble.UNWRITABLE,
    "disk I/O error": Trouble.UNWRITABLE,
    "unable to open": Trouble.UNWRITABLE,
}


def _of_sqlite(error: sqlite3.OperationalError) -> Trouble | None:
    said = str(error)
    return next((trouble for words, trouble in _SQLITE.items() if words in said), None)


def _wraps(error: BaseException) -> bool:
    return (
        isinstance(error, OperationalError)
        and bool(error.args)
        and isinstance(error.args[0], BaseException)
    )
