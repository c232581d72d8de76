"""Faults that matter, each to be planted by replacing a text, and the test that must notice it.

A text stands as often as `times` says; where it was reworded, `plant` fails, and the fault is to be
written anew.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    path: str
    old: str
    new: str
    test: str
    times: int = 1

    def plant(self, root: Path) -> str:
        """The text of the file with the fault in it."""
        text = (root / self.path).read_text()
        found = text.count(self.old)
        if found != self.times:
            raise LookupError(f"{self.name}: found {found} times in {self.path}: {self.old}")
        return text.replace(self.old, self.new)


FAULTS = (
    Fault(
        "a landlord sees every tenant",
        "resolvers/access.py",
        "assignments__principal_id=viewer.id, ",
        "",
        "tests/test_access.py::test_a_landlord_sees_what_is_assigned_and_nothing_else",
    ),
    Fault(
        "a revoked assignment still shows in lists and look-ups",
        "resolvers/access.py",
        ", assignments__revoked_at__isnull=True",
        "",
        "tests/test_access.py::test_a_revoked_assignment_hides_at_once_and_a_new_one_shows_again",
    ),
    Fault(
        "a revoked assignment still shows to who signs in",
        "resolvers/access.py",
        " AND a.tenant_id = t.id AND a.revoked_at IS NULL",
        " AND a.tenant_id = t.id",
        "tests/test_access.py::test_signing_in_brings_along_what_is_visible_and_nothing_else",
    ),
    Fault(
        "an administrator sees what is assigned, and not the home tenant",
        "resolvers/access.py",
        "return Tenant.filter(id=viewer.home_tenant_id)",
        "return Tenant.filter(assignments__principal_id=viewer.id)",
        "tests/test_access.py::test_an_administrator_sees_the_home_tenant_and_nothing_assigned",
    ),
    Fault(
        "a disabled principal signs in",
        "resolvers/viewers.py",
        " AND p.status = '{PrincipalStatus.ACTIVE.value}'",
        "",
        "tests/test_access.py::test_nobody_disabled_is_admitted",
    ),
    Fault(
        "billable is not asked",
        "resolvers/access.py",
        "return tenant.billable",
        "return True",
        "tests/test_permissions.py::"
        "test_a_tenant_that_is_not_billable_is_refused_at_the_root_and_null_below",
    ),
    Fault(
        "the window begins a day late",
        "resolvers/billing_window.py",
        "self.start <= on",
        "self.start < on",
        "tests/test_billing_window.py::test_both_ends_are_included_and_the_future_is_refused",
    ),
    Fault(
        "the window ends a day early",
        "resolvers/billing_window.py",
        "on <= self.end",
        "on < self.end",
        "tests/test_billing_window.py::test_both_ends_are_included_and_the_future_is_refused",
    ),
    Fault(
        "six months are 183 days",
        "resolvers/billing_window.py",
        "BillingWindow(_six_months_before(today), today)",
        "BillingWindow(today - timedelta(days=183), today)",
        "tests/test_billing_window.py::test_the_window_reaches_six_calendar_months_back",
    ),
    Fault(
        "scopes are not asked",
        "graph/permissions.py",
        "access.require_scope(info.context.viewer, self.scope)",
        "pass",
        "tests/test_permissions.py::test_exactly_those_who_may_are_answered",
    ),
    Fault(
        "whether the tenant is visible is not asked of a reference",
        "graph/federation.py",
        "await gather(*map(info.context.find, named))",
        "[(await __import__('resolvers.access').access.hold("
        "__import__('resolvers.viewers').viewers.Operator(), named)).get(key) for key in named]",
        "tests/test_federation.py::"
        "test_one_that_is_foreign_unknown_or_malformed_is_null_byte_for_byte",
    ),
    Fault(
        "totals count invisible tenants",
        "resolvers/tenants.py",
        "return await access.visible_tenants(self.viewer).filter(_condition(self.where)).count()",
        "return await Tenant.filter(_condition(self.where)).count()",
        "tests/test_permissions.py::test_lists_and_totals_hold_visible_tenants_only",
    ),
    Fault(
        "a malformed ID is refused in other words than a foreign one",
        "graph/context.py",
        "            raise TenantNotFound",
        "            raise TenantNotFound if access.parse_id(key.id or '') else ValueError(key.id)",
        "tests/test_permissions.py::test_a_foreign_tenant_looks_like_one_that_does_not_exist",
    ),
    Fault(
        "a cursor belongs to every list",
        "resolvers/cursors.py",
        'bound_to.encode() + b"\\0" + payload',
        "payload",
        "tests/test_billing_reports.py::test_a_cursor_belongs_to_one_report",
    ),
    Fault(
        "a report lists users of every tenant",
        "resolvers/billing_reports.py",
        "WHERE tenant_id = k.tenant_id AND report_date = k.report_date AND user_id > k.after",
        "WHERE report_date = k.report_date AND user_id > k.after",
        "tests/test_billing_reports.py::test_a_report_has_none_of_the_users_of_another_tenant",
        times=2,
    ),
    Fault(
        "the number and the users come from two statements",
        "resolvers/billing_reports.py",
        "    return reports\n",
        "    await database.rows('SELECT count(*) FROM presence')\n    return reports\n",
        "tests/test_billing_reports.py::test_many_reports_are_one_statement_and_come_in_the_order_asked",
    ),
    Fault(
        "a kept report is shown whatever the version of its day",
        "graph/endpoint.py",
        "(kept.state is state or kept.state == state)",
        "True",
        "tests/test_standing.py::test_a_report_that_changed_is_read_anew",
    ),
    Fault(
        "an answer is kept although more was read for it than its state",
        "graph/endpoint.py",
        " and not context.beyond",
        "",
        "tests/test_standing.py::test_what_asks_for_more_is_never_kept",
    ),
    Fault(
        "a revoked assignment still shows in a list that signing in brings along",
        "resolvers/access.py",
        "WHERE a.principal_id = p.id AND a.revoked_at IS NULL",
        "WHERE a.principal_id = p.id",
        "tests/test_access.py::test_signing_in_brings_along_what_is_visible_and_nothing_else",
    ),
    Fault(
        "an answer that is given again leaves no audit entry",
        "graph/endpoint.py",
        "await self.audit(kept.viewer, seen.request_id, seen.now, kept.noted)",
        "pass",
        "tests/test_audit_over_http.py::test_an_answer_that_is_given_again_is_written_again",
    ),
    Fault(
        "a token for somebody else is taken",
        "graph/auth/bearer.py",
        'raise refuse("another audience")',
        "pass",
        "tests/test_bearer.py::test_a_forged_token_names_nobody",
    ),
    Fault(
        "an expired token is taken",
        "graph/auth/bearer.py",
        'raise refuse("the token has expired")',
        "pass",
        "tests/test_bearer.py::test_a_forged_token_names_nobody",
    ),
    Fault(
        "the last file recorded says when the first login was",
        "resolvers/merging/sqlite.py",
        "SET first_login_at = min(first_login_at, excluded.first_login_at)",
        "SET first_login_at = excluded.first_login_at",
        "tests/test_logins.py::test_neither_order_nor_splits_nor_replays_change_what_is_stored",
    ),
    Fault(
        "a login of the future is recorded",
        "resolvers/logins.py",
        "if at > latest:",
        "if False:",
        "tests/test_logins.py::test_five_minutes_ahead_are_tolerated_and_a_millisecond_more_is_not",
    ),
)
