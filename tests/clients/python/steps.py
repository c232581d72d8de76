"""What every client is asked, and what it prints: pages of a report, a refusal, a missing token."""

import json
import os
from collections.abc import Callable
from datetime import date

URL = os.environ["URL"]
TOKEN = os.environ["TOKEN"]
DATE = date.fromisoformat(os.environ["DATE"])

# Max users, users in all, users of the page, the first of them, and where the next page begins.
Page = tuple[int, int, int, str, str | None]
Ask = Callable[[date, str | None], Page]
Failure = type[Exception] | tuple[type[Exception], ...]


def take(connect: Callable[[str], Ask], failure: Failure, code: Callable[..., str]) -> None:
    """`connect` takes a token; `code` reads the public code off a `failure`."""

    def code_of(ask: Ask, on: date) -> str:
        try:
            ask(on, None)
        except failure as error:
            return code(error)
        return "answered"

    ask, pages, after = connect(TOKEN), [], None
    while not pages or after:
        *page, after = ask(DATE, after)
        pages.append(page)
    refused = code_of(ask, date(2019, 3, 1))
    unknown = code_of(connect("wrong"), DATE)
    print(json.dumps({"pages": pages, "refused": refused, "unknown": unknown}))
