"""Recording logins: a merge, so that replays, reorderings, splits and races change nothing.

One row is kept for each tenant, report date and user, with the first and the last login. A
login inserts the row, lowers its first or raises its last: idempotent, commutative and
associative.
"""

import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from operator import itemgetter

from models import Tenant
from resolvers import audit, billing_window, merging
from resolvers.audit import Action, Origin, Record
from resolvers.problems import ProblemCode

#: Clocks of the machines that log in differ a little from ours.
FUTURE_TOLERANCE = timedelta(minutes=5)
MAX_USER_ID = 255

#: One login: the user ID as it was sent, and an aware instant in UTC.
Login = tuple[str, datetime]


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """`position` counts from 0 in the batch; `field` is `userId` or `at`."""

    position: int
    field: str
    code: ProblemCode
    reason: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch. `counted` are users who were new on their report date."""

    recorded: int
    counted: int
    refused: list[RefusedLogin]


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch of which `good` logins are ready to be merged: `presences`, unless none is."""

    tenant: Tenant
    good: int
    refused: list[RefusedLogin]
    presences: merging.Batch | None


#: First and last login, by user ID.
_Users = dict[str, tuple[datetime, datetime]]


async def record(
    tenant: Tenant, logins: Sequence[Login], now: datetime, origin: Origin | None = None
) -> Recorded:
    """Merge a batch into the tenant's days, all good ones in one transaction.

    A bad login is refused with its position and reason; the good ones are kept.
    """
    return await keep(judge(tenant, logins, now), origin)


def judge(tenant: Tenant, logins: Sequence[Login], now: datetime) -> Judged:
    """Which logins of a batch are good, and on which dates they count; asks no database."""
    days, refused = _sort_out(tenant, logins, now)
    rows = [
        (on, user_id, *users[user_id])
        for on, users in sorted(days.items(), key=itemgetter(0))
        for user_id in sorted(users)
    ]
    presences = merging.batch(tenant, rows, now) if rows else None
    return Judged(tenant, len(logins) - len(refused), refused, presences)


async def keep(judged: Judged, origin: Origin | None = None) -> Recorded:
    """Merge what was judged good, in one transaction."""
    if judged.presences is None:
        return Recorded(judged.good, 0, judged.refused)

    async def then(counted: int) -> None:
        numbers = {"recorded": judged.good, "counted": counted, "refused": len(judged.refused)}
        entry = Record(
            Action.LOGINS_RECORD, tenant_id=judged.tenant.id, details=tuple(numbers.items())
        )
        await audit.within(origin, [entry])

    counted = await merging.merge(judged.presences, then)
    return Recorded(judged.good, counted, judged.refused)


def normalise_user_id(text: str) -> str:
    """The form under which a user is counted; ValueError when it cannot be a user ID."""
    # Most IDs are plain ASCII, and this runs for every line of a large file.
    user_id = text if text.isascii() else unicodedata.normalize("NFC", text)
    user_id = user_id.strip()
    if not user_id:
        raise ValueError("The user ID is empty.")
    if len(user_id) > MAX_USER_ID:
        raise ValueError(f"The user ID has more than {MAX_USER_ID} characters.")
    if not user_id.isprintable() and any(
        unicodedata.category(character) in ("Cc", "Cs") for character in user_id
    ):
        raise ValueError("The user ID contains a control character.")
    return user_id


def _sort_out(
    tenant: Tenant, logins: Sequence[Login], now: datetime
) -> tuple[dict[date, _Users], list[RefusedLogin]]:
    window = billing_window.at(now, tenant.time_zone)
    starts, latest = _day_starts(window.start, window.end, tenant.time_zone), now + FUTURE_TOLERANCE
    days: defaultdict[date, _Users] = defaultdict(dict)
    refused: list[RefusedLogin] = []
    # Logins mostly come by time: the day of one is usually that of the one before.
    day_start = day_end = starts[0]
    users: _Users = {}
    for position, (text, at) in enumerate(logins):
        try:
            user_id = normalise_user_id(text)
        except ValueError as error:
            refused.append(RefusedLogin(position, "userId", _code_of(text), str(error)))
            continue
        if at > latest:
            reason = "The login is more than 5 minutes in the future."
            refused.append(RefusedLogin(position, "at", ProblemCode.IN_FUTURE, reason))
            continue
        if not day_start <= at < day_end:
            offset = bisect_right(starts, at) - 1
            if offset < 0:
                reason = (
                    "The login is before the tenant's billing window, "
                    f"which starts on {window.start}."
                )
                refused.append(RefusedLogin(position, "at", ProblemCode.OUT_OF_WINDOW, reason))
                continue
            day_start, day_end = starts[offset], starts[offset + 1]
            users = days[window.start + timedelta(days=offset)]
        if at.microsecond % 1000:
            # What is stored is what is shown, and reports are read on that promise.
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        known = users.get(user_id)
        if known is None:
            users[user_id] = (at, at)
        elif at < known[0]:
            users[user_id] = (at, known[1])
        elif at > known[1]:
            users[user_id] = (known[0], at)
    return days, refused


def _code_of(user_id: str) -> ProblemCode:
    return ProblemCode.INVALID if user_id.strip() else ProblemCode.BLANK


@lru_cache(maxsize=1_000)
def _day_starts(start: date, end: date, time_zone: str) -> list[datetime]:
    """First instants of the window's dates and of three more: five minutes ahead may be tomorrow,
    or the day after where there is no tomorrow (Samoa went from 29 to 31 December 2011), and each
    ends where the next one starts."""
    return [
        billing_window.day_start(start + timedelta(days=offset), time_zone)
        for offset in range((end - start).days + 4)
    ]
