"""A bounded mapping that forgets what was used longest ago."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    """At most `size` values, which together weigh at most `most`; the last one always fits."""

    def __init__(self, size: int, most: int) -> None:
        self._size = size
        self._most = most
        self._weight = 0
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Value | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        before = self._entries.pop(key, None)
        self._entries[key] = value, weight
        self._weight += weight - (before[1] if before else 0)
        while len(self._entries) > self._size or (
            self._weight > self._most and len(self._entries) > 1
        ):
            self._weight -= self._entries.popitem(last=False)[1][1]
