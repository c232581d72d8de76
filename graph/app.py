"""The application: its routes, and the database open for as long as it runs."""

from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from graph import errors, executor, graphiql, headers
from graph.addresses import Proxies
from graph.auditing import auditing, unaudited
from graph.context import Context
from graph.endpoint import Authenticates, Endpoint
from graph.execution import CompiledExecutor
from graph.federation import subgraph
from graph.health import Health
from graph.limits import Limits
from graph.metrics import Sources
from graph.observers import Observers
from graph.rate_limits import RateLimits
from graph.reply import Reply, answer
from graph.schema import schema
from graph.settings import Settings
from graph.shared_rates import SharedRates
from graph.standing import Standings
from models import database
from models.troubles import Trouble, trouble
from resolvers.admission import Admission
from resolvers.audit import Log
from resolvers.clock import Clock, system_clock
from resolvers.errors import BadInput, Refusal, TimedOut, Unavailable


def create_app(
    settings: Settings, authenticator: Authenticates, clock: Clock = system_clock
) -> Starlette:
    """The service as an ASGI application; `settings.graphiql` adds the explorer's page."""
    served = subgraph if settings.federation else schema
    health = Health(database.ready, settings.drain_seconds)
    compiled = CompiledExecutor(served) if settings.compiler else None
    # Without compiled execution each request is interpreted anew.
    standings = Standings() if compiled else None
    sources = Sources(database.pool, compiled.counts if compiled else None, standings)
    observers = Observers(settings, sources)
    rates = rates_of(settings)
    endpoint = Endpoint(
        served,
        authenticator=authenticator,
        clock=clock,
        make_context=make_context if settings.audit else make_unaudited_context,
        limits=limits_of(settings),
        max_body_bytes=settings.max_body_bytes,
        deadline=settings.request_timeout,
        rates=rates,
        proxies=Proxies(settings.trusted_proxies),
        translate=translate,
        execute=executor.with_compiler(served, compiled)
        if compiled
        else executor.with_graphql_core(served),
        page=graphiql.page if settings.graphiql else None,
        observe=observers.observe,
        standings=standings,
        audit=auditing(Log()) if settings.audit else unaudited,
    )
    app = Service(
        endpoint,
        # An origin that may ask has its headers from a middleware.
        short=not settings.cors_origins,
        routes=[
            # A Mount would redirect /graphql and take WebSockets past the credentials.
            Route("/graphql", endpoint),
            *health.routes(),
            *(graphiql.routes() if settings.graphiql else ()),
        ],
        middleware=headers.middleware(settings.cors_origins),
        exception_handlers={HTTPException: refuse},
        lifespan=lifespan_of(settings, health, observers, rates),
    )
    app.router.redirect_slashes = False
    return app


class Service(Starlette):
    """Starlette, with a short way for POST /graphql: five layers of middleware and routing, which
    do nothing for it, cost as much as a small answer."""

    def __init__(self, endpoint: Endpoint, *, short: bool, **rest: Any) -> None:
        super().__init__(**rest)
        self._endpoint = endpoint if short else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            self._endpoint is not None
            and scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"] == "/graphql"
            and not scope.get("root_path")
        ):
            await self._endpoint(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def make_context(admission: Admission, now: datetime, request_id: str) -> Context:
    return Context(admission.viewer, now, request_id, admission)


def make_unaudited_context(admission: Admission, now: datetime, request_id: str) -> Context:
    return Context(admission.viewer, now, request_id, admission, audited=False)


def limits_of(settings: Settings) -> Limits:
    return Limits(
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        introspection_depth=settings.max_introspection_depth,
        fields=settings.max_fields,
        aliases=settings.max_aliases,
        directives=settings.max_directives,
        roots=settings.max_roots,
        nodes=settings.max_nodes,
        list_items=settings.max_list_items,
        repeats=settings.max_repeats,
        representations=settings.max_representations,
    )


def rates_of(settings: Settings) -> RateLimits:
    url = settings.rate_limit_storage
    shared = SharedRates(url.get_secret_value()) if url else None
    return RateLimits(settings.rate_limit, settings.rate_limit_unauthenticated, shared)


def lifespan_of(
    settings: Settings, health: Health, observers: Observers, rates: RateLimits
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        assert settings.database_url is not None  # graph/production.py has seen to it.
        await database.open(
            settings.database_url.get_secret_value(),
            pool_size=settings.database_pool_size,
            statement_timeout=settings.database_timeout,
        )
        try:
            await rates.open()
            async with observers.running():
                # A second Ctrl-C does not wait for an orderly end, which is no fault to report.
                with health.heeding_signals(), suppress(CancelledError):
                    yield
        finally:
            await rates.close()
            await database.close()

    return lifespan


def translate(error: Exception) -> Refusal | None:
    """The refusal that an exception of the database stands for."""
    match trouble(error):
        case Trouble.UNREACHABLE:
            return Unavailable()
        case Trouble.UNWRITABLE:
            # It will not pass by itself, and the caller is not told.
            errors.log(error, errors.Incident("-", "database"))
            return Unavailable()
        case Trouble.SLOW:
            return TimedOut()
        case None:
            return None


async def refuse(_request: Request, error: Exception) -> Reply:
    """JSON for what no route takes: 404, and 405 with its Allow."""
    assert isinstance(error, HTTPException)
    nowhere = error.status_code == HTTPStatus.NOT_FOUND
    message = "Nothing is here; the API is at /graphql." if nowhere else error.detail
    told = {"message": message, "extensions": {"code": BadInput.code}}
    return answer({"errors": [told]}, error.status_code, None, dict(error.headers or {}))
