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


async def sign_in(issuer: str, subject: str, scopes: frozenset[str]) -> Viewer | None:
    """The viewer behind a verified token, or None when nobody active is known by it.

    Role and status are read from the database for every request; of what the token says, only
    the scopes of a service account count.
    """
    rows = await database.rows(
        f"SELECT {COLUMNS} FROM principal p WHERE {SIGNS_IN}", [issuer, subject, ACTIVE]
    )
    return of_row(rows[0], scopes) if rows else None


#: SQL of a principal p: what of_row reads, and who may sign in: issuer, subject, ACTIVE.
COLUMNS = "p.id, p.kind, p.display_name, p.home_tenant_id"
SIGNS_IN = "p.issuer = $1 AND p.subject = $2 AND p.status = $3"
ACTIVE = PrincipalStatus.ACTIVE.value


def of_row(row: Sequence[Any], scopes: frozenset[str]) -> Viewer | None:
    """The viewer that the first four columns of a row say."""
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
