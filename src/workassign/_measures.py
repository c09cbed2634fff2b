"""What do events add up to? Taken in turn by turn, each only once.

Turns wait in a buffer and are taken in by the hundred: one loop, with everything that it needs
in local names, for the four events of a plain life (submitted, offered, assigned, completed), and
one function each for all that is rarer. Nothing here depends on how the turns were portioned.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeAlias

from workassign import events as ev
from workassign._contacts import Contacts
from workassign._people import People, Person, Shifts
from workassign._promises import Promises
from workassign._series import MINUTE, Series
from workassign._stories import Stories, Story
from workassign.model import AgentId, Instant, InteractionId, OfferId
from workassign.plan import Plan

__all__ = ["PORTION", "SHORT_FORM", "Back", "Flow", "Held", "Measures", "Visit"]

PORTION = 200
"""So many facts are taken in together; a read takes in fewer."""

SHORT_FORM = "first_response"
"""The name of the target that a queue's `sla` is."""

MOST_NEW = 4096
"""So many durations are settled together, so that a read has no more to settle."""

USUAL = 20.0
"""The threshold of whatever has no target, seconds."""


class Flow:
    """A queue: what came into it, and what became of that.

    `own` counts openings that began here, `later` visits of what was moved here. So the sum of all
    `own` is that of all queues, but for openings that were moved before anybody accepted them.
    """

    __slots__ = (
        *("arrived", "dues", "handles", "later", "limit", "old", "own", "queue", "resolutions", "rings"),
        *("target", "waits", "wraps", "young"),
    )

    def __init__(self, queue: str) -> None:
        self.queue = queue
        self.own, self.later = Series(), Series()
        self.target: float | None = None
        """The target that the plan gives to all: whoever has it is taken in fast."""
        self.limit = USUAL
        self.wraps = False
        """Completion is in two steps here."""
        self.arrived: list[InteractionId] = []
        """Who came in this portion."""
        self.young: deque[InteractionId] = deque()
        """Who came, by age, as long as nobody among the first is older than the threshold."""
        self.old: OrderedDict[InteractionId, Instant] = OrderedDict()
        """Who waits for longer than the threshold, by age, and since when."""
        self.dues: list[tuple[Instant, InteractionId]] = []
        """A heap of when acceptances are due that have another target."""
        self.refresh()

    def begin(self, minute: int, keep: int) -> None:
        """Go on to *minute*."""
        self.own.begin(minute, keep)
        self.later.begin(minute, keep)
        self.refresh()

    def refresh(self) -> None:
        """Have the lists of the present row at hand."""
        row = self.own.row
        self.waits = row.waits.under(self.limit, targeted=self.target is not None)
        self.rings, self.handles, self.resolutions = row.rings.new, row.handles.new, row.resolutions.new


Visit: TypeAlias = tuple[Instant, Flow, Series, float | None, Instant, float, Story | None]
"""Unanswered in a queue: since, flow, its series, SLA target, start of the opening, units, the rest."""

Held: TypeAlias = tuple[Instant, Flow, Instant, float, Story | None, Person, float]
"""In an agent's hands: since, flow, start of the opening, units, the rest, agent, her focus then."""

Back: TypeAlias = tuple[Flow, Instant, float, Story]
"""Given back after it was accepted in this queue: flow, start of the opening, units, the rest."""


class Measures:
    """Takes in turns, and keeps what the figures are made of."""

    def __init__(
        self,
        plan: Plan,
        rare: Mapping[type, Callable[[Measures, Any], None]],
        *,
        arrival: bool,
        threshold: Callable[[str, float | None], float],
        short: float,
        keep: float,
        window: float,
        schedule: Mapping[AgentId, Shifts],
    ) -> None:
        self.rare = rare
        """What to do with whatever `fold` does not take in itself."""
        self.arrival = arrival
        """Count by the interval of the arrival, not of the exit."""
        self.threshold = threshold
        """The threshold for a queue and an SLA target."""
        self.short = short
        self.keep = int(keep // MINUTE)
        self.at: Instant = -inf
        self.pending: list[ev.Event] = []
        self.flows: dict[str, Flow] = {}
        self.moved = Series()
        """Openings that were moved before anybody accepted them: what became of them in the end."""
        self.visits: dict[InteractionId, Visit] = {}
        self.held: dict[InteractionId, Held] = {}
        self.back: dict[InteractionId, Back] = {}
        self.offers: dict[OfferId, Instant] = {}
        self.late: dict[InteractionId, bool] = {}
        """Whose acceptance is later than its target."""
        self.stories = Stories()
        self.contacts = Contacts(window)
        self.promises = Promises()
        self.people = People(schedule)
        self.alarms: dict[tuple[str, str], Instant] = {}
        """(queue, alarm) -> since when it is raised."""
        self.units: dict[str, float] = {}
        self.alike: float | None = None
        """What every interaction takes up of an agent, if that is one and the same."""
        self.until = -inf
        """The end of the present minute."""
        self.promised: dict[str, dict[str, str | None]] = {}
        """Queue -> its targets and their calendars."""
        self.begin_plan(plan)

    def begin_plan(self, plan: Plan) -> None:
        """Learn the queues and channels of *plan*."""
        self.units = {name: channel.units for name, channel in plan.channels.items()}
        kinds = set(self.units.values())
        self.alike = kinds.pop() if len(kinds) == 1 else None
        for name, queue in plan.queues.items():
            flow = self.flow(name)
            flow.wraps = queue.wrap_up is not None
            always = getattr(queue.sla, "always", None)
            flow.target = always[1] if isinstance(always, tuple) and always[0] is queue.sla else None
            flow.limit = self.threshold(name, flow.target)
            flow.refresh()
        self.promised = {
            name: {target.label: target.calendar for target in queue.targets}
            for name, queue in plan.queues.items()
        }
        self.stories.retention = plan.retention

    def oldest(self, flow: Flow) -> Instant | None:
        """Return since when the oldest waits that nobody has accepted in *flow*. Cost: O(1) on average."""
        self._age(flow)
        if flow.old:
            return next(iter(flow.old.values()))
        return self.visits[flow.young[0]][0] if flow.young else None

    def next_due(self, flow: Flow) -> Instant | None:
        """Return when the next acceptance in *flow* is due by its `sla`. Cost: O(1), in the mean."""
        dues, visits = flow.dues, self.visits
        while dues:
            visit = visits.get(dues[0][1])
            if visit is not None and dues[0][1] not in self.late and _due(visit) == dues[0][0]:
                break
            heapq.heappop(dues)
        found = [dues[0][0]] if dues else []
        if flow.target is not None:
            usual = (name for names in (flow.old, flow.young) for name in names)
            plain = ((name, visits[name]) for name in usual if name in visits and name not in self.late)
            first = next((visit for _, visit in plain if visit[1] is flow and visit[3] == flow.target), None)
            found += [first[0] + flow.target] if first is not None else []
        return min(found, default=None)

    def flow(self, name: str) -> Flow:
        """Return the flow of a queue."""
        known = self.flows.get(name)
        if known is None:
            known = self.flows[name] = Flow(name)
            known.limit = self.threshold(name, None)
            if self.until > -inf:
                known.begin(int(self.until // MINUTE) - 1, self.keep)
        return known

    def roll(self, at: Instant) -> None:
        """Go on to the minute of *at*."""
        minute = int(at // MINUTE)
        self.until = (minute + 1) * MINUTE
        for flow in self.flows.values():
            flow.begin(minute, self.keep)
        self.moved.begin(minute, self.keep)
        self.people.begin(minute, self.keep)
        self.stories.forget(at)
        for queue, kept in self.contacts.over(at):
            row = self.flow(queue).own.row
            row.counts["contacts"] += 1
            row.counts["contacts_kept"] += kept

    def fold(self) -> None:  # noqa: PLR0912, PLR0915 - a call for each event would cost as much as the loop
        """Take in what is pending."""
        events: list[Any] = self.pending.copy()  # whoever appends to the list goes on with it
        self.pending.clear()
        submitted, offered, assigned, completed = ev.Submitted, ev.Offered, ev.Assigned, ev.Completed
        visits, held, offers, flows, late = self.visits, self.held, self.offers, self.flows, self.late
        people, units, exits, rare = self.people, self.alike, not self.arrival, self.rare
        until, begin = self.until, self.until - MINUTE
        for event in events:
            at = event.at
            if at >= until:
                self._arrive()
                self.roll(at)
                until, begin = self.until, self.until - MINUTE
            kind = type(event)
            if kind is submitted:
                interaction = event.interaction
                flow = flows[interaction.queue]
                target = event.target
                if (
                    target == flow.target
                    and interaction.customer is None
                    and interaction.sentiment is None
                    and interaction.prefers is None
                    and units is not None
                ):
                    name = interaction.id
                    flow.arrived.append(name)
                    visits[name] = (at, flow, flow.own, target, at, units, None)
                    continue
            elif kind is offered:
                offers[event.offer] = at
                continue
            elif kind is assigned:
                name = event.interaction
                visit = visits.get(name)
                if visit is not None and visit[6] is None and event.how == "accepted" and exits:
                    since, flow, _, target, opened, load, _ = visit
                    if target == flow.target and not (late and name in late):
                        del visits[name]
                        if flow.old:
                            flow.old.pop(name, None)
                        flow.waits.append(at - since)
                        flow.rings.append(at - offers.pop(event.offer))
                        person = people[event.agent]
                        if person.holding:
                            person.pass_time(at)
                            person.holding += 1
                            person.load += load
                        else:
                            person.last, person.holding, person.load = at, 1, load
                        people.load += load
                        people.moment -= load * (at - begin)
                        held[name] = (at, flow, opened, load, None, person, person.focus)
                        continue
            elif kind is completed:
                name = event.interaction
                holding = held.pop(name)
                since, flow, opened, load, story, person, focus = holding
                if story is None and exits and not flow.wraps:
                    elapsed = passed = at - since
                    if person.holding == 1:
                        passed = at - person.last
                        person.holding = 0
                        person.area += passed * load
                        person.busy += passed
                        active = person.focus - focus + passed
                    else:
                        person.pass_time(at)
                        person.holding -= 1
                        person.load -= load
                        active = person.focus - focus
                    person.handled += 1
                    if active != elapsed:
                        flow.own.row.counts["shared"] += elapsed - active
                    people.load -= load
                    people.moment += load * (at - begin)
                    flow.handles.append(elapsed)
                    flow.resolutions.append(at - opened)
                    continue
                held[name] = holding
            handle = rare.get(kind)
            if handle is not None:
                handle(self, event)
        if events:
            self.at = events[-1].at
        self._arrive()

    def _arrive(self) -> None:
        """Count who came, and see to it that nothing piles up."""
        for flow in self.flows.values():
            if flow.arrived:
                flow.own.row.entered += len(flow.arrived)
                flow.young.extend(flow.arrived)
                flow.arrived.clear()
            self._age(flow)
            if len(flow.waits) > MOST_NEW:
                flow.own.row.settle()

    def _age(self, flow: Flow) -> None:
        """Forget who of the young waits no more; move to the old who has passed the threshold."""
        young, visits, at = flow.young, self.visits, self.at
        if len(young) > 2 * len(visits) + MOST_NEW:  # most of them are gone: all at once is cheaper
            flow.young = young = deque(name for name in young if name in visits)
        while young:
            visit = visits.get(young[0])
            if visit is not None and visit[1] is flow:
                if visit[0] + flow.limit > at:
                    break
                flow.old[young[0]] = visit[0]
            young.popleft()
        old = flow.old
        while old:
            first = next(iter(old))
            if first in visits and visits[first][1] is flow:
                break
            del old[first]


def _due(visit: Visit) -> Instant | None:
    return None if visit[3] is None else visit[0] + visit[3]
