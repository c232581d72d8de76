"""The usual clients, unchanged, against the demo. Each asks for the pages of a report, for a date
out of the window and with a wrong token, and prints what it was told."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uv

from tests import node
from tests.demo import Demo, run, running

HERE = Path(__file__).parent
SCHEMA = HERE.parent.parent / "schema.graphql"
#: Max users, users in all, users of the page and the first of them.
PAGES = [[2000, 2000, 1500, "User1"], [2000, 2000, 500, "User549"]]
TOLD = {"pages": PAGES, "refused": "DATE_OUT_OF_WINDOW", "unknown": "UNAUTHENTICATED"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def told(demo: Demo, arguments: list[str | Path], folder: Path = HERE) -> dict[str, Any]:
    environment = demo.environment("service", DATE=str(demo.busiest()))
    answer: dict[str, Any] = json.loads(run(arguments, folder, environment))
    return answer


@pytest.mark.parametrize("client", ["apollo", "urql", "graphql_request"])
def test_a_client_in_javascript_reads_pages_and_codes(demo: Demo, client: str) -> None:
    node.install(HERE)

    assert told(demo, ["node", f"{client}.mjs"]) == TOLD


def test_relay_compiles_against_the_schema_and_grows_a_connection(demo: Demo) -> None:
    """Relay joins the pages of a connection in its store, so the second is as long as both."""
    node.install(HERE)
    shutil.rmtree(HERE / "relay/__generated__", ignore_errors=True)

    run([HERE / "node_modules/.bin/relay-compiler"], HERE, {})

    grown = [PAGES[0], [2000, 2000, 2000, "User1"]]
    assert told(demo, ["node", "relay/relay.js"]) == {**TOLD, "pages": grown}


def environment(name: str, folder: Path) -> Path:
    """A virtual environment with what `python/{name}.txt` locks: what gql and ariadne-codegen
    need contradicts each other, and one of them us."""
    place, lock = folder / "venv", HERE / f"python/{name}.txt"
    make = ["venv", "--python", sys.executable, str(place)]
    fill = ["pip", "install", "--python", str(place), "--require-hashes", "-r", str(lock)]
    for command in (make, fill):
        subprocess.run([uv.find_uv_bin(), "--quiet", *command], check=True, timeout=300)
    return place / "bin"


def test_gql_reads_the_schema_pages_and_codes(demo: Demo, tmp_path: Path) -> None:
    programs = environment("gql", tmp_path)

    assert told(demo, [programs / "python", "with_gql.py"], HERE / "python") == TOLD


def test_ariadne_codegen_writes_a_client_that_reads_pages_and_codes(
    demo: Demo, tmp_path: Path
) -> None:
    programs = environment("ariadne", tmp_path)
    for file in (SCHEMA, HERE / "report.graphql", *(HERE / "python").glob("*.*")):
        shutil.copy(file, tmp_path)

    run([programs / "ariadne-codegen", "--config", "ariadne.toml"], tmp_path, {})

    assert told(demo, [programs / "python", "with_ariadne_codegen.py"], tmp_path) == TOLD
