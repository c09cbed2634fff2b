"""Who is signed on must be heard of, and nobody is lost because nobody was listening."""

from __future__ import annotations

import attrs
import pytest

from tests.builders import Floor, live, rule
from workassign import (
    Agent,
    Engine,
    Interaction,
    MemoryStore,
    Plan,
    PlanError,
    Presence,
    Queue,
    record,
    replay,
    verify,
)
from workassign import commands as cmd
from workassign import events as ev

PLAN = Plan(queues={"default": Queue(offer_for=10_000)}, heartbeat=60, reconnect_grace=30)


def floor(plan: Plan = PLAN) -> Floor:
    found = Floor(plan, Agent(id="ann", capacity=5))
    found.on("ann")
    return found


def gone(facts: list[ev.Event]) -> list[tuple[float, str]]:
    return [(each.at, each.cause) for each in facts if isinstance(each, ev.PresenceChanged)]


def test_who_says_nothing_for_so_long_is_disconnected() -> None:
    where = floor()
    where.do(cmd.Submit(Interaction(id="held")), 0)
    where.do(cmd.Accept(1, "ann"), 0)
    where.do(cmd.Submit(Interaction(id="offered")), 1)
    assert where.engine.next_wake == 60
    facts = where.do(cmd.Tick(), 60)
    assert gone(facts) == [(60, "not heard")]
    assert where.engine._state.works["offered"].stage == "waiting"
    facts = where.do(cmd.Tick(), 90)
    assert [each.interaction for each in facts if isinstance(each, ev.Requeued)] == ["held"]
    where.engine.check()


@pytest.mark.parametrize("every", [5, 20, 30])
def test_who_beats_at_least_every_half_of_it_is_never_lost_and_the_journal_stays_small(every: int) -> None:
    where, facts = floor(), []
    for at in range(every, 1201, every):
        facts += live(where.engine, at - 0.5) + where.do(cmd.Heartbeat("ann"), at)
    assert gone(facts) == []
    assert {type(each) for each in facts} == {ev.Heard}
    assert len(facts) <= 2 * 1200 / 60


def test_whatever_she_says_herself_is_a_beat() -> None:
    where = floor()
    where.do(cmd.Submit(Interaction(id="it")), 0)
    (heard, assigned) = where.do(cmd.Accept(1, "ann"), 40)
    assert heard == ev.Heard(40.0, "ann", 100.0)
    assert isinstance(assigned, ev.Assigned)
    assert where.engine.next_wake == 100
    (heard, _) = where.do(cmd.AgentReplied("it", "ann"), 80)
    assert heard == ev.Heard(80.0, "ann", 140.0)
    (heard, refused) = where.do(cmd.Decline(7, "ann"), 130)
    assert isinstance(heard, ev.Heard)
    assert isinstance(refused, ev.Refused)


def test_what_others_say_about_her_is_none() -> None:
    where = floor()
    where.do(cmd.Submit(Interaction(id="it")), 0)
    where.do(cmd.Assign("it", "ann", override=True), 50)
    where.do(cmd.SetShift("ann", 5000), 55)
    assert gone(where.do(cmd.Tick(), 60)) == [(60, "not heard")]


def test_the_fast_doors_hear_her_too() -> None:
    engine = Engine(PLAN)
    engine.add_agent(Agent(id="ann"), at=0)
    engine.sign_on("ann", at=0)
    engine.submit(Interaction(id="it"), at=1.0)
    assert [type(each) for each in engine.accept(1, "ann", at=40.0)] == [ev.Heard, ev.Assigned]
    assert [type(each) for each in engine.complete("it", "ann", 1, at=80.0)] == [ev.Heard, ev.Completed]
    assert engine.heartbeat("ann", at=81.0) == []


@pytest.mark.parametrize("presence", [Presence.AWAY, Presence.OFFLINE])
def test_who_is_not_signed_on_has_no_lease_until_she_comes_back(presence: Presence) -> None:
    where = floor()
    where.do(cmd.SetPresence("ann", presence), 10)
    assert where.do(cmd.Tick(), 1000) == []
    where.do(cmd.SetPresence("ann", Presence.BUSY), 1000)
    assert where.engine.next_wake == 1060


def test_after_a_restart_nobody_is_lost_at_once() -> None:
    """The program was down for an hour: nobody could be heard, so everybody has a new lease."""
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    for command in (cmd.AddAgent(Agent(id="ann")), cmd.SignOn("ann")):
        journal.handle(command, 0.0)
    journal.flush()
    again = replay(store)
    assert again.snapshot() == journal.engine.snapshot()
    assert again.next_wake == 60
    assert again.tick(3600) == [ev.Heard(3600.0, "ann", 3660.0, 60.0)]
    assert gone(live(again, 4000)) == [(3660, "not heard")]


def test_a_lease_survives_a_replay() -> None:
    where = floor()
    where.do(cmd.Heartbeat("ann"), 45)
    again = where.again()
    assert again.next_wake == where.engine.next_wake == 105
    assert again.snapshot() == where.engine.snapshot()


def test_a_key_that_is_said_again_gets_the_same_answer_after_a_replay() -> None:
    where = floor()
    where.do(cmd.Submit(Interaction(id="it")), 0)
    where.do(cmd.Accept(1, "ann"), 1)
    answer = where.do(cmd.Accept(1, "ann", key="again"), 45)
    assert [type(each) for each in answer] == [ev.Heard, ev.Assigned]
    assert where.again().handle(cmd.Accept(1, "ann", key="again"), 46) == answer


def test_a_beat_of_nobody_or_of_who_is_offline_is_refused() -> None:
    where = floor()
    assert rule(where.do(cmd.Heartbeat("bob"), 1)) == "unknown_agent"
    where.do(cmd.SignOff("ann"), 2)
    assert rule(where.do(cmd.Heartbeat("ann"), 3)) == "agent_offline"


def test_without_a_heartbeat_in_the_plan_beats_are_nothing() -> None:
    where = floor(attrs.evolve(PLAN, heartbeat=None))
    assert where.do(cmd.Heartbeat("ann"), 500) == []
    assert where.do(cmd.Tick(), 5000) == []
    assert "heartbeat" not in where.plan.to_data()


def test_a_new_plan_gives_everybody_who_is_signed_on_a_lease_or_takes_it() -> None:
    where = floor(attrs.evolve(PLAN, heartbeat=None))
    where.do(cmd.ChangePlan(PLAN.to_data()), 500)
    assert where.engine.next_wake == 560
    where.do(cmd.ChangePlan(attrs.evolve(PLAN, heartbeat=None).to_data()), 510)
    assert where.do(cmd.Tick(), 5000) == []


def test_a_journal_with_leases_is_verified() -> None:
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    for at, command in (
        (0, cmd.AddAgent(Agent(id="ann"))),
        (0, cmd.SignOn("ann")),
        (50, cmd.Heartbeat("ann")),
        (110, cmd.Tick()),
        (120, cmd.SignOn("ann")),
        (9000, cmd.Tick()),
    ):
        journal.handle(command, float(at))
    journal.flush()
    assert verify(store).ok, verify(store).problems
    assert replay(store).snapshot() == journal.engine.snapshot()


@pytest.mark.parametrize("seconds", [0, -5, float("nan"), "often", True])
def test_a_heartbeat_is_a_duration(seconds: object) -> None:
    with pytest.raises(PlanError, match="heartbeat: must be"):
        Plan.from_data({"heartbeat": seconds})
