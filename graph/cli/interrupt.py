"""Ctrl-C and SIGTERM at moments when it is safe to stop."""

import signal
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Both signals raise KeyboardInterrupt; while `postponed`, only afterwards. A second one is
    not put off."""

    def __init__(self) -> None:
        self._busy = False
        self._wanted = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupt":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def postponed(self) -> AbstractContextManager[None]:
        return _Postponed(self)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self._busy and not self._wanted:
            self._wanted = True
        else:
            raise KeyboardInterrupt


@dataclass(slots=True)
class _Postponed(AbstractContextManager[None]):
    interrupt: Interrupt

    def __enter__(self) -> None:
        self.interrupt._busy = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.interrupt._busy = False
        if kind is None and self.interrupt._wanted:
            raise KeyboardInterrupt
