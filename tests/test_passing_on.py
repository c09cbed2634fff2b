"""To a colleague, to the next level, with or without its age; and wrap-ups that last longer."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.builders import Floor, live, only, rule, story
from workassign import Agent, Desk, Engine, Interaction, Needs, Plan, PlanError, Queue, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain, why_not
from workassign.journal import verify
from workassign.kpi import Kpis
from workassign.model import Presence
from workassign.plan import Alarms
from workassign.policies import sla
from workassign.policies.sla import Target
from workassign.stores.memory import MemoryStore

ANN, BOB, CYD = (Agent(id=name) for name in ("ann", "bob", "cyd"))


def floor_of(*agents: Agent, **queues: Queue) -> Floor:
    """Return a floor with these queues, and *agents* who are there."""
    floor = Floor(Plan(queues=queues), *agents)
    floor.on(*(agent.id for agent in agents))
    return floor


def held(floor: Floor, name: str = "t1", **fields: Any) -> ev.Assigned:
    """Let something come in and be accepted."""
    offered = only(ev.Offered, floor.do(cmd.Submit(Interaction(id=name, queue="a", **fields))))
    return only(ev.Assigned, floor.do(cmd.Accept(offered.offer, offered.agent)))


# --- to a colleague -----------------------------------------------------------------------------


def test_a_colleague_who_has_room_is_offered_it_at_once_in_the_same_queue_too() -> None:
    floor = floor_of(ANN, BOB, CYD, a=Queue(), b=Queue())
    for name, queue in (("t1", "a"), ("t2", "b")):
        mine = held(floor, name)
        to = "cyd"
        found = floor.do(cmd.Transfer(name, queue, mine.agent, mine.fence, to))
        moved, offered = found
        assert isinstance(moved, ev.Transferred)
        assert (moved.queue, moved.agent, moved.to) == (queue, mine.agent, "cyd")
        assert isinstance(offered, ev.Offered)
        assert offered.agent == "cyd"
        floor.do(cmd.Accept(offered.offer, "cyd"))
        floor.do(cmd.Complete(name, "cyd", floor.engine._state.fences))
    floor.engine.check()


def test_it_waits_for_a_colleague_who_has_none_as_long_as_the_queue_says() -> None:
    floor = floor_of(ANN, BOB, CYD, a=Queue(sticky_wait=30))
    held(floor, "bobs", prefers="bob")
    mine = held(floor)
    assert mine.agent == "ann"
    assert [type(each) for each in floor.do(cmd.Transfer("t1", "a", "ann", mine.fence, "bob"), 100)] == [
        ev.Transferred
    ]
    assert dict.fromkeys(floor.engine.check()) == {"sticky_wait": None}
    assert [(each.kind, each.until) for each in why_not(floor.engine, "cyd", "t1").reasons] == [
        ("sticky_wait", 130.0)
    ]
    assert only(ev.Offered, floor.do(cmd.Tick(), 130)).agent == "cyd"


def test_what_waits_is_passed_to_a_colleague_by_a_supervisor() -> None:
    floor = floor_of(BOB, a=Queue(sticky_wait=30))
    held(floor, "bobs")
    floor.do(cmd.AddAgent(CYD))
    floor.do(cmd.SetPresence("cyd", Presence.BUSY))
    floor.do(cmd.Submit(Interaction(id="t1", queue="a")))
    floor.do(cmd.Transfer("t1", "a", to="bob"), 10)
    assert floor.do(cmd.SetPresence("cyd", Presence.AVAILABLE), 11)[1:] == []
    assert only(ev.Offered, floor.do(cmd.Complete("bobs", "bob", 1), 12)).interaction == "t1"


def test_what_is_put_aside_goes_to_the_colleague_when_it_is_back() -> None:
    floor = floor_of(ANN, BOB, CYD, a=Queue())
    mine = held(floor)
    floor.do(cmd.Park("t1", 100, mine.agent, mine.fence), 5)
    (moved,) = floor.do(cmd.Transfer("t1", "a", to="cyd"), 6)
    assert isinstance(moved, ev.Transferred)
    assert only(ev.Offered, floor.do(cmd.Tick(), 100)).agent == "cyd"


def test_it_is_not_passed_to_who_is_not_there_cannot_do_it_or_has_it() -> None:
    floor = floor_of(ANN, Agent(id="bob", queues={"b": 1}), a=Queue(), b=Queue(needs=Needs({"law": 1})))
    floor.do(cmd.AddAgent(CYD))
    mine = held(floor)
    before = floor.engine.snapshot()
    ids = (mine.agent, mine.fence)
    assert rule(floor.do(cmd.Transfer("t1", "a", *ids, "nobody"))) == "unknown_agent"
    assert rule(floor.do(cmd.Transfer("t1", "a", *ids, "cyd"))) == "not_there"
    assert rule(floor.do(cmd.Transfer("t1", "a", *ids, "bob"))) == "not_able"
    assert rule(floor.do(cmd.Transfer("t1", "b", *ids, "bob"))) == "not_able"
    assert rule(floor.do(cmd.Transfer("t1", "a", *ids, "ann"))) == "already_so"
    assert rule(floor.do(cmd.Transfer("t1", "a", *ids))) == "same_queue"
    assert rule(floor.do(cmd.Transfer("t1", "a", to="cyd"))) == "not_holder"
    assert floor.engine.snapshot() == before


# --- its age ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "first", "missed"), [("keep", "moved", 60.0), ("reset", "other", 100.0)])
def test_it_keeps_its_age_or_begins_anew(age: str, first: str, missed: float) -> None:
    floor = floor_of(a=Queue(), b=Queue(sla=sla.first_response(60)))
    floor.do(cmd.Submit(Interaction(id="moved", queue="a")))
    floor.do(cmd.Submit(Interaction(id="other", queue="b")), 10)
    floor.do(cmd.Transfer("moved", "b", age=age), 40)
    found = [each.at for each in live(floor.engine, 200) if isinstance(each, ev.SlaMissed)]
    assert found == sorted([missed, 70.0])
    floor.do(cmd.AddAgent(ANN), 200)
    assert only(ev.Offered, floor.do(cmd.SignOn("ann"))).interaction == first
    floor.engine.check()


def test_what_begins_anew_is_promised_anew_also_if_it_was_late_before() -> None:
    floor = floor_of(a=Queue(sla=sla.first_response(10)), b=Queue(sla=sla.first_response(10)))
    floor.do(cmd.Submit(Interaction(id="t1", queue="a")))
    only(ev.SlaMissed, floor.do(cmd.Tick(), 10))
    floor.do(cmd.Transfer("t1", "b", age="reset"), 50)
    assert only(ev.SlaMissed, live(floor.engine, 70)).due == 60


def test_clocks_of_acceptance_begin_anew_and_all_others_go_on() -> None:
    targets = (Target(measures="accept", within=30), Target(measures="resolution", within=100))
    queue = Queue(targets=targets, alarms=Alarms(oldest_age=50))
    floor = floor_of(a=queue, b=queue)
    floor.do(cmd.Submit(Interaction(id="t1", queue="a")))
    moved = floor.do(cmd.Transfer("t1", "b", age="reset"), 20)
    assert story(moved) == ["accept cancelled: transferred", "accept started: transferred"]
    found = [(type(each).__name__, each.at) for each in live(floor.engine, 200)]
    assert found == [("SlaMissed", 50.0), ("AlarmRaised", 70.0), ("SlaMissed", 100.0)]


@pytest.mark.parametrize("age", ["", "old", None, 1])
def test_an_age_is_kept_or_reset(age: Any) -> None:
    with pytest.raises(UsageError, match="age of Transfer must be keep or reset"):
        Engine().transfer("t1", "a", 0, age=age)


def test_figures_balance_when_it_is_passed_on_within_its_queue() -> None:
    floor = floor_of(ANN, BOB, a=Queue(sla=sla.first_response(20)), b=Queue(sla=sla.first_response(20)))
    kpis = Kpis(floor.plan)
    mine = held(floor)
    floor.do(cmd.Transfer("t1", "a", mine.agent, mine.fence, "bob"), 10)
    floor.do(cmd.Accept(floor.engine._state.placed, "bob"), 15)
    floor.do(cmd.Complete("t1", "bob", 2), 20)
    floor.do(cmd.SetPresence("ann", Presence.AWAY))
    floor.do(cmd.SetPresence("bob", Presence.AWAY))
    floor.do(cmd.SetPresence("ann", Presence.BUSY))
    for at, name, queue, to in ((100, "t2", "a", "ann"), (200, "t3", "b", None)):
        floor.do(cmd.Submit(Interaction(id=name, queue="a")), at)
        floor.do(cmd.Transfer(name, queue, to=to, age="reset"), at + 30)
        floor.do(cmd.Abandon(name), at + 45)
    for turn in floor.turns:
        kpis.take(turn.at, turn.facts)
    found, total = kpis.figures(), floor.engine._state.total
    assert (found.entered, found.answered, found.abandoned, found.waiting) == (3, 1, 2, 0)
    assert (total.entered, total.answered, total.abandoned, total.waiting) == (3, 1, 2, 0)
    here = kpis.figures(queue="a")
    assert (here.entered, here.answered, here.abandoned, dict(here.exited)) == (3, 1, 1, {"moved": 1})


# --- levels -------------------------------------------------------------------------------------

LEVELS = {"a": Queue(next_level="second"), "second": Queue(next_level="third"), "third": Queue()}


def test_it_goes_up_by_the_plan_with_its_age_and_never_back_to_who_passed_it_on() -> None:
    floor = floor_of(ANN, **LEVELS)
    floor.do(cmd.AddAgent(BOB), 0)
    floor.do(cmd.SetPresence("bob", Presence.BUSY), 0)
    mine = held(floor)
    (moved,) = floor.do(cmd.Escalate("t1", "ann", mine.fence, "a bug"), 50)
    assert isinstance(moved, ev.Transferred)
    assert (moved.queue, moved.cause, moved.reference, moved.reason) == ("second", "next level", 0.0, "a bug")
    assert not [each for each in live(floor.engine, 1e6) if isinstance(each, ev.Offered)]
    assert [each.kind for each in why_not(floor.engine, "ann", "t1").reasons] == ["cool_down"]
    offered = only(ev.Offered, floor.do(cmd.SignOn("bob"), 1e6))
    floor.do(cmd.Accept(offered.offer, "bob"))
    up = floor.do(cmd.Escalate("t1", "bob", 2))
    assert only(ev.Transferred, up).queue == "third"
    floor.engine.check()


def test_where_nobody_else_could_take_it_it_comes_back_rather_than_be_stranded() -> None:
    floor = floor_of(ANN, **LEVELS)
    mine = held(floor)
    floor.do(cmd.Escalate("t1", "ann", mine.fence, "a bug"), 50)
    offered = only(ev.Offered, live(floor.engine, 100))
    assert (offered.at, offered.agent) == (80, "ann")


def test_above_the_last_level_there_is_nothing() -> None:
    floor = floor_of(ANN, a=Queue())
    mine = held(floor)
    assert rule(floor.do(cmd.Escalate("t1", "ann", mine.fence))) == "no_next_level"
    assert rule(floor.do(cmd.Escalate("t1", "ann", mine.fence + 1))) == "stale_fence"
    assert rule(floor.do(cmd.Escalate("none", "ann", 1))) == "unknown_interaction"


@pytest.mark.parametrize(
    ("levels", "problem"),
    [
        ({"a": "none"}, "queues.a.next_level: there is no queue 'none'"),
        ({"a": 3}, "queues.a.next_level: there is no queue 3"),
        ({"a": "a"}, "queues.a.next_level: leads back to this queue"),
        ({"a": "b", "b": "c", "c": "a"}, "queues.a.next_level: leads back to this queue"),
    ],
)
def test_levels_that_lead_nowhere_or_back_are_a_mistake_of_the_plan(
    levels: dict[str, Any], problem: str
) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {name: {"next_level": level} for name, level in levels.items()}})
    assert caught.value.problems[0] == problem


def test_a_circle_above_is_told_of_the_queues_that_are_in_it() -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {n: {"next_level": level} for n, level in ("ab", "bc", "cb")}})
    assert [each.split(":")[0] for each in caught.value.problems] == [
        "queues.b.next_level",
        "queues.c.next_level",
    ]


# --- wrap-up ------------------------------------------------------------------------------------


def test_a_wrap_up_is_extended_within_its_limit() -> None:
    floor = floor_of(ANN, a=Queue(wrap_up=20, wrap_up_most=60))
    mine = held(floor)
    ids = ("t1", "ann", mine.fence)
    assert rule(floor.do(cmd.ExtendWrapUp(*ids, 10))) == "wrong_stage"
    floor.do(cmd.Complete(*ids), 100)
    assert floor.do(cmd.ExtendWrapUp(*ids, 25), 110) == [ev.WrapUpExtended(110.0, *ids, 145.0)]
    assert rule(floor.do(cmd.ExtendWrapUp(*ids, 16), 111)) == "too_long"
    floor.do(cmd.ExtendWrapUp(*ids, 15), 112)
    assert floor.engine.next_wake == 160
    assert live(floor.engine, 159) == []
    assert only(ev.Completed, floor.do(cmd.Tick(), 160)).due == 160
    floor.engine.check()


def test_the_limit_begins_anew_with_the_next_wrap_up() -> None:
    floor = floor_of(ANN, a=Queue(wrap_up=20, wrap_up_most=30))
    ids = ("t1", "ann", held(floor).fence)
    for at in (100, 200):
        floor.do(cmd.Complete(*ids), at)
        floor.do(cmd.ExtendWrapUp(*ids, 10))
        floor.do(cmd.CustomerReplied("t1"))
    floor.engine.check()
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_where_the_plan_says_nothing_a_wrap_up_is_not_extended() -> None:
    floor = floor_of(ANN, a=Queue(wrap_up=20))
    ids = ("t1", "ann", held(floor).fence)
    floor.do(cmd.Complete(*ids))
    assert rule(floor.do(cmd.ExtendWrapUp(*ids, 1))) == "not_extendable"
    for wrong in (0, -1, math.nan, math.inf, None, "5", True):
        with pytest.raises(UsageError, match="seconds of ExtendWrapUp"):
            floor.do(cmd.ExtendWrapUp(*ids, wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("queue", "problem"),
    [
        ({"wrap_up_most": 30}, "needs a wrap_up that it could extend"),
        ({"wrap_up": 40, "wrap_up_most": 30}, "must be at least wrap_up, 40"),
        ({"wrap_up": 40, "wrap_up_most": -1}, "must be positive, from 0.001 to 316224000, not -1"),
    ],
)
def test_a_limit_that_cannot_be_is_a_mistake_of_the_plan(queue: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {"a": queue}})
    assert list(caught.value.problems) == [f"queues.a.wrap_up_most: {problem}"]


# --- the journal --------------------------------------------------------------------------------


def test_everything_is_kept_and_told() -> None:
    plan = Plan(queues={"a": Queue(next_level="b", wrap_up=20, wrap_up_most=60), "b": Queue()})
    assert Plan.from_data(plan.to_data()).hash == plan.hash != Plan(queues={"a": Queue(), "b": Queue()}).hash
    store, now = MemoryStore(), [0.0]
    desk = Desk(Engine(plan), store, clock=lambda: now[0])
    for agent in (ANN, BOB):
        desk.handle(cmd.AddAgent(agent))
        desk.handle(cmd.SignOn(agent.id))
    offered = only(ev.Offered, desk.handle(cmd.Submit(Interaction(id="t1", queue="a"))))
    desk.handle(cmd.Accept(offered.offer, "ann"))
    desk.handle(cmd.Complete("t1", "ann", 1))
    desk.handle(cmd.ExtendWrapUp("t1", "ann", 1, 10))
    desk.handle(cmd.CustomerReplied("t1"))
    desk.handle(cmd.Escalate("t1", "ann", 1, "a bug"))
    again = Desk.open(store, clock=lambda: now[0])
    told = [step.text for step in again.explain("t1").story]
    assert "ann wraps up for longer, until 30 s at most" in told
    assert any(each.startswith("transferred to queue b by ann (a bug)") for each in told)
    verdict = verify(store)
    assert verdict.ok, verdict.problems


def test_the_story_of_what_was_passed_on_is_told() -> None:
    floor = floor_of(ANN, BOB, a=Queue())
    mine = held(floor)
    floor.do(cmd.Transfer("t1", "a", mine.agent, mine.fence, "bob", "reset"), 9)
    told = explain(floor.plan, floor.turns, "t1")
    assert told.story[-2].text.startswith(
        "transferred to queue a by ann, first to bob, its age begins anew: tier 1, key 9 s"
    )
    assert told.decisions[-1].candidates[0].agent == "bob"
