"""What the demo shows: tenants, who may see them, and logins that are the same for a given date
wherever and whenever they are made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import NAMESPACE_DNS, UUID, uuid5

from resolvers import billing_window
from resolvers.logins import Login

HOUR = 3600


@dataclass(frozen=True, slots=True)
class SampleTenant:
    """`users` is how many the tenant has; `shift` the local hour at which their work begins."""

    external_id: str
    name: str
    users: int
    billable: bool = True
    time_zone: str = "UTC"
    shift: int = 8

    @property
    def instance_id(self) -> UUID:
        if self is EXIST:
            return UUID("2f077c75-6d84-47df-8bdc-ca3590971479")
        return uuid5(NAMESPACE_DNS, f"{self.external_id}.demo.headcount.invalid")


#: External ID, instance and number of users are those of the PureConnect page's own example.
EXIST = SampleTenant("EXIST", "Exist Contact Centers", 2000)
#: Works from 21:00 to 5:00: most of its users are seen on two dates a night.
NIGHT = SampleTenant("YAKAN", "夜間ロジスティクス株式会社", 60, time_zone="Asia/Tokyo", shift=21)
NOT_BILLABLE = SampleTenant(
    "WLOKNO", "Łódzkie Zakłady Włókiennicze", 25, billable=False, time_zone="Europe/Warsaw"
)
NOBODYS = SampleTenant("SEIN", "Pêcheries de l'Île de Sein", 12, time_zone="Europe/Paris")
SHARED = SampleTenant("NAVPIGIA", "Ελληνικά Ναυπηγεία", 40, time_zone="Europe/Athens")

_LANDLORDS = (
    EXIST,
    NIGHT,
    NOT_BILLABLE,
    SHARED,
    SampleTenant("MUELLER", "Müller & Söhne Maschinenbau", 35, time_zone="Europe/Berlin"),
    SampleTenant("GABRIEL", "Café São Gabriel", 9, time_zone="America/Sao_Paulo"),
    SampleTenant("ANGSTROM", "Ångström Instrument AB", 28, time_zone="Europe/Stockholm"),
    SampleTenant("HARBOUR", "Harbour Street Dental", 14, time_zone="Australia/Lord_Howe"),
    SampleTenant("DARYA", "شركة دريا للشحن", 22, time_zone="Africa/Cairo"),
    SampleTenant("IPSWICH", "Ipswich Building Society", 30, time_zone="Europe/London"),
)
_OTHER_LANDLORDS = (
    SHARED,
    SampleTenant("CORDILLERA", "Viñedos de la Cordillera", 18, time_zone="America/Santiago"),
    SampleTenant("KATMANDU", "हिमालय ट्रेकिङ", 11, time_zone="Asia/Kathmandu"),
    SampleTenant("PRAIRIE", "Prairie Title & Escrow", 26, time_zone="America/Chicago"),
)
TENANTS = tuple(dict.fromkeys((*_LANDLORDS, *_OTHER_LANDLORDS, NOBODYS)))
ASSIGNED = {
    "landlord": _LANDLORDS,
    "service": (EXIST, NIGHT, NOT_BILLABLE),
    "otherLandlord": _OTHER_LANDLORDS,
}


def sample_date(today: date) -> date:
    """The last first of a month that is over: every user of EXIST logs in on such a date."""
    return (today - timedelta(days=1)).replace(day=1)


def logins(tenant: SampleTenant, on: date) -> Iterator[Login]:
    """All logins of a report date, also those that are yet to come."""
    if tenant is NIGHT:
        yield from _logins(tenant, on, tenant.shift * HOUR, 24 * HOUR)
        # The second half of the shift that began the evening before.
        yield from _logins(tenant, on - timedelta(days=1), 24 * HOUR, 29 * HOUR)
    else:
        yield from _logins(tenant, on, tenant.shift * HOUR, (tenant.shift + 10) * HOUR)


def _logins(tenant: SampleTenant, shift: date, start: int, end: int) -> Iterator[Login]:
    """Those of one shift from `start` to `end`, in seconds since the midnight it begins after."""
    random = Random(f"{tenant.external_id} {shift} {start}")
    after_midnight = start // (24 * HOUR)
    day = billing_window.day_start(shift + timedelta(days=after_midnight), tenant.time_zone)
    length = (end - start) * 1000
    first = start % (24 * HOUR) * 1000
    for number in _present(tenant, shift):
        # People come early in a shift: the least of two draws.
        came = min(int(random.random() * length), int(random.random() * length))
        yield f"User{number}", _at(day, first + came)
        if number % 3 == 0:
            yield f"User{number}", _at(day, first + int(random.random() * length))


def _at(day: datetime, milliseconds: int) -> datetime:
    return day + timedelta(milliseconds=milliseconds)


def _present(tenant: SampleTenant, shift: date) -> list[int]:
    """Numbers of the users who work a shift; the same for both halves of a night."""
    if shift.day == 1:
        return list(range(1, tenant.users + 1))
    random = Random(f"{tenant.external_id} {shift}")
    share = random.uniform(0.06, 0.1) if shift.weekday() >= 5 else random.uniform(0.4, 0.55)
    # A slow wave over half a year, and less towards the weekend.
    share *= 0.85 + 0.3 * (shift.toordinal() % 183) / 183 - 0.02 * shift.weekday()
    return sorted(random.sample(range(1, tenant.users + 1), max(1, int(tenant.users * share))))
