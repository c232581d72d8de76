"""The info object of a compiled request: what most resolvers ask of it costs nothing to have, and
the rest is made when it is asked for."""

from typing import TYPE_CHECKING, Any

from graphql.pyutils import Path
from strawberry.types import Info
from strawberry.types.field import StrawberryField

if TYPE_CHECKING:
    from graph.execution.request import Place, Request


class CompiledInfo(Info[Any, Any]):
    """Differs from Strawberry's only in when its parts are made, and in `children`."""

    def __init__(
        self, request: "Request", place: "Place", field: StrawberryField, path: Path
    ) -> None:
        self._request = request
        self._place = place
        self._field = field
        self._path = path

    @property
    def context(self) -> Any:
        return self._request.context

    @property
    def _raw_info(self) -> Any:  # type: ignore[override] # a field of the base class
        return self._request.info(self._place, self._path)

    def children(self, name: str) -> list[dict[str, Any]]:
        """The arguments of each selection of the child field `name`, as graphql-core coerces
        them: `graph/lookahead.py` says more. Which these are is known to the plan."""
        return self._request.children(self._place, name)
