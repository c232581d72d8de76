"""Texts from the wire."""


def storable(text: str) -> bool:
    """Whether a database could hold the text: asked for NUL or half a surrogate pair, SQLite and
    PostgreSQL fail, each in its own way, where the answer is that there is none."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
