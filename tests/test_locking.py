"""Who may answer while somebody writes."""

from __future__ import annotations

import math

import attrs
import pytest

from tests.builders import Floor, live, one, only, rule
from workassign import Agent, Desk, Engine, Interaction, Plan, PlanError
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain
from workassign.journal import replay, verify
from workassign.stores.memory import MemoryStore

ANN, BOB = Agent(id="ann"), Agent(id="bob")


def floor_of(lease: float = 120.0) -> Floor:
    """Return a floor with ann and bob, who are there, and something that ann has."""
    floor = Floor(attrs.evolve(one(), lock_lease=lease), ANN, BOB)
    floor.on("ann", "bob")
    offered = only(ev.Offered, floor.do(cmd.Submit(Interaction(id="t1"))))
    floor.do(cmd.Accept(offered.offer, offered.agent))
    return floor


def test_while_somebody_has_the_lock_nobody_else_answers() -> None:
    floor = floor_of()
    assert floor.do(cmd.Lock("t1", "bob"), 10) == [ev.Locked(10.0, "t1", "bob", 130.0)]
    assert rule(floor.do(cmd.AgentReplied("t1", "ann"), 11)) == "locked"
    assert rule(floor.do(cmd.AgentReplied("t1", "ann", 1), 11)) == "locked"
    assert rule(floor.do(cmd.Lock("t1", "ann"), 11)) == "locked"
    only(ev.ReplySent, floor.do(cmd.BotReplied("t1"), 12))


def test_two_who_answer_at_once_collide_and_one_answer_goes_out() -> None:
    """By the lock, the version that was read, or the fence: each of them guards the sending."""
    floor = floor_of()
    version = floor.engine._state.works["t1"].version
    floor.do(cmd.Lock("t1", "ann"), 10)
    assert rule(floor.do(cmd.AgentReplied("t1", "bob", expected_version=version), 11)) == "locked"
    sent, unlocked = floor.do(cmd.AgentReplied("t1", "ann", 1, expected_version=version), 12)
    assert isinstance(sent, ev.ReplySent)
    assert unlocked == ev.Unlocked(12.0, None, "t1", "ann", "replied")
    assert rule(floor.do(cmd.AgentReplied("t1", "bob", expected_version=version), 13)) == "stale_version"
    assert rule(floor.do(cmd.AgentReplied("t1", "bob", 1), 13)) == "not_holder"


def test_a_lock_is_a_lease_that_ends_unless_she_says_so_again() -> None:
    floor = floor_of(lease=30)
    floor.do(cmd.Lock("t1", "ann"), 10)
    assert floor.do(cmd.Lock("t1", "ann"), 35) == [ev.Locked(35.0, "t1", "ann", 65.0)]
    assert live(floor.engine, 64) == []
    assert floor.engine.next_wake == 65
    assert floor.do(cmd.Tick(), 70) == [ev.Unlocked(70.0, 65.0, "t1", "ann", "expired")]
    assert floor.engine.next_wake == math.inf


def test_a_lock_is_stolen_only_on_purpose_and_it_is_on_record_from_whom() -> None:
    floor = floor_of()
    floor.do(cmd.Lock("t1", "ann"))
    assert floor.do(cmd.Lock("t1", "bob", steal=True), 5) == [ev.Locked(5.0, "t1", "bob", 125.0, "ann")]
    assert rule(floor.do(cmd.AgentReplied("t1", "ann"), 6)) == "locked"
    assert rule(floor.do(cmd.Unlock("t1", "ann"), 6)) == "locked"
    only(ev.ReplySent, floor.do(cmd.AgentReplied("t1", "bob"), 7))


def test_who_has_the_lock_gives_it_back() -> None:
    floor = floor_of()
    floor.do(cmd.Lock("t1", "ann"))
    assert floor.do(cmd.Unlock("t1", "ann"), 5) == [ev.Unlocked(5.0, None, "t1", "ann", "released")]
    assert rule(floor.do(cmd.Unlock("t1", "ann"), 6)) == "not_locked"


@pytest.mark.parametrize("wrap_up", [None, 20.0])
def test_what_is_closed_is_not_locked_any_more(wrap_up: float | None) -> None:
    floor = Floor(one(wrap_up=wrap_up), ANN, BOB)
    floor.on("ann")
    offered = only(ev.Offered, floor.do(cmd.Submit(Interaction(id="t1"))))
    floor.do(cmd.Accept(offered.offer, "ann"))
    floor.do(cmd.Lock("t1", "bob"))
    closed = floor.do(cmd.Complete("t1", "ann", 1), 5) + (floor.do(cmd.Tick(), 25) if wrap_up else [])
    assert only(ev.Unlocked, closed).cause == "closed"
    assert rule(floor.do(cmd.Lock("t1", "ann"), 26)) == "closed"
    for name, close in (("t2", cmd.Cancel("t2")), ("t3", cmd.Abandon("t3"))):
        floor.do(cmd.Submit(Interaction(id=name)))
        floor.do(cmd.Lock(name, "bob"))
        assert only(ev.Unlocked, floor.do(close)).agent == "bob"
    floor.engine.check()


def test_a_lock_does_not_change_whose_it_is_or_where_it_goes() -> None:
    floor = Floor(one(), ANN, BOB)
    floor.do(cmd.Submit(Interaction(id="t1")))
    floor.do(cmd.Lock("t1", "bob"))
    assert only(ev.Offered, floor.do(cmd.SignOn("ann"), 5)).agent == "ann"
    floor.do(cmd.Accept(1, "ann"))
    only(ev.Completed, floor.do(cmd.Complete("t1", "ann", 1)))


def test_who_leaves_the_roster_leaves_no_locks() -> None:
    floor = floor_of()
    floor.do(cmd.Lock("t1", "bob"))
    unlocked, removed = floor.do(cmd.RemoveAgent("bob"), 5)
    assert isinstance(unlocked, ev.Unlocked)
    assert unlocked.cause == "released"
    assert isinstance(removed, ev.AgentRemoved)


def test_nobody_locks_what_or_whom_there_is_not() -> None:
    floor = floor_of()
    assert rule(floor.do(cmd.Lock("none", "ann"))) == "unknown_interaction"
    assert rule(floor.do(cmd.Lock("t1", "nobody"))) == "unknown_agent"
    assert rule(floor.do(cmd.Unlock("none", "ann"))) == "unknown_interaction"


def test_the_lease_is_a_setting_of_the_plan_that_is_said_only_where_it_is_another() -> None:
    assert "lock_lease" not in one().to_data()
    plan = Plan.from_data({"lock_lease": 30})
    assert (plan.lock_lease, plan.to_data()["lock_lease"]) == (30, 30)
    for wrong in (0, -1, math.nan, "long", True):
        with pytest.raises(PlanError, match="lock_lease"):
            Plan.from_data({"lock_lease": wrong})


def test_a_restart_keeps_the_lock_and_its_end() -> None:
    store, now = MemoryStore(), [0.0]
    desk = Desk(Engine(), store, clock=lambda: now[0])
    for command in (cmd.AddAgent(ANN), cmd.Submit(Interaction(id="t1")), cmd.Lock("t1", "ann")):
        desk.handle(command)
    again = Desk.open(store, clock=lambda: now[0])
    assert again.interaction("t1").locked == "ann"
    assert again.next_wake == 120
    now[0] = 120.0
    assert only(ev.Unlocked, again.tick()).cause == "expired"
    assert again.interaction("t1").locked is None
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    replay(store).check()


def test_the_story_tells_of_locks() -> None:
    floor = floor_of()
    floor.do(cmd.Lock("t1", "ann"), 5)
    floor.do(cmd.Lock("t1", "bob", steal=True), 6)
    floor.do(cmd.Lock("t1", "ann"), 7)
    told = [step.text for step in explain(floor.plan, floor.turns, "t1").story][-2:]
    assert told == [
        "locked by bob until 126 s, who took the lock from ann",
        "Lock refused: interaction 't1' is locked by 'bob'",
    ]
