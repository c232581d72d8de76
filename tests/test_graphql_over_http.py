"""The public audit suite of GraphQL over HTTP, against `headcount serve`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolvers.clock import system_clock
from tests import command, node, tokens

AUDIT = Path(__file__).parent / "audit"
SUITE = AUDIT / "node_modules/graphql-http/lib/audits/server.mjs"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A production with one landlord."""
    node.install(AUDIT)
    folder = tmp_path_factory.mktemp("production")
    environment = command.production(f"sqlite://{folder}/production.db", folder)
    command.done("migrate", env=environment)
    command.done("principal", "add", "landlord", "lena", env=environment)
    with command.served(environment, cwd=folder) as url:
        yield url


def audited(url: str, token: str) -> list[dict[str, str]]:
    run = subprocess.run(
        ["node", AUDIT / "audit.mjs", SUITE, url, token],
        check=True,
        capture_output=True,
        timeout=120,
    )
    results: list[dict[str, str]] = json.loads(run.stdout)
    return results


def test_all_audits_of_graphql_over_http_pass(url: str) -> None:
    seconds = int(system_clock().timestamp())

    results = audited(url, tokens.mint(sub="lena", iat=seconds - 60, exp=seconds + 600))

    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61


def test_the_audits_fail_without_the_token(url: str) -> None:
    assert [result for result in audited(url, "wrong") if result["status"] != "ok"] != []
