"""What is let in, and where? Asked of what is submitted, before it is.

What a queue lets in is decided at its door alone: what is transferred, moved by a step or opened
again has been let in before, and is not asked again.
"""

from __future__ import annotations

from workassign import events as ev
from workassign._asking import Turn
from workassign._records import QueueState
from workassign._state import State
from workassign.model import Instant, Interaction
from workassign.policies.admission import Overflow

__all__ = ["Admission"]


class Admission:
    """Lets in, sends on, or refuses."""

    def __init__(self, state: State, turn: Turn) -> None:
        self._state = state
        self._turn = turn

    def landing(self, interaction: Interaction, queue: QueueState, at: Instant) -> QueueState | None:
        """Return where *interaction*, which asks for *queue*, is let in; None: it was refused.

        Cost: O(overflow rules of the queues that it passes).
        """
        while (rule := self._first(queue, at)) is not None:
            if rule.queue is None:
                why = "is closed" if rule.length is None else f"has {queue.tally.waiting} that wait"
                self._refuse(interaction, "overflow", f"queue {queue.name!r} {why}", at)
                return None
            queue = self._state.queues[rule.queue]
        most, quota = queue.plan.most, queue.plan.quota
        if most is not None and queue.tally.waiting >= most:
            reason = f"queue {queue.name!r} is full: {queue.tally.waiting} wait"
            self._refuse(interaction, "queue_full", reason, at)
            return None
        if quota is not None and queue.admitted(at) >= quota.number:
            reason = f"queue {queue.name!r} has let in {quota.number} within {quota.per:g} s"
            self._refuse(interaction, "quota_used", reason, at)
            return None
        return queue

    def _first(self, queue: QueueState, at: Instant) -> Overflow | None:
        """Return the first rule of *queue* that holds."""
        return next((rule for rule in queue.plan.overflow if self._holds(rule, queue, at)), None)

    def _holds(self, rule: Overflow, queue: QueueState, at: Instant) -> bool:
        if rule.length is not None and queue.tally.waiting < rule.length:
            return False
        return rule.closed is None or not self._state.plan.calendars[rule.closed].is_open(at)

    def _refuse(self, interaction: Interaction, rule: str, reason: str, at: Instant) -> None:
        self._turn.facts.append(ev.Refused(at, "Submit", interaction.id, rule, reason))
