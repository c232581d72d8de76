"""What a walk through values leaves to be awaited."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql.pyutils import is_awaitable

if TYPE_CHECKING:
    from graph.execution.batches import Batch

# (value, request, path, pending) -> the completed value
Completion = Callable[..., Any]


class Wait(NamedTuple):
    """An awaitable, and the place in the answer its completed value belongs to."""

    awaitable: Any
    complete: Completion
    container: Any
    key: Any
    path: Any


class Parent(NamedTuple):
    """An object that waits for its share of a batch, and the place that belongs to."""

    source: Any
    complete: Completion
    container: Any
    key: Any
    path: Any


class Pending(list[Any]):
    """Waits in the order the walk found them; generated code appends bare tuples."""

    __slots__ = ("batches",)

    def __init__(self) -> None:
        self.batches: dict[Batch, list[Parent]] = {}

    def join(self, batch: "Batch", parent: tuple[Any, ...]) -> None:
        """Let an object take part in the one call made for all parents of this walk."""
        self.batches.setdefault(batch, []).append(Parent(*parent))


def abandon(items: Iterable[Any], pending: Pending) -> None:
    """Note the awaitables of a list that could not be completed, so that none is left alone."""
    pending.extend((item, None, None, None, None) for item in items if is_awaitable(item))
