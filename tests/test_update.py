"""What is known of something open changes: it is scored and placed anew, and nobody loses it."""

from __future__ import annotations

import math
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import Checked, Floor, floor_of, live, one, only, pairs, queues, rule, story
from workassign import Agent, Customer, Desk, Engine, Interaction, Needs, Plan, Queue, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign._audit import Auditor
from workassign.explain import explain
from workassign.inversions import inversions
from workassign.journal import entries, record, replay, verify
from workassign.kpi import measure
from workassign.model import Presence, Status
from workassign.plan import Alarms
from workassign.policies import offers, ordering, scoring, sla
from workassign.policies.escalation import Step
from workassign.policies.sla import Target
from workassign.policies.surge import Surge
from workassign.stores.memory import MemoryStore

SCORED = (scoring.sentiment(most=900), scoring.influence(most=600))


def scored(**fields: Any) -> Plan:
    """Return a plan of one queue that scores sentiment and influence."""
    return one(scoring=SCORED, **fields)


def known(name: str, **fields: Any) -> Customer:
    """Return a customer of whom so much is known."""
    return Customer(id=name, **fields)


def submitted(floor: Floor, *names: str, **fields: Any) -> list[ev.Event]:
    """Let these come in, a second apart."""
    found: list[ev.Event] = []
    for name in names:
        found += floor.do(cmd.Submit(Interaction(id=name, **fields)), floor.at + 1)
    return found


def row(engine: Engine, name: str) -> list[Any]:
    """Return what a snapshot has of one interaction."""
    return next(each for each in engine.snapshot()["works"] if each[0] == name)


# --- what waits ---------------------------------------------------------------------------------


def test_who_is_found_to_be_influential_overtakes_what_came_before() -> None:
    """By what she is worth in seconds of waiting, and not by a second more."""
    floor = floor_of(scored(), Agent(id="ann"), on=False)
    submitted(floor, "first", "second", "third")
    event = only(ev.Updated, floor.do(cmd.Update("third", known("c", influence=50)), 10))
    assert (event.reference, event.head_start) == (3.0, 300.0)
    assert event.terms == (("sentiment", 0.0), ("influence", 300.0))
    floor.on("ann", at=11)
    assert [name for name, stage, *_ in floor.engine.snapshot()["works"] if stage == "offered"] == ["third"]


def test_its_age_does_not_change() -> None:
    floor = floor_of(scored(alarms=Alarms(oldest_age=60)))
    submitted(floor, "t1")
    before = row(floor.engine, "t1")
    floor.do(cmd.Update("t1", sentiment=-1.0), 50)
    after = row(floor.engine, "t1")
    assert (after[3][0], after[3][2]) == (before[3][0], before[3][2])
    assert after[3][1] == before[3][1] - 900
    assert only(ev.AlarmRaised, floor.do(cmd.Tick(), 61)).alarm == "oldest_age"


def test_what_is_given_replaces_and_what_is_not_stays() -> None:
    floor = floor_of(scored())
    submitted(floor, "t1", sentiment=-0.5, customer=known("c", followers=10), attributes={"a": 1, "b": "x"})
    floor.do(cmd.Update("t1", attributes={"b": "y", "c": True}))
    (extra,) = (each for each in row(floor.engine, "t1")[8:] if isinstance(each, dict))
    figures, sentiment, attributes, *_ = extra["known"]
    assert figures == ["c", None, None, 10, None]
    assert (sentiment, attributes) == (-0.5, {"a": 1, "b": "y", "c": True})


def test_other_needs_lead_it_to_somebody_else_at_once() -> None:
    floor = floor_of(one(), Agent(id="ann", skills={"refunds": 1}))
    submitted(floor, "t1", needs=Needs({"baggage": 1}))
    assert pairs(floor.do(cmd.Update("t1", needs=Needs({"refunds": 1})))) == [("t1", "ann")]
    floor.engine.check()


def test_other_needs_can_leave_it_with_nobody() -> None:
    floor = floor_of(one(alarms=Alarms(no_eligible_agent=True)), Agent(id="ann", skills={"refunds": 1}))
    submitted(floor, "busy", "t1", needs=Needs({"refunds": 1}))
    found = floor.do(cmd.Update("t1", needs=Needs({"refunds": 2})))
    assert [type(each) for each in found] == [ev.Updated, ev.AlarmRaised]
    found = floor.do(cmd.Update("t1", needs=Needs({"refunds": 1})))
    assert [type(each) for each in found] == [ev.Updated, ev.AlarmCleared]


def test_a_queue_s_own_needs_are_asked_as_well() -> None:
    floor = floor_of(
        one(needs=Needs({"care": 1})), Agent(id="ann", skills={"x": 1}), Agent(id="bob", skills={"care": 1})
    )
    submitted(floor, "t1", needs=Needs({"y": 1}))
    assert pairs(floor.do(cmd.Update("t1", needs=Needs({"x": 1})))) == []
    assert pairs(floor.do(cmd.Update("t1", needs=Needs({})))) == [("t1", "bob")]


def test_a_tier_that_is_told_goes_before_every_head_start() -> None:
    floor = floor_of(scored(tier=3), Agent(id="ann"), on=False)
    submitted(floor, "angry", sentiment=-1.0)
    submitted(floor, "t1")
    floor.do(cmd.Update("t1", tier=0))
    assert [work[2][3] for work in floor.engine.snapshot()["works"]] == [3, 0]
    floor.on("ann")
    assert [name for name, stage, *_ in floor.engine.snapshot()["works"] if stage == "offered"] == ["t1"]


def test_a_head_start_can_become_smaller() -> None:
    floor = floor_of(scored(), Agent(id="ann"), on=False)
    submitted(floor, "t1", "t2")
    floor.do(cmd.Update("t2", sentiment=-1.0))
    floor.do(cmd.Update("t2", sentiment=0.5))
    assert row(floor.engine, "t2")[3][1] == 2.0


def test_one_that_waits_for_whom_it_prefers_goes_on_waiting_for_her() -> None:
    floor = floor_of(scored(sticky_wait=60), Agent(id="ann"), Agent(id="bob"))
    submitted(floor, "busy", prefers="ann")
    floor.do(cmd.Accept(1, "ann"))
    submitted(floor, "t1", prefers="ann")
    assert [type(each) for each in floor.do(cmd.Update("t1", sentiment=-1.0), 10)] == [ev.Updated]
    assert pairs(live(floor.engine, 61)) == []
    assert pairs(live(floor.engine, 62)) == [("t1", "bob")]


# --- steps and refusals -------------------------------------------------------------------------


def test_steps_that_were_taken_hold_on() -> None:
    """What they relaxed, the tier and the seconds that they gave; and none is taken twice."""
    schedule = (Step(after=10, drop=("x",), tier=1, head_start=7.0), Step(after=60, drop=("y",)))
    floor = floor_of(scored(tier=2, steps=schedule))
    submitted(floor, "t1", needs=Needs({"x": 1, "y": 1}))
    floor.do(cmd.Tick(), 20)
    event = only(ev.Updated, floor.do(cmd.Update("t1", sentiment=-1.0, needs=Needs({"x": 2, "y": 2}))))
    assert event.terms == (("sentiment", 900.0), ("influence", 0.0), ("escalated", 7.0))
    assert event.head_start == 907.0
    assert row(floor.engine, "t1")[2][2:] == [[("y", 2.0)], 1]
    assert [each.step for each in live(floor.engine, 500) if isinstance(each, ev.Escalated)] == [2]


def test_a_tier_that_is_told_counts_more_than_that_of_a_step_before() -> None:
    floor = floor_of(scored(tier=5, steps=(Step(after=10, tier=3), Step(after=60, tier=1))))
    submitted(floor, "t1", tier=2)
    floor.do(cmd.Tick(), 20)
    assert row(floor.engine, "t1")[2][3] == 3
    floor.do(cmd.Update("t1", tier=2))  # as it came in: but a step has said otherwise since
    assert row(floor.engine, "t1")[2][3] == 2
    assert rule(floor.do(cmd.Update("t1", tier=2))) == "already_so"
    floor.do(cmd.Tick(), 70)
    assert row(floor.engine, "t1")[2][3] == 1


def test_a_step_that_had_to_wait_for_its_condition_is_asked_about_the_new_needs() -> None:
    plan = one(steps=(Step(after=10, eligible_below=1, notify="boss"),))
    floor = floor_of(plan, Agent(id="ann", skills={"x": 1}))
    submitted(floor, "busy", "t1", needs=Needs({"x": 1}))
    floor.do(cmd.Accept(1, "ann"))
    assert live(floor.engine, 30) == []
    floor.at = 30
    found = floor.do(cmd.Update("t1", needs=Needs({"x": 9})))
    assert [type(each) for each in found] == [ev.Updated, ev.Escalated]


def test_boosts_after_refusals_hold_on_within_the_cap() -> None:
    refusals = offers.per_cause(declined={"boost": 60.0, "cool_down": 5.0, "exclusion": 5.0})
    floor = floor_of(scored(refusals=refusals, head_start_cap=950.0), Agent(id="ann"))
    offered = only(ev.Offered, submitted(floor, "t1"))
    floor.do(cmd.Decline(offered.offer, "ann"), 2)
    event = only(ev.Updated, floor.do(cmd.Update("t1", sentiment=-1.0)))
    assert event.terms == (("sentiment", 900.0), ("influence", 0.0), ("refused", 60.0))
    assert event.head_start == 950.0


# --- what somebody has, or nobody may have yet --------------------------------------------------


def test_whoever_is_offered_it_keeps_the_offer_and_its_new_place_counts_when_it_is_back() -> None:
    floor = floor_of(scored(offer_for=30), Agent(id="ann", skills={"x": 1}))
    submitted(floor, "t1")
    found = floor.do(cmd.Update("t1", sentiment=-1.0, needs=Needs({"y": 1})), 5)
    assert [type(each) for each in found] == [ev.Updated]
    assert row(floor.engine, "t1")[6][0] == "ann"
    floor.engine.check()
    floor.do(cmd.Decline(1, "ann"), 6)
    assert row(floor.engine, "t1")[3][1] == 1.0 - 900
    assert live(floor.engine, 1000) == []  # by now she cannot do it


def test_the_holder_keeps_it_and_her_load() -> None:
    floor = floor_of(scored(), Agent(id="ann"), Agent(id="bob"))
    floor.do(cmd.SetPresence("bob", Presence.AWAY))
    submitted(floor, "t1")
    floor.do(cmd.Accept(1, "ann"), 2)
    found = floor.do(cmd.Update("t1", known("c", influence=100), tier=0), 3)
    assert [type(each) for each in found] == [ev.Updated]
    floor.engine.check()
    floor.do(cmd.Release("t1", "ann", 1), 4)
    assert row(floor.engine, "t1")[2][3] == 0
    assert row(floor.engine, "t1")[3][1] == 1.0 - 600


def test_who_wraps_up_goes_on_wrapping_up() -> None:
    floor = floor_of(scored(wrap_up=20), Agent(id="ann"))
    submitted(floor, "t1")
    floor.do(cmd.Accept(1, "ann"), 2)
    floor.do(cmd.Complete("t1", "ann", 1), 3)
    floor.do(cmd.Update("t1", attributes={"solved": True}), 4)
    assert only(ev.Completed, live(floor.engine, 30)).due == 23


def test_what_is_put_aside_stays_so_and_comes_back_to_its_new_place() -> None:
    floor = floor_of(scored(), Agent(id="ann"), on=False)
    submitted(floor, "t1", "t2")
    floor.do(cmd.Park("t2", 100.0))
    assert [type(each) for each in floor.do(cmd.Update("t2", sentiment=-1.0), 5)] == [ev.Updated]
    live(floor.engine, 100)
    assert pairs(floor.do(cmd.SignOn("ann"), 101)) == [("t2", "ann")]


def test_what_is_to_come_later_counts_from_then_on_still() -> None:
    floor = floor_of(scored(), Agent(id="ann"))
    submitted(floor, "t1", not_before=50.0)
    event = only(ev.Updated, floor.do(cmd.Update("t1", sentiment=-1.0), 5))
    assert (event.reference, event.head_start) == (50.0, 900.0)
    assert pairs(live(floor.engine, 50)) == [("t1", "ann")]


def test_what_is_closed_or_unknown_is_refused_and_stays_as_it_was() -> None:
    floor = floor_of(scored())
    submitted(floor, "t1")
    floor.do(cmd.Cancel("t1"))
    before = floor.engine.snapshot()
    assert rule(floor.do(cmd.Update("t1", sentiment=-1.0))) == "closed"
    assert rule(floor.do(cmd.Update("t2", sentiment=-1.0))) == "unknown_interaction"
    assert floor.engine.snapshot() == before


def test_opened_again_or_moved_it_is_scored_by_what_was_told() -> None:
    floor = floor_of(queues(a=Queue(scoring=SCORED), b=Queue(scoring=SCORED[:1])))
    submitted(floor, "t1", queue="a")
    floor.do(cmd.Update("t1", known("c", influence=100), sentiment=-0.5))
    assert only(ev.Transferred, floor.do(cmd.Transfer("t1", "b"))).head_start == 450
    floor.do(cmd.Cancel("t1"))
    assert only(ev.Reopened, floor.do(cmd.Reopen("t1"))).head_start == 450
    assert only(ev.Transferred, floor.do(cmd.Transfer("t1", "a"))).head_start == 1050


# --- promises -----------------------------------------------------------------------------------


def test_what_was_promised_is_kept_and_so_is_a_place_by_it() -> None:
    """Later clocks are told by what is known then."""
    within = sla.tightened(600.0, followers=[(10_000, 60.0)])
    plan = one(
        ordering=ordering.due,
        targets=(Target(measures="accept", within=within), Target(measures="next_response", within=within)),
    )
    floor = floor_of(plan, Agent(id="ann"), on=False)
    submitted(floor, "t1", "t2")
    found = floor.do(cmd.Update("t2", known("c", followers=50_000)), 10)
    assert [type(each) for each in found] == [ev.Updated]
    assert only(ev.Updated, found).reference == 602.0
    assert pairs(floor.do(cmd.SignOn("ann"), 11)) == [("t1", "ann")]
    floor.do(cmd.AddAgent(Agent(id="bob")))
    floor.do(cmd.SignOn("bob"))
    floor.do(cmd.Accept(2, "bob"), 20)
    floor.do(cmd.AgentReplied("t2", "bob"), 21)
    started = only(ev.ClockStarted, floor.do(cmd.CustomerReplied("t2"), 30))
    assert (started.target, started.seconds) == ("next_response", 60.0)


def test_a_promise_of_the_queue_s_sla_is_kept() -> None:
    plan = one(ordering=ordering.due, sla=sla.tightened(600.0, sentiment=[(-0.5, 60.0)]))
    floor = floor_of(plan)
    submitted(floor, "t1")
    assert only(ev.Updated, floor.do(cmd.Update("t1", sentiment=-1.0), 5)).reference == 601.0
    assert only(ev.SlaMissed, live(floor.engine, 1000)).due == 601.0


def test_a_clock_of_the_mood_asks_the_mood_that_was_told() -> None:
    plan = one(targets=(Target(measures="next_response", within=sla.tightened(600, sentiment=[(-0.5, 30)])),))
    floor = floor_of(plan, Agent(id="ann"))
    submitted(floor, "t1", sentiment=0.0)
    floor.do(cmd.Accept(1, "ann"))
    floor.do(cmd.AgentReplied("t1", "ann"))
    floor.do(cmd.Update("t1", sentiment=-1.0))
    found = floor.do(cmd.CustomerReplied("t1"))
    assert only(ev.ClockStarted, found).seconds == 30
    assert story(found) == ["next_response started: customer replied"]


# --- said twice ---------------------------------------------------------------------------------


def test_what_is_known_already_is_refused() -> None:
    """But not where a message has said otherwise since."""
    floor = floor_of(scored())
    submitted(floor, "t1", sentiment=-0.5, attributes={"a": 1})
    for command in (
        cmd.Update("t1", sentiment=-0.5),
        cmd.Update("t1", attributes={"a": 1}),
        cmd.Update("t1", attributes={}),
    ):
        assert rule(floor.do(command)) == "already_so"
    floor.do(cmd.CustomerReplied("t1", 0.75))
    assert only(ev.Updated, floor.do(cmd.Update("t1", sentiment=-0.5))).sentiment == -0.5
    assert rule(floor.do(cmd.Update("t1", sentiment=-0.5))) == "already_so"


def test_with_a_key_it_is_done_once_and_its_submission_stays_the_one_that_it_was() -> None:
    floor = floor_of(scored())
    body = Interaction(id="t1")
    (first,) = floor.do(cmd.Submit(body), 1)
    told = cmd.Update("t1", sentiment=-1.0, key="crm-1")
    answer = floor.do(told, 2)
    assert floor.do(told, 3) == answer
    assert floor.do(cmd.Submit(body), 4) == [first]
    assert rule(floor.do(cmd.Submit(attrs.evolve(body, sentiment=-1.0)))) == "id_reused"
    assert rule(floor.do(cmd.Update("t1", tier=1, expected_version=1))) == "stale_version"
    assert only(ev.Updated, floor.do(cmd.Update("t1", tier=1, expected_version=2))).tier == 1


def test_what_is_told_cannot_be_changed_by_who_told_it() -> None:
    engine = Checked(scored())
    engine.submit(Interaction(id="t1"), 0)
    traits: dict[str, Any] = {"topic": "seat"}
    event = only(ev.Updated, engine.update("t1", 1, attributes=traits))
    traits["topic"] = "lost"
    assert event.attributes == {"topic": "seat"}


# --- bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "Update must say one of attributes, customer, needs, sentiment, tier"),
        ({"sentiment": math.nan}, "sentiment of Update must be between -1 and 1"),
        ({"sentiment": 2.0}, "sentiment of Update must be between -1 and 1"),
        ({"sentiment": True}, "sentiment of Update must be a number"),
        ({"tier": 100}, "tier of Update must be a whole number from 0 to 99"),
        ({"tier": 1.5}, "tier of Update must be a whole number"),
        ({"tier": True}, "tier of Update must be a whole number"),
        ({"customer": "c"}, "customer of Update must be Customer, not a str"),
        ({"needs": {"x": 1}}, "needs of Update must be Needs"),
        ({"attributes": [("a", 1)]}, "attributes of Update must be Mapping, not a list"),
        ({"attributes": {"a": math.inf}}, "attribute 'a' must be text, a finite number or a bool"),
        ({"attributes": {"a": [1]}}, "attribute 'a' must be text"),
        ({"attributes": {"": 1}}, "an attribute's name"),
        ({"attributes": {"a": "x" * 5000}}, "attribute 'a' must have at most"),
    ],
)
def test_what_cannot_be_known_is_the_caller_s_fault_and_changes_nothing(
    fields: dict[str, Any], says: str
) -> None:
    engine = Checked(scored())
    engine.submit(Interaction(id="t1"), 0)
    before = engine.snapshot()
    with pytest.raises(UsageError, match=says):
        engine.update("t1", 1, **fields)
    assert (engine.snapshot(), engine.now) == (before, 0)


def test_needs_that_the_plan_does_not_have_are_refused() -> None:
    floor = Floor(Plan(skills=frozenset({"x"})))
    submitted(floor, "t1")
    assert rule(floor.do(cmd.Update("t1", needs=Needs({"y": 1}), sentiment=-1.0))) == "unknown_skill"
    assert only(ev.Updated, floor.do(cmd.Update("t1", needs=Needs({"x": 1})))).sentiment is None


def moody(interaction: Interaction, at: float) -> float:
    """Fail where the mood is known."""
    if interaction.sentiment is not None:
        raise ValueError("not today")
    return 15.0


def test_a_policy_that_fails_does_not_lose_what_is_told() -> None:
    floor = floor_of(one(scoring=(moody,)))
    submitted(floor, "t1")
    failed, updated = floor.do(cmd.Update("t1", sentiment=-1.0))
    assert isinstance(failed, ev.PolicyFailed)
    assert isinstance(updated, ev.Updated)
    assert (updated.sentiment, updated.head_start) == (-1.0, 0.0)


# --- a surge --------------------------------------------------------------------------------------


def test_a_newcomer_goes_into_what_is_known_by_now_to_be_nearly_the_same() -> None:
    """What is open already is not asked again."""
    plan = attrs.evolve(one(), surge=Surge(on=2, off=1, window=60, hold=10, collapse="thread"))
    floor = floor_of(plan)
    submitted(floor, "t1", "t2", attributes={"thread": "a"})
    assert floor.engine.surging
    found = floor.do(cmd.Update("t1", attributes={"thread": "b"}))
    assert [type(each) for each in found] == [ev.Updated]
    for name, thread, into in (("t3", "a", "t2"), ("t4", "b", "t1")):
        collapsed = only(ev.Collapsed, submitted(floor, name, attributes={"thread": thread}))
        assert collapsed.into == into
    floor.do(cmd.Update("t2", attributes={"thread": "b"}))
    assert only(ev.Collapsed, submitted(floor, "t5", attributes={"thread": "b"})).into == "t1"
    assert verified(floor).ok


# --- afterwards -----------------------------------------------------------------------------------


def journal_of(floor: Floor) -> MemoryStore:
    """Return the journal of what *floor* was told."""
    store = MemoryStore()
    recorder = record(Engine(floor.plan), store)
    for turn in floor.turns:
        recorder.handle(turn.command, turn.at)
    recorder.flush()
    return store


def verified(floor: Floor) -> Any:
    """Return the verdict on its journal."""
    return verify(journal_of(floor))


def a_day() -> Floor:
    """Return a floor where much became known of what was in every stage."""
    plan = scored(wrap_up=10, steps=(Step(after=20, drop=("x",)),))
    floor = floor_of(plan, Agent(id="ann", capacity=2, skills={"x": 1}))
    submitted(floor, "t1", "t2", "t3", "t4", needs=Needs({"x": 1}))
    floor.do(cmd.Accept(1, "ann"))
    floor.do(cmd.Park("t4", 500.0))
    for number, name in enumerate(("t1", "t2", "t3", "t4")):
        who = known(f"c{number}", value=12.5, followers=1000, segment="gold")
        floor.do(cmd.Update(name, who, -0.5, {"topic": "delay"}, Needs({"x": 2}), number), 10.0 + number)
    floor.do(cmd.Complete("t1", "ann", 1), 30)
    floor.do(cmd.Update("t1", sentiment=0.5), 31)
    floor.do(cmd.Decline(2, "ann"), 32)
    floor.do(cmd.Tick(), 600)
    return floor


def test_a_replay_knows_the_same_and_the_audit_finds_nothing() -> None:
    floor = a_day()
    store = journal_of(floor)
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    assert replay(store).snapshot() == floor.engine.snapshot() == floor.again().snapshot()
    assert inversions(store).inverted == 0


def test_asked_again_under_another_plan_the_same_is_told_and_scored_otherwise() -> None:
    floor = a_day()
    other = Engine(one(scoring=(scoring.by("segment", {"gold": 30.0}),)))
    head_starts = []
    for turn in floor.turns:
        found = other.handle(turn.command, turn.at)
        head_starts += [each.head_start for each in found if isinstance(each, ev.Updated)]
    assert head_starts[:4] == [30.0] * 4
    other.check()


def test_the_audit_finds_an_update_of_what_is_closed() -> None:
    floor = floor_of(scored())
    submitted(floor, "t1")
    floor.do(cmd.Update("t1", sentiment=-1.0))
    store = journal_of(floor)
    *_, told = entries(store)
    event = only(ev.Updated, told.facts)
    floor.do(cmd.Cancel("t1"))
    auditor = Auditor(floor.plan.to_data(), floor.plan.hash)
    for number, turn in enumerate(floor.turns, 1):
        auditor.turn(number, turn.at, turn.facts, turn.timed)
    assert auditor.problems == []
    auditor.turn(9, floor.at, [attrs.evolve(event, at=floor.at)], 0)
    assert any("t1" in problem for problem in auditor.problems)


def test_the_story_tells_what_changed_and_names_nobody() -> None:
    floor = floor_of(scored())
    submitted(
        floor, "t1", customer=known("cust-7", influence=20), attributes={"note": "old words", "reach": 1}
    )
    floor.do(
        cmd.Update(
            "t1",
            known("cust-7", influence=50, segment="gold"),
            -0.5,
            {"note": "new words", "reach": 12, "vip": True},
            Needs({"x": 1}),
            2,
        ),
        9,
    )
    told = explain(floor.plan, floor.turns, "t1")
    assert (
        "what is known changed: influence 20 -> 50; segment gold; sentiment -0.5; attribute note; "
        "attribute reach 1 -> 12; attribute vip true; needs x 1; tier 2: key -749 s "
        "(head start 750 s: sentiment 450 s, influence 300 s)"
    ) in told.text()
    everything = f"{told.text()} {told.as_dict()}"
    assert not any(each in everything for each in ("cust-7", "old words", "new words"))


def test_a_later_decision_shows_the_head_start_that_holds() -> None:
    floor = floor_of(scored(), Agent(id="ann"), on=False)
    submitted(floor, "t1", "t2")
    floor.do(cmd.Update("t2", sentiment=-1.0), 5)
    floor.on("ann", at=6)
    (decision,) = explain(floor.plan, floor.turns, "t2").decisions
    assert [(each.interaction, each.head_start) for each in decision.first] == [("t2", 900.0), ("t1", 0.0)]


def test_a_desk_shows_it_where_it_stands_by_now() -> None:
    clock = iter(range(100))
    desk = Desk.open(MemoryStore(), scored(), clock=lambda: float(next(clock)))
    for name in ("t1", "t2"):
        desk.handle(cmd.Submit(Interaction(id=name)))
    desk.handle(cmd.Update("t2", sentiment=-1.0))
    seen = desk.interaction("t2")
    assert (seen.position, seen.head_start, seen.terms) == (
        1,
        900.0,
        (("sentiment", 900.0), ("influence", 0.0)),
    )
    assert desk.interaction("t1").position == 2


def test_figures_count_a_customer_as_she_is_known_when_it_is_accepted() -> None:
    floor = floor_of(scored(), Agent(id="ann"))
    submitted(floor, "t1")
    floor.do(cmd.Update("t1", known("c", segment="gold"), sentiment=-0.5))
    floor.do(cmd.Accept(1, "ann"), 5)
    floor.do(cmd.CustomerReplied("t1", 0.5))
    floor.do(cmd.Complete("t1", "ann", 1), 40)
    kpis = measure(journal_of(floor))
    assert kpis.segments() == {"gold": (1, 4.0)}
    assert kpis.figures().sentiment_shift == 1.0


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.one_of(st.none(), st.floats(-1, 1)),
            st.one_of(st.none(), st.floats(0, 100)),
            st.one_of(st.none(), st.integers(0, 2)),
        ),
        max_size=12,
    )
)
def test_whatever_is_told_in_whatever_order_it_stands_as_if_it_had_come_in_so(
    told: list[tuple[int, float | None, float | None, int | None]],
) -> None:
    """What was told last holds: it has the key of a newcomer of whom all was known at once."""
    engine, bodies = Checked(scored()), {}
    for number in range(4):
        bodies[f"t{number}"] = Interaction(id=f"t{number}")
        engine.submit(bodies[f"t{number}"], float(number))
    for number, sentiment, influence, tier in told:
        name = f"t{number}"
        who = None if influence is None else known("c", influence=influence)
        before = bodies[name]
        if (who, sentiment, tier) != (None, None, None):
            engine.handle(cmd.Update(name, who, sentiment, None, None, tier), 10.0)
            bodies[name] = attrs.evolve(
                before,
                customer=who or before.customer,
                sentiment=before.sentiment if sentiment is None else sentiment,
                tier=before.tier if tier is None else tier,
            )
    fresh = Checked(scored())
    for number, body in enumerate(bodies.values()):
        fresh.submit(body, float(number))
    keys = [[(each[2], each[3][1]) for each in e.snapshot()["works"]] for e in (engine, fresh)]
    assert keys[0] == keys[1]


def test_an_update_is_no_message() -> None:
    """Nobody has to answer it, and nothing comes back because of it."""
    floor = floor_of(scored())
    submitted(floor, "t1")
    floor.do(cmd.Park("t1"))
    floor.do(cmd.SetStatus("t1", Status.PENDING))
    floor.do(cmd.Update("t1", sentiment=-1.0))
    assert row(floor.engine, "t1")[1] == "parked"
    assert floor.engine.snapshot()["conversations"]["t1"][0] == "pending"
