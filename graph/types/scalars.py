"""Scalars that are stricter than Strawberry's own, which take week dates, naive instants and
URNs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.types.scalar import ScalarDefinition

from graph.execution import passes_text
from resolvers import instants


def _text(value: Any, of: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{of} is a string.")
    return value


def _parse_date(value: Any) -> date:
    return instants.parse_date(_text(value, "A date"))


@passes_text(10)
def _render_date(value: date | str) -> str:
    """A trend hands out the final text of its dates already."""
    return value if isinstance(value, str) else value.isoformat()


def _parse_instant(value: Any) -> datetime:
    return instants.parse(_text(value, "An instant"))


@passes_text(24)
def _render_instant(value: datetime | str) -> str:
    """The database hands out stored instants as the final text already."""
    return value if isinstance(value, str) else instants.render(value)


def _parse_uuid(value: Any) -> UUID:
    text = _text(value, "A UUID")
    try:
        parsed = UUID(text)
    except ValueError:
        parsed = None
    if parsed is None or str(parsed) != text.lower():
        raise ValueError("A UUID has the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx.")
    return parsed


SCALARS: dict[object, ScalarDefinition] = {
    date: strawberry.scalar(
        name="Date",
        description="Calendar date YYYY-MM-DD, and nothing else: 20260131 and 2026-W05-6 are"
        " refused.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date.html",
        serialize=_render_date,
        parse_value=_parse_date,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="RFC 3339 instant. An input without an offset is refused; fractions finer"
        " than a millisecond are cut off. Output is UTC with Z and milliseconds.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=_render_instant,
        parse_value=_parse_instant,
    ),
    UUID: strawberry.scalar(
        name="UUID",
        description="RFC 4122 UUID in its 8-4-4-4-12 form; braces, urn: and bare hex are refused.",
        specified_by_url="https://tools.ietf.org/html/rfc4122",
        serialize=str,
        parse_value=_parse_uuid,
    ),
}
