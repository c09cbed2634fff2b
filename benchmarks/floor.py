"""What does Python itself cost here, now?

The floor F is one `heappush` and one `heappop` on a heap of a thousand (float, int), one `dict`
set and one `dict` pop. Machines and moments differ, the ratio to F much less: so every figure is
taken in small pieces with a piece of F before and after, and quoted as a multiple of it. Times
are processor times of this thread: what other programs do meanwhile is not counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from statistics import median
from time import thread_time
from typing import TypeVar

__all__ = ["Floor", "against_floor"]

T = TypeVar("T")

SIZE = 1000


class Floor:
    """Measures F again and again on the same heap and dict."""

    def __init__(self, seed: int = 1) -> None:
        """Fill the heap and the dict."""
        rng = random.Random(seed)
        self._keys = [rng.random() for _ in range(SIZE)]
        self._heap = [(rng.random(), place) for place in range(SIZE)]
        heapify(self._heap)
        self._dict = {place: place for place in range(SIZE)}

    def measure(self) -> float:
        """Return the cost of one F in microseconds, over a thousand of them (under a millisecond)."""
        heap, table = self._heap, self._dict
        start = thread_time()
        for place, key in enumerate(self._keys):
            heappush(heap, (key, place))
            heappop(heap)
            table[place + SIZE] = place
            table.pop(place + SIZE)
        return (thread_time() - start) / SIZE * 1e6


def against_floor(
    prepare: Callable[[int], T], run: Callable[[T], None], pieces: int, size: int
) -> dict[str, float]:
    """Time *run* on what *prepare* made ready for *size* steps, in so many *pieces*.

    Returns the medians over the pieces: `us` a step, `f` (the ratio to the floor measured right
    before and after each piece), and `floor_us`. Preparing is not timed.
    """
    floor = Floor()
    costs, floors, ratios = [], [], []
    for _ in range(pieces):
        ready = prepare(size)
        before = floor.measure()
        start = thread_time()
        run(ready)
        cost = (thread_time() - start) / size * 1e6
        floors.append((before + floor.measure()) / 2)
        costs.append(cost)
        ratios.append(cost / floors[-1])
    return {"us": median(costs), "f": median(ratios), "floor_us": median(floors)}
