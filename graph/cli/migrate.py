from typing import Annotated

import typer

from graph.cli import connection
from graph.cli.outcome import FAILED
from models import database
from models import migrate as migrations


def migrate(
    check: Annotated[
        bool,
        typer.Option("--check", help="Change nothing; exit with 1 when something is missing."),
    ] = False,
) -> None:
    """Bring the database's tables up to date.

    Safe to run again, and from several machines at once: one waits for the other.

    Example: HEADCOUNT_DATABASE_URL=sqlite://data.db headcount migrate
    """
    url = connection.database_url()
    names = connection.run(_pending(url) if check else migrations.migrate(url))
    for name in names:
        typer.echo(f"{'Missing' if check else 'Applied'}: {name}")
    if not names:
        typer.echo("The database is up to date.")
    if names and check:
        raise typer.Exit(FAILED)


async def _pending(url: str) -> list[str]:
    connection.refuse_missing_file(url)
    await database.open(url, pool_size=1)
    try:
        await migrations.refuse_newer()
        return await migrations.pending()
    finally:
        await database.close()
