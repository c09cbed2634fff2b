"""One problem that needs a team: interactions that are parts of another."""

from __future__ import annotations

import pytest

from tests.builders import Floor, live, one, only, rule
from workassign import Agent, Desk, Engine, Interaction, Queue, UsageError
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import why_waiting
from workassign.journal import replay, verify
from workassign.plan import Plan
from workassign.stores.memory import MemoryStore


def floor_of(**queue: float) -> Floor:
    """Return a floor on which ann has `whole`, and `part` waits, which is a part of it."""
    floor = Floor(Plan(queues={"default": Queue(**queue), "team": Queue()}), Agent(id="ann"))  # type: ignore[arg-type]
    floor.on("ann")
    offered = only(ev.Offered, floor.do(cmd.Submit(Interaction(id="whole"))))
    floor.do(cmd.Accept(offered.offer, "ann"))
    floor.do(cmd.Submit(Interaction(id="part", queue="team", parent="whole")))
    return floor


@pytest.mark.parametrize("wrap_up", [None, 20.0])
def test_what_has_open_parts_is_not_completed_before_they_are_closed(wrap_up: float | None) -> None:
    floor = floor_of() if wrap_up is None else floor_of(wrap_up=wrap_up)
    before = floor.engine.snapshot()
    assert rule(floor.do(cmd.Complete("whole", "ann", 1))) == "open_children"
    assert floor.engine.snapshot() == before
    floor.do(cmd.Cancel("part"))
    assert type(floor.do(cmd.Complete("whole", "ann", 1))[0]) in (ev.Completed, ev.WrapUpStarted)


def test_parts_of_parts_count_too() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="small", queue="team", parent="part")))
    floor.do(cmd.AddAgent(Agent(id="bob")))
    floor.do(cmd.Assign("part", "bob", override=True))
    floor.do(cmd.Park("small", 100))
    assert rule(floor.do(cmd.Complete("whole", "ann", 1))) == "open_children"


def test_with_the_whole_its_parts_are_cancelled_the_smallest_first() -> None:
    floor = floor_of()
    floor.do(cmd.Submit(Interaction(id="small", queue="team", parent="part")))
    found = floor.do(cmd.Cancel("whole", "spam"), 5)
    assert [(each.interaction, each.reason) for each in found if isinstance(each, ev.Cancelled)] == [
        ("small", "spam"),
        ("part", "spam"),
        ("whole", "spam"),
    ]
    assert live(floor.engine, 100) == []


def test_agents_are_freed_of_the_parts_that_they_had_or_were_offered() -> None:
    floor = floor_of()
    floor.do(cmd.AddAgent(Agent(id="bob", capacity=2)))
    floor.do(cmd.SignOn("bob"))
    floor.do(cmd.Accept(2, "bob"))
    floor.do(cmd.Submit(Interaction(id="offered", queue="team", parent="whole")))
    found = floor.do(cmd.Cancel("whole"))
    assert only(ev.OfferRescinded, found).interaction == "offered"
    assert [each.reason for each in found if isinstance(each, ev.Cancelled)] == [
        "parent cancelled",
        "parent cancelled",
        "",
    ]
    assert floor.engine._state.agents["bob"].load == 0
    floor.engine.check()


def test_when_the_customer_leaves_the_parts_are_cancelled() -> None:
    floor = Floor(one())
    floor.do(cmd.Submit(Interaction(id="whole")))
    floor.do(cmd.Submit(Interaction(id="part", parent="whole")))
    cancelled, abandoned = floor.do(cmd.Abandon("whole"))
    assert isinstance(cancelled, ev.Cancelled)
    assert cancelled.reason == "parent abandoned"
    assert isinstance(abandoned, ev.Abandoned)


def test_nothing_becomes_a_part_of_what_is_not_open_or_is_served_already() -> None:
    floor = floor_of(wrap_up=20)
    assert rule(floor.do(cmd.Submit(Interaction(id="x", parent="none")))) == "no_open_parent"
    floor.do(cmd.Cancel("part"))
    assert rule(floor.do(cmd.Submit(Interaction(id="x", parent="part")))) == "no_open_parent"
    floor.do(cmd.Complete("whole", "ann", 1))
    assert rule(floor.do(cmd.Submit(Interaction(id="x", parent="whole")))) == "no_open_parent"


def test_a_part_in_wrap_up_is_left_to_end_by_itself() -> None:
    floor = floor_of(wrap_up=20)
    floor.do(cmd.AddAgent(Agent(id="bob")))
    floor.do(cmd.Transfer("part", "default"))
    floor.do(cmd.SignOn("bob"))
    floor.do(cmd.Accept(2, "bob"))
    floor.do(cmd.Complete("part", "bob", 2))
    (cancelled,) = [each for each in floor.do(cmd.Cancel("whole")) if isinstance(each, ev.Cancelled)]
    assert cancelled.interaction == "whole"
    assert only(ev.Completed, live(floor.engine, 20)).interaction == "part"


def test_nobody_is_told_to_finish_what_has_open_parts_first() -> None:
    """To be done with the whole does not help its part: the part comes first."""
    floor = floor_of()
    assert [way.kinds for way in why_waiting(floor.engine, "part").ways] == [("added",)]
    floor.do(cmd.Submit(Interaction(id="other")))
    floor.do(cmd.Cancel("part"))
    (way,) = why_waiting(floor.engine, "other").ways
    assert (way.kinds, way.finished) == (("finished",), ("whole",))


def test_nothing_is_a_part_of_itself() -> None:
    for wrong in ("t1", "", 3):
        with pytest.raises(UsageError, match="parent"):
            Interaction(id="t1", parent=wrong)  # type: ignore[arg-type]


def test_an_id_that_is_used_again_has_no_parts_of_the_one_before() -> None:
    floor = Floor(Plan(retention=10))
    floor.do(cmd.Submit(Interaction(id="whole")))
    floor.do(cmd.Submit(Interaction(id="part", parent="whole")))
    floor.do(cmd.Cancel("whole"))
    floor.do(cmd.Reopen("part"), 5)
    for number in range(200):
        floor.do(cmd.Submit(Interaction(id=f"other-{number}")), 50)
    floor.do(cmd.Submit(Interaction(id="whole")))
    assert [type(each) for each in floor.do(cmd.Cancel("whole"))] == [ev.Cancelled]
    assert floor.again().snapshot() == floor.engine.snapshot()


def test_a_desk_shows_the_whole_and_its_parts_after_a_restart() -> None:
    store = MemoryStore()
    desk = Desk(Engine(), store, clock=lambda: 1.0)
    desk.handle(cmd.Submit(Interaction(id="whole")))
    desk.handle(cmd.Submit(Interaction(id="part", parent="whole")))
    again = Desk.open(store, clock=lambda: 1.0)
    assert again.interaction("whole").parts == ("part",)
    assert again.interaction("part").parent == "whole"
    assert ", a part of whole" in again.explain("part").story[0].text
    again.handle(cmd.Cancel("whole"))
    assert verify(store).ok
    replay(store).check()
