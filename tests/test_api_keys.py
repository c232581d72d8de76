"""API keys of service accounts: how they are made, what they open, when they end."""

import asyncio
import json
import logging
import re
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4
from zlib import crc32

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import ApiKey, AuditEntry, AuditHead, Principal, PrincipalStatus
from resolvers import api_keys, key_admission, key_texts, principals
from resolvers.asked import AskedTenant
from resolvers.key_admission import KeyQuestion
from resolvers.problems import Problem
from tests import factories, forged_tokens, statements
from tests.http import Api
from tests.tokens import NOW

SECOND = timedelta(seconds=1)
VIEWER = "{ viewer { displayName } tenants { nodes { name } } }"
REPORT = 'query ($id: ID!) { billingReport(tenant: $id, date: "2026-11-14") { maxUsers } }'
USERS = (
    'query ($id: ID!) { billingReport(tenant: $id, date: "2026-11-14")'
    " { users(first: 1) { nodes { userId } } } }"
)
RECORD = (
    'mutation ($id: ID!) { loginsRecord(input: {tenant: {id: $id}, logins: [{userId: "ann",'
    ' at: "2026-11-14T12:00:00Z"}]}) { recorded } }'
)


async def sent(api: Api, key: str, query: str = VIEWER, **variables: object) -> httpx2.Response:
    body = {"query": query, "variables": variables}
    headers = {"Authorization": f"Bearer {key}"}
    return await api.client.post("/graphql", json=body, headers=headers)


def code(answer: httpx2.Response) -> str | None:
    errors = answer.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else None


# As text


def test_a_key_has_the_form_that_scanners_look_for() -> None:
    text, kept = key_texts.make()

    assert re.fullmatch(r"hc_live_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}", text, re.ASCII)
    assert key_texts.read(text) == kept
    assert re.fullmatch(r"[0-9a-f]{64}", kept.digest)
    assert kept.digest not in text


def test_no_two_keys_are_alike_and_every_digit_is_as_likely() -> None:
    made = [key_texts.make()[0] for _ in range(1000)]

    assert len({text[8:20] for text in made}) == len({text[21:53] for text in made}) == 1000
    counted = Counter("".join(text[21:53] for text in made))
    # 32,000 draws of 62: 516 each, give or take six standard deviations.
    assert len(counted) == 62
    assert all(380 < number < 652 for number in counted.values())


def test_the_check_sum_is_that_of_everything_before_it() -> None:
    text = "hc_live_" + "0" * 12 + "_" + "0" * 32
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = crc32(text.encode())
    expected = "".join(digits[number // 62**place % 62] for place in (5, 4, 3, 2, 1, 0))

    assert key_texts.read(text + expected) is not None
    assert key_texts.read(text + "000000") is None


@given(at=st.integers(0, 58), byte=st.characters(max_codepoint=0x2FF))
def test_a_key_with_one_slip_is_no_key(at: int, byte: str) -> None:
    text = key_texts.make()[0]
    if text[at] != byte:
        assert key_texts.read(text[:at] + byte + text[at + 1 :]) is None


@given(st.text())
def test_any_text_is_read_or_refused_and_breaks_nothing(text: str) -> None:
    assert key_texts.read(text) is None
    assert key_texts.read(f"hc_live_{text}") is None


# Made and revoked


async def test_what_is_kept_of_a_key_does_not_suffice_to_use_it(database: None) -> None:
    owner = await factories.service()

    row, text = await factories.api_key(owner, "logins:write", "billing:read")

    stored = (await ApiKey.all().values())[0]
    assert stored == {
        "id": row.id,
        "principal_id": owner.id,
        "secret_sha256": key_texts.read(text).digest,  # type: ignore[union-attr]
        "scopes": "billing:read logins:write",
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=90),
        "revoked_at": None,
    }
    assert not [value for value in stored.values() if text[21:53] in str(value)]


async def test_making_and_revoking_a_key_stand_in_the_audit_log(database: None) -> None:
    owner = await factories.service()
    before = (await AuditHead.get()).position
    outcome = await api_keys.create(owner, {"billing:read"}, NOW + SECOND, NOW)
    assert isinstance(outcome, tuple)
    row, text = outcome
    for _ in range(2):  # The second time it is revoked already.
        await api_keys.revoke(row, NOW)

    entries = await AuditEntry.filter(position__gt=before).order_by("position")
    told = [json.loads(entry.content) for entry in entries]
    assert [(each["action"], each["subject"]["id"], each["details"]) for each in told] == [
        ("API_KEY_CREATE", str(owner.id), {"key": row.id}),
        ("API_KEY_REVOKE", str(owner.id), {"key": row.id}),
    ]
    assert not [entry for entry in entries if text[21:53] in entry.content]


async def test_only_active_service_accounts_have_keys(database: None) -> None:
    home = await factories.tenant()
    disabled = PrincipalStatus.DISABLED

    for owner, said in [
        (await factories.landlord(), "Only service accounts have API keys"),
        (await factories.administrator(home), "Only service accounts have API keys"),
        (await factories.service(status=disabled), "The service account is disabled."),
    ]:
        outcome = await api_keys.create(owner, {"billing:read"}, NOW + SECOND, NOW)
        assert isinstance(outcome, list)
        assert outcome[0].message.startswith(said)
    assert await ApiKey.all().count() == 0


@pytest.mark.parametrize("scopes", [set(), {"tenants:manage"}, {"billing:read", "x"}, {""}])
async def test_a_key_has_scopes_that_can_be_granted(scopes: set[str], database: None) -> None:
    owner = await factories.service()

    outcome = await api_keys.create(owner, scopes, NOW + SECOND, NOW)

    assert isinstance(outcome, list)
    assert outcome[0].field == ("scopes",)
    assert await ApiKey.all().count() == 0


@pytest.mark.parametrize(
    ("lifetime", "allowed"),
    [
        (timedelta(0), False),
        (-SECOND, False),
        (SECOND, True),
        (timedelta(days=365), True),
        (timedelta(days=365) + SECOND, False),
    ],
)
async def test_a_key_ends_within_a_year(lifetime: timedelta, allowed: bool, database: None) -> None:
    owner = await factories.service()

    outcome = await api_keys.create(owner, {"billing:read"}, NOW + lifetime, NOW)

    assert isinstance(outcome, tuple) is allowed
    assert await ApiKey.all().count() == allowed


async def test_a_principal_has_two_live_keys_at_most(database: None) -> None:
    owner, other = await factories.service(), await factories.service()
    too_many = "The principal has 2 live keys already: revoke one of them first."

    async def made(on: Principal = owner, days: float = 1, later: timedelta = 0 * SECOND) -> Any:
        now = NOW + later
        return await api_keys.create(on, {"billing:read"}, now + timedelta(days=days), now)

    first, _ = await made()
    await made(days=2)
    [refused] = await made()

    assert isinstance(refused, Problem)
    assert refused.message == too_many
    assert isinstance(await made(other), tuple)
    # One that is revoked or expired makes room.
    await api_keys.revoke(first, NOW)
    assert isinstance(await made(), tuple)
    assert isinstance(await made(), list)
    assert isinstance(await made(later=timedelta(days=1)), tuple)


async def test_of_many_keys_made_at_once_two_are(database: None) -> None:
    owner = await factories.service()

    made = await asyncio.gather(
        *(api_keys.create(owner, {"billing:read"}, NOW + SECOND, NOW) for _ in range(8))
    )

    assert sum(isinstance(each, tuple) for each in made) == 2
    assert await ApiKey.filter(principal_id=owner.id).count() == 2


async def test_a_key_that_is_revoked_stays_revoked_since_then(database: None) -> None:
    row, _ = await factories.api_key(await factories.service())

    await api_keys.revoke(row, NOW)
    again = await api_keys.revoke(row, NOW + SECOND)

    assert again.revoked_at == NOW
    assert (await ApiKey.get(id=row.id)).revoked_at == NOW


async def test_keys_are_found_by_their_id_or_in_full_and_listed_newest_first(
    database: None,
) -> None:
    owner, other = await factories.service(), await factories.service()
    old, text = await factories.api_key(owner)
    new, _ = await factories.api_key(other, at=NOW + SECOND)

    found = [await api_keys.named(name) for name in (old.id, text, "x", "é", "", "a\0", text[:-1])]

    assert [row and row.id for row in found] == [old.id, old.id, None, None, None, None, None]
    assert [(row.id, row.principal.id) for row in await api_keys.listed()] == [
        (new.id, other.id),
        (old.id, owner.id),
    ]
    assert [row.id for row in await api_keys.listed(owner)] == [old.id]


# Signing in


async def test_a_key_signs_its_service_account_in(api: Api) -> None:
    mine, _foreign = await factories.tenant(), await factories.tenant()
    _, key = await factories.api_key(await factories.service(mine, display_name="Planner"))

    answer = await sent(api, key)

    assert answer.json() == {
        "data": {"viewer": {"displayName": "Planner"}, "tenants": {"nodes": [{"name": mine.name}]}}
    }


@pytest.mark.parametrize(
    ("scopes", "codes"),
    [
        (("billing:read",), [None, "FORBIDDEN", "FORBIDDEN"]),
        (("billing:read", "billing:users"), [None, None, "FORBIDDEN"]),
        (("billing:users",), ["FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]),
        (("logins:write",), ["FORBIDDEN", "FORBIDDEN", None]),
    ],
)
async def test_what_a_key_may_do_ends_with_its_scopes(
    scopes: tuple[str, ...], codes: list[str | None], api: Api
) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann"])
    _, key = await factories.api_key(await factories.service(tenant), *scopes)

    found = [
        code(await sent(api, key, each, id=str(tenant.id))) for each in (REPORT, USERS, RECORD)
    ]

    assert found == codes


async def test_a_key_sees_no_tenant_that_is_not_assigned(api: Api) -> None:
    foreign = await factories.tenant()
    _, key = await factories.api_key(await factories.service())

    answers = [await sent(api, key, REPORT, id=str(each)) for each in (foreign.id, uuid4())]

    assert [code(each) for each in answers] == ["TENANT_NOT_FOUND"] * 2
    assert answers[0].content == answers[1].content


async def test_whoever_has_no_good_key_gets_the_bytes_of_a_bad_token(api: Api) -> None:
    owner = await factories.service()
    row, key = await factories.api_key(owner)
    disabled = await factories.service()
    _, of_disabled = await factories.api_key(disabled)
    await principals.set_status(disabled, PrincipalStatus.DISABLED)
    revoked, of_revoked = await factories.api_key(await factories.service())
    await api_keys.revoke(revoked, NOW)
    _, expired = await factories.api_key(await factories.service(), at=NOW - timedelta(days=90))
    other = key_texts.make()[0]
    wrong = other.replace(other[8:20], row.id)[:-6]
    bad = {
        "unknown": other,
        "another secret": wrong + key_texts._check_sum(wrong),
        "check sum": key[:-1] + ("0" if key[-1] != "0" else "1"),
        "cut off": key[:-1],
        "longer": key + "0",
        "test instead of live": key.replace("live", "test"),
        "in upper case": key.upper(),
        "disabled": of_disabled,
        "revoked": of_revoked,
        "expired": expired,
    }

    assert (await sent(api, key)).status_code == 200
    answers = {name: await sent(api, text) for name, text in bad.items()}
    plain = await sent(api, forged_tokens.FORGED["another RSA key"])

    assert {name: each.status_code for name, each in answers.items()} == dict.fromkeys(bad, 401)
    assert {each.content for each in answers.values()} == {plain.content}
    for each in answers.values():
        assert {**each.headers, "x-request-id": ""} == {**plain.headers, "x-request-id": ""}


async def test_a_key_of_somebody_who_is_no_service_account_opens_nothing(api: Api) -> None:
    tenant = await factories.tenant()
    row, key = await factories.api_key(await factories.service(tenant))
    service = (await sent(api, key)).status_code

    statuses = []
    for other in (await factories.landlord(tenant), await factories.administrator(tenant)):
        # By nothing but a hand in the database.
        await ApiKey.filter(id=row.id).update(principal_id=other.id)
        statuses.append((await sent(api, key)).status_code)

    assert (service, statuses) == (200, [401, 401])


async def test_a_key_counts_in_the_authorization_header_alone(api: Api) -> None:
    _, key = await factories.api_key(await factories.service())
    body = {"query": VIEWER}

    for headers in (
        {"X-API-Key": key},
        {"Authorization": key},
        {"Authorization": f"Basic {key}"},
        {"Authorization": f"ApiKey {key}"},
        {"Cookie": f"token={key}"},
    ):
        assert (await api.client.post("/graphql", json=body, headers=headers)).status_code == 401
    for name in ("key", "api_key", "access_token"):
        found = await api.client.post("/graphql", json=body, params={name: key})
        assert found.status_code == 401


async def test_the_first_request_after_a_revocation_is_refused(api: Api) -> None:
    owner = await factories.service()
    (old, first), (_, second) = await factories.api_key(owner), await factories.api_key(owner)

    before = [(await sent(api, key)).status_code for key in (first, second)]
    await api_keys.revoke(old, NOW)
    after = [(await sent(api, key)).status_code for key in (first, second)]

    assert (before, after) == ([200, 200], [401, 200])


async def test_a_key_is_good_until_its_end_and_not_then(api: Api) -> None:
    _, key = await factories.api_key(await factories.service(), days=1)

    statuses = []
    for moment in (timedelta(days=1) - timedelta(milliseconds=1), timedelta(days=1)):
        api.clock.now = NOW + moment
        statuses.append((await sent(api, key)).status_code)

    assert statuses == [200, 401]


async def test_a_key_with_a_wrong_check_sum_costs_no_look_at_the_database(api: Api) -> None:
    _, key = await factories.api_key(await factories.service())
    await sent(api, key)

    async with statements.counted() as seen:
        assert (await sent(api, key[:-1] + "~")).status_code == 401
        assert (await sent(api, "hc_live_")).status_code == 401
    assert seen == []


async def test_a_report_is_admitted_by_one_statement_with_a_key_as_with_a_token(api: Api) -> None:
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann", "bob"])
    owner = await factories.service(tenant)
    _, key = await factories.api_key(owner)
    ask = {"id": str(tenant.id)}
    await sent(api, key, REPORT, **ask)
    await api.ask(REPORT, ask, as_=owner, scope="billing:read")

    async with statements.counted() as by_key:
        answer = await sent(api, key, REPORT, **ask)
    async with statements.counted() as by_token:
        plain = await api.ask(REPORT, ask, as_=owner, scope="billing:read")

    assert answer.json() == plain == {"data": {"billingReport": {"maxUsers": 2}}}
    assert len(by_key) == len(by_token) == 1


async def test_each_of_many_keys_gets_what_a_statement_of_its_own_says(database: None) -> None:
    mine, foreign = await factories.tenant(), await factories.tenant()
    await factories.record(mine, ["ann", "bob"], NOW)
    made = [
        await factories.api_key(await factories.service(mine), "billing:read"),
        await factories.api_key(await factories.service(mine, foreign), "logins:write"),
        await factories.api_key(await factories.service(foreign)),
    ]
    await api_keys.revoke(made[2][0], NOW)
    ids = (mine.id, foreign.id, UUID(int=7))
    asked = [None, *(AskedTenant(str(each), each, NOW.date()) for each in ids)]
    keys = [key_texts.read(text) for _, text in made]
    questions = [KeyQuestion(key, each) for each in asked for key in keys if key]

    together = await key_admission.states(questions)

    alone = [(await key_admission.states([question]))[0] for question in questions]
    assert together == alone
    told = []
    for question, state in zip(questions, together, strict=True):
        admitted = key_admission.read(question, state) if state else None
        brought = admitted and admitted.brought
        seen = brought and brought.tenant
        told.append(
            admitted
            and (admitted.viewer.scopes, seen and (seen.name, brought.heads[seen.id].max_users))
        )
    first, second = {"billing:read"}, {"logins:write"}
    assert told == [
        *((first, None), (second, None), None),
        *((first, (mine.name, 2)), (second, (mine.name, 2)), None),
        *((first, None), (second, (foreign.name, 0)), None),
        *((first, None), (second, None), None),
    ]


async def test_a_kept_answer_is_not_given_again_to_a_key_that_has_ended(api: Api) -> None:
    """Neither one that ended by itself, in the very minute, nor another secret of the same ID."""
    tenant = await factories.tenant()
    await factories.record(tenant, ["ann"])
    _, key = await factories.api_key(await factories.service(tenant), days=1 / 86400)
    other = key[:21] + key_texts.make()[0][21:53]
    other += key_texts._check_sum(other)

    kept = [(await sent(api, key, REPORT, id=str(tenant.id))).status_code for _ in range(3)]
    wrong = (await sent(api, other, REPORT, id=str(tenant.id))).status_code
    api.clock.now = NOW + SECOND
    ended = (await sent(api, key, REPORT, id=str(tenant.id))).status_code

    assert (kept, wrong, ended) == ([200] * 3, 401, 401)


async def test_the_log_says_why_and_holds_no_part_of_the_key(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    row, key = await factories.api_key(await factories.service())
    await api_keys.revoke(row, NOW)

    for text in (key, key[:-1] + "~", key_texts.make()[0]):
        assert (await sent(api, text)).status_code == 401
        assert not [part for part in (text[8:20], text[21:53]) if part in caplog.text]
    reasons = [record.reason for record in caplog.records if record.name == "headcount.auth"]  # type: ignore[attr-defined]
    unknown = "the API key is unknown, revoked or expired, or its account is disabled"
    assert reasons == [unknown, "not an API key: its check sum is wrong", unknown]
