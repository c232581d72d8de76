"""What must be true before strangers are served: every problem found at once, or no start."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from stat import S_IWOTH
from typing import assert_never
from urllib.parse import urlsplit

from graph import shared_rates, tracing
from graph.auth import keys, provider
from graph.auth.bearer import BearerTokens, TokenRules
from graph.auth.issuer import IssuerTokens
from graph.auth.keys import Keys, UnusableKeysError
from graph.auth.provider import Address, NoAnswer
from graph.auth.published_keys import PublishedKeys
from graph.setting_types import LOOPBACK
from graph.settings import (
    DEMO_ISSUER,
    Problem,
    Settings,
    SettingsError,
    examine,
    variable_of,
)

_SOURCES = ("token_jwks_url", "token_jwks_file", "token_key_file")
_UNSAFE = re.compile(r"[^!-~]|[@#\\]")


@dataclass(frozen=True, slots=True)
class Production:
    """Settings that have been checked, with what they were checked into."""

    settings: Settings
    #: At hand, or where to fetch them.
    keys: Keys | Address
    rules: TokenRules

    def tokens(self) -> BearerTokens | IssuerTokens:
        """For one process: what it verifies tokens with."""
        match self.keys:
            case Keys():
                return BearerTokens(self.keys, self.rules)
            case Address():
                return IssuerTokens(PublishedKeys(partial(provider.fetch, self.keys)), self.rules)
            case _:
                assert_never(self.keys)

    async def silence(self) -> str | None:
        """Why the issuer's keys cannot be fetched just now; None when they can, or are at hand."""
        if isinstance(self.keys, Address):
            try:
                keys.parse_jwks(await provider.fetch(self.keys))
            except NoAnswer as error:
                return str(error)
            except UnusableKeysError as error:
                return f"what is published there {error}"
        return None


def from_environment() -> Production:
    """Raises SettingsError, which lists everything that is missing, wrong or insecure."""
    settings, problems = examine()
    faulty = {problem.variable for problem in problems}
    found, trusted = _load_keys(settings)
    if not faulty.isdisjoint(map(variable_of, _SOURCES)):
        found = []  # What is meant cannot be told.
    found += [
        *_tracing(settings),
        *_storage(settings),
        *_database(settings),
        *_issuer(settings.token_issuer),
        *_audience(settings),
        *_origins(settings.cors_origins),
        *_metrics(settings),
    ]
    problems += [problem for problem in found if problem.variable not in faulty]
    if problems or trusted is None:
        raise SettingsError(problems)
    rules = TokenRules(
        issuer=settings.token_issuer or "",
        audience=settings.token_audience or "",
        types=frozenset(settings.token_types) | ({None} if settings.token_type_optional else set()),
        leeway=settings.token_leeway,
    )
    return Production(settings, trusted, rules)


def _database(settings: Settings) -> Iterator[Problem]:
    variable = variable_of("database_url")
    if settings.database_url is None:
        yield Problem(variable, "is not set: say where data is kept, for example sqlite://data.db")
    elif _forgets(settings.database_url.get_secret_value()):
        yield Problem(variable, "keeps data in memory and loses it at the end: name a file")
    elif _is_writable_by_all(settings.database_url.get_secret_value()):
        yield Problem(
            variable, "names a file that every account of this machine can write: chmod o-w"
        )


def _tracing(settings: Settings) -> Iterator[Problem]:
    if settings.tracing and not tracing.is_installed():
        yield Problem(variable_of("tracing"), f"needs packages that {tracing.EXTRA} installs")


def _storage(settings: Settings) -> Iterator[Problem]:
    if settings.rate_limit_storage is not None and not shared_rates.is_installed():
        variable = variable_of("rate_limit_storage")
        yield Problem(variable, f"needs packages that {shared_rates.EXTRA} installs")


def _forgets(url: str) -> bool:
    return url.removeprefix("sqlite://") in {"", "/"} or ":memory:" in url or "mode=memory" in url


def _is_writable_by_all(url: str) -> bool:
    try:
        return url.startswith("sqlite://") and bool(
            Path(url.removeprefix("sqlite://")).stat().st_mode & S_IWOTH
        )
    except OSError:
        # Whether it is there is asked when it is opened.
        return False


def _origins(origins: Sequence[str]) -> Iterator[Problem]:
    if any(
        origin.startswith("http://") and urlsplit(origin).hostname not in LOOPBACK
        for origin in origins
    ):
        yield Problem(
            variable_of("cors_origins"),
            "trusts a page of plain http, which whoever carries it can change: use https",
        )


def _metrics(settings: Settings) -> Iterator[Problem]:
    first = settings.metrics_port
    if first is not None and first <= settings.port < first + settings.workers:
        yield Problem(
            variable_of("metrics_port"),
            f"takes {variable_of('port')}: each worker has a port of its own for metrics",
        )


def _issuer(issuer: str | None) -> Iterator[Problem]:
    variable = variable_of("token_issuer")
    if issuer is None:
        yield Problem(variable, "is not set: copy the `issuer` of your provider's metadata")
    elif issuer.rstrip("/").lower() == DEMO_ISSUER:
        yield Problem(variable, "is the demo's issuer, which vouches for nobody: name your own")
    elif not _is_issuer(issuer):
        yield Problem(
            variable, "is not a plain https URL (http on loopback only; no user, query, fragment)"
        )


def _is_issuer(issuer: str) -> bool:
    """RFC 8414, 2: https, and neither query nor fragment."""
    return _is_safe(issuer) and "?" not in issuer


def _is_safe(url: str, loopback: bool = True) -> bool:
    """https to a host, or with `loopback` http to this machine; no user, no fragment, and no
    character that could end the line of a request."""
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https" or (
            loopback and parts.scheme == "http" and parts.hostname in LOOPBACK
        )
        return secure and bool(parts.hostname) and parts.port != 0 and not _UNSAFE.search(url)
    except ValueError:
        return False


def _audience(settings: Settings) -> Iterator[Problem]:
    if settings.token_audience is None:
        yield Problem(
            variable_of("token_audience"),
            "is not set: without it, tokens made for any other API would be accepted",
        )


def _load_keys(settings: Settings) -> tuple[list[Problem], Keys | Address | None]:
    given = [name for name in _SOURCES if getattr(settings, name) is not None]
    variables = [variable_of(name) for name in given or _SOURCES]
    if not given:
        first, *others = variables
        text = f"is not set, nor {' or '.join(others)}: one must say where the issuer's keys are"
        return [Problem(first, text)], None
    if len(given) > 1:
        first, *others = variables
        return [Problem(first, f"is set beside {' and '.join(others)}: keep one of them")], None
    if settings.token_jwks_url is not None:
        found = list(_jwks_url(settings.token_jwks_url, settings.token_issuer or ""))
        return found, None if found else Address.of(settings.token_jwks_url)
    try:
        if settings.token_jwks_file is not None:
            return [], keys.load_jwks(settings.token_jwks_file)
        assert settings.token_key_file is not None
        return [], keys.load_pem(settings.token_key_file)
    except UnusableKeysError as error:
        return [Problem(variables[0], f"names a file that {error}")], None


def _jwks_url(url: str, issuer: str) -> Iterator[Problem]:
    """Whoever answers there decides who signs in. Plain http to this machine is for a rehearsal,
    in which the issuer is such a one, too: the keys of a real issuer never come that way."""
    if not _is_safe(url, loopback=issuer.startswith("http://")):
        yield Problem(
            variable_of("token_jwks_url"),
            "is not a plain https URL (http on loopback only, beside such an issuer; no user,"
            " no fragment)",
        )
