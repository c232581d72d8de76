"""The schema, and the schema with what somebody might do to it."""

from pathlib import Path

SDL = (Path(__file__).parents[2] / "schema.graphql").read_text(encoding="utf-8")


def planted(*edits: tuple[str, str]) -> str:
    """The schema with edits, each of which has exactly one place."""
    sdl = SDL
    for old, new in edits:
        assert sdl.count(old) == 1, old
        sdl = sdl.replace(old, new)
    return sdl
