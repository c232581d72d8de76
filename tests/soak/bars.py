"""Which bars there are: those of every module beside this one that lists BARS."""

import pkgutil
from dataclasses import dataclass
from importlib import import_module

from tests.soak.bar import Bar

PACKAGE = "tests.soak"


@dataclass(frozen=True, slots=True)
class Located:
    """A bar, and where another process finds it."""

    module: str
    number: int
    bar: Bar

    @property
    def topic(self) -> str:
        return self.module.rpartition(".")[2]

    def is_called(self, name: str) -> bool:
        """By its module's name, or by any part of the threat's."""
        return name == self.topic or name.lower() in self.bar.threat.lower()


def found(package: str = PACKAGE) -> list[Located]:
    """All bars of a package, by module and then as listed there."""
    names = sorted(each.name for each in pkgutil.iter_modules(import_module(package).__path__))
    return [
        Located(f"{package}.{name}", number, bar)
        for name in names
        if name != "__main__"
        for number, bar in enumerate(bars_of(f"{package}.{name}"))
    ]


def bars_of(module: str) -> list[Bar]:
    return list(getattr(import_module(module), "BARS", ()))
