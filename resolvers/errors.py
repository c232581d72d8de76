"""Answers we choose not to give. Each refusal carries its public code.

    Refusal
    ├── Unauthenticated      UNAUTHENTICATED      nobody known is asking
    ├── Forbidden            FORBIDDEN            the caller's role or scopes do not suffice
    ├── TenantNotFound       TENANT_NOT_FOUND     no such tenant among those the viewer may see
    ├── TenantNotBillable    TENANT_NOT_BILLABLE  visible, but not PureConnect billable
    ├── DateOutOfWindow      DATE_OUT_OF_WINDOW   outside the billing window; says which it is
    ├── BadInput             BAD_USER_INPUT       a value that can never be right
    │   └── InvalidCursor    INVALID_CURSOR       a cursor that this field did not hand out
    ├── TooComplex           QUERY_TOO_COMPLEX    a document over a limit; says which, by how much
    ├── RateLimited          RATE_LIMITED         too much, too fast
    ├── TimedOut             TIMEOUT              not answered before the deadline
    └── Unavailable          UNAVAILABLE          the database cannot be reached just now

Only `graph/errors.py` turns them into GraphQL errors. Anything that is not a Refusal is a
fault of ours: it is logged, and the caller sees INTERNAL_SERVER_ERROR.
"""

from datetime import date
from typing import ClassVar


class Refusal(Exception):
    """An answer we chose not to give; `str()` of it is meant for the caller."""

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, object]:
        """What stands in `errors[].extensions` beside the code."""
        return {}


class Unauthenticated(Refusal):
    """`came` says whether there were credentials at all."""

    code = "UNAUTHENTICATED"

    def __init__(self, message: str, *, came: bool = True) -> None:
        super().__init__(message)
        self.came = came


class Forbidden(Refusal):
    code = "FORBIDDEN"


class TenantNotFound(Refusal):
    """The same words whether the tenant is foreign or does not exist: no existence oracle."""

    code = "TENANT_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("There is no such tenant among those you may see.")


class TenantNotBillable(Refusal):
    code = "TENANT_NOT_BILLABLE"

    def __init__(self) -> None:
        super().__init__("The tenant is not configured as PureConnect billable.")


class DateOutOfWindow(Refusal):
    code = "DATE_OUT_OF_WINDOW"

    def __init__(self, start: date, end: date) -> None:
        super().__init__(f"Billing can be viewed from {start} to {end}, both ends included.")
        self.start = start
        self.end = end

    @property
    def extensions(self) -> dict[str, object]:
        return {"from": self.start.isoformat(), "to": self.end.isoformat()}


class BadInput(Refusal):
    code = "BAD_USER_INPUT"


class InvalidCursor(BadInput):
    code = "INVALID_CURSOR"

    def __init__(self) -> None:
        super().__init__("The cursor is not one that this field handed out; start without it.")


class TooComplex(Refusal):
    """A document over one of its limits. `limit` is the setting's name in camelCase.

    `found` may stop counting at `allowed` + 1 or at a large round number: a document is not
    read further than is needed to refuse it.
    """

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, limit: str, allowed: int, found: int) -> None:
        super().__init__(
            f"The document is over its limit of {limit}: {allowed:,} allowed, {found:,} found."
        )
        self.limit = limit
        self.allowed = allowed
        self.found = found

    @property
    def extensions(self) -> dict[str, object]:
        return {"limit": self.limit, "allowed": self.allowed, "found": self.found}


class RateLimited(Refusal):
    """`retry_after` in seconds."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests; try again in {retry_after} seconds.")
        self.retry_after = retry_after

    @property
    def extensions(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}


class TimedOut(Refusal):
    code = "TIMEOUT"

    def __init__(self) -> None:
        super().__init__(
            "The answer took too long; ask for less at a time. A change may have been made."
        )


class Unavailable(Refusal):
    """`retry_after` in seconds."""

    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The service cannot answer just now; try again in a moment.")
        self.retry_after = 1

    @property
    def extensions(self) -> dict[str, object]:
        return {"retryAfter": self.retry_after}
