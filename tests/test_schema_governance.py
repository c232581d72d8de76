"""The schema as others see it: linters of GraphQL, and other builders of schemas."""

import fcntl
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.governance.planted import SDL, planted

FOLDER = Path(__file__).parent / "governance"
MODULES = FOLDER / "node_modules"
NEW = '"""New."""\n'


@pytest.fixture(scope="module")
def npm() -> None:
    """What the lock names, in a folder that git ignores; skipped without npm, except under CI."""
    if not os.environ.get("CI") and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are needed for the linters and builders of schemas")
    with (FOLDER / "package-lock.json").open() as wanted:
        # Test processes share the folder.
        fcntl.flock(wanted, fcntl.LOCK_EX)
        installed = MODULES / ".package-lock.json"
        if installed.exists() and installed.stat().st_mtime > os.fstat(wanted.fileno()).st_mtime:
            return
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=300)


def lint(sdl: str, folder: Path) -> list[tuple[str, str]]:
    """Each finding as the rule and the text at which it begins."""
    (folder / "schema.graphql").write_text(sdl, encoding="utf-8")
    eslint = [MODULES / "eslint/bin/eslint.js", "--config", FOLDER / "eslint.config.js"]
    command = ["node", *map(str, eslint), "--format", "json", "schema.graphql"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert run.returncode in (0, 1), run.stderr
    (report,) = json.loads(run.stdout)
    lines = sdl.splitlines()
    return [
        (str(it["ruleId"]).removeprefix("@graphql-eslint/"), _word(lines, it["line"], it["column"]))
        for it in report["messages"]
    ]


def _word(lines: list[str], line: int, column: int) -> str:
    return lines[line - 1][column - 1 :].split()[0].rstrip(":")


def build(sdl: str, folder: Path) -> dict[str, list[str]]:
    """What each version of npm's graphql finds wrong, by its major version."""
    path = folder / "schema.graphql"
    path.write_text(sdl, encoding="utf-8")
    command = ["node", str(FOLDER / "build.mjs"), str(path)]
    run = subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {version.split(".")[0]: faults for version, faults in json.loads(run.stdout).items()}


@pytest.mark.usefixtures("npm")
def test_the_linters_of_schemas_find_nothing(tmp_path: Path) -> None:
    assert lint(SDL, tmp_path) == []


@pytest.mark.usefixtures("npm")
def test_the_linters_find_what_is_planted(tmp_path: Path) -> None:
    flawed = planted(
        ("  viewer: Viewer!\n", "  viewer: Viewer!\n  me: Viewer!\n"),
        ("  userDays: Int!\n", f"  userDays: Int!\n{NEW}  old: Int @deprecated\n"),
        ("type DailyMaxUsers {\n", f"type DailyMaxUsers {{\n{NEW}  dailyMaxUsersAre: Int\n"),
        ("type Viewer {\n", f"type Lost_one {{\n{NEW}  id: ID!\n}}\n{NEW}type Viewer {{\n"),
    )

    assert sorted(lint(flawed, tmp_path)) == [
        ("naming-convention", "Lost_one"),
        ("no-typename-prefix", "dailyMaxUsersAre"),
        ("no-unreachable-types", "Lost_one"),
        ("require-deprecation-reason", "deprecated"),
        ("require-description", "me"),
        ("require-nullable-result-in-root", "Viewer!"),
    ]


@pytest.mark.usefixtures("npm")
def test_graphql_16_and_17_build_the_schema(tmp_path: Path) -> None:
    assert build(SDL, tmp_path) == {"16": [], "17": []}


@pytest.mark.usefixtures("npm")
def test_graphql_16_and_17_refuse_a_broken_schema(tmp_path: Path) -> None:
    broken = planted(("  userDays: Int!\n", "  userDays: Missing!\n"))

    fault = ['Unknown type "Missing".']
    assert build(broken, tmp_path) == {"16": fault, "17": fault}
