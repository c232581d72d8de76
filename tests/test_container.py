"""The container and compose files, as far as they can be read without an engine; `make soak` also
runs the steps of the container file."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from models.database import DatabaseUrl
from tests.command import ROOT, served
from tests.containerfile import command_of, faults, faults_of_compose, last_stage, parse
from tests.test_readme import section

CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def load(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe").load(io.StringIO(text))
    return loaded


def test_the_container_file_is_safe_and_lint_finds_nothing() -> None:
    assert list(faults(CONTAINERFILE)) == []
    lint = subprocess.run(
        [BIN / "hadolint", "--no-color", ROOT / "Containerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (lint.returncode, lint.stdout) == (0, "")


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        ("USER 10001:10001", "USER headcount", "runs as root"),
        ("USER 10001:10001", "", "runs as root"),
        ('CMD ["python", "-c"', 'CMD ["curl", "-c"', "has no health check"),
        ('ENTRYPOINT ["headcount"]', "ENTRYPOINT headcount", "has a shell between"),
        (".title=", ".name=", "has no labels"),
        ("FROM python:3.13-slim\n", "FROM registry.example.com/python:3\n", "is made from"),
        ("FROM python:3.13-slim\n", "FROM python\n", "is made from"),
        ("--require-hashes ", "", "installs what nobody pinned"),
        ("--no-deps ", "", "installs what nobody pinned"),
        ("COPY graph ./graph", "COPY . .", "copies what nobody named"),
        ("EXPOSE 8000", "ENV HEADCOUNT_DATABASE_URL=x", "holds a secret"),
    ],
)
def test_a_planted_fault_of_the_container_file_is_found(
    there: str, instead: str, fault: str
) -> None:
    assert there in CONTAINERFILE
    (found,) = faults(CONTAINERFILE.replace(there, instead))

    assert found.startswith(fault)


def test_the_compose_file_is_valid_and_safe() -> None:
    assert list(faults_of_compose(load(COMPOSE))) == []
    check = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    valid = subprocess.run(
        [*check, ROOT / "compose.yaml"], capture_output=True, text=True, check=False
    )
    assert valid.returncode == 0, valid.stdout


@pytest.mark.parametrize(
    ("there", "instead", "faults"),
    [
        ("  read_only: true\n  cap", "  cap", ["migrate can write", "serve can write"]),
        ("    cap_drop: [ALL]\n    #", "    #", ["database keeps capabilities"]),
        ('"127.0.0.1:8000:8000"', '"8000:8000"', ["serve is open to the network"]),
        ("POSTGRES_PASSWORD_FILE", "POSTGRES_PASSWORD", ["database has a secret"]),
        ("postgres:18", "mirror.example.com/postgres:18", ["database is made from"]),
        ("command: [serve]", "privileged: true", ["serve is not contained"]),
    ],
)
def test_a_planted_fault_of_the_compose_file_is_found(
    there: str, instead: str, faults: list[str]
) -> None:
    assert there in COMPOSE
    found = list(faults_of_compose(load(COMPOSE.replace(there, instead))))

    assert [any(each.startswith(said) for each in found) for said in faults] == [True] * len(faults)
    assert len(found) == len(faults)


def test_nothing_is_served_before_the_database_is_there_and_migrated() -> None:
    services = load(COMPOSE)["services"]

    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["serve"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }
    assert services["database"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_the_readme_makes_the_secrets_that_compose_reads(tmp_path: Path) -> None:
    (script,) = re.findall(r"```sh\n(mkdir .*?)^```", section("Install"), re.DOTALL | re.M)
    commands = [line for line in script.splitlines() if "docker" not in line]
    (tmp_path / "jwks.json").write_text("{}", encoding="utf-8")
    subprocess.run(["sh", "-euc", "\n".join(commands)], cwd=tmp_path, check=True)

    named = {each["file"] for each in load(COMPOSE)["secrets"].values()}
    made = {f"./{path.relative_to(tmp_path)}" for path in (tmp_path / "secrets").iterdir()}
    assert made == named
    password = (tmp_path / "secrets/database_password").read_text(encoding="utf-8").strip()
    url = (tmp_path / "secrets/database_url").read_text(encoding="utf-8").strip()
    credentials = DatabaseUrl.parse(url).credentials
    assert len(password) >= 32
    assert {name: credentials[name] for name in ("host", "user", "password", "database")} == {
        "host": "database",
        "user": "headcount",
        "password": password,
        "database": "headcount",
    }
    assert os.stat(tmp_path / "secrets").st_mode & 0o077 == 0


def test_the_health_check_tells_a_live_service_from_a_dead_one(
    ready: dict[str, str], tmp_path: Path
) -> None:
    check = command_of(last_stage(parse(CONTAINERFILE))["HEALTHCHECK"])

    def healthy(port: str) -> bool:
        command = [sys.executable, *check[1:]]
        environment = {**os.environ, "HEADCOUNT_PORT": port}
        return subprocess.run(command, env=environment, capture_output=True).returncode == 0

    with served(ready, cwd=tmp_path) as url:
        port = url.split(":")[2].split("/")[0]
        assert healthy(port)
    assert not healthy(port)


def test_only_what_is_copied_reaches_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        word.removeprefix("./")
        for name, text in parse(CONTAINERFILE)
        if name == "COPY" and "--from" not in text
        for word in text.split()[:-1]
    }

    assert "*" in ignored
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied
    assert json.dumps(sorted(copied)).count("lock") == 1
