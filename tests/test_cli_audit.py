"""`headcount audit`, run as processes."""

import json
from pathlib import Path

import pytest

from tests import command
from tests.command import Outcome, done, run

# The entries of the fixture `ready`, oldest first.
MADE = ["TENANT_CREATE", "PRINCIPAL_CREATE", "TENANT_ASSIGN"]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_what_commands_change_is_written_as_the_operators(ready: dict[str, str]) -> None:
    done("tenant", "set-billable", "ACME", env=ready)
    done("unassign", "ACME", "lena", env=ready)
    done("principal", "disable", "lena", env=ready)
    done("principal", "enable", "lena", env=ready)

    exported = run("audit", "export", env=ready)

    entries = [line["entry"] for line in lines(exported.out)]
    assert [entry["action"] for entry in entries] == [  # type: ignore[index]
        *MADE,
        "TENANT_SET_BILLABLE",
        "TENANT_UNASSIGN",
        "PRINCIPAL_DISABLE",
        "PRINCIPAL_ENABLE",
        "AUDIT_EXPORT",
    ]
    assert {json.dumps(entry["by"]) for entry in entries} == {'{"kind": "OPERATOR"}'}  # type: ignore[index]
    assert (exported.code, exported.err) == (
        0,
        f"The end of what was exported: 8:{lines(exported.out)[-1]['hash']}\n",
    )


def test_recording_logins_leaves_counts_and_no_users(ready: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "logins.csv"
    file.write_text("user_id,at\nann,2026-11-14T10:00:00Z\nbob,1999-01-01T10:00:00Z\n")

    assert run("record", file, "--tenant", "ACME", env=ready).code == 3

    exported = run("audit", "export", "--after", "3", env=ready)
    first = lines(exported.out)[0]
    assert first["entry"]["details"] == {"recorded": 1, "counted": 1, "refused": 1}  # type: ignore[index]
    assert "ann" not in exported.out.replace("Lena", "")


def test_a_whole_log_is_verified_and_its_head_told(ready: dict[str, str], tmp_path: Path) -> None:
    head = done("audit", "head", env=ready)
    noted = tmp_path / "head.json"
    noted.write_text(done("audit", "head", "--json", env=ready))

    number, digest = head.strip().split(":")
    told = {"position": int(number), "hash": digest}
    assert (number, json.loads(noted.read_text())) == ("3", told)
    for known in ((), ("--head", head.strip()), ("--head", noted)):
        assert done("audit", "verify", *known, env=ready) == (
            f"The audit log is whole up to entry 3: {head}"
        )
    assert json.loads(done("audit", "verify", "--json", env=ready)) == {"ok": True, "head": told}


def test_an_export_is_verified_without_a_database(ready: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "audit.ndjson"
    exported = run("audit", "export", env=ready)
    file.write_text(exported.out)
    end = exported.err.split()[-1]
    elsewhere = command.environment()

    expected = f"The audit log is whole up to entry 4: {end}\n"
    assert done("audit", "verify", "--export", file, "--head", end, env=elsewhere) == expected
    piped = run("audit", "verify", "--export", "-", stdin=exported.out, env=elsewhere)
    assert piped == Outcome(0, expected, "")

    file.write_text(exported.out.replace("Lena", "Lisa"))
    fault = "Entry 2 is not what was written: its hash does not fit."
    assert run("audit", "verify", "--export", file, env=elsewhere) == Outcome(
        1, "", f"headcount: {fault}\n"
    )
    told = run("audit", "verify", "--export", file, "--json", env=elsewhere)
    assert told.code == 1
    assert json.loads(told.out) == {"ok": False, "position": 2, "reason": fault}


def test_a_log_that_lost_its_end_is_not_whole(ready: dict[str, str]) -> None:
    head = done("audit", "head", env=ready).strip()
    later = f"9:{'a' * 64}"

    assert run("audit", "verify", "--head", later, env=ready) == Outcome(
        1, "", "headcount: Entries 4 to 9 are missing: the end was cut off.\n"
    )
    assert run("audit", "verify", "--head", head, env=ready).code == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("verify", "--head", "nonsense"),
            "--head is what `headcount audit head` printed, or a file with it.",
        ),
        (("verify", "--export", "no/such.file"), "no/such.file cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used_is_said(arguments: tuple[str, ...], reason: str) -> None:
    outcome = run("audit", *arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"headcount: {reason}")


def test_nothing_is_exported_behind_the_end(ready: dict[str, str]) -> None:
    assert run("audit", "export", "--after", "99", env=ready) == Outcome(
        1, "", "headcount: There is no entry 99 yet.\n"
    )


def test_switched_off_commands_leave_no_entry(ready: dict[str, str]) -> None:
    off = {**ready, "HEADCOUNT_AUDIT": "false"}
    done("tenant", "set-billable", "ACME", env=off)
    done("unassign", "ACME", "lena", env=off)

    assert done("audit", "head", env=ready).startswith("3:")


def test_a_reader_who_has_enough_ends_an_export_without_a_traceback(
    ready: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "empty.csv"
    file.write_text("user_id,at\n" + "".join(f"u{n},2026-11-14T10:00:00Z\n" for n in range(400)))
    done("record", file, "--tenant", "ACME", "--batch", "1", env=ready)
    process = command.start("audit", "export", env=ready)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None

    outcome = command.finish(process)

    assert (outcome.code, outcome.err) == (1, "")
