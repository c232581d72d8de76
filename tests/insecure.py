"""Settings that no production may start with, each the only fault of a good environment."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey

from graph.settings import DEMO_ISSUER
from tests.tokens import ISSUER, P256, RSA, jwk, jwks


@dataclass(frozen=True, slots=True)
class Case:
    """`changes` to the environment; None unsets a variable. `variable` is the one to be named."""

    what: str
    variable: str
    changes: Mapping[str, str | None]


def cases(folder: Path) -> list[Case]:
    """Files that a case is about are made in the folder."""
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        weak = RSAKey.generate_key(1024)
    files = {
        "private": jwks(P256.as_dict(private=True)),
        "symmetric": jwks({"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}),
        "weak": jwks(jwk(weak)),
        "open": jwks(jwk(RSA)),
        "open.db": b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o666 if name.startswith("open") else 0o644)
    return [
        Case(what, f"HEADCOUNT_{name}", {f"HEADCOUNT_{name}": value})
        for what, name, value in [
            ("no database", "DATABASE_URL", None),
            ("a database in memory", "DATABASE_URL", "sqlite://:memory:"),
            ("a database that everybody can write", "DATABASE_URL", f"sqlite://{folder}/open.db"),
            ("no issuer", "TOKEN_ISSUER", None),
            ("the demo's issuer", "TOKEN_ISSUER", DEMO_ISSUER),
            ("an issuer under plain http", "TOKEN_ISSUER", "http://login.example.com/"),
            ("an issuer with a password", "TOKEN_ISSUER", "https://a:hunter2@example.com/"),
            ("no audience", "TOKEN_AUDIENCE", None),
            ("no source of keys", "TOKEN_JWKS_FILE", None),
            ("a private key", "TOKEN_JWKS_FILE", f"{folder}/private"),
            ("a symmetric key", "TOKEN_JWKS_FILE", f"{folder}/symmetric"),
            ("an RSA key of 1024 bits", "TOKEN_JWKS_FILE", f"{folder}/weak"),
            ("keys that everybody can write", "TOKEN_JWKS_FILE", f"{folder}/open"),
            ("ten minutes of leeway", "TOKEN_LEEWAY", "600"),
            ("any type of token", "TOKEN_TYPES", ","),
            ("pages of all origins", "CORS_ORIGINS", "*"),
            ("pages under plain http", "CORS_ORIGINS", "http://app.example.com"),
            ("metrics on the port of the API", "METRICS_PORT", "8000"),
            ("a limit that is mistyped", "RATE_LIMITS", "100"),
            ("an issuer that is mistyped", "TOKEN_ISUER", ISSUER),
        ]
    ]


def changed(environment: Mapping[str, str], changes: Mapping[str, str | None]) -> dict[str, str]:
    merged = {**environment, **changes}
    return {name: value for name, value in merged.items() if value is not None}
