"""The product as `headcount serve` builds it from the environment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks import servers
from graph import production
from graph.auth import Authenticator
from graph.auth.bearer import BearerTokens
from graph.context import Context
from graph.endpoint import Endpoint
from graph.schema import schema
from models import database
from resolvers import viewers
from resolvers.clock import system_clock
from resolvers.viewers import Viewer


def make_context(viewer: Viewer, now: datetime, request_id: str) -> Context:
    return Context(viewer, now, request_id)


def app() -> Starlette:
    checked = production.from_environment()
    assert checked.settings.database_url
    url = checked.settings.database_url.get_secret_value()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await database.open(url, pool_size=checked.settings.database_pool_size)
        yield
        await database.close()

    endpoint = Endpoint(
        schema,
        authenticate=Authenticator(BearerTokens(checked.keys, checked.rules), viewers.sign_in),
        clock=system_clock,
        make_context=make_context,
    )
    return Starlette(routes=[Route("/graphql", endpoint)], lifespan=lifespan)


if __name__ == "__main__":
    servers.run(app())
