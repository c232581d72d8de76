"""Objects whose attributes follow from a seed, a share of them faults."""

import datetime as dt
import decimal
import enum
import random
from typing import Any

import strawberry


@strawberry.enum
class Color(enum.Enum):
    RED = "r"
    GREEN = "g"
    BLUE = strawberry.enum_value(3, name="AZURE")


class Text(str):
    """A string that is not exactly a string."""

    __slots__ = ()


class Odd:
    def __repr__(self) -> str:
        return "odd"

    __str__ = __repr__


# Values for an attribute of each kind: usual ones, unusual ones that coerce, and faults.
USUAL: dict[str, list[Any]] = {
    "text": ["", "a", 'Zoë \u2028 "quoted" \\ {0} {v1} %s', "x" * 50],
    "key": ["1", "abc", "'); import os #"],
    "number": [0, 1, -7, 2**31 - 1, -(2**31)],
    "ratio": [0.0, 1.5, -2.25, 1e300],
    "flag": [True, False],
    "color": list(Color),
    "instant": ["2019-03-01T00:00:00Z", dt.datetime(2019, 3, 1, tzinfo=dt.UTC)],
    "money": [decimal.Decimal("1.50"), decimal.Decimal(0)],
    "anything": [{"a": [1, None]}, [1], "x", 3],
}
UNUSUAL: dict[str, list[Any]] = {
    "text": [5, 1.5, True, Text("t"), Odd()],
    "key": [7, 2.0, Text("k"), Odd()],
    "number": [True, "12", 3.0, decimal.Decimal(4)],
    "ratio": [3, True, "1.25", decimal.Decimal("0.5")],
    "flag": [1, 0, 2.5],
    "color": ["r", 3],
    "instant": [Text("2020-02-29T00:00:00Z")],
    "money": ["2.5"],
    "anything": [(1, 2), {}],
}
FAULTS: dict[str, list[Any]] = {
    "text": [None, b"bytes", [], ValueError("returned")],
    "key": [None, True, {}],
    "number": [None, 2**31, -(2**31) - 1, "x", 1.5, float("nan"), 2**80, [1]],
    "ratio": [None, float("nan"), float("inf"), "x", []],
    "flag": [None, "true", float("nan")],
    "color": [None, "purple", [], 17],
    "instant": [None, "2019", 5, Odd()],
    "money": [None, ZeroDivisionError("returned")],
    "anything": [ValueError("returned")],
}


class Source:
    """What fields read; the same key and share of faults always give the same values."""

    def __init__(self, key: str, faults: float) -> None:
        self.key_ = key
        self.faults = faults

    def value(self, kind: str, name: str) -> Any:
        dice = random.Random(f"{self.key_}.{name}")
        chance = dice.random()
        if chance < self.faults:
            return dice.choice(FAULTS[kind])
        return dice.choice(UNUSUAL[kind] if chance > 0.95 else USUAL[kind])

    def nullable(self, kind: str, name: str) -> Any:
        return (
            None if random.Random(f"{self.key_}?{name}").random() < 0.3 else self.value(kind, name)
        )

    def list_of(self, kind: str, name: str) -> Any:
        dice = random.Random(f"{self.key_}+{name}")
        if dice.random() < self.faults:
            return dice.choice([None, 5, "text", {"a": 1}, Odd(), iter([1])])
        values = [self.value(kind, f"{name}{i}") for i in range(dice.randrange(4))]
        return tuple(values) if dice.random() < 0.3 else values

    def other(self, name: str) -> Any:
        dice = random.Random(f"{self.key_}/{name}")
        if dice.random() < self.faults:
            return dice.choice([None, 5, {"text": "dict"}, KeyError("returned"), Odd()])
        cls = dice.choice([Slots, Plain, Proxy])
        return cls(f"{self.key_}/{name}", self.faults)

    def others(self, name: str) -> Any:
        dice = random.Random(f"{self.key_}*{name}")
        if dice.random() < self.faults:
            return dice.choice([None, 5, "text", Odd()])
        values = [self.other(f"{name}{i}") for i in range(dice.randrange(4))]
        return tuple(values) if dice.random() < 0.3 else values


class Reads:
    """The attributes as properties, for sources of every build."""

    text = property(lambda s: s.src.value("text", "text"))
    text_or_null = property(lambda s: s.src.nullable("text", "text_or_null"))
    key = property(lambda s: s.src.value("key", "key"))
    number = property(lambda s: s.src.value("number", "number"))
    number_or_null = property(lambda s: s.src.nullable("number", "number_or_null"))
    ratio = property(lambda s: s.src.value("ratio", "ratio"))
    flag = property(lambda s: s.src.value("flag", "flag"))
    color = property(lambda s: s.src.value("color", "color"))
    color_or_null = property(lambda s: s.src.nullable("color", "color_or_null"))
    instant = property(lambda s: s.src.value("instant", "instant"))
    instant_or_null = property(lambda s: s.src.nullable("instant", "instant_or_null"))
    money = property(lambda s: s.src.nullable("money", "money"))
    anything = property(lambda s: s.src.nullable("anything", "anything"))
    texts = property(lambda s: s.src.list_of("text", "texts"))
    numbers_or_null = property(lambda s: s.src.list_of("number", "numbers_or_null"))
    colors = property(lambda s: s.src.list_of("color", "colors"))
    child = property(lambda s: s.src.other("child"))
    child_or_null = property(lambda s: s.src.other("child_or_null"))
    children = property(lambda s: s.src.others("children"))
    children_or_null = property(lambda s: s.src.others("children_or_null"))
    grid = property(lambda s: [s.src.others("grid0"), s.src.others("grid1")])


class Slots(Reads):
    __slots__ = ("src",)

    def __init__(self, key: str, faults: float) -> None:
        self.src = Source(key, faults)


class Plain(Reads):
    def __init__(self, key: str, faults: float) -> None:
        self.src = Source(key, faults)


class Proxy:
    """Has no attribute until it is asked for."""

    def __init__(self, key: str, faults: float) -> None:
        self._hidden = Slots(key, faults)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._hidden, name)
