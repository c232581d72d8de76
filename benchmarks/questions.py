"""What is asked: five questions and some variants in GraphQL, as paths of the hand-tuned endpoint,
and in the shape that PostGraphile makes of our tables."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from benchmarks.dataset import DataSet

Json = Any


@dataclass(frozen=True, slots=True)
class Question:
    """`graphql` is the same text for all who can take it; `path` and `parameters` are for the
    hand-tuned endpoint. `from_tables` gives PostGraphile's answer the shape of ours.

    With `others` the question is asked with each of these variables in turn, too: so many that
    by the time one comes again nothing kept of its answer is left."""

    name: str
    title: str
    graphql: str
    variables: Mapping[str, Json]
    path: str
    parameters: Mapping[str, Json]
    postgraphile: str
    from_tables: Callable[[Json], Json]
    others: Sequence[Mapping[str, Json]] = ()

    def in_turn(self) -> "list[Question]":
        again = [replace(self, variables=each, parameters=each, others=()) for each in self.others]
        return [self, *again]

    def url_path(self) -> str:
        return f"{self.path}?{urlencode(self.parameters)}"


_REPORT = """
query ($tenant: ID!, $date: Date!, $first: Int!) {
  billingReport(tenant: $tenant, date: $date) {
    maxUsers
    users(first: $first) { nodes { userId firstLoginAt lastLoginAt } }
  }
}
"""
_MAX_USERS = """
query ($tenant: ID!, $date: Date!) {
  billingReport(tenant: $tenant, date: $date) { maxUsers }
}
"""
_TENANTS = """
query ($first: Int!) {
  tenants(first: $first) { nodes { id name externalId instanceId billable timeZone } }
}
"""
_TREND = """
query ($tenant: ID!, $from: Date!, $to: Date!) {
  billingTrend(tenant: $tenant, from: $from, to: $to) { points { date maxUsers } }
}
"""
_REPORTS = """
query ($first: Int!, $date: Date!) {
  tenants(first: $first) { nodes { id name billingReport(date: $date) { maxUsers } } }
}
"""

_TABLES_REPORT = """
query ($tenant: UUID!, $date: Date!, $first: Int!) {
  tenantDayByTenantIdAndReportDate(tenantId: $tenant, reportDate: $date) { maxUsers }
  allPresences(
    condition: {tenantId: $tenant, reportDate: $date}, orderBy: USER_ID_ASC, first: $first
  ) { nodes { userId firstLoginAt lastLoginAt } }
}
"""
_TABLES_MAX_USERS = """
query ($tenant: UUID!, $date: Date!) {
  tenantDayByTenantIdAndReportDate(tenantId: $tenant, reportDate: $date) { maxUsers }
}
"""
_TABLES_TENANTS = """
query ($first: Int!) {
  allTenants(orderBy: EXTERNAL_ID_ASC, first: $first) {
    nodes { rowId name externalId instanceId billable timeZone }
  }
}
"""
_TABLES_TREND = """
query ($tenant: UUID!) {
  allTenantDays(condition: {tenantId: $tenant}, orderBy: REPORT_DATE_ASC) {
    nodes { reportDate maxUsers }
  }
}
"""
_TABLES_REPORTS = """
query ($first: Int!, $date: Date!) {
  allTenants(orderBy: EXTERNAL_ID_ASC, first: $first) {
    nodes {
      rowId name tenantDaysByTenantId(condition: {reportDate: $date}) { nodes { maxUsers } }
    }
  }
}
"""


def _report_from_tables(data: Json) -> Json:
    report: Json = {"maxUsers": data["tenantDayByTenantIdAndReportDate"]["maxUsers"]}
    if "allPresences" in data:
        report["users"] = data["allPresences"]
    return {"billingReport": report}


def _tenants_from_tables(data: Json) -> Json:
    return {"tenants": {"nodes": [_tenant(node) for node in data["allTenants"]["nodes"]]}}


def _tenant(node: Json) -> Json:
    tenant = {"id": node["rowId"], **node}
    del tenant["rowId"]
    days = tenant.pop("tenantDaysByTenantId", None)
    return tenant | ({"billingReport": days["nodes"][0]} if days else {})


def _trend_from_tables(data: Json) -> Json:
    days = data["allTenantDays"]["nodes"]
    points = [{"date": day["reportDate"], "maxUsers": day["maxUsers"]} for day in days]
    return {"billingTrend": {"points": points}}


def all_of(data: DataSet) -> list[Question]:
    """The five questions and their variants; Q1 is the report that the page itself shows."""
    size, (large, huge) = data.size, (str(tenant.id) for tenant in data.tenants()[:2])
    tenants = min(50, size.tenants)
    on, huge_on = data.last.isoformat(), data.huge_date.isoformat()
    some = min(100, size.huge)
    first, last = data.dates[0].isoformat(), on
    page = {"tenant": large, "date": on, "first": size.large}
    dated = [page | {"date": each.isoformat()} for each in data.dates]
    young = [page | {"tenant": str(each.id)} for each in data.young()]
    huge_page = {"tenant": huge, "date": huge_on, "first": some}
    number = {"tenant": large, "date": on}
    between = {"tenant": large, "from": first, "to": last}
    listed = {"first": tenants}
    reported = {"first": tenants, "date": on}
    report, nodes, trend = _report_from_tables, _tenants_from_tables, _trend_from_tables
    return [
        Question("Q1", f"report, {size.large:,} users", _REPORT, page, "/report", page,
                 _TABLES_REPORT, report),
        Question("Q1c", f"the same cold: {size.dates} dates in turn", _REPORT, dated[0], "/report",
                 dated[0], _TABLES_REPORT, report, dated[1:]),
        Question("Q1y", f"the same cold: {size.dates} tenants of one day in turn", _REPORT,
                 young[0], "/report", young[0], _TABLES_REPORT, report, young[1:]),
        Question("Q1s", "only maxUsers", _MAX_USERS, number, "/report", number | {"first": 0},
                 _TABLES_MAX_USERS, report),
        Question("Q2", f"{tenants} tenants x 6", _TENANTS, listed, "/tenants", listed,
                 _TABLES_TENANTS, nodes),
        Question("Q3", f"trend, {size.dates} days", _TREND, between, "/trend", between,
                 _TABLES_TREND, trend),
        Question("Q4", f"{tenants} tenants + their report", _REPORTS, reported, "/tenants",
                 reported, _TABLES_REPORTS, nodes),
        Question("Q5", f"{some} of {size.huge:,} users", _REPORT, huge_page, "/report", huge_page,
                 _TABLES_REPORT, report),
    ]  # fmt: skip
