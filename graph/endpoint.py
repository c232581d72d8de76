"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/.

The order never changes: method, credentials, media types, body, limits, validation, execution.
Nobody without a valid token has a byte of a body read, and nobody unknown has a document parsed;
that the bearer of a valid token is known is asked together with what a known document asks for
first. Under application/graphql-response+json a request that cannot be executed is 400 without
`data`; under application/json it is 200, as older clients expect. What is not a GraphQL request at
all has the status that HTTP gives it, under both.
"""

import re
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Protocol

import strawberry
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graph import errors, executor, wire
from graph.addresses import Proxies
from graph.auditing import Audit, unaudited
from graph.auth import Claim, Questioned
from graph.deadlines import Deadlines
from graph.documents import Documents, Prepared, RequestRefused
from graph.limits import Limits
from graph.observation import Observation, Observe
from graph.rate_limits import UNPREPARED, RateLimits, cost_of
from graph.reply import CHALLENGES, STATUSES, Reply, answer, refused
from graph.standing import Answer, Key, Standing, Standings, minute_of
from resolvers.admission import Admission
from resolvers.asked import Asked, State
from resolvers.audit import Record, spelt
from resolvers.clock import Clock
from resolvers.errors import (
    BadInput,
    RateLimited,
    TooComplex,
    Unauthenticated,
    Unavailable,
)


class AskedFor(Protocol):
    """A request's context: was more read than its admission's state, and what to audit."""

    beyond: bool
    records: dict[Record, None]


MakeContext = Callable[[Admission, datetime, str], AskedFor]
"""Of who was admitted, now, and the request's ID."""
Page = Callable[[Request], Response]


class Authenticates(Protocol):
    """In two steps: who the credentials name, and then who that is, by what the database says."""

    async def verify(self, authorization: str | None, now: datetime) -> Claim: ...

    def question(self, claims: Claim, asked: Asked | None) -> Questioned: ...

    async def state(self, question: Questioned, now: datetime) -> State: ...

    def admit(self, question: Questioned, state: State) -> Admission: ...


_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
#: Seeded by the system. A request's ID names it and is no secret.
_numbers = Random()


class Endpoint:
    """An ASGI application for one route.

    `page` answers a GET that prefers HTML, without credentials; without it there is no page.
    `standings` keeps answers; without it none is kept. `deadline` is in seconds; a transaction that
    is under way when it ends is not torn.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        authenticator: Authenticates,
        clock: Clock,
        make_context: MakeContext,
        limits: Limits | None = None,
        max_body_bytes: int = 1_048_576,
        deadline: float = 10,
        rates: RateLimits | None = None,
        proxies: Proxies | None = None,
        translate: errors.Translate = errors.no_translation,
        execute: executor.Execute | None = None,
        page: Page | None = None,
        observe: Observe | None = None,
        standings: Standings | None = None,
        audit: Audit = unaudited,
    ) -> None:
        self.authenticator = authenticator
        self.clock = clock
        self.make_context = make_context
        self.max_body_bytes = max_body_bytes
        self._deadlines = Deadlines(deadline)
        self.rates = rates or RateLimits(0, 0)
        self.proxies = proxies or Proxies()
        self.page = page
        self.observe = observe
        self.audit = audit
        self._standings = Standings(0) if standings is None else standings
        self.documents = Documents(schema._schema, limits or Limits())
        self.errors = errors.Translator(schema._schema, translate)
        self.execute = execute or executor.with_graphql_core(schema)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = wire.fields_of(scope["headers"])
        request_id = _request_id(fields)
        accept = fields.get(b"accept", b"")
        if self.page and scope["method"] == "GET" and wire.prefers_page(accept):
            page = self.page(Request(scope, receive))
            page.headers["X-Request-ID"] = request_id
            await page(scope, receive, send)
            return
        offer = wire.offer_of(accept)
        seen = Observation(request_id, fields)
        reply: Reply | None = None
        try:
            with self._deadlines.one():
                reply = await self._respond(scope, receive, fields, seen, offer)
        except wire.Disconnected:
            return
        except wire.NotUnderstood as error:
            told = {"message": str(error), "extensions": {"code": BadInput.code}}
            reply = answer({"errors": [told]}, error.status, offer, error.headers)
        except Exception as error:
            cause = await self._failed(error, scope, seen)
            reply = self._give_up(cause, errors.Incident(request_id), offer)
        finally:
            if self.observe:
                seen.end(reply)
                self.observe(seen)
        reply.headers = reply.headers.with_one(b"x-request-id", request_id.encode())
        await reply(scope, receive, send)

    async def _respond(
        self,
        scope: Scope,
        receive: Receive,
        fields: wire.Fields,
        seen: Observation,
        offer: str | None,
    ) -> Reply:
        if (method := scope["method"]) not in ("GET", "POST"):
            raise wire.NotUnderstood(405, "Use GET or POST.", {"Allow": "GET, POST"})
        seen.now = now = self.clock()
        claims = await self.authenticator.verify(wire.text_of(fields, b"authorization"), now)
        state: State | None = None
        try:
            if offer is None:
                raise wire.NotUnderstood(406, f"Accept {wire.GRAPHQL} or {wire.JSON}.")
            raw = await wire.read(scope, receive, fields, self.max_body_bytes)
            key = claims, offer, raw
            standing = self._standings.get(key, minute_of(now)) if method == "POST" else None
            if standing is None:
                sent = wire.understand(method, raw)
                if not self.documents.knows(sent.query):
                    # Who is unknown has nothing parsed.
                    state = await self._admit(claims, now, seen)
                standing = self._prepare(method, sent, claims, now)
        except (wire.NotUnderstood, TooComplex, RequestRefused) as refusal:
            if state is None:
                # Who is unknown hears only that, and so does who asks too much.
                await self._admit(claims, now, seen)
            if isinstance(refusal, wire.NotUnderstood):
                raise
            told = [errors.of_refusal(refusal)] if isinstance(refusal, TooComplex) else refusal.told
            return refused(told, offer)
        if state is None or standing.question.asked is not None:
            state = await self.authenticator.state(standing.question, now)
        return await self._answer(key, standing, state, seen)

    async def _admit(self, claims: Claim, now: datetime, seen: Observation) -> State:
        """Who that is, asked alone, and charged for what is to be parsed or was refused."""
        question = self.authenticator.question(claims, None)
        state = await self.authenticator.state(question, now)
        seen.principal_id = principal_id = self.authenticator.admit(question, state).viewer.id
        if charged := self.rates.charge(principal_id, UNPREPARED, now):
            await charged
        return state

    def _prepare(self, method: str, sent: wire.Question, claims: Claim, now: datetime) -> Standing:
        document = self.documents.prepare(sent.query, sent.variables)
        operation = document.operation(sent.operation_name)
        if method == "GET" and operation.operation is not OperationType.QUERY:
            raise wire.NotUnderstood(405, "Use POST for this operation.", {"Allow": "POST"})
        foresight = document.foresight(self.documents.schema, operation)
        asked = foresight.of(sent.variables, now) if foresight else None
        return Standing(
            minute_of(now),
            self.authenticator.question(claims, asked),
            Prepared(document, operation, sent.variables),
            cost_of(document.nodes(sent.variables)),
            lasts=method == "POST" and foresight is not None and foresight.is_made_of_state,
        )

    async def _answer(self, key: Key, standing: Standing, state: State, seen: Observation) -> Reply:
        assert seen.now is not None
        seen.operation = standing.prepared.operation
        kept = standing.answer
        if kept is not None and (kept.state is state or kept.state == state):
            seen.principal_id = kept.viewer.id
            if charged := self.rates.charge(kept.viewer.id, standing.cost, seen.now):
                await charged
            await self.audit(kept.viewer, seen.request_id, seen.now, kept.noted)
            return self._standings.again(kept)
        admission = self.authenticator.admit(standing.question, state)
        viewer, seen.principal_id = admission.viewer, admission.viewer.id
        if charged := self.rates.charge(viewer.id, standing.cost, seen.now):
            await charged
        context = self.make_context(admission, seen.now, seen.request_id)
        if standing.lasts:
            self._standings.put(key, standing)
        reply = await self._execute(standing.prepared, context, seen.request_id, key[1])
        await self.audit(viewer, seen.request_id, seen.now, noted := spelt(context.records))
        if standing.lasts and reply.code == "OK" and not context.beyond:
            kept = Answer(state, viewer, noted, reply.body, reply.headers)
            self._standings.keep(key, standing, kept)
        return reply

    async def _execute(
        self, prepared: Prepared, context: AskedFor, request_id: str, media_type: str
    ) -> Reply:
        name = prepared.operation.name
        incident = errors.Incident(request_id, name.value if name else None)
        try:
            result = await self.execute(*prepared, context)
            if not result.errors:
                return answer({"data": result.data}, 200, media_type)
            told = self.errors.of_execution(result.errors, incident)
            return answer({"errors": told, "data": result.data}, 200, media_type)
        except RequestRefused as refusal:
            return refused(refusal.told, media_type)
        except Exception as error:
            return self._give_up(error, incident, media_type)

    def _give_up(self, error: Exception, incident: errors.Incident, offer: str | None) -> Reply:
        """Answer an exception that belongs to no field: a refusal, or a fault of ours."""
        told, refusal = self.errors.of_exception(error, incident)
        status = STATUSES.get(refusal.code, 400) if refusal else 500
        advice = None
        if isinstance(refusal, Unauthenticated):
            advice = {"WWW-Authenticate": CHALLENGES[refusal.came]}
        elif isinstance(refusal, RateLimited | Unavailable):
            advice = {"Retry-After": str(refusal.retry_after)}
        return answer({"errors": [told]}, status, offer, advice)

    async def _failed(self, error: Exception, scope: Scope, seen: Observation) -> Exception:
        """The same error, or that its address has failed to sign in too often."""
        client = scope.get("client")
        if isinstance(error, Unauthenticated) and client and seen.now:
            address = self.proxies.client_of(client[0], seen.fields)
            try:
                if noted := self.rates.failed(address, seen.now):
                    await noted
            except RateLimited as limited:
                return limited
        return error


def _request_id(fields: wire.Fields) -> str:
    """The client's ID when there is one and it cannot harm a log; otherwise a new one."""
    given = wire.text_of(fields, b"x-request-id")
    return given if given and _REQUEST_ID.fullmatch(given) else f"{_numbers.getrandbits(128):032x}"
