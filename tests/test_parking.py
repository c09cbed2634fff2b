"""What is put aside: scheduled items, callbacks, work that waits for somebody else."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from tests.brute import Router
from tests.builders import Floor, live, one, only, rule, story
from tests.test_same_decisions import AGENTS, DICE, STARTS, STEPS, Script, a_plan, an_agent
from workassign import Agent, Desk, Engine, Interaction, Plan, Queue, UsageError, commands
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain, why_not, why_waiting
from workassign.journal import verify
from workassign.kpi import Kpis
from workassign.model import Presence
from workassign.plan import Alarms
from workassign.policies import sla
from workassign.policies.escalation import Step
from workassign.policies.sla import Target
from workassign.stores.memory import MemoryStore

ANN, BOB = Agent(id="ann"), Agent(id="bob")


def floor_of(*agents: Agent, **queue: Any) -> Floor:
    """Return a floor with one queue, and *agents* who are there."""
    floor = Floor(one(**queue), *agents)
    floor.on(*(agent.id for agent in agents))
    return floor


def held(floor: Floor, name: str = "t1", **fields: Any) -> ev.Assigned:
    """Let something come in and be accepted."""
    offered = only(ev.Offered, floor.do(cmd.Submit(Interaction(id=name, **fields))))
    return only(ev.Assigned, floor.do(cmd.Accept(offered.offer, offered.agent)))


def shelve(floor: Floor, at: float, name: str = "t1", **how: Any) -> ev.Parked:
    """Let whoever holds something put it aside."""
    hold = floor.engine._state.works[name].hold
    assert hold is not None
    return only(ev.Parked, floor.do(cmd.Park(name, None, hold.agent.agent.id, hold.fence, **how), at))


# --- putting aside, and the ways back -----------------------------------------------------------


def test_what_is_put_aside_frees_its_agent_and_comes_back_by_itself() -> None:
    floor = floor_of(ANN)
    fence = held(floor).fence
    floor.do(cmd.Submit(Interaction(id="t2")), 5)
    parked, offered = floor.do(cmd.Park("t1", 100, "ann", fence), 10)
    assert isinstance(parked, ev.Parked)
    assert (parked.agent, parked.until, parked.on_reply, parked.same_agent) == ("ann", 100.0, True, True)
    assert isinstance(offered, ev.Offered)
    assert offered.interaction == "t2"
    floor.do(cmd.Accept(offered.offer, "ann"))
    assert floor.engine.next_wake == 100
    (resumed,) = floor.do(cmd.Tick(), 120)
    assert resumed == ev.Resumed(120.0, 100.0, "t1", "time")
    floor.engine.check()


def test_her_idle_time_begins_when_she_puts_it_aside() -> None:
    floor = floor_of(ANN, BOB)
    held(floor)
    shelve(floor, 50)
    assert only(ev.Offered, floor.do(cmd.Submit(Interaction(id="t2")), 60)).agent == "bob"


def test_it_waits_in_its_old_place() -> None:
    floor = floor_of(ANN)
    held(floor)
    floor.do(cmd.Park("t1", 50, "ann", 1), 10)
    floor.do(cmd.SetPresence("ann", Presence.BUSY), 11)
    floor.do(cmd.Submit(Interaction(id="younger")), 20)
    floor.do(cmd.Tick(), 60)
    offered = only(ev.Offered, floor.do(cmd.SetPresence("ann", Presence.AVAILABLE), 70))
    assert offered.interaction == "t1"


def test_waiting_work_is_put_aside_by_anybody_and_keeps_its_place() -> None:
    """The customer wants to be called back."""
    floor = floor_of(sticky_wait=30)
    for name in ("first", "second"):
        floor.do(cmd.Submit(Interaction(id=name)))
    (parked,) = floor.do(cmd.Park("first", 100), 10)
    assert isinstance(parked, ev.Parked)
    assert parked.agent is None
    floor.do(cmd.Tick(), 100)
    floor.do(cmd.AddAgent(ANN))
    assert only(ev.Offered, floor.do(cmd.SignOn("ann"))).interaction == "first"


def test_what_is_offered_is_taken_back_before_it_is_put_aside() -> None:
    floor = floor_of(ANN)
    floor.do(cmd.Submit(Interaction(id="t1")))
    rescinded, parked = floor.do(cmd.Park("t1", 100))
    assert isinstance(rescinded, ev.OfferRescinded)
    assert rescinded.cause == "parked"
    assert isinstance(parked, ev.Parked)


@pytest.mark.parametrize(("on_reply", "stage"), [(True, "waiting"), (False, "parked")])
def test_the_customers_message_brings_it_back_only_where_that_was_wished(on_reply: bool, stage: str) -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="t1")))
    floor.do(cmd.Park("t1", 100, on_reply=on_reply), 5)
    found = floor.do(cmd.CustomerReplied("t1"), 6)
    assert [type(each) for each in found] == [ev.MessageReceived, *([ev.Resumed] if on_reply else [])]
    assert floor.engine._state.works["t1"].stage == stage


def test_it_is_brought_back_when_somebody_asks_and_not_once_more() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="t1")))
    floor.do(cmd.Park("t1", 100), 5)
    assert floor.do(cmd.Resume("t1"), 6) == [ev.Resumed(6.0, None, "t1", "asked")]
    assert rule(floor.do(cmd.Resume("t1"), 7)) == "not_parked"
    assert floor.engine.next_wake == math.inf


def test_another_time_is_set_by_saying_it_again() -> None:
    floor = floor_of(ANN, sticky_wait=60)
    held(floor)
    floor.do(cmd.Park("t1", 50, "ann", 1), 10)
    floor.do(cmd.Park("t1", 200), 20)
    assert floor.do(cmd.Tick(), 60) == []
    assert only(ev.Offered, floor.do(cmd.Tick(), 200)).agent == "ann"


# --- whose it is when it comes back ---------------------------------------------------------------


def test_it_goes_first_to_who_put_it_aside_even_if_somebody_has_been_idle_for_longer() -> None:
    floor = floor_of(ANN, BOB)
    held(floor)
    floor.do(cmd.Park("t1", 50, "ann", 1), 10)
    offered = only(ev.Offered, floor.do(cmd.Tick(), 50))
    assert offered.agent == "ann"


def test_it_waits_for_her_as_long_as_the_queue_says_from_when_it_came_back() -> None:
    floor = floor_of(ANN, BOB, sticky_wait=30)
    held(floor)
    floor.do(cmd.Park("t1", 500, "ann", 1), 10)
    held(floor, "hers", prefers="ann")
    assert [type(each) for each in floor.do(cmd.Tick(), 500)] == [ev.Resumed]
    assert dict.fromkeys(floor.engine.check()) == {"sticky_wait": None}
    assert [each.kind for each in why_not(floor.engine, "bob", "t1").reasons] == ["sticky_wait"]
    assert why_waiting(floor.engine, "t1").holds[0].until == 530
    assert floor.engine.next_wake == 530
    assert only(ev.Offered, floor.do(cmd.Tick(), 530)).agent == "bob"


def test_it_goes_to_anybody_where_the_same_agent_is_not_wished() -> None:
    floor = floor_of(ANN, BOB)
    held(floor)
    floor.do(cmd.Park("t1", 50, "ann", 1, True, False), 10)
    assert only(ev.Offered, floor.do(cmd.Tick(), 50)).agent == "bob"


def test_whom_it_preferred_before_may_be_waited_for_anew() -> None:
    floor = floor_of(ANN, BOB, sticky_wait=30)
    held(floor, "hers", prefers="ann")
    floor.do(cmd.Park("hers", 200, "ann", 1), 1)
    held(floor, "other", prefers="ann")
    floor.do(cmd.Submit(Interaction(id="t1", prefers="ann")), 10)
    floor.do(cmd.Park("t1", 100), 11)
    assert [type(each) for each in floor.do(cmd.Tick(), 100)] == [ev.Resumed]


# --- what else can be done with it ------------------------------------------------------------


def test_what_is_put_aside_is_cancelled_abandoned_given_by_hand_and_moved() -> None:
    floor = Floor(Plan(queues={"a": Queue(), "b": Queue()}), ANN)
    floor.on("ann")
    floor.do(cmd.SetPresence("ann", Presence.BUSY))
    for name in ("cancelled", "abandoned", "given", "moved"):
        floor.do(cmd.Submit(Interaction(id=name, queue="a")))
        floor.do(cmd.Park(name, 100))
    only(ev.Cancelled, floor.do(cmd.Cancel("cancelled"), 1))
    only(ev.Abandoned, floor.do(cmd.Abandon("abandoned"), 1))
    only(ev.Assigned, floor.do(cmd.Assign("given", "ann"), 1))
    (moved,) = floor.do(cmd.Transfer("moved", "b"), 1)
    assert isinstance(moved, ev.Transferred)
    floor.engine.check()
    assert floor.engine._state.works["moved"].stage == "parked"
    assert [event.interaction for event in live(floor.engine, 200) if isinstance(event, ev.Resumed)] == [
        "moved"
    ]
    assert floor.engine._state.works["moved"].sig.queue.name == "b"


def test_only_its_holder_puts_aside_what_is_held_and_only_while_it_is_not_served() -> None:
    floor = floor_of(ANN, wrap_up=20)
    fence = held(floor).fence
    assert rule(floor.do(cmd.Park("t1", 100))) == "not_holder"
    assert rule(floor.do(cmd.Park("t1", 100, "bob", fence))) == "not_holder"
    assert rule(floor.do(cmd.Park("t1", 100, "ann", fence + 1))) == "stale_fence"
    floor.do(cmd.Complete("t1", "ann", fence))
    assert rule(floor.do(cmd.Park("t1", 100, "ann", fence))) == "wrong_stage"


def test_nothing_is_put_aside_for_ever_or_until_an_instant_that_is_past() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="t1")))
    before = floor.engine.snapshot()
    assert rule(floor.do(cmd.Park("t1", on_reply=False), 10)) == "no_way_back"
    for until in (10, 10.0, -5, -1e11):
        assert rule(floor.do(cmd.Park("t1", until), 10)) == "already_due"
    assert rule(floor.do(cmd.Park("none", 100))) == "unknown_interaction"
    assert rule(floor.do(cmd.Park("t1", 100, "ann", 1))) == "not_held"
    assert floor.engine.snapshot() == before
    floor.do(cmd.Cancel("t1"))
    assert rule(floor.do(cmd.Park("t1", 100))) == "closed"
    assert rule(floor.do(cmd.Resume("t1"))) == "closed"


@pytest.mark.parametrize("until", [math.nan, math.inf, "10", True, 1e12])
def test_an_impossible_instant_is_the_callers_fault(until: Any) -> None:
    engine = Engine()
    engine.submit(Interaction(id="t1"), 0)
    with pytest.raises(UsageError, match="until of Park"):
        engine.park("t1", 1, until=until)
    with pytest.raises(UsageError, match="not_before"):
        Interaction(id="t2", not_before=until)
    with pytest.raises(UsageError, match="on_reply"):
        engine.handle(cmd.Park("t1", 5, on_reply=None), 1)  # type: ignore[arg-type]


# --- time: clocks, steps, alarms --------------------------------------------------------------


def test_clocks_go_on_as_while_it_waits() -> None:
    targets = (Target(measures="accept", within=60), Target(measures="resolution", within=600))
    floor = floor_of(ANN, targets=targets)
    held(floor)
    assert story(floor.do(cmd.Park("t1", 100, "ann", 1), 10)) == ["accept started: parked"]
    assert story(live(floor.engine, 99)) == ["accept missed"]


def test_steps_and_alarms_leave_it_alone_until_it_is_back() -> None:
    alarms = Alarms(oldest_age=20, no_eligible_agent=True, next_breach=90)
    floor = floor_of(
        alarms=alarms, steps=(Step(after=10, head_start=5),), targets=(Target(measures="accept", within=100),)
    )
    floor.do(cmd.Submit(Interaction(id="t1")))
    found = floor.do(cmd.Park("t1", 50), 5)
    assert [type(each) for each in found] == [ev.Parked, ev.AlarmCleared]
    assert live(floor.engine, 49) == []
    back = floor.do(cmd.Tick(), 50)
    raised = [each.alarm for each in back if isinstance(each, ev.AlarmRaised)]
    assert raised == ["next_breach", "no_eligible_agent", "oldest_age"]
    assert only(ev.Escalated, back).due == 10
    floor.engine.check()


# --- scheduled items --------------------------------------------------------------------------


def test_a_scheduled_item_comes_in_now_and_counts_from_its_time() -> None:
    floor = floor_of(ANN, sla=sla.first_response(20), alarms=Alarms(oldest_age=15))
    submitted, parked = floor.do(cmd.Submit(Interaction(id="t1", not_before=100)), 1)
    assert isinstance(submitted, ev.Submitted)
    assert (submitted.at, submitted.reference, submitted.target) == (1.0, 100.0, 20.0)
    assert parked == ev.Parked(1.0, "t1", None, 100.0, False, False)
    assert floor.engine._state.total.waiting == 1
    floor.do(cmd.SetPresence("ann", Presence.AWAY), 2)
    found = live(floor.engine, 200)
    assert [(type(each).__name__, each.at) for each in found] == [
        ("Resumed", 100.0),
        ("AlarmRaised", 115.0),
        ("SlaMissed", 120.0),
    ]


def test_a_scheduled_item_stands_behind_what_came_before_its_time() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="scheduled", not_before=100)), 1)
    floor.do(cmd.Submit(Interaction(id="before")), 99)
    floor.do(cmd.Submit(Interaction(id="after")), 101)
    order = []
    floor.do(cmd.AddAgent(Agent(id="ann", capacity=3)), 102)
    order = [each.interaction for each in floor.do(cmd.SignOn("ann")) if isinstance(each, ev.Offered)]
    assert order == ["before", "scheduled", "after"]


def test_what_is_scheduled_is_promised_nothing_before_its_time() -> None:
    targets = (
        Target(measures="first_response", within=30),
        Target(measures="resolution", within=60),
        Target(measures="accept", within=10),
    )
    floor = floor_of(targets=targets)
    assert story(floor.do(cmd.Submit(Interaction(id="t1", not_before=100)))) == []
    assert story(floor.do(cmd.CustomerReplied("t1"), 50)) == []
    assert story(live(floor.engine, 100)) == [
        f"{name} started: resumed" for name in ("first_response", "resolution", "accept")
    ]
    assert story(live(floor.engine, 130)) == ["accept missed", "first_response missed"]


@pytest.mark.parametrize("how", [cmd.Resume("t1"), cmd.Assign("t1", "ann")])
def test_what_is_taken_up_early_is_promised_from_then(how: commands.Command) -> None:
    floor = floor_of(ANN, targets=(Target(measures="resolution", within=60),))
    floor.do(cmd.Submit(Interaction(id="t1", not_before=100)))
    assert story(floor.do(how, 40))[-1].startswith("resolution started")
    assert story(live(floor.engine, 99)) == []
    assert story(live(floor.engine, 100)) == ["resolution missed"]


def test_a_time_that_is_over_changes_nothing() -> None:
    floor = floor_of(ANN)
    submitted, offered = floor.do(cmd.Submit(Interaction(id="t1", not_before=5)), 5)
    assert isinstance(submitted, ev.Submitted)
    assert submitted.reference == 5
    assert isinstance(offered, ev.Offered)


def test_a_scheduled_item_said_twice_is_the_same_one() -> None:
    floor = floor_of()
    first = floor.do(cmd.Submit(Interaction(id="t1", not_before=50)))
    assert floor.do(cmd.Submit(Interaction(id="t1", not_before=50)), 10) == first[:1]
    assert rule(floor.do(cmd.Submit(Interaction(id="t1", not_before=60)), 11)) == "id_reused"


# --- figures, journal, questions ----------------------------------------------------------------


@pytest.mark.parametrize("counted", ["exit", "arrival"])
def test_the_wait_of_a_scheduled_item_is_counted_from_its_time(counted: Any) -> None:
    floor = floor_of(ANN, sla=sla.first_response(20))
    kpis = Kpis(floor.plan, attribution=counted)
    floor.do(cmd.SetPresence("ann", Presence.AWAY))
    floor.do(cmd.Submit(Interaction(id="late", not_before=1000)), 1)
    floor.do(cmd.Submit(Interaction(id="early", not_before=1000)), 1)
    floor.do(cmd.Submit(Interaction(id="gone", not_before=1000)), 1)
    floor.do(cmd.Abandon("gone"), 3)
    floor.do(cmd.Assign("early", "ann"), 4)
    floor.do(cmd.Tick(), 1000)
    floor.do(cmd.Complete("early", "ann", 1), 1010)
    floor.do(cmd.Assign("late", "ann"), 1012)
    for turn in floor.turns:
        kpis.take(turn.at, turn.facts)
    found = kpis.figures()
    assert (found.entered, found.answered, found.abandoned, found.waiting) == (3, 2, 1, 0)
    assert (found.asa, found.wait_max) == (6.0, 12.0)


@given(seed=DICE, steps=STEPS)
@settings(max_examples=settings().max_examples)
def test_figures_balance_whatever_is_put_aside(seed: int, steps: list[int]) -> None:
    """Entered = answered + abandoned + exited + waiting, in all and as the engine counts."""
    rnd = Random(seed)
    plan = a_plan(rnd)
    floor, kpis = Floor(plan), Kpis(plan)
    router = Router(plan)
    script = Script(router, rnd.choice(STARTS))

    def turn(command: cmd.Command, at: float) -> None:
        router.handle(command, at)
        floor.do(command, at)
        kpis.take(at, floor.engine.facts)

    for name in AGENTS[: rnd.randint(1, 4)]:
        turn(cmd.AddAgent(an_agent(rnd, name, plan)), script.at)
        turn(cmd.SignOn(name), script.at)
    for each in steps:
        turn(*script.next(Random(each), floor.engine.next_wake))
    found, total = kpis.figures(), floor.engine._state.total
    assert found.entered == total.entered
    assert found.answered == total.answered
    assert found.abandoned == total.abandoned
    assert found.waiting == total.waiting
    assert found.wait_max is None or found.wait_max >= 0


def test_a_desk_keeps_it_through_a_restart_and_tells_where_it_is() -> None:
    store, now = MemoryStore(), [0.0]
    desk = Desk(Engine(one(sticky_wait=60)), store, clock=lambda: now[0])
    for command in (cmd.AddAgent(ANN), cmd.SignOn("ann"), cmd.Submit(Interaction(id="t1"))):
        offered = desk.handle(command)
    desk.handle(cmd.Accept(only(ev.Offered, offered).offer, "ann"))
    now[0] = 10.0
    desk.handle(cmd.Park("t1", 100, "ann", 1))
    again = Desk.open(store, clock=lambda: now[0])
    seen = again.interaction("t1")
    assert (seen.stage, seen.until, seen.agent, seen.position) == ("parked", 100.0, None, None)
    told = again.why_waiting("t1")
    assert told.where == "is put aside in queue default until 100 s or until the customer writes"
    assert [(each.kind, each.until) for each in again.why_not("ann", "t1").reasons] == [("parked", 100.0)]
    now[0] = again.next_wake
    assert only(ev.Offered, again.tick()).agent == "ann"
    assert [step.event for step in again.explain("t1").story][-3:] == ["Parked", "Resumed", "Offered"]
    verdict = verify(store)
    assert verdict.ok, verdict.problems


def test_the_story_tells_why_it_came_back() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="t1")))
    floor.do(cmd.Park("t1", 100), 5)
    assert explain(floor.plan, floor.turns, "t1").stage == "parked"
    floor.do(cmd.CustomerReplied("t1"), 6)
    told = explain(floor.plan, floor.turns, "t1")
    assert [step.text for step in told.story][-1] == "waits again in its place (the customer wrote)"
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_a_stage_that_nobody_is_in_is_not_told() -> None:
    floor = floor_of()
    store = MemoryStore()
    desk = Desk(Engine(floor.plan), store, clock=lambda: 1.0)
    desk.handle(cmd.Submit(Interaction(id="t1")))
    assert "parked" not in verify(store).stages
    desk.handle(cmd.Park("t1", 100))
    assert verify(store).stages["parked"] == 1
