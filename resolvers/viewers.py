"""Who asks. A viewer is made from what the database says of a principal, once per request."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Landlord:
    """Operates the service; sees the tenants assigned to them."""

    id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class TenantAdministrator:
    """Sees one tenant: their own."""

    id: UUID
    display_name: str
    home_tenant_id: UUID


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An integration; sees the tenants assigned to it, as far as its scopes reach."""

    id: UUID
    display_name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the command with the database's credentials.

    Not a principal: no token leads here, so no request ever carries it.
    """


Viewer = Landlord | TenantAdministrator | ServiceAccount
