"""`headcount key`: a key is shown once, never again, and works until it is revoked."""

import json
import re
from typing import Any

import pytest

from resolvers import key_texts
from tests import command
from tests.command import Outcome, done, run

ISSUER = ("--issuer", "https://login.example.com/")
CREATE = ("key", "create", "planner", "--scope", "billing:read", "--days", 30)


@pytest.fixture
def url(environment: dict[str, str]) -> str:
    """Of a database with a service account and a landlord."""
    found = environment["HEADCOUNT_DATABASE_URL"]
    done("migrate", url=found)
    for kind, name in (("service-account", "planner"), ("landlord", "lena")):
        done("principal", "add", kind, name, *ISSUER, url=found)
    return found


def answer(*arguments: object, url: str) -> Any:
    return json.loads(done(*arguments, "--json", url=url))


def test_a_key_is_shown_once_and_what_is_listed_does_not_open_anything(url: str) -> None:
    outcome = run(*CREATE, "--scope", "logins:write", url=url)

    key = outcome.out.removesuffix("\n")
    text = key_texts.read(key)
    assert text is not None
    assert re.fullmatch(
        rf"Key {text.id} of planner with billing:read, logins:write, until \S+Z\."
        r" It is not shown again:\n",
        outcome.err,
    )
    stored = command.rows(url, "SELECT * FROM api_key")
    shown = done("key", "list", url=url) + done("key", "list", "--json", url=url)
    assert text.id in shown
    for secret in (key, key[21:53], text.digest):
        assert secret not in shown
    assert key[21:53] not in str(stored)
    assert text.digest in str(stored)


def test_keys_are_made_listed_and_revoked_by_programs(url: str) -> None:
    first = answer(*CREATE, url=url)
    second = answer(*CREATE, "--scope", "billing:users", url=url)

    keys = [first.pop("key"), second.pop("key")]
    assert [key_texts.read(key).id for key in keys] == [first["id"], second["id"]]  # type: ignore[union-attr]
    assert first == {
        "id": first["id"],
        "principal": answer("principal", "list", url=url)[1]["id"],
        "scopes": ["billing:read"],
        "createdAt": first["createdAt"],
        "expiresAt": first["expiresAt"],
        "revokedAt": None,
    }
    assert second["scopes"] == ["billing:read", "billing:users"]
    assert answer("key", "list", url=url) == [second, first]
    assert answer("key", "list", "--principal", "lena", url=url) == []
    # By its ID, or as found where it leaked.
    for name, row in ((first["id"], first), (keys[1], second)):
        revoked = answer("key", "revoke", name, url=url)
        assert revoked == {**row, "revokedAt": revoked["revokedAt"]}
        assert revoked["revokedAt"] is not None
        assert answer("key", "revoke", name, url=url) == revoked
    states = [line.split()[-4] for line in done("key", "list", url=url).splitlines()[1:]]
    assert states == ["revoked", "revoked"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "lena", *CREATE[3:]), "Only service accounts have API keys: people sign in"),
        (("create", "nobody", *CREATE[3:]), "There is no principal with the ID or subject"),
        (("revoke", "nothing"), "There is no such key: `headcount key list` names all."),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_one_line(
    arguments: tuple[object, ...], said: str, url: str
) -> None:
    outcome = run("key", *arguments, url=url)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith(f"headcount: {said}")


def test_a_third_live_key_needs_room(url: str) -> None:
    [first, _] = [answer(*CREATE, url=url) for _ in range(2)]

    said = "headcount: The principal has 2 live keys already: revoke one of them first.\n"
    assert run(*CREATE, url=url) == Outcome(1, "", said)
    done("key", "revoke", first["id"], url=url)
    assert answer(*CREATE, url=url)["revokedAt"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        CREATE[:-2],
        (*CREATE[:3], "--days", 30),
        (*CREATE[:-1], 0),
        (*CREATE[:-1], 366),
        (*CREATE, "--scope", "tenants:manage"),
    ],
)
def test_a_key_is_made_with_scopes_and_an_end_only(arguments: tuple[object, ...]) -> None:
    outcome = run(*arguments, url="sqlite:///nowhere/at/all.db")

    assert (outcome.code, outcome.out) == (2, "")
    assert "Error: " in outcome.err
