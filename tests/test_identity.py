"""Who is let in by a served process: nobody with a forged token or key, and the rest whatever
becomes of the issuer's server."""

import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from resolvers.clock import system_clock
from tests import provider, tokens
from tests.command import done, served
from tests.provider import publishing, running
from tests.soak import identity
from tests.tokens import RSA, jwk, jwks


def test_no_forged_token_or_key_is_let_in_and_all_get_the_same_answer(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done("migrate", env=environment)

    good, answers = identity.forge(environment["HEADCOUNT_DATABASE_URL"], tmp_path)

    assert good == [200] * 4
    assert {name: status for name, (status, _) in answers.items() if status != 401} == {}
    assert len({body for _, body in answers.values()}) == 1
    assert len(answers) >= 45
    assert sum(not name.startswith("API key") for name in answers) >= 165


def test_a_production_asks_its_issuer_over_tls_and_survives_its_outage(
    ready: dict[str, str], tmp_path: Path
) -> None:
    certificate = tmp_path / "issuer.pem"
    certificate.write_bytes(provider.certificate())
    done("principal", "add", "service-account", "planner", env=ready)
    told = done(
        *("key", "create", "planner", "--scope", "billing:read", "--days", 1, "--json"), env=ready
    )
    key = json.loads(told)["key"]
    del ready["HEADCOUNT_TOKEN_JWKS_FILE"]

    def statuses(url: str, *credentials: str) -> list[int]:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        found = [identity._status(connection, text)[0] for text in credentials]
        connection.close()
        return found

    now = int(system_clock().timestamp())
    lena = tokens.mint(sub="lena", iat=now - 60, exp=now + 600)
    with running(publishing(jwks(jwk(RSA, kid="rsa"))), certificate) as issuer:
        env = ready | {"HEADCOUNT_TOKEN_JWKS_URL": issuer.url, "SSL_CERT_FILE": str(certificate)}
        with served(env, cwd=tmp_path) as url:
            up = statuses(url, lena, key, lena + "x", "e30.e30.e30")
            issuer.answer = provider.status(503)
            down = statuses(url, lena, key, tokens.mint(sub="lena", iat=now, exp=now + 600))
        with served(env, cwd=tmp_path) as url:
            cold = statuses(url, lena, key)

    assert (up, down, cold) == ([200, 200, 401, 401], [200, 200, 200], [503, 200])
