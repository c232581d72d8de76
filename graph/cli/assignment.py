"""Which tenants a landlord or a service account may see, as the operator decides."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import typer

from graph.cli import connection
from graph.cli.connection import connected, tenant_named
from graph.cli.outcome import Failure
from graph.cli.principal import Issuer, Named, principal_named
from graph.cli.tenant import Named as TenantNamed
from models import Principal, PrincipalKind, Tenant
from resolvers import assignments
from resolvers.clock import system_clock

Change = Callable[[Tenant, Principal, datetime], Awaitable[None]]


def assign(tenant: TenantNamed, principal: Named, issuer: Issuer = None) -> None:
    """Make a tenant visible to a landlord or a service account.

    Example: headcount assign ACME 00u1a2b3
    """

    async def change(row: Tenant, to: Principal, now: datetime) -> None:
        kinds = (PrincipalKind.LANDLORD, PrincipalKind.SERVICE_ACCOUNT)
        if await assignments.assignee(to.id, *kinds) is None:
            raise Failure(
                f"{to.display_name} is {_called(to)}: only active landlords and service accounts"
                " are assigned tenants."
            )
        await assignments.assign([row], to, None, now, connection.origin())

    row, to = _change(tenant, principal, issuer, change)
    typer.echo(f"{row.name} ({row.external_id}) is visible to {to.display_name}.")


def unassign(tenant: TenantNamed, principal: Named, issuer: Issuer = None) -> None:
    """Hide a tenant from a landlord or a service account, from their next request on.

    Example: headcount unassign ACME 00u1a2b3
    """

    async def change(row: Tenant, to: Principal, now: datetime) -> None:
        await assignments.unassign([row], to, now, connection.origin())

    row, to = _change(tenant, principal, issuer, change)
    typer.echo(f"{row.name} ({row.external_id}) is no longer visible to {to.display_name}.")


def _change(
    tenant: str, principal: str, issuer: str | None, change: Change
) -> tuple[Tenant, Principal]:
    async def work(url: str) -> tuple[Tenant, Principal]:
        async with connected(url):
            row, to = await tenant_named(tenant), await principal_named(principal, issuer)
            await change(row, to, system_clock())
            return row, to

    return connection.run(work(connection.database_url()))


def _called(principal: Principal) -> str:
    status, kind = principal.status.value.lower(), principal.kind.value.lower().replace("_", " ")
    return f"a{'n' if status == 'active' else ''} {status} {kind}"
