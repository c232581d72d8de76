"""The database as commands hold it: named by HEADCOUNT_DATABASE_URL and by nothing else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from graph.cli.outcome import USAGE, Failure
from graph.settings import SettingsError, examine, variable_of
from models import Tenant, database, migrate
from models.database import DatabaseUrl, InvalidDatabaseUrl
from models.troubles import Unsuitable
from resolvers import access
from resolvers.audit import Origin
from resolvers.clock import system_clock
from resolvers.viewers import Operator

Result = TypeVar("Result")

OPERATOR = Operator()

# A command says in one line what ails the database; `serve` has handlers of its own.
logging.getLogger("asyncpg").addHandler(logging.NullHandler())

NOT_MIGRATED = "The database lacks tables of this version: run `headcount migrate`."


class DatabaseFailure(Failure):
    """`what` is the message without what to do, for those who tell more themselves."""

    def __init__(self, what: str, error: Exception) -> None:
        self.what = what
        # Whatever is unsuitable says itself what to do.
        advice = (
            f" See that it runs and that {variable_of('database_url')} is right;"
            " `headcount doctor` tells more."
        )
        super().__init__(what if isinstance(error, Unsuitable) else f"{what}{advice}")


def database_url() -> str:
    """From the environment; a variable that is misspelt is named when there is none."""
    settings, problems = examine()
    variable = variable_of("database_url")
    if settings.database_url is None or any(problem.variable == variable for problem in problems):
        if all(problem.variable != variable for problem in problems):
            raise Failure(
                f"{variable} is not set: say where data is kept, for example sqlite://data.db",
                USAGE,
            )
        raise Failure(str(SettingsError(problems)), USAGE)
    url = settings.database_url.get_secret_value()
    try:
        parsed = DatabaseUrl.parse(url)
    except InvalidDatabaseUrl as error:
        raise Failure(f"{variable} cannot be used: {error}", USAGE) from None
    if parsed.dialect == "sqlite" and parsed.file is None:
        raise Failure(f"{variable} keeps data in memory and loses it at once: name a file", USAGE)
    return url


def origin() -> Origin:
    """The operator, at this moment: whom the audit log names for what a command changes."""
    settings, _ = examine()
    return Origin(OPERATOR, system_clock(), audited=settings.audit)


def run(command: Coroutine[Any, Any, Result]) -> Result:
    """Run all of a command's work."""
    with asyncio.Runner() as runner:
        return run_in(runner, command)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[None]:
    """Hold the database open. Refused while migrations are pending, because every statement
    would fail, and when a newer version has migrated it. No SQLite file is made: a mistyped path
    would look like an empty database."""
    refuse_missing_file(url)
    await database.open(url, pool_size=2, statement_timeout=0)
    try:
        if await migrate.pending():
            raise Failure(NOT_MIGRATED)
        await migrate.refuse_newer()
        yield
    finally:
        await database.close()


@contextmanager
def held(url: str) -> Iterator[asyncio.Runner]:
    """The database held open for a command that reads files between its statements."""
    with asyncio.Runner() as runner:
        holding = connected(url)
        run_in(runner, holding.__aenter__())
        try:
            yield runner
        finally:
            runner.run(holding.__aexit__(None, None, None))


def run_in(runner: asyncio.Runner, work: Coroutine[Any, Any, Result]) -> Result:
    """Run a piece of a command's work; a failing database becomes one line."""
    try:
        return runner.run(work)
    except migrate.NoFolder as error:
        raise Failure(f"{error}") from None
    except database.ERRORS as error:
        raise _failure(error) from error


def _failure(error: Exception) -> DatabaseFailure:
    """The drivers' messages name hosts, files and roles, but never passwords."""
    text = next(iter(str(error).splitlines()), "") or type(error).__name__
    return DatabaseFailure(f"The database cannot be used: {text.rstrip('.')}.", error)


def refuse_missing_file(url: str) -> None:
    file = DatabaseUrl.parse(url).file
    if file is not None and not file.exists():
        raise Failure(f"There is no database at {file} yet: run `headcount migrate`.")


async def tenant_named(text: str) -> Tenant:
    """The one tenant with this ID, external ID or instance ID."""
    match await access.named(OPERATOR, text):
        case [tenant]:
            return tenant
        case []:
            raise Failure(
                f"There is no tenant with the ID, external ID or instance ID {text!r}."
                " `headcount tenant list` names all."
            )
        case _:
            raise Failure(f"Several tenants are called {text!r}: name one by its ID.")
