"""What no rule could beat stands beside what was reached, where it says something of the result."""

from __future__ import annotations

import random
from typing import Any

import pytest

from workassign import Plan, Queue
from workassign.errors import UsageError
from workassign.lab.arrivals import Poisson, Profile, Recorded
from workassign.lab.distributions import Constant, Distribution, Exponential, LogNormal
from workassign.lab.gaps import Gaps
from workassign.lab.planned import planned
from workassign.lab.scenario import Contagion, Crew, Learning, Reaction, Return, Scenario, Stream
from workassign.lab.simulation import simulate
from workassign.needs import Needs
from workassign.policies.sla import first_response

pytest.importorskip("scipy", reason="bounds need scipy")

PLAN = Plan(queues={"default": Queue(sla=first_response(20.0))})


def scenario(**settings: Any) -> Scenario:
    return Scenario(plan=settings.pop("plan", PLAN), **settings)


def calls(arrivals: Any, handling: Distribution, **settings: Any) -> Stream:
    return Stream(name=settings.pop("name", "calls"), arrivals=arrivals, handling=handling, **settings)


def why(found: Gaps) -> dict[str, str]:
    return {each.name: each.reason for each in found.skipped}


def anything(dice: random.Random) -> Scenario:
    """Whatever may come: skills, shifts, sizes, breaks, chats, wrap-ups, offers, practice."""
    names = "abc"[: dice.randint(1, 3)]
    crews = []
    for number in range(dice.randint(1, 3)):
        agents = dice.randint(1, 4)
        hours: dict[str, Any] = dice.choice(
            [
                {},
                {
                    "shifts": [(0, dice.choice([200, 900])), (1600, 6000)],
                    "breaks": [(0, 600)],
                    "absence": 0.2,
                },
                {"sizes": [(0, 1), (500, agents), (900, 0), (2500, agents)]},
            ]
        )
        crews.append(
            Crew.of(
                f"crew-{number}",
                agents,
                skills={name: dice.choice([1, 3, 5]) for name in names},
                capacity=dice.choice([1, 1, 2]),
                pace=dice.choice([(), (1.0, 0.6), (1.2, 1.0)]),
                reaction=dice.choice([None, Reaction(delay=Exponential(5.0), declined=0.1, unanswered=0.1)]),
                learning=dice.choice([None, Learning()]),
                **hours,
            )
        )
    patience = dice.choice([None, Exponential(200.0)])
    works: list[Distribution] = [Exponential(100.0), LogNormal(60.0, 1.0), Constant(50.0)]
    streams = [
        calls(
            Poisson(dice.choice([0.005, 0.02, 0.05])),
            dice.choice(works),
            name=name,
            needs=Needs({name: 1}),
            patience=patience,
            by_level=dice.choice([{}, {1: 1.3, 5: 0.7}]),
        )
        for name in names
    ]
    queue = Queue(sla=first_response(dice.choice([5.0, 60.0])), wrap_up=dice.choice([None, 30.0]))
    plan = Plan(queues={"default": queue})
    return scenario(plan=plan, streams=streams, crews=crews, duration=3000.0, drain_for=30_000.0)


@pytest.mark.filterwarnings("ignore::workassign.lab.scenario.OverloadWarning")
@pytest.mark.parametrize("seed", range(40))
def test_whatever_the_scenario_no_proved_bound_is_beaten(seed: int) -> None:
    found = simulate(anything(random.Random(seed)), seed).bounds()
    proved = [line for line in found if line.bound.name in ("clairvoyant", "windows")]
    assert all(line.gap >= 1.0 - 1e-9 for line in proved)


def test_first_come_first_served_by_all_reaches_the_pooled_bound() -> None:
    stream = calls(Poisson(0.09), Exponential(100.0))
    day = scenario(streams=(stream,), crews=(Crew.of("desk", 10),), duration=20_000.0)
    found = simulate(day, 1).bounds()
    pooled = next(line for line in found if line.bound.name == "pooled")
    assert pooled.gap == pytest.approx(1.0)


def test_a_floor_of_specialists_is_above_every_bound_of_its_trace() -> None:
    streams = [calls(Poisson(0.02), Exponential(100.0), name=name, needs=Needs({name: 1})) for name in "abc"]
    crews = [Crew.of(f"crew-{name}", 3, skills={name: 1}) for name in "abc"]
    day = scenario(streams=streams, crews=crews, duration=20_000.0)
    found = simulate(day, 2).bounds()
    assert {line.bound.name for line in found} >= {"pooled", "clairvoyant", "windows", "long run, pooled"}
    # Bounds of the long run are those of means: a short run may be luckier.
    of_this_day = [line for line in found if not line.bound.name.startswith("long run")]
    assert all(line.gap > 1.4 for line in of_this_day)
    assert found.best("mean wait").bound.name == "long run, subsets"


def test_in_overload_the_share_on_time_is_near_its_bound() -> None:
    stream = calls(Recorded([0.0] * 10), Constant(20.0))
    day = scenario(streams=(stream,), crews=(Crew.of("desk", 2),), duration=100.0)
    found = simulate(day).bounds().best("on time")
    # Two begin at once and two after 20 seconds.
    assert (found.reached, found.bound.value, found.gap) == (0.4, 0.4, 1.0)


def test_agents_who_come_and_go_count_while_they_are_there() -> None:
    stream = calls(Recorded([0.0, 0.0, 50.0]), Constant(10.0))
    crew = Crew.of("desk", 1, shifts=[(0, 5), (100, 200)], breaks=[(100, 120)])
    day = scenario(streams=(stream,), crews=(crew,), duration=200.0)
    result = simulate(day)
    assert planned(day, 0).spans == [(0.0, 5.0), (120.0, 200.0)]
    line = next(line for line in result.bounds() if line.bound.name == "pooled")
    assert line.reached == pytest.approx((0 + 120 + 80) / 3)
    assert line.gap == pytest.approx(1.0)


def test_a_crew_with_sizes_is_on_duty_by_its_sizes() -> None:
    crew = Crew.of("desk", 3, sizes=[(0, 1), (50, 3), (80, 2)], capacity=2)
    day = scenario(streams=(calls(Poisson(0.001), Constant(10.0)),), crews=(crew,), duration=100.0)
    spans = planned(day, 0).spans
    for at, agents in ((10, 1), (60, 3), (90, 2)):
        assert sum(begin <= at < end for begin, end in spans) == 2 * agents


def test_who_finishes_after_her_shift_is_still_at_work_for_the_bound() -> None:
    stream = calls(Recorded([0.0, 10.0]), Constant(100.0))
    crews = (Crew.of("early", 1, shifts=[(0, 10)]), Crew.of("late", 1, shifts=[(10, 20)]))
    day = scenario(streams=(stream,), crews=crews, duration=100.0)
    result = simulate(day)
    assert planned(day, 0).most == 2
    assert all(line.gap >= 1.0 for line in result.bounds())


def test_what_is_lost_in_overload_is_near_the_fluid_bound() -> None:
    stream = calls(Poisson(1.0), Exponential(100.0), patience=Exponential(200.0))
    day = scenario(streams=(stream,), crews=(Crew.of("desk", 50),), duration=6_000.0)
    found = simulate(day, 0).bounds()
    fluid = next(line for line in found if line.bound.name == "fluid")
    assert 0.95 < fluid.gap < 1.1
    assert found.best("abandonment").gap <= fluid.gap
    assert "customers may leave" in why(found)["pooled"]


def test_leaving_at_the_end_of_shifts_loosens_the_fluid_bound() -> None:
    stream = calls(Profile.even([1.0, 0.2], 1800.0), Exponential(100.0), patience=Exponential(200.0))
    crews = (
        Crew.of("a", 40, shifts=[(0, 1500), (1600, 3600)]),
        Crew.of("b", 20, sizes=[(0, 10), (1800, 20)]),
    )
    day = scenario(streams=(stream,), crews=crews, duration=3600.0)
    lines = [
        next(line for line in simulate(day, seed).bounds() if line.bound.name == "fluid") for seed in range(4)
    ]
    assert sum(line.reached for line in lines) >= sum(line.bound.value for line in lines)


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        ({"contagion": Contagion(children=0.2, decay=50.0)}, "windows", "contagion"),
        (
            {"patience": Exponential(50.0), "returns": Return(after=Constant(60.0))},
            "windows",
            "who comes back depends on who is answered",
        ),
        ({"patience": LogNormal(50.0, 1.0)}, "fluid", "patience is not exponential"),
        ({"arrivals": Recorded([1.0, 2.0])}, "long run", "arrivals change over time"),
        ({"handling": LogNormal(50.0, 1.0)}, "long run", "handle times are not exponential"),
        ({"arrivals": Poisson(0.0)}, "windows", "nothing arrived"),
    ],
)
def test_a_bound_that_says_nothing_tells_why(settings: dict[str, Any], name: str, reason: str) -> None:
    usual: dict[str, Any] = {"arrivals": Poisson(0.02), "handling": Exponential(60.0)} | settings
    day = scenario(streams=(calls(**usual),), crews=(Crew.of("desk", 4),), duration=1000.0)
    found = simulate(day).bounds()
    assert reason in why(found)[name]


def test_streams_that_take_differently_long_have_no_pooled_bound() -> None:
    streams = (calls(Poisson(0.02), Constant(60.0)), calls(Poisson(0.02), Constant(10.0), name="short"))
    day = scenario(streams=streams, crews=(Crew.of("desk", 4),), duration=1000.0)
    found = simulate(day).bounds()
    assert "short work first" in why(found)["pooled"]
    assert "clairvoyant" not in why(found)


def test_without_any_bound_of_a_figure_the_reasons_are_told() -> None:
    stream = calls(Poisson(0.02), LogNormal(60.0, 1.0), patience=LogNormal(50.0, 1.0))
    day = scenario(streams=(stream,), crews=(Crew.of("desk", 4),), duration=1000.0)
    with pytest.raises(UsageError, match="no bound of 'mean wait' applies: pooled: customers may leave"):
        simulate(day).bounds().best("mean wait")


def test_a_table_holds_what_applies_and_what_does_not() -> None:
    pytest.importorskip("pandas")
    stream = calls(Poisson(0.02), LogNormal(60.0, 1.0))
    day = scenario(streams=(stream,), crews=(Crew.of("desk", 4),), duration=1000.0, name="a <day>")
    found = simulate(day).bounds()
    frame = found.to_frame()
    assert len(frame) == len(found.lines) + len(found.skipped)
    assert frame["gap"].notna().sum() == len(found.lines)
    assert frame["valid"].str.startswith("skipped: ").sum() == len(found.skipped)
    assert "a &lt;day&gt;, seed 0" in found._repr_html_()
    assert len(str(found).splitlines()) == len(frame)
