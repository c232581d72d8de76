import asyncio
from logging import getLogger
from typing import Annotated

import typer

from graph.cli import connection
from graph.cli.connection import connected
from graph.cli.outcome import USAGE, Failure


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; else HEADCOUNT_HOST or 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port, 0 for a free one; else HEADCOUNT_PORT or 8000."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="Processes; else HEADCOUNT_WORKERS or 1."),
    ] = None,
) -> None:
    """Serve the API to those whom the token issuer vouches for.

    Does not start before the settings are complete and safe and the database is migrated; says
    everything that is missing at once. Ends well on SIGTERM: running requests are answered.

    Example: headcount serve --host 0.0.0.0 --workers 4
    """
    # Imported here: the schema takes a second to build, and other commands do without it.
    from graph import environment, logs, production, serving
    from graph.settings import SettingsError, variable_of

    # Workers are made from the environment alone, and check it as it is checked here.
    for name, value in (("host", host), ("port", port), ("workers", workers)):
        if value is not None:
            environment.put(variable_of(name), str(value))
    try:
        ready = production.from_environment()
    except SettingsError as error:
        raise Failure(str(error), USAGE) from None
    settings = ready.settings
    connection.run(_check(connection.database_url()))
    silence = asyncio.run(ready.silence())
    try:
        sock = serving.listen(settings.host, settings.port)
    except serving.CannotListen as error:
        name, what = ("port", "") if error.port else ("host", " that this machine has")
        raise Failure(
            f"{error} Choose another{what} with --{name} or {variable_of(name)}."
        ) from None
    address, number = sock.getsockname()[:2]
    shown = f"[{address}]" if ":" in address else address
    logging = logs.config(
        settings.log_level, settings.log_format, every_request=settings.access_log
    )
    config = serving.config(
        "graph.serving:production_app", workers=settings.workers, logging=logging
    )
    logger = getLogger("headcount")
    logger.info("Headcount listens on http://%s:%d/graphql", shown, number)
    if silence:
        # No reason not to start: an outage of the provider must not become one of this service.
        logger.warning("No token is accepted before the issuer's keys are fetched: %s", silence)
    serving.run(config, sock)


async def _check(url: str) -> None:
    """Reach the database once, before any worker does."""
    async with connected(url):
        pass
