"""How commands end, and how they answer."""

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NoReturn

import orjson
import typer

from resolvers.problems import Problem

FAILED = 1
USAGE = 2
#: `record` kept the good logins and refused others.
SOME_REFUSED = 3
#: What a shell says of a program that Ctrl-C ended.
INTERRUPTED = 130

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


class Failure(Exception):
    """Ends the command with this message on stderr; says what to do where that can be known."""

    def __init__(self, message: str, exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def unwritable(error: OSError) -> Failure:
    """Standard output takes no more. It is let go, as Python would complain when it flushes it."""
    sys.stdout = None
    return Failure(f"The output cannot be written: {error.strerror}.")


def refuse(problems: Sequence[Problem]) -> NoReturn:
    raise Failure(" ".join(problem.message for problem in problems))


def print_json(value: object) -> None:
    """On one line, so that a program that reads lines knows when it is whole."""
    typer.echo(orjson.dumps(value).decode())


def print_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as their widest cell, for eyes; programs ask for JSON."""
    cells = [head, *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def say(message: str) -> None:
    """To the person at the terminal, beside what the command answers."""
    typer.echo(message, err=True)
    sys.stderr.flush()
