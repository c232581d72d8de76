"""The schema changes by announcement: against the schema of the last release."""

import re
from pathlib import Path
from typing import Any

import pytest
from graphql import DirectiveNode, StringValueNode, Visitor, parse, visit

from tests.governance.changes import changes, is_release, owed
from tests.governance.planted import SDL, planted

ROOT = Path(__file__).parent.parent
RELEASED = (ROOT / "tests/governance/released.graphql").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

DAYS = "  userDays: Int!\n"
FLOAT_DAYS = "  userDays: Float!\n"


def test_the_changelog_names_every_change_since_the_last_release() -> None:
    assert owed(RELEASED, SDL, CHANGELOG) == []


def test_the_schema_of_the_last_release_is_kept() -> None:
    releases = re.findall(r"^## \[\d.*", CHANGELOG, re.MULTILINE)

    assert is_release(RELEASED) == bool(releases)


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        ((DAYS, "  new: Int!\n"), {"BillingTrend.userDays": True, "BillingTrend.new": False}),
        ((DAYS, FLOAT_DAYS), {"BillingTrend.userDays": True}),
        ((DAYS, "  userDays: Int\n"), {"BillingTrend.userDays": True}),
        ((DAYS, "  userDays(of: ID!): Int!\n"), {"BillingTrend.userDays": True}),
        ((DAYS, "  userDays(of: ID): Int!\n"), {"BillingTrend.userDays": False}),
        ((DAYS, '  userDays: Int! @deprecated(reason: "x")\n'), {"BillingTrend.userDays": False}),
        ((DAYS, f"{DAYS}  new: Int\n"), {"BillingTrend.new": False}),
        (("  NAME_DESC\n", "  NEW\n"), {"TenantOrder.NAME_DESC": True, "TenantOrder.NEW": False}),
        (("  NAME_DESC\n", "  NAME_DESC\n  NEW\n"), {"TenantOrder.NEW": False}),
        (("first: Int = 1000\n", "first: Int = 500\n"), {"BillingReport.users": False}),
        (("  search: String\n", "  search: String\n  new: ID!\n"), {"TenantFilter.new": True}),
        (("input TenantBy @oneOf {", "input TenantBy {"), {"TenantBy": False}),
        (("scalar UUID ", "scalar New\n\nscalar UUID "), {"New": False}),
        (("scalar UUID ", "directive @new on FIELD\n\nscalar UUID "), {"@new": False}),
        (('type BillingTrend {\n  """', 'type BillingTrend {\n  """Otherwise: '), {}),
    ],
)
def test_changes_are_found_by_their_coordinates(
    edit: tuple[str, str], found: dict[str, bool]
) -> None:
    assert changes(SDL, planted(edit)) == found


def test_a_type_that_goes_is_a_change_beside_the_fields_that_used_it() -> None:
    without = "type Query { viewer: ID }"

    assert changes("type Query { viewer: Viewer }\ntype Viewer { id: ID }", without) == {
        "Query.viewer": True,
        "Viewer": True,
    }
    assert changes(without, "type Query { viewer: Viewer }\ntype Viewer { id: ID }") == {
        "Query.viewer": True,
        "Viewer": False,
    }


NAME = "name `BillingTrend.userDays`"
UPGRADE = "say how to upgrade from `BillingTrend.userDays`"


@pytest.mark.parametrize(
    ("entries", "lacking"),
    [
        ("", [NAME, UPGRADE]),
        ("- Numbers may be fractions. Upgrade: round them.", [NAME, UPGRADE]),
        ("- `BillingTrend`, `BillingTrend.userDaysToo`. Upgrade: round.", [NAME, UPGRADE]),
        ("## [0.1.0]\n- `BillingTrend.userDays`. Upgrade: round.", [NAME, UPGRADE]),
        ("- `BillingTrend.userDays` may be a fraction.", [UPGRADE]),
        ("- `BillingTrend.userDays` too.\n- Another. Upgrade: round.", [UPGRADE]),
        ("- `BillingTrend.userDays`\n  may be a fraction. Upgrade:\n  round it.", []),
    ],
)
def test_a_breaking_change_needs_its_name_and_an_upgrade(entries: str, lacking: list[str]) -> None:
    changelog = f"# Changelog\n\n## [Unreleased]\n\n### Schema\n{entries}\n\n## [0.0.1]\n"

    assert owed(SDL, planted((DAYS, FLOAT_DAYS)), changelog) == lacking


def test_an_addition_needs_its_name_only() -> None:
    added = planted((DAYS, f"{DAYS}  new: Int\n"))

    assert owed(SDL, added, "## [Unreleased]\n- New.\n") == ["name `BillingTrend.new`"]
    assert owed(SDL, added, "## [Unreleased]\n- `BillingTrend.new`: new.\n") == []
    assert owed("# Nothing.\n", added, "## [Unreleased]\n") == []


class _Deprecations(Visitor):
    """Collects the reasons of all deprecations."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        if node.name.value == "deprecated":
            values = [argument.value for argument in node.arguments or ()]
            self.reasons.append("".join(v.value for v in values if isinstance(v, StringValueNode)))


def vague(sdl: str) -> list[str]:
    """The reasons that do not say what to use instead, or until when the item stays."""
    found = _Deprecations()
    visit(parse(sdl), found)
    good = re.compile(r"Use .+ instead; stays until \d{4}-\d\d-\d\d\.")
    return [reason for reason in found.reasons if not good.fullmatch(reason)]


def test_a_deprecation_says_what_to_use_and_until_when() -> None:
    good = '@deprecated(reason: "Use points instead; stays until 2027-06-30.")'
    argument = '(of: ID @deprecated(reason: "Use points instead."))'

    assert vague(SDL) == []
    assert vague(planted((DAYS, f"  userDays: Int! {good}\n"))) == []
    assert vague(planted((DAYS, f"  userDays{argument}: Int! @deprecated\n"))) == [
        "Use points instead.",
        "",
    ]
