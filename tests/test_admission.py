"""What is let in at the door of a queue, and where else something goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import BERLIN, OFFICE, Checked, Floor, only, rule, t
from workassign import Agent, Engine, Interaction, MemoryStore, Plan, PlanError, Presence, Queue
from workassign import commands as cmd
from workassign import events as ev
from workassign.dry_run import dry_run
from workassign.explain import explain
from workassign.journal import entries, record, replay, verify
from workassign.kpi import measure
from workassign.lint import lint
from workassign.policies import sla
from workassign.policies.admission import Overflow, Quota
from workassign.policies.escalation import Step


def door(**queues: Queue) -> Checked:
    return Checked(Plan(queues=queues, calendars={"office": OFFICE}))


def submit(engine: Engine, name: str, at: float = 0, queue: str = "a", **traits: Any) -> list[ev.Event]:
    return engine.submit(Interaction(id=name, queue=queue, **traits), at)


def moved(found: list[ev.Event]) -> tuple[str, str]:
    event = only(ev.Transferred, found)
    return event.queue, event.cause


# --- bounds ------------------------------------------------------------------------------------------


def test_a_full_queue_refuses_and_keeps_nothing() -> None:
    engine = door(a=Queue(most=2))
    for number in range(2):
        submit(engine, f"i{number}")
    before = engine.snapshot()
    found = submit(engine, "i2")
    assert rule(found) == "queue_full"
    assert isinstance(found[0], ev.Refused)
    assert found[0].reason == "queue 'a' is full: 2 wait"
    assert engine.snapshot() == before
    assert isinstance(submit(engine, "i1")[0], ev.Submitted)  # it is in already
    engine.cancel("i0", 1)
    assert isinstance(submit(engine, "i2", 1)[0], ev.Submitted)  # refused before, now there is a place


def test_what_somebody_accepted_takes_no_place_but_what_is_offered_does() -> None:
    engine = door(a=Queue(most=1))
    engine.add_agent(Agent(id="ann"), 0)
    engine.sign_on("ann", 0)
    offered = only(ev.Offered, submit(engine, "i0"))
    assert rule(submit(engine, "i1")) == "queue_full"
    engine.accept(offered.offer, "ann", 1)
    assert isinstance(submit(engine, "i1", 1)[0], ev.Submitted)


def test_what_was_let_in_before_is_not_asked_at_another_door() -> None:
    engine = door(a=Queue(most=1, steps=(Step(after=10, queue="b"),)), b=Queue(most=1))
    submit(engine, "i0")
    submit(engine, "i1", queue="b")
    assert moved(engine.tick(10)) == ("b", "escalated")
    submit(engine, "i2", 11)
    assert moved(engine.transfer("i2", "b", 12)) == ("b", "asked")
    assert rule(submit(engine, "i3", 13, "b")) == "queue_full"


def test_a_quota_lets_in_so_many_in_every_window() -> None:
    engine = door(a=Queue(quota=Quota(number=2, per=60)))
    assert isinstance(submit(engine, "i0", 30)[0], ev.Submitted)
    assert isinstance(submit(engine, "i1", 59)[0], ev.Submitted)
    found = submit(engine, "i2", 59.5)
    assert rule(found) == "quota_used"
    assert isinstance(found[0], ev.Refused)
    assert found[0].reason == "queue 'a' has let in 2 within 60 s"
    assert isinstance(submit(engine, "i2", 60)[0], ev.Submitted)
    engine.cancel("i2", 61)  # a place is free, but it was let in
    submit(engine, "i3", 62)
    assert rule(submit(engine, "i4", 63)) == "quota_used"


# --- overflow ----------------------------------------------------------------------------------------


def test_what_is_too_much_goes_to_another_queue_and_on_from_there() -> None:
    engine = door(
        a=Queue(overflow=(Overflow(length=1, queue="b"),)),
        b=Queue(overflow=(Overflow(length=1, queue="c"),), tier=3),
        c=Queue(most=1),
    )
    assert [type(each) for each in submit(engine, "i0")] == [ev.Submitted]
    assert moved(submit(engine, "i1")) == ("b", "overflow")
    assert moved(submit(engine, "i2", 5)) == ("c", "overflow")
    assert rule(submit(engine, "i3", 6)) == "queue_full"
    assert [(row[0], row[2][0], row[2][3]) for row in engine.snapshot()["works"]] == [
        ("i0", "a", 1),
        ("i1", "b", 3),
        ("i2", "c", 1),
    ]


def test_out_of_hours_the_first_rule_that_holds_counts() -> None:
    rules = (Overflow(closed="office", length=1), Overflow(closed="office", queue="night"))
    engine = door(a=Queue(overflow=rules), night=Queue())
    night, day = t("2026-01-07 20:00", BERLIN), t("2026-01-08 10:00", BERLIN)
    assert moved(submit(engine, "i0", night)) == ("night", "overflow")
    assert [type(each) for each in submit(engine, "i1", day)] == [ev.Submitted]
    found = submit(engine, "i2", t("2026-01-08 20:00", BERLIN))
    assert rule(found) == "overflow"
    assert isinstance(found[0], ev.Refused)
    assert found[0].reason == "queue 'a': 1 or more wait, calendar 'office' is closed"


def test_where_it_lands_its_steps_its_promise_and_its_agents_hold() -> None:
    engine = door(
        a=Queue(sla=sla.first_response(10), overflow=(Overflow(length=1, queue="b"),)),
        b=Queue(sla=sla.first_response(50), steps=(Step(notify="boss"), Step(after=5, tier=0))),
    )
    submit(engine, "i0")
    engine.add_agent(Agent(id="ann", queues={"b": 1}), 0)
    engine.sign_on("ann", 0)
    found = submit(engine, "i1", 2)
    assert [type(each) for each in found] == [ev.Submitted, ev.Transferred, ev.Escalated, ev.Offered]
    engine.set_presence("ann", Presence.AWAY, 3)
    assert [type(each) for each in engine.tick(8)] == [ev.Escalated]
    assert only(ev.SlaMissed, engine.tick(51)).interaction == "i0"
    assert only(ev.SlaMissed, engine.tick(52)).interaction == "i1"


def test_what_overflows_counts_in_the_quota_of_where_it_lands() -> None:
    engine = door(
        a=Queue(quota=Quota(number=2, per=60), overflow=(Overflow(length=1, queue="b"),)),
        b=Queue(quota=Quota(number=1, per=60)),
    )
    submit(engine, "i0")
    assert moved(submit(engine, "i1")) == ("b", "overflow")
    assert rule(submit(engine, "i2")) == "quota_used"
    engine.cancel("i0", 1)
    assert [type(each) for each in submit(engine, "i3", 2)] == [ev.Submitted]
    assert engine.snapshot()["windows"] == {"a": [0.0, 2], "b": [0.0, 1]}


# --- everywhere --------------------------------------------------------------------------------------


def test_nothing_is_asked_again_when_a_journal_is_replayed() -> None:
    plan = Plan(
        queues={
            "a": Queue(overflow=(Overflow(length=1, queue="b"),), quota=Quota(number=3, per=100)),
            "b": Queue(most=1),
        }
    )
    store = MemoryStore()
    recorder = record(Engine(plan), store)
    for number in range(4):
        recorder.handle(cmd.Submit(Interaction(id=f"i{number}", queue="a")), number)
    recorder.flush()
    again = replay(store)
    assert again.snapshot() == recorder.engine.snapshot()
    assert not verify(store).problems
    told = explain(plan, entries(store), "i1").text()
    assert "sent on to queue b, for queue 'a': 1 or more wait: " in told
    balance = again.snapshot()["queues"]
    assert balance["a"]["exited"] == {"moved": 1}
    assert (balance["a"]["waiting"], balance["b"]["waiting"]) == (1, 1)
    (figures,) = [measure(store).figures()]
    assert figures is not None
    for engine in (again, recorder.engine):
        assert rule(engine.handle(cmd.Submit(Interaction(id="late", queue="b")), 5)) == "queue_full"


def test_another_plan_begins_to_count_anew() -> None:
    plan = Plan(queues={"default": Queue(quota=Quota(number=1, per=60))})
    floor = Floor(plan)
    floor.do(cmd.Submit(Interaction(id="i0")), 5)
    floor.do(cmd.ChangePlan(plan.to_data()), 6)
    floor.do(cmd.Submit(Interaction(id="i1")), 7)
    assert rule(floor.do(cmd.Submit(Interaction(id="i2")), 8)) == "quota_used"
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_a_dry_run_asks_at_no_door() -> None:
    plan = Plan(queues={"default": Queue(most=1, quota=Quota(number=1, per=60))})
    routes = dry_run(plan, [Agent(id="ann")], [Interaction(id=f"i{number}") for number in range(3)])
    assert [route.outcome for route in routes] == ["offered"] * 3


def test_a_calendar_of_a_door_is_no_idle_one() -> None:
    plan = Plan(
        queues={"default": Queue(overflow=(Overflow(closed="office"),))}, calendars={"office": OFFICE}
    )
    assert "unused_calendar" not in {found.kind for found in lint(plan)}


def test_bounds_come_back_from_data_and_say_nothing_where_there_are_none() -> None:
    queue = Queue(
        most=5,
        quota=Quota(number=3, per=60.0),
        overflow=(Overflow(length=2, closed="office", queue="b"), Overflow(length=9)),
    )
    plan = Plan(queues={"a": queue, "b": Queue()}, calendars={"office": OFFICE})
    data = plan.to_data()
    assert data["queues"]["a"]["quota"] == {"number": 3, "per": 60.0}
    assert data["queues"]["a"]["overflow"][1] == {"length": 9}
    assert Plan.from_data(data).hash == plan.hash
    assert Plan.from_data(data).queues["a"].overflow == queue.overflow
    assert not {"most", "quota", "overflow"} & set(data["queues"]["b"])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"most": -1}, "most: must be a whole number"),
        ({"most": 2.5}, "most: must be a whole number"),
        ({"most": True}, "most: must be a whole number"),
        ({"quota": {"number": 0, "per": 5}}, "quota.number: must be a whole number"),
        ({"quota": {"number": 5, "per": float("nan")}}, "quota.per: must be positive"),
        ({"quota": {"number": 5}}, "quota.per: is missing"),
        ({"quota": 5}, "quota: must be a table"),
        ({"quota": {"number": 5, "per": 5, "burst": 1}}, "quota.burst: unknown"),
        ({"overflow": {"length": 5}}, "overflow: must be a list of tables"),
        ({"overflow": [{"queue": "b"}]}, "overflow[0]: is always so"),
        ({"overflow": [{"length": -1}]}, "overflow[0].length: must be a whole number"),
        ({"overflow": [{"length": 1, "queue": "nowhere"}]}, "overflow[0].queue: there is no queue 'nowhere'"),
        ({"overflow": [{"length": 1, "queue": 7}]}, "overflow[0].queue: must be a name"),
        ({"overflow": [{"closed": "never"}]}, "overflow[0].closed: there is no calendar 'never'"),
        ({"overflow": [{"length": 1, "queue": "a"}]}, "overflow: it comes back here in a circle"),
        ({"overflow": [{"length": 1, "queue": "b"}]}, "overflow: it comes back here in a circle"),
    ],
)
def test_a_door_that_makes_no_sense_is_refused(settings: dict[str, Any], problem: str) -> None:
    back = {"overflow": [{"length": 1, "queue": "a"}]} if "circle" in problem else {}
    with pytest.raises(PlanError) as raised:
        Plan.from_data({"queues": {"a": settings, "b": back}})
    assert any(each.startswith(f"queues.a.{problem}") for each in raised.value.problems), (
        raised.value.problems
    )
