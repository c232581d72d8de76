"""The shape of the program, read from its source: who imports whom, and what is done in one place
only. Each rule is also run on a piece of code that breaks it."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("graph", "resolvers", "models")

#: What is wrong with a module, by its path within the repository and its syntax tree.
Rule = Callable[[str, ast.Module], Iterator[str]]


def _imports(tree: ast.Module) -> Iterator[str]:
    """Full names: `from models import database` is models.database."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{a.name}" for a in node.names)


def _imported_from_models(tree: ast.Module) -> set[str]:
    """Names under which a module knows classes of models."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "models"
        for alias in node.names
        if alias.name[0].isupper()
    }


# Third-party packages by the one of ours that may import them; graph may import any other.
THIRD_PARTY = {
    "models": {"tortoise", "asyncpg"},
    # orjson reads login files of any size.
    "resolvers": {"tortoise", "orjson"},
}
OWN = {
    "models": {"models"},
    "resolvers": {"models", "resolvers"},
    "graph": {"models", "resolvers", "graph"},
}


def imports_point_down(path: str, tree: ast.Module) -> Iterator[str]:
    package = path.split("/")[0]
    for name in _imports(tree):
        root = name.split(".")[0]
        if root in PACKAGES:
            if root not in OWN[package]:
                yield f"imports {name}"
        elif package == "graph":
            if root in ("tortoise", "asyncpg", "aiosqlite", "tests", ""):
                yield f"imports {name}"
        elif root not in THIRD_PARTY[package] and root not in sys.stdlib_module_names:
            yield f"imports {name}"


def graph_makes_no_row_and_starts_no_query(path: str, tree: ast.Module) -> Iterator[str]:
    """Graph makes no row and starts no query; only the application and the command open the
    database and migrate it."""
    if not path.startswith("graph/"):
        return
    if not re.match(r"graph/(app|cli|demo)(\.py|/)", path):
        for name in _imports(tree):
            if re.match(r"models($|\.[a-z])", name) and not re.match(r"models\.\w+\.[A-Z]", name):
                yield f"imports {name}"
    known = _imported_from_models(tree)
    for node in ast.walk(tree):
        # A model may be named: in an annotation, to isinstance. Members of enums are upper case.
        used = (
            node.func
            if isinstance(node, ast.Call)
            else node.value
            if isinstance(node, ast.Attribute) and not node.attr.isupper()
            else None
        )
        if isinstance(used, ast.Name) and used.id in known - {"DatabaseUrl"}:
            yield f"uses {used.id} in line {used.lineno}"


_SQL_ON_TENANTS = re.compile(r"\b(from|join|into|update)\s+\"?tenant\"?(?!\w)", re.IGNORECASE)


def tenants_are_queried_in_access_only(path: str, tree: ast.Module) -> Iterator[str]:
    if path == "resolvers/access.py" or path.startswith("models/migrations/"):
        return
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "models"
        for alias in node.names
        if alias.name == "Tenant"
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            on_tenant = isinstance(node.value, ast.Name) and node.value.id in names
            # The connection is that of any model.
            if on_tenant and (path, node.attr) != ("models/database.py", "_meta"):
                yield f"queries tenants with {node.attr} in line {node.lineno}"
            if node.attr in ("fetch_related", "prefetch_related", "select_related"):
                yield f"reaches tenants by {node.attr} in line {node.lineno}"
        if isinstance(node, ast.Constant) and _SQL_ON_TENANTS.search(str(node.value)):
            yield f"queries tenants with SQL in line {node.lineno}"


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


_CLOCKS = re.compile(r"(^|\.)(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns))$")


def the_time_is_read_in_the_clock_only(path: str, tree: ast.Module) -> Iterator[str]:
    """time.monotonic measures and tells no time: it may be used anywhere."""
    if path == "resolvers/clock.py":
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _CLOCKS.search(_dotted(node)):
            yield f"reads {_dotted(node)} in line {node.lineno}"
    for name in _imports(tree):
        if name in ("time.time", "time.time_ns"):
            yield f"imports {name}"


TRANSACTIONS = {
    *("in_transaction", "atomic", "get_or_create", "update_or_create"),
    *("bulk_create", "bulk_update"),
}


def transactions_are_begun_in_one_place_only(path: str, tree: ast.Module) -> Iterator[str]:
    if path == "models/transactions.py":
        return
    for node in ast.walk(tree):
        name = {ast.Attribute: "attr", ast.Name: "id", ast.alias: "name"}.get(type(node))
        if name and getattr(node, name).split(".")[-1] in TRANSACTIONS:
            yield f"uses {getattr(node, name)} in line {getattr(node, 'lineno', 0)}"


_SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE)\b")
_DATES_IN_SQL = re.compile(
    r"\b(date|time|datetime|now|strftime|julianday|unixepoch|date_trunc|date_part|extract|age)\s*\("
    r"|\bcurrent_(date|time|timestamp)\b|\binterval\b|'now'|::date\b(?!\[)",
    re.IGNORECASE,
)


def dates_are_never_decided_in_sql(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = _SQL.search(node.value) and _DATES_IN_SQL.search(node.value)
            if found:
                yield f"has {found.group()} in line {node.lineno}"


def instants_become_dates_in_billing_window_only(path: str, tree: ast.Module) -> Iterator[str]:
    # Compiled execution knows dates as a type of values, and nothing of billing.
    if path == "resolvers/billing_window.py" or path.startswith("graph/execution/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "date" and _dotted(node) != "dt.date":
            yield f"takes a date in line {node.lineno}"


def files_are_named_by_what_they_are_about(path: str, tree: ast.Module) -> Iterator[str]:
    names = {"utils", "util", "helpers", "helper", "common", "misc", "services", "repositories"}
    yield from sorted(names.intersection(path.removesuffix(".py").split("/")))


def files_are_short(path: str, tree: ast.Module) -> Iterator[str]:
    last = max((getattr(node, "end_lineno", 0) or 0 for node in ast.walk(tree)), default=0)
    if last > 300:
        yield f"has {last} lines"


RULES: list[Rule] = [
    imports_point_down,
    graph_makes_no_row_and_starts_no_query,
    tenants_are_queried_in_access_only,
    the_time_is_read_in_the_clock_only,
    transactions_are_begun_in_one_place_only,
    dates_are_never_decided_in_sql,
    instants_become_dates_in_billing_window_only,
    files_are_named_by_what_they_are_about,
    files_are_short,
]


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))


def test_the_modules_are_found() -> None:
    assert {"graph/schema.py", "resolvers/access.py", "models/database.py"} <= {
        path for path, _ in modules()
    }


@pytest.mark.parametrize("rule", RULES)
def test_the_program_keeps_the_rule(rule: Rule) -> None:
    assert [f"{path} {fault}" for path, tree in modules() for fault in rule(path, tree)] == []


@pytest.mark.parametrize(
    ("rule", "path", "wrong", "right"),
    [
        (imports_point_down, "models/x.py", "import resolvers.access", "from models import Tenant"),
        (imports_point_down, "models/x.py", "from graph.app import x", "import asyncpg, json"),
        (imports_point_down, "models/x.py", "import orjson", "from tortoise import fields"),
        (
            imports_point_down,
            "resolvers/x.py",
            "from graph import app",
            "from models import Tenant",
        ),
        (imports_point_down, "resolvers/x.py", "import strawberry", "import orjson"),
        (imports_point_down, "resolvers/x.py", "import starlette.types", "import asyncio"),
        (imports_point_down, "resolvers/x.py", "import asyncpg", "import resolvers.access"),
        (imports_point_down, "resolvers/x.py", "def f():\n import graph", "import zoneinfo"),
        (imports_point_down, "graph/x.py", "from tortoise import Model", "import strawberry"),
        (
            imports_point_down,
            "graph/x.py",
            "import tests.factories",
            "from resolvers import access",
        ),
        (
            graph_makes_no_row_and_starts_no_query,
            "graph/types/x.py",
            "from models import Tenant\nrows = Tenant.all()",
            "from models import Tenant\ndef f(row: Tenant) -> list[Tenant]: ...\nx: Tenant | None",
        ),
        (
            graph_makes_no_row_and_starts_no_query,
            "graph/types/x.py",
            "from models import database",
            "from models.tenant import Tenant",
        ),
        (
            graph_makes_no_row_and_starts_no_query,
            "graph/application.py",
            "import models.migrate",
            "import resolvers.access",
        ),
        (
            graph_makes_no_row_and_starts_no_query,
            "graph/app.py",
            "from models import Tenant\nTenant.all()",
            "from models import database\nimport models.migrate\ndatabase.open()",
        ),
        (
            tenants_are_queried_in_access_only,
            "resolvers/x.py",
            "from models import Tenant\nTenant.filter()",
            "from models import Tenant, Assignment\nTenant(name='a')\nAssignment.filter()",
        ),
        (
            tenants_are_queried_in_access_only,
            "graph/x.py",
            "from models.tenant import Tenant as Row\nRow.get(id=1)",
            "from graph.types.tenant import Tenant\nTenant.of(1)",
        ),
        (
            tenants_are_queried_in_access_only,
            "resolvers/x.py",
            "q = f'SELECT * FROM tenant WHERE {x}'",
            "q = 'SELECT * FROM tenant_day WHERE tenant_id = $1'",
        ),
        (
            tenants_are_queried_in_access_only,
            "resolvers/x.py",
            "rows.prefetch_related('tenant')",
            "rows.filter(tenant_id=1)",
        ),
        (
            the_time_is_read_in_the_clock_only,
            "resolvers/x.py",
            "datetime.now(UTC)",
            "context.now, clock.now()",
        ),
        (
            the_time_is_read_in_the_clock_only,
            "graph/x.py",
            "dt.datetime.utcnow()",
            "dt.datetime(1, 1, 1)",
        ),
        (the_time_is_read_in_the_clock_only, "graph/x.py", "date.today()", "date(2026, 1, 1)"),
        (
            the_time_is_read_in_the_clock_only,
            "models/x.py",
            "import time\ntime.time()",
            "time.monotonic()",
        ),
        (
            the_time_is_read_in_the_clock_only,
            "models/x.py",
            "from time import time",
            "from datetime import time",
        ),
        (
            transactions_are_begun_in_one_place_only,
            "resolvers/x.py",
            "from tortoise.transactions import in_transaction",
            "from models import database\ndatabase.transaction(work)",
        ),
        (
            transactions_are_begun_in_one_place_only,
            "resolvers/x.py",
            "Row.get_or_create()",
            "Row.get_or_none()",
        ),
        (
            transactions_are_begun_in_one_place_only,
            "graph/x.py",
            "Row.bulk_create(rows)",
            "Row.create()",
        ),
        (
            dates_are_never_decided_in_sql,
            "resolvers/x.py",
            "q = 'SELECT date(at) FROM presence'",
            "q = 'SELECT report_date FROM presence WHERE report_date = ANY($1::date[])'",
        ),
        (
            dates_are_never_decided_in_sql,
            "models/x.py",
            "q = 'WHERE at < now()'",
            "q = 'WHERE at < $1'",
        ),
        (
            dates_are_never_decided_in_sql,
            "models/x.py",
            "q = 'SELECT at::date'",
            "q = 'at the date (UTC)'",
        ),
        (
            dates_are_never_decided_in_sql,
            "models/x.py",
            "q = 'SELECT CURRENT_DATE'",
            "q = 'SELECT $1'",
        ),
        (
            dates_are_never_decided_in_sql,
            "models/x.py",
            "q = f\"SELECT {a} WHERE strftime('%Y', at)\"",
            "q = f'SELECT {a} WHERE report_date'",
        ),
        (
            instants_become_dates_in_billing_window_only,
            "resolvers/x.py",
            "on = instant.date()",
            "on = billing_window.report_date(instant, zone)",
        ),
        (
            instants_become_dates_in_billing_window_only,
            "graph/x.py",
            "list(map(datetime.date, instants))",
            "x: dt.date = dt.date(2026, 1, 1)",
        ),
        (files_are_named_by_what_they_are_about, "graph/utils.py", "", ""),
        (files_are_named_by_what_they_are_about, "resolvers/services/x.py", "", ""),
        (files_are_short, "graph/x.py", "x = 1\n" * 301, "x = 1\n" * 300),
    ],
)
def test_the_rule_sees_what_breaks_it(rule: Rule, path: str, wrong: str, right: str) -> None:
    elsewhere = "graph/types/x.py" if wrong == right else path

    assert list(rule(path, ast.parse(wrong))) != []
    assert list(rule(elsewhere, ast.parse(right))) == []


@pytest.mark.parametrize(
    ("rule", "path", "code"),
    [
        (
            tenants_are_queried_in_access_only,
            "resolvers/access.py",
            "from models import Tenant\nTenant.all()",
        ),
        (the_time_is_read_in_the_clock_only, "resolvers/clock.py", "datetime.now(UTC)"),
        (transactions_are_begun_in_one_place_only, "models/transactions.py", "in_transaction()"),
        (instants_become_dates_in_billing_window_only, "resolvers/billing_window.py", "x.date()"),
        (graph_makes_no_row_and_starts_no_query, "graph/cli.py", "from models import migrate"),
    ],
)
def test_the_one_place_may(rule: Rule, path: str, code: str) -> None:
    assert list(rule(path, ast.parse(code))) == []
    assert list(rule("graph/types/x.py", ast.parse(code))) != []
