"""The source of keys: what the issuer publishes is taken, what has no business there is refused."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OctKey, OKPKey, RSAKey

from graph.auth.keys import (
    MAX_FILE_BYTES,
    Keys,
    UnusableKeysError,
    load_jwks,
    load_pem,
    parse_jwks,
    parse_pem,
)
from tests.tokens import ED25519, OTHER_RSA, P256, P384, P521, RSA, SigningKey, jwk, jwks

GOOD = jwk(RSA, kid="rsa")


def algorithms(keys: Keys) -> dict[str | None, set[str]]:
    return {key.kid: set(key.names) for key in keys.all}


def refusal(data: bytes) -> str:
    with pytest.raises(UnusableKeysError) as refused:
        parse_jwks(data)
    return str(refused.value)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_each_key_verifies_one_algorithm() -> None:
    keys = parse_jwks(
        jwks(
            jwk(RSA, kid="plain"),
            jwk(OTHER_RSA, kid="pss", alg="PS256"),
            jwk(P256, kid="p256"),
            jwk(P384, kid="p384"),
            jwk(P521, kid="p521"),
            jwk(ED25519, kid="ed"),
        )
    )

    assert algorithms(keys) == {
        "plain": {"RS256"},
        "pss": {"PS256"},
        "p256": {"ES256"},
        "p384": {"ES384"},
        "p521": {"ES512"},
        "ed": {"EdDSA", "Ed25519"},
    }


def test_keys_that_do_not_verify_signatures_are_left_out() -> None:
    others: list[dict[str, object]] = [
        {**GOOD, "kid": "use", "use": "enc"},
        {**GOOD, "kid": "ops", "key_ops": ["encrypt"]},
        {**GOOD, "kid": "ops as a string", "key_ops": "verify"},
        {**GOOD, "kid": "alg", "alg": "RSA-OAEP"},
        {**GOOD, "kid": "hmac", "alg": "HS256"},
        {**GOOD, "kid": "none", "alg": "none"},
        {**GOOD, "kid": "alg of another type", "alg": "ES256"},
        {**jwk(P256), "kid": "alg of another curve", "alg": "ES384"},
        {**jwk(OKPKey.generate_key("X25519")), "kid": "for agreement"},
        {**jwk(P256), "kid": "unknown curve", "crv": "secp256k1"},
        {"kty": "AKP", "kid": "unknown type", "pub": "AA"},
        {"kid": "no type"},
        {"kid": "odd type", "kty": ["RSA"]},
        {**jwk(P256), "kid": "odd curve", "crv": ["P-256"]},
    ]

    assert algorithms(parse_jwks(jwks(GOOD, *others))) == {"rsa": {"RS256"}}
    for other in others:
        assert refusal(jwks(other)).startswith("has no key that verifies RS256, ")


@pytest.mark.parametrize("members", [{"use": "sig"}, {"key_ops": ["verify"]}, {"alg": "RS256"}])
def test_keys_that_say_they_verify_signatures_are_taken(members: dict[str, object]) -> None:
    assert algorithms(parse_jwks(jwks({**GOOD, **members}))) == {"rsa": {"RS256"}}


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        (OctKey.generate_key(256).as_dict(), "has a symmetric key"),
        ({"kty": "oct"}, "has a symmetric key"),
        ({**GOOD, "k": "c2VjcmV0"}, "has a symmetric key"),
        (RSA.as_dict(private=True), "has a private key"),
        (P256.as_dict(private=True), "has a private key"),
        (ED25519.as_dict(private=True), "has a private key"),
        ({**RSA.as_dict(private=True), "use": "enc"}, "has a private key"),
    ],
)
def test_a_set_with_a_secret_in_it_is_refused(secret: dict[str, object], reason: str) -> None:
    assert refusal(jwks(GOOD, {**secret, "kid": "secret"})).startswith(reason)


@pytest.mark.filterwarnings("ignore:Key size should be:UserWarning")
def test_an_rsa_key_below_2048_bits_is_refused() -> None:
    weak = RSAKey.generate_key(1024)

    assert refusal(jwks(GOOD, jwk(weak))) == "has an RSA key of 1024 bits; at least 2048 are safe"
    with pytest.raises(UnusableKeysError, match="1024 bits"):
        parse_pem(weak.as_pem(private=False))


def test_an_rsa_key_with_a_tiny_exponent_is_refused() -> None:
    assert refusal(jwks({**GOOD, "e": "Aw"})) == "has an RSA key with an exponent below 65537"
    assert refusal(jwks({**GOOD, "e": "AQ"})) == "has a key that is damaged or incomplete"


def test_two_keys_of_one_kid_are_refused() -> None:
    assert refusal(jwks(GOOD, jwk(OTHER_RSA, kid="rsa"))) == "has two keys with the same kid"
    assert len(parse_jwks(jwks(GOOD, jwk(OTHER_RSA, kid="RSA"))).all) == 2


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not JSON", "is not a JWK Set"),
        (b"[]", "is not a JWK Set"),
        (b'{"keys":[],"keys":[]}', "is not a JWK Set"),
        (b"\xff\xfe", "is not a JWK Set"),
        (json.dumps(GOOD).encode(), 'has no "keys" list'),
        (b'{"keys":{}}', 'has no "keys" list'),
        (b'{"keys":["rsa"]}', 'has no "keys" list'),
        (b'{"keys":[]}', "has no key that verifies"),
        (jwks({**GOOD, "kid": 1}), "has a key whose kid is not a string"),
        (jwks({**GOOD, "kid": ""}), "has a key whose kid is not a string"),
        (jwks({"kty": "RSA", "e": "AQAB"}), "has a key that is damaged"),
        (jwks({**GOOD, "n": 5}), "has a key that is damaged"),
        (jwks({**GOOD, "n": ""}), "has a key that is damaged"),
        (jwks({**GOOD, "n": "$"}), "has a key that is damaged"),
        (jwks({**jwk(P256), "x": "AAAA"}), "has a key that is damaged"),
        (jwks({**jwk(ED25519), "x": "AAAA"}), "has a key that is damaged"),
    ],
)
def test_what_is_no_sound_set_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    assert refusal(data).startswith(reason)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (RSA, {"RS256"}),
        (P256, {"ES256"}),
        (P384, {"ES384"}),
        (P521, {"ES512"}),
        (ED25519, {"EdDSA", "Ed25519"}),
    ],
)
def test_a_public_key_in_pem_has_no_kid(key: SigningKey, names: set[str]) -> None:
    assert algorithms(parse_pem(key.as_pem(private=False))) == {None: names}


def test_what_is_not_one_public_key_in_pem_is_refused() -> None:
    public = RSA.as_pem(private=False)
    no_key = "is no key that verifies"
    bad = {
        "a private key": (RSA.as_pem(private=True), "holds a private key"),
        "both": (public + RSA.as_pem(private=True), "holds a private key"),
        "two keys": (public + public, "is not one PEM public key"),
        "JSON": (jwks(GOOD), "is not one PEM public key"),
        "DER": (RSA.as_der(private=False), "is not one PEM public key"),
        "a certificate": (b"-----BEGIN CERTIFICATE-----\n", "is not one PEM public key"),
        "damaged": (public.replace(b"MII", b"MIJ"), no_key),
        "cut": (public[:200], no_key),
        "X25519": (OKPKey.generate_key("X25519").as_pem(private=False), no_key),
        "secp256k1": (pem(ec.generate_private_key(ec.SECP256K1())), no_key),
        "brainpool": (
            pem(ec.generate_private_key(ec.BrainpoolP256R1())),
            no_key,
        ),
    }

    for data, reason in bad.values():
        with pytest.raises(UnusableKeysError) as refused:
            parse_pem(data)
        assert str(refused.value).startswith(reason)


def test_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(jwks(GOOD))
    (tmp_path / "key.pem").write_bytes(P256.as_pem(private=False))
    (tmp_path / "full.json").write_bytes(jwks(GOOD).ljust(MAX_FILE_BYTES))

    assert algorithms(load_jwks(tmp_path / "full.json")) == {"rsa": {"RS256"}}
    assert algorithms(load_jwks(tmp_path / "jwks.json")) == {"rsa": {"RS256"}}
    assert algorithms(load_pem(tmp_path / "key.pem")) == {None: {"ES256"}}


def test_files_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    for name, content in {
        "empty": b"",
        "blank": b" \n",
        "huge": b" " * MAX_FILE_BYTES + b"{}",
    }.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "open").write_bytes(jwks(GOOD))
    (tmp_path / "open").chmod(0o646)
    reasons = {
        "missing": "cannot be read: No such file or directory",
        ".": "cannot be read: Is a directory",
        "empty": "is empty",
        "blank": "is empty",
        "huge": "is larger than 65536 bytes",
        "open": "can be written by every account of this machine: chmod o-w",
    }

    for name, reason in reasons.items():
        for load in (load_jwks, load_pem):
            with pytest.raises(UnusableKeysError) as refused:
                load(tmp_path / name)
            assert str(refused.value) == reason
