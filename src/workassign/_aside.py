"""What is put aside until later, and what brings it back?

What is parked stands in no line and in nobody's hands. It keeps its key: when it comes back it waits
in its place, for a while first of all for who put it aside.
"""

from __future__ import annotations

from workassign import events as ev
from workassign._asking import Turn
from workassign._deadlines import RESUME, SLA
from workassign._pairing import Pairing
from workassign._records import Holding, Work
from workassign._state import State
from workassign.model import Instant, Interaction

__all__ = ["Aside"]


class Aside:
    """Puts interactions aside, and brings them back."""

    def __init__(self, state: State, pairing: Pairing, turn: Turn) -> None:
        self._state = state
        self._pairing = pairing
        self._turn = turn

    def schedule(self, interaction: Interaction, until: Instant, at: Instant) -> None:
        """Take in what the plan has a place for, but not before *until*: everything counts from then."""
        work = self._pairing.moving.take_in(interaction, until, at)
        if work.pending:
            self._pairing.deadlines.arm(SLA, work)
        self.park(work, ev.Parked(at, interaction.id, None, until, False, False))

    def park(self, work: Work, event: ev.Parked, hold: Holding | None = None) -> None:
        """Put *work* aside, which stands nowhere or is in the hands of *hold*."""
        self._state.parked_(work, event)
        self._turn.facts.append(event)
        if event.until is not None:
            self._pairing.deadlines.later(event.until, RESUME, work.seq, work)
        self._pairing.clocks.follow(work, "parked", event.at)
        if hold is not None:
            self._pairing.freed.append(hold.agent)

    def resume(self, work: Work, cause: str, due: Instant | None, at: Instant) -> None:
        """Let *work*, which is parked, wait again."""
        event = ev.Resumed(at, due, work.interaction.id, cause)
        self._state.resumed(work, event)
        self._turn.facts.append(event)
        self._pairing.clocks.follow(work, "resumed", at)
        self._pairing.bring(work)

    def replied(self, work: Work, at: Instant) -> None:
        """The customer wrote: that brings back what waits for it."""
        if work.stage == "parked" and self._state.parked[work.interaction.id].on_reply:
            self.resume(work, "reply", None, at)
