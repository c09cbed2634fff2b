"""Queues that keep some of those who serve them free for what is urgent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import Floor, floor_of, live, pairs, rule
from workassign import (
    Agent,
    Channel,
    Engine,
    Group,
    Interaction,
    MemoryStore,
    Needs,
    Plan,
    PlanError,
    Presence,
    Queue,
    record,
    replay,
    verify,
    why_not,
    why_waiting,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign._audit import Auditor
from workassign.policies import selection
from workassign.policies.holds import Hold
from workassign.policies.keep_free import KeepFree

VIP = Queue(tier=0, auto_accept=True, keep_free=KeepFree(agents=2, tier=0))
MASS = Queue(tier=2, auto_accept=True)
CHANNELS = {"chat": Channel(), "mail": Channel()}
PLAN = Plan(queues={"vip": VIP, "mass": MASS}, channels=CHANNELS)


def floor(*agents: Agent | str, plan: Plan = PLAN) -> Floor:
    return floor_of(plan, *(Agent(id=each) if isinstance(each, str) else each for each in agents))


def submit(
    where: Floor, name: str, queue: str = "mass", at: float | None = None, **fields: Any
) -> str | None:
    """Return who is given it at once."""
    fields.setdefault("channel", "chat")
    facts = where.do(cmd.Submit(Interaction(id=name, queue=queue, **fields)), at)
    where.engine.check()
    return next((agent for _, agent in pairs(facts)), None)


# --- who stays free -----------------------------------------------------------------------------


def test_the_last_who_are_free_are_kept_for_what_is_urgent() -> None:
    where = floor("ann", "bob", "cyd")
    assert submit(where, "m-1") == "ann"
    assert submit(where, "m-2") is None
    assert where.engine.check() == {Hold.KEPT_FREE: 2}
    assert submit(where, "v-1", "vip") == "bob"
    assert submit(where, "v-2", "vip") == "cyd"


def test_when_somebody_comes_free_there_are_enough_and_whom_selection_prefers_has_it() -> None:
    where = floor("ann", "bob", "cyd")
    assert submit(where, "m-1", at=1) == "ann"
    assert submit(where, "m-2", at=2) is None
    facts = where.do(cmd.Complete("m-1", "ann", 1), 3)
    assert pairs(facts) == [("m-2", "bob")]  # who has been idle for longer, although she was kept free
    where.engine.check()


def test_what_only_one_who_is_kept_free_can_do_is_hers_once_others_are_free() -> None:
    where = floor(Agent(id="ann", skills={"x": 1}), "bob")
    assert submit(where, "it", needs=Needs({"x": 1})) is None
    where.do(cmd.AddAgent(Agent(id="cyd")), 1)
    assert pairs(where.do(cmd.SignOn("cyd"), 2)) == [("it", "ann")]


def test_who_does_not_serve_the_queue_is_not_kept_free_and_does_not_count() -> None:
    where = floor("ann", "bob", Agent(id="cyd", queues={"mass": 1}))
    assert submit(where, "m-1") == "cyd"
    assert submit(where, "m-2") is None


def test_who_lacks_what_everything_in_the_queue_needs_does_not_count() -> None:
    plan = Plan(
        queues={
            "vip": Queue(tier=0, needs=Needs('team == "gold"'), keep_free=KeepFree(agents=1, tier=0)),
            "mass": MASS,
        },
        channels=CHANNELS,
    )
    where = floor(Agent(id="ann", attributes={"team": "gold"}), "bob", plan=plan)
    assert submit(where, "m-1") == "bob"
    assert submit(where, "m-2") is None


def test_who_has_room_for_more_stays_free_and_is_given_it() -> None:
    where = floor(Agent(id="ann", capacity=3), Agent(id="bob", capacity=1))
    assert [submit(where, f"m-{each}") for each in range(4)] == ["ann", "ann", None, None]
    assert submit(where, "v-1", "vip") == "ann"
    assert submit(where, "v-2", "vip") == "bob"


def test_free_is_who_has_room_on_all_her_channels() -> None:
    plan = Plan(
        queues={"vip": VIP, "mass": MASS},
        channels={"chat": Channel(), "mail": Channel(beside=("mail",))},
    )
    where = floor(Agent(id="ann", capacity=5), Agent(id="bob", capacity=5), plan=plan)
    assert submit(where, "m-1", channel="mail") is None  # nobody could be given a chat beside it
    assert submit(where, "m-2", channel="chat") is None


def test_who_is_not_free_any_more_is_given_what_she_was_kept_from() -> None:
    plan = Plan(
        queues={"vip": VIP, "mass": MASS},
        channels={"chat": Channel(), "mail": Channel(interruptible_by=("chat",))},
    )
    where = floor(Agent(id="ann", channels={"chat": 1, "mail": 1}), plan=plan)
    assert submit(where, "m-1", channel="mail") is None
    facts = where.do(cmd.Submit(Interaction(id="v-1", queue="vip", channel="mail")), 1)
    assert pairs(facts) == [("v-1", "ann")]
    assert submit(where, "m-2", channel="chat") == "ann"


def test_in_her_login_ramp_she_is_not_free_any_more_with_one() -> None:
    where = floor(Agent(id="ann", capacity=3, login_ramp=60), Agent(id="bob", capacity=3, login_ramp=60))
    assert submit(where, "m-1", at=59) is None
    assert pairs(where.do(cmd.Tick(), 60)) == [("m-1", "ann")]


def test_work_of_its_tier_in_other_queues_is_given_too() -> None:
    where = floor("ann", "bob")
    assert submit(where, "urgent", "mass", tier=0) == "ann"


def test_with_fewer_agents_than_are_to_be_kept_nothing_else_is_given() -> None:
    where = floor("ann")
    assert submit(where, "m-1") is None
    assert submit(where, "v-1", "vip") == "ann"
    assert pairs(where.do(cmd.Complete("v-1", "ann", 1), 5)) == []


def test_of_two_queues_that_keep_agents_free_each_does() -> None:
    plan = Plan(
        queues={
            "vip": VIP,
            "press": Queue(tier=1, auto_accept=True, keep_free=KeepFree(agents=3, tier=1)),
            "mass": MASS,
        },
        channels=CHANNELS,
    )
    where = floor("ann", "bob", "cyd", plan=plan)
    assert submit(where, "m-1") is None
    assert submit(where, "p-1", "press") == "ann"
    assert submit(where, "p-2", "press") is None
    assert submit(where, "v-1", "vip") == "bob"


def test_who_asks_for_work_herself_is_kept_free_unless_she_is_given_nothing_unasked() -> None:
    where = floor("ann", "bob", Agent(id="cyd", pull=True))
    assert submit(where, "m-1") is None
    assert rule(where.do(cmd.Pull("ann"), 1)) == "nothing_waits"
    assert pairs(where.do(cmd.Pull("cyd"), 2)) == [("m-1", "cyd")]


def test_what_is_given_by_hand_is_not_asked() -> None:
    where = floor("ann", "bob")
    assert submit(where, "m-1") is None
    assert pairs(where.do(cmd.Assign("m-1", "ann"), 1)) == [("m-1", "ann")]
    where.engine.check()


def test_several_are_asked_at_once_only_as_far_as_enough_stay_free() -> None:
    plan = Plan(queues={"vip": VIP, "mass": Queue(tier=2, offers=3)}, channels=CHANNELS)
    where = floor("ann", "bob", "cyd", "dan", plan=plan)
    facts = where.do(cmd.Submit(Interaction(id="m-1", queue="mass", channel="chat")), 1)
    assert [each.agent for each in facts if isinstance(each, ev.Offered)] == ["ann", "bob"]
    where.engine.check()


def test_what_prefers_one_who_is_kept_free_waits_for_her() -> None:
    plan = Plan(
        queues={"vip": VIP, "mass": Queue(tier=2, auto_accept=True, sticky_wait=100)}, channels=CHANNELS
    )
    where = floor("ann", "bob", plan=plan)
    assert submit(where, "m-1", prefers="bob") is None
    where.do(cmd.AddAgent(Agent(id="cyd")), 1)
    assert pairs(where.do(cmd.SignOn("cyd"), 2)) == [("m-1", "bob")]


def test_an_escalation_to_its_tier_ends_it() -> None:
    from workassign.policies.escalation import Step

    plan = Plan(
        queues={"vip": VIP, "mass": Queue(tier=2, auto_accept=True, steps=(Step(after=60, tier=0),))},
        channels=CHANNELS,
    )
    where = floor("ann", "bob", plan=plan)
    assert submit(where, "m-1", at=0) is None
    assert pairs(where.do(cmd.Tick(), 60)) == [("m-1", "ann")]


def test_a_policy_of_selection_chooses_among_those_who_may_be_given_it() -> None:
    plan = Plan(
        queues={"vip": VIP, "mass": Queue(tier=2, auto_accept=True, selection=selection.least_loaded)},
        channels=CHANNELS,
    )
    where = floor("ann", "bob", Agent(id="cyd", queues={"mass": 1}, capacity=2), plan=plan)
    assert submit(where, "m-1") == "cyd"
    assert submit(where, "m-2") == "cyd"


def test_a_plan_that_keeps_fewer_free_gives_out_what_waits() -> None:
    where = floor("ann", "bob")
    assert submit(where, "m-1") is None
    fewer = Plan(
        queues={
            "vip": Queue(tier=0, auto_accept=True, keep_free=KeepFree(agents=1, tier=0)),
            "mass": MASS,
        },
        channels=CHANNELS,
    )
    assert pairs(where.do(cmd.ChangePlan(fewer.to_data()), 1)) == [("m-1", "ann")]
    where.engine.check()


# --- what is told of it, and kept ---------------------------------------------------------------


def test_it_is_told_what_she_is_kept_free_for_and_what_would_help() -> None:
    where = floor("ann", "bob", Agent(id="cyd", groups=()))
    where.do(cmd.SetPresence("cyd", Presence.BUSY), 1)
    assert submit(where, "m-1", at=2) is None
    (reason,) = why_not(where.engine, "ann", "m-1").reasons
    assert (reason.kind, reason.until) == ("kept_free", None)
    assert reason.text == "is one of the last 2 free for queue vip, kept for tier 0"
    found = why_waiting(where.engine, "m-1")
    assert [(each.kind, each.failed) for each in found.funnel] == [("presence", 1), ("kept_free", 2)]
    assert [each.text for each in found.ways][:2] == [
        "somebody else comes free (ann is one of the last 2 free for queue vip, kept for tier 0)",
        "somebody else comes free (bob is one of the last 2 free for queue vip, kept for tier 0)",
    ]
    facts = where.do(cmd.SetPresence("cyd", Presence.AVAILABLE), 3)
    assert pairs(facts) == [("m-1", "ann")]


def test_a_replay_goes_on_as_the_engine_does() -> None:
    where = floor("ann", "bob", "cyd")
    for each in range(3):
        submit(where, f"m-{each}", at=each)
        again = where.again()
        assert again.snapshot() == where.engine.snapshot()
        assert again.check() == where.engine.check()
    for engine in (again, where.engine):
        assert pairs(engine.handle(cmd.Complete("m-0", "ann", 1), 10)) == [("m-1", "bob")]
    assert live(again, 100) == live(where.engine, 100)


def test_a_journal_of_it_is_verified_and_replayed() -> None:
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    commands: list[cmd.Command] = []
    for who in ("ann", "bob", "cyd"):
        commands += [cmd.AddAgent(Agent(id=who)), cmd.SignOn(who)]
    commands += [cmd.Submit(Interaction(id=f"m-{each}", queue="mass", channel="chat")) for each in range(3)]
    for at, command in enumerate([*commands, cmd.Complete("m-0", "ann", 1)]):
        journal.handle(command, float(at))
    journal.flush()
    assert verify(store).ok
    again = replay(store)
    assert again.snapshot() == journal.engine.snapshot()
    assert again.check() == journal.engine.check()


# --- what is none ---------------------------------------------------------------------------------


def test_it_is_data_of_a_plan() -> None:
    data = PLAN.to_data()
    assert data["queues"]["vip"]["keep_free"] == {"agents": 2, "tier": 0}
    assert "keep_free" not in data["queues"]["mass"]
    assert Plan.from_data(data).queues["vip"].keep_free == KeepFree(agents=2, tier=0)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (
            {"agents": 0, "tier": 0},
            "queues.a.keep_free.agents: must be a whole number from 1 to 10000, not 0",
        ),
        ({"agents": 2.0, "tier": 0}, "queues.a.keep_free.agents: must be a whole number from 1 to 10000"),
        ({"agents": True, "tier": 0}, "queues.a.keep_free.agents: must be a whole number from 1 to 10000"),
        ({"agents": float("nan"), "tier": 0}, "queues.a.keep_free.agents: must be a whole number"),
        ({"agents": 1, "tier": 99}, "queues.a.keep_free.tier: must be a whole number from 0 to 98, not 99"),
        ({"agents": 1, "tier": -1}, "queues.a.keep_free.tier: must be a whole number from 0 to 98, not -1"),
        ({"agents": 1}, "queues.a.keep_free.tier: is missing"),
        ({}, "queues.a.keep_free.agents: is missing"),
        ({"agents": 1, "tier": 0, "what": 1}, "queues.a.keep_free.what: unknown"),
        (2, "queues.a.keep_free: must be a table"),
    ],
)
def test_what_says_nothing_that_could_be_kept_is_refused(table: Any, problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {"a": {"keep_free": table}}})
    assert any(problem in each for each in caught.value.problems), caught.value.problems


def test_it_cannot_be_beside_a_batch() -> None:
    """Of any queue: who is kept, and who is weighed, would hang on each other."""
    batch = {"window": 2, "use": "workassign.lab.batches:flow"}
    kept = {"agents": 1, "tier": 0}
    with pytest.raises(PlanError, match="nobody can be kept free in a plan with a batch"):
        Plan.from_data({"queues": {"a": {"keep_free": kept}, "b": {"batch": batch}}})


def test_in_python_it_must_be_one() -> None:
    with pytest.raises(PlanError, match="must be KeepFree, not 2"):
        Plan(queues={"a": Queue(keep_free=2)})  # type: ignore[arg-type]
    assert Group(delays={}).to_data() == {}


def test_an_audit_finds_who_should_have_been_kept_free() -> None:
    engine = Engine(PLAN)
    auditor = Auditor(PLAN.to_data(), PLAN.hash)
    for at, command in (
        (0, cmd.AddAgent(Agent(id="ann"))),
        (0, cmd.AddAgent(Agent(id="bob"))),
        (0, cmd.SignOn("ann")),
        (0, cmd.SignOn("bob")),
        (1, cmd.Submit(Interaction(id="it", queue="mass", channel="chat"))),
    ):
        auditor.turn(at, float(at), engine.handle(command, float(at)), 0)
    assert auditor.problems == []
    auditor.turn(2, 2.0, [ev.Assigned(2.0, "it", "ann", 1, "auto", None)], 0)
    assert auditor.problems == [
        "entry 2: 'it', of tier 2, was given to 'ann': 1 stay free for queue 'vip', which keeps 2 for tier 0"
    ]
