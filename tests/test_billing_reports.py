"""Billing reports: the number, the users, and both from one statement."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from models import Tenant
from resolvers import billing_reports, cursors, logins
from resolvers.billed_users import BilledUser
from resolvers.billing_reports import BillingReport, ReportRequest, UsersPage
from resolvers.errors import BadInput, InvalidCursor
from tests import factories, statements, tokens

DAY = date(2026, 11, 14)
NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
NOON_TEXT = "2026-11-14T12:00:00.000Z"
ALL = UsersPage(5000, "")


def users(*ids: str) -> list[BilledUser]:
    return [BilledUser(user_id, NOON_TEXT, NOON_TEXT) for user_id in ids]


async def read_all(tenant: Tenant, on: date, first: int) -> list[str]:
    """All user IDs of a report, page by page as a client reads them."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = billing_reports.users_page(tenant, on, first, after)
        (report,) = await billing_reports.read([ReportRequest(tenant, on, (page,))])
        listed = [user.user_id for user in report.users[page]]
        found += listed[:first]
        if len(listed) <= first:
            return found
        after = billing_reports.user_cursor(tenant, on, found[-1])


async def test_a_report_tells_the_users_with_their_first_and_last_login(database: None) -> None:
    tenant = await factories.tenant(time_zone="America/New_York")
    await logins.record(
        tenant,
        [
            ("bob", datetime(2026, 11, 14, 5, tzinfo=UTC)),
            ("ann", datetime(2026, 11, 15, 4, 59, 59, 999_000, tzinfo=UTC)),
            ("ann", datetime(2026, 11, 14, 17, 30, 0, 7_000, tzinfo=UTC)),
            ("next day", datetime(2026, 11, 15, 5, tzinfo=UTC)),
        ],
        tokens.NOW,
    )

    reports = await billing_reports.read([ReportRequest(tenant, DAY, (ALL,))])

    assert reports == [
        BillingReport(
            tenant,
            DAY,
            2,
            {
                ALL: [
                    BilledUser("ann", "2026-11-14T17:30:00.007Z", "2026-11-15T04:59:59.999Z"),
                    BilledUser("bob", "2026-11-14T05:00:00.000Z", "2026-11-14T05:00:00.000Z"),
                ]
            },
        )
    ]


async def test_a_day_on_which_nobody_logged_in_is_an_empty_report(database: None) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann"], NOON)
    empty = [date(2026, 11, 13), date(2026, 11, 15), date.min, date.max]

    reports = await billing_reports.read([ReportRequest(tenant, on, (ALL,)) for on in empty])

    assert reports == [BillingReport(tenant, on, 0, {ALL: []}) for on in empty]


async def test_a_report_has_none_of_the_users_of_another_tenant(database: None) -> None:
    mine, other = await factories.tenant(), await factories.tenant()
    await factories.record(mine, ["ann"], NOON)
    await factories.record(other, ["ann", "bob"], NOON)

    reports = await billing_reports.read(
        [ReportRequest(tenant, DAY, (ALL,)) for tenant in (mine, other)]
    )

    assert [report.users[ALL] for report in reports] == [users("ann"), users("ann", "bob")]


async def test_a_page_has_one_user_more_than_asked_for_when_there_is_one(database: None) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["a", "b", "c", "d"], NOON)
    pages = {
        UsersPage(0, ""): users("a"),
        UsersPage(1, ""): users("a", "b"),
        UsersPage(2, "a"): users("b", "c", "d"),
        UsersPage(2, "b"): users("c", "d"),
        UsersPage(3, "b"): users("c", "d"),
        UsersPage(1, "bb"): users("c", "d"),
        UsersPage(0, "d"): [],
        UsersPage(5, "d"): [],
        UsersPage(5, "\U0010ffff"): [],
        ALL: users("a", "b", "c", "d"),
    }

    async with statements.counted() as seen:
        reports = await billing_reports.read([ReportRequest(tenant, DAY, tuple(pages))])

    assert reports == [BillingReport(tenant, DAY, 4, pages)]
    assert len(seen) == 1


async def test_many_reports_are_one_statement_and_come_in_the_order_asked(database: None) -> None:
    one, two = await factories.tenant(), await factories.tenant()
    await factories.record(one, ["a", "b"], NOON)
    await factories.record(one, ["c"], NOON - timedelta(days=1))
    await factories.record(two, ["d", "e", "f"], NOON)
    yesterday = DAY - timedelta(days=1)

    async with statements.counted() as seen:
        reports = await billing_reports.read(
            [
                ReportRequest(two, DAY, (UsersPage(1, "d"), UsersPage(2, ""))),
                ReportRequest(one, yesterday),
                ReportRequest(one, DAY, (UsersPage(1, ""),)),
                ReportRequest(two, yesterday, (ALL,)),
                ReportRequest(one, DAY),
                ReportRequest(one, DAY, (UsersPage(1, ""),)),
            ]
        )

    assert len(seen) == 1
    assert [(report.tenant, report.on, report.max_users) for report in reports] == [
        (two, DAY, 3),
        (one, yesterday, 1),
        (one, DAY, 2),
        (two, yesterday, 0),
        (one, DAY, 2),
        (one, DAY, 2),
    ]
    assert [report.users for report in reports] == [
        {UsersPage(1, "d"): users("e", "f"), UsersPage(2, ""): users("d", "e", "f")},
        {},
        {UsersPage(1, ""): users("a", "b")},
        {ALL: []},
        {},
        {UsersPage(1, ""): users("a", "b")},
    ]


@pytest.mark.parametrize("sizes", [1, 30, 500])
async def test_as_many_reports_as_a_document_can_ask_for_are_one_statement(
    sizes: int, database: None
) -> None:
    rows = [await factories.tenant() for _ in range(5)]
    for number, tenant in enumerate(rows):
        await factories.record(tenant, [f"user{n}" for n in range(number)], NOON)
    requests = [ReportRequest(rows[n % 5], DAY, (UsersPage(n % sizes, ""),)) for n in range(500)]

    async with statements.counted() as seen:
        reports = await billing_reports.read(requests)

    assert len(seen) == 1
    assert [report.max_users for report in reports] == [n % 5 for n in range(len(requests))]
    assert [[len(page) for page in report.users.values()] for report in reports] == [
        [min(n % 5, n % sizes + 1)] for n in range(len(requests))
    ]


async def test_no_reports_are_no_rows(database: None) -> None:
    assert await billing_reports.read([]) == []


IDS = [
    *("a", "B", "b", "ä", "Z", "10", "9", "a b", "a-b", "a.b", "ab", "\u00e9", "ﬀ", "\ufffd"),
    *("😀", "\U0010ffff", "ñ", "\u200b", "'", '"', "\\", "%", "_", "{}", "[]", "null", "\ufffe"),
    *("日本", "ß", "ss", "x\u2028y", "a\u00a0b", "-1", "0", "x" * 255, "😀" * 255),
]


async def test_users_are_ordered_by_code_point(database: None) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, IDS, NOON)

    (report,) = await billing_reports.read([ReportRequest(tenant, DAY, (ALL,))])

    assert report == BillingReport(tenant, DAY, len(IDS), {ALL: users(*sorted(IDS))})


@pytest.mark.parametrize("first", [1, 2, 5, 36, 37, 5000])
async def test_paging_shows_each_user_once(first: int, database: None) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, IDS, NOON)

    assert await read_all(tenant, DAY, first) == sorted(IDS)


async def test_users_that_log_in_while_a_client_pages_hide_nobody(database: None) -> None:
    tenant = await factories.tenant()
    there = [f"user{n:02}" for n in range(0, 20, 2)]
    await factories.record(tenant, there, NOON)
    found: list[str] = []
    after: str | None = None

    while True:
        page = billing_reports.users_page(tenant, DAY, 3, after)
        (report,) = await billing_reports.read([ReportRequest(tenant, DAY, (page,))])
        listed = [user.user_id for user in report.users[page]]
        found += listed[:3]
        if len(listed) <= 3:
            break
        after = billing_reports.user_cursor(tenant, DAY, found[-1])
        await factories.record(tenant, [f"{found[-1]}x", "user00a", "user05"], NOON)

    assert found == sorted(set(found))
    assert set(found) >= set(there)


async def test_a_day_of_many_users_is_read_whole(database: None) -> None:
    tenant = await factories.tenant()
    ids = [f"User{n}" for n in range(1, 12_001)]
    await factories.record(tenant, ids, NOON)

    found = await read_all(tenant, DAY, 5000)

    assert found == sorted(ids)


def tenant_of(**values: Any) -> Tenant:
    return Tenant(id=uuid4(), **values)


@pytest.mark.parametrize(("first", "size"), [(None, 1000), (0, 0), (1, 1), (5000, 5000)])
def test_a_page_of_users_has_1000_unless_it_is_said(first: int | None, size: int) -> None:
    assert billing_reports.users_page(tenant_of(), DAY, first, None) == UsersPage(size, "")


@pytest.mark.parametrize("first", [-1, 5001, 10**9])
def test_a_page_of_users_beyond_the_limits_is_refused(first: int) -> None:
    with pytest.raises(BadInput, match="first must be from 0 to 5000"):
        billing_reports.users_page(tenant_of(), DAY, first, None)


def test_a_cursor_belongs_to_one_report() -> None:
    tenant, other = tenant_of(), tenant_of()
    cursor = billing_reports.user_cursor(tenant, DAY, "ann")

    assert billing_reports.users_page(tenant, DAY, 5, cursor) == UsersPage(5, "ann")
    for place in ((other, DAY), (tenant, DAY + timedelta(days=1))):
        with pytest.raises(InvalidCursor):
            billing_reports.users_page(*place, 5, cursor)


@pytest.mark.parametrize("place", [[], ["a", "b"], ["a\0"], ["\0"]])
def test_a_forged_cursor_is_refused_though_its_checksum_is_right(place: list[str]) -> None:
    tenant = tenant_of()
    forged = cursors.encode(f"users of {tenant.id} on {DAY}", *place)

    with pytest.raises(InvalidCursor):
        billing_reports.users_page(tenant, DAY, 5, forged)


@pytest.mark.parametrize("cursor", ["", "x", "YWJj", "ann", "\ud800", "A" * 10_000])
def test_a_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        billing_reports.users_page(tenant_of(), DAY, 5, cursor)
