"""API keys of service accounts, as the operator makes and revokes them."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from graph.cli import connection
from graph.cli.connection import connected
from graph.cli.outcome import Failure, Json, print_json, print_table, refuse, say
from graph.cli.principal import Issuer, Named, principal_named
from models import ApiKey
from resolvers import api_keys, instants
from resolvers.access import GRANTABLE, Scope
from resolvers.api_keys import MAX_LIFETIME
from resolvers.clock import system_clock

app = typer.Typer(
    help="Make, revoke and list API keys of service accounts.",
    no_args_is_help=True,
)


Granted = StrEnum("Granted", {each.name: each.value for each in Scope if each in GRANTABLE})  # type: ignore[misc]


@app.command(short_help="Make an API key and show it, this once.")
def create(
    principal: Named,
    days: Annotated[
        int, typer.Option(min=1, max=MAX_LIFETIME.days, help="Days until it ends by itself.")
    ],
    scope: Annotated[list[Granted], typer.Option(help="What it may do; give it several times.")],
    issuer: Issuer = None,
    json: Json = False,
) -> None:
    """Make an API key and show it, this once: what is kept does not suffice to sign in.

    A service account has two live keys at most. To replace one, make the second, put it into
    use, then revoke the first.

    Example: headcount key create planner --scope billing:read --days 90
    """

    async def work(url: str) -> tuple[ApiKey, str]:
        async with connected(url):
            now = system_clock()
            owner = await principal_named(principal, issuer)
            scopes = {Scope(each.value) for each in scope}
            outcome = await api_keys.create(
                owner, scopes, now + timedelta(days=days), now, connection.origin()
            )
        return outcome if isinstance(outcome, tuple) else refuse(outcome)

    row, text = connection.run(work(connection.database_url()))
    if json:
        print_json({"key": text, **_fields(row)})
        return
    say(
        f"Key {row.id} of {row.principal.display_name} with {', '.join(row.scopes.split())},"
        f" until {instants.render(row.expires_at)}. It is not shown again:"
    )
    typer.echo(text)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="ID of the key, or the key itself.")],
    json: Json = False,
) -> None:
    """Refuse an API key from the next request on, for good.

    Example: headcount key revoke 4fQ0ZbT1xVwK
    """

    async def work(url: str) -> ApiKey:
        async with connected(url):
            row = await api_keys.named(key)
            if row is None:
                # Not repeated: it may be a key with a slip of the pen.
                raise Failure("There is no such key: `headcount key list` names all.")
            return await api_keys.revoke(row, system_clock(), connection.origin())

    row = connection.run(work(connection.database_url()))
    if json:
        print_json(_fields(row))
        return
    assert row.revoked_at is not None
    typer.echo(f"Key {row.id} is revoked since {instants.render(row.revoked_at)}.")


@app.command("list", short_help="List API keys, the newest first.")
def list_(
    principal: Annotated[
        str | None, typer.Option(help="Only of this principal, by ID or subject.")
    ] = None,
    issuer: Issuer = None,
    json: Json = False,
) -> None:
    """List API keys, the newest first. The keys themselves are not kept, so they cannot be shown.

    Example: headcount key list --principal planner
    """

    async def work(url: str) -> list[ApiKey]:
        async with connected(url):
            owner = await principal_named(principal, issuer) if principal else None
            return await api_keys.listed(owner)

    rows = connection.run(work(connection.database_url()))
    if json:
        print_json([_fields(row) for row in rows])
        return
    columns = ("ID", "OWNER", "SCOPES", "STATE", "CREATED", "EXPIRES", "REVOKED")
    print_table(columns, [_cells(row) for row in rows])


def _fields(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "principal": str(row.principal_id),
        "scopes": row.scopes.split(),
        "createdAt": instants.render(row.created_at),
        "expiresAt": instants.render(row.expires_at),
        "revokedAt": instants.render(row.revoked_at) if row.revoked_at else None,
    }


def _cells(row: ApiKey) -> tuple[str, ...]:
    told = _fields(row)
    return (
        row.id,
        row.principal.display_name,
        " ".join(told["scopes"]),
        api_keys.state(row, system_clock()),
        told["createdAt"],
        told["expiresAt"],
        told["revokedAt"] or "",
    )
