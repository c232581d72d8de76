"""How fast logins are recorded, beside handing the same rows to the bare driver."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import say
from benchmarks.processes import Cores, PostgreSQL, pinned

ENDS_WITHIN = 900
"""Seconds; a million rows take SQLite well under a minute."""

Measured = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Recording:
    """What `benchmarks/recorder.py` measured, by database."""

    rows: int
    record: dict[str, Measured]
    bare: dict[str, Measured]
    block: dict[str, Measured]


def measure(server: PostgreSQL, folder: Path, rows: int, cores: Cores) -> Recording:
    server.create("recording")
    urls = {"PostgreSQL": server.named("recording"), "SQLite": f"sqlite://{folder}/recording.db"}
    recording = Recording(rows, {}, {}, {})
    for name, url in urls.items():
        for how in ("bare", "record", "block"):
            getattr(recording, how)[name] = _recorder(how, url, rows, folder, cores)
        say(f"recording into {name} is measured")
    return recording


def _recorder(how: str, url: str, rows: int, folder: Path, cores: Cores) -> Measured:
    command = [sys.executable, "-m", "benchmarks.recorder", how, url, str(rows)]
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
