"""`headcount demo` as a process of its own, in a folder of its own."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2

from tests import command


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo tells of itself. `tokens` are by role, `tenants` are IDs by external ID, on
    `sample_date` every user logs in."""

    url: str
    tokens: Mapping[str, str]
    tenants: Mapping[str, str]
    sample_date: date

    def environment(self, role: str, **variables: str) -> dict[str, str]:
        """That of whoever follows a README: an address and a token, and no setting of a server."""
        return command.environment(None, URL=self.url, TOKEN=self.tokens[role], **variables)

    def ask(self, query: str, role: str = "landlord") -> dict[str, Any]:
        """The `data` of an answer."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        answer = httpx2.post(self.url, json={"query": query}, headers=headers).json()
        assert "errors" not in answer
        data: dict[str, Any] = answer["data"]
        return data

    def window(self, external_id: str = "EXIST") -> tuple[date, date]:
        """Report dates of a tenant that can be viewed."""
        query = (
            f'{{ tenant(by: {{externalId: "{external_id}"}}) {{ billingWindow {{ from to }} }} }}'
        )
        window = self.ask(query)["tenant"]["billingWindow"]
        return date.fromisoformat(window["from"]), date.fromisoformat(window["to"])

    def busiest(self, external_id: str = "EXIST") -> date:
        """The first date that can be viewed on which every user of a tenant logs in."""
        start, end = self.window(external_id)
        dates = (start + timedelta(days=number) for number in range((end - start).days))
        return next(on for on in dates if on.day == 1)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Demo]:
    process = command.start("demo", "--port", "0", "--json", "--folder", folder, *options)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        tenants = {tenant["externalId"]: tenant["id"] for tenant in told["tenants"]}
        on = date.fromisoformat(told["sampleDate"])
        yield Demo(told["url"], told["tokens"], tenants, on)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def run(arguments: list[str | Path], folder: Path, environment: Mapping[str, str]) -> str:
    """What a client prints that ends well."""
    outcome = subprocess.run(
        arguments,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout
