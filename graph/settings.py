"""What can be set, and how it is read from the environment.

`Settings(...)` takes what it is given and nothing else; `from_environment()` reads the variables
HEADCOUNT_*. Neither asks whether that is enough to serve strangers: `graph/production.py` does.
Messages name variables and never their values, which may hold passwords.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from graph import environment
from graph.environment import PREFIX, file_variable_of
from graph.environment import Problem as Problem
from graph.setting_types import DatabaseAddress, MediaTypes, Networks, Origins, StorageAddress

# The tokens of the demo name this issuer; a production refuses to trust it. RFC 2606 keeps
# `.invalid` from ever being somebody's.
DEMO_ISSUER = "https://demo.headcount.invalid"

Limit = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """Frozen. A setting without a value is None, never an empty string."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    database_url: DatabaseAddress | None = Field(
        default=None, description="Where data is kept: sqlite://path/to/file or postgresql://..."
    )
    database_pool_size: int = Field(
        default=10, ge=1, le=1000, description="PostgreSQL connections each worker may hold."
    )
    database_timeout: float = Field(
        default=8, gt=0, le=60, description="Seconds one database statement may take."
    )
    token_issuer: str | None = Field(
        default=None, description="The exact `iss` of the access tokens to accept."
    )
    token_audience: str | None = Field(
        default=None,
        description="What `aud` of an access token must contain: the name of this API.",
    )
    token_jwks_url: str | None = Field(
        default=None, description="Where the issuer publishes its keys (`jwks_uri`), https."
    )
    token_jwks_file: Path | None = Field(default=None, description="Instead: a JWK Set in a file.")
    token_key_file: Path | None = Field(default=None, description="Instead: one public key in PEM.")
    token_types: MediaTypes = Field(
        default=("at+jwt", "jwt"),
        min_length=1,
        description="Accepted `typ` headers of access tokens, comma-separated.",
    )
    token_type_optional: bool = Field(
        default=False, description="Accept access tokens without a `typ` header, such as Okta's."
    )
    token_leeway: int = Field(
        default=30,
        ge=0,
        le=30,
        description="Seconds the issuer's clock may differ from this machine's.",
    )
    request_timeout: float = Field(
        default=10, gt=0, le=60, description="Seconds one request may take."
    )
    rate_limit: int = Field(
        default=100_000,
        ge=0,
        description="Cost one principal may cause in a minute, in each worker unless they count"
        " together; 0 is no limit.",
    )
    rate_limit_unauthenticated: int = Field(
        default=300,
        ge=0,
        description="Failed sign-ins of one address in a minute, in each worker unless they count"
        " together; 0 is no limit.",
    )
    rate_limit_storage: StorageAddress | None = Field(
        default=None,
        description="Where all workers count together: redis://... or rediss://... Each in its own"
        " memory unless set.",
    )
    trusted_proxies: Networks = Field(
        default=(),
        description="Addresses and networks of proxies whose X-Forwarded-For is believed,"
        " comma-separated: 10.0.0.0/8. None unless named.",
    )
    drain_seconds: float = Field(
        default=3,
        ge=0,
        le=60,
        description="Seconds after SIGTERM in which /readyz says 503 and requests are answered.",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    workers: int = Field(default=1, ge=1, le=256, description="Server processes.")
    graphiql: bool = Field(default=False, description="Serve the GraphiQL page to browsers.")
    compiler: bool = Field(
        default=True,
        description="Compile queries and keep answers; off, graphql-core interprets each anew.",
    )
    federation: bool = Field(
        default=False, description="Serve the schema as a subgraph of Apollo Federation 2."
    )
    cors_origins: Origins = Field(
        default=(),
        description="Origins whose pages may ask, comma-separated: https://app.example.com. None"
        " unless named.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important messages still logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object, or one line of text, for each message."
    )
    access_log: bool = Field(
        default=False, description="Log every request; off, faults and refused rights."
    )
    audit: bool = Field(
        default=True,
        description="Keep an audit log, and refuse what cannot be written there. Off, nobody is"
        " told who looked at billing.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of the first worker's metrics for Prometheus; the next have the next.",
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address the metrics listen on.")
    tracing: bool = Field(
        default=False,
        description="Send a span for each request to OTEL_EXPORTER_OTLP_ENDPOINT.",
    )
    max_body_bytes: int = Field(
        default=1024 * 1024, ge=1024, description="Largest body of a request, in bytes."
    )
    max_tokens: Limit = Field(default=1000, description="Most lexical tokens in a document.")
    max_depth: Limit = Field(default=12, description="Deepest nesting of fields.")
    max_introspection_depth: Limit = Field(
        default=16, description="Deepest nesting below __schema."
    )
    max_fields: Limit = Field(default=500, description="Most fields, fragments written out.")
    max_aliases: Limit = Field(default=30, description="Most aliases, fragments written out.")
    max_directives: Limit = Field(default=20, description="Most directives.")
    max_roots: Limit = Field(default=20, description="Most root fields.")
    max_nodes: Limit = Field(
        default=20_000, description="Most list items that page sizes may add up to."
    )
    max_list_items: Limit = Field(
        default=500,
        description="Most items in one list argument; logins have a bound of their own.",
    )
    max_repeats: Limit = Field(default=100, description="Most times one field is written.")
    max_representations: Limit = Field(
        default=100, description="Most representations in one _entities field."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only, so that a test or the demo is not changed by a stray variable."""
        return (init_settings,)

    @field_validator("*", mode="before")
    @classmethod
    def _something(cls, value: object) -> object:
        if isinstance(value, str) and not value.strip():
            raise ValueError("is empty: give it a value or unset it")
        if isinstance(value, str) and value != value.strip():
            raise ValueError("has white space around its value: remove it")
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class SettingsError(Exception):
    """All problems at once, so that nobody fixes them one restart at a time."""

    def __init__(self, problems: list[Problem]) -> None:
        lines = "".join(f"\n  {variable} {text}" for variable, text in problems)
        super().__init__(f"The settings cannot be used:{lines}")
        self.problems = problems


class Row(NamedTuple):
    """One setting as the README shows it."""

    variable: str
    default: str
    help: str


def rows() -> Iterator[Row]:
    for name, field in Settings.model_fields.items():
        yield Row(variable_of(name), shown(field.default), field.description or "")


def variable_of(name: str) -> str:
    return PREFIX + name.upper()


def secrets() -> Iterator[str]:
    """Names of settings whose value is never shown, and which a file may hold instead."""
    for name, field in Settings.model_fields.items():
        kinds = (field.annotation, *get_args(field.annotation))
        if SecretStr in (getattr(kind, "__origin__", kind) for kind in kinds):
            yield name


def from_environment() -> Settings:
    settings, problems = examine()
    if problems:
        raise SettingsError(problems)
    return settings


def examine() -> tuple[Settings, list[Problem]]:
    """The settings, with the default in place of each value that has a problem."""
    variables = {name: variable_of(name) for name in secrets()}
    known = [*(row.variable for row in rows()), *map(file_variable_of, variables.values())]
    problems = environment.unknown(os.environ, known)
    held, unread = environment.held_in_files(os.environ, variables)
    problems += unread
    values = {**EnvSettingsSource(Settings)(), **held}
    try:
        return Settings(**values), problems
    except ValidationError as error:
        faults = {str(fault["loc"][0]): fault["msg"] for fault in error.errors(include_input=False)}
    problems += [
        Problem(variable_of(name), environment.sentence(text)) for name, text in faults.items()
    ]
    return Settings(**{name: values[name] for name in values.keys() - faults.keys()}), problems


def shown(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)
