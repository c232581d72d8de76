"""Principals, as the operator manages them."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from graph.cli import connection
from graph.cli.connection import connected, tenant_named
from graph.cli.outcome import USAGE, Failure, Json, print_json, print_table, refuse
from graph.settings import examine, variable_of
from models import Principal, PrincipalKind, PrincipalStatus
from resolvers import principals
from resolvers.clock import system_clock
from resolvers.principals import NewPrincipal

app = typer.Typer(help="Add, disable and list who can sign in.", no_args_is_help=True)

Named = Annotated[str, typer.Argument(help="ID or subject of the principal.")]
Issuer = Annotated[
    str | None, typer.Option(help="Whose subject it is, where several issuers share one.")
]


class Kind(StrEnum):
    LANDLORD = "landlord"
    TENANT_ADMINISTRATOR = "tenant-administrator"
    SERVICE_ACCOUNT = "service-account"


@app.command()
def add(
    kind: Annotated[Kind, typer.Argument(help="What they are.")],
    subject: Annotated[str, typer.Argument(help="The `sub` of their access tokens.")],
    name: Annotated[str | None, typer.Option(help="Name to show; else the subject.")] = None,
    home: Annotated[
        str | None, typer.Option(metavar="TENANT", help="The tenant of a tenant-administrator.")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="The `iss` of their tokens; else HEADCOUNT_TOKEN_ISSUER.")
    ] = None,
    json: Json = False,
) -> None:
    """Let somebody sign in. Landlords and service accounts see nothing until they are assigned
    tenants.

    Example: headcount principal add landlord 00u1a2b3 --name "Lena Lund"

    Example: headcount principal add tenant-administrator 00u4c5d6 --home ACME
    """
    if kind is Kind.TENANT_ADMINISTRATOR and home is None:
        raise Failure("A tenant administrator has a home tenant: name it with --home.")
    url = connection.database_url()
    new = (PrincipalKind[kind.name], issuer or _own_issuer(), subject, name or subject)
    _show(connection.run(_add(url, new, home)), json)


@app.command()
def disable(principal: Named, issuer: Issuer = None, json: Json = False) -> None:
    """Refuse a principal from the next request on. What is assigned stays assigned.

    Example: headcount principal disable 00u1a2b3
    """
    _set_status(principal, issuer, PrincipalStatus.DISABLED, json)


@app.command()
def enable(principal: Named, issuer: Issuer = None, json: Json = False) -> None:
    """Let a disabled principal sign in again.

    Example: headcount principal enable 00u1a2b3
    """
    _set_status(principal, issuer, PrincipalStatus.ACTIVE, json)


@app.command("list")
def list_(json: Json = False) -> None:
    """List principals by name.

    Example: headcount principal list
    """
    rows = connection.run(_list(connection.database_url()))
    if json:
        print_json([_fields(row) for row in rows])
        return
    columns = ("ID", "NAME", "KIND", "STATUS", "ISSUER", "SUBJECT", "HOME")
    table = [{**_fields(row), "home": _home(row) or ""} for row in rows]
    print_table(columns, [tuple(row.values()) for row in table])


async def principal_named(text: str, issuer: str | None) -> Principal:
    """The one principal with this ID or subject."""
    match await principals.named(text, issuer):
        case [principal]:
            return principal
        case []:
            raise Failure(
                f"There is no principal with the ID or subject {text!r}."
                " `headcount principal list` names all."
            )
        case _:
            raise Failure(f"Several issuers have the subject {text!r}: add --issuer.")


async def _add(url: str, new: tuple[PrincipalKind, str, str, str], home: str | None) -> Principal:
    async with connected(url):
        tenant = await tenant_named(home) if home is not None else None
        outcome = await principals.create(
            NewPrincipal(*new, home=tenant), system_clock(), connection.origin()
        )
    return outcome if isinstance(outcome, Principal) else refuse(outcome)


async def _list(url: str) -> list[Principal]:
    async with connected(url):
        return await principals.listed()


def _set_status(text: str, issuer: str | None, status: PrincipalStatus, json: bool) -> None:
    async def work(url: str) -> Principal:
        async with connected(url):
            principal = await principal_named(text, issuer)
            await principals.set_status(principal, status, connection.origin())
            await principals.fill_homes([principal])
            return principal

    _show(connection.run(work(connection.database_url())), json)


def _own_issuer() -> str:
    settings, _ = examine()
    if settings.token_issuer is None:
        variable = variable_of("token_issuer")
        raise Failure(f"Say whose subject it is with --issuer, or set {variable}.", USAGE)
    return settings.token_issuer


def _home(row: Principal) -> str | None:
    return row.home_tenant.external_id if row.home_tenant_id and row.home_tenant else None


def _fields(row: Principal) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "displayName": row.display_name,
        "kind": Kind[row.kind.name].value,
        "status": row.status.value.lower(),
        "issuer": row.issuer,
        "subject": row.subject,
        "home": str(row.home_tenant_id) if row.home_tenant_id else None,
    }


def _show(row: Principal, json: bool) -> None:
    if json:
        print_json(_fields(row))
        return
    shown = _fields(row)
    home = f" of {_home(row)}" if row.home_tenant_id else ""
    typer.echo(f"{row.display_name} {row.id}: {shown['kind']}{home}, {shown['status']}")
