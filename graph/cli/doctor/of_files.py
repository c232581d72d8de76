"""Who else on this machine can read or write what the service trusts, and whether it has room."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from stat import S_IRWXO, S_IWGRP, S_IWOTH

from graph.cli.doctor.finding import Finding, unsafe, wrong
from graph.environment import file_variable_of
from graph.settings import Settings, secrets, variable_of

ROOM = 1024**3
"""Bytes that a disk with an SQLite file on it should have left."""

_MOVES = {
    "database_url": "move the service to another database",
    "rate_limit_storage": "have rates counted in a Redis that never refuses",
}
"""What a secret in a file can be changed to do."""


def examine(settings: Settings, database: Path | None) -> Iterator[Finding]:
    """`database` is the SQLite file, if there is one."""
    for name in ("token_jwks_file", "token_key_file"):
        path = getattr(settings, name)
        if path is not None and _mode(path) & S_IWGRP:
            yield unsafe(
                f"The file of {variable_of(name)} can be written by its group.",
                "Whoever can change the keys can sign in as anybody.",
                f"chmod g-w {path}",
            )
    for name in secrets():
        variable = file_variable_of(variable_of(name))
        path = os.environ.get(variable)
        if path and _mode(Path(path)) & (S_IWOTH | S_IWGRP):
            yield unsafe(
                f"The file of {variable} can be written by other accounts.",
                f"Whoever can change it can {_MOVES[name]}.",
                f"chmod go-w {path}",
            )
    if database is not None and database.exists():
        yield from _sqlite(database)


def _sqlite(file: Path) -> Iterator[Finding]:
    if _mode(file) & S_IRWXO:
        yield unsafe(
            "The database's file can be read by every account of this machine.",
            "It holds the user IDs of all tenants.",
            f"chmod o-rwx {file}*",
        )
    free = shutil.disk_usage(file.parent).free
    if free < ROOM:
        yield wrong(
            f"The disk of the database has {free // 1024**2} MiB left.",
            "Logins cannot be recorded on a full disk.",
            "Make room, or move the file.",
        )


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        # Whether it is there is asked where it is read.
        return 0
