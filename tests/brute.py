"""A second router that shares nothing with the engine: plain lists, and every step scans them all.

It follows the documented rules in the most obvious way there is, at any cost. Values, plans and
policies are the engine's own, calendars too; that is all. Where it and the engine disagree, one
of them is wrong.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import fsum, inf
from typing import Any, TypeAlias

import attrs

from tests.oracle import Oracle
from workassign import commands as cmd
from workassign import events as ev
from workassign.hours import Calendar
from workassign.model import Agent, Fence, Instant, Interaction, OfferId, Presence, Status
from workassign.needs import Needs
from workassign.plan import Plan, Queue
from workassign.policies.admission import Overflow
from workassign.policies.batch import Batch, Column, Pair, Row
from workassign.policies.escalation import Step
from workassign.policies.naming import describe
from workassign.policies.offers import Backoff
from workassign.policies.selection import Bench
from workassign.policies.sla import Target
from workassign.policies.work import Head

__all__ = ["Clock", "Item", "Person", "Router", "formed"]

REFUSALS_COUNTED = 1000
"""Of an agent's refusals of one cause, the last so many can count towards a pause."""

WRAP_UP, OFFER, SLA, REST, RETRY, STICKY, GRACE, CLOCK, AGE, BREACH, STEP = range(11)
ROTATION, RESUME, LEASE, RAMP, SHIFT, BEAT, FORECAST, SURGE, BATCH, DELAY = range(11, 21)

STOPS = {
    "accept": ("accepted",),
    "first_response": ("replied",),
    "next_response": ("replied",),
    "periodic_update": ("replied",),
    "resolution": ("completed",),
}
"""What the clocks of each measure wait for."""

Timer: TypeAlias = tuple[Instant, int, int, Any]
"""Due, kind, number, subject."""

Key: TypeAlias = tuple[str, str]
"""Queue, alarm."""


@attrs.define(eq=False)
class Refusal:
    """One agent refused one interaction."""

    agent: str
    retry: Instant
    excluded: Instant


@attrs.define(eq=False)
class Clock:
    """One clock of an interaction: all that happened to it, from its start to its end."""

    number: int
    target: Target
    calendar: Calendar | None
    queue: str
    """Where it was started."""
    seconds: float
    before: float
    """So much was used up before it was started."""
    due: Instant | None
    warnings: ev.Warnings
    missed: bool
    marks: list[tuple[str, Instant]]
    """From when on it "runs", "stands" still, is "over"."""
    warned: list[float] = attrs.Factory(list)
    """The shares that were warned of."""

    @property
    def now(self) -> str:
        """What it does since the last mark."""
        return self.marks[-1][0]

    @property
    def threshold(self) -> Instant | None:
        """When it warns next, or its target is missed."""
        return self.warnings[0][1] if self.warnings else self.due

    @property
    def since(self) -> Instant:
        """The last mark."""
        return self.marks[-1][1]

    def used(self, at: Instant) -> float:
        """Return the seconds of its own time that are used up by *at*."""
        seconds = self.before
        for (what, start), (_, end) in pairwise([*self.marks, ("", at)]):
            if what == "runs":
                seconds += end - start if self.calendar is None else self.calendar.open_seconds(start, end)
        return seconds


@attrs.define(eq=False)
class Bid:
    """One open offer of something that is offered to several."""

    holder: str
    offer: int
    grip: int
    since_hold: Instant
    expires: Instant


@attrs.define(eq=False)
class Item:
    """An interaction, and who has it."""

    interaction: Interaction
    seq: int
    queue: str
    tier: int
    key: float
    since: Instant
    target: float | None
    clock: bool
    first: ev.Submitted
    needs: Needs
    """Its own needs and those of its queue, relaxed by the steps it took."""
    came: Instant
    """When it came to its queue."""
    stage: str = "waiting"
    holder: str | None = None
    offer: int | None = None
    grip: int = 0
    """The place of this holding among all there were."""
    since_hold: Instant = 0.0
    expires: Instant = 0.0
    others: list[Bid] = attrs.Factory(list)
    """Where it is offered to several: the open offers beside the one above."""
    fence: int | None = None
    how: str = ""
    until: Instant | None = None
    accepted_ever: bool = False
    accepted_here: bool = False
    """In the queue where it is."""
    refusals: list[Refusal] = attrs.Factory(list)
    missed: float | None = None
    """The last target that was missed."""
    version: int = 1
    closed: Instant | None = None
    taken: list[int] = attrs.Factory(list)
    """The numbers of the steps that it took in its queue."""
    unmet: list[int] = attrs.Factory(list)
    """Those whose time has come without their condition."""
    quiet: list[int] = attrs.Factory(list)
    """Those that are asked again at the end of the turn, or when another step of it is due."""
    asks: set[Instant] = attrs.Factory(set)
    """The full minutes at which its forecast is to be asked for again, if it still hangs on that."""
    step_tier: int | None = None
    step_seconds: float = 0.0
    """What steps gave it: a tier, and seconds of head start."""
    boosts: list[float] = attrs.Factory(list)
    """Head starts that refusals gave it in its queue, in seconds."""
    entry: int = 0
    """Its place among all that ever came to a queue."""
    said: list[str] = attrs.Factory(lambda: ["customer"])
    """Who wrote, one after the other: customer, agent or bot."""
    mood: float | None = None
    """The last sentiment that is known."""
    status: Status = Status.OPEN
    clocks: list[Clock] = attrs.Factory(list)
    """All that were ever started, the first first."""
    alive: list[Clock] = attrs.Factory(list)
    """Those of them that are not over."""
    prefers: str | None = None
    """Whom it should go to first."""
    asked: Instant = 0.0
    """Since when it may wait for her."""
    back: Instant | None = None
    """When it comes back, if it is parked and time alone brings it back."""
    on_reply: bool = False
    back_to: str | None = None
    """Who put it aside and should have it again."""
    wrapping: Instant = 0.0
    """When its wrap-up began."""
    writer: str | None = None
    """Who has the lock."""
    lease: Instant = 0.0
    """Until when."""
    ahead: bool = False
    """It came in for a later time, and nothing counts so far."""
    author: str | None = None
    """Of a review: who wrote the reply."""
    about: str | None = None
    """And to what."""
    verdict: str = ""
    """What is said of that reply: awaited, asked for all the same, or over."""
    shared: tuple[str, ...] = ()
    """The other queues through which agents see it."""
    replies: int = 0
    """Replies that were sent or proposed, where some are looked at."""

    def turn_to(self, offer: int | None) -> None:
        """Look at this one of several offers."""
        bids = [*self.others]
        if self.holder is not None and self.offer is not None and self.stage == "offered":
            bids.append(Bid(self.holder, self.offer, self.grip, self.since_hold, self.expires))
        chosen = next(bid for bid in bids if bid.offer == offer)
        self.others = sorted((bid for bid in bids if bid is not chosen), key=lambda bid: bid.offer)
        self.holder, self.offer, self.grip = chosen.holder, chosen.offer, chosen.grip
        self.since_hold, self.expires, self.stage = chosen.since_hold, chosen.expires, "offered"

    @property
    def offers(self) -> dict[int, str]:
        """The open offers, and whose they are."""
        if self.stage != "offered":
            return {}
        found = {bid.offer: bid.holder for bid in self.others}
        found[self.offer or 0] = self.holder or ""
        return dict(sorted(found.items()))

    @property
    def urgency(self) -> tuple[int, float, int]:
        """The place among all that waits."""
        return self.tier, self.key, self.seq

    @property
    def owned(self) -> bool:
        """Whether somebody accepted it and has it still."""
        return self.stage in ("assigned", "wrapping", "awaiting_approval")

    @property
    def waits(self) -> bool:
        """Whether nobody has accepted it, or not since it was given back."""
        return self.stage in ("waiting", "offered")

    def present_clocks(self) -> list[Clock]:
        """Return the clocks that are not over."""
        return list(self.alive)

    def answered(self, *, bots: bool) -> bool:
        """Whether anybody has answered, or something automatic where that counts."""
        return "agent" in self.said or (bots and "bot" in self.said)

    def unanswered(self, *, bots: bool) -> bool:
        """Whether the customer has the last word."""
        return [each for each in self.said if bots or each != "bot"][-1] == "customer"


@attrs.define(eq=False)
class Person:
    """An agent as she stands."""

    told: Agent
    """As the command said."""
    agent: Agent
    """With what her groups say."""
    number: int
    idle_since: Instant
    presence: Presence = Presence.OFFLINE
    open: frozenset[str] = frozenset()
    """Channels with room, as found after her last event."""
    last_offer: int = 0
    handled: int = 0
    refused_at: dict[str, list[Instant]] = attrs.Factory(dict)
    rest: Instant | None = None
    grace: Instant | None = None
    version: int = 1
    ramp: Instant | None = None
    """Until then she has one thing at a time."""
    shift: Instant | None = None
    leaves_for: Presence = Presence.OFFLINE
    drains_to: Presence | None = None
    lease: Instant | None = None

    @property
    def id(self) -> str:
        """Her id."""
        return self.agent.id

    @property
    def there(self) -> bool:
        """Whether work may wait for her."""
        return self.presence in (Presence.AVAILABLE, Presence.BUSY)


class Facts:
    """What policies see of an agent."""

    def __init__(self, router: Router, person: Person) -> None:
        self._router = router
        self._person = person
        self.id = person.id
        self.number = person.number
        self.skills = person.agent.skills
        self.queues = person.agent.queues
        self.capacity = person.agent.capacity
        self.load = router.millionths(person) / 1_000_000
        self.idle_since = person.idle_since
        self.last_offer = person.last_offer
        self.handled = person.handled

    def on_channel(self, channel: str) -> int:
        """How many interactions of *channel* she is offered or holds."""
        return sum(1 for item in self._router.hands(self._person) if item.interaction.channel == channel)

    def channel_limit(self, channel: str) -> int | None:
        """How many at a time she takes on *channel*."""
        channels = self._person.agent.channels
        return None if channels is None else channels.get(channel, 0)


class Router:
    """Takes commands, returns events; as slow as it is plain."""

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan if plan is not None else Plan()
        self.plan_version = 1
        self.at: Instant = float("-inf")
        self.items: list[Item] = []
        self.people: list[Person] = []
        self.submitted = 0
        self.placed = 0
        self.grips = 0
        self.fences = 0
        self.enrolled = 0
        self.facts: list[ev.Event] = []
        self.touched: list[Person] = []
        self.turns: dict[str, tuple[int, Instant]] = {}
        """Rotation -> the number of its period, and when that ends."""
        self.fresh: list[Item] = []
        """What was offered to one in this turn, and shall be to several."""
        self.pauses: list[tuple[Person, str]] = []
        """Who refused too often in this turn, and what."""
        self.timers: list[tuple[Instant, int, int]] = []
        """Ends of holds: (due, kind, number). They change nothing but that it is looked again."""
        self.answers: dict[str, tuple[Instant, cmd.Command, list[ev.Event]]] = {}
        self.queues: dict[str, Queue] = dict(self.plan.queues)
        """All that there ever were, as they last were."""
        self.clocks = 0
        self.alarms: dict[Key, set[object]] = {}
        """What was over the limit of each alarm when it was last looked at."""
        self.raised: set[Key] = set()
        self.crossed: dict[Key, Instant] = {}
        """Alarms whose limit something has crossed since then, and when the first did."""
        self.looked: Instant = -inf
        """When it was last looked at the alarms."""
        self.fired: tuple[Instant, int, int] = (-inf, 0, 0)
        """The latest timer that fired."""
        self.limited: set[str] = set()
        """Labels that somebody has limited under this plan: what has one is a class of its own."""
        self.let_in: list[tuple[str, Instant]] = []
        """Queue and instant of all that was let in under this plan."""
        self.arrived: list[Instant] = []
        """When everything came in, for as long as the plan says the same of surges."""
        self.surging = False
        self.windows: list[Timer] = []
        """The ends of windows in which something could be given, as of the last turn."""
        self.ended: list[object] = []
        """Batches whose windows have ended in this turn."""
        self.singly: list[object] = []
        """Batches of which what waits is just given one by one."""
        self.entries = 0
        self.oracle = Oracle(self)
        self.oracle.prepare()

    # --- a turn -----------------------------------------------------------------------------

    def handle(self, command: cmd.Command, at: Instant) -> list[ev.Event]:
        """Carry out one turn."""
        plan = Plan.from_data(command.plan) if isinstance(command, cmd.ChangePlan) else None
        self.oracle.pass_time(at - self.at)
        self.at, self.facts = float(at), []
        self.fire()
        timed = list(self.facts)
        self.facts = []
        if command.key is not None and command.key in self.answers:
            _, said, answer = self.answers[command.key]
            if said == command:
                return [*timed, *answer]
            return [*timed, self.refused(command, "key_reused")]
        again: list[ev.Event] = []
        stale = command.expected_version is not None and self.version(command) != command.expected_version
        if stale and not self.said_before(command):
            self.refuse(command, "stale_version")
        elif plan is not None:
            self.change_plan(command, plan)
        else:
            self.hear(command)
            again = _DECIDE[type(command)](self, command) or []
        self.pair()
        self.watch()
        if self.next_wake() <= self.at:
            self.fire()
        answer = [*self.facts, *again]
        if command.key is not None:
            self.answers[command.key] = (self.at, command, answer)
            oldest = self.at - self.plan.retention
            self.answers = {key: known for key, known in self.answers.items() if known[0] >= oldest}
        return [*timed, *answer]

    def fire(self) -> None:
        """Let everything happen that is due, one after the other, then bring together."""
        self.fired = (-inf, 0, 0)
        while (timer := self.next_timer()) is not None and timer[0] <= self.at:
            due, kind, _, subject = timer
            self.fired = max(self.fired, timer[:3])
            if kind in _HAPPENS:
                _HAPPENS[kind](self, subject, due)
            elif kind == OFFER:
                subject[0].turn_to(subject[1])
                self.expire(subject[0], due)
            elif kind == SLA:
                subject.clock, subject.missed = False, subject.target
                subject.version += 1
                self.emit(ev.SlaMissed(self.at, due, subject.interaction.id, "first_response"))
            elif kind == ROTATION:
                self.rotate(subject)
            elif kind == BATCH:
                self.windows = [each for each in self.windows if each[3] != subject]
                self.ended.append(subject)
            elif kind == SHIFT and subject is not None:
                self.end_shift(subject, due)
            elif kind == FORECAST:
                self.ask_forecast(subject, due)
            elif kind == AGE:
                if subject.waits:
                    self.cross((subject.queue, "oldest_age"), subject, due)
            elif kind == BREACH and subject.stage == "parked":
                pass
            elif kind == BREACH:
                self.cross((subject.queue, "next_breach"), subject, due)
            else:
                self.timers.remove(timer[:3])
                if kind in (REST, RAMP, SHIFT):
                    self.touched += [person for person in self.people if person.number == timer[2]]
        for item in self.items:
            item.asks = {due for due in item.asks if due > self.at}
        self.pair()
        self.watch()
        if self.next_wake() <= self.at:
            self.fire()

    def next_timer(self) -> Timer | None:
        """Return the first of all timers."""
        return min(self.all_timers(), key=lambda timer: timer[:3], default=None)

    def all_timers(self) -> list[Timer]:
        """Return all timers, those that will change nothing too."""
        found: list[Timer] = [(*timer, None) for timer in self.timers]
        found += [(p.grace, GRACE, p.number, p) for p in self.people if p.grace is not None]
        for number, name in enumerate(self.plan.rotations):
            if self.plan.rotations[name].queue is None:
                found.append((self.turns[name][1] if name in self.turns else -inf, ROTATION, number, name))
        if self.surging:
            found.append((self.surge_end(), SURGE, 0, None))
        found += self.windows
        found += [(p.shift, SHIFT, p.number, p) for p in self.people if p.shift is not None]
        found += [(p.lease, BEAT, p.number, p) for p in self.people if p.lease is not None]
        for item in self.items:
            if item.closed is None:
                found += self.timers_of(item)
        return found

    def timers_of(self, item: Item) -> Iterator[Timer]:
        """Yield what is due for an open interaction."""
        if item.stage == "wrapping":
            assert item.until is not None
            yield item.until, WRAP_UP, item.fence or 0, item
        if item.stage == "offered":
            yield item.expires, OFFER, item.offer or 0, (item, item.offer)
            for bid in item.others:
                yield bid.expires, OFFER, bid.offer, (item, bid.offer)
        if item.stage == "parked" and item.back is not None:
            yield item.back, RESUME, item.seq, item
        if item.writer is not None:
            yield item.lease, LEASE, item.seq, item
        if item.clock:
            assert item.target is not None
            yield item.since + item.target, SLA, item.seq, item
        for clock in item.present_clocks():
            if clock.now == "runs" and clock.threshold is not None:
                yield clock.threshold, CLOCK, clock.number, (item, clock)
        if item.stage == "waiting":
            ends = [item.came + self.delay(each, item) for each in self.people]
            yield from ((due, DELAY, item.seq, item) for due in ends if due > self.at)
            for number, due in self.steps_ahead(item):
                if number not in item.unmet and number not in item.quiet:
                    yield due, STEP, item.seq, item
            if self.unforecast(item) and item.asks:
                yield min(item.asks), FORECAST, item.seq, item
        yield from self.crossings(item)

    def next_wake(self) -> Instant:
        """Return when something may be due without a command."""
        timer = self.next_timer()
        return inf if timer is None or timer[0] == -inf else timer[0]

    def next_effect(self) -> Instant:
        """Return when something will be a fact without a command."""
        sure = (WRAP_UP, OFFER, SLA, GRACE, CLOCK, RESUME, LEASE, BEAT, SURGE)
        ends = [person.shift for person in self.people if person.shift is not None]
        return min([*ends, *(timer[0] for timer in self.all_timers() if timer[1] in sure)], default=inf)

    def pair(self) -> None:
        """Bring together what fits until nothing does."""
        changed = False
        for person, cause in self.pauses:
            if person in self.people and person.presence is Presence.AVAILABLE:
                self.set_presence(person, Presence.AWAY, cause)
        self.pauses = []
        self.step_all()
        self.look()
        self.pair_all()
        while self.drain():
            self.step_all()
            self.look()
            self.pair_all()
        self.close_windows()
        self.spread()
        for name, rotation in self.plan.rotations.items():
            if rotation.queue is None:
                continue
            length = sum(
                1
                for item in self.items
                if item.closed is None and item.queue == rotation.queue and not item.accepted_here
            )
            second = self.turns.get(name, (0, inf))[0] == 1
            if second != (length >= ((rotation.off if second else rotation.on) or 0)):
                self.turn_to(name, 0 if second else 1, inf, None)
                changed = True
        if changed:
            self.pair()
        surge = self.plan.surge
        if surge is not None and not self.surging:
            number = self.arrivals(self.at // (surge.window / 10))
            if number * 60 / surge.window >= surge.on:
                self.swing(ev.SurgeStarted(self.at, number))
                self.pair()
        self.windows = [
            (self.window_end(batch), BATCH, number, name)
            for number, (name, batch) in enumerate(self.batches().items())
            if self.matrix(name)
        ]

    def arrivals(self, part: float) -> int:
        """Return how many came in that part of a window, and in the nine before it."""
        assert self.plan.surge is not None
        width = self.plan.surge.window / 10
        return sum(1 for at in self.arrived if part - 10 < at // width <= part)

    def surge_end(self) -> Instant:
        """Return when the surge that is on ends, if nothing more comes in."""
        surge = self.plan.surge
        assert surge is not None
        width = surge.window / 10
        parts = {at // width + more for at in self.arrived for more in range(10)}
        last = max(part for part in parts if self.arrivals(part) * 60 / surge.window >= surge.off)
        return (last + 1) * width + surge.hold

    def swing(self, event: ev.SurgeStarted | ev.SurgeEnded) -> None:
        """Let a surge begin or end, and those who help be lent or given back."""
        assert self.plan.surge is not None
        self.surging = isinstance(event, ev.SurgeStarted)
        self.emit(event)
        lent = () if self.plan.surge.borrow is None else self.plan.surge.borrow.groups
        for person in self.people:
            if set(person.told.groups) & set(lent):
                person.version += 1
                person.agent = formed(person.told, self.plan, self.turns, self.surging)
                self.touched.append(person)
        self.recount()

    def absorbs(self, interaction: Interaction) -> bool:
        """Whether a surge keeps it from the queue: then it is taken in and closed."""
        surge, queue = self.plan.surge, interaction.queue
        later = interaction.not_before is not None and interaction.not_before > self.at
        if surge is None or not self.surging or later or interaction.parent is not None:
            return False
        tier = self.plan.queues[queue].tier if interaction.tier is None else interaction.tier
        if surge.floor is not None and tier <= surge.floor:
            return False
        value = interaction.attributes.get(surge.collapse or "")
        same = [
            item
            for item in self.items
            if item.closed is None
            and item.queue == queue
            and value is not None
            and item.interaction.attributes.get(surge.collapse or "") == value
        ]
        template = None
        if surge.templates is not None:
            topic = interaction.attributes.get(surge.templates.attribute)
            template = next(
                (surge.templates.names[each] for each in surge.templates.names if each == topic), None
            )
        if not same and template is None:
            return False
        self.take_in(interaction, queue)
        item = self.items[-1]
        if not same:
            self.reply(item, "bot", None, "bot replied")
        self.let_go(item, "closed")
        into = min(same, key=lambda each: each.entry).interaction.id if same else ""
        event = ev.Collapsed(self.at, interaction.id, into)
        self.emit(event if same else ev.TemplateSent(self.at, interaction.id, template or ""))
        self.follow(item, "absorbed")
        return True

    def enter(self, item: Item) -> None:
        """*item* has come to a queue."""
        self.entries += 1
        item.entry = self.entries

    def rotate(self, name: str) -> None:
        """Let a rotation by schedule go on to where it is now."""
        rotation = self.plan.rotations[name]
        lengths = [Fraction(period.seconds or 0.0) for period in rotation.periods]
        start, number = Fraction(rotation.start), 0
        begin = start + (Fraction(self.at) - start) // sum(lengths) * sum(lengths)
        while begin + lengths[number] <= self.at:
            begin += lengths[number]
            number += 1
        self.turn_to(name, number, float(begin + lengths[number]), float(begin))

    def turn_to(self, name: str, number: int, end: Instant, due: Instant | None) -> None:
        """Let the agents of a rotation serve other channels."""
        self.turns[name] = number, end
        self.emit(ev.Rotated(self.at, due, name, number + 1))
        for person in self.people:
            if set(person.told.groups) & set(self.plan.rotations[name].groups):
                person.version += 1
                person.agent = formed(person.told, self.plan, self.turns, self.surging)
                self.touched.append(person)
        self.recount()

    def spread(self) -> None:
        """Offer to more agents what is offered to one, the most urgent first."""
        for item in sorted(self.fresh, key=lambda item: item.urgency):
            if item.stage != "offered" or item.prefers in item.offers.values():
                continue
            for _ in range(self.plan.queues[item.queue].offers - 1):
                could = self.could_too(item)
                if free := self.free_too(item):
                    liking = self.likings(item, could)
                    self.offer_too(item, min(free, key=lambda each: liking[each.id]))
                    self.look()
        self.fresh = []

    def free_too(self, item: Item) -> list[Person]:
        """Return who may be asked beside those who are asked already."""
        return [each for each in self.could_too(item) if each.id not in item.offers.values()]

    def could_too(self, item: Item) -> list[Person]:
        """Return who could be asked, those who are asked already and have room for one more included."""
        return [
            each
            for each in self.people
            if item.interaction.channel in each.open
            and self.able(each, item)
            and self.has_label_room(each, item)
            and not self.apart(each, item)
            and not self.too_early(each, item)
            and not self.kept_free(each, item)
        ]

    def offer_too(self, item: Item, person: Person) -> None:
        """Offer to one more what is offered already."""
        self.placed += 1
        self.grips += 1
        person.last_offer = self.placed
        queue = self.plan.queues[item.queue]
        expires = self.at + queue.offer_for
        item.others.append(Bid(person.id, self.placed, self.grips, self.at, expires))
        item.version += 1
        ids = (OfferId(self.placed), item.interaction.id, person.id)
        self.emit(ev.Offered(self.at, *ids, expires, queue.blind))

    def pair_all(self) -> None:
        """Give the most urgent of what is named to whom selection prefers, again and again."""
        while named := self.named():
            urgent = min((item for _, item in named), key=lambda item: item.urgency)
            takers = [person for person, item in named if item is urgent]
            refused = [urgent.author, *(each.agent for each in urgent.refusals)]
            preferred = [each for each in takers if each.id == urgent.prefers and each.id not in refused]
            liking = self.likings(urgent, [each for each in self.people if self.fits(each, urgent)])
            self.hand_over(urgent, *(preferred or [min(takers, key=lambda each: liking[each.id])]))
            self.look()

    def named(self) -> list[tuple[Person, Item]]:
        """Return every free agent with the interaction that she would take."""
        found = []
        for person in self.people:
            fits = [item for item in self.items if self.fits(person, item)]
            if fits:
                found.append((person, self.first_of(person, fits)))
        return found

    def first_of(self, person: Person, fits: list[Item]) -> Item:
        """Return which of all that she could take *person* takes first."""
        ranks = {}
        for item in fits:
            policy: Any = self.plan.queues[item.queue].work
            if not getattr(policy, "free", False):
                ranks[item.seq] = policy(item.needs, person.agent.skills, self.priority(person, item))
        for together in self.asked_together(fits):
            firsts = [min(same, key=lambda item: item.urgency) for same in together]
            heads = sorted(firsts, key=lambda item: item.urgency)
            told = [self.head(person, each) for each in heads]
            asked: Any = self.plan.queues[heads[0].queue].work
            answers = asked(told, person.agent.skills, self.at)
            for head, rank in zip(heads, answers, strict=True):
                ranks[head.seq] = rank
        return min(
            (item for item in fits if item.seq in ranks),
            key=lambda item: (item.tier, ranks[item.seq], item.key, item.seq),
        )

    def asked_together(self, fits: list[Item]) -> list[list[list[Item]]]:
        """Return, of what free policies rank, what is ranked together, and there what is alike."""
        found: dict[object, dict[object, list[Item]]] = {}
        for item in fits:
            policy = self.plan.queues[item.queue].work
            if getattr(policy, "free", False):
                name = item.tier, str(describe(policy) or id(policy))
                found.setdefault(name, {}).setdefault(like(item), []).append(item)
        return [list(each.values()) for each in found.values()]

    def head(self, person: Person, item: Item) -> Head:
        """Return *item* as a free policy is shown it."""
        waiting = [each for each in self.items if each.stage == "waiting" and like(each) == like(item)]
        length = sum(1 for each in waiting if self.able(person, each))
        priority = self.priority(person, item)
        return Head(item.queue, item.needs, item.tier, length, item.since, item.key, priority)

    def priority(self, person: Person, item: Item) -> int:
        """Return her priority for the queue through which she sees *item*."""
        queues, views = person.agent.queues, self.seen_through(person.agent, item)
        return 1 if queues is None else min(queues[each] for each in views)

    def likings(self, item: Item, could: list[Person]) -> dict[str, tuple[float, ...]]:
        """Return the place of each who *could* take *item* among those who would."""
        selection: Any = self.plan.queues[item.queue].selection
        if not getattr(selection, "free", False):
            return {each.id: self.liking(item, each) for each in could}
        found: dict[str, tuple[float, ...]] = {}
        for person in could:
            wanted, first, *_ = self.liking(item, person)
            same = [each for each in could if self.liking(item, each)[:2] == (wanted, first)]
            each_alone = getattr(selection, "each", False)
            benches: dict[object, list[Person]] = {}
            for each in sorted(same, key=lambda each: (each.idle_since, each.number)):
                benches.setdefault(each.id if each_alone else skilled(each), []).append(each)
            told = [
                Bench(
                    who.agent.skills,
                    who.agent.queues,
                    len(bench),
                    1 if each_alone else self.there_like(who, item),
                    Facts(self, who),
                )
                for bench in benches.values()
                for who in bench[:1]
            ]
            ranks = selection(told, item.needs, item.seq, self.at)
            place = [person in bench for bench in benches.values()].index(True)
            found[person.id] = (wanted, first, ranks[place], person.idle_since, person.number)
        return found

    def there_like(self, person: Person, item: Item) -> int:
        """Return how many like *person* are there who can serve *item*."""
        return sum(
            1
            for each in self.people
            if each.there and skilled(each) == skilled(person) and self.able(each, item)
        )

    def liking(self, item: Item, person: Person) -> tuple[float, ...]:
        """Return the place of *person* among those who would take *item*, if nobody asks what is just now."""
        selection: Any = self.plan.queues[item.queue].selection
        pair_key = getattr(selection, "pair_key", None)
        needs, who = item.needs, person.agent
        first = 0.0 if pair_key is None else pair_key(needs, who.skills)
        wanted = fsum(weight for want, weight in needs.wants if who.meets(want))
        free = getattr(selection, "free", False)
        key = person.idle_since if free else selection(Facts(self, person))
        return -wanted, first, key, person.idle_since, person.number

    # --- batches ----------------------------------------------------------------------------

    def batch_of(self, queue: str) -> object:
        """Return what the batch of *queue* is known by; None: it has none."""
        batch = self.plan.queues[queue].batch
        return None if batch is None else (batch.window, str(describe(batch.use) or id(batch.use)))

    def batches(self) -> dict[object, Batch]:
        """Return the batches, those of the first queues first."""
        found: dict[object, Batch] = {}
        for name, queue in self.plan.queues.items():
            if queue.batch is not None:
                found.setdefault(self.batch_of(name), queue.batch)
        return found

    def window_end(self, batch: Batch) -> Instant:
        """Return the first multiple of the window after now."""
        number = int(self.at // batch.window) - 1
        while number * batch.window <= self.at:
            number += 1
        return number * batch.window

    def matrix(self, name: object) -> dict[tuple[int, int], tuple[float, float, bool]]:
        """Return, by sequence and roster number, all pairs that only the window of a batch keeps apart."""
        found = {}
        for item in self.items:
            if item.stage != "waiting" or self.batch_of(item.queue) != name:
                continue
            for person in self.people:
                if self.fits(person, item, gated=False):
                    less, rank, *_ = self.liking(item, person)
                    asks = item.prefers == person.id and person.id not in [r.agent for r in item.refusals]
                    found[item.seq, person.number] = (-less, rank, asks)
        return found

    def close_windows(self) -> None:
        """Give out what waits where a window has ended."""
        ended, self.ended = self.ended, []
        for name, batch in self.batches().items():
            if name in ended:
                while self.give_out(name, batch):
                    pass
                self.singly = [name]
                self.pair_all()
                self.singly = []

    def give_out(self, name: object, batch: Batch) -> bool:
        """Let the policy of a batch say once who gets what; whether it gave anything."""
        matrix = self.matrix(name)
        if not matrix:
            return False
        named = [item for item in self.items if any(seq == item.seq for seq, _ in matrix)]
        items = sorted(named, key=lambda item: item.urgency)
        people = [person for person in self.people if any(number == person.number for _, number in matrix)]
        columns: dict[object, list[Person]] = {}
        for person in people:
            like = [matrix.get((item.seq, person.number)) for item in items]
            columns.setdefault(str((sorted(person.agent.skills.items()), like)), []).append(person)
        groups = list(columns.values())
        rows: dict[object, list[Item]] = {}
        for item in items:
            like = [matrix.get((item.seq, group[0].number)) for group in groups]
            rows.setdefault((item.queue, item.tier, item.needs, str(like)), []).append(item)
        lines = list(rows.values())
        pairs = []
        for row, line in enumerate(lines):
            fit = {
                column: how
                for column, group in enumerate(groups)
                if (how := matrix.get((line[0].seq, group[0].number))) is not None
            }
            pairs += [Pair(row, column, *how) for column, how in fit.items()]
            lines[row] = line[: sum(len(groups[column]) for column in fit)]
        given = batch.use(
            [
                Row(line[0].queue, line[0].tier, line[0].needs, tuple(self.at - item.key for item in line))
                for line in lines
            ],
            [Column(group[0].agent.skills, len(group)) for group in groups],
            pairs,
        )
        singly = [(row, column) for row, column, number in given for _ in range(number)]
        wishes = [(lines[row].pop(0), groups[column]) for row, column in singly]
        for item, group in sorted(wishes, key=lambda wish: wish[0].urgency):
            person = min(group, key=lambda each, item=item: self.liking(item, each))  # type: ignore[misc]
            group.remove(person)
            self.hand_over(item, person)
            self.look()
        return bool(wishes)

    def fits(self, person: Person, item: Item, *, gated: bool = True) -> bool:
        """Whether *person* may take *item* now; unless it is *gated*, as if no window held it."""
        return (
            item.stage == "waiting"
            and item.interaction.channel in person.open
            and self.able(person, item)
            and self.has_label_room(person, item)
            and not self.apart(person, item)
            and self.waits_for(item) in (None, person)
            and not self.too_early(person, item)
            and not self.kept_free(person, item)
            and not (gated and self.batch_of(item.queue) not in (None, *self.singly))
        )

    # --- what waiting changes ---------------------------------------------------------------

    def ask_forecast(self, item: Item, due: Instant) -> None:
        """Ask again for what hangs on the forecast of *item*: a full minute has come."""
        item.asks.remove(due)
        again = self.unforecast(item)
        item.unmet = [number for number in item.unmet if number not in again]
        self.take_steps(item, due)

    def step_all(self) -> None:
        """Let everything that waits take the steps that are due."""
        for item in sorted(self.items, key=lambda item: item.seq):
            item.quiet = []
            if item.stage == "waiting":
                self.take_steps(item, self.at)

    def take_steps(self, item: Item, until: Instant) -> None:
        """Take the steps of *item* that were due by *until*, one after the other."""
        while True:
            ripe = [(due, number) for number, due in self.steps_ahead(item) if due <= until]
            steps = self.plan.queues[item.queue].steps
            met = [
                pair for pair in ripe if pair[1] not in item.unmet and self.condition(item, steps[pair[1]])
            ]
            if not met:
                item.unmet = [number for _, number in ripe]
                if self.unforecast(item):
                    item.asks.add(self.at // 60 * 60 + 60)
                return
            due, number = min(met)
            self.take_step(item, number, steps[number], due)

    def take_step(self, item: Item, number: int, step: Step, due: Instant) -> None:
        """Take one step."""
        needs = step.relaxed(item.needs)
        tier = None if step.tier == item.tier else step.tier
        changed = None if needs is item.needs else needs
        item.needs, item.tier = needs, item.tier if tier is None else tier
        item.key -= step.head_start
        item.taken.append(number)
        item.step_tier = item.step_tier if tier is None else tier
        item.step_seconds += step.head_start
        item.version += 1
        ids = (item.interaction.id, number + 1)
        self.emit(ev.Escalated(self.at, due, *ids, changed, tier, float(step.head_start), step.notify))
        if step.queue is not None:
            place = self.place(step.queue, item.interaction, item.since)
            item.refusals = []
            item.version += 1
            self.move(item, step.queue, place)
            self.sticky_timer(item)
            tier, reference, head_start, terms, target = place
            where = (item.interaction.id, step.queue, None, "escalated")
            self.emit(ev.Transferred(self.at, *where, tier, reference, head_start, terms, target))
            self.follow(item, "transferred")

    def unforecast(self, item: Item) -> list[int]:
        """Return the steps for which *item* is not expected to wait long enough."""
        steps = self.plan.queues[item.queue].steps
        return [number for number in item.unmet if steps[number].expected_wait is not None]

    def steps_ahead(self, item: Item) -> list[tuple[int, Instant]]:
        """Return the steps that *item* has not taken, and when their time comes or came."""
        found = []
        for number, step in enumerate(self.plan.queues[item.queue].steps):
            if number in item.taken:
                continue
            due = item.came + step.after
            if step.slack is not None:
                due = max(due, self.first_breach(item) - step.slack)
            if step.closed is not None:
                due = self.plan.calendars[step.closed].next_closing(due)
            if due < inf:
                found.append((number, due))
        return found

    def first_breach(self, item: Item) -> Instant:
        """Return when a target is missed first: long ago, if one was."""
        clocks = item.present_clocks()
        if item.missed is not None or any(clock.missed for clock in clocks):
            return -inf
        dues = [clock.due for clock in clocks if clock.now == "runs" and clock.due is not None]
        if item.clock and item.target is not None:
            dues.append(item.since + item.target)
        return min(dues, default=inf)

    def condition(self, item: Item, step: Step | Overflow) -> bool:
        """Whether there are as few agents as *step* asks for."""
        units, channel = self.units(item.interaction.channel), item.interaction.channel
        eligible = [
            each
            for each in self.people
            if each.there and self.able(each, item) and round(each.agent.capacity * 1_000_000) >= units
        ]
        free = [
            each
            for each in eligible
            if each.presence is Presence.AVAILABLE
            and (each.rest is None or self.at >= each.rest)
            and not each.agent.pull
            and self.has_room(each, channel)
            and self.has_label_room(each, item)
            and self.not_now(each, channel) is None
        ]
        few = step.eligible_below is None or len(eligible) < step.eligible_below
        few = few and (step.free_below is None or len(free) < step.free_below)
        if step.expected_wait is None or not few:
            return few
        expected = self.oracle.expected(item)
        return expected is not None and expected[0] > step.expected_wait

    def recount(self) -> None:
        """Somebody came or went: what hangs on how many there are is asked again."""
        for item in self.items:
            item.quiet += item.unmet
            item.unmet = []

    # --- questions --------------------------------------------------------------------------

    def hands(self, person: Person) -> list[Item]:
        """Return what *person* is offered or holds, what came first first."""
        grips = {item.grip: item for item in self.items if item.holder == person.id}
        grips |= {bid.grip: item for item in self.items for bid in item.others if bid.holder == person.id}
        return [grips[grip] for grip in sorted(grips)]

    def units(self, channel: str) -> int:
        """Return the millionths of a unit that one interaction of *channel* takes up."""
        return round(self.plan.channels[channel].units * 1_000_000)

    def dozes(self, item: Item) -> bool:
        """Whether *item* takes up less in somebody's hands as it is not her turn."""
        return self.lighter(item) != []

    def lighter(self, item: Item) -> list[float]:
        """Return the units that *item* takes up at most."""
        less = self.plan.channels[item.interaction.channel].pending_units
        found = [] if less is None or not item.owned or item.status is Status.OPEN else [less]
        review = self.plan.queues[item.queue].review
        if item.stage == "awaiting_approval" and review is not None:
            found.append(review.units)
        return found

    def weight(self, item: Item) -> int:
        """Return the millionths that *item* takes up in somebody's hands."""
        units = self.plan.channels[item.interaction.channel].units
        return round(min([units, *self.lighter(item)]) * 1_000_000)

    def millionths(self, person: Person) -> int:
        """Return the load of *person*, in millionths of a unit."""
        return sum(self.weight(item) for item in self.hands(person))

    def full_of(
        self, person: Person, channel: str, but: Item | None = None, more: Item | None = None
    ) -> set[str]:
        """Return what is missing for one more of *channel*, leaving *but* out, with *more* beside."""
        agent, plan = person.agent, self.plan
        hands = [item for item in self.hands(person) if item is not but and item is not more]
        hands += [] if more is None else [more]
        missing = set()
        if agent.channels is not None:
            on_channel = sum(1 for item in hands if item.interaction.channel == channel)
            if on_channel >= agent.channels.get(channel, 0):
                missing.add("channel_limit")
        hard = [
            item for item in hands if channel not in plan.channels[item.interaction.channel].interruptible_by
        ]
        load = sum(self.weight(item) for item in hard) + self.units(channel)
        if any(self.dozes(item) for item in hands):
            load += round(agent.reserve * 1_000_000)
        if load > round(agent.capacity * 1_000_000):
            missing.add("room")
        for item in hard:
            for one, other in ((channel, item.interaction.channel), (item.interaction.channel, channel)):
                beside = plan.channels[one].beside
                if beside is not None and other not in beside:
                    missing.add("beside")
        return missing

    def has_room(self, person: Person, channel: str) -> bool:
        """Whether her pool and the channel's limit leave room."""
        return not self.full_of(person, channel)

    def has_label_room(self, person: Person, item: Item) -> bool:
        """Whether she may have one more with the label of *item*, which she has not counted yet."""
        label, limits = item.interaction.label, person.agent.labels
        if label is None or limits is None or label not in limits:
            return True
        held = sum(1 for each in self.hands(person) if each.interaction.label == label and each is not item)
        return held < limits[label]

    def seen_through(self, agent: Agent, item: Item) -> list[str]:
        """Return the queues through which *agent* sees *item*."""
        return [each for each in (item.queue, *item.shared) if agent.queues is None or each in agent.queues]

    def able(self, person: Person, item: Item) -> bool:
        """Whether *person* serves the queue and the channel of *item* and has the skills."""
        agent, channel = person.agent, item.interaction.channel
        return (
            self.seen_through(agent, item) != []
            and (agent.channels is None or agent.channels.get(channel, 0) > 0)
            and (agent.labels is None or agent.labels.get(item.interaction.label or "", 1) > 0)
            and agent.meets(item.needs)
        )

    def needs(self, interaction: Interaction, queue: str) -> Needs:
        """Return what *interaction* needs in *queue*."""
        return interaction.needs & self.queues[queue].needs

    def apart(self, person: Person, item: Item) -> bool:
        """Whether a refusal keeps the two apart, but the oldest one if nobody else is left."""
        if person.id == item.author:
            return True
        refused = {each.agent: each for each in item.refusals}
        own = refused.get(person.id)
        if own is None or self.at >= own.excluded:
            return False
        if self.at < own.retry:
            return True
        units = self.units(item.interaction.channel)
        candidates = [
            each.id
            for each in self.people
            if each.there and self.able(each, item) and round(each.agent.capacity * 1_000_000) >= units
        ]
        candidates = [each for each in candidates if each != item.author]
        if any(each not in refused or self.at >= refused[each].excluded for each in candidates):
            return True
        return person.id != next((each.agent for each in item.refusals if each.agent in candidates), None)

    def waits_for(self, item: Item) -> Person | None:
        """Return the agent for whom alone *item* waits."""
        wait = self.plan.queues[item.queue].sticky_wait
        person = self.find(item.prefers)
        if wait is None or self.at >= item.asked + wait or person is None or not person.there:
            return None
        if not self.able(person, item) or person.id in [item.author, *(each.agent for each in item.refusals)]:
            return None
        return person

    def delay(self, person: Person, item: Item) -> float:
        """Return for how long *item* is kept from *person*, through the queue where that is shortest."""
        if self.plan.queues[item.queue].batch is not None:
            return 0.0
        views = self.seen_through(person.agent, item) or [item.queue, *item.shared]
        return min(person.agent.delays.get(each, 0.0) for each in views)

    def too_early(self, person: Person, item: Item) -> bool:
        """Whether *item* has not been in its queue for as long as *person* waits for what is there."""
        delay = self.delay(person, item)
        return self.waits_for(item) is not person and delay > 0 and self.at < item.came + delay

    def served(self, person: Person) -> set[str]:
        """Return the channels that *person* serves."""
        limits = person.agent.channels
        return {each for each in self.plan.channels if limits is None or limits.get(each, 0) > 0}

    def free_for(self, queue: str) -> list[Person]:
        """Return those who serve *queue* and could be given one more on all their channels."""
        return [
            each
            for each in self.people
            if (each.agent.queues is None or queue in each.agent.queues)
            and each.agent.meets(self.plan.queues[queue].needs)
            and each.presence is Presence.AVAILABLE
            and not each.agent.pull
            and (each.rest is None or self.at >= each.rest)
            and self.served(each)
            and self.served(each) <= each.open
        ]

    def kept_free(self, person: Person, item: Item) -> bool:
        """Whether *person* is one of so few who are free that *item* must not take that away."""
        for name, queue in self.plan.queues.items():
            if queue.keep_free is None or item.tier <= queue.keep_free.tier:
                continue
            free = self.free_for(name)
            if person in free and len(free) <= queue.keep_free.agents and not self.stays_open(person, item):
                return True
        return False

    def stays_open(self, person: Person, item: Item) -> bool:
        """Whether *person* could be given one more on all her channels if she had *item*, too."""
        early = person.ramp is not None and self.at < person.ramp
        return not early and not any(self.full_of(person, each, more=item) for each in self.served(person))

    def barriers(self, person: Person, item: Item) -> set[str]:
        """Return the kinds of all that keeps *person* from *item* while it waits."""
        agent, channel, units = person.agent, item.interaction.channel, self.units(item.interaction.channel)
        limit = None if agent.channels is None else agent.channels.get(channel, 0)
        on_channel = sum(1 for each in self.hands(person) if each.interaction.channel == channel)
        levels, needed = agent.skills, item.needs.skills
        rules = [part for part in item.needs.parts if part.text is not None]
        here = person.presence is Presence.AVAILABLE
        true = {
            "presence": not here,
            "pull_only": agent.pull,
            "queue": self.seen_through(agent, item) == [],
            "channel": limit == 0,
            "skill": any(name not in levels or levels[name] < least for name, least in needed),
            "needs": any(
                not agent.meets(rule)
                and all(name in levels and levels[name] >= least for name, least in rule.skills)
                for rule in rules
            ),
            "room": "room" in self.full_of(person, channel),
            "channel_limit": bool(limit) and on_channel >= (limit or 0),
            "beside": "beside" in self.full_of(person, channel),
            "label": (agent.labels or {}).get(item.interaction.label or "") == 0,
            "label_limit": bool((agent.labels or {}).get(item.interaction.label or ""))
            and not self.has_label_room(person, item),
        }
        policy = self.plan.capacity
        if policy is not None and not any(true.values()):  # it is asked of nobody else
            true["capacity"] = not policy(Facts(self, person), channel, units / 1_000_000)
        true["rest"] = here and person.rest is not None and self.at < person.rest
        later = self.not_now(person, channel) if here else None
        true |= {kind: later == kind for kind in ("login_ramp", "shift_end")}
        true["own_reply"] = person.id == item.author
        true["cool_down"] = not true["own_reply"] and self.apart(person, item)
        true["kept_free"] = self.kept_free(person, item)
        true["queue_delay"] = self.too_early(person, item)
        batch = self.plan.queues[item.queue].batch if item.stage == "waiting" else None
        true["batch_window"] = batch is not None and not agent.pull
        true["sticky_wait"] = self.waits_for(item) not in (None, person)
        return {kind for kind, is_so in true.items() if is_so}

    def find(self, agent: str | None) -> Person | None:
        """Return who is on the roster under this id."""
        return next((person for person in self.people if person.id == agent), None)

    def item(self, interaction: str) -> Item | None:
        """Return the interaction of this id."""
        return next((item for item in self.items if item.interaction.id == interaction), None)

    def offered(self, offer: int) -> Item | None:
        """Return what is offered under this number."""
        item = next((item for item in self.items if offer in item.offers), None)
        if item is not None:
            item.turn_to(offer)
        return item

    def bid_of(self, item: Item, person: Person) -> bool:
        """Whether *item* is offered to *person*; then it is looked at that offer."""
        offer = next((offer for offer, holder in item.offers.items() if holder == person.id), None)
        if offer is not None:
            item.turn_to(offer)
        return offer is not None

    def version(self, command: cmd.Command) -> int:
        """Return the version of what *command* is about."""
        found: Item | Person | None
        match command:
            case cmd.Accept() | cmd.Decline():
                found = self.offered(command.offer)
            case cmd.ChangePlan() | cmd.ResumePolicy() | cmd.Tick():
                return self.plan_version
            case cmd.Submit():
                found = self.item(command.interaction.id)
            case cmd.AddAgent() | cmd.ChangeAgent():
                found = self.find(command.agent.id)
            case (
                cmd.RemoveAgent()
                | cmd.SignOn()
                | cmd.SignOff()
                | cmd.SetPresence()
                | cmd.Disconnect()
                | cmd.SetShift()
                | cmd.Heartbeat()
                | cmd.Pull()
            ):
                found = self.find(command.agent)
            case _:
                found = self.item(command.interaction)
        return 0 if found is None else found.version

    # --- steps ------------------------------------------------------------------------------

    def emit(self, event: ev.Event) -> None:
        """Keep what happened, and who has to be looked at because of it."""
        self.facts.append(event)
        self.oracle.see(event)
        if isinstance(event, ev.ReplySent | ev.Locked | ev.Unlocked):
            return  # to say something changes nothing of what she can take
        agent = getattr(event, "agent", None)
        person = self.find(getattr(agent, "id", agent))
        if person is not None:
            self.touched.append(person)

    def look(self) -> None:
        """Find the channels with room of everybody to whom something happened."""
        for person in self.touched:
            person.open = frozenset(
                channel for channel in self.plan.channels if self.may_take(person, channel)
            )
        self.touched = []

    def may_take(self, person: Person, channel: str, *, asked: bool = False) -> bool:
        """Whether *person* can be given one more interaction of *channel*; *asked*: she asks for it."""
        if person.presence is not Presence.AVAILABLE:
            return False
        if not asked and (person.agent.pull or (person.rest is not None and self.at < person.rest)):
            return False
        if person.agent.channels is not None and person.agent.channels.get(channel, 0) == 0:
            return False
        if not self.has_room(person, channel) or self.not_now(person, channel) is not None:
            return False
        policy = self.plan.capacity
        return policy is None or policy(Facts(self, person), channel, self.units(channel) / 1_000_000)

    def not_now(self, person: Person, channel: str) -> str | None:
        """Return why it is too early or too late for her to begin something."""
        seconds = self.plan.channels[channel].handle_time
        if person.shift is not None:
            last = person.shift if seconds is None else person.shift - seconds
            if self.at >= last:
                return "shift_end"
        if person.ramp is not None and self.at < person.ramp and self.hands(person):
            return "login_ramp"
        return None

    def last_calls(self, person: Person) -> None:
        """Look again when it is too late for her for some channel."""
        for channel in self.plan.channels.values():
            if person.shift is not None and channel.handle_time is not None:
                due = person.shift - channel.handle_time
                if due > self.at and due != person.shift:
                    self.timers.append((due, SHIFT, person.number))

    def end_shift(self, person: Person, due: Instant) -> None:
        """Let her go at the end of her shift, or for her break."""
        person.shift = None
        person.version += 1
        self.emit(ev.ShiftSet(self.at, person.id, None, person.leaves_for, due))
        if person.presence in (Presence.OFFLINE, Presence.DRAINING, person.leaves_for):
            return
        if not any(item.owned for item in self.hands(person)):
            self.set_presence(person, person.leaves_for, "shift over")
            return
        to = Presence.AWAY if person.leaves_for is Presence.AWAY else None
        self.set_presence(person, Presence.DRAINING, "shift over", to=to)

    def hear(self, command: cmd.Command) -> None:
        """Whoever says something herself is there."""
        hers = (
            "Accept Decline Complete FinishWrapUp Release Transfer AgentReplied SignOn SetPresence Heartbeat"
            " Propose Approve Reject"
        )
        person = (
            self.find(getattr(command, "agent", None)) if type(command).__name__ in hers.split() else None
        )
        beat = self.plan.heartbeat
        if person is None or person.lease is None or beat is None:
            return
        if person.lease - self.at <= beat / 2:
            person.lease = self.at + beat
            self.emit(ev.Heard(self.at, person.id, person.lease))

    def end_lease(self, person: Person, due: Instant) -> None:
        """Disconnect who was not heard of, unless nobody was listening."""
        beat = self.plan.heartbeat
        assert beat is not None
        if self.at > due + 1.0:
            person.lease = self.at + beat
            self.emit(ev.Heard(self.at, person.id, person.lease, due))
        else:
            self.cut_off(person, "not heard")

    def drain(self) -> bool:
        """Let those go who were draining and hold nothing any more."""
        done = [each for each in self.people if each.presence is Presence.DRAINING and not self.hands(each)]
        for person in done:
            self.set_presence(person, person.drains_to or Presence.OFFLINE, "drained")
        return bool(done)

    def hand_over(self, item: Item, person: Person) -> None:
        """Offer *item*, or assign it where its queue says so."""
        queue = self.plan.queues[item.queue]
        if queue.auto_accept:
            self.assign(item, person, "auto")
            return
        self.grip(item, person)
        item.stage, item.offer = "offered", self.placed
        item.expires = self.at + queue.offer_for
        ids = (OfferId(self.placed), item.interaction.id, person.id)
        self.emit(ev.Offered(self.at, *ids, item.expires, queue.blind))
        if queue.offers > 1:
            self.fresh.append(item)

    def grip(self, item: Item, person: Person) -> None:
        """Put *item* into the hands of *person*."""
        self.placed += 1
        self.grips += 1
        item.holder, item.grip, item.since_hold = person.id, self.grips, self.at
        item.offer, item.fence, item.until = None, None, None
        item.unmet = []
        item.version += 1
        person.last_offer = self.placed

    def assign(self, item: Item, person: Person, how: str) -> None:
        """Make *item* the property of *person*."""
        offer = item.offer if item.holder is not None else None
        if item.holder is None:
            self.grip(item, person)
        else:
            item.version += 1
        self.fences += 1
        item.stage, item.fence, item.how, item.since_hold = "assigned", self.fences, how, self.at
        item.ahead = False
        item.refusals, item.clock, item.accepted_ever, item.accepted_here = [], False, True, True
        person.handled += 1
        ids = (item.interaction.id, person.id)
        self.emit(
            ev.Assigned(self.at, *ids, Fence(self.fences), how, None if offer is None else OfferId(offer))
        )
        self.follow(item, "accepted")

    def let_go(self, item: Item, stage: str, *, idle: bool = True) -> None:
        """Take *item* out of whatever hands it is in."""
        person = self.find(item.holder)
        if person is not None:
            self.touched.append(person)
            if idle:
                person.idle_since = self.at
        item.stage, item.holder = stage, None
        item.version += 1
        if item.others:  # somebody else is still asked
            item.turn_to(item.others[0].offer)
        if stage == "closed":
            item.closed, item.clock, item.refusals, item.ahead = self.at, False, [], False

    def rescind_all(self, item: Item, cause: str) -> None:
        """Take every offer back."""
        for offer in item.offers:
            item.turn_to(offer)
            self.rescind(item, cause)

    def rescind(self, item: Item, cause: str) -> None:
        """Take an offer back."""
        assert item.offer is not None
        assert item.holder is not None
        ids = (OfferId(item.offer), item.interaction.id, item.holder)
        self.let_go(item, "waiting", idle=False)
        self.emit(ev.OfferRescinded(self.at, *ids, cause, None, None, None))

    def backoff(self, item: Item, cause: str, reason: str) -> Backoff:
        """Return what the queue says about a refusal."""
        return self.plan.queues[item.queue].refusals(cause, reason)

    def cool_down(self, item: Item, agent: str, backoff: Backoff) -> tuple[Instant, Instant]:
        """Keep the two apart; return until when."""
        retry, excluded = self.at + backoff.cool_down, self.at + backoff.exclusion
        item.refusals = [each for each in item.refusals if each.agent != agent]
        item.refusals.append(Refusal(agent, retry, excluded))
        self.timers += [(retry, RETRY, item.seq), (excluded, RETRY, item.seq)]
        return retry, excluded

    def boost(self, item: Item, backoff: Backoff) -> float:
        """Let a refusal put *item* ahead, within the cap of its queue; return by how many seconds."""
        scored: float = self.place(item.queue, item.interaction, item.since)[2]
        left = self.plan.queues[item.queue].head_start_cap - scored - sum(item.boosts)
        seconds = max(0.0, min(float(backoff.boost), left))
        if seconds:
            item.boosts.append(seconds)
            item.key -= seconds
        return seconds

    def refuse_offer(self, item: Item, cause: str, event: Callable[..., ev.Event], backoff: Backoff) -> None:
        """Let the agent refuse what is offered to her; *event* takes the times."""
        person = self.find(item.holder)
        assert person is not None
        self.let_go(item, "waiting", idle=False)
        retry, excluded = self.cool_down(item, person.id, backoff)
        rest = None if backoff.rest is None else self.at + backoff.rest
        if rest is not None:
            person.rest = rest if person.rest is None else max(rest, person.rest)
            self.timers.append((person.rest, REST, person.number))
        times = person.refused_at.setdefault(cause, [])
        times.append(self.at)
        self.emit(event(retry, excluded, rest, self.boost(item, backoff)))
        lately = sum(1 for each in times[-REFUSALS_COUNTED:] if each > self.at - backoff.window)
        # Who lost her connection is going offline anyway.
        enough = cause != "disconnected" and backoff.pause_after is not None and lately >= backoff.pause_after
        if enough and person.presence is Presence.AVAILABLE:
            self.pauses.append((person, f"{cause} {lately} times"))

    def expire(self, item: Item, due: Instant) -> None:
        """Let an offer run out."""
        ids = (OfferId(item.offer or 0), item.interaction.id, item.holder or "")
        backoff = self.backoff(item, "expired", "")
        self.refuse_offer(
            item, "expired", lambda *times: ev.OfferExpired(self.at, due, *ids, *times), backoff
        )

    def finish(self, item: Item, due: Instant | None) -> None:
        """Close what is done."""
        ids = (item.interaction.id, item.holder or "", Fence(item.fence or 0))
        self.let_go(item, "closed")
        self.emit(ev.Completed(self.at, *ids, due))
        self.follow(item, "completed")
        self.unlock(item, "closed")

    def requeue(self, item: Item, cause: str, due: Instant | None, backoff: Backoff) -> None:
        """Bring what was accepted back to its place."""
        ids = (item.interaction.id, item.holder or "")
        self.let_go(item, "waiting")
        times = self.cool_down(item, ids[1], backoff)
        self.emit(ev.Requeued(self.at, *ids, cause, due, *times, self.boost(item, backoff)))
        self.follow(item, "requeued")

    def take_back(self, item: Item, cause: str, due: Instant | None) -> None:
        """Take accepted work from somebody who is gone."""
        if not item.owned:
            return  # the part of something else that was taken back before
        if item.stage == "wrapping":
            self.finish(item, due)
        else:
            self.withdraw(item, cause)
            self.requeue(item, cause, due, self.backoff(item, "disconnected", cause))

    def lose(self, person: Person, due: Instant) -> None:
        """Take away what was held for somebody who did not come back."""
        person.grace = None
        person.version += 1
        self.emit(ev.PresenceChanged(self.at, person.id, person.presence, "grace over", None))
        for item in self.hands(person):
            self.take_back(item, "disconnected", due)

    def set_presence(
        self,
        person: Person,
        presence: Presence,
        cause: str,
        grace: Instant | None = None,
        to: Presence | None = None,
    ) -> None:
        """Change where somebody is."""
        if presence is not Presence.AVAILABLE:
            for item in self.hands(person):
                if self.bid_of(item, person):
                    self.rescind(item, presence.value)
        if presence is Presence.AVAILABLE and person.presence is not Presence.AVAILABLE:
            person.idle_since = self.at
            if person.presence is not Presence.BUSY:
                person.refused_at = {}
        here = (Presence.AVAILABLE, Presence.BUSY)
        ramp = person.agent.login_ramp
        if presence not in here:
            person.ramp = None
        elif person.presence in (Presence.OFFLINE, Presence.AWAY) and ramp is not None:
            person.ramp = self.at + ramp
            self.timers.append((person.ramp, RAMP, person.number))
        gone = (Presence.OFFLINE, Presence.AWAY)
        beat = self.plan.heartbeat
        if presence in gone or (person.presence in gone and beat is None):
            person.lease = None
        elif person.presence in gone and beat is not None:
            person.lease = self.at + beat
        person.presence, person.grace, person.drains_to = presence, grace, to
        person.version += 1
        self.emit(ev.PresenceChanged(self.at, person.id, presence, cause, grace, to))
        self.recount()

    def place(self, queue_name: str, interaction: Interaction, since: Instant) -> tuple[Any, ...]:
        """Return tier, reference, head start, terms and target of *interaction* in a queue."""
        queue = self.plan.queues[queue_name]
        target = None if queue.sla is None else queue.sla(interaction, since)
        names = [_name(scorer) for scorer in queue.scoring]
        terms = tuple(
            (_unique(names, i), float(scorer(interaction, since))) for i, scorer in enumerate(queue.scoring)
        )
        head_start = min(fsum(seconds for _, seconds in terms), queue.head_start_cap)
        tier = queue.tier if interaction.tier is None else interaction.tier
        first = self.first_due(queue, interaction, since) if target is None else target
        return tier, queue.ordering(since, first), head_start, terms, target

    def first_due(self, queue: Queue, interaction: Interaction, since: Instant) -> float | None:
        """Return the seconds, on the wall, until somebody has to turn to a newcomer."""
        found = []
        for target in queue.targets:
            seconds = target.within(interaction, since) if callable(target.within) else target.within
            if target.measures in ("accept", "first_response") and seconds is not None:
                calendar = None if target.calendar is None else self.plan.calendars[target.calendar]
                found.append(seconds if calendar is None else calendar.due(since, seconds) - since)
        return min(found, default=None)

    def move(self, item: Item, queue: str, place: tuple[Any, ...], *, kept: bool = False) -> None:
        """Give *item* another place."""
        tier, reference, head_start, _, target = place
        if queue != item.queue:
            self.enter(item)
            item.boosts, item.accepted_here = [], item.owned
        if not kept:
            item.taken, item.unmet, item.step_tier, item.step_seconds = [], [], None, 0.0
            item.quiet = []
            item.came = item.came if queue == item.queue else self.at
            item.needs = self.needs(item.interaction, queue)
        item.queue, item.tier, item.key = queue, tier, reference - head_start
        if not item.accepted_ever:
            item.clock = target is not None and (item.missed is None or target > item.missed)
        item.target = target

    def refused(self, command: cmd.Command, rule: str) -> ev.Refused:
        """Return the refusal of *command*; its reason is not compared."""
        return ev.Refused(self.at, type(command).__name__, _subject(command), rule, "")

    def refuse(self, command: cmd.Command, rule: str) -> None:
        """Let nothing happen but the refusal."""
        self.facts.append(self.refused(command, rule))

    # --- commands: interactions -------------------------------------------------------------

    def submit(self, command: cmd.Submit) -> list[ev.Event] | None:
        interaction = command.interaction
        known = self.item(interaction.id)
        if known is not None:
            if known.first.interaction == interaction:
                return [known.first]
            self.refuse(command, "id_reused")
        elif not {interaction.queue, *interaction.shared_with} <= set(self.plan.queues):
            self.refuse(command, "unknown_queue")
        elif self.plan.skills is not None and interaction.needs.names.skills - self.plan.skills:
            self.refuse(command, "unknown_skill")
        elif self.plan.attributes is not None and interaction.needs.names.attributes - self.plan.attributes:
            self.refuse(command, "unknown_attribute")
        elif interaction.channel not in self.plan.channels:
            self.refuse(command, "unknown_channel")
        elif interaction.parent is not None and not self.takes_parts(interaction.parent):
            self.refuse(command, "no_open_parent")
        elif not self.absorbs(interaction) and (landing := self.door(command)) is not None:
            self.take_in(interaction, *landing)
        return None

    def takes_parts(self, parent: str) -> bool:
        """Whether something can become a part of *parent*."""
        whole = self.item(parent)
        return whole is not None and whole.stage not in ("closed", "wrapping")

    def open_parts(self, parent: Item) -> list[Item]:
        """Return the open parts of *parent*, and their parts."""
        found: list[Item] = []
        for each in self.items:
            if each.interaction.parent == parent.interaction.id and each.seq > parent.seq:
                found += [each] if each.closed is None else []
                found += self.open_parts(each)
        return found

    def cancel_parts(self, parent: Item, reason: str) -> None:
        """Close the open parts, the smallest first."""
        for part in reversed(self.open_parts(parent)):
            if part.stage != "wrapping":
                self.close_early(part, reason)

    def door(self, command: cmd.Submit) -> tuple[str, str] | None:
        """Return the queue where it is let in, and why there; None: it was refused."""
        name, later = command.interaction.queue, command.interaction.not_before
        why = []
        if later is not None and later > self.at:
            self.let_in.append((name, self.at))
            return name, ""  # it is let in, whatever waits now
        while True:
            queue = self.plan.queues[name]
            here = [
                item
                for item in self.items
                if item.queue == name and not item.accepted_here and item.closed is None
            ]
            newcomer = self.newcomer(command.interaction, name, self.at)
            rules = [rule for rule in queue.overflow if self.overflows(rule, here, newcomer)]
            if not rules:
                break
            why.append(rules[0].why(name))
            if rules[0].queue is None:
                self.refuse(command, "overflow")
                return None
            name = rules[0].queue
        if queue.most == 0:
            newcomer.prefers, newcomer.asked = command.interaction.prefers, self.at
            full = not any(self.fits(each, newcomer) for each in self.people)
        else:
            full = queue.most is not None and len(here) >= queue.most
        if full:
            self.refuse(command, "queue_full")
            return None
        if queue.quota is not None:
            window = self.at // queue.quota.per
            lately = [1 for each, at in self.let_in if each == name and at // queue.quota.per == window]
            if len(lately) >= queue.quota.number:
                self.refuse(command, "quota_used")
                return None
        self.let_in.append((name, self.at))
        return name, "; ".join(why)

    def overflows(self, rule: Overflow, here: list[Item], newcomer: Item) -> bool:
        """Whether all is so that *rule* asks for, of the queue and of the newcomer."""
        name = newcomer.queue
        oldest = min((item.since for item in self.items if item.waits and item.queue == name), default=inf)
        if rule.length is not None and len(here) < rule.length:
            return False
        if rule.closed is not None and self.plan.calendars[rule.closed].is_open(self.at):
            return False
        if rule.oldest_age is not None and oldest + rule.oldest_age > self.at:
            return False
        if not self.condition(newcomer, rule):
            return False
        if rule.slack is None:
            return True
        first = self.first_due(self.plan.queues[name], newcomer.interaction, self.at)
        expected = self.oracle.expected(newcomer)
        dues = [due for due in (first, newcomer.target) if due is not None]
        return expected is not None and any(due - expected[0] <= rule.slack for due in dues)

    def newcomer(self, interaction: Interaction, queue: str, since: Instant) -> Item:
        """Return *interaction* as it waits in *queue* if it comes in now."""
        place = self.place(queue, interaction, since)
        tier, reference, head_start, _, target = place
        event = ev.Submitted(self.at, interaction, self.submitted + 1, *place)
        key = reference - head_start
        clock = target is not None
        item = Item(
            interaction,
            self.submitted + 1,
            queue,
            tier,
            key,
            since,
            target,
            clock,
            event,
            self.needs(interaction, queue),
            since,
        )
        item.shared = interaction.shared_with
        return item

    def take_in(self, interaction: Interaction, landing: str, why: str = "") -> None:
        since = self.at
        if interaction.not_before is not None:
            since = max(since, float(interaction.not_before))
        queue = interaction.queue
        item = self.newcomer(interaction, queue, since)
        self.submitted += 1
        item.mood = interaction.sentiment
        item.prefers, item.asked = interaction.prefers, self.at
        self.items.append(item)
        self.arrived.append(self.at)
        self.enter(item)
        self.emit(item.first)
        if since > self.at:
            item.ahead = True
            self.put_aside(item, None, since, on_reply=False, same_agent=False)
        else:
            self.follow(item, "submitted")
            self.sticky_timer(item)
        if landing != queue:
            place = self.place(landing, interaction, self.at)
            item.version += 1
            self.move(item, landing, place)
            self.sticky_timer(item)
            tier, reference, head_start, terms, target = place
            where = (interaction.id, landing, None, "overflow")
            place = (tier, reference, head_start, terms, target)
            self.emit(ev.Transferred(self.at, *where, *place, reason=why))
            self.follow(item, "transferred")
        oldest = self.at - self.plan.retention
        self.items = [each for each in self.items if each.closed is None or each.closed >= oldest]

    def open_item(self, command: Any) -> Item | None:
        item = self.item(command.interaction)
        if item is None or item.stage == "closed":
            self.refuse(command, "unknown_interaction" if item is None else "closed")
            return None
        return item

    def held_item(self, command: Any, stage: str | None, *, awaiting: bool = False) -> Item | None:
        """Return what the agent of *command* shows the fence of; no stage: in any."""
        item = self.item(command.interaction)
        if item is None:
            self.refuse(command, "unknown_interaction")
        elif not item.owned:
            self.refuse(command, "not_held")
        elif item.holder != command.agent:
            self.refuse(command, "not_holder")
        elif item.fence != command.fence:
            self.refuse(command, "stale_fence")
        elif (
            stage is not None and item.stage != stage and not (awaiting and item.stage == "awaiting_approval")
        ):
            self.refuse(command, "wrong_stage")
        else:
            return item
        return None

    def cancel(self, command: cmd.Cancel) -> None:
        item = self.open_item(command)
        if item is None:
            return
        if item.stage == "wrapping":
            self.refuse(command, "wrong_stage")
            return
        self.cancel_parts(item, command.reason or "parent cancelled")
        self.close_early(item, command.reason)

    def close_early(self, item: Item, reason: str) -> None:
        """Close what needs no answer."""
        self.rescind_all(item, "cancelled")
        self.let_go(item, "closed")
        self.emit(ev.Cancelled(self.at, item.interaction.id, reason))
        self.follow(item, "cancelled")
        self.unlock(item, "closed")
        self.give_back(item, reason or "cancelled")

    def withdraw(self, item: Item, cause: str) -> None:
        """Close the review that a reply to *item* waits for."""
        for review in self.items:
            if review.verdict == "awaited" and review.about == item.interaction.id:
                self.cancel_parts(review, cause)
                self.close_early(review, cause)
                return

    def give_back(self, review: Item, cause: str) -> None:
        """A review is closed: whoever waits for it waits no more."""
        if review.verdict == "awaited":
            self.wait_no_more(review)
            ids = (review.about or "", review.author or "", review.interaction.id)
            self.emit(ev.ReplyWithdrawn(self.at, *ids, cause))

    def wait_no_more(self, review: Item) -> None:
        """Let the author go on."""
        item = self.item(review.about or "")
        assert item is not None
        assert item.stage == "awaiting_approval"
        item.stage = "assigned"
        item.version += 1
        review.verdict = "over"
        author = self.find(item.holder)
        assert author is not None
        self.touched.append(author)

    def abandon(self, command: cmd.Abandon) -> None:
        item = self.open_item(command)
        if item is None:
            return
        if item.owned:
            self.refuse(command, "already_accepted")
            return
        self.cancel_parts(item, "parent abandoned")
        self.rescind_all(item, "abandoned")
        self.let_go(item, "closed")
        self.emit(ev.Abandoned(self.at, command.interaction))
        self.follow(item, "abandoned")
        self.unlock(item, "closed")
        self.give_back(item, "abandoned")

    def transfer(self, command: cmd.Transfer) -> None:
        item = self.open_item(command)
        if item is None:
            return
        same = command.queue == item.queue and command.to is None
        if command.queue not in self.plan.queues or same:
            self.refuse(command, "same_queue" if same else "unknown_queue")
            return
        holder = None
        if item.owned or command.agent is not None:
            if self.held_item(command, "assigned", awaiting=True) is None:
                return
            holder = item.holder
        if command.to is not None and (problem := self.cannot_pass(item, command.queue, command.to)):
            self.refuse(command, problem)
            return
        if holder is not None:
            self.withdraw(item, "transferred")
        self.rescind_all(item, "transferred")
        reset = command.age == "reset"
        if reset:
            item.since, item.missed = max(item.since, self.at), None
        place = self.place(command.queue, item.interaction, item.since)
        backoff = self.backoff(item, "declined", "transferred")
        stage = "parked" if item.stage == "parked" else "waiting"
        self.let_go(item, stage)
        item.refusals = []
        item.stage = stage
        item.boosts = []
        self.move(item, command.queue, place)
        if reset:
            item.came = item.since
        if command.to is not None:
            item.prefers, item.asked, item.back_to = command.to, self.at, None
        self.sticky_timer(item)
        retry: float | None = None
        excluded: float | None = None
        if holder is not None:  # who passes it on does not get it back at once
            retry, excluded = self.cool_down(item, holder, backoff)
        tier, reference, head_start, terms, target = place
        where = (command.interaction, command.queue, holder)
        key = (tier, reference, head_start)
        moved = ev.Transferred(self.at, *where, "asked", *key, terms, target, retry, excluded)
        self.emit(attrs.evolve(moved, to=command.to, reset=reset))
        self.follow(item, "transferred", anew=reset)

    def cannot_pass(self, item: Item, queue: str, to: str) -> str | None:
        """Return the rule by which something is not passed on to a colleague."""
        person = self.find(to)
        if person is None:
            return "unknown_agent"
        if item.owned and item.holder == to:
            return "already_so"
        if not person.there:
            return "not_there"
        if item.author == to:
            return "own_reply"
        who, channel = person.agent, item.interaction.channel
        serves = who.queues is None or any(each in who.queues for each in (queue, *item.shared))
        serves = serves and (who.channels is None or who.channels.get(channel, 0) > 0)
        serves = serves and (who.labels is None or who.labels.get(item.interaction.label or "", 1) > 0)
        return None if serves and who.meets(self.needs(item.interaction, queue)) else "not_able"

    def extend(self, command: cmd.ExtendWrapUp) -> None:
        item = self.held_item(command, "wrapping")
        if item is None:
            return
        most = self.plan.queues[item.queue].wrap_up_most
        assert item.until is not None
        until = item.until + command.seconds
        if most is None or until > item.wrapping + most:
            self.refuse(command, "not_extendable" if most is None else "too_long")
            return
        item.until = until
        item.version += 1
        ids = (command.interaction, command.agent, command.fence)
        self.emit(ev.WrapUpExtended(self.at, *ids, until))

    def escalate(self, command: cmd.Escalate) -> None:
        item = self.held_item(command, "assigned", awaiting=True)
        if item is None:
            return
        level = self.plan.queues[item.queue].next_level
        if level is None:
            self.refuse(command, "no_next_level")
            return
        self.withdraw(item, "escalated")
        place = self.place(level, item.interaction, item.since)
        retry = self.at + self.backoff(item, "declined", "escalated").cool_down
        self.let_go(item, "waiting")
        item.refusals = []
        self.move(item, level, place)
        self.sticky_timer(item)
        end = self.at + 3660 * 86400.0
        item.refusals.append(Refusal(command.agent, retry, end))
        self.timers += [(retry, RETRY, item.seq), (end, RETRY, item.seq)]
        tier, reference, head_start, terms, target = place
        where = (command.interaction, level, command.agent)
        key = (tier, reference, head_start)
        moved = ev.Transferred(self.at, *where, "next level", *key, terms, target, retry, end)
        self.emit(attrs.evolve(moved, reason=command.reason))
        self.follow(item, "transferred")

    def sticky_timer(self, item: Item) -> None:
        """Look again when the wait for the preferred agent ends."""
        wait = self.plan.queues[item.queue].sticky_wait
        if wait is not None and item.asked + wait > self.at:
            self.timers.append((item.asked + wait, STICKY, item.seq))

    def assign_by_hand(self, command: cmd.Assign) -> None:
        item = self.open_item(command)
        person = None if item is None else self.known(command)
        if item is None or person is None:
            return
        if item.owned:
            self.refuse(command, "already_accepted")
            return
        if item.author == person.id:
            self.refuse(command, "own_reply")
            return
        if person.presence is Presence.OFFLINE:
            self.refuse(command, "agent_offline")
            return
        asked = self.bid_of(item, person)
        room = not self.full_of(person, item.interaction.channel, item) and self.has_label_room(person, item)
        if room and not asked and self.plan.capacity is not None:
            channel = item.interaction.channel
            room = self.plan.capacity(Facts(self, person), channel, self.units(channel) / 1_000_000)
        if not (room or command.override):
            self.refuse(command, "no_room")
            return
        self.rescind_all(item, "assigned by hand")
        self.assign(item, person, "manual" if room else "override")

    def said_before(self, command: cmd.Command) -> bool:
        """Whether it changed something already: then its version is not asked."""
        if isinstance(command, cmd.Submit):
            return self.item(command.interaction.id) is not None
        return isinstance(command, cmd.Accept) and any(
            each.owned and each.holder == command.agent and each.offer == command.offer for each in self.items
        )

    def accept(self, command: cmd.Accept) -> list[ev.Event] | None:
        item = self.offered(command.offer)
        if item is not None and item.holder == command.agent:
            person = self.find(item.holder)
            assert person is not None
            rivals, item.others = item.others, []
            self.assign(item, person, "accepted")
            for bid in rivals:  # only one can have it
                item.version += 1
                bids = (OfferId(bid.offer), item.interaction.id, bid.holder)
                cause = f"accepted by {person.id}"
                self.emit(ev.OfferRescinded(self.at, *bids, cause, None, None, None))
            return None
        for each in self.items:
            if each.owned and each.holder == command.agent and each.offer == command.offer:
                ids = (each.interaction.id, command.agent, Fence(each.fence or 0))
                return [ev.Assigned(each.since_hold, *ids, each.how, command.offer)]
        self.refuse_answer(command)
        return None

    def refuse_answer(self, command: cmd.Accept | cmd.Decline) -> None:
        if not 0 < command.offer <= self.placed:
            self.refuse(command, "unknown_offer")
        else:
            self.refuse(command, "offer_closed" if self.offered(command.offer) is None else "not_your_offer")

    def pull(self, command: cmd.Pull) -> None:
        person = self.known(command)
        if person is None:
            return
        if person.presence is not Presence.AVAILABLE:
            self.refuse(command, "not_available")
            return
        person.open = frozenset(
            each for each in self.plan.channels if self.may_take(person, each, asked=True)
        )
        fits = [item for item in self.items if self.fits(person, item, gated=False)]
        self.touched.append(person)
        if fits:
            self.assign(self.first_of(person, fits), person, "pulled")
        else:
            self.refuse(command, "nothing_waits")

    def decline(self, command: cmd.Decline) -> None:
        item = self.offered(command.offer)
        if item is None or item.holder != command.agent:
            self.refuse_answer(command)
            return
        ids = (command.offer, item.interaction.id, command.agent, command.reason)
        backoff = self.backoff(item, "declined", command.reason)
        self.refuse_offer(item, "declined", lambda *times: ev.Declined(self.at, *ids, *times), backoff)

    def complete(self, command: cmd.Complete) -> None:
        item = self.held_item(command, "assigned")
        if item is None:
            return
        if item.verdict == "awaited":
            self.refuse(command, "undecided")
            return
        if self.open_parts(item):
            self.refuse(command, "open_children")
            return
        self.serve(item)

    def serve(self, item: Item) -> None:
        """Let the customer be served, and the agent write up."""
        wrap_up = self.plan.queues[item.queue].wrap_up
        if wrap_up is None:
            self.finish(item, None)
            return
        item.stage, item.until, item.wrapping = "wrapping", self.at + wrap_up, self.at
        item.version += 1
        ids = (item.interaction.id, item.holder or "", Fence(item.fence or 0))
        self.emit(ev.WrapUpStarted(self.at, *ids, item.until))
        self.follow(item, "completed")

    # --- commands: what is looked at ----------------------------------------------------------

    def propose(self, command: cmd.Propose) -> None:
        item = self.held_item(command, "assigned")
        if item is None:
            return
        person = self.find(command.agent)
        assert person is not None
        if item.author is not None:
            self.refuse(command, "is_review")
            return
        if item.writer not in (None, command.agent):
            self.refuse(command, "locked")
            return
        review = self.plan.queues[item.queue].review
        number = item.replies + 1
        phase = person.agent.attributes.get("phase")
        phases = phase if isinstance(phase, tuple) else (phase,)
        wanted = [
            when
            for when, shares in (
                () if review is None else (("before", review.before), ("after", review.after))
            )
            if any(self.drawn(when, number, item) < shares.get(each, 0) for each in phases)
        ]
        if "before" not in wanted:
            self.reply(item, "agent", command.agent, "replied", ref=command.ref)
            self.unlock(item, "replied")
        if not wanted or review is None:
            return
        number = item.replies + ("before" in wanted)
        taken = [each.interaction.id for each in self.items]
        while (name := f"{command.interaction}/review-{number}") in taken:
            number += 1
        parent = None
        what = (command.interaction, command.agent, name, command.ref)
        if "before" in wanted:
            item.stage, parent = "awaiting_approval", command.interaction
            item.version += 1
            item.replies += 1
            self.touched.append(person)
            self.emit(ev.ReplyProposed(self.at, *what))
        else:
            self.emit(ev.ReplySampled(self.at, *what))
        own = Interaction(
            id=name,
            queue=review.queue,
            channel=item.interaction.channel,
            customer=item.interaction.customer,
            ref=command.ref,
            parent=parent,
        )
        self.take_in(own, review.queue)
        opened = self.item(name)
        assert opened is not None
        opened.author, opened.about = command.agent, command.interaction
        opened.verdict = "asked" if parent is None else "awaited"

    def drawn(self, when: str, number: int, item: Item) -> float:
        """Return what looks like a die for one reply."""
        text = f"{when}\n{number}\n{item.interaction.id}"
        return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12

    def decide(self, command: cmd.Approve | cmd.Reject) -> None:
        review = self.held_item(command, "assigned")
        if review is None:
            return
        if review.author is None or review.verdict == "over":
            self.refuse(command, "not_a_review" if review.author is None else "decided")
            return
        if self.open_parts(review):
            self.refuse(command, "open_children")
            return
        ids = (review.about or "", command.agent, command.interaction)
        item, good = self.item(ids[0]), isinstance(command, cmd.Approve)
        awaited = review.verdict == "awaited"
        if awaited and good and item is not None and item.writer not in (None, review.author):
            self.refuse(command, "locked")
            return
        said: ev.Event = ev.ReplyApproved(self.at, *ids)
        if isinstance(command, cmd.Reject):
            said = ev.ReplyRejected(self.at, *ids, command.reason)
        if awaited:
            self.wait_no_more(review)
        review.verdict = "over"
        self.emit(said)
        if awaited and good:
            assert item is not None
            self.reply(item, "agent", review.author, "replied", ids[2], review.interaction.ref)
            self.unlock(item, "replied")
        self.serve(review)

    def finish_wrap_up(self, command: cmd.FinishWrapUp) -> None:
        item = self.held_item(command, "wrapping")
        if item is not None:
            self.finish(item, None)

    def release(self, command: cmd.Release) -> None:
        item = self.held_item(command, "assigned", awaiting=True)
        if item is not None:
            self.withdraw(item, "released")
            backoff = self.backoff(item, "declined", command.reason)
            self.requeue(item, command.reason or "released", None, backoff)

    # --- commands: what is said ---------------------------------------------------------------

    def known_item(self, command: Any) -> Item | None:
        item = self.item(command.interaction)
        if item is not None and item.closed is not None and item.closed < self.at - self.plan.retention:
            item = None
        if item is None:
            self.refuse(command, "unknown_interaction")
        return item

    def customer_replied(self, command: cmd.CustomerReplied) -> None:
        item = self.known_item(command)
        if item is None:
            return
        if item.closed is not None:
            queue = self.queues[item.queue]
            late = queue.reopen_within is not None and self.at - item.closed > queue.reopen_within
            if late or not queue.reopen:
                self.refuse(command, "closed")
                return
            if not self.open_again(command, item, "customer replied"):
                return
        item.said.append("customer")
        item.version += 1
        if command.sentiment is not None:
            item.mood = command.sentiment
        if item.stage == "wrapping":
            item.stage, item.until = "assigned", None
        self.emit(ev.MessageReceived(self.at, command.interaction, command.sentiment))
        self.set_status(item, Status.OPEN, "customer replied")
        self.follow(item, "customer replied")
        if item.stage == "parked" and item.on_reply:
            self.come_back(item, "reply", None)

    def reopen(self, command: cmd.Reopen) -> None:
        item = self.known_item(command)
        if item is None:
            return
        if item.closed is None:
            self.refuse(command, "not_closed")
        elif self.open_again(command, item, command.reason or "asked"):
            self.set_status(item, Status.OPEN, "reopened")
            self.follow(item, "reopened")

    def open_again(self, command: cmd.Command, item: Item, cause: str) -> bool:
        """Let what is closed wait again, as if it had come in now; or refuse."""
        queue = item.queue if item.queue in self.plan.queues else self.plan.successors.get(item.queue)
        if queue is None or item.interaction.channel not in self.plan.channels:
            self.refuse(command, "unknown_queue" if queue is None else "unknown_channel")
            return False
        item.stage, item.closed, item.since, item.came = "waiting", None, self.at, self.at
        item.shared = self.still_there(item.shared)
        item.accepted_ever, item.accepted_here, item.missed, item.boosts = False, False, None, []
        item.prefers, item.asked = item.interaction.prefers, self.at
        item.version += 1
        place = self.place(queue, item.interaction, self.at)
        self.move(item, queue, place)
        self.enter(item)
        self.sticky_timer(item)
        self.emit(ev.Reopened(self.at, item.interaction.id, queue, cause, *place))
        return True

    # --- commands: what is known --------------------------------------------------------------

    def update(self, command: cmd.Update) -> None:
        item = self.open_item(command)
        if item is None:
            return
        needs, plan = command.needs, self.plan
        if needs is not None and plan.skills is not None and needs.names.skills - plan.skills:
            self.refuse(command, "unknown_skill")
            return
        if needs is not None and plan.attributes is not None and needs.names.attributes - plan.attributes:
            self.refuse(command, "unknown_attribute")
            return
        before = item.interaction
        told = {
            name: getattr(command, name)
            for name in ("customer", "sentiment", "needs", "tier")
            if getattr(command, name) is not None
        }
        merged = {**before.attributes, **(command.attributes or {})}
        now = attrs.evolve(before, attributes=merged, **told)
        calmer = command.sentiment not in (None, item.mood)
        stepped = command.tier is not None and item.step_tier is not None
        if now == before and not calmer and not stepped:
            self.refuse(command, "already_so")
            return
        item.interaction, item.version = now, item.version + 1
        item.mood = item.mood if command.sentiment is None else command.sentiment
        surge = plan.surge
        if surge is not None and surge.key(before) != surge.key(now):
            self.enter(item)
        if command.tier is not None:
            item.tier, item.step_tier = command.tier, None
        if needs is not None:
            item.needs = self.needs(now, item.queue)
            for number in sorted(item.taken):
                item.needs = plan.queues[item.queue].steps[number].relaxed(item.needs)
        reference, head_start, terms = self.place_now(item)
        item.key = reference - head_start
        item.unmet, item.quiet = [], []
        attributes = None if command.attributes is None else dict(command.attributes)
        said = (command.customer, command.sentiment, attributes, needs, command.tier)
        self.emit(ev.Updated(self.at, now.id, *said, reference, head_start, terms))

    def place_now(self, item: Item) -> tuple[Instant, float, ev.Terms]:
        """Return reference, head start and terms of *item* as it is known, with what happened to it."""
        queue, since = self.plan.queues[item.queue], item.since
        _, _, head_start, terms, _ = self.place(item.queue, item.interaction, since)
        seconds = item.target
        if seconds is None:
            promised = {clock.target.label: clock.seconds for clock in item.alive}
            targets = tuple(
                attrs.evolve(each, within=promised[each.label]) if each.label in promised else each
                for each in queue.targets
            )
            promises = attrs.evolve(queue, targets=targets)
            seconds = self.first_due(promises, item.interaction, since)
        if item.boosts:
            head_start = min(head_start + sum(item.boosts), queue.head_start_cap)
            terms = (*terms, ("refused", sum(item.boosts)))
        added = (("escalated", item.step_seconds),) if item.step_seconds else ()
        return queue.ordering(since, seconds), head_start + item.step_seconds, (*terms, *added)

    # --- commands: what is put aside ----------------------------------------------------------

    def park(self, command: cmd.Park) -> None:
        item = self.open_item(command)
        if item is None:
            return
        until = None if command.until is None else float(command.until)
        if until is None and not command.on_reply:
            self.refuse(command, "no_way_back")
            return
        if until is not None and until <= self.at:
            self.refuse(command, "already_due")
            return
        holder = None
        if item.owned or command.agent is not None:
            if self.held_item(command, "assigned", awaiting=True) is None:
                return
            self.withdraw(item, "parked")
            holder = item.holder
        self.rescind_all(item, "parked")
        aside = (holder, until)
        self.put_aside(item, *aside, on_reply=command.on_reply, same_agent=command.same_agent)

    def put_aside(
        self, item: Item, holder: str | None, until: Instant | None, *, on_reply: bool, same_agent: bool
    ) -> None:
        """Let nobody have it until something brings it back."""
        who = item.back_to if item.stage == "parked" else holder
        self.let_go(item, "parked")
        item.unmet, item.quiet = [], []
        item.back, item.on_reply, item.back_to = until, on_reply, who if same_agent else None
        self.emit(ev.Parked(self.at, item.interaction.id, holder, until, on_reply, same_agent))
        self.follow(item, "parked")

    def ask_back(self, command: cmd.Resume) -> None:
        item = self.open_item(command)
        if item is None:
            return
        if item.stage != "parked":
            self.refuse(command, "not_parked")
            return
        self.come_back(item, "asked", None)

    def come_back(self, item: Item, cause: str, due: Instant | None) -> None:
        """Let what is parked wait in its place."""
        item.stage, item.ahead = "waiting", False
        item.prefers, item.asked = item.back_to or item.prefers, self.at
        item.version += 1
        self.sticky_timer(item)
        self.emit(ev.Resumed(self.at, due, item.interaction.id, cause))
        self.follow(item, "resumed")

    def agent_replied(self, command: cmd.AgentReplied) -> None:
        item = self.known_item(command)
        if item is None or self.known(command) is None:
            return
        if command.fence is not None and self.held_item(command, None) is None:
            return
        if item.writer not in (None, command.agent):
            self.refuse(command, "locked")
            return
        self.reply(item, "agent", command.agent, "replied")
        self.unlock(item, "replied")

    def ask_lock(self, command: cmd.Lock) -> None:
        item = self.open_item(command)
        if item is None or self.known(command) is None:
            return
        if item.writer not in (None, command.agent) and not command.steal:
            self.refuse(command, "locked")
            return
        stolen = None if item.writer == command.agent else item.writer
        item.writer, item.lease = command.agent, self.at + self.plan.lock_lease
        self.emit(ev.Locked(self.at, command.interaction, command.agent, item.lease, stolen))

    def ask_unlock(self, command: cmd.Unlock) -> None:
        item = self.open_item(command)
        if item is None:
            return
        if item.writer != command.agent:
            self.refuse(command, "not_locked" if item.writer is None else "locked")
        else:
            self.unlock(item, "released")

    def unlock(self, item: Item, cause: str, due: Instant | None = None) -> None:
        """Let everybody answer, if only one could."""
        who, item.writer = item.writer, None
        if who is not None:
            self.emit(ev.Unlocked(self.at, due, item.interaction.id, who, cause))

    def bot_replied(self, command: cmd.BotReplied) -> None:
        item = self.known_item(command)
        if item is not None:
            self.reply(item, "bot", None, "bot replied")

    def reply(
        self,
        item: Item,
        who: str,
        agent: str | None,
        cause: str,
        review: str | None = None,
        ref: str | None = None,
    ) -> None:
        """Let the customer be answered."""
        item.said.append(who)
        item.version += 1
        if agent is not None and review is None and self.queues[item.queue].review is not None:
            item.replies += 1
        self.emit(ev.ReplySent(self.at, item.interaction.id, agent, review, ref))
        self.follow(item, cause)

    def ask_status(self, command: cmd.SetStatus) -> None:
        item = self.known_item(command)
        if item is None:
            return
        if item.closed is not None:
            self.refuse(command, "closed")
        elif item.status is command.status:
            self.refuse(command, "already_so")
        else:
            self.set_status(item, command.status, "asked")
            self.follow(item, command.status.value)

    def set_status(self, item: Item, status: Status, cause: str) -> None:
        """Make it somebody else's turn, if it is not so already."""
        if item.status is not status:
            item.status = status
            item.version += 1
            holder = self.find(item.holder)
            if holder is not None and self.plan.channels[item.interaction.channel].pending_units is not None:
                self.touched.append(holder)
            self.emit(ev.StatusChanged(self.at, item.interaction.id, status, cause))

    # --- clocks -----------------------------------------------------------------------------

    def follow(self, item: Item, cause: str, *, anew: bool = False) -> None:
        """Bring the clocks of *item* in line with what has just happened to it."""
        moved = []
        for clock in item.present_clocks():
            if anew and clock.target.measures == "accept":
                self.end_clock(item, clock, cause)
            elif not self.belongs(item, clock):
                self.end_clock(item, clock, cause)
                moved.append(clock)
        for target in self.queues[item.queue].targets:
            self.align(item, target, cause, next((c for c in moved if c.target.label == target.label), None))

    def belongs(self, item: Item, clock: Clock) -> bool:
        """Whether the queue promises, by the same hours, what *clock* measures."""
        if clock.queue != item.queue and clock.target.on_transfer == "restart":
            return False
        return any(
            _words(target) == _words(clock.target) and self.hours(target) == clock.calendar
            for target in self.queues[item.queue].targets
        )

    def hours(self, target: Target) -> Calendar | None:
        """Return the calendar by which *target* is measured under the plan that holds."""
        return None if target.calendar is None else self.plan.calendars.get(target.calendar)

    def align(self, item: Item, target: Target, cause: str, moved: Clock | None) -> None:
        """End, start, pause or resume the clock of one target; *moved* belonged to another queue."""
        clock = next((each for each in item.present_clocks() if each.target.label == target.label), None)
        runs = _runs(item, target)
        done = target.measures == "periodic_update" and cause in _stops(target)
        if clock is not None and (done or not runs):
            self.end_clock(item, clock, cause)
            clock = None
        if clock is None and runs:
            clock = self.start_clock(item, target, cause, moved)
        if clock is None:
            return
        name, pauses = (item.interaction.id, target.label, cause), target.pauses
        stands = item.status.value in pauses
        stands = stands or ("answered" in pauses and not item.unanswered(bots=target.bots))
        if stands and clock.now == "runs":
            self.emit(ev.ClockPaused(self.at, *name, clock.used(self.at)))
            clock.marks.append(("stands", self.at))
            clock.due, clock.warnings = None, ()
        elif not stands and clock.now == "stands":
            if not clock.missed:
                clock.due, ahead = self.ahead(target, clock.seconds, clock.used(self.at))
                clock.warnings = tuple(each for each in ahead if each[0] > max(clock.warned, default=0))
            clock.marks.append(("runs", self.at))
            self.emit(ev.ClockResumed(self.at, *name, clock.due, clock.warnings))
            self.reach_now(item, clock)

    def start_clock(self, item: Item, target: Target, cause: str, moved: Clock | None) -> Clock | None:
        """Start a clock, if the target gives it any time."""
        felt = attrs.evolve(item.interaction, sentiment=item.mood)
        within = target.within(felt, self.at) if callable(target.within) else target.within
        if within is None:
            return None
        seconds = float(within)
        over = [each for each in item.clocks if each.now == "over" and each.target.label == target.label]
        last = None  # the clock that this one goes on from
        # By way of a queue that does not promise this it has come from another queue, too.
        rule = target.on_transfer if cause in ("transferred", "plan changed") else target.on_reopen
        if moved is not None:
            last = moved if target.on_transfer == "carry" else None
        elif over and rule == "carry" and target.measures in ("first_response", "resolution"):
            last = max(over, key=lambda each: each.number)
        used = 0.0 if last is None else last.used(self.at)
        late = last is not None and last.missed and used >= seconds
        due, warnings = (None, ()) if late else self.ahead(target, seconds, used)
        self.clocks += 1
        hours, start = self.hours(target), [("runs", self.at)]
        clock = Clock(self.clocks, target, hours, item.queue, seconds, used, due, warnings, late, start)
        item.clocks.append(clock)
        item.alive.append(clock)
        name = (item.interaction.id, target.label, cause)
        self.emit(ev.ClockStarted(self.at, *name, seconds, used, due, warnings))
        self.reach_now(item, clock)
        return clock

    def ahead(self, target: Target, seconds: float, used: float) -> tuple[Instant, ev.Warnings]:
        """Return when *seconds* are over of which some are used up, and the warnings before that."""

        def over(left: float) -> Instant:
            hours = self.hours(target)
            return self.at + left if hours is None else hours.due(self.at, left)

        shares = [share for share in target.warn_at if share * seconds > used]
        return over(max(seconds - used, 0.0)), tuple((each, over(each * seconds - used)) for each in shares)

    def end_clock(self, item: Item, clock: Clock, cause: str) -> None:
        """Let a clock be over, because of what it waits for or because of something else."""
        kind = ev.ClockStopped if cause in _stops(clock.target) else ev.ClockCancelled
        used = clock.used(self.at)
        clock.marks.append(("over", self.at))
        item.alive.remove(clock)
        self.emit(kind(self.at, item.interaction.id, clock.target.label, cause, used))

    def reach_now(self, item: Item, clock: Clock) -> None:
        """Let happen at once what a clock that goes off has used up already."""
        while clock.threshold is not None and clock.threshold <= self.at:
            self.reach((item, clock), clock.threshold)

    def reach(self, subject: tuple[Item, Clock], due: Instant) -> None:
        """Let the next threshold of a clock be reached."""
        item, clock = subject
        name = (item.interaction.id, clock.target.label)
        if clock.warnings:
            (share, _), *rest = clock.warnings
            clock.warnings = tuple(rest)
            clock.warned.append(share)
            self.emit(ev.SlaWarned(self.at, due, *name, share))
        else:
            clock.missed, clock.due = True, None
            item.version += 1
            self.emit(ev.SlaMissed(self.at, due, *name))

    # --- alarms -----------------------------------------------------------------------------

    def watch(self) -> None:
        """Look at every queue that wants to be watched, and say what is another way than before."""
        self.looked = self.at
        fresh = {
            (name, alarm): members
            for name, queue in sorted(self.plan.queues.items())
            if queue.alarms is not None
            for alarm, members in self.over(name, queue.alarms)
        }
        for key in sorted({*fresh, *self.raised}):
            members = fresh.get(key, {})
            # Time brought it, if what time brought is all there still.
            due = self.crossed.get(key) if members.keys() >= self.alarms.get(key, set()) else None
            if members and key not in self.raised:
                first = min(members.values(), key=lambda item: item.seq)
                self.raised.add(key)
                self.emit(ev.AlarmRaised(self.at, due, *key, first.interaction.id))
            elif key in self.raised and not members:
                self.raised.remove(key)
                self.emit(ev.AlarmCleared(self.at, *key))
        self.alarms = {key: set(members) for key, members in fresh.items()}
        self.crossed = {}

    def over(self, name: str, alarms: Any) -> Iterator[tuple[str, dict[object, Item]]]:
        """Yield each alarm of a queue and what is over its limit now."""
        here = [item for item in self.items if item.closed is None and item.queue == name]
        age, lead = alarms.oldest_age, alarms.next_breach
        old = [item for item in here if age is not None and item.waits and item.since + age <= self.at]
        yield "oldest_age", {item.seq: item for item in old}
        near = [
            item
            for item in here
            if lead is not None
            and item.stage != "parked"
            and any(due - lead <= self.at < due for due, _ in self.breaches(item))
        ]
        yield "next_breach", {item.seq: item for item in near}
        last = [each for each in here if alarms.last_step and each.waits and self.took_all(each)]
        yield "last_step", {item.seq: item for item in last}
        yield "no_eligible_agent", self.stranded(here) if alarms.no_eligible_agent else {}

    def took_all(self, item: Item) -> bool:
        """Whether *item* has taken every step of its queue."""
        steps = self.plan.queues[item.queue].steps
        return steps != () and len(item.taken) == len(steps)

    def stranded(self, here: list[Item]) -> dict[object, Item]:
        """Return the first of every class that waits and that nobody who is there could take."""
        found: dict[object, Item] = {}
        for item in sorted(here, key=lambda item: item.urgency):
            if item.stage != "waiting" or self.waits_for(item) is not None:
                continue
            units = self.units(item.interaction.channel)
            able = (each for each in self.people if each.there and self.able(each, item))
            if not any(round(each.agent.capacity * 1_000_000) >= units for each in able):
                label = item.interaction.label
                label = label if label in self.limited else None
                kind = (item.interaction.channel, item.needs, item.tier, label, item.shared)
                found.setdefault(kind, item)
        return found

    def breaches(self, item: Item) -> Iterator[tuple[Instant, Instant]]:
        """Yield when targets of *item* will be missed, and since when that is so."""
        if item.clock and item.target is not None:
            yield item.since + item.target, -inf
        for clock in item.present_clocks():
            if clock.now == "runs" and clock.due is not None:
                yield clock.due, clock.since

    def crossings(self, item: Item) -> Iterator[Timer]:
        """Yield the limits that *item* will cross, as seen when it was last looked at the alarms.

        It grows old in somebody's hands, too: whether it then waits is asked when that is due.
        """
        alarms = self.plan.queues[item.queue].alarms
        if alarms is None:
            return
        found = []
        if alarms.oldest_age is not None:
            found.append((item.since + alarms.oldest_age, AGE, item.seq))
        if alarms.next_breach is not None:
            dues = (due for due, since in self.breaches(item) if since <= self.looked)
            found += [(due - alarms.next_breach, BREACH, item.seq) for due in dues]
        ahead = item.interaction.not_before is not None and item.came == item.since
        came = min(item.came, item.first.at) if ahead else item.came
        found = [each for each in found if each[0] > came]  # else it was over it when it came
        yield from ((*each, item) for each in found if each[0] > self.looked and each > self.fired)

    def cross(self, key: Key, item: Item, due: Instant) -> None:
        """Let *item* be over a limit from now on, because of time alone."""
        members = self.alarms.setdefault(key, set())
        if item.seq not in members:
            members.add(item.seq)
            self.crossed.setdefault(key, due)

    # --- commands: agents -------------------------------------------------------------------

    def known(self, command: Any) -> Person | None:
        person = self.find(_agent(command))
        if person is None:
            self.refuse(command, "unknown_agent")
        return person

    def fits_plan(self, command: cmd.AddAgent | cmd.ChangeAgent) -> bool:
        agent, skills = command.agent, self.plan.skills
        if {*(agent.queues or ()), *agent.delays} - set(self.plan.queues):
            self.refuse(command, "unknown_queue")
        elif set(agent.channels or ()) - set(self.plan.channels):
            self.refuse(command, "unknown_channel")
        elif skills is not None and set(agent.skills) - skills:
            self.refuse(command, "unknown_skill")
        elif self.plan.attributes is not None and set(agent.attributes) - self.plan.attributes:
            self.refuse(command, "unknown_attribute")
        elif set(agent.groups) - set(self.plan.groups):
            self.refuse(command, "unknown_group")
        else:
            return True
        return False

    def add_agent(self, command: cmd.AddAgent) -> None:
        if self.find(command.agent.id) is not None:
            self.refuse(command, "already_there")
        elif self.fits_plan(command):
            told = command.agent
            self.people.append(
                Person(told, formed(told, self.plan, self.turns, self.surging), self.enrolled, self.at)
            )
            self.enrolled += 1
            self.limited |= set(self.people[-1].agent.labels or ())
            self.emit(ev.AgentAdded(self.at, command.agent))

    def change_agent(self, command: cmd.ChangeAgent) -> None:
        person = self.known(command)
        if person is not None and self.fits_plan(command):
            person.told, person.agent = (
                command.agent,
                formed(command.agent, self.plan, self.turns, self.surging),
            )
            person.version += 1
            self.limited |= set(person.agent.labels or ())
            self.emit(ev.AgentChanged(self.at, command.agent))
            self.recount()

    def remove_agent(self, command: cmd.RemoveAgent) -> None:
        person = self.known(command)
        if person is None:
            return
        for item in self.hands(person):
            if self.bid_of(item, person):
                self.rescind(item, "agent removed")
        for item in self.hands(person):
            self.take_back(item, "agent removed", None)
        locked = [item for item in self.items if item.writer == person.id]
        for item in sorted(locked, key=lambda item: item.seq):
            self.unlock(item, "released")
        self.people.remove(person)
        self.emit(ev.AgentRemoved(self.at, command.agent))
        self.recount()

    def ask_presence(self, command: cmd.SignOn | cmd.SignOff | cmd.SetPresence) -> None:
        person = self.known(command)
        if person is None:
            return
        presence = command.presence if isinstance(command, cmd.SetPresence) else Presence.AVAILABLE
        if isinstance(command, cmd.SignOff):
            presence = Presence.OFFLINE
        owns = any(item.owned for item in self.hands(person))
        if presence is Presence.DRAINING and not owns:
            presence = Presence.OFFLINE
        elif presence is Presence.OFFLINE and owns and person.presence is not Presence.OFFLINE:
            presence = Presence.DRAINING
        if presence is person.presence and person.drains_to is None:
            self.refuse(command, "already_so")
        else:
            self.set_presence(person, presence, "asked")

    def set_shift(self, command: cmd.SetShift) -> None:
        person = self.known(command)
        if person is None:
            return
        same = command.until == person.shift and command.presence is person.leaves_for
        if same or (command.until is None and person.shift is None):
            self.refuse(command, "already_so")
        elif command.until is not None and command.until <= self.at:
            self.refuse(command, "in_the_past")
        else:
            person.shift, person.leaves_for = command.until, command.presence
            person.version += 1
            self.last_calls(person)
            self.emit(ev.ShiftSet(self.at, person.id, command.until, command.presence))

    def disconnect(self, command: cmd.Disconnect) -> None:
        person = self.known(command)
        if person is None:
            return
        if person.presence is Presence.OFFLINE:
            self.refuse(command, "already_so")
            return
        self.cut_off(person, "disconnected")

    def cut_off(self, person: Person, cause: str) -> None:
        """Let her connection be lost."""
        for item in self.hands(person):
            if self.bid_of(item, person):
                ids = (OfferId(item.offer or 0), item.interaction.id, person.id, "disconnected")
                backoff = self.backoff(item, "disconnected", "disconnected")
                event = _rescinded(self.at, ids)
                self.refuse_offer(item, "disconnected", event, backoff)
        grace = self.at + self.plan.reconnect_grace if self.hands(person) else None
        self.set_presence(person, Presence.OFFLINE, cause, grace)

    def heartbeat(self, command: cmd.Heartbeat) -> None:
        person = self.known(command)
        if person is not None and person.presence is Presence.OFFLINE:
            self.refuse(command, "agent_offline")

    # --- commands: the plan -----------------------------------------------------------------

    def change_plan(self, command: cmd.Command, plan: Plan) -> None:
        """Go on under another plan."""
        open_items = [item for item in self.items if item.stage != "closed"]
        for item in open_items:
            rule = None
            if item.queue not in plan.queues and item.queue not in plan.successors:
                rule = "no_successor"
            elif item.interaction.channel not in plan.channels:
                rule = "channel_in_use"
            if rule is not None:
                self.facts.append(ev.Refused(self.at, "ChangePlan", plan.name, rule, ""))
                return
        if any(set(person.told.groups) - set(plan.groups) for person in self.people):
            self.facts.append(ev.Refused(self.at, "ChangePlan", plan.name, "group_in_use", ""))
            return
        if self.surging and plan.surge != self.plan.surge:
            self.swing(ev.SurgeEnded(self.at, None))
        if plan.surge != self.plan.surge:
            self.arrived = []
            for item in sorted(self.items, key=lambda each: each.seq):
                self.enter(item)
        before, self.plan, self.turns, self.let_in = self.plan, plan, {}, []
        self.queues |= plan.queues
        self.recount()
        self.plan_version += 1
        self.emit(ev.PlanChanged(self.at, plan.to_data(strict=False), plan.hash))
        for person in self.people:
            self.take_along(person)
        for name, rotation in plan.rotations.items():
            if rotation.queue is None:
                self.rotate(name)
        self.limited = {label for person in self.people for label in person.agent.labels or ()}
        for item in open_items:
            item.shared = self.still_there(item.shared)
        for item in open_items:
            self.rekey(item, before)
            self.follow(item, "plan changed")
        self.timers = [timer for timer in self.timers if timer[1] != STICKY]
        for item in open_items:
            self.sticky_timer(item)
        for person in self.people:
            self.last_calls(person)
            gone = person.presence in (Presence.OFFLINE, Presence.AWAY)
            person.lease = None if gone or plan.heartbeat is None else self.at + plan.heartbeat
        self.touched += self.people

    def still_there(self, queues: tuple[str, ...]) -> tuple[str, ...]:
        """Return what has become of *queues* under the plan that holds."""
        found: list[str] = []
        for each in queues:
            new = each if each in self.plan.queues else self.plan.successors.get(each)
            if new is not None and new not in found:
                found.append(new)
        return tuple(sorted(found))

    def take_along(self, person: Person) -> None:
        """Who served a queue that is gone serves its successor; a channel that is gone is gone."""
        agent, plan = person.told, self.plan
        queues = agent.queues
        if queues is not None:
            pairs = [
                (each if each in plan.queues else plan.successors.get(each), queues[each]) for each in queues
            ]
            kept = {each for each, _ in pairs if each is not None}
            queues = {each: min(priority for name, priority in pairs if name == each) for each in kept}
        channels = agent.channels
        if channels is not None:
            channels = {each: most for each, most in channels.items() if each in plan.channels}
        delays: dict[str, float] = {}
        for each, seconds in agent.delays.items():
            new = each if each in plan.queues else plan.successors.get(each)
            if new is not None:
                delays[new] = min(seconds, delays.get(new, inf))
        if (queues, channels, delays) != (agent.queues, agent.channels, agent.delays):
            person.told = attrs.evolve(agent, queues=queues, channels=channels, delays=delays)
            person.version += 1
            self.emit(ev.AgentChanged(self.at, person.told))
        person.agent = formed(person.told, self.plan, self.turns, self.surging)

    def rekey(self, item: Item, before: Plan) -> None:
        queue = item.queue if item.queue in self.plan.queues else self.plan.successors[item.queue]
        place = self.place(queue, item.interaction, item.since)
        old, new = before.queues.get(item.queue), self.plan.queues[queue]
        same = queue == item.queue and old is not None
        same = same and (old.needs, old.steps) == (new.needs, new.steps)  # type: ignore[union-attr]
        kept = same and item.taken != []
        if queue == item.queue and item.boosts:
            tier, reference, head_start, terms, target = place
            head_start = min(head_start + sum(item.boosts), self.plan.queues[queue].head_start_cap)
            place = (tier, reference, head_start, (*terms, ("refused", sum(item.boosts))), target)
        needs = item.needs if kept else self.needs(item.interaction, queue)
        if kept:
            tier, reference, head_start, terms, target = place
            added = (("escalated", item.step_seconds),) if item.step_seconds else ()
            tier = tier if item.step_tier is None else item.step_tier
            place = (tier, reference, head_start + item.step_seconds, (*terms, *added), target)
        now = (queue, place[0], place[1] - place[2], place[4], needs)
        anew = item.taken != [] and not kept
        if anew or now != (item.queue, item.tier, item.key, item.target, item.needs):
            self.move(item, queue, place, kept=kept)
            item.version += 1
            tier, reference, head_start, terms, target = place
            ids = (item.interaction.id, queue, tier)
            self.emit(ev.Rekeyed(self.at, *ids, reference, head_start, terms, target, kept))

    def resume(self, command: cmd.ResumePolicy) -> None:
        self.refuse(command, "not_off")  # the policies that it is given never fail


def like(item: Item) -> object:
    """Return what is the same for all that is like *item*."""
    return item.queue, item.tier, item.needs


def skilled(person: Person) -> object:
    """Return what is the same for all who are like *person*."""
    queues = person.agent.queues
    return str(sorted(person.agent.skills.items())), None if queues is None else str(sorted(queues.items()))


def formed(told: Agent, plan: Plan, turns: Mapping[str, tuple[int, Instant]], surging: bool) -> Agent:
    """Return *told* with what groups, rotations (*turns*: its period, and its end) and a surge say."""
    agent = grouped(told, plan)
    for name, rotation in plan.rotations.items():
        channels = rotation.periods[turns.get(name, (0, inf))[0]].channels
        if channels is not None and set(told.groups) & set(rotation.groups):
            agent = attrs.evolve(agent, channels=channels)
    borrow = None if plan.surge is None or not surging else plan.surge.borrow
    if borrow is not None and agent.queues is not None and set(told.groups) & set(borrow.groups):
        more = {name: priority for name, priority in borrow.queues.items() if name not in agent.queues}
        agent = attrs.evolve(agent, queues={**agent.queues, **more})
    return agent


def grouped(told: Agent, plan: Plan) -> Agent:
    """Return *told* with all that her groups say and she does not."""
    skills, attributes = dict(told.skills), dict(told.attributes)
    queues, channels, capacity, pull = told.queues, told.channels, told.capacity, told.pull
    labels, reserve, ramp, delays = told.labels, told.reserve, told.login_ramp, told.delays
    for name in told.groups:
        group = plan.groups[name]
        skills = {**group.skills, **skills}
        attributes = {**group.attributes, **attributes}
        delays = {**group.delays, **delays}
        if group.queues is not None:
            queues = {**group.queues, **(queues or {})}
        if group.channels is not None:
            channels = {**group.channels, **(channels or {})}
        if group.labels is not None:
            labels = {**group.labels, **(labels or {})}
        if capacity == 1 and group.capacity is not None:
            capacity = group.capacity
        pull = pull or bool(group.pull)
        ramp = group.login_ramp if ramp is None else ramp
        if not reserve:
            reserve = group.reserve or 0.0
    return Agent(
        id=told.id,
        skills=skills,
        queues=queues,
        channels=channels,
        capacity=capacity,
        attributes=attributes,
        pull=pull,
        groups=told.groups,
        labels=labels,
        reserve=reserve,
        login_ramp=ramp,
        delays=delays,
    )


def _runs(item: Item, target: Target) -> bool:
    """Whether a clock for *target* should be there."""
    if item.closed is not None or item.ahead:
        return False
    answered, waits = item.answered(bots=target.bots), item.unanswered(bots=target.bots)
    return {
        "accept": item.waits or item.stage == "parked",
        "first_response": not answered,
        "next_response": answered and waits,
        "periodic_update": answered,
        "resolution": item.stage != "wrapping",
    }[target.measures]


def _stops(target: Target) -> tuple[str, ...]:
    """Return what *target* waits for."""
    causes = STOPS[target.measures]
    return (*causes, "bot replied") if target.bots and "replied" in causes else causes


def _words(target: Target) -> object:
    """Return all that *target* says, the same for one that was read from data."""
    said = attrs.asdict(target, recurse=False)
    within = target.within
    return _plain(said | {"within": describe(within) if callable(within) else within})


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _rescinded(at: Instant, ids: tuple[Any, ...]) -> Callable[..., ev.Event]:
    return lambda *times: ev.OfferRescinded(at, *ids, *times)


def _agent(command: Any) -> str:
    return str(getattr(command.agent, "id", command.agent))


def _name(policy: Callable[..., Any]) -> str:
    spec = describe(policy)
    use = spec["use"] if isinstance(spec, Mapping) else spec
    return str(use).rpartition(":")[2]


def _unique(names: list[str], place: int) -> str:
    before = names[:place].count(names[place])
    return names[place] if before == 0 else f"{names[place]}#{before + 1}"


def _subject(command: Any) -> str:
    """Return the id of what *command* is about."""
    for field in ("interaction", "offer", "agent", "slot"):
        if hasattr(command, field):
            value = getattr(command, field)
            return str(getattr(value, "id", value))
    return ""


_HAPPENS: Mapping[int, Callable[[Router, Any, Instant], object]] = {
    WRAP_UP: Router.finish,
    GRACE: Router.lose,
    CLOCK: Router.reach,
    STEP: Router.take_steps,
    RESUME: lambda router, item, due: router.come_back(item, "time", due),
    LEASE: lambda router, item, due: router.unlock(item, "expired", due),
    BEAT: Router.end_lease,
    SURGE: lambda router, _, due: router.swing(ev.SurgeEnded(router.at, due)),
}
"""What happens when a timer of this kind is due, where that is one thing alone."""

_DECIDE: Mapping[type, Callable[[Router, Any], list[ev.Event] | None]] = {
    cmd.Submit: Router.submit,
    cmd.Cancel: Router.cancel,
    cmd.Abandon: Router.abandon,
    cmd.Transfer: Router.transfer,
    cmd.Assign: Router.assign_by_hand,
    cmd.Accept: Router.accept,
    cmd.Decline: Router.decline,
    cmd.Complete: Router.complete,
    cmd.FinishWrapUp: Router.finish_wrap_up,
    cmd.Release: Router.release,
    cmd.Reopen: Router.reopen,
    cmd.CustomerReplied: Router.customer_replied,
    cmd.AgentReplied: Router.agent_replied,
    cmd.BotReplied: Router.bot_replied,
    cmd.SetStatus: Router.ask_status,
    cmd.AddAgent: Router.add_agent,
    cmd.ChangeAgent: Router.change_agent,
    cmd.RemoveAgent: Router.remove_agent,
    cmd.SignOn: Router.ask_presence,
    cmd.SignOff: Router.ask_presence,
    cmd.SetPresence: Router.ask_presence,
    cmd.Disconnect: Router.disconnect,
    cmd.SetShift: Router.set_shift,
    cmd.Heartbeat: Router.heartbeat,
    cmd.ResumePolicy: Router.resume,
    cmd.Tick: lambda router, command: None,
    cmd.Pull: Router.pull,
    cmd.Park: Router.park,
    cmd.Resume: Router.ask_back,
    cmd.Lock: Router.ask_lock,
    cmd.Unlock: Router.ask_unlock,
    cmd.ExtendWrapUp: Router.extend,
    cmd.Escalate: Router.escalate,
    cmd.Update: Router.update,
    cmd.Propose: Router.propose,
    cmd.Approve: Router.decide,
    cmd.Reject: Router.decide,
}
