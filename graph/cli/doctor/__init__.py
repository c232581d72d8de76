"""`headcount doctor`: what is configured, what is wrong or unsafe, and what to do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import typer

from graph.cli import connection
from graph.cli.connection import DatabaseFailure
from graph.cli.doctor import of_database, of_files, of_settings
from graph.cli.doctor.configured import Configured, configured
from graph.cli.doctor.finding import Finding, Level, wrong
from graph.cli.outcome import FAILED, USAGE, Failure, Json, print_json, print_table
from graph.settings import Settings, SettingsError, variable_of
from graph.settings import examine as read_settings
from models import database
from models.database import DatabaseUrl
from models.inspection import Inspection, inspect
from resolvers.clock import system_clock


@dataclass(frozen=True, slots=True)
class Report:
    """`database` is None when it could not be asked."""

    settings: list[Configured]
    database: Inspection | None
    findings: list[Finding]

    @property
    def exit_code(self) -> int:
        levels = {finding.level for finding in self.findings}
        if Level.MISCONFIGURED in levels:
            return USAGE
        return FAILED if levels & {Level.WRONG, Level.UNSAFE} else 0


def doctor(json: Json = False) -> None:
    """Say what is configured, what is wrong or unsafe, why it matters and what to do.

    Changes nothing. Exits with 0 when all is fine or merely worth a thought, 1 when something is
    wrong or unsafe, 2 when `serve` would not start.

    Example: headcount doctor --json
    """
    report = examine()
    if json:
        _print_json(report)
    else:
        _print(report)
    raise typer.Exit(report.exit_code)


def examine() -> Report:
    settings, _ = read_settings()
    findings = [*of_settings.examine(settings)]
    seen, file, refused = None, None, _refused()
    try:
        url = connection.database_url()
    except Failure as error:
        refused.setdefault(variable_of("database_url"), f"{error}")
    else:
        file = DatabaseUrl.parse(url).file
        seen, found = _look(url, settings)
        findings += found
    findings = [
        *(_misconfigured(what, variable) for variable, what in refused.items()),
        *findings,
        *of_files.examine(settings, file),
    ]
    return Report(list(configured(settings, set(refused))), seen, findings)


def _refused() -> dict[str, str]:
    """What `serve` does not start with, by variable."""
    # Imported here: other commands do without it.
    from graph import production

    try:
        production.from_environment()
    except SettingsError as error:
        return {variable: f"{variable} {text}." for variable, text in error.problems}
    return {}


def _misconfigured(what: str, variable: str) -> Finding:
    verb = "Set" if what.startswith(f"{variable} is not set") else "Correct"
    return Finding(
        Level.MISCONFIGURED,
        what,
        "`headcount serve` does not start with it.",
        f"{verb} {variable}; the README says what it takes.",
    )


def _look(url: str, settings: Settings) -> tuple[Inspection | None, list[Finding]]:
    try:
        return connection.run(_ask(url, settings))
    except (Failure, RuntimeError) as error:
        return None, [
            wrong(
                error.what if isinstance(error, DatabaseFailure) else f"{error}",
                "Every request needs the database.",
                f"See to it that it runs, and that {variable_of('database_url')} says where.",
            )
        ]


async def _ask(url: str, settings: Settings) -> tuple[Inspection, list[Finding]]:
    connection.refuse_missing_file(url)
    limit = settings.database_timeout
    await database.open(url, pool_size=1, statement_timeout=limit, only_to_look=True)
    try:
        asked = system_clock()
        seen = await inspect()
        return seen, list(of_database.examine(seen, settings, asked, system_clock()))
    finally:
        await database.close()


def _print_json(report: Report) -> None:
    levels = {finding.level for finding in report.findings}
    print_json(
        {
            "status": next((level for level in Level if level in levels), "fine"),
            "settings": [asdict(each) for each in report.settings],
            "database": report.database and asdict(report.database),
            "findings": [asdict(finding) for finding in report.findings],
        }
    )


def _print(report: Report) -> None:
    rows = [(each.variable, each.value, each.source) for each in report.settings]
    print_table(("variable", "value", "from"), rows)
    typer.echo()
    for line in (*_told(report.database), "", *_findings(report.findings)):
        typer.echo(line)


def _told(seen: Inspection | None) -> Iterator[str]:
    if seen is None:
        yield "Database: could not be asked."
        return
    told = ", ".join(f"{name} {value}" for name, value in sorted(seen.settings.items()))
    yield f"Database: {seen.product} {seen.version}; {told}."


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield f"{finding.level.upper()}: {finding.what}"
        yield f"    Why: {finding.why}"
        yield f"    Do:  {finding.do}"
    if not any(finding.level is not Level.ADVICE for finding in findings):
        yield "Nothing is wrong or unsafe."
