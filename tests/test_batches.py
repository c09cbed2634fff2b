"""What waits is held until a short window ends, and then weighed all at once against all who are free."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise, product
from math import inf
from random import Random
from typing import Any

import attrs
import numpy as np
import pytest

from tests.builders import Checked, Floor, live, only
from workassign import Agent, Channel, Engine, Interaction, Needs, Plan, PlanError, Presence, Queue, Target
from workassign import commands as cmd
from workassign import events as ev
from workassign._audit import Auditor
from workassign.explain import explain, why_not, why_waiting
from workassign.inversions import inversions
from workassign.journal import record, replay, verify
from workassign.lab.batches import flow
from workassign.lint import lint, starvation_bound
from workassign.model import OfferId
from workassign.policies import offers
from workassign.policies.batch import Batch, Column, Given, Matching, Pair, Row
from workassign.policies.holds import Hold
from workassign.stores.memory import MemoryStore

RARE = Needs({"rare": 1})


def in_order(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    """As many of each pair as there are."""
    waits, agents = [len(row.waits) for row in rows], [column.agents for column in columns]
    given = []
    for pair in pairs:
        if number := min(waits[pair.row], agents[pair.column]):
            waits[pair.row] -= number
            agents[pair.column] -= number
            given.append((pair.row, pair.column, number))
    return given


def nothing(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
    return []


def plan_of(use: Matching = in_order, window: float = 2.0, **settings: Any) -> Plan:
    return Plan(queues={"default": Queue(batch=Batch(window=window, use=use), **settings)})


def staffed(engine: Engine, *agents: Agent, at: float = 0.0) -> Engine:
    for agent in agents:
        engine.add_agent(agent, at)
        engine.sign_on(agent.id, at)
    return engine


def floor(plan: Plan, **agents: dict[str, float]) -> Checked:
    engine = Checked(plan)
    staffed(engine, *(Agent(id=name, skills=skills) for name, skills in agents.items()))
    return engine


def submit(engine: Engine, at: float, name: str, **fields: Any) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, **fields), at)


def given(events: Sequence[ev.Event]) -> list[tuple[str, str]]:
    return [(each.interaction, each.agent) for each in events if isinstance(each, ev.Offered | ev.Assigned)]


# --- the window -----------------------------------------------------------------------------------


def test_what_waits_is_held_until_the_window_ends_and_given_out_then() -> None:
    engine = floor(plan_of(), ann={})
    assert engine.next_wake == inf
    assert given(submit(engine, 4.5, "a")) == []
    assert engine.next_wake == 6.0
    assert engine.check() == {Hold.BATCH_WINDOW: 1}
    assert given(engine.tick(5.9)) == []
    assert given(engine.tick(6.0)) == [("a", "ann")]
    assert engine.check() == {}


def test_whoever_is_freed_waits_for_the_end_as_well() -> None:
    engine = floor(plan_of(auto_accept=True), ann={})
    submit(engine, 0.0, "a")
    assigned = only(ev.Assigned, engine.tick(2.0))
    submit(engine, 2.5, "b")
    assert engine.next_wake == inf  # nobody is free
    assert given(engine.complete("a", "ann", assigned.fence, 3.0)) == []
    assert engine.next_wake == 4.0
    assert given(engine.tick(4.0)) == [("b", "ann")]


def test_nothing_wakes_the_engine_while_nothing_could_be_given() -> None:
    engine = floor(plan_of(), ann={"other": 1})
    submit(engine, 0.0, "a", needs=RARE)
    assert engine.next_wake == inf
    staffed(engine, Agent(id="bob", skills={"rare": 1}), at=1.0)
    assert engine.next_wake == 2.0
    engine.set_presence("bob", Presence.AWAY, 1.5)
    assert engine.next_wake == inf


def test_who_refused_alone_wakes_nobody_before_she_is_asked_again() -> None:
    refusals = offers.per_cause(declined={"cool_down": 30, "exclusion": 60})
    engine = floor(plan_of(refusals=refusals), ann={})
    submit(engine, 0.0, "a")
    offered = only(ev.Offered, engine.tick(2.0))
    engine.decline(offered.offer, "ann", 3.0)
    assert engine.next_wake == 33.0
    engine.tick(33.0)
    assert engine.next_wake == 34.0
    assert given(engine.tick(34.0)) == [("a", "ann")]


def test_the_first_turn_after_the_end_gives_out_before_its_command_is_heard() -> None:
    engine = floor(plan_of(), ann={}, bob={})
    submit(engine, 0.0, "a")
    found = submit(engine, 7.25, "b")
    assert given(found) == [("a", "ann")]
    assert engine.next_wake == 8.0  # what came in that turn is of the next window


@pytest.mark.parametrize("window", [0.01, 0.1, 0.3, 1 / 3, 7, 60])
@pytest.mark.parametrize("at", [0.0, -17.3, 0.30000000000000004, 1_767_225_600.123, 98_765_432_101.0])
def test_windows_end_at_multiples_whatever_the_rounding(window: float, at: float) -> None:
    batch = Batch(window=window, use=in_order)
    ends = [batch.end(at)]
    for _ in range(3):
        ends.append(batch.end(ends[-1]))
    assert at < ends[0] <= at + 1.01 * window + 1e-4
    assert all(batch.ends_at(end) for end in ends)
    assert all(0 < after - before <= 1.01 * window + 1e-4 for before, after in pairwise(ends))


# --- who is in it ---------------------------------------------------------------------------------


def test_the_specialist_is_kept_for_what_only_she_can_do() -> None:
    engine = floor(plan_of(flow()), ann={"rare": 1}, bob={})
    submit(engine, 0.0, "easy")
    submit(engine, 0.1, "hard", needs=RARE)
    assert given(engine.tick(2.0)) == [("easy", "bob"), ("hard", "ann")]


def test_an_ordinary_queue_takes_whom_it_needs_during_the_window() -> None:
    plan = Plan(queues={"batched": Queue(batch=Batch(window=2, use=in_order)), "plain": Queue(tier=9)})
    engine = floor(plan, ann={})
    submit(engine, 0.5, "a", queue="batched")
    assert given(submit(engine, 1.0, "b", queue="plain")) == [("b", "ann")]
    assert engine.next_wake == 31.0  # nobody is left for the window


def test_at_the_end_the_ordinary_queues_go_first() -> None:
    plan = Plan(
        queues={"batched": Queue(batch=Batch(window=2, use=in_order)), "plain": Queue(tier=9, offer_for=2)}
    )
    engine = floor(plan, ann={}, bob={})
    engine.set_presence("bob", Presence.AWAY, 0.0)
    submit(engine, 0.0, "b", queue="plain")
    engine.set_presence("bob", Presence.AVAILABLE, 1.0)
    submit(engine, 1.0, "a", queue="batched")
    assert given(engine.tick(2.0)) == [("b", "bob"), ("a", "ann")]  # ann has let b run out


def test_queues_of_one_batch_are_weighed_together() -> None:
    seen: list[list[str]] = []

    def seeing(rows: Sequence[Row], columns: Sequence[Column], pairs: Sequence[Pair]) -> Given:
        seen.append([row.queue for row in rows])
        return in_order(rows, columns, pairs)

    def queue(window: float) -> Queue:
        return Queue(batch=Batch(window=window, use=seeing))

    plan = Plan(queues={"a": queue(2), "b": queue(2.0), "c": queue(1)})
    engine = staffed(Checked(plan), *(Agent(id=name) for name in ("ann", "bob", "cyd")))
    for name in plan.queues:
        submit(engine, 0.1, name, queue=name)
    live(engine, 2.0)
    assert seen == [["c"], ["a", "b"]]


def test_factories_with_equal_settings_make_one_batch_and_others_do_not() -> None:
    one, same, other = (Batch(window=2, use=flow(fit=fit)) for fit in (1.0, 1.0, 2.0))
    assert one.joins(same)
    assert not one.joins(other)
    assert not one.joins(Batch(window=3, use=one.use))
    assert not Batch(window=2, use=lambda *_: ()).joins(Batch(window=2, use=lambda *_: ()))


def test_alike_interactions_are_one_row_and_alike_agents_one_column() -> None:
    told: list[Any] = []

    def telling(*everything: Any) -> Given:
        told.append(everything)
        return ()

    engine = floor(plan_of(telling), ann={"rare": 1, "x": 1}, bob={}, cyd={})
    for number in range(4):
        submit(engine, 0.5 * number, f"e{number}")
    submit(engine, 1.75, "hard", needs=Needs('skills HAS "rare" PREFER level("x") >= 1 WEIGHT 3'))
    engine.tick(2.0)
    rows, columns, pairs = told[0]
    assert [(row.queue, row.tier, row.waits) for row in rows] == [
        ("default", 1, (2.0, 1.5, 1.0)),  # no more than there are agents
        ("default", 1, (0.25,)),
    ]
    assert [(dict(column.skills), column.agents) for column in columns] == [
        ({"rare": 1.0, "x": 1.0}, 1),
        ({}, 2),
    ]
    assert [(each.row, each.column, each.wanted) for each in pairs] == [(0, 0, 0.0), (0, 1, 0.0), (1, 0, 3.0)]


def test_within_a_column_selection_decides() -> None:
    engine = floor(plan_of(auto_accept=True), ann={}, bob={}, cyd={})
    submit(engine, 0.0, "a")
    first = only(ev.Assigned, engine.tick(2.0))
    engine.complete("a", first.agent, first.fence, 3.0)
    for name in ("b", "c", "d"):
        submit(engine, 3.0, name)
    assert given(engine.tick(4.0)) == [("b", "bob"), ("c", "cyd"), ("d", "ann")]


def test_who_has_room_for_several_gets_one_a_round_until_she_is_full() -> None:
    engine = staffed(Checked(plan_of()), Agent(id="ann", capacity=3), Agent(id="bob"))
    for number in range(6):
        submit(engine, 0.1 * number, f"t{number}")
    found = given(engine.tick(2.0))
    assert found == [("t0", "ann"), ("t1", "bob"), ("t2", "ann"), ("t3", "ann")]


def test_what_one_agent_refused_may_go_to_the_others() -> None:
    engine = floor(plan_of(), ann={}, bob={})
    submit(engine, 0.0, "a")
    offered = only(ev.Offered, engine.tick(2.0))
    engine.decline(offered.offer, "ann", 2.5)
    submit(engine, 2.6, "b")
    assert sorted(given(engine.tick(4.0))) == [("a", "bob"), ("b", "ann")]


def test_what_prefers_somebody_goes_to_her_if_she_is_free() -> None:
    engine = floor(plan_of(flow()), ann={}, bob={})
    submit(engine, 0.0, "a")
    submit(engine, 0.1, "b", prefers="ann")
    assert given(engine.tick(2.0)) == [("a", "bob"), ("b", "ann")]


def test_what_waits_for_one_agent_is_held_for_her_until_a_window_ends() -> None:
    engine = floor(plan_of(sticky_wait=60, auto_accept=True), ann={}, bob={})
    submit(engine, 0.0, "a")
    first = only(ev.Assigned, engine.tick(2.0))
    submit(engine, 2.5, "b", prefers=first.agent)
    assert engine.next_wake == 62.5
    engine.complete("a", first.agent, first.fence, 3.0)
    assert engine.next_wake == 4.0
    assert engine.check() == {Hold.BATCH_WINDOW: 1, Hold.STICKY_WAIT: 1}
    assert given(engine.tick(4.0)) == [("b", first.agent)]


def test_who_pulls_has_at_once_what_a_window_holds() -> None:
    engine = staffed(Checked(plan_of()), Agent(id="ann", pull=True))
    submit(engine, 0.5, "a")
    assert engine.next_wake == inf
    assert engine.check() == {Hold.PULL_ONLY: 1}
    assert given(engine.pull("ann", 0.75)) == [("a", "ann")]


def test_labels_are_told_apart_in_a_window() -> None:
    plan = attrs.evolve(plan_of(auto_accept=True), channels={"default": Channel(units=0.5)})
    engine = staffed(Checked(plan), Agent(id="ann", labels={"fraud": 1}))
    for name in ("a", "b"):
        submit(engine, 0.0, name, label="fraud")
    submit(engine, 0.0, "c")
    assert given(engine.tick(2.0)) == [("a", "ann"), ("c", "ann")]


# --- policies that fail ---------------------------------------------------------------------------


def raising(*_: Any) -> Given:
    raise ValueError("not today")


BROKEN: dict[str, Any] = {
    "raises": raising,
    "none": lambda *_: None,
    "a generator": lambda *_: iter([(0, 0, 1)]),
    "unknown row": lambda *_: [(7, 0, 1)],
    "unknown column": lambda *_: [(0, -1, 1)],
    "does not fit": lambda *_: [(1, 1, 1)],
    "agent twice": lambda rows, *_: [(row, 0, 1) for row in range(len(rows))],
    "more than wait": lambda *_: [(0, 0, 1), (0, 1, 1), (1, 0, 1)],
    "none of a pair": lambda *_: [(0, 0, 0)],
    "less than none": lambda *_: [(0, 0, -1)],
    "half of one": lambda *_: [(0, 0, 0.5)],
    "truth": lambda *_: [(0, False, True)],
    "too short": lambda *_: [(0, 0)],
    "nan": lambda *_: [(float("nan"), 0, 1)],
}


@pytest.mark.parametrize("use", BROKEN.values(), ids=list(BROKEN))
def test_where_the_policy_fails_everything_is_given_one_by_one_at_the_end(use: Matching) -> None:
    engine = floor(plan_of(use), ann={"rare": 1}, bob={})
    submit(engine, 0.0, "easy")
    submit(engine, 0.1, "hard", needs=RARE)
    found = engine.tick(2.0)
    assert given(found) == [("easy", "ann")]  # as without a batch: first come, longest idle
    failed = only(ev.PolicyFailed, found)
    assert (failed.slot, failed.subject) == ("queues.default.batch", "default")


def test_a_policy_that_fails_too_often_is_off_until_it_is_asked_again() -> None:
    engine = floor(plan_of(raising, auto_accept=True), ann={"rare": 1}, bob={})
    kinds: list[type] = []
    for number in range(5):
        submit(engine, 10.0 * number, f"t{number}")
        found = engine.tick(10.0 * number + 2)
        kinds += [type(each) for each in found if isinstance(each, ev.PolicyFailed | ev.PolicySwitchedOff)]
        assigned = only(ev.Assigned, found)
        engine.complete(f"t{number}", assigned.agent, assigned.fence, 10.0 * number + 3)
    assert kinds == [ev.PolicyFailed] * 3 + [ev.PolicySwitchedOff]
    engine.resume_policy("queues.default.batch", 60.0)
    submit(engine, 61.0, "again")
    assert [type(each) for each in engine.tick(62.0)] == [ev.PolicyFailed, ev.Assigned]


def test_what_the_policy_leaves_is_given_one_by_one() -> None:
    engine = floor(plan_of(nothing), ann={}, bob={})
    for name in ("a", "b", "c"):
        submit(engine, 0.0, name)
    assert given(engine.tick(2.0)) == [("a", "ann"), ("b", "bob")]


def test_without_scipy_everything_is_given_one_by_one_and_the_failure_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("scipy.optimize", "scipy.sparse", "scipy.sparse.csgraph"):
        monkeypatch.setitem(sys.modules, name, None)
    plan = Plan.from_data(plan_of(flow()).to_data())  # a plan is read without it
    engine = floor(plan, ann={})
    submit(engine, 0.0, "a")
    failed, offered = engine.tick(2.0)
    assert isinstance(failed, ev.PolicyFailed)
    assert "pip install 'workassign[batch]'" in failed.error
    assert given([offered]) == [("a", "ann")]


# --- the plan -------------------------------------------------------------------------------------

CARE = """
[queues.care.batch]
window = 2.5
use = { use = "workassign.lab.batches:flow", fit = 60.0 }
"""


def test_a_batch_is_named_in_a_plan_and_written_back(tmp_path: Any) -> None:
    (tmp_path / "plan.toml").write_text(CARE)
    plan = Plan.load(tmp_path / "plan.toml")
    batch = plan.queues["care"].batch
    assert batch is not None
    assert batch.window == 2.5
    data = plan.to_data()
    assert data["queues"]["care"]["batch"] == {
        "window": 2.5,
        "use": {"use": "workassign.lab.batches:flow", "fit": 60.0},
    }
    assert Plan.from_data(data).to_data() == data
    assert "batch" not in Plan(queues={"care": Queue()}).to_data()["queues"]["care"]


USE = "tests.golden.policies:last_first"


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"use": USE}, "queues.care.batch.window: is missing"),
        ({"window": 2}, "queues.care.batch.use: is missing"),
        ({"window": 0, "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not 0"),
        ({"window": -2, "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not -2"),
        ({"window": 61, "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not 61"),
        ({"window": float("nan"), "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not nan"),
        ({"window": "2", "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not '2'"),
        ({"window": True, "use": USE}, "queues.care.batch.window: must be from 0.01 to 60, not True"),
        ({"window": 2, "use": USE, "size": 3}, "queues.care.batch.size: unknown; there are use, window"),
        ({"window": 2, "use": "best"}, "queues.care.batch.use: no policy 'best'"),
        (
            {"window": 2, "use": {"use": "workassign.lab.batches:flow", "fit": -1}},
            "queues.care.batch.use: fit must be a number of seconds from 0 on, not -1",
        ),
        (3, "queues.care.batch: must be a table, not 3"),
    ],
)
def test_a_wrong_batch_is_refused_with_its_path(table: object, problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {"care": {"batch": table}}})
    assert problem in caught.value.problems


@pytest.mark.parametrize(
    ("queue", "problem"),
    [
        ({"batch": 2.0}, "queues.default.batch: must be Batch, not 2.0"),
        ({"batch": Batch(window=2, use=3)}, "queues.default.batch.use: must be callable, not 3"),  # type: ignore[arg-type]
        (
            {"batch": Batch(window=2, use=flow)},  # type: ignore[arg-type]
            "queues.default.batch.use: flow makes a policy: call it, flow(...)",
        ),
        (
            {"batch": Batch(window=2, use=in_order), "offers": 2},
            "queues.default.batch: gives each interaction to one agent: leave out offers",
        ),
    ],
)
def test_a_batch_made_in_python_is_checked_too(queue: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan(queues={"default": Queue(**queue)})
    assert problem in caught.value.problems


def test_another_plan_opens_or_holds_at_once() -> None:
    engine = floor(plan_of(), ann={})
    submit(engine, 0.5, "a")
    assert given(engine.change_plan(Plan(), 1.0)) == [("a", "ann")]
    engine.change_plan(plan_of(window=10), 1.5)
    staffed(engine, Agent(id="bob"), at=1.5)
    assert given(submit(engine, 2.0, "b")) == []
    assert engine.next_wake == 10.0


def test_lint_knows_what_a_batch_does() -> None:
    plan = plan_of(window=60, targets=(Target(measures="accept", within=60),))
    (slow,) = [each for each in lint(plan) if each.kind == "slow_batch"]
    assert (slow.place, slow.severity) == ("queues.default.batch", "warning")
    assert not [each for each in lint(plan_of(flow())) if each.kind in ("slow_batch", "own_policy")]
    (bound,) = starvation_bound(plan)
    assert (bound.within, bound.reason) == (None, "queue default gives out in batches")


# --- asking why -----------------------------------------------------------------------------------


def test_the_window_and_its_end_are_told() -> None:
    engine = floor(plan_of(), ann={}, bob={})
    engine.set_presence("bob", Presence.AWAY, 0.0)
    submit(engine, 0.5, "a")
    (reason,) = why_not(engine, "ann", "a").reasons
    assert (reason.kind, reason.until) == ("batch_window", 2.0)
    assert reason.text == "it is given out when the window of queue default ends at 2 s"
    found = why_waiting(engine, "a")
    assert [(each.kind, each.agent, each.until) for each in found.holds] == [("batch_window", None, 2.0)]
    assert [(each.agent, each.text, each.by_itself) for each in found.ways] == [
        ("ann", "the window of queue default ends at 2 s", True),
        ("bob", "bob becomes available (she is away) and the window of queue default ends at 2 s", False),
    ]


def test_who_pulls_need_not_wait_for_the_end() -> None:
    engine = staffed(Checked(plan_of()), Agent(id="ann", pull=True))
    submit(engine, 0.5, "a")
    assert [each.text for each in why_waiting(engine, "a").ways] == ["ann asks for work"]
    assert [each.kind for each in why_not(engine, "ann", "a").reasons] == ["pull_only"]


def test_a_decision_of_a_batch_says_that_it_was_weighed() -> None:
    told = Floor(plan_of(flow()), Agent(id="ann", skills={"rare": 1}), Agent(id="bob"))
    told.on("ann", "bob")
    told.do(cmd.Submit(Interaction(id="easy")), 0.0)
    told.do(cmd.Submit(Interaction(id="hard", needs=RARE)), 0.5)
    told.do(cmd.Tick(), 2.0)
    (decision,) = explain(told.plan, told.turns, "easy").decisions
    assert (decision.agent, decision.tie_break) == ("bob", "")
    assert [(each.agent, each.rank) for each in decision.candidates] == [("ann", 1), ("bob", 2)]
    assert decision.notes == ("its window ended: flow weighed all that waited against all who were free",)


def test_a_decision_of_another_queue_knows_what_a_window_held() -> None:
    plan = Plan(queues={"batched": Queue(batch=Batch(window=2, use=in_order)), "plain": Queue(tier=9)})
    told = Floor(plan, Agent(id="ann"))
    told.on("ann")
    told.do(cmd.Submit(Interaction(id="a", queue="batched")), 0.5)
    told.do(cmd.Submit(Interaction(id="b", queue="plain")), 1.0)
    (decision,) = explain(told.plan, told.turns, "b").decisions
    assert (decision.agent, decision.notes, decision.could_take) == ("ann", (), 1)


# --- the journal ----------------------------------------------------------------------------------


def test_a_replay_asks_no_policy_and_knows_when_the_window_ends() -> None:
    told = Floor(plan_of(), Agent(id="ann"), Agent(id="bob"))
    told.on("ann")
    told.do(cmd.Submit(Interaction(id="a")), 1.0)
    told.do(cmd.Tick(), 2.0)
    told.do(cmd.Submit(Interaction(id="b")), 3.0)
    told.on("bob", at=3.5)
    told.plan = plan_of(raising)
    again = told.again()
    assert again.next_wake == told.engine.next_wake == 4.0
    assert given(told.engine.tick(4.0)) == [("b", "bob")]


def test_a_journal_with_batches_is_verified_and_counts_who_was_passed_over() -> None:
    store = MemoryStore()
    recorder = record(Engine(Plan.from_data(plan_of(flow()).to_data())), store)
    for agent in (Agent(id="ann", skills={"rare": 1}),):
        recorder.handle(cmd.AddAgent(agent), 0.0)
        recorder.handle(cmd.SignOn(agent.id), 0.0)
    recorder.handle(cmd.Submit(Interaction(id="easy")), 0.0)
    recorder.handle(cmd.Submit(Interaction(id="hard", needs=RARE, tier=0)), 0.5)
    recorder.handle(cmd.Tick(), 2.0)
    recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert replay(store).snapshot() == recorder.engine.snapshot()
    assert inversions(store).inverted == 0


def test_the_auditor_notes_what_is_given_out_within_a_window() -> None:
    told = Floor(plan_of(), Agent(id="ann"))
    told.on("ann")
    told.do(cmd.Submit(Interaction(id="a")), 2.5)
    offered = ev.Offered(3.0, OfferId(1), "a", "ann", 33.0, False)
    auditor = Auditor(told.plan.to_data(), told.plan.hash)
    for seq, turn in enumerate(told.turns):
        auditor.turn(seq, turn.at, turn.facts, turn.timed)
    assert auditor.problems == []
    auditor.turn(9, 3.0, [offered], 1)
    assert auditor.problems == ["entry 9: 'a' was given out at 3.0, within a window of 2 s"]


# --- the best -------------------------------------------------------------------------------------


def an_instance(rnd: Random, most: int, tiers: int) -> tuple[list[Row], list[Column], list[Pair]]:
    rows = [
        Row(
            "q",
            rnd.randint(1, tiers),
            Needs(),
            tuple(sorted((rnd.uniform(-50, 300) for _ in range(size)), reverse=True)),
        )
        for size in (rnd.randint(1, most) for _ in range(rnd.randint(1, 3)))
    ]
    columns = [Column({}, rnd.randint(1, most)) for _ in range(rnd.randint(1, 3))]
    pairs = [
        Pair(row, column, rnd.choice((0.0, 1.5)), rnd.uniform(-3, 3), rnd.random() < 0.1)
        for row in range(len(rows))
        for column in range(len(columns))
        if rnd.random() < 0.6
    ]
    return rows, columns, pairs


def worth_of(rows: list[Row], pairs: list[Pair], answer: Given) -> tuple[list[int], float]:
    """How many are matched of each tier, the first first; and the sum of what they are worth."""
    known = {(each.row, each.column): each for each in pairs}
    tiers = sorted({row.tier for row in rows})
    matched = [sum(number for row, _, number in answer if rows[row].tier == tier) for tier in tiers]
    value = 0.0
    for row in range(len(rows)):
        value += sum(rows[row].waits[: sum(number for each, _, number in answer if each == row)])
    for row, column, number in answer:
        pair = known[row, column]
        value += number * (5 * (pair.wanted - pair.rank) + 3600 * pair.preferred)
    return matched, value


def every_answer(rows: list[Row], columns: list[Column], pairs: list[Pair]) -> Any:
    """Yield every matching there is."""
    ranges = [range(min(len(rows[p.row].waits), columns[p.column].agents) + 1) for p in pairs]
    for numbers in product(*ranges):
        answer = [(p.row, p.column, number) for p, number in zip(pairs, numbers, strict=True) if number]
        of_row = all(
            sum(n for r, _, n in answer if r == row) <= len(rows[row].waits) for row in range(len(rows))
        )
        if of_row and all(
            sum(n for _, c, n in answer if c == column) <= columns[column].agents
            for column in range(len(columns))
        ):
            yield answer


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_better_than_the_flow(seed: int) -> None:
    rows, columns, pairs = an_instance(Random(seed), 2 if seed % 2 else 3, 3)
    if not pairs:
        return
    found = worth_of(rows, pairs, flow()(rows, columns, pairs))
    best = max(worth_of(rows, pairs, answer) for answer in every_answer(rows, columns, pairs))
    assert found[0] == best[0]
    assert found[1] == pytest.approx(best[1], rel=1e-6, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_flow_is_as_good_as_a_linear_assignment(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rnd = Random(seed)
    rows = [
        Row("q", 1, Needs(), tuple(sorted((rnd.uniform(0, 600) for _ in range(8)), reverse=True)))
        for _ in range(12)
    ]
    columns = [Column({}, rnd.randint(1, 12)) for _ in range(10)]
    pairs = [
        Pair(row, column, 0.0, rnd.uniform(0, 5), False)
        for row, column in product(range(12), range(10))
        if rnd.random() < 0.15
    ]
    items = [(row, wait) for row in range(12) for wait in rows[row].waits]
    agents = [column for column in range(10) for _ in range(columns[column].agents)]
    ranks = {(pair.row, pair.column): pair.rank for pair in pairs}
    many = 1e6  # a match more is worth more than all else
    table = np.array(
        [
            [many + wait - 5 * ranks[row, column] if (row, column) in ranks else 0.0 for column in agents]
            for row, wait in items
        ]
    )
    chosen = table[optimize.linear_sum_assignment(table, maximize=True)]
    (matched,), value = worth_of(rows, pairs, flow()(rows, columns, pairs))
    assert matched == int((chosen > 0).sum())
    assert matched * many + value == pytest.approx(chosen.sum(), abs=1e-2)
