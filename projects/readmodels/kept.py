"""A few results kept for whoever asks next."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


def while_it_stands(
    tables: dict[Any, Any], kind: str, key: Hashable, make: Callable[[], Value], most: int
) -> Value:
    """A value worked out once for a snapshot (`Snapshot.tables`), which is gone with the next change.

    At most so many of a kind are kept: whoever walks through all days of a year pays for it.
    """
    own = (kind, key)
    if own in tables:
        found: Value = tables[own]
        return found
    value = make()
    if sum(1 for other in list(tables) if isinstance(other, tuple) and other[0] == kind) < most:
        tables[own] = value
    return value


class Kept(Generic[Value]):
    """The values used last, by key; at most so many. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made on first use. What `make` raises is raised and not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        # Made outside the lock: two threads may both make it, which costs no more than waiting.
        return self.put(key, make())

    def put(self, key: Hashable, value: Value) -> Value:
        """Keep this value from now on; returns it."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget everything (for tests)."""
        with self._lock:
            self._values.clear()

    def __len__(self) -> int:
        return len(self._values)
