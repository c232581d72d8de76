"""Fields that resolve for a list of parents in one call.

    @strawberry.field(metadata=batched(load_reports))
    async def report(self, info: Info) -> Report | None: ...

`load_reports(parents, info, **arguments)` is awaited once for all parents that one walk found and
returns as many values, in their order. Any failure, and any value that is an exception, leaves
the request to the field's own resolver, which must give the same answers. `info.path` is that of
the first parent. Permissions see one parent at a time, and who they refuse is not loaded; a field
with permissions that must be awaited, or with any other extension, is never batched.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graph.execution.fallback import Fallback
from graph.execution.guards import PASSED, check
from graph.execution.pending import Parent, Pending, Wait
from graph.execution.values import PLAIN, is_plain

if TYPE_CHECKING:
    from graph.execution.fields import Call
    from graph.execution.request import Place, Request

BatchFunction = Callable[..., Awaitable[Sequence[Any]]]

_KEY = "graph.execution.batched"


def batched(function: BatchFunction) -> dict[str, Any]:
    """Metadata for `strawberry.field`."""
    return {_KEY: function}


def declared(metadata: Mapping[Any, Any] | None) -> BatchFunction | None:
    function: BatchFunction | None = (metadata or {}).get(_KEY)
    return function


class Batch:
    """A batched field at one place of a document."""

    __slots__ = ("_arguments", "_call", "_place")

    def __init__(self, call: "Call", arguments: int | None, place: "Place") -> None:
        self._call = call
        self._arguments = arguments
        self._place = place

    def wait(self, parents: list[Parent], request: "Request") -> Wait:
        """The one call for all these parents, as something to be awaited like any other."""
        return Wait(self._load(parents, request), self._spread, [parents], 0, None)

    async def _load(self, parents: list[Parent], request: "Request") -> Any:
        call = self._call
        if call.batch is None:
            raise Fallback("compiler")
        arguments = {} if self._arguments is None else request.arguments(self._arguments)
        info = request.strawberry_info(self._place, call.field, parents[0].path)
        if not call.permissions:
            values = await call.batch([each.source for each in parents], info, **arguments)
            return list(zip(parents, values, strict=True))
        checked = [
            (each, check(call.permissions, each.source, info, arguments)) for each in parents
        ]
        passed = [each for each, outcome in checked if outcome is PASSED]
        loaded = await call.batch([p.source for p in passed], info, **arguments) if passed else ()
        rest = iter(loaded)
        return [(each, next(rest) if outcome is PASSED else outcome) for each, outcome in checked]

    def _spread(self, pairs: Any, request: "Request", _path: Any, pending: Pending) -> None:
        for parent, value in pairs:
            if type(value) not in PLAIN and not is_plain(value):
                raise Fallback("value")
            completed = parent.complete(value, request, parent.path, pending)
            parent.container[parent.key] = completed
