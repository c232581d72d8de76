"""What the connected database says of itself: its version, whether what it acknowledges survives a
crash, whether its stored numbers are those of its rows, and its clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models import database, migrate, stored_numbers
from models.stored_numbers import DifferingDay
from models.troubles import Trouble, trouble

_PRAGMAS = {"synchronous": {0: "off", 1: "normal", 2: "full", 3: "extra"}}
_POSTGRESQL = (
    *(
        "server_version",
        "server_encoding",
        "transaction_read_only",
        "fsync",
        "full_page_writes",
        "synchronous_commit",
    ),
    *("max_connections", "reserved_connections", "superuser_reserved_connections"),
)


@dataclass(frozen=True, slots=True)
class Inspection:
    """`settings` are the database's own; `differing` is None when it took too long to count.
    SQLite has no clock; what only PostgreSQL has is None or False there."""

    product: str
    version: str
    settings: Mapping[str, str]
    pending: list[str]
    unknown: list[str]
    differing: int | None
    differing_days: list[DifferingDay]
    clock: datetime | None = None
    connections: int | None = None
    is_superuser: bool = False
    is_encrypted: bool = False


async def inspect() -> Inspection:
    if database.dialect() == "sqlite":
        return await _sqlite()
    return await _postgresql()


async def _sqlite() -> Inspection:
    (version,) = await database.rows("SELECT sqlite_version()")
    settings: dict[str, str] = {}
    for pragma in ("journal_mode", "synchronous", "foreign_keys"):
        (row,) = await database.rows(f"PRAGMA {pragma}")
        settings[pragma] = str(_PRAGMAS.get(pragma, {}).get(row[0], row[0]))
    return Inspection("SQLite", version[0], settings, *await _contents())


async def _postgresql() -> Inspection:
    found = await database.rows(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)", [list(_POSTGRESQL)]
    )
    settings = {row["name"]: row["setting"] for row in found}
    (role,) = await database.rows("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    (link,) = await database.rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    (now,) = await database.rows("SELECT clock_timestamp()")
    # Reserved ones have names that came with PostgreSQL 16.
    reserved = sum(int(value) for name, value in settings.items() if "reserved" in name)
    return Inspection(
        "PostgreSQL",
        settings.pop("server_version"),
        settings,
        *await _contents(),
        now[0],
        int(settings["max_connections"]) - reserved,
        bool(role[0]),
        bool(link[0]),
    )


async def _contents() -> tuple[list[str], list[str], int | None, list[DifferingDay]]:
    pending, unknown = await migrate.pending(), await migrate.unknown()
    if pending:
        # The tables may not be there yet.
        return pending, unknown, 0, []
    try:
        return pending, unknown, *await stored_numbers.differing()
    except Exception as error:
        if trouble(error) is not Trouble.SLOW:
            raise
        return pending, unknown, None, []
