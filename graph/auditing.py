"""What a request leaves in the audit log: noted where something is read or refused, and written
once, after the answer is made and before it leaves."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from graph import errors
from graph.context import Context, Info
from graph.types.given import given
from graph.types.keys import tenant_key
from resolvers.access import TenantKey, parse_id
from resolvers.audit import Action, Log, Record, Spelt
from resolvers.errors import Refusal, TenantNotFound, Unavailable
from resolvers.problems import Problem, ProblemCode
from resolvers.viewers import Viewer

Audit = Callable[[Viewer, str, datetime, Sequence[Spelt]], Awaitable[None]]
"""Of who was answered, the request's ID, its time, and what it read or was refused."""


async def unaudited(
    _viewer: Viewer, _request_id: str, _now: datetime, _noted: Sequence[Spelt]
) -> None:
    """Where there is no audit log."""


def auditing(log: Log) -> Audit:
    async def audit(viewer: Viewer, request_id: str, now: datetime, noted: Sequence[Spelt]) -> None:
        """What cannot be written in the log is not answered."""
        try:
            await log.append(viewer, request_id, now, noted)
        except Exception as error:
            errors.log(error, errors.Incident(request_id))
            raise Unavailable from error

    return audit


def refused(
    info: Info, action: Action, refusal: Refusal, source: Any, arguments: dict[str, Any]
) -> None:
    """Note that a field was refused. Its tenant is named as such when the caller sees it, being
    the object of the field or let pass by CanSeeTenant; any other is what was asked for."""
    on = given(arguments.get("date"))
    record = Record(
        action,
        refusal.code,
        first=on or given(arguments.get("from_")),
        last=on or given(arguments.get("to")),
    )
    if source is not None:
        record = _of_object(record, source)
    elif (key := _key(arguments)) is not None:
        held = info.context.held.get(key)
        asked = None if held else key.instance_id or parse_id(key.id or "")
        record = record._replace(tenant_id=held.id if held else None, asked_id=asked)
    info.context.note(record)


def not_found(
    context: Context, action: Action, tenant_ids: Sequence[str], problems: Sequence[Problem]
) -> None:
    """Note that a change of many tenants was not made, since some of them are not to be seen. One
    entry, with the first of them and how many they are: a call may name hundreds of made-up IDs."""
    fields = [each.field for each in problems if each.code is ProblemCode.NOT_FOUND]
    unseen = [int(field[1]) for field in fields if field[0] == "tenantIds"]
    if unseen:
        asked, details = parse_id(tenant_ids[unseen[0]]), (("tenants", len(unseen)),)
        context.note(Record(action, TenantNotFound.code, asked_id=asked, details=details))


def _of_object(record: Record, source: Any) -> Record:
    """A field of a tenant has its row, one of a report the record of tenant and date."""
    if hasattr(source, "row"):
        return record._replace(tenant_id=source.row.id)
    report = source.record
    return record._replace(tenant_id=report.tenant.id, first=report.on, last=report.on)


def _key(arguments: dict[str, Any]) -> TenantKey | None:
    named = arguments.keys() & {"tenant", "id", "by"} or hasattr(arguments.get("input"), "tenant")
    return tenant_key(arguments) if named else None
