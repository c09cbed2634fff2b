"""What the stories that tests tell are built of, and told with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import attrs

from workassign import Agent, Calendar, Engine, Interaction, Plan, Queue, Target, instant
from workassign import commands as cmd
from workassign import events as ev
from workassign.model import AgentId, Fence, InteractionId, OfferId

E = TypeVar("E", bound=ev.Event)

HOUR = 3600.0
DAY = 24 * HOUR

BERLIN = "Europe/Berlin"
OFFICE = Calendar(zone=BERLIN, week={"mon-fri": ["09:00-17:00"]})

CLOCK_EVENTS = {
    ev.ClockStarted: "started",
    ev.ClockPaused: "paused",
    ev.ClockResumed: "resumed",
    ev.ClockStopped: "stopped",
    ev.ClockCancelled: "cancelled",
}


class Checked(Engine):
    """An engine that asserts every invariant after every turn."""

    def handle(self, command: cmd.Command, at: float) -> list[ev.Event]:
        answer = super().handle(command, at)
        self.check()
        return answer

    def submit(self, interaction: Interaction, at: float, *, key: str | None = None) -> list[ev.Event]:
        answer = super().submit(interaction, at, key=key)
        self.check()
        return answer

    def accept(self, offer: OfferId, agent: AgentId, at: float, *, key: str | None = None) -> list[ev.Event]:
        answer = super().accept(offer, agent, at, key=key)
        self.check()
        return answer

    def complete(
        self, interaction: InteractionId, agent: AgentId, fence: Fence, at: float, *, key: str | None = None
    ) -> list[ev.Event]:
        answer = super().complete(interaction, agent, fence, at, key=key)
        self.check()
        return answer

    def abandon(self, interaction: InteractionId, at: float) -> list[ev.Event]:
        answer = super().abandon(interaction, at)
        self.check()
        return answer

    def change_plan(self, plan: Plan, at: float) -> list[ev.Event]:
        answer = super().change_plan(plan, at)
        self.check()
        return answer

    def tick(self, at: float) -> list[ev.Event]:
        answer = super().tick(at)
        self.check()
        return answer


@attrs.frozen
class Kept:
    """A turn as a journal keeps it."""

    at: float
    command: cmd.Command
    facts: list[ev.Event]
    timed: int


class Floor:
    """An engine whose turns are kept, and a clock that only goes where it is told."""

    def __init__(self, plan: Plan, *agents: Agent) -> None:
        self.plan = plan
        self.engine = Engine(plan)
        self.turns: list[Kept] = []
        self.at = 0.0
        for agent in agents:
            self.do(cmd.AddAgent(agent))

    def do(self, command: cmd.Command, at: float | None = None) -> list[ev.Event]:
        self.at = self.at if at is None else at
        answer = self.engine.handle(command, self.at)
        self.turns.append(Kept(self.at, command, self.engine.facts, self.engine.timed))
        return answer

    def on(self, *agents: AgentId, at: float | None = None) -> None:
        for agent in agents:
            self.do(cmd.SignOn(agent), at)

    def again(self) -> Engine:
        """Return another engine that stands where this one does."""
        engine = Engine(self.plan)
        for turn in self.turns:
            engine.absorb(turn.at, turn.command, turn.facts, turn.timed)
        return engine


def one(**fields: Any) -> Plan:
    """Return a plan of one queue."""
    return Plan(queues={"default": Queue(**fields)})


def under(plan: Plan) -> Checked:
    """Return an engine under *plan*; ann is on the roster, but not there."""
    engine = Checked(plan)
    engine.add_agent(Agent(id="ann", capacity=100), -1e10)
    return engine


def desk(*targets: Target, calendars: Mapping[str, Calendar] | None = None, **queue: Any) -> Checked:
    """Return an engine with one queue that promises *targets*; ann is on the roster, but not there."""
    return under(Plan(calendars=calendars or {}, queues={"default": Queue(targets=targets, **queue)}))


def queues(**each: Queue) -> Plan:
    """Return a plan with these queues and the calendar `office`."""
    return Plan(calendars={"office": OFFICE}, queues=each)


def story(events: Sequence[ev.Event]) -> list[str]:
    """Return what happened to clocks and targets, each in a few words."""
    told = []
    for event in events:
        if type(event) in CLOCK_EVENTS:
            told.append(f"{event.target} {CLOCK_EVENTS[type(event)]}: {event.cause}")  # type: ignore[union-attr]
        elif isinstance(event, ev.SlaWarned):
            told.append(f"{event.target} warned at {event.share:g}")
        elif isinstance(event, ev.SlaMissed):
            told.append(f"{event.target} missed")
    return told


def only(kind: type[E], events: Sequence[ev.Event]) -> E:
    """Return the one event of *kind*."""
    (found,) = [event for event in events if isinstance(event, kind)]
    return found


def floor_of(plan: Plan, *agents: Agent, on: bool = True) -> Floor:
    """Return a floor with *agents* on the roster, who are there."""
    floor = Floor(plan, *agents)
    if on:
        floor.on(*(agent.id for agent in agents))
    return floor


def pairs(events: Sequence[ev.Event]) -> list[tuple[InteractionId, AgentId]]:
    """Return what was offered or given to whom, in order."""
    return [(each.interaction, each.agent) for each in events if isinstance(each, ev.Offered | ev.Assigned)]


def rule(events: Sequence[ev.Event]) -> str:
    """Return the rule of the one refusal that is all that happened."""
    (refused,) = events
    assert isinstance(refused, ev.Refused)
    return refused.rule


def live(engine: Engine, until: float) -> list[ev.Event]:
    """Wake the engine whenever it wants to be woken, and at last at *until*."""
    events = []
    while engine.next_wake <= until:
        events += engine.tick(engine.next_wake)
    return events + engine.tick(until)


def t(text: str, zone: str = BERLIN) -> float:
    """The instant at which the wall clock of *zone* shows *text*."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def wall(at: float, zone: str = BERLIN) -> str:
    """What the wall clock of *zone* shows at an instant."""
    return datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
