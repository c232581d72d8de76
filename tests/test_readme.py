"""The README is true: its settings, codes, documents, commands and files are those there are."""

import json
import re
from pathlib import Path

import pytest
from graphql import parse, validate

from graph import settings
from graph.schema import schema
from graph.types.problem import ErrorCode

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE)


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> dict[str, list[str]]:
    """The rows of a section's table by their first cell, which is code."""
    found = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section(title), re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split(" | ")] for name, rest in found}


def test_every_setting_stands_in_the_readme_with_its_default_and_help() -> None:
    assert rows("Settings") == {
        row.variable: [f"`{row.default}`" if row.default else "", row.help]
        for row in settings.rows()
    }


def test_every_code_stands_in_the_readme_with_its_description() -> None:
    values = schema._schema.type_map["ErrorCode"].values  # type: ignore[attr-defined]

    assert rows("Errors") == {name: [values[name].description] for name in ErrorCode.__members__}


@pytest.mark.parametrize("document", blocks("graphql"))
def test_every_document_of_the_readme_is_valid(document: str) -> None:
    assert validate(schema._schema, parse(document)) == []


@pytest.mark.parametrize("answer", blocks("json"))
def test_every_answer_of_the_readme_is_json(answer: str) -> None:
    assert json.loads(answer)


def test_every_file_of_the_readme_is_there() -> None:
    named = re.findall(
        r"`((?:graph|resolvers|models|tests|examples|benchmarks)/[\w./-]*|[\w-]+\.(?:lock|py))`",
        README,
    )

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_target_of_the_readme_is_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"`?make ([a-z]+)", README))

    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.M)] == []


def test_every_decision_takes_five_lines_at_most() -> None:
    decisions = section("Decisions").strip().split("\n\n")

    assert [text for text in decisions if len(text.splitlines()) > 5] == []
