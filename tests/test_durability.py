"""What was acknowledged is there, however the processes or the database ended."""

from pathlib import Path

import pytest

from tests import killing, postgresql
from tests.command import new_database, production


@pytest.fixture
def writing(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a production with a tenant ACME that `sync` may record for."""
    environment = production(new_database(database_url, tmp_path), tmp_path)
    killing.prepare(environment)
    return environment


def test_no_acknowledged_login_is_lost_when_the_server_is_killed(
    writing: dict[str, str], tmp_path: Path
) -> None:
    found = killing.recorded_while_killed(writing, tmp_path, 2)

    assert (found.rounds, found.lost, found.faults) == (2, 0, [])
    assert found.acknowledged > 0


def test_a_file_of_which_a_part_is_recorded_can_be_recorded_again(
    writing: dict[str, str], tmp_path: Path
) -> None:
    found = killing.imported_while_killed(writing, tmp_path, 2, logins=20_000)

    assert (found.acknowledged, found.lost, found.faults) == (20_000, 0, [])
    assert found.halves == 2


def test_no_acknowledged_login_is_lost_when_the_database_stops_at_once(
    database_url: str, tmp_path: Path
) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite is part of the process.")
    with postgresql.server() as server:
        environment = production(server.url, tmp_path)
        killing.prepare(environment)
        found = killing.recorded_while_the_database_stops(
            environment, tmp_path, 2, server.stop_at_once, server.start
        )

    assert (found.rounds, found.lost, found.faults) == (2, 0, [])
    assert found.acknowledged > 0
