"""Who asks. A viewer is made from what the database says of a principal, once per request."""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from models import Principal, PrincipalKind, PrincipalStatus


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


async def sign_in(issuer: str, subject: str, scopes: frozenset[str]) -> Viewer | None:
    """The viewer behind a verified token, or None when nobody active is known by it.

    Role and status are read from the database for every request; of what the token says, only
    the scopes of a service account count.
    """
    principal = await Principal.get_or_none(
        issuer=issuer, subject=subject, status=PrincipalStatus.ACTIVE
    )
    if principal is None:
        return None
    match principal.kind:
        case PrincipalKind.LANDLORD:
            return Landlord(principal.id, principal.display_name)
        case PrincipalKind.TENANT_ADMINISTRATOR:
            if principal.home_tenant_id is None:
                return None
            return TenantAdministrator(
                principal.id, principal.display_name, principal.home_tenant_id
            )
        case PrincipalKind.SERVICE_ACCOUNT:
            return ServiceAccount(principal.id, principal.display_name, scopes)
        case _:
            assert_never(principal.kind)
