"""Needs the package that ariadne-codegen generates into the working directory."""

from datetime import date

from headcount_client import Client, TenantBy
from headcount_client.exceptions import GraphQLClientGraphQLMultiError, GraphQLClientHttpError
from steps import URL, Ask, Page, take

EXIST = TenantBy(external_id="EXIST")


def connect(token: str) -> Ask:
    client = Client(URL, headers={"Authorization": f"Bearer {token}"})

    def ask(on: date, after: str | None) -> Page:
        report = client.report(EXIST, on, after).tenant.billing_report
        users, info = report.users, report.users.page_info
        first, number = users.edges[0].node.user_id, len(users.edges)
        following = info.end_cursor if info.has_next_page else None
        return report.max_users, users.total_count, number, first, following

    return ask


def code(error: GraphQLClientGraphQLMultiError | GraphQLClientHttpError) -> str:
    if isinstance(error, GraphQLClientHttpError):
        return error.response.json()["errors"][0]["extensions"]["code"]
    return error.errors[0].extensions["code"]


take(connect, (GraphQLClientGraphQLMultiError, GraphQLClientHttpError), code)
