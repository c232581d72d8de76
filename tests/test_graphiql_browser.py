"""The explorer in a real browser, behind its real policy, in front of the demo."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from graph.graphiql import assets
from resolvers.clock import system_clock
from tests import command, tokens
from tests.explorer import ANSWER, RUN, Explorer, Service, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REFUSED = "Token refused: it is not one of this service's, or its owner may not sign in."


def chromium() -> str | None:
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


def lacking() -> str | None:
    if find_spec("playwright") is None:
        return "playwright is not installed"
    if chromium() is None:
        return "no Chromium on the path"
    if assets.missing():
        return f"the explorer's files are not here; run {assets.REPAIR_COMMAND}"
    return None


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    if reason := lacking():
        if "CI" in os.environ:
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Not started where there is no browser to see it."""
    with serving(tmp_path_factory.mktemp("demo")) as service:
        yield service


@pytest.fixture
def explorer(browser: "Browser", service: Service) -> Iterator[Explorer]:
    """Whatever a test does, nothing foreign is asked, the policy is never violated, the console
    has no complaint and no token outlives the tab."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-US", timezone_id="UTC"
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    explorer = Explorer(context.new_page(), service.demo.url, dict(service.demo.tokens))
    explorer.watch()
    yield explorer
    stored = explorer.kept()
    context.close()
    assert (explorer.foreign, explorer.faults) == ([], [])
    held = {*explorer.tokens.values(), *(token for token, _, _ in explorer.answered)}
    assert not [key for key, value in stored.items() if any(token in value for token in held)]


def test_a_link_of_the_demo_leads_to_a_report_in_one_click(
    explorer: Explorer, service: Service
) -> None:
    on = str(service.demo.sample_date)
    explorer.open("landlord", externalId="EXIST", date=on)
    explorer.shows("#who", "Lena LundLandlord")
    # Good for 8 hours, so until a time of day even where that is tomorrow's.
    assert re.search(r"until \d\d:\d\d [AP]M$", explorer.page.inner_text("#who"))
    answer = explorer.run()

    report = answer["data"]["tenant"].pop("billingReport")
    users = [user["userId"] for user in report["users"].pop("nodes")]
    assert users == sorted(f"User{number}" for number in range(1, 2001))[:100]
    assert report["users"].pop("pageInfo")["hasNextPage"] is True
    assert report == {"date": on, "maxUsers": 2000, "users": {"totalCount": 2000}}
    assert answer["data"]["tenant"] == {
        "name": "Exist Contact Centers",
        "externalId": "EXIST",
        "instanceId": "2f077c75-6d84-47df-8bdc-ca3590971479",
    }
    assert explorer.page.url == service.demo.url


@pytest.mark.parametrize("role", ["landlord", "tenantAdministrator", "service", "otherLandlord"])
def test_every_example_runs_with_the_variables_it_was_given(
    role: str, explorer: Explorer, service: Service
) -> None:
    before = service.answers(role)
    explorer.open(role)
    shown = {}
    for name in ("Tenants", "BillingTrend", "JoinByExternalId", "BillingReport"):
        explorer.choose(name)
        shown[name] = explorer.run()
    after = service.answers(role)

    assert set(shown) == set(before)
    for name, answer in shown.items():
        assert list(answer) == ["data"]
        # Midnight comes somewhere every hour, and moves a billing window.
        assert answer in (before[name], after[name])


def test_a_link_may_bring_its_own_query_and_values(explorer: Explorer) -> None:
    query = "query Mine($externalId: String!) { tenant(by: {externalId: $externalId}) { name } }"
    explorer.open("landlord", query=query, externalId="MUELLER")

    assert explorer.run() == {"data": {"tenant": {"name": "Müller & Söhne Maschinenbau"}}}
    explorer.shows(".graphiql-tab-active", "Mine")


def test_a_link_opened_in_the_same_tab_is_followed(explorer: Explorer) -> None:
    explorer.open("landlord")
    explorer.shows("#who", "Landlord")
    explorer.open("tenantAdministrator")

    explorer.shows("#who", "Tomás AdminTenant Administrator")
    assert explorer.page.url == explorer.url


def test_another_token_reloads_the_schema_and_refills_the_examples(
    explorer: Explorer, service: Service
) -> None:
    explorer.open("landlord")
    before = explorer.run()["data"]["tenant"]["externalId"]
    explorer.use(explorer.tokens["tenantAdministrator"])
    explorer.shows("#who", "Tenant Administrator")
    after = explorer.run()["data"]["tenant"]["externalId"]

    assert (before, after) == (service.first_values()["externalId"], "EXIST")
    assert before != after
    assert [entry for entry in explorer.answered if entry[1] == "IntrospectionQuery"] == [
        (explorer.tokens["landlord"], "IntrospectionQuery", 200),
        (explorer.tokens["tenantAdministrator"], "IntrospectionQuery", 200),
    ]


def test_enter_in_the_field_uses_the_token(explorer: Explorer) -> None:
    explorer.open()
    explorer.page.fill("#token", f"Authorization: Bearer {explorer.tokens['service']} ")
    explorer.page.press("#token", "Enter")

    explorer.shows("#who", "Workforce planningService account")
    assert explorer.page.url == explorer.url


def test_a_refused_token_is_said_in_words_and_not_kept(explorer: Explorer) -> None:
    explorer.open()
    explorer.shows("#who", "No token yet.")
    another_issuers = tokens.mint(exp=int(system_clock().timestamp()) + 600)
    for token, words in {
        "wrong": REFUSED,
        "two words": "Token refused: it holds spaces or characters that no token has.",
        another_issuers: REFUSED,
    }.items():
        explorer.use(token)
        explorer.shows("#who", words)

    assert explorer.page.is_visible("#welcome")
    assert explorer.kept_in_tab() == {}
    assert explorer.answered == [("wrong", None, 401), (another_issuers, None, 401)]


@contextmanager
def production(folder: Path) -> Iterator[str]:
    """The URL of a service that trusts the issuer of tests/tokens.py and knows nobody."""
    environment = command.production(
        f"sqlite://{folder}/headcount.db", folder, HEADCOUNT_GRAPHIQL="true"
    )
    command.done("migrate", env=environment)
    log = folder / "log"
    with log.open("w") as stderr:
        process = command.start("serve", "--port", 0, env=environment, stderr=stderr)
        try:
            while not (listens := re.search(r"http://\S+/graphql", log.read_text())):
                assert process.poll() is None
                time.sleep(0.05)
            yield listens[0]
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_an_expired_token_is_said_to_be(explorer: Explorer, tmp_path: Path) -> None:
    lasting = tokens.mint(exp=int(system_clock().timestamp()) + 600)
    with production(tmp_path) as explorer.url:
        explorer.open()
        explorer.use(tokens.mint(iat=42000, exp=43200))
        explorer.shows("#who", "Token expired 1/1/1970, 12:00:00 PM. Paste a new one.")
        explorer.use(lasting)
        explorer.shows("#who", REFUSED)

    # What the service found; to the caller it says neither.
    lines = map(json.loads, (tmp_path / "log").read_text().splitlines())
    reasons = [line["reason"] for line in lines if "reason" in line]
    assert reasons == ["the token has expired", "the subject is unknown or disabled"]
    assert explorer.kept_in_tab() == {}


def test_a_token_that_ends_while_one_works_costs_nobody_their_query(
    explorer: Explorer, service: Service
) -> None:
    explorer.open("otherLandlord", query="query Mine { viewer { role } }")
    explorer.shows("#who", "Oleg OtherLandlord")
    with service.disabled("otherLandlord"):
        explorer.page.click(RUN)
        explorer.shows("#who", REFUSED)
        explorer.shows(ANSWER, REFUSED)

    assert explorer.page.is_visible(".graphiql-query-editor")
    assert explorer.run() == {"data": {"viewer": {"role": "LANDLORD"}}}


def test_the_token_ends_with_the_browser_tab_or_at_a_click(explorer: Explorer) -> None:
    explorer.open("landlord")
    explorer.run()
    explorer.page.reload()
    explorer.shows("#who", "Landlord")
    token = explorer.tokens["landlord"]
    holders = [key for key, value in explorer.kept_in_tab().items() if token in value]
    # GraphiQL writes what it holds half a second late.
    explorer.page.wait_for_timeout(700)
    lasting = explorer.kept()
    explorer.page.click("#forget")
    explorer.shows("#who", "No token yet.")
    explorer.page.wait_for_timeout(700)

    assert holders == ["headcount:token"]
    assert set(lasting) <= {
        f"graphiql:{name}"
        for name in ("theme", "docExplorerFlex", "editorFlex", "secondaryEditorFlex")
    }
    assert explorer.kept_in_tab() == {}


KEPT = """() => {
    const {tabs, activeTabIndex} = JSON.parse(sessionStorage.getItem("graphiql:tabState"));
    return tabs[activeTabIndex].query.startsWith("query Kept");
}"""


def test_a_query_survives_a_reload(explorer: Explorer) -> None:
    explorer.open("landlord")
    explorer.choose("Tenants")
    explorer.type_query("query Kept { viewer { role } }")
    explorer.shows(".graphiql-tab-active", "Kept")
    # GraphiQL writes what it holds half a second late.
    explorer.page.wait_for_function(KEPT)
    explorer.page.reload()

    explorer.shows(".graphiql-tab-active", "Kept")
    assert explorer.run() == {"data": {"viewer": {"role": "LANDLORD"}}}


def test_docs_completion_history_search_and_dialogs_work_under_the_policy(
    explorer: Explorer,
) -> None:
    page = explorer.page
    explorer.open("landlord")
    page.click("[aria-label='Show Documentation Explorer']")
    page.get_by_role("link", name="Query", exact=True).click()
    explorer.shows(".graphiql-plugin", "The authenticated caller.")
    explorer.run()
    page.click("[aria-label='Show History']")
    explorer.shows(".graphiql-plugin", "BillingReport")
    explorer.type_query("{ viewer { ")
    page.keyboard.press("Control+Space")
    explorer.shows(".CodeMirror-hints", "displayName")
    page.keyboard.type("dis")
    page.keyboard.press("Enter")
    explorer.shows(".graphiql-query-editor", "displayName")
    page.keyboard.press("Control+f")
    page.wait_for_selector(".CodeMirror-dialog")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+g")
    assert page.locator(".CodeMirror-dialog").count() == 0
    page.hover(".cm-property")
    page.wait_for_selector(".CodeMirror-info")
    for name in ("short keys", "settings"):
        page.click(f"[aria-label='Open {name} dialog']")
        page.wait_for_selector(".graphiql-dialog")
        page.keyboard.press("Escape")
        page.wait_for_selector(".graphiql-dialog", state="detached")


def test_a_chosen_theme_outlives_the_tab(explorer: Explorer) -> None:
    explorer.open("landlord")
    explorer.page.click("[aria-label='Open settings dialog']")
    explorer.page.click(".graphiql-dialog >> text=Dark")

    assert explorer.kept()["graphiql:theme"] == "dark"
    assert explorer.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(33, 42, 59)"
    )


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_page_fits_its_window(explorer: Explorer, size: tuple[int, int]) -> None:
    explorer.page.set_viewport_size({"width": size[0], "height": size[1]})
    explorer.open("landlord")
    explorer.run()

    assert explorer.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    ) == list(size)
