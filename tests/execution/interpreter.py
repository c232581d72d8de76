"""The same request through graphql-core, as Strawberry has it."""

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import DocumentNode, ExecutionResult
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable


async def interpret(
    schema: strawberry.Schema,
    document: DocumentNode,
    variables: Mapping[str, Any] | None = None,
    context: Any = None,
    root: Any = None,
    operation_name: str | None = None,
) -> ExecutionResult:
    predicate: Any = optimized_is_awaitable
    result = execute(
        schema._schema,
        document,
        root_value=root,
        context_value=context,
        variable_values=dict(variables or {}),
        operation_name=operation_name,
        executor_class=schema.execution_context_class,
        is_awaitable=predicate,
        operation_extensions=None,
    )
    return result if isinstance(result, ExecutionResult) else await result
