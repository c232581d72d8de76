from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from graph.cli.outcome import FAILED, USAGE, Failure, say

_MOST_LINES = 40


def schema(
    file: Annotated[
        Path | None,
        typer.Argument(help="With --check: the file to compare with, else schema.graphql."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare with a file; exit with 1 when it differs."),
    ] = False,
) -> None:
    """Print the API's schema in GraphQL's own language.

    Example: headcount schema > schema.graphql

    Example: headcount schema --check
    """
    if not check:
        if file is not None:
            raise Failure(
                f"{file} is not written, only compared: `headcount schema --check {file}`;"
                f" `headcount schema > {file}` writes it.",
                USAGE,
            )
        typer.echo(_text(), nl=False)
        return
    file = file or Path("schema.graphql")
    try:
        kept = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Failure(f"{file} cannot be read: {reason}.", USAGE) from None
    difference = unified_diff(
        kept.splitlines(), _text().splitlines(), str(file), "headcount schema", lineterm="", n=1
    )
    if shown := list(islice(difference, _MOST_LINES + 1)):
        typer.echo("\n".join(shown[:_MOST_LINES]))
        say(f"{file} is not the schema that is served: `headcount schema > {file}` writes it.")
        raise typer.Exit(FAILED)
    if kept != _text():
        say(f"{file} differs from the schema in its line ends.")
        raise typer.Exit(FAILED)
    typer.echo(f"{file} is the schema that is served.")


def _text() -> str:
    # Imported here: building the schema takes a second that no other command should wait for.
    from graph.schema import schema as served

    return served.as_str() + "\n"
