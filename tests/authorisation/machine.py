"""A state machine over the served application: steps change who may see what, and ask. Every answer
is held against the oracle's, asked through compiled plans and through graphql-core alike."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from graph.federation import subgraph
from models import Principal, PrincipalStatus, Tenant
from resolvers import assignments, principals, tenants
from tests import tokens
from tests.authorisation import worlds
from tests.authorisation.documents import Question
from tests.authorisation.evaluation import Oracle, Place, Tally
from tests.authorisation.facts import (
    DAY,
    Caller,
    PrincipalFacts,
    TenantFacts,
    World,
    first_instant,
    local_date,
)
from tests.authorisation.oracle import FIELDS
from tests.authorisation.questions import Questions
from tests.http import Api, Clock, serve

#: Steps by name, the simplest first; those named more often are taken more often.
ACTIONS = (
    *("ask", "ask", "ask", "ask", "ask again", "ask again", "ask again", "change", "change"),
    *("change", "assign", "unassign", "switch", "flip", "record", "wait"),
)
CHANGING = ("LANDLORD", "LANDLORD", "SERVICE_ACCOUNT")
#: High enough that no document is refused for its size, nobody for the number of requests.
ROOMY: dict[str, Any] = {
    **dict.fromkeys(("max_tokens", "max_fields", "max_aliases", "max_directives"), 100_000),
    **{"max_nodes": 10**9, "max_depth": 50, "rate_limit": 0, "max_repeats": 10**9},
    # A busy machine is no refusal.
    "request_timeout": 60,
}


def runs(length: int) -> st.SearchStrategy[tuple[int, list[str]]]:
    """A seed and the names of the steps; all that they leave open follows from both together, as
    Hypothesis likes to draw a part again that it has drawn before."""
    steps = st.lists(st.sampled_from(ACTIONS), min_size=length, max_size=length)
    return st.tuples(st.integers(0, 2**32 - 1), steps)


@dataclass
class Machine:
    """The application twice, by compiled plans and by graphql-core, with one clock."""

    apis: Sequence[Api]
    clock: Clock
    tally: Tally = field(default_factory=Tally)
    steps: int = 0
    requests: int = 0

    @classmethod
    async def start(cls, stack: AsyncExitStack) -> "Machine":
        clock = Clock()
        apis = [
            await stack.enter_async_context(
                serve(clock, federation=True, compiler=compiler, **ROOMY)
            )
            for compiler in (True, False)
        ]
        return cls(apis, clock)

    async def play(self, seed: int, steps: Sequence[str]) -> None:
        await worlds.clear()
        self.clock.now = tokens.NOW
        chance = Random(repr((seed, steps)))
        run = Run(self, await worlds.make(chance))
        for step in steps:
            await getattr(run, f"_{step.replace(' ', '_')}")(chance)
            self.steps += 1


class Run:
    def __init__(self, machine: Machine, world: World) -> None:
        self.machine = machine
        self.world = world
        self.places: dict[str, Place] = {}
        self.asked: list[Question] = []

    # Asking

    async def _ask(self, chance: Random) -> None:
        caller = self._caller(chance)
        questions = Questions(subgraph._schema, self.world, caller, self.places, chance)
        question = questions.query()
        self.asked = [*self.asked[-9:], question]
        await self._compare(caller, question, self.machine.apis)

    async def _ask_again(self, chance: Random) -> None:
        """The same document with the same variables: what was kept of it must not be shown to
        others, nor when it has changed."""
        if not self.asked:
            return await self._ask(chance)
        for question in chance.sample(self.asked, min(2, len(self.asked))):
            await self._compare(self._caller(chance), question, self.machine.apis)
        return None

    async def _change(self, chance: Random) -> None:
        caller = self._caller(chance, *chance.choice([(), CHANGING, CHANGING]))
        questions = Questions(subgraph._schema, self.world, caller, self.places, chance)
        question = questions.mutation()
        if question.fields[0].name == "tenantCreate" and len(self.world.tenants) > 9:
            return
        await self._compare(caller, question, [chance.choice(self.machine.apis)])

    async def _compare(self, caller: Caller, question: Question, apis: Sequence[Api]) -> None:
        answers = []
        for api in apis:
            answer = await api.client.post(
                "/graphql",
                json={"query": question.text, "variables": question.variables},
                headers={"Authorization": f"Bearer {self._token(caller)}"},
            )
            answers.append((answer.status_code, answer.json()))
            self.machine.requests += 1
        expected = await self._expected(caller, question)
        for answer in answers:
            difference = self._difference(expected, answer)
            assert difference is None, (difference, caller, question.text, question.variables)
        assert all(_sorted(answer) == _sorted(answers[0]) for answer in answers), answers

    async def _expected(self, caller: Caller, question: Question) -> tuple[int, Any, list[Any]]:
        if caller.who.id not in self.world.principals or not caller.who.active:
            return 401, None, [([], {"code": "UNAUTHENTICATED"})]
        oracle = Oracle(
            FIELDS,
            self.world,
            caller,
            self.places,
            self.machine.tally,
            await _created(question),
        )
        data = oracle.answer(question.kind, question.fields)
        return 200, data, oracle.errors

    def _difference(self, expected: tuple[int, Any, list[Any]], answer: tuple[int, Any]) -> Any:
        """What is wrong with an answer, or None."""
        (status, data, errors), (their_status, body) = expected, answer
        if status != their_status:
            return f"status {their_status} instead of {status}: {body}"
        told = [(e.get("path", []), {**e["extensions"]}) for e in body.get("errors", [])]
        if len(errors) > 5:
            omitted = told[-1][1].pop("omitted", None)
            if len(told) != 5 or omitted != len(errors) - 5:
                return f"{len(told)} errors and {omitted} omitted of {len(errors)}"
            errors = [each for each in errors if each in told]
        if sorted(map(repr, told)) != sorted(map(repr, errors)):
            return f"errors {told} instead of {errors}"
        return self._unlike(data, body.get("data"), [])

    def _unlike(self, expected: Any, found: Any, path: list[str | int]) -> str | None:
        match expected:
            case Place() if isinstance(found, str):
                # Equal places have equal cursors, and no cursor stands for two places.
                known = self.places.setdefault(found, expected)
                same = [text for text, place in self.places.items() if place == expected]
                return None if known == expected and same == [found] else f"cursor at {path}"
            case dict() if isinstance(found, dict) and list(expected) == list(found):
                pairs = [(key, expected[key], found[key]) for key in expected]
            case list() if isinstance(found, list) and len(expected) == len(found):
                pairs = [(n, *both) for n, both in enumerate(zip(expected, found, strict=True))]
            case _:
                same_value = expected == found and type(expected) is type(found)
                return None if same_value else f"{found!r} instead of {expected!r} at {path}"
        differences = (self._unlike(ours, theirs, [*path, at]) for at, ours, theirs in pairs)
        return next((each for each in differences if each is not None), None)

    def _caller(self, chance: Random, *kinds: str) -> Caller:
        everybody = list(self.world.principals.values())
        who = chance.choice([each for each in everybody if not kinds or each.kind in kinds])
        if chance.random() < 0.03:
            who = PrincipalFacts("nobody", "LANDLORD", "nobody", "Nobody")
        if not who.active and chance.random() < 0.7:
            who = next((each for each in everybody if each.active), who)
        names = ["billing:read", "billing:users", "logins:write", "tenants:manage", "*"]
        scopes = {name for name in names if chance.random() < 0.75}
        return Caller(who, frozenset(scopes))

    def _token(self, caller: Caller) -> str:
        seconds = int(self.world.now.timestamp())
        return tokens.mint(
            sub=caller.who.subject,
            iat=seconds - 60,
            exp=seconds + 600,
            scope=" ".join(sorted(caller.scopes)) or None,
        )

    # Changing what is the case, as the operator's command does

    async def _assign(self, chance: Random) -> None:
        who, tenant = self._pair(chance)
        if who.kind != "TENANT_ADMINISTRATOR":
            row, principal = await _rows(tenant, who)
            await assignments.assign([row], principal, None, self.world.now)
            self.world.assigned.add((who.id, tenant.id))

    async def _unassign(self, chance: Random) -> None:
        pairs = sorted(self.world.assigned)
        if pairs:
            who, tenant = chance.choice(pairs)
            row, principal = await _rows(self.world.tenants[tenant], self.world.principals[who])
            caller = Caller(self.world.principals[who], frozenset({"billing:read"}))
            questions = Questions(subgraph._schema, self.world, caller, self.places, chance)
            today = local_date(self.world.now, row.time_zone)
            question = questions.report_of({"tenant": tenant, "date": str(today)})
            # A document that is known, asked right before and right after.
            for _ in range(2):
                await self._compare(caller, question, self.machine.apis)
            await assignments.unassign([row], principal, self.world.now)
            self.world.assigned.discard((who, tenant))
            await self._compare(caller, question, self.machine.apis)

    async def _switch(self, chance: Random) -> None:
        """Disable a principal, or enable one: of those that are disabled, if there are many."""
        everybody = list(self.world.principals.values())
        off = [each for each in everybody if not each.active]
        who = chance.choice(off if len(off) > 1 else everybody)
        who.active = not who.active
        status = PrincipalStatus.ACTIVE if who.active else PrincipalStatus.DISABLED
        await principals.set_status(await Principal.get(id=who.id), status)

    async def _flip(self, chance: Random) -> None:
        tenant = chance.choice(list(self.world.tenants.values()))
        tenant.billable = chance.random() < 0.75
        await tenants.set_billable(await Tenant.get(id=tenant.id), tenant.billable)

    async def _record(self, chance: Random) -> None:
        tenant = chance.choice(list(self.world.tenants.values()))
        await worlds.record(self.world, tenant, chance)
        await self._ask_around(tenant, chance)

    async def _ask_around(self, tenant: TenantFacts, chance: Random) -> None:
        """A known document, right before and right after somebody more is recorded on its date."""
        everybody = self.world.principals.values()
        seeing = [each for each in everybody if each.active and self.world.sees(each, tenant)]
        start, _ = self.world.window(tenant)
        if not seeing:
            return
        on = chance.choice([each for each in tenant.days if each >= start] or [start])
        caller = Caller(chance.choice(seeing), frozenset({"billing:read", "billing:users"}))
        questions = Questions(subgraph._schema, self.world, caller, self.places, chance)
        question = questions.report_of({"tenant": tenant.id, "date": str(on)})
        for _ in range(3):
            await self._compare(caller, question, self.machine.apis)
        await worlds.record_one(self.world, tenant, "late", first_instant(on, tenant.time_zone))
        await self._compare(caller, question, self.machine.apis)

    async def _wait(self, chance: Random) -> None:
        """A little, some weeks, or until just before or at a tenant's midnight."""
        tenant = chance.choice(list(self.world.tenants.values()))
        today = local_date(self.world.now, tenant.time_zone)
        midnight = first_instant(today + DAY, tenant.time_zone)
        later = [
            midnight - timedelta(milliseconds=1),
            midnight,
            self.world.now + timedelta(seconds=chance.randrange(3600)),
            self.world.now + timedelta(hours=chance.randrange(60 * 24)),
        ]
        self.world.now = max(self.world.now, chance.choice(later))
        self.machine.clock.now = self.world.now

    def _pair(self, chance: Random) -> tuple[PrincipalFacts, TenantFacts]:
        return (
            chance.choice(list(self.world.principals.values())),
            chance.choice(list(self.world.tenants.values())),
        )


def _sorted(answer: tuple[int, Any]) -> tuple[int, Any, list[str]]:
    """Which of two siblings fails first is a matter of time, and so is which of many are told."""
    status, body = answer
    told = body.get("errors", [])
    omitted = any("omitted" in each["extensions"] for each in told)
    return status, body.get("data"), [] if omitted else sorted(map(repr, told))


async def _rows(tenant: TenantFacts, who: PrincipalFacts) -> tuple[Tenant, Principal]:
    return await Tenant.get(id=tenant.id), await Principal.get(id=who.id)


async def _created(question: Question) -> str | None:
    """The ID that a tenant was given which this mutation may have made."""
    field = question.fields[0]
    if field.name != "tenantCreate":
        return None
    row = await Tenant.get_or_none(external_id=field.arguments["input"]["externalId"])
    return row and str(row.id)
