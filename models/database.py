"""The connection to the database, as one process holds it: open, close, ask whether it is there.

The database URL is read here and not by Tortoise, whose reading takes `ssl=false` for true and
fails on `sslmode`:

    sqlite://relative/path.db    sqlite:///absolute/path.db    sqlite://:memory:
    postgresql://user:password@host:5432/name?sslmode=verify-full
"""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import asyncpg
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import BaseORMException

from models import readers, transactions
from models.tenant import Tenant
from models.troubles import Unsuitable

Result = TypeVar("Result")

#: Seconds in which statements that are still running must end once the process is to end.
CLOSE_WITHIN = 2.0
#: How long a writer waits for another process's transaction, in milliseconds.
_SQLITE_WAIT = 15_000
_PARAMETER = re.compile(r"\$([0-9]+)")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


class InvalidDatabaseUrl(ValueError):
    """The URL cannot be used; the text says why and never repeats the URL (it holds a password)."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """Where the database is. `dialect` is also the connection's name: Tortoise keeps compiled
    queries by that name, so the two dialects must never share one."""

    dialect: str
    credentials: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> "DatabaseUrl":
        if url.startswith("sqlite://"):
            path = _sqlite_path(url.removeprefix("sqlite://"))
            return cls("sqlite", {"file_path": path, "busy_timeout": _SQLITE_WAIT})
        if url.startswith(("postgresql://", "postgres://")):
            return cls("postgresql", _postgresql_credentials(url))
        raise InvalidDatabaseUrl("A database URL begins with sqlite:// or postgresql://.")

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None when there is none (PostgreSQL, in memory)."""
        path = self.credentials.get("file_path", ":memory:")
        return None if path == ":memory:" else Path(path)


def _sqlite_path(path: str) -> str:
    if not path or "?" in path:
        raise InvalidDatabaseUrl("An SQLite URL is sqlite:// and a path, without parameters.")
    return path


def _postgresql_credentials(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        # None: the error that urlsplit raises repeats what it takes for the port.
        raise InvalidDatabaseUrl("The host or port of the database URL is malformed.") from None
    if parts.fragment or "@" in parts.path + parts.query:
        raise InvalidDatabaseUrl(
            "The user, password or name holds a character that must be percent-encoded."
        )
    parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    host = parameters.pop("host", None) or unquote(parts.hostname or "localhost")
    ssl_mode = parameters.pop("sslmode", "prefer")
    name = unquote(parts.path.removeprefix("/"))
    if ssl_mode not in _SSL_MODES:
        raise InvalidDatabaseUrl(f"sslmode is one of {', '.join(_SSL_MODES)}.")
    if parameters:
        raise InvalidDatabaseUrl(
            f"Only host and sslmode are known as parameters, not {', '.join(sorted(parameters))}."
        )
    if not name:
        raise InvalidDatabaseUrl("A PostgreSQL URL ends with the name of a database.")
    return {
        "host": host,
        "port": port,
        "user": unquote(parts.username or "") or None,
        "password": unquote(parts.password or "") or None,
        "database": name,
        # A local socket has no TLS to offer.
        "ssl": None if host.startswith("/") else ssl_mode,
    }


def config(
    url: DatabaseUrl, *, pool_size: int = 10, statement_timeout: float = 8
) -> dict[str, Any]:
    """Tortoise's configuration. `statement_timeout` in seconds; 0 means none."""
    engine, credentials = "models.sqlite_client", dict(url.credentials)
    if url.dialect == "postgresql":
        engine = "models.asyncpg_client"
        credentials |= {
            "minsize": 1,
            "maxsize": pool_size,
            # The server's own limit comes first; this one is for a server that says nothing more.
            "command_timeout": statement_timeout + 1 if statement_timeout else None,
            "connection_class": readers.Connection,
            "server_settings": {
                "application_name": "headcount",
                # How instants become text.
                "datestyle": "ISO",
                # Compiling a statement takes longer than any of ours runs.
                "jit": "off",
                # Under any other, who waited for a lock is refused what was committed meanwhile.
                "default_transaction_isolation": "read committed",
                # Rounded up, as 0 would mean none.
                "statement_timeout": str(ceil(statement_timeout * 1000)),
                # A client that vanished inside a transaction must not keep its locks.
                "idle_in_transaction_session_timeout": "60000",
            },
        }
    return {
        "connections": {url.dialect: {"engine": engine, "credentials": credentials}},
        "apps": apps(url.dialect),
        "use_tz": True,
        "timezone": "UTC",
    }


def apps(connection_name: str) -> dict[str, dict[str, Any]]:
    """Where Tortoise finds the models and their migrations."""
    return {
        "models": {
            "models": ["models"],
            "migrations": "models.migrations",
            "default_connection": connection_name,
        }
    }


async def open(
    url: str, *, pool_size: int = 10, statement_timeout: float = 8, only_to_look: bool = False
) -> None:
    """Connect this process. Ends with the connection warm: a first query that is cancelled
    while SQLite connects would leave it locked. A database that cannot keep every text is refused,
    unless it is only to be looked at."""
    global _dialect
    parsed = DatabaseUrl.parse(url)
    await Tortoise.init(
        config=config(parsed, pool_size=pool_size, statement_timeout=statement_timeout),
        _enable_global_fallback=True,
    )
    _dialect = parsed.dialect
    try:
        await ping()
        if parsed.dialect == "sqlite":
            await _assert_sqlite_is_safe()
        else:
            client: Any = connection()
            readers.hold(client._pool)
            if not only_to_look:
                await _assert_every_text_is_kept()
    except BaseException:
        await close()
        raise


async def close() -> None:
    """Must always be called: an open SQLite connection keeps the process from ending.

    A PostgreSQL that is stuck does not: its connections are cut, and it undoes what was not
    committed.
    """
    await readers.close()
    if _dialect == "postgresql":
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN):
                await Tortoise.close_connections()
                return
    await Tortoise.close_connections()


def connection() -> BaseDBAsyncClient:
    """The connection of this process, or the transaction that the caller is in."""
    return Tenant._meta.db


def pool() -> readers.PoolState | None:
    """How the connections of this process are used; SQLite has one, of which nothing is told."""
    return readers.state()


async def ping() -> None:
    await connection().execute_query("SELECT 1")


async def ready() -> None:
    """Ask whether the database answers and takes what is written, as audit and logins need."""
    if _dialect != "postgresql":
        await ping()
        return
    sql = "SELECT current_setting('transaction_read_only')"
    _, (found,) = await connection().execute_query(sql)
    if found[0] == "on":
        raise asyncpg.ReadOnlySQLTransactionError("PostgreSQL takes no writes")


async def rows(sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """Rows of one SQL statement, in the driver's own row type: index or name a column.

    Parameters are written $1, $2 …; SQLite takes UUIDs and dates as text.
    """
    if _dialect != "postgresql":
        client: Any = connection()
        return list((await client.execute_query(_PARAMETER.sub(r"?\1", sql), list(values)))[1])
    if transactions.is_within():
        # execute_query drops the rows of INSERT … RETURNING.
        async with connection().acquire_connection() as driver:
            return list(await driver.fetch(sql, *values))
    return await readers.held().fetch(sql, values)


def uuid(value: Any) -> UUID:
    """A UUID from a row: SQLite keeps them as text."""
    return value if isinstance(value, UUID) else UUID(value)


#: What to do about a PostgreSQL database in another encoding.
MAKE_ANOTHER = "Make another one: CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"

#: Everything the drivers raise when the database is not there, not ready or not a database.
ERRORS: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    BaseORMException,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What a connection says that was cut while it was used.
    asyncpg.InternalClientError,
    sqlite3.Error,
    Unsuitable,
)


def dialect() -> str:
    """`sqlite` or `postgresql`: that of the database opened last."""
    return _dialect


_dialect = "none is open"


async def transaction(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run `work` in one transaction that a cancelled caller cannot tear."""
    return await transactions.run(connection().connection_name, work)


async def _assert_sqlite_is_safe() -> None:
    """Acknowledged logins survive a crash only with these; say so at once when they are off."""
    for pragma, value in {"foreign_keys": 1, "synchronous": 2}.items():
        (row,) = await rows(f"PRAGMA {pragma}")
        if row[0] != value:
            raise Unsuitable(f"SQLite runs with {pragma}={row[0]} instead of {value}")


async def _assert_every_text_is_kept() -> None:
    """In another encoding, PostgreSQL refuses names, or counts bytes as characters."""
    ((encoding,),) = await rows("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise Unsuitable(f"it keeps text as {encoding}. {MAKE_ANOTHER}")
