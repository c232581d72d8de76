"""The API as a subgraph of Apollo Federation 2: a gateway joins billing with what other systems
know of the same tenants. On by HEADCOUNT_FEDERATION.

The types are those of `graph/schema.py`. Two root fields come on top, and the SDL that a composer
reads is the plain schema's with the directives below. `_entities` is written out here because
the one that Strawberry brings passes what the caller sent on as data.
"""

from asyncio import gather
from collections.abc import Callable
from typing import Annotated, NewType, cast

import strawberry

from graph.context import Info
from graph.permissions import IsAuthenticated, guard
from graph.schema import Query, assemble, schema
from graph.types.scalars import SCALARS
from graph.types.tenant import Tenant
from models import Tenant as TenantRow
from resolvers.access import TenantKey, parse_id
from resolvers.errors import BadInput

LINK = """extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])
"""
"""Version 2.3 is old enough for every composer."""

DIRECTIVES = {
    "Tenant": '@key(fields: "id") @key(fields: "externalId") @key(fields: "instanceId")',
    # Relay's, and so in other subgraphs too. An extension would not share the type's fields.
    "PageInfo": "@shareable",
}


def _sdl() -> str:
    sdl = schema.as_str()
    for name, directives in DIRECTIVES.items():
        sdl = sdl.replace(f"\ntype {name} {{", f"\ntype {name} {directives} {{")
    return f"{LINK}\n{sdl}"


SDL = _sdl()

Representation = NewType("Representation", object)
Entity = Annotated[
    Tenant, strawberry.union("_Entity", description="What other subgraphs may refer to.")
]


@strawberry.type(name="_Service", description="What a composer asks of a subgraph.")
class Service:
    sdl: str = strawberry.field(description="This schema with its federation directives.")


@strawberry.type(name="Query", description="What can be asked.")
class SubgraphQuery(Query):
    @strawberry.field(
        name="_service",
        description="What a composer asks of a subgraph.",
        extensions=[guard(IsAuthenticated())],
    )
    def service(self) -> Service:
        return Service(sdl=SDL)

    @strawberry.field(
        name="_entities",
        description="What other subgraphs refer to, in the order of the representations. Null"
        " where a tenant is not among those the viewer may see, or does not exist. At most 100.",
        extensions=[guard(IsAuthenticated())],
    )
    async def entities(
        self, info: Info, representations: list[Representation]
    ) -> list[Entity | None]:
        return cast(list[Entity | None], await resolve(info, representations))


async def resolve(
    info: Info, representations: list[Representation]
) -> list[Tenant | BadInput | None]:
    """One outcome for each representation; all of them take one statement.

    A bad one is an error in its own place and leaves its neighbours standing: a gateway puts the
    rows of another system side by side, and one broken row there is no reason to hide the rest.
    Nothing that was sent becomes part of an answer.
    """
    parsed = [keys_of(representation) for representation in representations]
    named = [key for keys in parsed if isinstance(keys, list) for key in keys]
    rows = dict(zip(named, await gather(*map(info.context.find, named)), strict=True))
    return [
        keys if isinstance(keys, BadInput) else _tenant([rows[key] for key in keys])
        for keys in parsed
    ]


def keys_of(representation: object) -> list[TenantKey] | BadInput:
    """The keys of a representation, which arrives unchecked and in camelCase.

    Any other field is refused: it would be what the caller claims of the tenant.
    """
    if not isinstance(representation, dict):
        return BadInput("A representation must be an object.")
    if representation.get("__typename") != "Tenant":
        return BadInput("The __typename of a representation must be Tenant.")
    keys = {name: value for name, value in representation.items() if name != "__typename"}
    if not keys or not keys.keys() <= KEYS.keys():
        return BadInput(f"A Tenant is represented by one of {', '.join(KEYS)} and nothing else.")
    if not all(isinstance(value, str) for value in keys.values()):
        return BadInput("A key in a representation must be a string.")
    return [KEYS[name](value) for name, value in keys.items()]


#: The keys in DIRECTIVES. A malformed instance ID becomes a key that names nothing.
KEYS: dict[str, Callable[[str], TenantKey]] = {
    "id": lambda value: TenantKey(id=value),
    "externalId": lambda value: TenantKey(external_id=value),
    "instanceId": lambda value: TenantKey(instance_id=parse_id(value)),
}


def _tenant(rows: list[TenantRow | None]) -> Tenant | BadInput | None:
    """The tenant that all keys of a representation name. Only visible ones are compared, so the
    answer tells nothing of others."""
    row = rows[0]
    if any(other != row for other in rows):
        return BadInput("The keys of a representation must name one tenant.")
    return Tenant.of(row) if row else None


subgraph = assemble(
    SubgraphQuery,
    {
        **SCALARS,
        Representation: strawberry.scalar(
            name="_Any",
            description='An entity by its key, such as {"__typename": "Tenant", "externalId":'
            ' "EXIST"}.',
            # As it came: keys_of checks it, so that a bad one is an error in its own place.
            parse_value=lambda value: value,
        ),
    },
)
