"""Questions that somebody could ask: chance picks fields from the schema and arguments from what
is the case, so that about as much is allowed as is not."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, TypeVar
from uuid import uuid4

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

from tests.authorisation.documents import Question, write
from tests.authorisation.evaluation import Field, Place
from tests.authorisation.facts import DAY, Caller, TenantFacts, World, text_of

Item = TypeVar("Item")

#: Fields that are not asked here, each for a reason.
NOT_ASKED = {
    "Query._service": "tells the schema and nothing of a tenant",
    # Who may look at a trail is asked here, what stands in it in tests/test_audit_over_http.py.
    **{
        f"{kind}.{name}": "every question adds to it"
        for kind, names in {
            "AuditConnection": "totalCount pageInfo nodes edges",
            "AuditEntryEdge": "cursor node",
            "AuditEntry": "id at action refusal principalName principalRole dates subjectName",
        }.items()
        for name in names.split()
    },
}

ZONES = (
    *("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Africa/Cairo"),
    *("Asia/Kathmandu", "America/Santiago"),
)
NAMES = ("Acme", "acme", "Beta", "Éclair", "Gamma Ltd", "gamma", "Zeta")
USERS = ("ann", "bob", "cid", "dan", "Eve", "😀")


class Questions:
    def __init__(
        self,
        schema: GraphQLSchema,
        world: World,
        caller: Caller,
        places: dict[str, Place],
        chance: Random,
    ) -> None:
        self.schema = schema
        self.world = world
        self.caller = caller
        self.places = places
        self.chance = chance
        self._left = 60
        self._bound: tuple[str, ...] = ()

    def query(self) -> Question:
        if self.chance.random() < 0.25:
            return self._plain_report()
        roots = sorted(self._fields_of("Query"))
        count = self.chance.choice([1, 1, 1, 2, 3])
        fields = [self._asked("Query", self.chance.choice(roots), 6) for _ in range(count)]
        return write(self.schema, "Query", _aliased(fields, self.chance), self.chance)

    def mutation(self) -> Question:
        names = sorted(self._fields_of("Mutation"))
        if self.caller.who.kind == "SERVICE_ACCOUNT" and not self._seldom():
            names = ["loginsRecord"]
        name = self.chance.choice(names)
        field = self._asked("Mutation", name, 5)
        return write(self.schema, "Mutation", (field,), self.chance)

    def _plain_report(self) -> Question:
        """What is asked most, and so what is most often answered by what is kept."""
        return self.report_of(self._of_billingReport())

    def report_of(self, report: dict[str, Any]) -> Question:
        """Of this tenant and date."""
        arguments = self._page(5000) if self._seldom() else {}
        nodes = Field("nodes", {}, (Field("userId"), Field("lastLoginAt")))
        users = Field("users", arguments, (Field("totalCount"), nodes))
        below = self.chance.choice([(users,), (users,), (Field("maxUsers"), users)])
        fields = (Field("billingReport", report, below),)
        return write(self.schema, "Query", fields, self.chance)

    # Fields

    def _fields_of(self, kind: str) -> dict[str, Any]:
        type_ = self.schema.type_map[kind]
        assert isinstance(type_, GraphQLObjectType)
        return {n: f for n, f in type_.fields.items() if f"{kind}.{n}" not in NOT_ASKED}

    def _selection(self, kind: str, depth: int) -> tuple[Field, ...]:
        chosen = []
        for name, definition in self._fields_of(kind).items():
            if is_leaf_type(get_named_type(definition.type)):
                if self.chance.random() < 0.5:
                    chosen.append(Field(name))
            elif depth and self._left > 0 and self.chance.random() < self._share_of(kind):
                times = 2 if definition.args and self.chance.random() < 0.2 else 1
                chosen += [self._asked(kind, name, depth) for _ in range(times)]
        self._left -= len(chosen)
        self.chance.shuffle(chosen)
        return _aliased(chosen or [Field("__typename")], self.chance)

    def _share_of(self, kind: str) -> float:
        return 0.9 if kind.endswith("Payload") else 0.45

    def _asked(self, kind: str, name: str, depth: int) -> Field:
        definition = self._fields_of(kind)[name]
        make: Callable[[], dict[str, Any]] | None = getattr(self, f"_of_{name}", None)
        made = make() if definition.args and make else {}
        arguments = {key: value for key, value in made.items() if key in definition.args}
        below = get_named_type(definition.type)
        if is_leaf_type(below):
            return Field(name, arguments)
        inner = "Tenant" if below.name == "_Entity" else below.name
        return Field(name, arguments, self._selection(inner, depth - 1))

    # Arguments by the field that takes them

    def _of_tenants(self) -> dict[str, Any]:
        order = self.chance.choice(["NAME_ASC", "NAME_DESC", "EXTERNAL_ID_ASC"])
        given: dict[str, Any] = {"orderBy": order} if self.chance.random() < 0.7 else {}
        self._bound = ("tenants", given.get("orderBy", "NAME_ASC"))
        return given | self._page(500) | self._sometimes("filter", self._filter)

    def _of_users(self) -> dict[str, Any]:
        return self._page(5000)

    def _of_tenant(self) -> dict[str, Any]:
        return {"by": self._by()}

    def _of_billingReport(self) -> dict[str, Any]:
        tenant, on = self._tenant(), self._date()
        # On Tenant too, where only the date is an argument.
        self._bound = ("users", tenant.id, on)
        return {"tenant": self._id(tenant), "date": on}

    def _of_billingTrend(self) -> dict[str, Any]:
        dates = {n: v for n in ("from", "to") for n, v in self._sometimes(n, self._date).items()}
        if len(dates) == 2 and self.chance.random() < 0.8:
            dates = dict(zip(("from", "to"), sorted(dates.values()), strict=True))
        return {"tenant": self._id(self._tenant()), **dates}

    def _of__entities(self) -> dict[str, Any]:
        given: list[Any] = [
            {"__typename": "Tenant", **self._by(), **(self._by() if self._seldom() else {})}
            for _ in range(self.chance.randint(0, 4))
        ]
        if self._seldom():
            given.append(self.chance.choice([{}, {"__typename": "Tenant"}, "x", {"id": "x"}]))
        return {"representations": given}

    def _of_tenantCreate(self) -> dict[str, Any]:
        given = {"name": self.chance.choice(NAMES), **self._identifiers(), **self._identifiers()}
        given |= {"externalId": self._external_id()} if "externalId" not in given else {}
        given |= {"instanceId": str(uuid4())} if "instanceId" not in given else {}
        given |= self._sometimes("billable", lambda: self.chance.random() < 0.8)
        return {"input": given | self._sometimes("timeZone", lambda: self.chance.choice(ZONES))}

    def _of_tenantUpdate(self) -> dict[str, Any]:
        name = self._sometimes("name", lambda: self.chance.choice(NAMES))
        return {"id": self._id(self._tenant()), "input": name | self._identifiers()}

    def _of_tenantSetBillable(self) -> dict[str, Any]:
        return {"id": self._id(self._tenant()), "billable": self.chance.random() < 0.7}

    def _of_tenantsAssign(self) -> dict[str, Any]:
        landlords = [p.id for p in self.world.principals.values() if p.kind == "LANDLORD"]
        others = [*self.world.principals, str(uuid4())]
        return {
            "tenantIds": [self._id(self._tenant()) for _ in range(self.chance.randint(0, 3))],
            "landlordId": self.chance.choice(others if self._seldom() else landlords),
        }

    _of_tenantsUnassign = _of_tenantsAssign

    def _of_loginsRecord(self) -> dict[str, Any]:
        tenant, by = self._tenant(), self._by()
        logins = [
            {"userId": self.chance.choice(USERS), "at": text_of(self.instant(tenant))}
            for _ in range(self.chance.randint(0, 4))
        ]
        return {"input": {"tenant": by, "logins": logins}}

    # Values

    def _seldom(self) -> bool:
        return self.chance.random() < 0.15

    def _sometimes(self, name: str, make: Callable[[], Any]) -> dict[str, Any]:
        return {name: make()} if self.chance.random() < 0.5 else {}

    def _page(self, most: int) -> dict[str, Any]:
        sizes = [0, 1, 1, 2, 2, 3, most, None, most + 1 if self._seldom() else 2]
        given = self._sometimes("first", lambda: self.chance.choice(sizes))
        cursors = [text for text, place in self.places.items() if place.bound == self._bound]
        if self._seldom():
            # Of another list, or of none.
            cursors = [*self.places, "bm90IGEgY3Vyc29y"]
        if cursors and self.chance.random() < 0.5:
            given["after"] = self.chance.choice(cursors)
        return given

    def _filter(self) -> dict[str, Any]:
        ids = [self._id(self._tenant()) for _ in range(3)]
        externals = [self._tenant().external_id for _ in range(3)]
        instances = [self._tenant().instance_id for _ in range(3)]
        choices: list[dict[str, Any]] = [
            {"search": self.chance.choice(["a", "AC", "ext", "mm", "zzz", "é", " "])},
            {"billable": self.chance.random() < 0.7},
            {"ids": ids},
            {"externalIds": externals},
            {"instanceIds": instances},
            {"ids": None, "search": None},
        ]
        picked = self.chance.sample(choices, self.chance.choice([0, 1, 1, 2]))
        return {name: value for each in picked for name, value in each.items()}

    def _tenant(self) -> TenantFacts:
        """More often one that the caller sees; sometimes one that does not exist."""
        everything = list(self.world.tenants.values())
        seen = [each for each in everything if self.world.sees(self.caller.who, each)]
        if seen and self.chance.random() < 0.6:
            billable = [each for each in seen if each.billable]
            return self.chance.choice(billable if billable and not self._seldom() else seen)
        if self._seldom():
            return TenantFacts(str(uuid4()), "", f"NONE-{uuid4()}", str(uuid4()), True, "UTC")
        return self.chance.choice(everything)

    def _id(self, tenant: TenantFacts) -> str:
        other = self.chance.choice(["", "nonsense", tenant.id.upper(), tenant.id.replace("-", "")])
        return other if self._seldom() else tenant.id

    def _by(self) -> dict[str, Any]:
        tenant = self._tenant()
        return self.chance.choice(
            [
                {"id": self._id(tenant)},
                {"externalId": tenant.external_id},
                {"instanceId": tenant.instance_id},
            ]
        )

    def _identifiers(self) -> dict[str, Any]:
        """New ones, sometimes those of another tenant."""
        other = self.chance.choice(list(self.world.tenants.values()))
        external = other.external_id if self._seldom() else self._external_id()
        instance = other.instance_id if self._seldom() else str(uuid4())
        return self._sometimes("externalId", lambda: external) | self._sometimes(
            "instanceId", lambda: instance
        )

    def _external_id(self) -> str:
        return f"EXT-{self.chance.randrange(10**9)}"

    def _date(self) -> str:
        tenant = self._tenant()
        first, last = self.world.window(tenant)
        recorded = [on for on in tenant.days if first <= on <= last]
        ends = [first - DAY, first, last, last + DAY]
        any_day = first + self.chance.randint(-20, 200) * DAY
        at = self.chance.random()
        on: date = any_day
        if recorded and at < 0.65:
            on = self.chance.choice(recorded)
        elif at < 0.9:
            on = self.chance.choice(ends)
        return str(on)

    def instant(self, tenant: TenantFacts) -> Any:
        """An instant at which somebody may log in, or may not."""
        spans: Sequence[timedelta] = [
            timedelta(milliseconds=-self.chance.randrange(5 * 86_400_000)),
            timedelta(milliseconds=-self.chance.randrange(190 * 86_400_000)),
            timedelta(milliseconds=self.chance.randrange(10 * 60_000)),
        ]
        return self.world.now + self.chance.choice(spans)


def _aliased(fields: Sequence[Field], chance: Random) -> tuple[Field, ...]:
    """Each with a key of its own."""
    keys: set[str] = set()
    named = []
    for place, each in enumerate(fields):
        alias = f"a{place}" if each.name in keys or chance.random() < 0.15 else None
        if each.name == "__typename":
            alias = None
        keys.add(each.name)
        named.append(Field(each.name, each.arguments, each.fields, alias))
    return tuple(named)
