from datetime import date
from pathlib import Path

from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from steps import URL, Ask, Page, take

DOCUMENT = (Path(__file__).parent.parent / "report.graphql").read_text()


def connect(token: str) -> Ask:
    transport = HTTPXTransport(url=URL, headers={"Authorization": f"Bearer {token}"})
    client = Client(transport=transport, fetch_schema_from_transport=True)

    def ask(on: date, after: str | None) -> Page:
        request = gql(DOCUMENT)
        request.variable_values = {
            "tenant": {"externalId": "EXIST"},
            "date": str(on),
            "after": after,
        }
        report = client.execute(request)["tenant"]["billingReport"]
        users, info = report["users"], report["users"]["pageInfo"]
        first, number = users["edges"][0]["node"]["userId"], len(users["edges"])
        following = info["endCursor"] if info["hasNextPage"] else None
        return report["maxUsers"], users["totalCount"], number, first, following

    return ask


def code(error: TransportQueryError) -> str:
    return error.errors[0]["extensions"]["code"]


take(connect, TransportQueryError, code)
