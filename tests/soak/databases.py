"""A database of its own for each measurement: migrated, empty, and gone afterwards."""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import processes
from models import migrate

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "": ""}


@dataclass(frozen=True, slots=True)
class Database:
    """`product` is its name and version; without a database both are empty."""

    url: str = ""
    product: str = ""


@contextmanager
def fresh(kind: str) -> Iterator[Database]:
    """Of kind `sqlite` or `postgresql`, or with an empty kind none at all."""
    match kind:
        case "":
            yield Database()
        case "sqlite":
            with _sqlite() as database:
                yield database
        case "postgresql":
            # A server of its own too: a bar may stop it, or set it up as it likes.
            with processes.postgresql(None) as server:
                asyncio.run(migrate.migrate(server.url))
                yield Database(server.url, f"PostgreSQL {server.version}")
        case _:
            raise ValueError(f"There is no database of kind {kind!r}.")


@contextmanager
def _sqlite() -> Iterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    url = f"sqlite://{folder}/soak.db"
    try:
        asyncio.run(migrate.migrate(url))
        yield Database(url, f"SQLite {sqlite3.sqlite_version}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
