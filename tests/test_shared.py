"""Interactions that are in one queue, and seen by the agents of others, too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Floor, floor_of, live, pairs, rule
from workassign import (
    Agent,
    Engine,
    Interaction,
    MemoryStore,
    Needs,
    Plan,
    Presence,
    Queue,
    UsageError,
    record,
    replay,
    verify,
    why_not,
    why_waiting,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.dry_run import dry_run
from workassign.lint import lint
from workassign.policies import work
from workassign.policies.escalation import Step

BY_PRIORITY = Queue(auto_accept=True, work=work.queue_priority)
PLAN = Plan(queues=dict.fromkeys(("a", "b", "c"), BY_PRIORITY))


def floor(*agents: Agent, plan: Plan = PLAN) -> Floor:
    return floor_of(plan, *agents)


def submit(where: Floor, name: str, *shared: str, at: float | None = None, **fields: Any) -> str | None:
    """Return who is given it at once."""
    fields.setdefault("queue", "a")
    facts = where.do(cmd.Submit(Interaction(id=name, shared_with=shared, **fields)), at)
    where.engine.check()
    return next((agent for _, agent in pairs(facts)), None)


def in_queue(agent: str, **queues: int) -> Agent:
    return Agent(id=agent, queues=queues)


# --- who is given it ------------------------------------------------------------------------------


def test_agents_of_every_queue_that_it_is_shared_with_may_take_it() -> None:
    where = floor(in_queue("bob", b=1))
    assert submit(where, "its own") is None
    assert submit(where, "shared", "b", "c") == "bob"


def test_it_is_one_interaction_whoever_sees_it_first_has_it() -> None:
    where = floor(in_queue("ann", a=1), in_queue("bob", b=1))
    assert submit(where, "it", "b") == "ann"
    assert submit(where, "next", "b") == "bob"
    assert where.engine.snapshot()["queues"]["a"]["answered"] == 2
    assert where.engine.snapshot()["queues"]["b"]["entered"] == 0


def test_each_sees_it_at_the_priority_of_the_queue_through_which_she_does() -> None:
    where = floor(in_queue("bob", a=5, b=1, c=3))
    where.do(cmd.SetPresence("bob", Presence.BUSY))
    submit(where, "first", queue="c", at=1)
    submit(where, "shared", "b", at=2)  # the better of 5 and 1
    assert pairs(where.do(cmd.SetPresence("bob", Presence.AVAILABLE), 3)) == [("shared", "bob")]


def test_it_is_as_old_as_its_place_says_among_the_work_of_the_other_queue() -> None:
    where = floor(in_queue("bob", b=1))
    where.do(cmd.SetPresence("bob", Presence.BUSY))
    submit(where, "shared", "b", at=1)
    submit(where, "own", queue="b", at=2)
    assert pairs(where.do(cmd.SetPresence("bob", Presence.AVAILABLE), 3)) == [("shared", "bob")]


def test_the_shortest_of_her_delays_holds() -> None:
    where = floor(Agent(id="bob", queues={"a": 1, "b": 1}, delays={"a": 60, "b": 20, "c": 0}))
    assert submit(where, "it", "b", "c", at=0) is None
    (reason,) = why_not(where.engine, "bob", "it").reasons
    assert (reason.kind, reason.until) == ("queue_delay", 20)
    assert pairs(where.do(cmd.Tick(), 20)) == [("it", "bob")]


def test_it_needs_what_its_own_queue_asks_for_whoever_takes_it() -> None:
    plan = Plan(queues={"a": Queue(auto_accept=True, needs=Needs({"x": 1})), "b": Queue(auto_accept=True)})
    where = floor(in_queue("bob", b=1), Agent(id="cyd", queues={"b": 1}, skills={"x": 1}), plan=plan)
    assert submit(where, "it", "b") == "cyd"


def test_it_lives_by_the_rules_of_its_own_queue() -> None:
    plan = Plan(
        queues={
            "a": Queue(steps=(Step(after=60, tier=0),), offer_for=11),
            "b": Queue(steps=(Step(after=1, tier=5),), offer_for=99, tier=3),
        }
    )
    where = floor(in_queue("bob", b=1), plan=plan)
    (_, offered) = where.do(cmd.Submit(Interaction(id="it", queue="a", shared_with=("b",))), 0)
    assert isinstance(offered, ev.Offered)
    assert offered.expires == 11
    facts = where.do(cmd.SetPresence("bob", Presence.AWAY), 5) + where.do(cmd.Tick(), 60)
    (step,) = [each for each in facts if isinstance(each, ev.Escalated)]
    assert (step.at, step.tier) == (60, 0)


# --- what becomes of it ---------------------------------------------------------------------------


def test_moved_to_another_queue_it_stays_shared_with_the_same() -> None:
    where = floor(in_queue("bob", b=1), in_queue("cyd", a=1))
    where.do(cmd.SetPresence("bob", Presence.BUSY))
    where.do(cmd.SetPresence("cyd", Presence.BUSY))
    submit(where, "it", "b", at=1)
    where.do(cmd.Transfer("it", "c"), 2)
    assert pairs(where.do(cmd.SetPresence("cyd", Presence.AVAILABLE), 3)) == []  # it has left her queue
    assert pairs(where.do(cmd.SetPresence("bob", Presence.AVAILABLE), 4)) == [("it", "bob")]


def test_moved_to_one_that_it_is_shared_with_it_is_seen_there_once() -> None:
    where = floor()
    submit(where, "it", "b", at=1)
    where.do(cmd.Transfer("it", "b"), 2)
    where.do(cmd.AddAgent(in_queue("bob", b=1)), 3)
    assert pairs(where.do(cmd.SignOn("bob"), 3)) == [("it", "bob")]
    where.engine.check()


def test_opened_again_it_is_shared_as_before() -> None:
    where = floor(in_queue("bob", b=1))
    assert submit(where, "it", "b", at=1) == "bob"
    where.do(cmd.Complete("it", "bob", 1), 2)
    assert pairs(where.do(cmd.Reopen("it"), 3)) == [("it", "bob")]


def test_under_a_new_plan_it_is_shared_with_the_successors() -> None:
    where = floor(in_queue("bob", b=1))
    where.do(cmd.SetPresence("bob", Presence.BUSY))
    submit(where, "it", "b", at=1)
    plan = Plan(queues={"a": BY_PRIORITY, "d": BY_PRIORITY}, successors={"b": "d", "c": "d"})
    where.do(cmd.ChangePlan(plan.to_data()), 2)
    assert pairs(where.do(cmd.SetPresence("bob", Presence.AVAILABLE), 3)) == [("it", "bob")]
    where.engine.check()


def test_an_agent_who_comes_is_found_for_it_and_it_is_stranded_no_more() -> None:
    from workassign import Alarms

    plan = Plan(queues={"a": Queue(alarms=Alarms(no_eligible_agent=True)), "b": Queue(auto_accept=True)})
    where = floor(plan=plan)
    facts = where.do(cmd.Submit(Interaction(id="it", queue="a", shared_with=("b",))), 1)
    assert isinstance(facts[-1], ev.AlarmRaised)
    where.do(cmd.AddAgent(in_queue("bob", b=1)), 2)
    assert isinstance(where.do(cmd.SignOn("bob"), 3)[-1], ev.AlarmCleared)


# --- what is told of it, and kept ---------------------------------------------------------------


def test_it_is_told_through_which_queues_she_could_see_it() -> None:
    where = floor(in_queue("cyd", c=1))
    submit(where, "it", "b", at=1)
    (reason,) = why_not(where.engine, "cyd", "it").reasons
    assert (reason.kind, reason.text) == ("queue", "does not serve queue a or b")
    assert "somebody is added with queue a" in why_waiting(where.engine, "it").ways[0].text


def test_a_view_of_it_names_them() -> None:
    desk = Desk(Engine(PLAN), MemoryStore())
    desk.handle(cmd.Submit(Interaction(id="it", queue="a", shared_with=["c", "b"])))  # type: ignore[arg-type]
    assert desk.interaction("it").shared_with == ("b", "c")


def test_the_linter_and_a_dry_run_find_who_could_take_it() -> None:
    roster = [in_queue("bob", b=1)]
    own, shared = Interaction(id="own", queue="a"), Interaction(id="shared", queue="a", shared_with=("b",))
    assert [each.agent for each in dry_run(PLAN, roster, [own, shared])] == [None, "bob"]
    found = {each.kind: each.message for each in lint(PLAN, roster, [own, shared])}
    assert found["unroutable_needs"].startswith("1 of the sample (first: own)")
    stray = Interaction(id="stray", queue="a", shared_with=("z",))
    assert any("there is no queue 'z'" in each.message for each in lint(PLAN, roster, [stray]))


def test_a_replay_goes_on_as_the_engine_does() -> None:
    where = floor(in_queue("bob", b=1))
    for each in range(3):
        submit(where, f"it-{each}", "b", "c", at=each)
    again = where.again()
    assert again.snapshot() == where.engine.snapshot()
    assert again.check() == where.engine.check()
    for engine in (again, where.engine):
        assert pairs(engine.handle(cmd.Complete("it-0", "bob", 1), 10)) == [("it-1", "bob")]
    assert live(again, 100) == live(where.engine, 100)


def test_a_journal_of_it_is_verified_and_replayed() -> None:
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    for at, command in (
        (0, cmd.AddAgent(in_queue("bob", b=1))),
        (0, cmd.SignOn("bob")),
        (1, cmd.Submit(Interaction(id="it", queue="a", shared_with=("b",)))),
        (2, cmd.Transfer("it", "c", "bob", 1)),
    ):
        journal.handle(command, float(at))
    journal.flush()
    assert verify(store).ok
    assert replay(store).snapshot() == journal.engine.snapshot()


# --- what cannot be shared ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shared", "problem"),
    [
        (("a",), "must name each queue once, and not its own"),
        (("b", "b"), "must name each queue once, and not its own"),
        ("b", "must be a list of queues"),
        ({"b": 1}, "must be a list of queues"),
        (("",), "a queue of shared_with"),
        ((1,), "a queue of shared_with"),
        (tuple(f"q{each}" for each in range(21)), "at most 20 queues, not 21"),
    ],
)
def test_what_is_no_list_of_other_queues_is_refused(shared: Any, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        Interaction(id="it", queue="a", shared_with=shared)
    assert problem in str(caught.value)


def test_a_queue_that_there_is_not_is_refused_and_leaves_nothing_behind() -> None:
    where = floor()
    facts = where.do(cmd.Submit(Interaction(id="it", queue="a", shared_with=("nowhere",))), 1)
    assert rule(facts) == "unknown_queue"
    assert where.engine.snapshot()["works"] == []
