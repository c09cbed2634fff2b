"""Who is on duty at which desk, and when does that change? Told by the engine's events, and the time.

The law: *no clock of its own*. Facts come out in order of time, each once, whoever is asked first:
the events, or the alarm (`next_wake`). A desk announces a change of shifts by them; to send the
announcement is another's affair.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import TypeAlias

from workassign import events as ev
from workassign.errors import UsageError
from workassign.groups import formed
from workassign.hours import zone_of
from workassign.model import Agent, AgentId, Instant, Presence
from workassign.plan import Plan
from workassign.social.happenings import CameOnDuty, DeskClosed, DeskOpened, OnDuty, WentOffDuty
from workassign.social.replying.desks import Desks
from workassign.social.replying.replies import Replies

__all__ = ["Announced", "Duty", "announcement"]

Announced: TypeAlias = DeskOpened | DeskClosed | CameOnDuty | WentOffDuty | OnDuty
"""What duty is about."""

_NEVER = float("inf")


class Duty:
    """Knows who is there and which desks are open, from one instant on.

    On duty is whoever is signed on, also in a break or draining, and serves one of a desk's queues:
    a group that she is in may say so. Who serves every queue is at every desk that has queues.
    """

    def __init__(self, desks: Desks, plan: Plan, at: Instant) -> None:
        """Begin at *at*, with nobody there; *plan* is the engine's."""
        self._desks = desks
        self._plan = plan
        self._at = at
        self._agents: dict[AgentId, Agent] = {}
        self._present: set[AgentId] = set()
        self._shifts: dict[AgentId, Instant] = {}
        self._there: dict[str, set[AgentId]] = {name: set() for name in desks.by_name}
        self._due = {name: desks.next_change(name, at) for name in desks.by_name}
        self._open = {name: desks.is_open(name, at) for name in desks.by_name}

    @property
    def next_wake(self) -> Instant:
        """When a desk opens or closes next: call `tick` then. Infinite if none ever does."""
        return min(self._due.values(), default=_NEVER)

    def is_open(self, desk: str) -> bool:
        """Whether *desk* is open, as far as time was told."""
        return self._open[desk]

    def at(self, desk: str) -> tuple[AgentId, ...]:
        """Return who is on duty at *desk*, in order of their ids."""
        return tuple(sorted(self._there[desk]))

    def until(self, desk: str) -> Instant | None:
        """Return when who is at *desk* will change: a shift or the hours end. None: nobody knows."""
        ends = [self._shifts[agent] for agent in self.at(desk) if agent in self._shifts]
        if self._open[desk]:
            ends.append(self._due[desk])
        soonest = min((end for end in ends if end > self._at), default=_NEVER)
        return None if soonest == _NEVER else soonest

    def tick(self, at: Instant) -> list[Announced]:
        """Return which desks opened and closed by *at*, each at its time; at one time in the desks' order.

        Raises:
            UsageError: If *at* is before what was told last.
        """
        if not at >= self._at:
            raise UsageError(f"time runs backwards: {at!r} is before {self._at!r}")
        facts: list[Announced] = []
        while (due := self.next_wake) <= at:
            for name, when in self._due.items():
                if when == due:
                    opened = not self._open[name]
                    self._open[name] = opened
                    self._due[name] = self._desks.next_change(name, due)
                    kind = DeskOpened if opened else DeskClosed
                    facts.append(kind(at=at, due=due, desk=name))
        self._at = at
        return facts

    def take(self, events: Iterable[ev.Event]) -> list[Announced]:
        """Return what follows from the engine's *events*, all of them, in their order.

        Who came and went, and for each desk where anybody did, or a shift was set, who is there now:
        once for all events of one instant. Before them stands what was due by then. Cost: O(desks) an
        event that is about an agent.

        Raises:
            UsageError: If an event is before what was told last.
        """
        facts: list[Announced] = []
        for at, group in groupby(events, key=lambda event: event.at):
            facts += self.tick(at)
            changed: dict[str, None] = {}
            for event in group:
                facts += self._follow(event, changed)
            facts += [
                OnDuty(at=at, desk=name, agents=self.at(name), until=self.until(name))
                for name in self._there
                if name in changed
            ]
        return facts

    def _follow(self, event: ev.Event, changed: dict[str, None]) -> list[Announced]:
        match event:
            case ev.AgentAdded(agent=agent) | ev.AgentChanged(agent=agent):
                self._agents[agent.id] = agent
                return self._placed([agent.id], event.at, changed)
            case ev.AgentRemoved(agent=who):
                self._agents.pop(who, None)
                self._present.discard(who)
                self._shifts.pop(who, None)
                return self._placed([who], event.at, changed)
            case ev.PresenceChanged(agent=who, presence=Presence.OFFLINE):
                self._present.discard(who)
                return self._placed([who], event.at, changed)
            case ev.PresenceChanged(agent=who):
                self._present.add(who)
                return self._placed([who], event.at, changed)
            case ev.ShiftSet():
                self._shift_set(event, changed)
            case ev.PlanChanged():
                return self._planned(Plan.from_data(event.plan), event.at, changed)
            case _:
                pass  # the others are about interactions
        return []

    def _shift_set(self, event: ev.ShiftSet, changed: dict[str, None]) -> None:
        if event.until is None:
            self._shifts.pop(event.agent, None)
        else:
            self._shifts[event.agent] = event.until
        changed |= dict.fromkeys(name for name, there in self._there.items() if event.agent in there)

    def _planned(self, plan: Plan, at: Instant, changed: dict[str, None]) -> list[Announced]:
        """Take up other groups. The desks and their hours stay until another `Duty` is begun."""
        self._plan = plan
        return self._placed(list(self._agents), at, changed)

    def _placed(self, agents: Iterable[AgentId], at: Instant, changed: dict[str, None]) -> list[Announced]:
        """Bring it in line at which desks *agents* are."""
        facts: list[Announced] = []
        for who in agents:
            told = self._agents.get(who) if who in self._present else None
            serves = None if told is None else formed(told, self._plan.groups).queues
            for name, there in self._there.items():
                queues = self._desks.by_name[name].queues
                is_there = told is not None and any(serves is None or queue in serves for queue in queues)
                if is_there and who not in there:
                    there.add(who)
                    facts.append(CameOnDuty(at=at, desk=name, agent=who))
                    changed[name] = None
                elif who in there and not is_there:
                    there.discard(who)
                    facts.append(WentOffDuty(at=at, desk=name, agent=who))
                    changed[name] = None
        return facts


def announcement(
    fact: Announced,
    desks: Desks,
    replies: Replies,
    names: Mapping[AgentId, str],
    *,
    language: str | None = None,
    network: str | None = None,
) -> str | None:
    """Return what a desk tells the world about *fact*; None: nothing, as always of one who comes or goes.

    *names* are what agents are called in public; who has none there is not named, for an id is
    nobody's business. The blanks are `desk`, `brand` (the desk's first), `agents` and, in the
    time of the desk's calendar, `until` (of who is on duty) and `opens` (of one that closed).

    >>> from workassign.plan import Plan
    >>> from workassign.social.replying.desks import HelpDesk
    >>> from workassign.social.replying.replies import Reply
    >>> desks = Desks({"air": HelpDesk(brands=("Air",), announce={"duty": "here"})}, Plan())
    >>> here = Replies([Reply(id="here", text="{agents} are here for {brand}.")])
    >>> duty = OnDuty(at=0.0, desk="air", agents=("a1", "b2", "c3"), until=None)
    >>> announcement(duty, desks, here, {"a1": "Ana", "b2": "Ben"})
    'Ana & Ben are here for Air.'
    """
    desk = desks.by_name[fact.desk]
    said = desk.announce.get(_KINDS.get(type(fact), ""))
    brand = desk.brands[0] if desk.brands else None
    reply = None if said is None else replies.of(said, language, brand, network)
    if reply is None:
        return None
    values = {"desk": fact.desk} | ({} if brand is None else {"brand": brand})
    if isinstance(fact, OnDuty):
        if not (known := [names[agent] for agent in fact.agents if agent in names]):
            return None
        values["agents"] = " & ".join([", ".join(known[:-1]), known[-1]] if known[1:] else known)
        if fact.until is not None:
            values["until"] = _clock(fact.until, fact.desk, desks)
    elif isinstance(fact, DeskClosed) and (opens := desks.next_change(fact.desk, fact.due)) != _NEVER:
        values["opens"] = _clock(opens, fact.desk, desks)
    return reply.fill(values)


_KINDS: Mapping[type, str] = {DeskOpened: "opened", DeskClosed: "closed", OnDuty: "duty"}


def _clock(at: Instant, desk: str, desks: Desks) -> str:
    """Return what a clock shows at *at* where *desk* is."""
    calendar = desks.calendar(desk)
    zone = zone_of("UTC" if calendar is None else calendar.zone)
    return f"{datetime.fromtimestamp(at, zone):%H:%M}"
