"""A client of Headcount in one file: reports, their users page by page, and recording logins.

Errors of a request are raised as `Refused`, with the public code. A request that can be sent
again is: reading changes nothing, and recording the same login twice counts it once.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self

import httpx2

BATCH = 1000  # Logins that one call takes.
PAGE = 5000  # Users that one page holds at most.
TRY_AGAIN = {"UNAVAILABLE", "RATE_LIMITED", "TIMEOUT"}

REPORT = """
query Report($by: TenantBy!, $date: Date!, $first: Int!, $after: String) {
  tenant(by: $by) {
    billingReport(date: $date) {
      maxUsers
      users(first: $first, after: $after) {
        nodes { userId firstLoginAt lastLoginAt }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"""
TREND = """
query Trend($by: TenantBy!) {
  tenant(by: $by) { billingTrend { points { date maxUsers } } }
}"""
RECORD = """
mutation Record($input: LoginsRecordInput!) {
  loginsRecord(input: $input) { recorded counted rejected userErrors { code message field } }
}"""


class Refused(Exception):
    """Nothing was answered. `code` is for programs, `details` is what stands beside it."""

    def __init__(self, code: str, message: str, details: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.details = details


@dataclass(frozen=True, slots=True)
class User:
    """A user of a report."""

    user_id: str
    first_login_at: datetime
    last_login_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """`at` needs a time zone; logins of users who are unknown so far are welcome."""

    user_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """A login that was not kept, by its position among all that were sent."""

    position: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """`counted` users were new on their report date; the others were known before."""

    recorded: int = 0
    counted: int = 0
    rejected: tuple[Rejected, ...] = ()


class Client:
    """Asks one Headcount with one token. `patience` is the first pause in seconds before the
    same is sent again; each later pause is twice as long."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        tries: int = 5,
        patience: float = 0.5,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._url = url
        self._http = httpx2.Client(
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/graphql-response+json, application/json",
            },
            timeout=30,
            transport=transport,
        )
        self._tries = tries
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def trend(self, external_id: str) -> dict[date, int]:
        """Max users of each report date that can be viewed."""
        tenant = self._tenant(TREND, external_id)
        points = (tenant["billingTrend"] or {"points": ()})["points"]
        return {date.fromisoformat(point["date"]): point["maxUsers"] for point in points}

    def users(self, external_id: str, on: date) -> Iterator[User]:
        """All users of a report, ordered by user ID; none when the tenant is not billable."""
        after: str | None = None
        while True:
            tenant = self._tenant(REPORT, external_id, date=str(on), first=PAGE, after=after)
            report = tenant["billingReport"]
            if report is None:
                return
            page = report["users"]
            for node in page["nodes"]:
                seen = node["firstLoginAt"], node["lastLoginAt"]
                yield User(node["userId"], *map(datetime.fromisoformat, seen))
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def record(self, external_id: str, logins: Iterable[Login]) -> Recorded:
        """Record any number of logins in batches, each kept before the next is sent."""
        remaining, total, sent = iter(logins), Recorded(), 0
        while batch := list(islice(remaining, BATCH)):
            given = [{"userId": login.user_id, "at": login.at.isoformat()} for login in batch]
            variables = {"input": {"tenant": {"externalId": external_id}, "logins": given}}
            outcome = self.ask(RECORD, variables)["loginsRecord"]
            total = replace(
                total,
                recorded=total.recorded + outcome["recorded"],
                counted=total.counted + outcome["counted"],
                rejected=total.rejected + tuple(_rejected(outcome["userErrors"], sent)),
            )
            sent += len(batch)
        return total

    def ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of an answer without errors. What may succeed later is tried again."""
        for left in reversed(range(self._tries)):
            pause = self._patience * 2 ** (self._tries - left - 1)
            try:
                response = self._http.post(self._url, json={"query": query, "variables": variables})
                return _data(response)
            except httpx2.TransportError:
                if not left:
                    raise
            except Refused as refused:
                if refused.code not in TRY_AGAIN or not left:
                    raise
                # A proxy may name a date instead of seconds.
                advice = response.headers.get("Retry-After", "")
                pause = float(advice) if advice.isdecimal() else pause
            time.sleep(pause)
        raise ValueError("tries must be at least 1")

    def _tenant(self, query: str, external_id: str, **variables: Any) -> dict[str, Any]:
        tenant = self.ask(query, {"by": {"externalId": external_id}, **variables})["tenant"]
        if tenant is None:
            raise LookupError(f"There is no tenant {external_id} among those this token may see.")
        return dict(tenant)


def _data(response: httpx2.Response) -> dict[str, Any]:
    """A 401, 429 or 503 carries the same JSON as an answer; what is none comes from a proxy."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or answer.keys().isdisjoint({"data", "errors"}):
        code = "UNAVAILABLE" if response.status_code >= 500 else "INTERNAL_SERVER_ERROR"
        raise Refused(code, f"Something answered {response.status_code} without GraphQL.", {})
    for error in answer.get("errors", ()):
        extensions = dict(error["extensions"])
        raise Refused(extensions.pop("code"), error["message"], extensions)
    return dict(answer["data"])


def _rejected(user_errors: Iterable[Mapping[str, Any]], sent: int) -> Iterator[Rejected]:
    """A field reads ["input", "logins", "3", "at"]: the position is within its batch."""
    for error in user_errors:
        yield Rejected(sent + int(error["field"][2]), error["code"], error["message"])
