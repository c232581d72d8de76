"""Who asks. A viewer is made from what the database says of a principal, once per request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never
from uuid import UUID

from models import PrincipalKind, PrincipalStatus, database


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


#: SQL of a principal p: what of_row reads, and whether k names them and they may sign in.
COLUMNS = "p.id, p.kind, p.display_name, p.home_tenant_id"
SIGNS_IN = (
    f"p.issuer = k.issuer AND p.subject = k.subject AND p.status = '{PrincipalStatus.ACTIVE.value}'"
)


def of_row(row: Sequence[Any], scopes: frozenset[str]) -> Viewer | None:
    """The viewer that the first four columns of a row say.

    Role and status are read from the database for every request; of what the token says, only
    the scopes of a service account count.
    """
    principal_id, name, home = database.uuid(row[0]), row[2], row[3]
    kind = PrincipalKind(row[1])
    match kind:
        case PrincipalKind.LANDLORD:
            return Landlord(principal_id, name)
        case PrincipalKind.TENANT_ADMINISTRATOR:
            return TenantAdministrator(principal_id, name, database.uuid(home)) if home else None
        case PrincipalKind.SERVICE_ACCOUNT:
            return ServiceAccount(principal_id, name, scopes)
        case _:
            assert_never(kind)
