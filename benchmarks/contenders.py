"""Who is compared. One more is one more line in CONTENDERS."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from benchmarks.questions import Question
from graph.settings import Settings

PEERS = Path(__file__).parent / "peers"
PYTHON = sys.executable
NODE = "node"
OLDEST_NODE = 22
"""What PostGraphile needs; Mercurius runs on the same."""
POOL = 10
"""Database connections that each contender may hold: the product's default."""

INSTALL_WITHIN = 300


class Unavailable(Exception):
    """A contender cannot take part on this machine; says why, for the results."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, as it is sent again and again."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Ask = Callable[[Question], tuple[str, str, Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Contender:
    """`asks` is the language it understands: ours, that of PostGraphile's tables, or plain paths.
    `package` is the folder of `peers/` whose dependencies npm installs for it."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    asks: str = "graphql"
    signs_in: bool = False
    package: str | None = None

    def prepare(self) -> tuple[str, ...]:
        """Install what it needs; the command that starts it, or Unavailable."""
        if self.package is not None:
            install(self.package)
        return tuple(node() if part is NODE else part for part in self.command)


HEADCOUNT = (PYTHON, "-c", "from graph.cli import main; main()")
"""The command, also where it is not installed."""
PRODUCT = (*HEADCOUNT, "serve")

HAS_AUDIT = "audit" in Settings.model_fields
_UNAUDITED = {"HEADCOUNT_AUDIT": "false"} if HAS_AUDIT else {}
_AUDITED = Contender(
    "audited",
    "Headcount, everything on and the audit trail",
    PRODUCT,
    {"HEADCOUNT_AUDIT": "true"},
    signs_in=True,
)

CONTENDERS: Sequence[Contender] = (
    Contender("product", "**Headcount**, everything on", PRODUCT, _UNAUDITED, signs_in=True),
    *([_AUDITED] if HAS_AUDIT else []),
    Contender(
        "interpreted",
        "Headcount, compiled execution off",
        PRODUCT,
        {**_UNAUDITED, "HEADCOUNT_COMPILER": "false"},
        signs_in=True,
    ),
    Contender(
        "limit",
        "hand-tuned JSON endpoint, no sign-in (the limit)",
        (PYTHON, "-m", "benchmarks.servers.limit"),
        asks="paths",
    ),
    Contender(
        "mercurius",
        "Mercurius, hand-written SQL, no sign-in",
        (NODE, str(PEERS / "mercurius/server.mjs")),
        {"NODE_ENV": "production"},
        package="mercurius",
    ),
    Contender(
        "postgraphile",
        "PostGraphile, no sign-in",
        (NODE, str(PEERS / "postgraphile/server.mjs")),
        {"NODE_ENV": "production", "GRAPHILE_ENV": "production"},
        asks="tables",
        package="postgraphile",
    ),
)


def install(package: str) -> Path:
    """The folder of an npm package's dependencies, installed as its lock says if they are not."""
    folder = PEERS / package
    modules = folder / "node_modules"
    stamp = modules / ".installed"
    lock = (folder / "package-lock.json").read_bytes()
    if stamp.exists() and stamp.read_bytes() == lock:
        return modules
    if not (shutil.which("node") and shutil.which("npm")):
        raise Unavailable("node and npm are not installed")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_WITHIN)
    except (subprocess.SubprocessError, OSError) as error:
        raise Unavailable(f"npm could not install it ({type(error).__name__})") from error
    stamp.write_bytes(lock)
    return modules


@cache
def node() -> str:
    """A Node that is new enough for the peers: the machine's own, or one from npm."""
    if shutil.which("node") and int(printed("node", "--version")[1:].split(".")[0]) >= OLDEST_NODE:
        return "node"
    found = list(install("node").glob("node-*/bin/node"))
    if not found:
        raise Unavailable(f"Node {OLDEST_NODE} or newer is needed")
    return str(found[0])


def version_of(package_json: Path) -> str:
    return str(json.loads(package_json.read_text())["version"])


def printed(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, check=True, text=True, timeout=30)
    return ran.stdout.strip()
