"""What must be true before strangers are served: every problem found at once, or no start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_IWOTH
from urllib.parse import urlsplit

from graph import shared_rates, tracing
from graph.auth import keys
from graph.auth.bearer import TokenRules
from graph.auth.keys import Keys, UnusableKeysError
from graph.settings import (
    DEMO_ISSUER,
    Problem,
    Settings,
    SettingsError,
    examine,
    variable_of,
)

# Nobody can listen in between a machine and itself, and the keys come from a file: an issuer under
# plain http is safe there, and a rehearsal with a provider in a container needs it.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Production:
    """Settings that have been checked, with what they were checked into."""

    settings: Settings
    keys: Keys
    rules: TokenRules


def from_environment() -> Production:
    """Raises SettingsError, which lists everything that is missing, wrong or insecure."""
    settings, problems = examine()
    faulty = {problem.variable for problem in problems}
    found, trusted = _load_keys(settings)
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
        types=frozenset(settings.token_types),
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
    try:
        url = urlsplit(issuer)
    except ValueError:
        return False
    secure = url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK)
    return secure and bool(url.hostname) and not any(mark in issuer for mark in "@?# ")


def _audience(settings: Settings) -> Iterator[Problem]:
    if settings.token_audience is None:
        yield Problem(
            variable_of("token_audience"),
            "is not set: without it, tokens made for any other API would be accepted",
        )


def _load_keys(settings: Settings) -> tuple[list[Problem], Keys | None]:
    sources = {
        "token_jwks_file": (settings.token_jwks_file, keys.load_jwks),
        "token_key_file": (settings.token_key_file, keys.load_pem),
    }
    given = {name: (path, load) for name, (path, load) in sources.items() if path is not None}
    jwks, pem = (variable_of(name) for name in sources)
    if len(given) == 2:
        return [Problem(jwks, f"and {pem} are both set: unset one of them")], None
    for name, (path, load) in given.items():
        try:
            return [], load(path)
        except UnusableKeysError as error:
            return [Problem(variable_of(name), f"names a file that {error}")], None
    return [Problem(jwks, f"or {pem} must name a file with the issuer's public keys")], None
