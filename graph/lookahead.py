"""What a query selects below the field that is being resolved.

A report needs to know which pages of its users are wanted before it is read, because number
and users must come from one statement.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSkipDirective,
    SelectionNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values

from graph.context import Info
from graph.execution import CompiledInfo


def arguments_of(info: Info, name: str) -> list[dict[str, Any]]:
    """The arguments of each selection of the child field `name`, by their GraphQL names; empty
    when it is not selected.

    Follows fragments and leaves out what @skip and @include leave out. Worked out once for a
    place in the document, however many parents it has.
    """
    if isinstance(info, CompiledInfo):
        return info.children(name)
    raw = info._raw_info
    place = (name, *map(id, raw.field_nodes))
    known = info.context.lookahead.get(place)
    if known is None:
        known = info.context.lookahead[place] = list(_arguments(raw, name))
    return known


def _arguments(raw: GraphQLResolveInfo[Any], name: str) -> Iterator[dict[str, Any]]:
    parent = get_named_type(raw.return_type)
    assert isinstance(parent, GraphQLObjectType)
    for node in _children(raw):
        if node.name.value == name:
            yield get_argument_values(parent.fields[name], node, _variables(raw))


def _children(raw: GraphQLResolveInfo[Any]) -> Iterator[FieldNode]:
    for node in raw.field_nodes:
        if node.selection_set:
            yield from _fields(raw, node.selection_set.selections)


def _fields(
    raw: GraphQLResolveInfo[Any], selections: Sequence[SelectionNode]
) -> Iterator[FieldNode]:
    for node in selections:
        if not _included(raw, node):
            continue
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            fragment = raw.fragments[node.name.value]
            yield from _fields(raw, fragment.selection_set.selections)
        else:
            yield from _fields(raw, node.selection_set.selections)  # type: ignore[attr-defined]


def _included(raw: GraphQLResolveInfo[Any], node: SelectionNode) -> bool:
    skip = get_directive_values(GraphQLSkipDirective, node, _variables(raw))
    include = get_directive_values(GraphQLIncludeDirective, node, _variables(raw))
    return not (skip and skip["if"]) and not (include and not include["if"])


def _variables(raw: GraphQLResolveInfo[Any]) -> VariableValues:
    """Strawberry hands resolvers the coerced values alone; graphql-core wants its own type."""
    values = raw.variable_values
    return values if isinstance(values, VariableValues) else VariableValues({}, values)
