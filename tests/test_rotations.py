"""Teams that alternate between channels, by schedule or by load, and how that is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import attrs
import pytest

from tests.builders import Checked, Floor
from workassign import Agent, Channel, Engine, Group, Interaction, Period, Plan, PlanError, Queue, Rotation
from workassign import commands as cmd
from workassign import events as ev
from workassign.explain import why_not, why_waiting
from workassign.journal import record, replay, verify
from workassign.stores.memory import MemoryStore

HOUR = 3600.0
DAY = Rotation(
    groups=("office",),
    start=9 * HOUR,
    periods=(
        Period(channels={"call": 1}, seconds=2 * HOUR),
        Period(channels={"e-mail": 3}, seconds=2 * HOUR),
        Period(channels={"tweet": 2}, seconds=2 * HOUR),
    ),
)
"""Two hours of calls, two of e-mails, two of tweets, and again."""
HELP = Rotation(
    groups=("office",),
    queue="calls",
    on=3,
    off=2,
    periods=(Period(channels={"e-mail": 1}), Period(channels={"call": 1})),
)
"""Back office, until three calls wait."""


def plan_of(rotation: Rotation, **queues: Queue) -> Plan:
    return Plan(
        queues={"calls": Queue(), "other": Queue(), **queues},
        channels={name: Channel() for name in ("call", "e-mail", "tweet")},
        groups={"office": Group()},
        rotations={"turns": rotation},
    )


def engine_of(rotation: Rotation, at: float, *names: str, **traits: Any) -> Engine:
    engine = Checked(plan_of(rotation))
    for name in names or ("ann",):
        engine.add_agent(Agent(id=name, groups=("office",), capacity=9, **traits), at)
        engine.sign_on(name, at)
    return engine


def submit(engine: Engine, at: float, name: str, channel: str, queue: str = "other") -> list[ev.Event]:
    return engine.submit(Interaction(id=name, channel=channel, queue=queue), at)


def asked(found: list[ev.Event]) -> list[str]:
    return [each.interaction for each in found if isinstance(each, ev.Offered)]


def rotated(found: list[ev.Event]) -> list[tuple[int, float | None]]:
    return [(each.period, each.due) for each in found if isinstance(each, ev.Rotated)]


# --- by schedule ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "channel"),
    [(9, "call"), (10.9, "call"), (11, "e-mail"), (13, "tweet"), (15, "call"), (8.9, "tweet"), (3, "call")],
)
def test_the_schedule_says_which_channel_she_serves_before_its_start_too(hour: float, channel: str) -> None:
    engine = engine_of(DAY, hour * HOUR)
    found = [each for each in ("call", "e-mail", "tweet") if asked(submit(engine, hour * HOUR, each, each))]
    assert found == [channel]


def test_at_the_turn_what_waits_for_it_is_handed_out_and_what_she_holds_stays_hers() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    assert asked(submit(engine, 10 * HOUR, "c1", "call")) == ["c1"]
    engine.accept(1, "ann", 10 * HOUR + 1)
    assert asked(submit(engine, 10 * HOUR + 2, "m1", "e-mail")) == []
    assert engine.next_wake == 11 * HOUR
    found = engine.tick(11 * HOUR)
    assert rotated(found) == [(2, 11 * HOUR)]
    assert asked(found) == ["m1"]
    assert asked(submit(engine, 11 * HOUR + 1, "c2", "call")) == []
    assert isinstance(engine.complete("c1", "ann", 1, 11 * HOUR + 2)[0], ev.Completed)


def test_a_turn_that_comes_late_goes_to_the_period_of_now_and_says_since_when() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    assert rotated(engine.tick(14.5 * HOUR)) == [(3, 13 * HOUR)]


def test_whoever_is_in_no_group_of_it_serves_her_own_channels() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    engine.add_agent(Agent(id="free", channels={"tweet": 1}), 10 * HOUR)
    engine.sign_on("free", 10 * HOUR)
    (_, offered) = submit(engine, 10 * HOUR, "t1", "tweet")
    assert isinstance(offered, ev.Offered)
    assert offered.agent == "free"


def test_who_comes_in_the_middle_serves_what_the_others_do() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    engine.tick(11 * HOUR)
    engine.add_agent(Agent(id="bob", groups=("office",)), 12 * HOUR)
    engine.sign_on("bob", 12 * HOUR)
    assert why_not(engine, "bob", _waiting(engine, 12 * HOUR)).reasons[0].kind == "channel"


def _waiting(engine: Engine, at: float) -> str:
    submit(engine, at, "waits", "call")
    return "waits"


def test_nothing_is_due_before_the_first_turn() -> None:
    engine = Engine(plan_of(DAY))
    assert engine.next_wake == float("inf")
    assert rotated(engine.tick(12 * HOUR)) == [(2, 11 * HOUR)]
    assert engine.next_wake == 13 * HOUR


def test_another_plan_begins_its_rotations_at_once() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    submit(engine, 10 * HOUR, "m1", "e-mail")
    plan = plan_of(attrs.evolve(DAY, start=8 * HOUR))
    found = engine.change_plan(plan, 10 * HOUR + 60)
    assert rotated(found) == [(2, 10 * HOUR)]
    assert asked(found) == ["m1"]
    assert rotated(engine.tick(12 * HOUR)) == [(3, 12 * HOUR)]


def test_later_rotations_go_before_earlier_ones_where_they_say_something() -> None:
    base = plan_of(DAY)
    silent = attrs.evolve(HELP, periods=(Period(), Period(channels={"call": 1})))
    engine = Checked(attrs.evolve(base, rotations={"turns": DAY, "help": silent}))
    engine.add_agent(Agent(id="ann", groups=("office",)), 12 * HOUR)
    engine.sign_on("ann", 12 * HOUR)
    for number in range(2):
        assert asked(submit(engine, 12 * HOUR, f"c{number}", "call", "calls")) == []
    assert asked(submit(engine, 12 * HOUR, "c2", "call", "calls")) == ["c0"]


# --- by load ----------------------------------------------------------------------------------------


def test_when_enough_wait_helpers_come_and_go_back_when_few_are_left() -> None:
    engine = engine_of(HELP, 0)
    submit(engine, 1, "m1", "e-mail")
    for number in (1, 2):
        assert asked(submit(engine, 2, f"c{number}", "call", "calls")) == []
    found = submit(engine, 3, "c3", "call", "calls")
    assert rotated(found) == [(2, None)]
    assert asked(found) == ["c1"]
    assert rotated(engine.accept(2, "ann", 4)) == []  # two are left: not fewer than two
    engine.complete("c1", "ann", 1, 5)
    found = engine.accept(3, "ann", 6)
    assert rotated(found) == [(1, None)]


def test_between_the_two_limits_nothing_changes() -> None:
    engine = engine_of(HELP, 0)
    for number in range(2):
        submit(engine, 1, f"c{number}", "call", "calls")
    assert rotated(engine.cancel("c0", 2)) == []
    submit(engine, 3, "c2", "call", "calls")
    found = submit(engine, 3, "c3", "call", "calls")
    assert rotated(found) == [(2, None)]
    assert rotated(engine.cancel("c3", 4)) == []


def test_who_waits_is_told_that_she_does_not_serve_the_channel_now() -> None:
    engine = engine_of(HELP, 0)
    submit(engine, 1, "c1", "call", "calls")
    found = why_waiting(engine, "c1")
    assert [(each.kind, each.failed) for each in found.funnel] == [("channel", 1)]


# --- what becomes of it -----------------------------------------------------------------------------


def test_a_journal_with_rotations_is_verified_and_replayed() -> None:
    engine, store = Engine(plan_of(DAY)), MemoryStore()
    recorder = record(engine, store)
    recorder.handle(cmd.AddAgent(Agent(id="ann", groups=("office",))), 10 * HOUR)
    recorder.handle(cmd.SignOn("ann"), 10 * HOUR)
    for number, channel in enumerate(("call", "e-mail", "tweet")):
        recorder.handle(cmd.Submit(Interaction(id=f"i{number}", queue="other", channel=channel)), 10 * HOUR)
    recorder.handle(cmd.Tick(), 11 * HOUR)
    recorder.flush()
    verdict = verify(store)
    assert verdict.ok, verdict.problems
    again = replay(store)
    assert again.snapshot() == engine.snapshot()
    assert again.next_wake == engine.next_wake


def test_the_plan_of_a_rotation_is_read_from_toml_with_times_of_day(tmp_path: Any) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(
        """
        [queues.default]
        [channels.call]
        [channels.e-mail]
        [groups.office]
        [rotations.day]
        groups = ["office"]
        start = 2026-01-05T09:00:00+01:00
        periods = [{ channels = { call = 1 }, seconds = 7200 }, { channels = { e-mail = 3 }, seconds = 7200 }]
        [rotations.help]
        groups = ["office"]
        queue = "default"
        on = 5
        off = 2
        periods = [{}, { channels = { call = 1 } }]
        """
    )
    plan = Plan.load(file)
    assert plan.rotations["day"].start == 1_767_600_000.0
    assert Plan.from_data(plan.to_data()).rotations == plan.rotations
    assert "rotations" not in Plan().to_data()


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({}, "rotations.x.groups: must be a list of groups"),
        ({"groups": ["night"]}, "rotations.x.groups: there is no group 'night'"),
        ({"periods": [{}]}, "rotations.x.periods: must be from 2 to 100, not 1"),
        ({"periods": [{}, {}]}, r"rotations.x.periods\[0\].seconds: must be positive"),
        (
            {"periods": [{"seconds": -1}, {"seconds": 5}]},
            r"rotations.x.periods\[0\].seconds: must be positive",
        ),
        ({"periods": [{"channels": {"fax": 1}, "seconds": 5}] * 2}, "there is no channel 'fax'"),
        ({"periods": [{"channels": {"call": -1}}] * 2}, "limit of channel 'call'"),
        ({"start": float("nan")}, "rotations.x.start: must be seconds"),
        ({"queue": "nowhere"}, "rotations.x.queue: there is no queue 'nowhere'"),
        ({"queue": "calls", "on": 1, "off": 2}, "on and off must be whole numbers"),
        ({"queue": "calls", "on": 2, "off": 1, "periods": [{"seconds": 5}, {}]}, "is for a schedule"),
        ({"on": 3}, "rotations.x.on: is the length of a queue"),
        ({"pause": 3}, "rotations.x.pause: unknown"),
    ],
)
def test_a_wrong_rotation_is_refused_with_its_path(table: dict[str, Any], problem: str) -> None:
    data = plan_of(DAY).to_data()
    with pytest.raises(PlanError, match=problem):
        Plan.from_data({**data, "rotations": {"x": table}})


def test_a_naive_start_is_refused() -> None:
    naive = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - that is the point
    with pytest.raises(PlanError, match="is naive: give it a time zone"):
        Plan.from_data({"rotations": {"x": {"groups": ["a"], "start": naive, "periods": [{}, {}]}}})


def test_dedicated_and_blended_teams_differ_by_configuration_alone() -> None:
    """One team for each channel, or everybody for all: the same commands, another plan."""

    def served(groups: dict[str, Group]) -> list[str]:
        channels = {name: Channel() for name in ("call", "e-mail")}
        floor = Floor(Plan(channels=channels, groups=groups))
        for name, team in (("ann", "front"), ("bob", "back")):
            floor.do(cmd.AddAgent(Agent(id=name, groups=(team,))), 0)
            floor.do(cmd.SignOn(name), 0)
        for number in range(2):
            floor.do(cmd.Submit(Interaction(id=f"c{number}", channel="call")), 1)
        return [each.agent for turn in floor.turns for each in turn.facts if isinstance(each, ev.Offered)]

    dedicated = {"front": Group(channels={"call": 1}), "back": Group(channels={"e-mail": 1})}
    blended = {"front": Group(), "back": Group()}
    assert served(dedicated) == ["ann"]
    assert served(blended) == ["ann", "bob"]


def test_why_waiting_says_when_the_turn_comes() -> None:
    engine = engine_of(DAY, 10 * HOUR)
    submit(engine, 10 * HOUR, "t1", "tweet")
    (way,) = why_waiting(engine, "t1").ways
    assert (way.kinds, way.at, way.by_itself) == (("turn",), 13 * HOUR, True)
    assert asked(engine.tick(13 * HOUR)) == ["t1"]
