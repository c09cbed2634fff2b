"""What happens at a small desk, drawn with dice: enough of everything that owns something.

Every command has a key, so that it can be asked again, as a client does who got no answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from random import Random

import attrs

from workassign import Agent, Interaction, Plan, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import AgentId, Fence, InteractionId, OfferId

__all__ = ["AGENTS", "PLAN", "Story"]

AGENTS = ("ann", "bob", "cyd")

PLAN = Plan(
    queues={
        "mentions": Queue(offer_for=20.0, wrap_up=10.0),
        "chats": Queue(auto_accept=True, tier=0),
        "cases": Queue(offers=2, offer_for=40.0),
    }
)

_GAPS = (0.0, 0.5, 0.5, 1.0, 3.0, 25.0)


class Story:
    """Commands that suit what has happened so far."""

    def __init__(self, seed: int) -> None:
        """Begin where nobody has signed on."""
        self._dice = Random(seed)
        self._numbers = count(1)
        self._tag = f"{seed:x}"
        self._opening: list[cmd.Command] = [cmd.AddAgent(Agent(id=each, capacity=3)) for each in AGENTS]
        self._opening += [cmd.SignOn(each) for each in AGENTS]
        self._offers: dict[OfferId, AgentId] = {}
        self._held: dict[InteractionId, tuple[AgentId, Fence]] = {}
        self._at = 1_767_225_600.0

    def clock(self) -> float:
        """Return what time it is; it goes on with every command."""
        return self._at

    def next(self) -> cmd.Command:
        """Return the next command."""
        self._at += self._dice.choice(_GAPS)
        command = self._opening.pop(0) if self._opening else self._drawn()
        return attrs.evolve(command, key=f"{self._tag}:{next(self._numbers)}")

    def hear(self, events: Sequence[ev.Event]) -> None:
        """Take in what came of it."""
        for event in events:
            if isinstance(event, ev.Offered):
                self._offers[event.offer] = event.agent
            elif isinstance(event, ev.Assigned):
                self._held[event.interaction] = event.agent, event.fence
            elif isinstance(event, ev.Completed | ev.Requeued | ev.Cancelled):
                self._held.pop(event.interaction, None)

    def _drawn(self) -> cmd.Command:
        dice = self._dice
        roll = dice.random()
        if roll < 0.35 and self._offers:
            offer = dice.choice(list(self._offers))
            agent = self._offers.pop(offer)
            return cmd.Accept(offer, agent) if dice.random() < 0.8 else cmd.Decline(offer, agent)
        if roll < 0.6 and self._held:
            interaction = dice.choice(list(self._held))
            return self._with_held(interaction, *self._held[interaction])
        if roll < 0.68:
            return self._about(dice.choice(AGENTS))
        return cmd.Submit(self._interaction())

    def _with_held(self, interaction: InteractionId, agent: AgentId, fence: Fence) -> cmd.Command:
        roll = self._dice.random()
        if roll < 0.6:
            return cmd.Complete(interaction, agent, fence)
        if roll < 0.8:
            return cmd.Release(interaction, agent, fence)
        if roll < 0.9:
            return cmd.Transfer(interaction, self._dice.choice(list(PLAN.queues)), agent, fence)
        return cmd.Cancel(interaction)

    def _about(self, agent: AgentId) -> cmd.Command:
        roll = self._dice.random()
        if roll < 0.4:
            return cmd.Tick()
        return cmd.SignOn(agent) if roll < 0.8 else cmd.SignOff(agent)

    def _interaction(self) -> Interaction:
        dice = self._dice
        # Now and then one that fills more than a page of the file.
        length = dice.choice((0, 0, 20, 200, 200, 900, 6000 if dice.random() < 0.2 else 50))
        return Interaction(
            id=f"tweet-{self._tag}-{next(self._numbers)}",
            queue=dice.choice(list(PLAN.queues)),
            attributes={f"note{number}": "n" * 250 for number in range(-(-length // 250))},
        )
