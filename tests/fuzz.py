"""Values and documents that nearly are what they should be, from a seed: as many as are wanted."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from random import Random
from uuid import UUID

from resolvers import cursors

_ODD = "\0\n\t\x7f\"'\\%_{}[]()$@:!|&#é\u0301\u202e\u2028\ufeff😀٣\uff190-+ZTeE.,;/~ "


def mangled(text: str, chance: Random, most: int = 3) -> str:
    """Some characters left out, doubled, swapped or replaced."""
    letters = list(text)
    for _ in range(chance.randint(0, most)):
        at = chance.randint(0, len(letters))
        match chance.randint(0, 4):
            case 0:
                letters[at : at + 1] = []
            case 1:
                letters[at:at] = chance.choice(_ODD)
            case 2:
                letters[at : at + 1] = chance.choice(_ODD)
            case 3:
                letters[at:at] = letters[at : at + chance.randint(1, 8)]
            case _:
                letters[at : at + 2] = reversed(letters[at : at + 2])
    return "".join(letters)


def _any_text(chance: Random) -> str:
    size = chance.choice([0, 1, 5, 36, 300])
    return "".join(chr(chance.choice([chance.randrange(128), chance.randrange(0xD800)]))
                   for _ in range(size))  # fmt: skip


def _uuid(chance: Random) -> str:
    return str(UUID(int=chance.getrandbits(128)))


def _date(chance: Random) -> str:
    year = chance.choice([0, 1, 1582, 1900, 2026, 2026, 9999, 10000])
    return f"{year:04}-{chance.randint(0, 13):02}-{chance.randint(0, 32):02}"


def _instant(chance: Random) -> str:
    zone = chance.choice(["Z", "+00:00", "-00:00", "+14:00", "-24:00", "", "+0100"])
    time = f"{chance.randint(0, 25):02}:{chance.randint(0, 60):02}:{chance.randint(0, 61):02}"
    return f"{_date(chance)}T{time}{chance.choice(['', '.1', '.123', '.123456789'])}{zone}"


def _cursor(chance: Random) -> str:
    """With a checksum that is right, and a place of whatever."""
    bound = chance.choice(["tenants NAME_ASC", "tenants NAME_DESC", "tenants EXTERNAL_ID_ASC"])
    parts = [_any_text(chance) if chance.random() < 0.5 else _uuid(chance) for _ in range(2)]
    return cursors.encode(bound, *parts[: chance.randint(0, 2)], *parts[: chance.randint(0, 1)])


#: How a good value of each kind looks, before it is mangled.
VALUES: Mapping[str, Callable[[Random], str]] = {
    "ID": _uuid,
    "UUID": _uuid,
    "Date": _date,
    "DateTime": _instant,
    "String": _any_text,
    "cursor": _cursor,
}

#: One place that takes a value of each kind.
PLACES = {
    "ID": 'tenant(by: {id: VALUE}) { billingReport(date: "2026-11-14") { maxUsers } }',
    "UUID": "tenants(first: 1, filter: {instanceIds: [VALUE]}) { totalCount }",
    "Date": 'billingReport(tenant: "$own", date: VALUE) { maxUsers users { totalCount } }',
    "String": "tenants(first: 1, filter: {search: VALUE, externalIds: [VALUE]}) { totalCount }",
    "cursor": (
        "tenants(first: 1, after: VALUE) { nodes { id } }"
        ' b: billingReport(tenant: "$own", date: "2026-11-14")'
        " { users(after: VALUE) { totalCount } }"
    ),
}


def request(kind: str, values: int, own: str, chance: Random) -> dict[str, object]:
    """A request with so many values of a kind, as literals or as variables."""
    make = VALUES[kind]
    texts = [
        _any_text(chance) if chance.random() < 0.1 else mangled(make(chance), chance)
        for _ in range(values)
    ]
    if kind == "DateTime":
        logins = [{"userId": mangled("ann", chance), "at": text} for text in texts]
        query = (
            "mutation ($input: LoginsRecordInput!) { loginsRecord(input: $input)"
            " { recorded userErrors { code } } }"
        )
        return {
            "query": query,
            "variables": {"input": {"tenant": {"id": own}, "logins": logins}},
        }
    place = PLACES[kind].replace("$own", own)
    if chance.random() < 0.5:
        fields = [place.replace("VALUE", json.dumps(text)) for text in texts]
        return {"query": _aliased(fields)}
    type_ = {"cursor": "String"}.get(kind, kind) + "!"
    fields = [place.replace("VALUE", f"$v{n}") for n in range(values)]
    declared = ", ".join(f"$v{n}: {type_}" for n in range(values))
    variables = {f"v{n}": text for n, text in enumerate(texts)}
    return {"query": f"query ({declared}) {_aliased(fields)}", "variables": variables}


#: Operations with variables at every place that takes one; what is sent for them need not fit.
OPERATIONS = (
    "query ($Int: Int, $Boolean: Boolean, $TenantOrder: TenantOrder!, $Date: Date!) {"
    " tenants(first: $Int, filter: {billable: $Boolean}, orderBy: $TenantOrder) { totalCount"
    " nodes { name billingReport(date: $Date) { maxUsers } } } }",
    "query ($Int: Int, $TenantFilter: TenantFilter, $cursor: String) {"
    " tenants(first: $Int, filter: $TenantFilter, after: $cursor) { nodes { name } } }",
    "query ($TenantBy: TenantBy!, $Date: Date!, $Int: Int) { tenant(by: $TenantBy) {"
    " billingReport(date: $Date) { users(first: $Int) { totalCount } } } }",
    "query ($ID: ID!, $Date: Date!, $Boolean: Boolean!) {"
    " billingReport(tenant: $ID, date: $Date) { maxUsers @include(if: $Boolean) date } }",
    "query ($ID: ID!, $Date: Date, $to: Date) {"
    " billingTrend(tenant: $ID, from: $Date, to: $to) { peak { maxUsers } } }",
    "mutation ($TenantBy: TenantBy!, $login: LoginInput!, $logins: [LoginInput!]!) {"
    " a: loginsRecord(input: {tenant: $TenantBy, logins: [$login]}) { recorded }"
    " b: loginsRecord(input: {tenant: $TenantBy, logins: $logins}) { recorded } }",
)


def shapeless(own: str, chance: Random) -> dict[str, object]:
    """An operation whose variables have values of any shape, or none."""
    query = chance.choice(OPERATIONS)
    names = re.findall(r"\$(\w+):", query)
    values = {name: _any_json(own, chance) for name in names if chance.random() < 0.9}
    return {"query": query, "variables": values}


_NAMES = ("billable", "search", "ids", "externalIds", "id", "externalId", "userId", "at", "first")


def _any_json(own: str, chance: Random, depth: int = 0) -> object:
    match chance.randint(0, 9 if depth < 3 else 7):
        case 0:
            return chance.choice([None, True, False])
        case 1:
            return chance.choice([0, 1, -1, 5, 500, 501, 2**31, -(2**31) - 1, 2**53, 2**63, 2**64])
        case 2:
            return chance.choice([0.0, 5.0, 5.5, -0.0, 1e308, 5e-324])
        case 3:
            return chance.choice(["", "5", "true", "null", "NAME_ASC", "EXTERNAL_ID_ASC", own])
        case 4 | 5:
            return "2026-11-14" if chance.random() < 0.5 else _date(chance)
        case 6:
            return mangled(chance.choice(list(VALUES.values()))(chance), chance)
        case 7:
            return own
        case 8:
            return [_any_json(own, chance, depth + 1) for _ in range(chance.randint(0, 3))]
        case _:
            names = chance.sample(_NAMES, chance.randint(0, 3))
            return {name: _any_json(own, chance, depth + 1) for name in names}


def _aliased(fields: list[str]) -> str:
    inner = " ".join(f"a{n}: {field.replace(' b: ', f' b{n}: ')}" for n, field in enumerate(fields))
    return f"{{ {inner} }}"


def broken(texts: Iterator[str], chance: Random) -> Iterator[dict[str, object]]:
    """Documents mangled, and sometimes with variables that they do not declare."""
    for text in texts:
        variables = {"v0": chance.choice([None, 1, "x", [], {}, 1e308, True])}
        yield {"query": mangled(text, chance, 6), "variables": variables}
