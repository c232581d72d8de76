"""Fields written as a document: arguments as literals or variables, some of the fields in
fragments. It must make no difference, so chance decides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from tests.authorisation.evaluation import Field


@dataclass(frozen=True)
class Question:
    """`kind` is Query or Mutation."""

    kind: str
    fields: tuple[Field, ...]
    text: str
    variables: dict[str, Any]


def write(schema: GraphQLSchema, kind: str, fields: tuple[Field, ...], chance: Random) -> Question:
    writer = _Writer(schema, chance)
    body = writer.selection(kind, fields)
    declared = ", ".join(f"${name}: {type_}" for name, type_ in writer.types.items())
    head = f"{kind.lower()} Asked({declared})" if declared else kind.lower()
    return Question(kind, fields, f"{head} {body}{''.join(writer.fragments)}", writer.variables)


class _Writer:
    def __init__(self, schema: GraphQLSchema, chance: Random) -> None:
        self.schema = schema
        self.chance = chance
        self.variables: dict[str, Any] = {}
        self.types: dict[str, str] = {}
        self.fragments: list[str] = []

    def selection(self, kind: str, fields: Sequence[Field]) -> str:
        parts = [self._field(kind, each) for each in fields]
        return f"{{ {' '.join(self._wrapped(kind, parts))} }}"

    def _wrapped(self, kind: str, parts: list[str]) -> list[str]:
        """Some of the fields in a fragment of one kind or another."""
        cut = self.chance.randint(0, len(parts))
        inside = " ".join(parts[:cut])
        match self.chance.randint(0, 5) if cut else 5:
            case 0:
                return [f"... on {kind} {{ {inside} }}", *parts[cut:]]
            case 1:
                return [f"... @include(if: true) {{ {inside} }}", *parts[cut:]]
            case 2:
                name = f"F{len(self.fragments)}"
                self.fragments.append(f" fragment {name} on {kind} {{ {inside} }}")
                return [f"...{name}", *parts[cut:]]
            case 3:
                # Merged with what it repeats.
                return [*parts, parts[0]]
            case _:
                return parts

    def _field(self, kind: str, field: Field) -> str:
        if field.name == "__typename":
            return field.name
        parent = self.schema.type_map[kind]
        assert isinstance(parent, GraphQLObjectType)
        definition = parent.fields[field.name]
        given = [
            f"{name}: {self._value(value, str(definition.args[name].type))}"
            for name, value in field.arguments.items()
        ]
        text = f"{field.alias}: {field.name}" if field.alias else field.name
        text += f"({', '.join(given)})" if given else ""
        if not field.fields:
            return text
        below = get_named_type(definition.type).name
        if below == "_Entity":
            return f"{text} {{ ... on Tenant {self.selection('Tenant', field.fields)} }}"
        return f"{text} {self.selection(below, field.fields)}"

    def _value(self, value: Any, type_: str) -> str:
        if self.chance.random() < 0.6:
            name = f"v{len(self.types)}"
            self.types[name], self.variables[name] = type_, value
            return f"${name}"
        return value if type_ == "TenantOrder!" else literal(value)


def literal(value: Any) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{name}: {literal(item)}' for name, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return json.dumps(value)
