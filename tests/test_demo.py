"""`headcount demo` as people start it: a process, a browser's link, a curl, a second start."""

import json
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph import demo_data
from graph.demo_data import EXIST, NIGHT
from resolvers import billing_window
from resolvers.clock import system_clock
from tests import command
from tests.command import Outcome, finish, run, start

INSTANCE = "2f077c75-6d84-47df-8bdc-ca3590971479"


@dataclass(frozen=True, slots=True)
class Running:
    process: subprocess.Popen[str]
    told: dict[str, Any]

    def ask(self, role: str, query: str) -> Any:
        """As a role, or with the API key of the service account."""
        credential = self.told["tokens"].get(role) or self.told["apiKey"]
        request = urllib.request.Request(
            self.told["url"],
            json.dumps({"query": query}).encode(),
            {
                "Authorization": f"Bearer {credential}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


@contextmanager
def demo(folder: Path, *options: object) -> Iterator[Running]:
    """Stopped by Ctrl-C, after which it must have said nothing more and ended well."""
    process = start("demo", "--port", 0, "--json", "--folder", folder, *options)
    # Only until it is ready: how long the tests then take is not the demo's.
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        watchdog.cancel()
        yield Running(process, json.loads(line or "null"))
        process.send_signal(signal.SIGINT)
        assert finish(process) == Outcome(0, "", "Preparing the sample data ...\n")
    finally:
        watchdog.cancel()
        finish(process)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Running]:
    with demo(folder) as running:
        yield running


def presences(folder: Path) -> list[tuple[Any, ...]]:
    return command.rows(
        f"sqlite://{folder}/demo.db",
        "SELECT t.external_id, report_date, user_id, first_login_at, last_login_at"
        " FROM presence JOIN tenant t ON t.id = tenant_id ORDER BY 1, 2, 3",
    )


def test_one_json_object_says_all_that_a_program_needs(running: Running) -> None:
    told = running.told

    assert list(told) == ["url", "tokens", "tenants", "sampleDate", "apiKey"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/graphql", told["url"])
    assert list(told["tokens"]) == [
        "landlord",
        "tenantAdministrator",
        "service",
        "otherLandlord",
    ]
    assert {row["externalId"]: row["billable"] for row in told["tenants"]} == {
        sample.external_id: sample.billable for sample in demo_data.TENANTS
    }
    assert all(list(row) == ["id", "externalId", "billable"] for row in told["tenants"])


@pytest.mark.parametrize("role", ["landlord", "tenantAdministrator", "service", "API key"])
def test_the_example_of_the_page_is_answered(role: str, running: Running) -> None:
    on = running.told["sampleDate"]

    answer = running.ask(
        role,
        '{ tenant(by: {externalId: "EXIST"}) { externalId instanceId billable'
        f' billingReport(date: "{on}") {{ date maxUsers users(first: 5000) {{'
        " totalCount nodes { userId } } } } }",
    )

    users = answer["data"]["tenant"]["billingReport"]["users"]
    ids = [user["userId"] for user in users.pop("nodes")]
    assert sorted(ids, key=lambda text: int(text[4:])) == [f"User{n}" for n in range(1, 2001)]
    assert answer == {
        "data": {
            "tenant": {
                "externalId": "EXIST",
                "instanceId": INSTANCE,
                "billable": True,
                "billingReport": {"date": on, "maxUsers": 2000, "users": {"totalCount": 2000}},
            }
        }
    }


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("landlord", [sample.external_id for sample in demo_data.ASSIGNED["landlord"]]),
        ("tenantAdministrator", ["EXIST"]),
        ("service", ["EXIST", "YAKAN", "WLOKNO"]),
        ("otherLandlord", ["NAVPIGIA", "CORDILLERA", "KATMANDU", "PRAIRIE"]),
    ],
)
def test_each_role_sees_its_tenants_and_no_others(
    role: str, names: list[str], running: Running
) -> None:
    answer = running.ask(role, "{ tenants { totalCount nodes { externalId } } }")

    nodes = answer["data"]["tenants"].pop("nodes")
    assert {node["externalId"] for node in nodes} == set(names)
    assert answer == {"data": {"tenants": {"totalCount": len(names)}}}


def test_the_tenant_that_is_not_billable_has_logins_and_shows_none(
    running: Running, folder: Path
) -> None:
    [row] = [row for row in running.told["tenants"] if not row["billable"]]

    answer = running.ask(
        "landlord",
        f'{{ billingReport(tenant: "{row["id"]}", date: "{running.told["sampleDate"]}")'
        " { maxUsers } }",
    )

    [error] = answer["errors"]
    assert (answer["data"], error["extensions"]) == (
        {"billingReport": None},
        {"code": "TENANT_NOT_BILLABLE"},
    )
    assert any(row["externalId"] == presence[0] for presence in presences(folder))


def test_a_night_shift_is_counted_on_both_of_its_dates(running: Running) -> None:
    on = date.fromisoformat(running.told["sampleDate"])

    answer = running.ask(
        "landlord",
        '{ tenant(by: {externalId: "YAKAN"}) { timeZone'
        f' shift: billingReport(date: "{on}") {{ maxUsers dayStart }}'
        f' after: billingReport(date: "{on + timedelta(days=1)}")'
        " { maxUsers users(first: 2) { totalCount } } } }",
    )

    # On the first of a month everybody works, and is still there after midnight.
    assert answer == {
        "data": {
            "tenant": {
                "timeZone": "Asia/Tokyo",
                "shift": {
                    "maxUsers": NIGHT.users,
                    "dayStart": f"{on - timedelta(days=1)}T15:00:00.000Z",
                },
                "after": {"maxUsers": NIGHT.users, "users": {"totalCount": NIGHT.users}},
            }
        }
    }


def test_the_service_account_may_record_logins(running: Running) -> None:
    answer = running.ask(
        "service",
        'mutation { loginsRecord(input: {tenant: {externalId: "EXIST"}, logins: ['
        f'{{userId: "User1", at: "{running.told["sampleDate"]}T12:00:00Z"}}]}})'
        " { recorded counted rejected userErrors { code } } }",
    )

    assert answer == {
        "data": {"loginsRecord": {"recorded": 1, "counted": 0, "rejected": 0, "userErrors": []}}
    }


def test_the_whole_window_has_logins_and_weekends_fewer(running: Running) -> None:
    answer = running.ask(
        "tenantAdministrator",
        '{ tenant(by: {externalId: "EXIST"}) { billingWindow { from to }'
        " billingTrend { points { date maxUsers } distinctUsers } } }",
    )

    window = answer["data"]["tenant"]["billingWindow"]
    trend = answer["data"]["tenant"]["billingTrend"]
    numbers = {date.fromisoformat(row["date"]): row["maxUsers"] for row in trend["points"]}
    assert trend["distinctUsers"] == 2000
    # The last date has only begun.
    over = {on: number for on, number in numbers.items() if on.isoformat() != window["to"]}
    assert str(min(over)) == window["from"]
    assert {number for on, number in over.items() if on.day == 1} == {2000}
    usual = {on: number for on, number in over.items() if on.day != 1}
    weekends = [number for on, number in usual.items() if on.weekday() >= 5]
    weekdays = [number for on, number in usual.items() if on.weekday() < 5]
    assert 0 < min(weekends) <= max(weekends) < min(weekdays) <= max(weekdays) < 2000


def test_the_page_for_browsers_is_served_without_credentials(running: Running) -> None:
    request = urllib.request.Request(running.told["url"], headers={"Accept": "text/html"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = answer.read().decode()
    except urllib.error.HTTPError as error:  # Where npm could not fetch the explorer.
        page = error.read().decode()

    assert "<title>Headcount" in page


def test_only_this_machine_is_served(running: Running) -> None:
    port = int(running.told["url"].split(":")[2].split("/")[0])
    addresses = {"127.0.0.2", socket.gethostbyname(socket.gethostname())} - {"127.0.0.1"}

    for address in addresses:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, port), timeout=5)


def test_a_port_in_use_is_said_in_one_line(running: Running, tmp_path: Path) -> None:
    port = int(running.told["url"].split(":")[2].split("/")[0])

    assert run("demo", "--port", port, "--folder", tmp_path / "new") == Outcome(
        1,
        "",
        f"headcount: Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose"
        " another port, or --port 0 for a free one: headcount demo --port 0, or make demo"
        ' ARGS="--port 0".\n',
    )
    assert not (tmp_path / "new").exists()


def test_a_token_of_one_demo_is_worth_nothing_in_another(running: Running, tmp_path: Path) -> None:
    with demo(tmp_path) as other:
        stolen = Running(other.process, {**other.told, "tokens": running.told["tokens"]})
        with pytest.raises(urllib.error.HTTPError, match="401"):
            stolen.ask("landlord", "{ viewer { id } }")


def test_a_second_start_keeps_the_data_and_adds_the_missing_days(tmp_path: Path) -> None:
    today = system_clock().date()
    with demo(tmp_path) as first:
        tenants = first.told["tenants"]
    file = tmp_path / "demo.db"
    complete = older_than(today, presences(tmp_path))
    missing = str(today - timedelta(days=3))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DELETE FROM presence WHERE report_date >= ?", [missing])
        connection.execute("DELETE FROM tenant_day WHERE report_date >= ?", [missing])
        connection.execute("DELETE FROM presence WHERE user_id = 'User7'")

    with demo(tmp_path) as second:
        assert second.told["tenants"] == tenants
        assert second.told["tokens"] != first.told["tokens"]

    # The days that were there are not touched, the others are what they were.
    assert older_than(today, presences(tmp_path)) == [
        row for row in complete if row[2] != "User7" or row[1] >= missing
    ]
    with demo(tmp_path, "--reset") as third:
        assert [row["id"] for row in third.told["tenants"]] != [row["id"] for row in tenants]
    now = system_clock()
    assert older_than(today, shown(presences(tmp_path), now)) == shown(complete, now)


def older_than(today: date, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Without the dates that have not ended in every zone."""
    return [row for row in rows if row[1] < str(today - timedelta(days=1))]


def shown(rows: list[tuple[Any, ...]], now: datetime) -> list[tuple[Any, ...]]:
    """Those in their tenant's window, which any midnight moves, and one comes somewhere every
    hour."""
    zones = {sample.external_id: sample.time_zone for sample in demo_data.TENANTS}
    starts = {name: str(billing_window.at(now, zone).start) for name, zone in zones.items()}
    return [row for row in rows if row[1] >= starts[row[0]]]


@pytest.mark.parametrize("content", ["letter", "stranger", "production", "torn"])
def test_a_database_that_is_not_the_demos_is_left_alone(content: str, tmp_path: Path) -> None:
    file = tmp_path / "demo.db"
    said = make(content, file)
    before = file.read_bytes()

    outcome = run("demo", "--port", 0, "--folder", tmp_path)

    assert outcome == Outcome(
        1,
        "",
        f"headcount: {file} {said}. Start with --reset to delete it, or with another --folder.\n",
    )
    assert file.read_bytes() == before
    with demo(tmp_path, "--reset") as running:
        assert running.ask("landlord", "{ viewer { role } }")


def make(content: str, file: Path) -> str:
    """A file of that kind, and what the demo is to say of it."""
    url = f"sqlite://{file}"
    match content:
        case "letter":
            file.write_text("Dear Sir or Madam " * 100)
            return "is not a database that can be read (file is not a database)"
        case "stranger":
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("CREATE TABLE recipe (name text)")
            return "is a database of something else"
        case "production":
            command.done("migrate", url=url)
            issuer = ("--issuer", "https://login.example.com/")
            command.done("principal", "add", "landlord", "len", *issuer, url=url)
            return "is a database of something else"
        case _:
            command.done("migrate", url=url)
            content_of = bytearray(file.read_bytes())
            content_of[4096:12288] = b"\xff" * 8192
            file.write_bytes(content_of)
            return "is a damaged database"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_tells_people_what_to_do_and_stops_well(number: int, tmp_path: Path) -> None:
    process = start("demo", "--port", 0, cwd=tmp_path)
    watchdog = threading.Timer(120, process.kill)
    watchdog.start()
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith("curl "):
            break
    watchdog.cancel()
    if shutil.which("curl"):
        answer = subprocess.run(["sh", "-c", lines[-1]], capture_output=True, check=True).stdout
        report = json.loads(answer)["data"]["tenant"]["billingReport"]
        assert (report["maxUsers"], report["users"]["nodes"][0]["userId"]) == (2000, "User1")
    process.send_signal(number)
    outcome = finish(process)

    assert outcome == Outcome(0, "", "Preparing the sample data ...\n")
    token = r"[\w-]+\.[\w-]+\.[\w-]+"
    links = re.findall(rf"(http://127\.0\.0\.1:\d+/graphql)#token=({token})", "".join(lines))
    tokens = re.findall(rf"^  token: ({token})$", "".join(lines), re.MULTILINE)
    assert [link[1] for link in links] == tokens
    assert len(set(tokens)) == 4
    assert lines[1] == "Tokens end after 8 hours, and with this demo.\n"
    assert (tmp_path / ".headcount" / "demo.db").exists()


def test_a_stop_while_preparing_is_no_failure(tmp_path: Path) -> None:
    process = start("demo", "--port", 0, "--folder", tmp_path)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGTERM)

    assert finish(process) == Outcome(0, "", "")
    with demo(tmp_path) as running:
        assert running.ask("landlord", "{ tenants { totalCount } }") == {
            "data": {"tenants": {"totalCount": 10}}
        }


def test_sample_logins_fall_on_their_date_and_are_the_same_every_time() -> None:
    on = date(2026, 3, 1)
    for sample in demo_data.TENANTS:
        logins = list(demo_data.logins(sample, on))

        assert logins == list(demo_data.logins(sample, on))
        assert {billing_window.report_date(at, sample.time_zone) for _, at in logins} == {on}
        assert len({user for user, _ in logins}) == sample.users


@pytest.mark.parametrize(
    ("today", "sample"),
    [
        (date(2026, 3, 1), date(2026, 2, 1)),
        (date(2026, 3, 2), date(2026, 3, 1)),
        (date(2026, 1, 1), date(2025, 12, 1)),
    ],
)
def test_the_sample_date_is_over_and_can_be_viewed(today: date, sample: date) -> None:
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)

    assert demo_data.sample_date(today) == sample
    assert sample in billing_window.at(noon, EXIST.time_zone)


def test_a_folder_that_cannot_be_one_is_refused_without_advice_to_delete_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user_id,at\n")

    assert run("demo", "--port", 0, "--folder", tmp_path / "a.csv") == Outcome(
        1,
        "",
        f"headcount: The demo's folder {tmp_path}/a.csv cannot be used: File exists. Choose another"
        " --folder.\n",
    )


def test_a_database_that_another_demo_uses_is_not_deleted(running: Running, folder: Path) -> None:
    before = (folder / "demo.db").stat().st_ino

    outcome = run("demo", "--port", 0, "--folder", folder, "--reset")

    assert outcome == Outcome(
        1,
        "",
        f"headcount: Another demo uses {folder}/demo.db: end it before you start with --reset, or"
        " choose another --folder.\n",
    )
    assert (folder / "demo.db").stat().st_ino == before
    with demo(folder) as second:
        assert second.ask("landlord", "{ viewer { role } }")
