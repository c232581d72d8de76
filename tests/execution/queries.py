"""Valid queries against any schema, and values for their variables, from a seed."""

import random
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)

ALIASES = ["a", "_", "__proto__x", "class", "None", "value", "request", "pending", "v1", "out"]


@dataclass
class Case:
    text: str
    variables: dict[str, Any]


@dataclass
class Queries:
    schema: GraphQLSchema
    dice: random.Random
    avoided: frozenset[str] = frozenset()
    fragments: list[str] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    size: int = 0

    def case(self) -> Case:
        self.fragments, self.definitions, self.variables, self.size = [], [], {}, 0
        query = self.schema.query_type
        assert query is not None
        body = self._selections(query, self.dice.randrange(2, 6))
        head = f"query Q({', '.join(self.definitions)})" if self.definitions else "query Q"
        return Case("\n".join([f"{head} {body}", *self.fragments]), self.variables)

    def _selections(self, type_: Any, depth: int) -> str:
        parts = [self._selection(type_, depth) for _ in range(self.dice.randrange(1, 5))]
        kept = [part for part in parts if part]
        return "{ " + " ".join(kept or ["__typename"]) + " }"

    def _selection(self, type_: Any, depth: int) -> str:
        chance = self.dice.random()
        if depth > 1 and chance < 0.08:
            on = self.dice.choice(["", f" on {type_.name}", *self._interfaces(type_)])
            return f"...{on}{self._directives()} {self._fragment(type_, on, depth)}"
        if depth > 1 and chance < 0.14:
            body = self._selections(type_, depth - 1)
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {body}")
            return f"...{name}{self._directives()}"
        if chance < 0.2:
            return "__typename" if self.dice.random() < 0.5 else "is: __typename"
        return self._field(type_, depth)

    def _interfaces(self, type_: Any) -> list[str]:
        if not is_object_type(type_):
            return []
        return [f" on {interface.name}" for interface in type_.interfaces]

    def _fragment(self, type_: Any, on: str, depth: int) -> str:
        inner = self.schema.get_type(on.removeprefix(" on ")) if on else type_
        return self._selections(inner, depth - 1)

    def _field(self, type_: Any, depth: int) -> str:
        names = [
            name
            for name, definition in type_.fields.items()
            if name not in self.avoided
            and (depth > 1 or is_leaf_type(get_named_type(definition.type)))
        ]
        if not names or self.size > 40:
            return "__typename"
        self.size += 1
        name = self.dice.choice(names)
        definition = type_.fields[name]
        arguments = self._arguments(definition.args)
        inner = get_named_type(definition.type)
        body = "" if is_leaf_type(inner) else f" {self._selections(inner, depth - 1)}"
        alias = ""
        if arguments or self.dice.random() < 0.1:
            alias = f"{self.dice.choice(ALIASES)}{self.size}: "
        return f"{alias}{name}{arguments}{self._directives()}{body}"

    def _directives(self) -> str:
        chance = self.dice.random()
        if chance > 0.08:
            return ""
        name = self.dice.choice(["skip", "include"])
        if chance < 0.02:
            return f" @{name}(if: {self.dice.choice(['true', 'false'])})"
        boolean = GraphQLNonNull(GraphQLBoolean)
        return f" @{name}(if: {self._variable(boolean, has_default=False)})"

    def _arguments(self, arguments: Any) -> str:
        given = []
        for name, definition in arguments.items():
            if is_required_argument(definition) or self.dice.random() < 0.5:
                given.append(f"{name}: {self._argument(definition)}")
        return f"({', '.join(given)})" if given else ""

    def _argument(self, definition: Any) -> str:
        if self.dice.random() < 0.4:
            has_default = not is_required_argument(definition)
            return self._variable(definition.type, has_default=has_default)
        return self._literal(definition.type)

    def _variable(self, type_: Any, *, has_default: bool) -> str:
        """Declare a variable for a place of this type, and perhaps give it a value."""
        name = f"v{len(self.definitions)}"
        nullable = not isinstance(type_, GraphQLNonNull)
        declared = str(type_)
        chance = self.dice.random()
        if not nullable and has_default and chance < 0.2:
            declared = str(type_.of_type)  # allowed where the place has a default
            nullable = True
        default = ""
        if chance > 0.6:
            literal_type = type_ if not nullable else getattr(type_, "of_type", type_)
            literal_type = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
            text = self._constant(literal_type)
            if text != "null":
                default = f" = {text}"
        self.definitions.append(f"${name}: {declared}{default}")
        self._give(name, type_, nullable=nullable, required=not nullable and not default)
        return f"${name}"

    def _give(self, name: str, type_: Any, *, nullable: bool, required: bool) -> None:
        chance = self.dice.random()
        if chance < 0.02:
            self.variables[name] = self.dice.choice([{"no": 1}, [[]], "nonsense", 1.5])
        elif chance < 0.2 and nullable:
            self.variables[name] = None
        elif chance < 0.7 or required:
            inner = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
            self.variables[name] = self._value(inner)

    def _literal(self, type_: Any) -> str:
        return self._write(type_, with_variables=True)

    def _constant(self, type_: Any) -> str:
        return self._write(type_, with_variables=False)

    def _write(self, type_: Any, *, with_variables: bool) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._write_inner(type_.of_type, with_variables)
        if self.dice.random() < 0.15:
            return "null"
        return self._write_inner(type_, with_variables)

    def _write_inner(self, type_: Any, with_variables: bool) -> str:
        if isinstance(type_, GraphQLList):
            if self.dice.random() < 0.2:
                return self._write_inner(getattr(type_.of_type, "of_type", type_.of_type), False)
            items = [self._write(type_.of_type, with_variables=False) for _ in range(2)]
            return f"[{', '.join(items)}]"
        if isinstance(type_, GraphQLInputObjectType):
            return self._write_object(type_, with_variables)
        if isinstance(type_, GraphQLEnumType):
            return self.dice.choice(list(type_.values))
        return self.dice.choice(LITERALS[type_.name])

    def _write_object(self, type_: GraphQLInputObjectType, with_variables: bool) -> str:
        fields = list(type_.fields.items())
        if _is_one_of(type_, self.dice):
            name, definition = self.dice.choice(fields)
            return f"{{{name}: {self._write_inner(definition.type, False)}}}"
        given = []
        for name, definition in fields:
            if not is_required_input_field(definition) and self.dice.random() < 0.6:
                continue
            if with_variables and self.dice.random() < 0.3:
                has_default = not is_required_input_field(definition)
                text = self._variable(definition.type, has_default=has_default)
            else:
                text = self._write(definition.type, with_variables=with_variables)
            given.append(f"{name}: {text}")
        return f"{{{', '.join(given)}}}"

    def _value(self, type_: Any) -> Any:
        """A JSON value for a variable; not null itself."""
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type)
        if isinstance(type_, GraphQLList):
            return [self._value(type_.of_type) for _ in range(self.dice.randrange(3))]
        if isinstance(type_, GraphQLInputObjectType):
            fields = list(type_.fields.items())
            if _is_one_of(type_, self.dice):
                name, definition = self.dice.choice(fields)
                return {name: self._value(definition.type)}
            return {
                name: self._value(definition.type)
                for name, definition in fields
                if is_required_input_field(definition) or self.dice.random() < 0.3
            }
        if isinstance(type_, GraphQLEnumType):
            return self.dice.choice(list(type_.values))
        return self.dice.choice(VALUES[type_.name])


def _is_one_of(type_: GraphQLInputObjectType, dice: random.Random) -> bool:
    """Mostly keep to the rule of Strawberry's one-of inputs, which validation does not know."""
    return bool(type_.extensions["strawberry-definition"].is_one_of) and dice.random() < 0.9


LITERALS = {
    "String": ['"a"', '"\\"); import os #"', '"""block {0}"""', '"%s"'],
    "ID": ['"i"', "17"],
    "Int": ["0", "1", "-3"],
    "Float": ["1.5", "2"],
    "Boolean": ["true", "false"],
    "Instant": ['"2019-03-01T00:00:00Z"'],
}
VALUES: dict[str, list[Any]] = {
    "String": ["a", "'); import os #", ""],
    "ID": ["i", 17],
    "Int": [0, 1, 2],
    "Float": [1.5, 2],
    "Boolean": [True, False],
    "Instant": ["2019-03-01T00:00:00Z", "2020-02-29T12:00:00Z"],
}
