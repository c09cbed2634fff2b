"""What is the case? Facts, changed by events only.

The law of this file: it never decides. Every event has one function here; `_evolve.evolve` finds the
records by id and calls it, for replay, and the engine calls the very same function with the
records it already holds. Whatever is not needed to decide or to answer is not kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from workassign import events as ev
from workassign._arrivals import Arrivals
from workassign._conversations import Conversations
from workassign._counters import Tally
from workassign._known import known
from workassign._records import (
    PRESENT,
    UNIT,
    AgentState,
    Holding,
    Parking,
    Progress,
    QueueState,
    Reviewed,
    Signature,
    Stage,
    Work,
)
from workassign._room import Kind, asleep
from workassign._stages import MOVES, after
from workassign.groups import formed
from workassign.model import LATEST, Agent, AgentId, Instant, Interaction, InteractionId, OfferId, Presence
from workassign.needs import ANYBODY, Needs, joined
from workassign.plan import Plan
from workassign.policies.offers import REFUSALS_KEPT
from workassign.policies.surge import borrowed
from workassign.queues import forecasts, knows_ages
from workassign.rotations import turned

if TYPE_CHECKING:
    from workassign._waits import Waits

__all__ = ["OVERFLOW", "State"]

OVERFLOW = "overflow"
"""Why something is in another queue from the first."""

_OFFERED, _ASSIGNED, _TRANSFERRED = after(ev.Offered), after(ev.Assigned), after(ev.Transferred)
_WRAPPING, _COMPLETED, _REQUEUED = after(ev.WrapUpStarted), after(ev.Completed), after(ev.Requeued)
_CANCELLED, _ABANDONED, _DECLINED = after(ev.Cancelled), after(ev.Abandoned), after(ev.Declined)
_REOPENED, _RECEIVED = after(ev.Reopened), after(ev.MessageReceived)
_PARKED, _RESUMED = after(ev.Parked), after(ev.Resumed)
_COLLAPSED, _ANSWERED = after(ev.Collapsed), after(ev.TemplateSent)

_GONE = (Presence.OFFLINE, Presence.AWAY)

FORGET_EVERY = 64
"""At every so many submissions, what was closed too long ago is dropped."""


class State:
    """Everything that is the case under one plan."""

    # Slots, for it has more attributes than an instance keeps near at hand: a life is 3 % cheaper.
    __slots__ = (
        "_closed",
        "_kinds",
        "_opened_again",
        "_signatures",
        "_submitted",
        "_twice",
        "agents",
        "alarms",
        "boosts",
        "bounded",
        "clocked",
        "conversations",
        "delays",
        "enrolled",
        "failures",
        "fences",
        "limited",
        "locks",
        "missed",
        "mixed",
        "off",
        "offers",
        "parked",
        "parts",
        "periods",
        "placed",
        "plan",
        "plan_version",
        "proposed",
        "queues",
        "reckons",
        "replies",
        "reviews",
        "rivals",
        "stepped",
        "submitted",
        "surge",
        "units",
        "updates",
        "waits",
        "wordy",
        "works",
    )

    def __init__(self, plan: Plan) -> None:
        self.queues = {name: QueueState(name, queue) for name, queue in plan.queues.items()}
        self.works: dict[InteractionId, Work] = {}
        self.agents: dict[AgentId, AgentState] = {}
        self.offers: dict[OfferId, Holding] = {}
        self.rivals: dict[InteractionId, list[Holding]] = {}
        """Of interactions that are offered to several: the open offers beside `Work.hold`."""
        self._twice = Tally()
        """What more than one queue has counted of the same interaction, in one of its lives."""
        self.submitted = 0
        self.placed = 0
        """Offers, and assignments without one, so far: the offer ids come from here."""
        self.fences = self.enrolled = 0
        self.plan_version = 1
        self._look_at(plan)
        self.waits: Waits | None = _forecasting() if _is_forecast(plan) else None
        """How long something has to wait: only where some queue wants to know."""
        self.surge: Arrivals | None = None if plan.surge is None else Arrivals(plan.surge)
        """What came in lately: only where the plan says what a surge is."""
        self.missed: dict[InteractionId, float] = {}
        """Open or kept interactions whose first response was late -> the last target missed."""
        self.boosts: dict[InteractionId, float] = {}
        """Interactions that were refused in their queue -> the head start that this gave them."""
        # Interactions that were updated in their queue -> what gave them their place.
        self.updates: dict[InteractionId, ev.Updated] = {}
        self.parked: dict[InteractionId, Parking] = {}
        self.parts: dict[InteractionId, dict[InteractionId, None]] = {}
        """Interaction -> those that were submitted as parts of it, for as long as they are kept."""
        self.locks: dict[InteractionId, tuple[AgentId, Instant]] = {}
        """Who alone may answer, and until when."""
        self.reviews: dict[InteractionId, Reviewed] = {}
        """Review -> what it is about, for as long as it is kept."""
        self.proposed: dict[InteractionId, InteractionId] = {}
        """What awaits approval -> its review."""
        self.replies: dict[InteractionId, int] = {}
        """How many replies were sent or proposed, where some are reviewed."""
        self.conversations = Conversations()
        self.periods: dict[str, int] = {}
        """Rotation -> the number of its period, from 0, once it has begun."""
        self.alarms: dict[tuple[str, str], bool] = {}
        """(queue, alarm) of every alarm that is raised."""
        self.failures: dict[str, int] = {}
        self.off: dict[str, bool] = {}
        self.limited: dict[str, bool] = {}
        """Labels of which somebody takes only so many at a time."""
        self._kinds: dict[tuple[str, str | None], Kind] = {}
        self._signatures: dict[tuple[str, Kind, Needs, int, tuple[str, ...]], Signature] = {}
        self._submitted: dict[tuple[str, str, Needs, int], Signature] = {}
        """Under what interactions bring themselves: one look-up on the hot path."""
        self._closed: deque[Work] = deque()
        self._opened_again: dict[InteractionId, int] = {}
        """Interactions that stand in `_closed`, so many times, although they were opened again."""

    def _look_at(self, plan: Plan) -> None:
        """Keep what is asked of *plan* over and over."""
        self.plan = plan
        self.units = {name: round(channel.units * UNIT) for name, channel in plan.channels.items()}
        self.clocked = any(queue.targets for queue in plan.queues.values())
        """Some queue has targets: interactions may have clocks."""
        self.stepped = any(queue.steps for queue in plan.queues.values())
        """Some queue has steps: waiting may change things."""
        self.wordy = plan.skills is not None or plan.attributes is not None
        """The plan lists the skills, or the attributes, that there are."""
        self.bounded = any(queue.quota is not None for queue in plan.queues.values())
        """Some queue has a quota: who is let in is counted."""
        self.reckons = self.bounded or plan.surge is not None or _is_forecast(plan)
        """Something is forecast, or counted, of everything that comes."""
        self.mixed = _is_mixed(plan)
        """Room is not a matter of pool and channel limits alone."""
        self.delays: dict[str, tuple[float, ...]] = {}
        """Queue -> for how long somebody is given nothing from there, the shortest delay first."""

    # --- questions --------------------------------------------------------------------------

    @property
    def total(self) -> Tally:
        """The balance of all queues together. Cost: O(queues); to keep it would take a life 1 % more."""
        return Tally.of_all((queue.tally for queue in self.queues.values()), self._twice)

    def needed(self, queue: str, needs: Needs) -> Needs:
        """Return what is needed in *queue* by an interaction that has these *needs* itself."""
        known = self.queues[queue]
        if known.plan.needs is ANYBODY:
            return needs
        if needs not in known.joined:
            known.joined[needs] = joined(needs, known.plan.needs)
        return known.joined[needs]

    def signature(
        self, queue: str, kind: Kind, needs: Needs, tier: int, shared: tuple[str, ...] = ()
    ) -> Signature:
        """Return the one signature for these; the queues must be of the plan."""
        key = (queue, kind, needs, tier, shared)
        known = self._signatures.get(key)
        if known is None:
            known = Signature(self.queues[queue], kind, needs, tier, shared)
            self._signatures[key] = known
        return known

    def kind(self, channel: str, label: str | None = None) -> Kind:
        """Return the one kind of work of a channel of the plan, with a label that somebody limits."""
        known = self._kinds.get((channel, label))
        if known is None:
            known = self._kinds[channel, label] = Kind(channel, label, self.plan.channels[channel])
        return known

    def kind_of(self, interaction: Interaction) -> Kind:
        """Return the kind of work that *interaction* is."""
        label = interaction.label
        return self.kind(interaction.channel, label if label in self.limited else None)

    def _sign(self, queue: str, channel: str, needs: Needs, tier: int) -> Signature:
        """Return the signature of what comes in with these, and remember it."""
        sig = self.signature(queue, self.kind(channel), self.needed(queue, needs), tier)
        self._submitted[queue, channel, needs, tier] = sig
        return sig

    def would_be(self, queue: str, event: ev.Submitted) -> Work:
        """Return what *event* would bring to *queue*, of which nothing is kept."""
        return Work.of(event, self._sign_one(queue, event))

    def _sign_one(self, queue: str, event: ev.Submitted) -> Signature:
        """Return the signature of what came in for *queue*, also if it is shared, or its label limited."""
        who = event.interaction
        needs, kind = self.needed(queue, who.needs), self.kind_of(who)
        return self.signature(queue, kind, needs, event.tier, who.shared_with)

    def signatures(self) -> Iterator[Signature]:
        """Yield every signature that was seen under this plan."""
        yield from self._signatures.values()

    def waiting(self) -> Iterator[Work]:
        """Yield what waits and is offered to nobody, in order of arrival. Cost: O(all kept)."""
        return (work for work in self.works.values() if work.stage == "waiting")

    def holdings(self, work: Work) -> list[Holding]:
        """Return who has *work*, or all to whom it is offered, the first first."""
        return [] if work.hold is None else [work.hold, *self.rivals.get(work.interaction.id, ())]

    # --- one function per event: interactions -----------------------------------------------

    def submitted_(self, event: ev.Submitted, sig: Signature | None = None) -> Work:
        """Keep a new interaction. With its signature, which is known, it has nothing else special."""
        interaction, seq = event.interaction, event.sequence
        if sig is None:
            sig = self._signature_of(event)
            work = Work.of(event, sig)
            if interaction.parent is not None:
                self.parts.setdefault(interaction.parent, {})[interaction.id] = None
        else:
            work = Work(interaction, sig, seq, event.at, event.target)
        self.works[interaction.id] = work
        self.submitted = seq
        sig.queue.tally.entered += 1
        if self.reviews:
            work.refused = self._barred(work)
        if self.reckons:
            self._reckon_with(work, event.at)
        if not seq % FORGET_EVERY:
            self._forget(event.at - self.plan.retention)
        return work

    def offered(self, work: Work, agent: AgentState, event: ev.Offered) -> Holding:
        """Put *work* into the agent's hands, to answer."""
        sig = work.sig
        work.stage = _OFFERED[work.stage]
        work.version += 1
        hold = Holding(work, agent, event.at, event.offer, sig.queue.plan.offer_for)
        if work.hold is None:
            work.hold = hold
        else:
            self.rivals.setdefault(event.interaction, []).append(hold)
        self.offers[event.offer] = hold
        self.placed = event.offer
        agent.last_offer = event.offer
        agent.holdings[work.interaction.id] = hold
        agent.load += sig.units
        if self.waits is not None:
            self.waits.taken(work, event.at)
        return hold

    def assigned(self, work: Work, agent: AgentState, event: ev.Assigned) -> Holding:
        """Make *work* the agent's own: what she was offered, or directly."""
        hold = work.hold
        work.stage = _ASSIGNED[work.stage]
        work.version += 1
        if hold is None:
            if self.parked:
                self.parked.pop(event.interaction, None)
            self.placed = agent.last_offer = self.placed + 1
            hold = Holding(work, agent, event.at, None, None, event.fence, event.how)
            work.hold = agent.holdings[event.interaction] = hold
            agent.load += hold.units
        else:
            if self.rivals and hold.offer != event.offer:
                hold = self._won(work, event)
            hold.pending = False
            del self.offers[hold.offer]  # type: ignore[arg-type]
            hold.since, hold.fence, hold.how = event.at, event.fence, event.how
        self.fences = event.fence
        if self.mixed:
            self._weigh(hold)
        agent.handled += 1
        work.pending = False
        if work.refused is not None:
            work.refused = self._barred(work)
        if work.answered != 2:
            if work.answered:
                self._twice.answered += 1
            work.answered = 2
            work.sig.queue.tally.answered += 1
        if self.waits is not None:
            self.waits.accepted(work, event.at)
        return hold

    def refused_offer(self, hold: Holding, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
        """Take an offer out of an agent's hands; where she refused it, keep that."""
        work, agent = hold.work, hold.agent
        work.version += 1
        if self.rivals and work.interaction.id in self.rivals:
            self._one_less(hold)
        else:
            work.stage = _DECLINED[work.stage]
            work.hold = None
        hold.pending = False
        del self.offers[event.offer]
        self._let_go(agent, work)
        self._hasten(work, event.boost)
        self._follow(work, event.at)
        if event.retry is None or event.excluded is None:
            return
        _keep_apart(work, event.agent, event.retry, event.excluded)
        if event.rest is not None:
            agent.rest = event.rest if agent.rest is None else max(agent.rest, event.rest)
            agent.settle()
        cause = _CAUSES[type(event)]
        if cause not in agent.refusals:
            agent.refusals[cause] = deque(maxlen=REFUSALS_KEPT)
        agent.refusals[cause].append(event.at)

    def wrap_up_started(self, work: Work, hold: Holding, event: ev.WrapUpStarted) -> None:
        """The customer is served; the load stays."""
        work.stage = _WRAPPING[work.stage]
        work.version += 1
        hold.until = event.until
        hold.wrapping = event.at

    def wrap_up_extended(self, work: Work, hold: Holding, event: ev.WrapUpExtended) -> None:
        """Let the wrap-up end later."""
        work.version += 1
        hold.until = event.until

    def completed(self, work: Work, hold: Holding, event: ev.Completed) -> None:
        """Close *work* and free its agent of it."""
        agent = hold.agent
        if self.surge is not None:
            self.surge.left(work)
        work.stage = _COMPLETED[work.stage]
        work.version += 1
        work.hold = None
        work.key = event.at  # it waits no more: from here on its key is when it was closed
        self._closed.append(work)
        del agent.holdings[event.interaction]
        agent.load -= hold.units
        agent.idle_since = event.at
        if self.waits is not None:
            self.waits.done(work, event.at - hold.since)

    def cancelled(self, work: Work, event: ev.Cancelled) -> None:
        """Close *work*, whoever had it."""
        if (hold := work.hold) is not None:
            self._let_go(hold.agent, work)
            hold.agent.idle_since = event.at
        self._close(work, _CANCELLED[work.stage], event.at)
        if self.waits is not None:
            self.waits.closed(work, event.at, left=False)
        if work.answered != 2:
            work.sig.queue.tally.exit("cancelled")
        if work.answered == 1:
            self._twice.exit("cancelled")

    def abandoned(self, work: Work, event: ev.Abandoned) -> None:
        """Close *work*, whose customer left."""
        self._close(work, _ABANDONED[work.stage], event.at)
        if self.waits is not None:
            self.waits.closed(work, event.at, left=True)
        if work.answered != 2:
            work.sig.queue.tally.abandoned += 1
        if work.answered == 1:
            self._twice.abandoned += 1

    def absorbed(self, work: Work, event: ev.Collapsed | ev.TemplateSent) -> None:
        """Close *work*, which needs no agent; it has taken up no place in its queue."""
        collapsed = isinstance(event, ev.Collapsed)
        reason, moves = ("collapsed", _COLLAPSED) if collapsed else ("template", _ANSWERED)
        self._close(work, moves[work.stage], event.at)
        if self.waits is not None:
            self.waits.closed(work, event.at, left=False)
        if self.bounded:
            work.sig.queue.admit(event.at, -1)
        work.sig.queue.tally.exit(reason)

    def transferred(self, work: Work, event: ev.Transferred) -> None:
        """Let *work* wait in another queue."""
        if self.bounded and event.cause == OVERFLOW:
            work.sig.queue.admit(event.at, -1)
            self.queues[event.queue].admit(event.at, 1)
        self._back(work, _TRANSFERRED[work.stage], event.at)
        work.refused = self._barred(work)
        if event.agent is not None and event.retry is not None and event.excluded is not None:
            _keep_apart(work, event.agent, event.retry, event.excluded)
        if event.reset:
            self.missed.pop(work.interaction.id, None)
        self._move(work, event)
        if event.reset:
            work.since = max(work.since, event.at)
            work.progress = Progress(work.since)
        if event.to is not None:
            work.prefers = event.to, event.at
            if work.interaction.id in self.parked:
                self.parked[work.interaction.id].agent = None
        self._follow(work, event.at)

    def requeued(self, work: Work, event: ev.Requeued) -> None:
        """Let *work* wait again in its place; whoever gave it back has refused it."""
        self._back(work, _REQUEUED[work.stage], event.at)
        _keep_apart(work, event.agent, event.retry, event.excluded)
        self._hasten(work, event.boost)
        self._follow(work, event.at)

    def rekeyed(self, work: Work, event: ev.Rekeyed) -> None:
        """Give *work* another key, and another queue where its own is gone."""
        work.version += 1
        self._move(work, event)
        if work.stage == "awaiting_approval" and work.hold is not None:
            self._weigh(work.hold)
        self._follow(work, event.at)

    def updated(self, work: Work, event: ev.Updated) -> None:
        """Know more of *work*, which stays where it is; its key is another one."""
        who, sig = work.interaction.id, work.sig
        work.version += 1
        work.submission = work.first_said()
        self._learn(work, known(work.interaction, event))
        if event.sentiment is not None and (talk := self.conversations.get(who)) is not None:
            talk.sentiment = event.sentiment
        if event.tier is not None and work.progress is not None:
            work.progress.tier = None  # what is told holds more than what a step said before
        needs = sig.needs if event.needs is None else self._still_needed(work)
        tier = sig.tier if event.tier is None else event.tier
        work.sig = self.signature(sig.queue.name, sig.kind, needs, tier, sig.shared)
        work.key = event.reference - event.head_start if event.head_start else event.reference
        self.updates[who] = event
        self._follow(work, event.at)

    def _learn(self, work: Work, interaction: Interaction) -> None:
        """Let *interaction* be what is known of *work*, and of what it is nearly the same as."""
        surge = self.surge
        if surge is None or surge.rule.key(interaction) == surge.rule.key(work.interaction):
            work.interaction = interaction
            return
        surge.left(work)
        work.interaction = interaction
        surge.opened(work)

    def _still_needed(self, work: Work) -> Needs:
        """Return what *work* needs in its queue, relaxed by the steps that it has taken there."""
        queue, progress = work.sig.queue, work.progress
        needs = self.needed(queue.name, work.interaction.needs)
        taken = 0 if progress is None else progress.taken
        for number, step in enumerate(queue.plan.steps):
            needs = step.relaxed(needs) if taken >> number & 1 else needs
        return needs

    def escalated(self, work: Work, event: ev.Escalated) -> None:
        """Take one step in the schedule of its queue."""
        work.version += 1
        work.submission = work.first_said()
        if work.progress is None:
            work.progress = Progress(work.since)
        progress, sig = work.progress, work.sig
        progress.taken |= 1 << event.step - 1
        progress.head_start += event.head_start
        work.key -= event.head_start
        if event.tier is not None:
            progress.tier = event.tier
        needs = sig.needs if event.needs is None else event.needs
        tier = sig.tier if event.tier is None else event.tier
        work.sig = self.signature(sig.queue.name, sig.kind, needs, tier, sig.shared)
        self._follow(work, event.at)

    def reopened(self, work: Work, event: ev.Reopened) -> None:
        """Let closed *work* wait again, from now on."""
        who = work.interaction.id
        self._opened_again[who] = self._opened_again.get(who, 0) + 1
        work.submission = work.first_said()
        work.stage = _REOPENED[work.stage]
        work.version += 1
        work.refused = self._barred(work)
        work.since = event.at
        work.prefers = None if work.interaction.prefers is None else (work.interaction.prefers, event.at)
        work.progress = None
        work.answered = 0
        self.missed.pop(who, None)
        self.boosts.pop(who, None)
        self.updates.pop(who, None)
        needs = self.needed(event.queue, work.interaction.needs)
        kind, shared = self.kind_of(work.interaction), self._still_there(work.sig.shared)
        work.sig = self.signature(event.queue, kind, needs, event.tier, shared)
        work.key = event.reference - event.head_start if event.head_start else event.reference
        work.target = event.target
        work.pending = event.target is not None
        work.sig.queue.tally.entered += 1
        if self.surge is not None:
            self.surge.opened(work)
        self._follow(work, event.at)

    def parked_(self, work: Work, event: ev.Parked) -> None:
        """Put *work* aside, out of the hands of whoever held it."""
        who = work.interaction.id
        scheduled = work.version == 1 and event.at < work.since
        self.parked[who] = Parking(event, self.parked.get(who), scheduled=scheduled)
        self._back(work, _PARKED[work.stage], event.at)
        if self.waits is not None:
            self.waits.closed(work, event.at, left=False)

    def resumed(self, work: Work, event: ev.Resumed) -> None:
        """Let *work* wait again in its place; from now on it may wait for whom it goes to first."""
        parking = self.parked.pop(work.interaction.id)
        work.stage = _RESUMED[work.stage]
        work.version += 1
        who = parking.agent or (None if work.prefers is None else work.prefers[0])
        work.prefers = None if who is None else (who, event.at)
        self._follow(work, event.at)

    def locked(self, event: ev.Locked) -> None:
        """Let only one agent answer."""
        self.locks[event.interaction] = event.agent, event.until

    def unlocked(self, event: ev.Unlocked) -> None:
        """Let everybody answer."""
        del self.locks[event.interaction]

    def sla_missed(self, work: Work, event: ev.SlaMissed) -> None:
        """Note that a clock ran out."""
        work.version += 1
        if self.conversations.missed(event):
            return
        work.pending = False
        assert work.target is not None
        self.missed[work.interaction.id] = work.target

    # --- one function per event: conversations and alarms ------------------------------------

    def message_received(self, work: Work, event: ev.MessageReceived) -> None:
        """The customer waits for an answer; who was in wrap-up has it on again."""
        work.version += 1
        self.conversations.received(work, event)
        if work.stage == "wrapping" and work.hold is not None:
            work.stage = _RECEIVED[work.stage]
            work.hold.until = None

    def reply_sent(self, work: Work, event: ev.ReplySent) -> None:
        """The customer has an answer."""
        self.conversations.reply_sent(work, event)
        if event.agent is not None and event.review is None and work.sig.queue.plan.review is not None:
            self._count_reply(work)

    def reply_proposed(self, work: Work, event: ev.ReplyProposed) -> None:
        """Let *work*, which stays where it is, await approval."""
        self.reviews[event.review] = Reviewed(event, before=True)
        self.proposed[event.interaction] = event.review
        self._count_reply(work)
        self._turn_over(work, MOVES[work.stage][ev.ReplyProposed])

    def reply_sampled(self, event: ev.ReplySampled) -> None:
        """Somebody looks at what was sent."""
        self.reviews[event.review] = Reviewed(event, before=False)

    def reply_decided(self, event: ev.ReplyApproved | ev.ReplyRejected | ev.ReplyWithdrawn) -> None:
        """Let the author have again what awaited approval."""
        review = self.reviews[event.review]
        if review.awaited:
            work = self.works[event.interaction]
            del self.proposed[event.interaction]
            self._turn_over(work, MOVES[work.stage][type(event)])
        review.open = False

    def alarm_raised(self, event: ev.AlarmRaised) -> None:
        """Something is wrong with a queue."""
        self.alarms[event.queue, event.alarm] = True

    def alarm_cleared(self, event: ev.AlarmCleared) -> None:
        """It is so no more."""
        del self.alarms[event.queue, event.alarm]

    # --- one function per event: agents -----------------------------------------------------

    def agent_added(self, event: ev.AgentAdded) -> AgentState:
        """Put somebody on the roster."""
        agent = AgentState(event.agent, self.enrolled, event.at)
        self.enrolled += 1
        self.agents[event.agent.id] = agent
        if self._form(agent):
            self._sign_again(event.at)
        return agent

    def agent_changed(self, agent: AgentState, event: ev.AgentChanged) -> None:
        """Replace what an agent can do."""
        agent.version += 1
        agent.told = event.agent
        if self._form(agent):
            self._sign_again(event.at)
        if self.waits is not None:
            self.waits.attend(agent)

    def agent_removed(self, agent: AgentState, event: ev.AgentRemoved) -> None:
        """Take somebody, who holds nothing any more, off the roster."""
        del self.agents[event.agent]
        if self.waits is not None:
            self.waits.dismiss(event.agent)

    def rotated(self, event: ev.Rotated) -> None:
        """Let the agents of a rotation serve the channels of another period."""
        self.periods[event.rotation] = event.period - 1
        self._form_anew(self.plan.rotations[event.rotation].has)

    def surge_started(self, event: ev.SurgeStarted) -> None:
        """Too much comes in."""
        assert self.surge is not None
        self.surge.began(event.at)
        self._form_anew(self.surge.rule.borrows)

    def surge_ended(self, event: ev.SurgeEnded) -> None:
        """It is over."""
        assert self.surge is not None
        self.surge.ended()
        self._form_anew(self.surge.rule.borrows)

    def _form_anew(self, concerns: Callable[[Agent], bool]) -> None:
        """Let whom it *concerns* serve what they do from now on."""
        for agent in self.agents.values():
            if concerns(agent.told):
                agent.version += 1
                self._form(agent)
                if self.waits is not None:
                    self.waits.attend(agent)

    def presence_changed(self, agent: AgentState, event: ev.PresenceChanged) -> None:
        """Keep where an agent is."""
        agent.version += 1
        if event.presence is Presence.AVAILABLE and agent.presence is not Presence.AVAILABLE:
            agent.idle_since = event.at
            if agent.presence is not Presence.BUSY:
                agent.refusals.clear()  # she has come back: what led to a pause counts no more
        if event.presence not in PRESENT:
            agent.ramp = None
        elif agent.presence in _GONE and agent.agent.login_ramp is not None:
            agent.ramp = event.at + agent.agent.login_ramp
        if event.presence in _GONE:
            agent.lease = None
        elif agent.presence in _GONE and self.plan.heartbeat is not None:
            agent.lease = event.at + self.plan.heartbeat
        agent.presence = event.presence
        agent.settle()
        agent.grace = event.grace
        if self.waits is not None:
            self.waits.attend(agent)
        agent.then = event.then

    def heard(self, agent: AgentState, event: ev.Heard) -> None:
        """Keep until when an agent is believed to be there."""
        agent.lease = event.until

    def shift_set(self, agent: AgentState, event: ev.ShiftSet) -> None:
        """Keep when an agent's shift ends."""
        agent.version += 1
        agent.shift = event.until
        agent.settle()
        agent.after = event.presence

    # --- one function per event: the plan and its policies ----------------------------------

    def plan_changed(self, event: ev.PlanChanged, plan: Plan) -> None:
        """Go on under another plan; `Rekeyed` follows for what it changes."""
        if plan.surge != self.plan.surge:
            self._count_anew(plan)
        self._look_at(plan)
        self.plan_version += 1
        self.periods.clear()
        for name, queue in plan.queues.items():
            if name in self.queues:
                self.queues[name].plan = queue
                self.queues[name].joined.clear()
                self.queues[name].window = None
            else:
                self.queues[name] = QueueState(name, queue)
        self._signatures.clear()
        self._submitted.clear()
        self._kinds.clear()
        self.limited.clear()
        beat = plan.heartbeat
        for agent in self.agents.values():
            self._form(agent)
            agent.lease = None if beat is None or agent.presence in _GONE else event.at + beat
        self._sign_again(event.at)
        self._begin_waits(event.at)
        self.failures.clear()
        self.off.clear()

    def policy_failed(self, event: ev.PolicyFailed) -> None:
        """Count a failure."""
        self.failures[event.slot] = self.failures.get(event.slot, 0) + 1

    def policy_switched_off(self, event: ev.PolicySwitchedOff) -> None:
        """Ask a policy no more."""
        self.off[event.slot] = True

    def policy_resumed(self, event: ev.PolicyResumed) -> None:
        """Ask a policy again."""
        self.off.pop(event.slot, None)
        self.failures.pop(event.slot, None)

    # --- helpers ----------------------------------------------------------------------------

    def _signature_of(self, event: ev.Submitted) -> Signature:
        """Return the signature of what came in."""
        interaction = event.interaction
        if interaction.shared_with or (self.limited and interaction.label in self.limited):
            return self._sign_one(interaction.queue, event)
        key = (interaction.queue, interaction.channel, interaction.needs, event.tier)
        return self._submitted.get(key) or self._sign(*key)

    def _reckon_with(self, work: Work, at: Instant) -> None:
        """Tell those who forecast, and count, that *work* came in."""
        if self.waits is not None:
            self.waits.came(work, at)
        if self.bounded:
            work.sig.queue.admit(at, 1)
        if self.surge is not None:
            self.surge.came(at)
            self.surge.opened(work)

    def _won(self, work: Work, event: ev.Assigned) -> Holding:
        """Return the offer that was accepted, of several: the others are rivals from now on."""
        rivals, first = self.rivals[event.interaction], work.hold
        assert first is not None
        won = work.hold = next(hold for hold in rivals if hold.offer == event.offer)
        rivals.remove(won)
        rivals.insert(0, first)
        return won

    def _one_less(self, hold: Holding) -> None:
        """Drop one of several offers."""
        work = hold.work
        rivals = self.rivals[work.interaction.id]
        if work.hold is hold:
            work.hold = rivals.pop(0)
        else:
            rivals.remove(hold)
        if not rivals:
            del self.rivals[work.interaction.id]

    def _form(self, agent: AgentState) -> bool:
        """Let *agent* be as she was told to be, with what her groups and her rotations say now.

        Returns whether she limits labels that nobody has limited before.
        """
        agent.agent = formed(agent.told, self.plan.groups)
        if self.plan.rotations:
            agent.agent = turned(agent.agent, agent.told, self.plan.rotations, self.periods)
        if self.surge is not None and self.surge.on:
            agent.agent = borrowed(agent.agent, agent.told, self.surge.rule)
        agent.settle()
        agent.pool = round(agent.agent.capacity * UNIT)
        for queue in agent.agent.delays:
            known = self.delays.get(queue, ())
            if (delay := agent.agent.delays[queue]) and delay not in known:
                self.delays[queue] = tuple(sorted((*known, delay)))
        new = [label for label in agent.agent.labels or () if label not in self.limited]
        self.limited.update(dict.fromkeys(new, True))
        self.mixed = self.mixed or bool(new)
        return bool(new)

    def _sign_again(self, at: Instant) -> None:
        """Tell open work apart as it has to be from now on, and weigh what is held."""
        for work in self.works.values():
            if work.stage != "closed":
                old = work.sig
                kind, shared = self.kind_of(work.interaction), self._still_there(old.shared)
                work.sig = self.signature(old.queue.name, kind, old.needs, old.tier, shared)
                for hold in self.holdings(work):
                    self._weigh(hold)
                self._follow(work, at)

    def _still_there(self, queues: tuple[str, ...]) -> tuple[str, ...]:
        """Return *queues* of a plan before this one, or their successors."""
        known = self.plan.queues
        moved = {name if name in known else self.plan.successors.get(name) for name in queues}
        return tuple(sorted(name for name in moved if name is not None)) if queues else ()

    def _weigh(self, hold: Holding) -> None:
        """Let what is held take up what it does now."""
        work = hold.work
        kind = work.sig.kind
        known = None if hold.fence is None else self.conversations.get(work.interaction.id)
        review = work.sig.queue.plan.review if work.stage == "awaiting_approval" else None
        light = [] if review is None else [round(review.units * UNIT)]
        if known is not None and kind.discount is not None and asleep(kind, known.status):
            light.append(kind.discount)
        hold.dozes = bool(light)
        units = min([kind.units, *light])
        hold.agent.load += units - hold.units
        hold.units = units

    def status_changed(self, work: Work, event: ev.StatusChanged) -> None:
        """It is somebody else's turn."""
        self.conversations.status_changed(work, event)
        if work.hold is not None and self.mixed:
            self._weigh(work.hold)

    def wrote(self, work: Work) -> AgentId | None:
        """Return whose reply *work* is the review of: it is never hers."""
        review = self.reviews.get(work.interaction.id)
        return None if review is None else review.author

    def _barred(self, work: Work) -> dict[AgentId, tuple[Instant, Instant]] | None:
        """Return who is kept from *work* for ever, as if she had refused it."""
        author = self.wrote(work)
        return None if author is None else {author: (LATEST, LATEST)}

    def _count_reply(self, work: Work) -> None:
        who = work.interaction.id
        self.replies[who] = self.replies.get(who, 0) + 1

    def _turn_over(self, work: Work, stage: Stage) -> None:
        """Let held *work* be in another stage, in the same hands."""
        assert work.hold is not None, f"{work.interaction.id} is {stage}, and nobody holds it"
        work.stage = stage
        work.version += 1
        self._weigh(work.hold)

    def _follow(self, work: Work, at: Instant) -> None:
        """Tell those who forecast that *work* may stand elsewhere."""
        if self.waits is not None:
            self.waits.follow(work, at)

    def _begin_waits(self, at: Instant) -> None:
        """Forecast from now on, or no more, as the plan asks."""
        if not _is_forecast(self.plan):
            self.waits = None
            return
        self.waits = self.waits or _forecasting()
        self.waits.begin(self.works.values(), self.agents.values(), at)

    def _count_anew(self, plan: Plan) -> None:
        """Count from now on what *plan* asks for."""
        if plan.surge is None:
            self.surge = None
            return
        self.surge = Arrivals(plan.surge)
        for work in self.works.values():
            if work.stage != "closed":
                self.surge.opened(work)

    def _let_go(self, agent: AgentState, work: Work) -> None:
        agent.load -= agent.holdings.pop(work.interaction.id).units

    def _back(self, work: Work, stage: Stage, at: Instant) -> None:
        """Bring *work* back into a queue, out of the hands of whoever held it."""
        if (hold := work.hold) is not None:
            self._let_go(hold.agent, work)
            hold.agent.idle_since = at
            work.hold = None
        work.stage = stage
        work.version += 1

    def _hasten(self, work: Work, boost: float) -> None:
        """Give *work* so much head start more, for as long as it is in its queue."""
        if boost:
            who = work.interaction.id
            work.submission = work.first_said()
            work.key -= boost
            self.boosts[who] = self.boosts.get(who, 0.0) + boost

    def _close(self, work: Work, stage: Stage, at: Instant) -> None:
        if self.surge is not None:
            self.surge.left(work)
        work.stage = stage
        work.version += 1
        work.hold = None
        work.refused = None
        work.pending = False
        if self.parked:
            self.parked.pop(work.interaction.id, None)
        work.key = at
        self._closed.append(work)

    def _move(self, work: Work, event: ev.Transferred | ev.Rekeyed) -> None:
        """Give *work* the place that *event* says, and the balance of both queues their due."""
        old = work.sig
        moves = event.queue != old.queue.name
        if self.surge is not None and moves:
            self.surge.left(work)
        work.submission = work.first_said()
        if self.updates:
            self.updates.pop(work.interaction.id, None)
        kept = isinstance(event, ev.Rekeyed) and event.kept
        if not kept and (moves or work.progress is not None):
            work.progress = Progress(event.at if moves else work.came)
        needs = old.needs if kept else self.needed(event.queue, work.interaction.needs)
        work.sig = self.signature(event.queue, old.kind, needs, event.tier, old.shared)
        if self.surge is not None and moves:
            self.surge.opened(work)
        work.key = event.reference - event.head_start if event.head_start else event.reference
        work.target = event.target
        if self.boosts and (moves or isinstance(event, ev.Transferred)):
            self.boosts.pop(work.interaction.id, None)
        if work.answered == 0:
            # A clock that ran out once starts again only for a later target.
            missed = self.missed.get(work.interaction.id)
            work.pending = event.target is not None and (missed is None or event.target > missed)
        if moves:
            if work.answered != 2:
                old.queue.tally.exit("moved")
                self._twice.exit("moved")
            work.answered = min(work.answered, 1)
            work.sig.queue.tally.entered += 1
            self._twice.entered += 1
            if work.hold is not None and work.hold.fence is not None:  # held through a change of plan
                self._twice.answered += work.answered
                work.answered = 2
                work.sig.queue.tally.answered += 1

    def _forget(self, before: Instant) -> None:
        """Drop what was closed before an instant."""
        closed, again, works = self._closed, self._opened_again, self.works
        tables = (
            *(self.parts, self.missed, self.boosts, self.updates),
            *(self.reviews, self.replies, self.conversations),
        )
        kept = [table for table in tables if table]
        while closed:
            work = closed[0]
            interaction = work.interaction.id
            if again and interaction in again:  # it is open, or was closed later once more
                closed.popleft()
                again[interaction] -= 1
                if not again[interaction]:
                    del again[interaction]
                continue
            if work.key >= before:
                return
            closed.popleft()
            del works[interaction]
            parent = work.interaction.parent
            for table in kept:
                table.pop(interaction, None)
            if parent is not None and (parts := self.parts.get(parent)) is not None:
                parts.pop(interaction, None)
                if not parts:
                    del self.parts[parent]


def _is_mixed(plan: Plan) -> bool:
    return any(
        each.beside is not None or each.interruptible_by or each.pending_units is not None
        for each in plan.channels.values()
    ) or any(queue.review is not None for queue in plan.queues.values())


def _forecasting() -> Waits:
    from workassign._waits import Waits

    return Waits()


def _is_forecast(plan: Plan) -> bool:
    return any(forecasts(queue) or knows_ages(queue) for queue in plan.queues.values())


def _keep_apart(work: Work, agent: AgentId, retry: Instant, excluded: Instant) -> None:
    if work.refused is None:
        work.refused = {}
    work.refused.pop(agent, None)  # a new refusal is the youngest
    work.refused[agent] = (retry, excluded)


_CAUSES: Mapping[type, str] = {
    ev.Declined: "declined",
    ev.OfferExpired: "expired",
    ev.OfferRescinded: "disconnected",
}
