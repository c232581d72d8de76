"""Apollo's own composer and gateway join our subgraph with a CRM, over HTTP with a real token."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models import Principal, Tenant
from tests import factories, node
from tests.http import Api, Clock, serve

HERE = Path(__file__).parent
EXAMPLE = HERE.parent / "examples/federation"
DATE = "2026-11-14"
REPORT = "billingReport(date: $d) { maxUsers users(first: 10) { nodes { userId } } }"
#: The CRM lists its accounts; Headcount is asked for their tenants.
FROM_CRM = f"query ($d: Date!) {{ accounts {{ nodes {{ name tenant {{ name {REPORT} }} }} }} }}"
#: Headcount lists tenants; the CRM is asked for their managers.
FROM_HEADCOUNT = (
    f"query ($d: Date!) {{ tenants(first: 20) {{ nodes {{ name accountManager {REPORT} }} }} }}"
)


@dataclass
class CountingClock(Clock):
    """A request takes the time once."""

    requests: int = 0

    def __call__(self) -> Any:
        self.requests += 1
        return self.now


@pytest.fixture
async def counting(database: None) -> AsyncIterator[tuple[Api, CountingClock]]:
    clock = CountingClock()
    async with serve(clock, federation=True) as api:
        yield api, clock


@pytest.fixture(scope="session")
def node_modules() -> None:
    """What the example's gateway needs; skipped without npm, except under CI."""
    node.install(EXAMPLE)


async def join(api: Api, as_: Principal, token: str | None, **question: Any) -> dict[str, Any]:
    """What the gateway answers with this token; it was composed by somebody who has one."""
    sdl = await api.ask("{ _service { sdl } }", as_=as_)
    asked = {
        "sdl": sdl["data"]["_service"]["sdl"],
        "url": str(api.client.base_url.join("/graphql")),
        "token": token,
        "variables": {"d": DATE},
        **question,
    }
    gateway = await asyncio.create_subprocess_exec(
        "node",
        HERE / "gateway.mjs",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, trouble = await asyncio.wait_for(gateway.communicate(json.dumps(asked).encode()), 60)
    assert gateway.returncode == 0, trouble.decode()
    answer: dict[str, Any] = json.loads(out)
    return answer


async def twenty() -> list[Tenant]:
    rows = [await factories.tenant(name=f"Tenant {n:02}") for n in range(20)]
    for n, row in enumerate(rows):
        await factories.record(row, [f"user {n}", "ann"])
    return rows


def accounts(rows: Sequence[Tenant], key: str) -> list[dict[str, str]]:
    """The CRM's accounts of these tenants, in the opposite order."""
    names = {"externalId": "external_id", "instanceId": "instance_id"}
    return [
        {"name": f"Account {row.name}", "manager": f"Manager of {row.name}", "key": str(value)}
        for row in reversed(rows)
        for value in [getattr(row, names[key])]
    ]


def report(number: int) -> dict[str, Any]:
    users = [{"userId": "ann"}, {"userId": f"user {number}"}]
    return {"billingReport": {"maxUsers": 2, "users": {"nodes": users}}}


@pytest.mark.parametrize("key", ["externalId", "instanceId"])
async def test_twenty_tenants_of_a_crm_are_joined_by_one_request_to_each_side(
    counting: tuple[Api, CountingClock], node_modules: None, key: str
) -> None:
    api, clock = counting
    rows = await twenty()
    foreign = await factories.tenant(name="Foreign")
    landlord = await factories.landlord(*rows)
    crm = accounts([*rows, foreign], key)

    joined = await join(api, landlord, api.token(landlord), key=key, accounts=crm, query=FROM_CRM)

    assert joined == {
        "errors": [],
        "hints": [],
        "answer": {
            "data": {
                "accounts": {
                    "nodes": [
                        {"name": "Account Foreign", "tenant": None},
                        *(
                            {
                                "name": f"Account Tenant {n:02}",
                                "tenant": {"name": f"Tenant {n:02}", **report(n)},
                            }
                            for n in reversed(range(20))
                        ),
                    ]
                }
            },
            # So the gateway explains the null of the foreign tenant.
            "extensions": {
                "valueCompletion": [
                    {
                        "message": "Cannot return null for non-nullable field Tenant.name.",
                        "path": ["accounts", "nodes", 0, "tenant", "name"],
                        "extensions": {"code": "INVALID_GRAPHQL"},
                    }
                ]
            },
        },
        "crmRequests": 1,
    }
    assert clock.requests == 2  # The composer's and the gateway's.


@pytest.mark.parametrize("key", ["externalId", "instanceId"])
async def test_what_a_crm_knows_of_twenty_tenants_is_joined_by_one_request_to_each_side(
    counting: tuple[Api, CountingClock], node_modules: None, key: str
) -> None:
    api, clock = counting
    rows = await twenty()
    landlord = await factories.landlord(*rows)

    joined = await join(
        api,
        landlord,
        api.token(landlord),
        key=key,
        accounts=accounts(rows, key),
        query=FROM_HEADCOUNT,
    )

    assert joined == {
        "errors": [],
        "hints": [],
        "answer": {
            "data": {
                "tenants": {
                    "nodes": [
                        {
                            "name": f"Tenant {n:02}",
                            "accountManager": f"Manager of Tenant {n:02}",
                            **report(n),
                        }
                        for n in range(20)
                    ]
                }
            }
        },
        "crmRequests": 1,
    }
    assert clock.requests == 2


@pytest.mark.parametrize("who", ["nobody", "a stranger"])
async def test_the_gateway_shows_no_more_than_the_token_it_passes_on(
    counting: tuple[Api, CountingClock], node_modules: None, who: str
) -> None:
    api, _ = counting
    row = await factories.tenant()
    stranger = await factories.landlord()
    token = api.token(stranger) if who == "a stranger" else None
    crm = accounts([row], "externalId")

    joined = await join(api, stranger, token, key="externalId", accounts=crm, query=FROM_CRM)

    assert joined["answer"]["data"] == {
        "accounts": {"nodes": [{"name": f"Account {row.name}", "tenant": None}]}
    }
    codes = [error["extensions"]["code"] for error in joined["answer"].get("errors", [])]
    assert codes == ([] if who == "a stranger" else ["UNAUTHENTICATED"])


async def test_a_broken_row_of_the_crm_leaves_its_neighbours_joined(
    counting: tuple[Api, CountingClock], node_modules: None
) -> None:
    """The first is no UUID, which names nothing; the error of a window stands in its place."""
    api, _ = counting
    row = await factories.tenant(name="Own")
    landlord = await factories.landlord(row)
    broken = {"name": "Broken", "manager": "", "key": "nonsense"}
    crm = [broken, *accounts([row], "instanceId")]

    joined = await join(
        api,
        landlord,
        api.token(landlord),
        key="instanceId",
        accounts=crm,
        query=FROM_CRM,
        variables={"d": "1999-01-01"},
    )

    answer = joined["answer"]
    assert answer["data"] == {
        "accounts": {
            "nodes": [
                {"name": "Broken", "tenant": None},
                {"name": "Account Own", "tenant": {"name": "Own", "billingReport": None}},
            ]
        }
    }
    assert [(e["path"], e["extensions"]["code"]) for e in answer["errors"]] == [
        (["accounts", "nodes", 1, "tenant", "billingReport"], "DATE_OUT_OF_WINDOW")
    ]
