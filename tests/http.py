"""The served application and a client of it: real sockets, real tokens."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx2
import uvicorn

from graph.app import create_app
from graph.auth import Authenticator
from graph.protocol import Protocol
from graph.settings import Settings
from models import Principal
from tests import tokens


@dataclass
class Clock:
    now: datetime = tokens.NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Api:
    """Asks as a principal: with a token signed for them, at the clock's time."""

    client: httpx2.AsyncClient
    clock: Clock

    def token(self, principal: Principal, scope: str | None = None) -> str:
        seconds = int(self.clock.now.timestamp())
        return tokens.mint(sub=principal.subject, iat=seconds - 60, exp=seconds + 600, scope=scope)

    async def post(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: Principal | None = None,
        scope: str | None = None,
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.token(as_, scope)}"} if as_ else {}
        body = {"query": query, "variables": dict(variables or {})}
        return await self.client.post("/graphql", json=body, headers=headers)

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        as_: Principal,
        scope: str | None = None,
    ) -> dict[str, Any]:
        """The whole answer of a request that was understood."""
        response = await self.post(query, variables, as_=as_, scope=scope)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


@asynccontextmanager
async def serve(clock: Clock, **changes: Any) -> AsyncIterator[Api]:
    """Serve in the event loop of the test, which holds the database's connections already."""
    app = create_app(
        # All tests of a process fail to sign in from one address.
        Settings(**{"rate_limit_unauthenticated": 0, **changes}),
        Authenticator(tokens.verifier()),
        clock=clock,
    )
    config = uvicorn.Config(
        app, port=0, http=Protocol, lifespan="off", log_config=None, proxy_headers=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn tells it in no other way
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield Api(client, clock)
    finally:
        server.should_exit = True
        await task
