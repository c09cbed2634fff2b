"""What is let in, and where? Asked of what is submitted, before it is.

What a queue lets in is decided at its door alone: what is transferred, moved by a step or opened
again has been let in before, and is not asked again.
"""

from __future__ import annotations

from workassign import events as ev
from workassign._asking import Asking, Turn
from workassign._moving import Moving
from workassign._records import QueueState, Work
from workassign._state import State
from workassign.model import Instant, Interaction
from workassign.policies.admission import Overflow

__all__ = ["Admission"]


class Admission:
    """Lets in, sends on, or refuses."""

    def __init__(self, state: State, asking: Asking, moving: Moving, turn: Turn) -> None:
        self._state = state
        self._asking = asking
        self._moving = moving
        self._turn = turn

    def landing(
        self, interaction: Interaction, queue: QueueState, at: Instant
    ) -> tuple[QueueState | None, str]:
        """Return where *interaction*, which asks for *queue*, is let in (None: it was refused), and why.

        Cost: O(overflow rules of the queues that it passes), and what these ask of it: see `Overflow`.
        """
        reasons: list[str] = []
        while (rule := self._first(interaction, queue, at)) is not None:
            reasons.append(rule.why(queue.name))
            if rule.queue is None:
                return self._refused(interaction, "overflow", "; ".join(reasons), at)
            queue = self._state.queues[rule.queue]
        most, quota = queue.plan.most, queue.plan.quota
        if most is not None and queue.tally.waiting >= most and not self._is_taken(interaction, queue, at):
            waiting = queue.tally.waiting
            reason = f"queue {queue.name!r} is full: {waiting} wait"
            if most == 0:
                reason = f"queue {queue.name!r} lets nothing wait, and nobody takes it at once"
            return self._refused(interaction, "queue_full", reason, at)
        if quota is not None and queue.admitted(at) >= quota.number:
            reason = f"queue {queue.name!r} has let in {quota.number} within {quota.per:g} s"
            return self._refused(interaction, "quota_used", reason, at)
        return queue, "; ".join(reasons)

    def _is_taken(self, interaction: Interaction, queue: QueueState, at: Instant) -> bool:
        """Whether *queue* lets nothing wait, and somebody takes *interaction* at once."""
        return queue.plan.most == 0 and self._moving.is_taken(self._newcomer(interaction, queue, at), at)

    def _first(self, interaction: Interaction, queue: QueueState, at: Instant) -> Overflow | None:
        """Return the first rule of *queue* that holds."""
        newcomer: Work | None = None
        for rule in queue.plan.overflow:
            if not self._is_so(rule, queue, at):
                continue
            if not rule.asks_newcomer:
                return rule
            newcomer = newcomer or self._newcomer(interaction, queue, at)
            if self._moving.meets(rule, newcomer) and (
                rule.slack is None or self._is_late(rule.slack, newcomer)
            ):
                return rule
        return None

    def _is_so(self, rule: Overflow, queue: QueueState, at: Instant) -> bool:
        """Whether what *rule* asks of its *queue* is so."""
        if rule.length is not None and queue.tally.waiting < rule.length:
            return False
        if rule.closed is not None and self._state.plan.calendars[rule.closed].is_open(at):
            return False
        if rule.oldest_age is None:
            return True
        oldest = None if self._state.waits is None else self._state.waits.ages.oldest(queue.name)
        return oldest is not None and oldest + rule.oldest_age <= at

    def _newcomer(self, interaction: Interaction, queue: QueueState, at: Instant) -> Work:
        """Return *interaction* as it would wait in *queue*."""
        place = self._asking.belongs(queue, interaction, at)
        return self._state.would_be(
            queue.name, ev.Submitted(at, interaction, self._state.submitted + 1, *place)
        )

    def _is_late(self, slack: float, newcomer: Work) -> bool:
        """Whether at most *slack* seconds are left, when *newcomer* has waited, until its promise is due."""
        due = self._asking.first_due(newcomer.sig.queue, newcomer.interaction, newcomer.since)
        dues = [each for each in (due, newcomer.target) if each is not None]
        expected = self._moving.expected(newcomer)
        return bool(dues) and expected is not None and min(dues) - expected <= slack

    def _refused(self, interaction: Interaction, rule: str, reason: str, at: Instant) -> tuple[None, str]:
        self._turn.facts.append(ev.Refused(at, "Submit", interaction.id, rule, reason))
        return None, reason
