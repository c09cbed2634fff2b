"""What follows when something else is known of an interaction?

Its key is another one: a key never changes while it is stored, so what waits is taken out of its
line, and placed anew in this turn. Whoever is offered it or holds it keeps it.
"""

from __future__ import annotations

from workassign import commands as cmd
from workassign import events as ev
from workassign._asking import Asking, Place, Turn
from workassign._interactions import Interactions
from workassign._known import known
from workassign._moving import boosted, further
from workassign._pairing import Pairing
from workassign._records import Work
from workassign._state import State
from workassign.model import Instant, Interaction

__all__ = ["Updating"]


class Updating:
    """Takes in what is known by now, and gives an interaction the place that follows from it."""

    def __init__(
        self, state: State, asking: Asking, pairing: Pairing, interactions: Interactions, turn: Turn
    ) -> None:
        self._state = state
        self._asking = asking
        self._pairing = pairing
        self._interactions = interactions
        self._turn = turn

    def update(self, command: cmd.Update, at: Instant) -> None:
        """Score and place it anew by what is known now, unless that is nothing new.

        Its queue's doors, its SLA targets and a surge are not asked again. Cost: its queue's scoring
        policies, and O(log n) in what waits with equal needs.
        """
        work = self._interactions.open(command, command.interaction)
        if work is None:
            return
        if command.needs is not None and (problem := self._state.plan.unknown(command.needs)):
            self._turn.refuse(command, *problem)
            return
        now = known(work.interaction, command)
        if now is work.interaction and not self._differs(work, command):
            reason = f"that is known of interaction {command.interaction!r} already"
            self._turn.refuse(command, "already_so", reason)
            return
        _, reference, head_start, terms, _ = self._place(work, now)
        attributes = None if command.attributes is None else dict(command.attributes)
        said = (command.customer, command.sentiment, attributes, command.needs, command.tier)
        event = ev.Updated(at, command.interaction, *said, reference, head_start, terms)
        if work.stage == "waiting":
            self._pairing.moving.unmet.pop(command.interaction, None)  # steps are asked about what it is now
            self._pairing.fetch(work)
        self._state.updated(work, event)
        self._turn.facts.append(event)

    def _differs(self, work: Work, command: cmd.Update) -> bool:
        """Whether a later message, or a step, has said otherwise since what *command* tells was known."""
        talk, progress = self._state.conversations.get(command.interaction), work.progress
        felt = command.sentiment is not None and talk is not None and talk.sentiment != command.sentiment
        stepped = command.tier is not None and progress is not None and progress.tier is not None
        return felt or stepped

    def _place(self, work: Work, now: Interaction) -> Place:
        """Return where *work* belongs if *now* is what is known, with what refusals and steps have added."""
        place = self._asking.belongs(work.sig.queue, now, work.since, work)
        boost = self._state.boosts.get(now.id)
        if boost is not None:
            place = boosted(place, boost, work.sig.queue.plan.head_start_cap)
        return place if work.progress is None else further(place, work.progress)
