"""How fast logins are recorded, beside handing the same rows to the bare driver."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import say
from benchmarks.logins import BY_TIME, ORDERS
from benchmarks.processes import Cores, PostgreSQL, pinned

ENDS_WITHIN = 900
"""Seconds; a million rows take SQLite well under a minute."""

Measured = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Recording:
    """What `benchmarks/recorder.py` measured, by database and, of files, by their order."""

    rows: int
    record: dict[tuple[str, str], Measured]
    bare: dict[tuple[str, str], Measured]
    block: dict[str, Measured]


def measure(server: PostgreSQL, folder: Path, rows: int, cores: Cores) -> Recording:
    recording = Recording(rows, {}, {}, {})
    for name in ("PostgreSQL", "SQLite"):
        # A database for each, so that all begin with empty tables.
        for number, order in enumerate(ORDERS):
            for how, found in (("bare", recording.bare), ("record", recording.record)):
                url = _database(server, folder, name, f"{how}{number}")
                found[name, order] = _recorder(how, url, rows, order, folder, cores)
        url = _database(server, folder, name, "block")
        recording.block[name] = _recorder("block", url, rows, BY_TIME, folder, cores)
        say(f"recording into {name} is measured")
    return recording


def _database(server: PostgreSQL, folder: Path, kind: str, name: str) -> str:
    if kind == "SQLite":
        return f"sqlite://{folder}/{name}.db"
    server.create(name)
    return server.named(name)


def _recorder(how: str, url: str, rows: int, order: str, folder: Path, cores: Cores) -> Measured:
    command = [sys.executable, "-m", "benchmarks.recorder", how, url, str(rows), order]
    root = str(Path(__file__).parent.parent)
    ran = subprocess.run(
        pinned(command, cores.contender),
        env={**os.environ, "PYTHONPATH": root, "BENCHMARK_FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=ENDS_WITHIN,
    )
    measured: Measured = json.loads(ran.stdout.splitlines()[-1])
    return measured
