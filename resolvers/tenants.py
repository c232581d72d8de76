"""Tenants as the viewer may see and manage them: find, create, change, assign."""

import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from models import Tenant, database
from resolvers import access, assignments, audit, cursors, texts
from resolvers.audit import Action, Origin, Record
from resolvers.errors import InvalidCursor
from resolvers.problems import Problem, ProblemCode
from resolvers.viewers import Landlord, Operator, Viewer

MAX_PAGE = 500
MAX_TEXT = 255
#: Folding makes at most 18 characters of one. SQLite fails on a LIKE of more than 50,000 bytes.
_MAX_FOLDED = 18 * MAX_TEXT


class TenantOrder(Enum):
    """Sort keys as columns; the ID makes each order total."""

    NAME_ASC = ("search_text", "id")
    NAME_DESC = ("-search_text", "-id")
    EXTERNAL_ID_ASC = ("external_id", "id")


@dataclass(frozen=True, slots=True)
class TenantFilter:
    """All that is not None must hold."""

    search: str | None = None
    billable: bool | None = None
    ids: Sequence[str] | None = None
    external_ids: Sequence[str] | None = None
    instance_ids: Sequence[UUID] | None = None


@dataclass(frozen=True, slots=True)
class TenantPage:
    rows: list[Tenant]
    has_next: bool
    order: TenantOrder
    viewer: Viewer | Operator
    where: TenantFilter

    async def total(self) -> int:
        """Of everything the viewer may see that passes the filter, from the beginning."""
        return await access.visible_tenants(self.viewer).filter(_condition(self.where)).count()

    def cursor(self, row: Tenant) -> str:
        return cursors.encode(f"tenants {self.order.name}", *_place(row, self.order))


async def search(
    viewer: Viewer | Operator,
    where: TenantFilter,
    order: TenantOrder = TenantOrder.NAME_ASC,
    first: int | None = None,
    after: str | None = None,
) -> TenantPage:
    """A page of the tenants that the viewer may see."""
    size = page_size(first)
    rest = access.visible_tenants(viewer).filter(_condition(where))
    if after is not None:
        key, tenant_id = cursors.decode(f"tenants {order.name}", after, 2)
        if (parsed := access.parse_id(tenant_id)) is None:
            raise InvalidCursor
        rest = rest.filter(_behind(order, key, parsed))
    rows = await rest.order_by(*order.value).limit(size + 1)
    return page_of(rows, size, viewer, where, order)


def page_size(first: int | None) -> int:
    return cursors.page_size(first, 100, MAX_PAGE)


def page_of(
    rows: Sequence[Tenant],
    size: int,
    viewer: Viewer | Operator,
    where: TenantFilter,
    order: TenantOrder,
) -> TenantPage:
    """The rows with one more, if there is one, which only says that there is a next page."""
    return TenantPage(list(rows[:size]), len(rows) > size, order, viewer, where)


def _condition(where: TenantFilter) -> Q:
    condition = Q()
    if where.search is not None:
        condition &= _matches(where.search)
    if where.billable is not None:
        condition &= Q(billable=where.billable)
    if where.ids is not None:
        known = [parsed for text in where.ids if (parsed := access.parse_id(text))]
        condition &= Q(id__in=known)
    if where.external_ids is not None:
        condition &= Q(external_id__in=access.parse_external_ids(where.external_ids))
    if where.instance_ids is not None:
        condition &= Q(instance_id__in=list(where.instance_ids))
    return condition


def _matches(search: str) -> Q:
    """Part of a name or an external ID; what neither can contain matches nothing."""
    part = _fold(search.strip())
    if "\n" in part or not texts.storable(part) or len(part) > _MAX_FOLDED:
        return Q(id__in=[])
    return Q(search_text__contains=part)


def _behind(order: TenantOrder, key: str, tenant_id: UUID) -> Q:
    column = order.value[0].removeprefix("-")
    way = "lt" if order.value[0].startswith("-") else "gt"
    tie: dict[str, Any] = {column: key, f"id__{way}": tenant_id}
    return Q(**{f"{column}__{way}": key}) | Q(**tie)


def _place(row: Tenant, order: TenantOrder) -> tuple[str, str]:
    return getattr(row, order.value[0].removeprefix("-")), str(row.id)


def _fold(text: str) -> str:
    """For sorting and searching without regard to case or to how a character is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())


def search_text(name: str, external_id: str) -> str:
    """The line break keeps a name before every longer one, and cannot be searched across."""
    return f"{_fold(name)}\n{_fold(external_id)}"


@dataclass(frozen=True, slots=True)
class NewTenant:
    name: str
    external_id: str
    instance_id: UUID
    billable: bool = False
    time_zone: str = "UTC"


async def create(
    viewer: Landlord | Operator, new: NewTenant, now: datetime, origin: Origin | None = None
) -> Tenant | list[Problem]:
    """A new tenant, assigned to the landlord who creates it."""
    name, external_id = new.name.strip(), new.external_id.strip()
    problems = _text_problems("name", name) + _text_problems("externalId", external_id)
    if new.time_zone not in _time_zones():
        message = "The time zone is not an IANA name such as Europe/Berlin."
        problems.append(Problem(ProblemCode.INVALID, message, ("input", "timeZone")))
    if problems:
        return problems
    tenant = Tenant(
        name=name,
        external_id=external_id,
        instance_id=new.instance_id,
        billable=new.billable,
        time_zone=new.time_zone,
        search_text=search_text(name, external_id),
        created_at=now,
    )
    billable = (("billable", new.billable),)

    async def work() -> Tenant:
        records = [Record(Action.TENANT_CREATE, tenant_id=tenant.id, details=billable)]
        await tenant.save(force_create=True)
        if isinstance(viewer, Landlord):
            await assignments.grant([tenant], viewer.id, viewer.id, now)
            records.append(assignments.granted(tenant, viewer.id, viewer.display_name))
        await audit.within(origin, records)
        return tenant

    return await _unless_taken(work, tenant.id, external_id, new.instance_id)


@cache
def _time_zones() -> frozenset[str]:
    """The IANA names. A machine may add its own zone, which no other machine knows, and one that
    stands for having none; looking reads hundreds of files, so it is done once."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


@dataclass(frozen=True, slots=True)
class TenantChange:
    """What to change; None keeps the value. The time zone stays: it decided the report dates."""

    name: str | None = None
    external_id: str | None = None
    instance_id: UUID | None = None


async def update(
    tenant: Tenant, change: TenantChange, origin: Origin | None = None
) -> Tenant | list[Problem]:
    """Change a tenant the viewer may manage; concurrent changes of other fields are kept."""
    name = None if change.name is None else change.name.strip()
    external_id = None if change.external_id is None else change.external_id.strip()
    problems = [] if name is None else _text_problems("name", name)
    problems += [] if external_id is None else _text_problems("externalId", external_id)
    if problems:
        return problems
    given = {"name": name, "externalId": external_id, "instanceId": change.instance_id}
    changed = [field for field, value in given.items() if value is not None]
    record = Record(
        Action.TENANT_UPDATE, tenant_id=tenant.id, details=(("fields", ",".join(changed)),)
    )

    async def work() -> Tenant:
        row = await access.lock(tenant)
        row.name = row.name if name is None else name
        row.external_id = row.external_id if external_id is None else external_id
        row.instance_id = change.instance_id or row.instance_id
        row.search_text = search_text(row.name, row.external_id)
        await row.save(update_fields=["name", "external_id", "instance_id", "search_text"])
        await audit.within(origin, [record])
        return row

    return await _unless_taken(work, tenant.id, external_id, change.instance_id)


async def set_billable(tenant: Tenant, billable: bool, origin: Origin | None = None) -> Tenant:
    """Configure a tenant as PureConnect billable, or no longer so."""
    record = Record(
        Action.TENANT_SET_BILLABLE, tenant_id=tenant.id, details=(("billable", billable),)
    )

    async def work() -> Tenant:
        row = await access.lock(tenant)
        row.billable = billable
        await row.save(update_fields=["billable"])
        await audit.within(origin, [record])
        return row

    return await database.transaction(work)


def _text_problems(name: str, value: str) -> list[Problem]:
    """What is wrong with a name or an external ID, already trimmed."""
    field = ("input", name)
    if not value:
        return [Problem(ProblemCode.BLANK, f"{name} must not be blank.", field)]
    if len(value) > MAX_TEXT:
        message = f"{name} has more than {MAX_TEXT} characters."
        return [Problem(ProblemCode.INVALID, message, field)]
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        message = f"{name} contains a control character."
        return [Problem(ProblemCode.INVALID, message, field)]
    return []


async def _unless_taken(
    work: Callable[[], Awaitable[Tenant]],
    tenant_id: UUID,
    external_id: str | None,
    instance_id: UUID | None,
) -> Tenant | list[Problem]:
    try:
        return await database.transaction(work)
    except IntegrityError:
        taken = await access.taken(tenant_id, external_id, instance_id)
        if not taken:
            raise
        return [
            Problem(ProblemCode.TAKEN, f"Another tenant has this {name}.", ("input", name))
            for name in taken
        ]
