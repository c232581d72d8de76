"""Finding, creating and changing tenants, below HTTP."""

import asyncio
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Assignment, Tenant
from resolvers import access, cursors, tenants
from resolvers.errors import BadInput, InvalidCursor
from resolvers.problems import Problem, ProblemCode
from resolvers.tenants import NewTenant, TenantChange, TenantFilter, TenantOrder
from resolvers.viewers import Landlord, Operator, Viewer
from tests import factories, statements, tokens

NOTHING = TenantFilter()

SOME_ID = "2f077c75-6d84-47df-8bdc-ca3590971479"


def landlord_of(row: Any) -> Landlord:
    return Landlord(row.id, row.display_name)


async def landlord(*assigned: Tenant) -> Landlord:
    return landlord_of(await factories.landlord(*assigned))


def new(**changes: Any) -> NewTenant:
    values: dict[str, Any] = {"name": "New", "external_id": "NEW", "instance_id": uuid4()}
    return NewTenant(**{**values, **changes})


def problem(code: str, message: str, *field: str) -> Problem:
    return Problem(ProblemCode(code), message, ("input", *field))


async def names(viewer: Viewer | Operator, where: TenantFilter, **arguments: Any) -> list[str]:
    return [row.name for row in (await tenants.search(viewer, where, **arguments)).rows]


# Creating


async def test_a_created_tenant_is_stored_trimmed_and_assigned_to_its_landlord(
    database: None,
) -> None:
    viewer, other, instance = await landlord(), await landlord(), uuid4()

    made = await tenants.create(
        viewer,
        NewTenant(" Exist GmbH\t", " EXIST ", instance, True, "Europe/Berlin"),
        tokens.NOW,
    )

    assert isinstance(made, Tenant)
    assert await access.visible_tenants(Operator()).values() == [
        {
            "id": made.id,
            "name": "Exist GmbH",
            "external_id": "EXIST",
            "instance_id": instance,
            "billable": True,
            "time_zone": "Europe/Berlin",
            "search_text": "exist gmbh\nexist",
            "created_at": tokens.NOW,
        }
    ]
    assert await Assignment.all().values_list(
        "principal_id", "tenant_id", "granted_by_id", "granted_at", "revoked_at"
    ) == [(viewer.id, made.id, viewer.id, tokens.NOW, None)]
    assert await names(viewer, NOTHING) == ["Exist GmbH"]
    assert await names(other, NOTHING) == []


async def test_a_tenant_is_not_billable_and_in_utc_unless_it_is_said(database: None) -> None:
    made = await tenants.create(await landlord(), new(), tokens.NOW)

    assert isinstance(made, Tenant)
    assert (made.billable, made.time_zone) == (False, "UTC")


async def test_what_the_operator_creates_is_assigned_to_nobody(database: None) -> None:
    made = await tenants.create(Operator(), new(), tokens.NOW)

    assert isinstance(made, Tenant)
    assert await Assignment.all().count() == 0


BLANK = "must not be blank."
LONG = "has more than 255 characters."
CONTROL = "contains a control character."


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"name": ""}, [problem("BLANK", f"name {BLANK}", "name")]),
        ({"name": " \t\u00a0\u2003"}, [problem("BLANK", f"name {BLANK}", "name")]),
        ({"name": "x" * 256}, [problem("INVALID", f"name {LONG}", "name")]),
        ({"name": "a\nb"}, [problem("INVALID", f"name {CONTROL}", "name")]),
        ({"name": "a\0b"}, [problem("INVALID", f"name {CONTROL}", "name")]),
        ({"name": "a\x7fb"}, [problem("INVALID", f"name {CONTROL}", "name")]),
        ({"name": "a\x85b"}, [problem("INVALID", f"name {CONTROL}", "name")]),
        ({"name": "a\ud800b"}, [problem("INVALID", f"name {CONTROL}", "name")]),
        ({"external_id": " "}, [problem("BLANK", f"externalId {BLANK}", "externalId")]),
        ({"external_id": "x" * 256}, [problem("INVALID", f"externalId {LONG}", "externalId")]),
        ({"external_id": "a\0"}, [problem("INVALID", f"externalId {CONTROL}", "externalId")]),
        (
            {"name": "", "external_id": "a\tb", "time_zone": "Mars"},
            [
                problem("BLANK", f"name {BLANK}", "name"),
                problem("INVALID", f"externalId {CONTROL}", "externalId"),
                problem(
                    "INVALID",
                    "The time zone is not an IANA name such as Europe/Berlin.",
                    "timeZone",
                ),
            ],
        ),
    ],
)
async def test_a_tenant_that_cannot_be_is_not_created(
    changes: dict[str, Any], problems: list[Problem], database: None
) -> None:
    assert await tenants.create(await landlord(), new(**changes), tokens.NOW) == problems
    assert await access.visible_tenants(Operator()).count() == 0


@pytest.mark.parametrize(
    "zone",
    [
        "",
        "Mars/Olympus",
        "europe/berlin",
        "Europe/Berlin ",
        "../etc/passwd",
        "/etc/localtime",
        "+01:00",
        "CEST",
        "Europe",
        "posixrules",
        # The zone of whatever machine it is, and the zone of a machine that has none.
        "localtime",
        "Factory",
        "UTC\0",
        "\ud800",
    ],
)
async def test_a_time_zone_that_the_iana_database_lacks_is_refused(
    zone: str, database: None
) -> None:
    refused = await tenants.create(await landlord(), new(time_zone=zone), tokens.NOW)

    assert refused == [
        problem("INVALID", "The time zone is not an IANA name such as Europe/Berlin.", "timeZone")
    ]


@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT-14", "America/Argentina/Buenos_Aires", "EST5EDT"])
async def test_a_time_zone_of_the_iana_database_is_taken(zone: str, database: None) -> None:
    made = await tenants.create(await landlord(), new(time_zone=zone), tokens.NOW)

    assert isinstance(made, Tenant)


@pytest.mark.parametrize("text", ["x" * 255, "é" * 255, "\U0010ffff", "👩‍👩‍👧", "a b", "'\"\\%_"])
async def test_other_texts_are_kept_as_they_are(text: str, database: None) -> None:
    viewer = await landlord()

    await tenants.create(viewer, new(name=text, external_id=text), tokens.NOW)

    assert [(row.name, row.external_id) for row in await access.visible_tenants(viewer)] == [
        (text, text)
    ]


async def test_identifiers_of_an_invisible_tenant_are_taken_all_the_same(database: None) -> None:
    foreign, viewer = await factories.tenant(), await landlord()

    refused = await tenants.create(
        viewer,
        new(external_id=f" {foreign.external_id}", instance_id=foreign.instance_id),
        tokens.NOW,
    )

    assert refused == [
        problem("TAKEN", "Another tenant has this externalId.", "externalId"),
        problem("TAKEN", "Another tenant has this instanceId.", "instanceId"),
    ]
    assert await names(viewer, NOTHING) == []
    assert await Assignment.all().count() == 0


async def test_of_many_who_create_the_same_tenant_at_once_one_succeeds(database: None) -> None:
    viewers = [await landlord() for _ in range(8)]
    instance = uuid4()

    made = await asyncio.gather(
        *(tenants.create(viewer, new(instance_id=instance), tokens.NOW) for viewer in viewers)
    )

    assert [type(outcome) for outcome in made].count(Tenant) == 1
    assert await access.visible_tenants(Operator()).count() == 1
    assert await Assignment.all().count() == 1


# Changing


async def test_only_what_is_given_is_changed(database: None) -> None:
    tenant, instance = await factories.tenant(name="Old", external_id="OLD"), uuid4()
    before = await Tenant.filter(id=tenant.id).get().values()
    seen = []

    for change in (
        TenantChange(),
        TenantChange(name=" New "),
        TenantChange(external_id=" NEW"),
        TenantChange(instance_id=instance),
    ):
        assert isinstance(await tenants.update(tenant, change), Tenant)
        after = await Tenant.filter(id=tenant.id).get().values()
        seen.append({key: after[key] for key in after if after[key] != before[key]})
        before = after

    assert seen == [
        {},
        {"name": "New", "search_text": "new\nold"},
        {"external_id": "NEW", "search_text": "new\nnew"},
        {"instance_id": instance},
    ]


async def test_a_change_that_cannot_be_changes_nothing(database: None) -> None:
    tenant = await factories.tenant()
    before = await Tenant.get(id=tenant.id).values()

    refused = await tenants.update(
        tenant, TenantChange(name=" ", external_id="x" * 256, instance_id=uuid4())
    )

    assert refused == [
        problem("BLANK", f"name {BLANK}", "name"),
        problem("INVALID", f"externalId {LONG}", "externalId"),
    ]
    assert await Tenant.get(id=tenant.id).values() == before


async def test_a_change_to_what_another_tenant_has_changes_nothing(database: None) -> None:
    tenant, foreign = await factories.tenant(name="Old"), await factories.tenant()

    refused = [
        await tenants.update(tenant, TenantChange("New", f" {foreign.external_id} ")),
        await tenants.update(tenant, TenantChange(instance_id=foreign.instance_id)),
    ]

    assert refused == [
        [problem("TAKEN", "Another tenant has this externalId.", "externalId")],
        [problem("TAKEN", "Another tenant has this instanceId.", "instanceId")],
    ]
    assert (await Tenant.get(id=tenant.id)).name == "Old"


async def test_a_tenant_may_be_given_what_it_has(database: None) -> None:
    tenant = await factories.tenant()

    assert isinstance(
        await tenants.update(
            tenant, TenantChange(tenant.name, tenant.external_id, tenant.instance_id)
        ),
        Tenant,
    )


async def test_changes_of_different_fields_at_once_are_all_kept(database: None) -> None:
    tenant, instance = await factories.tenant(billable=False), uuid4()
    # Each as a request of its own has read it.
    a, b, c, d = [await Tenant.get(id=tenant.id) for _ in range(4)]

    await asyncio.gather(
        tenants.update(a, TenantChange(name="New")),
        tenants.update(b, TenantChange(external_id="NEW")),
        tenants.update(c, TenantChange(instance_id=instance)),
        tenants.set_billable(d, True),
    )

    row = await Tenant.get(id=tenant.id)
    assert (row.name, row.external_id, row.instance_id, row.billable, row.search_text) == (
        "New",
        "NEW",
        instance,
        True,
        "new\nnew",
    )


@pytest.mark.parametrize("billable", [True, False])
async def test_billable_is_set_and_nothing_else(billable: bool, database: None) -> None:
    tenant, other = await factories.tenant(billable=not billable), await factories.tenant()
    before = await Tenant.get(id=tenant.id).values()

    answers = [(await tenants.set_billable(tenant, billable)).billable for _ in range(2)]

    assert answers == [billable, billable]
    assert await Tenant.get(id=tenant.id).values() == {**before, "billable": billable}
    assert (await Tenant.get(id=other.id)).billable is True


async def test_a_change_answers_with_the_tenant_as_it_is_now(database: None) -> None:
    tenant = await factories.tenant(name="Old", billable=False)
    await Tenant.filter(id=tenant.id).update(name="New")

    changed = await tenants.set_billable(tenant, True)

    assert (changed.name, changed.billable) == ("New", True)


# Finding


async def test_a_search_finds_parts_of_names_and_external_ids(database: None) -> None:
    rows = [
        await factories.tenant(name=name, external_id=external_id)
        for name, external_id in (
            ("Straße 100%", "A_1"),
            ("CAFÉ Zoë", "B1"),
            ("back\\slash", "A-1"),
            ("Ⅷ ﬁne", "İstanbul"),
        )
    ]
    viewer = await landlord(*rows)
    await factories.tenant(name="Straße, invisible")

    found = {
        text: await names(viewer, TenantFilter(search=text))
        for text in (
            "",
            "  ",
            "STRASSE",
            "straße",
            "café",
            unicodedata.normalize("NFD", "café"),
            "ZOË",
            "zoe",
            "%",
            "0%",
            "a_1",
            "_",
            "\\",
            "k\\s",
            "a-1",
            "viii",
            "FINE",
            "i\u0307stanbul",
            " Café ",
            "nothing",
            "'; DROP TABLE tenant; --",
            "b1",
            "x" * 300,
        )
    }

    everything = ["back\\slash", "CAFÉ Zoë", "Straße 100%", "Ⅷ ﬁne"]
    cafe, street, back, eight = ["CAFÉ Zoë"], ["Straße 100%"], ["back\\slash"], ["Ⅷ ﬁne"]
    assert found == {
        "": everything,
        "  ": everything,
        "STRASSE": street,
        "straße": street,
        "café": cafe,
        unicodedata.normalize("NFD", "café"): cafe,
        "ZOË": cafe,
        "zoe": [],
        "%": street,
        "0%": street,
        "a_1": street,
        "_": street,
        "\\": back,
        "k\\s": back,
        "a-1": back,
        "viii": eight,
        "FINE": eight,
        "i\u0307stanbul": eight,
        " Café ": cafe,
        "nothing": [],
        "'; DROP TABLE tenant; --": [],
        "b1": cafe,
        "x" * 300: [],
    }


@pytest.mark.parametrize("text", ["\0", "on\0e", "\0one", "one\ntwo", "\ud800", "one\ud800"])
async def test_what_no_name_can_contain_finds_nothing(text: str, database: None) -> None:
    viewer = await landlord(await factories.tenant(name="one", external_id="two"))

    assert await names(viewer, TenantFilter(search="one")) == ["one"]
    assert await names(viewer, TenantFilter(search=text)) == []


async def test_a_search_of_any_length_is_answered(database: None) -> None:
    viewer = await landlord(await factories.tenant(name="x" * 255))

    assert await names(viewer, TenantFilter(search="x" * 255)) == ["x" * 255]
    assert await names(viewer, TenantFilter(search="x" * 256)) == []
    assert await names(viewer, TenantFilter(search="x" * 100_000)) == []
    assert await names(viewer, TenantFilter(search="%" * 100_000)) == []


async def test_filters_narrow_what_is_visible_and_never_widen_it(database: None) -> None:
    a, b, foreign = [
        await factories.tenant(name=name, billable=name != "b") for name in ("a", "b", "foreign")
    ]
    viewer = await landlord(a, b)
    everyone = [a, b, foreign]

    async def found(**where: Any) -> list[str]:
        page = await tenants.search(viewer, TenantFilter(**where))
        assert await page.total() == len(page.rows)
        return [row.name for row in page.rows]

    assert await found() == ["a", "b"]
    assert await found(billable=True) == ["a"]
    assert await found(billable=False) == ["b"]
    assert await found(ids=[str(row.id) for row in everyone]) == ["a", "b"]
    assert await found(ids=[str(a.id).upper(), "x", "", f"{{{b.id}}}", str(uuid4())]) == ["a"]
    assert await found(external_ids=[row.external_id for row in everyone]) == ["a", "b"]
    assert await found(external_ids=[b.external_id, "\0", "\ud800", ""]) == ["b"]
    assert await found(instance_ids=[row.instance_id for row in everyone]) == ["a", "b"]
    assert await found(ids=[]) == []
    assert await found(external_ids=[]) == []
    assert await found(instance_ids=[]) == []
    assert await found(ids=[str(a.id)], external_ids=[b.external_id]) == []
    assert await found(search="a", billable=True, ids=[str(a.id)]) == ["a"]
    assert await found(ids=[str(uuid4()) for _ in range(500)]) == []
    assert await found(external_ids=["x" * 256]) == []


async def test_each_order_is_by_code_points_of_what_is_folded(database: None) -> None:
    shown = [
        "Zebra",
        "apple",
        "Äpfel",
        "Apple pie",
        "zebra",
        "😀",
        "\ufffd",
        "ﬀ",
        "10",
        "9",
        "a-b",
        "a b",
    ]
    rows = [
        await factories.tenant(name=name, external_id=f"{'xX'[n % 2]}{n}")
        for n, name in enumerate(shown)
    ]
    viewer = await landlord(*rows)

    def by_name(row: Tenant) -> tuple[str, UUID]:
        return row.search_text, row.id

    def by_external_id(row: Tenant) -> tuple[str, UUID]:
        return row.external_id, row.id

    assert [
        [row.id for row in (await tenants.search(viewer, NOTHING, order)).rows]
        for order in TenantOrder
    ] == [
        [row.id for row in sorted(rows, key=by_name)],
        [row.id for row in sorted(rows, key=by_name, reverse=True)],
        [row.id for row in sorted(rows, key=by_external_id)],
    ]
    assert await names(viewer, NOTHING) == [
        *("10", "9", "a b", "a-b", "apple", "Apple pie", "ﬀ", "Zebra", "zebra"),
        *("Äpfel", "\ufffd", "😀"),
    ]


@pytest.mark.parametrize("first", [-1, 501, 10**9])
async def test_a_page_of_a_size_beyond_the_limits_is_refused(first: int, database: None) -> None:
    with pytest.raises(BadInput, match="first must be from 0 to 500"):
        await tenants.search(await landlord(), NOTHING, first=first)


async def test_pages_have_the_size_that_was_asked_for(database: None) -> None:
    viewer = await landlord(*[await factories.tenant() for _ in range(3)])

    pages = [
        await tenants.search(viewer, NOTHING, first=first) for first in (0, 1, 2, 3, 4, 500, None)
    ]

    assert [(len(page.rows), page.has_next, await page.total()) for page in pages] == [
        (0, True, 3),
        (1, True, 3),
        (2, True, 3),
        (3, False, 3),
        (3, False, 3),
        (3, False, 3),
        (3, False, 3),
    ]


async def test_a_page_is_one_statement_and_its_total_another(database: None) -> None:
    viewer = await landlord(*[await factories.tenant() for _ in range(3)])

    async with statements.counted() as seen:
        page = await tenants.search(viewer, NOTHING)
        await asyncio.sleep(0)  # The driver tells of a statement one tick later.
        read = len(seen)
        await page.total()

    assert (read, len(seen)) == (1, 2)


async def everything(
    viewer: Viewer, order: TenantOrder, first: int, where: TenantFilter = NOTHING
) -> list[UUID]:
    found: list[UUID] = []
    after = None
    while True:
        page = await tenants.search(viewer, where, order, first, after)
        found += [row.id for row in page.rows]
        if not page.has_next:
            return found
        after = page.cursor(page.rows[-1])


@pytest.mark.parametrize("first", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("order", TenantOrder)
async def test_paging_shows_each_tenant_once_even_with_equal_names(
    order: TenantOrder, first: int, database: None
) -> None:
    # Folded, external IDs too are equal.
    ties = ("x", "X", "\uff58", "\uff38")
    rows = [await factories.tenant(name="same", external_id=text) for text in ties]
    rows += [await factories.tenant(name=name) for name in ("Same", "sam", "same 2", "ünder", "")]
    viewer = await landlord(*rows)
    await factories.tenant(name="same")

    found = await everything(viewer, order, first)

    assert found == [row.id for row in (await tenants.search(viewer, NOTHING, order)).rows]
    assert sorted(found) == sorted(row.id for row in rows)


@pytest.mark.parametrize("order", TenantOrder)
async def test_rows_added_while_paging_repeat_and_hide_nothing(
    order: TenantOrder, database: None
) -> None:
    there = [await factories.tenant(name=f"t{n:02}", external_id=f"e{n:02}") for n in range(10)]
    owner = await factories.landlord(*there)
    found: list[UUID] = []
    after = None
    for round_ in range(20):
        page = await tenants.search(landlord_of(owner), NOTHING, order, 2, after)
        found += [row.id for row in page.rows]
        if not page.has_next:
            break
        after = page.cursor(page.rows[-1])
        for name in ("a", "t05", "z"):
            row = await factories.tenant(name=name, external_id=f"{name}{round_}")
            if round_ < 3:
                await factories.assign(row, owner)

    assert len(found) == len(set(found))
    assert set(found) >= {row.id for row in there}


async def test_a_cursor_survives_its_row(database: None) -> None:
    a, b, c = [await factories.tenant(name=name) for name in "abc"]
    owner = await factories.landlord(a, b, c)
    page = await tenants.search(landlord_of(owner), NOTHING, first=2)
    after = page.cursor(page.rows[-1])

    await Assignment.filter(tenant=b).update(revoked_at=tokens.NOW + timedelta(days=1))

    assert await names(landlord_of(owner), NOTHING, after=after) == ["c"]


async def test_a_cursor_grants_nothing(database: None) -> None:
    foreign = await factories.tenant(name="a")
    theirs = await tenants.search(await landlord(foreign), NOTHING)
    viewer = await landlord(await factories.tenant(name="0"), await factories.tenant(name="b"))

    assert await names(viewer, NOTHING, after=theirs.cursor(foreign)) == ["b"]


async def cursor_of_a_tenant(order: TenantOrder) -> str:
    tenant = await factories.tenant()
    return (await tenants.search(Operator(), NOTHING, order)).cursor(tenant)


async def test_a_cursor_of_another_order_is_refused(database: None) -> None:
    cursor = await cursor_of_a_tenant(TenantOrder.NAME_ASC)

    assert await names(Operator(), NOTHING, order=TenantOrder.NAME_ASC, after=cursor) == []
    for order in (TenantOrder.NAME_DESC, TenantOrder.EXTERNAL_ID_ASC):
        with pytest.raises(InvalidCursor):
            await tenants.search(Operator(), NOTHING, order, after=cursor)


def forged(*place: str) -> str:
    """A cursor with the right checksum: whoever reads this program can compute it."""
    return cursors.encode("tenants NAME_ASC", *place)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "=",
        "null",
        "\0",
        "é",
        "\ud800",
        "A" * 100_000,
        forged(),
        forged("a"),
        forged("a", "b"),
        forged("a", "b", "c"),
        forged("a", ""),
        forged("a", SOME_ID.upper().replace("-", "")),
        forged("\0", SOME_ID),
        forged("a\0b", SOME_ID),
        cursors.encode("tenants", "a", SOME_ID),
        cursors.encode("users of x on 2026-01-01", "a"),
        # JSON whose strings no database can hold, with its right checksum.
        urlsafe_b64encode(
            cursors._checksum("tenants NAME_ASC", raw := b'["\\ud800","%s"]' % SOME_ID.encode())
            + raw
        )
        .rstrip(b"=")
        .decode(),
    ],
)
async def test_a_forged_cursor_is_refused(cursor: str, database: None) -> None:
    with pytest.raises(InvalidCursor):
        await tenants.search(Operator(), NOTHING, after=cursor)


_PLACES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), max_size=3
)


@given(st.text(max_size=20), _PLACES)
def test_a_cursor_says_what_was_put_into_it(bound_to: str, place: list[str]) -> None:
    bound_to = bound_to.encode(errors="ignore").decode()

    assert cursors.decode(bound_to, cursors.encode(bound_to, *place), len(place)) == place


@given(_PLACES, st.data())
def test_a_mangled_cursor_is_never_misread(place: list[str], data: st.DataObject) -> None:
    cursor = cursors.encode("list", *place)
    raw = bytearray(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    how = data.draw(st.sampled_from(["bit", "cut", "letter", "extend", "swap"]))
    position = data.draw(st.integers(0, len(cursor) - 1))
    if how == "bit":
        index = position % len(raw)
        raw[index] ^= 1 << data.draw(st.integers(0, 7))
        mangled = urlsafe_b64encode(raw).rstrip(b"=").decode()
    elif how == "cut":
        mangled = cursor[:position]
    elif how == "letter":
        mangled = cursor[:position] + data.draw(st.characters()) + cursor[position + 1 :]
    elif how == "extend":
        mangled = cursor[:position] + data.draw(st.text(min_size=1, max_size=4)) + cursor[position:]
    else:
        mangled = cursor[position:] + cursor[:position]

    if mangled == cursor:
        assert cursors.decode("list", mangled, len(place)) == place
        return
    with pytest.raises(InvalidCursor):
        cursors.decode("list", mangled, len(place))


@given(st.text() | st.binary().map(lambda raw: urlsafe_b64encode(raw).rstrip(b"=").decode()))
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        cursors.decode("list", text, 1)


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(place=st.lists(st.text(max_size=5), min_size=2, max_size=2))
async def test_whatever_a_cursor_of_two_texts_says_the_list_answers_or_refuses(
    place: list[str], database: None
) -> None:
    try:
        cursor = cursors.encode("tenants NAME_ASC", *place)
    except UnicodeEncodeError:
        return
    with pytest.raises(InvalidCursor):
        await tenants.search(Operator(), NOTHING, after=cursor)
