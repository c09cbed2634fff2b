"""Does a journal keep the laws? Followed event by event, without asking the engine.

The law of this file: it shares no bookkeeping with `_state`. What it knows, it counted itself,
from the facts alone; of the plan it reads what is plain data, and asks no policy.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping
from math import floor, inf
from typing import Any, TypeAlias

from workassign import events as ev
from workassign._audit_clocks import FOLLOW_CLOCKS, ClockAuditor
from workassign._audit_grants import check_grant, check_kept, gates_of, place
from workassign._audit_records import Balance, Item, Person
from workassign._audit_room import Room
from workassign.model import AgentId, Instant, InteractionId, Presence

__all__ = ["Auditor", "plan_hash"]

_MOVES: Mapping[type, tuple[tuple[str, ...], str]] = {
    ev.Offered: (("waiting", "offered"), "offered"),
    ev.Assigned: (("waiting", "offered", "parked"), "held"),
    ev.Requeued: (("held",), "waiting"),
    ev.Transferred: (("waiting", "held", "parked"), "waiting"),
    ev.WrapUpStarted: (("held",), "wrapping"),
    ev.Completed: (("held", "wrapping"), "closed"),
    ev.Cancelled: (("waiting", "held", "parked"), "closed"),
    ev.Abandoned: (("waiting", "parked"), "closed"),
    ev.Reopened: (("closed",), "waiting"),
    ev.Parked: (("waiting", "held", "parked"), "parked"),
    ev.Resumed: (("parked",), "waiting"),
    ev.WrapUpExtended: (("wrapping",), "wrapping"),
    ev.ReplyProposed: (("held",), "awaiting_approval"),
    ev.ReplyApproved: (("awaiting_approval",), "held"),
    ev.ReplyRejected: (("awaiting_approval",), "held"),
    ev.ReplyWithdrawn: (("awaiting_approval",), "held"),
    ev.Collapsed: (("waiting",), "closed"),
    ev.TemplateSent: (("waiting",), "closed"),
}
"""Event -> the stages in which it may happen, and the next one. When an offer ends, it waits if no other
is open. Written down a second time here,
so that a slip in the engine's own table is found."""

_DAY = 86_400.0


def plan_hash(plan: Mapping[str, Any]) -> str:
    """Return the hash that a plan must have that is this data."""
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class Auditor:
    """Follows a journal's facts and notes every law that they break.

    Cost: O(1) for each fact, and the channels of the agent for a grant.
    """

    def __init__(self, plan: Mapping[str, Any], claimed: str) -> None:
        """Start empty, under a plan as data and the hash that it is said to have."""
        self.problems: list[str] = []
        self.events = 0
        self.kinds: Counter[str] = Counter()
        self._where = "entry 0"
        self._before: Instant = -inf
        """The instant of the turn before."""
        self._at: Instant = -inf
        self._items: dict[InteractionId, Item] = {}
        self._closed: dict[InteractionId, Item] = {}
        self._closings: deque[tuple[Instant, InteractionId]] = deque()
        self._clocks = ClockAuditor(self._note)
        self._people: dict[AgentId, Person] = {}
        self._periods: dict[str, int] = {}
        """Rotation -> its period, from 1."""
        self._surge: Mapping[str, Any] | None = None
        self._surging = False
        self._won: dict[InteractionId, Item] = {}
        """What one of several accepted in this turn."""
        self._reviews: dict[InteractionId, tuple[InteractionId, AgentId, bool]] = {}
        """Review -> what was replied to, by whom, and whether it was not sent at first."""
        self._offers = 0
        self._fences = 0
        self._sequence = 0
        self._total = Balance()
        self._queues: dict[str, Balance] = {}
        self._plan(plan, claimed)

    # --- what is asked ----------------------------------------------------------------------

    def turn(self, seq: int, at: Instant, facts: list[ev.Event], timed: int) -> None:
        """Follow one entry."""
        self._where = f"entry {seq}"
        if not self._at <= at < inf:
            self._note(f"time runs from {self._at!r} to {at!r}")
        if not 0 <= timed <= len(facts):
            self._note(f"time brought {timed!r} of {len(facts)} facts")
        self._before, self._at = self._at, at
        for event in facts:
            self.events += 1
            self.kinds[type(event).__name__] += 1
            if event.at != at:
                self._note(f"{type(event).__name__} is of {event.at!r}, its turn of {at!r}")
            _FOLLOW[type(event)](self, event)
        for name, item in self._won.items():
            if item.offers:
                self._note(f"{name!r} has its agent, but is offered as {_told(item.offers)}")
        self._won.clear()

    def balance(self) -> dict[str, Any]:
        """Return entered = answered + abandoned + exited + waiting of everything."""
        return self._total.as_dict(self._waiting())

    def queues(self) -> dict[str, dict[str, Any]]:
        """Return the same of each queue, by name."""
        waiting = self._waiting_by_queue()
        return {name: balance.as_dict(waiting[name]) for name, balance in sorted(self._queues.items())}

    def stages(self) -> dict[str, int]:
        """Return how many are open in each stage."""
        found = Counter(item.stage for item in self._items.values())
        always = ("waiting", "offered", "held", "wrapping")
        return {
            stage: found[stage]
            for stage in (*always, "parked", "awaiting_approval")
            if stage in always or found[stage]
        }

    def close(self) -> None:
        """Strike the balances at the end. Cost: O(open)."""
        self._where = "at the end"
        if missing := self._total.off_by(self._waiting()):
            self._note(f"the balance is off by {missing}: {self.balance()}")
        waiting = self._waiting_by_queue()
        self._clocks.of_closed(lambda interaction: interaction in self._items)
        for name, balance in self._queues.items():
            if missing := balance.off_by(waiting[name]):
                figures = balance.as_dict(waiting[name])
                self._note(f"the balance of queue {name!r} is off by {missing}: {figures}")

    # --- one method per event: interactions -------------------------------------------------

    def _submitted(self, event: ev.Submitted) -> None:
        who = event.interaction
        self._forget(event.at - self._retention)
        if who.id in self._items or who.id in self._closed:
            self._note(f"{who.id!r} was submitted before")
        if who.queue not in self._queues or who.channel not in self._channels:
            self._note(f"{who.id!r} came by an unknown queue or channel: {who.queue!r}, {who.channel!r}")
        for name in who.shared_with:
            if name not in self._queues:
                self._note(f"{who.id!r} is shared with an unknown queue: {name!r}")
        if event.sequence != self._sequence + 1:
            self._note(f"{who.id!r} is number {event.sequence}, after {self._sequence}")
        self._sequence = event.sequence
        item = self._items[who.id] = Item(who.queue, who.channel, who.label, self._where)
        place(item, event)
        if who.parent is not None:
            self._part(who.id, who.parent)
        self._total.entered += 1
        self._queue(who.queue).entered += 1

    def _part(self, name: InteractionId, parent: InteractionId) -> None:
        whole = self._items.get(parent)
        if whole is None or whole.stage == "wrapping":
            self._note(f"{name!r} was submitted as a part of {parent!r}, which is not open")
        else:
            whole.parts.append(name)

    def _offered(self, event: ev.Offered) -> None:
        item = self._move(event, event.interaction)
        if event.offer <= self._offers:
            self._note(f"offer {event.offer} comes after offer {self._offers}")
        self._offers = event.offer
        if item is None:
            return
        if event.agent in (agent for agent, _ in item.offers.values()):
            self._note(f"{event.interaction!r} was offered to {event.agent!r} twice")
        item.offers[event.offer] = event.agent, event.expires
        self._is_not_author(event)
        self._at_an_end(event, item)
        self._put(item, event.interaction, event.agent, granted=True)
        self._is_granted(event, item)
        person = self._people.get(event.agent)
        if person is not None and person.presence is not Presence.AVAILABLE:
            self._note(f"{event.interaction!r} was offered to {event.agent!r}: {person.presence.value}")

    def _assigned(self, event: ev.Assigned) -> None:
        before = self._items.get(event.interaction)
        was_offered = before is not None and before.stage == "offered"
        item = self._move(event, event.interaction)
        if event.fence <= self._fences:
            self._note(f"fence {event.fence} comes after fence {self._fences}")
        self._fences = event.fence
        if item is None:
            return
        if was_offered:
            self._taken(event, item)
        elif event.offer is not None or event.how == "accepted":
            self._note(f"{event.interaction!r} was accepted, but not offered")
        else:
            if event.how == "auto":
                self._at_an_end(event, item)
            self._offers += 1  # whoever is given work without an offer uses up its number
            # Given by hand what she was offered until then, she has no more than before.
            was_hers = item.taken_back == (self._where, event.agent)
            self._put(item, event.interaction, event.agent, granted=event.how != "override" and not was_hers)
            self._is_granted(event, item)
        self._is_not_author(event)
        item.agent, item.fence = event.agent, event.fence
        if item.offers:
            self._won[event.interaction] = item
        self._answered(item)

    def _is_granted(self, event: ev.Offered | ev.Assigned, item: Item) -> None:
        if (person := self._people.get(event.agent)) is not None:
            check_grant(event, item, person, self._settings.get(item.queue, {}), self._note)
            for gate in self._gates:
                problem = check_kept(
                    event, item, self._people, gate, self._room.is_open, surging=self._surging
                )
                if problem is not None:
                    self._note(problem)

    def _is_not_author(self, event: ev.Offered | ev.Assigned) -> None:
        if self._reviews.get(event.interaction, ("", "", False))[1] == event.agent:
            self._note(f"{event.agent!r} was given the review of her own reply, {event.interaction!r}")

    def _at_an_end(self, event: ev.Offered | ev.Assigned, item: Item) -> None:
        """Check that a window has ended since the turn before, where they hold what waits."""
        batch = self._settings.get(item.queue, {}).get("batch")
        if batch is None or self._before == -inf:
            return
        window = float(batch["window"])
        last = floor(event.at / window)
        if not any(self._before < number * window <= event.at for number in (last - 1, last, last + 1)):
            self._note(
                f"{event.interaction!r} was given out at {event.at!r}, within a window of {window:g} s"
            )

    def _taken(self, event: ev.Assigned, item: Item) -> None:
        """Check the acceptance of an open offer."""
        if event.offer not in item.offers:
            self._note(
                f"{event.interaction!r} was offered as {_told(item.offers)}, accepted as {event.offer}"
            )
            return
        agent, expires = item.offers.pop(event.offer)
        if agent != event.agent:
            self._note(f"Assigned by {event.agent!r}, but {agent!r} has {event.interaction!r}")
        if event.at >= expires:
            self._note(f"offer {event.offer} was accepted at {event.at!r}, open until {expires!r}")

    def _offer_ended(self, event: ev.Declined | ev.OfferExpired | ev.OfferRescinded) -> None:
        item = self._known(event, event.interaction)
        if item is None:
            return
        if not item.offers:
            self._note(f"{type(event).__name__}, but {event.interaction!r} is {item.stage}")
            return
        if event.offer not in item.offers:
            self._note(f"{event.interaction!r} was offered as {_told(item.offers)}, not as {event.offer}")
            return
        agent, expires = item.offers.pop(event.offer)
        if agent != event.agent:
            name = type(event).__name__
            self._note(f"{name} by {event.agent!r}, but {agent!r} has {event.interaction!r}")
        if isinstance(event, ev.OfferRescinded):
            item.taken_back = self._where, agent
        if isinstance(event, ev.OfferExpired) and not (event.due == expires and event.due <= event.at):
            self._note(f"offer {event.offer} expired at {event.due!r}, open until {expires!r}")
        self._take(event.interaction, agent)
        if item.stage == "offered" and not item.offers:
            item.stage = "waiting"

    def _worked(self, event: ev.WrapUpStarted | ev.WrapUpExtended | ev.Completed) -> None:
        before = self._items.get(event.interaction)
        served = before is not None and before.stage == "wrapping"
        item = self._move(event, event.interaction)
        if item is None:
            return
        if not served and any(part in self._items for part in item.parts):
            self._note(f"{event.interaction!r} was completed before its parts were")
        self._is_holder(event, event.interaction, event.agent, item)
        if event.fence != item.fence:
            self._note(f"{event.interaction!r} is held under fence {item.fence}, not {event.fence}")
        if isinstance(event, ev.Completed):
            self._let_go(item, event.interaction)
            self._shut(event.interaction)

    def _requeued(self, event: ev.Requeued) -> None:
        item = self._move(event, event.interaction)
        if item is not None:
            self._is_holder(event, event.interaction, event.agent, item)
            self._let_go(item, event.interaction)

    def _transferred(self, event: ev.Transferred) -> None:
        before = self._items.get(event.interaction)
        was_parked = before is not None and before.stage == "parked"
        item = self._move(event, event.interaction)
        if item is None:
            return
        if was_parked:
            item.stage = "parked"  # elsewhere, until the same time
        self._is_holder(event, event.interaction, event.agent, item)
        self._let_go(item, event.interaction)
        item.steps.clear()
        if event.cause == "overflow":
            self._overflowed(event, item)
        place(item, event)
        if event.queue != item.queue:
            self._change_queue(item, event.interaction, event.queue)

    def _overflowed(self, event: ev.Transferred, item: Item) -> None:
        """Only a newcomer is sent on at a door, and only where a rule leads whose queue is long enough."""
        if item.submitted != self._where:
            self._note(f"{event.interaction!r} was sent on at a door, but was let in before")
        self._queue(item.queue).entered -= 1  # it was not in there when that was asked
        if not self._leads(item.queue, event.queue):
            self._note(f"{event.interaction!r} came from {item.queue!r} to {event.queue!r} by no overflow")
        self._queue(item.queue).entered += 1

    def _leads(self, queue: str, to: str) -> bool:
        """Whether the overflow of *queue*, and of where that leads, leads *to* there."""
        for rule in self._settings.get(queue, {}).get("overflow", ()):
            onward = rule.get("queue")
            is_long = self._queue(queue).waiting >= rule.get("length", 0)
            if onward is not None and is_long and (onward == to or self._leads(onward, to)):
                return True
        return False

    def _parked(self, event: ev.Parked) -> None:
        item = self._move(event, event.interaction)
        if item is None:
            return
        self._is_holder(event, event.interaction, event.agent, item)
        self._let_go(item, event.interaction)
        item.until = event.until
        if event.until is None and not event.on_reply:
            self._note(f"nothing brings back {event.interaction!r}")
        if event.until is not None and event.until <= event.at:
            self._note(f"{event.interaction!r} was put aside at {event.at!r} until {event.until!r}")

    def _resumed(self, event: ev.Resumed) -> None:
        item = self._move(event, event.interaction)
        if item is None:
            return
        by_time = event.cause == "time"
        if by_time != (event.due is not None) or (by_time and event.due != item.until):
            self._note(f"{event.interaction!r} came back, due {event.due!r}, put aside until {item.until!r}")
        if event.due is not None and event.due > event.at:
            self._note(f"{event.interaction!r} came back at {event.at!r}, due {event.due!r}")

    def _rekeyed(self, event: ev.Rekeyed) -> None:
        item = self._known(event, event.interaction)
        if item is not None and not event.kept:
            item.steps.clear()
        if item is not None:
            place(item, event)
        if item is not None and event.queue != item.queue:
            self._change_queue(item, event.interaction, event.queue)
            if item.fence is not None:
                self._answered(item)

    def _updated(self, event: ev.Updated) -> None:
        item = self._known(event, event.interaction)
        if item is None:
            return
        item.tier = item.tier if event.tier is None else event.tier
        if not abs(event.reference) < inf or not 0 <= event.head_start < inf:
            self._note(
                f"{event.interaction!r} was placed by {event.reference!r} and a head start of "
                f"{event.head_start!r}"
            )
        said = (event.customer, event.sentiment, event.attributes, event.needs, event.tier)
        if all(each is None for each in said):
            self._note(f"Updated, but nothing is said of {event.interaction!r}")

    def _escalated(self, event: ev.Escalated) -> None:
        item = self._known(event, event.interaction)
        if item is None:
            return
        if item.stage != "waiting":
            self._note(f"Escalated, but {event.interaction!r} is {item.stage}")
        if event.step in item.steps:
            self._note(f"{event.interaction!r} took step {event.step} twice")
        if not event.due <= event.at:
            self._note(f"{event.interaction!r} took step {event.step} at {event.at!r}, due {event.due!r}")
        item.steps.add(event.step)
        item.tier = item.tier if event.tier is None else event.tier

    def _cancelled(self, event: ev.Cancelled) -> None:
        item = self._move(event, event.interaction)
        if item is not None:
            self._let_go(item, event.interaction)
            self._left(item, "cancelled")
            self._shut(event.interaction)

    def _absorbed(self, event: ev.Collapsed | ev.TemplateSent) -> None:
        item = self._move(event, event.interaction)
        if not self._surging:
            self._note(f"{type(event).__name__} of {event.interaction!r}, but no surge is on")
        if item is None:
            return
        if isinstance(event, ev.Collapsed):
            into = self._items.get(event.into)
            if into is None or into is item or into.queue != item.queue:
                self._note(f"{event.interaction!r} was closed as {event.into!r}, which is not open there")
        self._left(item, "collapsed" if isinstance(event, ev.Collapsed) else "template")
        self._shut(event.interaction)

    def _surge_moved(self, event: ev.SurgeStarted | ev.SurgeEnded) -> None:
        begins = isinstance(event, ev.SurgeStarted)
        if self._surge is None or begins == self._surging:
            self._note(f"{type(event).__name__}, but one is {'on' if self._surging else 'not on'}")
        if isinstance(event, ev.SurgeEnded) and event.due is not None and event.due > event.at:
            self._note(f"a surge ended at {event.at!r}, due {event.due!r}")
        self._surging = begins

    def _abandoned(self, event: ev.Abandoned) -> None:
        item = self._move(event, event.interaction)
        if item is None:
            return
        if not item.answered:
            self._total.abandoned += 1
        if not item.answered_here:
            self._queue(item.queue).abandoned += 1
        self._shut(event.interaction)

    def _sla_missed(self, event: ev.SlaMissed) -> None:
        item = self._known(event, event.interaction)
        if self._clocks.is_clock(event):
            self._clocks.moved(event)
            return
        self._clocks.is_past(event)
        if item is not None and item.answered:
            self._note(f"{event.interaction!r} missed its first response, which it had")

    # --- one method per event: conversations ------------------------------------------------

    def _reopened(self, event: ev.Reopened) -> None:
        item = self._closed.pop(event.interaction, None)
        if item is None:
            what = "is open" if event.interaction in self._items else "is unknown"
            self._note(f"Reopened, but {event.interaction!r} {what}")
            return
        if event.queue not in self._queues:
            self._note(f"{event.interaction!r} was opened again in an unknown queue: {event.queue!r}")
        place(item, event)
        item.stage, item.queue = _MOVES[ev.Reopened][1], event.queue
        item.steps.clear()
        item.answered = item.answered_here = False
        self._items[event.interaction] = item
        self._total.entered += 1
        self._queue(event.queue).entered += 1

    def _received(self, event: ev.MessageReceived) -> None:
        item = self._known(event, event.interaction)
        if item is not None and item.stage == "wrapping":
            item.stage = "held"

    def _status_changed(self, event: ev.StatusChanged) -> None:
        item = self._remembered(event)
        if item is not None:
            item.status = event.status

    def _replied(self, event: ev.ReplySent) -> None:
        item = self._remembered(event)
        if item is None or event.agent is None:
            return
        self._person(event.agent)
        if item.writes is not None and item.writes[0] != event.agent:
            self._note(f"{event.agent!r} answered {event.interaction!r}, locked by {item.writes[0]!r}")

    def _proposed(self, event: ev.ReplyProposed) -> None:
        item = self._move(event, event.interaction)
        if item is not None:
            self._is_holder(event, event.interaction, event.agent, item)
            item.review = event.review
        self._reviews[event.review] = event.interaction, event.agent, True

    def _sampled(self, event: ev.ReplySampled) -> None:
        item = self._known(event, event.interaction)
        if item is not None:
            self._is_holder(event, event.interaction, event.agent, item)
        self._reviews[event.review] = event.interaction, event.agent, False

    def _decided(self, event: ev.ReplyApproved | ev.ReplyRejected | ev.ReplyWithdrawn) -> None:
        about, author, before = self._reviews.get(event.review, (None, None, False))
        if about != event.interaction:
            self._note(f"{event.review!r} is about {about!r}, not {event.interaction!r}")
        if (author == event.agent) != isinstance(event, ev.ReplyWithdrawn):
            self._note(f"{type(event).__name__} by {event.agent!r}, but {author!r} wrote the reply")
        item = self._move(event, event.interaction) if before else None
        if item is None:
            return
        if item.review != event.review:
            self._note(f"{event.interaction!r} awaited {item.review!r}, not {event.review!r}")
        item.review = None

    def _locked(self, event: ev.Locked) -> None:
        item = self._known(event, event.interaction)
        if item is None or self._person(event.agent) is None:
            return
        before = None if item.writes is None else item.writes[0]
        if event.stolen_from != (None if before == event.agent else before):
            self._note(f"the lock of {event.interaction!r} was that of {before!r}, not {event.stolen_from!r}")
        item.writes = event.agent, event.until

    def _unlocked(self, event: ev.Unlocked) -> None:
        item = self._remembered(event)
        if item is None:
            return
        if item.writes is None or item.writes[0] != event.agent:
            self._note(f"{event.agent!r} lost the lock of {event.interaction!r}, which is {item.writes}")
        elif event.due is not None and not event.due == item.writes[1] <= event.at:
            self._note(f"the lock of {event.interaction!r} ended at {event.due!r}: it is {item.writes}")
        item.writes = None

    def _remembered(self, event: Any) -> Item | None:  # noqa: ANN401 - whatever is about one
        """Return the interaction, open or closed."""
        item = self._items.get(event.interaction) or self._closed.get(event.interaction)
        if item is None:
            self._note(f"{type(event).__name__}, but {event.interaction!r} is unknown")
        return item

    def _clock(self, event: Any) -> None:  # noqa: ANN401 - any event of a clock or an alarm
        if hasattr(event, "target"):
            self._remembered(event)
        FOLLOW_CLOCKS[type(event)](self._clocks, event)

    # --- one method per event: agents, plan -------------------------------------------------

    def _agent_added(self, event: ev.AgentAdded) -> None:
        if event.agent.id in self._people:
            self._note(f"agent {event.agent.id!r} was there before")
        person = self._people[event.agent.id] = Person(event.agent, self._groups)
        self._turn_of(person)

    def _agent_changed(self, event: ev.AgentChanged) -> None:
        if (person := self._person(event.agent.id)) is not None:
            person.told = event.agent
            self._turn_of(person)

    def _agent_removed(self, event: ev.AgentRemoved) -> None:
        person = self._person(event.agent)
        if person is not None and person.has:
            self._note(f"agent {event.agent!r} was removed with {list(person.has)} in her hands")
        self._people.pop(event.agent, None)

    def _presence_changed(self, event: ev.PresenceChanged) -> None:
        if (person := self._person(event.agent)) is not None:
            person.presence = event.presence

    def _rotated(self, event: ev.Rotated) -> None:
        rotation = self._rotations.get(event.rotation, {})
        if not 1 <= event.period <= len(rotation.get("periods", ())):
            self._note(f"rotation {event.rotation!r} has no period {event.period}")
            return
        if event.due is not None and event.due > event.at:
            self._note(f"rotation {event.rotation!r} went on at {event.at!r}, due {event.due!r}")
        self._periods[event.rotation] = event.period
        for person in self._people.values():
            self._turn_of(person)

    def _turn_of(self, person: Person) -> None:
        """Let somebody serve the channels whose turn it is."""
        person.can(person.told, self._groups)
        for name, rotation in self._rotations.items():
            channels = rotation["periods"][self._periods.get(name, 1) - 1].get("channels")
            if channels is not None and set(rotation["groups"]) & set(person.told.groups):
                person.limits = channels

    def _heard(self, event: ev.Heard) -> None:
        person = self._person(event.agent)
        if person is not None and person.presence in (Presence.OFFLINE, Presence.AWAY):
            self._note(f"agent {event.agent!r} was heard of, but she is {person.presence.value}")

    def _shift_set(self, event: ev.ShiftSet) -> None:
        person = self._person(event.agent)
        if person is not None:
            person.shift = event.until is not None
        if event.due is not None and not event.due <= event.at:
            self._note(f"the shift of {event.agent!r} was over at {event.at!r}, due {event.due!r}")

    def _plan_changed(self, event: ev.PlanChanged) -> None:
        self._plan(event.plan, event.plan_hash)
        for name, item in self._items.items():
            if item.channel not in self._channels:
                self._note(f"{name!r} is open on channel {item.channel!r}, which is gone")

    def _plan(self, plan: Mapping[str, Any], claimed: str) -> None:
        """Take over what loads and balances depend on."""
        if plan_hash(plan) != claimed:
            self._note(f"the plan is not the one whose hash is {claimed}")
        channels = plan.get("channels", {"default": {}})
        self._channels: Mapping[str, Mapping[str, Any]] = channels
        self._retention = plan.get("retention", 7 * _DAY)
        self._groups = plan.get("groups", {})
        self._gates = gates_of(plan)
        self._rotations = plan.get("rotations", {})
        surge = plan.get("surge")
        if self._surging and surge != self._surge:
            self._note("another plan says what a surge is, but the one that was on goes on")
        self._surge = surge
        self._periods.clear()
        for person in self._people.values():
            self._turn_of(person)
        self._settings: Mapping[str, Mapping[str, Any]] = plan.get("queues", {})
        self._room = Room(self._channels, self._settings)
        for name in plan.get("queues", ("default",)):
            self._queue(name)

    def _no_law(self, event: ev.Event) -> None:
        """Nothing here depends on it."""

    # --- the bookkeeping --------------------------------------------------------------------

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self._where}: {problem}")

    def _queue(self, name: str) -> Balance:
        return self._queues.setdefault(name, Balance())

    def _waiting(self) -> int:
        return sum(1 for item in self._items.values() if not item.answered)

    def _waiting_by_queue(self) -> Counter[str]:
        return Counter(item.queue for item in self._items.values() if not item.answered_here)

    def _known(self, event: ev.Event, interaction: InteractionId) -> Item | None:
        item = self._items.get(interaction)
        if item is None:
            what = "is closed" if interaction in self._closed else "is unknown"
            self._note(f"{type(event).__name__}, but {interaction!r} {what}")
        return item

    def _move(self, event: ev.Event, interaction: InteractionId) -> Item | None:
        """Return the open interaction, moved to the next stage of its life."""
        item = self._known(event, interaction)
        if item is None:
            return None
        stages, after = _MOVES[type(event)]
        if item.stage not in stages:
            self._note(f"{type(event).__name__}, but {interaction!r} is {item.stage}")
        item.stage = after
        return item

    def _person(self, agent: AgentId) -> Person | None:
        if agent not in self._people:
            self._note(f"there is no agent {agent!r}")
        return self._people.get(agent)

    def _is_holder(self, event: ev.Event, interaction: str, agent: AgentId | None, item: Item) -> None:
        if agent != item.agent:
            self._note(f"{type(event).__name__} by {agent!r}, but {item.agent!r} has {interaction!r}")

    def _put(self, item: Item, interaction: InteractionId, agent: AgentId, *, granted: bool) -> None:
        """Put *item* into an agent's hands; what is *granted* must find room there."""
        person = self._person(agent)
        if person is None:
            return
        person.has[interaction] = item
        if granted:
            self._room.check(interaction, item, agent, person, self._note)

    def _take(self, interaction: InteractionId, agent: AgentId) -> None:
        """Take an interaction out of an agent's hands."""
        if (person := self._people.get(agent)) is not None:
            person.has.pop(interaction, None)

    def _let_go(self, item: Item, interaction: InteractionId) -> None:
        """Take *item* out of whatever hands hold it."""
        if item.agent is not None:
            self._take(interaction, item.agent)
        item.agent = item.fence = None

    def _answered(self, item: Item) -> None:
        if not item.answered:
            self._total.answered += 1
        if not item.answered_here:
            self._queue(item.queue).answered += 1
        item.answered = item.answered_here = True

    def _left(self, item: Item, reason: str) -> None:
        """Count *item* as one that left unanswered, where it was."""
        if not item.answered:
            self._total.exited[reason] += 1
        if not item.answered_here:
            self._queue(item.queue).exited[reason] += 1

    def _change_queue(self, item: Item, interaction: InteractionId, queue: str) -> None:
        if queue not in self._queues:
            self._note(f"{interaction!r} was moved to an unknown queue: {queue!r}")
        if not item.answered_here:
            self._queue(item.queue).exited["moved"] += 1
        item.queue, item.answered_here = queue, False
        item.steps.clear()
        self._queue(queue).entered += 1

    def _shut(self, interaction: InteractionId) -> None:
        """Close for ever, but remember no longer than the plan says: then the id is free again."""
        item = self._closed[interaction] = self._items.pop(interaction)
        item.closed = self._at
        self._closings.append((self._at, interaction))

    def _forget(self, before: Instant) -> None:
        while self._closings and self._closings[0][0] < before:
            at, interaction = self._closings.popleft()
            item = self._closed.get(interaction)
            if item is not None and item.closed == at:  # else it was opened again meanwhile
                del self._closed[interaction]
                self._reviews.pop(interaction, None)


def _told(offers: Mapping[int, object]) -> str:
    return " and ".join(map(str, offers))


_Follow: TypeAlias = Callable[[Auditor, Any], None]

_FOLLOW: Mapping[type, _Follow] = {
    **dict.fromkeys(FOLLOW_CLOCKS, Auditor._clock),
    ev.Submitted: Auditor._submitted,
    ev.Offered: Auditor._offered,
    ev.Assigned: Auditor._assigned,
    ev.Declined: Auditor._offer_ended,
    ev.OfferExpired: Auditor._offer_ended,
    ev.OfferRescinded: Auditor._offer_ended,
    ev.WrapUpStarted: Auditor._worked,
    ev.Completed: Auditor._worked,
    ev.Requeued: Auditor._requeued,
    ev.Transferred: Auditor._transferred,
    ev.Rekeyed: Auditor._rekeyed,
    ev.Escalated: Auditor._escalated,
    ev.Updated: Auditor._updated,
    ev.Cancelled: Auditor._cancelled,
    ev.Abandoned: Auditor._abandoned,
    ev.SlaMissed: Auditor._sla_missed,
    ev.MessageReceived: Auditor._received,
    ev.ReplySent: Auditor._replied,
    ev.StatusChanged: Auditor._status_changed,
    ev.Reopened: Auditor._reopened,
    ev.AgentAdded: Auditor._agent_added,
    ev.AgentChanged: Auditor._agent_changed,
    ev.AgentRemoved: Auditor._agent_removed,
    ev.PresenceChanged: Auditor._presence_changed,
    ev.Heard: Auditor._heard,
    ev.ShiftSet: Auditor._shift_set,
    ev.PlanChanged: Auditor._plan_changed,
    ev.Rotated: Auditor._rotated,
    ev.PolicyFailed: Auditor._no_law,
    ev.PolicySwitchedOff: Auditor._no_law,
    ev.PolicyResumed: Auditor._no_law,
    ev.Refused: Auditor._no_law,
    ev.Parked: Auditor._parked,
    ev.Resumed: Auditor._resumed,
    ev.Locked: Auditor._locked,
    ev.Unlocked: Auditor._unlocked,
    ev.WrapUpExtended: Auditor._worked,
    ev.ReplyProposed: Auditor._proposed,
    ev.ReplySampled: Auditor._sampled,
    ev.ReplyApproved: Auditor._decided,
    ev.ReplyRejected: Auditor._decided,
    ev.ReplyWithdrawn: Auditor._decided,
    ev.SurgeStarted: Auditor._surge_moved,
    ev.SurgeEnded: Auditor._surge_moved,
    ev.Collapsed: Auditor._absorbed,
    ev.TemplateSent: Auditor._absorbed,
}
