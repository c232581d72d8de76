from datetime import datetime
from typing import Self

import strawberry

from graph.types.keys import TenantBy
from graph.types.problem import UserError, UserErrorCode
from resolvers.logins import Login, Recorded

MAX_LOGINS = 1_000


@strawberry.input(description="One user seen at one instant.")
class LoginInput:
    user_id: strawberry.ID = strawberry.field(
        description="ID of the user within the tenant: 1 to 255 characters after trimming."
    )
    at: datetime = strawberry.field(
        description="When the user logged in. A value that is no DateTime, such as one without an"
        " offset, refuses the whole call, and nothing is recorded."
    )


@strawberry.input(
    description="At most 1000 logins; recording the same login twice, in any order, changes"
    " nothing."
)
class LoginsRecordInput:
    tenant: TenantBy = strawberry.field(description="The tenant whose users logged in.")
    logins: list[LoginInput] = strawberry.field(description="The logins, in any order.")

    def records(self) -> list[Login]:
        return [(login.user_id, login.at) for login in self.logins]


@strawberry.type(description="Outcome of loginsRecord.")
class LoginsRecordPayload:
    recorded: int = strawberry.field(description="Logins accepted.")
    counted: int = strawberry.field(
        description="Users newly counted on their report date; the rest were known before."
    )
    rejected: int = strawberry.field(
        description="Logins refused, each with a user error; the others are kept. When there are"
        " too many, all are refused with one user error, TOO_MANY."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Why logins were refused, in the order of their positions."
    )

    @classmethod
    def of(cls, outcome: Recorded) -> Self:
        return cls(
            recorded=outcome.recorded,
            counted=outcome.counted,
            rejected=len(outcome.refused),
            user_errors=[
                UserError(
                    code=UserErrorCode(refused.code.value),
                    message=refused.reason,
                    field=["input", "logins", str(refused.position), refused.field],
                )
                for refused in outcome.refused
            ],
        )

    @classmethod
    def too_many(cls, count: int) -> Self:
        return cls(
            recorded=0,
            counted=0,
            rejected=count,
            user_errors=[
                UserError(
                    code=UserErrorCode.TOO_MANY,
                    message=f"At most {MAX_LOGINS} logins fit into one call; there are {count}."
                    " None was recorded; send them in several calls.",
                    field=["input", "logins"],
                )
            ],
        )
