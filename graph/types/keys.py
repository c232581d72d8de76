"""How the arguments of a field name a tenant."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.access import TenantKey


@strawberry.input(
    name="TenantBy",
    one_of=True,
    description="Names one tenant by exactly one of its three identifiers.",
)
class TenantBy:
    id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="ID of the tenant in this API."
    )
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="ID of the tenant in the operator's own systems."
    )
    instance_id: UUID | None = strawberry.field(
        default=strawberry.UNSET, description="PureConnect Instance Unique ID."
    )

    def key(self) -> TenantKey:
        return TenantKey(
            id=self.id or None,
            external_id=self.external_id or None,
            instance_id=self.instance_id or None,
        )


def tenant_key(arguments: dict[str, Any]) -> TenantKey:
    """The tenant that a field's arguments name: `tenant` or `id` as an ID, `by` or
    `input.tenant` as a TenantBy."""
    if "input" in arguments and "id" not in arguments:
        return arguments["input"].tenant.key()  # type: ignore[no-any-return]
    if "by" in arguments:
        return arguments["by"].key()  # type: ignore[no-any-return]
    return TenantKey(id=arguments["tenant"] if "tenant" in arguments else arguments["id"])
