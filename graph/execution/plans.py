"""A compiled operation: functions made from generated source, and what they refer to."""

from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

import strawberry
from graphql.execution import Executor
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry.types import Info

from graph.execution.arguments import Arguments
from graph.execution.fallback import Fallback, null, unexpected
from graph.execution.outlines import Outline
from graph.execution.pending import Completion, abandon
from graph.execution.values import PLAIN, as_sequence, is_plain
from graph.execution.writer import Writer

# What generated code may refer to, beside the names bound for it.
_HELPERS: dict[str, Any] = {
    "PLAIN": PLAIN,
    "Path": Path,
    "abandon": abandon,
    "as_sequence": as_sequence,
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
    )


@lru_cache(maxsize=1000)
def _code(source: str) -> CodeType:
    """Shared by documents that differ in literals only: these never stand in the source."""
    return compile(source, "<compiled query>", "exec")
