"""When too much comes in at once: it is seen, back office helps, more of the same is closed at once."""

from __future__ import annotations

from typing import Any, cast

import attrs
import pytest

from tests.builders import Checked, Floor, live, only
from workassign import Agent, Engine, Group, Interaction, Plan, PlanError, Queue, Target, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.desk import Desk
from workassign.explain import explain, why_not
from workassign.journal import record, replay, verify
from workassign.kpi import measure
from workassign.policies.admission import Quota
from workassign.policies.sla import first_response
from workassign.policies.surge import Borrow, Surge, Templates
from workassign.stores.memory import MemoryStore

SURGE = Surge(on=5, off=3, window=60, hold=30)
"""Five within a minute; over when it has been less than three for half a minute."""
DELAY = Templates(attribute="topic", names={"delay": "we-know"})
OFFICE = Borrow(groups=("office",), queues={"care": 2})


def plan_of(surge: Surge | None = SURGE, **care: Any) -> Plan:
    return Plan(
        queues={"care": Queue(**care), "back": Queue(tier=3)},
        groups={"office": Group(queues={"back": 1}), "front": Group(queues={"care": 1})},
        surge=surge,
    )


def with_(**settings: Any) -> Plan:
    return plan_of(attrs.evolve(SURGE, **settings))


def submit(
    engine: Engine, at: float, name: str, queue: str = "care", tier: int | None = None, **traits: Any
) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, queue=queue, tier=tier, attributes=traits), at)


def storm(engine: Engine, at: float = 0.0, prefix: str = "s", **traits: Any) -> list[ev.Event]:
    """Five within four seconds: a surge is on then."""
    return [each for i in range(5) for each in submit(engine, at + i, f"{prefix}{i}", **traits)]


def surges(events: list[ev.Event]) -> list[ev.Event]:
    return [each for each in events if isinstance(each, ev.SurgeStarted | ev.SurgeEnded)]


# --- when it begins and ends ----------------------------------------------------------------------


def test_a_surge_begins_with_the_arrival_that_makes_it_enough() -> None:
    engine = Checked(plan_of())
    early = [each for i in range(4) for each in submit(engine, float(i), f"s{i}")]
    assert surges(early) == []
    assert not engine.surging
    assert surges(submit(engine, 4.0, "s4")) == [ev.SurgeStarted(4.0, 5)]
    assert engine.surging
    assert surges(submit(engine, 5.0, "s5")) == []


def test_what_came_longer_ago_than_the_window_counts_no_more() -> None:
    engine = Checked(plan_of())
    assert surges([each for i in range(50) for each in submit(engine, 15.0 * i, f"s{i}")]) == []


def test_it_ends_by_itself_when_it_has_been_calm_for_so_long() -> None:
    engine = Checked(plan_of())
    storm(engine)
    assert engine.next_wake == 90.0  # all have left the window at 60, and half a minute more
    assert live(engine, 1000.0) == [ev.SurgeEnded(90.0, 90.0)]
    assert not engine.surging


def test_the_window_ends_where_the_part_after_ten_begins() -> None:
    engine = Checked(plan_of())
    for at in (0.0, 1.0, 2.0, 6.0, 7.0):
        submit(engine, at, f"at {at}")
    assert engine.surging
    submit(engine, 66.0, "late")  # those of 6 and 7 have just left
    assert live(engine, 1000.0) == [ev.SurgeEnded(90.0, 90.0)]


def test_nobody_has_to_look_in_time() -> None:
    engine = Checked(plan_of())
    storm(engine)
    assert surges(engine.tick(5000.0)) == [ev.SurgeEnded(5000.0, 90.0)]


def test_arrivals_between_off_and_on_let_it_go_on_and_fewer_do_not() -> None:
    engine = Checked(plan_of())
    storm(engine)
    found = [each for i in range(20) for each in submit(engine, 20.0 + 20 * i, f"on{i}")]
    assert surges(found) == []  # three a minute
    ended = [each for i in range(20) for each in submit(engine, 430.0 + 30 * i, f"off{i}")]
    (event,) = surges(ended)
    assert isinstance(event, ev.SurgeEnded)
    assert event.due is not None
    assert event.due < 560.0


def test_once_over_it_begins_again_only_when_there_is_enough_again() -> None:
    engine = Checked(with_(hold=0.001))
    assert len(surges(storm(engine))) == 1
    assert len(surges(live(engine, 200.0))) == 1
    assert surges(engine.tick(201.0)) == []
    assert surges(submit(engine, 202.0, "one more")) == []
    assert surges(storm(engine, 300.0, "t")) == [ev.SurgeStarted(304.0, 5)]


def test_what_is_refused_counts_nothing() -> None:
    engine = Checked(plan_of(most=2))
    refused = [each for each in storm(engine) if isinstance(each, ev.Refused)]
    assert len(refused) == 3
    assert not engine.surging


# --- who helps ------------------------------------------------------------------------------------


def test_back_office_helps_while_it_is_on_and_keeps_what_it_holds() -> None:
    engine = Checked(with_(borrow=OFFICE))
    engine.add_agent(Agent(id="bea", groups=("office",), capacity=2), 0.0)
    engine.sign_on("bea", 0.0)
    assert all(not isinstance(each, ev.Offered) for each in storm(engine)[:-3])
    offered = list(engine.snapshot()["agents"][0][3])
    assert offered == ["s0", "s1"]  # at once, when it began
    for offer in (1, 2):
        engine.accept(offer, "bea", 5.0)
    assert live(engine, 100.0) == [ev.SurgeEnded(90.0, 90.0)]
    engine.complete("s0", "bea", 1, 101.0)
    engine.complete("s1", "bea", 2, 102.0)  # hers to the end, but she is given no more of it
    assert engine.snapshot()["agents"][0][3] == []
    assert only(ev.Offered, submit(engine, 103.0, "hers", "back")).agent == "bea"
    assert "queue" in {each.kind for each in why_not(engine, "bea", "s2").reasons}


def test_who_comes_to_the_group_during_it_helps_too_and_others_do_not() -> None:
    engine = Checked(with_(borrow=OFFICE))
    storm(engine)
    engine.add_agent(Agent(id="eve", queues={"back": 1}), 5.0)
    assert engine.sign_on("eve", 5.0)[1:] == []
    engine.add_agent(Agent(id="bea", groups=("office",)), 6.0)
    assert only(ev.Offered, engine.sign_on("bea", 6.0)).interaction == "s0"


def test_the_queues_that_they_serve_anyway_keep_their_priority() -> None:
    engine = Checked(with_(borrow=Borrow(groups=("office",), queues={"back": 9, "care": 2})))
    engine.add_agent(Agent(id="bea", groups=("office",)), 0.0)
    storm(engine)
    assert engine._state.agents["bea"].agent.queues == {"back": 1, "care": 2}


# --- more of the same -----------------------------------------------------------------------------


def test_more_of_the_same_is_closed_into_what_is_open_of_it() -> None:
    engine = Checked(with_(collapse="thread"))
    storm(engine, thread="t")
    assert submit(engine, 5.0, "more", thread="t")[1:] == [ev.Collapsed(5.0, "more", "s0")]
    assert submit(engine, 5.0, "other", thread="u")[1:] == []
    assert submit(engine, 5.0, "none")[1:] == []
    assert submit(engine, 5.0, "elsewhere", "back", thread="t")[1:] == []
    engine.cancel("s0", 6.0)
    assert submit(engine, 6.0, "next", thread="t")[1:] == [ev.Collapsed(6.0, "next", "s1")]
    engine.transfer("s1", "back", 7.0)
    assert submit(engine, 7.0, "again", thread="t")[1:] == [ev.Collapsed(7.0, "again", "s2")]
    assert submit(engine, 7.0, "back", "back", thread="t")[1:] == [ev.Collapsed(7.0, "back", "elsewhere")]


def test_without_a_surge_everything_is_queued() -> None:
    engine = Checked(with_(collapse="thread", templates=DELAY))
    found = [each for i in range(9) for each in submit(engine, 60.0 * i, f"s{i}", thread="t", topic="delay")]
    assert {type(each) for each in found} == {ev.Submitted}


def test_what_was_collapsed_and_is_said_again_gets_the_same_answer_and_can_be_opened_again() -> None:
    engine = Checked(with_(collapse="thread"))
    storm(engine, thread="t")
    first = submit(engine, 5.0, "more", thread="t")
    assert submit(engine, 6.0, "more", thread="t") == first[:1]
    assert only(ev.Refused, submit(engine, 6.0, "more", thread="u")).rule == "id_reused"
    assert only(ev.Reopened, engine.reopen("more", 7.0)).interaction == "more"
    for name in ("s0", "s1", "s2", "s3", "s4"):
        engine.cancel(name, 8.0)
    assert submit(engine, 9.0, "last", thread="t")[1:] == [ev.Collapsed(9.0, "last", "more")]


def test_a_part_of_something_and_what_is_for_later_are_queued_as_ever() -> None:
    engine = Checked(with_(collapse="thread", templates=DELAY))
    storm(engine, thread="t")
    traits = {"thread": "t", "topic": "delay"}
    part = Interaction(id="part", queue="care", parent="s0", attributes=traits)
    later = Interaction(id="later", queue="care", not_before=50.0, attributes=traits)
    assert [type(each) for each in engine.submit(part, 5.0)] == [ev.Submitted]
    assert [type(each) for each in engine.submit(later, 5.0)] == [ev.Submitted, ev.Parked]


def test_the_floor_keeps_what_is_urgent_from_all_of_it() -> None:
    engine = Checked(with_(collapse="thread", templates=DELAY, floor=1))
    storm(engine, tier=2, thread="t")
    traits = {"thread": "t", "topic": "delay"}
    assert submit(engine, 5.0, "fire", tier=1, **traits)[1:] == []
    assert submit(engine, 5.0, "urgent", tier=0, **traits)[1:] == []
    assert submit(engine, 5.0, "seat", tier=2, **traits)[1:] == [ev.Collapsed(5.0, "seat", "s0")]


def test_what_is_closed_takes_nothing_from_the_quota_and_asks_at_no_door() -> None:
    surge = attrs.evolve(SURGE, collapse="thread")
    engine = Checked(plan_of(surge, quota=Quota(number=6, per=600), most=5))
    storm(engine, thread="t")
    for i in range(5):
        assert submit(engine, 5.0, f"more{i}", thread="t")[1:] == [ev.Collapsed(5.0, f"more{i}", "s0")]
    assert only(ev.Refused, submit(engine, 5.0, "other", thread="u")).rule == "queue_full"
    engine.cancel("s4", 6.0)
    assert submit(engine, 7.0, "other", thread="u")[1:] == []
    engine.cancel("s3", 8.0)
    assert only(ev.Refused, submit(engine, 9.0, "third", thread="v")).rule == "quota_used"


# --- automatic answers ----------------------------------------------------------------------------


def test_what_has_an_answer_gets_it_and_is_closed() -> None:
    engine = Checked(with_(templates=DELAY))
    storm(engine)
    answered = submit(engine, 5.0, "late", topic="delay")[1:]
    assert answered == [ev.ReplySent(5.0, "late", None), ev.TemplateSent(5.0, "late", "we-know")]
    assert submit(engine, 5.0, "seat", topic="seat")[1:] == []
    assert submit(engine, 5.0, "number", topic=1)[1:] == []


def test_what_is_open_already_goes_before_the_answer() -> None:
    engine = Checked(with_(templates=DELAY, collapse="thread"))
    storm(engine, thread="t")
    assert type(submit(engine, 5.0, "late", topic="delay", thread="t")[-1]) is ev.Collapsed
    assert type(submit(engine, 5.0, "new", topic="delay", thread="u")[-1]) is ev.TemplateSent


def test_clocks_that_count_bots_stop_and_others_are_cancelled() -> None:
    targets = (
        Target(measures="first_response", within=60.0, bots=True),
        Target(measures="resolution", within=600.0),
    )
    engine = Checked(plan_of(attrs.evolve(SURGE, templates=DELAY), targets=targets))
    storm(engine)
    found = submit(engine, 5.0, "late", topic="delay")
    assert only(ev.ClockStopped, found).target == "first_response"
    assert only(ev.ClockCancelled, found).cause == "absorbed"
    assert type(found[-1]) is ev.ClockCancelled
    assert not any(
        isinstance(each, ev.SlaMissed) and each.interaction == "late" for each in live(engine, 9e3)
    )


# --- plans ----------------------------------------------------------------------------------------


def test_a_plan_that_says_the_same_of_surges_lets_one_go_on() -> None:
    plan = with_(borrow=OFFICE, collapse="thread")
    engine = Checked(plan)
    engine.add_agent(Agent(id="bea", groups=("office",)), 0.0)
    storm(engine, thread="t")
    engine.sign_on("bea", 5.0)
    engine.change_plan(attrs.evolve(plan, strikes=5), 6.0)
    assert engine.surging
    assert submit(engine, 7.0, "more", thread="t")[1:] == [ev.Collapsed(7.0, "more", "s0")]
    assert engine.next_wake == 35.0  # the offer to bea; but then:
    assert ev.SurgeEnded(90.0, 90.0) in live(engine, 200.0)


def test_another_plan_ends_it_and_gives_back_who_was_lent() -> None:
    plan = with_(borrow=OFFICE, collapse="thread")
    engine = Checked(plan)
    engine.add_agent(Agent(id="bea", groups=("office",)), 0.0)
    storm(engine, thread="t")
    for other in (None, attrs.evolve(SURGE, collapse="thread")):
        found = engine.change_plan(attrs.evolve(plan, surge=other), 6.0)
        assert surges(found) == ([ev.SurgeEnded(6.0, None)] if other is None else [])
        assert not engine.surging
        assert engine._state.agents["bea"].agent.queues == {"back": 1}
    assert surges(submit(engine, 7.0, "one", thread="t")) == []  # it counts anew
    found = storm(engine, 8.0, "t", thread="t")
    assert ev.SurgeStarted(11.0, 5) in found
    assert found[-1] == ev.Collapsed(12.0, "t4", "s0")  # what was open before is known


def test_a_surge_is_written_and_read_as_a_table() -> None:
    plan = with_(floor=1, collapse="thread", templates=DELAY, borrow=OFFICE)
    assert Plan.from_data(plan.to_data()).surge == plan.surge
    assert plan.to_data()["surge"]["borrow"] == {"groups": ["office"], "queues": {"care": 2}}
    assert "surge" not in plan_of(None).to_data()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"on": None, "off": None}, "surge.on: must be positive"),
    "no more than off": ({"off": 5}, "surge.off: must be less than on, 5, not 5"),
    "nan": ({"on": float("nan")}, "surge.on: must be positive"),
    "negative": ({"hold": -1}, "surge.hold: must be positive"),
    "true": ({"window": True}, "surge.window: must be positive"),
    "one is a surge": ({"window": 12}, "surge.on: is reached by one arrival within 12 s"),
    "a floor below": ({"floor": -1}, "surge.floor: must be a whole number from 0 to 99"),
    "an empty name": ({"collapse": ""}, "surge.collapse: "),
    "no answers": ({"templates": {"attribute": "topic"}}, "surge.templates.names: must be a table"),
    "no attribute": ({"templates": {"names": {"a": "b"}}}, "surge.templates.attribute: "),
    "an unknown key": ({"templates": {"atribute": "topic"}}, "surge.templates.atribute: unknown"),
    "nobody": ({"borrow": {"queues": {"care": 1}}}, "surge.borrow.groups: must be a list"),
    "an unknown group": ({"borrow": {"groups": ["x"], "queues": {"care": 1}}}, "there is no group 'x'"),
    "no queue": ({"borrow": {"groups": ["office"]}}, "surge.borrow.queues: must name at least one"),
    "an unknown queue": ({"borrow": {"groups": ["office"], "queues": {"x": 1}}}, "there is no queue 'x'"),
    "a wrong priority": ({"borrow": {"groups": ["office"], "queues": {"care": -1}}}, "surge.borrow: "),
    "a misspelt key": ({"colapse": "thread"}, "surge.colapse: unknown"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_a_table_is_named(name: str) -> None:
    settings, problem = WRONG[name]
    table = {"on": 5, "off": 3, **settings}
    table = {key: value for key, value in table.items() if value is not None}
    with pytest.raises(PlanError) as caught:
        Plan.from_data({**plan_of(None).to_data(), "surge": table})
    assert any(problem in each for each in caught.value.problems), caught.value.problems


def test_what_is_wrong_in_python_is_named_too() -> None:
    wrong: tuple[Any, ...] = (5, attrs.evolve(SURGE, borrow=cast(Any, "office")))
    for each in wrong:
        with pytest.raises(PlanError):
            plan_of(each)
    with pytest.raises(PlanError):
        with_(templates={"topic": "x"})
    with pytest.raises(UsageError):
        Borrow(groups=("office",), queues={"care": 0.5})  # type: ignore[dict-item]


# --- after the fact -------------------------------------------------------------------------------


def test_a_journal_with_surges_is_verified_and_replayed_to_the_same_state() -> None:
    plan = with_(collapse="thread", templates=DELAY, borrow=OFFICE)
    store = MemoryStore()
    recorder = record(Engine(plan), store)
    bodies = {"more": {"thread": "t"}, "late": {"topic": "delay"}}
    recorder.handle(cmd.AddAgent(Agent(id="bea", groups=("office",))), 0.0)
    recorder.handle(cmd.SignOn("bea"), 0.0)
    for i in range(5):
        body = Interaction(id=f"s{i}", queue="care", attributes={"thread": "t"})
        recorder.handle(cmd.Submit(body), float(i))
    for name, traits in bodies.items():
        recorder.handle(cmd.Submit(Interaction(id=name, queue="care", attributes=traits)), 5.0)
    recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    again = replay(store)
    assert again.snapshot() == recorder.engine.snapshot()
    assert again.surging
    assert again.next_wake == recorder.engine.next_wake
    assert submit(again, 6.0, "new", thread="t") == submit(recorder.engine, 6.0, "new", thread="t")
    assert live(again, 500.0) == live(recorder.engine, 500.0)


def test_it_is_told_why_it_was_closed() -> None:
    floor = Floor(with_(collapse="thread", templates=DELAY))
    for i in range(5):
        floor.do(cmd.Submit(Interaction(id=f"s{i}", queue="care", attributes={"thread": "t"})), float(i))
    floor.do(cmd.Submit(Interaction(id="more", queue="care", attributes={"thread": "t"})), 5)
    floor.do(cmd.Submit(Interaction(id="late", queue="care", attributes={"topic": "delay"})), 6)
    assert "closed in a surge, as nearly the same as s0" in explain(floor.plan, floor.turns, "more").text()
    assert (
        "closed in a surge with the automatic answer we-know"
        in explain(floor.plan, floor.turns, "late").text()
    )


def test_the_figures_say_how_they_left_and_everything_is_counted() -> None:
    store = MemoryStore()
    with Desk.open(store, with_(collapse="thread", templates=DELAY)) as desk:
        for i in range(5):
            desk.handle(
                cmd.Submit(Interaction(id=f"s{i}", queue="care", attributes={"thread": "t"})), float(i)
            )
        desk.handle(cmd.Submit(Interaction(id="more", queue="care", attributes={"thread": "t"})), 5.0)
        for name in ("late", "later"):
            body = Interaction(id=name, queue="care", attributes={"topic": "delay"})
            desk.handle(cmd.Submit(body), 6.0)
        figures = measure(store).figures()
    assert figures.exited == {"collapsed": 1, "template": 2}
    assert (figures.entered, figures.answered, figures.abandoned, figures.waiting) == (8, 0, 0, 5)


# --- a storm --------------------------------------------------------------------------------------


def test_in_a_storm_nothing_is_lost_the_urgent_keep_their_promise_and_it_ends_by_itself() -> None:
    plan = Plan(
        queues={
            "care": Queue(tier=2, sla=first_response(60), auto_accept=True),
            "back": Queue(tier=3, auto_accept=True),
        },
        groups={"office": Group(queues={"back": 1}), "front": Group(queues={"care": 1})},
        surge=attrs.evolve(SURGE, on=20, off=10, floor=1, collapse="thread", templates=DELAY, borrow=OFFICE),
    )
    engine = Engine(plan)
    for i in range(6):
        engine.add_agent(Agent(id=f"a{i}", groups=("front" if i < 3 else "office",)), 0.0)
        engine.sign_on(f"a{i}", 0.0)
    # One every half minute; from 300 to 600 a hundred times as many, every 25th of them urgent.
    arrivals = [30.0 * i for i in range(10)] + [300.0 + 0.3 * i for i in range(1000)]
    arrivals += [600.0 + 30.0 * i for i in range(20)]
    found: list[ev.Event] = []
    ends: list[tuple[float, str, str, int]] = []
    for number, at in enumerate(arrivals):
        while ends and ends[0][0] <= at:
            found += _done(engine, ends, ends[0])
        while engine.next_wake <= at:
            found += _follow(engine.tick(engine.next_wake), ends)
        tier = 1 if number % 25 == 0 else None
        traits = {"thread": number % 40} if number % 3 else {"topic": "delay"}
        found += _follow(submit(engine, at, f"m{number}", tier=tier, **traits), ends)
    while ends or engine.next_wake < 1e9:
        if ends and ends[0][0] <= engine.next_wake:
            found += _done(engine, ends, ends[0])
        else:
            found += _follow(engine.tick(engine.next_wake), ends)
    engine.check()
    assert [type(each) for each in surges(found)] == [ev.SurgeStarted, ev.SurgeEnded]
    missed = {each.interaction for each in found if isinstance(each, ev.SlaMissed)}
    urgent = {f"m{number}" for number in range(0, len(arrivals), 25)}
    assert missed & urgent == set()
    total = engine.snapshot()["total"]
    assert total["entered"] == len(arrivals)
    assert total["answered"] + sum(total["exited"].values()) == len(arrivals)
    assert total["exited"]["collapsed"] > 400
    assert total["exited"]["template"] > 200


def _follow(events: list[ev.Event], ends: list[tuple[float, str, str, int]]) -> list[ev.Event]:
    """Let whoever was given something be done with it ten seconds later."""
    given = (each for each in events if isinstance(each, ev.Assigned))
    ends += [(each.at + 10.0, each.interaction, each.agent, each.fence) for each in given]
    return events


def _done(
    engine: Engine, ends: list[tuple[float, str, str, int]], end: tuple[float, str, str, int]
) -> list[ev.Event]:
    ends.remove(end)
    at, interaction, agent, fence = end
    ticked = []
    while engine.next_wake <= at:
        ticked += _follow(engine.tick(engine.next_wake), ends)
    return ticked + _follow(engine.complete(interaction, agent, fence, at), ends)
