"""A production starts when it is safe to, and otherwise says everything that is missing."""

from pathlib import Path

import pytest

from graph import production, settings
from graph.auth.bearer import BearerTokens, Claims, TokenRules
from graph.settings import DEMO_ISSUER, Problem, SettingsError
from tests import insecure
from tests.tokens import (
    AUDIENCE,
    ED25519,
    ISSUER,
    NOW,
    OTHER_RSA,
    P256,
    RSA,
    jwk,
    jwks,
    mint,
)

JWKS = jwks(jwk(RSA, kid="rsa"))


@pytest.fixture
def good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment that may serve; a test makes one thing wrong in it."""
    for row in settings.rows():
        monkeypatch.delenv(row.variable, raising=False)
    (tmp_path / "jwks.json").write_bytes(JWKS)
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL", "postgresql://h:hunter2@db/headcount")
    monkeypatch.setenv("HEADCOUNT_TOKEN_ISSUER", ISSUER)
    monkeypatch.setenv("HEADCOUNT_TOKEN_AUDIENCE", AUDIENCE)
    monkeypatch.setenv("HEADCOUNT_TOKEN_JWKS_FILE", str(tmp_path / "jwks.json"))
    return monkeypatch


def problems() -> list[Problem]:
    with pytest.raises(SettingsError) as refused:
        production.from_environment()
    assert "hunter2" not in str(refused.value)
    return refused.value.problems


def test_a_good_environment_verifies_the_issuers_tokens(good: pytest.MonkeyPatch) -> None:
    ready = production.from_environment()

    assert ready.settings == settings.from_environment()
    assert ready.rules == TokenRules(ISSUER, AUDIENCE, frozenset({"at+jwt", "jwt"}), 30)
    assert BearerTokens(ready.keys, ready.rules).verify(mint(), NOW) == Claims(
        ISSUER, "alice", frozenset()
    )


def test_an_empty_environment_is_told_all_that_is_missing(good: pytest.MonkeyPatch) -> None:
    for row in settings.rows():
        good.delenv(row.variable, raising=False)

    with pytest.raises(SettingsError) as refused:
        production.from_environment()

    assert str(refused.value) == (
        "The settings cannot be used:\n"
        "  HEADCOUNT_TOKEN_JWKS_FILE or HEADCOUNT_TOKEN_KEY_FILE must name a file with the"
        " issuer's public keys\n"
        "  HEADCOUNT_DATABASE_URL is not set: say where data is kept, for example"
        " sqlite://data.db\n"
        "  HEADCOUNT_TOKEN_ISSUER is not set: copy the `issuer` of your provider's metadata\n"
        "  HEADCOUNT_TOKEN_AUDIENCE is not set: without it, tokens made for any other API would"
        " be accepted"
    )


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", None, "is not set"),
        ("DATABASE_URL", "", "is empty"),
        ("DATABASE_URL", "mysql://h:hunter2@db", "must start with one of"),
        ("DATABASE_URL", "sqlite://:memory:", "keeps data in memory"),
        ("DATABASE_URL", "sqlite://", "keeps data in memory"),
        ("DATABASE_URL", "sqlite://file:x?mode=memory", "keeps data in memory"),
        ("TOKEN_ISSUER", None, "is not set"),
        ("TOKEN_ISSUER", "", "is empty"),
        ("TOKEN_ISSUER", DEMO_ISSUER, "is the demo's issuer"),
        ("TOKEN_ISSUER", DEMO_ISSUER.upper() + "/", "is the demo's issuer"),
        ("TOKEN_ISSUER", "http://login.example.com/", "is not a plain https URL"),
        ("TOKEN_ISSUER", "http://localhost.example.com/", "is not a plain https URL"),
        ("TOKEN_ISSUER", "http://localhost@example.com/", "is not a plain https URL"),
        ("TOKEN_ISSUER", "https://a:hunter2@example.com/", "is not a plain https URL"),
        ("TOKEN_ISSUER", "https://login.example.com/?a=b", "is not a plain https URL"),
        ("TOKEN_ISSUER", "https://login.example.com/#a", "is not a plain https URL"),
        ("TOKEN_ISSUER", "https://", "is not a plain https URL"),
        ("TOKEN_ISSUER", "https://[::1", "is not a plain https URL"),
        ("TOKEN_ISSUER", "login.example.com", "is not a plain https URL"),
        ("TOKEN_AUDIENCE", None, "is not set"),
        ("TOKEN_AUDIENCE", "", "is empty"),
        ("TOKEN_TYPES", ",", "has an empty item"),
        ("TOKEN_LEEWAY", "-1", "should be greater"),
        ("TOKEN_LEEWAY", "300", "should be less"),
        ("TOKEN_JWKS_FILE", None, "or HEADCOUNT_TOKEN_KEY_FILE must name a file"),
        ("TOKEN_JWKS_FILE", "", "is empty"),
        ("TOKEN_JWKS_FILE", "/nowhere/jwks.json", "names a file that cannot be read"),
        ("TOKEN_ISUER", ISSUER, "is unknown: did you mean HEADCOUNT_TOKEN_ISSUER?"),
    ],
)
def test_one_insecure_setting_is_enough_to_refuse(
    name: str, value: str | None, said: str, good: pytest.MonkeyPatch
) -> None:
    if value is None:
        good.delenv(f"HEADCOUNT_{name}")
    else:
        good.setenv(f"HEADCOUNT_{name}", value)

    (problem,) = problems()

    assert problem.variable == f"HEADCOUNT_{name}"
    assert problem.text.startswith(said)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "sqlite://headcount.db"),
        ("DATABASE_URL", "sqlite:///var/lib/headcount/data.db"),
        ("TOKEN_ISSUER", "https://login.example.com"),
        ("TOKEN_ISSUER", "https://login.example.com:8443/realms/one"),
        ("TOKEN_ISSUER", "http://localhost:8080/realms/one"),
        ("TOKEN_ISSUER", "http://127.0.0.1:8080/"),
        ("TOKEN_ISSUER", "http://[::1]:8080/"),
        ("TOKEN_TYPES", "JWT"),
        ("TOKEN_LEEWAY", "0"),
        ("CORS_ORIGINS", "https://app.example.com,http://localhost:5173"),
        ("METRICS_PORT", "8001"),
    ],
)
def test_a_secure_setting_is_taken(name: str, value: str, good: pytest.MonkeyPatch) -> None:
    good.setenv(f"HEADCOUNT_{name}", value)

    assert production.from_environment().settings == settings.from_environment()


@pytest.mark.filterwarnings("ignore:Key size should be:UserWarning")
def test_every_insecure_setting_is_refused(good: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused: dict[str, list[str]] = {}
    for case in insecure.cases(tmp_path):
        with pytest.MonkeyPatch.context() as one:
            for name, value in case.changes.items():
                one.delenv(name, raising=False) if value is None else one.setenv(name, value)
            refused[case.what] = [problem.variable for problem in problems()]

    assert refused == {case.what: [case.variable] for case in insecure.cases(tmp_path)}
    assert len(refused) == 20
    production.from_environment()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names a file that is empty"),
        (b"{}", 'names a file that has no "keys" list'),
        (jwks({"kty": "oct", "k": "c2VjcmV0"}), "names a file that has a symmetric key"),
        (jwks(P256.as_dict(private=True)), "names a file that has a private key"),
        (jwks(jwk(RSA, use="enc")), "names a file that has no key that verifies"),
        (
            jwks(jwk(RSA, kid="a"), jwk(OTHER_RSA, kid="a")),
            "names a file that has two keys with the same kid",
        ),
    ],
)
def test_a_jwks_file_with_the_wrong_content_is_refused(
    content: bytes, said: str, good: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "jwks.json").write_bytes(content)

    (problem,) = problems()

    assert problem.variable == "HEADCOUNT_TOKEN_JWKS_FILE"
    assert problem.text.startswith(said)


def test_a_key_file_must_hold_the_public_key(good: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good.delenv("HEADCOUNT_TOKEN_JWKS_FILE")
    good.setenv("HEADCOUNT_TOKEN_KEY_FILE", str(tmp_path / "key.pem"))
    said = (
        "names a file that holds a private key; only the issuer may have that,"
        " put the public key here"
    )

    for key in (RSA, P256, ED25519):
        (tmp_path / "key.pem").write_bytes(key.as_pem(private=True))
        assert problems() == [Problem("HEADCOUNT_TOKEN_KEY_FILE", said)]
        (tmp_path / "key.pem").write_bytes(key.as_pem(private=False))
        assert len(production.from_environment().keys.all) == 1


def test_two_sources_of_keys_are_refused(good: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good.setenv("HEADCOUNT_TOKEN_KEY_FILE", str(tmp_path / "jwks.json"))

    assert problems() == [
        Problem(
            "HEADCOUNT_TOKEN_JWKS_FILE",
            "and HEADCOUNT_TOKEN_KEY_FILE are both set: unset one of them",
        )
    ]


def test_a_wrong_value_is_reported_once_beside_what_is_missing(good: pytest.MonkeyPatch) -> None:
    good.setenv("HEADCOUNT_PORT", "http")
    good.setenv("HEADCOUNT_TOKEN_ISSUER", "")
    good.delenv("HEADCOUNT_TOKEN_AUDIENCE")

    assert [problem.variable for problem in problems()] == [
        "HEADCOUNT_TOKEN_ISSUER",
        "HEADCOUNT_PORT",
        "HEADCOUNT_TOKEN_AUDIENCE",
    ]
