"""The chain of audit entries: appended by many, changed by nobody, and told when it was."""

import asyncio
import json
from datetime import date, timedelta
from uuid import UUID

import pytest

from models import database as db
from resolvers import audit
from resolvers.audit import Action, Log, Origin, Record, Subject, reading, spelt, verifying
from resolvers.audit.chain import Head, hash_of, link
from resolvers.audit.entries import canonical, rows
from resolvers.viewers import Landlord, Operator, ServiceAccount, TenantAdministrator
from tests import tokens
from tests.soak import audit as soak
from tests.soak.audit import listed, reads, stored_head
from tests.statements import counted

NOW = tokens.NOW
LENA = Landlord(UUID(int=1), "Lena")
DAY = date(2026, 11, 14)
REQUEST = "0123456789abcdef"

# What an entry says


def content(record: Record, actor: audit.Origin | None = None) -> dict[str, object]:
    (row,) = rows(actor or Origin(LENA, NOW, REQUEST), spelt([record]))
    found: dict[str, object] = json.loads(row.content)
    return found


def test_an_entry_says_who_did_what_to_which_tenant_and_dates_when_and_with_what_outcome() -> None:
    record = Record(
        Action.BILLING_TREND_READ,
        "DATE_OUT_OF_WINDOW",
        tenant_id=UUID(int=2),
        first=DAY,
        last=DAY + timedelta(days=1),
    )

    assert content(record) == {
        "action": "BILLING_TREND_READ",
        "at": "2026-11-15T12:00:00.000Z",
        "by": {"id": str(LENA.id), "kind": "LANDLORD", "name": "Lena"},
        "from": "2026-11-14",
        "outcome": "DATE_OUT_OF_WINDOW",
        "request": REQUEST,
        "tenant": str(UUID(int=2)),
        "to": "2026-11-15",
    }


@pytest.mark.parametrize(
    ("actor", "by"),
    [
        (Operator(), {"kind": "OPERATOR"}),
        (
            TenantAdministrator(UUID(int=3), "Tom", UUID(int=4)),
            {"id": str(UUID(int=3)), "kind": "TENANT_ADMINISTRATOR", "name": "Tom"},
        ),
        (
            ServiceAccount(UUID(int=5), "Feed", frozenset({"billing:read"})),
            {"id": str(UUID(int=5)), "kind": "SERVICE_ACCOUNT", "name": "Feed"},
        ),
    ],
)
def test_everybody_is_named_by_what_they_are_and_the_command_as_the_operator(
    actor: Operator | TenantAdministrator | ServiceAccount, by: dict[str, str]
) -> None:
    assert content(Record(Action.TENANT_CREATE), Origin(actor, NOW))["by"] == by


def test_an_entry_names_whom_it_was_done_to_and_counts() -> None:
    record = Record(
        Action.API_KEY_CREATE, subject=Subject(UUID(int=6), "Feed"), details=(("key", "k1"),)
    )

    found = content(record)

    assert found["subject"] == {"id": str(UUID(int=6)), "name": "Feed"}
    assert found["details"] == {"key": "k1"}


@pytest.mark.parametrize(
    "record",
    [
        Record(Action.TENANT_CREATE),
        Record(Action.BILLING_TREND_READ, "FORBIDDEN", asked_id=UUID(int=7), last=DAY),
        Record(
            Action.LOGINS_RECORD,
            tenant_id=UUID(int=8),
            first=DAY,
            subject=Subject(UUID(int=9), 'Ren\u00e9 "R" \\'),
            details=(("refused", 0), ("counted", 1)),
        ),
    ],
)
@pytest.mark.parametrize("request_id", [None, REQUEST])
def test_an_entry_has_one_spelling(record: Record, request_id: str | None) -> None:
    (row,) = rows(Origin(Landlord(UUID(int=1), 'L\u00f8ne "L"'), NOW, request_id), spelt([record]))

    assert canonical(json.loads(row.content)) == row.content


def test_a_list_that_is_read_is_one_entry_that_names_its_tenants() -> None:
    tenants = [UUID(int=number) for number in (9, 7, 8)]
    records = [
        *(Record(Action.BILLING_REPORT_READ, tenant_id=each, last=DAY) for each in tenants),
        Record(Action.BILLING_USERS_READ, tenant_id=tenants[0], last=DAY),
        Record(Action.BILLING_REPORT_READ, tenant_id=tenants[0], last=DAY),
        Record(Action.BILLING_REPORT_READ, asked_id=tenants[0], last=DAY),
        Record(Action.BILLING_REPORT_READ, last=DAY),
    ]

    found = rows(Origin(LENA, NOW), spelt(records))

    ids = [str(each) for each in tenants]
    assert [
        (each["action"], each.get("tenant"), each.get("tenants"), each.get("asked"))
        for each in (json.loads(row.content) for row in found)
    ] == [
        ("BILLING_REPORT_READ", None, ids, None),
        ("BILLING_USERS_READ", ids[0], None, None),
        ("BILLING_REPORT_READ", None, None, ids[0]),
        ("BILLING_REPORT_READ", None, None, None),
    ]
    assert [row.tenants for row in found] == [",".join(ids), ids[0], "", ""]
    assert [canonical(json.loads(row.content)) for row in found] == [row.content for row in found]


def test_each_hash_covers_position_previous_hash_and_content() -> None:
    records = [Record(Action.TENANT_CREATE), Record(Action.TENANT_UPDATE)]
    one, two = rows(Origin(LENA, NOW), spelt(records))

    links, head = link(Head(), [one, two])

    assert [(each.position, each.row) for each in links] == [(1, one), (2, two)]
    assert links[0].hash == hash_of(1, "0" * 64, one.content)
    assert head == Head(2, hash_of(2, links[0].hash, two.content))
    assert len({head.hash, hash_of(2, "0" * 64, two.content), hash_of(1, head.hash, "")}) == 3


# Appending


async def written(after: Head) -> list[reading.Stored]:
    return [entry async for entry in reading.entries(after.position)]


async def test_what_is_appended_is_there_in_order_when_it_returns(database: None) -> None:
    before, log = await stored_head(), Log()
    records = reads(3)

    for record in records:
        await log.append(LENA, REQUEST, NOW, spelt([record]))

    found = await written(before)
    assert [entry.content for entry in found] == [
        row.content for row in rows(Origin(LENA, NOW, REQUEST), spelt(records))
    ]
    assert [entry.position for entry in found] == [before.position + n for n in (1, 2, 3)]
    assert await verifying.verify(before) == await stored_head()


async def test_those_who_read_at_the_same_time_share_a_commit(database: None) -> None:
    before, log = await stored_head(), Log()
    await log.append(LENA, REQUEST, NOW, spelt(reads(1)))

    async with counted(audit=True) as seen:
        await asyncio.gather(*(log.append(LENA, REQUEST, NOW, spelt(reads(2))) for _ in range(20)))

    # SQLite tells of those that move the head again for their trigger.
    assert len(seen) == {"sqlite": 5, "postgresql": 1}[db.dialect()]
    assert len(await written(before)) == 41


async def test_nothing_to_tell_costs_nothing(database: None) -> None:
    before = await stored_head()

    await Log().append(LENA, REQUEST, NOW, [])
    await audit.alone(Origin(Operator(), NOW), [])

    assert await stored_head() == before


async def test_what_is_not_audited_leaves_no_entry(database: None) -> None:
    before = await stored_head()

    await audit.alone(Origin(Operator(), NOW, audited=False), reads(1))

    assert await stored_head() == before
    await audit.alone(Origin(Operator(), NOW), reads(1))
    assert len(await written(before)) == 1


async def test_an_entry_goes_with_a_change_that_is_rolled_back(database: None) -> None:
    before = await stored_head()

    async def work() -> None:
        await audit.within(Origin(LENA, NOW), reads(1))
        raise LookupError

    with pytest.raises(LookupError):
        await db.transaction(work)

    assert await stored_head() == before


async def test_of_two_logs_neither_loses_an_entry_to_the_other(database: None) -> None:
    before, one, two = await stored_head(), Log(), Log()

    async def reader(log: Log) -> None:
        for _ in range(10):
            await log.append(LENA, REQUEST, NOW, spelt(reads(1)))

    await asyncio.gather(*(reader(log) for log in (one, two) for _ in range(4)))

    assert len(await written(before)) == 80
    assert await verifying.verify(before) == await stored_head()


async def test_two_processes_with_many_writers_make_one_chain(
    database: None, database_url: str
) -> None:
    before = await stored_head()

    appended = await soak.written_by_workers(database_url, processes=2, readers=8, count=60)

    assert appended == 2 * (2 * 8 * 60 + 24)
    assert len(await written(before)) == appended
    assert await verifying.verify(before) == await stored_head()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET content = content",
        "DELETE FROM audit_entry",
        "UPDATE audit_filing SET at = at",
        "DELETE FROM audit_filing",
        "UPDATE audit_head SET position = position - 1",
        "DELETE FROM audit_head",
    ],
)
async def test_the_database_itself_changes_nothing_that_is_written(
    database: None, statement: str
) -> None:
    await audit.alone(Origin(LENA, NOW), [*reads(1), *listed(2)])
    before = await stored_head()

    with pytest.raises(db.ERRORS, match="append-only"):
        await db.rows(statement)

    assert await stored_head() == before
