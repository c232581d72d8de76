"""The explorer over HTTP: its page, its files, and how the third-party ones are fetched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from starlette.testclient import TestClient

from graph import graphiql
from graph.app import create_app
from graph.auth import Authenticator
from graph.graphiql import assets
from graph.settings import Settings
from tests import tokens

ROOT = Path(__file__).parent.parent
HTML = {"Accept": "text/html"}


def served(*, page: bool = True) -> TestClient:
    """Of the whole application. Its database stays closed: the page is for whoever asks."""
    sign_in = Authenticator(tokens.verifier())
    return TestClient(create_app(Settings(graphiql=page), sign_in))


@pytest.fixture(scope="module")
def client() -> TestClient:
    try:
        assets.fetch()
    except assets.FetchError as reason:
        if "CI" in os.environ:
            raise
        pytest.skip(f"the explorer's files cannot be fetched: {reason}")
    return served()


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A service that was installed without npm."""
    monkeypatch.setattr(assets, "FOLDER", tmp_path / "assets")
    return served()


def test_the_policy_names_no_other_origin_and_nothing_unsafe(client: TestClient) -> None:
    answer = client.get("/graphql", headers=HTML)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert {
        name: answer.headers[name]
        for name in ("referrer-policy", "x-content-type-options", "cache-control", "vary")
    } == {
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
        "vary": "Accept",
    }


def test_the_page_has_no_inline_script_or_style_and_names_only_files_that_are_served(
    client: TestClient,
) -> None:
    text = client.get("/graphql", headers=HTML).text
    named = {part.split('"')[0] for part in text.replace('src="', 'href="').split('href="')[1:]}

    assert "<style" not in text
    assert "style=" not in text
    assert text.count("<script") == text.count("<script defer src=") + 2
    assert {name: client.get(f"/{name}").status_code for name in named} == {
        "graphiql/icon.svg": 200,
        "graphiql/explorer.css": 200,
        "graphiql/explorer.js": 200,
        "graphiql/policy.js": 200,
        "graphiql/graphiql-4.1.2.min.css": 200,
        "graphiql/graphiql-4.1.2.min.js": 200,
        "graphiql/react-18.3.1.min.js": 200,
        "graphiql/react-dom-18.3.1.min.js": 200,
    }


def test_without_its_files_the_page_says_which_command_brings_them(bare: TestClient) -> None:
    answer = bare.get("/graphql", headers=HTML)

    assert answer.status_code == 503
    assert "<code>headcount graphiql</code>" in answer.text
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"] == graphiql.CONTENT_SECURITY_POLICY
    assert bare.get("/graphiql/graphiql-4.1.2.min.js").status_code == 404
    assert bare.get("/graphiql/explorer.css").status_code == 200


def test_without_the_setting_there_is_neither_page_nor_file() -> None:
    without = served(page=False)

    assert without.get("/graphql", headers=HTML).status_code == 401
    assert without.get("/graphiql/explorer.css").status_code == 404


def test_a_repair_needs_no_restart_and_a_changed_file_is_not_served(
    client: TestClient, bare: TestClient
) -> None:
    kept = Path(graphiql.__file__).parent / "assets"
    before = bare.get("/graphql", headers=HTML).status_code
    assets.FOLDER.mkdir()
    for name in assets.FILES:
        (assets.FOLDER / name).write_bytes((kept / name).read_bytes() + b" ")
    changed = bare.get("/graphql", headers=HTML).status_code
    for name in assets.FILES:
        (assets.FOLDER / name).write_bytes((kept / name).read_bytes())
    repaired = bare.get("/graphql", headers=HTML).status_code

    assert (before, changed, repaired) == (503, 503, 200)


@pytest.mark.parametrize(
    ("name", "media_type", "caching"),
    [
        ("graphiql-4.1.2.min.js", "text/javascript; charset=utf-8", graphiql.FOR_EVER),
        ("graphiql-4.1.2.min.css", "text/css; charset=utf-8", graphiql.FOR_EVER),
        ("react-18.3.1.LICENSE.txt", "text/plain; charset=utf-8", graphiql.FOR_EVER),
        ("explorer.js", "text/javascript; charset=utf-8", "no-cache"),
        ("icon.svg", "image/svg+xml", "no-cache"),
    ],
)
def test_a_file_is_cached_as_long_as_its_name_lasts(
    client: TestClient, name: str, media_type: str, caching: str
) -> None:
    plain = client.get(f"/graphiql/{name}", headers={"Accept-Encoding": "identity"})
    zipped = client.get(f"/graphiql/{name}", headers={"Accept-Encoding": "gzip"})
    known = {"If-None-Match": f'"other", W/{zipped.headers["etag"]}', "Accept-Encoding": "gzip"}
    again = client.get(f"/graphiql/{name}", headers=known)

    assert (plain.status_code, zipped.status_code, again.status_code) == (200, 200, 304)
    assert plain.content == zipped.content
    assert zipped.headers["content-encoding"] == "gzip"
    assert plain.headers["etag"] != zipped.headers["etag"]
    assert again.content == b""
    for answer in (plain, zipped):
        assert answer.headers["content-type"] == media_type
    for answer in (plain, zipped, again):
        assert answer.headers["cache-control"] == caching
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_files_answer_get_and_head_only(client: TestClient) -> None:
    address = "/graphiql/explorer.js"
    refused = client.post(address)

    assert client.head(address).headers == client.get(address).headers
    assert refused.status_code == 405
    assert set(refused.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    "name",
    [
        "__init__.py",
        "assets.py",
        "index.html",
        "assets",
        "..%2fassets.py",
        "..%2f..%2f..%2fpyproject.toml",
        "%2e%2e/%2e%2e/pyproject.toml",
        "assets%2fgraphiql-4.1.2.min.js",
        "examples/tenants.graphql",
        "explorer.js%00",
        "",
    ],
)
def test_only_listed_names_are_served(client: TestClient, name: str) -> None:
    assert client.get(f"/graphiql/{name}").status_code == 404


@pytest.mark.parametrize("example", graphiql.examples())
def test_an_example_is_valid_and_says_in_its_first_line_what_it_shows(example: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text("utf-8"))

    assert example.startswith("# ")
    assert validate(schema, parse(example)) == []


def npm_that(does: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "npm"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")
@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (
            "exit 7",
            "npm could not fetch react@18.3.1 react-dom@18.3.1 graphiql@4.1.2 (exit status 7)",
        ),
        (
            'while [ "$1" != --pack-destination ]; do shift; done\n: > "$2/react-18.3.1.tgz"',
            "react-18.3.1.tgz is not the pinned one (its sha512 differs)",
        ),
    ],
)
def test_what_npm_brings_is_refused_unless_it_is_the_pinned_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, reason: str
) -> None:
    npm_that(does, tmp_path, monkeypatch)

    with pytest.raises(assets.FetchError) as refused:
        assets.fetch(tmp_path / "assets")

    assert str(refused.value) == reason
    assert not (tmp_path / "assets").exists()


def test_without_npm_nothing_is_fetched_and_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(assets.FetchError, match=r"^npm is not installed$"):
        assets.fetch(tmp_path / "assets")


def test_files_that_are_there_and_right_are_not_fetched_again(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_that("exit 1", tmp_path, monkeypatch)

    assert assets.missing() == []
    assert assets.fetch() is False


def test_the_build_needs_only_the_standard_library_to_fetch() -> None:
    # -S leaves site-packages out.
    command = [sys.executable, "-S", "-I", str(ROOT / "graph" / "graphiql" / "assets.py")]

    assert subprocess.run(command, capture_output=True).stderr == b""


@pytest.mark.parametrize("path", ["/", "/graphql/", "/graphiql"])
def test_whoever_asks_beside_it_hears_where_the_api_is(path: str, client: TestClient) -> None:
    answer = client.get(path, headers=HTML)

    assert (answer.status_code, answer.json()) == (
        404,
        {
            "errors": [
                {
                    "message": "Nothing is here; the API is at /graphql.",
                    "extensions": {"code": "BAD_USER_INPUT"},
                }
            ]
        },
    )
