"""The argument values of a field, coerced by graphql-core and converted by Strawberry."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNonNull,
    GraphQLScalarType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Undefined
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UnsetType

_FROZEN: frozenset[type] = frozenset(
    {
        *(type(None), bool, int, float, str, bytes, UnsetType, uuid.UUID, decimal.Decimal),
        *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
    }
)


#: Constant values, and (name, variable, may it be null) of the others.
_Quick = tuple[dict[str, Any], list[tuple[str, str, bool]]]


def are_frozen(values: Mapping[str, Any]) -> bool:
    """Hold for values that no resolver can change, so that calls may share them."""
    return all(type(v) in _FROZEN or isinstance(v, enum.Enum) for v in values.values())


def has_default(argument: GraphQLArgument) -> bool:
    return argument.default is not None or argument.default_value is not Undefined


class Arguments:
    """The arguments of one field at one place of a document."""

    __slots__ = ("_definition", "_field", "_node", "_quick", "_schema")

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
        self._quick = self._quickly()

    def values(self, variables: VariableValues | None) -> dict[str, Any]:
        """As graphql-core coerces and Strawberry converts them."""
        if self._quick is not None and variables is not None:
            constants, named = self._quick
            coerced = variables.coerced
            values = dict(constants)
            for name, variable, nullable in named:
                value = coerced.get(variable)
                if value is None and (not nullable or variable not in coerced):
                    break
                values[name] = value
            else:
                return values
        return self._values(variables)

    def _values(self, variables: VariableValues | None) -> dict[str, Any]:
        values = get_argument_values(self._definition, self._node, variables)
        if self._field is None:
            return values
        return convert_arguments(
            values,
            self._field.arguments,
            scalar_registry=self._schema.schema_converter.scalar_registry,
            config=self._schema.config,
        )

    def _quickly(self) -> _Quick | None:
        """For scalars that are given as they stand or by a variable: a variable's value has been
        coerced already, to the very type of the argument, and Strawberry passes scalars on."""
        nodes = {node.name.value: node.value for node in self._node.arguments or ()}
        names = self._names()
        constants: dict[str, Any] = {}
        named: list[tuple[str, str, bool]] = []
        for name, definition in self._definition.args.items():
            node, type_ = nodes.get(name), definition.type
            required = isinstance(type_, GraphQLNonNull)
            if node is None and not required and not has_default(definition):
                continue
            if name not in names:
                return None
            if not isinstance(type_.of_type if required else type_, GraphQLScalarType):  # type: ignore[union-attr]
                return None
            if isinstance(node, VariableNode):
                named.append((names[name], node.name.value, not required))
                continue
            if node is not None and _uses_variables(node):
                return None
            one = GraphQLField(self._definition.type, {name: definition})
            given = [each for each in self._node.arguments or () if each.name.value == name]
            alone = FieldNode(name=self._node.name, arguments=tuple(given))
            try:
                constants[names[name]] = get_argument_values(one, alone)[name]
            except Exception:
                return None
        return (constants, named) if are_frozen(constants) else None

    def _names(self) -> dict[str, str]:
        """Names as the function has them, by those of GraphQL."""
        if self._field is None:
            return {name: name for name, each in self._definition.args.items() if not each.out_name}
        named = self._schema.config.name_converter.from_argument
        return {named(each): each.python_name for each in self._field.arguments}

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
