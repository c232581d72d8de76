"""The examples, run against the demo as their READMEs say."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, time
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import httpx2
import pytest

from tests import node
from tests.demo import Demo, run, running

EXAMPLES = Path(__file__).parent.parent / "examples"
_RUN = re.compile(
    r"^URL=http://127\.0\.0\.1:8000/graphql TOKEN=… (.+?) +# TOKEN: the (.+)'s$", re.M
)
FOUND = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "npm_config_loglevel": "silent",
}
ROLES = {"service account": "service", "landlord": "landlord"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def follow(demo: Demo, name: str) -> list[str]:
    """Lines that the command of an example's README prints, with the token that it asks for."""
    readme = (EXAMPLES / name / "README.md").read_text()
    [(command, role)] = _RUN.findall(readme)
    environment = demo.environment(ROLES[role], **FOUND)
    return run(["bash", "-c", command], EXAMPLES / name, environment).splitlines()


def tells(demo: Demo, name: str, lines: Callable[[], list[str]]) -> None:
    """Each line may be that of before or of after: midnight comes, and moves a billing window."""
    before = lines()
    said = follow(demo, name)
    after = lines()

    assert len(said) == len(before)
    both = zip(said, before, after, strict=True)
    assert said == [new if line == new else old for line, old, new in both]


def test_the_shell_reads_pages_records_and_sees_errors(demo: Demo) -> None:
    node.require("curl", "jq")
    tells(demo, "curl", lambda: _shell(demo))


def _shell(demo: Demo) -> list[str]:
    peak, (start, end) = demo.busiest(), demo.window()
    return [
        "# Trend: the day with the most users",
        f'{{"id":"{demo.tenants["EXIST"]}","name":"Exist Contact Centers",'
        f'"billingTrend":{{"peak":{{"date":"{peak}","maxUsers":2000}}}}}}',
        "# Report of that day: the number, and who they were, page by page",
        '{"maxUsers":2000,"first":"User1","count":900}',
        '{"maxUsers":2000,"first":"User1809","count":900}',
        '{"maxUsers":2000,"first":"User819","count":200}',
        "# Recording logins: a bad one is refused; sent again, nothing changes",
        '{"recorded":2,"counted":2,"rejected":1,"userErrors":'
        '[{"code":"OUT_OF_WINDOW","field":["input","logins","2","at"]}]}',
        '{"recorded":2,"counted":0,"rejected":1,"userErrors":'
        '[{"code":"OUT_OF_WINDOW","field":["input","logins","2","at"]}]}',
        "# An error: programs go by extensions.code",
        f'{{"message":"Billing can be viewed from {start} to {end}, both ends included.",'
        '"path":["billingReport"],'
        f'"extensions":{{"code":"DATE_OUT_OF_WINDOW","from":"{start}","to":"{end}"}}}}',
        "# Without a valid token: status 401, and JSON all the same",
        '{"message":"Sign in: send a valid access token or API key as'
        ' `Authorization: Bearer <token>`.",'
        '"extensions":{"code":"UNAUTHENTICATED"}}',
    ]


def test_python_audits_a_day_and_records_logins_in_batches(demo: Demo) -> None:
    tells(demo, "python", lambda: _python(demo))


def _python(demo: Demo) -> list[str]:
    start, _ = demo.window()
    start_of_yakan, _ = demo.window("YAKAN")
    return [
        f"EXIST had 2000 users on {demo.busiest()}, the first User1",
        "recorded 2499, newly counted 2499",
        "login 1500 refused, OUT_OF_WINDOW: The login is before the tenant's billing window,"
        f" which starts on {start_of_yakan}.",
        "sent again: newly counted 0",
        f"DATE_OUT_OF_WINDOW: ask from {start} on",
    ]


def test_typescript_is_strict_and_lists_reports_and_explains(demo: Demo) -> None:
    """`npm start` makes the types from schema.graphql and checks them before it runs anything."""
    node.install(EXAMPLES / "typescript")
    tells(demo, "typescript", lambda: _typescript(demo))


def _typescript(demo: Demo) -> list[str]:
    start, end = demo.window()
    return [
        "Exist Contact Centers (EXIST, 2f077c75-6d84-47df-8bdc-ca3590971479)",
        f"  most users: 2000 on {demo.busiest()}",
        "  the first: User1, User10, User100",
        "  all pages: 2000",
        f"  1 March 2019: Choose a date from {start} to {end}. [change the question]",
        "without a valid token: Your session has ended. [sign in]",
    ]


def test_a_gateway_joins_accounts_of_a_crm_with_billing(tmp_path: Path) -> None:
    node.install(EXAMPLES / "federation")

    with running(tmp_path, "--federation") as subgraph:
        tells(subgraph, "federation", lambda: _federation(subgraph))


def _federation(demo: Demo) -> list[str]:
    return [
        f"Exist Ltd (Ada) is Exist Contact Centers: 2000 users on {demo.busiest()}",
        f"Müller GmbH (Ben) is Müller & Söhne Maschinenbau: 35 users on {demo.busiest('MUELLER')}",
        "A lead: no billing",
        "asked of the CRM: 1 time",
    ]


@pytest.fixture
def client() -> ModuleType:
    spec = importlib.util.spec_from_file_location("client", EXAMPLES / "python/client.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["client"] = module
    spec.loader.exec_module(module)
    return module


def test_python_reads_the_same_users_in_one_page_and_in_three(
    demo: Demo, client: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client.Client(demo.url, demo.tokens["service"]) as asking:
        at_once = list(asking.users("EXIST", demo.sample_date))
        monkeypatch.setattr(client, "PAGE", 700)
        in_three = list(asking.users("EXIST", demo.sample_date))

    assert in_three == at_once
    assert [user.user_id for user in at_once] == sorted(f"User{n}" for n in range(1, 2001))


class Interrupted(httpx2.BaseTransport):
    """A way to the server on which the first two requests meet trouble, before or after the
    server did what they ask."""

    def __init__(self) -> None:
        self.way = httpx2.HTTPTransport()
        self.sent = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent += 1
        match self.sent:
            case 1:
                error = {"message": "Try again.", "extensions": {"code": "UNAVAILABLE"}}
                return httpx2.Response(503, json={"errors": [error]}, headers={"Retry-After": "0"})
            case 2:
                self.way.handle_request(request).read()
                raise httpx2.ReadError("The connection broke before the answer.")
            case _:
                return self.way.handle_request(request)

    def close(self) -> None:
        self.way.close()


def test_python_sends_again_what_was_interrupted_and_nothing_counts_twice(
    demo: Demo, client: ModuleType
) -> None:
    noon = datetime.combine(demo.sample_date, time(12), ZoneInfo("Asia/Tokyo"))
    logins = [client.Login("anna", noon), client.Login("", noon)]
    way = Interrupted()
    with client.Client(demo.url, demo.tokens["service"], patience=0.01, transport=way) as asking:
        outcome = asking.record("YAKAN", logins)
        users = [user for user in asking.users("YAKAN", demo.sample_date) if user.user_id == "anna"]

    assert way.sent == 4
    refused = client.Rejected(1, "BLANK", "The user ID is empty.")
    assert outcome == client.Recorded(recorded=1, counted=0, rejected=(refused,))
    assert users == [client.User("anna", noon, noon)]


@pytest.mark.parametrize(
    ("response", "code"),
    [
        (httpx2.Response(503, html="<p>", headers={"Retry-After": "Thu, 26 Nov 2026 08:05:00 GMT"}),
         "UNAVAILABLE"),
        (httpx2.Response(502, json={"detail": "x"}), "UNAVAILABLE"),
        (httpx2.Response(200, text="{", headers={"Content-Type": "application/json"}),
         "INTERNAL_SERVER_ERROR"),
        (httpx2.Response(200, json=["x"]), "INTERNAL_SERVER_ERROR"),
    ],
)  # fmt: skip
def test_python_refuses_what_a_proxy_answers(
    client: ModuleType, response: httpx2.Response, code: str
) -> None:
    way = httpx2.MockTransport(lambda _request: response)
    asking = client.Client("http://here", "token", tries=2, patience=0.01, transport=way)

    with asking, pytest.raises(client.Refused) as refused:
        asking.trend("EXIST")

    assert refused.value.code == code


def test_python_gives_up_on_what_stays_unavailable_or_is_refused(
    demo: Demo, client: ModuleType
) -> None:
    with (
        client.Client(demo.url, demo.tokens["service"], tries=1, transport=Interrupted()) as asking,
        pytest.raises(client.Refused) as unavailable,
    ):
        asking.trend("EXIST")
    with client.Client(demo.url, "wrong") as asking, pytest.raises(client.Refused) as unknown:
        asking.trend("EXIST")
    with client.Client(demo.url, demo.tokens["service"]) as asking, pytest.raises(LookupError):
        asking.trend("NAVPIGIA")

    assert (unavailable.value.code, unknown.value.code) == ("UNAVAILABLE", "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("name", "token", "said"),
    [
        *((name, "wrong", "UNAUTHENTICATED") for name in ("curl", "python", "typescript")),
        *((name, "", "token") for name in ("curl", "python", "typescript")),
        *((name, "{landlord}", "FORBIDDEN") for name in ("curl", "python")),
    ],
)
def test_an_example_with_a_token_that_will_not_do_says_so_and_fails(
    name: str, token: str, said: str, demo: Demo
) -> None:
    if name == "curl":
        node.require("curl", "jq")
    if name == "typescript":
        node.install(EXAMPLES / name)
    [(command, _)] = _RUN.findall((EXAMPLES / name / "README.md").read_text())
    given = {"TOKEN": token.format(**demo.tokens)}

    outcome = subprocess.run(
        ["bash", "-c", command],
        cwd=EXAMPLES / name,
        env=demo.environment("service", **FOUND) | given,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert outcome.returncode == 1
    assert said in outcome.stderr
    assert "null" not in outcome.stdout + outcome.stderr
    assert not re.search(r"Traceback|^    at ", outcome.stderr, re.M)
