"""What a door asks before it lets something in: how long it would wait, and whether anybody is there."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from tests.builders import OFFICE, Checked, Floor, only, rule
from workassign import (
    Agent,
    Engine,
    Interaction,
    MemoryStore,
    Needs,
    Plan,
    PlanError,
    Presence,
    Queue,
    Target,
)
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain
from workassign.journal import record, replay, verify
from workassign.lint import lint
from workassign.policies import scoring, sla
from workassign.policies.admission import Overflow


def door(*rules: Overflow, **settings: Any) -> Checked:
    queues = {"a": Queue(overflow=rules, auto_accept=True, **settings), "b": Queue()}
    return Checked(Plan(queues=queues, calendars={"office": OFFICE}))


def submit(engine: Engine, name: str, at: float = 0, **traits: Any) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, queue="a", **traits), at)


def come(engine: Engine, *names: str, at: float = 0, **traits: Any) -> None:
    for name in names:
        engine.add_agent(Agent(id=name, queues={"a": 1}, **traits), at)
        engine.sign_on(name, at)


def learnt(engine: Engine, seconds: float = 100.0) -> float:
    """Let ann take *seconds* for something, so that forecasts are known; then she is busy again."""
    come(engine, "ann")
    assigned = only(ev.Assigned, submit(engine, "first"))
    engine.complete("first", "ann", assigned.fence, seconds)
    submit(engine, "second", seconds)
    return seconds


def sent(found: list[ev.Event]) -> str:
    """Return why it was sent on to b."""
    event = only(ev.Transferred, found)
    assert (event.queue, event.cause) == ("b", "overflow")
    return event.reason


def is_let_in(found: list[ev.Event]) -> bool:
    return isinstance(found[0], ev.Submitted) and not any(isinstance(each, ev.Transferred) for each in found)


# --- what is asked of the queue --------------------------------------------------------------------


def test_while_something_is_too_old_newcomers_go_elsewhere() -> None:
    engine = door(Overflow(oldest_age=60, queue="b"))
    submit(engine, "i0", 0)
    assert is_let_in(submit(engine, "i1", 59))
    assert sent(submit(engine, "i2", 60)) == "queue 'a': something is 60 s old or older"
    engine.cancel("i0", 61)
    assert is_let_in(submit(engine, "i3", 62))  # i1 is the oldest now
    assert sent(submit(engine, "i4", 119)) != ""


def test_what_is_offered_is_old_and_what_somebody_has_is_not_until_it_comes_back() -> None:
    engine = door(Overflow(oldest_age=60, queue="b"))
    come(engine, "ann")
    assigned = only(ev.Assigned, submit(engine, "i0", 0))
    assert is_let_in(submit(engine, "i1", 100))
    engine.cancel("i1", 101)
    engine.release("i0", "ann", assigned.fence, 110)
    assert sent(submit(engine, "i2", 120)) != ""
    asked = Checked(
        Plan(queues={"a": Queue(overflow=(Overflow(oldest_age=60),), offer_for=900), "b": Queue()})
    )
    come(asked, "ann")
    only(ev.Offered, submit(asked, "i0", 0))
    assert rule(submit(asked, "i1", 60)) == "overflow"


def test_what_is_put_aside_or_opened_again_has_the_age_that_it_has() -> None:
    engine = door(Overflow(oldest_age=60, queue="b"))
    submit(engine, "i0", 0)
    engine.park("i0", 10, until=100)
    assert is_let_in(submit(engine, "i1", 90))
    engine.cancel("i1", 91)
    engine.tick(100)
    assert sent(submit(engine, "i2", 101)) != ""
    engine.cancel("i0", 102)
    engine.reopen("i0", 103)
    assert is_let_in(submit(engine, "i3", 104))
    engine.transfer("i0", "b", 105)
    engine.transfer("i2", "a", 106)  # it came in at 101
    assert is_let_in(submit(engine, "i4", 160))
    assert sent(submit(engine, "i5", 161)) != ""


# --- what is asked of the newcomer ------------------------------------------------------------------


def test_what_would_wait_too_long_is_sent_on_before_it_is_let_in() -> None:
    engine = door(Overflow(expected_wait=150, queue="b"))
    at = learnt(engine)
    assert is_let_in(submit(engine, "i0", at))  # a hundred seconds, as likely more as less
    why = "queue 'a': more than 150 s of waiting must be expected"
    assert sent(submit(engine, "i1", at)) == why
    engine.cancel("i0", at + 1)
    assert is_let_in(submit(engine, "i2", at + 1))


def test_while_nobody_knows_how_long_it_takes_or_nobody_is_there_it_is_let_in() -> None:
    engine = door(Overflow(expected_wait=1, queue="b"))
    for number in range(5):
        assert is_let_in(submit(engine, f"i{number}", 0))
    engine = door(Overflow(expected_wait=1, queue="b"))
    at = learnt(engine)
    assert sent(submit(engine, "i0", at)) != ""
    engine.set_presence("ann", Presence.AWAY, at + 1)
    assert is_let_in(submit(engine, "i1", at + 1))


def test_a_newcomer_with_a_head_start_waits_for_fewer() -> None:
    engine = door(Overflow(expected_wait=250, queue="b"), scoring=(scoring.sentiment(most=600),))
    at = learnt(engine)
    for number in range(2):
        submit(engine, f"i{number}", at + number)
    assert sent(submit(engine, "calm", at + 2, sentiment=0.5)) != ""
    assert is_let_in(submit(engine, "furious", at + 2, sentiment=-1.0))
    assert is_let_in(submit(engine, "urgent", at + 2, tier=0))


def test_fewer_agents_than_asked_for_send_it_on() -> None:
    engine = door(Overflow(eligible_below=2, queue="b"), Overflow(free_below=1))
    come(engine, "ann")
    assert sent(submit(engine, "i0")) == "queue 'a': agents who could take it are fewer than 2"
    come(engine, "bob", at=1)
    only(ev.Assigned, submit(engine, "i1", 2))
    only(ev.Assigned, submit(engine, "i2", 2))
    (refused,) = submit(engine, "i3", 3)
    assert isinstance(refused, ev.Refused)
    assert (refused.rule, refused.reason) == (
        "overflow",
        "queue 'a': agents who are free for it are fewer than 1",
    )


def test_only_agents_who_could_take_this_one_count() -> None:
    engine = door(Overflow(free_below=1, queue="b"))
    come(engine, "ann", skills={"es": 1})
    assert sent(submit(engine, "i0", needs=Needs({"law": 1}))) != ""
    assert sent(submit(engine, "i1", needs=Needs('agent == "bob"'))) != ""
    assert is_let_in(submit(engine, "i2", needs=Needs({"es": 1})))


def test_what_would_be_late_is_sent_on() -> None:
    engine = door(Overflow(slack=30, queue="b"), sla=sla.first_response(140))
    at = learnt(engine)
    assert is_let_in(submit(engine, "i0", at))  # 100 s, 40 of the 140 are left
    assert sent(submit(engine, "i1", at)) == "queue 'a': 30 s or less would be left of its promise"
    strict = door(Overflow(slack=30, queue="b"), targets=(Target(measures="accept", within=120.0),))
    assert sent(submit(strict, "i0", learnt(strict))) != ""


def test_where_nothing_is_promised_nothing_is_at_risk() -> None:
    engine = door(Overflow(slack=30, queue="b"))
    at = learnt(engine)
    assert all(is_let_in(submit(engine, f"i{number}", at)) for number in range(9))


# --- several ----------------------------------------------------------------------------------------


def test_all_of_a_rule_must_be_so_and_the_first_rule_counts() -> None:
    both = Overflow(length=1, free_below=1, queue="b")
    engine = door(both, Overflow(length=1))
    come(engine, "ann", capacity=2)
    assert is_let_in(submit(engine, "i0"))
    assert is_let_in(submit(engine, "i1"))
    assert is_let_in(submit(engine, "i2"))  # nobody is free, but nothing waits
    assert sent(submit(engine, "i3")) == (
        "queue 'a': 1 or more wait, agents who are free for it are fewer than 1"
    )
    come(engine, "bob", at=1, skills={"law": 1})  # takes i2
    assert is_let_in(submit(engine, "i4", 1))


def test_on_the_way_each_door_asks_of_it_what_holds_there() -> None:
    queues = {
        "a": Queue(overflow=(Overflow(free_below=1, queue="b"),)),
        "b": Queue(needs=Needs({"law": 1}), overflow=(Overflow(eligible_below=1, queue="c"),)),
        "c": Queue(),
    }
    engine = Checked(Plan(queues=queues))
    engine.add_agent(Agent(id="ann", queues={"b": 1}), 0)
    engine.sign_on("ann", 0)
    event = only(ev.Transferred, submit(engine, "i0"))
    assert event.queue == "c"
    assert event.reason == (
        "queue 'a': agents who are free for it are fewer than 1; "
        "queue 'b': agents who could take it are fewer than 1"
    )


def test_what_is_refused_leaves_nothing_behind() -> None:
    engine = door(Overflow(free_below=1), scoring=(scoring.sentiment(most=600),))
    before = engine.snapshot()
    assert rule(submit(engine, "i0", sentiment=-1.0, needs=Needs('agent == "zoe" OR level("law") >= 2'))) == (
        "overflow"
    )
    assert engine.snapshot() == before
    come(engine, "ann", at=1)
    assert is_let_in(submit(engine, "i0", 2))


def angry(interaction: Interaction, at: float) -> float:
    raise LookupError(interaction.id)


def test_a_policy_that_fails_at_the_door_is_said_and_the_default_answers() -> None:
    engine = door(Overflow(free_below=1), scoring=(angry,))
    failed, refused = submit(engine, "i0")
    assert isinstance(failed, ev.PolicyFailed)
    assert (failed.slot, rule([refused])) == ("queues.a.scoring.angry", "overflow")
    come(engine, "ann", at=1)
    found = submit(engine, "i1", 2)  # asked at the door, and when it is let in: that is three
    assert [type(each) for each in found] == [
        ev.PolicyFailed,
        ev.PolicyFailed,
        ev.PolicySwitchedOff,
        ev.Submitted,
        ev.Assigned,
    ]


# --- everywhere -------------------------------------------------------------------------------------


def test_a_replay_asks_nothing_again_and_knows_the_ages() -> None:
    rules = (Overflow(oldest_age=60, queue="b"), Overflow(expected_wait=150, queue="b"))
    plan = Plan(queues={"a": Queue(overflow=rules, auto_accept=True), "b": Queue()})
    store = MemoryStore()
    recorder = record(Engine(plan), store)
    for number in range(4):
        recorder.handle(cmd.Submit(Interaction(id=f"i{number}", queue="a")), 30.0 * number)
    recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    again = replay(store)
    assert again.snapshot() == recorder.engine.snapshot()
    for engine in (again, recorder.engine):
        assert sent(submit(engine, "late", 100.0)) == "queue 'a': something is 60 s old or older"


def test_another_plan_finds_the_ages_of_what_waits() -> None:
    plan = Plan(queues={"a": Queue(), "b": Queue()})
    floor = Floor(plan)
    floor.do(cmd.Submit(Interaction(id="i0", queue="a")), 0)
    queues = {**plan.queues, "a": Queue(overflow=(Overflow(oldest_age=60, queue="b"),))}
    floor.do(cmd.ChangePlan(attrs.evolve(plan, queues=queues).to_data()), 50)
    assert sent(floor.do(cmd.Submit(Interaction(id="i1", queue="a")), 60)) != ""
    told = explain(floor.plan, floor.turns, "i1").text()
    assert "sent on to queue b, for queue 'a': something is 60 s old or older: " in told
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_an_auditor_finds_what_no_door_sent_on() -> None:
    store = MemoryStore()
    recorder = record(
        Engine(Plan(queues={"a": Queue(overflow=(Overflow(length=1, queue="b"),)), "b": Queue()})), store
    )
    for number in range(2):
        recorder.handle(cmd.Submit(Interaction(id=f"i{number}", queue="a")), float(number))
    recorder.flush()
    assert verify(store).ok
    bodies = [body.replace(b'"length":1,', b'"length":3,') for body in store.load()]
    assert bodies != [*store.load()]
    forged = MemoryStore()
    forged.append(-1, bodies)
    assert any("by no overflow" in each for each in verify(forged).problems)


def test_rules_come_back_from_data() -> None:
    asked = Overflow(
        length=2, oldest_age=60, eligible_below=3, free_below=1, expected_wait=300, slack=20, queue="b"
    )
    plan = Plan(queues={"a": Queue(overflow=(asked,)), "b": Queue()})
    data = plan.to_data()
    assert "closed" not in data["queues"]["a"]["overflow"][0]
    assert Plan.from_data(data).queues["a"].overflow == (asked,)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"oldest_age": 0}, ".oldest_age: must be positive"),
        ({"oldest_age": -5}, ".oldest_age: must be positive"),
        ({"expected_wait": float("nan")}, ".expected_wait: must be positive"),
        ({"expected_wait": True}, ".expected_wait: must be positive"),
        ({"slack": "soon"}, ".slack: must be positive"),
        ({"slack": 1e12}, ".slack: must be positive"),
        ({"free_below": 0}, ".free_below: must be a whole number"),
        ({"eligible_below": 1.5}, ".eligible_below: must be a whole number"),
        ({"free_agents": 2}, ".free_agents: unknown"),
        ({}, ": is always so: give length, closed, oldest_age, eligible_below, free_below, expected_wait"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as raised:
        Plan.from_data({"queues": {"a": {"overflow": [settings]}}})
    assert any(each.startswith(f"queues.a.overflow[0]{problem}") for each in raised.value.problems), (
        raised.value.problems
    )


UNREACHED: dict[str, tuple[tuple[Overflow, ...], str | None]] = {
    "an earlier one holds": ((Overflow(length=5, queue="b"), Overflow(length=9)), "[1]"),
    "the earlier asks for less": ((Overflow(free_below=3), Overflow(free_below=1, length=2)), "[1]"),
    "the earlier asks for more": ((Overflow(length=9, queue="b"), Overflow(length=5)), None),
    "the earlier asks for something else": ((Overflow(oldest_age=9), Overflow(length=5)), None),
    "beyond what is let in": ((Overflow(length=500),), "[0].length"),
    "never closed": ((Overflow(closed="always"),), "[0].closed"),
    "nothing is promised": ((Overflow(slack=10),), "[0].slack"),
    "all is well": ((Overflow(closed="office"), Overflow(expected_wait=60)), None),
}


@pytest.mark.parametrize("name", UNREACHED)
def test_lint_finds_rules_that_never_count(name: str) -> None:
    rules, place = UNREACHED[name]
    calendars = {"office": OFFICE, "always": attrs.evolve(OFFICE, week={"mon-sun": ["00:00-24:00"]})}
    plan = Plan(queues={"a": Queue(overflow=rules, most=100), "b": Queue()}, calendars=calendars)
    found = [each.place for each in lint(plan) if each.kind == "unreached_overflow"]
    assert found == ([] if place is None else [f"queues.a.overflow{place}"])
