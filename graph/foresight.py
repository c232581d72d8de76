"""What a request is going to ask first, read off its document before anybody has signed in, so that
signing in can bring it along (`resolvers/admission.py`).

Only a hint: where it is missing or wrong, the fields ask for themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from resolvers.access import parse_id
from resolvers.admission import Asked
from resolvers.instants import parse_date

#: The argument that names a tenant, by root field.
_NAMING = {"billingReport": "tenant", "billingTrend": "tenant", "tenant": "by"}


@dataclass(frozen=True, slots=True)
class Foresight:
    """Where the one root field of an operation has its values."""

    tenant: ValueNode
    on: ValueNode | None

    def of(self, variables: Mapping[str, object]) -> Asked | None:
        text = _text(self.tenant, variables)
        tenant_id = parse_id(text) if text else None
        if text is None or tenant_id is None:
            return None
        on = _text(self.on, variables) if self.on else None
        try:
            return Asked(text, tenant_id, parse_date(on) if on else None)
        except ValueError:
            return Asked(text, tenant_id)


def foresee(operation: OperationDefinitionNode) -> Foresight | None:
    if operation.operation is not OperationType.QUERY:
        return None
    node = operation.selection_set.selections[0]
    # Two reports of one request agree with each other: they are read together, by their loader.
    if len(operation.selection_set.selections) > 1 or not isinstance(node, FieldNode):
        return None
    given = {each.name.value: each.value for each in node.arguments or ()}
    named: ValueNode | None = given.get(_NAMING.get(node.name.value, ""))
    if isinstance(named, ObjectValueNode):
        named = next((f.value for f in named.fields if f.name.value == "id"), None)
    return Foresight(named, given.get("date")) if named is not None else None


def _text(node: ValueNode, variables: Mapping[str, object]) -> str | None:
    if isinstance(node, VariableNode):
        value = variables.get(node.name.value)
        if isinstance(value, dict):
            value = value.get("id")
        return value if isinstance(value, str) else None
    return node.value if isinstance(node, StringValueNode) else None
