"""Worlds to begin with: tenants, people and logins, in the database and as facts."""

from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

from models import Assignment, Presence, Principal, Tenant, TenantDay
from resolvers import logins
from tests import factories, tokens
from tests.authorisation.facts import PrincipalFacts, TenantFacts, World, first_instant
from tests.authorisation.questions import NAMES, USERS, ZONES


async def record(world: World, tenant: TenantFacts, chance: Random) -> None:
    """Some logins of the past months, by the function that imports files."""
    start = first_instant(world.window(tenant)[0], tenant.time_zone)
    span = int((world.now - start).total_seconds() * 1000)
    batch = [
        (
            chance.choice([*USERS, f"user of {tenant.external_id}"]),
            start + timedelta(milliseconds=chance.randint(*chance.choice(_spans(span)))),
        )
        for _ in range(chance.randint(1, 6))
    ]
    for user, at in batch:
        tenant.record(user, at)
    await logins.record(await Tenant.get(id=tenant.id), batch, world.now)


async def record_one(world: World, tenant: TenantFacts, user: str, at: datetime) -> None:
    tenant.record(user, at)
    await logins.record(await Tenant.get(id=tenant.id), [(user, at)], world.now)


def _spans(span: int) -> list[tuple[int, int]]:
    """Of the window, its first day, its last two."""
    return [(0, span), (0, 86_400_000), (span - 2 * 86_400_000, span)]


async def make(chance: Random) -> World:
    world = World(tokens.NOW)
    for number in range(6):
        row = await factories.tenant(
            name=f"{chance.choice(NAMES)}",
            external_id=f"{chance.choice(['Ext', 'ext', 'ACME'])}-{number}-{uuid4().hex[:6]}",
            billable=chance.random() < 0.8,
            time_zone=chance.choice(ZONES),
        )
        tenant = TenantFacts(
            str(row.id),
            row.name,
            row.external_id,
            str(row.instance_id),
            row.billable,
            row.time_zone,
        )
        world.tenants[tenant.id] = tenant
        for _ in range(2):
            await record(world, tenant, chance)
    kinds = ["LANDLORD"] * 3 + ["SERVICE_ACCOUNT"] * 2 + ["TENANT_ADMINISTRATOR"] * 2
    for kind in kinds:
        await _new_principal(world, kind, chance)
    return world


async def _new_principal(world: World, kind: str, chance: Random) -> None:
    home = None
    if kind == "TENANT_ADMINISTRATOR":
        home = await Tenant.get(id=chance.choice(list(world.tenants)))
    principal = await factories._principal(kind, home_tenant=home)  # type: ignore[arg-type]
    facts = PrincipalFacts(
        str(principal.id),
        kind,
        principal.subject,
        principal.display_name,
        home and str(home.id),
    )
    world.principals[facts.id] = facts
    # An assignment of an administrator widens nothing.
    for tenant in chance.sample(list(world.tenants), 3):
        await factories.assign(await Tenant.get(id=tenant), principal)
        world.assigned.add((facts.id, tenant))


async def clear() -> None:
    for model in (Presence, TenantDay, Assignment, Principal, Tenant):
        await model.all().delete()
