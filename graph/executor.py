"""Executing an operation, one step behind one signature."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    is_input_object_type,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.types import ExecutionContext

from graph import errors
from graph.documents import Document, RequestRefused
from graph.execution import CompiledExecutor, inputs

Task = tuple[Document, OperationDefinitionNode, dict[str, object], object]
"""A document, its operation to execute, the variables as they were sent, and the context."""

Execute = Callable[
    [Document, OperationDefinitionNode, dict[str, object], object], Awaitable[ExecutionResult]
]
"""The one step that executes. It raises RequestRefused when the variables do not fit."""


class Tamed:
    """What a Strawberry schema class needs before it may face the outside; mix it in first.

    Strawberry's own logger writes query literals and values, so it is kept silent: the endpoint
    logs what is to be logged. @oneOf is made known to graphql-core, which then checks it in
    literals and variables alike; Strawberry's own rule for it fails on undefined variables.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schema: GraphQLSchema = self._schema  # type: ignore[attr-defined] # of the class beside
        for named in schema.type_map.values():
            definition = named.extensions.get("strawberry-definition")
            if is_input_object_type(named) and definition:
                named.is_one_of = definition.is_one_of
        inputs.quicken(self)  # type: ignore[arg-type] # of the class beside

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        pass


class Schema(Tamed, strawberry.Schema):
    """The schema class of the product."""


def with_graphql_core(schema: strawberry.Schema) -> Execute:
    """Execute by graphql-core, without Strawberry's pipeline, which parses and validates again.

    Schema extensions are hooks of that pipeline: they would be left out without a word, so a
    schema that has any is refused.
    """
    if schema.extensions:
        raise ValueError("Schema extensions do not run here; put their work into the endpoint.")

    async def execute(
        document: Document,
        operation: OperationDefinitionNode,
        variables: dict[str, object],
        context: object,
    ) -> ExecutionResult:
        executor = schema.execution_context_class.build(
            schema._schema,
            document.node,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation.name.value if operation.name else None,
            max_coercion_errors=errors.MOST,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type] # a plain bool, not a guard
            hide_suggestions=True,
            operation_extensions=None,
        )
        if isinstance(executor, list):
            raise RequestRefused(errors.of_variables(executor, schema._schema))
        result = executor.execute_operation()
        if inspect.isawaitable(result):
            result = await result
        if not isinstance(result, ExecutionResult):
            raise TypeError("The schema offers no incremental delivery.")
        return result

    return execute


def with_compiler(schema: strawberry.Schema, compiled: CompiledExecutor) -> Execute:
    """Execute queries by compiled plans, and by graphql-core whatever these do not cover."""
    interpret = with_graphql_core(schema)

    async def execute(
        document: Document,
        operation: OperationDefinitionNode,
        variables: dict[str, object],
        context: object,
    ) -> ExecutionResult:
        data = await compiled.attempt(
            document.node,
            operation_name=operation.name.value if operation.name else None,
            variable_values=variables,
            context_value=context,
        )
        if data is not None:
            return ExecutionResult(data, None)
        return await interpret(document, operation, variables, context)

    return execute
