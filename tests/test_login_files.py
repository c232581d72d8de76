import gzip
import io
import json
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers import instants, login_files
from resolvers.login_files import Batch, RefusedLogin, RefusedWriter, UnreadableFile
from tests import provider_records as records

AT = datetime(2026, 2, 14, 20, 18, 57, 718_000, UTC)
INVALID_INSTANT = "Expected an RFC 3339 date-time with an offset, such as 2026-03-01T08:30:00.000Z."

Login = tuple[str, datetime]


def read(content: bytes, format: str | None = None, size: int = 10_000) -> Batch:
    """The whole file as one batch."""
    whole = Batch(originals=[])
    originals: list[login_files.Original] = []
    for batch in login_files.recognise(io.BytesIO(content), format).batches(size):
        whole.positions += batch.positions
        whole.user_ids += batch.user_ids
        whole.instants += batch.instants
        whole.refused += batch.refused
        whole.not_logins += batch.not_logins
        originals += batch.originals
    whole.originals = originals
    assert len(whole.user_ids) == len(whole.instants) == len(whole.positions) == len(originals)
    return whole


def logins(batch: Batch) -> list[Login]:
    return list(zip(batch.user_ids, batch.instants, strict=True))


def problems(batch: Batch) -> list[tuple[int, str, str]]:
    return [(one.position, one.code, one.reason) for one in batch.refused]


def ndjson(values: Iterable[object]) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def array(values: Iterable[object]) -> bytes:
    return json.dumps(list(values), ensure_ascii=False).encode()


def indented_array(values: Iterable[object]) -> bytes:
    return json.dumps(list(values), indent=2).encode()


def one_after_another(values: Iterable[object]) -> bytes:
    return "\n".join(json.dumps(value, indent=2) for value in values).encode()


def graph_page(values: Iterable[object]) -> bytes:
    context = "https://graph.microsoft.com/v1.0/$metadata#auditLogs/signIns"
    link = "https://graph.microsoft.com/v1.0/auditLogs/signIns?$skiptoken=1"
    page = {"@odata.context": context, "value": list(values), "@odata.nextLink": link}
    return json.dumps(page).encode()


def event_hub_batches(values: Iterable[object]) -> bytes:
    return ndjson({"records": [value]} for value in values)


def auth0_totals(values: Iterable[object]) -> bytes:
    listed = list(values)
    page = {"start": 0, "limit": 50, "length": len(listed), "logs": listed, "total": len(listed)}
    return json.dumps(page).encode()


SHAPES = [
    ndjson,
    array,
    indented_array,
    one_after_another,
    graph_page,
    event_hub_batches,
    auth0_totals,
]

# For each provider: records that are logins of ada at AT, and records that are not logins.
PROVIDERS: dict[str, tuple[list[records.Record], list[records.Record]]] = {
    "okta": (
        [records.okta(), records.okta_on_event_bridge(records.okta())],
        [
            records.okta(result="FAILURE"),
            records.okta(event="user.session.end"),
            records.okta(event="policy.evaluate_sign_on", result="ALLOW"),
            records.okta_on_event_bridge(records.okta(result="FAILURE")),
        ],
    ),
    "entra": (
        [
            records.entra(),
            records.entra(category="NonInteractiveUserSignInLogs"),
            {**records.graph(at="2026-02-14T21:18:57.7189999+01:00"), "category": "SignInLogs"},
            records.graph(at="2026-02-14T20:18:57.718Z"),
            records.graph(at="2026-02-14T20:18:57.718Z", events=["nonInteractiveUser"]),
        ],
        [
            records.entra(error=50126),
            records.entra(category="ServicePrincipalSignInLogs"),
            records.entra(category="ManagedIdentitySignInLogs"),
            records.entra(category="AuditLogs"),
            records.graph(error=50074),
            records.graph(events=["servicePrincipal"]),
            records.graph(events=["managedIdentity"]),
        ],
    ),
    "auth0": (
        [
            records.auth0(),
            records.auth0_stream(records.auth0()),
            {**records.auth0(user=""), "user_id": "ada@example.com"},
        ],
        [
            records.auth0(kind="fp"),
            records.auth0(kind="slo"),
            records.auth0_stream(records.auth0(kind="seacft")),
            records.auth0(kind="sapi"),
        ],
    ),
    "keycloak": (
        [records.keycloak(), {**records.keycloak(), "details": {}, "userId": "ada@example.com"}],
        [
            records.keycloak(kind="LOGIN_ERROR"),
            records.keycloak(kind="LOGOUT"),
            records.keycloak(kind="CODE_TO_TOKEN"),
            records.keycloak_admin_event(),
        ],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PROVIDERS)
def test_a_providers_logins_are_found_in_every_shape_of_export(
    name: str, shape: Callable[[Iterable[object]], bytes]
) -> None:
    found, others = PROVIDERS[name]
    content = shape([*others, *found, *others])

    batch = read(content)

    assert login_files.recognise(io.BytesIO(content)).format == name
    assert logins(batch) == [("ada@example.com", AT)] * len(found)
    assert (batch.not_logins, batch.refused) == (2 * len(others), [])


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_named_format_needs_no_records_to_recognise(name: str) -> None:
    assert [read(content, name).read for content in (b"", b"\n", b"[]", b'{"value": []}')] == [
        0
    ] * 4


@pytest.mark.parametrize(
    ("name", "record", "code", "reason"),
    [
        ("okta", records.okta(user=None), "BLANK", "The login has no user."),
        ("okta", {**records.okta(), "actor": None}, "BLANK", "The login has no user."),
        ("okta", records.okta(user=7), "INVALID", "The user is not text."),
        ("okta", records.okta(at=None), "BLANK", "The login has no instant."),
        ("okta", records.okta(at="2026-02-14 20:18:57"), "INVALID", INVALID_INSTANT),
        ("okta", records.okta(at=1771100337718), "INVALID", "The instant is not text."),
        ("entra", records.entra(user=""), "BLANK", "The login has no user."),
        ("entra", records.entra(at=""), "BLANK", "The login has no instant."),
        (
            "entra",
            {"category": "SignInLogs", "properties": {"userPrincipalName": "ada"}},
            "BLANK",
            "The record does not say whether the sign-in succeeded.",
        ),
        ("auth0", {**records.auth0(user=""), "user_id": None}, "BLANK", "The login has no user."),
        ("auth0", records.auth0(at="yesterday"), "INVALID", INVALID_INSTANT),
        ("keycloak", records.keycloak(at=None), "BLANK", "The login has no instant."),
        (
            "keycloak",
            records.keycloak(at="2026-02-14T20:18:57Z"),
            "INVALID",
            "The instant is not a whole number of milliseconds since 1970.",
        ),
        (
            "keycloak",
            records.keycloak(at=2**63),
            "INVALID",
            "The instant lies outside the years 1 to 9999.",
        ),
        ("okta", ["a"], "INVALID", "The record is not a JSON object."),
        ("okta", 12, "INVALID", "The record is not a JSON object."),
    ],
)
def test_a_login_that_is_not_whole_is_refused_and_reading_goes_on(
    name: str, record: object, code: str, reason: str
) -> None:
    good = PROVIDERS[name][0][0]
    for shape in (ndjson, array):
        batch = read(shape([good, record, good]), name)

        assert logins(batch) == [("ada@example.com", AT)] * 2
        assert problems(batch) == [(2, code, reason)]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [b",", b";", b"\t"])
def test_csv_is_read_in_any_column_order_and_with_other_columns(
    newline: bytes, mark: bytes, delimiter: bytes
) -> None:
    rows = [
        [b"at", b"agent", b" user_id "],
        [b"2026-02-14T20:18:57.718Z", b'"a\n""b"",;\t\nc"', "zoë".encode()],
        [],
        [b"2026-02-14T21:18:57.7189+01:00", b"", b'" ada "'],
        [b"2026-02-14T20:18:57.718Z", b"", b"tail", b"", b""],
    ]
    content = mark + b"".join(delimiter.join(row) + newline for row in rows)

    batch = read(content)

    assert logins(batch) == [("zoë", AT), (" ada ", AT), ("tail", AT)]
    assert (batch.positions, batch.refused, batch.not_logins) == ([2, 6, 7], [], 0)
    assert batch.originals[1] == (" ada ", "2026-02-14T21:18:57.7189+01:00")


def test_a_csv_row_is_refused_alone_with_its_line_and_reason() -> None:
    good = b"ada,2026-02-14T20:18:57.718Z,x\n"
    content = b"".join(
        (
            b"user_id,at,note\n",
            good,
            b"bob\n",
            b"bob,,x\n",
            b"bob,14.02.2026,x\n",
            b"b\xffb,2026-02-14T20:18:57.718Z,x\n",
            b"Doe, John,2026-02-14T20:18:57.718Z,x\n",
            b'"bob"x,2026-02-14T20:18:57.718Z,x\n',
            "zoë,2026-02-14T20:18:57.718Z,x\n".encode(),
            b"bob\rbob,2026-02-14T20:18:57.718Z,x\n",
            good,
        )
    )

    batch = read(content)

    broken = "Broken CSV: quotes or line ends do not match."
    assert logins(batch) == [("ada", AT), ("zoë", AT), ("ada", AT)]
    assert batch.refused == [
        RefusedLogin(3, "INVALID", "The row has 1 cells; the header has 3.", b"bob"),
        RefusedLogin(4, "BLANK", INVALID_INSTANT, ("bob", "")),
        RefusedLogin(5, "INVALID", INVALID_INSTANT, ("bob", "14.02.2026")),
        RefusedLogin(
            6, "INVALID", "The row is not valid UTF-8.", b"b\xffb,2026-02-14T20:18:57.718Z,x"
        ),
        RefusedLogin(
            7,
            "INVALID",
            "The row has 4 cells; the header has 3.",
            b"Doe, John,2026-02-14T20:18:57.718Z,x",
        ),
        RefusedLogin(8, "INVALID", broken, b'"bob"x,2026-02-14T20:18:57.718Z,x'),
        RefusedLogin(10, "INVALID", broken, b"bob\rbob,2026-02-14T20:18:57.718Z,x"),
    ]


@pytest.mark.parametrize("after", [3, 30_000])
@pytest.mark.parametrize("other_quote", [b"", b'"quoted",2026-02-14T20:18:57.718Z\n'])
def test_a_quote_that_is_never_closed_costs_one_row(after: int, other_quote: bytes) -> None:
    good = b"ada,2026-02-14T20:18:57.718Z\n"
    bad = b'"bob,2026-02-14T20:18:57.718Z'
    content = b"user_id,at\n" + good + bad + b"\n" + good * after + other_quote + good * after

    batch = read(content)

    assert batch.read == len(content.splitlines()) - 1
    assert [(one.position, one.original) for one in batch.refused] == [(3, bad)]


@pytest.mark.parametrize(
    ("content", "position", "reason"),
    [
        (lambda one: one + b"\n" + one[:-9] + b"\n" + one + b"\n", 2, "Broken JSON"),
        (lambda one: one + b"\n" + one.replace(b"ada", b"a\xffa") + b"\n" + one, 2, "Broken JSON"),
        (lambda one: b"[" + one + b',{"a": },' + one + b"]", 2, "Broken JSON"),
        (lambda one: b"[" + one + b"," + one.replace(b"ada", b"a\xffa") + b"," + one + b"]", 2, ""),
        (
            lambda one: b"[" + one + b"," + one.replace(b'"actor"', b'"actor') + b"," + one + b"]",
            2,
            "",
        ),
        (lambda one: b"[" + one + b"," + one + b",", 3, "The array is not closed: reading stopped"),
        (lambda one: b"[" + one + b"," + one + b"," + one[:99], 3, "The record does not end: r"),
        (lambda one: b"[" + one + b"," + one + b"]nonsense", 3, "Broken JSON"),
    ],
)
def test_broken_json_is_refused_and_the_records_around_it_are_kept(
    content: Callable[[bytes], bytes], position: int, reason: str
) -> None:
    batch = read(content(json.dumps(records.okta()).encode()), "okta")

    assert logins(batch) == [("ada@example.com", AT)] * 2
    [(at, code, why)] = problems(batch)
    assert (at, code, why[: len(reason)]) == (position, "INVALID", reason)


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "The file is empty, which is no known format."),
        (b"\n\n", "The file is empty, which is no known format."),
        (b"name,when\nada,now\n", "The file begins with 'name,when', which is"),
        (b"user_id,user_id,at\n", "The file begins with 'user_id,user_id,at', which is"),
        (b"\x1f\x8a\x08\x00", "The file begins with '\\x1f\ufffd\\x08\\x00', which is"),
        (b"[]", "The file holds no JSON record to recognise its format by."),
        (b"[1, 2", "The file holds no JSON record to recognise its format by."),
        (b'{"who": 1, "at": 2}\n', "The first record has the fields at, who, which is"),
    ],
)
def test_an_unknown_format_is_refused_with_what_was_seen_and_what_is_known(
    content: bytes, seen: str
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        login_files.recognise(io.BytesIO(content))

    assert str(refused.value).startswith(seen)
    assert "user_id and at" in str(refused.value)
    assert "okta, entra, auth0, keycloak" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "format", "message"),
    [
        (b"user_id,at\n", "okta", "Expected JSON; the file begins with 'user_id,at'."),
        (b"{}", "csv", "The file begins with '{}', which is no known format."),
        (b"{}", "xml", "The format is unknown. Known are csv, okta, entra, auth0, keycloak."),
    ],
)
def test_a_named_format_that_does_not_fit_is_refused(
    content: bytes, format: str, message: str
) -> None:
    with pytest.raises(UnreadableFile) as refused:
        login_files.recognise(io.BytesIO(content), format)

    assert str(refused.value).startswith(message)


def test_a_format_is_recognised_behind_many_other_records_and_a_long_first_one() -> None:
    long = records.okta()
    long["debugContext"]["debugData"]["url"] = "x" * 200_000

    batch = read(array([{"comment": 1}] * 50 + [long]))

    assert (logins(batch), batch.not_logins) == ([("ada@example.com", AT)], 50)


@pytest.mark.parametrize("shape", [ndjson, array, indented_array])
def test_records_of_very_different_size_and_order_are_all_found(
    shape: Callable[[Iterable[object]], bytes],
) -> None:
    def variant(index: int) -> records.Record:
        record = records.okta(user=f"user{index}")
        record["debugContext"] = {"text": '"},{"actor":' * (index % 50 * 40)}
        return dict(sorted(record.items(), reverse=index % 3 == 0))

    batch = read(shape(variant(index) for index in range(400)))

    assert batch.user_ids == [f"user{index}" for index in range(400)]
    assert batch.positions == list(range(1, 401))


def test_a_damaged_first_line_is_refused_like_any_other() -> None:
    line = json.dumps(records.okta()).encode()

    batch = read(b"oops" + line + b"\n" + line + b"\n")

    assert logins(batch) == [("ada@example.com", AT)]
    assert [(one.position, one.original) for one in batch.refused] == [(1, b"oops" + line)]


def test_batches_are_about_as_large_as_asked() -> None:
    content = b"user_id,at\n" + b"ada,2026-02-14T20:18:57.718Z\nbob,never\n" * 25

    batches = list(login_files.recognise(io.BytesIO(content)).batches(10))

    assert [(len(batch.user_ids), len(batch.refused)) for batch in batches] == [
        (10, 9),
        (9, 10),
        (6, 6),
    ]


def test_a_login_refused_later_keeps_what_stood_in_the_file() -> None:
    rows = read(b"user_id,at\nada,2026-02-14T20:18:57.718Z\n")
    line = json.dumps(records.okta()).encode()

    assert [rows.refuse(0, "IN_FUTURE", "Too late."), read(line).refuse(0, "BLANK", "Empty.")] == [
        RefusedLogin(2, "IN_FUTURE", "Too late.", ("ada", "2026-02-14T20:18:57.718Z")),
        RefusedLogin(1, "BLANK", "Empty.", line),
    ]


def written(refused: Iterable[RefusedLogin], format: str) -> bytes:
    target = io.BytesIO()
    writer = RefusedWriter(target, format)
    for one in refused:
        writer.write(one)
    return target.getvalue()


def test_refused_csv_rows_are_written_as_csv_that_is_refused_again_until_corrected() -> None:
    content = b'at;user_id\nnever;"b;""o""b"\n2026-02-14T20:18:57Z;b\xffb\nalone\n'
    first = read(content).refused

    file = written(first, "csv")

    assert file.split(b"\r\n") == [
        b"user_id,at,line,code,reason",
        b'"b;""o""b",never,2,INVALID,"' + INVALID_INSTANT.encode() + b'"',
        b"2026-02-14T20:18:57Z;b\xffb,,3,INVALID,The row is not valid UTF-8.",
        b"alone,,4,INVALID,The row has 1 cells; the header has 2.",
        b"",
    ]
    assert (read(file).user_ids, len(read(file).refused)) == ([], 3)
    corrected = read(file.replace(b"never", b"2026-02-14T20:18:57.718Z"))
    assert (logins(corrected), len(corrected.refused)) == ([('b;"o"b', AT)], 2)


def test_refused_records_are_written_as_ndjson_that_is_refused_again_until_corrected() -> None:
    late = records.okta(at="never")
    content = b"[" + json.dumps(late, indent=1).encode() + b',{"a": \xff},7]'
    first = read(content, "okta").refused

    lines = written(first, "okta").splitlines(keepends=True)

    why = {"position": 1, "code": "INVALID", "reason": INVALID_INSTANT}
    assert json.loads(lines[0]) == {**late, "headcount_refused": why}
    assert [json.loads(line)["headcount_refused"]["original"] for line in lines[1:]] == [
        '{"a": \\xff}',
        "7",
    ]
    again = read(b"".join(lines), "okta")
    assert (again.user_ids, again.not_logins, len(again.refused)) == ([], 0, 3)
    assert [
        json.loads(line)["headcount_refused"].get("original")
        for line in written(again.refused, "okta").splitlines()
    ] == [None, '{"a": \\xff}', "7"]
    corrected = read(lines[0].replace(b'"never"', b'"2026-02-14T20:18:57.718Z"'))
    assert logins(corrected) == [("ada@example.com", AT)]


def test_nothing_is_written_when_nothing_is_refused() -> None:
    assert (written([], "csv"), written([], "okta")) == (b"", b"")


def test_a_file_and_a_pipe_are_read_alike(tmp_path: Path) -> None:
    content = b"user_id,at\n" + b"ada,2026-02-14T20:18:57.718Z\n" * 20_000
    path = tmp_path / "logins.csv"
    path.write_bytes(content)
    out, into = os.pipe()

    def feed() -> None:
        with open(into, "wb", buffering=0) as pipe:
            for start in range(0, len(content), 7_777):
                pipe.write(content[start : start + 7_777])

    thread = threading.Thread(target=feed)
    thread.start()
    with open(out, "rb", buffering=0) as pipe, path.open("rb") as file:
        piped = [len(batch.user_ids) for batch in login_files.recognise(pipe).batches()]
        filed = [len(batch.user_ids) for batch in login_files.recognise(file).batches()]
    thread.join()

    assert (piped, filed) == ([10_000, 10_000, 0], [10_000, 10_000, 0])


class Trickle:
    """A stream that gives as little as it may."""

    def __init__(self, content: bytes, step: int) -> None:
        self._content = io.BytesIO(content)
        self._step = step

    def read(self, size: int, /) -> bytes:
        return self._content.read(min(size, self._step))


user_ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
login_lists = st.lists(st.tuples(user_ids, moments), max_size=8)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_csv(entries: list[Login]) -> bytes:
    rows = ["at,user_id"]
    for user, at in entries:
        quoted = user.replace('"', '""')
        rows.append(f'{instants.render(at)},"{quoted}"')
    return "\r\n".join(rows).encode()


def as_records(name: str, entries: list[Login]) -> list[Any]:
    if name == "keycloak":
        return [
            records.keycloak(user, (at - EPOCH) // timedelta(milliseconds=1))
            for user, at in entries
        ]
    makers: dict[str, Callable[..., records.Record]] = {
        "okta": records.okta,
        "entra": records.entra,
        "auth0": records.auth0,
    }
    record = makers[name]
    return [record(user, instants.render(at)) for user, at in entries]


@given(login_lists, st.integers(1, 300))
def test_any_list_of_logins_reads_back_from_csv(entries: list[Login], step: int) -> None:
    stream = Trickle(as_csv(entries), step)

    batches = list(login_files.recognise(stream, "csv").batches(3))

    assert [login for batch in batches for login in logins(batch)] == entries
    assert [one for batch in batches for one in batch.refused] == []


@given(login_lists, st.sampled_from(list(PROVIDERS)), st.sampled_from(SHAPES), st.integers(1, 999))
def test_any_list_of_logins_reads_back_from_every_shape_of_json(
    entries: list[Login], name: str, shape: Callable[[Iterable[object]], bytes], step: int
) -> None:
    stream = Trickle(shape(as_records(name, entries)), step)

    batches = list(login_files.recognise(stream, name).batches(3))

    assert [login for batch in batches for login in logins(batch)] == entries
    assert [one for batch in batches for one in batch.refused] == []


def text(refused: RefusedLogin) -> bytes:
    original = refused.original
    return original if isinstance(original, bytes) else "\n".join(original).encode()


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, bytes, int]:
    """A valid file with one to three bytes changed, added or taken away, and its format."""
    format = draw(st.sampled_from(login_files.FORMATS))
    entries = [(f"user{index}", AT) for index in range(6)]
    if format == "csv":
        content = bytearray(as_csv(entries))
    else:
        # Without a second field that could name the user when the first is damaged.
        made = [{**one, "userId": None, "user_id": None} for one in as_records(format, entries)]
        content = bytearray(draw(st.sampled_from(SHAPES))(made))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(content) - 1))
        new = draw(
            st.sampled_from([b"", b'"', b"{", b"}", b"[", b"]", b",", b"\\", b"\n", b"\xff"])
        )
        content[place : place + draw(st.integers(0, 2))] = new
    return format, bytes(content), len(entries)


@settings(max_examples=400)
@given(mutations(), st.booleans(), st.integers(1, 999))
def test_a_damaged_file_is_read_or_refused_and_no_user_is_lost_silently(
    mutation: tuple[str, bytes, int], named: bool, step: int
) -> None:
    format, content, count = mutation
    stream = Trickle(content, step)
    try:
        batches = list(login_files.recognise(stream, format if named else None).batches(4))
    except UnreadableFile:
        return

    seen = [user.encode() for batch in batches for user in batch.user_ids]
    seen += [text(one) for batch in batches for one in batch.refused]
    lost = {
        user
        for user in (b"user%d" % index for index in range(count))
        if user in content and user not in b"\n".join(seen)
    }
    # Damage can make a login another kind of record, which is counted as such.
    assert lost == set() or sum(batch.not_logins for batch in batches) > 0


@given(st.integers(0, 5), st.data())
def test_damage_within_a_line_costs_no_other_line(damaged: int, data: st.DataObject) -> None:
    entries = [(f"user{index}", AT) for index in range(6)]
    for format, content in (
        ("csv", as_csv(entries).partition(b"\n")[2]),
        ("okta", ndjson(as_records("okta", entries)).rstrip()),
    ):
        lines = content.split(b"\n")
        place = data.draw(st.integers(0, len(lines[damaged]) - 1))
        new = data.draw(st.binary(max_size=2).filter(lambda some: b"\n" not in some))
        lines[damaged] = lines[damaged][:place] + new + lines[damaged][place + 1 :]
        begin = b"at,user_id\r\n" if format == "csv" else b""

        found = logins(read(begin + b"\n".join(lines), format))

        others = [entry for index, entry in enumerate(entries) if index != damaged]
        assert [login for login in found if login in others] == others


@given(st.binary(max_size=200), st.sampled_from([None, *login_files.FORMATS]))
def test_any_bytes_are_read_or_refused(content: bytes, format: str | None) -> None:
    try:
        batches = list(login_files.recognise(io.BytesIO(content), format).batches(4))
    except UnreadableFile:
        return

    assert sum(batch.read for batch in batches) <= len(content)


class Repeated:
    """A stream of `size` times `byte` between two texts, none of which is held."""

    def __init__(self, before: bytes, byte: bytes, size: int, after: bytes) -> None:
        self._before, self._byte, self._left, self._after = before, byte, size, after

    def read(self, size: int, /) -> bytes:
        if self._before:
            taken, self._before = self._before[:size], self._before[size:]
        elif self._left:
            taken = self._byte * min(size, self._left)
            self._left -= len(taken)
        else:
            taken, self._after = self._after[:size], self._after[size:]
        return taken


MIB = 1 << 20
UTF_16 = "The file is text in UTF-16: save it as UTF-8."
WHEN = AT.isoformat(timespec="milliseconds").encode()
TOO_LONG = "The line is longer than {}; only its beginning is kept."


@pytest.mark.parametrize("more", [-30, 39, MIB // 4 + 39, MIB // 4, MIB // 2, 3 * MIB + 7])
@pytest.mark.parametrize("before", [b"", b"ann," + WHEN + b"\n", b"\r\n" * 3])
def test_a_row_that_is_too_long_is_refused_alone(before: bytes, more: int) -> None:
    skipped = before.count(b"\n")
    row = b"x" * (MIB + more) + b"," + WHEN + b"\n"
    rest = b"bob," + WHEN + b"\nbad,nope\n"

    found = read(b"user_id,at\n" + before + row + rest)

    first = 2 + skipped
    assert found.user_ids == ["ann"] * before.count(b"ann") + ["bob"]
    assert [one.position for one in found.refused] == [first, first + 2]
    assert found.read == len(found.user_ids) + 2
    if more > 0:
        assert found.refused[0].reason == TOO_LONG.format("1 MiB")
        assert found.refused[0].original == b"x" * 1_000


def test_a_quote_before_a_row_that_is_too_long_costs_only_its_own_line() -> None:
    row = b'y"' * MIB + b"," + WHEN
    rows = [b'"open,' + WHEN, row, row, b"ann," + WHEN, b'"b\nob",' + WHEN, row]

    found = read(b"user_id,at\n" + b"\n".join(rows))

    assert (found.user_ids, found.positions) == (["ann", "b\nob"], [5, 6])
    assert [one.position for one in found.refused] == [2, 3, 4, 8]


def test_what_is_kept_of_a_row_that_is_too_long_is_whole_characters() -> None:
    found = read(b"user_id,at\n" + b"x" + "€".encode() * MIB + b"," + WHEN)

    [refused] = found.refused
    assert isinstance(refused.original, bytes)
    assert refused.original.decode() == "x" + "€" * ((1_000 - 1) // 3 - 1)


def test_a_record_that_is_too_long_is_refused_alone() -> None:
    good = ndjson(as_records("okta", [("ann", AT)]))
    for size in (4 * MIB, 5 * MIB, 9 * MIB):
        found = read(good + b'{"a": "' + b"z" * size + b'"}\n' + good + b"nope\n")

        assert (found.user_ids, found.positions) == (["ann", "ann"], [1, 3])
        assert [one.position for one in found.refused] == [2, 4]
        assert found.refused[0].reason == TOO_LONG.format("4 MiB")


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (b"user_id,at\n", b"\nann," + WHEN),
        (
            ndjson(as_records("okta", [("bob", AT)])),
            b"\n" + ndjson(as_records("okta", [("ann", AT)])),
        ),
    ],
)
def test_memory_stays_bounded_however_long_a_line_is(begin: bytes, end: bytes) -> None:
    stream = Repeated(begin, b"x", 64 * MIB, end)
    tracemalloc.start()
    try:
        batches = list(login_files.recognise(stream).batches())
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [user for batch in batches for user in batch.user_ids][-1:] == ["ann"]
    assert sum(len(batch.refused) for batch in batches) == 1
    assert most < 24 * MIB


@pytest.mark.parametrize("format", [None, *login_files.FORMATS])
@pytest.mark.parametrize(
    ("encode", "hint"),
    [
        (gzip.compress, "The file is compressed with gzip: use zcat FILE | headcount record - ..."),
        (lambda text: text.decode().encode("utf-16"), UTF_16),
        (lambda text: b"\xfe\xff" + text.decode().encode("utf-16-be"), UTF_16),
    ],
)
def test_a_compressed_or_differently_encoded_file_is_refused_with_what_to_do(
    encode: Callable[[bytes], bytes], hint: str, format: str | None
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(encode(as_csv([("ann", AT)])), format)

    assert str(caught.value) == hint
