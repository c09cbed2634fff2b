"""Which SLA clocks run, and which target will be missed next?"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

from workassign import events as ev
from workassign._earliest import Earliest
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


_Breach: TypeAlias = tuple[Instant, InteractionId, str]
"""When a target will be missed, of what, and which."""


class Promises:
    """The runs of all clocks, and by queue when they breach."""

    def __init__(self) -> None:
        self._runs: dict[InteractionId, dict[str, Run]] = {}
        self._breaches: dict[str, Earliest[_Breach]] = {}

    def started(self, event: ev.ClockStarted, queue: str) -> None:
        """Take in a start."""
        run = self._runs.setdefault(event.interaction, {})[event.target] = Run(queue, event.due)
        self._push(run, event.interaction, event.target)

    def changed(self, event: ev.ClockPaused | ev.ClockResumed) -> None:
        """Take in a pause, or its end."""
        run = self._runs[event.interaction][event.target]
        run.due = event.due if isinstance(event, ev.ClockResumed) else None
        self._push(run, event.interaction, event.target)

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
        for target, run in self._runs.get(interaction, {}).items():
            run.queue = queue
            self._push(run, interaction, target)

    def next(self, queue: str | None = None) -> Instant | None:
        """Return when the next target will be missed. Cost: O(1) on average; without a *queue*, O(queues)."""
        breaches = self._breaches
        asked = breaches.values() if queue is None else [breaches[queue]] if queue in breaches else []
        found = [first for each in asked if (first := each.first()) is not None]
        return min(found)[0] if found else None

    def _push(self, run: Run, interaction: InteractionId, target: str) -> None:
        if run.due is None:
            return
        breaches = self._breaches.get(run.queue)
        if breaches is None:
            breaches = self._breaches[run.queue] = Earliest(partial(self._counts, run.queue))
        breaches.push((run.due, interaction, target))

    def _counts(self, queue: str, breach: _Breach) -> bool:
        due, interaction, target = breach
        run = self._runs.get(interaction, {}).get(target)
        return run is not None and run.due == due and run.queue == queue
