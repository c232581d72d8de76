"""Counting what was let through in the last minute, in memory and by key.

A minute is twelve steps of five seconds, and what is counted is the running step with the twelve
before it: in no sixty seconds is more let through than the limit, wherever they begin, and what was
taken is given back after 60 to 65 seconds. Keys that nobody uses any more go when others come; no
timer and no thread looks for them.
"""

from math import ceil

STEP = 5.0
"""Seconds."""
STEPS = 12
MINUTE = int(STEP * STEPS)


class _Window:
    """One key. `total` is what `taken` in the running `step` and `earlier`, the steps before it in
    which there was something, add up to."""

    __slots__ = ("earlier", "step", "taken", "total")

    def __init__(self, step: int) -> None:
        self.step = step
        self.taken = 0
        self.total = 0
        self.earlier: list[tuple[int, int]] = []

    def move(self, step: int) -> None:
        if self.taken:
            self.earlier.append((self.step, self.taken))
        gone = 0
        for past, taken in self.earlier:
            if past >= step - STEPS:
                break
            self.total -= taken
            gone += 1
        del self.earlier[:gone]
        self.step, self.taken = step, 0


class Windows:
    """`limit` a minute for each key; of keys, the `most` used last."""

    def __init__(self, limit: int, most: int = 100_000) -> None:
        self.limit = limit
        self.most = most
        #: In the order of their steps, the oldest first.
        self._windows: dict[str, _Window] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def take(self, key: str, amount: int, now: float) -> int:
        """0 when the amount is let through, otherwise the seconds after which it may be; what is
        not let through does not count."""
        step = int(now // STEP)
        window = self._windows.get(key)
        # Requests come a little out of order, for their time is that of their beginning.
        if window is None or step > window.step or step < window.step - STEPS:
            window = self._turn(key, window, step)
        if window.total + amount > self.limit:
            return self._wait(window, amount, now)
        window.total += amount
        window.taken += amount
        return 0

    def _turn(self, key: str, window: _Window | None, step: int) -> _Window:
        """The key's window in a new step, as the last of all."""
        if window is None or step < window.step:
            # New, or the clock was set back.
            self._windows.pop(key, None)
            window = _Window(step)
            self._forget(step)
        else:
            del self._windows[key]
            window.move(step)
        self._windows[key] = window
        return window

    def _forget(self, step: int) -> None:
        """Make room for one: two that are over for each that comes keep them from piling up."""
        for _ in range(2):
            key = next(iter(self._windows), None)
            if key is None:
                return
            if self._windows[key].step >= step - STEPS and len(self._windows) < self.most:
                return
            del self._windows[key]

    def _wait(self, window: _Window, amount: int, now: float) -> int:
        """Until enough of what was taken is a minute ago."""
        left = window.total
        for step, taken in [*window.earlier, (window.step, window.taken)]:
            left -= taken
            if left + amount <= self.limit:
                return max(1, ceil((step + STEPS + 1) * STEP - now))
        return MINUTE
