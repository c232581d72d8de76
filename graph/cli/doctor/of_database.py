"""What the database says of itself, judged."""

from collections.abc import Iterator
from datetime import datetime

from graph.cli.doctor.finding import Finding, advice, unsafe, wrong
from graph.setting_types import LOOPBACK
from graph.settings import Settings, variable_of
from models.database import MAKE_ANOTHER, DatabaseUrl
from models.inspection import Inspection

#: Seconds that the database's clock and this machine's may be apart.
APART = 5
#: The oldest PostgreSQL that still gets fixes.
OLDEST = 15
#: Connections that commands, backups and people need beside the workers.
SPARE = 5


def examine(
    seen: Inspection, settings: Settings, asked: datetime, answered: datetime
) -> Iterator[Finding]:
    """`asked` and `answered` are when, by this machine's clock, it was looked at."""
    if seen.pending:
        yield wrong(
            f"The database lacks {len(seen.pending)} migrations: {', '.join(seen.pending)}.",
            "This version needs their tables.",
            "Run `headcount migrate`.",
        )
    if seen.unknown:
        yield wrong(
            f"The database was migrated by a newer version: {', '.join(seen.unknown)}.",
            "This version would write what the newer one does not expect, and refuses to.",
            "Install the newer version.",
        )
    yield from _numbers(seen, settings)
    if seen.product == "PostgreSQL":
        yield from _encoding(seen)
        yield from _survival(seen)
        yield from _server(seen, settings)
        yield from _clock(seen, asked, answered)


def _numbers(seen: Inspection, settings: Settings) -> Iterator[Finding]:
    if seen.differing is None:
        yield advice(
            f"Counting the users of a tenant took longer than {settings.database_timeout:g} s.",
            "Whether the stored numbers are those of the lists is not known.",
            f"Give this command a larger {variable_of('database_timeout')}.",
        )
    elif seen.differing:
        first = [
            f"tenant {day.tenant_id} on {day.report_date} {day.max_users} instead of"
            f" {day.presences}"
            for day in seen.differing_days
        ]
        more = f", and {seen.differing - len(first):,} more" if seen.differing > len(first) else ""
        yield wrong(
            "The stored number of users is not that of the list on"
            f" {seen.differing:,} days: {', '.join(first)}{more}.",
            "Rows were deleted or restored by hand; reports tell the stored number.",
            "Restore what is missing, then store the numbers anew: the README has the SQL, under"
            " Operate.",
        )


def _encoding(seen: Inspection) -> Iterator[Finding]:
    encoding = seen.settings["server_encoding"]
    if encoding != "UTF8":
        yield wrong(
            f"The database keeps text as {encoding}, and not as UTF8.",
            "It would refuse or cut names and user IDs, so every command but this one refuses it.",
            f"{MAKE_ANOTHER}. Point {variable_of('database_url')} at it.",
        )


def _survival(seen: Inspection) -> Iterator[Finding]:
    if seen.settings["transaction_read_only"] == "on":
        yield wrong(
            "PostgreSQL takes no writes: it is a standby, or default_transaction_read_only is on.",
            "No login is recorded, and nothing is read without its entry in the audit log.",
            f"Point {variable_of('database_url')} at the primary, or reset the setting.",
        )
    for name in ("fsync", "full_page_writes"):
        if seen.settings[name] == "off":
            yield unsafe(
                f"PostgreSQL runs with {name} = off.",
                "A crash of the machine can destroy the whole database.",
                f"Set {name} = on in postgresql.conf and reload.",
            )
    if seen.settings["synchronous_commit"] == "off":
        yield unsafe(
            "PostgreSQL runs with synchronous_commit = off.",
            "Logins that were acknowledged are lost in a crash.",
            "Set synchronous_commit = on, or unset it for this database and role.",
        )


def _server(seen: Inspection, settings: Settings) -> Iterator[Finding]:
    if int(seen.version.split(".")[0]) < OLDEST:
        yield unsafe(
            f"PostgreSQL {seen.version} gets no fixes any more.",
            "Holes that become known stay open.",
            f"Move to PostgreSQL {OLDEST} or newer.",
        )
    needed = settings.workers * settings.database_pool_size + SPARE
    if seen.connections is not None and needed > seen.connections:
        yield wrong(
            f"{settings.workers} workers with {settings.database_pool_size} connections each, and"
            f" {SPARE} to spare, are more than the {seen.connections} that PostgreSQL has.",
            "Under load, requests fail as UNAVAILABLE.",
            f"Lower {variable_of('workers')} or {variable_of('database_pool_size')}, or raise"
            " max_connections.",
        )
    if seen.is_superuser:
        yield advice(
            "The service's role is a superuser of PostgreSQL.",
            "A hole in the service would be one in the whole server.",
            "Make a role that owns this database and nothing else.",
        )
    if not seen.is_encrypted and not _is_near(settings):
        yield advice(
            "The connection to PostgreSQL is not encrypted.",
            "Password and user IDs can be read on the way.",
            f"Give {variable_of('database_url')} sslmode=verify-full, unless the network is yours"
            " alone.",
        )


def _clock(seen: Inspection, asked: datetime, answered: datetime) -> Iterator[Finding]:
    if seen.clock is None:
        return
    apart = max((asked - seen.clock).total_seconds(), (seen.clock - answered).total_seconds())
    if apart > APART:
        yield wrong(
            f"The clocks of this machine and the database are {apart:.0f} s apart.",
            "One of them is wrong: tokens are refused too early, or taken too long.",
            "Synchronise both machines with NTP.",
        )


def _is_near(settings: Settings) -> bool:
    """On this machine, by loopback or by a socket."""
    assert settings.database_url is not None
    host = DatabaseUrl.parse(settings.database_url.get_secret_value()).credentials["host"]
    return host.startswith("/") or host in LOOPBACK
