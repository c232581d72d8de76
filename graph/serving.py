"""The server around the application: uvicorn, set up for production and for the demo alike."""

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from errno import EACCES, EADDRINUSE
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from graph import logs, memory, production
from graph.app import create_app
from graph.auth import Authenticator
from graph.protocol import Protocol

#: Seconds that running requests get after the signal to stop; a stuck client does not get more.
GRACE = 10
BACKLOG = 2048


class CannotListen(Exception):
    """`str()` of it says why. `port` tells whether another port would do."""

    def __init__(self, message: str, port: bool) -> None:
        super().__init__(message)
        self.port = port


def production_app() -> ASGIApp:
    """What each worker process serves, made from its environment."""
    ready = production.from_environment()
    app = create_app(ready.settings, Authenticator(ready.tokens()))
    memory.spare_collector()
    memory.hand_back_freed()
    return app


def listen(host: str, port: int) -> socket.socket:
    """A socket that is listening already, so that nobody else can take the port; 0 takes a free
    one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        # The error of a name that does not resolve has a number of its own kind.
        reason = os.strerror(number) if number and number > 0 else str(error)
        raise CannotListen(
            f"Cannot listen on {host} port {port}: {reason}.", number in (EACCES, EADDRINUSE)
        ) from None


def config(
    app: ASGIApp | str, *, workers: int = 1, logging: dict[str, Any] | None = None
) -> uvicorn.Config:
    """`app` is the application, or for several workers the import string of what makes it."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http=Protocol,
        # GraphQL over WebSockets is not served: an upgrade is an ordinary request.
        ws="none",
        lifespan="on",
        log_config=logging or logs.config("info"),
        # Paths carry queries (GET) and nothing else that our own log does not say.
        access_log=False,
        # Whoever may send X-Forwarded-For chooses the address that is logged and limited.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )


def run(
    config: uvicorn.Config, sock: socket.socket, ready: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGINT or SIGTERM, both of which end well: running requests are answered.

    `ready` is called when requests are accepted; with several workers it is not.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal again when it has stopped.
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        if config.workers > 1:
            sock.set_inheritable(True)
            Multiprocess(config, sockets=[sock]).run()
        else:
            _Server(config, ready).run(sockets=[sock])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._ready()
