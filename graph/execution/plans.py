"""A compiled operation: functions made from generated source, and what they refer to."""

from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

import strawberry
from graphql import GraphQLObjectType, get_named_type
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry.types import Info

from graph.execution.arguments import Arguments
from graph.execution.columns import is_columnar
from graph.execution.fallback import Fallback, null, unexpected
from graph.execution.outlines import Outline
from graph.execution.pending import Completion, abandon
from graph.execution.request import Place
from graph.execution.values import PLAIN, as_sequence, is_plain
from graph.execution.writer import Writer

# What generated code may refer to, beside the names bound for it.
_HELPERS: dict[str, Any] = {
    "PLAIN": PLAIN,
    "Path": Path,
    "abandon": abandon,
    "as_sequence": as_sequence,
    "is_columnar": is_columnar,
    "is_plain": is_plain,
    "null": null,
    "unexpected": unexpected,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """`walk(root, request, None, pending)` gives the data, apart from what is still pending."""

    source: str
    walk: Completion
    arguments: tuple[Arguments, ...]
    outline: Outline
    executor_class: type[Executor[Any]]
    info_class: type[Info[Any, Any]]
    schema: strawberry.Schema
    #: The deciding variables and their values.
    decisions: VariableValues
    #: Look-aheads that were asked for, by place and name.
    ahead: dict[tuple[int, str], list[Arguments]] = field(default_factory=dict)

    def children(self, place: Place, name: str) -> list[Arguments]:
        """The arguments of the selections of a child field; the deciding variables of this plan
        have said which these are."""
        key = (id(place), name)
        known = self.ahead.get(key)
        if known is None:
            known = self.ahead[key] = self._children(place, name)
        return known

    def _children(self, place: Place, name: str) -> list[Arguments]:
        parent = get_named_type(place.definition.type)
        if not isinstance(parent, GraphQLObjectType):
            raise Fallback("unsupported")
        details = [FieldDetails(node, None, None) for node in place.nodes]
        outline = self.outline
        collected = collect_subfields(
            outline.schema,
            outline.fragments,
            self.decisions,
            outline.operation,
            parent,
            details,
        )
        return [
            Arguments(self.schema, parent.fields[name], each.node, None)
            for found in collected.grouped_field_set.values()
            for each in found
            if each.node.name.value == name
        ]


def compile_plan(
    schema: strawberry.Schema, outline: Outline, variables: VariableValues, most_fields: int
) -> Plan:
    """Compile for the values that the deciding variables have among these."""
    query = outline.schema.query_type
    if query is None:
        raise Fallback("operation")
    collected = collect_fields(
        outline.schema, outline.fragments, variables, query, outline.operation
    )
    writer = Writer(schema, outline, variables, most_fields)
    entry = writer.root(query, collected.grouped_field_set)
    source = writer.source()
    namespace = {**_HELPERS, **writer.names}
    exec(_code(source), namespace)
    return Plan(
        source=source,
        walk=namespace[entry],
        arguments=tuple(writer.arguments),
        outline=outline,
        executor_class=schema.execution_context_class,
        info_class=schema.config.info_class,
        schema=schema,
        decisions=VariableValues(
            {name: variables.sources[name] for name in outline.deciding},
            {name: variables.coerced[name] for name in outline.deciding},
        ),
    )


@lru_cache(maxsize=1000)
def _code(source: str) -> CodeType:
    """Shared by documents that differ in literals only: these never stand in the source."""
    return compile(source, "<compiled query>", "exec")
