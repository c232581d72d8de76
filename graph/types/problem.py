"""What went wrong, as the schema tells it: user errors beside an answer, codes of errors."""

from collections.abc import Sequence
from enum import Enum
from typing import Self

import strawberry
from strawberry import enum_value

from resolvers.problems import Problem


@strawberry.enum(description="What is wrong with an input.")
class UserErrorCode(Enum):
    BLANK = enum_value("BLANK", description="A value is needed and was empty.")
    INVALID = enum_value("INVALID", description="The value lacks the form it must have.")
    TAKEN = enum_value("TAKEN", description="The value must be unique and is in use.")
    NOT_FOUND = enum_value(
        "NOT_FOUND", description="There is no such thing among those the viewer may see."
    )
    OUT_OF_WINDOW = enum_value(
        "OUT_OF_WINDOW", description="The login is before the tenant's billing window."
    )
    IN_FUTURE = enum_value(
        "IN_FUTURE", description="The login is more than 5 minutes in the future."
    )
    DAY_CLOSED = enum_value("DAY_CLOSED", description="The report of the date is final.")
    TOO_MANY = enum_value("TOO_MANY", description="The list is longer than one call takes.")


@strawberry.type(description="Something in the input that the caller can correct.")
class UserError:
    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong and what to do, for people.")
    field: list[str] | None = strawberry.field(
        description='Path of the offending input, such as ["input", "logins", "3", "at"].'
    )

    @classmethod
    def of(cls, problem: Problem) -> Self:
        return cls(
            code=UserErrorCode(problem.code.value),
            message=problem.message,
            field=list(problem.field) or None,
        )

    @classmethod
    def list_of(cls, problems: Sequence[Problem]) -> list[Self]:
        return [cls.of(problem) for problem in problems]


@strawberry.enum(
    description="Found in errors[].extensions.code. New codes may be added; treat an unknown one"
    " as INTERNAL_SERVER_ERROR."
)
class ErrorCode(Enum):
    UNAUTHENTICATED = enum_value(
        "UNAUTHENTICATED", description="No valid token or API key, or nobody active is known by it."
    )
    FORBIDDEN = enum_value(
        "FORBIDDEN", description="The caller's role or scopes do not allow this at all."
    )
    TENANT_NOT_FOUND = enum_value(
        "TENANT_NOT_FOUND",
        description="No such tenant among those the caller may see; the same answer whether it"
        " exists or not.",
    )
    TENANT_NOT_BILLABLE = enum_value(
        "TENANT_NOT_BILLABLE", description="The tenant is not PureConnect billable."
    )
    DATE_OUT_OF_WINDOW = enum_value(
        "DATE_OUT_OF_WINDOW",
        description="The date is outside the billing window; extensions.from and extensions.to"
        " say which it is.",
    )
    BAD_USER_INPUT = enum_value(
        "BAD_USER_INPUT",
        description="An argument or a variable can never be right, or the HTTP request is none that"
        " this service takes.",
    )
    INVALID_CURSOR = enum_value(
        "INVALID_CURSOR", description="The cursor was not handed out by this list."
    )
    QUERY_TOO_COMPLEX = enum_value(
        "QUERY_TOO_COMPLEX",
        description="The document is over a limit; extensions say which and by how much.",
    )
    GRAPHQL_PARSE_FAILED = enum_value(
        "GRAPHQL_PARSE_FAILED", description="The document is not GraphQL."
    )
    GRAPHQL_VALIDATION_FAILED = enum_value(
        "GRAPHQL_VALIDATION_FAILED", description="The document does not fit the schema."
    )
    RATE_LIMITED = enum_value(
        "RATE_LIMITED",
        description="Too much, too fast; try again after extensions.retryAfter seconds.",
    )
    TIMEOUT = enum_value(
        "TIMEOUT", description="Not answered in time; ask for less. A change may have been made."
    )
    UNAVAILABLE = enum_value(
        "UNAVAILABLE",
        description="The service cannot answer just now; try again after extensions.retryAfter"
        " seconds.",
    )
    INTERNAL_SERVER_ERROR = enum_value(
        "INTERNAL_SERVER_ERROR",
        description="A fault of the service; extensions.requestId finds it in the log.",
    )
