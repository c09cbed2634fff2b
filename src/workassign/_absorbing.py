"""What does a surge keep from the queues? Asked of what is submitted while one is on."""

from __future__ import annotations

from typing import TypeAlias

from workassign import events as ev
from workassign._asking import Turn
from workassign._clocks import Clocks
from workassign._moving import Moving
from workassign._records import QueueState
from workassign._state import State
from workassign.model import Instant, Interaction

__all__ = ["Absorbing"]

_Closing: TypeAlias = ev.Collapsed | ev.TemplateSent


class Absorbing:
    """Takes in and closes at once what is nearly the same as something open, or has its answer."""

    def __init__(self, state: State, moving: Moving, clocks: Clocks, turn: Turn) -> None:
        self._state = state
        self._moving = moving
        self._clocks = clocks
        self._turn = turn

    def takes(self, interaction: Interaction, queue: QueueState, at: Instant) -> bool:
        """Whether *interaction*, which asks for *queue*, needs no place there: it is closed then.

        Cost: O(1), and the clocks of the queue.
        """
        surge = self._state.surge
        assert surge is not None
        tier = queue.plan.tier if interaction.tier is None else interaction.tier
        if interaction.parent is not None or surge.rule.spares(tier):
            return False
        into = surge.alike(interaction, queue.name)
        template = surge.rule.template(interaction)
        if into is not None:
            self._close(interaction, ev.Collapsed(at, interaction.id, into))
        elif template is not None:
            self._close(interaction, ev.TemplateSent(at, interaction.id, template))
        return into is not None or template is not None

    def _close(self, interaction: Interaction, closing: _Closing) -> None:
        state, facts, at = self._state, self._turn.facts, closing.at
        work = self._moving.take_in(interaction, at, at)
        self._clocks.follow(work, "submitted", at)
        if isinstance(closing, ev.TemplateSent):
            said = ev.ReplySent(at, interaction.id, None)
            state.conversations.reply_sent(work, said)
            facts.append(said)
            self._clocks.follow(work, "bot replied", at)
        state.absorbed(work, closing)
        facts.append(closing)
        self._clocks.follow(work, "absorbed", at)
