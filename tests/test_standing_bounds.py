"""What is kept of requests and answers stays within its bound, whatever it holds."""

from typing import Any

from graph.auth.bearer import Claims
from graph.documents import Document, Prepared
from graph.reply import Block
from graph.standing import (
    OF_DOCUMENT,
    OF_ONE,
    OF_VARIABLES,
    Answer,
    Key,
    Standing,
    Standings,
)
from resolvers.access import Scope
from resolvers.audit import Spelt
from tests.sample import LANDLORD

CLAIMS = Claims("", "lena", frozenset({Scope.BILLING_READ}))
NOTHING: Any = None


def standing(minute: int = 0, document: Document | None = None) -> Standing:
    document = document or Document("", NOTHING, NOTHING, {})
    prepared = Prepared(document, NOTHING, {})
    return Standing(minute, NOTHING, prepared, 1, lasts=True)


def answer(size: int) -> Answer:
    return Answer((), LANDLORD, (), b"x" * size, Block((), b""))


def test_the_bound_of_bytes_holds_and_what_was_asked_last_stays() -> None:
    each = OF_ONE + 1 + OF_VARIABLES
    kept = Standings(most_bytes=8 * each)
    keys = [(CLAIMS, "json", b"%d" % number) for number in range(9)]
    for key in keys[:8]:
        kept.put(key, standing())
    kept.get(keys[0], 0)
    kept.put(keys[8], standing())

    assert [kept.get(key, 0) is not None for key in keys] == [True, False] + [True] * 7
    assert (len(kept), kept.bytes) == (8, 8 * each)


def test_answers_count_and_one_that_is_too_large_is_not_kept() -> None:
    kept = Standings(most_bytes=80 * OF_ONE)
    each = OF_ONE + 1 + OF_VARIABLES
    key, one = (CLAIMS, "json", b"a"), standing()
    kept.put(key, one)
    kept.keep(key, one, answer(1_000))
    kept.keep(key, one, answer(2_000))
    before = kept.bytes
    kept.keep(key, one, answer(11 * OF_ONE))

    assert before == kept.bytes == each + 2_000
    assert one.answer == answer(2_000)
    large = answer(1)._replace(state=("x" * 3_000, None), noted=(Spelt("a", "b", "c", "d" * 97),))
    kept.keep(key, one, large)
    assert kept.bytes == each + 1 + 3_000 + 100


def test_a_document_is_weighed_once_for_all_who_share_it() -> None:
    kept = Standings()
    text = "{ viewer { id } }"
    shared, other = [Document(text, NOTHING, NOTHING, {}) for _ in range(2)]
    keys: list[Key] = [(CLAIMS, "json", b"%d" % number) for number in range(3)]
    alone = OF_ONE + 1
    for key, document in zip(keys, (shared, shared, other), strict=True):
        kept.put(key, standing(document=document))

    assert kept.bytes == 3 * alone + 2 * OF_DOCUMENT * len(text)
    kept.put(keys[0], standing(1, document=other))
    assert kept.bytes == 3 * alone + 2 * OF_DOCUMENT * len(text)
    kept.put(keys[1], standing(1, document=other))
    assert kept.bytes == 3 * alone + OF_DOCUMENT * len(text)
    assert len(kept) == 3


def test_what_is_sent_beside_a_document_is_weighed_as_objects() -> None:
    kept = Standings()
    document = Document("{ viewer { id } }", NOTHING, NOTHING, {})
    kept.put((CLAIMS, "json", b"x" * 1_017), standing(document=document))

    assert kept.bytes == OF_ONE + 1_017 + OF_VARIABLES * 1_000 + OF_DOCUMENT * 17


def test_an_answer_whose_request_was_prepared_anew_meanwhile_is_not_kept() -> None:
    kept = Standings()
    key, earlier, later = (CLAIMS, "json", b"a"), standing(1), standing(2)
    kept.put(key, earlier)
    kept.put(key, later)
    kept.keep(key, earlier, answer(10))

    assert kept.get(key, 2) is later
    assert (later.answer, kept.bytes) == (None, OF_ONE + 1 + OF_VARIABLES)


def test_a_request_stands_until_its_minute_ends() -> None:
    kept = Standings()
    key, one = (CLAIMS, "json", b"a"), standing(1)
    kept.put(key, one)

    assert kept.get(key, 1) is one
    assert kept.get(key, 2) is None
