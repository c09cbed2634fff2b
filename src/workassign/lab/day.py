"""How would a day of work go? Customers and agents around a door to the engine, on a virtual clock.

The engine is the real one: arrivals become `Submit`, the roster `SignOn` and `SignOff`, and
agents answer what they are offered. Chance belongs to the interaction, not to the moment (see
`draws`). Simple on purpose: a conversation takes as long whatever else its agent does, agents
make no breaks, and whoever let offers run out comes back after a while.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from math import floor, inf
from typing import Any, Protocol, TypeAlias

import attrs
import numpy as np

from workassign import commands as cmd
from workassign import events as ev
from workassign.lab.doors import Door
from workassign.lab.draws import Lognormal, Purpose, stream
from workassign.lab.roster import Roster
from workassign.lab.synthetic import SyntheticCustomers
from workassign.model import AgentId, Fence, Instant, Interaction, InteractionId, OfferId, Presence
from workassign.plan import Plan
from workassign.policies import ordering
from workassign.settings import structured

__all__ = [
    "ACTOR",
    "PLAIN",
    "Arrivals",
    "Conversation",
    "Door",
    "Handling",
    "Plain",
    "Reaction",
    "Reception",
    "Simulation",
    "plain_fifo",
    "run_day",
]

ACTOR = "simulation"
"""Who says all commands of a simulated day: a journal with another actor is none."""
HOUR = 3600.0

Arrivals: TypeAlias = Sequence[tuple[Instant, Any]]
"""What the reception takes, with the instant at which each arrives, in order of time."""


class Reception(Protocol):
    """Who makes commands of what arrives: the part of a desk that is in front of its engine."""

    def receive(self, arrival: Any, at: Instant) -> Iterable[cmd.Command]:  # noqa: ANN401 - each its own
        """Return what to tell the engine of something that has just arrived."""

    def see(self, event: ev.Event) -> Iterable[cmd.Command]:
        """Take in what happened, and return what follows from it."""


class Plain:
    """Interactions arrive, and each is submitted."""

    def receive(self, arrival: Interaction, at: Instant) -> Iterable[cmd.Command]:
        """Return the command that takes it in."""
        return (cmd.Submit(arrival),)

    def see(self, event: ev.Event) -> Iterable[cmd.Command]:
        """Nothing follows."""
        return ()


PLAIN = Plain()


@attrs.frozen(kw_only=True)
class Handling(Lognormal):
    """How long a conversation takes up its part of an agent, seconds: by topic, else by queue."""

    topics: Mapping[str, Lognormal] = attrs.field(factory=dict)
    queues: Mapping[str, Lognormal] = attrs.field(factory=dict)

    def of(self, interaction: Interaction) -> Lognormal:
        """Return what holds for *interaction*."""
        topic = self.topics.get(str(interaction.attributes.get("topic", "")))
        return topic or self.queues.get(interaction.queue) or self


@attrs.frozen(kw_only=True)
class Reaction:
    """How agents answer offers.

    Raises:
        ValueError: If shares are none, or are more than all.
    """

    delay: Lognormal = Lognormal(median=6.0, spread=0.6)
    """Seconds until she accepts or declines."""
    declined: float = 0.02
    """The share of offers that are declined."""
    unanswered: float = 0.01
    """The share of offers that run out."""
    back_after: float = 300.0
    """Whoever was set away for letting offers run out comes back after so many seconds."""

    def __attrs_post_init__(self) -> None:
        """Check the shares."""
        if self.declined < 0 or self.unanswered < 0 or self.declined + self.unanswered > 1:
            raise ValueError("declined and unanswered must be shares of 1, and together at most 1")
        if self.back_after <= 0:
            raise ValueError(f"back_after must be positive, not {self.back_after!r}")


@attrs.frozen(kw_only=True)
class Conversation:
    """How agents and customers write to each other. Without it nobody is heard to answer.

    Raises:
        ValueError: If a share is none.
    """

    reply: Lognormal = Lognormal(median=300.0, spread=0.7)
    """Seconds from the acceptance to the agent's answer, which comes at the latest when she is done."""
    writes_again: float = 0.2
    """The share of answers after which the customer writes again."""
    again_after: Lognormal = Lognormal(median=3600.0, spread=1.0)
    """Seconds from the answer to that message."""
    reopens: bool = True
    """She also writes when the conversation is closed, which opens it again; else she lets it be."""
    again_takes: float = 0.5
    """A message that opens it again takes so much of the time that the conversation took at first."""
    relief: float = 0.4
    """So much happier the customer then is, up to 1; nobody knows where her sentiment is unknown."""

    def __attrs_post_init__(self) -> None:
        """Check the shares."""
        if not 0 <= self.writes_again < 1:
            raise ValueError(f"writes_again must be a share, from 0 to below 1, not {self.writes_again!r}")
        if not 0 < self.again_takes <= 10:
            raise ValueError(f"again_takes must be positive and at most 10, not {self.again_takes!r}")
        if not -2 <= self.relief <= 2:
            raise ValueError(f"relief must be between -2 and 2, not {self.relief!r}")


@attrs.frozen(kw_only=True)
class Simulation:
    """The table `[simulation]` of a plan file."""

    seed: int = 0
    drain_for: float = 12 * HOUR
    """After the last arrival the day goes on until nothing is open, at most so many seconds."""
    handling: Handling = Handling(median=300.0, spread=0.6)
    reaction: Reaction = Reaction()
    conversation: Conversation | None = None
    """How they write to each other; None: conversations are not told."""
    patience: Lognormal | None = None
    """After so many seconds without an agent a customer leaves; None: everybody waits."""
    customers: SyntheticCustomers | None = None
    """Synthetic followers and values for authors who have none; None: no such figures."""

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError for what cannot be."""
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, not {self.seed}")
        if not 0 < self.drain_for <= 366 * 24 * HOUR:
            raise ValueError(f"drain_for must be positive and at most a year, not {self.drain_for!r}")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Simulation:
        """Return the settings in the plan file's *data*.

        Raises:
            PlanError: If anything is wrong; every problem is listed with its path.
        """
        return structured(data.get("simulation", {}), cls, "simulation")


def plain_fifo(plan: Plan) -> Plan:
    """Return *plan* without head starts: within each queue, first come, first served."""
    queues = {
        name: attrs.evolve(queue, scoring=(), ordering=ordering.arrival)
        for name, queue in plan.queues.items()
    }
    return attrs.evolve(plan, name=f"{plan.name} without scoring"[:200], queues=queues)


def run_day(
    door: Door,
    arrivals: Arrivals,
    roster: Roster,
    simulation: Simulation,
    arrived: Callable[[int], None] = lambda count: None,
    reception: Reception = PLAIN,
) -> Instant:
    """Let *arrivals* meet the agents of *roster*, and return the instant at which the day ends.

    It ends when everything has arrived and nothing is open, or `drain_for` after the last
    arrival. *arrived* is told, as it goes, how many have arrived. Cost: a handful of turns an
    interaction.
    """
    world = _World(door, simulation, reception)
    if not arrivals:
        return -inf
    start = floor(arrivals[0][0] / HOUR) * HOUR
    horizon = arrivals[-1][0] + simulation.drain_for
    for agent in roster.members():
        world.turn(cmd.AddAgent(agent, actor=ACTOR), start)
    for at, who, on in roster.turnouts(start, horizon):
        world.later(at, _partial(world.come if on else world.go, who))
    return world.run(arrivals, horizon, arrived)


Act: TypeAlias = Callable[[Instant], None]
"""Something that somebody does at an instant."""


def _partial(act: Callable[[Any, Instant], None], subject: object) -> Act:
    return lambda at: act(subject, at)


class _World:
    """Customers and agents: what they will do when, and what they have seen happen."""

    def __init__(self, door: Door, simulation: Simulation, reception: Reception) -> None:
        self._door = door
        self._reception = reception
        self._habits = simulation
        self._diary: list[tuple[Instant, int, Act]] = []
        self._order = count()
        self._known: dict[InteractionId, Interaction] = {}
        """Everything that was submitted."""
        self._open: dict[InteractionId, Interaction] = {}
        self._waiting: set[InteractionId] = set()
        self._offers: set[OfferId] = set()
        self._offered: Counter[InteractionId] = Counter()
        self._fences: dict[InteractionId, Fence] = {}
        self._on_shift: set[AgentId] = set()
        self._messages: dict[InteractionId, int] = {}
        """Customers' messages of interactions that were written to again."""
        self._unanswered: set[InteractionId] = set()
        self._left = 0
        """Arrivals and further messages still to come."""

    def later(self, at: Instant, act: Act) -> None:
        """Do *act* at an instant, after what was planned for that instant before."""
        heapq.heappush(self._diary, (at, next(self._order), act))

    def run(self, arrivals: Arrivals, horizon: Instant, arrived: Callable[[int], None]) -> Instant:
        """Let time pass until everything has arrived and nothing is open, or *horizon*."""
        self._left = len(arrivals)
        last = arrivals[0][0]
        self.later(last, _partial(self._arrive, (arrivals, 0, arrived)))
        while self._left or self._open:
            due = self._diary[0][0] if self._diary else inf
            wake = self._door.next_wake
            at = min(due, wake, horizon)
            if at == horizon:
                self.turn(cmd.Tick(actor=ACTOR), at)
                return at
            if wake <= due:
                self.turn(cmd.Tick(actor=ACTOR), at)
            else:
                heapq.heappop(self._diary)[2](at)
            last = at
        return last

    def turn(self, command: cmd.Command, at: Instant) -> None:
        """Say *command* and let everybody see what it caused."""
        for event in self._door.handle(command, at):
            see = _SEEN.get(type(event))
            if see is not None:
                see(self, event)
            for further in self._reception.see(event):
                self._say(further, at)

    # --- what people do ---------------------------------------------------------------------

    def come(self, agent: AgentId, at: Instant) -> None:
        """An agent begins her shift."""
        self._on_shift.add(agent)
        self.turn(cmd.SignOn(agent, actor=ACTOR), at)

    def go(self, agent: AgentId, at: Instant) -> None:
        """An agent ends her shift; what she holds she finishes."""
        self._on_shift.discard(agent)
        self.turn(cmd.SignOff(agent, actor=ACTOR), at)

    def _arrive(self, place: tuple[Arrivals, int, Callable[[int], None]], at: Instant) -> None:
        """Receive one arrival, and plan the next."""
        arrivals, number, arrived = place
        if number + 1 < len(arrivals):
            self.later(arrivals[number + 1][0], _partial(self._arrive, (arrivals, number + 1, arrived)))
        self._left -= 1
        for command in self._reception.receive(arrivals[number][1], at):
            self._say(command, at)
        arrived(number + 1)

    def _say(self, command: cmd.Command, at: Instant) -> None:
        """Tell the engine what the reception wants."""
        if isinstance(command, cmd.Submit):
            self._come_in(command.interaction, at)
        elif isinstance(command, cmd.CustomerReplied):
            self._wrote_again(self._known[command.interaction])
        self.turn(attrs.evolve(command, actor=ACTOR), at)

    def _come_in(self, interaction: Interaction, at: Instant) -> None:
        self._known[interaction.id] = self._open[interaction.id] = interaction
        self._waiting.add(interaction.id)
        if self._habits.patience is not None:
            normal = stream(self._habits.seed, Purpose.PATIENCE, interaction.id).standard_normal()
            self.later(at + self._habits.patience.at(normal), _partial(self._leave, interaction.id))

    def _leave(self, interaction: InteractionId, at: Instant) -> None:
        if interaction in self._waiting:
            self.turn(cmd.Abandon(interaction, actor=ACTOR), at)

    def _answer(self, offered: ev.Offered) -> None:
        """Plan what the agent does with an offer: accept, decline, or nothing."""
        nth = self._offered[offered.interaction]
        self._offered[offered.interaction] += 1
        self._offers.add(offered.offer)
        reaction = self._habits.reaction
        dice = stream(self._habits.seed, Purpose.REACTION, f"{nth}/{offered.interaction}")
        luck, delay = dice.random(), reaction.delay.at(dice.standard_normal())
        if luck < reaction.unanswered or offered.at + delay >= offered.expires:
            return
        command: cmd.Command = cmd.Accept(offered.offer, offered.agent, actor=ACTOR)
        if luck < reaction.unanswered + reaction.declined:
            command = cmd.Decline(offered.offer, offered.agent, "not now", actor=ACTOR)
        self.later(offered.at + delay, lambda at: self._say_of_offer(command, offered.offer, at))

    def _say_of_offer(self, command: cmd.Command, offer: OfferId, at: Instant) -> None:
        if offer in self._offers:  # nobody clicks on what is not on the screen any more
            self.turn(command, at)

    def _work(self, assigned: ev.Assigned) -> None:
        """Plan when the conversation will be over."""
        name = assigned.interaction
        self._waiting.discard(name)
        self._fences[name] = assigned.fence
        if assigned.offer is not None:
            self._offers.discard(assigned.offer)
        normal = stream(self._habits.seed, Purpose.HANDLING, self._opening(name)).standard_normal()
        seconds = self._habits.handling.of(self._open[name]).at(normal)
        talk = self._habits.conversation
        if talk is not None:
            seconds *= talk.again_takes if name in self._messages else 1.0
            self._unanswered.add(name)
            delay = talk.reply.at(self._dice(name).standard_normal())
            if delay < seconds:
                self.later(assigned.at + delay, lambda at: self._reply(assigned, at))
        self.later(assigned.at + seconds, lambda at: self._finish(assigned, at))

    def _opening(self, name: InteractionId) -> str:
        """Return what chance of this turn of a conversation belongs to."""
        messages = self._messages.get(name)
        return name if messages is None else f"{messages}/{name}"

    def _dice(self, name: InteractionId) -> np.random.Generator:
        return stream(self._habits.seed, Purpose.CONVERSATION, self._opening(name))

    def _reply(self, assigned: ev.Assigned, at: Instant) -> None:
        """Let the agent answer, if she still has it and has not yet."""
        name, talk = assigned.interaction, self._habits.conversation
        if talk is None or name not in self._unanswered or self._fences.get(name) != assigned.fence:
            return
        self._unanswered.discard(name)
        interaction = self._open[name]
        self.turn(cmd.AgentReplied(name, assigned.agent, assigned.fence, actor=ACTOR), at)
        dice = self._dice(name)
        dice.standard_normal()  # the delay of this answer
        if dice.random() < talk.writes_again:
            self._left += 1
            again = at + talk.again_after.at(dice.standard_normal())
            self.later(again, lambda at: self._write_again(interaction, talk.relief, at))

    def _write_again(self, interaction: Interaction, relief: float, at: Instant) -> None:
        """Let the customer write again, a little happier."""
        name, felt, talk = interaction.id, interaction.sentiment, self._habits.conversation
        self._left -= 1
        if name not in self._open and (talk is None or not talk.reopens):
            return
        self._wrote_again(interaction)
        if felt is not None:
            felt = max(-1.0, min(1.0, felt + relief * self._messages[name]))
        self.turn(cmd.CustomerReplied(name, felt, actor=ACTOR), at)

    def _wrote_again(self, interaction: Interaction) -> None:
        name = interaction.id
        self._messages[name] = self._messages.get(name, 0) + 1
        self._open[name] = interaction
        self._unanswered.add(name)

    def _finish(self, assigned: ev.Assigned, at: Instant) -> None:
        self._reply(assigned, at)
        if self._fences.get(assigned.interaction) == assigned.fence:
            command = cmd.Complete(assigned.interaction, assigned.agent, assigned.fence, actor=ACTOR)
            self.turn(command, at)

    def _come_back(self, agent: AgentId, at: Instant) -> None:
        if agent in self._on_shift:
            self.turn(cmd.SetPresence(agent, Presence.AVAILABLE, actor=ACTOR), at)

    # --- what people see --------------------------------------------------------------------

    def _offer_gone(self, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
        self._offers.discard(event.offer)

    def _closed(
        self, event: ev.Completed | ev.Cancelled | ev.Abandoned | ev.Collapsed | ev.TemplateSent
    ) -> None:
        self._open.pop(event.interaction, None)
        self._waiting.discard(event.interaction)
        self._fences.pop(event.interaction, None)
        self._offered.pop(event.interaction, None)
        self._unanswered.discard(event.interaction)

    def _lost(self, event: ev.Requeued | ev.Transferred) -> None:
        self._fences.pop(event.interaction, None)

    def _set_away(self, event: ev.PresenceChanged) -> None:
        if event.presence is Presence.AWAY and event.cause != "asked":
            back = event.at + self._habits.reaction.back_after
            self.later(back, _partial(self._come_back, event.agent))

    def _turned_away(self, event: ev.Refused) -> None:
        if event.command in ("Submit", "CustomerReplied"):
            self._open.pop(event.subject, None)
            self._waiting.discard(event.subject)


_SEEN: Mapping[type, Callable[[_World, Any], None]] = {
    ev.Offered: _World._answer,
    ev.Assigned: _World._work,
    ev.Declined: _World._offer_gone,
    ev.OfferExpired: _World._offer_gone,
    ev.OfferRescinded: _World._offer_gone,
    ev.Completed: _World._closed,
    ev.Cancelled: _World._closed,
    ev.Abandoned: _World._closed,
    ev.Collapsed: _World._closed,
    ev.TemplateSent: _World._closed,
    ev.Requeued: _World._lost,
    ev.Transferred: _World._lost,
    ev.PresenceChanged: _World._set_away,
    ev.Refused: _World._turned_away,
}
"""What people act upon; everything else that happens is none of their business."""
