"""Agents who are given the work of a queue only once it has waited there for a while."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Floor, floor_of, live, pairs, rule
from tests.test_same_decisions import in_order
from workassign import (
    Agent,
    Channel,
    Engine,
    Group,
    Interaction,
    MemoryStore,
    Plan,
    Presence,
    Queue,
    UsageError,
    record,
    verify,
    why_not,
    why_waiting,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.lint import lint
from workassign.policies.batch import Batch
from workassign.policies.holds import Hold

PLAN = Plan(
    queues={"a": Queue(auto_accept=True), "b": Queue(auto_accept=True)}, channels={"default": Channel()}
)


def floor(*agents: Agent, plan: Plan = PLAN) -> Floor:
    return floor_of(plan, *agents)


def submit(where: Floor, name: str, at: float, queue: str = "a", **fields: Any) -> None:
    where.do(cmd.Submit(Interaction(id=name, queue=queue, **fields)), at)
    where.engine.check()


# --- who is given what, and when --------------------------------------------------------------


def test_she_is_given_only_what_has_waited_in_its_queue_for_so_long() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    submit(where, "it", 1)
    assert where.engine.check() == {Hold.QUEUE_DELAY: 1}
    assert where.engine.next_wake == 31
    assert pairs(where.do(cmd.Tick(), 30.999)) == []
    assert pairs(where.do(cmd.Tick(), 31)) == [("it", "ann")]


def test_who_has_no_delay_is_given_it_at_once() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}), Agent(id="bob", delays={"a": 0, "b": 30}))
    assert pairs(where.do(cmd.Submit(Interaction(id="it", queue="a")), 1)) == [("it", "bob")]


def test_she_is_given_what_is_old_enough_although_younger_work_is_more_urgent() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    where.do(cmd.SetPresence("ann", Presence.BUSY), 0)
    submit(where, "old", 1)
    submit(where, "young", 20, tier=0)
    facts = where.do(cmd.SetPresence("ann", Presence.AVAILABLE), 31)
    assert pairs(facts) == [("old", "ann")]


def test_each_delay_of_the_roster_is_an_age_at_which_more_agents_see_it() -> None:
    where = floor(*(Agent(id=f"a-{delay}", delays={"a": delay}) for delay in (60, 10, 30)))
    for each in range(4):
        submit(where, f"it-{each}", each / 10)
    assert pairs(where.do(cmd.Tick(), 10)) == [("it-0", "a-10")]
    assert pairs(where.do(cmd.Tick(), 29)) == []
    assert pairs(where.do(cmd.Tick(), 30.1)) == [("it-1", "a-30")]
    assert pairs(where.do(cmd.Tick(), 60.3)) == [("it-2", "a-60")]


def test_a_delay_counts_from_when_it_came_to_the_queue_not_from_its_submission() -> None:
    where = floor(Agent(id="ann", queues={"b": 1}, delays={"b": 30}))
    submit(where, "it", 0)
    where.do(cmd.Transfer("it", "b"), 100)
    assert pairs(where.do(cmd.Tick(), 129)) == []
    assert pairs(where.do(cmd.Tick(), 130)) == [("it", "ann")]


def test_what_is_given_back_keeps_the_time_it_has_waited() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}), Agent(id="bob"))
    submit(where, "it", 0)
    assert pairs(where.do(cmd.Release("it", "bob", 1), 100)) == [("it", "ann")]


def test_a_new_delay_holds_for_what_waits_already() -> None:
    where = floor()
    submit(where, "it", 0)
    where.do(cmd.AddAgent(Agent(id="ann", delays={"a": 30})), 1)
    assert pairs(where.do(cmd.SignOn("ann"), 2)) == []
    where.do(cmd.AddAgent(Agent(id="bob", delays={"a": 20})), 3)
    where.do(cmd.SignOn("bob"), 3)
    where.engine.check()
    assert pairs(where.do(cmd.Tick(), 20)) == [("it", "bob")]


def test_a_delay_that_is_taken_from_her_holds_no_more() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    submit(where, "it", 0)
    assert pairs(where.do(cmd.ChangeAgent(Agent(id="ann")), 1)) == [("it", "ann")]


def test_who_asks_for_work_waits_for_her_delay_too() -> None:
    where = floor(Agent(id="ann", pull=True, delays={"a": 30}))
    submit(where, "it", 0)
    assert rule(where.do(cmd.Pull("ann"), 29)) == "nothing_waits"
    assert pairs(where.do(cmd.Pull("ann"), 30)) == [("it", "ann")]


def test_what_is_assigned_by_hand_is_not_delayed() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    submit(where, "it", 0)
    assert pairs(where.do(cmd.Assign("it", "ann"), 1)) == [("it", "ann")]


def test_what_waits_for_her_alone_is_not_delayed_for_her() -> None:
    plan = Plan(queues={"a": Queue(auto_accept=True, sticky_wait=100)})
    where = floor(Agent(id="ann", delays={"a": 30}), plan=plan)
    assert pairs(where.do(cmd.Submit(Interaction(id="hers", queue="a", prefers="ann")), 0))
    submit(where, "next", 1, prefers="ann")
    assert pairs(where.do(cmd.Complete("hers", "ann", 1), 2)) == [("next", "ann")]


def test_whom_it_only_prefers_waits_like_everybody() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    submit(where, "it", 0, prefers="ann")
    assert pairs(where.do(cmd.Tick(), 29)) == []
    assert pairs(where.do(cmd.Tick(), 30)) == [("it", "ann")]


def test_several_are_asked_at_once_only_if_it_is_old_enough_for_them() -> None:
    plan = Plan(queues={"a": Queue(offers=3, offer_for=300)})
    where = floor(Agent(id="ann", delays={"a": 30}), Agent(id="bob"), Agent(id="cyd"), plan=plan)
    facts = where.do(cmd.Submit(Interaction(id="it", queue="a")), 0)
    assert [each.agent for each in facts if isinstance(each, ev.Offered)] == ["bob", "cyd"]


# --- where it is said -----------------------------------------------------------------------------


def test_a_group_says_it_for_all_who_do_not_say_otherwise() -> None:
    plan = Plan(
        queues={"a": Queue(auto_accept=True)},
        groups={"second": Group(delays={"a": 30})},
    )
    assert Plan.from_data(plan.to_data()).groups == plan.groups
    where = floor(
        Agent(id="ann", groups=("second",)), Agent(id="bob", groups=("second",), delays={"a": 0}), plan=plan
    )
    assert pairs(where.do(cmd.Submit(Interaction(id="it-0", queue="a")), 0)) == [("it-0", "bob")]
    submit(where, "it-1", 1)
    assert pairs(where.do(cmd.Tick(), 31)) == [("it-1", "ann")]


def test_under_a_new_plan_a_delay_goes_along_to_the_successor_the_shortest_holds() -> None:
    where = floor(Agent(id="ann", queues={"a": 1, "b": 2}, delays={"a": 30, "b": 60}))
    submit(where, "it", 0)
    plan = Plan(queues={"b": Queue(auto_accept=True)}, successors={"a": "b"})
    facts = where.do(cmd.ChangePlan(plan.to_data()), 10)
    (changed,) = [each.agent for each in facts if isinstance(each, ev.AgentChanged)]
    assert (changed.queues, changed.delays) == ({"b": 1}, {"b": 30})
    assert pairs(where.do(cmd.Tick(), 39)) == []  # it came to that queue at 10
    assert pairs(where.do(cmd.Tick(), 40)) == [("it", "ann")]


@pytest.mark.parametrize(
    ("delays", "problem"),
    [
        ({"a": -1}, "delay of queue 'a' must be positive, from 0.001 to 316224000, not -1, or 0: none"),
        ({"a": float("nan")}, "not nan, or 0: none"),
        ({"a": 1e-9}, "not 1e-09, or 0: none"),
        ({"a": 1e12}, "not 1000000000000.0, or 0: none"),
        ({"a": True}, "not True, or 0: none"),
        ({"a": "30"}, "not '30', or 0: none"),
        ({"": 30}, "a queue of an agent"),
        ([("a", 30)], "delays of an agent must be a table queue -> seconds"),
    ],
)
def test_what_is_no_table_of_delays_is_refused(delays: Any, problem: str) -> None:
    for build in (lambda: Agent(id="ann", delays=delays), lambda: Group(delays=delays)):
        with pytest.raises(UsageError) as caught:
            build()
        assert problem in str(caught.value)


def test_a_delay_for_a_queue_that_there_is_not_is_refused() -> None:
    where = floor()
    facts = where.do(cmd.AddAgent(Agent(id="ann", delays={"nowhere": 30})), 0)
    assert rule(facts) == "unknown_queue"


# --- what is told of it, and kept ---------------------------------------------------------------


def test_it_is_told_until_when_it_is_kept_from_her() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}))
    submit(where, "it", 1)
    (reason,) = why_not(where.engine, "ann", "it").reasons
    assert (reason.kind, reason.until) == ("queue_delay", 31)
    assert reason.text == "is given what comes to queue a after a delay, which ends at 31 s"
    waiting = why_waiting(where.engine, "it")
    assert [(each.kind, each.agent, each.until) for each in waiting.holds] == [("queue_delay", "ann", 31)]
    assert [(each.text, each.at, each.by_itself) for each in waiting.ways] == [
        ("the delay of ann for queue a ends at 31 s", 31, True)
    ]


def test_a_replay_goes_on_as_the_engine_does() -> None:
    where = floor(Agent(id="ann", delays={"a": 30}), Agent(id="bob", delays={"a": 10}))
    for at in range(4):
        submit(where, f"it-{at}", at)
    for at in (4, 12, 31):
        where.do(cmd.Tick(), at)
        again = where.again()
        assert again.snapshot() == where.engine.snapshot()
        assert again.next_wake == where.engine.next_wake
        assert again.check() == where.engine.check()
    assert live(again, 100) == live(where.engine, 100)


def test_an_audit_finds_what_was_given_too_early() -> None:
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    for at, command in (
        (0, cmd.AddAgent(Agent(id="ann", delays={"a": 30}))),
        (0, cmd.SignOn("ann")),
        (1, cmd.Submit(Interaction(id="it", queue="a"))),
        (31, cmd.Tick()),
    ):
        journal.handle(command, float(at))
    journal.flush()
    assert verify(store).ok
    early = MemoryStore()
    early.append(-1, [each.replace(b'"at":31.0', b'"at":30.0') for each in store.load()])
    problems = verify(early).problems
    assert any("who has a delay of 30.0, at 30.0" in each for each in problems)


def test_where_a_batch_weighs_all_together_no_delay_counts() -> None:
    """Who is free at the end of the window is weighed, whatever her delay."""
    queue = Queue(batch=Batch(window=2, use=in_order), auto_accept=True)
    where = floor(Agent(id="ann", delays={"a": 600}), plan=Plan(queues={"a": queue}))
    submit(where, "i", at=1)
    assert pairs(where.do(cmd.Tick(), 2)) == [("i", "ann")]
    found = lint(where.plan, [Agent(id="ann", delays={"a": 600})])
    assert [each.kind for each in found if each.kind == "dead_delay"] == ["dead_delay"]
