"""Plan, run, or hand over to graphql-core."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import strawberry
from graphql import DocumentNode, ExecutionResult
from graphql.execution import execute
from graphql.execution.values import VariableValues
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.execution.cache import Cache
from graph.execution.fallback import REASONS, Fallback, Reason
from graph.execution.outlines import Outline
from graph.execution.plans import Plan, compile_plan
from graph.execution.request import Request
from graph.execution.run import run
from graph.execution.values import IS_AWAITABLE
from graph.execution.writer import MOST_FIELDS, MOST_FIELDS_AT_FIRST

Outcome = TypeVar("Outcome")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests since the start: answered by a plan, and handed over, by reason."""

    compiled: int
    fallbacks: Mapping[Reason, int]


class CompiledExecutor:
    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        plans: int = 500,
        characters: int = 500_000,
        hide_suggestions: bool = False,
    ) -> None:
        """Keep at most `plans` plans, of documents of so many `characters` together, and as many
        documents: a syntax tree takes about a hundred times the memory of its text.

        `hide_suggestions` is graphql-core's: no "Did you mean" in errors of variables.
        """
        _refuse_what_would_be_passed_over(schema)
        self._schema = schema
        self._hide_suggestions = hide_suggestions
        # Keyed by identity; an entry keeps its subject alive, so an identity is never reused.
        self._outlines: Cache[tuple[int, str | None], _Entry[Outline]] = Cache(plans, characters)
        self._plans: Cache[tuple[int, tuple[bool, ...]], _Entry[Plan]] = Cache(plans, characters)
        self._compiled = 0
        self._fallbacks: dict[Reason, int] = dict.fromkeys(REASONS, 0)

    def counts(self) -> Counts:
        return Counts(self._compiled, dict(self._fallbacks))

    async def execute(
        self,
        document: DocumentNode,
        *,
        operation_name: str | None = None,
        variable_values: Mapping[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
    ) -> ExecutionResult:
        """Answer a request whose document is validated already."""
        request: dict[str, Any] = {
            "operation_name": operation_name,
            "variable_values": variable_values,
            "context_value": context_value,
            "root_value": root_value,
        }
        data = await self.attempt(document, **request)
        if data is not None:
            return ExecutionResult(data, None)
        return await self._interpret(document, **request)

    async def attempt(
        self,
        document: DocumentNode,
        *,
        operation_name: str | None = None,
        variable_values: Mapping[str, Any] | None = None,
        context_value: Any = None,
        root_value: Any = None,
    ) -> dict[str, Any] | None:
        """The data of an answer without errors, or None: then graphql-core is to answer."""
        try:
            outline = self._outline(document, operation_name)
            variables = outline.variables(variable_values)
            plan = self._plan(outline, variables)
            data: dict[str, Any] = await run(Request(plan, variables, context_value, root_value))
        except Exception as error:
            reason: Reason = error.reason if isinstance(error, Fallback) else "error"
            self._fallbacks[reason] += 1
            return None
        self._compiled += 1
        return data

    def plan(
        self,
        document: DocumentNode,
        *,
        operation_name: str | None = None,
        variable_values: Mapping[str, Any] | None = None,
    ) -> Plan:
        """The plan such a request runs, to look at its source; raises Fallback without one."""
        outline = self._outline(document, operation_name)
        return self._plan(outline, outline.variables(variable_values))

    def _outline(self, document: DocumentNode, name: str | None) -> Outline:
        key = (id(document), name)
        entry = self._outlines.get(key)
        if entry is None:
            entry = _attempt(document, lambda: Outline(self._schema._schema, document, name))
            self._outlines.put(key, entry, _length(document))
        return entry.outcome()

    def _plan(self, outline: Outline, variables: VariableValues) -> Plan:
        key = (id(outline), outline.decisions(variables))
        entry = self._plans.get(key)
        if entry is None or entry.refused == "large":
            most = MOST_FIELDS if entry else MOST_FIELDS_AT_FIRST
            entry = _attempt(outline, lambda: compile_plan(self._schema, outline, variables, most))
            self._plans.put(key, entry, _length(outline.document))
        return entry.outcome()

    async def _interpret(self, document: DocumentNode, **request: Any) -> ExecutionResult:
        result = execute(
            self._schema._schema,
            document,
            **request,
            executor_class=self._schema.execution_context_class,
            is_awaitable=IS_AWAITABLE,
            hide_suggestions=self._hide_suggestions,
        )
        return result if isinstance(result, ExecutionResult) else await result


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Outcome]):
    """What was made of a subject, or why nothing could be."""

    subject: object
    made: Outcome | None
    refused: Reason | None

    def outcome(self) -> Outcome:
        if self.made is None:
            raise Fallback(self.refused or "compiler")
        return self.made


def _length(document: DocumentNode) -> int:
    return len(document.loc.source.body) if document.loc else 0


def _attempt(subject: object, make: Callable[[], Outcome]) -> _Entry[Outcome]:
    try:
        return _Entry(subject, make(), None)
    except Fallback as fallback:
        return _Entry(subject, None, fallback.reason)
    except RecursionError:
        return _Entry(subject, None, "unsupported")
    except Exception:
        logger.exception("A document could not be compiled; graphql-core answers it.")
        return _Entry(subject, None, "compiler")


def _refuse_what_would_be_passed_over(schema: strawberry.Schema) -> None:
    # Operation directives are such an extension, too.
    if any(extension._implements_resolve() for extension in schema.get_extensions()):
        raise TypeError("A schema extension with a resolve hook would be passed over.")
    if schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        raise TypeError("A custom executor class would be passed over.")
