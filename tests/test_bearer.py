"""Signing in with bearer tokens: a good one names somebody, a bad one names nobody."""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import wire
from graph.auth import Authenticator
from graph.auth.bearer import MAX_REMEMBERED, Claims
from graph.auth.keys import Keys, parse_pem
from graph.auth.refusal import MESSAGE
from resolvers.admission import Ask, Question
from resolvers.asked import State
from resolvers.errors import Unauthenticated
from resolvers.viewers import Landlord, Viewer
from tests.forged_tokens import FORGED, GOOD, PUBLIC_PEM
from tests.tokens import (
    AUDIENCE,
    ED25519,
    ISSUER,
    NOW,
    OTHER_RSA,
    P256,
    P384,
    P521,
    RSA,
    SECONDS,
    SigningKey,
    claims,
    header,
    jwk,
    key_set,
    mint,
    sign,
    verifier,
)

ALICE = Claims(ISSUER, "alice", frozenset())


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_token_names_nobody(token: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        verifier().verify(token, NOW)

    assert str(refused.value) == MESSAGE


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED)
def test_a_forged_token_does_not_profit_from_a_good_one_before(token: str) -> None:
    tokens = verifier()
    tokens.verify(GOOD, NOW)

    with pytest.raises(Unauthenticated):
        tokens.verify(token, NOW)


@pytest.mark.parametrize("alg", ["ES256", "EdDSA", "Ed25519", "PS256"])
def test_a_token_does_not_choose_how_its_key_is_used(alg: str) -> None:
    """Every pair of a key and an algorithm that is not its own, with the right name of the key."""
    own = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA"}
    signers = {"ES256": P256, "EdDSA": ED25519, "Ed25519": ED25519, "PS256": RSA}
    tokens = verifier(
        key_set(
            jwk(RSA, kid="rsa", alg="RS256"),
            jwk(P256, kid="ec", alg="ES256"),
            jwk(ED25519, kid="ed", alg="EdDSA"),
        )
    )

    for kid in [kid for kid, name in own.items() if name != alg]:
        with pytest.raises(Unauthenticated):
            tokens.verify(sign(header(alg=alg, kid=kid), claims(), signers[alg]), NOW)


GOOD_KEYS: list[tuple[SigningKey, str, dict[str, object]]] = [
    (RSA, "RS256", {}),
    (RSA, "RS384", {"alg": "RS384"}),
    (RSA, "RS512", {"alg": "RS512"}),
    (RSA, "PS256", {"alg": "PS256"}),
    (RSA, "PS384", {"alg": "PS384"}),
    (RSA, "PS512", {"alg": "PS512"}),
    (P256, "ES256", {}),
    (P384, "ES384", {"use": "sig"}),
    (P521, "ES512", {"key_ops": ["verify"]}),
    (ED25519, "EdDSA", {}),
    (ED25519, "EdDSA", {"alg": "EdDSA"}),
    (ED25519, "Ed25519", {}),
    (ED25519, "Ed25519", {"alg": "Ed25519"}),
]


@pytest.mark.parametrize(("key", "alg", "members"), GOOD_KEYS)
def test_a_good_token_of_each_kind_of_key_names_its_subject(
    key: SigningKey, alg: str, members: dict[str, object]
) -> None:
    tokens = verifier(key_set(jwk(key, kid="k", **members), jwk(OTHER_RSA, kid="other")))

    assert tokens.verify(sign(header(alg=alg, kid="k"), claims(), key), NOW) == ALICE


GOOD_TOKENS = {
    "typ JWT": sign(header(typ="JWT"), claims()),
    "typ as a media type": sign(header(typ="application/AT+JWT"), claims()),
    "no kid, one key": sign(header(kid=None), claims()),
    "an unknown header": sign(header(x5t="thumbprint", nonce="n"), claims()),
    "aud in a list": mint(aud=["crm", AUDIENCE]),
    "aud alone in a list": mint(aud=[AUDIENCE]),
    "exp within the leeway": mint(exp=SECONDS - 29),
    "exp at the end of 9999": mint(exp=253_402_300_799),
    "iat of 1970": mint(iat=0),
    "exp with a fraction": mint(exp=SECONDS + 0.5),
    "nbf within the leeway": mint(nbf=SECONDS + 30),
    "iat within the leeway": mint(iat=SECONDS + 30),
    "no iat": mint(iat=None),
    "empty scopes": mint(scope="", scp=[]),
    "roles and tenants it has no say in": mint(role="landlord", tenant="EXIST", admin=True),
}


@pytest.mark.parametrize("token", GOOD_TOKENS.values(), ids=GOOD_TOKENS)
def test_what_the_standards_allow_is_accepted(token: str) -> None:
    assert verifier().verify(token, NOW) == ALICE


@pytest.mark.parametrize("subject", ["a", "a" * 255, "auth0|5f7c8ec7c33c6c004bbafe82", "Zoë 7"])
def test_the_subject_is_taken_as_it_stands(subject: str) -> None:
    assert verifier().verify(mint(sub=subject), NOW) == Claims(ISSUER, subject, frozenset())


@pytest.mark.parametrize(
    ("changes", "scopes"),
    [
        ({"scope": "billing:read"}, {"billing:read"}),
        ({"scope": "billing:read billing:users"}, {"billing:read", "billing:users"}),
        ({"scp": "billing:read logins:write"}, {"billing:read", "logins:write"}),
        ({"scp": ["billing:read", "logins:write"]}, {"billing:read", "logins:write"}),
        ({"scope": "billing:read", "scp": ["logins:write"]}, {"billing:read", "logins:write"}),
    ],
)
def test_scopes_come_from_scope_and_scp(changes: dict[str, object], scopes: set[str]) -> None:
    assert verifier().verify(mint(**changes), NOW).scopes == scopes


def test_a_token_may_have_8_kib_and_no_byte_more() -> None:
    sizes = [(head, body) for head in range(2) for body in range(5650, 5720)]
    made = [sign(header(x="a" * head), claims(x="a" * body)) for head, body in sizes]
    tokens = {len(token): token for token in made}

    assert verifier().verify(tokens[8192], NOW) == ALICE
    with pytest.raises(Unauthenticated):
        verifier().verify(tokens[8193], NOW)


def test_types_and_leeway_are_what_the_rules_say() -> None:
    tokens = verifier(types=frozenset({"at+jwt"}), leeway=0)

    assert tokens.verify(mint(exp=SECONDS + 1), NOW) == ALICE
    for token in (sign(header(typ="JWT"), claims()), mint(exp=SECONDS), mint(nbf=SECONDS + 1)):
        with pytest.raises(Unauthenticated):
            tokens.verify(token, NOW)


def test_a_remembered_token_still_expires() -> None:
    tokens = verifier()

    assert tokens.verify(GOOD, NOW) == ALICE
    assert tokens.verify(GOOD, NOW + timedelta(seconds=629)) == ALICE
    with pytest.raises(Unauthenticated):
        tokens.verify(GOOD, NOW + timedelta(seconds=630))


def test_a_remembered_token_is_not_valid_before_its_time() -> None:
    tokens = verifier()

    assert tokens.verify(GOOD, NOW) == ALICE
    with pytest.raises(Unauthenticated):
        tokens.verify(GOOD, NOW - timedelta(seconds=91))


def test_the_memory_of_tokens_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_REMEMBERED == 4096
    monkeypatch.setattr("graph.auth.bearer.MAX_REMEMBERED", 2)
    tokens = verifier()

    names = [tokens.verify(mint(sub=name), NOW).subject for name in ("a", "b", "c", "a")]

    assert names == ["a", "b", "c", "a"]
    assert len(tokens._remembered) == 2


def test_several_keys_need_a_kid_and_a_sole_nameless_key_takes_any() -> None:
    several = verifier(key_set(jwk(RSA, kid="rsa"), jwk(OTHER_RSA, kid="other")))
    nameless = verifier(parse_pem(PUBLIC_PEM))
    nameless_beside = verifier(key_set(jwk(RSA), jwk(OTHER_RSA, kid="other")))
    without, unknown = sign(header(kid=None), claims()), sign(header(kid="x"), claims())

    assert nameless.verify(without, NOW) == ALICE
    assert nameless.verify(unknown, NOW) == ALICE
    assert several.verify(GOOD, NOW) == ALICE
    for tokens, token in [(several, without), (several, unknown), (nameless_beside, unknown)]:
        with pytest.raises(Unauthenticated):
            tokens.verify(token, NOW)


def test_a_key_that_is_not_for_signatures_signs_nobody_in() -> None:
    keys: list[Callable[[], Keys]] = [
        lambda: key_set(jwk(RSA, kid="rsa", use="enc"), jwk(OTHER_RSA, kid="other")),
        lambda: key_set(jwk(RSA, kid="rsa", key_ops=["encrypt"]), jwk(OTHER_RSA, kid="other")),
        lambda: key_set(jwk(RSA, kid="rsa", alg="RSA-OAEP"), jwk(OTHER_RSA, kid="other")),
    ]

    for trusted in keys:
        with pytest.raises(Unauthenticated):
            verifier(trusted()).verify(GOOD, NOW)


MUTABLE = {
    "RS256": (GOOD, verifier()),
    "ES256": (
        sign(header(alg="ES256", kid="k"), claims(), P256),
        verifier(key_set(jwk(P256, kid="k"))),
    ),
    "EdDSA": (
        sign(header(alg="EdDSA", kid="k"), claims(), ED25519),
        verifier(key_set(jwk(ED25519, kid="k"))),
    ),
}


@given(data=st.data())
@pytest.mark.parametrize("alg", MUTABLE)
def test_a_token_with_one_byte_changed_names_nobody(alg: str, data: st.DataObject) -> None:
    token, tokens = MUTABLE[alg]
    at = data.draw(st.integers(0, len(token) - 1))
    byte = data.draw(st.integers(0, 255).map(chr).filter(lambda byte: byte != token[at]))

    with pytest.raises(Unauthenticated):
        tokens.verify(token[:at] + byte + token[at + 1 :], NOW)


@pytest.mark.parametrize("alg", MUTABLE)
def test_a_signature_of_another_length_names_nobody(alg: str) -> None:
    token, tokens = MUTABLE[alg]

    for wrong in (token[:-4], token[:-40], token + "AAAA", token[: token.rindex(".") + 3]):
        with pytest.raises(Unauthenticated):
            tokens.verify(wrong, NOW)


@given(st.text())
def test_any_text_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier().verify(text, NOW)


@given(
    value=st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists),
    name=st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "iat", "scope", "scp"]),
)
def test_any_value_of_a_claim_is_taken_or_refused(value: object, name: str) -> None:
    token = sign(header(), json.dumps({**claims(), name: value}).encode())

    try:
        named = verifier().verify(token, NOW)
    except Unauthenticated:
        return
    assert named.issuer == ISSUER
    assert named.subject == (value if name == "sub" else "alice")


LANDLORD = Landlord(UUID(int=1), "Alice")


async def known(questions: Sequence[Question]) -> list[State | None]:
    """The people of one issuer, found as the database would find them."""
    people = {(ISSUER, "alice"): (LANDLORD.id, "LANDLORD", "Alice", None, *[None] * 12)}
    return [people.get((each.issuer, each.subject)) for each in questions]


async def signed_in(*values: str, ask: Ask = known) -> Viewer:
    fields = wire.fields_of((b"authorization", value.encode("latin-1")) for value in values)
    authenticator = Authenticator(verifier(), ask)
    claims = await authenticator.verify(wire.text_of(fields, b"authorization"), NOW)
    question = authenticator.question(claims, None)
    return authenticator.admit(question, await authenticator.state(question)).viewer


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
async def test_a_known_subject_becomes_the_viewer(scheme: str) -> None:
    assert await signed_in(scheme + GOOD) == LANDLORD


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("",),
        ("Bearer",),
        ("Bearer ",),
        (GOOD,),
        (f"Bearer{GOOD}",),
        (f"Basic {GOOD}",),
        (f"DPoP {GOOD}",),
        (f"Token {GOOD}",),
        (f"Bearer\t{GOOD}",),
        (f" Bearer {GOOD}",),
        (f"Bearer {GOOD} ",),
        (f"Bearer {GOOD} x",),
        (f"Bearer {GOOD},",),
        (f"Bearer {GOOD}, Bearer {GOOD}",),
        (f"Bearer Bearer {GOOD}",),
        (f'Bearer "{GOOD}"',),
        (f"Bearer {GOOD}\n",),
        (f"Bearer {GOOD}\xa0",),
        (f"Bearer {GOOD}", f"Bearer {GOOD}"),
        (f"Bearer {GOOD}", "Basic eDp5"),
        (f"Bearer {mint(sub='unknown')}",),
        (f"Bearer {mint(exp=SECONDS - 31)}",),
    ],
)
async def test_whoever_is_not_known_gets_the_same_refusal(values: tuple[str, ...]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await signed_in(*values)

    assert str(refused.value) == MESSAGE


async def test_the_scopes_of_the_token_reach_the_look_up() -> None:
    asked: list[Question] = []

    async def remember(questions: Sequence[Question]) -> list[State | None]:
        asked.extend(questions)
        return await known(questions)

    await signed_in(f"Bearer {mint(scope='a b')}", ask=remember)

    assert asked == [Question(ISSUER, "alice", frozenset({"a", "b"}), None)]


@pytest.mark.parametrize("token", [mint(exp=SECONDS - 31), GOOD + "x", mint(sub="unknown")])
async def test_the_log_says_why_and_holds_no_part_of_the_token(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "headcount.auth")

    with pytest.raises(Unauthenticated):
        await signed_in(f"Bearer {token}")

    (record,) = caplog.records
    assert record.levelname == "INFO"
    assert record.getMessage().startswith("Sign-in refused: ")
    assert not [part for part in [*token.split("."), "unknown'", "alice"] if part in caplog.text]
