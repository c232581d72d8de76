"""Pieces of answers kept as JSON, found again by what they are made of.

    @strawberry.field(metadata=kept("id", "maxUsers", "users"))
    async def report(self, info: Info) -> Report | None: ...

The resolver says of what the piece is made: `keep(info, value, *parts)` notes it for a value that
it returns, and `find(info, *parts)` gives the piece that was made of the same, to be returned in
the value's place. The parts must hold all that the named fields and those below them depend on,
apart from the selection and the request's variables, which are part of every key. Nothing is kept
where any other field is selected, or where something below is awaited.

A resolver calls `find` behind its permissions and with parts that were read for this very request,
so a piece never outlives the version of the data it shows and never reaches who may not see it.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import orjson

from graph.execution.info import CompiledInfo
from graph.execution.pending import Completion, Pending

if TYPE_CHECKING:
    from graph.execution.request import Request

_KEY = "graph.execution.kept"
_NOTE = "_graph_execution_kept"

MOST_BYTES = 32 * 1024 * 1024


def kept(*fields: str) -> dict[str, Any]:
    """Metadata for `strawberry.field`: which fields of its object are made of the parts."""
    return {_KEY: frozenset({"__typename", *fields})}


def declared(metadata: Any) -> frozenset[str] | None:
    found: frozenset[str] | None = (metadata or {}).get(_KEY)
    return found


class Pieces:
    """The pieces used last, within a bound of bytes; none may take more than an eighth of it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pieces: OrderedDict[Hashable, bytes] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pieces)

    def get(self, key: Hashable) -> bytes | None:
        piece = self._pieces.get(key)
        if piece is not None:
            self._pieces.move_to_end(key)
        return piece

    def put(self, key: Hashable, piece: bytes) -> None:
        if len(piece) > self.most_bytes // 8:
            return
        self.bytes += len(piece) - len(self._pieces.pop(key, b""))
        self._pieces[key] = piece
        while self.bytes > self.most_bytes:
            _, oldest = self._pieces.popitem(last=False)
            self.bytes -= len(oldest)


store = Pieces()


class Keeper:
    """Such a field at one place of a plan; as part of a key it stands for the selection."""

    def completing(self, complete: Completion) -> Completion:
        """What was written for the field's object, with a look at what is kept."""

        def completed(value: Any, request: "Request", path: Any, pending: Pending) -> Any:
            if type(value) is orjson.Fragment:
                return value
            before = len(pending) + len(pending.batches)
            done = complete(value, request, path, pending)
            key = getattr(value, _NOTE, None)
            if key is None or len(pending) + len(pending.batches) > before:
                return done
            piece = orjson.dumps(done)
            store.put(key, piece)
            return orjson.Fragment(piece)

        return completed


def find(info: Any, *parts: Hashable) -> Any:
    """The piece made of these parts, or None."""
    key = _key(info, parts)
    piece = None if key is None else store.get(key)
    return None if piece is None else orjson.Fragment(piece)


def keep(info: Any, value: Any, *parts: Hashable) -> None:
    key = _key(info, parts)
    if key is not None:
        setattr(value, _NOTE, key)


def _key(info: Any, parts: tuple[Hashable, ...]) -> Hashable | None:
    if not isinstance(info, CompiledInfo) or info.keeper is None:
        return None
    key = (info.keeper, *info.coerced_variables.items(), parts)
    try:
        hash(key)
    except TypeError:
        return None  # A list among the variables.
    return key
