"""API keys: how service accounts sign in without a token, made and revoked by the operator.

A principal has two live keys at most: an old one and the one that replaces it. Each ends within a
year. What a key may do is decided when it is made.
"""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from tortoise.expressions import F

from models import ApiKey, Principal, PrincipalKind, PrincipalStatus, database
from resolvers import audit, key_texts
from resolvers.access import GRANTABLE
from resolvers.audit import Action, Origin, Record, Subject
from resolvers.problems import Problem, ProblemCode

MAX_LIVE = 2
MAX_LIFETIME = timedelta(days=365)

Result = TypeVar("Result")


async def create(
    principal: Principal,
    scopes: Collection[str],
    expires_at: datetime,
    now: datetime,
    origin: Origin | None = None,
) -> tuple[ApiKey, str] | list[Problem]:
    """The key as it is stored, and in full: this is the only time that it can be had."""
    problems = [
        *_principal_problems(principal),
        *_scope_problems(scopes),
        *_expiry_problems(expires_at, now),
    ]
    if problems:
        return problems
    text, kept = key_texts.make()
    row = ApiKey(
        id=kept.id,
        principal=principal,
        secret_sha256=kept.digest,
        scopes=" ".join(sorted(scopes)),
        created_at=now,
        expires_at=expires_at,
    )

    async def work() -> bool:
        live = ApiKey.filter(principal_id=principal.id, revoked_at=None, expires_at__gt=now)
        if await live.count() >= MAX_LIVE:
            return False
        await _store(row, principal, origin)
        return True

    if await _one_at_a_time(principal.id, work):
        return row, text
    message = f"The principal has {MAX_LIVE} live keys already: revoke one of them first."
    return [Problem(ProblemCode.TOO_MANY, message, ("principal",))]


async def revoke(row: ApiKey, now: datetime, origin: Origin | None = None) -> ApiKey:
    """Refuse the key from the next request on. One that is revoked already stays as it is."""

    async def work() -> ApiKey:
        stored = await ApiKey.get(id=row.id)
        if stored.revoked_at is None:
            stored.revoked_at = now
            await _store(stored, await Principal.get(id=stored.principal_id), origin)
        return stored

    return await _one_at_a_time(row.principal_id, work)


def state(row: ApiKey, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "live" if now < row.expires_at else "expired"


async def _store(row: ApiKey, owner: Principal, origin: Origin | None) -> None:
    """The one place where keys are made and revoked, inside the transaction."""
    if row.revoked_at is None:
        action = Action.API_KEY_CREATE
        await row.save(force_create=True)
    else:
        action = Action.API_KEY_REVOKE
        await row.save(update_fields=["revoked_at"])
    subject = Subject(owner.id, owner.display_name)
    await audit.within(origin, [Record(action, subject=subject, details=(("key", row.id),))])


async def _one_at_a_time(principal_id: UUID, work: Callable[[], Awaitable[Result]]) -> Result:
    """A transaction of its own for each change of a principal's keys: two that are made at once
    would both find room."""

    async def change() -> Result:
        await Principal.filter(id=principal_id).update(status=F("status"))
        return await work()

    return await database.transaction(change)


async def listed(principal: Principal | None = None) -> list[ApiKey]:
    """Of all principals or of one, with their principals, the newest first."""
    rows = ApiKey.all() if principal is None else ApiKey.filter(principal_id=principal.id)
    found = await rows.order_by("-created_at", "id")
    owners = Principal.filter(id__in={row.principal_id for row in found})
    by_id = {owner.id: owner for owner in await owners}
    for row in found:
        row.principal = by_id[row.principal_id]
    return found


async def named(text: str) -> ApiKey | None:
    """The key with this ID, or which this is."""
    whole = key_texts.read(text)
    key_id = whole.id if whole else text
    # The databases refuse to look for what cannot be stored.
    return await ApiKey.get_or_none(id=key_id) if key_id.isalnum() else None


def _principal_problems(principal: Principal) -> list[Problem]:
    if principal.kind is not PrincipalKind.SERVICE_ACCOUNT:
        message = "Only service accounts have API keys: people sign in with a token."
    elif principal.status is not PrincipalStatus.ACTIVE:
        message = "The service account is disabled."
    else:
        return []
    return [Problem(ProblemCode.INVALID, message, ("principal",))]


def _scope_problems(scopes: Collection[str]) -> list[Problem]:
    if not scopes:
        message = "A key without a scope may do nothing: give it at least one."
        return [Problem(ProblemCode.BLANK, message, ("scopes",))]
    if not GRANTABLE.issuperset(scopes):
        message = f"scopes are some of {', '.join(sorted(GRANTABLE))}."
        return [Problem(ProblemCode.INVALID, message, ("scopes",))]
    return []


def _expiry_problems(expires_at: datetime, now: datetime) -> list[Problem]:
    if not now < expires_at <= now + MAX_LIFETIME:
        message = f"A key ends after now, and within {MAX_LIFETIME.days} days."
        return [Problem(ProblemCode.INVALID, message, ("expiresAt",))]
    return []
