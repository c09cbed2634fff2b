"""Every command in any order: the invariants hold, refusals change nothing, replay is exact.

Beside the engine stands a ledger that believes events only; a second engine, replayed from the
facts, is given the same commands from then on and must do the same. At the end the journal of it
all is read back, replayed and audited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import inf
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.brute import Router, formed
from tests.test_same_decisions import (
    AGENTS,
    CHANNELS,
    QUEUES,
    SKILLS,
    STARTS,
    STEPS,
    Script,
    a_plan,
    an_agent,
    an_update,
    some_traits,
)
from workassign import Agent, Engine, Interaction, Needs, Plan, Presence, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.hours import Calendar
from workassign.journal import record, replay, verify
from workassign.model import Fence, OfferId, Status
from workassign.stores.memory import MemoryStore

GAPS = st.sampled_from((0.0, 0.0, 0.0, 0.5, 5.0, 30.0, 61.0, 700.0))
SHORT = st.sampled_from((0.0, 0.0, 1.0, 30.0))
DICE = st.integers(0, 2**32 - 1)
NAMES = st.sampled_from(AGENTS)

# --- what events say ------------------------------------------------------------------------------


@attrs.define
class Ticking:
    """What the ledger believes of one clock."""

    calendar: Calendar | None
    used: float
    since: float | None
    due: float | None
    warnings: ev.Warnings

    def used_by(self, at: float) -> float:
        """Return the seconds of its own time that are used up."""
        if self.since is None:
            return self.used
        calendar = self.calendar
        return self.used + (at - self.since if calendar is None else calendar.open_seconds(self.since, at))

    def go_on(self, event: ev.ClockStarted | ev.ClockResumed) -> None:
        """Run from now on, towards what the event says."""
        self.since, self.due, self.warnings = event.at, event.due, event.warnings
        ahead = [instant for _, instant in event.warnings]
        assert ahead == sorted(ahead)
        assert [share for share, _ in event.warnings] == sorted({share for share, _ in event.warnings})
        assert event.due is not None or not ahead
        assert (
            event.due is None or event.at <= min([event.due, *ahead]) <= max([event.due, *ahead]) <= event.due
        )

    def stop(self, event: ev.ClockPaused | ev.ClockStopped | ev.ClockCancelled) -> None:
        """Stand still, at what the event says."""
        assert event.elapsed == self.used_by(event.at)
        self.used, self.since, self.due, self.warnings = event.elapsed, None, None, ()


@attrs.define
class Held:
    """What the ledger believes of one interaction."""

    channel: str
    queue: str
    since: float
    promised: float | None
    """The target of the queue's `sla` that may still be missed."""
    stage: str = "waiting"
    agent: str | None = None
    """Who holds it."""
    asked: dict[int, str] = attrs.Factory(dict)
    """Open offers, and whose they are."""
    fence: int | None = None
    accepted: bool = False
    here: bool = False
    """It was accepted in this queue."""
    late: float | None = None
    """The last such target that was missed."""
    status: Status = Status.OPEN
    clocks: dict[str, Ticking] = attrs.Factory(dict)
    label: str | None = None
    writer: tuple[str, float] | None = None
    """Who has the lock, and until when."""
    parent: str | None = None
    """What it is a part of."""
    back: float | None = None
    """When it comes back that is put aside."""

    @property
    def first(self) -> str | None:
        """Who holds it, or is asked first."""
        return next(iter(self.asked.values()), None) if self.stage == "offered" else self.agent

    def dues(self) -> list[float]:
        """Return when targets will be missed."""
        found = [clock.due for clock in self.clocks.values() if clock.due is not None]
        return found if self.promised is None else [*found, self.since + self.promised]


class Ledger:
    """Who holds what and how much, from events alone; an impossible event fails at once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.units = _units(plan)
        self.alarms: set[tuple[str, str]] = set()
        self.queues: dict[str, Counter[str]] = {name: Counter() for name in plan.queues}
        self.works: dict[str, Held] = {}
        self.agents: dict[str, Agent] = {}
        self.presence: dict[str, Presence] = {}
        self.turns: dict[str, tuple[int, float]] = {}
        """Rotation -> its period, and nothing that is asked here."""
        self.shifts: dict[str, float] = {}
        """Agent -> the end of her shift."""
        self.surging = False
        self.fence = 0
        self.offer = 0
        self.total: Counter[str] = Counter()
        self.reviews: dict[str, tuple[str, str, bool]] = {}

    def take_in(self, event: ev.Event) -> None:
        """Believe *event*, if it can be true."""
        if self.take_in_review(event):
            return
        match event:
            case ev.Submitted():
                self.come_in(event)
            case ev.Offered():
                self.ask(event)
            case ev.Assigned():
                self.assign(event)
            case ev.Declined() | ev.OfferExpired() | ev.OfferRescinded():
                work = self.works[event.interaction]
                assert work.asked.pop(event.offer) == event.agent
                if work.stage == "offered" and not work.asked:
                    work.stage = "waiting"
            case ev.WrapUpStarted() | ev.Completed():
                work = self.works[event.interaction]
                assert work.stage in ("assigned", "wrapping")
                assert (work.agent, work.fence) == (event.agent, event.fence)
                assert work.stage == "wrapping" or self.open_parts(event.interaction) == []
                if isinstance(event, ev.Completed):
                    self.let_go(work, "closed")
                else:
                    work.stage = "wrapping"
            case ev.Cancelled() | ev.Abandoned() | ev.Collapsed() | ev.TemplateSent():
                self.close_early(event)
            case ev.Transferred() | ev.Requeued():
                work = self.works[event.interaction]
                assert work.agent == event.agent
                parked = isinstance(event, ev.Transferred) and work.stage == "parked"
                assert parked or work.stage in ("waiting", "assigned")
                self.let_go(work, "parked" if parked else "waiting")
                if isinstance(event, ev.Transferred):
                    if event.reset:
                        work.since, work.late = max(work.since, event.at), None
                    self.move(work, event)
            case ev.Rekeyed():
                self.move(self.works[event.interaction], event)
            case ev.Reopened() | ev.MessageReceived() | ev.StatusChanged() | ev.ReplySent():
                self.take_in_talk(event, self.works[event.interaction])
            case _:
                self.take_in_others(event)

    def take_in_review(self, event: ev.Event) -> bool:
        """Believe what is looked at; whether it was about that."""
        match event:
            case ev.ReplyProposed():
                work = self.works[event.interaction]
                assert (work.stage, work.agent) == ("assigned", event.agent)
                work.stage = "awaiting_approval"
                self.reviews[event.review] = event.interaction, event.agent, True
            case ev.ReplySampled():
                self.reviews[event.review] = event.interaction, event.agent, False
            case ev.ReplyApproved() | ev.ReplyRejected() | ev.ReplyWithdrawn():
                about, author, before = self.reviews[event.review]
                assert about == event.interaction
                assert (author == event.agent) == isinstance(event, ev.ReplyWithdrawn)
                if before:
                    assert self.works[about].stage == "awaiting_approval"
                    self.works[about].stage = "assigned"
            case _:
                return False
        return True

    def count(self, what: str, queue: str) -> None:
        """Count it in all and in its queue."""
        self.total[what] += 1
        self.queues[queue][what] += 1

    def leave(self, what: str, work: Held) -> None:
        """Count what leaves its queue for good before it was answered."""
        if not work.accepted:
            self.total[what] += 1
        if not work.here:
            self.queues[work.queue][what] += 1

    def come_in(self, event: ev.Submitted) -> None:
        """Believe that something came in."""
        known = self.works.get(event.interaction.id)
        assert known is None or known.stage == "closed"
        body = event.interaction
        assert body.parent is None or self.works[body.parent].stage not in ("closed", "wrapping")
        since = event.at if body.not_before is None else max(event.at, float(body.not_before))
        held = Held(body.channel, body.queue, since, event.target, label=body.label, parent=body.parent)
        self.works[body.id] = held
        self.count("entered", body.queue)

    def open_parts(self, parent: str) -> list[str]:
        """Return the stages of the open parts of something."""
        return [
            each.stage for each in self.works.values() if each.parent == parent and each.stage != "closed"
        ]

    def close_early(self, event: ev.Cancelled | ev.Abandoned | ev.Collapsed | ev.TemplateSent) -> None:
        """Believe that it was closed before it was done."""
        work = self.works[event.interaction]
        abandoned = isinstance(event, ev.Abandoned)
        if isinstance(event, ev.Collapsed | ev.TemplateSent):
            self.check_absorbed(event, work)
        assert set(self.open_parts(event.interaction)) <= {"wrapping"}
        assert work.stage in ("waiting", "parked", *(() if abandoned else ("assigned",)))
        self.leave("abandoned" if abandoned else "exited", work)
        self.let_go(work, "closed")

    def check_absorbed(self, event: ev.Collapsed | ev.TemplateSent, work: Held) -> None:
        """What a surge closes is new; what it is closed into is open in the same queue."""
        assert self.surging
        assert work.since == event.at
        if isinstance(event, ev.Collapsed):
            into = self.works[event.into]
            assert into is not work
            assert (into.stage != "closed", into.queue) == (True, work.queue)

    def move(self, work: Held, event: ev.Transferred | ev.Rekeyed) -> None:
        """Believe that it has another place."""
        if not work.accepted:
            promised = event.target is not None and (work.late is None or event.target > work.late)
            work.promised = event.target if promised else None
        if event.queue == work.queue:
            return
        if not work.here:
            self.queues[work.queue]["exited"] += 1
        self.queues[event.queue]["entered"] += 1
        work.queue, work.here = event.queue, work.fence is not None
        self.queues[event.queue]["answered"] += work.here

    def take_in_talk(
        self, event: ev.Reopened | ev.MessageReceived | ev.StatusChanged | ev.ReplySent, work: Held
    ) -> None:
        """Believe what is said about an interaction."""
        match event:
            case ev.Reopened():
                assert work.stage == "closed"
                assert work.clocks == {}
                work.stage, work.queue, work.since = "waiting", event.queue, event.at
                work.accepted, work.here, work.late, work.promised = False, False, None, event.target
                self.count("entered", event.queue)
            case ev.MessageReceived():
                assert work.stage != "closed"
                if work.stage == "wrapping":
                    work.stage = "assigned"
            case ev.StatusChanged():
                assert work.stage != "closed"
                assert work.status is not event.status
                work.status = event.status
            case ev.ReplySent():
                assert event.agent is None or event.agent in self.agents
                assert event.agent is None or work.writer is None or work.writer[0] == event.agent

    def take_in_clock(self, event: Any) -> None:
        """Believe what happens to a clock."""
        work = self.works[event.interaction]
        clock = work.clocks.get(event.target)
        if isinstance(event, ev.ClockStarted):
            assert clock is None
            assert work.stage != "closed"
            target = next(t for t in self.plan.queues[work.queue].targets if t.label == event.target)
            calendar = None if target.calendar is None else self.plan.calendars[target.calendar]
            work.clocks[event.target] = Ticking(calendar, event.elapsed, None, None, ())
            work.clocks[event.target].go_on(event)
        elif clock is None:
            assert isinstance(event, ev.SlaMissed)
            assert event.target == "first_response"
            assert work.promised is not None
            assert event.at >= event.due == work.since + work.promised
            work.promised, work.late = None, work.promised
        elif isinstance(event, ev.SlaWarned):
            assert clock.warnings[0] == (event.share, event.due)
            assert event.at >= event.due
            clock.warnings = clock.warnings[1:]
        elif isinstance(event, ev.SlaMissed):
            assert (clock.due, clock.warnings) == (event.due, ())
            assert event.at >= event.due
            clock.due = None
        elif isinstance(event, ev.ClockResumed):
            assert clock.since is None
            clock.go_on(event)
        else:
            assert clock.since is not None or not isinstance(event, ev.ClockPaused)
            clock.stop(event)
            if not isinstance(event, ev.ClockPaused):
                del work.clocks[event.target]

    def take_in_alarm(self, event: ev.AlarmRaised | ev.AlarmCleared) -> None:
        """Believe that a queue is in trouble, or is no more."""
        key = (event.queue, event.alarm)
        assert (key in self.alarms) == isinstance(event, ev.AlarmCleared)
        self.alarms ^= {key}
        if isinstance(event, ev.AlarmRaised):
            work = self.works[event.interaction]
            assert (work.queue, work.stage != "closed") == (event.queue, True)
            assert event.due is None or event.due <= event.at

    def late_and_near(self, at: float) -> set[tuple[str, str]]:
        """Return the alarms that must be raised of the queues that want to know what time brings."""
        found = set()
        for work in self.works.values():
            queue = None if work.stage == "closed" else self.plan.queues[work.queue]
            alarms = None if queue is None else queue.alarms
            if alarms is None:
                continue
            if alarms.oldest_age is not None and work.stage in ("waiting", "offered"):
                found |= {(work.queue, "oldest_age")} if work.since + alarms.oldest_age <= at else set()
            if (
                (lead := alarms.next_breach) is not None
                and work.stage != "parked"
                and any(due - lead <= at < due for due in work.dues())
            ):
                found.add((work.queue, "next_breach"))
        return found

    def take_in_others(self, event: ev.Event) -> None:
        """Believe what is about agents or the plan, or a step of what waits."""
        match event:
            case ev.Escalated():
                assert self.works[event.interaction].stage == "waiting"
            case ev.Updated():
                assert self.works[event.interaction].stage != "closed"
            case ev.Parked() | ev.Resumed() | ev.Locked() | ev.Unlocked() | ev.WrapUpExtended():
                self.take_in_hands(event, self.works[event.interaction])
            case ev.AgentAdded() | ev.AgentChanged():
                self.agents[event.agent.id] = event.agent  # without what her groups add
                if isinstance(event, ev.AgentAdded):
                    self.presence[event.agent.id] = Presence.OFFLINE
            case ev.AgentRemoved():
                assert not self.hands(event.agent)
                del self.agents[event.agent], self.presence[event.agent]
                self.shifts.pop(event.agent, None)
            case ev.PresenceChanged():
                assert event.agent in self.presence
                self.presence[event.agent] = event.presence
            case ev.Rotated():
                assert event.due is None or event.due <= event.at
                self.turns[event.rotation] = event.period - 1, 0.0
            case ev.SurgeStarted() | ev.SurgeEnded():
                assert self.surging == isinstance(event, ev.SurgeEnded)
                self.surging = not self.surging
            case ev.PlanChanged():
                self.turns.clear()
                assert not self.surging or event.plan["surge"] == self.plan.to_data(strict=False)["surge"]
                self.plan = Plan.from_data(event.plan)
                self.units = _units(self.plan)
                self.queues = {name: Counter() for name in self.plan.queues} | self.queues
            case ev.Heard():
                assert self.presence[event.agent] not in (Presence.OFFLINE, Presence.AWAY)
                assert event.until == event.at + (self.plan.heartbeat or 0.0)
            case ev.ShiftSet():
                assert event.agent in self.presence
                assert event.due in (None, self.shifts.get(event.agent))
                assert event.due is None or event.due <= event.at
                self.shifts[event.agent] = inf if event.until is None else event.until
            case ev.AlarmRaised() | ev.AlarmCleared():
                self.take_in_alarm(event)
            case ev.Refused():
                pass
            case _:
                self.take_in_clock(event)

    def ask(self, event: ev.Offered) -> None:
        """Believe that an agent is asked, perhaps with others."""
        assert event.offer > self.offer, "an offer id was used twice"
        assert event.expires > event.at
        self.offer = event.offer
        work = self.works[event.interaction]
        assert work.stage in ("waiting", "offered")
        assert event.agent not in work.asked.values(), "she was asked twice"
        work.stage, work.asked[event.offer] = "offered", event.agent
        self.check_grant(event, work)

    def take_in_hands(
        self,
        event: ev.Parked | ev.Resumed | ev.Locked | ev.Unlocked | ev.WrapUpExtended,
        work: Held,
    ) -> None:
        """Believe in whose hands it is, or is not."""
        match event:
            case ev.Parked():
                assert work.stage in ("waiting", "assigned", "parked")
                assert work.agent == event.agent
                assert event.on_reply or event.until is not None
                self.let_go(work, "parked")
                work.back = event.until
            case ev.Locked():
                assert work.stage != "closed"
                before = work.writer and work.writer[0]
                assert event.stolen_from == (None if before == event.agent else before)
                work.writer = event.agent, event.until
            case ev.Unlocked():
                assert work.writer is not None
                assert work.writer[0] == event.agent
                assert event.due in (None, work.writer[1])
                work.writer = None
            case ev.WrapUpExtended():
                assert (work.stage, work.agent, work.fence) == ("wrapping", event.agent, event.fence)
            case ev.Resumed():
                assert work.stage == "parked"
                assert event.due is None or event.due == work.back
                assert (event.cause == "time") == (event.due is not None)
                work.stage = "waiting"

    def assign(self, event: ev.Assigned) -> None:
        """Believe that an agent owns it now."""
        assert event.fence > self.fence, "a fence did not rise"
        self.fence = event.fence
        work = self.works[event.interaction]
        if event.offer is not None:
            assert work.stage == "offered"
            assert work.asked.pop(event.offer) == event.agent
            work.stage, work.agent = "assigned", event.agent
        else:
            work = self.grip(event.interaction, event.agent, "assigned")
            if event.how == "auto":
                self.check_grant(event, work)
            elif event.how != "override":
                self.check_room(event.agent, work)
        work.fence, work.promised = event.fence, None
        self.total["answered"] += not work.accepted
        self.queues[work.queue]["answered"] += not work.here
        work.accepted = work.here = True

    def grip(self, interaction: str, agent: str, stage: str) -> Held:
        """Put it into the hands of one agent; nobody else may have it (I1)."""
        work = self.works[interaction]
        assert work.stage == "waiting" or (stage, work.stage) == ("assigned", "parked"), f"it is {work}"
        assert work.agent is None, f"{interaction} is {work}"
        work.stage, work.agent = stage, agent
        return work

    def let_go(self, work: Held, stage: str) -> None:
        """Take it out of all hands."""
        assert not work.asked
        work.stage, work.agent, work.fence = stage, None, None
        if stage == "closed":
            work.promised = None

    def hands(self, agent: str) -> list[Held]:
        """Return what an agent is offered or holds."""
        return [each for each in self.works.values() if agent == each.agent or agent in each.asked.values()]

    def load(self, agent: str) -> int:
        """Return how much that is, in millionths of a unit."""
        return sum(self.weight(work) for work in self.hands(agent))

    def dozes(self, work: Held) -> bool:
        """Whether it takes up less because it is somebody else's turn."""
        return self.lighter(work) != []

    def lighter(self, work: Held) -> list[float]:
        """Return the units that it takes up at most."""
        less = self.plan.channels[work.channel].pending_units
        asleep = work.fence is not None and work.status is not Status.OPEN and less is not None
        review = self.plan.queues[work.queue].review if work.stage == "awaiting_approval" else None
        found = [less if asleep else None, None if review is None else review.units]
        return [each for each in found if each is not None]

    def weight(self, work: Held) -> int:
        """Return how much of it is in somebody's hands."""
        return min([self.units[work.channel], *(round(each * 1_000_000) for each in self.lighter(work))])

    def check_grant(self, event: ev.Offered | ev.Assigned, work: Held) -> None:
        """Who is given it is there, has room, and will be done by the end of her shift."""
        assert self.presence[event.agent] is Presence.AVAILABLE
        self.check_room(event.agent, work)
        takes = self.plan.channels[work.channel].handle_time or 0.0
        assert event.at < self.shifts.get(event.agent, inf) - takes, "it is too late in her shift"

    def check_room(self, agent: str, new: Held) -> None:
        """No grant goes over pool or limit (I2); a cut later on takes nothing away."""
        who, channel, channels = (
            formed(self.agents[agent], self.plan, self.turns, self.surging),
            new.channel,
            self.plan.channels,
        )
        hands = [work for work in self.hands(agent) if work is not new]
        hard = [work for work in hands if channel not in channels[work.channel].interruptible_by]
        kept = round(who.reserve * 1_000_000) if any(map(self.dozes, hands)) else 0
        load = sum(map(self.weight, hard)) + self.units[channel] + kept
        assert load <= round(who.capacity * 1_000_000), f"{agent} is overloaded"
        if who.channels is not None:
            held = sum(1 for work in [*hands, new] if work.channel == channel)
            assert held <= who.channels.get(channel, 0), f"{agent} has {held} on {channel}"
        if new.label is not None and new.label in (who.labels or {}):
            held = sum(1 for work in [*hands, new] if work.label == new.label)
            assert held <= (who.labels or {})[new.label], f"{agent} has {held} of {new.label}"
        for other in [work.channel for work in hard]:
            for one, beside in ((other, channels[channel].beside), (channel, channels[other].beside)):
                assert beside is None or one in beside, f"{agent} has {channel} beside {other}"

    def waiting(self) -> int:
        """Return how many are open and were never accepted."""
        return sum(1 for work in self.works.values() if work.stage != "closed" and not work.accepted)


def _units(plan: Plan) -> Mapping[str, int]:
    return {name: round(channel.units * 1_000_000) for name, channel in plan.channels.items()}


# --- what must hold -------------------------------------------------------------------------------


def by_method(engine: Engine, command: cmd.Command, at: float) -> list[ev.Event]:
    """Give *command* by the fast door of its kind, if there is one for all that it says."""
    if command.key is not None or command.actor is not None or command.expected_version is not None:
        return engine.handle(command, at)
    match command:
        case cmd.Submit():
            return engine.submit(command.interaction, at)
        case cmd.Accept():
            return engine.accept(command.offer, command.agent, at)
        case cmd.Complete():
            return engine.complete(command.interaction, command.agent, command.fence, at)
        case cmd.Abandon():
            return engine.abandon(command.interaction, at)
        case _:
            return engine.handle(command, at)


class Watched:
    """An engine, and everything that is checked after every one of its turns."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.engine = Engine(plan)
        self.store = MemoryStore()
        self.journal = record(self.engine, self.store)
        self.state = self.engine.snapshot()
        """As it was after the last turn."""
        self.replica: Engine | None = None
        self.ledger = Ledger(plan)
        self.turns: list[tuple[float, cmd.Command, list[ev.Event], int]] = []
        self.kept: list[tuple[Any, str]] = []
        """What was handed over or returned, and how it looked then."""

    def turn(self, command: cmd.Command, at: float) -> list[ev.Event]:
        """Give all engines one turn."""
        engine, before = self.engine, _without_keys(self.state)
        answer = self.journal.handle(command, at)
        facts, timed = list(engine.facts), engine.timed
        if self.replica is not None:
            assert by_method(self.replica, command, at) == answer
            assert (self.replica.facts, self.replica.timed) == (facts, timed)
        for event in facts:
            self.ledger.take_in(event)
        self.state = engine.snapshot()
        if not timed and all(isinstance(event, ev.Refused) for event in facts):
            assert _without_keys(self.state) == before, f"{command} was refused and changed something"
        if facts or command.key is not None:
            self.turns.append((at, command, facts, timed))
        for each in (command, *answer, answer):
            self.kept.append((each, repr(each)))
        return answer

    def check(self) -> None:
        """The engine's own invariants, the alarm clock, and the ledger's view of the same."""
        engine, ledger = self.engine, self.ledger
        calm_until = engine.calm_until
        engine.check()
        assert calm_until <= engine.next_wake > engine.now
        if self.replica is not None and self.replica.now == engine.now:
            assert self.replica.next_wake == engine.next_wake
        snapshot = self.state
        held = {row[0]: (row[1], row[6] and row[6][0]) for row in snapshot["works"]}
        assert held == {name: (work.stage, work.first) for name, work in ledger.works.items() if name in held}
        assert all(work.stage == "offered" for work in ledger.works.values() if work.asked)
        assert {row[0]: (row[2], row[4][0]) for row in snapshot["agents"]} == {
            agent: (presence.value, ledger.load(agent)) for agent, presence in ledger.presence.items()
        }
        total = snapshot["total"]
        assert total["entered"] == ledger.total["entered"]
        assert total["answered"] == ledger.total["answered"]
        assert total["abandoned"] == ledger.total["abandoned"]
        assert sum(total["exited"].values()) == ledger.total["exited"]
        assert total["waiting"] == ledger.waiting()
        for name, tally in snapshot["queues"].items():
            counted = ledger.queues[name]
            assert tally["entered"] == counted["entered"]
            assert tally["answered"] == counted["answered"]
            assert tally["abandoned"] == counted["abandoned"]
            assert sum(tally["exited"].values()) == counted["exited"]
        self.check_clocks(snapshot)

    def check_clocks(self, snapshot: dict[str, Any]) -> None:
        """The ledger's view of what was said, of the clocks and of the alarms."""
        now, ledger = self.engine.now, self.ledger
        for name, work in ledger.works.items():
            status, _, _, _, clocks, _ = snapshot["conversations"].get(name, ("open", 0, 0, 0, {}, 0))
            assert status == work.status.value
            assert {label: row[1] for label, row in clocks.items()} == {
                label: [clock.since, clock.due, list(clock.warnings)] for label, clock in work.clocks.items()
            }
            assert work.stage != "closed" or not clocks
            assert all(due > now for due in work.dues()), f"{name} is late since {min(work.dues())}"
        assert snapshot["alarms"] == sorted(f"{queue}.{alarm}" for queue, alarm in ledger.alarms)
        by_time = {key for key in ledger.alarms if key[1] in ("oldest_age", "next_breach")}
        assert by_time == ledger.late_and_near(now)

    def recover(self, *, look: bool) -> None:
        """From here on a replayed engine goes along, whether or not its clock was read first."""
        self.replica = self.replayed()
        assert self.replica.snapshot() == self.state
        if look and self.turns:
            self.replica.check()
            assert self.replica.tick(self.engine.now) == []  # turns without facts are in no journal
            assert self.replica.next_wake == self.engine.next_wake

    def replayed(self) -> Engine:
        """Return a fresh engine that has taken in every fact."""
        engine = Engine(Plan.from_data(self.plan.to_data()))
        for at, command, facts, timed in self.turns:
            engine.absorb(at, command, facts, timed)
        return engine

    def finish(self) -> None:
        """Replay gives the same state, and nothing that was handed out has changed since."""
        self.journal.flush()
        verdict = verify(self.store)
        assert verdict.ok, verdict.problems
        replica = replay(self.store)
        assert replica.snapshot() == self.state == self.engine.snapshot()
        assert replica.tick(self.engine.now) == []  # turns without facts are in no journal
        assert replica.next_wake == self.engine.next_wake
        replica.check()
        if self.replica is not None:
            assert self.replica.snapshot() == self.state
        for each, looked in self.kept:
            assert repr(each) == looked, "a command or an event was changed after it was made"


def _without_keys(snapshot: dict[str, Any]) -> str:
    """Return a state as text, without the keys that were heard: those of refused commands are, too."""
    return repr({name: value for name, value in snapshot.items() if name != "keys"})


def some_plan(dice: int) -> Plan:
    """Return a plan that remembers everything to the end."""
    return attrs.evolve(a_plan(Random(dice)), retention=604_800.0)


@settings(max_examples=2 * settings().max_examples)
@given(seed=DICE, steps=STEPS, recoveries=st.sets(st.integers(0, 80)))
def test_whatever_is_said_the_invariants_hold_and_replay_is_exact(
    seed: int, steps: list[int], recoveries: set[int]
) -> None:
    """A likely day, with engines that are replayed in the middle of it and go on."""
    rnd = Random(seed)
    watched = Watched(some_plan(seed))
    router = Router(watched.plan)
    at = rnd.choice(STARTS)
    script = Script(router, at)
    command: cmd.Command
    for name in AGENTS[: rnd.randint(0, 4)]:
        for command in (cmd.AddAgent(an_agent(rnd, name, watched.plan)), cmd.SignOn(name)):
            router.handle(command, at)
            watched.turn(command, at)
    for number, each in enumerate(steps):
        if number in recoveries:
            watched.recover(look=bool(each % 2))
        command, at = script.next(Random(each), watched.engine.next_wake)
        if isinstance(command, cmd.ChangePlan):
            command = attrs.evolve(command, plan={**command.plan, "retention": 604_800.0})
        router.handle(command, at)
        watched.turn(command, at)
        if number not in recoveries:
            watched.check()
    watched.finish()


# --- the machine ----------------------------------------------------------------------------------


class EveryCommand(RuleBasedStateMachine):
    """All commands, their ids mostly right and sometimes wrong or stale, at any instants."""

    @initialize(dice=DICE)
    def begin(self, dice: int) -> None:
        """Open a center under some plan."""
        self.watched = Watched(some_plan(dice))
        self.engine, self.ledger = self.watched.engine, self.watched.ledger
        self.at = 1_000.0
        self.count = 0
        self.answers: dict[str, tuple[cmd.Command, list[ev.Event]]] = {}
        self.bodies: dict[str, Interaction] = {}
        self.one_turn(cmd.Tick())
        rnd = Random(dice)
        for who in AGENTS[: rnd.randint(0, 4)]:
            self.one_turn(cmd.AddAgent(self.some_agent(who, rnd)))
            self.one_turn(cmd.SignOn(who))

    def some_agent(self, who: str, rnd: Random) -> Agent:
        """Return somebody who fits the plan that holds."""
        plan = self.engine.plan
        return Agent(
            id=who,
            skills={skill: float(rnd.randint(0, 3)) for skill in SKILLS if rnd.random() < 0.7},
            queues=rnd.choice((None, None, None, {queue: 1 for queue in plan.queues if rnd.random() < 0.7})),
            channels=rnd.choice(
                (None, None, None, {channel: rnd.randint(0, 2) for channel in plan.channels})
            ),
            capacity=rnd.choice((1.0, 1.0, 2.5, 0.3)),
            pull=rnd.random() < 0.1,
            labels=rnd.choice((None, None, {"refund": rnd.randint(0, 2)})),
            reserve=rnd.choice((0.0, 0.0, 0.5)),
            login_ramp=rnd.choice((None, None, 30.0)),
            delays=rnd.choice(({}, {}, {queue: rnd.choice((0.0, 10.0, 60.0)) for queue in plan.queues})),
            groups=tuple(name for name in plan.groups if rnd.random() < 0.4),
        )

    def turn(self, command: cmd.Command, gap: float) -> list[ev.Event]:
        """Say *command* to all engines and check what must hold for every turn."""
        self.at += gap
        if gap:
            self.one_turn(cmd.Tick())  # so that what follows is the command's own
        return self.one_turn(command)

    def one_turn(self, command: cmd.Command) -> list[ev.Event]:
        """Say *command* now, without letting time pass before it."""
        return self.watched.turn(command, self.at)

    @invariant()
    def everything_is_in_order(self) -> None:
        """After every rule."""
        if hasattr(self, "watched"):
            self.watched.check()

    def teardown(self) -> None:
        """At the end of every run."""
        if hasattr(self, "watched"):
            self.watched.finish()

    # --- recovery, time, keys -----------------------------------------------------------------

    @precondition(lambda self: self.count % 3 == 2)
    @rule(look=st.booleans())
    def recover(self, look: bool) -> None:
        """A crash: a replayed engine goes along from here on."""
        self.watched.recover(look=look)

    @rule(gap=GAPS, how=st.sampled_from(("tick", "exactly", "late")))
    def sleep(self, gap: float, how: str) -> None:
        """Time passes: some, exactly until the next timer, or past several in one turn."""
        wake = self.engine.next_wake
        if how == "exactly" and wake < float("inf"):
            self.at = wake
            self.one_turn(cmd.Tick())
        elif how == "late":
            self.at += gap
            self.one_turn(cmd.Disconnect("nobody"))
        else:
            self.turn(cmd.Tick(), gap)

    @precondition(lambda self: self.count % 5 == 4)
    @rule(instant=st.sampled_from((float("nan"), float("inf"), float("-inf"), True, "1", None, 10**400)))
    def at_no_time(self, instant: object) -> None:
        """An impossible instant is the caller's fault, and changes nothing."""
        before = repr(self.engine.snapshot()), self.engine.now
        for wrong in (instant, self.at - 1.0):
            with pytest.raises(UsageError):
                self.engine.tick(wrong)  # type: ignore[arg-type]
        assert (repr(self.engine.snapshot()), self.engine.now) == before

    @precondition(lambda self: self.answers)
    @rule(gap=GAPS, dice=DICE, same=st.booleans())
    def say_again(self, gap: float, dice: int, same: bool) -> None:
        """A key said twice: the same body gets the same answer, another one is refused."""
        key = sorted(self.answers)[dice % len(self.answers)]
        said, answer = self.answers[key]
        if same:
            assert self.turn(said, gap) == answer
            assert self.engine.facts == []
        else:
            (refused,) = self.turn(cmd.SetPresence("else", Presence.AWAY, key=key), gap)
            assert isinstance(refused, ev.Refused)
            assert refused.rule == "key_reused"

    @precondition(lambda self: self.ledger.works and self.count % 3 == 2)
    @rule(gap=GAPS, dice=DICE, same=st.booleans())
    def submit_again(self, gap: float, dice: int, same: bool) -> None:
        """An id submitted twice: no new fact, or refused."""
        known = list(self.ledger.works)
        body = self.bodies[known[dice % len(known)]]
        if not same:
            body = attrs.evolve(body, ref="another")
        (answer,) = self.turn(cmd.Submit(body), gap)
        if same:
            assert isinstance(answer, ev.Submitted)
            assert answer.interaction == body
            assert self.engine.facts == []
        else:
            assert isinstance(answer, ev.Refused)
            assert answer.rule == "id_reused"

    # --- interactions ---------------------------------------------------------------------------

    @rule(gap=GAPS, dice=st.lists(DICE, min_size=1, max_size=3), keyed=st.booleans())
    def submit(self, gap: float, dice: list[int], keyed: bool) -> None:
        """Somebody writes; several may at once."""
        for each in dice:
            self.write(each, gap, keyed)
            gap = 0.0

    def write(self, dice: int, gap: float, keyed: bool) -> None:
        """One interaction comes in."""
        rnd = Random(dice)
        self.count += 1
        plan = self.engine.plan
        queue = rnd.choice([*plan.queues] * 9 + [*QUEUES])
        others = [each for each in plan.queues if each != queue]
        body = Interaction(
            id=f"i{self.count}",
            queue=queue,
            shared_with=tuple(each for each in others if rnd.random() < 0.2),
            channel=rnd.choice([*plan.channels] * 9 + [*CHANNELS]),
            needs=Needs({skill: float(rnd.randint(0, 2)) for skill in SKILLS if rnd.random() < 0.2}),
            sentiment=rnd.choice((None, -1.0, 0.5)),
            tier=rnd.choice((None, None, 0, 3)),
            prefers=rnd.choice((None, *AGENTS)),
            label=rnd.choice((None, "refund")),
            not_before=self.at + gap + rnd.choice((-1.0, 10.0, 90.0)) if rnd.random() < 0.2 else None,
            parent=rnd.choice([*self.ledger.works]) if self.ledger.works and rnd.random() < 0.2 else None,
            attributes=some_traits(rnd),
        )
        self.keyed(cmd.Submit(body), gap, keyed)
        self.bodies[body.id] = body

    def keyed(self, command: cmd.Command, gap: float, keyed: bool) -> None:
        """Say *command*, with a new key or without one."""
        if not keyed:
            self.turn(command, gap)
            return
        key = f"k{len(self.answers)}"
        command = attrs.evolve(command, key=key)
        self.answers[key] = (command, self.turn(command, gap))

    @precondition(lambda self: self.in_hands("offered"))
    @rule(gap=SHORT, yes=st.lists(st.sampled_from((True, True, False)), min_size=1), keyed=st.booleans())
    def answer(self, gap: float, yes: list[bool], keyed: bool) -> None:
        """Agents take what they were offered, or do not, perhaps too late."""
        asked = [list(work.asked.items())[-1] for _, work in self.in_hands("offered")]
        for takes, (offer, agent) in zip(yes, asked, strict=False):
            ids = (OfferId(offer), agent)
            self.keyed(cmd.Accept(*ids) if takes else cmd.Decline(*ids), gap, keyed)
            gap = 0.0

    def in_hands(self, *stages: str) -> list[tuple[str, Held]]:
        """Return what is offered, or held, with its id; copies, as they are now."""
        return [
            (name, attrs.evolve(each)) for name, each in self.ledger.works.items() if each.stage in stages
        ]

    @precondition(lambda self: self.count % 4 == 3)
    @rule(gap=GAPS, dice=DICE, who=NAMES, yes=st.booleans())
    def wrong_answer(self, gap: float, dice: int, who: str, yes: bool) -> None:
        """Any agent answers any offer there ever was, or was not."""
        offer = OfferId(dice % (self.ledger.offer + 3) - 1)
        self.turn(cmd.Accept(offer, who) if yes else cmd.Decline(offer, who), gap)

    @precondition(lambda self: self.in_hands("assigned", "wrapping", "awaiting_approval"))
    @rule(gap=SHORT, dice=st.lists(DICE, min_size=1, max_size=4))
    def work(self, gap: float, dice: list[int]) -> None:
        """Agents go on with what they hold; now and then a fence is an old one."""
        for each, (name, work) in zip(
            dice, self.in_hands("assigned", "wrapping", "awaiting_approval"), strict=False
        ):
            rnd = Random(each)
            ids = (name, work.agent or "", Fence((work.fence or 0) - rnd.choice((0, 0, 0, 0, 0, 1))))
            done = cmd.Complete(*ids) if work.stage == "assigned" else cmd.FinishWrapUp(*ids)
            other = cmd.FinishWrapUp(*ids) if work.stage == "assigned" else cmd.Complete(*ids)
            queue = rnd.choice(QUEUES)
            until = rnd.choice((None, self.at + gap + 20.0))
            commands: list[cmd.Command] = [
                done,
                done,
                done,
                other,
                cmd.Release(*ids),
                cmd.Transfer(name, queue, *ids[1:]),
            ]
            commands += [cmd.Park(name, until, *ids[1:], rnd.random() < 0.8)]
            commands += [cmd.Propose(*ids), cmd.Approve(*ids), cmd.Reject(*ids)]
            commands += [cmd.Escalate(*ids), cmd.ExtendWrapUp(*ids, 15.0)]
            to, age = rnd.choice((None, *AGENTS)), rnd.choice(("keep", "reset"))
            commands += [cmd.Transfer(name, queue, *ids[1:], to, age)]
            self.turn(rnd.choice(commands), gap)
            gap = 0.0

    @precondition(lambda self: self.ledger.works and self.count % 3 == 1)
    @rule(gap=GAPS, dice=DICE, what=st.integers(0, 5), who=NAMES, override=st.booleans())
    def from_outside(self, gap: float, dice: int, what: int, who: str, override: bool) -> None:
        """The customer or a supervisor steps in."""
        names = ["none", *self.ledger.works]
        name = names[dice % len(names)]
        commands: list[cmd.Command] = [
            cmd.Cancel(name),
            cmd.Abandon(name),
            cmd.Transfer(name, QUEUES[dice % len(QUEUES)]),
            cmd.Assign(name, who, override),
            cmd.Park(name, self.at + gap + 30.0, on_reply=override),
            cmd.Resume(next(iter(self.in_hands("parked")), (name,))[0]),
        ]
        self.turn(commands[what], gap)

    @precondition(lambda self: self.ledger.works and self.count % 2)
    @rule(gap=GAPS, dice=DICE, keyed=st.booleans())
    def know_more(self, gap: float, dice: int, keyed: bool) -> None:
        """Something else is known of what is open, whoever has it; said again, it is nothing new."""
        names = ["none", *self.ledger.works]
        command = an_update(Random(dice), names[dice % len(names)])
        before = attrs.evolve(self.ledger.works[command.interaction]) if dice % len(names) else None
        self.keyed(command, gap, keyed)
        after = self.ledger.works.get(command.interaction)
        if before is not None and after is not None and not gap and before.stage != "waiting":
            assert (after.stage, after.agent, after.asked) == (before.stage, before.agent, before.asked)
        again = self.turn(command, 0.0)[0]
        if isinstance(again, ev.Updated):
            assert command.tier is not None, "only a step can have said otherwise in the same turn"
            return
        assert isinstance(again, ev.Refused)
        nowhere = ("unknown_interaction", "unknown_skill", "unknown_attribute")
        assert again.rule in ("already_so", "closed", *nowhere)

    @precondition(lambda self: self.count % 4 == 2 and self.in_hands("waiting", "offered", "assigned"))
    @rule(dice=DICE, off=st.integers(0, 1))
    def at_a_version(self, dice: int, off: int) -> None:
        """A command that was decided upon an older version is refused."""
        rows = [row for row in self.engine.snapshot()["works"] if row[1] != "closed"]
        row = rows[dice % len(rows)]
        answer = self.turn(cmd.Cancel(row[0], expected_version=row[3][-1] - off), 0.0)
        stale = [event for event in answer if isinstance(event, ev.Refused) and event.rule == "stale_version"]
        assert bool(stale) == bool(off)

    # --- what is said -------------------------------------------------------------------------

    @precondition(lambda self: self.ledger.works and self.count % 2)
    @rule(gap=GAPS, dice=DICE, mood=st.sampled_from((None, -1.0, 0.5)), keyed=st.booleans())
    def hear_from_the_customer(self, gap: float, dice: int, mood: float | None, keyed: bool) -> None:
        """She writes again, whether or not it is closed; a burst of messages is one."""
        names = [*self.ledger.works]
        name = names[dice % len(names)]
        self.keyed(cmd.CustomerReplied(name, mood), gap, keyed)
        if self.ledger.works[name].stage != "closed":
            assert self.ledger.works[name].status is Status.OPEN
            burst = self.turn(cmd.CustomerReplied(name, mood), 0.0)
            assert not any(isinstance(event, ev.ClockStarted) for event in burst)

    @precondition(lambda self: self.ledger.works and self.count % 3)
    @rule(gap=SHORT, dice=DICE, who=NAMES, how=st.sampled_from(("bot", "holder", "somebody", "stale")))
    def answer_the_customer(self, gap: float, dice: int, who: str, how: str) -> None:
        """Somebody or something answers; a fence that is shown must be the right one."""
        held = self.in_hands("assigned", "wrapping")
        name, work = (held or [*self.ledger.works.items()])[dice % len(held or self.ledger.works)]
        if how == "bot":
            self.turn(cmd.BotReplied(name), gap)
        elif how == "somebody" or work.agent is None or work.fence is None:
            self.turn(cmd.AgentReplied(name, who), gap)
        else:
            fence = Fence(work.fence - (how == "stale"))
            answer = self.turn(cmd.AgentReplied(name, work.agent, fence), gap)
            if not gap:
                first = next(event for event in answer if not isinstance(event, ev.Heard))
                assert isinstance(first, ev.Refused if how == "stale" else ev.ReplySent)

    @precondition(lambda self: self.ledger.works)
    @rule(gap=SHORT, dice=DICE, status=st.sampled_from(Status))
    def say_whose_turn_it_is(self, gap: float, dice: int, status: Status) -> None:
        """Clocks stand still and go on."""
        names = ["none", *self.ledger.works]
        self.turn(cmd.SetStatus(names[dice % len(names)], status), gap)

    @precondition(lambda self: self.ledger.works)
    @rule(gap=SHORT, dice=DICE, who=NAMES, steal=st.booleans(), end=st.booleans())
    def write_undisturbed(self, gap: float, dice: int, who: str, steal: bool, end: bool) -> None:
        """Somebody locks, steals the lock, or gives it back."""
        names = [*self.ledger.works]
        self.turn(cmd.Lock(names[dice % len(names)], who, steal), gap)
        if end:
            self.turn(cmd.Unlock(names[dice % len(names)], who), 0.0)

    @precondition(lambda self: self.in_hands("closed"))
    @rule(gap=GAPS, dice=DICE, reason=st.sampled_from(("", "by mistake")))
    def open_again(self, gap: float, dice: int, reason: str) -> None:
        """It waits again, unless it has no place any more."""
        closed = self.in_hands("closed")
        answer = self.turn(cmd.Reopen(closed[dice % len(closed)][0], reason), gap)
        assert isinstance(answer[0], ev.Reopened | ev.Refused)

    # --- agents and the plan --------------------------------------------------------------------

    @precondition(lambda self: self.count % 3 == 0)
    @rule(gap=GAPS, who=NAMES, dice=DICE)
    def hire(self, gap: float, who: str, dice: int) -> None:
        """Somebody joins, or is there already and learns something else."""
        rnd = Random(dice)
        agent = self.some_agent(who, rnd)
        known = who in self.ledger.agents and rnd.random() < 0.9
        self.turn(cmd.ChangeAgent(agent) if known else cmd.AddAgent(agent), gap)
        if not known:
            self.turn(cmd.SignOn(who), 0.0)

    @precondition(lambda self: Presence.AWAY in self.ledger.presence.values() or self.count % 3 == 0)
    @rule(gap=GAPS, who=st.lists(NAMES, min_size=1, max_size=4, unique=True), keyed=st.booleans())
    def sign_on(self, gap: float, who: list[str], keyed: bool) -> None:
        """Some come, or come back."""
        for each in who:
            self.keyed(cmd.SignOn(each), gap, keyed)
            gap = 0.0

    @precondition(lambda self: self.ledger.agents and self.count % 2)
    @rule(gap=GAPS, who=NAMES, presence=st.sampled_from([*Presence, None]))
    def change_presence(self, gap: float, who: str, presence: Presence | None) -> None:
        """Somebody is elsewhere or otherwise."""
        self.turn(cmd.SignOff(who) if presence is None else cmd.SetPresence(who, presence), gap)

    @precondition(lambda self: self.ledger.agents and self.engine.plan.heartbeat is not None)
    @rule(gap=SHORT, who=NAMES)
    def beat(self, gap: float, who: str) -> None:
        """Somebody is still there."""
        answer = self.turn(cmd.Heartbeat(who), gap)
        assert all(isinstance(each, ev.Heard | ev.Refused) for each in answer)

    @precondition(lambda self: self.ledger.agents and self.count % 3 == 2)
    @rule(
        gap=GAPS,
        who=NAMES,
        lasts=st.sampled_from((None, -1.0, 0.0, 5.0, 61.0, 700.0)),
        away=st.booleans(),
    )
    def set_shift(self, gap: float, who: str, lasts: float | None, away: bool) -> None:
        """The end of a shift, or of the time before a break, is known, or is not any more."""
        until = None if lasts is None else self.at + gap + lasts
        answer = self.turn(cmd.SetShift(who, until, Presence.AWAY if away else Presence.OFFLINE), gap)
        if lasts is not None and lasts <= 0:
            assert isinstance(answer[0], ev.Refused)

    @precondition(lambda self: self.ledger.agents and self.count % 3 == 1)
    @rule(gap=GAPS, who=NAMES)
    def lose(self, gap: float, who: str) -> None:
        """A connection breaks."""
        self.turn(cmd.Disconnect(who), gap)

    @rule(gap=GAPS, who=NAMES)
    def pull(self, gap: float, who: str) -> None:
        """An agent asks for the next."""
        for event in self.turn(cmd.Pull(who), gap):
            assert not isinstance(event, ev.Assigned) or event.agent == who

    @precondition(lambda self: self.ledger.agents and self.count % 5 == 2)
    @rule(gap=GAPS, who=NAMES)
    def fire(self, gap: float, who: str) -> None:
        """Somebody leaves for good."""
        self.turn(cmd.RemoveAgent(who), gap)

    @precondition(lambda self: self.count % 4 == 3)
    @rule(gap=GAPS, dice=DICE)
    def replan(self, gap: float, dice: int) -> None:
        """Another plan: queues, channels and skills come and go."""
        self.turn(cmd.ChangePlan(some_plan(dice).to_data()), gap)

    @precondition(lambda self: self.count % 10 == 5)
    @rule(gap=GAPS)
    def resume(self, gap: float) -> None:
        """Nothing was switched off."""
        self.turn(cmd.ResumePolicy("capacity"), gap)


TestEveryCommand = EveryCommand.TestCase
TestEveryCommand.settings = settings(max_examples=2 * settings().max_examples)
