"""What a request is going to ask first, read off its document before anybody has signed in, so that
signing in can bring it along (`resolvers/asked.py`); and whether it asks for anything else.

Only a hint: where it is missing or wrong, the fields ask for themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import NoneType
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    value_from_ast_untyped,
)
from graphql.pyutils import Undefined

from resolvers import billing_window, tenants
from resolvers.access import parse_id
from resolvers.asked import Asked, AskedTenant, AskedTenants, AskedTrend
from resolvers.errors import Refusal
from resolvers.instants import parse_date

Variables = Mapping[str, object]

#: Fields that are made of who asks, of what signing in can bring along and of the time to the
#: minute, by their type. Answers with any other field are never kept (`graph/standing.py`); those
#: with these only if nothing else was read for them, which `Context.beyond` says.
MADE_OF_STATE: Mapping[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "Query": "viewer tenants tenant billingReport billingTrend",
        "Viewer": "id displayName role permissions",
        "ViewerPermissions": "canManageTenants canAssignTenants canRecordLogins canViewBilledUsers"
        " canViewAuditTrail",
        "TenantConnection": "pageInfo nodes edges",
        "TenantEdge": "cursor node",
        "PageInfo": "hasNextPage hasPreviousPage startCursor endCursor",
        "Tenant": "id name externalId instanceId billable timeZone billingWindow billingReport"
        " billingTrend",
        "DateRange": "from to",
        "BillingReport": "id tenant date dayStart dayEnd maxUsers users",
        "BilledUserConnection": "totalCount pageInfo nodes edges",
        "BilledUserEdge": "cursor node",
        "BilledUser": "userId firstLoginAt lastLoginAt",
        "BillingTrend": "range points peak distinctUsers userDays",
        "DailyMaxUsers": "date maxUsers",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Foresight:
    """The one root field of an operation apart from `viewer`, if there is one; the arguments
    written there, the date of the report if there is one, and whether the answer is made of
    state."""

    field: str
    given: Mapping[str, ValueNode]
    on: ValueNode | None
    defaults: Variables
    is_made_of_state: bool

    def of(self, sent: Variables, now: datetime) -> Asked | None:
        """What to bring along; None where values are missing or will be refused."""
        variables = {**self.defaults, **sent}
        values = {name: _value(node, variables) for name, node in self.given.items()}
        on = _value(self.on, variables)
        try:
            match self.field:
                case "tenants":
                    return _tenants(values, on)
                case "billingTrend":
                    return _trend(values, now)
                case "tenant":
                    return _tenant(values["by"].get("id"), on)
                case _:
                    return _tenant(values["tenant"], on)
        except (ValueError, TypeError, KeyError, AttributeError, Refusal):
            return None


def _tenant(text: Any, on: Any) -> AskedTenant | None:
    tenant_id = parse_id(text)
    if tenant_id is None:
        return None
    try:
        return AskedTenant(text, tenant_id, _date(on))
    except ValueError:
        return AskedTenant(text, tenant_id)


def _trend(values: Mapping[str, Any], now: datetime) -> AskedTrend | None:
    text, reach = values["tenant"], billing_window.reach(now)
    tenant_id = parse_id(text)
    if tenant_id is None:
        return None
    first = max(_date(values.get("from")) or reach.start, reach.start)
    return AskedTrend(text, tenant_id, first, min(_date(values.get("to")) or reach.end, reach.end))


def _tenants(values: Mapping[str, Any], on: Any) -> AskedTenants | None:
    where = {
        name: value
        for name, value in (values.get("filter") or {}).items()
        # Null, or a variable that was not sent.
        if value is not None and value is not Undefined
    }
    if values.get("after") is not None or where.keys() - {"billable"}:
        return None
    order = tenants.TenantOrder[values.get("orderBy") or "NAME_ASC"]
    billable, first = where.get("billable"), values.get("first")
    # Nothing is coerced yet, and others share the statement: only what surely fits goes into it.
    if type(billable) not in (bool, NoneType) or type(first) not in (int, NoneType):
        return None
    return AskedTenants(order.value, tenants.page_size(first) + 1, billable, _date(on))


def _date(value: Any) -> date | None:
    return None if value is None else parse_date(value)


def _value(node: ValueNode | None, variables: Variables) -> Any:
    """As it was sent, by a literal or a variable; nothing is coerced."""
    value = None if node is None else value_from_ast_untyped(node, dict(variables))
    return None if value is Undefined else value


def foresee(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> Foresight | None:
    """Of a valid document; None for mutations, and for several roots: two reports of one request
    agree with each other, so they are read together, by their loader."""
    query = schema.query_type
    if operation.operation is not OperationType.QUERY or query is None:
        return None
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    fields = list(_fields(schema, query, operation.selection_set, fragments))
    roots = [n for parent, n in fields if parent is query and n.name.value not in _BESIDE]
    if len(roots) > 1:
        return None
    root = roots[0] if roots else None
    dates = [
        argument.value
        for _, node in fields
        if node.name.value == "billingReport"
        for argument in node.arguments or ()
        if argument.name.value == "date"
    ]
    return Foresight(
        root.name.value if root else "",
        {each.name.value: each.value for each in root.arguments or ()} if root else {},
        # Reports side by side agree with each other: their loader reads them together.
        dates[0] if len(dates) == 1 else None,
        {
            each.variable.name.value: _value(each.default_value, {})
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        },
        all(_is_made_of_state(parent.name, node.name.value) for parent, node in fields),
    )


#: Root fields that ask for nothing that signing in has not answered anyway.
_BESIDE = ("viewer", "__typename")


def _is_made_of_state(parent: str, name: str) -> bool:
    return name == "__typename" or name in MADE_OF_STATE.get(parent, ())


def _fields(
    schema: GraphQLSchema,
    parent: GraphQLObjectType,
    selected: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Iterator[tuple[GraphQLObjectType, FieldNode]]:
    """Every field below, with the type it is a field of; as often as its fragments are spread."""
    for node in selected.selections:
        if isinstance(node, FragmentSpreadNode):
            yield from _fields(schema, parent, fragments[node.name.value].selection_set, fragments)
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(schema, parent, node.selection_set, fragments)
        elif isinstance(node, FieldNode):
            yield parent, node
            field = parent.fields.get(node.name.value)
            below = get_named_type(field.type) if field else None
            if node.selection_set and isinstance(below, GraphQLObjectType):
                yield from _fields(schema, below, node.selection_set, fragments)
