"""What comes first of all that counts still?"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Generic, TypeVar

__all__ = ["SPARE", "Earliest"]

E = TypeVar("E", bound=tuple[Any, ...])

SPARE = 4096
"""So many entries may be kept that count no more, and as many again as count."""


class Earliest(Generic[E]):
    """Entries `(instant, ...)`, of which any may come to count no more without a word.

    One that does not count is forgotten in time: whatever makes it count again has to push it again.
    """

    __slots__ = ("_counts", "_heap", "_limit")

    def __init__(self, counts: Callable[[E], bool]) -> None:
        self._counts = counts
        self._heap: list[E] = []
        self._limit = SPARE

    def push(self, entry: E) -> None:
        """Add *entry*. Cost: O(log n) on average; memory stays bounded, also if nobody asks."""
        heappush(self._heap, entry)
        if len(self._heap) > self._limit:
            # A set, for one may have been pushed again and again; and what is sorted is a heap.
            self._heap = sorted({each for each in self._heap if self._counts(each)})
            self._limit = 2 * len(self._heap) + SPARE

    def first(self) -> E | None:
        """Return the first that counts; None if none does. Cost: O(1), and O(log n) once for each other."""
        heap = self._heap
        while heap and not self._counts(heap[0]):
            heappop(heap)
        return heap[0] if heap else None

    def pop(self) -> None:
        """Take away the first."""
        heappop(self._heap)
