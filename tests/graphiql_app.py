"""A service small enough to stand behind the explorer: two tenants, tokens that are checked."""

# mypy: disallow-untyped-decorators=False
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from graph import graphiql

TODAY = date(2026, 8, 31)
MORNING = datetime.fromisoformat("2026-08-30T06:00:00+00:00")
LANDLORD = "landlord-token"
ADMINISTRATOR = "administrator-token"


@strawberry.enum
class ViewerRole(Enum):
    LANDLORD = "LANDLORD"
    TENANT_ADMINISTRATOR = "TENANT_ADMINISTRATOR"


@strawberry.type(description="Who asks.")
class Viewer:
    id: strawberry.ID
    display_name: str
    role: ViewerRole


@strawberry.type
class DateRange:
    from_: date = strawberry.field(name="from")
    to: date


@strawberry.type
class PageInfo:
    has_next_page: bool = False
    end_cursor: str | None = None


@strawberry.type
class BilledUser:
    user_id: strawberry.ID
    first_login_at: datetime
    last_login_at: datetime


@strawberry.type
class BilledUserConnection:
    nodes: list[BilledUser]
    total_count: int
    page_info: PageInfo


@strawberry.type
class BillingReport:
    date: date
    max_users: int

    @strawberry.field
    def users(self, first: int = 1000) -> BilledUserConnection:
        nodes = [
            BilledUser(
                user_id=strawberry.ID(f"User{n}"),
                first_login_at=MORNING + timedelta(minutes=n),
                last_login_at=MORNING + timedelta(hours=8, minutes=n),
            )
            for n in range(1, min(first, self.max_users) + 1)
        ]
        return BilledUserConnection(nodes=nodes, total_count=self.max_users, page_info=PageInfo())


@strawberry.type
class DailyMaxUsers:
    date: date
    max_users: int


@strawberry.type
class BillingTrend:
    range: DateRange
    points: list[DailyMaxUsers]
    peak: DailyMaxUsers | None
    distinct_users: int
    user_days: int


@strawberry.type(description="Customer organisation.")
class Tenant:
    id: strawberry.ID
    name: str
    external_id: str
    instance_id: UUID
    billable: bool = True
    time_zone: str = "UTC"

    @strawberry.field
    def billing_window(self) -> DateRange:
        return DateRange(from_=date(2026, 2, 28), to=TODAY)

    @strawberry.field
    def billing_report(self, date: date) -> BillingReport | None:
        return BillingReport(date=date, max_users=7)

    @strawberry.field
    def billing_trend(
        self,
        from_: Annotated[date | None, strawberry.argument(name="from")] = None,
        to: date | None = None,
    ) -> BillingTrend | None:
        day = DailyMaxUsers(date=TODAY, max_users=7)
        return BillingTrend(
            range=DateRange(from_=TODAY, to=TODAY),
            points=[day],
            peak=day,
            distinct_users=7,
            user_days=7,
        )


def tenant(name: str, external_id: str, instance_id: str) -> Tenant:
    return Tenant(
        id=strawberry.ID(external_id),
        name=name,
        external_id=external_id,
        instance_id=UUID(instance_id),
    )


def viewer(name: str, role: ViewerRole) -> Viewer:
    return Viewer(id=strawberry.ID(name), display_name=name, role=role)


EXIST = tenant("Example", "EXIST", "2f077c75-6d84-47df-8bdc-ca3590971479")
ZENITH = tenant("Zenith", "ZENITH", "9c1b7a40-54a1-4c0a-9d3e-5b7a1f0c2d11")
VIEWERS = {
    LANDLORD: (viewer("Lena Lindqvist", ViewerRole.LANDLORD), [EXIST, ZENITH]),
    ADMINISTRATOR: (viewer("Ada Moreau", ViewerRole.TENANT_ADMINISTRATOR), [ZENITH]),
}


@strawberry.type
class TenantConnection:
    nodes: list[Tenant]
    total_count: int
    page_info: PageInfo


@strawberry.input(one_of=True)
class TenantBy:
    external_id: strawberry.Maybe[str]


@strawberry.input
class TenantFilter:
    billable: strawberry.Maybe[bool]
    external_ids: strawberry.Maybe[list[str]]


@strawberry.type
class Query:
    @strawberry.field(description="The authenticated caller.")
    def viewer(self, info: strawberry.Info[Any, None]) -> Viewer:
        return VIEWERS[info.context][0]

    @strawberry.field(description="Tenants the viewer may see.")
    def tenants(
        self, info: strawberry.Info[Any, None], filter: TenantFilter, first: int = 100
    ) -> TenantConnection | None:
        wanted = filter.external_ids
        found = [
            tenant
            for tenant in VIEWERS[info.context][1]
            if wanted is None or tenant.external_id in wanted.value
        ]
        return TenantConnection(nodes=found[:first], total_count=len(found), page_info=PageInfo())

    @strawberry.field(description="One tenant.")
    def tenant(self, info: strawberry.Info[Any, None], by: TenantBy) -> Tenant | None:
        for tenant in VIEWERS[info.context][1]:
            if by.external_id and tenant.external_id == by.external_id.value:
                return tenant
        return None


schema = strawberry.Schema(Query)


@dataclass
class Service:
    """`asked` has one entry for each request that reached GraphQL: token and operation name."""

    address: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)

    async def endpoint(self, request: Request) -> Response:
        if request.method == "GET":
            return graphiql.page(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in VIEWERS or token in self.revoked:
            refusal = {
                "message": "The token is unknown.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
            return JSONResponse({"errors": [refusal]}, 401, {"WWW-Authenticate": "Bearer"})
        body = await request.json()
        self.asked.append((token, body.get("operationName")))
        result = await schema.execute(
            body["query"], body.get("variables"), token, operation_name=body.get("operationName")
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return JSONResponse(answer)

    def app(self) -> Starlette:
        endpoint = Route("/graphql", self.endpoint, methods=["GET", "POST"])
        return Starlette(routes=[endpoint, *graphiql.routes()])


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()
    config = uvicorn.Config(service.app(), port=0, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    service.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield service
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
