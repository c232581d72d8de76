"""`headcount record`: files into the database, exactly, however often and by however many."""

import json
import os
import pty
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from resolvers.clock import system_clock
from tests import command
from tests.command import COMMAND, Outcome, days, done, environment, finish, run, start

NOW = system_clock()
TODAY = NOW.date()
INSTANCES = (
    "2f077c75-6d84-47df-8bdc-ca3590971479",
    "3f077c75-6d84-47df-8bdc-ca3590971479",
)


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> str:
    """A migrated database with the tenants ACME in UTC and COMBO in New York."""
    url = command.new_database(database_url, tmp_path)
    done("migrate", url=url)
    add = ("tenant", "add", "--external-id")
    done(*add, "ACME", "Acme", "--instance-id", INSTANCES[0], url=url)
    zone = ("--time-zone", "America/New_York")
    done(*add, "COMBO", "Combo", "--instance-id", INSTANCES[1], *zone, url=url)
    return url


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def csv(*rows: tuple[str, object]) -> str:
    return "".join(f"{user},{at}\n" for user, at in (("user_id", "at"), *rows))


def report(outcome: Outcome, code: int = 0) -> dict[str, Any]:
    """What `--json` answers, without what differs from run to run."""
    assert outcome.code == code, outcome
    answer = json.loads(outcome.out)
    assert answer.pop("seconds") >= 0
    assert answer.pop("tenant").keys() == {"id", "externalId"}
    return {name: value for name, value in answer.items() if value}


def without_time(text: str) -> str:
    return re.sub(r"Took [0-9.]+ s", "Took N s", text)


TOLD = """\
{} read         records of the file
{} recorded     logins accepted
{} counted      users new on their report date; the rest were known before
{} refused      kept out, each with a reason
{} not a login  records of other events
Took N s.
"""


def test_a_file_recorded_twice_gives_the_same_report(url: str, tmp_path: Path) -> None:
    file = tmp_path / "logins.csv"
    file.write_text(
        csv(
            ("alice", f"{ago(1)}T08:00:00Z"),
            ("alice", f"{ago(1)}T09:00:00Z"),
            ("bob", f"{ago(1)}T09:00:00+02:00"),
            ("alice", f"{ago(2)}T23:59:59.999Z"),
        )
    )
    expected = {("ACME", str(ago(2))): ["alice"], ("ACME", str(ago(1))): ["alice", "bob"]}

    assert without_time(done("record", file, "--tenant", "ACME", url=url)) == TOLD.format(
        4, 4, 3, 0, 0
    )
    assert days(url) == expected
    before = command.rows(url, "SELECT * FROM tenant_day ORDER BY 1")
    assert without_time(done("record", file, "--tenant", INSTANCES[0], url=url)) == TOLD.format(
        4, 4, 0, 0, 0
    )
    assert days(url) == expected
    assert command.rows(url, "SELECT * FROM tenant_day ORDER BY 1") == before


def test_standard_input_is_read_once_and_answered_in_one_json_object(url: str) -> None:
    text = csv(("alice", f"{ago(1)}T08:00:00Z"))

    outcome = run("record", "-", "--tenant", "ACME", "--json", url=url, stdin=text)

    assert outcome.err == ""
    assert outcome.out.count("\n") == 1
    assert report(outcome) == {
        "format": "csv",
        "complete": True,
        "read": 1,
        "recorded": 1,
        "counted": 1,
    }


def test_refused_rows_are_written_with_line_code_and_reason(url: str, tmp_path: Path) -> None:
    window = "The login is before the tenant's billing window, which starts on "
    future = NOW.replace(microsecond=0) + timedelta(days=2)
    text = csv(
        ("alice", f"{ago(1)}T08:00:00Z"),
        ("", f"{ago(1)}T08:00:00Z"),
        ("bob", f"{ago(1)}T08:00:00"),
        ("carl", "1999-12-31T08:00:00Z"),
        ("dora", future.isoformat()),
    )
    refused = tmp_path / "refused.csv"

    outcome = run("record", "-", "--tenant", "ACME", "--refused", refused, url=url, stdin=text)

    assert (outcome.code, without_time(outcome.out)) == (3, TOLD.format(5, 1, 1, 4, 0))
    header, *rows = refused.read_text().splitlines()
    assert header == "user_id,at,line,code,reason"
    assert [row.split(",", 4)[:4] for row in rows] == [
        ["", f"{ago(1)}T08:00:00Z", "3", "BLANK"],
        ["bob", f"{ago(1)}T08:00:00", "4", "INVALID"],
        ["carl", "1999-12-31T08:00:00Z", "5", "OUT_OF_WINDOW"],
        ["dora", future.isoformat(), "6", "IN_FUTURE"],
    ]
    first, second, third, fourth = outcome.err.splitlines()
    assert first == "line 3: BLANK The user ID is empty."
    assert second.startswith("line 4: INVALID Expected an RFC 3339 date-time with an offset")
    assert third.startswith(f"line 5: OUT_OF_WINDOW {window}")
    assert fourth == "line 6: IN_FUTURE The login is more than 5 minutes in the future."
    assert days(url) == {("ACME", str(ago(1))): ["alice"]}


def test_what_was_refused_can_be_corrected_and_recorded(url: str, tmp_path: Path) -> None:
    refused, nothing = tmp_path / "refused.csv", tmp_path / "nothing.csv"
    text = csv(("alice", f"{ago(1)}T08:00:00Z"), ("bob", f"{ago(1)}T08:00:00"))
    outcome = run("record", "-", "--tenant", "ACME", "--refused", refused, url=url, stdin=text)
    assert outcome.code == 3

    refused.write_text(refused.read_text().replace("T08:00:00", "T08:00:00Z"))
    nothing.write_text("of a former run")
    done("record", refused, "--tenant", "ACME", "--refused", nothing, url=url)

    assert days(url) == {("ACME", str(ago(1))): ["alice", "bob"]}
    assert nothing.read_text() == ""


def test_only_the_first_refusals_are_shown(url: str) -> None:
    text = csv(*(("", f"{ago(1)}T08:00:00Z") for _ in range(1200)))

    outcome = run("record", "-", "--tenant", "ACME", url=url, stdin=text)

    assert outcome.err.splitlines() == [
        *(f"line {number}: BLANK The user ID is empty." for number in range(2, 7)),
        "... and 1,195 more refused; --refused FILE writes them all.",
    ]
    assert outcome.code == 3


def test_records_that_are_no_logins_are_counted_apart(url: str) -> None:
    def event(kind: str, user: str) -> str:
        return json.dumps(
            {
                "eventType": kind,
                "published": f"{ago(1)}T20:18:57.718Z",
                "actor": {"alternateId": user},
                "outcome": {"result": "SUCCESS"},
            }
        )

    text = "\n".join([event("user.session.start", "a@x.org"), event("user.session.end", "a@x.org")])

    for format in ((), ("--format", "okta")):
        outcome = run("record", "-", "--tenant", "ACME", "--json", *format, url=url, stdin=text)
        assert report(outcome) == {
            "format": "okta",
            "complete": True,
            "read": 2,
            "recorded": 1,
            "notLogins": 1,
        } | ({"counted": 1} if not format else {})
    assert days(url) == {("ACME", str(ago(1))): ["a@x.org"]}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nowhere.csv", "--tenant", "ACME"), 2, "nowhere.csv cannot be read: No such file or"),
        ((".", "--tenant", "ACME"), 2, ". cannot be read: Is a directory."),
        (("letter", "--tenant", "NONE"), 1, "There is no tenant with the ID, external ID or inst"),
        (
            ("letter", "--tenant", "ACME", "--refused", "none.csv"),
            1,
            "The file begins with 'Dear Sir', which is no known",
        ),
        (
            ("none.csv", "--tenant", "ACME", "--refused", "none.csv"),
            2,
            "none.csv is the file to read: name another one with --refused.",
        ),
        (
            ("none.csv", "--tenant", "ACME", "--refused", "no/such/folder"),
            2,
            "no/such/folder cannot be written: No such file or directory.",
        ),
    ],
)
def test_what_cannot_be_recorded_is_said_in_one_line(
    arguments: tuple[str, ...], code: int, said: str, url: str, tmp_path: Path
) -> None:
    (tmp_path / "letter").write_text("Dear Sir")
    (tmp_path / "none.csv").write_text(csv())

    outcome = run("record", *arguments, url=url, cwd=tmp_path)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (code, "", 1)
    assert outcome.err.startswith(f"headcount: {said}")
    assert (tmp_path / "letter").read_text() == "Dear Sir"
    assert (tmp_path / "none.csv").read_text() == csv()


def test_an_unknown_format_is_a_wrong_call(url: str) -> None:
    outcome = run("record", "-", "--tenant", "ACME", "--format", "xml", url=url, stdin="")

    assert (outcome.code, outcome.out) == (2, "")


def test_eight_processes_with_overlapping_files_count_exactly(url: str, tmp_path: Path) -> None:
    dice = random.Random(8)
    logins = [
        (f"User{dice.randrange(300)}", f"{ago(dice.randrange(1, 9))}T{hour:02}:30:00Z")
        for hour in range(24)
        for _ in range(250)
    ]
    expected: dict[tuple[str, str], set[str]] = {}
    for user, at in logins:
        expected.setdefault(("ACME", at[:10]), set()).add(user)
    files = [tmp_path / f"{number}.csv" for number in range(8)]
    for number, file in enumerate(files):
        # Every login stands in four of the files, in an order of each file's own.
        part = [login for index, login in enumerate(logins) if (index + number) % 8 < 4]
        dice.shuffle(part)
        file.write_text(csv(*part))

    batch = ("--tenant", "ACME", "--batch", 500, "--json")
    outcomes = [finish(each) for each in [start("record", file, *batch, url=url) for file in files]]

    assert [report(outcome)["recorded"] for outcome in outcomes] == [3000] * 8
    assert days(url) == {key: sorted(users) for key, users in expected.items()}
    counted = sum(report(outcome).get("counted", 0) for outcome in outcomes)
    assert counted == sum(map(len, expected.values()))


def test_an_interruption_keeps_what_was_recorded_and_says_how_far_it_got(
    url: str, tmp_path: Path
) -> None:
    rows = [(f"User{number}", f"{ago(1)}T08:00:00Z") for number in range(3000)]
    os.mkfifo(tmp_path / "pipe")
    process = start(
        *("record", tmp_path / "pipe", "--tenant", "ACME", "--batch", 1000, "--json"), url=url
    )
    # More than the 256 KiB that are read at once, so that whole batches become known.
    padding = "x" * 200
    with (tmp_path / "pipe").open("w") as pipe:
        pipe.write("note,user_id,at\n")
        pipe.writelines(f"{padding},{user},{at}\n" for user, at in rows)
        pipe.flush()
        wait_for(url, "SELECT count(*) FROM presence", at_least=1000)
        process.send_signal(signal.SIGINT)
        outcome = finish(process)

    answer = report(outcome, code=130)
    assert answer == {
        "format": "csv",
        "read": answer["recorded"],
        "recorded": answer["recorded"],
        "counted": answer["recorded"],
    }
    assert answer["recorded"] in (1000, 2000)
    assert outcome.err == (
        "headcount: Interrupted. What was recorded until then is kept. Record the same file"
        " again: nothing counts twice.\n"
    )
    assert len(days(url)["ACME", str(ago(1))]) == answer["recorded"]


def test_a_connection_that_is_cut_costs_nothing_that_was_recorded(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite://"):
        pytest.skip("there is nothing to cut")
    rows = [f"{'x' * 300},User{number},{ago(1)}T08:00:00Z\n" for number in range(3000)]
    os.mkfifo(tmp_path / "pipe")
    process = start(
        *("record", tmp_path / "pipe", "--tenant", "ACME", "--batch", 1000, "--json"), url=url
    )
    # The process gives up before it has read everything.
    with suppress(BrokenPipeError), (tmp_path / "pipe").open("w") as pipe:
        pipe.writelines(["note,user_id,at\n", *rows[:1800]])
        pipe.flush()
        wait_for(url, "SELECT count(*) FROM presence", at_least=1000)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        command.rows(url, f"{cut} AND datname = current_database()")
        pipe.writelines(rows[1800:])
    outcome = finish(process)

    assert report(outcome, code=1)["recorded"] == 1000
    assert outcome.err.startswith("headcount: The database cannot be used: ")
    assert outcome.err.count("\n") == 1
    text = "".join(["note,user_id,at\n", *rows])
    again = run("record", "-", "--tenant", "ACME", "--json", url=url, stdin=text)
    assert (report(again)["recorded"], report(again)["counted"]) == (3000, 2000)


def wait_for(url: str, sql: str, at_least: int) -> None:
    for _ in range(3000):
        [[found]] = command.rows(url, sql)
        if found >= at_least:
            return
        subprocess.run(["sleep", "0.01"], check=True)
    raise AssertionError(f"{sql} is not {at_least}")


def test_a_large_file_is_streamed(url: str, tmp_path: Path) -> None:
    """Four times the records, and no more memory than a few batches need."""
    usage = {}
    for thousands in (50, 200):
        file = tmp_path / f"{thousands}.csv"
        with file.open("w") as lines:
            lines.write("user_id,at\n")
            for number in range(thousands * 1000):
                lines.write(f"User{number % 500},{ago(1 + number % 3)}T08:00:00Z\n")
        usage[thousands] = peak_memory("record", file, "--tenant", "ACME", "--json", url=url)

    assert usage[200] < 300
    assert usage[200] < usage[50] + 40


# A process begins with the peak of the one it was forked from: of a small one, not of pytest's.
_MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_memory(*arguments: object, url: str) -> float:
    """In MiB, of a process that does what it is asked to."""
    command = [sys.executable, "-c", _MEASURE, *COMMAND, *map(str, arguments)]
    ran = subprocess.run(command, env=environment(url), capture_output=True, text=True, check=True)
    return float(ran.stdout)


def test_a_terminal_is_shown_how_much_of_the_file_is_read(url: str, tmp_path: Path) -> None:
    file = tmp_path / "logins.csv"
    file.write_text(csv(*((f"User{number}", f"{ago(1)}T08:00:00Z") for number in range(50))))
    shown = {}
    for options in ((), ("--json",)):
        ours, theirs = pty.openpty()
        finish(start("record", file, "--tenant", "ACME", *options, url=url, stderr=theirs))
        os.close(theirs)
        shown[options] = read_all(ours)

    assert re.search(r"Recording  \[#{36}\]  100%", shown[()])
    assert shown["--json",] == ""


def read_all(terminal: int) -> str:
    with os.fdopen(terminal, "rb", buffering=0) as stream:
        try:
            return stream.read(100_000).decode()
        except OSError:  # How a terminal ends that nobody has open any more.
            return ""


README = (command.ROOT / "README.md").read_text("utf-8")
LOG_TO_CSV = re.findall(r"^awk .* auth\.log", README, re.MULTILINE)
LOG = """\
{early:%b %d} 04:06:18 combo su(pam_unix)[21416]: session opened for user cyrus by (uid=0)
{early:%b %d} 04:06:19 combo su(pam_unix)[21416]: session closed for user cyrus
{early:%b %d} 23:59:59 combo su(pam_unix)[22644]: session opened for user news by (uid=0)
{late:%b %d} 00:00:00 combo sshd(pam_unix)[7]: session opened for user test by (uid=509)
{late:%b %d} 12:12:34 combo sshd(pam_unix)[23397]: check pass; user unknown
{late:%b %d} 12:12:34 combo login(pam_unix)[9]: session opened for user root(uid=0) by LOGIN(uid=0)
{late:%b %d} 12:13:19 combo su(pam_unix)[21416]: session opened for user cyrus by (uid=0)
"""


@pytest.mark.skipif(shutil.which("awk") is None, reason="the README uses awk")
def test_a_log_of_local_times_counts_on_the_dates_it_shows(url: str, tmp_path: Path) -> None:
    early, late = next(two_days())
    (tmp_path / "auth.log").write_text(LOG.format(early=early, late=late))
    [line] = LOG_TO_CSV
    line = line.replace("$(date +%Y)", str(early.year)).replace("-04:00", early.isoformat()[-6:])
    made = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    expected = {
        ("COMBO", str(early.date())): ["cyrus", "news"],
        ("COMBO", str(late.date())): ["cyrus", "root", "test"],
    }

    for counted in ({"counted": 5}, {}):
        outcome = run("record", "-", "--tenant", "COMBO", "--json", url=url, stdin=made)
        told = {"format": "csv", "complete": True, "read": 5, "recorded": 5}
        assert report(outcome) == told | counted
        assert days(url) == expected


def two_days() -> Iterator[tuple[datetime, datetime]]:
    """Neighbouring dates of one year in New York with the same offset from UTC."""
    noon = NOW.astimezone(ZoneInfo("America/New_York")).replace(hour=12)
    for back in range(3, 60):
        late = noon - timedelta(days=back)
        early = late - timedelta(days=1)
        if early.utcoffset() == late.utcoffset() and early.year == late.year:
            yield early, late


def test_refusals_that_cannot_be_written_are_told_after_what_was_recorded(url: str) -> None:
    rows = csv(("ann", f"{ago(1)}T08:00:00Z"), ("bob", "yesterday"))

    outcome = run(
        *("record", "-", "--tenant", "ACME", "--json", "--refused", "/dev/full"),
        url=url,
        stdin=rows,
    )

    answer = report(outcome, code=1)
    assert answer == {"format": "csv", "read": 2, "recorded": 1, "counted": 1, "refused": 1}
    assert outcome.err.splitlines()[1:] == [
        "headcount: The file cannot be read or written any further: No space left on device. What"
        " was recorded until then is kept. Record the same file again: nothing counts twice."
    ]


_COMPLAINING = """
import logging
from graph.cli import main
logging.getLogger("asyncpg.pool").warning("Failed to restore the pool connection floor")
main()
"""


def test_what_the_driver_tries_in_vain_beside_a_command_is_not_shown(url: str) -> None:
    said = subprocess.run(
        [*COMMAND[:-1], _COMPLAINING, "tenant", "list", "--json"],
        env=environment(url),
        capture_output=True,
        check=True,
    )

    assert said.stderr == b""
