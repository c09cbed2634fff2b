"""When an agent has just come, and when she is about to leave."""

from __future__ import annotations

import pytest

from tests.builders import Floor, live, rule
from workassign import (
    Agent,
    Channel,
    Engine,
    Group,
    Interaction,
    MemoryStore,
    Plan,
    PlanError,
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
from workassign.policies.holds import Hold

CHANNELS = {"call": Channel(handle_time=300), "mail": Channel()}
PLAN = Plan(queues={"default": Queue(auto_accept=True)}, channels=CHANNELS)


def floor(*agents: Agent, plan: Plan = PLAN) -> Floor:
    found = Floor(plan, *agents)
    found.on(*(agent.id for agent in agents))
    return found


def submit(where: Floor, name: str, channel: str, at: float) -> bool:
    """Return whether somebody is given it at once."""
    where.do(cmd.Submit(Interaction(id=name, channel=channel)), at)
    where.engine.check()
    return where.engine._state.works[name].stage == "assigned"


def presences(facts: list[ev.Event]) -> list[tuple[str, str]]:
    return [(each.presence.value, each.cause) for each in facts if isinstance(each, ev.PresenceChanged)]


# --- login ramp -----------------------------------------------------------------------------------


def test_who_has_just_come_has_one_at_a_time_until_her_ramp_is_over() -> None:
    where = floor(Agent(id="ann", capacity=3, login_ramp=60))
    assert submit(where, "m-1", "mail", 1)
    assert not submit(where, "m-2", "mail", 2)
    (reason,) = why_not(where.engine, "ann", "m-2").reasons
    assert (reason.kind, reason.until) == ("login_ramp", 60)
    assert where.engine.check() == {Hold.LOGIN_RAMP: 1}
    (way,) = [each for each in why_waiting(where.engine, "m-2").ways if each.kinds == ("until",)]
    assert (way.at, way.by_itself) == (60, True)
    assert where.engine.next_wake == 60
    assert [type(each) for each in where.do(cmd.Tick(), 60)] == [ev.Assigned]


def test_within_her_ramp_the_next_comes_when_she_is_done() -> None:
    where = floor(Agent(id="ann", capacity=3, login_ramp=60))
    assert submit(where, "m-1", "mail", 1)
    assert not submit(where, "m-2", "mail", 2)
    facts = where.do(cmd.Complete("m-1", "ann", 1), 3)
    assert [type(each) for each in facts] == [ev.Completed, ev.Assigned]


@pytest.mark.parametrize(("left", "ramps"), [("busy", False), ("away", True), ("offline", True)])
def test_a_ramp_begins_when_she_comes_back_from_where_she_was_gone(left: str, ramps: bool) -> None:
    where = floor(Agent(id="ann", capacity=3, login_ramp=60))
    where.do(cmd.SetPresence("ann", Presence(left)), 100)
    where.do(cmd.SetPresence("ann", Presence.AVAILABLE), 200)
    assert submit(where, "m-1", "mail", 201)
    assert submit(where, "m-2", "mail", 201) is not ramps


# --- the end of a shift ---------------------------------------------------------------------------


def test_nothing_is_begun_that_would_not_be_done_by_the_end_of_her_shift() -> None:
    where = floor(Agent(id="ann", capacity=9))
    where.do(cmd.SetShift("ann", 1000), 10)
    assert submit(where, "c-1", "call", 699)
    assert not submit(where, "c-2", "call", 700)
    assert submit(where, "m-1", "mail", 999)
    (reason,) = why_not(where.engine, "ann", "c-2").reasons
    assert (reason.kind, reason.until) == ("shift_end", 1000)
    assert reason.text == "leaves at 1000 s, too soon for channel call"
    assert where.engine.check() == {Hold.SHIFT_END: 1}
    assert not any(way.agent == "ann" for way in why_waiting(where.engine, "c-2").ways)


def test_at_the_end_she_drains_and_goes_offline_when_she_is_done() -> None:
    where = floor(Agent(id="ann", capacity=9))
    where.do(cmd.SetShift("ann", 1000), 10)
    assert submit(where, "m-1", "mail", 20)
    facts = where.do(cmd.Tick(), 1000)
    assert facts[0] == ev.ShiftSet(1000.0, "ann", None, Presence.OFFLINE, 1000.0)
    assert presences(facts) == [("draining", "shift over")]
    assert not submit(where, "m-2", "mail", 1001)
    assert presences(where.do(cmd.Complete("m-1", "ann", 1), 1002)) == [("offline", "drained")]
    where.do(cmd.SignOn("ann"), 1003)
    assert where.engine._state.works["m-2"].stage == "assigned"


def test_who_has_nothing_leaves_at_once_and_offers_go_to_others() -> None:
    plan = Plan(queues={"default": Queue(offer_for=5000)})
    where = floor(Agent(id="ann"), Agent(id="bob"), plan=plan)
    where.do(cmd.SetPresence("bob", Presence.BUSY), 1)
    where.do(cmd.Submit(Interaction(id="it")), 2)
    where.do(cmd.SetPresence("bob", Presence.AVAILABLE), 3)
    where.do(cmd.SetShift("ann", 1000), 10)
    facts = where.do(cmd.Tick(), 1000)
    assert presences(facts) == [("offline", "shift over")]
    assert [each.agent for each in facts if isinstance(each, ev.Offered)] == ["bob"]


def test_before_a_break_she_finishes_what_she_has_and_is_away_then() -> None:
    where = floor(Agent(id="ann", capacity=9), Agent(id="bob", capacity=9))
    for who in ("ann", "bob"):
        where.do(cmd.SetShift(who, 1000, Presence.AWAY), 10)
    assert submit(where, "m-1", "mail", 20)
    facts = where.do(cmd.Tick(), 1000)
    assert presences(facts) == [("draining", "shift over"), ("away", "shift over")]
    assert presences(where.do(cmd.Complete("m-1", "ann", 1), 1100)) == [("away", "drained")]


def test_who_drains_for_a_break_may_go_home_instead() -> None:
    where = floor(Agent(id="ann", capacity=9))
    where.do(cmd.SetShift("ann", 1000, Presence.AWAY), 10)
    assert submit(where, "m-1", "mail", 20)
    where.do(cmd.Tick(), 1000)
    assert presences(where.do(cmd.SignOff("ann"), 1010)) == [("draining", "asked")]
    assert rule(where.do(cmd.SignOff("ann"), 1011)) == "already_so"
    assert presences(where.do(cmd.Complete("m-1", "ann", 1), 1020)) == [("offline", "drained")]


def test_who_is_not_there_at_the_end_just_has_no_end_any_more() -> None:
    where = floor(Agent(id="ann"))
    where.do(cmd.SetShift("ann", 1000), 10)
    where.do(cmd.SignOff("ann"), 500)
    facts = where.do(cmd.Tick(), 2000)
    assert facts == [ev.ShiftSet(2000.0, "ann", None, Presence.OFFLINE, 1000.0)]
    where.do(cmd.SignOn("ann"), 2001)
    assert submit(where, "c-1", "call", 2002)


def test_a_shift_can_be_longer_shorter_or_without_an_end() -> None:
    where = floor(Agent(id="ann", capacity=9))
    where.do(cmd.SetShift("ann", 1000), 10)
    where.do(cmd.Tick(), 800)
    assert not submit(where, "c-1", "call", 801)
    facts = where.do(cmd.SetShift("ann", 5000), 802)
    assert [type(each) for each in facts] == [ev.ShiftSet, ev.Assigned]
    assert where.do(cmd.Tick(), 1000) == []
    where.do(cmd.SetShift("ann", None), 1001)
    assert live(where.engine, 9000) == []
    assert submit(where, "c-2", "call", 9000)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (cmd.SetShift("ann", 50), "in_the_past"),
        (cmd.SetShift("ann", 100), "in_the_past"),
        (cmd.SetShift("ann", None), "already_so"),
        (cmd.SetShift("nobody", 500), "unknown_agent"),
    ],
)
def test_a_shift_that_cannot_be_is_refused(command: cmd.SetShift, why: str) -> None:
    where = floor(Agent(id="ann"))
    assert rule(where.do(command, 100)) == why
    where.do(cmd.SetShift("ann", 500), 100)
    assert rule(where.do(cmd.SetShift("ann", 500), 100)) == "already_so"


@pytest.mark.parametrize(
    "command",
    [
        cmd.SetShift("ann", float("nan")),
        cmd.SetShift("ann", float("inf")),
        cmd.SetShift("ann", "soon"),  # type: ignore[arg-type]
        cmd.SetShift("ann", 500, Presence.BUSY),
        cmd.SetShift("ann", 500, "away"),  # type: ignore[arg-type]
    ],
)
def test_a_shift_that_makes_no_sense_is_an_error_of_the_caller(command: cmd.SetShift) -> None:
    with pytest.raises(UsageError):
        Engine(PLAN).handle(command, 0)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), 1e12, "long", True])
def test_ramps_and_handle_times_are_durations(seconds: float) -> None:
    with pytest.raises(UsageError):
        Agent(id="ann", login_ramp=seconds)
    with pytest.raises(UsageError):
        Group(login_ramp=seconds)
    with pytest.raises(PlanError, match=r"channels\.call\.handle_time: "):
        Plan.from_data({"channels": {"call": {"handle_time": seconds}}})


def test_a_new_plan_may_change_how_long_things_take() -> None:
    where = floor(Agent(id="ann", capacity=9))
    where.do(cmd.SetShift("ann", 1000), 10)
    longer = {"call": Channel(handle_time=900), "mail": Channel()}
    where.do(cmd.ChangePlan(Plan(queues=PLAN.queues, channels=longer).to_data()), 20)
    assert submit(where, "c-1", "call", 99)
    assert not submit(where, "c-2", "call", 100)
    assert where.again().snapshot() == where.engine.snapshot()
    assert where.again().next_wake == where.engine.next_wake == 1000


def test_a_journal_of_shifts_is_verified_and_replayed_in_the_middle_of_one() -> None:
    store = MemoryStore()
    journal = record(Engine(PLAN), store)
    for at, command in (
        (0, cmd.AddAgent(Agent(id="ann", capacity=3, login_ramp=60))),
        (0, cmd.SignOn("ann")),
        (1, cmd.SetShift("ann", 1000, Presence.AWAY)),
        (2, cmd.Submit(Interaction(id="m-1", channel="mail"))),
        (3, cmd.Submit(Interaction(id="m-2", channel="mail"))),
    ):
        journal.handle(command, float(at))
    journal.flush()
    again = replay(store)
    assert again.snapshot() == journal.engine.snapshot()
    assert again.next_wake == 60
    assert live(again, 2000) == live(journal.engine, 2000)
    assert verify(store).ok


def test_the_engine_has_a_door_for_it() -> None:
    engine = Engine(PLAN)
    engine.add_agent(Agent(id="ann"), at=0)
    (said,) = engine.set_shift("ann", 500, at=1, presence=Presence.AWAY)
    assert said == ev.ShiftSet(1.0, "ann", 500.0, Presence.AWAY)
