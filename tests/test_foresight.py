"""What is read off a document before anything is coerced goes into a statement that callers share:
only what surely fits."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_type_hints
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse
from hypothesis import given
from hypothesis import strategies as st

from graph.foresight import Foresight, foresee
from graph.schema import schema
from resolvers.asked import Asked, AskedTenant, AskedTenants, AskedTrend
from resolvers.tenants import TenantOrder
from tests.tokens import NOW

ID = "00000000-0000-4000-8000-00000000000a"
ON = "2026-11-14"

QUERIES = {
    "tenants": (
        "query ($first: Int, $billable: Boolean, $orderBy: TenantOrder!, $date: Date!) {"
        " tenants(first: $first, filter: {billable: $billable}, orderBy: $orderBy) {"
        " nodes { billingReport(date: $date) { maxUsers } } } }"
    ),
    "a filter": (
        "query ($filter: TenantFilter, $after: String) {"
        " tenants(filter: $filter, after: $after) { totalCount } }"
    ),
    "tenant": (
        "query ($by: TenantBy!, $date: Date!) {"
        " tenant(by: $by) { billingReport(date: $date) { maxUsers } } }"
    ),
    "billingReport": (
        "query ($tenant: ID!, $date: Date!) { billingReport(tenant: $tenant, date: $date) { id } }"
    ),
    "billingTrend": (
        "query ($tenant: ID!, $from: Date, $to: Date) {"
        " billingTrend(tenant: $tenant, from: $from, to: $to) { userDays } }"
    ),
}


def foresight(query: str) -> Foresight:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    found = foresee(schema._schema, document, operation)
    assert found is not None
    return found


FORESIGHTS = {name: foresight(query) for name, query in QUERIES.items()}


def json_values() -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from([ID, ID.upper(), ON, "2026-02-30", "NAME_ASC", "name", 0, 5, 500, 501]),
    )
    names = st.sampled_from(["billable", "id", "externalId", "search"])
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=36) | st.dictionaries(names, inner, max_size=3),
        max_leaves=5,
    )


NAMES = ("first", "billable", "orderBy", "date", "filter", "after", "by", "tenant", "from", "to")
VARIABLES = st.dictionaries(st.sampled_from(NAMES), json_values())


@given(st.sampled_from(sorted(FORESIGHTS)), VARIABLES)
def test_whatever_is_sent_only_values_of_the_right_types_are_asked_for(
    name: str, sent: Mapping[str, object]
) -> None:
    asked = FORESIGHTS[name].of(sent, NOW)

    if asked is not None:
        hints = get_type_hints(type(asked))
        assert {key for key, value in asked._asdict().items() if not fits(value, hints[key])} == (
            set()
        )
        assert hash(asked) == hash(FORESIGHTS[name].of(sent, NOW))


def fits(value: object, hint: Any) -> bool:
    """Exactly: a bool is no int here, and a datetime no date."""
    if isinstance(value, tuple):
        return all(type(each) is str for each in value) and hint == tuple[str, ...]
    return type(value) in (getattr(hint, "__args__", None) or (hint,))


@pytest.mark.parametrize(
    ("name", "sent", "asked"),
    [
        (
            "tenants",
            {"first": 5, "billable": True, "orderBy": "EXTERNAL_ID_ASC", "date": ON},
            AskedTenants(TenantOrder.EXTERNAL_ID_ASC.value, 6, True, date(2026, 11, 14)),
        ),
        (
            "tenants",
            {"orderBy": "NAME_ASC", "billable": None},
            AskedTenants(TenantOrder.NAME_ASC.value, 101),
        ),
        ("a filter", {"filter": {"billable": False, "search": None}, "after": None},
         AskedTenants(TenantOrder.NAME_ASC.value, 101, False)),
        ("tenant", {"by": {"id": ID}, "date": ON}, AskedTenant(ID, UUID(ID), date(2026, 11, 14))),
        ("tenant", {"by": {"id": ID}, "date": 5}, None),
        ("billingReport", {"tenant": ID, "date": "x"}, AskedTenant(ID, UUID(ID))),
        (
            "billingTrend",
            {"tenant": ID, "from": "2026-11-01", "to": ON},
            AskedTrend(ID, UUID(ID), date(2026, 11, 1), date(2026, 11, 14)),
        ),
        ("tenants", {"first": 5.0, "orderBy": "NAME_ASC"}, None),
        ("tenants", {"first": True, "orderBy": "NAME_ASC"}, None),
        ("tenants", {"first": 501, "orderBy": "NAME_ASC"}, None),
        ("tenants", {"billable": "true", "orderBy": "NAME_ASC"}, None),
        ("tenants", {"billable": 1, "orderBy": "NAME_ASC"}, None),
        ("a filter", {"filter": {"billable": {}}}, None),
        ("a filter", {"filter": [True]}, None),
        ("tenant", {"by": [ID]}, None),
        ("billingReport", {"tenant": [ID] * 36, "date": ON}, None),
    ],
)  # fmt: skip
def test_what_fits_is_foreseen_and_nothing_else(
    name: str, sent: Mapping[str, object], asked: Asked | None
) -> None:
    assert FORESIGHTS[name].of(sent, NOW) == asked
