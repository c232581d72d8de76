"""Reports and trends as a client sees them: whole answers, over HTTP with real tokens."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from uuid import UUID

import pytest

from models import Principal, Tenant
from tests import factories, statements, tokens
from tests.http import Api

YESTERDAY = "2026-11-14"
NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)

REPORT = """
query ($tenant: ID!, $date: Date!, $first: Int, $after: String) {
  billingReport(tenant: $tenant, date: $date) {
    maxUsers
    users(first: $first, after: $after) {
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      nodes { userId firstLoginAt lastLoginAt }
    }
  }
}
"""


async def test_a_report_tells_how_many_users_logged_in_and_who_they_were(api: Api) -> None:
    tenant = await factories.tenant(name="Acme", external_id="ACME", time_zone="America/New_York")
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["bob", "ann"], NOON)
    await factories.record(tenant, ["ann"], NOON + timedelta(hours=3, milliseconds=7))

    answer = await api.ask(
        """query ($tenant: ID!) {
          billingReport(tenant: $tenant, date: "2026-11-14") {
            id date dayStart dayEnd maxUsers
            tenant { externalId timeZone billingWindow { from to } }
            users {
              totalCount
              pageInfo { hasNextPage hasPreviousPage }
              nodes { userId firstLoginAt lastLoginAt }
              edges { node { userId } }
            }
          }
        }""",
        {"tenant": str(tenant.id)},
        as_=landlord,
    )

    assert answer == {
        "data": {
            "billingReport": {
                "id": f"{tenant.id}:2026-11-14",
                "date": "2026-11-14",
                "dayStart": "2026-11-14T05:00:00.000Z",
                "dayEnd": "2026-11-15T05:00:00.000Z",
                "maxUsers": 2,
                "tenant": {
                    "externalId": "ACME",
                    "timeZone": "America/New_York",
                    "billingWindow": {"from": "2026-05-15", "to": "2026-11-15"},
                },
                "users": {
                    "totalCount": 2,
                    "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
                    "nodes": [
                        {
                            "userId": "ann",
                            "firstLoginAt": "2026-11-14T12:00:00.000Z",
                            "lastLoginAt": "2026-11-14T15:00:00.007Z",
                        },
                        {
                            "userId": "bob",
                            "firstLoginAt": "2026-11-14T12:00:00.000Z",
                            "lastLoginAt": "2026-11-14T12:00:00.000Z",
                        },
                    ],
                    "edges": [{"node": {"userId": "ann"}}, {"node": {"userId": "bob"}}],
                },
            }
        }
    }


async def test_the_example_of_the_page_is_one_request_with_2000_users(api: Api) -> None:
    tenant = await factories.tenant(
        external_id="EXIST", instance_id=UUID("2f077c75-6d84-47df-8bdc-ca3590971479")
    )
    administrator = await factories.administrator(tenant)
    await factories.record(tenant, [f"User{number}" for number in range(1, 2001)], NOON)

    answer = await api.ask(
        REPORT,
        {"tenant": str(tenant.id), "date": YESTERDAY, "first": 5000},
        as_=administrator,
    )

    report = answer["data"]["billingReport"]
    users = [node["userId"] for node in report["users"]["nodes"]]
    assert report["maxUsers"] == report["users"]["totalCount"] == 2000
    assert users == sorted(f"User{number}" for number in range(1, 2001))


async def test_an_instant_is_shown_and_stored_to_the_millisecond(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann"], NOON + timedelta(microseconds=1_999))

    answer = await api.ask(REPORT, {"tenant": str(tenant.id), "date": YESTERDAY}, as_=landlord)

    assert answer["data"]["billingReport"]["users"]["nodes"] == [
        {
            "userId": "ann",
            "firstLoginAt": "2026-11-14T12:00:00.001Z",
            "lastLoginAt": "2026-11-14T12:00:00.001Z",
        }
    ]


async def test_a_day_without_logins_is_a_report_of_nobody(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)

    answer = await api.ask(REPORT, {"tenant": str(tenant.id), "date": "2026-11-01"}, as_=landlord)

    assert answer == {
        "data": {
            "billingReport": {
                "maxUsers": 0,
                "users": {
                    "totalCount": 0,
                    "pageInfo": {
                        "hasNextPage": False,
                        "hasPreviousPage": False,
                        "startCursor": None,
                        "endCursor": None,
                    },
                    "nodes": [],
                },
            }
        }
    }


async def test_landlord_tenant_administrator_and_service_see_the_same_report(api: Api) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann", "bob"])
    askers = [
        (await factories.landlord(tenant), None),
        (await factories.administrator(tenant), None),
        (await factories.service(tenant), "billing:read billing:users"),
    ]

    answers = [
        await api.post(REPORT, {"tenant": str(tenant.id), "date": YESTERDAY}, as_=who, scope=scope)
        for who, scope in askers
    ]

    assert answers[0].json()["data"]["billingReport"]["maxUsers"] == 2
    assert {answer.content for answer in answers} == {answers[0].content}


async def test_users_are_paged_completely_while_others_are_being_recorded(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    known = {f"{number:05}" for number in range(20_000)}
    await factories.record(tenant, known, NOON)
    stop = asyncio.Event()
    recording = asyncio.create_task(_keep_recording(tenant, stop))

    try:
        seen, totals = await _page_through(api, tenant, landlord)
    finally:
        stop.set()
        await recording

    assert len(seen) == len(set(seen))
    assert known <= set(seen)
    assert [total for total, count in totals if total != count] == []


async def test_every_reading_of_a_growing_report_agrees_with_itself_and_only_grows(
    api: Api,
) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    variables = {"tenant": str(tenant.id), "date": YESTERDAY, "first": 5000}
    stop = asyncio.Event()
    recording = asyncio.create_task(_keep_recording(tenant, stop))

    readings: list[tuple[int, int, frozenset[str]]] = []
    try:
        while not readings or (len(readings) < 60 and readings[-1][0] < 4_000):
            answer = await api.ask(REPORT, variables, as_=landlord)
            report = answer["data"]["billingReport"]
            users = frozenset(node["userId"] for node in report["users"]["nodes"])
            readings.append((report["maxUsers"], report["users"]["totalCount"], users))
    finally:
        stop.set()
        await recording

    assert [r for r in readings if not r[0] == r[1] == len(r[2])] == []
    assert all(before[2] <= after[2] for before, after in pairwise(readings))
    assert len({reading[0] for reading in readings}) > 1


async def _page_through(
    api: Api, tenant: Tenant, landlord: Principal
) -> tuple[list[str], list[tuple[int, int]]]:
    """All users, 5,000 a page, and on each page maxUsers with totalCount."""
    seen: list[str] = []
    totals: list[tuple[int, int]] = []
    after = None
    while True:
        variables = {"tenant": str(tenant.id), "date": YESTERDAY, "first": 5000, "after": after}
        answer = await api.ask(REPORT, variables, as_=landlord)
        report = answer["data"]["billingReport"]
        totals.append((report["maxUsers"], report["users"]["totalCount"]))
        seen += [node["userId"] for node in report["users"]["nodes"]]
        after = report["users"]["pageInfo"]["endCursor"]
        if not report["users"]["pageInfo"]["hasNextPage"]:
            return seen, totals


async def _keep_recording(tenant: Tenant, stop: asyncio.Event) -> None:
    for batch in count():
        users = [f"{batch * 17 % 20_000:05}-{number}" for number in range(50)]
        await factories.record(tenant, users, NOON)
        if stop.is_set():
            break


async def test_several_pages_of_one_report_agree_and_take_one_statement(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann", "bob", "cid"])
    document = """
    query ($tenant: ID!, $no: Boolean = false) {
      billingReport(tenant: $tenant, date: "2026-11-14") {
        maxUsers
        ...pages
        skipped: users(first: 9) @include(if: $no) { totalCount }
      }
    }
    fragment pages on BillingReport {
      a: users(first: 1) { totalCount nodes { userId } }
      ... on BillingReport { b: users(first: 2) { totalCount nodes { userId } } }
      none: users(first: 0) { totalCount nodes { userId } pageInfo { hasNextPage } }
    }
    """

    await api.ask(document, {"tenant": str(tenant.id)}, as_=landlord)
    await factories.record(tenant, ["ann"], NOON - timedelta(hours=1))
    async with statements.counted() as sent:
        answer = await api.ask(document, {"tenant": str(tenant.id)}, as_=landlord)

    assert answer == {
        "data": {
            "billingReport": {
                "maxUsers": 3,
                "a": {"totalCount": 3, "nodes": [{"userId": "ann"}]},
                "b": {"totalCount": 3, "nodes": [{"userId": "ann"}, {"userId": "bob"}]},
                "none": {"totalCount": 3, "nodes": [], "pageInfo": {"hasNextPage": True}},
            }
        }
    }
    assert len(sent) == 2  # who asks and which tenant; its report


async def test_fifty_tenants_with_their_reports_take_three_statements(api: Api) -> None:
    rows = [await factories.tenant(name=f"T{number:02}") for number in range(50)]
    landlord = await factories.landlord(*rows)
    for row in rows[::2]:
        await factories.record(row, ["ann", f"user of {row.name}"])

    document = (
        '{ tenants(first: 50) { nodes { name billingReport(date: "2026-11-14")'
        " { maxUsers users(first: 10) { nodes { userId } } } } } }"
    )

    await api.ask(document, as_=landlord)
    async with statements.counted() as sent:
        answer = await api.ask(document, as_=landlord)

    assert answer["data"]["tenants"]["nodes"] == [
        {
            "name": row.name,
            "billingReport": {
                "maxUsers": 2 - number % 2 * 2,
                "users": {
                    "nodes": []
                    if number % 2
                    else [{"userId": "ann"}, {"userId": f"user of {row.name}"}]
                },
            },
        }
        for number, row in enumerate(rows)
    ]
    assert len(sent) <= 3


async def test_fifty_tenants_with_their_trends_take_three_statements(api: Api) -> None:
    rows = [await factories.tenant() for _ in range(50)]
    landlord = await factories.landlord(*rows)
    await factories.record(rows[0], ["ann"])

    document = "{ tenants { nodes { billingTrend { userDays distinctUsers } } } }"

    await api.ask(document, as_=landlord)
    async with statements.counted() as sent:
        answer = await api.ask(document, as_=landlord)

    trends = [node["billingTrend"] for node in answer["data"]["tenants"]["nodes"]]
    assert sorted(trend["userDays"] for trend in trends) == [0] * 49 + [1]
    assert sorted(trend["distinctUsers"] for trend in trends) == [0] * 49 + [1]
    assert len(sent) <= 3


@pytest.mark.parametrize(
    ("now", "time_zone", "date", "visible"),
    [
        ("2026-08-31T12:00:00", "UTC", "2026-02-28", True),
        ("2026-08-31T12:00:00", "UTC", "2026-02-27", False),
        ("2026-08-31T12:00:00", "UTC", "2026-08-31", True),
        ("2026-08-31T12:00:00", "UTC", "2026-09-01", False),
        ("2024-08-31T12:00:00", "UTC", "2024-02-29", True),
        ("2024-08-31T12:00:00", "UTC", "2024-02-28", False),
        # Noon in UTC is the next day already in Kiritimati, and the day before in Pago Pago
        # until 11:00.
        ("2026-08-31T12:00:00", "Pacific/Kiritimati", "2026-09-01", True),
        ("2026-08-31T12:00:00", "Pacific/Kiritimati", "2026-02-28", False),
        ("2026-08-31T12:00:00", "Pacific/Kiritimati", "2026-03-01", True),
        ("2026-08-31T10:59:59", "Pacific/Pago_Pago", "2026-08-31", False),
        ("2026-08-31T11:00:00", "Pacific/Pago_Pago", "2026-08-31", True),
    ],
)
async def test_the_window_is_six_months_of_the_tenants_own_calendar(
    api: Api, now: str, time_zone: str, date: str, visible: bool
) -> None:
    tenant = await factories.tenant(time_zone=time_zone)
    landlord = await factories.landlord(tenant)
    api.clock.now = datetime.fromisoformat(now).replace(tzinfo=UTC)

    answer = await api.ask(
        "query ($t: ID!, $d: Date!) { billingReport(tenant: $t, date: $d) { date } }",
        {"t": str(tenant.id), "d": date},
        as_=landlord,
    )

    if visible:
        assert answer == {"data": {"billingReport": {"date": date}}}
    else:
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "DATE_OUT_OF_WINDOW"
        assert set(error["extensions"]) == {"code", "from", "to"}


async def test_a_date_outside_the_window_is_refused_with_the_window(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)

    answer = await api.ask(
        """query ($t: ID!) {
          billingReport(tenant: $t, date: "2026-11-16") { maxUsers }
          tenant(by: {id: $t}) { name billingReport(date: "2026-05-14") { maxUsers } }
        }""",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    window = {"code": "DATE_OUT_OF_WINDOW", "from": "2026-05-15", "to": "2026-11-15"}
    message = "Billing can be viewed from 2026-05-15 to 2026-11-15, both ends included."
    assert answer == {
        "data": {"billingReport": None, "tenant": {"name": tenant.name, "billingReport": None}},
        "errors": [
            {
                "message": message,
                "locations": [{"line": 2, "column": 11}],
                "path": ["billingReport"],
                "extensions": window,
            },
            {
                "message": message,
                "locations": [{"line": 3, "column": 39}],
                "path": ["tenant", "billingReport"],
                "extensions": window,
            },
        ],
    }


async def test_a_night_shift_is_split_at_the_tenants_midnight(api: Api) -> None:
    tenant = await factories.tenant(time_zone="America/Chicago")
    landlord = await factories.landlord(tenant)
    # 23:30 and 00:30 in Chicago, both on 14 November in UTC.
    await factories.record(tenant, ["early", "both"], datetime(2026, 11, 14, 5, 30, tzinfo=UTC))
    await factories.record(tenant, ["late", "both"], datetime(2026, 11, 14, 6, 30, tzinfo=UTC))

    answer = await api.ask(
        """query ($t: ID!) { tenant(by: {id: $t}) {
          before: billingReport(date: "2026-11-13") { users { nodes { userId } } }
          after: billingReport(date: "2026-11-14") { users { nodes { userId } } }
        } }""",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer["data"]["tenant"] == {
        "before": {"users": {"nodes": [{"userId": "both"}, {"userId": "early"}]}},
        "after": {"users": {"nodes": [{"userId": "both"}, {"userId": "late"}]}},
    }


async def test_a_trend_has_a_point_for_each_date(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann", "bob"], NOON)
    await factories.record(tenant, ["ann", "cid"], NOON - timedelta(days=2))

    answer = await api.ask(
        """query ($t: ID!) {
          billingTrend(tenant: $t, from: "2026-11-11", to: "2030-01-01") {
            range { from to }
            points { date maxUsers }
            peak { date maxUsers }
            distinctUsers
            userDays
          }
          whole: billingTrend(tenant: $t) { range { from to } points { maxUsers } }
        }""",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer["data"]["billingTrend"] == {
        "range": {"from": "2026-11-11", "to": "2026-11-15"},
        "points": [
            {"date": "2026-11-11", "maxUsers": 0},
            {"date": "2026-11-12", "maxUsers": 2},
            {"date": "2026-11-13", "maxUsers": 0},
            {"date": "2026-11-14", "maxUsers": 2},
            {"date": "2026-11-15", "maxUsers": 0},
        ],
        "peak": {"date": "2026-11-12", "maxUsers": 2},
        "distinctUsers": 3,
        "userDays": 4,
    }
    assert answer["data"]["whole"]["range"] == {"from": "2026-05-15", "to": "2026-11-15"}
    assert len(answer["data"]["whole"]["points"]) == 185


@pytest.mark.parametrize(("tenants", "answered"), [(107, True), (108, False)])
async def test_the_points_of_trends_count_as_nodes(api: Api, tenants: int, answered: bool) -> None:
    landlord = await factories.landlord()

    answer = await api.ask(
        "query ($first: Int) { tenants(first: $first) { nodes { billingTrend { points"
        " { maxUsers } } } } }",
        {"first": tenants},
        as_=landlord,
    )

    if answered:
        assert answer == {"data": {"tenants": {"nodes": []}}}
    else:
        assert answer["errors"][0]["extensions"] == {
            "code": "QUERY_TOO_COMPLEX",
            "limit": "nodes",
            "allowed": 20_000,
            "found": 108 + 108 * 185,
        }


async def test_a_trend_of_nobody_has_no_peak(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)

    answer = await api.ask(
        'query ($t: ID!) { billingTrend(tenant: $t, from: "2026-11-15") '
        "{ points { maxUsers } peak { date } distinctUsers userDays } }",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer == {
        "data": {
            "billingTrend": {
                "points": [{"maxUsers": 0}],
                "peak": None,
                "distinctUsers": 0,
                "userDays": 0,
            }
        }
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('from: "2026-11-12", to: "2026-11-11"', "BAD_USER_INPUT"),
        ('to: "2026-05-14"', "DATE_OUT_OF_WINDOW"),
        ('from: "2026-11-16"', "DATE_OUT_OF_WINDOW"),
    ],
)
async def test_a_trend_of_no_visible_date_is_refused(api: Api, arguments: str, code: str) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)

    answer = await api.ask(
        f"query ($t: ID!) {{ billingTrend(tenant: $t, {arguments}) {{ userDays }} }}",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer["data"] == {"billingTrend": None}
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_one_refusal_leaves_its_siblings_standing(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann"])

    answer = await api.ask(
        """query ($t: ID!) {
          good: billingReport(tenant: $t, date: "2026-11-14") { maxUsers }
          bad: billingReport(tenant: "made-up", date: "2026-11-14") { maxUsers }
        }""",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer["data"] == {"good": {"maxUsers": 1}, "bad": None}
    assert [error["path"] for error in answer["errors"]] == [["bad"]]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: -1", "BAD_USER_INPUT"),
        ("first: 5001", "BAD_USER_INPUT"),
        ('after: "x"', "INVALID_CURSOR"),
        ('after: ""', "INVALID_CURSOR"),
        ('after: "W10"', "INVALID_CURSOR"),
    ],
)
async def test_a_page_that_cannot_be_is_refused_in_its_own_place(
    api: Api, arguments: str, code: str
) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann"])

    answer = await api.ask(
        f'query ($t: ID!) {{ billingReport(tenant: $t, date: "{YESTERDAY}") '
        f"{{ maxUsers bad: users({arguments}) {{ totalCount }} users {{ totalCount }} }} }}",
        {"t": str(tenant.id)},
        as_=landlord,
    )

    assert answer["data"] == {
        "billingReport": {"maxUsers": 1, "bad": None, "users": {"totalCount": 1}}
    }
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_a_cursor_belongs_to_its_report(api: Api) -> None:
    tenant, other = await factories.tenant(), await factories.tenant()
    landlord = await factories.landlord(tenant, other)
    for row in (tenant, other):
        await factories.record(row, ["ann", "bob"])
    first = await api.ask(
        REPORT, {"tenant": str(tenant.id), "date": YESTERDAY, "first": 1}, as_=landlord
    )
    cursor = first["data"]["billingReport"]["users"]["pageInfo"]["endCursor"]

    same, foreign, tenants = [
        await api.ask(document, variables, as_=landlord)
        for document, variables in (
            (REPORT, {"tenant": str(tenant.id), "date": YESTERDAY, "after": cursor}),
            (REPORT, {"tenant": str(other.id), "date": YESTERDAY, "after": cursor}),
            ("query ($after: String) { tenants(after: $after) { totalCount } }", {"after": cursor}),
        )
    ]

    users = same["data"]["billingReport"]["users"]
    assert [node["userId"] for node in users["nodes"]] == ["bob"]
    assert users["pageInfo"]["hasPreviousPage"] is True
    for answer in (foreign, tenants):
        codes = [error["extensions"]["code"] for error in answer["errors"]]
        assert codes == ["INVALID_CURSOR"]


async def test_a_clock_that_moves_closes_the_oldest_date(api: Api) -> None:
    tenant = await factories.tenant()
    landlord = await factories.landlord(tenant)
    await factories.record(tenant, ["ann"], datetime(2026, 5, 15, 12, tzinfo=UTC))
    document = 'query ($t: ID!) { billingReport(tenant: $t, date: "2026-05-15") { maxUsers } }'

    before = await api.ask(document, {"t": str(tenant.id)}, as_=landlord)
    api.clock.now = tokens.NOW + timedelta(days=1)
    after = await api.ask(document, {"t": str(tenant.id)}, as_=landlord)

    assert before == {"data": {"billingReport": {"maxUsers": 1}}}
    assert [error["extensions"]["code"] for error in after["errors"]] == ["DATE_OUT_OF_WINDOW"]
