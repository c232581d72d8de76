"""The audit log, as the operator checks it and takes it elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from graph.cli import connection
from graph.cli.connection import connected
from graph.cli.outcome import FAILED, USAGE, Failure, Json, print_json, say, unwritable
from resolvers import audit
from resolvers.audit import Action, Origin, Record, reading, verifying
from resolvers.audit.chain import Head
from resolvers.audit.verifying import Broken

app = typer.Typer(help="Check and export the audit log.", no_args_is_help=True)

#: No entry is nearly as long: a file without line ends is read no further.
LONGEST_LINE = 1_000_000


@app.command(short_help="Check that no entry was edited, deleted or inserted.")
def verify(
    head: Annotated[
        str | None,
        typer.Option(help="What `headcount audit head` printed earlier, or a file with it."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option(help="Check this exported file instead of the database; - is standard input."),
    ] = None,
    json: Json = False,
) -> None:
    """Check that no entry was edited, deleted, inserted or exchanged; exits with 1 when one was.

    That the end was cut off shows only against a head that was noted earlier and kept where
    nobody who can write to the database can change it.

    Example: headcount audit verify --head head.txt

    Example: headcount audit verify --export audit.ndjson --json
    """
    known = None if head is None else _head(head)
    try:
        verified = _verify_file(export, known) if export else _verify_database(known)
    except Broken as broken:
        if json:
            print_json({"ok": False, "position": broken.position, "reason": str(broken)})
            raise typer.Exit(FAILED) from None
        raise Failure(str(broken)) from None
    if json:
        print_json({"ok": True, "head": verified._asdict()})
    else:
        typer.echo(f"The audit log is whole up to entry {verified.position:,}: {_text(verified)}")


@app.command()
def export(
    after: Annotated[int, typer.Option(min=0, help="Only what comes behind this position.")] = 0,
) -> None:
    """Print the log as one JSON object a line, oldest first. Leaves an entry of its own.

    Example: headcount audit export > audit.ndjson

    Example: headcount audit export --after 120000 >> audit.ndjson
    """
    try:
        connection.run(_export(connection.database_url(), after, connection.origin()))
    except _Enough:
        # Python would complain when it flushes at its end.
        sys.stdout = None
        raise typer.Exit(FAILED) from None


@app.command(short_help="Print position and hash of the last entry.")
def head(json: Json = False) -> None:
    """Print position and hash of the last entry, to be kept elsewhere and given to `verify`.

    Example: headcount audit head > head.txt
    """
    found = connection.run(_read_head(connection.database_url()))
    if json:
        print_json(found._asdict())
    else:
        typer.echo(_text(found))


def _text(head: Head) -> str:
    return f"{head.position}:{head.hash}"


def _head(text: str) -> Head:
    """The head itself, or the one in the file of that name."""
    found = verifying.parse_head(text)
    if found is None and (file := Path(text)).is_file():
        try:
            found = verifying.parse_head(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            found = None
    if found is None:
        raise Failure("--head is what `headcount audit head` printed, or a file with it.", USAGE)
    return found


def _verify_database(known: Head | None) -> Head:
    async def work(url: str) -> Head:
        async with connected(url):
            return await verifying.verify(known)

    return connection.run(work(connection.database_url()))


def _verify_file(file: Path, known: Head | None) -> Head:
    try:
        opened: Any = nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb")
        with opened as stream:
            return verifying.verify_export(_lines(stream), known)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from None


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        yield line


class _Enough(Exception):
    """Whoever reads has it."""


async def _export(url: str, after: int, origin: Origin) -> None:
    async with connected(url):
        await audit.alone(origin, [Record(Action.AUDIT_EXPORT)])
        previous = await reading.hash_at(after)
        if previous is None:
            raise Failure(f"There is no entry {after:,} yet.")
        async for entry in reading.entries(after):
            _write(verifying.export_line(previous, entry))
            after, previous = entry.position, entry.hash
        _write("", flush=True)
        say(f"The end of what was exported: {_text(Head(after, previous))}")


def _write(text: str, *, flush: bool = False) -> None:
    """Here, as elsewhere an OSError looks like a failing database."""
    try:
        print(text, end="", flush=flush)
    except BrokenPipeError:
        raise _Enough from None
    except OSError as error:
        raise unwritable(error) from None


async def _read_head(url: str) -> Head:
    async with connected(url):
        end = await reading.end()
    if end is None:
        raise Failure("The head of the log is gone: `headcount audit verify` says more.")
    return end.head
