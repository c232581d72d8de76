"""One request: what resolvers may ask of it, made only when they do."""

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import FieldNode, GraphQLField, GraphQLObjectType
from graphql.execution import Executor, default_field_resolver, default_type_resolver
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from graph.execution.arguments import are_frozen
from graph.execution.info import CompiledInfo
from graph.execution.values import IS_AWAITABLE

if TYPE_CHECKING:
    from graph.execution.plans import Plan


class Place(NamedTuple):
    """A field at one place of a document, as an info object describes it."""

    definition: GraphQLField
    nodes: list[FieldNode]
    parent: GraphQLObjectType


class Request:
    __slots__ = ("_arguments", "_executor", "context", "plan", "root", "variables")

    def __init__(self, plan: "Plan", variables: VariableValues, context: Any, root: Any) -> None:
        self.plan = plan
        self.variables = variables
        self.context = context
        self.root = root
        self._arguments: list[dict[str, Any] | None] = [None] * len(plan.arguments)
        self._executor: Executor[Any] | None = None

    def arguments(self, index: int) -> dict[str, Any]:
        """Argument values of a field; coerced once when no resolver can change them."""
        known = self._arguments[index]
        if known is None:
            known = self.plan.arguments[index].values(self.variables)
            if are_frozen(known):
                self._arguments[index] = known
        return known

    def info(self, place: Place, path: Path) -> Any:
        """The info object graphql-core would make, from an executor as Strawberry has it."""
        executor = self._executor
        if executor is None:
            executor = self._executor = self._make_executor()
        return executor.build_resolve_info(place.definition, place.nodes, place.parent, path)

    def strawberry_info(self, place: Place, field: StrawberryField, path: Path) -> Any:
        if self.plan.info_class is not Info:
            return self.plan.info_class(_raw_info=self.info(place, path), _field=field)
        return CompiledInfo(self, place, field, path)

    def children(self, place: Place, name: str) -> list[dict[str, Any]]:
        return [each.values(self.variables) for each in self.plan.children(place, name)]

    async def settle(self) -> None:
        """Wait for work that resolvers handed over through the info object."""
        if self._executor is not None and self._executor.background_futures:
            await asyncio.wait(set(self._executor.background_futures))

    def _make_executor(self) -> Executor[Any]:
        plan, outline = self.plan, self.plan.outline
        return plan.executor_class(
            outline.schema,
            outline.fragment_definitions,
            outline.fragments,
            self.root,
            self.context,
            outline.operation,
            self.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            is_awaitable=IS_AWAITABLE,
        )
