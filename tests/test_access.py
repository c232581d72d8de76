"""Who sees what, and what names a tenant."""

from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from models import Assignment, Principal, PrincipalStatus, Tenant
from models import database as connection
from resolvers import access, admission, assignments, tenants
from resolvers.access import Scope, TenantKey
from resolvers.admission import Admission, Question
from resolvers.asked import Asked, AskedTenant, AskedTenants, AskedTrend
from resolvers.errors import Forbidden
from resolvers.viewers import Landlord, Operator, ServiceAccount, TenantAdministrator, Viewer
from tests import factories, statements, tokens

LANDLORD = Landlord(uuid4(), "L")
ADMINISTRATOR = TenantAdministrator(uuid4(), "A", uuid4())
EVERY_SCOPE = frozenset(scope.value for scope in Scope)


def service(*scopes: str) -> ServiceAccount:
    return ServiceAccount(uuid4(), "S", frozenset(scopes))


async def admit(person: Principal, asked: Asked | None) -> Admission | None:
    question = Question(person.issuer, person.subject, EVERY_SCOPE, asked)
    (state,) = await admission.states([question])
    return None if state is None else admission.read(question, state)


async def visible(viewer: Viewer | Operator) -> list[str]:
    return sorted(row.name for row in await access.visible_tenants(viewer))


@pytest.mark.parametrize(
    ("viewer", "expected"),
    [
        (
            LANDLORD,
            {
                Scope.BILLING_READ,
                Scope.BILLING_USERS,
                Scope.TENANTS_MANAGE,
                Scope.TENANTS_ASSIGN,
                Scope.AUDIT_READ,
            },
        ),
        (ADMINISTRATOR, {Scope.BILLING_READ, Scope.BILLING_USERS, Scope.AUDIT_READ}),
        (service(), set()),
        (service("billing:read"), {Scope.BILLING_READ}),
        (service("billing:users"), {Scope.BILLING_USERS}),
        (service("logins:write"), {Scope.LOGINS_WRITE}),
        (service(*EVERY_SCOPE), {Scope.BILLING_READ, Scope.BILLING_USERS, Scope.LOGINS_WRITE}),
        (service("tenants:manage", "tenants:assign"), set()),
        (service("billing", "BILLING:READ", "billing:read ", "*", "", "openid"), set()),
    ],
)
def test_scopes_follow_the_role_and_a_service_accounts_token(
    viewer: Viewer, expected: set[Scope]
) -> None:
    assert access.scopes(viewer) == expected


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("viewer", [LANDLORD, ADMINISTRATOR, service(), service("logins:write")])
def test_what_is_not_allowed_is_refused_and_what_can_be_granted_named(
    viewer: Viewer, scope: Scope
) -> None:
    if scope in access.scopes(viewer):
        access.require_scope(viewer, scope)
        return

    with pytest.raises(Forbidden) as refused:
        access.require_scope(viewer, scope)
    named = isinstance(viewer, ServiceAccount) and scope in access.scopes(service(*EVERY_SCOPE))
    reason = f"it needs the scope {scope.value}." if named else "your role does not allow it."
    assert str(refused.value) == f"You may not do this: {reason}"


async def test_a_landlord_sees_what_is_assigned_and_nothing_else(database: None) -> None:
    mine, unbillable, revoked, foreign = [
        await factories.tenant(name=name, billable=name != "unbillable")
        for name in ("mine", "unbillable", "revoked", "foreign")
    ]
    landlord = await factories.landlord(mine, unbillable)
    await factories.assign(revoked, landlord, revoked_at=tokens.NOW)
    other = await factories.landlord(foreign, mine)

    assert await visible(Landlord(landlord.id, "")) == ["mine", "unbillable"]
    assert await visible(Landlord(other.id, "")) == ["foreign", "mine"]
    assert await visible(Landlord(uuid4(), "")) == []


async def test_a_service_account_sees_what_is_assigned_whatever_its_scopes(database: None) -> None:
    mine, revoked = [await factories.tenant(name=name) for name in ("mine", "revoked")]
    await factories.tenant(name="foreign")
    account = await factories.service(mine)
    await factories.assign(revoked, account, revoked_at=tokens.NOW)

    assert await visible(ServiceAccount(account.id, "", frozenset())) == ["mine"]
    assert await visible(ServiceAccount(account.id, "", EVERY_SCOPE)) == ["mine"]


async def test_an_administrator_sees_the_home_tenant_and_nothing_assigned(database: None) -> None:
    home, others_home, assigned = [
        await factories.tenant(name=name) for name in ("home", "others home", "assigned")
    ]
    administrator = await factories.administrator(home)
    other = await factories.administrator(others_home)
    await factories.assign(assigned, administrator)
    await factories.assign(home, other)

    assert await visible(TenantAdministrator(administrator.id, "", home.id)) == ["home"]
    assert await visible(TenantAdministrator(other.id, "", others_home.id)) == ["others home"]
    assert await visible(TenantAdministrator(uuid4(), "", uuid4())) == []


async def test_a_landlord_with_the_id_of_an_administrator_sees_no_home(database: None) -> None:
    administrator = await factories.administrator(await factories.tenant())

    assert await visible(Landlord(administrator.id, "")) == []


async def test_the_operator_sees_everything(database: None) -> None:
    for name in ("a", "b"):
        await factories.tenant(name=name)

    assert await visible(Operator()) == ["a", "b"]


async def test_a_revoked_assignment_hides_at_once_and_a_new_one_shows_again(
    database: None,
) -> None:
    tenant = await factories.tenant(name="mine")
    landlord = await factories.landlord(tenant)
    viewer = Landlord(landlord.id, "")
    seen = [await visible(viewer)]

    await assignments.unassign([tenant], landlord, tokens.NOW)
    seen.append(await visible(viewer))
    await assignments.assign([tenant], landlord, None, tokens.NOW)
    seen.append(await visible(viewer))

    assert seen == [["mine"], [], ["mine"]]
    assert await Assignment.filter(tenant=tenant).count() == 2


async def test_many_revoked_assignments_do_not_repeat_a_tenant(database: None) -> None:
    tenant = await factories.tenant(name="mine")
    landlord = await factories.landlord(tenant)
    for _ in range(3):
        await factories.assign(tenant, landlord, revoked_at=tokens.NOW)
    viewer = Landlord(landlord.id, "")

    assert await visible(viewer) == ["mine"]
    assert await access.visible_tenants(viewer).count() == 1


async def test_signing_in_brings_along_what_is_visible_and_nothing_else(database: None) -> None:
    """The rule stands in access.py three times, as a query and twice as SQL: they say the same."""
    rows = [await factories.tenant() for _ in range(4)]
    people = [
        await factories.landlord(*rows[:2]),
        await factories.service(rows[1]),
        await factories.administrator(rows[2]),
        await factories.landlord(),
    ]
    await factories.assign(rows[0], people[2])
    await factories.assign(rows[3], people[0], revoked_at=tokens.NOW)

    for person in people:
        listing = await admit(person, AskedTenants(("id",), 10))
        assert listing is not None
        expected = await access.visible_tenants(listing.viewer).order_by("id")
        listed = listing.brought.tenants or []
        assert [vars(row) for row in listed] == [vars(row) for row in expected]
        for row in rows:
            on = tokens.NOW.date()
            for asked in (
                AskedTenant(str(row.id), row.id),
                AskedTrend(str(row.id), row.id, on, on),
            ):
                admitted = await admit(person, asked)
                assert admitted is not None
                found = admitted.brought.tenant
                assert (found is not None) == (row in expected)
                assert found is None or vars(found) == vars(await Tenant.get(id=row.id))


async def test_nobody_disabled_is_admitted(database: None) -> None:
    row = await factories.tenant()
    gone = await factories.landlord(row, status=PrincipalStatus.DISABLED)
    asked = AskedTenant(str(row.id), row.id)

    for each in (asked, None, AskedTenants(("id",), 10)):
        assert await admit(gone, each) is None
    (nobody,) = await admission.states([Question(gone.issuer, "nobody", EVERY_SCOPE, asked)])
    assert nobody is None


async def test_every_kind_of_key_holds_a_visible_tenant_in_one_statement(database: None) -> None:
    one, two, three = [await factories.tenant() for _ in range(3)]
    viewer = Landlord((await factories.landlord(one, two, three)).id, "")
    keys = {
        TenantKey(id=str(one.id)): one.id,
        TenantKey(id=str(one.id).upper()): one.id,
        TenantKey(external_id=one.external_id): one.id,
        TenantKey(instance_id=two.instance_id): two.id,
        TenantKey(external_id=three.external_id): three.id,
    }

    async with statements.counted() as sent:
        held = await access.hold(viewer, [*keys, *keys])

    assert {key: row.id for key, row in held.items()} == keys
    assert len(sent) == 1


async def test_malformed_foreign_and_unknown_keys_are_absent_alike(database: None) -> None:
    mine, foreign, revoked = [await factories.tenant() for _ in range(3)]
    landlord = await factories.landlord(mine)
    await factories.assign(revoked, landlord, revoked_at=tokens.NOW)
    await factories.landlord(foreign)
    bad = [
        TenantKey(),
        *(
            TenantKey(id=text)
            for text in (
                str(foreign.id),
                str(revoked.id),
                str(uuid4()),
                "",
                "x",
                mine.id.hex,
                f"{{{mine.id}}}",
                f"urn:uuid:{mine.id}",
                f" {mine.id}",
                f"{mine.id}\0",
                str(mine.id).translate({48 + n: 0xFF10 + n for n in range(10)}),
                f"{mine.id}\ud800",
                mine.external_id,
                str(mine.instance_id),
                "' OR 1=1 --",
            )
        ),
        *(
            TenantKey(external_id=text)
            for text in (
                foreign.external_id,
                revoked.external_id,
                "",
                "\0",
                f"{mine.external_id}\0",
                f"{mine.external_id} ",
                mine.external_id.lower(),
                "\ud800",
                str(mine.id),
                "%",
            )
        ),
        TenantKey(instance_id=foreign.instance_id),
        TenantKey(instance_id=revoked.instance_id),
        TenantKey(instance_id=uuid4()),
        TenantKey(instance_id=mine.id),
    ]
    good = TenantKey(id=str(mine.id))

    async with statements.counted() as sent:
        held = await access.hold(Landlord(landlord.id, ""), [*bad, good])

    assert {key: row.id for key, row in held.items()} == {good: mine.id}
    assert len(sent) == 1
    assert await access.hold(Landlord(landlord.id, ""), bad) == {}
    assert await access.hold(Landlord(landlord.id, ""), []) == {}


async def test_hold_takes_as_many_keys_as_a_document_can_carry(database: None) -> None:
    rows = [await factories.tenant() for _ in range(3)]
    viewer = Landlord((await factories.landlord(*rows)).id, "")
    keys = [
        *(TenantKey(id=str(uuid4())) for _ in range(500)),
        *(TenantKey(external_id=f"none-{n}") for n in range(500)),
        *(TenantKey(instance_id=uuid4()) for _ in range(500)),
        *(TenantKey(external_id=row.external_id) for row in rows),
    ]

    held = await access.hold(viewer, keys)

    assert [row.id for row in held.values()] == [row.id for row in rows]


async def test_two_tenants_whose_identifiers_cross_are_not_confused(database: None) -> None:
    one = await factories.tenant()
    two = await factories.tenant(external_id=str(one.id), instance_id=one.id)
    viewer = Landlord((await factories.landlord(one, two)).id, "")
    keys: dict[TenantKey, Any] = {
        TenantKey(id=str(one.id)): one.id,
        TenantKey(external_id=str(one.id)): two.id,
        TenantKey(instance_id=one.id): two.id,
    }

    held = await access.hold(viewer, list(keys))

    assert {key: row.id for key, row in held.items()} == keys


@pytest.mark.parametrize("billable", [True, False])
def test_billing_is_shown_of_billable_tenants_only(billable: bool) -> None:
    assert access.shows_billing(Tenant(billable=billable)) is billable


async def test_taken_tells_identifiers_of_other_tenants_only(database: None) -> None:
    mine, invisible = await factories.tenant(), await factories.tenant()

    assert await access.taken(mine.id, mine.external_id, mine.instance_id) == []
    assert await access.taken(mine.id, None, None) == []
    assert await access.taken(mine.id, "free", uuid4()) == []
    assert await access.taken(mine.id, invisible.external_id, None) == ["externalId"]
    assert await access.taken(mine.id, invisible.external_id, invisible.instance_id) == [
        "externalId",
        "instanceId",
    ]


async def test_a_locked_tenant_is_as_it_is_now(database: None) -> None:
    tenant = await factories.tenant(name="old")
    await Tenant.filter(id=tenant.id).update(name="new")

    assert (await access.lock(tenant)).name == "new"


def test_scopes_are_spelt_as_tokens_carry_them() -> None:
    assert {scope.value for scope in Scope} == {
        *("billing:read", "billing:users", "logins:write", "tenants:manage", "tenants:assign"),
        "audit:read",
    }


async def test_a_kind_of_principal_that_nobody_decided_on_sees_nothing(database: None) -> None:
    tenant = await factories.tenant()
    await factories.landlord(tenant)
    await factories.administrator(tenant)

    async def seen(kind: str) -> int:
        of_kind = f"SELECT id, home_tenant_id, {kind} AS kind FROM principal"
        sql = f"SELECT 1 FROM tenant t JOIN ({of_kind}) p ON {access.VISIBLE_TO_P}"
        return len(await connection.rows(sql))

    assert (await seen("kind"), await seen("'AUDITOR'")) == (2, 0)


async def test_a_row_as_the_driver_gives_it_becomes_the_tenant_it_is(database: None) -> None:
    stored = await Tenant.get(id=(await factories.tenant()).id)

    made = access.of_row([getattr(stored, name) for name in access.COLUMNS])

    assert vars(made) == vars(stored)


def test_an_external_id_that_no_column_can_hold_is_not_looked_for() -> None:
    given = ["", "x" * 255, "x" * 256, "a\0", "\ud800", "😀"]

    assert access.parse_external_ids(given) == ["", "x" * 255, "😀"]


async def test_a_name_of_one_or_of_several_tenants_finds_them(database: None) -> None:
    one, other = await factories.tenant(), await factories.tenant()
    twin = await factories.tenant(external_id=str(one.id), instance_id=other.id)
    viewer = Landlord((await factories.landlord(one, other, twin)).id, "")
    names = {
        str(one.id): {one.id, twin.id},
        one.external_id: {one.id},
        str(one.instance_id): {one.id},
        str(other.id): {other.id, twin.id},
        "nobody's": set(),
        str(uuid4()): set(),
        "": set(),
    }

    found = {text: await access.named(viewer, text) for text in names}

    assert {text: {row.id for row in rows} for text, rows in found.items()} == names
    assert [len(rows) for rows in found.values()] == [2, 1, 1, 2, 0, 0, 0]
    assert await access.named(Landlord(uuid4(), ""), str(one.id)) == []


async def test_a_tenant_is_locked_by_a_write(database: None) -> None:
    tenant = await factories.tenant()

    async with statements.counted() as sent:
        await access.lock(tenant)

    assert [sql.split()[0] for sql in sent] == ["UPDATE", "SELECT"]


@pytest.mark.parametrize("order", [("search_text", "id"), ("-search_text", "-id"), ("-name", "id")])
async def test_the_beginning_of_a_list_is_that_of_the_query_in_every_order(
    order: tuple[str, ...], database: None
) -> None:
    rows = [await factories.tenant(name=name) for name in ("b", "a", "c", "a")]
    people = [
        await factories.landlord(*rows[:3]),
        await factories.service(*rows[1:]),
        await factories.administrator(rows[0]),
    ]
    await tenants.set_billable(rows[1], False)

    for person in people:
        for size, billable in product((0, 1, 2, 10), (None, True, False)):
            listing = await admit(person, AskedTenants(order, size, billable))
            assert listing is not None
            query = access.visible_tenants(listing.viewer).order_by(*order)
            expected = await (query if billable is None else query.filter(billable=billable))
            found = listing.brought.tenants or []
            assert [row.id for row in found] == [row.id for row in expected[:size]]
