"""Who may see what: all of it.

Two rules, each a `match` over the closed union of viewers:

- `scopes(viewer)`: what a viewer may do at all;
- `visible_tenants(viewer)`: on which tenants.

Every query on tenants in this program starts in this file, and everything below takes a Tenant
that came from here: holding one is the permission. The second rule stands here twice more, in
SQL, for the statements that sign in and bring along what is asked first: `VISIBLE_TO_P` for one
tenant, `first_of_p` for the beginning of a list. A test holds the three against each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple, assert_never
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from models import Tenant
from resolvers import texts
from resolvers.errors import Forbidden
from resolvers.viewers import Landlord, Operator, ServiceAccount, TenantAdministrator, Viewer

MAX_EXTERNAL_ID = 255


class Scope(StrEnum):
    """What a viewer may do. The first three can be granted to a service account, by its token or
    its API key."""

    BILLING_READ = "billing:read"
    BILLING_USERS = "billing:users"
    LOGINS_WRITE = "logins:write"
    TENANTS_MANAGE = "tenants:manage"
    TENANTS_ASSIGN = "tenants:assign"
    AUDIT_READ = "audit:read"


GRANTABLE = frozenset({Scope.BILLING_READ, Scope.BILLING_USERS, Scope.LOGINS_WRITE})


_ADMINISTRATORS = frozenset({Scope.BILLING_READ, Scope.BILLING_USERS, Scope.AUDIT_READ})
_LANDLORDS = _ADMINISTRATORS | {Scope.TENANTS_MANAGE, Scope.TENANTS_ASSIGN}


def scopes(viewer: Viewer) -> frozenset[Scope]:
    """What a viewer may do: people by their role, a service account by the scopes it was given."""
    match viewer:
        case Landlord():
            return _LANDLORDS
        case TenantAdministrator():
            return _ADMINISTRATORS
        case ServiceAccount():
            return frozenset(scope for scope in GRANTABLE if scope in viewer.scopes)
        case _:
            assert_never(viewer)


def require_scope(viewer: Viewer, scope: Scope) -> None:
    """Refuse by what the caller is, never by what they asked for."""
    if scope in scopes(viewer):
        return
    if isinstance(viewer, ServiceAccount) and scope in GRANTABLE:
        raise Forbidden(f"You may not do this: it needs the scope {scope.value}.")
    raise Forbidden("You may not do this: your role does not allow it.")


def visible_tenants(viewer: Viewer | Operator) -> QuerySet[Tenant]:
    """The tenants a viewer may see, as a query: the whole permission rule.

    Assignments are read anew in every statement, so the first request after a revoke has been
    committed is refused. A Tenant Administrator sees the home tenant only, whatever is assigned.
    """
    match viewer:
        case Landlord() | ServiceAccount():
            return Tenant.filter(
                assignments__principal_id=viewer.id, assignments__revoked_at__isnull=True
            )
        case TenantAdministrator():
            return Tenant.filter(id=viewer.home_tenant_id)
        case Operator():
            return Tenant.all()
        case _:
            assert_never(viewer)


#: The same rule as an SQL condition on tenant t and principal p, for the statement that reads both.
VISIBLE_TO_P = """
    CASE
    WHEN p.kind = 'TENANT_ADMINISTRATOR' THEN t.id = p.home_tenant_id
    WHEN p.kind IN ('LANDLORD', 'SERVICE_ACCOUNT') THEN EXISTS (
        SELECT 1 FROM assignment a
        WHERE a.principal_id = p.id AND a.tenant_id = t.id AND a.revoked_at IS NULL
    )
    -- A kind that is not decided here sees nothing.
    ELSE false END
"""
COLUMNS = (
    *("id", "name", "external_id", "instance_id", "billable", "time_zone"),
    *("search_text", "created_at"),
)
#: Joins principal p with the one tenant that k names, if p may see it; its columns, in SQL.
JOIN_VISIBLE = f"LEFT JOIN tenant t ON t.id = k.tenant_id AND {VISIBLE_TO_P}"
SELECTED = ", ".join(f"t.{name}" for name in COLUMNS)


def of_row(values: Sequence[Any]) -> Tenant:
    """The tenant that was SELECTED, as Tortoise would make it; it takes eight times as long."""
    if isinstance(values[0], str):
        return of_texts(values)
    row = Tenant.__new__(Tenant)
    row.__dict__.update(_LOADED, _await_when_save={})
    row.__dict__.update(zip(COLUMNS, values, strict=True))
    return row


def of_texts(values: Sequence[Any]) -> Tenant:
    """The same of values as SQLite and JSON have them."""
    id_, name, external_id, instance_id, billable, time_zone, search_text, created_at = values
    made = datetime.fromisoformat(created_at)
    return of_row(
        (
            *(UUID(id_), name, external_id, UUID(instance_id), bool(billable), time_zone),
            *(search_text, made),
        )
    )


_LOADED = {"_partial": False, "_saved_in_db": True, "_custom_generated_pk": True}


#: The tenants that principal p may see, in SQL.
_SEEN_BY_P = """
    SELECT a.tenant_id FROM assignment a
    WHERE a.principal_id = p.id AND a.revoked_at IS NULL
      AND p.kind IN ('LANDLORD', 'SERVICE_ACCOUNT')
    UNION ALL
    SELECT p.home_tenant_id WHERE p.kind = 'TENANT_ADMINISTRATOR'
"""
_LIST = {
    "postgresql": "json_agg(json_build_array({}))::text",
    "sqlite": "json_group_array(json_array({}))",
}


def first_of_p(order: Sequence[str], condition: str, more: Mapping[str, str]) -> Mapping[str, str]:
    """The first `$limit` tenants t that p may see and that meet the condition, as an SQL value by
    dialect: a JSON list of lists, each what of_texts reads followed by more columns. Those are
    named SQL values."""
    keys = ", ".join(f"t.{key[1:]} DESC" if key[0] == "-" else f"t.{key}" for key in order)
    values = ", ".join(f"{value} AS {name}" for name, value in more.items())
    rows = f"""
        SELECT {SELECTED}, {values}
        FROM ({_SEEN_BY_P}) s JOIN tenant t ON t.id = s.tenant_id
        WHERE {condition}
        ORDER BY {keys} LIMIT $limit
    """
    columns = ", ".join(f"t.{name}" for name in (*COLUMNS, *more))
    return {
        dialect: f"(SELECT {function.format(columns)} FROM ({rows}) t)"
        for dialect, function in _LIST.items()
    }


def shows_billing(tenant: Tenant) -> bool:
    """Billing is shown of PureConnect-billable tenants only."""
    return tenant.billable


class TenantKey(NamedTuple):
    """What names one tenant on the wire: exactly one of its three identifiers."""

    id: str | None = None
    external_id: str | None = None
    instance_id: UUID | None = None


async def hold(viewer: Viewer | Operator, keys: Collection[TenantKey]) -> dict[TenantKey, Tenant]:
    """Those of the keys that name a visible tenant, with the tenant; one statement for all.

    A key that is malformed, unknown or foreign is simply absent: one outcome, no oracle.
    """
    ids = {key: parsed for key in keys if (parsed := parse_id(key.id or "")) is not None}
    externals = parse_external_ids(key.external_id for key in keys if key.external_id)
    instances = {key.instance_id for key in keys if key.instance_id}
    rows = await visible_tenants(viewer).filter(
        Q(id__in=list(ids.values()))
        # A longer one can be nobody's, and the column's own check would fail on it.
        | Q(external_id__in=externals)
        | Q(instance_id__in=list(instances))
    )
    found: dict[object, Tenant] = {}
    for row in rows:
        found |= {row.id: row, row.external_id: row, ("instance", row.instance_id): row}
    held = {
        key: found.get(ids.get(key) or key.external_id or ("instance", key.instance_id))
        for key in keys
    }
    return {key: row for key, row in held.items() if row is not None}


async def named(viewer: Viewer | Operator, text: str) -> list[Tenant]:
    """The visible tenants whose ID, external ID or instance ID this is: more than one when the
    external ID of one is written like an ID of another."""
    keys = {TenantKey(id=text), TenantKey(external_id=text)}
    if instance_id := parse_id(text):
        keys.add(TenantKey(instance_id=instance_id))
    found = {row.id: row for row in (await hold(viewer, keys)).values()}
    return list(found.values())


def parse_id(text: str) -> UUID | None:
    """An ID from the wire, or None when it cannot be the ID of anything."""
    return _parsed(text) if len(text) == 36 else None


@lru_cache(maxsize=10_000)
def _parsed(text: str) -> UUID | None:
    try:
        parsed = UUID(text)
    except ValueError:
        return None
    return parsed if str(parsed) == text.lower() else None


def parse_external_ids(given: Iterable[str]) -> list[str]:
    """Those that can be the external ID of a tenant; the databases refuse to look for others."""
    return [text for text in given if len(text) <= MAX_EXTERNAL_ID and texts.storable(text)]


async def lock(tenant: Tenant) -> Tenant:
    """The tenant as it is now, held until the transaction of the caller ends.

    An update comes first: it locks the row on PostgreSQL, and SQLite must begin with a write.
    """
    row = Tenant.filter(id=tenant.id)
    await row.update(billable=F("billable"))
    return await row.get()


async def taken(except_id: UUID, external_id: str | None, instance_id: UUID | None) -> list[str]:
    """Which of the unique identifiers belong to another tenant, visible or not: unique is unique,
    so an attempt to use one cannot but reveal it."""
    others = Tenant.exclude(id=except_id)
    answer = []
    if external_id is not None and await others.filter(external_id=external_id).exists():
        answer.append("externalId")
    if instance_id is not None and await others.filter(instance_id=instance_id).exists():
        answer.append("instanceId")
    return answer
