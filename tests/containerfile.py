"""Reads container files and compose files as far as their safety goes, without an engine."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

#: Docker Hub's short names with a tag, and our own image.
_IMAGE = re.compile(r"[a-z]+:[\w.-]+")
OWN_IMAGE = "headcount"
_SECRET = re.compile(r"PASSWORD|SECRET|CREDENTIAL|DATABASE_URL|API_KEY", re.IGNORECASE)
_FETCHER = re.compile(r"\b(curl|wget|nc)\b")


class Instruction(NamedTuple):
    name: str
    text: str


def parse(text: str) -> list[Instruction]:
    """In order; comments and line continuations are gone."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [
        Instruction(name.upper(), rest.strip())
        for name, _, rest in (line.strip().partition(" ") for line in joined.splitlines())
        if name
    ]


def last_stage(instructions: list[Instruction]) -> dict[str, str]:
    """By name the last of each instruction in the stage that is run."""
    begin = max(index for index, each in enumerate(instructions) if each.name == "FROM")
    return {each.name: each.text for each in instructions[begin:]}


def faults(text: str) -> Iterator[str]:
    """What makes an image unsafe, or harder to trust than it need be."""
    instructions = parse(text)
    run = last_stage(instructions)
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", run.get("USER", "")):
        yield "runs as root, or as a name that an orchestrator cannot tell from root"
    health = run.get("HEALTHCHECK", "")
    if "CMD [" not in health or _FETCHER.search(health):
        yield "has no health check, or one with a program of its own"
    for name in ("ENTRYPOINT", "CMD"):
        if not run.get(name, "").startswith("["):
            yield f"has a shell between the engine and the process: {name}"
    if "org.opencontainers.image.title=" not in run.get("LABEL", ""):
        yield "has no labels"
    for name, rest in instructions:
        if name == "FROM" and not _IMAGE.fullmatch(rest.split()[0]):
            yield f"is made from {rest}"
        if name == "RUN" and "pip" in rest and " install " in rest and not _is_pinned(rest):
            yield f"installs what nobody pinned: {rest}"
        if name == "ADD" or (name == "COPY" and rest.split()[0] in (".", "./")):
            yield f"copies what nobody named: {name} {rest}"
        if name in ("ENV", "ARG") and _SECRET.search(rest):
            yield f"holds a secret: {rest}"


def _is_pinned(command: str) -> bool:
    looked_up = "--require-hashes" in command and "-r requirements.lock" in command
    return looked_up or ("--no-deps --no-build-isolation" in command and command.endswith(" ."))


def command_of(text: str) -> list[str]:
    """The list of a CMD or an ENTRYPOINT."""
    found: list[str] = json.loads(text[text.index("[") :])
    return found


def faults_of_compose(compose: Mapping[str, Any]) -> Iterator[str]:
    for name, service in compose["services"].items():
        if service.get("read_only") is not True:
            yield f"{name} can write to its file system"
        if service.get("cap_drop") != ["ALL"]:
            yield f"{name} keeps capabilities"
        if "no-new-privileges:true" not in service.get("security_opt", []):
            yield f"{name} can gain privileges"
        if service.get("privileged") or service.get("network_mode") == "host":
            yield f"{name} is not contained"
        if service["image"] != OWN_IMAGE and not _IMAGE.fullmatch(service["image"]):
            yield f"{name} is made from {service['image']}"
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name} is open to the network at {port}"
        for variable in service.get("environment", {}):
            if _SECRET.search(variable) and not variable.endswith("_FILE"):
                yield f"{name} has a secret in its environment: {variable}"
