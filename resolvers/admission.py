"""Signing in, and with it what the request is going to ask first.

Identity, status, visibility and what is asked first are one statement: a round trip costs more than
all of them. It changes no rule and keeps nothing: each request asks anew, and what was brought
along is used by those who would have asked for it, behind the same permissions. Those who ask at
the same time share the statement, and those who ask the same share a row of it.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import NamedTuple

from models import database
from models.gathering import Gathering
from resolvers import asked, viewers
from resolvers.asked import NOTHING, Asked, Brought, Kind, State
from resolvers.viewers import Viewer


class Question(NamedTuple):
    """Who a verified credential names, with the scopes it carries, and what is asked first."""

    issuer: str
    subject: str
    scopes: frozenset[str]
    asked: Asked | None = None


class Admission(NamedTuple):
    """A viewer, what was asked for, and what was brought along of it."""

    viewer: Viewer
    asked: Asked | None = None
    brought: Brought = NOTHING


Ask = Callable[[Sequence[Question]], Awaitable[Sequence[State | None]]]
"""The states in the order of the questions, which are of one kind; None where nobody active is
known by issuer and subject."""


class Desk:
    """Where those who come at the same time are admitted together."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._gatherings: dict[Kind, Gathering[Question, State | None]] = {}

    def ask(self, question: Question) -> Awaitable[State | None]:
        kind = asked.kind_of(question.asked)
        gathering = self._gatherings.get(kind)
        if gathering is None:
            gathering = self._gatherings[kind] = Gathering(self._ask)
        return gathering.ask(question)


async def states(questions: Sequence[Question]) -> list[State | None]:
    kind, dialect = asked.kind_of(questions[0].asked), database.dialect()
    keys = [(each.issuer, each.subject, *asked.key_of(each.asked)) for each in questions]
    values: list[object]
    if dialect == "postgresql":
        values = [list(column) for column in zip(*keys, strict=True)]
    else:
        values = [json.dumps(keys, default=str)]
    if kind.limit is not None:
        values.append(kind.limit)
    found: list[State | None] = [None] * len(questions)
    for row in map(tuple, await database.rows(_sql(kind, dialect), values)):
        found[row[0] - 1] = row[1:]
    return found


@cache
def _sql(kind: Kind, dialect: str) -> str:
    keys = {"issuer": "text", "subject": "text", **kind.keys}
    if dialect == "postgresql":
        columns = ", ".join(f"${at}::{type_}[]" for at, type_ in enumerate(keys.values(), 1))
        rows = f"unnest({columns}) WITH ORDINALITY AS k ({', '.join(keys)}, n)"
        last = len(keys)
    else:
        each = [f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(keys)]
        rows = f"(SELECT key + 1 AS n, {', '.join(each)} FROM json_each($1)) k"
        last = 1
    return f"""
        SELECT k.n, {viewers.COLUMNS}, {kind.selected[dialect]}
        FROM {rows}
        JOIN principal p ON {viewers.SIGNS_IN}
        {kind.joined}
    """.replace("$limit", f"${last + 1}")


def read(question: Question, state: State) -> Admission | None:
    """What a state says; None where the database holds nobody who can be a viewer."""
    viewer = viewers.of_row(state, question.scopes)
    if viewer is None:
        return None
    return Admission(viewer, question.asked, asked.brought(question.asked, state[4:]))
