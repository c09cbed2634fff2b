"""What is the oldest in a queue? Kept where a door asks, O(log n) for each that comes or goes."""

from __future__ import annotations

from typing import TypeAlias

from sortedcontainers import SortedList

from workassign._records import Work
from workassign.model import Instant, InteractionId
from workassign.queues import knows_ages

__all__ = ["Ages"]

_Place: TypeAlias = tuple[Instant, int]
"""Since when, and the sequence."""


class Ages:
    """What waits, or is offered, in the queues that want to know: by age."""

    def __init__(self) -> None:
        self._lines: dict[str, SortedList[_Place]] = {}
        self._standing: dict[InteractionId, tuple[str, _Place]] = {}

    def follow(self, work: Work) -> None:
        """Let *work* stand where it waits, or nowhere."""
        who, queue = work.interaction.id, work.sig.queue
        counts = work.stage in ("waiting", "offered") and knows_ages(queue.plan)
        now = (queue.name, (work.since, work.seq)) if counts else None
        before = self._standing.get(who)
        if now == before:
            return
        if before is not None:
            del self._standing[who]
            self._lines[before[0]].remove(before[1])
        if now is not None:
            self._standing[who] = now
            self._lines.setdefault(now[0], SortedList()).add(now[1])

    def oldest(self, queue: str) -> Instant | None:
        """Return since when the oldest in *queue* waits; None: nothing does. Cost: O(1)."""
        line = self._lines.get(queue)
        return line[0][0] if line else None

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()
        self._standing.clear()

    def standing(self) -> dict[InteractionId, tuple[str, _Place]]:
        """Return what stands where; for checks."""
        return dict(self._standing)
