"""The answer that a document must have, worked out field by field from what is the case."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.authorisation.facts import Caller, TenantFacts, World


@dataclass(frozen=True)
class Field:
    """A field of a document. `arguments` are JSON values."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple["Field", ...] = ()
    alias: str | None = None

    @property
    def key(self) -> str:
        return self.alias or self.name


@dataclass(frozen=True)
class Place:
    """What a cursor stands for: `bound` names its list. Its text is the product's own affair."""

    bound: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """An object of the schema's type `kind`."""

    kind: str
    of: Any


class Refused(Exception):
    def __init__(self, code: str, **more: str) -> None:
        super().__init__(code)
        self.extensions = {"code": code, **more}


@dataclass
class Tally:
    """Reads of billing that were asked for and answered, and every field that was reached."""

    asked: int = 0
    allowed: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)


#: What a field gives for its object and arguments.
Resolve = Callable[["Oracle", Any, Any], Any]

READS = {"billingReport", "billingTrend", "users"}


class Oracle:
    def __init__(
        self,
        fields: Mapping[str, Mapping[str, Resolve]],
        world: World,
        caller: Caller,
        places: Mapping[str, Place],
        tally: Tally,
        created: str | None = None,
    ) -> None:
        """`fields` by type and name; `places` knows the cursors handed out so far; `created` is the
        ID that a tenant made by this request was given."""
        self._fields = fields
        self.world = world
        self.caller = caller
        self.places = places
        self.tally = tally
        self.created = created
        self.errors: list[tuple[list[str | int], dict[str, str]]] = []

    def answer(self, kind: str, fields: Iterable[Field]) -> dict[str, Any]:
        return self._object(Node(kind, None), fields, [])

    def _object(self, node: Node, fields: Iterable[Field], path: list[str | int]) -> dict[str, Any]:
        return {each.key: self._field(node, each, [*path, each.key]) for each in fields}

    def _field(self, node: Node, asked: Field, path: list[str | int]) -> Any:
        read = asked.name in READS
        self.tally.asked += read
        self.tally.reached.add(f"{node.kind}.{asked.name}")
        if asked.name == "__typename":
            return node.kind
        try:
            value = self._fields[node.kind][asked.name](self, node.of, asked.arguments)
        except Refused as refused:
            self._refuse(path, refused)
            return None
        self.tally.allowed += read and value is not None
        return self._complete(value, asked.fields, path)

    def _complete(self, value: Any, fields: tuple[Field, ...], path: list[str | int]) -> Any:
        match value:
            case Node():
                return self._object(value, fields, path)
            case list():
                return [
                    self._complete(item, fields, [*path, place]) for place, item in enumerate(value)
                ]
            case Refused():
                self._refuse(path, value)
                return None
            case _:
                return value

    def _refuse(self, path: list[str | int], refused: Refused) -> None:
        code = refused.extensions["code"]
        self.tally.codes[code] = self.tally.codes.get(code, 0) + 1
        self.errors.append((path, refused.extensions))

    # What may be done, and on what

    def needs(self, scope: str) -> None:
        if not self.caller.may(scope):
            raise Refused("FORBIDDEN")

    def visible(self) -> list[TenantFacts]:
        return [t for t in self.world.tenants.values() if self.world.sees(self.caller.who, t)]

    def find(self, by: Mapping[str, Any]) -> TenantFacts | None:
        """The visible tenant that has this id, externalId or instanceId."""
        ((key, text),) = by.items()
        for tenant in self.visible():
            if key == "externalId" and tenant.external_id == text:
                return tenant
            if key == "id" and tenant.id == text.lower():
                return tenant
            if key == "instanceId" and tenant.instance_id == text.lower():
                return tenant
        return None

    def hold(self, by: Mapping[str, Any]) -> TenantFacts:
        tenant = self.find(by)
        if tenant is None:
            raise Refused("TENANT_NOT_FOUND")
        return tenant

    def place(self, bound: tuple[str, ...], cursor: str | None) -> tuple[str, ...] | None:
        if cursor is None:
            return None
        known = self.places.get(cursor)
        if known is None or known.bound != bound:
            raise Refused("INVALID_CURSOR")
        return known.after
