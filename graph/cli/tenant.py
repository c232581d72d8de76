"""Tenants, as the operator manages them."""

from typing import Annotated, Any
from uuid import UUID

import typer

from graph.cli import connection
from graph.cli.connection import OPERATOR, connected, tenant_named
from graph.cli.outcome import Json, print_json, print_table, refuse
from models import Tenant
from resolvers import tenants
from resolvers.clock import system_clock
from resolvers.tenants import NewTenant, TenantFilter

app = typer.Typer(help="Add, list and configure tenants.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(help="ID, external ID or instance ID of the tenant.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name, as people will search for it.")],
    external_id: Annotated[str, typer.Option(help="ID in your own systems; unique.")],
    instance_id: Annotated[UUID, typer.Option(help="PureConnect Instance Unique ID.")],
    billable: Annotated[
        bool, typer.Option("--billable", help="Configure it as PureConnect billable at once.")
    ] = False,
    time_zone: Annotated[
        str, typer.Option(help="IANA zone whose days are the report dates; never changes.")
    ] = "UTC",
    json: Json = False,
) -> None:
    """Add a tenant.

    Example: headcount tenant add "Acme GmbH" --external-id ACME --instance-id
    2f077c75-6d84-47df-8bdc-ca3590971479 --time-zone Europe/Berlin --billable
    """
    url = connection.database_url()
    new = NewTenant(name, external_id, instance_id, billable, time_zone)
    _show(connection.run(_add(url, new)), json)


@app.command("list")
def list_(
    search: Annotated[str | None, typer.Option(help="Part of the name or external ID.")] = None,
    json: Json = False,
) -> None:
    """List tenants by name.

    Example: headcount tenant list --search acme
    """
    rows = connection.run(_list(connection.database_url(), search))
    if json:
        print_json([_fields(row) for row in rows])
        return
    columns = ("ID", "NAME", "EXTERNAL ID", "INSTANCE ID", "BILLABLE", "TIME ZONE")
    print_table(columns, [tuple(_fields(row).values()) for row in rows])


@app.command(short_help="Configure a tenant as PureConnect billable, or no longer so.")
def set_billable(
    tenant: Named,
    off: Annotated[bool, typer.Option("--off", help="No longer billable.")] = False,
    json: Json = False,
) -> None:
    """Configure a tenant as PureConnect billable: only then is its billing shown.

    Example: headcount tenant set-billable ACME

    Example: headcount tenant set-billable ACME --off
    """
    _show(connection.run(_set_billable(connection.database_url(), tenant, not off)), json)


async def _add(url: str, new: NewTenant) -> Tenant:
    async with connected(url):
        outcome = await tenants.create(OPERATOR, new, system_clock(), connection.origin())
    return outcome if isinstance(outcome, Tenant) else refuse(outcome)


async def _list(url: str, search: str | None) -> list[Tenant]:
    rows: list[Tenant] = []
    after: str | None = None
    async with connected(url):
        while True:
            where = TenantFilter(search=search)
            page = await tenants.search(OPERATOR, where, first=tenants.MAX_PAGE, after=after)
            rows += page.rows
            if not page.has_next:
                return rows
            after = page.cursor(page.rows[-1])


async def _set_billable(url: str, text: str, billable: bool) -> Tenant:
    async with connected(url):
        return await tenants.set_billable(await tenant_named(text), billable, connection.origin())


def _fields(row: Tenant) -> dict[str, Any]:
    """By the names that the API gives them."""
    return {
        "id": str(row.id),
        "name": row.name,
        "externalId": row.external_id,
        "instanceId": str(row.instance_id),
        "billable": row.billable,
        "timeZone": row.time_zone,
    }


def _show(row: Tenant, json: bool) -> None:
    if json:
        print_json(_fields(row))
    else:
        billable = "billable" if row.billable else "not billable"
        typer.echo(f"{row.name} ({row.external_id}) {row.id}: {billable}, {row.time_zone}")
