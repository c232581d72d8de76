"""What is installed was pinned, listed and allowed; a look-up that failed is no all-clear."""

from pathlib import Path

import pytest

from tests import supply
from tests.command import Outcome
from tests.supply import LOCKS, Audit, faults_of_lock, locked, make, read, unpinned_installs
from tests.test_readme import section

GOOD = "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via b\n"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_for_every_package_and_names_no_registry(name: str) -> None:
    assert list(faults_of_lock(read(name))) == []
    assert len(locked(read(name))) >= 50


@pytest.mark.parametrize(
    ("lock", "faults"),
    [
        (GOOD, []),
        (GOOD + "b==2\n", ["has no hash: b"]),
        (GOOD + "b>=2\n", ["is not a pinned package: b>=2"]),
        (
            GOOD + "b @ https://example.com/b.whl\n",
            [
                "is not a pinned package: b @ https://example.com/b.whl",
                "names where packages come from",
            ],
        ),
        (
            "--index-url x\n" + GOOD,
            ["is not a pinned package: --index-url x", "names where packages come from"],
        ),
        (GOOD.replace("sha256", "md5"), ["has no hash: a"]),
    ],
)
def test_a_planted_fault_of_a_lock_is_found(lock: str, faults: list[str]) -> None:
    assert list(faults_of_lock(lock)) == faults


def test_what_runs_is_pinned_alike_for_tests() -> None:
    run, dev = (locked(read(name)) for name in LOCKS)

    assert [each for each in run if each not in dev] == []


def test_there_are_few_direct_dependencies_each_with_its_reason() -> None:
    direct = supply.direct_dependencies()
    names = [name for name, _ in locked(read("requirements.lock"))]
    decision = next(
        text
        for text in section("Decisions").split("\n\n")
        if text.startswith("**Dependencies, each for a reason.**")
    )

    assert len(direct) <= 15
    assert [name for name in direct if name not in decision.replace("\n", " ")] == []
    assert [name for name in direct if name not in names] == []


@pytest.mark.parametrize("name", ["Makefile", "Containerfile", "README.md"])
def test_every_install_is_by_hash(name: str) -> None:
    assert unpinned_installs(read(name)) == []
    assert "--require-hashes" in read(name)


def test_a_planted_install_without_hashes_is_found() -> None:
    planted = read("Makefile").replace("--require-hashes -r requirements.lock", "-r a.lock")

    assert len(unpinned_installs(planted)) == 1


def test_the_bill_of_materials_lists_exactly_what_is_locked(tmp_path: Path) -> None:
    bill = supply.bill_of_materials(tmp_path)

    components = bill["components"]
    listed = [(each["name"], each["version"]) for each in components]
    hashed = [each for each in components if each["externalReferences"][0]["hashes"]]
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "headcount")
    assert sorted(listed) == locked(read("requirements.lock"))
    assert hashed == components


def test_every_licence_is_known_and_allowed_and_another_one_fails() -> None:
    listed = make("licences")
    fewer = make("licences", "ARGS=--allow-only=Apache-2.0")

    assert (listed.code, listed.err) == (0, "")
    named = {line.split()[0].lower().replace("_", "-") for line in listed.out.splitlines()[1:]}
    # colorama is for Windows alone.
    assert named == {name for name, _ in locked(read("requirements.lock"))} - {"colorama"}
    assert fewer.code != 0
    assert "not in allow-only licenses was found for package" in fewer.err


def test_an_audit_that_could_not_look_up_is_no_all_clear() -> None:
    nowhere = "http://127.0.0.1:9"
    audit = make("audit", HTTPS_PROXY=nowhere, HTTP_PROXY=nowhere, NO_PROXY="")

    assert audit.code != 0
    assert audit.out.splitlines()[-1] == (
        "NOT CLEAR: something is vulnerable, or could not be looked up; see above."
    )
    assert "No known vulnerabilities" not in audit.out + audit.err
    assert supply.audit(audit) is Audit.NOT_LOOKED_UP


def test_an_audit_that_finds_something_is_told_from_one_that_could_not_look() -> None:
    found = "Found 2 known vulnerabilities in 1 package\n"

    assert supply.audit(Outcome(2, "", found)) is Audit.VULNERABLE
    assert supply.audit(Outcome(0, "", "No known vulnerabilities found\n")) is Audit.CLEAR
