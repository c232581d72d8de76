"""The public keys that the issuer signs access tokens with: a JWKS file, or one key in PEM.

Each key verifies exactly one algorithm (RFC 8725, 3.1): the `alg` it states, otherwise the usual
one of its type. So a token never chooses how it is checked, and `none` and HMAC cannot be chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from stat import S_IWOTH

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from graph.auth import strict_json

# By (kty, crv); the first is what a key without `alg` verifies.
ALGORITHMS: Mapping[tuple[object, object], tuple[str, ...]] = {
    ("RSA", None): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA", "Ed25519"),
}
MIN_RSA_BITS = 2048
MIN_RSA_EXPONENT = 65537
MAX_FILE_BYTES = 64 * 1024

_PUBLIC_MEMBERS = ("kty", "n", "e", "crv", "x", "y")
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_PEM_LABELS = (b"-----BEGIN PUBLIC KEY-----", b"-----BEGIN RSA PUBLIC KEY-----")


class UnusableKeysError(ValueError):
    """The source of keys cannot be trusted or holds none; `str()` of it goes on "the file ..."."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with the one algorithm it verifies.

    `names` are the values of a token's `alg` that mean this algorithm: Ed25519 has two (RFC 9864).
    """

    kid: str | None
    names: frozenset[str]
    _model: str
    _key: Key

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        return _REGISTRY.get_alg(self._model).verify(signed, signature, self._key)


@dataclass(frozen=True, slots=True)
class Keys:
    """At least one key, no kid twice."""

    all: tuple[VerificationKey, ...]

    def find(self, kid: str | None) -> VerificationKey | None:
        """The key a token with this `kid` (or without one) must be signed with.

        No kid is enough where there is one key only: trying several would let a caller choose how
        much we compute. A sole key without a name (PEM has none) answers to every kid.
        """
        if len(self.all) == 1 and (kid is None or self.all[0].kid is None):
            return self.all[0]
        return next((key for key in self.all if kid is not None and key.kid == kid), None)


# Signatures are checked through the models of the allowed algorithms alone. "EdDSA" is checked
# as "Ed25519", the same algorithm under the name that is not deprecated.
_REGISTRY = JWSRegistry(
    algorithms=[name for names in ALGORITHMS.values() for name in names if name != "EdDSA"]
)


def load_jwks(path: Path) -> Keys:
    return parse_jwks(_read(path))


def load_pem(path: Path) -> Keys:
    return parse_pem(_read(path))


def parse_jwks(data: bytes) -> Keys:
    """The keys of a JWK Set that are there to verify signatures.

    Keys for other purposes (`use`, `key_ops`, `alg`) and of unknown types are left out, as RFC 7517
    asks; private and symmetric keys and weak ones make the whole set refused, because they have no
    business in it.
    """
    try:
        members = strict_json.read_object(data).get("keys")
    except ValueError:
        raise UnusableKeysError('is not a JWK Set, a JSON object like {"keys": [...]}') from None
    if not isinstance(members, list) or not all(isinstance(jwk, dict) for jwk in members):
        raise UnusableKeysError('has no "keys" list: a single JWK belongs in {"keys": [...]}')
    for jwk in members:
        _refuse_secrets(jwk)
    kids = [jwk["kid"] for jwk in members if "kid" in jwk]
    if not all(isinstance(kid, str) and kid for kid in kids):
        raise UnusableKeysError("has a key whose kid is not a string")
    if len(set(kids)) != len(kids):
        raise UnusableKeysError("has two keys with the same kid")
    found = tuple(_verification_key(jwk) for jwk in members if _is_for_signatures(jwk))
    if not found:
        raise UnusableKeysError(f"has no key that verifies {', '.join(_known_algorithms())}")
    return Keys(found)


def parse_pem(data: bytes) -> Keys:
    """The one public key in `data`. Certificates are refused: nobody would check their expiry."""
    if b"PRIVATE KEY" in data:
        raise UnusableKeysError(
            "holds a private key; only the issuer may have that, put the public key here"
        )
    if data.count(b"-----BEGIN ") != 1 or not any(label in data for label in _PEM_LABELS):
        raise UnusableKeysError("is not one PEM public key (-----BEGIN PUBLIC KEY-----)")
    for kind in (RSAKey, ECKey, OKPKey):
        try:
            jwk: dict[str, object] = {**kind.import_key(data).as_dict(private=False)}
        # KeyError: a curve that joserfc has no name for.
        except (JoseError, ValueError, KeyError):
            continue
        if _is_for_signatures(jwk):
            return Keys((_verification_key(jwk),))
    raise UnusableKeysError(f"is no key that verifies {', '.join(_known_algorithms())}")


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UnusableKeysError(f"cannot be read: {error.strerror}") from None
    if mode & S_IWOTH:
        raise UnusableKeysError("can be written by every account of this machine: chmod o-w")
    if not data.strip():
        raise UnusableKeysError("is empty")
    if len(data) > MAX_FILE_BYTES:
        raise UnusableKeysError(f"is larger than {MAX_FILE_BYTES} bytes")
    return data


def _refuse_secrets(jwk: Mapping[str, object]) -> None:
    if jwk.get("kty") == "oct" or "k" in jwk:
        raise UnusableKeysError(
            "has a symmetric key: whoever can check such tokens can also forge them"
        )
    if not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise UnusableKeysError(
            "has a private key; only the issuer may have that, publish the public part"
        )


def _is_for_signatures(jwk: Mapping[str, object]) -> bool:
    known = _algorithms_of(jwk)
    operations = jwk.get("key_ops", ["verify"])
    return (
        jwk.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and bool(known)
        and jwk.get("alg", known[0]) in known
    )


def _algorithms_of(jwk: Mapping[str, object]) -> tuple[str, ...]:
    kty, crv = jwk.get("kty"), jwk.get("crv")
    if not isinstance(kty, str) or not isinstance(crv, str | None):
        return ()
    return ALGORITHMS.get((kty, crv), ())


def _verification_key(jwk: Mapping[str, object]) -> VerificationKey:
    material = {name: jwk[name] for name in _PUBLIC_MEMBERS if name in jwk}
    try:
        key = JWKRegistry.import_key(material)  # type: ignore[arg-type]  # it checks the values
    except (JoseError, ValueError, KeyError, TypeError):
        raise UnusableKeysError("has a key that is damaged or incomplete") from None
    if isinstance(key, RSAKey):
        _refuse_weak(key)
    known = _algorithms_of(jwk)
    stated, kid = jwk.get("alg"), jwk.get("kid")
    names = {stated} if isinstance(stated, str) else {known[0]} | ({*known} & {"Ed25519"})
    model = next(iter(names - {"EdDSA"}), "Ed25519")
    return VerificationKey(kid if isinstance(kid, str) else None, frozenset(names), model, key)


def _refuse_weak(key: RSAKey) -> None:
    public = key.public_key
    if public.key_size < MIN_RSA_BITS:
        raise UnusableKeysError(
            f"has an RSA key of {public.key_size} bits; at least {MIN_RSA_BITS} are safe"
        )
    if public.public_numbers().e < MIN_RSA_EXPONENT:
        raise UnusableKeysError(f"has an RSA key with an exponent below {MIN_RSA_EXPONENT}")


def _known_algorithms() -> list[str]:
    return [name for names in ALGORITHMS.values() for name in names]
