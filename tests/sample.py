"""A small schema with a fault of every kind, and the endpoint that serves it over HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, NewType
from uuid import UUID

import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from strawberry.schema.config import StrawberryConfig

from graph.auth.bearer import Claims
from graph.endpoint import Endpoint
from graph.executor import Schema
from resolvers.admission import Admission, Question
from resolvers.asked import Asked, State
from resolvers.audit import Record
from resolvers.errors import BadInput, DateOutOfWindow, TenantNotFound, Unauthenticated
from resolvers.viewers import Landlord, Viewer

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LANDLORD = Landlord(UUID(int=1), "Lena")
TOKEN = "token-of-lena"
CANARY = "canary-7f3a91"
"""Stands in every exception below; it must come out nowhere."""

Day = NewType("Day", date)
Fragile = NewType("Fragile", str)


def parse_day(value: str) -> date:
    if value == "refused":
        raise BadInput("A day of the past is needed.")
    return date.fromisoformat(value)


def break_down(_value: object) -> str:
    raise RuntimeError(CANARY)


class Order(Enum):
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"


@strawberry.input(one_of=True)
class TenantBy:
    id: strawberry.ID | None = strawberry.UNSET
    external_id: str | None = strawberry.UNSET


@strawberry.input
class Filter:
    ids: list[strawberry.ID] | None = None
    billable: bool | None = None


@strawberry.input
class LoginInput:
    user_id: str


@strawberry.input
class RecordInput:
    logins: list[LoginInput]


@strawberry.type
class User:
    id: strawberry.ID


@strawberry.type
class Users:
    nodes: list[User]


@strawberry.type
class Tenant:
    id: strawberry.ID
    name: str

    @strawberry.field
    def tenant(self) -> "Tenant":
        return self

    @strawberry.field
    def users(self, first: int | None = 100) -> Users:
        return Users(nodes=[])

    @strawberry.field
    async def secret(self) -> str:
        raise RuntimeError(CANARY)


@strawberry.type
class Tenants:
    nodes: list[Tenant]


ACME = Tenant(id=strawberry.ID("1"), name="Acme")


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self, info: strawberry.Info) -> str:
        return str(info.context.viewer.display_name)

    @strawberry.field
    async def tenants(
        self,
        first: int | None = 100,
        filter: Filter | None = None,
        order_by: Order = Order.NAME_ASC,
    ) -> Tenants:
        return Tenants(nodes=[ACME])

    @strawberry.field
    def tenant(self, by: TenantBy) -> Tenant | None:
        return ACME

    @strawberry.field
    def many(self, count: int) -> list[Tenant | None]:
        return [ACME] * count

    @strawberry.field
    def on(self, day: Day) -> str | None:
        return day.isoformat()

    @strawberry.field
    async def missing(self) -> str | None:
        raise TenantNotFound

    @strawberry.field
    def outside(self) -> str | None:
        raise DateOutOfWindow(date(2026, 5, 2), date(2026, 11, 2))

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError(CANARY)

    @strawberry.field
    def key_error(self) -> str | None:
        return {"a": "b"}[CANARY]

    @strawberry.field
    def chained(self) -> str | None:
        try:
            raise OSError(CANARY)
        except OSError as error:
            raise ValueError(CANARY) from error

    @strawberry.field
    def graphql_error(self) -> str | None:
        raise strawberry.exceptions.StrawberryGraphQLError(CANARY, extensions={"code": CANARY})

    @strawberry.field
    def fragile(self) -> Fragile | None:
        return Fragile(CANARY)

    @strawberry.field
    def not_a_number(self) -> int | None:
        return CANARY  # type: ignore[return-value]

    @strawberry.field
    def never_null(self) -> str:
        return None  # type: ignore[return-value]

    @strawberry.field
    def not_json(self) -> float | None:
        return 1.5


@strawberry.type
class Mutation:
    @strawberry.mutation
    def record(self, input: RecordInput) -> int:
        return len(input.logins)


schema = Schema(
    Query,
    Mutation,
    config=StrawberryConfig(
        scalar_map={
            Day: strawberry.scalar(
                name="Day", description="Calendar date YYYY-MM-DD.", parse_value=parse_day
            ),
            Fragile: strawberry.scalar(name="Fragile", serialize=break_down),
        }
    ),
)


@dataclass(slots=True)
class Context:
    viewer: Viewer
    now: datetime
    request_id: str
    beyond: bool = True
    records: dict[Record, None] = field(default_factory=dict)


def context(admission: Admission, now: datetime, request_id: str) -> Context:
    return Context(admission.viewer, now, request_id)


class Door:
    """Lets one landlord in, by one token."""

    async def verify(self, authorization: str | None, now: datetime) -> Claims:
        if authorization != f"Bearer {TOKEN}":
            raise Unauthenticated("A valid bearer token is required.")
        return Claims("", "lena", frozenset())

    def question(self, claims: Claims, asked: Asked | None) -> Question:
        return Question(claims.issuer, claims.subject, claims.scopes, asked)

    async def state(self, question: Question, now: datetime) -> State:
        return (question.subject,)

    def admit(self, question: Question, state: State) -> Admission:
        return Admission(LANDLORD)


def endpoint(**changes: Any) -> Endpoint:
    given = {"authenticator": Door(), "clock": lambda: NOW, "make_context": context, **changes}
    return Endpoint(given.pop("schema", schema), **given)


def app(**changes: Any) -> Starlette:
    return Starlette(routes=[Route("/graphql", endpoint(**changes))])


def client(**changes: Any) -> TestClient:
    """A client that is signed in; errors of the server are answers, as over a socket."""
    signed_in = {"Authorization": f"Bearer {TOKEN}"}
    return TestClient(app(**changes), headers=signed_in, raise_server_exceptions=False)
