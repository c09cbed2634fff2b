"""Alarms of queues: raised once when something is in trouble, cleared when nothing is any more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import HOUR, OFFICE, Checked, live, only, story, t, under, wall
from workassign import (
    Agent,
    Alarms,
    Channel,
    Engine,
    Interaction,
    Needs,
    Plan,
    Presence,
    Queue,
    Status,
    Target,
    record,
    replay,
    verify,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.policies.escalation import Step
from workassign.policies.sla import first_response
from workassign.stores.memory import MemoryStore


def desk(alarms: Alarms | None, **queue: Any) -> Checked:
    """Return an engine with one queue and these alarms; ann is on the roster, but not there."""
    return under(Plan(queues={"default": Queue(alarms=alarms, **queue)}))


def alarms(events: Sequence[ev.Event]) -> list[str]:
    """Return what was raised and cleared, each in a few words."""
    told = []
    for event in events:
        if isinstance(event, ev.AlarmRaised):
            told.append(f"{event.queue}: {event.alarm} by {event.interaction}")
        elif isinstance(event, ev.AlarmCleared):
            told.append(f"{event.queue}: {event.alarm} is over")
    return told


# --- too old --------------------------------------------------------------------------------------


def test_what_waits_too_long_raises_an_alarm_once_and_clears_it_when_it_is_accepted() -> None:
    """An offer is no help yet."""
    engine = desk(Alarms(oldest_age=60), offer_for=600.0)
    assert alarms(engine.submit(Interaction(id="i"), 0.0)) == []
    assert alarms(engine.tick(59.9)) == []
    assert engine.tick(60.0) == [ev.AlarmRaised(60.0, 60.0, "default", "oldest_age", "i")]
    assert alarms(engine.tick(1000.0)) == []
    assert alarms(engine.sign_on("ann", 1001.0)) == []
    assert engine.accept(1, "ann", 1002.0)[-1] == ev.AlarmCleared(1002.0, "default", "oldest_age")
    assert engine.next_wake == math.inf


def test_it_is_over_when_the_last_of_those_that_are_too_old_has_gone() -> None:
    """Whoever is too old next raises it anew."""
    engine = desk(Alarms(oldest_age=60))
    for number in range(3):
        engine.submit(Interaction(id=f"i{number}"), number * 10.0)
    assert alarms(live(engine, 75.0)) == ["default: oldest_age by i0"]
    assert alarms(engine.cancel("i0", 75.0)) == []
    assert alarms(engine.abandon("i1", 76.0)) == ["default: oldest_age is over"]
    assert alarms(live(engine, 200.0)) == ["default: oldest_age by i2"]


def test_an_alarm_says_which_was_the_first_and_when_it_was_due() -> None:
    """Whoever slept through it hears of one alarm, as of its beginning."""
    engine = desk(Alarms(oldest_age=60))
    engine.submit(Interaction(id="i"), 0.0)
    engine.submit(Interaction(id="j"), 10.0)
    assert engine.tick(100.0) == [ev.AlarmRaised(100.0, 60.0, "default", "oldest_age", "i")]


def test_what_comes_back_too_old_raises_it_at_once() -> None:
    """Its age is that of its coming, whoever had it in between."""
    engine = desk(Alarms(oldest_age=60), auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    assert alarms(live(engine, 100.0)) == []
    released = engine.release("i", "ann", 1, 100.0)
    assert only(ev.AlarmRaised, released).due is None
    assert alarms(engine.tick(130.0)) == ["default: oldest_age is over"]


def test_what_comes_back_young_raises_it_in_time() -> None:
    engine = desk(Alarms(oldest_age=60), auto_accept=True)
    engine.sign_on("ann", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.release("i", "ann", 1, 50.0)
    engine.sign_off("ann", 50.0)
    assert engine.next_wake == 60.0
    assert only(ev.AlarmRaised, engine.tick(60.0)).due == 60.0


def test_what_is_opened_again_is_young_again() -> None:
    engine = desk(Alarms(oldest_age=60))
    engine.submit(Interaction(id="i"), 0.0)
    engine.tick(60.0)
    assert alarms(engine.cancel("i", 70.0)) == ["default: oldest_age is over"]
    assert alarms(engine.customer_replied("i", 1000.0)) == []
    assert engine.next_wake == 1060.0
    assert alarms(engine.tick(1060.0)) == ["default: oldest_age by i"]


# --- nearly missed --------------------------------------------------------------------------------


def test_a_breach_that_comes_near_raises_an_alarm_until_it_is_prevented_or_has_come() -> None:
    for prevented in (True, False):
        engine = desk(Alarms(next_breach=100), targets=(Target(measures="first_response", within=600),))
        assert alarms(engine.submit(Interaction(id="i"), 0.0)) == []
        assert engine.next_wake == 500.0
        assert engine.tick(500.0) == [ev.AlarmRaised(500.0, 500.0, "default", "next_breach", "i")]
        if prevented:
            assert engine.agent_replied("i", "ann", 550.0)[-1] == ev.AlarmCleared(
                550.0, "default", "next_breach"
            )
        else:
            missed = engine.tick(600.0)
            assert story(missed) == ["first_response missed"]
            assert alarms(missed) == ["default: next_breach is over"]


def test_the_short_form_of_a_target_raises_it_too() -> None:
    """Until somebody accepts."""
    engine = desk(Alarms(next_breach=100), sla=first_response(600))
    engine.submit(Interaction(id="i"), 0.0)
    engine.submit(Interaction(id="j"), 0.0)
    assert alarms(live(engine, 550.0)) == ["default: next_breach by i"]
    engine.sign_on("ann", 560.0)
    assert alarms(engine.accept(1, "ann", 570.0)) == []
    assert alarms(engine.accept(2, "ann", 580.0)) == ["default: next_breach is over"]
    assert alarms(live(engine, 1000.0)) == []


def test_a_target_of_less_than_the_limit_raises_it_from_the_beginning() -> None:
    """By the command itself, so nothing was due."""
    engine = desk(Alarms(next_breach=700), targets=(Target(measures="resolution", within=600),))
    submitted = engine.submit(Interaction(id="i"), 0.0)
    assert only(ev.AlarmRaised, submitted) == ev.AlarmRaised(0.0, None, "default", "next_breach", "i")


def test_a_clock_that_stands_still_breaches_nothing() -> None:
    engine = desk(
        Alarms(next_breach=100), targets=(Target(measures="resolution", within=600, pauses=("pending",)),)
    )
    engine.submit(Interaction(id="i"), 0.0)
    assert alarms(live(engine, 550.0)) == ["default: next_breach by i"]
    assert alarms(engine.set_status("i", Status.PENDING, 550.0)) == ["default: next_breach is over"]
    assert alarms(live(engine, 5000.0)) == []
    assert alarms(engine.set_status("i", Status.OPEN, 5000.0)) == ["default: next_breach by i"]


def test_each_clock_of_an_interaction_and_each_interaction_counts() -> None:
    """The first response is given, but then the resolution is near; and another one's as well."""
    engine = desk(
        Alarms(next_breach=100),
        targets=(Target(measures="first_response", within=300), Target(measures="resolution", within=350)),
    )
    engine.submit(Interaction(id="i"), 0.0)
    engine.submit(Interaction(id="j"), 40.0)
    assert alarms(live(engine, 280.0)) == ["default: next_breach by i"]
    assert alarms(engine.agent_replied("i", "ann", 280.0)) == []  # its resolution is near, and j
    assert alarms(engine.cancel("i", 281.0)) == []
    assert alarms(engine.agent_replied("j", "ann", 282.0)) == ["default: next_breach is over"]
    assert alarms(live(engine, 300.0)) == ["default: next_breach by j"]
    assert alarms(live(engine, 400.0)) == ["default: next_breach is over"]


def test_a_breach_is_near_by_the_clock_on_the_wall() -> None:
    """Monday 09:30 is an hour after Monday 08:30, whenever the office opens."""
    plan = Plan(
        calendars={"office": OFFICE},
        queues={
            "default": Queue(
                alarms=Alarms(next_breach=HOUR),
                targets=(Target(measures="first_response", within=HOUR, calendar="office"),),
            )
        },
    )
    engine = under(plan)
    engine.submit(Interaction(id="i"), t("2026-03-27 16:30"))
    assert wall(only(ev.AlarmRaised, live(engine, t("2026-03-30 09:00"))).at) == "2026-03-30 08:30"


def test_next_response_and_periodic_update_raise_it_again_and_again() -> None:
    engine = desk(
        Alarms(next_breach=100),
        targets=(
            Target(measures="next_response", within=500),
            Target(measures="periodic_update", within=900),
        ),
    )
    engine.submit(Interaction(id="i"), 0.0)
    engine.agent_replied("i", "ann", 0.0)
    engine.customer_replied("i", 100.0)
    assert alarms(live(engine, 550.0)) == ["default: next_breach by i"]
    assert alarms(engine.agent_replied("i", "ann", 550.0)) == ["default: next_breach is over"]
    assert engine.next_wake == 1350.0
    assert alarms(live(engine, 1400.0)) == ["default: next_breach by i"]
    assert alarms(engine.agent_replied("i", "ann", 1400.0)) == ["default: next_breach is over"]


# --- nobody for it --------------------------------------------------------------------------------


def test_what_nobody_there_could_take_raises_an_alarm_until_somebody_comes() -> None:
    """She need not be free, only able and there."""
    engine = desk(Alarms(no_eligible_agent=True))
    engine.add_agent(Agent(id="bob", skills={"fr": 3}), 0.0)
    engine.sign_on("bob", 0.0)
    french = Needs({"fr": 2})
    assert alarms(engine.submit(Interaction(id="de", needs=Needs({"de": 1})), 1.0)) == [
        "default: no_eligible_agent by de"
    ]
    assert alarms(engine.submit(Interaction(id="fr1", needs=french), 2.0)) == []
    assert alarms(engine.submit(Interaction(id="fr2", needs=french), 3.0)) == []  # bob has his hands full
    engine.change_agent(Agent(id="ann", skills={"de": 1}), 4.0)
    assert alarms(engine.sign_on("ann", 5.0)) == ["default: no_eligible_agent is over"]


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE, Presence.DRAINING])
def test_the_last_one_who_could_take_it_leaves(presence: Presence) -> None:
    """Busy, she is still there; away, offline or draining, she is not."""
    engine = desk(Alarms(no_eligible_agent=True))
    engine.add_agent(Agent(id="bob"), 0.0)
    engine.sign_on("bob", 0.0)
    engine.submit(Interaction(id="his"), 1.0)
    engine.accept(1, "bob", 1.0)
    assert alarms(engine.submit(Interaction(id="next"), 2.0)) == []
    assert alarms(engine.set_presence("bob", Presence.BUSY, 3.0)) == []
    left = (
        engine.set_presence("bob", presence, 4.0)
        if presence is not Presence.DRAINING
        else engine.sign_off("bob", 4.0)
    )
    assert "default: no_eligible_agent by next" in alarms(left)
    assert alarms(engine.set_presence("bob", Presence.AVAILABLE, 5.0)) == [
        "default: no_eligible_agent is over"
    ]


def test_an_agent_may_lose_what_it_takes_or_be_taken_off_the_roster() -> None:
    """Skills, queues, channels, capacity: whichever is missing."""
    able = Agent(id="bob", skills={"fr": 3})
    queue = Queue(alarms=Alarms(no_eligible_agent=True))
    channels = {"default": Channel(), "chat": Channel()}
    engine = under(Plan(queues={"default": queue, "other": queue}, channels=channels))
    engine.add_agent(able, 0.0)
    engine.sign_on("bob", 0.0)
    engine.set_presence("bob", Presence.BUSY, 0.0)
    assert alarms(engine.submit(Interaction(id="i", needs=Needs({"fr": 2})), 1.0)) == []
    for unable in (
        attrs.evolve(able, skills={"fr": 1}),
        attrs.evolve(able, queues={"other": 1}),
        attrs.evolve(able, channels={"chat": 1}),
        attrs.evolve(able, capacity=0.5),
    ):
        assert alarms(engine.change_agent(unable, 2.0)) == ["default: no_eligible_agent by i"]
        assert alarms(engine.change_agent(able, 2.0)) == ["default: no_eligible_agent is over"]
    assert alarms(engine.remove_agent("bob", 3.0)) == ["default: no_eligible_agent by i"]


def test_a_lost_connection_counts_as_gone() -> None:
    engine = desk(Alarms(no_eligible_agent=True))
    engine.sign_on("ann", 0.0)
    engine.set_presence("ann", Presence.BUSY, 0.0)
    engine.submit(Interaction(id="i"), 1.0)
    assert alarms(engine.disconnect("ann", 2.0)) == ["default: no_eligible_agent by i"]
    assert alarms(engine.sign_on("ann", 3.0)) == ["default: no_eligible_agent is over"]


def test_several_kinds_of_work_may_lack_somebody() -> None:
    """It is over when the last kind has gone, or found somebody."""
    engine = desk(Alarms(no_eligible_agent=True))
    raised = engine.submit(Interaction(id="de", needs=Needs({"de": 1})), 0.0)
    assert alarms(raised) == ["default: no_eligible_agent by de"]
    assert alarms(engine.submit(Interaction(id="fr", needs=Needs({"fr": 1})), 1.0)) == []
    engine.add_agent(Agent(id="bob", skills={"fr": 1}), 2.0)
    assert alarms(engine.sign_on("bob", 2.0)) == []
    assert alarms(engine.cancel("de", 3.0)) == ["default: no_eligible_agent is over"]


def test_what_nobody_could_take_may_be_transferred_or_given_by_hand() -> None:
    plan = Plan(queues={"a": Queue(alarms=Alarms(no_eligible_agent=True)), "b": Queue()})
    engine = under(plan)
    assert alarms(engine.submit(Interaction(id="i", queue="a"), 0.0)) == ["a: no_eligible_agent by i"]
    assert alarms(engine.transfer("i", "b", 1.0)) == ["a: no_eligible_agent is over"]
    engine.sign_on("ann", 2.0)
    strange = Interaction(id="j", queue="a", needs=Needs({"martian": 1}))
    assert alarms(engine.submit(strange, 3.0)) == ["a: no_eligible_agent by j"]
    assert alarms(engine.assign("j", "ann", 4.0)) == ["a: no_eligible_agent is over"]


def test_what_waits_for_whom_it_prefers_is_in_good_hands() -> None:
    """Until she leaves."""
    engine = desk(Alarms(no_eligible_agent=True), sticky_wait=600.0)
    engine.add_agent(Agent(id="bob"), 0.0)
    engine.sign_on("bob", 0.0)
    engine.submit(Interaction(id="i"), 0.0)
    engine.accept(1, "bob", 0.0)
    assert alarms(engine.submit(Interaction(id="j", prefers="bob"), 1.0)) == []
    assert "default: no_eligible_agent by j" in alarms(engine.sign_off("bob", 2.0))


# --- queues and plans -----------------------------------------------------------------------------


def test_each_queue_has_its_own_alarms_and_its_own_limits() -> None:
    """Passed on, an interaction is the other queue's trouble, by that queue's measure."""
    plan = Plan(
        queues={
            "fast": Queue(alarms=Alarms(oldest_age=60)),
            "slow": Queue(alarms=Alarms(oldest_age=600)),
            "calm": Queue(),
        }
    )
    engine = under(plan)
    engine.submit(Interaction(id="i", queue="fast"), 0.0)
    engine.submit(Interaction(id="j", queue="slow"), 0.0)
    assert alarms(live(engine, 100.0)) == ["fast: oldest_age by i"]
    assert alarms(engine.transfer("i", "slow", 100.0)) == ["fast: oldest_age is over"]
    assert alarms(engine.transfer("j", "fast", 200.0)) == ["fast: oldest_age by j"]
    assert alarms(live(engine, 600.0)) == ["slow: oldest_age by i"]
    assert alarms(engine.transfer("i", "calm", 700.0)) == ["slow: oldest_age is over"]
    assert alarms(engine.transfer("i", "fast", 800.0)) == []  # j is too old there already
    assert alarms(engine.cancel("j", 900.0)) == []
    assert alarms(engine.cancel("i", 900.0)) == ["fast: oldest_age is over"]


def test_a_transfer_takes_its_nearness_to_a_breach_along() -> None:
    target = Target(measures="first_response", within=600)
    plan = Plan(
        queues={
            "a": Queue(alarms=Alarms(next_breach=100), targets=(target,)),
            "b": Queue(alarms=Alarms(next_breach=300), targets=(target,)),
        }
    )
    engine = under(plan)
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    assert alarms(engine.transfer("i", "b", 350.0)) == ["b: next_breach by i"]
    assert alarms(engine.transfer("i", "a", 360.0)) == ["b: next_breach is over"]
    assert alarms(live(engine, 550.0)) == ["a: next_breach by i"]


def test_what_comes_to_a_queue_too_old_crossed_no_limit_there_scheduled_or_not() -> None:
    """By a step that was noticed late: it is over the limit from the first, not since some instant."""
    step = Step(after=10, queue="b")
    old = Alarms(oldest_age=60)
    plan = Plan(queues={"a": Queue(steps=(step,), alarms=old), "b": Queue(alarms=old)})
    for start in (None, 100.0):
        engine = under(plan)
        engine.submit(Interaction(id="i", queue="a", not_before=start), 0.0)
        raised = only(ev.AlarmRaised, engine.tick(700.0))
        assert (raised.queue, raised.due) == ("b", None)


ALL = Alarms(oldest_age=60, next_breach=100, no_eligible_agent=True)


def test_a_plan_without_alarms_clears_what_is_raised() -> None:
    """Also those of a queue that is gone."""
    target = Target(measures="first_response", within=120)
    queue = Queue(alarms=ALL, targets=(target,))
    engine = under(Plan(queues={"a": queue, "b": queue}))
    for name in ("a", "b"):
        engine.submit(Interaction(id=name, queue=name), 0.0)
    raised = live(engine, 80.0)
    assert len(alarms(raised)) == 4  # nobody was there from the beginning
    calm = Plan(queues={"a": Queue(targets=(target,))}, successors={"b": "a"})
    assert alarms(engine.change_plan(calm, 90.0)) == [
        f"{queue}: {alarm} is over"
        for queue in ("a", "b")
        for alarm in ("next_breach", "no_eligible_agent", "oldest_age")
    ]
    assert engine.next_wake == 120.0
    assert alarms(live(engine, 1000.0)) == []


def test_a_plan_that_moves_a_limit_clears_or_raises() -> None:
    engine = desk(Alarms(oldest_age=60))
    engine.submit(Interaction(id="i"), 0.0)
    engine.tick(70.0)

    def limit(age: float) -> Plan:
        return Plan(queues={"default": Queue(alarms=Alarms(oldest_age=age))})

    assert alarms(engine.change_plan(limit(100), 70.0)) == ["default: oldest_age is over"]
    assert engine.next_wake == 100.0
    assert alarms(engine.change_plan(limit(50), 80.0)) == ["default: oldest_age by i"]
    assert alarms(engine.change_plan(limit(40), 81.0)) == []


def test_a_plan_may_ask_for_alarms_about_what_is_waiting_already() -> None:
    engine = desk(None, targets=(Target(measures="first_response", within=600),))
    engine.submit(Interaction(id="old"), 0.0)
    engine.submit(Interaction(id="new"), 70.0)
    watched = Plan(
        queues={"default": Queue(alarms=ALL, targets=(Target(measures="first_response", within=600),))}
    )
    assert alarms(engine.change_plan(watched, 80.0)) == [
        "default: no_eligible_agent by old",
        "default: oldest_age by old",
    ]
    assert engine.next_wake == 130.0
    assert alarms(live(engine, 500.0)) == ["default: next_breach by old"]


def test_what_moves_to_a_successor_is_its_trouble_now() -> None:
    engine = under(Plan(queues={"a": Queue(alarms=Alarms(oldest_age=60))}))
    engine.submit(Interaction(id="i", queue="a"), 0.0)
    engine.tick(60.0)
    plan = Plan(queues={"b": Queue(alarms=Alarms(oldest_age=30))}, successors={"a": "b"})
    assert alarms(engine.change_plan(plan, 70.0)) == ["a: oldest_age is over", "b: oldest_age by i"]


# --- waking and replaying -------------------------------------------------------------------------


def test_the_engine_wakes_for_the_next_alarm_and_for_no_other() -> None:
    """What is accepted or paused raises none; what was accepted may still come back before it is old."""
    engine = desk(
        Alarms(oldest_age=60, next_breach=100),
        targets=(Target(measures="first_response", within=600, pauses=("pending",)),),
        auto_accept=True,
    )
    engine.submit(Interaction(id="i"), 0.0)
    assert engine.next_wake == 60.0
    engine.sign_on("ann", 10.0)
    assert engine.next_wake == 60.0
    assert engine.tick(60.0) == []
    assert engine.next_wake == 500.0
    engine.set_status("i", Status.PENDING, 70.0)
    assert engine.next_wake == math.inf
    engine.set_status("i", Status.OPEN, 170.0)
    assert engine.next_wake == 600.0
    engine.tick(600.0)
    assert engine.next_wake == 700.0


def test_a_replayed_engine_knows_who_is_in_trouble_and_wakes_alike() -> None:
    """Members and timers are not in the journal: they follow from what is."""
    plan = Plan(
        queues={"default": Queue(alarms=ALL, targets=(Target(measures="first_response", within=600),))}
    )
    store = MemoryStore()
    recorder = record(Engine(plan), store)
    for number in range(3):
        recorder.handle(cmd.Submit(Interaction(id=f"i{number}")), number * 20.0)
    recorder.handle(cmd.Tick(), 70.0)
    recorder.flush()
    engine, again = recorder.engine, replay(store)
    assert again.snapshot() == engine.snapshot()
    assert again.snapshot()["alarms"] == ["default.no_eligible_agent", "default.oldest_age"]
    later: list[tuple[cmd.Command, float]] = [
        (cmd.Cancel("i0"), 75.0),
        (cmd.Tick(), 90.0),
        (cmd.Cancel("i1"), 95.0),
        (cmd.AddAgent(Agent(id="ann")), 96.0),
        (cmd.SignOn("ann"), 97.0),
        (cmd.Tick(), 560.0),
    ]
    for command, at in later:
        assert again.next_wake == engine.next_wake
        assert again.handle(command, at) == engine.handle(command, at)
        again.check()
        assert again.snapshot() == engine.snapshot()


# --- any turns in any order -----------------------------------------------------------------------


class Ledger:
    """Believes events, but for those of alarms; and says which alarms there must be."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.items: dict[str, Interaction] = {}
        self.queue: dict[str, str] = {}
        self.since: dict[str, float] = {}
        self.stage: dict[str, str] = {}
        self.target: dict[str, float | None] = {}
        """The short form's seconds, until somebody accepts or it is missed."""
        self.missed: dict[str, float] = {}
        """The short form's seconds that were missed: only a longer promise can be missed again."""
        self.accepted: dict[str, bool] = {}
        self.dues: dict[tuple[str, str], float] = {}
        """(interaction, target) -> when its clock breaches."""
        self.raised: set[tuple[str, str]] = set()
        self.agents: dict[str, Agent] = {}
        self.presence: dict[str, Presence] = {}

    def take_in(self, event: ev.Event) -> None:  # noqa: PLR0912 - one branch a kind
        """Believe *event*."""
        match event:
            case ev.Submitted():
                self.items[event.interaction.id] = event.interaction
                self._waits(event.interaction.id, event.interaction.queue, event.at, event.target)
            case ev.Reopened():
                self._waits(event.interaction, event.queue, event.at, event.target)
            case ev.Transferred() | ev.Rekeyed():
                self._moves(event)
            case ev.Offered():
                self.stage[event.interaction] = "offered"
            case ev.Assigned():
                self.stage[event.interaction], self.target[event.interaction] = "assigned", None
                self.accepted[event.interaction] = True
            case ev.Declined() | ev.OfferExpired() | ev.OfferRescinded() | ev.Requeued():
                self.stage[event.interaction] = "waiting"
            case ev.Completed() | ev.Cancelled() | ev.Abandoned():
                self.stage[event.interaction], self.target[event.interaction] = "closed", None
            case ev.ClockStarted() | ev.ClockResumed():
                self.dues[event.interaction, event.target] = math.inf if event.due is None else event.due
            case ev.ClockPaused():
                self.dues[event.interaction, event.target] = math.inf
            case ev.ClockStopped() | ev.ClockCancelled():
                del self.dues[event.interaction, event.target]
            case ev.SlaMissed():
                if (event.interaction, event.target) in self.dues:
                    self.dues[event.interaction, event.target] = math.inf
                else:
                    self.missed[event.interaction] = self.target[event.interaction] or 0.0
                    self.target[event.interaction] = None
            case ev.AgentAdded() | ev.AgentChanged():
                self.agents[event.agent.id] = event.agent
                self.presence.setdefault(event.agent.id, Presence.OFFLINE)
            case ev.PresenceChanged():
                self.presence[event.agent] = event.presence
            case ev.AgentRemoved():
                del self.agents[event.agent], self.presence[event.agent]
            case ev.PlanChanged():
                self.plan = Plan.from_data(event.plan)
            case _:
                pass

    def _waits(self, name: str, queue: str, at: float, target: float | None) -> None:
        self.stage[name], self.queue[name], self.since[name] = "waiting", queue, at
        self.target[name], self.missed[name], self.accepted[name] = target, 0.0, False

    def _moves(self, event: ev.Transferred | ev.Rekeyed) -> None:
        name, target = event.interaction, event.target
        self.queue[name] = event.queue
        if isinstance(event, ev.Transferred):
            self.stage[name] = "waiting"
        if not self.accepted[name]:
            self.target[name] = target if target is not None and target > self.missed[name] else None

    def ring(self, event: ev.Event) -> None:
        """Believe an alarm, too: raised once, cleared once."""
        if isinstance(event, ev.AlarmRaised):
            assert (event.queue, event.alarm) not in self.raised
            assert event.due in (None, event.at)
            self.raised.add((event.queue, event.alarm))
        elif isinstance(event, ev.AlarmCleared):
            self.raised.remove((event.queue, event.alarm))

    def expected(self, now: float) -> set[tuple[str, str]]:
        """Return (queue, alarm) of what must be raised now."""
        found = set()
        for name, queue in self.queue.items():
            wanted = self.plan.queues[queue].alarms or Alarms()
            age, lead = wanted.oldest_age, wanted.next_breach
            waits = self.stage[name] in ("waiting", "offered")
            if age is not None and waits and now >= self.since[name] + age:
                found.add((queue, "oldest_age"))
            if lead is not None and any(due - lead <= now < due for due in self._dues(name)):
                found.add((queue, "next_breach"))
            if wanted.no_eligible_agent and self.stage[name] == "waiting" and not self._has_somebody(name):
                found.add((queue, "no_eligible_agent"))
        return found

    def _dues(self, name: str) -> list[float]:
        target = self.target[name]
        dues = [due for (who, _), due in self.dues.items() if who == name and due < math.inf]
        return dues if target is None else [*dues, self.since[name] + target]

    def _has_somebody(self, name: str) -> bool:
        item, queue = self.items[name], self.queue[name]
        there = (Presence.AVAILABLE, Presence.BUSY)
        return any(
            self.presence[agent.id] in there
            and item.needs.met_by(agent.skills)
            and (agent.queues is None or queue in agent.queues)
            and agent.capacity >= self.plan.channels[item.channel].units
            for agent in self.agents.values()
        )


def a_plan(rnd: Random) -> Plan:
    """Two queues with any alarms; whether there is the short form, targets or nothing to breach."""

    def a_queue() -> Queue:
        pausing = Target(
            measures=rnd.choice(("accept", "first_response", "periodic_update", "resolution")),
            within=rnd.choice((50, 200, 900)),
            pauses=rnd.choice(((), ("pending", "answered"))),
            on_transfer=rnd.choice(("carry", "restart")),
        )
        limits = Alarms(
            oldest_age=rnd.choice((None, 40, 300)),
            next_breach=rnd.choice((None, 30, 100)),
            no_eligible_agent=rnd.random() < 0.7,
        )
        return Queue(
            alarms=limits,
            sla=rnd.choice((None, first_response(120))),
            targets=rnd.choice(((), (attrs.evolve(pausing, name="promise"),))),
            auto_accept=rnd.random() < 0.3,
            sticky_wait=rnd.choice((None, 70.0)),
            wrap_up=rnd.choice((None, 25.0)),
            offer_for=rnd.choice((30.0, 200.0)),
        )

    channels = {"default": Channel(), "big": Channel(units=2.0)}
    return Plan(queues={"a": a_queue(), "b": a_queue()}, channels=channels, reconnect_grace=45.0)


def an_agent(rnd: Random, name: str) -> Agent:
    """Return an agent who can do little or much."""
    return Agent(
        id=name,
        skills={skill: rnd.randint(1, 3) for skill in ("x", "y") if rnd.random() < 0.6},
        queues=rnd.choice((None, None, {"a": 1}, {"b": 2})),
        capacity=rnd.choice((1.0, 3.0)),
    )


def a_command(
    rnd: Random, ledger: Ledger, plans: Sequence[Plan], held: dict[str, ev.Assigned]
) -> cmd.Command:
    """Return any command, about anything."""
    who = rnd.choice(("ann", "bob"))
    if not ledger.items or rnd.random() < 0.25:
        needs = Needs({skill: rnd.randint(1, 3) for skill in ("x", "y") if rnd.random() < 0.4})
        channel, prefers = rnd.choice((("default", None), ("default", who), ("big", None)))
        name, queue = f"i{len(ledger.items)}", rnd.choice("ab")
        return cmd.Submit(Interaction(id=name, queue=queue, needs=needs, channel=channel, prefers=prefers))
    name = rnd.choice(sorted(ledger.items))
    has = held.get(name)
    agent, fence = ("ann", 0) if has is None else (has.agent, has.fence)
    holder = (agent, fence) if ledger.stage[name] == "assigned" else ()
    return rnd.choice(
        (
            cmd.Accept(rnd.randint(1, 30), who),
            cmd.Accept(rnd.randint(1, 30), who),
            cmd.Complete(name, agent, fence),
            cmd.Release(name, agent, fence),
            cmd.Transfer(name, rnd.choice("ab"), *holder),
            cmd.Cancel(name),
            cmd.CustomerReplied(name),
            cmd.AgentReplied(name, who),
            cmd.SetStatus(name, rnd.choice(list(Status))),
            cmd.Reopen(name),
            cmd.Assign(name, who),
            cmd.SignOn(who),
            cmd.SignOff(who),
            cmd.SetPresence(who, rnd.choice(list(Presence))),
            cmd.Disconnect(who),
            cmd.AddAgent(an_agent(rnd, who)),
            cmd.ChangeAgent(an_agent(rnd, who)),
            cmd.RemoveAgent(who),
            cmd.ChangePlan(rnd.choice(plans).to_data()) if rnd.random() < 0.3 else cmd.Tick(),
        )
    )


def silent(plan: Plan) -> Plan:
    """Return *plan* without any alarm."""
    calm = {name: attrs.evolve(queue, alarms=None) for name, queue in plan.queues.items()}
    return attrs.evolve(plan, queues=calm)


def others(events: Sequence[ev.Event]) -> list[ev.Event]:
    """Return all but the alarms and the plan, which differs in nothing else."""
    return [e for e in events if not isinstance(e, ev.AlarmRaised | ev.AlarmCleared | ev.PlanChanged)]


@given(st.integers(0, 2**32 - 1))
def test_an_alarm_is_raised_exactly_while_there_is_reason_and_changes_nothing_else(seed: int) -> None:
    """After any turn, as the ledger counts it; an engine without alarms decides the same."""
    rnd = Random(seed)
    plans = [a_plan(rnd) for _ in range(2)]
    store = MemoryStore()
    recorder = record(Engine(plans[0]), store)
    engine, calm = recorder.engine, Engine(silent(plans[0]))
    ledger, held = Ledger(plans[0]), dict[str, ev.Assigned]()

    def hear(command: cmd.Command, at: float) -> None:
        recorder.handle(command, at)
        engine.check()
        for event in engine.facts:
            ledger.take_in(event)
            if isinstance(event, ev.Assigned):
                held[event.interaction] = event
        raised = {tuple(each.split(".")) for each in engine.snapshot()["alarms"]}
        assert raised == ledger.expected(at), f"{command} at {at}: {engine.facts}"
        for event in engine.facts:
            ledger.ring(event)
        quiet = (
            cmd.ChangePlan(silent(Plan.from_data(command.plan)).to_data())
            if isinstance(command, cmd.ChangePlan)
            else command
        )
        calm.handle(quiet, at)
        assert others(engine.facts) == others(calm.facts)

    at = 0.0
    for _ in range(60):
        at += rnd.choice((0.0, 0.0, 1.0, 7.0, 30.0, 61.0, 250.0))
        while engine.next_wake <= at:
            hear(cmd.Tick(), engine.next_wake)
        hear(a_command(rnd, ledger, plans, held), at)
    recorder.flush()
    assert verify(store).problems == []
    again = replay(store)
    assert again.snapshot() == engine.snapshot()
    assert again.tick(engine.now) == []  # of turns that brought nothing about, a journal knows nothing
    assert again.next_wake == engine.next_wake
    while engine.next_wake <= at + 1000:
        due = engine.next_wake
        assert engine.tick(due) == again.tick(due)
        assert again.next_wake == engine.next_wake
