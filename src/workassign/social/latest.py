"""What came last? Values by name, so many of the latest, and no more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Latest"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Latest(Generic[K, V]):
    """Remembers values by name: those that were put there last. Cost: O(1) each.

    >>> latest = Latest[str, int](2)
    >>> for name, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
    ...     latest.put(name, value)
    >>> latest.get("a"), latest.get("b"), latest.take("c"), len(latest)
    (3, None, 4, 1)
    """

    def __init__(self, most: int) -> None:
        """Remember *most* of them."""
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._kept)

    def put(self, name: K, value: V) -> None:
        """Remember *value*, instead of what had that name."""
        self._kept[name] = value
        self._kept.move_to_end(name)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, name: K) -> V | None:
        """Return what has that name."""
        return self._kept.get(name)

    def take(self, name: K) -> V | None:
        """Return what has that name, and forget it."""
        return self._kept.pop(name, None)
