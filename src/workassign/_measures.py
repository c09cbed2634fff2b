"""What do events add up to? Taken in turn by turn, each only once.

Turns wait in a buffer and are taken in by the hundred: one loop, with everything that it needs
in local names, for the four events of a plain life (submitted, offered, assigned, completed), and
one function each for all that is rarer. Nothing here depends on how the turns were portioned.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from math import inf
from typing import Any, TypeAlias

from workassign import events as ev
from workassign._contacts import Contacts
from workassign._earliest import Earliest
from workassign._people import People, Person, Shifts
from workassign._promises import Promises
from workassign._records import UNIT
from workassign._series import MINUTE, Series
from workassign._stories import Stories, Story
from workassign.model import AgentId, Instant, InteractionId, OfferId
from workassign.plan import Group, Plan
from workassign.policies.sla import always

__all__ = ["PORTION", "SHORT_FORM", "Back", "Flow", "Held", "Measures", "Visit", "due_of", "fresh"]

PORTION = 200
"""So many facts are taken in together; a read takes in fewer."""

SHORT_FORM = "first_response"
"""The name of the target that a queue's `sla` is."""

MOST_NEW = 512
"""So many durations are settled together, so that a read has no more to settle."""

MOST_GONE = 4096
"""So many may stand in a line who are not there any more."""

USUAL = 20.0
"""The threshold of whatever has no target, seconds."""


_Entry: TypeAlias = tuple[Instant, InteractionId]
"""Since when or until when, and who."""


class Flow:
    """A queue: what came into it, and what became of that.

    `own` counts openings that began here, `later` visits of what was moved here. So the sum of all
    `own` is that of all queues, but for openings that were moved before anybody accepted them.
    """

    __slots__ = (
        "again",
        "arrived",
        "dues",
        "handles",
        "later",
        "limit",
        "old",
        "others",
        "own",
        "queue",
        "resolutions",
        "rings",
        "soon",
        "target",
        "waits",
        "wraps",
        "young",
    )

    def __init__(self, queue: str, measures: Measures) -> None:
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
        """Who was submitted here, by age, as long as nobody among the first is older than the threshold."""
        self.others: Earliest[_Entry] = Earliest(lambda entry: measures.waits(self, *entry))
        """Who came otherwise, and since when."""
        self.old: OrderedDict[InteractionId, Instant] = OrderedDict()
        """Who waits for longer than the threshold, by age, and since when."""
        self.again: OrderedDict[InteractionId, Instant] = OrderedDict()
        """The same of those that had been accepted in another queue before."""
        self.soon: deque[InteractionId] = deque()
        """Plain ones whose acceptance is due by the usual target, in order."""
        self.dues: Earliest[_Entry] = Earliest(lambda entry: measures.is_due(self, *entry))
        """When acceptances are due that have another target."""
        self.refresh()

    def begin(self, minute: int, keep: int) -> None:
        """Go on to *minute*."""
        self.own.begin(minute, keep)
        self.later.begin(minute, keep)
        self.refresh()

    def arrive(self) -> None:
        """Count who came in this portion so far, and put them in line."""
        if self.arrived:
            self.own.row.entered += len(self.arrived)
            self.young.extend(self.arrived)
            if self.target is not None:
                self.soon.extend(self.arrived)
            self.arrived.clear()

    def refresh(self) -> None:
        """Have the lists of the present row at hand."""
        row = self.own.row
        self.waits = row.waits.under(self.limit, targeted=self.target is not None)
        self.rings, self.handles, self.resolutions = row.rings.new, row.handles.new, row.resolutions.new


Visit: TypeAlias = tuple[Instant, Flow, Series, float | None, Instant, str, Story | None]
"""Unanswered in a queue: since, flow, its series, SLA target, start of the opening, channel, the rest."""

Held: TypeAlias = tuple[Instant, Flow, Instant, str, Story | None, Person, float]
"""In an agent's hands: since, flow, start of the opening, channel, the rest, agent, her focus then."""

Back: TypeAlias = tuple[Flow, Instant, str, Story]
"""Given back after it was accepted in this queue: flow, start of the opening, channel, the rest."""


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
        self.late: dict[InteractionId, float] = {}
        """Whose acceptance is later than its target, and that target."""
        self.stories = Stories()
        self.contacts = Contacts(window)
        self.promises = Promises()
        self.people = People(schedule)
        self.alarms: dict[tuple[str, str], Instant] = {}
        """(queue, alarm) -> since when it is raised."""
        self.units: dict[str, int] = {}
        """Channel -> millionths of a unit."""
        self.discounts: dict[str, int] = {}
        """The same while it is somebody else's turn, of the channels where that is another figure."""
        self.reviews: dict[str, int] = {}
        """Queue -> the same while a reply awaits approval there."""
        self.groups: Mapping[str, Group] = {}
        """What agents have in common under the plan that holds."""
        self.alike: int | None = None
        """What every interaction takes up of an agent, if that is one and the same."""
        self.until = -inf
        """The end of the present minute."""
        self.promised: dict[str, dict[str, str | None]] = {}
        """Queue -> every target that it ever had, and its calendar."""
        self.begin_plan(plan)

    def begin_plan(self, plan: Plan) -> None:
        """Learn the queues and channels of *plan*."""
        self.units = {name: round(channel.units * UNIT) for name, channel in plan.channels.items()}
        light = {name: channel.pending_units for name, channel in plan.channels.items()}
        self.discounts = {name: round(units * UNIT) for name, units in light.items() if units is not None}
        reviews = {name: queue.review for name, queue in plan.queues.items()}
        self.reviews = {name: round(each.units * UNIT) for name, each in reviews.items() if each is not None}
        kinds = set(self.units.values())
        self.alike = kinds.pop() if len(kinds) == 1 else None
        self.groups = plan.groups
        for name, queue in plan.queues.items():
            flow = self.flow(name)
            flow.wraps = queue.wrap_up is not None
            flow.target = always(queue.sla)
            flow.limit = self.threshold(name, flow.target)
            flow.refresh()
            self.promised.setdefault(name, {}).update({each.label: each.calendar for each in queue.targets})
        self.stories.retention = plan.retention

    def change_plan(self, plan: Plan, at: Instant) -> None:
        """Go on under *plan*: what is held may take up more or less than before."""
        for flow in self.flows.values():
            flow.arrive()
        self.begin_plan(plan)
        loads = dict.fromkeys(self.people, 0)
        for _, flow, _, channel, story, person, _ in self.held.values():
            if story is not None:
                story.weight = self.lighter(flow, channel, story)
            loads[person.agent.id] += self.weight(channel, story)
        for name, load in loads.items():
            self.people.reload(self.people[name], load, at)
        for person in self.people.values():
            if person.told.groups:
                self.people.change(person, person.told, self.groups, at)

    def weight(self, channel: str, story: Story | None) -> int:
        """Return what something that is held takes up."""
        full = self.units.get(channel, UNIT)
        return full if story is None or story.weight is None else story.weight

    def lighter(self, flow: Flow, channel: str, story: Story) -> int | None:
        """Return what something takes up if it is less now than its channel says."""
        full = self.units.get(channel, UNIT)
        units = min(full, self.discounts.get(channel, full)) if story.turned else full
        if story.awaits:
            units = min(units, self.reviews.get(flow.queue, full))
        return None if units == full else units

    def oldest(self, flow: Flow) -> Instant | None:
        """Return since when the oldest waits that nobody has accepted in *flow*. Cost: O(1) on average."""
        self.age(flow, self.at)
        found = [next(iter(each.values())) for each in (flow.old, flow.again) if each]
        first = self._first(flow)
        return min([*found, first[0]] if first is not None else found, default=None)

    def _first(self, flow: Flow) -> tuple[Instant, InteractionId] | None:
        """Return who came first of those that are not old yet; forget who of them waits no more."""
        young, visits = flow.young, self.visits
        while young:
            visit = visits.get(young[0])
            if visit is not None and visit[1] is flow and (visit[6] is None or visit[6].stayed):
                break
            young.popleft()
        found = [] if (other := flow.others.first()) is None else [other]
        if young:
            found.append((visits[young[0]][0], young[0]))
        return min(found, default=None)

    def waits(self, flow: Flow, since: Instant, name: InteractionId) -> bool:
        """Whether something waits in *flow*, since then, that no agent there has accepted."""
        visit = self.visits.get(name)
        return visit is not None and visit[1] is flow and visit[0] == since

    def age(self, flow: Flow, at: Instant) -> None:
        """Move to the old who has passed the threshold by *at*. Cost: O(1) for each, once."""
        while (first := self._first(flow)) is not None and first[0] + flow.limit <= at:
            since, name = first
            visit = self.visits[name]
            if flow.young and flow.young[0] == name:
                flow.young.popleft()
            else:
                flow.others.pop()
            (flow.old if fresh(visit) else flow.again)[name] = since

    def next_due(self, flow: Flow) -> Instant | None:
        """Return when the next acceptance in *flow* is due by its `sla`. Cost: O(1) on average."""
        found = [] if (first := flow.dues.first()) is None else [first[0]]
        self._trim(flow)
        if flow.soon:
            due = due_of(self.visits[flow.soon[0]])
            found += [] if due is None else [due]
        return min(found, default=None)

    def is_due(self, flow: Flow, due: Instant, name: InteractionId) -> bool:
        """Whether something waits in *flow* that has to be accepted until then."""
        visit = self.visits.get(name)
        here = visit is not None and visit[1] is flow and not self.is_late(name, visit[3])
        return visit is not None and here and due_of(visit) == due

    def _trim(self, flow: Flow) -> None:
        """Forget who of those that are due soon is not any more."""
        soon, visits = flow.soon, self.visits
        while soon:
            visit = visits.get(soon[0])
            if visit is not None and visit[1] is flow and visit[6] is None and soon[0] not in self.late:
                break  # whatever has a story is among the `dues`
            soon.popleft()

    def is_late(self, name: InteractionId, target: float | None) -> bool:
        """Whether this target was missed already: a clock that ran out starts again only for a later one."""
        missed = self.late.get(name)
        return missed is not None and (target is None or target <= missed)

    def flow(self, name: str) -> Flow:
        """Return the flow of a queue."""
        known = self.flows.get(name)
        if known is None:
            known = self.flows[name] = Flow(name, self)
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
                    and interaction.not_before is None
                    and units is not None
                ):
                    name = interaction.id
                    flow.arrived.append(name)
                    visits[name] = (at, flow, flow.own, target, at, interaction.channel, None)
                    continue
            elif kind is offered:
                offers[event.offer] = at
                continue
            elif kind is assigned:
                name = event.interaction
                visit = visits.get(name)
                offer = event.offer
                if visit is not None and visit[6] is None and offer and exits and units is not None:
                    since, flow, _, target, opened, channel, _ = visit
                    if target == flow.target and not (late and name in late):
                        del visits[name]
                        if flow.old:
                            flow.old.pop(name, None)
                        flow.waits.append(at - since)
                        flow.rings.append(at - offers.pop(offer))
                        person = people[event.agent]
                        if person.holding:
                            person.pass_time(at)
                            person.holding += 1
                            person.load += units
                        else:
                            person.last, person.holding, person.load = at, 1, units
                        if person.on:
                            people.load += units
                            people.moment -= units * (at - begin)
                        held[name] = (at, flow, opened, channel, None, person, person.focus)
                        continue
            elif kind is completed:
                name = event.interaction
                holding = held.pop(name)
                since, flow, opened, channel, story, person, focus = holding
                if story is None and units is not None and not flow.wraps:
                    elapsed = at - since
                    person.pass_time(at)
                    active = person.focus - focus
                    person.holding -= 1
                    person.load -= units
                    person.handled += 1
                    person.elapsed += elapsed
                    person.active += active
                    if person.on:
                        people.load -= units
                        people.moment += units * (at - begin)
                    if active != elapsed:
                        flow.own.row.counts["shared"] += elapsed - active
                    flow.handles.append(elapsed)
                    flow.resolutions.append(at - opened)
                    continue
                held[name] = holding
            handle = rare.get(kind)
            if handle is not None:
                handle(self, event)
                units = self.alike
        if events:
            self.at = events[-1].at
        self._arrive()

    def _arrive(self) -> None:
        """Count who came, and see to it that nothing piles up."""
        for flow in self.flows.values():
            flow.arrive()
            self.age(flow, self.at)
            self._trim(flow)
            for line in (flow.young, flow.soon):
                if len(line) > 2 * len(self.visits) + MOST_GONE:
                    there = [name for name in line if name in self.visits]
                    line.clear()
                    line.extend(there)
            if len(flow.handles) + len(flow.waits) > MOST_NEW:
                flow.own.row.settle()


def fresh(visit: Visit) -> bool:
    """Whether nobody accepted it in this opening, in whatever queue."""
    return visit[6] is None or not visit[6].answered


def due_of(visit: Visit) -> Instant | None:
    """Return when the acceptance of something is due; None if it is not, or was accepted elsewhere before."""
    _, _, _, target, opened, _, _ = visit
    return None if target is None or not fresh(visit) else opened + target
