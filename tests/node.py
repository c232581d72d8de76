"""Packages of npm, as a lock beside a package.json says."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest


def require(*commands: str) -> None:
    """Skip where one of these is missing; under CI, where all must be there, go on and fail."""
    missing = [name for name in commands if not shutil.which(name)]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"{' and '.join(missing)} cannot be found")


def install(folder: Path) -> None:
    """Install what is locked, beside the lock, unless the last run did.

    Of several processes that come here at once, one installs.
    """
    require("node", "npm")
    lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=300)
