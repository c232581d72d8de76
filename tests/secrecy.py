"""Plants secrets wherever a secret or a user ID may arrive, and looks for them in all that comes
out: logs, answers, metrics, what commands say, and an audit trail if the database has one."""

import base64
import json
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from models.database import DatabaseUrl
from resolvers.clock import system_clock
from tests import tokens
from tests.command import done, finish, rows, run, start

RECORD = """mutation ($input: LoginsRecordInput!) {
  loginsRecord(input: $input) { recorded rejected userErrors { code message field } }
}"""
ACME = ("--external-id", "ACME", "--instance-id", "2f077c75-6d84-47df-8bdc-ca3590971479")


@dataclass
class Planted:
    """By what was planted, the texts that must not come out."""

    needles: dict[str, list[str]] = field(default_factory=dict)

    def text(self, what: str) -> str:
        """A new one, of letters and digits as any secret may be made of."""
        made = f"canary{secrets.token_hex(8)}"
        self.needles[what] = [made]
        return made

    def token(self, what: str, key: tokens.SigningKey = tokens.RSA, **claims: object) -> str:
        seconds = int(system_clock().timestamp())
        usual = {"iat": seconds - 60, "exp": seconds + 600, "jti": secrets.token_hex(8)}
        made = tokens.sign(tokens.header(), tokens.claims(**{**usual, **claims}), key)
        self.needles[what] = made.split(".")[1:]
        return made

    def found_in(self, text: str) -> list[str]:
        return [what for what, needles in self.needles.items() if any(n in text for n in needles)]


@dataclass
class Leaks:
    """`shown` is all that came out, by where; `planted` what went in."""

    planted: Planted = field(default_factory=Planted)
    shown: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> list[str]:
        return [
            f"{what} in {where}"
            for where, text in self.shown.items()
            for what in self.planted.found_in(text)
        ]


def prepare(environment: Mapping[str, str]) -> None:
    """A tenant, a landlord and an integration that may record its logins."""
    for command in (
        ("tenant", "add", "Acme", *ACME, "--billable"),
        ("principal", "add", "landlord", "lena"),
        ("principal", "add", "service-account", "robot"),
        ("assign", "ACME", "lena"),
        ("assign", "ACME", "robot"),
    ):
        done(*command, env=dict(environment))


def look(
    environment: Mapping[str, str], folder: Path, metrics_port: int, *, thorough: bool = False
) -> Leaks:
    """The database has been prepared. Thorough is to start `serve` with each unusable setting."""
    leaks = Leaks()
    served = {
        **_with_password(environment, leaks.planted),
        "HEADCOUNT_ACCESS_LOG": "true",
        "HEADCOUNT_METRICS_PORT": str(metrics_port),
    }
    _refused_starts(environment, folder, leaks, thorough)
    _imported(served, folder, leaks)
    process = start("serve", "--port", 0, env=served, cwd=folder)
    assert process.stderr is not None
    first = process.stderr.readline()
    try:
        url = re.findall(r"http://127\.0\.0\.1:\d+/graphql", first)[0]
        leaks.shown["responses"] = "\n".join(_asked(url, leaks.planted))
        leaks.shown["metrics"] = _read(f"http://127.0.0.1:{metrics_port}/metrics")
        assert "headcount_requests_total" in leaks.shown["metrics"]
    finally:
        process.terminate()
        outcome = finish(process)
    leaks.shown["logs"] = first + outcome.err + outcome.out
    leaks.shown["audit"] = _audited(environment["HEADCOUNT_DATABASE_URL"])
    return leaks


def _with_password(environment: Mapping[str, str], planted: Planted) -> dict[str, str]:
    """In the URL of the database, where it has a user. SQLite has none."""
    url = environment["HEADCOUNT_DATABASE_URL"]
    if not url.startswith("sqlite://"):
        password = planted.text("password of the database")
        user = DatabaseUrl.parse(url).credentials["user"]
        url = re.sub(r"//[^/]*@", f"//{user}:{password}@", url)
        assert password in url
    return {**environment, "HEADCOUNT_DATABASE_URL": url}


def _refused_starts(
    environment: Mapping[str, str], folder: Path, leaks: Leaks, thorough: bool
) -> None:
    """Settings with secrets in them that cannot be used: everything that is said of them."""
    text = leaks.planted.text
    private = tokens.P256.as_dict(private=True)
    leaks.planted.needles["private key"] = [str(private["d"])]
    symmetric = {"kty": "oct", "k": text("symmetric key")}
    (folder / "private.json").write_bytes(tokens.jwks(private))
    (folder / "symmetric.json").write_bytes(tokens.jwks(symmetric))
    (folder / "url").write_text(f"hc:{text('password in a file')}@db", encoding="utf-8")
    unusable = [
        {"HEADCOUNT_DATABASE_URL": f"mysql://h:{text('password of another database')}@db/x"},
        {"HEADCOUNT_DATABASE_URL": f"postgresql://h:{text('password before a port')}@db:x/x"},
        {"HEADCOUNT_DATABASE_URL": f"postgresql://h:{text('refused password')}@127.0.0.1:9/x"},
        {"HEADCOUNT_DATABASE_URL": f"postgresql://h:a@b{text('password with an @')}@db/x@"},
        {"HEADCOUNT_TOKEN_ISSUER": f"https://a:{text('password of an issuer')}@example.com/"},
        {"HEADCOUNT_PORT": text("secret in the wrong setting")},
        {"HEADCOUNT_TOKEN_JWKS_FILE": str(folder / "private.json")},
        {"HEADCOUNT_TOKEN_JWKS_FILE": str(folder / "symmetric.json")},
    ]
    environments = [{**environment, **changes} for changes in unusable]
    from_file = {**environment, "HEADCOUNT_DATABASE_URL_FILE": str(folder / "url")}
    del from_file["HEADCOUNT_DATABASE_URL"]
    said = []
    for each in (*environments, from_file):
        # The doctor says all that serve does, and then some.
        for command in (("doctor",), ("serve", "--port", 0))[: 2 if thorough else 1]:
            outcome = run(*command, env=each)
            assert outcome.code != 0, outcome
            said.append(outcome.out + outcome.err)
    leaks.shown["commands"] = "\n".join(said)


def _imported(environment: Mapping[str, str], folder: Path, leaks: Leaks) -> None:
    """A file of logins, of which some are refused: their rows go to the file asked for alone."""
    yesterday = (system_clock() - timedelta(days=1)).isoformat()
    good, bad = leaks.planted.text("imported user ID"), leaks.planted.text("refused user ID")
    lines = ["user_id,at", f"{good},{yesterday}", f"{bad},never", f"{bad},2000-01-01T00:00:00Z"]
    (folder / "logins.csv").write_text("\n".join(lines), encoding="utf-8")
    outcome = run(
        *("record", folder / "logins.csv", "--tenant", "ACME"),
        *("--refused", folder / "refused.csv"),
        env=dict(environment),
    )
    assert outcome.code == 3, outcome
    leaks.shown["import"] = outcome.out + outcome.err


def _asked(url: str, planted: Planted) -> Iterator[str]:
    """Every answer but the one report that shows its user IDs to whom they are for."""
    lena = planted.token("token of a landlord", sub="lena")
    robot = planted.token(
        "token of an integration", sub="robot", scope="billing:read billing:users logins:write"
    )
    now = system_clock()
    listed = _post(url, "{ tenants { nodes { id } } }", lena)
    tenant = json.loads(listed.splitlines()[-1])["data"]["tenants"]["nodes"][0]["id"]
    yield listed
    logins = [
        {"userId": planted.text("recorded user ID"), "at": (now - timedelta(hours=1)).isoformat()},
        {"userId": planted.text("user ID in the future"), "at": (now + timedelta(1)).isoformat()},
        {"userId": planted.text("user ID without a zone"), "at": "2026-11-01T00:00:00"},
    ]
    for sent in (logins[:2], logins[2:]):
        yield _post(url, RECORD, robot, {"input": {"tenant": {"id": tenant}, "logins": sent}})
    report = "query ($t: ID!, $d: Date!, $a: String) { billingReport(tenant: $t, date: $d)"
    full = f"{report} {{ users(first: 9, after: $a) {{ nodes {{ userId }} }} }} }}"
    _post(url, full, lena, {"t": tenant, "d": f"{now - timedelta(hours=1):%Y-%m-%d}"})
    for what in ("a cursor", "a date", "an ID"):
        name = {"a cursor": "a", "a date": "d", "an ID": "t"}[what]
        variables = {"t": tenant, "d": f"{now:%Y-%m-%d}", name: planted.text(f"user ID as {what}")}
        yield _post(url, full, lena, variables)
    literal = planted.text("user ID in a document")
    yield _post(url, f'{{ billingReport(tenant: "{literal}", date: "{literal}") {{ maxUsers }} }}')
    yield _post(url, f'{{ viewer {{ id }} }} # "{literal}', lena)
    yield _post(url, f'{{ viewer(id: "{planted.text("unknown argument")}") {{ id }} }}', lena)
    yield _send(url, f'{{"query": "{planted.text("secret in broken JSON")}', lena)
    yield from _refused_sign_ins(url, planted)


def _refused_sign_ins(url: str, planted: Planted) -> Iterator[str]:
    expired = int(system_clock().timestamp()) - 3600
    stranger = planted.text("subject of a stranger")
    for token in (
        planted.token("expired token", sub="lena", exp=expired),
        planted.token("token of a stranger", sub=stranger),
        planted.token("forged token", tokens.OTHER_RSA, sub="lena"),
        planted.text("something for a token"),
        f"hc_live_0_{planted.text('API key')}",
    ):
        yield _post(url, "{ viewer { id } }", token)
    basic = base64.b64encode(f"lena:{planted.text('Basic password')}".encode()).decode()
    planted.needles["Basic credentials"] = [basic]
    yield _send(url, "{}", None, {"Authorization": f"Basic {basic}"})
    yield _read(f"{url}?access_token={planted.text('token in a URL')}&query={{viewer{{id}}}}")
    headers = {
        "Cookie": f"session={planted.text('cookie')}",
        "X-API-Key": planted.text("key in a header"),
        "User-Agent": planted.text("name of a client"),
        "tracestate": f"a={planted.text('state of a trace')}",
    }
    yield _send(url, '{"query": "{ viewer { id } }"}', None, headers)


def _post(
    url: str, query: str, token: str | None = None, variables: Mapping[str, object] | None = None
) -> str:
    return _send(url, json.dumps({"query": query, "variables": variables}), token)


def _send(url: str, body: str, token: str | None, headers: Mapping[str, str] | None = None) -> str:
    signed_in = {"Authorization": f"Bearer {token}"} if token else {}
    usual = {"Content-Type": "application/json", **signed_in, **(headers or {})}
    return _read(urllib.request.Request(url, body.encode(), usual))


def _read(request: urllib.request.Request | str) -> str:
    """Headers and body, whatever the status."""
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return f"{answer.headers}{answer.read().decode()}"


def _audited(url: str) -> str:
    """All rows of all tables that are called audit something."""
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if url.startswith("sqlite://")
        else "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    )
    tables = [name for (name,) in rows(url, names) if "audit" in name]
    return "\n".join(str(row) for table in tables for row in rows(url, f'SELECT * FROM "{table}"'))
