"""The explorer as a person at a browser has it, in front of `headcount demo`."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx2

from graph import graphiql
from graph.demo import subject
from tests import command
from tests import demo as demos
from tests.demo import Demo

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page, Request, Response

RUN = ".graphiql-execute-button"
ANSWER = ".result-window"
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"""
OTHERS_WORDS = (
    # Chromium's, on every refused request.
    "Failed to load resource: the server responded with a status of 401",
    # GraphiQL's library of dialogs', to GraphiQL.
    "Warning: Missing `Description` or `aria-describedby={undefined}` for {DialogContent}.",
)
"""What the console says that the page cannot help."""
SHOWS_ANSWER = """(answer) => {
    const shown = document.querySelector(".result-window .CodeMirror").CodeMirror.getValue();
    return shown === JSON.stringify(answer, null, 2);
}"""


@dataclass(frozen=True, slots=True)
class Service:
    demo: Demo
    database_url: str

    def ask(self, query: str, variables: dict[str, Any], role: str) -> Any:
        """The whole answer, as a program gets it."""
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {self.demo.tokens[role]}"}
        return httpx2.post(self.demo.url, json=body, headers=headers).json()

    def answers(self, role: str) -> dict[str, Any]:
        """Those to the page's examples, by their names."""
        values = self.first_values(role)
        answers = {}
        for query in graphiql.examples():
            [name] = re.findall(r"query (\w+)", query)
            needed = re.findall(r"\$(\w+):", query)
            answers[name] = self.ask(query, {key: values[key] for key in needed}, role)
        return answers

    def first_values(self, role: str = "landlord") -> dict[str, Any]:
        """What the page fills in where its link says nothing: the first billable tenants by name,
        and the first one's last dates that are over."""
        query = (
            "{ tenants(first: 5, filter: {billable: true})"
            " { nodes { externalId billingWindow { to } } } }"
        )
        found = self.demo.ask(query, role)["tenants"]["nodes"]
        names = [tenant["externalId"] for tenant in found]
        today = date.fromisoformat(found[0]["billingWindow"]["to"])
        yesterday, month_ago = (str(today - timedelta(days=days)) for days in (1, 30))
        return {
            "externalId": names[0],
            "externalIds": names,
            "date": yesterday,
            "from": month_ago,
            "to": yesterday,
        }

    @contextmanager
    def disabled(self, role: str) -> Iterator[None]:
        command.done("principal", "disable", subject(role), url=self.database_url)
        try:
            yield
        finally:
            command.done("principal", "enable", subject(role), url=self.database_url)


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    with demos.running(folder) as demo:
        yield Service(demo, f"sqlite://{folder}/demo.db")


@dataclass
class Explorer:
    """`answered` has one entry for each answer of the endpoint: token, operation and status;
    `foreign` the addresses that are not the service's; `faults` what the page should not say."""

    page: "Page"
    url: str
    tokens: dict[str, str]
    answered: list[tuple[str, str | None, int]] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def open(self, role: str | None = None, **values: str) -> None:
        """Follow a link as the demo prints it."""
        given = {"token": self.tokens[role], **values} if role else values
        self.page.goto(f"{self.url}#{urlencode(given)}" if given else self.url)

    def use(self, token: str) -> None:
        self.page.fill("#token", token)
        self.page.click("#use")

    def choose(self, tab: str) -> None:
        self.page.click(f".graphiql-tab-button:has-text('{tab}')")

    def run(self) -> Any:
        """The whole answer, once it stands in the window for answers."""
        with self.page.expect_response(_is_of_a_person) as response:
            self.page.click(RUN)
        answer = response.value.json()
        self.page.wait_for_function(SHOWS_ANSWER, arg=answer)
        return answer

    def shows(self, selector: str, text: str) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator(selector)).to_contain_text(text)

    def type_query(self, text: str) -> None:
        self.page.click(".graphiql-query-editor .CodeMirror")
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def kept(self) -> dict[str, str]:
        return self.page.evaluate("({...localStorage})")  # type: ignore[no-any-return]

    def kept_in_tab(self) -> dict[str, str]:
        return self.page.evaluate("({...sessionStorage})")  # type: ignore[no-any-return]

    def watch(self) -> None:
        self.page.add_init_script(TELL_VIOLATIONS)
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._console)

    def _request(self, request: "Request") -> None:
        service = urlsplit(self.url)
        if not request.url.startswith((f"{service.scheme}://{service.netloc}/", "data:")):
            self.foreign.append(request.url)

    def _response(self, response: "Response") -> None:
        request = response.request
        if request.method == "POST":
            token = request.headers["authorization"].removeprefix("Bearer ")
            operation = _body(request).get("operationName")
            self.answered.append((token, operation, response.status))

    def _console(self, said: "ConsoleMessage") -> None:
        # Chromium has more types than Playwright lists: "verbose" is how it speaks of forms.
        if said.type not in ("log", "info") and not said.text.startswith(OTHERS_WORDS):
            self.faults.append(said.text)


def _is_of_a_person(response: "Response") -> bool:
    """Neither the page's own question nor GraphiQL's for the schema."""
    if response.request.method != "POST":
        return False
    query = _body(response.request)["query"]
    return not any(name in query for name in ("query Explorer", "query IntrospectionQuery"))


def _body(request: "Request") -> Any:
    return json.loads(request.post_data or "{}")
