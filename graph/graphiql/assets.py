"""The third-party files of the explorer: which, from where, and whether they are the right bytes.

They are fetched when the package is built (`hatch_build.py` loads this file by its path, so it
needs only the standard library) or by hand with `fetch()`; they are never committed. Where they
come from is npm's business: the user's own configuration names the registry. What they are is
ours: each package has its sha512 and each file its sha256 below.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "assets"
REPAIR_COMMAND = "headcount graphiql"
# The three packages take a second or two; a registry that cannot be reached must not hold up
# an installation for the minutes of npm's own patience.
DEADLINE_SECONDS = 90
# Without its own lower bound npm refuses the upper one, but only where its cache is empty.
PATIENCE = [
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=2000",
    "--fetch-timeout=30000",
]


class FetchError(Exception):
    """The files could not be had; `str()` of it says why in one line."""


@dataclass(frozen=True, slots=True)
class File:
    """`member` is the path inside the package, `name` the one in FOLDER.

    Names carry the version: a new version is a new address, and caches may keep the old for ever.
    """

    member: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Package:
    name: str
    version: str
    integrity: str
    files: tuple[File, ...]

    @property
    def archive(self) -> str:
        return f"{self.name}-{self.version}.tgz"


PACKAGES = (
    Package(
        "react",
        "18.3.1",
        "sha512-wS+hAgJShR0KhEvPJArfuPVN1+Hz1t0Y6n5jLrGQbkb4urgPE/0Rve+1kMB1v/oWgHgm4WIcV+i7F2pTVj+2iQ==",
        (
            File(
                "umd/react.production.min.js",
                "react-18.3.1.min.js",
                "d949f1c3687aedadcedac85261865f29b17cd273997e7f6b2bfc53b2f9d4c4dd",
            ),
            File(
                "LICENSE",
                "react-18.3.1.LICENSE.txt",
                "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85",
            ),
        ),
    ),
    Package(
        "react-dom",
        "18.3.1",
        "sha512-5m4nQKp+rZRb09LNH59GM4BxTh9251/ylbKIbpe7TpGxfJ+9kv6BLkLBXIjjspbgbnIBNqlI23tRnTWT0snUIw==",
        (
            File(
                "umd/react-dom.production.min.js",
                "react-dom-18.3.1.min.js",
                "35f4f974f4b2bcd44da73963347f8952e341f83909e4498227d4e26b98f66f0d",
            ),
            File(
                "LICENSE",
                "react-dom-18.3.1.LICENSE.txt",
                "52412d7bc7ce4157ea628bbaacb8829e0a9cb3c58f57f99176126bc8cf2bfc85",
            ),
        ),
    ),
    Package(
        "graphiql",
        "4.1.2",
        "sha512-rNlzQIAzm6i2KBXmVQWBgLvt0TloxFVB2d18bukvdsvjEuFDHsKx5IVOomL1W1o5WW+tE54+ioHb2AEKzO2cUg==",
        (
            File(
                "graphiql.min.js",
                "graphiql-4.1.2.min.js",
                "867226ba8af5ce7949903fc53932f78dac9f4bfc6cc8da0fd3869b8bc6c5256b",
            ),
            File(
                "graphiql.min.css",
                "graphiql-4.1.2.min.css",
                "30487e07635d312a63f647b140d37740a73c53332b0975bf4b1fe985ca6ec885",
            ),
            File(
                "LICENSE",
                "graphiql-4.1.2.LICENSE.txt",
                "4b18fbe55c4e8f9169cb702be138f4d858a2dad920c39857204ffdc9c1c9fdc4",
            ),
        ),
    ),
)
FILES = {file.name: file for package in PACKAGES for file in package.files}


def missing(folder: Path = FOLDER) -> list[str]:
    """Names of the files that are absent or are not the pinned bytes."""
    return [name for name, file in FILES.items() if not _is_pinned(folder / name, file)]


def fetch(folder: Path = FOLDER) -> bool:
    """Make `folder` hold every file; true when something had to be fetched.

    A file takes its place only after its package and it itself were verified.
    """
    absent = missing(folder)
    packages = [p for p in PACKAGES if any(file.name in absent for file in p.files)]
    if not packages:
        return False
    try:
        with tempfile.TemporaryDirectory(prefix="headcount-graphiql-") as download:
            _pack(packages, Path(download))
            contents = [file for p in packages for file in _extract(p, Path(download))]
        _place(contents, folder)
    except OSError as error:
        raise FetchError(str(error)) from error
    return True


def _is_pinned(path: Path, file: File) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _place(contents: list[tuple[str, bytes]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in contents:
        part = folder / f".{name}.part"
        part.write_bytes(data)
        part.replace(folder / name)


def _pack(packages: list[Package], destination: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed")
    wanted = [f"{package.name}@{package.version}" for package in packages]
    command = [npm, "pack", "--silent", "--ignore-scripts", *PATIENCE]
    command += ["--pack-destination", str(destination), *wanted]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    except subprocess.TimeoutExpired:
        raise FetchError(f"npm did not answer within {DEADLINE_SECONDS} seconds") from None
    if done.returncode != 0:
        # npm may quote the registry's address, which may hold a password: its words stay unsaid.
        raise FetchError(f"npm could not fetch {' '.join(wanted)} (exit status {done.returncode})")


def _extract(package: Package, download: Path) -> list[tuple[str, bytes]]:
    """Only the members named in PACKAGES are read; nothing is unpacked to a path of the archive."""
    archive = download / package.archive
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if package.integrity != f"sha512-{base64.b64encode(digest).decode()}":
        raise FetchError(f"{package.archive} is not the pinned one (its sha512 differs)")
    contents = []
    with tarfile.open(archive) as members:
        for file in package.files:
            member = members.extractfile(f"package/{file.member}")
            data = member.read() if member is not None else b""
            if hashlib.sha256(data).hexdigest() != file.sha256:
                raise FetchError(f"{file.member} of {package.archive} is not the pinned one")
            contents.append((file.name, data))
    return contents
