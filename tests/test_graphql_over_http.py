"""The public audit suite of GraphQL over HTTP, against a real server."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from tests.sample import TOKEN, app

AUDIT = Path(__file__).parent / "audit"


@pytest.fixture
def url() -> Iterator[str]:
    """The sample schema, served by uvicorn on a free port of the loopback interface."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app(), log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/graphql"
        server.should_exit = True
        thread.join()


@pytest.fixture
def audits(tmp_path: Path) -> Path:
    """The suite, installed as its lock says; skipped without npm, except under CI."""
    if not os.environ.get("CI") and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are needed for the audit suite of graphql-http")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(AUDIT / name, tmp_path)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    return tmp_path / "node_modules/graphql-http/lib/audits/server.mjs"


def test_all_audits_of_graphql_over_http_pass(url: str, audits: Path) -> None:
    command = ["node", AUDIT / "audit.mjs", audits, url, TOKEN]
    run = subprocess.run(command, check=True, capture_output=True, timeout=120)
    results = json.loads(run.stdout)

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61


def test_the_audits_fail_without_the_token(url: str, audits: Path) -> None:
    command = ["node", AUDIT / "audit.mjs", audits, url, "wrong"]
    run = subprocess.run(command, check=True, capture_output=True, timeout=120)
    results = json.loads(run.stdout)

    assert [result for result in results if result["status"] != "ok"] != []
