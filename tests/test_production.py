"""A production starts when it is safe to, and otherwise says everything that is missing."""

from pathlib import Path
from ssl import CERT_REQUIRED

import pytest

from graph import production, settings
from graph.auth.bearer import BearerTokens, Claims, TokenRules
from graph.auth.issuer import IssuerTokens
from graph.auth.provider import Address
from graph.settings import DEMO_ISSUER, Problem, SettingsError
from resolvers.errors import Unauthenticated
from tests import insecure
from tests.tokens import (
    AUDIENCE,
    ED25519,
    ISSUER,
    NOW,
    OTHER_RSA,
    P256,
    RSA,
    claims,
    header,
    jwk,
    jwks,
    mint,
    sign,
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
        "  HEADCOUNT_TOKEN_JWKS_URL is not set, nor HEADCOUNT_TOKEN_JWKS_FILE or"
        " HEADCOUNT_TOKEN_KEY_FILE: one must say where the issuer's keys are\n"
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
    assert len(refused) == 21
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


def test_several_sources_of_keys_are_refused(good: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url, jwks_file, key_file = (
        f"HEADCOUNT_TOKEN_{n}" for n in ("JWKS_URL", "JWKS_FILE", "KEY_FILE")
    )

    good.setenv(key_file, str(tmp_path / "jwks.json"))
    assert problems() == [Problem(jwks_file, f"is set beside {key_file}: keep one of them")]
    good.setenv(url, "https://login.example.com/jwks.json")
    said = f"is set beside {jwks_file} and {key_file}: keep one of them"
    assert problems() == [Problem(url, said)]


def test_without_a_source_of_keys_nobody_is_served(good: pytest.MonkeyPatch) -> None:
    good.delenv("HEADCOUNT_TOKEN_JWKS_FILE")

    (problem,) = problems()

    assert problem.variable == "HEADCOUNT_TOKEN_JWKS_URL"
    assert problem.text.startswith("is not set, nor HEADCOUNT_TOKEN_JWKS_FILE or ")


SAFE = [
    "https://login.example.com/.well-known/jwks.json",
    "https://login.example.com:8443/keys?p=policy",
    "https://10.0.0.7/keys",
    "https://[2001:db8::1]/keys",
    "https://localhost/keys",
]
UNSAFE = [
    "http://login.example.com/keys",
    "http://10.0.0.7/keys",
    "http://localhost.example.com/keys",
    "http://127.0.0.1.example.com/keys",
    "http://127.0.0.1@example.com/keys",
    "http://127.0.0.1\\@example.com/keys",
    "https://u:hunter2@login.example.com/keys",
    "https://login.example.com/keys#a",
    "https://login.example.com/a b",
    "https://login.example.com/\r\nX: y",
    "https://login.example.com/ключи",
    "https://login.example.com:0/keys",
    "https://login.example.com:port/keys",
    "https:///keys",
    "https://",
    "login.example.com/keys",
    "file:///etc/jwks.json",
    "ftp://login.example.com/keys",
]
LOOPBACK = [
    "http://localhost:8080/keys",
    "http://127.0.0.1:8080/keys",
    "http://[::1]:8080/keys",
]


@pytest.fixture
def by_url(good: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    good.delenv("HEADCOUNT_TOKEN_JWKS_FILE")
    return good


@pytest.mark.parametrize("url", SAFE)
def test_keys_are_fetched_over_https(url: str, by_url: pytest.MonkeyPatch) -> None:
    by_url.setenv("HEADCOUNT_TOKEN_JWKS_URL", url)

    ready = production.from_environment()

    assert isinstance(ready.keys, Address)
    assert ready.keys.tls is not None
    assert ready.keys.tls.verify_mode is CERT_REQUIRED
    assert ready.keys.tls.check_hostname
    assert isinstance(ready.tokens(), IssuerTokens)


@pytest.mark.parametrize("issuer", [ISSUER, "http://localhost:8080/"])
@pytest.mark.parametrize("url", UNSAFE)
def test_keys_come_from_nowhere_else(url: str, issuer: str, by_url: pytest.MonkeyPatch) -> None:
    by_url.setenv("HEADCOUNT_TOKEN_ISSUER", issuer)
    by_url.setenv("HEADCOUNT_TOKEN_JWKS_URL", url)

    (problem,) = problems()

    assert problem.variable == "HEADCOUNT_TOKEN_JWKS_URL"
    assert problem.text.startswith("is not a plain https URL")


@pytest.mark.parametrize("url", LOOPBACK)
def test_plain_http_on_this_machine_is_for_an_issuer_that_is_here_too(
    url: str, by_url: pytest.MonkeyPatch
) -> None:
    by_url.setenv("HEADCOUNT_TOKEN_JWKS_URL", url)

    assert [problem.variable for problem in problems()] == ["HEADCOUNT_TOKEN_JWKS_URL"]
    by_url.setenv("HEADCOUNT_TOKEN_ISSUER", "http://localhost:8080/realms/one")
    ready = production.from_environment()
    assert isinstance(ready.keys, Address)
    assert (ready.keys.port, ready.keys.target, ready.keys.tls) == (8080, "/keys", None)


def test_a_token_needs_a_type_unless_the_setting_says_otherwise(good: pytest.MonkeyPatch) -> None:
    untyped = sign(header(typ=None), claims())
    null = sign(b'{"alg":"RS256","typ":null,"kid":"rsa"}', claims())
    id_token = sign(header(typ=None), claims(aud="client-id", nonce="n"))

    def verified(token: str) -> str:
        ready = production.from_environment()
        tokens = ready.tokens()
        assert isinstance(tokens, BearerTokens)
        try:
            return tokens.verify(token, NOW).subject
        except Unauthenticated:
            return "nobody"

    strict = [verified(token) for token in (mint(), untyped, null, id_token)]
    good.setenv("HEADCOUNT_TOKEN_TYPE_OPTIONAL", "true")
    lenient = [verified(token) for token in (mint(), untyped, null, id_token)]
    wrong = verified(sign(header(typ="logout+jwt"), claims()))

    assert strict == ["alice", "nobody", "nobody", "nobody"]
    assert lenient == ["alice", "alice", "nobody", "nobody"]
    assert wrong == "nobody"


def test_a_wrong_value_is_reported_once_beside_what_is_missing(good: pytest.MonkeyPatch) -> None:
    good.setenv("HEADCOUNT_PORT", "http")
    good.setenv("HEADCOUNT_TOKEN_ISSUER", "")
    good.delenv("HEADCOUNT_TOKEN_AUDIENCE")

    assert [problem.variable for problem in problems()] == [
        "HEADCOUNT_TOKEN_ISSUER",
        "HEADCOUNT_PORT",
        "HEADCOUNT_TOKEN_AUDIENCE",
    ]
