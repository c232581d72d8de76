"""What stands in the environment beside the settings' own values: names that are mistyped, and
files that hold secrets. Told as problems, which name variables and never their values."""

import os
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

PREFIX = "HEADCOUNT_"


class Problem(NamedTuple):
    """What is wrong with one variable, and what to do; goes on the variable's name."""

    variable: str
    text: str


def file_variable_of(variable: str) -> str:
    """Names the file that holds the variable's value, as containers are given secrets."""
    return f"{variable}_FILE"


def held_in_files(
    environment: Mapping[str, str], secrets: Mapping[str, str]
) -> tuple[dict[str, str], list[Problem]]:
    """Secrets that files hold, by name and without the line break at their end; `secrets` are the
    variables by name."""
    given = {name.upper(): value for name, value in environment.items()}
    held, problems = dict[str, str](), list[Problem]()
    for name, variable in secrets.items():
        file_variable = file_variable_of(variable)
        if file_variable not in given:
            continue
        if variable in given:
            problems.append(Problem(variable, f"and {file_variable} are both set: unset one"))
            continue
        try:
            held[name] = Path(given[file_variable]).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            problems.append(Problem(variable, f"is not in the file of {file_variable}: {reason}"))
    return held, problems


def put(variable: str, value: str) -> None:
    """Set it for this process and its children, however it was written so far."""
    for name in [name for name in os.environ if name.upper() == variable]:
        del os.environ[name]
    os.environ[variable] = value


def unknown(environment: Mapping[str, str], known: Collection[str]) -> list[Problem]:
    """Variables with our prefix that mean nothing."""
    return [
        Problem(name, _hint(name, known))
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _hint(name: str, known: Collection[str]) -> str:
    if re.match(rf"{PREFIX}(SERVICE_|PORT_\d)", name):
        return "comes from Kubernetes: set enableServiceLinks: false, or rename the Service"
    short = [each.removeprefix(PREFIX) for each in known]
    close = get_close_matches(name.upper().removeprefix(PREFIX), short, n=1, cutoff=0.8)
    return f"is unknown: did you mean {PREFIX}{close[0]}?" if close else "is unknown: remove it"


def sentence(message: str) -> str:
    """Pydantic's "Input should be ..." as what goes on a variable's name."""
    text = message.removeprefix("Value error, ")
    return text.replace("Input should be", "should be", 1)
