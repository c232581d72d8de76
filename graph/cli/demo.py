import asyncio
import json as json_text
import socket
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import SecretStr

from graph.cli.interrupt import Interrupt
from graph.cli.outcome import Failure, Json, print_json, say
from graph.settings import DEMO_ISSUER, Settings
from models import database
from resolvers.clock import system_clock

if TYPE_CHECKING:
    from graph.demo import Demo
    from graph.demo_tokens import Issuer

HOST = "127.0.0.1"
UNUSABLE: tuple[type[Exception], ...] = (*database.ERRORS, ValueError)
ROLES = {
    "landlord": "Landlord: sees the tenants assigned to them, manages and assigns them",
    "tenantAdministrator": "Tenant Administrator: sees EXIST only",
    "service": "Service account: sees three tenants, and may record logins",
    "otherLandlord": "Another landlord: does not see EXIST",
}
QUERY = """\
query Report($date: Date!) {
  tenant(by: {externalId: "EXIST"}) {
    name externalId instanceId
    billingReport(date: $date) { date maxUsers users(first: 3) { nodes { userId firstLoginAt } } }
  }
}"""


def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    json: Json = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete the demo's database and begin afresh.")
    ] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database.")] = Path(
        ".headcount"
    ),
    federation: Annotated[
        bool, typer.Option("--federation", help="Serve a subgraph of Apollo Federation 2.")
    ] = False,
) -> None:
    """Try everything on this machine, with sample data and ready tokens.

    Serves to this machine only, from an SQLite file of its own. Tokens and the API key are good
    for 8 hours, tokens also no longer than the demo runs. Started again, it adds the days since.

    Example: headcount demo

    Example: headcount demo --port 0 --json
    """
    with suppress(KeyboardInterrupt), Interrupt() as interrupt:
        _run(port, folder, reset, json, federation, interrupt)


def _run(
    port: int, folder: Path, reset: bool, json: bool, federation: bool, interrupt: Interrupt
) -> None:
    # Imported here: the schema takes a second to build, and other commands do without it.
    from graph import serving

    try:
        sock = serving.listen(HOST, port)
    except serving.CannotListen as error:
        raise Failure(
            f"{error} Choose another port, or --port 0 for a free one: headcount demo --port 0, or"
            ' make demo ARGS="--port 0".'
        ) from None
    url = _url(folder)
    with ExitStack() as held:
        with interrupt.postponed():
            prepared = _prepare(folder / "demo.db", url, reset, held)
        _serve(sock, url, prepared, json, federation)


def _serve(sock: socket.socket, url: str, prepared: "Demo", json: bool, federation: bool) -> None:
    from graph import logs, serving
    from graph.app import create_app
    from graph.auth import Authenticator
    from graph.demo_tokens import AUDIENCE, Issuer

    issuer = Issuer()
    settings = Settings(
        database_url=SecretStr(url),
        token_issuer=DEMO_ISSUER,
        token_audience=AUDIENCE,
        graphiql=True,
        drain_seconds=0,
        federation=federation,
    )
    app = create_app(settings, Authenticator(issuer.verifier()))

    def ready() -> None:
        _tell(sock, prepared, _tokens(issuer), json)

    serving.run(serving.config(app, logging=logs.config("warning")), sock, ready)


def _url(folder: Path) -> str:
    return f"sqlite://{folder.absolute() / 'demo.db'}"


def _prepare(file: Path, url: str, reset: bool, held: ExitStack) -> "Demo":
    from graph import demo

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        held.enter_context(demo.held(file, reset))
        demo.require_own(file)
        say("Preparing the sample data ...")
        return asyncio.run(demo.prepare(url, system_clock()))
    except demo.InUse:
        raise Failure(
            f"Another demo uses {file}: end it before you start with --reset, or choose another"
            " --folder."
        ) from None
    except demo.NotTheDemos as error:
        raise Failure(
            f"{file} {error}. Start with --reset to delete it, or with another --folder."
        ) from None
    except OSError as error:
        raise Failure(
            f"The demo's folder {file.parent} cannot be used: {error.strerror or error}."
            " Choose another --folder."
        ) from None
    except UNUSABLE as error:
        raise Failure(
            f"The demo's database {file} cannot be used: {error}."
            " Start with --reset to delete it, or with another --folder."
        ) from None


def _tokens(issuer: "Issuer") -> dict[str, str]:
    from graph.demo import subject
    from graph.demo_tokens import SERVICE_SCOPES

    now = system_clock()
    scopes = {"service": SERVICE_SCOPES}
    return {role: issuer.mint(subject(role), now, scopes.get(role)) for role in ROLES}


def _tell(sock: socket.socket, demo: "Demo", tokens: Mapping[str, str], json: bool) -> None:
    url = f"http://{HOST}:{sock.getsockname()[1]}/graphql"
    if json:
        tenants = [
            {"id": str(row.id), "externalId": row.external_id, "billable": row.billable}
            for row in demo.tenants
        ]
        on = demo.sample_date.isoformat()
        print_json(
            {
                "url": url,
                "tokens": tokens,
                "tenants": tenants,
                "sampleDate": on,
                "apiKey": demo.api_key,
            }
        )
        return
    typer.echo("\n".join(_lines(url, demo, tokens)))


def _lines(url: str, demo: "Demo", tokens: Mapping[str, str]) -> list[str]:
    from graph.demo_tokens import VALID_FOR

    lines = [
        f"Headcount's demo is ready at {url} (Ctrl-C ends it).",
        f"Tokens end after {VALID_FOR // timedelta(hours=1)} hours, and with this demo.",
        "",
    ]
    for role, what in ROLES.items():
        sees_exist = role != "otherLandlord"
        values = f"&externalId=EXIST&date={demo.sample_date}" if sees_exist else ""
        lines += [what, f"  in a browser: {url}#token={tokens[role]}{values}"]
        lines += [f"  token: {tokens[role]}"]
        if role == "service":
            lines += [f"  API key, used like the token: {demo.api_key}"]
        lines += [""]
    return [
        *lines,
        f"The report of {demo.exist.name} (EXIST) on {demo.sample_date}, from the command line:",
        "",
        _curl(url, tokens["landlord"], demo),
    ]


def _curl(url: str, token: str, demo: "Demo") -> str:
    body = {"query": " ".join(QUERY.split()), "variables": {"date": str(demo.sample_date)}}
    return (
        f"curl -sS {url} -H 'Authorization: Bearer {token}'"
        f" -H 'Content-Type: application/json' -d '{json_text.dumps(body)}'"
    )
