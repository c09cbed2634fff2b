"""Runs with several seeds: estimates, pairs, and what they can and cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from math import inf, isnan, nan
from typing import Any

import attrs
import numpy as np
import pytest

from workassign import Plan, Queue, UsageError
from workassign.lab import theory
from workassign.lab.arrivals import Poisson
from workassign.lab.distributions import Exponential
from workassign.lab.experiments import RATIOS, Replications, compare, replicate
from workassign.lab.results import Result
from workassign.lab.scenario import Crew, Scenario, Stream
from workassign.lab.statistics import estimate, t_quantile


def desk(agents: int = 2, duration: float = 400.0, name: str = "desk") -> Scenario:
    return Scenario(
        name=name,
        plan=Plan(queues={"default": Queue(auto_accept=True)}),
        streams=[
            Stream(name="mail", arrivals=Poisson(0.5), handling=Exponential(3.0), patience=Exponential(9.0))
        ],
        crews=[Crew.of("crew", agents)],
        duration=duration,
    )


def test_students_quantiles_are_those_of_the_tables() -> None:
    """Student 1908; any table: 95 % two-sided for 1, 2, 5, 10, 30 and 120 degrees of freedom."""
    found = [round(t_quantile(0.975, freedom), 3) for freedom in (1, 2, 5, 10, 30, 120)]
    assert found == [12.706, 4.303, 2.571, 2.228, 2.042, 1.980]
    assert t_quantile(0.025, 7) == -t_quantile(0.975, 7)
    assert t_quantile(0.975, 1_001) == pytest.approx(t_quantile(0.975, 1_000), abs=1e-4)


def test_an_estimate_is_the_mean_and_where_the_truth_lies() -> None:
    each = estimate([1.0, 2.0, 3.0, nan])
    assert (each.mean, each.count) == (2.0, 3)
    assert each.half_width == pytest.approx(4.3027 / 3**0.5, abs=1e-4)
    assert each.low == pytest.approx(2 - each.half_width)
    assert each.high == pytest.approx(2 + each.half_width)


def test_one_value_says_nothing_of_its_error_and_none_nothing_at_all() -> None:
    assert (estimate([1.0]).low, estimate([1.0]).high) == (-inf, inf)
    assert isnan(estimate([]).mean)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of 400 intervals of 90 %, some 360 hold the true mean."""
    dice = np.random.default_rng(1)
    held = [estimate(dice.normal(5.0, 2.0, 8).tolist(), 0.9) for _ in range(400)]
    assert sum(each.low <= 5.0 <= each.high for each in held) == pytest.approx(360, abs=24)


def test_the_exact_abandonment_is_in_the_interval() -> None:
    scenario = desk(agents=2, duration=4_000.0)
    found = replicate(scenario, 12, warm_up=100.0, processes=1, level=0.999)
    exact = theory.erlang_a(0.5, 3.0, 2, 9.0)
    assert found["abandon_rate"].low < exact.abandoned < found["abandon_rate"].high


def test_runs_are_the_same_wherever_they_are_made() -> None:
    scenario = desk()
    here = replicate(scenario, [3, 1, 4], processes=1)
    there = replicate(scenario, [3, 1, 4], processes=2)
    with ThreadPoolExecutor(2) as executor:
        elsewhere = replicate(scenario, [3, 1, 4], executor=executor)
    assert repr(here) == repr(there) == repr(elsewhere)
    assert here.seeds == (3, 1, 4)


def test_more_runs_follow_until_a_figure_is_precise_enough() -> None:
    scenario = desk(duration=200.0)
    found = replicate(scenario, 4, precision={"asa": 0.15}, processes=1)
    assert found["asa"].half_width <= 0.15 * found["asa"].mean
    assert len(found.runs) > 4
    few = replicate(scenario, 4, precision={"asa": 0.0001}, most=9, processes=1)
    assert few.seeds == tuple(range(9))


def _answered(result: Result) -> Mapping[str, float]:
    return {"answered": result.figures()["answered"]}


def test_what_is_kept_of_a_run_can_be_chosen() -> None:
    found = replicate(desk(), 3, measure=_answered, processes=2)
    assert list(found.runs[0]) == ["answered"]


def test_a_ratio_of_expectations_is_not_the_expectation_of_ratios() -> None:
    """1 of 1 and 0 of 9: the mean of the rates is a half, the rate over all a tenth."""
    runs = ({"entered": 1.0, "abandon_rate": 1.0}, {"entered": 9.0, "abandon_rate": 0.0})
    found = Replications("two days", (0, 1), runs)
    assert found["abandon_rate"].mean == 0.5
    assert found.ratio_of_expectations("abandon_rate").count == 2
    many = replicate(desk(), 8, processes=1)
    for figure, below in RATIOS.items():
        counts = [run[below] for run in many.runs]
        above = sum(run[figure] * run[below] for run in many.runs)
        ratio = many.ratio_of_expectations(figure)
        assert ratio.mean == pytest.approx(above / sum(counts))
        assert ratio.low <= ratio.mean <= ratio.high
    with pytest.raises(UsageError, match="is no ratio of counts"):
        many.ratio_of_expectations("wait_p90")


def test_pairs_tell_more_than_two_separate_samples() -> None:
    found = compare(desk(2, name="two"), desk(3, name="three"), 10, processes=1)
    assert found["abandon_rate"].mean < 0
    assert found.clear("abandon_rate")
    apart = (found.a["abandon_rate"].error ** 2 + found.b["abandon_rate"].error ** 2) ** 0.5
    assert found["abandon_rate"].error < apart


def test_a_scenario_does_not_differ_from_itself() -> None:
    found = compare(desk(), desk(), 3, processes=1)
    assert all(each.mean == 0 for each in found.differences.values() if each.count)
    assert all(each.changed_hands == 0 for each in found.hands)
    assert found.changed().empty


def test_who_changed_hands_is_counted_and_listed() -> None:
    found = compare(desk(2), desk(3), [5], processes=1)
    hands, changed = found.hands[0], found.changed()
    moved = changed["agent_a"].notna() & changed["agent_b"].notna()
    assert moved.sum() == hands.changed_hands > 0
    assert (changed["agent_a"].isna() & changed["agent_b"].notna()).sum() == hands.answered_only_in_b > 0
    assert hands.customers >= len(changed)


def test_comparisons_show_themselves() -> None:
    found = compare(desk(2, name="two"), desk(3, name="<three>"), 4, processes=1)
    assert "&lt;three&gt;" in found._repr_html_()
    assert "abandon_rate" in str(found)
    assert "<table>" in found.a._repr_html_()
    assert "±" in str(found.a)
    assert list(found.a.to_frame()["seed"]) == [0, 1, 2, 3]


def test_a_bar_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(replicate(desk(), 2, processes=1, progress=True).runs) == 2


@pytest.mark.parametrize("seeds", [0, -1, [], [1, 1], [-1], [1.5], "12", None, True])
def test_seeds_must_be_different_whole_numbers(seeds: Any) -> None:
    with pytest.raises(UsageError, match="seeds must be"):
        replicate(desk(), seeds, processes=1)


def test_processes_and_figures_must_be_some() -> None:
    with pytest.raises(UsageError, match="processes must be a whole number"):
        replicate(desk(), 2, processes=0)
    with pytest.raises(UsageError, match="there is no figure 'speed'"):
        replicate(desk(), 2, precision={"speed": 0.1}, processes=1)


def test_scenarios_without_a_common_stream_cannot_be_compared() -> None:
    one = desk()
    other = attrs.evolve(one, streams=(attrs.evolve(one.streams[0], name="calls"),))
    with pytest.raises(UsageError, match="no stream in common"):
        compare(one, other, 2, processes=1)
