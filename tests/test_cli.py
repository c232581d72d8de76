"""The operator's commands, run as processes."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema
from typer.testing import CliRunner

from graph.cli.main import app
from tests import command
from tests.command import Outcome, done, finish, run, start

ACME = ("--external-id", "ACME", "--instance-id", "2f077c75-6d84-47df-8bdc-ca3590971479")
BETA = ("--external-id", "BETA", "--instance-id", "3f077c75-6d84-47df-8bdc-ca3590971479")
ISSUER = "https://login.example.com/"
COMMANDS = (
    ("demo",),
    ("serve",),
    ("migrate",),
    ("record",),
    ("assign",),
    ("unassign",),
    ("schema",),
    ("graphiql",),
    ("tenant", "add"),
    ("tenant", "list"),
    ("tenant", "set-billable"),
    ("principal", "add"),
    ("principal", "disable"),
    ("principal", "enable"),
    ("principal", "list"),
    ("key", "create"),
    ("key", "revoke"),
    ("key", "list"),
    ("audit", "verify"),
    ("audit", "export"),
    ("audit", "head"),
)
MIGRATIONS = sorted(path.stem for path in (command.ROOT / "models/migrations").glob("0*.py"))


def each(word: str) -> str:
    """A line for every migration there is."""
    return "".join(f"{word}: {name}\n" for name in MIGRATIONS)


@pytest.fixture
def empty(database_url: str, tmp_path: Path) -> str:
    return command.new_database(database_url, tmp_path)


@pytest.fixture
def url(empty: str) -> str:
    done("migrate", url=empty)
    return empty


def answer(*arguments: object, url: str) -> Any:
    return json.loads(done(*arguments, "--json", url=url))


def test_help_names_every_command() -> None:
    overview = done("--help")

    assert all(f"\n  {name[0]} " in overview for name in COMMANDS)


@pytest.mark.parametrize("group", ["", "tenant", "principal", "key", "audit"])
def test_help_cuts_no_summary(group: str) -> None:
    shown = CliRunner().invoke(app, [*group.split(), "--help"], terminal_width=80).output

    assert "..." not in shown.replace("[ARGS]...", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_an_example(name: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*name, "--help"]).output

    assert re.search(rf"Example: (\S+=\S+ )?headcount {' '.join(name)}", " ".join(shown.split()))


def test_the_version_is_one_line() -> None:
    assert done("--version").startswith("headcount ")


@pytest.mark.parametrize(
    "arguments",
    [("tenant", "list"), ("migrate",), ("record", "-", "--tenant", "ACME"), ("principal", "list")],
)
def test_without_a_database_url_a_command_says_which_variable_to_set(
    arguments: tuple[str, ...],
) -> None:
    assert run(*arguments) == Outcome(
        2,
        "",
        "headcount: HEADCOUNT_DATABASE_URL is not set: say where data is kept, for example"
        " sqlite://data.db\n",
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "mysql://u:hunter2@h/n",
            "The settings cannot be used:\n  HEADCOUNT_DATABASE_URL must start with one of"
            " sqlite://, postgresql://, postgres://",
        ),
        (
            "postgresql://u:hunter2@h/n?sslmode=maybe",
            "HEADCOUNT_DATABASE_URL cannot be used: sslmode is one of disable, allow, prefer,"
            " require, verify-ca, verify-full.",
        ),
        (
            "sqlite://:memory:",
            "HEADCOUNT_DATABASE_URL keeps data in memory and loses it at once: name a file",
        ),
    ],
)
def test_a_database_url_that_cannot_be_used_is_refused_without_its_password(
    url: str, said: str
) -> None:
    assert run("tenant", "list", url=url) == Outcome(2, "", f"headcount: {said}\n")


@pytest.mark.parametrize("arguments", [("tenant", "list"), ("migrate",), ("migrate", "--check")])
def test_an_unreachable_database_is_one_line(arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments, url="postgresql://u:hunter2@127.0.0.1:1/n")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith("headcount: The database cannot be used: ")
    assert outcome.err.endswith(" is right; `headcount doctor` tells more.\n")
    assert outcome.err.count("\n") == 1
    assert "hunter2" not in outcome.err


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam " * 100)

    assert run("tenant", "list", url=f"sqlite://{tmp_path}/letter.db") == Outcome(
        1,
        "",
        "headcount: The database cannot be used: file is not a database. See that it runs and that"
        " HEADCOUNT_DATABASE_URL is right; `headcount doctor` tells more.\n",
    )


def test_a_mistyped_path_is_not_taken_for_an_empty_database(tmp_path: Path) -> None:
    file = tmp_path / "heedcount.db"
    said = f"headcount: There is no database at {file} yet: run `headcount migrate`.\n"

    for arguments in (("tenant", "list"), ("migrate", "--check")):
        assert run(*arguments, url=f"sqlite://{file}") == Outcome(1, "", said)
    assert not file.exists()


def test_migrating_says_what_was_applied_and_then_nothing(empty: str) -> None:
    assert done("migrate", url=empty) == each("Applied")
    assert done("migrate", url=empty) == "The database is up to date.\n"
    assert done("migrate", "--check", url=empty) == "The database is up to date.\n"


def test_checking_migrations_changes_nothing(empty: str, tmp_path: Path) -> None:
    if empty.startswith("sqlite://"):
        (tmp_path / "headcount.db").touch()

    for _ in range(2):
        assert run("migrate", "--check", url=empty) == Outcome(1, each("Missing"), "")


def test_commands_wait_for_migrations(empty: str, tmp_path: Path) -> None:
    if empty.startswith("sqlite://"):
        (tmp_path / "headcount.db").touch()

    assert run("tenant", "list", url=empty) == Outcome(
        1,
        "",
        "headcount: The database lacks tables of this version: run `headcount migrate`.\n",
    )


def test_of_two_migrations_at_once_one_applies_and_the_other_finds_it_done(empty: str) -> None:
    both = [start("migrate", url=empty) for _ in range(2)]

    assert sorted((finish(each) for each in both), key=lambda outcome: outcome.out) == [
        Outcome(0, each("Applied"), ""),
        Outcome(0, "The database is up to date.\n", ""),
    ]


def test_a_tenant_is_added_listed_and_configured(url: str) -> None:
    added = answer("tenant", "add", "Acme GmbH", *ACME, "--time-zone", "Europe/Berlin", url=url)
    done("tenant", "add", "Beta", *BETA, "--billable", url=url)

    assert added == {
        "id": added["id"],
        "name": "Acme GmbH",
        "externalId": "ACME",
        "instanceId": "2f077c75-6d84-47df-8bdc-ca3590971479",
        "billable": False,
        "timeZone": "Europe/Berlin",
    }
    assert answer("tenant", "list", "--search", "acm", url=url) == [added]
    assert [row["billable"] for row in answer("tenant", "list", url=url)] == [False, True]
    for name in ("ACME", added["id"], added["instanceId"]):
        assert answer("tenant", "set-billable", name, url=url) == {**added, "billable": True}
        assert answer("tenant", "set-billable", name, "--off", url=url) == added
    assert done("tenant", "set-billable", "ACME", url=url) == (
        f"Acme GmbH (ACME) {added['id']}: billable, Europe/Berlin\n"
    )


def test_a_table_of_tenants_is_for_eyes(url: str) -> None:
    added = answer("tenant", "add", "Acme", *ACME, url=url)

    assert done("tenant", "list", url=url) == (
        "ID                                    NAME  EXTERNAL ID  "
        "INSTANCE ID                           BILLABLE  TIME ZONE\n"
        f"{added['id']}  Acme  ACME         {added['instanceId']}  False     UTC\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((" ", *ACME), "name must not be blank."),
        (("Acme", *ACME, "--time-zone", "Mars/Utopia"), "The time zone is not an IANA name such"),
        (("Acme", *BETA), "Another tenant has this externalId. Another tenant has this instance"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused_in_one_line(
    arguments: tuple[str, ...], said: str, url: str
) -> None:
    done("tenant", "add", "Beta", *BETA, url=url)

    outcome = run("tenant", "add", *arguments, url=url)

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith(f"headcount: {said}")


def test_a_malformed_instance_is_a_wrong_call(url: str) -> None:
    outcome = run("tenant", "add", "A", "--external-id", "A", "--instance-id", "A", url=url)

    assert (outcome.code, outcome.out) == (2, "")


def test_a_tenant_called_like_anothers_id_must_be_named_by_its_own(url: str) -> None:
    first = answer("tenant", "add", "Acme", *ACME, url=url)
    second = answer(*("tenant", "add", "Copy", "--external-id", first["id"]), *BETA[2:], url=url)

    assert run("tenant", "set-billable", first["id"], url=url) == Outcome(
        1,
        "",
        f"headcount: Several tenants are called '{first['id']}': name one by its ID.\n",
    )
    assert answer("tenant", "set-billable", second["id"], url=url)["billable"]


def test_principals_are_added_disabled_and_enabled(url: str) -> None:
    done("tenant", "add", "Acme", *ACME, url=url)
    issuer = ("--issuer", ISSUER)
    landlord = answer("principal", "add", "landlord", "len", "--name", "Lena", *issuer, url=url)
    administrator = answer(
        *("principal", "add", "tenant-administrator", "tom", "--home", "ACME"), *issuer, url=url
    )
    home = rows_of(url, "SELECT CAST(id AS text) FROM tenant")

    assert landlord == {
        "id": landlord["id"],
        "displayName": "Lena",
        "kind": "landlord",
        "status": "active",
        "issuer": ISSUER,
        "subject": "len",
        "home": None,
    }
    assert administrator["home"] == home
    assert answer("principal", "list", url=url) == [landlord, administrator]
    for name in ("len", landlord["id"]):
        disabled = answer("principal", "disable", name, url=url)
        assert disabled == {**landlord, "status": "disabled"}
        assert answer("principal", "enable", name, url=url) == landlord
    assert done("principal", "disable", "tom", url=url) == (
        f"tom {administrator['id']}: tenant-administrator of ACME, disabled\n"
    )


def rows_of(url: str, sql: str) -> Any:
    [[value]] = command.rows(url, sql)
    return value


def test_the_issuer_is_by_default_the_one_that_is_trusted(url: str) -> None:
    trusting = command.environment(url, HEADCOUNT_TOKEN_ISSUER=ISSUER)

    done("principal", "add", "service-account", "planner", env=trusting)

    [row] = answer("principal", "list", url=url)
    assert (row["issuer"], row["displayName"]) == (ISSUER, "planner")
    assert run("principal", "add", "landlord", "len", url=url) == Outcome(
        2,
        "",
        "headcount: Say whose subject it is with --issuer, or set HEADCOUNT_TOKEN_ISSUER.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("landlord", "len"), "Another principal has this subject of this issuer."),
        (("tenant-administrator", "tom"), "A tenant administrator has a home tenant: name it"),
        (
            ("landlord", "tom", "--home", "ACME"),
            "Only a tenant administrator has a home tenant.",
        ),
        (
            ("tenant-administrator", "tom", "--home", "NONE"),
            "There is no tenant with the ID, external ID or instance ID 'NONE'.",
        ),
        (("landlord", " "), "subject must not be blank."),
        (
            ("landlord", "tom "),
            "subject has characters that cannot be printed, or white space around it.",
        ),
        (("landlord", "t" * 256), "subject has more than 255 characters."),
    ],
)
def test_a_principal_that_cannot_be_is_refused_in_one_line(
    arguments: tuple[str, ...], said: str, url: str
) -> None:
    done("tenant", "add", "Acme", *ACME, url=url)
    done("principal", "add", "landlord", "len", "--issuer", ISSUER, url=url)

    outcome = run("principal", "add", *arguments, "--issuer", ISSUER, url=url)

    # Without --name the display name is the subject, and has the same faults.
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith(f"headcount: {said}")


def test_a_subject_of_two_issuers_needs_the_issuer(url: str) -> None:
    for issuer in (ISSUER, "https://other.example.com/"):
        done("principal", "add", "landlord", "len", "--issuer", issuer, url=url)

    assert run("principal", "disable", "len", url=url) == Outcome(
        1, "", "headcount: Several issuers have the subject 'len': add --issuer.\n"
    )
    done("principal", "disable", "len", "--issuer", ISSUER, url=url)
    assert {row["issuer"]: row["status"] for row in answer("principal", "list", url=url)} == {
        ISSUER: "disabled",
        "https://other.example.com/": "active",
    }
    assert run("principal", "disable", "nobody", url=url) == Outcome(
        1,
        "",
        "headcount: There is no principal with the ID or subject 'nobody'. `headcount"
        " principal list` names all.\n",
    )


def test_a_tenant_is_assigned_once_and_taken_away(url: str) -> None:
    done("tenant", "add", "Acme", *ACME, url=url)
    done("principal", "add", "landlord", "len", "--name", "Lena", "--issuer", ISSUER, url=url)
    active = "SELECT count(*) FROM assignment WHERE revoked_at IS NULL"

    for _ in range(2):
        assert done("assign", "ACME", "len", url=url) == "Acme (ACME) is visible to Lena.\n"
        assert rows_of(url, active) == 1
    for _ in range(2):
        said = "Acme (ACME) is no longer visible to Lena.\n"
        assert done("unassign", "ACME", "len", url=url) == said
        assert rows_of(url, active) == 0


def test_only_active_landlords_and_service_accounts_are_assigned_tenants(url: str) -> None:
    done("tenant", "add", "Acme", *ACME, url=url)
    issuer = ("--issuer", ISSUER)
    done("principal", "add", "tenant-administrator", "tom", "--home", "ACME", *issuer, url=url)
    done("principal", "add", "landlord", "len", *issuer, url=url)
    done("principal", "disable", "len", url=url)
    why = "only active landlords and service accounts are assigned tenants."

    for subject, what in (
        ("tom", "an active tenant administrator"),
        ("len", "a disabled landlord"),
    ):
        assert run("assign", "ACME", subject, url=url) == Outcome(
            1, "", f"headcount: {subject} is {what}: {why}\n"
        )
    assert rows_of(url, "SELECT count(*) FROM assignment") == 0


def test_the_schema_is_printed_as_it_is_kept(tmp_path: Path) -> None:
    text = done("schema")
    (tmp_path / "schema.graphql").write_text(text)

    build_schema(text)
    assert text.endswith("}\n") or text.endswith('")\n')
    assert done("schema", "--check", cwd=tmp_path) == (
        "schema.graphql is the schema that is served.\n"
    )


def test_a_schema_that_differs_is_shown_where(tmp_path: Path) -> None:
    other = tmp_path / "other.graphql"
    other.write_text(done("schema").replace("  maxUsers: Int!", "  maxUsers: Int", 1))

    outcome = run("schema", "--check", other)

    assert outcome.code == 1
    assert outcome.out.splitlines()[0] == f"--- {other}"
    assert "-  maxUsers: Int\n+  maxUsers: Int!\n" in outcome.out
    assert outcome.err == (
        f"{other} is not the schema that is served: `headcount schema > {other}` writes it.\n"
    )


def test_a_schema_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    assert run("schema", "--check", cwd=tmp_path) == Outcome(
        2, "", "headcount: schema.graphql cannot be read: No such file or directory.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("principal", "disable", b"\xff"),
        ("principal", "enable", "len", "--issuer", b"\xff"),
        ("key", "list", "--principal", b"\xff"),
        ("tenant", "set-billable", b"\xff"),
    ],
)
def test_a_name_that_no_database_can_hold_is_nobodys(
    arguments: tuple[str | bytes, ...], url: str
) -> None:
    outcome = run(*(os.fsdecode(each) for each in arguments), url=url)

    assert (outcome.code, outcome.out) == (1, "")
    assert re.fullmatch(r"headcount: There is no (principal|tenant) with the .+\n", outcome.err)


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/proc", "No file can be made in /proc: No such file or directory. Name another folder,"),
        ("{tmp}/typo/deeper", "There is no folder {tmp}/typo/deeper: make it, or correct the path"),
    ],
)
def test_migrating_makes_no_folder(folder: str, said: str, tmp_path: Path) -> None:
    outcome = run("migrate", url=f"sqlite://{folder.format(tmp=tmp_path)}/x.db")

    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (1, "", 1)
    assert outcome.err.startswith(f"headcount: {said.format(tmp=tmp_path)}")
    assert list(tmp_path.iterdir()) == []


def test_a_tenant_that_is_not_there_is_refused_with_where_to_look(url: str) -> None:
    assert run("assign", "NOPE", "lena", url=url) == Outcome(
        1,
        "",
        "headcount: There is no tenant with the ID, external ID or instance ID 'NOPE'. `headcount"
        " tenant list` names all.\n",
    )


def test_a_file_to_print_the_schema_to_is_refused(tmp_path: Path) -> None:
    outcome = run("schema", "new.graphql", cwd=tmp_path)

    assert (outcome.code, outcome.out) == (2, "")
    assert "`headcount schema > new.graphql` writes it" in outcome.err


@pytest.mark.parametrize(
    "arguments",
    [("principal", "add", "boss", "x"), ("key", "create", "x", "--days", "1", "--scope", "boss")],
)
def test_a_word_that_is_none_of_those_there_are_is_answered_with_them(
    arguments: tuple[str, ...],
) -> None:
    outcome = run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert re.search(r": Invalid value for '\S+': 'boss' is not one of '", outcome.err)


def test_an_older_version_does_not_touch_what_a_newer_one_migrated(
    ready: dict[str, str], tmp_path: Path
) -> None:
    command.change(
        ready["HEADCOUNT_DATABASE_URL"],
        "INSERT INTO tortoise_migrations (app, name, applied_at)"
        " VALUES ('models', '9999_future', '2026-11-26 00:00:00')",
    )
    said = (
        "headcount: The database cannot be used: it was migrated by a newer version (9999_future)."
        " Install that version.\n"
    )

    for arguments in (
        ("serve", "--port", 0),
        ("migrate",),
        ("migrate", "--check"),
        ("record", "-", "--tenant", "ACME"),
        ("tenant", "add", "Beta", *BETA),
        ("assign", "ACME", "lena"),
    ):
        assert run(*arguments, env=ready, stdin="", cwd=tmp_path) == Outcome(1, "", said)
    found = json.loads(run("doctor", "--json", env=ready).out)
    assert found["database"]["unknown"] == ["9999_future"]
    assert [each["level"] for each in found["findings"] if "newer" in each["what"]] == ["wrong"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("tenant", "list"),
        ("tenant", "list", "--json"),
        ("key", "list"),
        ("audit", "head"),
        ("audit", "export"),
        ("record", "-", "--tenant", "ACME", "--json"),
        ("doctor",),
        ("--help",),
    ],
)
def test_an_output_that_cannot_be_written_is_one_line(
    arguments: tuple[str, ...], unbuffered: str, ready: dict[str, str]
) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        outcome = run(
            *arguments,
            env={**ready, "PYTHONUNBUFFERED": unbuffered},
            stdin="user_id,at\n",
            stdout=full,
        )

    said = "headcount: The output cannot be written: No space left on device.\n"
    assert (outcome.code, outcome.err) == (1, said)


@pytest.mark.parametrize("arguments", [("tenant", "list"), ("migrate",), ("doctor",)])
def test_a_file_that_cannot_be_opened_is_one_line(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "folder.db").mkdir()
    for _ in range(3):
        outcome = run(*arguments, url=f"sqlite://{tmp_path}/folder.db")

        assert outcome.code in (1, 2)
        said = (
            "headcount: The database cannot be used: unable to open database file. See that it runs"
            " and that HEADCOUNT_DATABASE_URL is right; `headcount doctor` tells more.\n"
        )
        assert outcome.err == ("" if arguments == ("doctor",) else said)
