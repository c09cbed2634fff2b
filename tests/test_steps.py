"""What waiting changes: steps of a queue, when they are due, what they do, and what they survive."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from tests.builders import t
from workassign import Agent, Calendar, Engine, Interaction, Needs, Plan, PlanError, Presence, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import explain, why_waiting
from workassign.journal import entries, record, verify
from workassign.plan import Alarms
from workassign.policies import sla
from workassign.policies.escalation import Step, bullseye, expiring_skills, recipe
from workassign.stores.memory import MemoryStore


def engine_of(*steps: Step, **settings: Any) -> Engine:
    return Engine(Plan(queues={"default": Queue(steps=steps, **settings), "other": Queue()}))


def sign_on(engine: Engine, name: str, at: float = 0, **traits: Any) -> list[ev.Event]:
    engine.add_agent(Agent(id=name, **traits), at)
    return engine.sign_on(name, at)


def submit(engine: Engine, name: str = "t", at: float = 0, **traits: Any) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, **traits), at)


def steps(found: list[ev.Event]) -> list[tuple[str, int]]:
    return [(each.interaction, each.step) for each in found if isinstance(each, ev.Escalated)]


def offers(found: list[ev.Event]) -> list[tuple[str, str]]:
    return [(each.interaction, each.agent) for each in found if isinstance(each, ev.Offered)]


# --- what a step changes --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "needs", "agent"),
    [
        (Step(after=10, drop=("refunds",)), {"refunds": 3}, {}),
        (Step(after=10, lower={"refunds": 1}), {"refunds": 3}, {"skills": {"refunds": 1}}),
        (
            Step(after=10, widen={"language": ("en",)}),
            'language == "es"',
            {"attributes": {"language": "en"}},
        ),
        (Step(after=10, also=Needs({"generalist": 0})), {"law": 1}, {"skills": {"generalist": 1}}),
        (Step(after=10, drop=("agent",)), 'agent == "boss"', {}),
    ],
)
def test_what_is_relaxed_reaches_agents_who_could_not_take_it_before(
    step: Step, needs: Any, agent: dict[str, Any]
) -> None:
    engine = engine_of(step)
    sign_on(engine, "ann", **agent)
    assert not offers(submit(engine, needs=Needs(needs)))
    assert engine.next_wake == 10
    assert not offers(engine.tick(9.9))
    found = engine.tick(10)
    assert steps(found) == [("t", 1)]
    assert offers(found) == [("t", "ann")]
    engine.check()


def test_a_tier_and_a_head_start_put_it_before_others() -> None:
    engine = engine_of(Step(after=30, tier=0), Step(after=20, head_start=100))
    submit(engine, "old", 0, queue="other")
    submit(engine, "new", 50)
    found = engine.tick(70)
    assert [(type(each), each.interaction) for each in found] == [(ev.Escalated, "new")]  # type: ignore[union-attr]
    assert offers(sign_on(engine, "ann", 71)) == [("new", "ann")]
    engine.sign_off("ann", 72)
    assert steps(engine.tick(80)) == [("new", 1)]


def test_it_moves_to_another_queue_with_its_age_and_begins_that_queues_steps() -> None:
    plan = Plan(
        queues={
            "first": Queue(steps=(Step(after=10, queue="second", notify="desk two"),)),
            "second": Queue(steps=(Step(after=10, drop=("law",)),)),
        }
    )
    engine = Engine(plan)
    sign_on(engine, "ann", queues={"second": 1})
    submit(engine, queue="first", needs=Needs({"law": 1}))
    escalated, moved = engine.tick(12)
    assert isinstance(escalated, ev.Escalated)
    assert isinstance(moved, ev.Transferred)
    assert (escalated.due, escalated.notify, moved.cause, moved.reference) == (10, "desk two", "escalated", 0)
    assert engine.next_wake == 22
    assert offers(engine.tick(22)) == [("t", "ann")]


def test_a_notice_changes_nothing_but_is_a_fact() -> None:
    engine = engine_of(Step(after=10, notify="duty manager"))
    submit(engine)
    (event,) = engine.tick(10)
    assert event == ev.Escalated(10.0, 10.0, "t", 1, None, None, 0.0, "duty manager")
    assert engine.next_wake == float("inf")


# --- when it is due -------------------------------------------------------------------------------


def test_steps_do_not_wait_for_one_another() -> None:
    engine = engine_of(
        Step(after=5, eligible_below=1, notify="a"), Step(after=20, notify="b"), Step(after=10, notify="c")
    )
    sign_on(engine, "ann", skills={"x": 1})
    engine.set_presence("ann", Presence.BUSY, 0)
    submit(engine, needs=Needs({"x": 1}))
    assert steps(engine.tick(30)) == [("t", 3), ("t", 2)]
    assert steps(engine.sign_off("ann", 31)) == [("t", 1)]


def test_slack_counts_back_from_the_promise_that_is_broken_first() -> None:
    engine = engine_of(Step(slack=30, notify="late soon"), sla=sla.first_response(100))
    submit(engine, at=50)
    assert steps(engine.tick(119)) == []
    assert engine.next_wake == 120
    assert steps(engine.tick(120)) == [("t", 1)]


def test_without_a_promise_slack_is_never_used_up() -> None:
    engine = engine_of(Step(slack=30, notify="late soon"))
    submit(engine)
    assert engine.next_wake == float("inf")


def test_a_step_at_once_is_taken_before_anybody_is_asked() -> None:
    engine = engine_of(Step(eligible_below=1, queue="other"), Step(free_below=2, notify="few"))
    sign_on(engine, "ann", queues={"other": 1})
    found = submit(engine)
    assert [type(each) for each in found] == [ev.Submitted, ev.Escalated, ev.Transferred, ev.Offered]
    sign_on(engine, "bob", 1)
    assert steps(submit(engine, "u", 2)) == [("u", 2)]


def test_what_falls_due_while_it_is_offered_is_taken_when_it_waits_again() -> None:
    engine = engine_of(Step(after=10, notify="a"), Step(after=60, notify="b"))
    sign_on(engine, "ann")
    (offer,) = (each.offer for each in submit(engine) if isinstance(each, ev.Offered))
    assert steps(engine.tick(20)) == []
    assert steps(engine.decline(offer, "ann", 25)) == [("t", 1)]
    assert engine.next_wake == 55  # she is asked again after her cool-down
    found = engine.tick(55)
    (again,) = (each.offer for each in found if isinstance(each, ev.Offered))
    engine.accept(again, "ann", 56)
    assert steps(engine.tick(100)) == []
    assert steps(engine.release("t", "ann", 1, 100)) == [("t", 2)]


def test_nothing_is_taken_twice() -> None:
    engine = engine_of(Step(after=10, head_start=5))
    sign_on(engine, "ann")
    submit(engine)
    found = engine.tick(30)  # the offer has run out, so it waits again
    assert steps(found) == [("t", 1)]
    assert steps(engine.tick(500)) == []


# --- what it survives -----------------------------------------------------------------------------


def test_a_change_of_plan_keeps_the_steps_of_a_queue_that_stays_as_it_is() -> None:
    schedule = (Step(after=10, lower={"x": 0}, tier=0, head_start=7), Step(after=50, drop=("x",)))
    engine = engine_of(*schedule)
    submit(engine, needs=Needs({"x": 3}))
    engine.tick(10)
    queues = {"default": Queue(steps=schedule, tier=5, offer_for=5), "other": Queue()}
    assert [type(each) for each in engine.change_plan(Plan(queues=queues), 20)] == [ev.PlanChanged]
    assert not offers(sign_on(engine, "ann", 21))
    assert offers(sign_on(engine, "bob", 22, skills={"x": 0})) == [("t", "bob")]


def test_a_kept_step_counts_in_the_place_that_a_new_plan_gives() -> None:
    schedule = (Step(after=10, head_start=7),)
    engine = engine_of(*schedule)
    submit(engine)
    engine.tick(10)
    queues = {"default": Queue(steps=schedule, tier=5), "other": Queue()}
    (rekeyed,) = (
        each for each in engine.change_plan(Plan(queues=queues), 20) if isinstance(each, ev.Rekeyed)
    )
    assert (rekeyed.kept, rekeyed.tier, rekeyed.head_start) == (True, 5, 7)
    assert rekeyed.terms == (("escalated", 7),)


def test_other_steps_begin_anew() -> None:
    engine = engine_of(Step(after=10, drop=("x",)))
    submit(engine, needs=Needs({"x": 3}))
    engine.tick(10)
    found = engine.change_plan(
        Plan(queues={"default": Queue(steps=(Step(after=5, notify="a"), Step(after=40, drop=("x",))))}), 20
    )
    (rekeyed,) = (each for each in found if isinstance(each, ev.Rekeyed))
    assert not rekeyed.kept
    assert steps(found) == [("t", 1)]
    assert not offers(sign_on(engine, "ann", 21))
    assert offers(engine.tick(40)) == [("t", "ann")]


def test_opened_again_it_begins_anew() -> None:
    engine = engine_of(Step(after=10, drop=("x",)))
    submit(engine, needs=Needs({"x": 3}))
    engine.tick(10)
    engine.cancel("t", 20)
    engine.reopen("t", 100)
    assert engine.next_wake == 110
    assert steps(engine.tick(110)) == [("t", 1)]


def test_the_story_tells_what_each_step_changed() -> None:
    engine = engine_of(Step(after=10, drop=("x",), head_start=30, tier=0, notify="boss"))
    store = MemoryStore()
    recorder = record(engine, store)
    recorder.handle(cmd.Submit(Interaction(id="t", needs=Needs({"x": 1}))), 0)
    recorder.handle(cmd.AddAgent(Agent(id="ann")), 10)
    recorder.handle(cmd.SignOn("ann"), 11)
    recorder.flush()
    told = explain(engine.plan, entries(store), "t").text()
    changes = "needs anybody; tier 0; head start 30 s more; notify boss"
    assert f"took step 1 of its queue, due 10 s: {changes}" in told
    assert "offered to ann" in told
    assert "Steps of its queue" not in told  # it waits no more
    assert not verify(store).problems


def test_the_timeline_tells_where_it_stands_and_what_comes_next() -> None:
    engine = engine_of(
        Step(after=10, lower={"x": 1}),
        Step(after=5, eligible_below=1, notify="boss"),
        Step(after=60, drop=("x",), queue=None, tier=0),
        Step(slack=30, head_start=9),
    )
    sign_on(engine, "ann", skills={"x": 1})
    sign_on(engine, "bob", skills={"y": 1})
    engine.set_presence("ann", Presence.BUSY, 0)
    engine.set_presence("bob", Presence.BUSY, 0)
    submit(engine, needs=Needs({"x": 3}))
    sign_on(engine, "cat", 2, skills={"x": 9}, channels={})
    engine.tick(12)
    found = why_waiting(engine, "t")
    assert [(each.step, each.standing, each.due, each.eligible) for each in found.timeline] == [
        (1, "taken", None, 1),
        (2, "taken", None, 1),
        (3, "ahead", 60, 2),
        (4, "never", None, 2),
    ]
    text = found.text()
    assert "Steps of its queue" in text
    assert "3. at 60 s (2 signed on could take it then): after 60 s: x is needed no more; tier 0" in text
    assert "4. not as things are" in text
    assert "30 s before the first target is missed: head start 9 s more" in text
    assert "Steps of its queue" in found._repr_html_()


def test_an_alarm_rings_for_what_has_taken_every_step() -> None:
    engine = engine_of(
        Step(after=10, head_start=5), Step(after=20, drop=("x",)), alarms=Alarms(last_step=True)
    )
    submit(engine, needs=Needs({"y": 1}))
    assert [type(each) for each in engine.tick(10)] == [ev.Escalated]
    assert engine.tick(20)[-1] == ev.AlarmRaised(20.0, None, "default", "last_step", "t")
    assert engine.cancel("t", 30)[-1] == ev.AlarmCleared(30.0, "default", "last_step")


def test_a_step_that_waits_for_its_condition_is_told_so() -> None:
    engine = engine_of(Step(after=5, eligible_below=1, notify="boss"))
    sign_on(engine, "ann")
    engine.set_presence("ann", Presence.BUSY, 0)
    submit(engine)
    engine.tick(12)
    (stone,) = why_waiting(engine, "t").timeline
    assert (stone.standing, stone.due) == ("waits", 5)
    assert "its time came at 5 s, its condition has not" in why_waiting(engine, "t").text()


# --- schedules by name, and settings that are wrong -----------------------------------------------


def test_rings_open_one_after_the_other() -> None:
    plan = Plan.from_data(
        {"queues": {"q": {"needs": "ring == 1", "steps": {"use": "bullseye", "timeouts": [30, 60]}}}}
    )
    engine = Engine(plan)
    for ring in (3, 2):
        sign_on(engine, f"ring {ring}", attributes={"ring": ring}, queues={"q": 1})
    submit(engine, queue="q")
    submit(engine, "u", queue="q")
    assert offers(engine.tick(30)) == [("t", "ring 2")]
    engine.tick(89)
    assert "ring 3" in {agent for _, agent in offers(engine.tick(90))}


def test_skills_expire_and_recipes_are_read() -> None:
    assert expiring_skills({"a": 5}) == (Step(after=5.0, drop=("a",)),)
    assert recipe([{"ticks": 3, "available_agents": 2, "prioritize": 60}], tick=10) == (
        Step(after=30, free_below=2, head_start=60),
    )
    assert bullseye([10], drop=[["x"]])[0].drop == ("x",)
    with pytest.raises(ValueError, match="a recipe has no 'voicemail'"):
        recipe([{"ticks": 1, "voicemail": True}])


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ({}, "steps[0]: changes nothing"),
        ({"after": -1, "notify": "a"}, "steps[0].after: must be positive"),
        ({"after": float("nan"), "notify": "a"}, "steps[0].after: must be positive"),
        ({"slack": 0, "notify": "a"}, "steps[0].slack: must be positive"),
        ({"eligible_below": 0, "notify": "a"}, "steps[0].eligible_below: must be a whole number"),
        ({"free_below": True, "notify": "a"}, "steps[0].free_below: must be a whole number"),
        ({"tier": 100}, "steps[0].tier: must be a whole number from 0 to 99"),
        ({"head_start": -5}, "steps[0].head_start: must be a number from 0"),
        ({"drop": "x"}, "steps[0].drop: must be a list of names"),
        ({"lower": {"x": -1}}, "steps[0].lower: level of skill 'x'"),
        ({"widen": {"x": []}}, "steps[0].widen.x: must be a list of values"),
        ({"also": "x ="}, "steps[0].also: rule, column 3"),
        ({"queue": "nowhere"}, "steps[0].queue: there is no queue 'nowhere'"),
        ({"queue": "q"}, "steps[0].queue: it is in this queue already"),
        ({"queue": "other", "tier": 1}, "steps[0].queue: where it moves"),
        ({"notify": "\0"}, "steps[0].notify"),
        ({"later": 5}, "steps[0].later: unknown"),
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlanError) as raised:
        Plan.from_data({"queues": {"q": {"steps": [step]}, "other": {}}})
    assert any(each.startswith(f"queues.q.{problem}") for each in raised.value.problems), (
        raised.value.problems
    )


def test_moves_in_a_circle_without_delay_are_refused() -> None:
    with pytest.raises(PlanError, match="in a circle of moves"):
        Plan(queues={"a": Queue(steps=(Step(queue="b"),)), "b": Queue(steps=(Step(queue="a"),))})
    Plan(queues={"a": Queue(steps=(Step(queue="b"),)), "b": Queue(steps=(Step(after=1, queue="a"),))})


def test_steps_come_back_from_data() -> None:
    step = Step(
        after=1,
        slack=2,
        lower={"x": 1.0},
        widen={"y": (1, "a", True)},
        also=Needs('NOT z == "b"'),
        notify="n",
    )
    plan = Plan(queues={"q": Queue(steps=(step, *bullseye([10])), needs=Needs("ring == 1"))})
    assert Plan.from_data(plan.to_data()).queues["q"].steps == plan.queues["q"].steps
    assert Plan.from_data(plan.to_data()).hash == plan.hash


# --- by the hours -----------------------------------------------------------------------------


OFFICE = Calendar(week={"mon-fri": ["09:00-17:00"]})


def office_of(*steps: Step) -> Engine:
    queues = {"default": Queue(steps=steps), "night": Queue(auto_accept=True)}
    return Engine(Plan(queues=queues, calendars={"office": OFFICE, "always": Calendar()}))


def test_what_waits_when_the_office_closes_goes_to_the_night_shift() -> None:
    engine = office_of(Step(closed="office", queue="night"))
    sign_on(engine, "owl", t("2026-01-07 08:00", "UTC"), queues={"night": 1})
    closing = t("2026-01-07 17:00", "UTC")
    assert steps(submit(engine, "day", t("2026-01-07 16:59", "UTC"))) == []
    assert engine.next_wake == closing
    engine.check()
    (taken, moved, given) = engine.tick(closing)
    assert isinstance(taken, ev.Escalated)
    assert (taken.due, taken.step) == (closing, 1)
    assert isinstance(moved, ev.Transferred)
    assert isinstance(given, ev.Assigned)
    assert given.agent == "owl"


def test_what_comes_while_it_is_closed_is_moved_at_once() -> None:
    engine = office_of(Step(closed="office", queue="night"))
    assert steps(submit(engine, "late", t("2026-01-07 20:00", "UTC"))) == [("late", 1)]


def test_an_age_that_is_reached_in_open_hours_waits_for_their_end() -> None:
    engine = office_of(Step(after=600, closed="office", tier=0))
    submit(engine, "early", t("2026-01-07 10:00", "UTC"))
    assert engine.next_wake == t("2026-01-07 17:00", "UTC")
    submit(engine, "evening", t("2026-01-07 16:55", "UTC"))
    engine.tick(t("2026-01-07 17:00", "UTC"))
    assert engine.next_wake == t("2026-01-07 17:05", "UTC")


def test_what_never_closes_brings_no_step_and_is_told_so() -> None:
    engine = office_of(Step(closed="always", tier=0))
    submit(engine, "it", t("2026-01-07 10:00", "UTC"))
    assert engine.next_wake == inf
    (told,) = why_waiting(engine, "it").timeline
    assert told.due is None
    assert "when calendar always is closed: tier 0" in why_waiting(engine, "it").text()


def test_it_does_not_go_with_a_slack() -> None:
    with pytest.raises(PlanError, match="closed: does not go with slack: make two steps"):
        office_of(Step(slack=5, closed="office", tier=0))


@pytest.mark.parametrize(("closed", "problem"), [("never", "there is no calendar 'never'"), (3, "closed")])
def test_a_calendar_that_there_is_not_is_refused(closed: Any, problem: str) -> None:
    with pytest.raises(PlanError) as caught:
        Plan.from_data({"queues": {"a": {"steps": [{"closed": closed, "tier": 0}]}}})
    assert any(problem in each and "steps[0].closed" in each for each in caught.value.problems)


def test_a_step_by_hours_is_data() -> None:
    plan = office_of(Step(closed="office", tier=0)).plan
    assert plan.to_data()["queues"]["default"]["steps"] == [{"closed": "office", "tier": 0}]
    assert Plan.from_data(plan.to_data()).queues["default"].steps == plan.queues["default"].steps
