"""By which door does a simulation talk to its engine, and who is told? A journal, figures: one around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

from workassign import commands as cmd
from workassign.engine import Engine
from workassign.events import Event
from workassign.journal import Recorder
from workassign.model import AgentId, Fence, Instant, Interaction, InteractionId, OfferId

__all__ = ["Door", "Kept", "WideDoor"]

GROUP = 500
"""So many turns become durable together: nothing is promised to anybody during a simulation."""

Take: TypeAlias = Callable[[Instant, Sequence[Event]], None]
"""Takes in the facts of one turn."""


class Door(Protocol):
    """Where commands go in and events come out: an engine, or something around one."""

    def handle(self, command: cmd.Command, at: Instant) -> Sequence[Event]:
        """Carry out a command and return what it caused."""

    @property
    def next_wake(self) -> Instant:
        """When something is due without a command; infinity if nothing is."""


class WideDoor(Door, Protocol):
    """One with a way of its own for what is said most."""

    def submit(self, interaction: Interaction, at: Instant) -> Sequence[Event]:
        """Take in an interaction."""

    def complete(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant
    ) -> Sequence[Event]:
        """Let the holder be done."""

    def abandon(self, interaction: InteractionId, at: Instant) -> Sequence[Event]:
        """Let the customer leave."""

    def accept(self, offer: OfferId, agent: AgentId, at: Instant) -> Sequence[Event]:
        """Let an agent take what she was offered."""

    @property
    def calm_until(self) -> Instant:
        """Nothing is due before this instant; a lower bound of `next_wake`."""


class Kept:
    """A door to an engine: every turn goes to its journal, if it has one, and to all who *take* facts."""

    def __init__(self, engine: Engine, recorder: Recorder | None = None, takes: Sequence[Take] = ()) -> None:
        self._engine, self._recorder, self._takes = engine, recorder, tuple(takes)

    def handle(self, command: cmd.Command, at: Instant) -> list[Event]:
        """Carry out a command and keep the turn."""
        door = self._engine if self._recorder is None else self._recorder
        answer = door.handle(command, at)
        facts = self._engine.facts
        if facts:
            for take in self._takes:
                take(at, facts)
        if self._recorder is not None and len(self._recorder.pending) >= GROUP:
            self._recorder.flush()
        return answer

    def flush(self) -> None:
        """Make durable what is pending."""
        if self._recorder is not None:
            self._recorder.flush()

    def submit(self, interaction: Interaction, at: Instant) -> Sequence[Event]:
        """Take in an interaction."""
        return self.handle(cmd.Submit(interaction), at)

    def complete(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: Instant
    ) -> Sequence[Event]:
        """Let the holder be done."""
        return self.handle(cmd.Complete(interaction, agent, fence), at)

    def abandon(self, interaction: InteractionId, at: Instant) -> Sequence[Event]:
        """Let the customer leave."""
        return self.handle(cmd.Abandon(interaction), at)

    def accept(self, offer: OfferId, agent: AgentId, at: Instant) -> Sequence[Event]:
        """Let an agent take what she was offered."""
        return self.handle(cmd.Accept(offer, agent), at)

    @property
    def calm_until(self) -> Instant:
        """Nothing is due before this instant."""
        return self._engine.calm_until

    @property
    def next_wake(self) -> Instant:
        """When something is due without a command."""
        return self._engine.next_wake
