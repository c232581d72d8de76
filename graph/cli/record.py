import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from enum import StrEnum
from io import FileIO
from pathlib import Path
from time import monotonic
from typing import Annotated, BinaryIO

import typer

from graph import memory
from graph.cli import connection
from graph.cli.outcome import (
    INTERRUPTED,
    SOME_REFUSED,
    USAGE,
    Failure,
    Json,
    print_json,
    say,
)
from graph.cli.progress import Measured
from graph.cli.recording import Counts, Recording
from resolvers import login_files
from resolvers.login_files import LoginFile, RefusedLogin, RefusedWriter, UnreadableFile

Format = StrEnum("Format", {name.upper(): name for name in login_files.FORMATS})  # type: ignore[misc]

AGAIN = "What was recorded until then is kept. Record the same file again: nothing counts twice."


def record(
    file: Annotated[str, typer.Argument(help="A file, or - for standard input.")],
    tenant: Annotated[str, typer.Option(help="ID, external ID or instance ID of the tenant.")],
    format: Annotated[
        Format | None, typer.Option(help="Format of the file; else recognised by its beginning.")
    ] = None,
    refused: Annotated[
        Path | None,
        typer.Option(help="Write refused records here, with reasons, fit to be read again."),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=100_000, help="Logins recorded in one transaction.")
    ] = 50_000,
    json: Json = False,
) -> None:
    """Record the logins of a file: CSV with the columns user_id and at, or the sign-in log of
    Okta, Entra, Auth0 or Keycloak.

    Recording is a merge: the same file again, or overlapping ones, change nothing. Exits with 3
    when some records were refused; the others are recorded all the same.

    Example: headcount record logins.csv --tenant ACME --refused refused.csv

    Example: zcat logins.ndjson.gz | headcount record - --tenant ACME --json
    """
    url, started = connection.database_url(), monotonic()
    with _opened(file) as stream, connection.held(url) as runner:
        row = connection.run_in(runner, connection.tenant_named(tenant))
        memory.spare_collector()
        source = Measured(stream)
        logins = _recognised(source, format)
        failure = None
        # Last, so that a call that comes to nothing leaves the refusals of a former one alone.
        with _created(refused, stream) as target:
            work = Recording(row, _writer(target, logins))
            try:
                with source.progress(hidden=json) as move, _flushed(target):
                    work.read(logins, batch, runner, move)
            except (KeyboardInterrupt, Failure, UnreadableFile, OSError) as error:
                failure = _stopped(error)
    _tell(work, logins, failure, monotonic() - started, refused, json)
    if failure is not None:
        raise failure
    if work.counts.refused:
        raise typer.Exit(SOME_REFUSED)


def _opened(file: str) -> AbstractContextManager[FileIO]:
    """Without a buffer, which would fill itself before it minds a signal."""
    try:
        if file == "-":
            if sys.stdin is None:
                raise Failure("Standard input is closed.", USAGE)
            os.set_blocking(sys.stdin.fileno(), True)
            return FileIO(sys.stdin.fileno(), closefd=False)
        return FileIO(file)
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.", USAGE) from None


@contextmanager
def _created(target: Path | None, source: FileIO) -> Iterator[BinaryIO | None]:
    """The file for refused records, empty: what a former run refused does not stay there."""
    if target is None:
        yield None
        return
    try:
        if target.exists() and os.path.samestat(target.stat(), os.fstat(source.fileno())):
            raise Failure(f"{target} is the file to read: name another one with --refused.", USAGE)
        file = target.open("wb")
    except OSError as error:
        raise Failure(f"{target} cannot be written: {error.strerror}.", USAGE) from None
    try:
        yield file
    finally:
        # What cannot be written was told when it was flushed.
        with suppress(OSError):
            file.close()


@contextmanager
def _flushed(target: BinaryIO | None) -> Iterator[None]:
    """Whatever ends the reading: what was refused until then is written."""
    try:
        yield
    finally:
        if target is not None:
            target.flush()


def _recognised(source: Measured, format: str | None) -> LoginFile:
    try:
        return login_files.recognise(source, format)
    except UnreadableFile as error:
        raise Failure(str(error)) from None


def _writer(target: BinaryIO | None, logins: LoginFile) -> Callable[[RefusedLogin], None]:
    if target is None:
        return lambda _refused: None
    return RefusedWriter(target, logins.format).write


def _stopped(error: BaseException) -> Failure:
    """What ended the reading before the end of the file."""
    match error:
        case KeyboardInterrupt():
            return Failure(f"Interrupted. {AGAIN}", INTERRUPTED)
        case OSError(strerror=reason, filename=None) if reason:
            return Failure(f"The file cannot be read or written any further: {reason}. {AGAIN}")
        case _:
            return Failure(f"{error} {AGAIN}")


def _tell(
    work: Recording,
    logins: LoginFile,
    failure: Failure | None,
    seconds: float,
    target: Path | None,
    json: bool,
) -> None:
    counts = work.counts
    for login in work.shown:
        say(f"{logins.unit} {login.position}: {login.code} {login.reason}")
    if more := counts.refused - len(work.shown):
        where = f"all are in {target}" if target else "--refused FILE writes them all"
        say(f"... and {more:,} more refused; {where}.")
    if json:
        print_json(
            {
                "tenant": {"id": str(work.tenant.id), "externalId": work.tenant.external_id},
                "format": logins.format,
                "complete": failure is None,
                **counts.as_json(),
                "seconds": round(seconds, 3),
            }
        )
        return
    for line in _lines(counts):
        typer.echo(line)
    typer.echo(f"Took {seconds:.1f} s.")


def _lines(counts: Counts) -> Iterator[str]:
    meanings = {
        "read": "records of the file",
        "recorded": "logins accepted",
        "counted": "users new on their report date; the rest were known before",
        "refused": "kept out, each with a reason",
        "not a login": "records of other events",
    }
    numbers = (counts.read, counts.recorded, counts.counted, counts.refused, counts.not_logins)
    width = max(len(f"{number:,}") for number in numbers)
    for (name, meaning), number in zip(meanings.items(), numbers, strict=True):
        yield f"{number:>{width},} {name:<11}  {meaning}"
