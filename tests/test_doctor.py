"""`headcount doctor` finds what was planted, says what to do, and is silent where all is fine."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from graph.cli.doctor import of_database, of_files, of_settings
from graph.cli.doctor.finding import Finding, Level
from graph.settings import Settings
from models.database import DatabaseUrl
from models.inspection import Inspection
from resolvers.clock import system_clock
from tests.command import ROOT, change, days, done, run
from tests.test_readme import blocks
from tests.tokens import NOW

GOOD = Settings(token_issuer="https://login.example.com/")


def diagnosed(environment: Mapping[str, str], **changes: str) -> tuple[int, dict[str, Any]]:
    outcome = run("doctor", "--json", env={**environment, **changes})
    assert outcome.err == ""
    return outcome.code, json.loads(outcome.out)


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Level and the first words of what was found."""
    return [(each["level"], " ".join(each["what"].split()[:3])) for each in report["findings"]]


def add_acme(environment: Mapping[str, str]) -> None:
    add = ("tenant", "add", "Acme", "--external-id", "ACME", "--instance-id")
    done(*add, "2f077c75-6d84-47df-8bdc-ca3590971479", env=environment)


def record(environment: Mapping[str, str], lines: Sequence[str]) -> None:
    csv = "".join(["user_id,at\n", *lines])
    done("record", "-", "--tenant", "ACME", env=environment, stdin=csv)


def is_sqlite(environment: Mapping[str, str]) -> bool:
    return environment["HEADCOUNT_DATABASE_URL"].startswith("sqlite://")


@pytest.fixture
def calm(environment: dict[str, str]) -> dict[str, str]:
    """Of a production in which nothing is wrong: PostgreSQL's role is no superuser."""
    done("migrate", env=environment)
    url = environment["HEADCOUNT_DATABASE_URL"]
    if not is_sqlite(environment):
        name = urlsplit(url).path[1:]
        role = f"plain_{name}"
        change(
            url,
            f"CREATE ROLE {role} LOGIN",
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",
        )
        host = DatabaseUrl.parse(url).credentials["host"]
        url = f"postgresql://{role}:hunter2@/{name}?host={host}"
    return {**environment, "HEADCOUNT_DRAIN_SECONDS": "3", "HEADCOUNT_DATABASE_URL": url}


def test_a_sound_production_has_no_finding(calm: dict[str, str]) -> None:
    code, report = diagnosed(calm)

    assert (code, report["status"], report["findings"]) == (0, "fine", [])
    assert report["database"]["product"] == ("SQLite" if is_sqlite(calm) else "PostgreSQL")
    assert report["database"]["pending"] == []


def test_values_are_told_with_their_source_and_without_secrets(
    calm: dict[str, str], tmp_path: Path
) -> None:
    secret = tmp_path / "url"
    secret.write_text(calm.pop("HEADCOUNT_DATABASE_URL") + "\n", encoding="utf-8")
    secret.chmod(0o600)
    given = {**calm, "HEADCOUNT_DATABASE_URL_FILE": str(secret), "headcount_port": "8001"}
    outcome = run("doctor", env=given)
    _, report = diagnosed(given)

    assert outcome.code == 0
    assert outcome.out.endswith("\nNothing is wrong or unsafe.\n")
    assert "hunter2" not in outcome.out + json.dumps(report)
    sources = {each["variable"]: (each["value"], each["source"]) for each in report["settings"]}
    assert sources["HEADCOUNT_DATABASE_URL"][1] == "file of HEADCOUNT_DATABASE_URL_FILE"
    assert sources["HEADCOUNT_PORT"] == ("8001", "environment")
    assert sources["HEADCOUNT_WORKERS"] == ("1", "default")


def test_what_serve_refuses_is_misconfigured_and_the_rest_is_still_looked_at(
    calm: dict[str, str],
) -> None:
    del calm["HEADCOUNT_TOKEN_AUDIENCE"]
    code, report = diagnosed(calm, HEADCOUNT_PORT="hunter2", HEADCOUNT_RATE_LIMIT="0")

    assert (code, report["status"]) == (2, "misconfigured")
    assert told(report) == [
        ("misconfigured", "HEADCOUNT_PORT should be"),
        ("misconfigured", "HEADCOUNT_TOKEN_AUDIENCE is not"),
        ("unsafe", "HEADCOUNT_RATE_LIMIT is 0:"),
    ]
    assert "hunter2" not in json.dumps(report)
    assert report["database"]["pending"] == []


def test_a_database_url_that_cannot_be_parsed_is_misconfigured(calm: dict[str, str]) -> None:
    for url in ("sqlite://a.db?b=c", "postgresql://h:hunter2@db:port/x"):
        code, report = diagnosed(calm, HEADCOUNT_DATABASE_URL=url)

        assert (code, report["database"]) == (2, None)
        assert told(report) == [("misconfigured", "HEADCOUNT_DATABASE_URL cannot be")]
        assert "hunter2" not in json.dumps(report)


def test_a_database_that_is_not_migrated_is_wrong(environment: dict[str, str]) -> None:
    quiet = {**environment, "HEADCOUNT_DRAIN_SECONDS": "3"}
    code, report = diagnosed(quiet)

    assert (code, report["status"]) == (1, "wrong")
    if is_sqlite(environment):
        assert told(report) == [("wrong", "There is no")]
    else:
        assert told(report)[0] == ("wrong", "The database lacks")
        migrations = sorted(path.stem for path in (ROOT / "models/migrations").glob("0*.py"))
        assert report["database"]["pending"] == migrations


def test_a_database_that_is_not_there_is_wrong(calm: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all", encoding="utf-8")
    (tmp_path / "text.db").chmod(0o600)
    absent = (
        f"sqlite://{tmp_path}/text.db"
        if is_sqlite(calm)
        else f"postgresql:///none?host={tmp_path}/nowhere"
    )
    code, report = diagnosed(calm, HEADCOUNT_DATABASE_URL=absent)

    assert (code, report["database"]) == (1, None)
    assert told(report) == [("wrong", "The database cannot")]


def test_postgresql_that_may_lose_what_it_acknowledged_is_unsafe(
    calm: dict[str, str], environment: dict[str, str]
) -> None:
    if is_sqlite(calm):
        pytest.skip("SQLite is opened with the settings it needs")
    url = environment["HEADCOUNT_DATABASE_URL"]
    name = urlsplit(url).path[1:]
    change(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
    code, report = diagnosed(calm, HEADCOUNT_WORKERS="20")

    assert (code, report["status"]) == (1, "wrong")
    assert told(report) == [
        ("unsafe", "PostgreSQL runs with"),
        ("wrong", "20 workers with"),
    ]
    _, report = diagnosed(environment, HEADCOUNT_DRAIN_SECONDS="3")
    assert told(report)[-1] == ("advice", "The service's role")


@pytest.mark.parametrize(
    ("changes", "level", "what"),
    [
        ({"token_issuer": "http://localhost:8080/"}, Level.UNSAFE, "HEADCOUNT_TOKEN_ISSUER"),
        ({"rate_limit": 0}, Level.UNSAFE, "HEADCOUNT_RATE_LIMIT is 0"),
        ({"rate_limit_unauthenticated": 0}, Level.UNSAFE, "HEADCOUNT_RATE_LIMIT_UNAUTHENTICATED"),
        ({"graphiql": True}, Level.ADVICE, "HEADCOUNT_GRAPHIQL is on"),
        ({"metrics_port": 9000, "metrics_host": "0.0.0.0"}, Level.ADVICE, "HEADCOUNT_METRICS_HOST"),
        ({"metrics_port": 9000, "metrics_host": "db"}, Level.ADVICE, "HEADCOUNT_METRICS_HOST"),
        ({"log_level": "error"}, Level.ADVICE, "HEADCOUNT_LOG_LEVEL is error"),
        ({"database_timeout": 10}, Level.ADVICE, "HEADCOUNT_DATABASE_TIMEOUT is not below"),
        ({"drain_seconds": 0}, Level.ADVICE, "HEADCOUNT_DRAIN_SECONDS is 0"),
    ],
)
def test_one_setting_is_one_finding(changes: dict[str, Any], level: Level, what: str) -> None:
    (finding,) = of_settings.examine(GOOD.model_copy(update=changes))

    assert finding.level == level
    assert finding.what.startswith(what)


def test_good_settings_have_no_finding() -> None:
    assert list(of_settings.examine(GOOD)) == []
    assert list(of_settings.examine(GOOD.model_copy(update={"metrics_port": 9000}))) == []


def test_an_audit_trail_that_is_switched_off_is_unsafe() -> None:
    (finding,) = of_settings.examine(GOOD.model_copy(update={"audit": False}))
    assert (finding.level, finding.what) == (Level.UNSAFE, "HEADCOUNT_AUDIT is off.")


def findings_of_files(folder: Path, mode: int, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    for name in ("keys", "url", "data.db"):
        (folder / name).write_text("x", encoding="utf-8")
        (folder / name).chmod(mode)
    monkeypatch.setenv("HEADCOUNT_DATABASE_URL_FILE", str(folder / "url"))
    settings = Settings(token_jwks_file=folder / "keys")
    return list(of_files.examine(settings, folder / "data.db"))


def test_files_that_others_can_reach_are_unsafe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings_of_files(tmp_path, 0o640, monkeypatch) == []
    found = findings_of_files(tmp_path, 0o664, monkeypatch)
    assert [(each.level, each.do) for each in found] == [
        (Level.UNSAFE, f"chmod g-w {tmp_path}/keys"),
        (Level.UNSAFE, f"chmod go-w {tmp_path}/url"),
        (Level.UNSAFE, f"chmod o-rwx {tmp_path}/data.db*"),
    ]


def test_a_disk_that_is_nearly_full_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_files, "ROOM", 1024**6)

    (finding,) = findings_of_files(tmp_path, 0o600, monkeypatch)

    assert finding.level == Level.WRONG
    assert finding.what.startswith("The disk of the database has ")


def test_a_new_sqlite_file_is_nobody_elses_to_read(calm: dict[str, str]) -> None:
    file = DatabaseUrl.parse(calm["HEADCOUNT_DATABASE_URL"]).file
    if file is not None:
        assert os.stat(file).st_mode & 0o007 == 0


SOUND = Inspection(
    "PostgreSQL",
    "18.1",
    {
        "server_encoding": "UTF8",
        "transaction_read_only": "off",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
    },
    pending=[],
    unknown=[],
    differing=0,
    differing_days=[],
    clock=NOW,
    connections=97,
    is_encrypted=True,
)


def findings_of(seen: Inspection, **changes: Any) -> list[tuple[Level, str]]:
    url = SecretStr("postgresql://h:hunter2@db.example.com/x")
    settings = Settings(database_url=url, **changes)
    later = NOW + timedelta(seconds=1)
    return [(each.level, each.what) for each in of_database.examine(seen, settings, NOW, later)]


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_postgresql_without_its_care_is_unsafe(name: str) -> None:
    seen = replace(SOUND, settings={**SOUND.settings, name: "off"})

    assert findings_of(seen) == [(Level.UNSAFE, f"PostgreSQL runs with {name} = off.")]


def test_a_sound_postgresql_has_no_finding_and_an_unsound_one_each_of_its_own() -> None:
    assert findings_of(SOUND) == []
    assert findings_of(SOUND, workers=9) == []
    assert [level for level, _ in findings_of(SOUND, workers=10)] == [Level.WRONG]
    assert findings_of(replace(SOUND, version="14.23"))[0][1].startswith("PostgreSQL 14.23 gets no")
    assert findings_of(replace(SOUND, version="15.1")) == []
    assert findings_of(replace(SOUND, is_encrypted=False)) == [
        (Level.ADVICE, "The connection to PostgreSQL is not encrypted.")
    ]


@pytest.mark.parametrize(("seconds", "said"), [(-30, 30), (-5, 0), (0, 0), (6, 0), (31, 30)])
def test_clocks_that_are_apart_are_wrong(seconds: int, said: int) -> None:
    found = findings_of(replace(SOUND, clock=NOW + timedelta(seconds=seconds)))

    text = f"The clocks of this machine and the database are {said} s apart."
    assert found == ([(Level.WRONG, text)] if said else [])


def test_a_variable_that_is_not_set_is_not_called_unusable(calm: dict[str, str]) -> None:
    del calm["HEADCOUNT_TOKEN_AUDIENCE"]
    _, report = diagnosed(calm, HEADCOUNT_PORT="http")
    told = {each["variable"]: (each["value"], each["source"]) for each in report["settings"]}

    assert told["HEADCOUNT_TOKEN_AUDIENCE"] == ("", "default")
    assert told["HEADCOUNT_PORT"] == ("cannot be used", "environment")
    assert [each["do"] for each in report["findings"]] == [
        "Correct HEADCOUNT_PORT; the README says what it takes.",
        "Set HEADCOUNT_TOKEN_AUDIENCE; the README says what it takes.",
    ]


def test_what_a_file_of_a_secret_can_do_is_that_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "redis").touch(0o666)
    (tmp_path / "redis").chmod(0o666)
    monkeypatch.setenv("HEADCOUNT_RATE_LIMIT_STORAGE_FILE", str(tmp_path / "redis"))

    (finding,) = of_files.examine(Settings(), None)

    assert "rates" in finding.why
    assert "database" not in finding.why


def test_a_database_that_a_newer_version_migrated_is_wrong() -> None:
    assert findings_of(replace(SOUND, unknown=["0005_future"])) == [
        (Level.WRONG, "The database was migrated by a newer version: 0005_future.")
    ]


def test_a_database_that_cannot_keep_every_text_is_wrong(environment: dict[str, str]) -> None:
    if is_sqlite(environment):
        pytest.skip("keeps text as UTF-8 always")
    url = latin(environment["HEADCOUNT_DATABASE_URL"])
    refused = run("migrate", env={**environment, "HEADCOUNT_DATABASE_URL": url})
    code, report = diagnosed(environment, HEADCOUNT_DATABASE_URL=url, HEADCOUNT_DRAIN_SECONDS="3")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "headcount: The database cannot be used: it keeps text as LATIN1. Make another one:"
        " CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0.\n"
    )
    found = {each["what"]: each for each in report["findings"]}
    assert code == 1
    assert (
        "TEMPLATE template0" in found["The database keeps text as LATIN1, and not as UTF8."]["do"]
    )


def latin(url: str) -> str:
    """Another database on the same server, which knows western languages only."""
    name = urlsplit(url).path[1:]
    change(url, f"CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    return url.replace(f"/{name}?", f"/{name}_latin?")


def test_numbers_that_are_not_those_of_the_lists_are_wrong_and_can_be_mended(
    calm: dict[str, str], environment: dict[str, str]
) -> None:
    url = environment["HEADCOUNT_DATABASE_URL"]
    today = system_clock().replace(hour=0, minute=0, second=1, microsecond=0)
    logins = [
        f"user{user},{(today - timedelta(days=day)).isoformat()}\n"
        for user in range(3)
        for day in range(6)
    ]
    add_acme(environment)
    record(environment, logins)
    known = days(url)
    assert diagnosed(calm)[0] == 0

    gone = min(on for _, on in known)
    change(
        url,
        "DELETE FROM presence WHERE user_id = 'user1'",
        f"DELETE FROM tenant_day WHERE report_date = '{gone}'",
    )
    code, report = diagnosed(calm)

    assert (code, told(report)) == (1, [("wrong", "The stored number")])
    what = report["findings"][0]["what"]
    assert "on 6 days: tenant " in what
    assert f" on {gone} 0 instead of 2, " in what
    assert what.endswith(" 3 instead of 2, and 3 more.")

    (mend,) = [sql for sql in blocks("sql") if "counted" in sql]
    change(url, mend if not is_sqlite(calm) else re.sub(r"LOCK .*", "", mend))

    assert diagnosed(calm)[1]["findings"] == []
    assert days(url) == {day: ["user0", "user2"] for day in known}
    record(environment, logins)
    assert days(url) == known


def test_numbers_that_take_too_long_to_count_are_worth_a_thought() -> None:
    found = findings_of(replace(SOUND, differing=None), database_timeout=5)

    assert found == [(Level.ADVICE, "Counting the users of a tenant took longer than 5 s.")]


def test_postgresql_that_takes_no_writes_is_wrong(calm: dict[str, str]) -> None:
    if is_sqlite(calm):
        pytest.skip("belongs to who may write the file")
    name = urlsplit(calm["HEADCOUNT_DATABASE_URL"]).path[1:]
    change(
        calm["HEADCOUNT_DATABASE_URL"],
        f"ALTER ROLE plain_{name} SET default_transaction_read_only = on",
    )

    code, report = diagnosed(calm)

    assert (code, told(report)) == (1, [("wrong", "PostgreSQL takes no")])


def test_what_no_report_shows_any_more_can_be_deleted(
    calm: dict[str, str], environment: dict[str, str]
) -> None:
    url = environment["HEADCOUNT_DATABASE_URL"]
    dates = [(system_clock() - timedelta(days=ago)).isoformat()[:10] for ago in (3, 150, 160)]
    add_acme(environment)
    record(environment, [f"ann,{date}T12:00:00Z\n" for date in dates])
    verified = done("audit", "verify", env=environment)

    (delete,) = [sql for sql in blocks("sql") if "DELETE" in sql]
    change(url, re.sub(r"'[\d-]+'", f"'{dates[1]}'", delete))

    assert days(url) == {("ACME", dates[0]): ["ann"], ("ACME", dates[1]): ["ann"]}
    assert diagnosed(calm)[1]["findings"] == []
    assert done("audit", "verify", env=environment) == verified
