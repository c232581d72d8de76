"""The demo's own issuer of tokens: a key that lives as long as the process."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jwk import ECKey

from graph.auth import keys
from graph.auth.bearer import BearerTokens, TokenRules
from graph.settings import DEMO_ISSUER
from resolvers.access import Scope

AUDIENCE = "headcount-demo"
VALID_FOR = timedelta(hours=8)
SERVICE_SCOPES = " ".join((Scope.BILLING_READ, Scope.BILLING_USERS, Scope.LOGINS_WRITE))


@dataclass(frozen=True, slots=True)
class Issuer:
    _key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"), repr=False)

    def mint(self, subject: str, now: datetime, scope: str | None = None) -> str:
        issued = int(now.timestamp())
        claims: dict[str, object] = {
            "iss": DEMO_ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": issued,
            "exp": issued + int(VALID_FOR.total_seconds()),
        }
        if scope is not None:
            claims["scope"] = scope
        return jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims, self._key)

    def verifier(self) -> BearerTokens:
        trusted = keys.parse_pem(self._key.as_pem(private=False))
        return BearerTokens(trusted, TokenRules(DEMO_ISSUER, AUDIENCE, frozenset({"at+jwt"}), 30))
