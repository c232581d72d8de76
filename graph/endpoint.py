"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/.

The order never changes: method, credentials, media types, body, limits, validation, execution.
Nobody without a valid token has a byte of a body read, and nobody unknown has a document parsed;
that the bearer of a valid token is known is asked together with what a known document asks for
first. Under application/graphql-response+json a request that cannot be executed is 400 without
`data`; under application/json it is 200, as older clients expect. What is not a GraphQL request at
all has the status that HTTP gives it, under both.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import lru_cache
from secrets import token_hex
from typing import Protocol, runtime_checkable

import orjson
import strawberry
from graphql import OperationDefinitionNode, OperationType
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graph import errors, executor, wire
from graph.auth.bearer import Claims
from graph.documents import Document, Documents, RequestRefused
from graph.limits import Limits
from graph.reply import Reply
from resolvers.admission import Admission, Asked
from resolvers.clock import Clock
from resolvers.errors import BadInput, TooComplex
from resolvers.viewers import Viewer

Authenticate = Callable[[Headers, datetime], Awaitable[Viewer]]
MakeContext = Callable[..., object]
"""(viewer, now, request ID), and the admission when there was one."""
Prepared = tuple[Document, OperationDefinitionNode, dict[str, object]]
Page = Callable[[Request], Response]


@runtime_checkable
class Admitting(Protocol):
    """Authenticates in two steps: who the token names, and then, by the database, who that is."""

    def verify(self, headers: Headers, now: datetime) -> Claims: ...

    async def admit(self, claims: Claims, asked: Asked | None) -> Admission: ...


STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "RATE_LIMITED": 429,
    "TIMEOUT": 504,
    "UNAVAILABLE": 503,
}
"""Statuses of refusals that end a request before it is executed; any other is 400."""

HEADERS = {"Cache-Control": "no-store", "Vary": "Accept, Authorization"}

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")


class Endpoint:
    """An ASGI application for one route.

    `page` answers a GET that prefers HTML, without credentials; without it there is no page.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        authenticate: Authenticate,
        clock: Clock,
        make_context: MakeContext,
        limits: Limits | None = None,
        max_body_bytes: int = 1_048_576,
        translate: errors.Translate = errors.no_translation,
        execute: executor.Execute | None = None,
        page: Page | None = None,
    ) -> None:
        self.authenticate = authenticate
        self.admitting = authenticate if isinstance(authenticate, Admitting) else None
        self.clock = clock
        self.make_context = make_context
        self.max_body_bytes = max_body_bytes
        self.page = page
        self.documents = Documents(schema._schema, limits or Limits())
        self.errors = errors.Translator(schema._schema, translate)
        self.execute = execute or executor.with_graphql_core(schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request_id = _request_id(request.headers)
        accept = ", ".join(request.headers.getlist("accept"))
        response: Reply | Response
        if self.page and request.method == "GET" and _prefers_page(accept):
            response = self.page(request)
        else:
            offer = _offer(accept)
            try:
                response = await self._respond(request, request_id, offer)
            except ClientDisconnect:
                return
            except wire.NotUnderstood as error:
                told = {"message": str(error), "extensions": {"code": BadInput.code}}
                response = answer({"errors": [told]}, error.status, offer, error.headers)
            except Exception as error:
                response = self._give_up(error, errors.Incident(request_id), offer)
        response.headers["X-Request-ID"] = request_id
        await response(scope, receive, send)

    async def _respond(self, request: Request, request_id: str, offer: str | None) -> Reply:
        if request.method not in ("GET", "POST"):
            raise wire.NotUnderstood(405, "Use GET or POST.", {"Allow": "GET, POST"})
        now = self.clock()
        try:
            viewer, admission, prepared = await self._enter(request, now, offer)
            document, operation, variables = prepared
            known = () if admission is None else (admission,)
            context = self.make_context(viewer, now, request_id, *known)
            name = operation.name.value if operation.name else None
            task = (document, operation, variables, context)
            return await self._execute(task, errors.Incident(request_id, name), offer)
        except TooComplex as refusal:
            return _refused([errors.of_refusal(refusal)], offer)
        except RequestRefused as refused:
            return _refused(refused.told, offer)

    async def _enter(
        self, request: Request, now: datetime, offer: str | None
    ) -> tuple[Viewer, Admission | None, Prepared]:
        """The caller and what they ask. Who is unknown hears only that, and has nothing parsed:
        only a document that is known already says what signing in may bring along."""
        if self.admitting is None:
            viewer = await self.authenticate(request.headers, now)
            return viewer, None, self._prepare(request, await self._read(request, offer))
        claims = self.admitting.verify(request.headers, now)
        admission: Admission | None = None
        try:
            question = await self._read(request, offer)
            if not self.documents.knows(question.query):
                admission = await self.admitting.admit(claims, None)
            document, operation, variables = self._prepare(request, question)
        except (wire.NotUnderstood, TooComplex, RequestRefused):
            if admission is None:
                await self.admitting.admit(claims, None)
            raise
        if admission is None:
            admission = await self.admitting.admit(claims, document.asked(operation, variables))
        return admission.viewer, admission, (document, operation, variables)

    async def _read(self, request: Request, offer: str | None) -> wire.Question:
        if offer is None:
            raise wire.NotUnderstood(406, f"Accept {wire.GRAPHQL} or {wire.JSON}.")
        return await wire.read(request, self.max_body_bytes)

    def _prepare(self, request: Request, question: wire.Question) -> Prepared:
        document = self.documents.prepare(question.query, question.variables)
        operation = document.operation(question.operation_name)
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            raise wire.NotUnderstood(405, "Use POST for this operation.", {"Allow": "POST"})
        return document, operation, question.variables

    async def _execute(
        self, task: executor.Task, incident: errors.Incident, offer: str | None
    ) -> Reply:
        try:
            result = await self.execute(*task)
            told = self.errors.of_execution(result.errors or (), incident)
            content = {"errors": told, "data": result.data} if told else {"data": result.data}
            return answer(content, 200, offer)
        except RequestRefused:
            raise
        except Exception as error:
            return self._give_up(error, incident, offer)

    def _give_up(self, error: Exception, incident: errors.Incident, offer: str | None) -> Reply:
        """Answer an exception that belongs to no field: a refusal, or a fault of ours."""
        told, refusal = self.errors.of_exception(error, incident)
        status = STATUSES.get(refusal.code, 400) if refusal else 500
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return answer({"errors": [told]}, status, offer, headers)


def answer(
    content: object, status: int, media_type: str | None, headers: dict[str, str] | None = None
) -> Reply:
    type_ = {"Content-Type": f"{media_type or wire.JSON}; charset=utf-8"}
    return Reply(orjson.dumps(content), status, {**HEADERS, **(headers or {}), **type_})


def _refused(told: list[errors.Error], media_type: str | None) -> Reply:
    """A request that was understood and cannot be executed."""
    return answer({"errors": told}, 400 if media_type == wire.GRAPHQL else 200, media_type)


@lru_cache(maxsize=256)
def _known_offer(accept: str) -> str | None:
    return wire.preferred(accept, (wire.JSON, wire.GRAPHQL))


def _offer(accept: str) -> str | None:
    """Clients send few different ones; a long one is not kept."""
    return _known_offer(accept) if len(accept) < 200 else _known_offer.__wrapped__(accept)


def _prefers_page(accept: str) -> bool:
    return wire.preferred(accept, (wire.JSON, wire.GRAPHQL, wire.HTML)) == wire.HTML


def _request_id(headers: Headers) -> str:
    """The client's ID when there is one and it cannot harm a log; otherwise a new one."""
    given = headers.getlist("x-request-id")
    if len(given) == 1 and _REQUEST_ID.fullmatch(given[0]):
        return given[0]
    return token_hex(16)
