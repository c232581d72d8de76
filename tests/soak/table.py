"""The README's table of bars, between two comments: a row for each bar there is, with the figure
that a run reached, or the one an earlier run did."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.soak.bar import Bar
from tests.soak.databases import NAMES
from tests.soak.runner import Measured

BEGIN = "<!-- soak: written by `make soak` -->"
END = "<!-- end of soak -->"
HEAD = "| threat or fault | bar | figure reached | met | date |\n|---|---|---|---|---|"
NOT_MEASURED = "not measured yet"

_BETWEEN = re.compile(f"{re.escape(BEGIN)}\n(.*?){re.escape(END)}", re.DOTALL)
_ROW = re.compile(r"^\| (.*) \|$")
_CELLS = re.compile(r"\s\|\s")


@dataclass(frozen=True, slots=True)
class Row:
    """Cells as they stand in the table."""

    threat: str
    bar: str
    figure: str = NOT_MEASURED
    met: str = ""
    date: str = ""

    @classmethod
    def of(cls, bar: Bar, measured: Sequence[Measured], date: str) -> "Row":
        figures = "<br>".join(
            f"{NAMES[each.kind]}: {_cell(each.figure.text)}"
            if each.kind
            else _cell(each.figure.text)
            for each in measured
        )
        met = "yes" if all(each.figure.met for each in measured) else "**no**"
        return cls(_cell(bar.threat), _cell(bar.bar), figures, met, date)

    @property
    def key(self) -> tuple[str, str]:
        """A bar whose words have changed is another one, and nobody has measured it."""
        return self.threat, self.bar

    def __str__(self) -> str:
        return f"| {self.threat} | {self.bar} | {self.figure} | {self.met} | {self.date} |"


def key_of(bar: Bar) -> tuple[str, str]:
    return _cell(bar.threat), _cell(bar.bar)


def read(text: str) -> tuple[list[Row], str]:
    """The rows, and the line about the last run."""
    found = _BETWEEN.search(text)
    if found is None:
        raise ValueError(f"There is no line {BEGIN} with a line {END} below it.")
    lines = found[1].splitlines()
    rows = [Row(*_CELLS.split(row[1])) for line in lines[3:] if (row := _ROW.match(line))]
    about = next((line for line in lines if line and not line.startswith("|")), "")
    return rows, about


def renewed(
    text: str,
    bars: Iterable[Bar],
    reached: Mapping[tuple[str, str], Row],
    about: str | None = None,
) -> str:
    """The text with a row for each of the bars, in their order: the one that was `reached`, else
    the one that stands there, else an empty one. Other rows go."""
    rows, earlier = read(text)
    standing = {row.key: row for row in rows}
    lines = [str(reached.get(key) or standing.get(key) or Row(*key)) for key in map(key_of, bars)]
    said = earlier if about is None else about
    between = "\n".join(["", HEAD, *lines, "", *([said, ""] if said else [])])
    return _BETWEEN.sub(lambda _: f"{BEGIN}\n{between}\n{END}", text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
