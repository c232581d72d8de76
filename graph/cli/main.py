"""The assembly of the command, and how it ends."""

import errno
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from graph.cli import (
    assignment,
    audit,
    demo,
    doctor,
    explorer,
    key,
    migrate,
    principal,
    record,
    schema,
    serve,
    tenant,
)
from graph.cli.outcome import Failure, unwritable


class _Commands(TyperGroup):
    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            # Of pydantic, and of no use to whoever typed the value.
            error.message = error.message.removeprefix("Value error, ")
            raise


app = typer.Typer(
    name="headcount",
    cls=_Commands,
    help="How many users of a tenant logged in on a date, and who they were.\n\n"
    "Try it with `headcount demo`. A production is `headcount migrate`, then `headcount serve`;"
    " tenants and who may see them are managed with `tenant`, `principal`, `key` and `assign`,"
    " logins arrive through `record` or the API.",
    epilog="Settings are environment variables; all of them stand in the README. Exit codes:"
    " 0 done, 1 failed, 2 called or configured wrongly, 3 some logins were refused, 130 `record`"
    " was interrupted.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        try:
            typer.echo(f"headcount {version('headcount')}")
        except PackageNotFoundError:
            typer.echo("headcount (not installed)")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which it is."),
    ] = False,
) -> None:
    pass


app.command("demo", short_help="Try everything on this machine, with sample data.")(demo.demo)
app.command("serve")(serve.serve)
app.command("doctor", short_help="Say what is wrong or unsafe, and what to do.")(doctor.doctor)
app.command("migrate")(migrate.migrate)
app.command("record", short_help="Record the logins of a file.")(record.record)
app.add_typer(tenant.app, name="tenant")
app.add_typer(principal.app, name="principal")
app.add_typer(key.app, name="key")
app.command("assign")(assignment.assign)
app.command("unassign", short_help="Hide a tenant from a landlord or a service account.")(
    assignment.unassign
)
app.add_typer(audit.app, name="audit")
app.command("schema")(schema.schema)
app.command("graphiql", short_help="Fetch the files of the GraphiQL page with npm.")(
    explorer.graphiql
)


def main() -> None:
    """Bad input, absent databases and a full disk end in one line on stderr, not in a traceback."""
    try:
        _run()
    except Failure as failure:
        typer.echo(f"headcount: {failure}", err=True)
        sys.exit(failure.exit_code)


def _run() -> None:
    try:
        app(prog_name="headcount")
    except OSError as error:
        # Of files and databases it is caught where more can be said.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO):
            raise unwritable(error) from None
        raise
