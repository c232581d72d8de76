"""The argument values of a field, coerced by graphql-core and converted by Strawberry."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import FieldNode, GraphQLField, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UnsetType

_FROZEN: frozenset[type] = frozenset(
    {
        *(type(None), bool, int, float, str, bytes, UnsetType, uuid.UUID, decimal.Decimal),
        *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
    }
)


def are_frozen(values: Mapping[str, Any]) -> bool:
    """Hold for values that no resolver can change, so that calls may share them."""
    return all(type(v) in _FROZEN or isinstance(v, enum.Enum) for v in values.values())


class Arguments:
    """The arguments of one field at one place of a document."""

    __slots__ = ("_definition", "_field", "_node", "_schema")

    def __init__(
        self,
        schema: strawberry.Schema,
        definition: GraphQLField,
        node: FieldNode,
        field: StrawberryField | None,
    ) -> None:
        """With a field: convert to what its Python function takes."""
        self._schema = schema
        self._definition = definition
        self._node = node
        self._field = field

    def values(self, variables: VariableValues | None) -> dict[str, Any]:
        values = get_argument_values(self._definition, self._node, variables)
        if self._field is None:
            return values
        return convert_arguments(
            values,
            self._field.arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
        )

    def constant(self) -> dict[str, Any] | None:
        """Values that are the same in every request and for every call."""
        if any(_uses_variables(argument) for argument in self._node.arguments or ()):
            return None
        try:
            values = self.values(None)
        except Exception:
            # Refused in each request, by graphql-core in its own words.
            return None
        return values if are_frozen(values) else None


class _Variables(Visitor):
    found = False

    def enter_variable(self, _node: VariableNode, *_: Any) -> None:
        self.found = True


def _uses_variables(node: Any) -> bool:
    visitor = _Variables()
    visit(node, visitor)
    return visitor.found
