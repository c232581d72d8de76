"""What stands in the audit log."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, assert_never
from uuid import UUID

import orjson

from models import PrincipalKind
from resolvers import instants
from resolvers.viewers import Landlord, Operator, ServiceAccount, TenantAdministrator, Viewer

OK = "OK"
"""The outcome of what was done; that of what was refused is the refusal's code."""

OPERATOR = "OPERATOR"
"""In the place of a principal's kind: the command, run with the database's credentials."""


class Action(StrEnum):
    """What was done or refused. Entries outlive versions: none is ever renamed or taken away."""

    BILLING_REPORT_READ = "BILLING_REPORT_READ"
    BILLING_USERS_READ = "BILLING_USERS_READ"
    BILLING_TREND_READ = "BILLING_TREND_READ"
    AUDIT_TRAIL_READ = "AUDIT_TRAIL_READ"
    AUDIT_EXPORT = "AUDIT_EXPORT"
    TENANT_CREATE = "TENANT_CREATE"
    TENANT_UPDATE = "TENANT_UPDATE"
    TENANT_SET_BILLABLE = "TENANT_SET_BILLABLE"
    TENANT_ASSIGN = "TENANT_ASSIGN"
    TENANT_UNASSIGN = "TENANT_UNASSIGN"
    LOGINS_RECORD = "LOGINS_RECORD"
    PRINCIPAL_CREATE = "PRINCIPAL_CREATE"
    PRINCIPAL_ENABLE = "PRINCIPAL_ENABLE"
    PRINCIPAL_DISABLE = "PRINCIPAL_DISABLE"
    API_KEY_CREATE = "API_KEY_CREATE"
    API_KEY_REVOKE = "API_KEY_REVOKE"


class Subject(NamedTuple):
    """The principal whom something was done to, such as the landlord a tenant is assigned to."""

    id: UUID
    name: str


class Record(NamedTuple):
    """What was done or refused, whoever does it: a plain value that can be written again for
    another request.

    `tenant_id` is a tenant that the caller sees, `asked_id` one that they named and do not see or
    that was not looked at. `details` are few and small, such as counts; never a secret, never an
    ID of a user.
    """

    action: Action
    outcome: str = OK
    tenant_id: UUID | None = None
    asked_id: UUID | None = None
    first: date | None = None
    last: date | None = None
    subject: Subject | None = None
    details: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who does something, when, and in which request; the command has none. What is not `audited`
    (HEADCOUNT_AUDIT is off) leaves no entry."""

    actor: Viewer | Operator
    now: datetime
    request_id: str | None = None
    audited: bool = True


class Spelt(NamedTuple):
    """An entry's content but for what its request adds: when and by whom between `begin` and
    `middle`, the request's ID between `middle` and `end`. `tenants` are IDs separated by commas,
    which it is filed under."""

    begin: str
    middle: str
    end: str
    tenants: str


class Row(NamedTuple):
    """An entry that has no place in the chain yet."""

    at: datetime
    tenants: str
    content: str


def spelt(records: Iterable[Record]) -> tuple[Spelt, ...]:
    """The entries that records make. Those that differ in nothing but their tenant are one: who
    looked at a list of reports has done one thing."""
    tenants: dict[Record, list[UUID]] = {}
    for record in records:
        of_tenant = record.tenant_id is not None
        named = tenants.setdefault(record._replace(tenant_id=_SOME if of_tenant else None), [])
        if record.tenant_id is not None:
            named.append(record.tenant_id)
    return tuple(_spelt(record, named) for record, named in tenants.items())


#: In the place of tenants that are told apart.
_SOME = UUID(int=0)


def rows(origin: Origin, entries: Iterable[Spelt]) -> list[Row]:
    at = origin.now.replace(microsecond=origin.now.microsecond // 1000 * 1000)
    made = f',"at":"{instants.render(at)}","by":{canonical(_actor(origin.actor))}'
    request = f',"request":{canonical(origin.request_id)}' if origin.request_id else ""
    return [
        Row(at, tenants, f"{begin}{made}{middle}{request}{end}")
        for begin, middle, end, tenants in entries
    ]


def canonical(value: Any) -> str:
    """The one spelling of an entry: keys sorted, no white space, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _spelt(record: Record, tenant_ids: Sequence[UUID]) -> Spelt:
    """Parts of the canonical spelling. What has no value is left out; codes, dates and UUIDs need
    no escapes."""
    action, outcome, _, asked, first, last, subject, details = record
    begin, middle, end = f'{{"action":"{action.value}"', "", ""
    if asked is not None:
        begin += f',"asked":"{asked}"'
    if details:
        middle += f',"details":{canonical(dict(details))}'
    if first is not None:
        middle += f',"from":"{first.isoformat()}"'
    middle += f',"outcome":"{outcome}"'
    if subject is not None:
        end += f',"subject":{canonical({"id": str(subject.id), "name": subject.name})}'
    tenants = [str(each) for each in dict.fromkeys(tenant_ids)]
    if len(tenants) == 1:
        end += f',"tenant":"{tenants[0]}"'
    elif tenants:
        end += f',"tenants":{canonical(tenants)}'
    if last is not None:
        end += f',"to":"{last.isoformat()}"'
    return Spelt(begin, middle, f"{end}}}", ",".join(tenants))


def _actor(actor: Viewer | Operator) -> dict[str, Any]:
    match actor:
        case Landlord():
            kind = PrincipalKind.LANDLORD
        case TenantAdministrator():
            kind = PrincipalKind.TENANT_ADMINISTRATOR
        case ServiceAccount():
            kind = PrincipalKind.SERVICE_ACCOUNT
        case Operator():
            return {"kind": OPERATOR}
        case _:
            assert_never(actor)
    return {"id": str(actor.id), "kind": kind.value, "name": actor.display_name}
