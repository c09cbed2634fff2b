"""The key figures are exactly what a scan of all facts says: plain lists, no code of theirs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil, inf, isclose
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from workassign import Agent, Channel, Customer, Engine, Interaction, Plan, Presence, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.hours import Calendar
from workassign.journal import record
from workassign.kpi import Figures, Kpis, Live, TargetFigures, measure
from workassign.model import Instant, Status
from workassign.plan import Alarms
from workassign.policies import sla
from workassign.policies.escalation import Step
from workassign.policies.sla import Target
from workassign.stores.memory import MemoryStore

SIGNED_ON = (Presence.AVAILABLE, Presence.BUSY, Presence.DRAINING)
FOREVER = -inf, inf
Span = tuple[float, float]
"""From the first instant to before the last."""

# --- what a run is made of ------------------------------------------------------------------------


@attrs.define(kw_only=True)
class Visit:
    """One stay in a queue, from its entry until somebody accepts it or it leaves unanswered."""

    queue: str
    since: Instant
    target: float | None
    is_first: bool
    """The opening began here."""
    counts: bool
    """Nobody had accepted it in this opening before."""
    segment: str | None
    end: Instant | None = None
    how: str = ""
    steps: int = 0
    """That it took before it was answered."""


@attrs.define(kw_only=True)
class Opening:
    """From a submission, or a re-opening, to the close."""

    interaction: Interaction
    opened: Instant
    visits: list[Visit] = attrs.field(factory=list)
    assignments: int = 0
    pending: bool = False
    """The queue's `sla` runs."""
    missed: float | None = None
    """The `sla` that was missed last."""


@attrs.define(kw_only=True)
class Hold:
    """One assignment."""

    queue: str
    agent: str
    since: Instant
    opening: Opening
    turns: list[tuple[Instant, bool]]
    """From when on it was somebody else's turn, or not any more: of the interaction, whoever has it."""
    wrapping: Instant | None = None
    end: Instant | None = None


@attrs.define(kw_only=True)
class Life:
    """What is remembered of an interaction over all of its openings."""

    interaction: Interaction
    opening: Opening
    queue: str
    before: str
    """The queue before this turn's move."""
    hold: Hold | None = None
    open: bool = True
    sentiments: list[float] = attrs.field(factory=list)
    unanswered: Instant | None = None
    replied: bool = False
    said_after: bool = False
    turns: list[tuple[Instant, bool]] = attrs.field(factory=lambda: [(-inf, False)])
    clocks: dict[str, Instant | None] = attrs.field(factory=dict)
    """Target -> due, of those that run."""
    failed: set[str] = attrs.field(factory=set)
    """Targets of running clocks that were missed."""


@attrs.define
class Fact:
    """Something that counts in a queue at an instant."""

    at: Instant
    queue: str
    what: str
    value: float = 1.0


@attrs.define
class Contact:
    """A known customer's interaction that was completed."""

    at: Instant
    queue: str
    customer: str
    interaction: str


class Reference:
    """Takes in the facts of a run and answers by scanning."""

    def __init__(self, plan: Plan, threshold: float | None = None, *, arrival: bool = False) -> None:
        self.plan = plan
        self.threshold = threshold
        self.arrival = arrival
        self.now = -inf
        self.queues = set(plan.queues)
        self.lives: dict[str, Life] = {}
        self.openings: list[Opening] = []
        self.holds: list[Hold] = []
        self.facts: list[Fact] = []
        self.offers: dict[int, ev.Offered] = {}
        self.contacts: list[Contact] = []
        self.came: list[tuple[Instant, str, str, str]] = []
        """When which customer came to which queue, with what."""
        self.capacity: list[tuple[Instant, float]] = []
        """Steps of the capacity signed on; those of the load are the holds'."""
        self.agents: dict[str, tuple[Agent, Presence]] = {}
        self.signed: list[tuple[Instant, str, bool]] = []
        """When an agent was signed on, or was not any more."""
        self.alarms: set[tuple[str, str]] = set()
        self.minutes: list[Instant] = []
        """The first turn of every minute that has one."""

    # --- taking in ----------------------------------------------------------------------------

    def take(self, facts: Iterable[ev.Event]) -> None:
        """Take in the facts of a turn."""
        for life in self.lives.values():
            life.before = life.queue
        for event in facts:
            if not self.minutes or event.at // 60 != self.minutes[-1] // 60:
                self.minutes.append(event.at)
            self.now = event.at
            name = type(event).__name__.lower()
            getattr(self, f"_{name}", _nothing)(event)

    def count(self, queue: str, what: str, value: float = 1.0) -> None:
        """Note that something counts now."""
        self.facts.append(Fact(self.now, queue, what, value))

    def _enter(self, life: Life, queue: str, target: float | None) -> Visit:
        opening, customer = life.opening, life.interaction.customer
        visit = Visit(
            queue=queue,
            since=self.now,
            target=target,
            is_first=not opening.visits,
            counts=not any(each.how == "answered" for each in opening.visits),
            segment=None if customer is None else customer.segment,
        )
        opening.visits.append(visit)
        life.before, life.queue = life.queue, queue
        return visit

    def _submitted(self, event: ev.Submitted) -> None:
        who = event.interaction
        opening = Opening(interaction=who, opened=event.at, pending=event.target is not None)
        life = Life(interaction=who, opening=opening, queue=who.queue, before=who.queue, unanswered=event.at)
        self.lives[who.id] = life
        self.openings.append(opening)
        self._enter(life, who.queue, event.target)
        if who.sentiment is not None:
            life.sentiments.append(who.sentiment)
            self.count(who.queue, "felt", who.sentiment)
        if who.customer is not None:
            self.came.append((event.at, who.customer.id, who.queue, who.id))

    def _reopened(self, event: ev.Reopened) -> None:
        life = self.lives[event.interaction]
        opening = Opening(interaction=life.interaction, opened=event.at, pending=event.target is not None)
        life.opening, life.open = opening, True
        life.unanswered = None if life.unanswered is None else event.at
        self.openings.append(opening)
        self._enter(life, event.queue, event.target)
        self.count(event.queue, "reopened")
        self.came.append((event.at, "", "", event.interaction))

    def _offered(self, event: ev.Offered) -> None:
        self.offers[event.offer] = event

    def _assigned(self, event: ev.Assigned) -> None:
        life = self.lives[event.interaction]
        offered = None if event.offer is None else self.offers.pop(event.offer, None)
        visit, opening = life.opening.visits[-1], life.opening
        if not visit.how:
            visit.end, visit.how = event.at, "answered"
            if opening.pending:
                self.count(life.queue, "met:first_response")
            opening.pending = False
        opening.assignments += 1
        if offered is not None:
            self.count(life.queue, "accepted", event.at - offered.at)
        if life.interaction.prefers is not None:
            self.count(life.queue, "sticky", float(life.interaction.prefers == event.agent))
        life.hold = Hold(
            queue=life.queue, agent=event.agent, since=event.at, opening=opening, turns=life.turns
        )
        self.holds.append(life.hold)

    def _offer_ended(self, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded, what: str) -> None:
        del self.offers[event.offer]
        self.count(self.lives[event.interaction].queue, what)

    def _declined(self, event: ev.Declined) -> None:
        self._offer_ended(event, "declined")
        self.count(self.lives[event.interaction].queue, f"because:{event.reason}")

    def _offerexpired(self, event: ev.OfferExpired) -> None:
        self._offer_ended(event, "expired")

    def _offerrescinded(self, event: ev.OfferRescinded) -> None:
        self._offer_ended(event, "rescinded")

    def _wrapped(self, hold: Hold) -> None:
        if hold.wrapping is not None:
            self.count(hold.queue, "wrap_up", self.now - hold.wrapping)
            hold.wrapping = None

    def _let_go(self, life: Life) -> None:
        assert life.hold is not None
        self._wrapped(life.hold)
        life.hold.end, life.hold = self.now, None

    def _resolved(self, life: Life, served: Instant) -> None:
        self.count(life.queue, "completed", served - life.opening.opened)
        self.count(life.queue, "hops", life.opening.assignments)
        if life.replied:
            self.count(life.queue, "one_touch", float(not life.said_after))
        customer = life.interaction.customer
        if customer is not None:
            self.contacts.append(Contact(self.now, life.queue, customer.id, life.interaction.id))

    def _wrapupstarted(self, event: ev.WrapUpStarted) -> None:
        life = self.lives[event.interaction]
        assert life.hold is not None
        life.hold.wrapping = event.at

    def _completed(self, event: ev.Completed) -> None:
        life = self.lives[event.interaction]
        assert life.hold is not None
        self._resolved(life, event.at if life.hold.wrapping is None else life.hold.wrapping)
        self._let_go(life)
        self._closed(life)

    def _closed(self, life: Life) -> None:
        life.open = False
        if life.sentiments:
            self.count(life.queue, "happy", life.sentiments[-1])
            self.count(life.queue, "shift", life.sentiments[-1] - life.sentiments[0])

    def _left(self, life: Life, how: str) -> None:
        visit = life.opening.visits[-1]
        if not visit.how:
            visit.end, visit.how = self.now, how

    def _gone(self, name: str, how: str) -> None:
        life = self.lives[name]
        self._left(life, how)
        if life.opening.pending:
            self.count(life.queue, "cancelled:first_response")
        if life.hold is not None:
            self._let_go(life)
        self._closed(life)

    def _cancelled(self, event: ev.Cancelled) -> None:
        self._gone(event.interaction, "cancelled")

    def _abandoned(self, event: ev.Abandoned) -> None:
        self._gone(event.interaction, "abandoned")

    def _collapsed(self, event: ev.Collapsed) -> None:
        self._gone(event.interaction, "collapsed")

    def _templatesent(self, event: ev.TemplateSent) -> None:
        self._gone(event.interaction, "template")

    def _requeued(self, event: ev.Requeued) -> None:
        self._let_go(self.lives[event.interaction])

    def _promised_anew(self, life: Life, target: float | None) -> None:
        opening = life.opening
        if any(each.how == "answered" for each in opening.visits):
            return
        if opening.pending and target is None:
            self.count(life.queue, "cancelled:first_response")
        opening.pending = target is not None and (opening.missed is None or target > opening.missed)

    def _transferred(self, event: ev.Transferred) -> None:
        life = self.lives[event.interaction]
        if event.agent is not None:
            self.count(life.queue, "transferred")
        if life.hold is not None:
            self._let_go(life)
        self._left(life, "moved")
        self._promised_anew(life, event.target)
        self._enter(life, event.queue, event.target)

    def _escalated(self, event: ev.Escalated) -> None:
        life = self.lives[event.interaction]
        self.count(life.queue, "escalated")
        if not life.opening.visits[-1].how:
            life.opening.visits[-1].steps += 1

    def _updated(self, event: ev.Updated) -> None:
        life = self.lives[event.interaction]
        who, visit = event.customer, life.opening.visits[-1]
        before = life.interaction.customer
        life.interaction = attrs.evolve(life.interaction, customer=who or before)
        if event.sentiment is not None:
            life.sentiments.append(event.sentiment)
        if who is None:
            return
        if not visit.how:
            visit.segment = who.segment
        if before is None or before.id != who.id:
            self.came.append((event.at, who.id, life.queue, event.interaction))

    def _rekeyed(self, event: ev.Rekeyed) -> None:
        life = self.lives[event.interaction]
        if not event.kept and not life.opening.visits[-1].how:
            life.opening.visits[-1].steps = 0
        self._promised_anew(life, event.target)
        if event.queue == life.queue:
            if not life.opening.visits[-1].how:
                life.opening.visits[-1].target = event.target
            return
        self._left(life, "moved")
        visit = self._enter(life, event.queue, event.target)
        if life.hold is not None:
            life.hold.queue = event.queue
            visit.end, visit.how = event.at, "answered"

    def _messagereceived(self, event: ev.MessageReceived) -> None:
        life = self.lives[event.interaction]
        self.count(life.queue, "messages")
        if event.sentiment is not None:
            life.sentiments.append(event.sentiment)
            self.count(life.queue, "felt", event.sentiment)
        life.said_after = life.said_after or life.replied
        life.unanswered = event.at if life.unanswered is None else life.unanswered
        if life.hold is not None:
            self._wrapped(life.hold)
        self.came.append((event.at, "", "", event.interaction))

    def _replysent(self, event: ev.ReplySent) -> None:
        life = self.lives[event.interaction]
        if not life.open:
            return
        if event.agent is None:
            self.count(life.queue, "bot_replies")
            return
        self.count(life.queue, "replies")
        if life.unanswered is not None:
            what = "next_response" if life.replied else "first_response"
            self.count(life.queue, what, event.at - life.unanswered)
        life.replied, life.unanswered = True, None

    def _statuschanged(self, event: ev.StatusChanged) -> None:
        turned = event.status is not Status.OPEN
        self.lives[event.interaction].turns.append((event.at, turned))

    def _clockstarted(self, event: ev.ClockStarted) -> None:
        life = self.lives[event.interaction]
        life.clocks[event.target] = event.due
        life.failed.discard(event.target)
        if event.due is None:
            life.failed.add(event.target)

    def _clockpaused(self, event: ev.ClockPaused) -> None:
        self.lives[event.interaction].clocks[event.target] = None

    def _clockresumed(self, event: ev.ClockResumed) -> None:
        self.lives[event.interaction].clocks[event.target] = event.due

    def _clockstopped(self, event: ev.ClockStopped) -> None:
        life = self.lives[event.interaction]
        del life.clocks[event.target]
        if event.target not in life.failed:
            self.count(life.queue, f"met:{event.target}")
        self.count(life.queue, f"elapsed:{event.target}", event.elapsed)

    def _clockcancelled(self, event: ev.ClockCancelled) -> None:
        life = self.lives[event.interaction]
        del life.clocks[event.target]
        if event.target not in life.failed:
            self.count(life.before, f"cancelled:{event.target}")

    def _slamissed(self, event: ev.SlaMissed) -> None:
        life = self.lives[event.interaction]
        self.count(life.queue, f"missed:{event.target}")
        if event.target in life.clocks:
            life.failed.add(event.target)
            life.clocks[event.target] = None
        else:
            life.opening.pending = False
            life.opening.missed = life.opening.visits[-1].target

    def _slawarned(self, event: ev.SlaWarned) -> None:
        self.count(self.lives[event.interaction].queue, f"warned:{event.target}")

    def _alarmraised(self, event: ev.AlarmRaised) -> None:
        self.alarms.add((event.queue, event.alarm))

    def _alarmcleared(self, event: ev.AlarmCleared) -> None:
        self.alarms.discard((event.queue, event.alarm))

    def _signed_on(self) -> float:
        return sum(agent.capacity for agent, presence in self.agents.values() if presence in SIGNED_ON)

    def _stands(self, agent: Agent, presence: Presence) -> None:
        self.agents[agent.id] = agent, presence
        self.signed.append((self.now, agent.id, presence in SIGNED_ON))
        self.capacity.append((self.now, self._signed_on()))

    def _agentadded(self, event: ev.AgentAdded) -> None:
        self._stands(event.agent, Presence.OFFLINE)

    def _agentchanged(self, event: ev.AgentChanged) -> None:
        self._stands(event.agent, self.agents[event.agent.id][1])

    def _presencechanged(self, event: ev.PresenceChanged) -> None:
        self._stands(self.agents[event.agent][0], event.presence)

    def _agentremoved(self, event: ev.AgentRemoved) -> None:
        del self.agents[event.agent]
        self.signed.append((self.now, event.agent, False))
        self.capacity.append((self.now, self._signed_on()))

    def _planchanged(self, event: ev.PlanChanged) -> None:
        self.plan = Plan.from_data(event.plan)
        self.queues |= set(self.plan.queues)

    # --- scopes -------------------------------------------------------------------------------

    def limit(self, visit: Visit) -> float:
        """The service level's threshold of a visit."""
        if self.threshold is not None:
            return self.threshold
        return 20.0 if visit.target is None else visit.target

    def stays(self, queue: str | None) -> list[tuple[Visit, Instant]]:
        """Return the visits of a queue, or the decisive one of each opening, with the start of the wait."""
        if queue is not None:
            return [(v, v.since) for each in self.openings for v in each.visits if v.queue == queue]
        return [(_decisive(each), each.opened) for each in self.openings]

    def values(self, queue: str | None, span: Span, what: str) -> list[float]:
        """Return the values of what counts in a scope and a span."""
        return [
            each.value
            for each in self.facts
            if each.what == what and queue in (None, each.queue) and span[0] <= each.at < span[1]
        ]

    def counted(self, queue: str | None, span: Span, prefix: str) -> dict[str, int]:
        """Return how often each of what begins so counts."""
        names = sorted({each.what for each in self.facts if each.what.startswith(prefix)})
        found = {name.removeprefix(prefix): len(self.values(queue, span, name)) for name in names}
        return {name: number for name, number in found.items() if number}

    def ended(self, queue: str | None, span: Span, how: str) -> list[tuple[Visit, float]]:
        """Return the visits that ended so, and their waits, by the attribution."""
        found = []
        for visit, since in self.stays(queue):
            if visit.how == how and visit.end is not None:
                at = since if self.arrival else visit.end
                if span[0] <= at < span[1]:
                    found.append((visit, visit.end - since))
        return found

    def moved(self, queue: str | None, span: Span) -> int:
        """Return how many flowed out."""
        if queue is not None:
            return len(self.ended(queue, span, "moved"))
        firsts = [(each.visits[0], each.opened) for each in self.openings]
        ends = [since if self.arrival else v.end for v, since in firsts if v.how == "moved"]
        return sum(1 for at in ends if at is not None and span[0] <= at < span[1])

    def waiting(self, queue: str | None, before: Instant) -> int:
        """Return how many were open and never accepted just before an instant."""
        return sum(
            1
            for visit, since in self.stays(queue)
            if since < before
            and (visit.end is None or not visit.how or visit.end >= before)
            and (queue is not None or visit.how != "moved")
        )

    # --- answers ------------------------------------------------------------------------------

    def figures(self, queue: str | None, span: Span, now: Instant) -> dict[str, Any]:
        """Return every figure by name; `sl_open` only over all time."""
        return {
            **self.balance(queue, span),
            **self.levels(queue, span),
            **self.work(queue, span),
            **self.talk(queue, span),
            "occupancy": self.occupancy((span[0], min(span[1], now))) if queue is None else None,
        }

    def balance(self, queue: str | None, span: Span) -> dict[str, Any]:
        """Return what came and went."""
        entered = [v for v, since in self.stays(queue) if span[0] <= since < span[1]]
        exits = {how: len(self.ended(queue, span, how)) for how in ("cancelled", "collapsed", "template")}
        if queue is not None:
            exits["moved"] = len(self.ended(queue, span, "moved"))
        left = self.ended(queue, span, "abandoned")
        answered = self.ended(queue, span, "answered")
        still = self.waiting(queue, span[1])
        if self.arrival:
            still = len(entered) - len(answered) - len(left) - sum(exits.values())
        return {
            "entered": len(entered),
            "reopened": len(self.values(queue, span, "reopened")),
            "answered": len(answered),
            "within": sum(wait <= self.limit(v) for v, wait in answered),
            "abandoned": len(left),
            "abandoned_within": sum(wait <= self.limit(v) for v, wait in left),
            "abandoned_short": sum(wait <= 5 for _, wait in left),
            "exited": {reason: number for reason, number in exits.items() if number},
            "stages": dict(sorted(Counter(str(v.steps) for v, _ in answered).items())),
            "flowed_out": self.moved(queue, span),
            "waiting": still,
            "waiting_before": 0 if self.arrival else self.waiting(queue, span[0]),
        }

    def levels(self, queue: str | None, span: Span) -> dict[str, Any]:
        """Return the service levels and the waits."""
        b = self.balance(queue, span)
        o, a, at, left = b["entered"], b["answered"], b["within"], b["abandoned"]
        bt, bs = b["abandoned_within"], b["abandoned_short"]
        answered, gone = self.ended(queue, span, "answered"), self.ended(queue, span, "abandoned")
        waits = [wait for _, wait in answered]
        groups: dict[str, list[float]] = {}
        for visit, wait in answered:
            groups.setdefault(visit.segment or "-", []).append(wait)
        means = [sum(each) / len(each) for each in groups.values()]
        return {
            "sl_offered": over(at, o),
            "sl_answered": over(at, a),
            "sl_early_abandon_ok": over(at + bt, a + left),
            "sl_drop_early_abandon": over(at, o - bt),
            "sl_drop_short_abandon": over(at, o - bs),
            "sl_flowout": over(at, a + left + b["flowed_out"]),
            "sl_groupwise": over(at, a + left - bt),
            "abandon_rate": over(left, o),
            "abandon_rate_after_short": over(left - bs, o - bs),
            "excess_wait": over(sum(max(0.0, wait - self.limit(v)) for v, wait in [*answered, *gone]), o),
            "asa": mean(waits),
            "wait_p50": quantile(waits, 50),
            "wait_p90": quantile(waits, 90),
            "wait_p95": quantile(waits, 95),
            "wait_max": max(waits, default=None),
            "wait_parity": over(max(means), min(means)) if len(means) > 1 else None,
        }

    def work(self, queue: str | None, span: Span) -> dict[str, Any]:
        """Return what offers and agents came to."""

        def known(what: str) -> list[float]:
            return self.values(queue, span, what)

        held = [
            each
            for each in self.holds
            if each.end is not None and queue in (None, each.queue) and span[0] <= each.end < span[1]
        ]
        rings, done = known("accepted"), known("completed")
        declined, expired = len(known("declined")), len(known("expired"))
        offers = len(rings) + declined + expired + len(known("rescinded"))
        return {
            "handled": len(held),
            "handle_time": mean([(each.end or 0.0) - each.since for each in held]),
            "handle_time_active": mean([self.active(each) for each in held]),
            "wrap_up_time": over(sum(known("wrap_up")), len(held)),
            "completed": len(done),
            "resolution": mean(done),
            "accept_rate": over(len(rings), offers),
            "decline_rate": over(declined, offers),
            "timeout_rate": over(expired, offers),
            "offers_per_accept": over(offers, len(rings)),
            "declined": self.counted(queue, span, "because:"),
            "time_to_accept": mean(rings),
            "time_to_accept_p95": quantile(rings, 95),
            "transfer_rate": over(len(known("transferred")), len(held)),
            "hops_p95": quantile(known("hops"), 95),
            "reopen_rate": over(len(known("reopened")), len(done)),
            "first_contact_resolution": mean(self.kept(queue, span)),
            "one_touch": mean(known("one_touch")),
            "sticky_hit_rate": mean(known("sticky")),
            "escalations": len(known("escalated")),
            "reviews": 0,
            "rejection_rate": None,
        }

    def talk(self, queue: str | None, span: Span) -> dict[str, Any]:
        """Return what was said, and how it was felt."""
        happy = mean(self.values(queue, span, "happy"))
        return {
            **{name: len(self.values(queue, span, name)) for name in ("messages", "replies", "bot_replies")},
            "first_response": mean(self.values(queue, span, "first_response")),
            "next_response": mean(self.values(queue, span, "next_response")),
            "sentiment": mean(self.values(queue, span, "felt")),
            "sentiment_shift": mean(self.values(queue, span, "shift")),
            "happiness": None if happy is None else 50 * (1 + happy),
        }

    def active(self, hold: Hold) -> float:
        """Return the time that a hold had of its agent, who shares it equally."""
        beside = [each for each in self.holds if each.agent == hold.agent]
        assert hold.end is not None
        steps = {hold.since, hold.end}
        for each in beside:
            steps |= {at for at in (each.since, each.end) if at is not None and hold.since < at < hold.end}
        return sum(
            (end - start) / sum(1 for each in beside if each.since <= start and _lasts(each, end))
            for start, end in pairwise(sorted(steps))
        )

    def occupancy(self, span: Span) -> float | None:
        """Return unit seconds held by unit seconds signed on."""
        load = sum(
            _overlap(max(each.since, start, since), min(self.now_or(each.end, span[1]), end, until), span)
            * units
            for each in self.holds
            for start, end in self.stays_on(each.agent)
            for since, until, units in self.weights(each)
            if max(each.since, start, since) < min(self.now_or(each.end, span[1]), end, until)
        )
        ends = [at for at, _ in self.capacity[1:]] + [inf]
        signed_on = sum(
            _overlap(at, end, span) * units for (at, units), end in zip(self.capacity, ends, strict=False)
        )
        return over(load, signed_on)

    def weights(self, hold: Hold) -> Iterator[tuple[Instant, Instant, float]]:
        """Yield from when to when something took up how much, whoever had it."""
        channel = self.plan.channels[hold.opening.interaction.channel]
        less = channel.units if channel.pending_units is None else channel.pending_units
        ends = [at for at, _ in hold.turns[1:]] + [inf]
        for (since, turned), until in zip(hold.turns, ends, strict=True):
            yield since, until, min(less, channel.units) if turned else channel.units

    def stays_on(self, agent: str) -> list[tuple[Instant, Instant]]:
        """Return from when to when an agent was signed on."""
        steps = [(at, on) for at, who, on in self.signed if who == agent]
        ends = [at for at, _ in steps[1:]] + [inf]
        return [(at, end) for (at, on), end in zip(steps, ends, strict=False) if on]

    def now_or(self, end: Instant | None, now: Instant) -> Instant:
        """The end, or now."""
        return now if end is None else end

    def kept(self, queue: str | None, span: Span, window: float = 7 * 86_400.0) -> list[float]:
        """Return 1 for each contact whose window is over and that was enough, 0 for the others."""
        found = []
        for contact in self.contacts:
            over_at = next((at for at in self.minutes if at >= contact.at + window), None)
            if over_at is None or queue not in (None, contact.queue) or not span[0] <= over_at < span[1]:
                continue
            again = any(
                contact.at < at <= contact.at + window
                and (name == contact.interaction or (who, where) == (contact.customer, contact.queue))
                for at, who, where, name in self.came
            )
            found.append(float(not again))
        return found

    def targets(self, queue: str | None, span: Span) -> dict[str, tuple[int, int, int, int, float | None]]:
        """Return met, missed, cancelled, warned and the share of each target."""
        kinds = ("met", "missed", "cancelled", "warned")
        found = {kind: self.counted(queue, span, f"{kind}:") for kind in kinds}
        names = sorted({name for each in found.values() for name in each})
        rows = {name: tuple(found[kind].get(name, 0) for kind in kinds) for name in names}
        return {name: (*row, over(row[0], row[0] + row[1])) for name, row in rows.items()}  # type: ignore[misc]

    def live(self, queue: str | None, now: Instant) -> dict[str, Any]:
        """Return how it stands."""
        lives = [each for each in self.lives.values() if each.open and queue in (None, each.queue)]
        visits = [each.opening.visits[-1] for each in lives if not each.opening.visits[-1].how]
        ages = [now - each.since for each in visits]
        dues = [due for each in lives for due in each.clocks.values() if due is not None]
        dues += [
            each.opening.opened + (each.opening.visits[-1].target or 0.0)
            for each in lives
            if each.opening.pending
        ]
        presences = [presence.value for _, presence in self.agents.values()]
        units = [
            [units for *_, units in self.weights(each)][-1]
            for each in self.holds
            if each.end is None and self.agents[each.agent][1] in SIGNED_ON
        ]
        return {
            "waiting": self.waiting(queue, inf),
            "oldest_age": max(ages, default=None),
            "next_breach": min(dues, default=None),
            "offers": len(self.offers),
            "agents": {each: presences.count(each) for each in presences},
            "load": sum(units),
            "capacity": self._signed_on(),
            "alarms": {each for each in self.alarms if queue in (None, each[0])},
            **{
                name: {n: self.balance(queue, ending(now, n))[what] for n in (300, 900, 3600)}
                for name, what in (
                    ("arrivals", "entered"),
                    ("answers", "answered"),
                    ("abandons", "abandoned"),
                )
            },
        }


def _nothing(event: ev.Event) -> None:
    """Some facts change no figure."""


def _decisive(opening: Opening) -> Visit:
    """Return the visit in which it was decided what became of an opening: the last of those before."""
    return [each for each in opening.visits if each.counts][-1]


def _lasts(hold: Hold, until: Instant) -> bool:
    return hold.end is None or hold.end >= until


def _overlap(start: Instant, end: Instant, span: Span) -> float:
    return max(0.0, min(end, span[1]) - max(start, span[0]))


def over(part: float, whole: float) -> float | None:
    """Return the share; None if there is no whole."""
    return part / whole if whole > 0 else None


def mean(values: Sequence[float]) -> float | None:
    """Return the mean; None of nothing."""
    return sum(values) / len(values) if values else None


def quantile(values: Sequence[float], percent: int) -> float | None:
    """Return the least value that so many percent are not above."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1] if values else None


def ending(now: Instant, seconds: float) -> Span:
    """Return the window of whole minutes that ends with the minute of *now*."""
    end = (now // 60 + 1) * 60
    return end - seconds, end


def day_of(now: Instant, zone: str) -> Span:
    """Return the local day so far."""
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    return datetime(local.year, local.month, local.day, tzinfo=local.tzinfo).timestamp(), inf


# --- random runs ----------------------------------------------------------------------------------

STEPS_OF_OURS = (Step(after=2.0, notify="boss"), Step(after=5.0, head_start=3.0), Step(after=1.0, tier=0))

QUEUES = ("a", "b", "c")
UNITS = {"mail": 1.0, "chat": 0.3, "call": 2.5}
LESS = {"chat": 0.1, "call": 1.5}
"""What they take up while it is somebody else's turn."""
NAMES = ("ann", "bob", "cyd", "dan")
STARTS = (0.0, 1_767_225_600.0, 1_774_740_000.0)
"""The last is half an hour before summer time begins in Berlin."""


def a_target(rnd: Random) -> Target:
    """Return a promise of any kind."""
    return Target(
        measures=rnd.choice(sla.MEASURES),
        within=rnd.choice((20.0, 100.0, 1800.0)),
        name=rnd.choice(("", "", "promise")),
        calendar=rnd.choice((None, "hours")),
        warn_at=rnd.choice(((), (0.5,))),
        pauses=tuple(each for each in ("pending", "answered") if rnd.random() < 0.4),
        bots=rnd.random() < 0.3,
        on_transfer=rnd.choice(("carry", "restart")),
        on_reopen=rnd.choice(("carry", "restart")),
    )


def some_targets(rnd: Random, *, short: bool) -> tuple[Target, ...]:
    """Return up to three promises of different names; with a *short* `sla`, no first response."""
    found = {each.label: each for each in (a_target(rnd) for _ in range(rnd.choice((0, 0, 3))))}
    return tuple(each for name, each in found.items() if not (short and name == "first_response"))


def a_queue(rnd: Random) -> Queue:
    """Return a queue with any promise."""
    by_mood = sla.tightened(60.0, sentiment=[(-0.5, 8.0), (0, 30)])
    short = rnd.choice((None, None, sla.first_response(20), sla.first_response(100), by_mood))
    return Queue(
        sla=short,
        targets=some_targets(rnd, short=short is not None),
        offer_for=rnd.choice((30.0, 8.0)),
        auto_accept=rnd.random() < 0.2,
        steps=rnd.choice(((), STEPS_OF_OURS, STEPS_OF_OURS[:1])),
        wrap_up=rnd.choice((None, 15.0, 90.0)),
        sticky_wait=rnd.choice((None, 20.0)),
        alarms=rnd.choice((None, Alarms(oldest_age=60.0, next_breach=10.0, no_eligible_agent=True))),
    )


def a_plan(rnd: Random, channels: Sequence[str]) -> Plan:
    """Return a plan with up to three queues and these channels."""
    queues = {name: a_queue(rnd) for name in QUEUES[: rnd.randint(1, 3)]}
    return Plan(
        queues=queues,
        channels={name: Channel(units=UNITS[name], pending_units=LESS.get(name)) for name in channels},
        calendars={"hours": Calendar(week={"mon-sun": ["00:00:20-00:01", "00:02-09:00", "09:30-23:00"]})},
        successors={name: "a" for name in QUEUES if name not in queues},
    )


def an_agent(rnd: Random, name: str) -> Agent:
    """Return an agent for some queues, or all."""
    queues = {queue: 1 for queue in QUEUES if rnd.random() < 0.7}
    return Agent(id=name, queues=rnd.choice((None, None, queues)), capacity=rnd.choice((1.0, 2.5, 5.0)))


def an_interaction(rnd: Random, number: int, plan: Plan) -> Interaction:
    """Return an interaction, half of the time with nothing special."""
    plain = rnd.random() < 0.5
    who = Customer(id=f"c{rnd.randint(0, 5)}", segment=rnd.choice((None, "gold", "press")))
    return Interaction(
        id=f"i{number}",
        queue=rnd.choice(list(plan.queues)),
        channel=rnd.choice(list(plan.channels)),
        customer=None if plain else rnd.choice((None, who, who)),
        sentiment=None if plain else rnd.choice((None, -1.0, -0.25, 0.5)),
        prefers=None if plain else rnd.choice((None, *NAMES)),
    )


class Script:
    """Draws commands that mostly make sense now."""

    def __init__(self, rnd: Random, engine: Engine, reference: Reference, start: Instant) -> None:
        self.rnd, self.engine, self.reference = rnd, engine, reference
        self.at = start
        self.number = 0
        self.pace = rnd.choice((3.0, 20.0, 20.0, 120.0))

    def next(self) -> tuple[cmd.Command, Instant]:
        """Return a command and its instant."""
        rnd = self.rnd
        steps = (0.0, 0.0, 0.25, rnd.random(), 1.0, 2 * rnd.random(), 3.0)
        step = self.pace * rnd.choice(steps)
        if rnd.random() < 0.01:
            step = rnd.choice((3600.0, 12_000.0, 40_000.0))
        wake = self.engine.next_wake
        self.at = max(self.at, wake) if wake < inf and rnd.random() < 0.2 else self.at + step
        return self.command(), self.at

    def command(self) -> cmd.Command:
        """Return any command."""
        dice, rnd = self.rnd.random(), self.rnd
        if dice < 0.27 or not self.reference.lives:
            self.number += 1
            return cmd.Submit(an_interaction(rnd, self.number, self.engine.plan))
        if dice < 0.62:
            return self.by_agent()
        if dice < 0.82:
            return self.talk()
        if dice < 0.90:
            return self.about_agent()
        if dice < 0.912:
            return cmd.ChangePlan(a_plan(rnd, list(self.engine.plan.channels)).to_data())
        return self.by_hand()

    def by_agent(self) -> cmd.Command:
        """Return what an agent says about what she is offered or holds."""
        rnd, offers = self.rnd, list(self.reference.offers.values())
        held = [each for each in self.engine._state.works.values() if each.stage in ("assigned", "wrapping")]
        if offers and (not held or rnd.random() < 0.6):
            offered = rnd.choice(offers)
            if rnd.random() < 0.8:
                return cmd.Accept(offered.offer, offered.agent)
            return cmd.Decline(offered.offer, offered.agent, rnd.choice(("", "busy")))
        if not held:
            return cmd.Tick()
        work = rnd.choice(held)
        assert work.hold is not None
        ids = work.interaction.id, work.hold.agent.agent.id, work.hold.fence or 0
        if work.stage == "wrapping":
            return cmd.FinishWrapUp(*ids)
        if rnd.random() < 0.7:
            return cmd.Complete(*ids)
        found: list[cmd.Command] = [
            cmd.Release(*ids, "ill"),
            cmd.Transfer(ids[0], rnd.choice(list(self.engine.plan.queues)), ids[1], ids[2]),
        ]
        return rnd.choice(found)

    def any_id(self) -> str:
        """Return an id, mostly of something open."""
        rnd, lives = self.rnd, self.reference.lives
        wanted = [name for name, each in lives.items() if each.open] if rnd.random() < 0.8 else []
        return rnd.choice(wanted or list(lives))

    def talk(self) -> cmd.Command:
        """Return what is said about an interaction."""
        rnd, name = self.rnd, self.any_id()
        found: list[cmd.Command] = [
            cmd.CustomerReplied(name, rnd.choice((None, -0.5, 0.75))),
            cmd.AgentReplied(name, rnd.choice(NAMES)),
            cmd.AgentReplied(name, rnd.choice(NAMES)),
            cmd.BotReplied(name),
            cmd.Reopen(name),
            cmd.SetStatus(name, rnd.choice(list(Status))),
            cmd.Update(
                name,
                rnd.choice((None, Customer(id=f"c{rnd.randint(0, 5)}", segment=rnd.choice((None, "gold"))))),
                rnd.choice((None, -0.5, 0.75)),
                {"topic": rnd.choice(("seat", "delay"))},
            ),
        ]
        return rnd.choice(found)

    def about_agent(self) -> cmd.Command:
        """Return a change of somebody's presence or abilities."""
        rnd = self.rnd
        name = rnd.choice(NAMES)
        if name not in self.reference.agents:
            return cmd.AddAgent(an_agent(rnd, name))
        found: list[cmd.Command] = [
            *(cmd.SignOn(name) for _ in range(4)),
            cmd.SignOff(name),
            cmd.SetPresence(name, rnd.choice(list(Presence))),
            cmd.Disconnect(name),
            cmd.ChangeAgent(an_agent(rnd, name)),
            cmd.RemoveAgent(name),
        ]
        return rnd.choice(found)

    def by_hand(self) -> cmd.Command:
        """Return what a supervisor or the customer does."""
        rnd, name = self.rnd, self.any_id()
        found: list[cmd.Command] = [
            cmd.Cancel(name),
            cmd.Abandon(name),
            cmd.Abandon(name),
            cmd.Transfer(name, rnd.choice(list(self.engine.plan.queues))),
            cmd.Transfer(name, rnd.choice(list(self.engine.plan.queues))),
            cmd.Assign(name, rnd.choice(NAMES), override=rnd.random() < 0.3),
            cmd.Tick(),
        ]
        return rnd.choice(found)


@attrs.define(kw_only=True)
class Run:
    """A random run: what it left behind."""

    engine: Engine
    store: MemoryStore
    reference: Reference
    kpis: Kpis
    settings: dict[str, Any]
    rnd: Random


def a_run(seed: int, count: int, look: Callable[[Run], None] | None = None) -> Run:
    """Let a random script run; *look* now and then."""
    rnd = Random(seed)
    channels = rnd.choice((("mail",), ("chat",), ("mail", "chat", "call")))
    plan = a_plan(rnd, channels)
    settings: dict[str, Any] = {
        "attribution": rnd.choice(("exit", "exit", "arrival")),
        "threshold": rnd.choice((None, None, 45.0)),
        "zone": rnd.choice(("UTC", "Europe/Berlin", "America/New_York")),
    }
    reference = Reference(plan, settings["threshold"], arrival=settings["attribution"] == "arrival")
    engine, store = Engine(plan), MemoryStore()
    recorder = record(engine, store)
    run = Run(
        engine=engine,
        store=store,
        reference=reference,
        kpis=Kpis(plan, **settings),
        settings=settings,
        rnd=rnd,
    )
    start = rnd.choice(STARTS)
    script = Script(rnd, engine, reference, start)
    first: list[cmd.Command] = [cmd.AddAgent(an_agent(rnd, name)) for name in NAMES]
    first += [cmd.SignOn(name) for name in NAMES]
    waiting: list[ev.Event] = []
    for number in range(count):
        command, at = (first[number], start) if number < len(first) else script.next()
        recorder.handle(command, at)
        reference.take(engine.facts)
        waiting += engine.facts
        if rnd.random() < 0.5 or number == count - 1:
            run.kpis.take(at, waiting)
            waiting = []
            if look is not None and rnd.random() < 0.05:
                look(run)
    recorder.flush()
    return run


# --- comparison -----------------------------------------------------------------------------------

TOLERANCE = {
    **dict.fromkeys(("wait_p50", "wait_p90", "wait_p95", "time_to_accept_p95"), 2**-8),
    "wait_parity": 1e-5,  # a ratio of small sums, each to a microsecond
}


def same(name: str, found: object, expected: object) -> bool:
    """Whether a figure is what it should be: to a microsecond, quantiles to 0.4 %."""
    if isinstance(found, float) and isinstance(expected, int | float):
        return isclose(found, expected, rel_tol=TOLERANCE.get(name, 1e-9), abs_tol=2e-6)
    return found == expected


def assert_same(found: Figures, expected: dict[str, Any], where: object) -> None:
    """Every figure that is expected is found."""
    wrong = {
        name: (getattr(found, name), value)
        for name, value in expected.items()
        if not same(name, getattr(found, name), value)
    }
    assert not wrong, f"(found, expected) in {where}: {wrong}"


def assert_balanced(found: Figures, *, arrival: bool) -> None:
    """Whatever came has been answered, has left, or waits."""
    gone = found.answered + found.abandoned + sum(found.exited.values())
    assert (0 if arrival else found.waiting_before) + found.entered == gone + found.waiting


def scopes(run: Run) -> list[str | None]:
    """Every queue there ever was, and all of them."""
    return [None, *sorted(run.reference.queues)]


def assert_targets(found: Sequence[TargetFigures], expected: dict[str, Any]) -> None:
    """Every promise was kept as often as expected."""
    rows = {
        each.target: (each.met, each.missed, each.cancelled, each.warned, each.attainment)
        for each in found
        if each.met or each.missed or each.cancelled or each.warned
    }
    assert rows == expected


def assert_live(found: Live, expected: dict[str, Any], *, arrival: bool) -> None:
    """It stands as a scan says."""
    for name, value in expected.items():
        if name == "alarms":
            assert set(found.alarms) == value
        else:
            assert same(name, getattr(found, name), value), (name, getattr(found, name), value)


def look(run: Run) -> None:
    """Compare all that can be read now with a scan, and see that reading changes nothing."""
    kpis, reference = run.kpis, run.reference
    before = kpis.snapshot()
    at = reference.now + run.rnd.choice((0.0, 0.0, 7.5, 400.0))
    for queue in scopes(run):
        assert_live(kpis.live(queue, at=at), reference.live(queue, at), arrival=reference.arrival)
        windows: list[tuple[Any, Span]] = [
            (None, FOREVER),
            *((n, ending(at, n)) for n in (300.0, 900.0, 3600.0)),
            ("day", day_of(at, run.settings["zone"])),
        ]
        for window, span in windows:
            found = kpis.figures(queue, window=window, at=at)
            assert_same(found, reference.figures(queue, span, at), (queue, window, at))
            assert_balanced(found, arrival=reference.arrival)
    assert kpis.snapshot() == before
    assert_live_is_the_engine(kpis, run.engine)


def assert_live_is_the_engine(kpis: Kpis, engine: Engine) -> None:
    """The live figures are what the engine itself says."""
    live, state = kpis.live(), engine._state
    held = [hold for agent in state.agents.values() for hold in agent.holdings.values() if not hold.pending]
    presences = [agent.presence.value for agent in state.agents.values()]
    assert live.offers == len(state.offers)
    assert dict(live.agents) == {each: presences.count(each) for each in presences}
    there = [hold for hold in held if hold.agent.presence in SIGNED_ON]
    assert isclose(live.load, sum(hold.units for hold in there) / 1_000_000, abs_tol=1e-9)
    assert set(live.alarms) == set(state.alarms)
    assert live.waiting == state.total.waiting


RUNS = [(seed, 30 * (seed % 3 + 1) ** 2) for seed in range(24)]
"""Seeds and numbers of commands."""


@pytest.mark.parametrize(("seed", "count"), RUNS)
def test_figures_are_what_a_scan_of_all_facts_says(seed: int, count: int) -> None:
    """In between and at the end, of every queue and of all, in every window and interval."""
    run = a_run(seed, count, look)
    look(run)
    kpis, reference = run.kpis, run.reference
    for queue in scopes(run):
        for every in (900.0, 3600.0):
            found = kpis.intervals(every, queue)
            for _, each in found:
                assert_balanced(each, arrival=reference.arrival)
            for start, each in run.rnd.sample(found, min(len(found), 12)):
                span = start, start + every
                assert_same(each, reference.figures(queue, span, reference.now), (queue, *span))
            assert sum(each.entered for _, each in found) == kpis.figures(queue).entered
        windows: list[tuple[Any, Span]] = [(None, FOREVER)]
        if not reference.arrival:
            windows.append((3600.0, ending(reference.now, 3600.0)))
        for window, span in windows:
            assert_targets(kpis.targets(queue, window=window), reference.targets(queue, span))


@pytest.mark.parametrize(("seed", "count"), RUNS)
def test_figures_equal_the_engines_own_balance(seed: int, count: int) -> None:
    """Of all, and of each queue."""
    run = a_run(seed, count)
    state = run.engine._state
    tallies = [(name, queue.tally) for name, queue in state.queues.items()]
    for name, tally in [(None, state.total), *tallies]:
        found = run.kpis.figures(name)
        assert {key: getattr(found, key) for key in tally.as_dict()} == tally.as_dict()


@pytest.mark.parametrize(("seed", "count"), RUNS[::2])
def test_live_figures_equal_those_of_the_journal(seed: int, count: int) -> None:
    """In any portions, with reads in between or none, down to the last digit."""

    def read(run: Run) -> None:
        run.kpis.live()
        run.kpis.intervals()

    run = a_run(seed, count, read)
    assert run.kpis.snapshot() == measure(run.store, **run.settings).snapshot()


@pytest.mark.parametrize("arrival", [False, True])
def test_a_long_day_of_many_is_measured_alike(arrival: bool) -> None:
    """Three thousand plain interactions, so that portions are full, beside a scan."""
    rnd = Random(3)
    plan = Plan(queues={"default": Queue(offer_for=600.0)})
    engine, reference = Engine(plan), Reference(plan, arrival=arrival)
    kpis = Kpis(plan, attribution="arrival" if arrival else "exit")
    at = 0.0

    def turn(events: object) -> None:
        reference.take(engine.facts)
        kpis.take(at, engine.facts)

    for name in NAMES:
        turn(engine.add_agent(Agent(id=name, capacity=2.0), at))
        turn(engine.sign_on(name, at))
    for number in range(600):
        at += rnd.expovariate(1 / 20)
        dice = rnd.random()
        turn(engine.submit(Interaction(id=f"i{number}"), at))
        if reference.offers and dice < 0.9:
            offered = rnd.choice(list(reference.offers.values()))
            turn(engine.accept(offered.offer, offered.agent, at + 1))
        held = [each for each in engine._state.works.values() if each.stage == "assigned"]
        if held and dice > 0.2:
            work = rnd.choice(held)
            assert work.hold is not None
            turn(engine.complete(work.interaction.id, work.hold.agent.agent.id, work.hold.fence or 0, at + 2))
        at += 2
    for queue in (None, "default"):
        assert_same(kpis.figures(queue), reference.figures(queue, FOREVER, reference.now), queue)
        for start, each in kpis.intervals(3600.0, queue):
            span = start, start + 3600.0
            assert_same(each, reference.figures(queue, span, reference.now), (queue, start))
