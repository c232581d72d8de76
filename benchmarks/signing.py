"""Tokens as an identity provider would issue them: signed with a key of this run alone."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import RSAKey

from benchmarks.dataset import AUDIENCE, ISSUER

VALID = 8 * 3600
"""Seconds; longer than any run."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Its public keys stand in `jwks_file`, where the product reads them."""

    jwks_file: Path
    _key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048), repr=False)

    def publish(self) -> None:
        public = {**self._key.as_dict(private=False), "kid": "benchmark", "use": "sig"}
        self.jwks_file.write_text(json.dumps({"keys": [public]}))

    def token(self, subject: str, scope: str | None = None) -> str:
        now = int(time.time())
        header = {"alg": "RS256", "typ": "at+jwt", "kid": "benchmark"}
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + VALID}
        scoped = {"scope": scope} if scope else {}
        return jwt.encode(header, {**claims, **scoped}, self._key)

    def environment(self, database_url: str) -> Mapping[str, str]:
        """What the product needs to trust it."""
        return {
            "HEADCOUNT_DATABASE_URL": database_url,
            "HEADCOUNT_TOKEN_ISSUER": ISSUER,
            "HEADCOUNT_TOKEN_AUDIENCE": AUDIENCE,
            "HEADCOUNT_TOKEN_JWKS_FILE": str(self.jwks_file),
            "HEADCOUNT_DRAIN_SECONDS": "0",
            # On, and out of reach.
            "HEADCOUNT_RATE_LIMIT": "1000000000",
        }
