"""Requests that come again, and the last answer to each, kept under the state it was made of.

A screen asks the same every few seconds, and mostly nothing has changed. A standing request is
known by who asks and by its very bytes, so that nothing of it is parsed again. Its answer is given
again when the state that signing in brings along (`resolvers/asked.py`), which is read anew for
every request, is the one that the answer was made of: so it is never stale, and never somebody
else's. What the time decides changes with a minute at the soonest, so it stands until that ends.

Only documents stand here whose every field is made of state (`graph/foresight.py`).

The bound of bytes holds for all that is kept alive by what stands here, weighed with the factors
below, which were measured: documents, which several may share, variables, states and answers.
"""

from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from graph.auth import Claim, Questioned
from graph.documents import Prepared
from graph.reply import Block, Reply
from resolvers.asked import State
from resolvers.audit import Spelt
from resolvers.viewers import Viewer

MOST_BYTES = 28 * 1024 * 1024
MOST_REQUEST_BYTES = 16 * 1024
#: What one takes beside all that follows, roughly.
OF_ONE = 4 * 1024
#: Bytes for each byte of variables, as Python's objects, and for each character of a document, as
#: its syntax tree and what is derived of it.
OF_VARIABLES = 40
OF_DOCUMENT = 100

Key = tuple[Claim, str, bytes]
"""Who asks, the media type of the answer, and the body of the request."""


class Answer(NamedTuple):
    """`noted` goes to the audit log each time that it is given."""

    state: State
    viewer: Viewer
    noted: tuple[Spelt, ...]
    body: bytes
    headers: Block

    def size(self) -> int:
        """In bytes, nearly all of it."""
        state = sum(len(each) for each in self.state if isinstance(each, str))
        return len(self.body) + state + sum(len(part) for each in self.noted for part in each)


@dataclass(slots=True)
class Standing:
    """`cost` is what the request costs its caller; one that does not last is for this time only."""

    minute: int
    question: Questioned
    prepared: Prepared
    cost: int
    lasts: bool
    answer: Answer | None = None


class Standings:
    """Those asked for last, within a bound of bytes; no answer may take more than an eighth of
    it."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        #: Answers that were given again, since the start.
        self.given_again = 0
        self._kept: OrderedDict[Key, Standing] = OrderedDict()
        #: How many stand for each document, by its identity.
        self._sharing: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, minute: int) -> Standing | None:
        standing = self._kept.get(key)
        if standing is None or standing.minute != minute:
            return None
        self._kept.move_to_end(key)
        return standing

    def put(self, key: Key, standing: Standing) -> None:
        """In place of what stood there, unless it is the same."""
        if self._kept.get(key) is standing or len(key[2]) > MOST_REQUEST_BYTES:
            return
        self._drop(key)
        self._kept[key] = standing
        self.bytes += _size(key, standing) + self._of_document(standing, 1)
        self._shrink()

    def again(self, answer: Answer) -> Reply:
        self.given_again += 1
        return Reply.again(answer.body, answer.headers)

    def keep(self, key: Key, standing: Standing, answer: Answer) -> None:
        """Keep an answer, unless its request is not kept any more."""
        if self._kept.get(key) is standing and answer.size() <= self.most_bytes // 8:
            self.bytes -= _size(key, standing)
            standing.answer = answer
            self.bytes += _size(key, standing)
            self._shrink()

    def _drop(self, key: Key) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.bytes -= _size(key, gone) + self._of_document(gone, -1)

    def _of_document(self, standing: Standing, change: int) -> int:
        """What it adds that one more stands for its document, or takes away that one less does:
        nothing where others share it."""
        document = standing.prepared.document
        before = self._sharing[id(document)]
        self._sharing[id(document)] = before + change
        if before + change == 0:
            del self._sharing[id(document)]
        return OF_DOCUMENT * len(document.text) if 0 in (before, before + change) else 0

    def _shrink(self) -> None:
        while self.bytes > self.most_bytes:
            self._drop(next(iter(self._kept)))


def _size(key: Key, standing: Standing) -> int:
    """Without its document."""
    request = len(key[2])
    variables = max(0, request - len(standing.prepared.document.text))
    answer = standing.answer.size() if standing.answer else 0
    return OF_ONE + request + OF_VARIABLES * variables + answer


def minute_of(now: datetime) -> int:
    return int(now.timestamp()) // 60
