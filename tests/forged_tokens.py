"""Tokens that must name nobody, by what is wrong with them; everything else about them is right.

They are signed with the issuer's own key wherever the fault is not the signature itself, so that
only the check of that fault can refuse them.
"""

import hmac
import json

from tests.tokens import (
    AUDIENCE,
    ED25519,
    ISSUER,
    OTHER_RSA,
    P256,
    RSA,
    SECONDS,
    claims,
    encode,
    header,
    jwk,
    mint,
    sign,
)

GOOD = mint()
GOOD_PARTS = GOOD.split(".")
PUBLIC_PEM = RSA.as_pem(private=False)


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


NONE_HEADER = encode(json.dumps(header(alg="none")).encode())

FORGED = {
    # Algorithms
    "alg none, no signature": f"{NONE_HEADER}.{GOOD_PARTS[1]}.",
    "alg none, old signature": ".".join([NONE_HEADER, *GOOD_PARTS[1:]]),
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
    "crit exp": with_header(crit=["exp"], exp=SECONDS + 600),
    "crit empty": with_header(crit=[]),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "b64 true": with_header(b64=True),
    "zip": with_header(zip="DEF"),
    "nested": sign(header(cty="JWT"), GOOD.encode()),
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
    "exp past": mint(exp=SECONDS - 31),
    "exp at the end of the leeway": mint(exp=SECONDS - 30),
    "exp zero": mint(exp=0),
    "exp negative": mint(exp=-1),
    "exp a string": mint(exp=str(SECONDS + 600)),
    "exp true": mint(exp=True),
    "exp a list": mint(exp=[SECONDS + 600]),
    "exp null": sign(header(), exp("null")),
    "exp NaN": sign(header(), exp("NaN")),
    "exp Infinity": sign(header(), exp("Infinity")),
    "exp 1e999": sign(header(), exp("1e999")),
    "exp of 400 digits": sign(header(), exp("9" * 400)),
    "exp of 5000 digits": sign(header(), exp("9" * 5000)),
    "exp in milliseconds": mint(exp=(SECONDS + 600) * 1000),
    "exp in the year 10000": mint(exp=253_402_300_800),
    "nbf in the future": mint(nbf=SECONDS + 31),
    "nbf a string": mint(nbf=str(SECONDS)),
    "nbf NaN": sign(header(), raw('"nbf":NaN,')),
    "nbf true": mint(nbf=True),
    "nbf null": sign(header(), raw('"nbf":null,')),
    "iat in the future": mint(iat=SECONDS + 31),
    "iat a string": mint(iat="now"),
    "iat -Infinity": sign(header(), exp("1").replace(str(SECONDS - 60).encode(), b"-Infinity")),
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
    "one part": GOOD_PARTS[0],
    "two parts": ".".join(GOOD_PARTS[:2]),
    "four parts": GOOD + ".x",
    "JWE": "e30.e30.e30.e30.e30",
    "extra dot in front": "." + GOOD,
    "extra dot at the end": GOOD + ".",
    "truncated": GOOD[:-10],
    "no signature": ".".join(GOOD_PARTS[:2]) + ".",
    "no payload": f"{GOOD_PARTS[0]}..{GOOD_PARTS[2]}",
    "space in front": " " + GOOD,
    "space at the end": GOOD + " ",
    "line break at the end": GOOD + "\n",
    "line break inside": GOOD.replace(".", ".\n", 1),
    "padding": GOOD + "==",
    "standard base64": ".".join([*GOOD_PARTS[:2], GOOD_PARTS[2][:-1] + "+"]),
    "not base64": f"{GOOD_PARTS[0]}.$$$.{GOOD_PARTS[2]}",
    "base64 of impossible length": f"{GOOD_PARTS[0]}.{GOOD_PARTS[1]}.AAAAA",
    "not ASCII": GOOD + "é",
    "lone surrogate": GOOD + "\ud800",
    "other payload, same signature": ".".join(
        [GOOD_PARTS[0], mint(sub="root").split(".")[1], GOOD_PARTS[2]]
    ),
    "other header, same signature": ".".join([with_header(x=1).split(".")[0], *GOOD_PARTS[1:]]),
    "huge": mint(x="a" * 8192),
    "JSON serialization": json.dumps(
        {"protected": GOOD_PARTS[0], "payload": GOOD_PARTS[1], "signature": GOOD_PARTS[2]}
    ),
}
