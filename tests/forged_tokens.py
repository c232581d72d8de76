"""Tokens that must name nobody, by what is wrong with them; everything else about them is right.

They are signed with the issuer's own key wherever the fault is not the signature itself, so that
only the check of that fault can refuse them.
"""

import base64
import hmac
import json
from functools import partial
from typing import Any

from tests import tokens
from tests.tokens import (
    AUDIENCE,
    ED25519,
    ISSUER,
    OTHER_RSA,
    P256,
    RSA,
    SECONDS,
    encode,
    header,
    jwk,
    sign,
)

PUBLIC_PEM = RSA.as_pem(private=False)


def forged(now: int, margin: int = 0) -> dict[str, str]:
    """All of them, as of an instant in seconds since 1970, and for `margin` seconds after it: what
    is not valid yet soon is."""
    claims: Any = partial(_claims, now)

    def mint(**changes: object) -> str:
        return sign(header(), claims(**changes))

    def raw(members: str) -> bytes:
        """The payload of a good token with these members in front, as JSON text."""
        return ("{" + members + json.dumps(claims())[1:]).encode()

    def exp(text: str) -> bytes:
        return (json.dumps(claims(exp=None))[:-1] + f', "exp": {text}}}').encode()

    def hmac_with(secret: bytes, **head: object) -> str:
        """What a verifier that lets the token choose HMAC would accept: keyed with public bytes."""
        signed = sign(header(alg="HS256", **head), claims(), alg="RS256").rpartition(".")[0]
        return f"{signed}.{encode(hmac.digest(secret, signed.encode(), 'sha256'))}"

    def with_header(**changes: object) -> str:
        return sign(header(**changes), claims(), alg="RS256")

    good = mint()
    parts = good.split(".")
    none_header = encode(json.dumps(header(alg="none")).encode())
    return {
        # Algorithms
        "alg none, no signature": f"{none_header}.{parts[1]}.",
        "alg none, old signature": ".".join([none_header, *parts[1:]]),
        "alg None": with_header(alg="None"),
        "alg nOnE": with_header(alg="nOnE"),
        "no alg": with_header(alg=None),
        "alg empty": with_header(alg=""),
        "alg a list": with_header(alg=["RS256"]),
        "alg an object": with_header(alg={"RS256": 1}),
        "alg a number": with_header(alg=256),
        "alg in lower case": with_header(alg="rs256"),
        "HS256 with the public PEM": hmac_with(PUBLIC_PEM),
        "HS256 with the public PEM, stripped": hmac_with(PUBLIC_PEM.strip()),
        "HS256 with the public DER": hmac_with(RSA.as_der(private=False)),
        "HS256 with the JWK": hmac_with(json.dumps(jwk(RSA)).encode()),
        "HS256 with the kid": hmac_with(b"rsa"),
        "PS256 with the right key": sign(header(alg="PS256"), claims()),
        "RS512 with the right key": sign(header(alg="RS512"), claims()),
        "RS512 signature called RS256": sign(header(), claims(), alg="RS512"),
        "ES256 with a key of its own": sign(header(alg="ES256"), claims(), P256),
        "EdDSA with a key of its own": sign(header(alg="EdDSA"), claims(), ED25519),
        # Keys brought along or pointed to
        "another RSA key": sign(header(), claims(), OTHER_RSA),
        "jwk of the forger": sign(header(jwk=jwk(OTHER_RSA)), claims(), OTHER_RSA),
        "jwk beside the right key": with_header(jwk=jwk(RSA)),
        "jku": with_header(jku="https://evil.example/jwks.json"),
        "jku of the issuer": with_header(jku=f"{ISSUER}jwks.json"),
        "x5u": with_header(x5u="https://evil.example/cert.pem"),
        "x5c": with_header(x5c=["MIIB"]),
        "kid unknown": with_header(kid="other"),
        "kid a path": with_header(kid="../../../../dev/null"),
        "kid a path, empty HMAC key": hmac_with(b"\0", kid="../../../../dev/null"),
        "kid SQL": with_header(kid="' UNION SELECT 'key"),
        "kid with NUL": with_header(kid="rsa\0"),
        "kid in another case": with_header(kid="RSA"),
        "kid empty": with_header(kid=""),
        "kid a number": with_header(kid=0),
        "kid a list": with_header(kid=["rsa"]),
        "kid null": sign(b'{"alg":"RS256","typ":"at+jwt","kid":null}', claims()),
        # Headers that change the reading
        "crit exp": with_header(crit=["exp"], exp=now + 600),
        "crit empty": with_header(crit=[]),
        "b64 false": with_header(b64=False, crit=["b64"]),
        "b64 true": with_header(b64=True),
        "zip": with_header(zip="DEF"),
        "nested": sign(header(cty="JWT"), good.encode()),
        "cty JWT with claims": with_header(cty="JWT"),
        "no typ": with_header(typ=None),
        "typ of an ID token": with_header(typ="id+jwt"),
        "typ of a logout token": with_header(typ="logout+jwt"),
        "typ of a DPoP proof": with_header(typ="dpop+jwt"),
        "typ a list": with_header(typ=["at+jwt"]),
        "typ with a suffix": with_header(typ="at+jwt;x"),
        "header with a name twice": sign(
            b'{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"rsa"}', claims()
        ),
        "header a list": sign(b'["RS256"]', claims()),
        "header a string": sign(b'"RS256"', claims()),
        "header empty": sign(b"{}", claims()),
        "header in UTF-16": sign(json.dumps(header()).encode("utf-16"), claims()),
        # Time
        "exp missing": mint(exp=None),
        "exp past": mint(exp=now - 31),
        "exp at the end of the leeway": mint(exp=now - 30),
        "exp zero": mint(exp=0),
        "exp negative": mint(exp=-1),
        "exp a string": mint(exp=str(now + 600)),
        "exp true": mint(exp=True),
        "exp a list": mint(exp=[now + 600]),
        "exp null": sign(header(), exp("null")),
        "exp NaN": sign(header(), exp("NaN")),
        "exp Infinity": sign(header(), exp("Infinity")),
        "exp 1e999": sign(header(), exp("1e999")),
        "exp of 400 digits": sign(header(), exp("9" * 400)),
        "exp of 5000 digits": sign(header(), exp("9" * 5000)),
        "exp in milliseconds": mint(exp=(now + 600) * 1000),
        "exp in the year 10000": mint(exp=253_402_300_800),
        "nbf in the future": mint(nbf=now + 31 + margin),
        "nbf a string": mint(nbf=str(now)),
        "nbf NaN": sign(header(), raw('"nbf":NaN,')),
        "nbf true": mint(nbf=True),
        "nbf null": sign(header(), raw('"nbf":null,')),
        "iat in the future": mint(iat=now + 31 + margin),
        "iat a string": mint(iat="now"),
        "iat -Infinity": sign(header(), exp("1").replace(str(now - 60).encode(), b"-Infinity")),
        # Audience and issuer
        "aud missing": mint(aud=None),
        "aud another": mint(aud="https://crm.example.com"),
        "aud a prefix": mint(aud=AUDIENCE[:-1]),
        "aud with a suffix": mint(aud=AUDIENCE + ".evil.example"),
        "aud with a slash": mint(aud=AUDIENCE + "/"),
        "aud in another case": mint(aud=AUDIENCE.upper()),
        "aud among others in one string": mint(aud=f"crm {AUDIENCE}"),
        "aud an empty list": mint(aud=[]),
        "aud a list of others": mint(aud=["crm", "https://headcount"]),
        "aud a list with a number": mint(aud=[AUDIENCE, 1]),
        "aud a list in a list": mint(aud=[[AUDIENCE]]),
        "aud an object": mint(aud={AUDIENCE: True}),
        "aud true": mint(aud=True),
        "aud null": sign(header(), json.dumps({**claims(), "aud": None}).encode()),
        "iss missing": mint(iss=None),
        "iss another, same subject": mint(iss="https://evil.example/"),
        "iss without its slash": mint(iss=ISSUER.rstrip("/")),
        "iss in another case": mint(iss=ISSUER.upper()),
        "iss a list": mint(iss=[ISSUER]),
        # Not an access token
        "an ID token by aud": mint(aud="client-id", nonce="n", at_hash="h"),
        "an ID token by at_hash": mint(at_hash="h"),
        "an ID token by c_hash": mint(c_hash="h"),
        "bound to a key": mint(cnf={"jkt": "thumbprint"}),
        # Subject
        "sub missing": mint(sub=None),
        "sub empty": mint(sub=""),
        "sub a number": mint(sub=7),
        "sub a list": mint(sub=["alice"]),
        "sub null": sign(header(), json.dumps({**claims(), "sub": None}).encode()),
        "sub of 256 characters": mint(sub="a" * 256),
        "sub with NUL": mint(sub="alice\0"),
        "sub with a line break": mint(sub="alice\nroot"),
        "sub with a right-to-left mark": mint(sub="alice\u202e"),
        "sub with a lone surrogate": mint(sub="alice\ud800"),
        # Scopes
        "scope a list": mint(scope=["billing:read"]),
        "scope a number": mint(scope=1),
        "scope with two spaces": mint(scope="billing:read  billing:users"),
        "scope with a tab": mint(scope="billing:read\tbilling:users"),
        "scope with a quote": mint(scope='"billing:read"'),
        "scope null": sign(header(), raw('"scope":null,')),
        "scp an object": mint(scp={"billing:read": True}),
        "scp with a number": mint(scp=["billing:read", 1]),
        "scp with a space inside": mint(scp=["billing:read billing:users"]),
        "scp null": sign(header(), raw('"scp":null,')),
        # Payload
        "sub twice": sign(header(), raw('"sub":"root",')),
        "exp twice": sign(header(), raw('"exp":1,')),
        "a name twice inside": sign(header(), raw('"x":{"a":1,"a":2},')),
        "NaN in a claim nobody reads": sign(header(), raw('"x":NaN,')),
        "payload a list": sign(header(), json.dumps([claims()]).encode()),
        "payload empty": sign(header(), b"{}"),
        "payload not JSON": sign(header(), b"sub=alice"),
        "payload invalid UTF-8": sign(header(), raw('"x":"').replace(b'"x":"', b'"x":"\xff",')),
        "payload in UTF-16": sign(header(), json.dumps(claims()).encode("utf-16")),
        "payload with a byte order mark": sign(
            header(), b"\xef\xbb\xbf" + json.dumps(claims()).encode()
        ),
        "payload nested 5000 deep": sign(header(), raw('"x":' + "[" * 5000)),
        "payload with a tail": sign(header(), json.dumps(claims()).encode() + b"{}"),
        # Form
        "empty": "",
        "dots": "..",
        "one part": parts[0],
        "two parts": ".".join(parts[:2]),
        "four parts": good + ".x",
        "JWE": "e30.e30.e30.e30.e30",
        "extra dot in front": "." + good,
        "extra dot at the end": good + ".",
        "truncated": good[:-10],
        "no signature": ".".join(parts[:2]) + ".",
        "no payload": f"{parts[0]}..{parts[2]}",
        "space in front": " " + good,
        "space at the end": good + " ",
        "line break at the end": good + "\n",
        "line break inside": good.replace(".", ".\n", 1),
        "padding": good + "==",
        "standard base64": ".".join([*parts[:2], parts[2][:-1] + "+"]),
        "not base64": f"{parts[0]}.$$$.{parts[2]}",
        "base64 of impossible length": f"{parts[0]}.{parts[1]}.AAAAA",
        "not ASCII": good + "é",
        "lone surrogate": good + "\ud800",
        "other payload, same signature": ".".join(
            [parts[0], mint(sub="root").split(".")[1], parts[2]]
        ),
        "other header, same signature": ".".join([with_header(x=1).split(".")[0], *parts[1:]]),
        "huge": mint(x="a" * 8192),
        "JSON serialization": json.dumps(
            {"protected": parts[0], "payload": parts[1], "signature": parts[2]}
        ),
        # As of attacks that worked elsewhere
        "ES256 with a signature of zeros": sign(header(alg="ES256"), claims(), P256).rpartition(
            "."
        )[0]
        + "."
        + encode(bytes(64)),
        "a signature of nothing": f"{parts[0]}.{parts[1]}.{encode(bytes(256))}",
        "alg dir, encrypted": encode(b'{"alg":"dir","enc":"A128GCM"}') + "..e30.e30.e30",
        "enc in a signed token": with_header(enc="A128GCM"),
        "payload twice, once unsigned": f"{parts[0]}.{parts[1]}{parts[1]}.{parts[2]}",
        "signature with spare bits": f"{parts[0]}.{parts[1]}.{_spare_bits(parts[2])}",
        "typ null": sign(b'{"alg":"RS256","typ":null,"kid":"rsa"}', claims()),
        "typ empty": with_header(typ=""),
        "aud twice": sign(header(), raw('"aud":"crm",')),
        "iss twice": sign(header(), raw('"iss":"https://evil.example/",')),
        "aud with NUL": mint(aud=AUDIENCE + "\0"),
        "aud a list in text": mint(aud=json.dumps([AUDIENCE])),
        "iss with NUL": mint(iss=ISSUER + "\0"),
        "an ID token without typ": sign(header(typ=None), claims(aud="client-id", nonce="n")),
        "exp an object": mint(exp={"value": now + 600}),
        "JSON serialization, general": json.dumps(
            {
                "payload": parts[1],
                "signatures": [{"protected": parts[0], "signature": parts[2]}],
            }
        ),
    }


def _claims(now: int, **changes: object) -> dict[str, object]:
    return tokens.claims(**{"iat": now - 60, "exp": now + 600, **changes})


def _spare_bits(segment: str) -> str:
    """The same bytes in another spelling: the last character has bits that no byte uses."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = segment[:-1] + digits[digits.index(segment[-1]) | 1]
    pad = "=" * (-len(segment) % 4)
    assert other != segment
    assert base64.urlsafe_b64decode(other + pad) == base64.urlsafe_b64decode(segment + pad)
    return other


GOOD = tokens.mint()
FORGED = forged(SECONDS)
