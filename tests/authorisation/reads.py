"""What reading must answer, written anew from the description of the domain.

The order of checks: scope or role, visibility, billable, window, then the field's own arguments.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tests.authorisation.evaluation import Node, Oracle, Place, Refused
from tests.authorisation.facts import DAY, TenantFacts, text_of


def size_of(arguments: Mapping[str, Any], usual: int, most: int) -> int:
    size = arguments.get("first")
    size = usual if size is None else size
    if not 0 <= size <= most:
        raise Refused("BAD_USER_INPUT")
    return int(size)


def page_info(has_next: bool, after: object, cursors: list[Place]) -> Node:
    return Node(
        "PageInfo",
        {
            "hasNextPage": has_next,
            "hasPreviousPage": after is not None,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    )


def viewer(o: Oracle, _source: Any, _arguments: Any) -> Node:
    return Node("Viewer", o.caller)


def tenants(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    order = arguments.get("orderBy", "NAME_ASC")
    size = size_of(arguments, 100, 500)
    after = o.place(("tenants", order), arguments.get("after"))
    where = arguments.get("filter") or {}
    found = [tenant for tenant in o.visible() if passes(tenant, where)]
    found.sort(key=lambda tenant: sort_key(tenant, order), reverse=order == "NAME_DESC")
    rest = found
    if after is not None and order == "NAME_DESC":
        rest = [tenant for tenant in found if sort_key(tenant, order) < after]
    elif after is not None:
        rest = [tenant for tenant in found if sort_key(tenant, order) > after]
    shown = rest[:size]
    cursors = [Place(("tenants", order), sort_key(tenant, order)) for tenant in shown]
    return Node(
        "TenantConnection",
        {
            "totalCount": len(found),
            "pageInfo": page_info(len(rest) > size, after, cursors),
            "nodes": [Node("Tenant", tenant) for tenant in shown],
            "edges": [
                Node("TenantEdge", {"cursor": cursor, "node": Node("Tenant", tenant)})
                for cursor, tenant in zip(cursors, shown, strict=True)
            ],
        },
    )


def passes(tenant: TenantFacts, where: Mapping[str, Any]) -> bool:
    search, billable = where.get("search"), where.get("billable")
    ids, external, instances = map(where.get, ("ids", "externalIds", "instanceIds"))
    return (
        (
            search is None
            or search.strip().casefold() in f"{tenant.name}\n{tenant.external_id}".casefold()
        )
        and (billable is None or tenant.billable is billable)
        and (ids is None or tenant.id in [text.lower() for text in ids])
        and (external is None or tenant.external_id in external)
        and (instances is None or tenant.instance_id in [text.lower() for text in instances])
    )


def sort_key(tenant: TenantFacts, order: str) -> tuple[str, str]:
    if order == "EXTERNAL_ID_ASC":
        return tenant.external_id, tenant.id
    return f"{tenant.name}\n{tenant.external_id}".casefold(), tenant.id


def tenant(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node | None:
    found = o.find(arguments["by"])
    return found and Node("Tenant", found)


def root_report(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("billing:read")
    found = o.hold({"id": arguments["tenant"]})
    if not found.billable:
        raise Refused("TENANT_NOT_BILLABLE")
    return report(o, found, arguments)


def root_trend(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> Node:
    o.needs("billing:read")
    found = o.hold({"id": arguments["tenant"]})
    if not found.billable:
        raise Refused("TENANT_NOT_BILLABLE")
    return trend(o, found, arguments)


def tenant_report(o: Oracle, source: TenantFacts, arguments: Mapping[str, Any]) -> Node | None:
    o.needs("billing:read")
    return report(o, source, arguments) if source.billable else None


def tenant_trend(o: Oracle, source: TenantFacts, arguments: Mapping[str, Any]) -> Node | None:
    o.needs("billing:read")
    return trend(o, source, arguments) if source.billable else None


def report(o: Oracle, of: TenantFacts, arguments: Mapping[str, Any]) -> Node:
    on = date.fromisoformat(arguments["date"])
    first, last = o.world.window(of)
    if on < first or on > last:
        raise Refused("DATE_OUT_OF_WINDOW", **{"from": str(first), "to": str(last)})
    return Node("BillingReport", (of, on))


def trend(o: Oracle, of: TenantFacts, arguments: Mapping[str, Any]) -> Node:
    first, last = o.world.window(of)
    given = [
        None if arguments.get(name) is None else date.fromisoformat(arguments[name])
        for name in ("from", "to")
    ]
    if given[0] and given[1] and given[0] > given[1]:
        raise Refused("BAD_USER_INPUT")
    start = first if given[0] is None or given[0] < first else given[0]
    end = last if given[1] is None or given[1] > last else given[1]
    if start > end:
        raise Refused("DATE_OUT_OF_WINDOW", **{"from": str(first), "to": str(last)})
    dates = [start + n * DAY for n in range((end - start).days + 1)]
    counts = [len(of.days.get(on, {})) for on in dates]
    points = [
        Node("DailyMaxUsers", {"date": str(on), "maxUsers": users})
        for on, users in zip(dates, counts, strict=True)
    ]
    return Node(
        "BillingTrend",
        {
            "range": Node("DateRange", {"from": str(start), "to": str(end)}),
            "points": points,
            "peak": points[counts.index(max(counts))] if any(counts) else None,
            "distinctUsers": len({user for on in dates for user in of.days.get(on, {})}),
            "userDays": sum(counts),
        },
    )


def users(o: Oracle, source: tuple[TenantFacts, date], arguments: Mapping[str, Any]) -> Node:
    o.needs("billing:users")
    of, on = source
    bound = ("users", of.id, str(on))
    size = size_of(arguments, 1000, 5000)
    after = o.place(bound, arguments.get("after"))
    known = of.days.get(on, {})
    rest = sorted(user for user in known if after is None or user > after[0])
    shown = rest[:size]
    cursors = [Place(bound, (user,)) for user in shown]
    nodes = [
        Node(
            "BilledUser",
            {
                "userId": user,
                "firstLoginAt": text_of(known[user][0]),
                "lastLoginAt": text_of(known[user][1]),
            },
        )
        for user in shown
    ]
    return Node(
        "BilledUserConnection",
        {
            "totalCount": len(known),
            "pageInfo": page_info(len(rest) > size, after, cursors),
            "nodes": nodes,
            "edges": [
                Node("BilledUserEdge", {"cursor": cursor, "node": node})
                for cursor, node in zip(cursors, nodes, strict=True)
            ],
        },
    )


def entities(o: Oracle, _source: Any, arguments: Mapping[str, Any]) -> list[Node | Refused | None]:
    return [entity(o, each) for each in arguments["representations"]]


def entity(o: Oracle, given: Any) -> Node | Refused | None:
    if not isinstance(given, dict) or given.get("__typename") != "Tenant":
        return Refused("BAD_USER_INPUT")
    keys = {name: text for name, text in given.items() if name != "__typename"}
    if not keys or not keys.keys() <= {"id", "externalId", "instanceId"}:
        return Refused("BAD_USER_INPUT")
    named = [o.find({name: text}) for name, text in keys.items()]
    if any(other is not named[0] for other in named):
        return Refused("BAD_USER_INPUT")
    return named[0] and Node("Tenant", named[0])
