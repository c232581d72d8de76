"""Report dates: which calendar day an instant belongs to, and which of them can be viewed.

All of it is a pure function of its arguments: the tenant's zone and the request's `now`.
Neither the server's zone nor the database takes part.
"""

from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from resolvers.errors import DateOutOfWindow

MONTHS = 6
#: Dates of the longest window.
LONGEST = 185


@dataclass(frozen=True, slots=True)
class BillingWindow:
    """Report dates that can be viewed, both ends included: 182 to 185 of them."""

    start: date
    end: date

    def __contains__(self, on: date) -> bool:
        return self.start <= on <= self.end

    def require(self, on: date) -> None:
        if on not in self:
            raise DateOutOfWindow(self.start, self.end)


def at(now: datetime, time_zone: str) -> BillingWindow:
    """The window of a tenant in `time_zone` at the instant `now`."""
    return _up_to(report_date(now, time_zone))


def reach(now: datetime) -> BillingWindow:
    """What the windows of all zones cover together: the earliest of them begins where it is
    latest behind, the last one ends where it is furthest ahead."""
    behind, ahead = timedelta(hours=12), timedelta(hours=14)
    return BillingWindow(_up_to((now - behind).date()).start, (now + ahead).date())


@lru_cache(maxsize=1_000)
def _up_to(today: date) -> BillingWindow:
    return BillingWindow(_six_months_before(today), today)


def report_date(instant: datetime, time_zone: str) -> date:
    """The calendar date of an instant in an IANA zone: the only place that decides it.

    Refused: an instant without a zone, which the server's own zone would otherwise decide.
    """
    if instant.tzinfo is None:
        raise ValueError("An instant carries its zone.")
    return instant.astimezone(ZoneInfo(time_zone)).date()


@lru_cache(maxsize=10_000)
def day_start(on: date, time_zone: str) -> datetime:
    """First instant of a report date, in UTC; the day ends where the next one starts.

    Searched for, not computed: a date may lack a midnight (the clock goes from 24:00 to 01:00)
    or be missing altogether (Samoa's 30 December 2011, which starts and ends at once).
    """
    midnight = datetime.combine(on, time(), UTC)
    # Zones reach from UTC-12 to UTC+14; every transition is at a whole second.
    earliest = midnight - timedelta(hours=26)
    seconds = bisect_left(
        range(52 * 3600),
        on,
        key=lambda s: report_date(earliest + timedelta(seconds=s), time_zone),
    )
    return earliest + timedelta(seconds=seconds)


def day_end(on: date, time_zone: str) -> datetime:
    """The instant at which a report date is over: half-open, as day_start of the next."""
    return day_start(on + timedelta(days=1), time_zone)


def _six_months_before(day: date) -> date:
    """Six calendar months back, the day clamped to the month's end: 31 August gives 28 February."""
    months = day.year * 12 + day.month - 1 - MONTHS
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
