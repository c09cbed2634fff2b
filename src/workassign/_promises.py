"""Which SLA clocks run, and which target will be missed next?"""

from __future__ import annotations

import heapq

from workassign import events as ev
from workassign.model import Instant, InteractionId

__all__ = ["Promises", "Run"]


class Run:
    """One run of a clock, from its start to its end."""

    __slots__ = ("due", "missed", "queue")

    def __init__(self, queue: str, due: Instant | None) -> None:
        self.queue = queue
        """Where its interaction is."""
        self.due = due
        self.missed = due is None
        """The target was missed, in this run or in one that it goes on from."""


class Promises:
    """The runs of all clocks, and a heap of when they breach."""

    def __init__(self) -> None:
        self._runs: dict[InteractionId, dict[str, Run]] = {}
        self._heap: list[tuple[Instant, InteractionId, str]] = []

    def started(self, event: ev.ClockStarted, queue: str) -> None:
        """Take in a start."""
        self._runs.setdefault(event.interaction, {})[event.target] = Run(queue, event.due)
        self._push(event.due, event.interaction, event.target)

    def changed(self, event: ev.ClockPaused | ev.ClockResumed) -> None:
        """Take in a pause, or its end."""
        run = self._runs[event.interaction][event.target]
        run.due = event.due if isinstance(event, ev.ClockResumed) else None
        self._push(run.due, event.interaction, event.target)

    def missed(self, event: ev.SlaMissed) -> Run | None:
        """Take in a breach; None if it is not of a clock."""
        run = self._runs.get(event.interaction, {}).get(event.target)
        if run is not None:
            run.missed, run.due = True, None
        return run

    def ended(self, event: ev.ClockStopped | ev.ClockCancelled) -> Run:
        """Take in an end."""
        runs = self._runs[event.interaction]
        run = runs.pop(event.target)
        if not runs:
            del self._runs[event.interaction]
        return run

    def moved(self, interaction: InteractionId, queue: str) -> None:
        """Let the clocks of an interaction go along to another queue."""
        for run in self._runs.get(interaction, {}).values():
            run.queue = queue

    def next(self, queue: str | None = None) -> Instant | None:
        """Return when the next target will be missed. Cost: O(1); for one *queue*, O(clocks)."""
        heap = self._heap
        while heap and not self._counts(*heap[0]):
            heapq.heappop(heap)
        if queue is None:
            return heap[0][0] if heap else None
        here = (run for runs in self._runs.values() for run in runs.values() if run.queue == queue)
        return min((run.due for run in here if run.due is not None), default=None)

    def _counts(self, due: Instant, interaction: InteractionId, target: str) -> bool:
        run = self._runs.get(interaction, {}).get(target)
        return run is not None and run.due == due

    def _push(self, due: Instant | None, interaction: InteractionId, target: str) -> None:
        if due is not None:
            heapq.heappush(self._heap, (due, interaction, target))
