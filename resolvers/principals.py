"""Principals: who can sign in, as the operator registers and disables them.

Nobody becomes known by presenting a token: an issuer's subject is refused until it stands here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.exceptions import IntegrityError

from models import Principal, PrincipalKind, PrincipalStatus, Tenant, database
from resolvers import access, audit, texts
from resolvers.audit import Action, Origin, Record, Subject
from resolvers.problems import Problem, ProblemCode
from resolvers.viewers import Operator

MAX_TEXT = 255


@dataclass(frozen=True, slots=True)
class NewPrincipal:
    """`home` exactly for a Tenant Administrator."""

    kind: PrincipalKind
    issuer: str
    subject: str
    display_name: str
    home: Tenant | None = None


async def create(
    new: NewPrincipal, now: datetime, origin: Origin | None = None
) -> Principal | list[Problem]:
    problems = [
        *_text_problems("issuer", new.issuer),
        *_text_problems("subject", new.subject),
        *_text_problems("displayName", new.display_name),
        *_home_problems(new),
    ]
    if problems:
        return problems
    principal = Principal(
        kind=new.kind,
        issuer=new.issuer,
        subject=new.subject,
        display_name=new.display_name,
        home_tenant=new.home,
        created_at=now,
    )

    async def work() -> None:
        await principal.save(force_create=True)
        await audit.within(origin, [_record(Action.PRINCIPAL_CREATE, principal)])

    try:
        await database.transaction(work)
    except IntegrityError:
        if not await Principal.exists(issuer=new.issuer, subject=new.subject):
            raise
        message = "Another principal has this subject of this issuer."
        return [Problem(ProblemCode.TAKEN, message, ("subject",))]
    return principal


async def listed() -> list[Principal]:
    """All of them with their home tenants, by name."""
    rows = await Principal.all()
    await fill_homes(rows)
    return sorted(rows, key=lambda row: (row.display_name.casefold(), row.issuer, row.subject))


async def fill_homes(rows: Sequence[Principal]) -> None:
    """Put the home tenants where `home_tenant` is looked for."""
    ids = [row.home_tenant_id for row in rows if row.home_tenant_id is not None]
    homes = {home.id: home for home in await access.visible_tenants(Operator()).filter(id__in=ids)}
    for row in rows:
        row.home_tenant = homes[row.home_tenant_id] if row.home_tenant_id is not None else None


async def named(text: str, issuer: str | None = None) -> Sequence[Principal]:
    """Those whose ID or subject this is: several when issuers happen to share a subject."""
    if (principal_id := access.parse_id(text)) and (
        row := await Principal.get_or_none(id=principal_id)
    ):
        return [row]
    if not texts.storable(text) or not texts.storable(issuer or ""):
        return []
    rows = Principal.filter(subject=text)
    return await (rows.filter(issuer=issuer) if issuer else rows)


async def set_status(
    principal: Principal, status: PrincipalStatus, origin: Origin | None = None
) -> None:
    """Disabled, a principal is refused from the next request on."""

    async def work() -> None:
        await Principal.filter(id=principal.id).update(status=status)
        await audit.within(origin, [_record(_STATUS_SET[status], principal)])

    await database.transaction(work)
    principal.status = status


_STATUS_SET = {
    PrincipalStatus.ACTIVE: Action.PRINCIPAL_ENABLE,
    PrincipalStatus.DISABLED: Action.PRINCIPAL_DISABLE,
}


def _record(action: Action, principal: Principal) -> Record:
    """In nobody's trail, though an administrator has a tenant: it is no matter of its billing."""
    return Record(action, subject=Subject(principal.id, principal.display_name))


def _text_problems(name: str, value: str) -> list[Problem]:
    """As a token's claims are read: printable, 1 to 255 characters. Never trimmed, since a token
    must say exactly the same."""
    if not value.strip():
        return [Problem(ProblemCode.BLANK, f"{name} must not be blank.", (name,))]
    if len(value) > MAX_TEXT:
        message = f"{name} has more than {MAX_TEXT} characters."
        return [Problem(ProblemCode.INVALID, message, (name,))]
    if not value.isprintable() or value != value.strip():
        message = f"{name} has characters that cannot be printed, or white space around it."
        return [Problem(ProblemCode.INVALID, message, (name,))]
    return []


def _home_problems(new: NewPrincipal) -> list[Problem]:
    if new.kind is PrincipalKind.TENANT_ADMINISTRATOR:
        if new.home is None:
            message = "A tenant administrator has a home tenant."
            return [Problem(ProblemCode.BLANK, message, ("home",))]
    elif new.home is not None:
        message = "Only a tenant administrator has a home tenant."
        return [Problem(ProblemCode.INVALID, message, ("home",))]
    return []
