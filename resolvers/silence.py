from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from models.troubles import trouble

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Silence:
    """Of the database, towards one request: begins when it leaves a question unanswered.

    A request may be executed twice (`graph/execution/`). It must not wait twice, nor ask again in
    a moment when too much is asked already.
    """

    __slots__ = ("_reason",)

    def __init__(self) -> None:
        self._reason: Exception | None = None

    def ends(self, read: Callable[Given, Awaitable[Found]]) -> Callable[Given, Awaitable[Found]]:
        """The same, but for what it asks in vain."""

        async def asked(*args: Given.args, **kwargs: Given.kwargs) -> Found:
            if self._reason is not None:
                raise self._reason
            try:
                return await read(*args, **kwargs)
            except Exception as error:
                if trouble(error):
                    self._reason = error
                raise

        return asked
