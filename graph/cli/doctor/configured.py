"""What is configured, and where each value comes from; of secrets only what is none."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from graph.environment import file_variable_of
from graph.settings import Settings, secrets, shown, variable_of
from models.database import DatabaseUrl, InvalidDatabaseUrl

MASK = "***"
#: Whom a URL names, with the password.
_USER = re.compile(r"//[^/]*@")


@dataclass(frozen=True, slots=True)
class Configured:
    variable: str
    value: str
    source: str


def configured(settings: Settings, faulty: set[str]) -> Iterator[Configured]:
    """`faulty` are the variables whose value cannot be used, when they are set: it is not
    repeated either."""
    given = {name.upper() for name in os.environ}
    kept = {variable_of(name) for name in secrets()}
    for name in Settings.model_fields:
        variable = variable_of(name)
        source = "default"
        if variable in given:
            source = "environment"
        elif variable in kept and file_variable_of(variable) in given:
            source = f"file of {file_variable_of(variable)}"
        unusable = variable in faulty and source != "default"
        value = "cannot be used" if unusable else _told(getattr(settings, name))
        yield Configured(variable, value, source)


def _told(value: object) -> str:
    if isinstance(value, SecretStr):
        return _masked(value.get_secret_value())
    return _USER.sub(f"//{MASK}@", shown(value))


def _masked(secret: str) -> str:
    """Of a database's URL, where it is; of any other secret nothing."""
    try:
        url = DatabaseUrl.parse(secret)
    except InvalidDatabaseUrl:
        return MASK
    if url.file is not None:
        return secret
    of = url.credentials
    return f"postgresql://{MASK}@{of['host']}:{of['port']}/{of['database']}"
