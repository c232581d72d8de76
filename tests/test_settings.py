"""Settings: what is set is checked, what is mistyped is said, what is secret is not."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from graph import settings
from graph.settings import Problem, Row, Settings, SettingsError


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in settings.rows():
        monkeypatch.delenv(row.variable, raising=False)
    for name in settings.secrets():
        monkeypatch.delenv(f"{settings.variable_of(name)}_FILE", raising=False)


def test_settings_have_defaults_and_take_only_what_they_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEADCOUNT_PORT", "9000")

    assert Settings().model_dump() == {
        "database_url": None,
        "database_pool_size": 10,
        "database_timeout": 8,
        "token_issuer": None,
        "token_audience": None,
        "token_jwks_url": None,
        "token_jwks_file": None,
        "token_key_file": None,
        "token_types": ("at+jwt", "jwt"),
        "token_type_optional": False,
        "token_leeway": 30,
        "request_timeout": 10,
        "rate_limit": 100000,
        "rate_limit_unauthenticated": 300,
        "rate_limit_storage": None,
        "trusted_proxies": (),
        "drain_seconds": 3,
        "host": "127.0.0.1",
        "port": 8000,
        "workers": 1,
        "graphiql": False,
        "compiler": True,
        "federation": False,
        "cors_origins": (),
        "log_level": "info",
        "log_format": "json",
        "access_log": False,
        "audit": True,
        "metrics_port": None,
        "metrics_host": "127.0.0.1",
        "tracing": False,
        "max_body_bytes": 1048576,
        "max_tokens": 1000,
        "max_depth": 12,
        "max_introspection_depth": 16,
        "max_fields": 500,
        "max_aliases": 30,
        "max_directives": 20,
        "max_roots": 20,
        "max_nodes": 20000,
        "max_list_items": 500,
        "max_repeats": 100,
        "max_representations": 100,
    }


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "DATABASE_URL": "postgresql://h:pw@db/headcount",
        "TOKEN_JWKS_FILE": "/etc/headcount/jwks.json",
        "TOKEN_TYPES": "application/at+JWT, JWT",
        "GRAPHIQL": "true",
        "LOG_LEVEL": "WARNING",
        "PORT": "9000",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"HEADCOUNT_{name}", value)

    read = settings.from_environment()

    assert read == Settings(
        database_url=SecretStr("postgresql://h:pw@db/headcount"),
        token_jwks_file=Path("/etc/headcount/jwks.json"),
        token_types=("at+jwt", "jwt"),
        graphiql=True,
        log_level="warning",
        port=9000,
    )
    assert read.database_url is not None
    assert read.database_url.get_secret_value() == "postgresql://h:pw@db/headcount"


def test_types_given_as_a_list_are_brought_into_the_same_form() -> None:
    values: list[object] = [["JWT"], ("application/JWT",), "jwt"]

    assert {Settings.model_validate({"token_types": value}).token_types for value in values} == {
        ("jwt",)
    }
    for value in (5, None, [], ["JWT", 5], ["JWT", ""]):
        with pytest.raises(ValidationError):
            Settings.model_validate({"token_types": value})


def test_settings_cannot_be_changed_or_invented() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1
    with pytest.raises(ValidationError):
        Settings(nope=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("PORT", "-1", "should be greater than or equal to 0"),
        ("PORT", "65536", "should be less than or equal to 65535"),
        ("PORT", "http", "should be a valid integer, unable to parse string as an integer"),
        ("WORKERS", "0", "should be greater than or equal to 1"),
        ("DATABASE_POOL_SIZE", "0", "should be greater than or equal to 1"),
        ("DATABASE_TIMEOUT", "0", "should be greater than 0"),
        ("DATABASE_TIMEOUT", "nan", "should be less than or equal to 60"),
        ("TOKEN_LEEWAY", "-1", "should be greater than or equal to 0"),
        ("TOKEN_LEEWAY", "31", "should be less than or equal to 30"),
        ("TOKEN_TYPES", "at+jwt,", "has an empty item: list types like at+jwt,JWT"),
        ("GRAPHIQL", "maybe", "should be a valid boolean, unable to interpret input"),
        ("LOG_LEVEL", "loud", "should be 'debug', 'info', 'warning' or 'error'"),
        ("MAX_BODY_BYTES", "0", "should be greater than or equal to 1024"),
        ("MAX_DEPTH", "0", "should be greater than or equal to 1"),
        ("HOST", "", "is empty: give it a value or unset it"),
        ("TOKEN_ISSUER", "  ", "is empty: give it a value or unset it"),
        ("TOKEN_KEY_FILE", "", "is empty: give it a value or unset it"),
        ("TOKEN_AUDIENCE", "api ", "has white space around its value: remove it"),
        (
            "DATABASE_URL",
            "mysql://h:pw@db",
            "must start with one of sqlite://, postgresql://, postgres://",
        ),
        (
            "RATE_LIMIT_STORAGE",
            "http://h:pw@cache",
            "must start with one of redis://, rediss://",
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.1/8",
            "lists addresses and networks like 192.0.2.7,10.0.0.0/8",
        ),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8,::/0",
            "trusts everybody, who may then choose their address: name the proxies",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_variable(
    name: str, value: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HEADCOUNT_{name}", value)

    with pytest.raises(SettingsError) as refused:
        settings.from_environment()

    assert refused.value.problems == [Problem(f"HEADCOUNT_{name}", text)]
    assert str(refused.value) == f"The settings cannot be used:\n  HEADCOUNT_{name} {text}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65535"),
        ("WORKERS", "2"),
        ("DATABASE_TIMEOUT", "0.5"),
        ("TOKEN_LEEWAY", "0"),
        ("TOKEN_LEEWAY", "30"),
        ("TOKEN_TYPES", "at+jwt"),
        ("GRAPHIQL", "0"),
        ("MAX_BODY_BYTES", "1024"),
        ("MAX_DEPTH", "1"),
        ("RATE_LIMIT_STORAGE", "rediss://user:pw@cache:6380/1"),
        ("TRUSTED_PROXIES", "192.0.2.7, 10.0.0.0/8,2001:db8::/32"),
        ("DATABASE_URL", "sqlite://headcount.db"),
        ("DATABASE_URL", "postgres://h@db/headcount"),
    ],
)
def test_a_value_at_the_edge_is_taken(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"HEADCOUNT_{name}", value)

    assert getattr(settings.from_environment(), name.lower()) is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("HEADCOUNT_TOKEN_ISUER", "is unknown: did you mean HEADCOUNT_TOKEN_ISSUER?"),
        ("headcount_workerz", "is unknown: did you mean HEADCOUNT_WORKERS?"),
        ("HEADCOUNT_COLOUR", "is unknown: remove it"),
        (
            "HEADCOUNT_SERVICE_HOST",
            "comes from Kubernetes: set enableServiceLinks: false, or rename the Service",
        ),
        (
            "HEADCOUNT_PORT_8000_TCP_ADDR",
            "comes from Kubernetes: set enableServiceLinks: false, or rename the Service",
        ),
    ],
)
def test_an_unknown_variable_is_reported(
    name: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")

    with pytest.raises(SettingsError) as refused:
        settings.from_environment()

    assert refused.value.problems == [Problem(name, hint)]


def test_variables_of_others_are_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCOUNTER_PORT", "x")

    assert settings.from_environment() == Settings()


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCOUNT_PORT", "http")
    monkeypatch.setenv("HEADCOUNT_WORKERS", "0")
    monkeypatch.setenv("HEADCOUNT_COLOUR", "red")

    with pytest.raises(SettingsError) as refused:
        settings.from_environment()

    assert [problem.variable for problem in refused.value.problems] == [
        "HEADCOUNT_COLOUR",
        "HEADCOUNT_PORT",
        "HEADCOUNT_WORKERS",
    ]


@pytest.mark.parametrize("url", ["postgresql://h:hunter2@db/x", "mysql://h:hunter2@db", "hunter2 "])
def test_a_password_is_never_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL", url)
    monkeypatch.setenv("HEADCOUNT_PORT", "hunter2")

    read, _ = settings.examine()
    with pytest.raises(SettingsError) as refused:
        settings.from_environment()
    shown = [repr(read), str(read), str(read.model_dump()), repr(refused.value), str(refused.value)]
    with pytest.raises(ValidationError) as invalid:
        Settings(database_url=SecretStr(url), port="hunter2")  # type: ignore[arg-type]

    assert not [text for text in [*shown, str(invalid.value)] if "hunter2" in text]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_secret_may_stand_in_a_file(
    end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_bytes(f"postgresql://h:hunter2@db/x{end}".encode())
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL_FILE", str(tmp_path / "url"))

    assert settings.from_environment() == Settings(
        database_url=SecretStr("postgresql://h:hunter2@db/x")
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "is not in the file of HEADCOUNT_DATABASE_URL_FILE: No such file or directory"),
        (b"\xff", "is not in the file of HEADCOUNT_DATABASE_URL_FILE: it is not text"),
        (b"\n", "is empty: give it a value or unset it"),
        (b"hunter2", "must start with one of sqlite://, postgresql://, postgres://"),
    ],
)
def test_a_file_without_a_good_secret_is_refused(
    content: bytes | None, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL_FILE", str(tmp_path / "url"))

    read, problems = settings.examine()

    assert problems == [Problem("HEADCOUNT_DATABASE_URL", text)]
    assert read.database_url is None


def test_a_secret_and_its_file_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL", "sqlite://a.db")
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL_FILE", "/nowhere")

    _, problems = settings.examine()

    text = "and HEADCOUNT_DATABASE_URL_FILE are both set: unset one"
    assert problems == [Problem("HEADCOUNT_DATABASE_URL", text)]


def test_only_a_secret_has_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADCOUNT_HOST_FILE", "/nowhere")

    _, problems = settings.examine()

    assert [problem.variable for problem in problems] == ["HEADCOUNT_HOST_FILE"]


def test_every_setting_has_a_row_with_its_default_and_help() -> None:
    rows = list(settings.rows())

    assert [row.variable for row in rows] == [
        f"HEADCOUNT_{name.upper()}" for name in Settings.model_fields
    ]
    assert [row for row in rows if not row.help.endswith(".") and "://" not in row.help] == []
    assert rows[0].default == ""
    assert rows[8][:2] == ("HEADCOUNT_TOKEN_TYPES", "at+jwt,jwt")
    assert Row("HEADCOUNT_GRAPHIQL", "false", "Serve the GraphiQL page to browsers.") in rows
    assert rows[-1] == Row(
        "HEADCOUNT_MAX_REPRESENTATIONS", "100", "Most representations in one _entities field."
    )
