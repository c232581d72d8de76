"""One request to the endpoint, as far as metrics, logs and traces may know it: never its variables,
its document, its credentials or what was answered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter
from uuid import UUID

from graphql import FieldNode, OperationDefinitionNode

from graph import wire
from graph.reply import Reply

DISCONNECTED = "DISCONNECTED"
"""In place of an outcome's code when the client left before it had sent everything."""


class Observation:
    """Begun with the request and filled on its way; what was not reached stays None."""

    __slots__ = (
        *("code", "fields", "now", "operation", "principal_id", "request_id", "seconds"),
        *("started", "status", "trace_id"),
    )

    def __init__(self, request_id: str, fields: wire.Fields) -> None:
        self.started = perf_counter()
        self.request_id = request_id
        self.fields = fields
        self.now: datetime | None = None
        self.principal_id: UUID | None = None
        self.operation: OperationDefinitionNode | None = None
        self.trace_id: str | None = None
        self.code = DISCONNECTED
        self.status = 0
        self.seconds = 0.0

    def end(self, reply: Reply | None) -> None:
        """None when nobody is there any more to be answered."""
        self.seconds = perf_counter() - self.started
        if reply is not None:
            self.code = reply.code
            self.status = reply.status_code

    @property
    def type(self) -> str:
        return self.operation.operation.value if self.operation else "none"

    @property
    def name(self) -> str | None:
        """As the client calls the operation: anything at all, so no label of a metric."""
        name = self.operation.name if self.operation else None
        return name.value if name else None

    @property
    def field(self) -> str:
        """The root field, one of the schema's; `several` when it is not one alone."""
        if self.operation is None:
            return "none"
        selections = self.operation.selection_set.selections
        if len(selections) == 1 and isinstance(selections[0], FieldNode):
            return selections[0].name.value
        return "several"


Observe = Callable[[Observation], None]


def together(observers: Sequence[Observe]) -> Observe:
    if len(observers) == 1:
        return observers[0]

    def observe(seen: Observation) -> None:
        for each in observers:
            each(seen)

    return observe
