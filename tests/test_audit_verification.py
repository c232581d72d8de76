"""What was done to the audit log by somebody who can write past its triggers is found."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from models import database as db
from resolvers import audit
from resolvers.audit import Action, Origin, Record, reading, spelt, verifying
from resolvers.audit.chain import Head, hash_of, link
from resolvers.audit.entries import rows
from resolvers.audit.reading import Stored
from resolvers.audit.verifying import Broken
from resolvers.viewers import Landlord
from tests import tampering, tokens
from tests.soak import audit as soak
from tests.soak.audit import listed, reads, stored_head

NOW = tokens.NOW
LENA = Landlord(UUID(int=1), "Lena")

# Tampering


@pytest.fixture
async def end(database: None) -> Head:
    """The head of a log that has at least five entries."""
    await audit.alone(Origin(LENA, NOW), reads(5))
    return await verifying.verify()


async def fault(known: Head | None = None) -> tuple[int, str]:
    with pytest.raises(Broken) as broken:
        await verifying.verify(known)
    return broken.value.position, str(broken.value)


FILED_ELSEWHERE = "Entry {} is filed under another tenant or time than it names."
DOES_NOT_FIT = "Entry {} is not what was written: its hash does not fit."


async def test_an_edited_entry_is_found(end: Head) -> None:
    at = end.position - 2

    found = await tampering.after(*tampering.edit(at), look=fault)

    assert found == (at, DOES_NOT_FIT.format(at))
    assert await verifying.verify() == end


async def test_an_entry_with_another_hash_is_found(end: Head) -> None:
    at = end.position - 2
    change = f"UPDATE audit_entry SET hash = '{'a' * 64}' WHERE position = {at}"

    assert await tampering.after(change, look=fault) == (at, DOES_NOT_FIT.format(at))


async def test_a_deleted_entry_is_found(end: Head) -> None:
    at = end.position - 2

    found = await tampering.after(*tampering.delete(at), look=fault)

    assert found == (at, f"Entry {at} is missing.")


async def test_a_deleted_beginning_is_found(end: Head) -> None:
    change = "DELETE FROM audit_entry WHERE position < 3"

    assert await tampering.after(change, look=fault) == (1, "Entries 1 to 2 are missing.")


async def test_two_exchanged_entries_are_found(end: Head) -> None:
    at = end.position - 3

    found = await tampering.after(*tampering.exchange(at), look=fault)

    assert found == (at, DOES_NOT_FIT.format(at))


async def test_an_inserted_entry_is_found(end: Head) -> None:
    at = end.position - 2

    found = await tampering.after(*tampering.insert(at), look=fault)

    # What was inserted is a copy of what stood there: the one that moved on does not fit.
    assert found == (at + 1, DOES_NOT_FIT.format(at + 1))


@pytest.mark.parametrize("position", [0, -1])
async def test_an_entry_before_the_first_is_found(end: Head, position: int) -> None:
    insert = (
        "INSERT INTO audit_entry (position, at, tenant_id, content, hash) SELECT"
        f" {position}, at, tenant_id, content, hash FROM audit_entry WHERE position = 1"
    )

    found = await tampering.after(insert, look=fault)

    assert found == (position, f"Entry {position} stands where entry 1 belongs.")


async def test_an_entry_behind_the_head_is_found(end: Head) -> None:
    (forged,), head = link(end, rows(Origin(LENA, NOW), spelt([Record(Action.TENANT_CREATE)])))
    insert = (
        "INSERT INTO audit_entry (position, at, tenant_id, content, hash)"
        f" SELECT {head.position}, '{NOW.isoformat(sep=' ', timespec='milliseconds')}', NULL,"
        f" '{forged.row.content}', '{head.hash}'"
    )
    if db.dialect() == "postgresql":
        insert = insert.replace("', NULL", "'::timestamptz, NULL")

    found = await tampering.after(insert, look=fault)

    assert found == (head.position, "The head of the log is not its last entry.")


@pytest.mark.parametrize(
    "content", ["x", "[]", "null", "5", '{"tenants": 5}', '{"at": 1, "tenants": [5]}', '"\\ud800"']
)
async def test_an_entry_that_is_no_record_is_found(end: Head, content: str) -> None:
    """Chained as it should be, by somebody who can move the head."""
    at = end.position + 1
    digest = hash_of(at, end.hash, content)
    changes = (
        "INSERT INTO audit_entry (position, at, tenant_id, content, hash)"
        f" SELECT {at}, at, NULL, '{content}', '{digest}' FROM audit_entry"
        f" WHERE position = {end.position}",
        f"UPDATE audit_head SET position = {at}, hash = '{digest}'",
    )

    position, reason = await tampering.after(*changes, look=fault)

    assert position == at
    assert reason in (
        f"Entry {at} is no record.",
        FILED_ELSEWHERE.format(at),
    )


@pytest.mark.parametrize(
    "column",
    [f"tenant_id = '{UUID(int=7)}'", "tenant_id = NULL", "at = '2026-01-01 00:00:00+00:00'"],
)
async def test_an_entry_filed_elsewhere_is_found(end: Head, column: str) -> None:
    at = end.position - 2
    move = f"UPDATE audit_entry SET {column} WHERE position = {at}"

    found = await tampering.after(move, look=fault)

    assert found == (at, FILED_ELSEWHERE.format(at))


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_filing WHERE {that}",
        "UPDATE audit_filing SET at = '2026-01-01 00:00:00+00:00' WHERE {that}",
        f"UPDATE audit_filing SET tenant_id = '{UUID(int=7)}' WHERE {{that}}",
        "UPDATE audit_filing SET position = position - 1 WHERE {that}",
        "INSERT INTO audit_filing (position, tenant_id, at)"
        " SELECT position, tenant_id, at FROM audit_filing WHERE {that}",
        f"INSERT INTO audit_filing (position, tenant_id, at)"
        f" SELECT position, '{UUID(int=7)}', at FROM audit_filing WHERE {{that}}",
        "INSERT INTO audit_filing (position, tenant_id, at)"
        " SELECT position - 1, tenant_id, at FROM audit_filing WHERE {that}",
    ],
)
@pytest.mark.parametrize("last", [True, False], ids=["at the end", "before others"])
async def test_a_list_filed_elsewhere_is_found(end: Head, change: str, last: bool) -> None:
    await audit.alone(Origin(LENA, NOW), listed(3))
    at = (await stored_head()).position
    if not last:
        await audit.alone(Origin(LENA, NOW), [*listed(2), *reads(1)])
    ((first,),) = await db.rows("SELECT min(id) FROM audit_filing WHERE position = $1", [at])
    whole = await verifying.verify()

    position, reason = await tampering.after(change.format(that=f"id = {first}"), look=fault)

    assert position in (at, at - 1)
    assert reason == FILED_ELSEWHERE.format(position)
    assert await verifying.verify() == whole


async def test_a_filing_of_no_entry_is_found(end: Head) -> None:
    await audit.alone(Origin(LENA, NOW), listed(2))
    insert = (
        "INSERT INTO audit_filing (position, tenant_id, at)"
        " SELECT max(position) + 1, min(tenant_id), min(at) FROM audit_filing"
    )
    if db.dialect() == "postgresql":
        insert = insert.replace("min(tenant_id)", "min(tenant_id::text)::uuid")

    found = await tampering.after(insert, look=fault)

    assert found[1] == "The head of the log is not its last entry."


async def test_a_cut_off_end_is_found_by_the_head(end: Head) -> None:
    last = end.position

    found = await tampering.after(tampering.cut_off(last - 2)[0], look=fault)

    missing = f"Entries {last - 1} to {last} are missing: the end was cut off."
    assert found == (last - 1, missing)


async def test_an_end_cut_off_with_the_head_is_found_by_a_head_noted_before(end: Head) -> None:
    last, change = end.position, tampering.cut_off(end.position - 1)

    found = await tampering.after(*change, look=lambda: fault(end))

    assert (await tampering.after(*change, look=verifying.verify)).position == last - 1
    assert found == (last, f"Entry {last} is missing: the end was cut off.")


async def test_a_log_written_anew_is_found_by_a_head_noted_before(end: Head) -> None:
    other = Head(end.position - 1, "b" * 64)

    assert await fault(other) == (
        other.position,
        f"Entry {other.position} is not the one whose hash was noted: the log was written anew.",
    )
    assert (await fault(end._replace(hash="b" * 64)))[0] == end.position
    assert await verifying.verify(end) == end


async def test_a_head_that_is_gone_is_found(end: Head) -> None:
    found = await tampering.after("DELETE FROM audit_head", look=fault)

    assert found == (0, "The head of the log is gone.")


async def test_every_tampering_is_found_wherever_it_is(end: Head) -> None:
    assert await soak.tamperings_found(each=2) == (10, 10)


# Exports


async def exported(after: int = 0) -> list[bytes]:
    lines, previous = [], await reading.hash_at(after)
    assert previous is not None
    async for entry in reading.entries(after):
        lines.append(verifying.export_line(previous, entry).encode())
        previous = entry.hash
    return lines


async def test_an_export_is_verified_without_the_database(end: Head) -> None:
    whole, part = await exported(), await exported(end.position - 2)
    before = Head(end.position - 2, await reading.hash_at(end.position - 2) or "")

    assert verifying.verify_export(whole) == end
    assert verifying.verify_export(whole, before) == end
    assert verifying.verify_export(part, before) == end
    assert verifying.verify_export(part, end) == end
    assert verifying.verify_export([]) == Head()


async def test_a_line_says_everything_that_its_hash_covers(end: Head) -> None:
    given = json.loads((await exported())[-1])

    entry = json.dumps(given["entry"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert hash_of(given["position"], given["previous"], entry) == given["hash"] == end.hash


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: [*lines[:-2], lines[-1]], "missing"),
        (lambda lines: [*lines[:-2], lines[-1], lines[-2]], "missing"),
        (lambda lines: [*lines, lines[-1]], "stands where"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b"Lena", b"Lisa")], "hash does not fit"),
        (lambda lines: [lines[0].replace(b"0" * 64, b"1" * 64), *lines[1:]], "beginning"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: [*lines[:-1], b"{}\n"], "not an exported entry"),
        (lambda lines: [*lines[:-1], b"nonsense"], "not an exported entry"),
        (lambda lines: [], "missing"),
    ],
)
async def test_an_export_that_was_tampered_with_is_found(
    end: Head, change: object, reason: str
) -> None:
    lines = await exported()

    with pytest.raises(Broken, match=reason):
        verifying.verify_export(change(lines), end)  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "1", f"1:{'g' * 64}", "{}", '{"position": 1}', "[]", "{"])
def test_a_head_that_is_none_is_not_read(text: str) -> None:
    assert verifying.parse_head(text) is None


@pytest.mark.parametrize(
    "text", [f"7:{'a' * 64}", f"7:{'a' * 64}\n", json.dumps({"position": 7, "hash": "a" * 64})]
)
def test_a_head_is_read_in_both_forms(text: str) -> None:
    assert verifying.parse_head(text) == Head(7, "a" * 64)


# Meanwhile


async def test_what_is_appended_behind_the_last_page_is_for_the_next_time(
    end: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = reading.entries

    async def appended_to() -> AsyncIterator[Stored]:
        async for entry in read():
            yield entry
            if entry.position == end.position:
                await audit.alone(Origin(LENA, NOW), listed(3))

    monkeypatch.setattr(reading, "entries", appended_to)

    assert await verifying.verify() == end
    monkeypatch.undo()
    assert (await verifying.verify()).position == end.position + 1


async def test_a_log_is_whole_while_others_append_to_it(
    end: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    log = audit.Log()

    async def append() -> None:
        for _ in range(50):
            await log.append(LENA, "request-0123", NOW, spelt(listed(3)))

    appending, heads = asyncio.create_task(append()), [end]
    while not appending.done():
        heads.append(await verifying.verify())
    await appending

    assert heads == sorted(heads)
    assert (await verifying.verify()).position == end.position + 50
