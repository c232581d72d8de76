"""What is installed, and where that is said: locks, bill of materials, install commands."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from tests.command import ROOT, Outcome

LOCKS = ("requirements.lock", "requirements-dev.lock")
VENV = Path(sys.executable).parent.parent
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_REQUIREMENT = re.compile(r"([a-z0-9][a-z0-9.-]*)==([\w.+!]+)(?: ; (?:(?! --hash=).)*)?(.*)")
_HASHES = re.compile(r"(?: --hash=sha256:[0-9a-f]{64})+")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(lock: str) -> list[str]:
    """One a package, without comments and line continuations."""
    lines = [line for line in lock.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return [line for line in joined.splitlines() if line]


def locked(lock: str) -> list[tuple[str, str]]:
    """Names and versions, sorted; a package may have two, for different versions of Python."""
    found = map(_REQUIREMENT.fullmatch, requirements(lock))
    return sorted((match[1], match[2]) for match in found if match)


def faults_of_lock(lock: str) -> Iterator[str]:
    for line in requirements(lock):
        match = _REQUIREMENT.fullmatch(line)
        if match is None:
            yield f"is not a pinned package: {line}"
        elif not _HASHES.fullmatch(match[3]):
            yield f"has no hash: {match[1]}"
    if re.search(r"https?:|--(extra-)?index-url|--find-links|file:", lock):
        yield "names where packages come from"


def direct_dependencies() -> list[str]:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    found = map(_NAME.match, project["dependencies"])
    return [match[0] for match in found if match]


def unpinned_installs(text: str) -> list[str]:
    """Commands of a Makefile or a container file that install what no hash vouches for."""
    commands = re.sub(r"\\\n\s*", " ", text).splitlines()
    installs = [each.strip() for each in commands if re.search(r"\bpip\b.* install ", each)]
    return [
        each
        for each in installs
        if not re.search(r"--require-hashes.* -r requirements[\w-]*\.lock", each)
        and "--no-deps --no-build-isolation" not in each
    ]


def make(target: str, *variables: str, **environment: str) -> Outcome:
    """A target of the Makefile with the packages that this process has; what the make around it
    was told stays there."""
    told = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    inherited = {name: value for name, value in os.environ.items() if name not in told}
    ran = subprocess.run(
        ["make", "-s", "-o", f"{VENV}/dev", target, f"VENV={VENV}", *variables],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Outcome(ran.returncode, ran.stdout, ran.stderr)


class Audit(Enum):
    CLEAR = "no vulnerability is known"
    VULNERABLE = "vulnerable, as `make audit` tells"
    NOT_LOOKED_UP = "not looked up, for the service could not be reached: `make audit` fails"


def audit(outcome: Outcome) -> Audit:
    """What `make audit` found."""
    if outcome.code == 0:
        return Audit.CLEAR
    told = re.search(r"Found \d+ known vulnerabilit", outcome.err)
    return Audit.VULNERABLE if told else Audit.NOT_LOOKED_UP


def bill_of_materials(folder: Path) -> dict[str, Any]:
    made = make("sbom", f"SBOM={folder}/sbom.cdx.json")
    assert made.code == 0, made.err
    found: dict[str, Any] = json.loads((folder / "sbom.cdx.json").read_text(encoding="utf-8"))
    return found
