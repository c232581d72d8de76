"""What changing must do and answer, written anew from the description of the domain."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.authorisation.evaluation import Node, Oracle
from tests.authorisation.facts import TenantFacts, first_instant


def user_error(code: str, message: str, *path: str) -> Node:
    return Node("UserError", {"code": code, "message": message, "field": list(path)})


def changed(kind: str, tenant: TenantFacts | None, *problems: Node) -> Node:
    return Node(
        kind,
        {"tenant": tenant and Node("Tenant", tenant), "userErrors": list(problems)},
    )


def taken(o: Oracle, given: Mapping[str, Any], own: str | None) -> list[Node]:
    others = [each for each in o.world.tenants.values() if each.id != own]
    names = {
        "externalId": [each.external_id for each in others],
        "instanceId": [each.instance_id for each in others],
    }
    return [
        user_error("TAKEN", f"Another tenant has this {name}.", "input", name)
        for name, known in names.items()
        if given.get(name) in known
    ]


def tenant_create(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("tenants:manage")
    given = arguments["input"]
    if problems := taken(o, given, None):
        return changed("TenantCreatePayload", None, *problems)
    made = TenantFacts(
        str(o.created),
        given["name"],
        given["externalId"],
        given["instanceId"],
        given.get("billable", False),
        given.get("timeZone", "UTC"),
    )
    o.world.tenants[made.id] = made
    o.world.assigned.add((o.caller.who.id, made.id))
    return changed("TenantCreatePayload", made)


def tenant_update(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("tenants:manage")
    found, given = o.hold({"id": arguments["id"]}), arguments["input"]
    if problems := taken(o, given, found.id):
        return changed("TenantUpdatePayload", None, *problems)
    found.name = given.get("name", found.name)
    found.external_id = given.get("externalId", found.external_id)
    found.instance_id = given.get("instanceId", found.instance_id)
    return changed("TenantUpdatePayload", found)


def tenant_set_billable(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("tenants:manage")
    found = o.hold({"id": arguments["id"]})
    found.billable = arguments["billable"]
    return changed("TenantSetBillablePayload", found)


def assignment(
    kind: str, change: Callable[[set[tuple[str, str]], set[tuple[str, str]]], None]
) -> Any:
    def resolve(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
        o.needs("tenants:assign")
        named = [o.find({"id": text}) for text in arguments["tenantIds"]]
        problems = [
            user_error(
                "NOT_FOUND",
                "There is no such tenant among those you may see.",
                "tenantIds",
                str(place),
            )
            for place, found in enumerate(named)
            if found is None
        ]
        landlord = o.world.principals.get(arguments["landlordId"])
        if landlord is None or landlord.kind != "LANDLORD" or not landlord.active:
            message = "There is no active landlord with this ID."
            problems.append(user_error("NOT_FOUND", message, "landlordId"))
        held = [found for found in named if found is not None]
        if problems or landlord is None:
            return Node(kind, {"tenants": [], "userErrors": problems})
        change(o.world.assigned, {(landlord.id, each.id) for each in held})
        return Node(kind, {"tenants": [Node("Tenant", t) for t in held], "userErrors": []})

    return resolve


def logins_record(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("logins:write")
    given = arguments["input"]
    found = o.hold(given["tenant"])
    start = o.world.window(found)[0]
    counted, problems = 0, []
    for place, login in enumerate(given["logins"]):
        at, path = datetime.fromisoformat(login["at"]), ("input", "logins", str(place), "at")
        if at > o.world.now + timedelta(minutes=5):
            message = "The login is more than 5 minutes in the future."
            problems.append(user_error("IN_FUTURE", message, *path))
        elif at < first_instant(start, found.time_zone):
            message = f"The login is before the tenant's billing window, which starts on {start}."
            problems.append(user_error("OUT_OF_WINDOW", message, *path))
        else:
            counted += found.record(login["userId"], at)
    return Node(
        "LoginsRecordPayload",
        {
            "recorded": len(given["logins"]) - len(problems),
            "counted": counted,
            "rejected": len(problems),
            "userErrors": problems,
        },
    )
