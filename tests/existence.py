"""Every way in which a request names a tenant, to be tried with tenants of others and with none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx2

from models import Principal, Tenant
from resolvers import billing_reports
from tests import factories
from tests.http import Api

DATE = "2026-11-14"
ALL_SCOPES = "billing:read billing:users logins:write"


@dataclass(frozen=True)
class Path:
    """`key` is the identifier that the variable $k holds; `who` may take this path at all."""

    document: str
    key: str
    who: tuple[str, ...] = ("landlord", "administrator", "service")


_LANDLORD = ("landlord",)
_SERVICE = ("service",)
_LOGIN = f'logins: [{{userId: "ann", at: "{DATE}T10:00:00Z"}}]'
_REPORT = f'billingReport(tenant: $k, date: "{DATE}") {{ maxUsers users {{ totalCount }} }}'
_FIND = "name billingWindow { from } billingTrend { userDays }"
_ENTITY = (
    'query ($k: String!) {{ _entities(representations: [{{__typename: "Tenant", {key}: $k}}])'
    " {{ ... on Tenant {{ name }} }} }}"
)
_LIST = (
    "query ($k: {type}!) {{ tenants(filter: {{{name}: [$k]}}) {{ totalCount nodes {{ name }} }} }}"
)

PATHS: Mapping[str, Path] = {
    "report": Path(f"query ($k: ID!) {{ {_REPORT} }}", "id"),
    "report beside another root": Path(f"query ($k: ID!) {{ viewer {{ id }} {_REPORT} }}", "id"),
    "report in a fragment": Path(
        f"query ($k: ID!) {{ ...F }} fragment F on Query {{ a: {_REPORT} }}", "id"
    ),
    "trend": Path("query ($k: ID!) { billingTrend(tenant: $k) { userDays } }", "id"),
    "tenant by ID": Path(f"query ($k: ID!) {{ tenant(by: {{id: $k}}) {{ {_FIND} }} }}", "id"),
    "tenant by external ID": Path(
        f"query ($k: String!) {{ tenant(by: {{externalId: $k}}) {{ {_FIND} }} }}", "externalId"
    ),
    "tenant by instance ID": Path(
        f"query ($k: UUID!) {{ tenant(by: {{instanceId: $k}}) {{ {_FIND} }} }}", "instanceId"
    ),
    "list by IDs": Path(_LIST.format(type="ID", name="ids"), "id"),
    "list by external IDs": Path(_LIST.format(type="String", name="externalIds"), "externalId"),
    "list by instance IDs": Path(_LIST.format(type="UUID", name="instanceIds"), "instanceId"),
    "search": Path(
        "query ($k: String!) { tenants(filter: {search: $k}) { totalCount nodes { name } } }",
        "externalId",
    ),
    "cursor of a report": Path(
        f'query ($k: String!, $own: ID!) {{ billingReport(tenant: $own, date: "{DATE}")'
        " { users(after: $k) { totalCount } } }",
        "cursor",
    ),
    "entity by ID": Path(_ENTITY.format(key="id"), "id"),
    "entity by external ID": Path(_ENTITY.format(key="externalId"), "externalId"),
    "entity by instance ID": Path(_ENTITY.format(key="instanceId"), "instanceId"),
    "update": Path(
        'mutation ($k: ID!) { tenantUpdate(id: $k, input: {name: "x"}) { tenant { name } } }',
        "id",
        _LANDLORD,
    ),
    "billable": Path(
        "mutation ($k: ID!) { tenantSetBillable(id: $k, billable: false) { tenant { name } } }",
        "id",
        _LANDLORD,
    ),
    "assign": Path(
        "mutation ($k: ID!, $me: ID!) { tenantsAssign(tenantIds: [$k], landlordId: $me)"
        " { tenants { name } userErrors { code message field } } }",
        "id",
        _LANDLORD,
    ),
    "unassign": Path(
        "mutation ($k: ID!, $me: ID!) { tenantsUnassign(tenantIds: [$k], landlordId: $me)"
        " { tenants { name } userErrors { code message field } } }",
        "id",
        _LANDLORD,
    ),
    "record by ID": Path(
        f"mutation ($k: ID!) {{ loginsRecord(input: {{tenant: {{id: $k}}, {_LOGIN}}})"
        " { recorded } }",
        "id",
        _SERVICE,
    ),
    "record by external ID": Path(
        f"mutation ($k: String!) {{ loginsRecord(input: {{tenant: {{externalId: $k}}, {_LOGIN}}})"
        " { recorded } }",
        "externalId",
        _SERVICE,
    ),
    "record by instance ID": Path(
        f"mutation ($k: UUID!) {{ loginsRecord(input: {{tenant: {{instanceId: $k}}, {_LOGIN}}})"
        " { recorded } }",
        "instanceId",
        _SERVICE,
    ),
}


@dataclass
class Parties:
    """Three who ask, what they see, and tenants of somebody else, with as much to see."""

    own: Tenant
    foreign: list[Tenant]
    people: dict[str, Principal]

    @classmethod
    async def meet(cls, count: int) -> "Parties":
        own = await factories.tenant(name="Own")
        await factories.record(own, ["ann", "bob"])
        foreign = [await factories.tenant(name="Foreign") for _ in range(count)]
        for row in foreign:
            await factories.record(row, ["ann", "bob"])
        await factories.landlord(*foreign)
        people = {
            "landlord": await factories.landlord(own),
            "administrator": await factories.administrator(own),
            "service": await factories.service(own),
        }
        return cls(own, foreign, people)

    def variables(self, path: Path, value: str, who: str) -> dict[str, Any]:
        """The variables that the document declares."""
        known = {"k": value, "own": str(self.own.id), "me": str(self.people[who].id)}
        return {name: known[name] for name in known if f"${name}:" in path.document}


def value_of(row: Tenant, key: str) -> str:
    """What names the tenant in a request."""
    if key == "cursor":
        on = factories.tokens.NOW.date().replace(day=14)
        return billing_reports.user_cursor(row, on, "ann")
    column = {"id": "id", "externalId": "external_id", "instanceId": "instance_id"}[key]
    return str(getattr(row, column))


def nobodys(key: str) -> str:
    """Names no tenant at all, and looks as if it did."""
    unknown = Tenant(id=uuid4(), external_id=f"EXT-{uuid4().int % 10**4}", instance_id=uuid4())
    return value_of(unknown, key)


#: Well formed on the wire, and yet nobody's.
MALFORMED = {
    "id": ("", "nonsense", "x" * 36, "0" * 32, str(UUID(int=0)), "{" + "0" * 34 + "}", "\0", "é"),
    "externalId": ("made up", "\0", "x" * 300, "😀", "%", "_", "'; --"),
    "instanceId": (str(UUID(int=0)), str(UUID(int=2**128 - 1)), str(uuid4()).upper()),
    "cursor": ("", "x", "bm90IGEgY3Vyc29y", "é"),
}


async def send(
    api: Api, path: Path, variables: dict[str, Any], who: Principal, accept: str
) -> httpx2.Response:
    return await api.client.post(
        "/graphql",
        json={"query": path.document, "variables": variables},
        headers={
            "Accept": accept,
            "Authorization": f"Bearer {api.token(who, ALL_SCOPES)}",
            "X-Request-ID": "request-of-this-test",
        },
    )
