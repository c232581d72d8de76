"""One operation of a document, as far as it can be known without a request."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.language import Node
from graphql.pyutils import Undefined
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_value

from graph.execution.fallback import Fallback


class Outline:
    """The operation, its fragments, its variables, and which of them decide what is selected."""

    __slots__ = (
        "_signatures",
        "deciding",
        "document",
        "fragment_definitions",
        "fragments",
        "operation",
        "schema",
    )

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, name: str | None) -> None:
        self.schema = schema
        self.document = document
        self.operation = _query(document, name)
        definitions = [d for d in document.definitions if isinstance(d, FragmentDefinitionNode)]
        self.fragment_definitions = {d.name.value: d for d in definitions}
        self.fragments = {d.name.value: FragmentDetails(d) for d in definitions}
        nodes: list[Node] = [self.operation, *definitions]
        self.deciding = tuple(sorted({name for node in nodes for name in _deciding(node)}))
        self._signatures = _simple_signatures(schema, self.operation)

    def variables(self, inputs: Mapping[str, Any] | None) -> VariableValues:
        """Coerce as graphql-core does, without working out the variables' types each time."""
        given = inputs or {}
        if self._signatures is None:
            definitions = self.operation.variable_definitions or ()
            values = get_variable_values(self.schema, definitions, dict(given), max_errors=1)
            if isinstance(values, list):
                raise Fallback("variables")
            return values
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, coerce in self._signatures:
            name = signature.name
            value = given.get(name, Undefined)
            if value is not Undefined:
                sources[name] = VariableValueSource(signature, value)
                try:
                    coerced[name] = coerce(value)
                except Exception:
                    raise Fallback("variables") from None
                continue
            sources[name] = VariableValueSource(signature)
            if signature.default is not None:
                coerced[name] = _required(coerce_default_value(signature))
            elif is_non_null_type(signature.type):
                raise Fallback("variables")
        return VariableValues(sources, coerced)

    def decisions(self, variables: VariableValues) -> tuple[bool, ...]:
        """The values of the deciding variables, which select one plan."""
        values: list[bool] = []
        for name in self.deciding:
            value = variables.coerced.get(name)
            if type(value) is not bool:
                raise Fallback("variables")
            values.append(value)
        return tuple(values)


def _query(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if name is not None:
        operations = [o for o in operations if o.name and o.name.value == name]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise Fallback("operation")
    return operations[0]


def _deciding(node: Node) -> Iterator[str]:
    """Names of variables that decide what is selected; refuse what graphql-core alone knows."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value not in ("skip", "include"):
            raise Fallback("directive")
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                yield argument.value.name.value
            elif not isinstance(argument.value, BooleanValueNode):
                raise Fallback("directive")
    if isinstance(node, FragmentDefinitionNode) and node.variable_definitions:
        raise Fallback("unsupported")
    if isinstance(node, FragmentSpreadNode) and node.arguments:
        raise Fallback("unsupported")
    if isinstance(node, OperationDefinitionNode):
        for definition in node.variable_definitions or ():
            yield from _deciding(definition)
    selection_set = getattr(node, "selection_set", None)
    for selection in selection_set.selections if selection_set else ():
        yield from _deciding(selection)


def _simple_signatures(
    schema: GraphQLSchema, operation: OperationDefinitionNode
) -> list[tuple[GraphQLVariableSignature, Callable[[Any], Any]]] | None:
    """None when a variable is an input object: graphql-core then bounds how deep it nests."""
    signatures = []
    for definition in operation.variable_definitions or ():
        signature = get_variable_signature(schema, definition)
        if isinstance(signature, GraphQLError):
            raise Fallback("variables")
        type_: Any = signature.type
        while is_non_null_type(type_) or is_list_type(type_):
            type_ = type_.of_type
        if not is_leaf_type(type_):
            return None
        signatures.append((signature, _coercion(signature.type)))
    return signatures


def _coercion(type_: Any) -> Callable[[Any], Any]:
    """As graphql-core coerces a value that was sent, without asking for its type each time."""
    required = is_non_null_type(type_)
    inner = type_.of_type if required else type_
    if not is_leaf_type(inner):
        return lambda value: _required(coerce_input_value(value, type_))
    parse = inner.coerce_input_value

    def coerce(value: Any) -> Any:
        if value is None:
            return _required(Undefined if required else None)
        return _required(parse(value))

    return coerce


def _required(value: Any) -> Any:
    if value is Undefined:
        raise Fallback("variables")
    return value
