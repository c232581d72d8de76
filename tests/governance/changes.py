"""What changed in the schema since the last release, and what the changelog owes its readers."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    BreakingChangeType,
    DirectiveDefinitionNode,
    SafeChangeType,
    TypeDefinitionNode,
    build_schema,
    parse,
    print_ast,
    strip_ignored_characters,
)
from graphql.utilities.find_schema_changes import find_schema_changes


def owed(released: str, current: str, changelog: str) -> list[str]:
    """What the section Unreleased lacks: an entry that names the coordinate of each change, such
    as `Tenant.name`, and that says after "Upgrade:" what to do when the change is breaking."""
    if not is_release(released):
        return []  # No client has anything to upgrade from.
    entries = _unreleased(changelog)
    lacking = []
    for coordinate, breaking in changes(released, current).items():
        named = [entry for entry in entries if re.search(rf"`{coordinate}(?![\w.])", entry)]
        if not named:
            lacking.append(f"name `{coordinate}`")
        if breaking and not any(re.search(r"Upgrade: \w", entry) for entry in named):
            lacking.append(f"say how to upgrade from `{coordinate}`")
    return lacking


def is_release(sdl: str) -> bool:
    """Whether it holds a schema, and not only the comment from before the first release."""
    return strip_ignored_characters(sdl) != ""


def changes(old: str, new: str) -> dict[str, bool]:
    """The coordinates that were added, removed or changed, and which of them are breaking.

    A type that came or went stands for its members. Descriptions may change freely.
    """
    before, after = dict(_items(old)), dict(_items(new))
    found = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    found = {name for name in found if _owner(name) in before and _owner(name) in after}
    found |= {name for name in before.keys() ^ after.keys() if _owner(name) == name}
    breaking = dict.fromkeys(sorted(found), False)
    for kind, text in find_schema_changes(build_schema(old), build_schema(new)):
        about = [name for name in found if re.search(rf"(?<![\w.@]){name}(?!\w|\.\w)", text)]
        if not isinstance(kind, SafeChangeType) and not about:
            raise AssertionError(f"A change that no coordinate stands for: {text}")
        if isinstance(kind, BreakingChangeType):
            # A new type is at most what a broken field changed to.
            breaking |= {name: True for name in about if name in before or "." in name}
    return breaking


def _owner(coordinate: str) -> str:
    return coordinate.split(".")[0]


def _items(sdl: str) -> Iterator[tuple[str, str]]:
    """Each type, directive and member by its coordinate, as it is written without descriptions."""
    for definition in parse(sdl).definitions:
        assert isinstance(definition, TypeDefinitionNode | DirectiveDefinitionNode)
        at = "@" if isinstance(definition, DirectiveDefinitionNode) else ""
        name = f"{at}{definition.name.value}"
        members = [kind for kind in ("fields", "values") if hasattr(definition, kind)]
        yield name, _bare(definition, **dict.fromkeys(members, ()))
        for member in (member for kind in members for member in getattr(definition, kind)):
            yield f"{name}.{member.name.value}", _bare(member)


def _bare(node: Any, **instead: Any) -> str:
    if getattr(node, "arguments", None):
        instead["arguments"] = tuple(replace(it, description=None) for it in node.arguments)
    return print_ast(replace(node, description=None, **instead))


def _unreleased(changelog: str) -> list[str]:
    """The entries of the section, each in one line."""
    section = re.search(r"^## \[Unreleased\]$(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    entries = re.split(r"^- ", section[1], flags=re.MULTILINE)[1:] if section else []
    return [" ".join(entry.split()) for entry in entries]
