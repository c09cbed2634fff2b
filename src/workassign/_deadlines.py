"""What is due next?

Timers with a fixed delay stand in lanes, first in first out: arming costs one append and
firing one pop. All others share a heap. A timer that no longer counts is not searched for: it is
dropped when it comes to the front, so what is armed must be able to say whether it still counts.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeAlias

from workassign.model import LATEST, Instant

# Kinds of timers; of those due at one instant the lower kind goes first.
WRAP_UP, OFFER, SLA, REST, RETRY, STICKY, GRACE, CLOCK, AGE, BREACH, STEP = range(11)
ROTATION, RESUME, LEASE, RAMP, SHIFT, BEAT, FORECAST, SURGE, BATCH, DELAY = range(11, 21)

__all__ = ["Deadlines", "Lane", "Timed", "Timer"]


class Timed(Protocol):
    """What can stand in a lane: due at `since + target`, for as long as it is `pending`."""

    @property
    def since(self) -> Instant:
        """When the delay began."""

    @property
    def target(self) -> float | None:
        """The delay, seconds."""

    @property
    def pending(self) -> bool:
        """Whether the timer still counts."""

    @property
    def again(self) -> bool:
        """Whether `since` has been set anew: then it stands in no lane, not even where it once stood."""


class Lane:
    """Timers of one kind and one delay, in the order in which they were armed."""

    __slots__ = ("delay", "items", "kind")

    def __init__(self, kind: int, delay: float) -> None:
        self.kind = kind
        self.delay = delay
        self.items: deque[Timed] = deque()

    def head(self) -> Timed | None:
        """Return the first that still counts, dropping the dead before it."""
        items, delay = self.items, self.delay
        while items:
            item = items[0]
            if item.pending and item.target == delay and not item.again:
                return item
            items.popleft()
        return None


class StepLane(Lane):
    """The first steps of what waits, due so long after it came in."""

    __slots__ = ()

    def head(self) -> Timed | None:
        """Return the first that is still to be taken, dropping the dead before it."""
        items = self.items
        while items:
            item: Any = items[0]
            if item.stands_still:
                return items[0]
            items.popleft()
        return None


Timer: TypeAlias = tuple[Instant, int, int, object]
"""Due, kind, number, subject. Among those due together the lower kind, then the lower number."""


class Deadlines:
    """Every timer of an engine. `bound` is never later than the earliest of them, nor than `LATEST`."""

    __slots__ = ("_counts", "_heap", "_lanes", "_number", "bound")

    def __init__(self, number: Callable[[int, Timed], int], counts: Callable[[Timer], bool]) -> None:
        """*number* tells a lane's timers of a kind apart; *counts* says whether a heap's one is alive."""
        self.bound: Instant = LATEST
        self._lanes: dict[tuple[int, float], Lane] = {}
        self._heap: list[Timer] = []
        self._number = number
        self._counts = counts

    def lane(self, kind: int, delay: float) -> Lane:
        """Return the lane for *kind* and *delay*."""
        key = (kind, delay)
        if key not in self._lanes:
            self._lanes[key] = (StepLane if kind == STEP else Lane)(kind, delay)
        return self._lanes[key]

    def arm(self, kind: int, item: Timed) -> None:
        """Arm a timer with a fixed delay. Cost: O(1), O(log n) where it is not the latest."""
        assert item.target is not None
        lane = self.lane(kind, item.target)
        last = lane.items[-1] if lane.items else None
        number = self._number(kind, item)
        early = last is not None and (item.since, number) < (last.since, self._number(kind, last))
        if early or item.again:
            self.later(item.since + item.target, kind, number, item)
            return
        lane.items.append(item)
        due = item.since + lane.delay
        if due < self.bound:
            self.bound = due

    def later(self, due: Instant, kind: int, number: int, subject: object) -> None:
        """Arm any other timer. Cost: O(log n)."""
        heapq.heappush(self._heap, (due, kind, number, subject))
        if due < self.bound:
            self.bound = due

    def next_wake(self) -> Instant:
        """Return when the next timer is due, `LATEST` if none is; `bound` is exact afterwards."""
        first = self._first()
        self.bound = LATEST if first is None else min(first[0], LATEST)
        return self.bound

    def pop(self, at: Instant) -> Timer | None:
        """Take out the first timer due at or before *at*; None if there is none."""
        first = self._first()
        if first is None or first[0] > at:
            self.bound = LATEST if first is None else min(first[0], LATEST)
            return None
        if self._heap and self._heap[0] is first:
            heapq.heappop(self._heap)
        else:
            for lane in self._lanes.values():
                if lane.kind == first[1] and lane.items and lane.items[0] is first[3]:
                    lane.items.popleft()
                    break
        return first

    def clear(self) -> None:
        """Forget every timer."""
        self._lanes.clear()
        self._heap.clear()
        self.bound = LATEST

    def _first(self) -> Timer | None:
        """Return the earliest timer that counts. Cost: O(lanes), and the dead that it drops."""
        heap = self._heap
        while heap and not self._counts(heap[0]):
            heapq.heappop(heap)
        first = heap[0] if heap else None
        for timer in self._heads():
            if first is None or timer[:3] < first[:3]:
                first = timer
        return first

    def _heads(self) -> Iterable[Timer]:
        for lane in self._lanes.values():
            item = lane.head()
            if item is not None:
                yield item.since + lane.delay, lane.kind, self._number(lane.kind, item), item
