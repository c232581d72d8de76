"""Runs the steps of the container file without an engine: its instructions, on its own paths, in a
mount namespace of its own, whose file system is then read-only to a user without an account.

Needs root on Linux, for the namespace; the base image is this machine and its Python.
"""

import os
import select
import shutil
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.command import ROOT
from tests.containerfile import Instruction, command_of, last_stage, parse

#: What a container would have below /opt is kept in a folder, and seen there by its steps alone.
_AT = "mount --bind {tree} /opt && "
#: All is read-only, but for /tmp as `--tmpfs /tmp`, and devices and processes.
_READ_ONLY = "mount -o remount,bind,ro / && mount -o remount,bind,ro /opt && "
_AS = "setpriv --reuid={uid} --regid={gid} --clear-groups --no-new-privs --bounding-set=-all "


@dataclass(frozen=True, slots=True)
class Image:
    tree: Path
    environment: Mapping[str, str]
    last: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        return command_of(self.last["ENTRYPOINT"])

    @property
    def health(self) -> list[str]:
        return command_of(self.last["HEALTHCHECK"])

    def start(self, *command: str, writable: Path, **variables: str) -> subprocess.Popen[str]:
        """As the image's user; `writable` is the one folder, a volume, that it may write to."""
        uid, gid = self.last["USER"].split(":")
        volume = f"mount --bind {writable} {writable} && mount -o remount,bind,rw {writable} && "
        script = _AT.format(tree=self.tree) + volume + _READ_ONLY
        script += "exec " + _AS.format(uid=uid, gid=gid) + '"$@"'
        return _start(script, *command, env={**self.environment, **variables}, cwd="/")

    def run(self, *command: str, writable: Path, **variables: str) -> tuple[int, str]:
        process = self.start(*command, writable=writable, **variables)
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
        return process.returncode, out + err


def build(folder: Path) -> Image:
    """Every RUN, COPY, ENV and WORKDIR of all stages; stages share a tree, so what is copied from
    one into another is there already."""
    instructions = parse((ROOT / "Containerfile").read_text(encoding="utf-8"))
    tree = folder / "opt"
    tree.mkdir()
    environment, work = _base(folder), "/opt"
    for each in instructions:
        match each.name:
            case "FROM":
                environment, work = _base(folder), "/opt"
            case "ENV":
                environment |= _env(each.text, environment)
            case "WORKDIR":
                work = each.text
                (tree / Path(work).relative_to("/opt")).mkdir(parents=True, exist_ok=True)
            case "COPY":
                _copy(each, tree / Path(work).relative_to("/opt"))
            case "RUN":
                _run(each.text, tree, environment, work)
    shutil.rmtree(tree / "source")
    return Image(tree, environment, last_stage(instructions))


def _base(folder: Path) -> dict[str, str]:
    """What python:3.13-slim has, as far as it matters: `python` on the path."""
    bin = folder / "base"
    if not bin.exists():
        bin.mkdir()
        real = Path(sys.executable).resolve()
        (bin / "python").write_text(f'#!/bin/sh\nexec {real} "$@"\n', encoding="utf-8")
        (bin / "python").chmod(0o755)
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    return {**kept, "PATH": f"{bin}:/usr/local/bin:/usr/bin:/bin"}


def _env(text: str, before: Mapping[str, str]) -> dict[str, str]:
    pairs = dict(word.split("=", 1) for word in text.split())
    return {name: value.replace("$PATH", before["PATH"]) for name, value in pairs.items()}


def _copy(copy: Instruction, work: Path) -> None:
    *sources, to = copy.text.split()
    if sources[0].startswith("--from="):
        assert sources[1:] == [to], "stages share a tree: a copy must keep its path"
        return
    for source in sources:
        if (ROOT / source).is_dir():
            # As .dockerignore has it.
            ignored = shutil.ignore_patterns("__pycache__", "assets")
            shutil.copytree(ROOT / source, work / to, ignore=ignored)
        else:
            shutil.copy(ROOT / source, work / to)


def _run(command: str, tree: Path, environment: Mapping[str, str], work: str) -> None:
    script = _AT.format(tree=tree) + f"cd {work} && {command}"
    process = _start(script, env=environment, cwd="/")
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, f"{command}\n{out}{err}"


def _start(script: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    command = ["unshare", "--mount", "sh", "-euc", script, "container", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **pipes, **options)


@contextmanager
def served(image: Image, writable: Path, **variables: str) -> Iterator[bool]:
    """Whether the health check of the image says within 30 seconds that it lives."""
    process = image.start(
        *image.command, *command_of(image.last["CMD"]), writable=writable, **variables
    )
    try:
        yield any(_is_healthy(image, writable, variables) for _ in range(30))
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            process.kill()


@contextmanager
def reachable(socket_file: Path) -> Iterator[int]:
    """A port of this machine that leads to a socket which only its owner may open."""

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.socket(socket.AF_UNIX) as there:
                there.connect(str(socket_file))
                ends = {self.request: there, there: self.request}
                while True:
                    for ready in select.select(list(ends), [], [])[0]:
                        if not (data := ready.recv(65536)):
                            return
                        ends[ready].sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Relay) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _is_healthy(image: Image, writable: Path, variables: Mapping[str, str]) -> bool:
    code, _ = image.run(*image.health, writable=writable, **variables)
    if code:
        time.sleep(1)
    return code == 0
