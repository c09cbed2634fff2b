"""Bounds: exact cases by hand, and no rule of a small simulation beats one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from itertools import permutations
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workassign import UsageError
from workassign.lab import bounds, conservation, theory
from workassign.lab.control import optimum
from workassign.lab.fluid_bounds import fluid
from workassign.lab.steady_bounds import least_load, pooled_abandonment, pooled_wait, subset_cost
from workassign.lab.trace_bounds import best_matching, on_time, pooled_fcfs, srpt

N_MODEL: list[list[float]] = [[1, 2], [inf, 1]]
"""Harrison's: the second agent serves both classes, the first class slowly."""
H01: dict[str, Any] = {"arrivals": [1.04, 0.32], "service": N_MODEL, "costs": [3, 1]}

TIMES = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=5)


def waits_in_order(came: list[float], takes: list[float], agents: int, order: tuple[int, ...]) -> list[float]:
    """Serve in this order, whoever comes first in it before all after it, each with her own service."""
    ends, waits = [-inf] * agents, [0.0] * len(came)
    for one in order:
        ends.sort()
        start = max(came[one], ends[0])
        ends[0], waits[one] = start + takes[one], start - came[one]
    return waits


def trace_of(times: list[tuple[int, int]]) -> tuple[list[float], list[float]]:
    ordered = sorted(times)
    return [float(at) for at, _ in ordered], [float(work) for _, work in ordered]


# --- the long run -------------------------------------------------------------------------------


def test_pooled_it_is_erlang() -> None:
    found = theory.waiting(4, 1, 5)
    assert pooled_wait([1, 3], [[1, 1], [1, 1]], [2, 3]) == pytest.approx(found.wait)
    left = theory.erlang_a(10, 1, 10, 2)
    assert pooled_abandonment([6, 4], [[1], [1]], [10], [2, 2]) == pytest.approx(left.abandoned)
    assert pooled_wait([6, 4], [[1], [1]], [10], [2, 2]) == pytest.approx(left.wait)
    assert pooled_abandonment([6, 4], [[1], [1]], [10], [2, inf]) == 0.0


def test_a_slow_agent_is_the_last_to_be_taken() -> None:
    """Rates 2 and 1, arrivals at 1: one is served at 2, more at 3; states 6 : 3 : 1 : 1/3 and so on."""
    assert pooled_wait([1], [[0.5, 1]], [1, 1]) == pytest.approx((1 / 3 * 9 / 4) / (6 + 3 + 1.5))


def test_for_one_pool_of_one_speed_the_subsets_say_what_strict_priorities_reach() -> None:
    """With interruptions, the dear class is alone with the agents: M/M/1 at 0.3; the sum is that at 0.8."""
    found = subset_cost([0.3, 0.5], [[1], [1]], [1], [5, 1])
    assert found == pytest.approx(5 * 0.3 / 0.7 + (0.8 / 0.2 - 0.3 / 0.7))


@settings(max_examples=30)
@given(
    rates=st.lists(st.floats(0.1, 1.0), min_size=2, max_size=2),
    means=st.lists(st.floats(0.3, 0.9), min_size=4, max_size=4),
    more=st.floats(1.0, 1.05),
)
def test_subsets_are_never_looser_than_the_pool_and_grow_with_the_load(
    rates: list[float], means: list[float], more: float
) -> None:
    service = np.reshape(means, (2, 2)).tolist()
    even = [1 / sum(rates)] * 2
    pooled = pooled_wait(rates, service, [1, 1])
    found = subset_cost(rates, service, [1, 1], even, counting="queue")
    assert found >= pooled - 1e-7
    assert pooled_wait([rate * more for rate in rates], service, [1, 1]) >= pooled
    assert pooled_wait(rates, service, [1, 2]) <= pooled


def test_the_steady_bounds_of_a_floor_stand_side_by_side() -> None:
    found = bounds.steady([1.04, 0.32], N_MODEL, [1, 1])
    assert [bound.name for bound in found] == ["pooled", "subsets"]
    assert found.best("mean wait").name == "subsets"
    leaving = bounds.steady([6, 4], [[1], [1]], [10], [2, 2])
    assert leaving.best("abandonment").value == pytest.approx(0.1039, abs=1e-4)
    with pytest.raises(UsageError, match="no bound of 'on time'"):
        leaving.best("on time")


# --- the optimum --------------------------------------------------------------------------------


def test_the_best_rule_of_harrisons_floor_costs_what_others_found() -> None:
    """12.06896 by policy iteration and by value iteration on larger floors; with less room it costs less."""
    small, large = optimum(**H01, most=40).cost, optimum(**H01, most=80).cost
    assert small < large == pytest.approx(12.068963593, rel=2e-6)
    assert subset_cost([1.04, 0.32], N_MODEL, [1, 1], [3, 1]) <= large
    assert least_load([1.04, 0.32], N_MODEL, [1, 1]) == pytest.approx(0.8)


def test_with_one_agent_the_best_rule_is_the_largest_cost_by_time_first() -> None:
    """Cobham's waits with class 2 first (3 / 1.25 against 1 / 1), at what they cost."""
    found = optimum([0.35, 0.3], [[1.0], [1.25]], [1, 3], while_served=False, most=80)
    assert found.cost == pytest.approx(2.846272727, rel=1e-7)


def test_one_class_and_alike_agents_are_erlang_c() -> None:
    found, erlang = optimum([1.6], [[1, 1]], [2]), theory.waiting(1.6, 1, 2)
    assert found.cost == pytest.approx(2 * (erlang.length + 1.6), rel=1e-5)
    assert optimum([1.6], [[1, 1]], [0]).cost == 0.0


@settings(max_examples=15, deadline=None)
@given(
    rates=st.lists(st.floats(0.1, 0.5), min_size=2, max_size=2),
    means=st.lists(st.floats(0.5, 1.4), min_size=4, max_size=4),
    costs=st.lists(st.floats(0.5, 4), min_size=2, max_size=2),
)
def test_the_optimum_is_never_below_the_subsets(
    rates: list[float], means: list[float], costs: list[float]
) -> None:
    service = np.reshape(means, (2, 2)).tolist()
    found = optimum(rates, service, costs, most=40).cost
    assert found >= subset_cost(rates, service, [1, 1], costs) * (1 - 1e-3)


# --- the day as a fluid -------------------------------------------------------------------------


def test_with_time_enough_nothing_must_be_lost() -> None:
    found = fluid([[50, 40], [30, 60]], N_MODEL, [[3, 4], [3, 4]], length=30, patience=[1, 2])
    assert found.value == pytest.approx(0.0, abs=1e-6)


def test_what_a_closing_floor_cannot_serve_is_lost() -> None:
    found = fluid([[100.0]], [[1.0]], [[5]], length=10)  # fifty are served, five are in service
    assert found.value == pytest.approx(45)
    assert found.left.tolist() == pytest.approx([50])
    cheap = fluid([[100, 100]], [[1], [1]], [[15]], length=10, weights=[1, 5])
    assert cheap.value == pytest.approx(35)  # the dear ones are all served


def test_in_lasting_overload_the_surplus_leaves() -> None:
    steps = 200
    found = fluid([[60.0]] * steps, [[1.0]], [[10]] * steps, length=5, patience=[2], closes=False)
    share = found.value / (60 * steps)
    assert 0.155 < share <= 1 / 6
    assert share <= theory.erlang_a(12, 1, 10, 2).abandoned
    nobody = fluid([[60.0]] * 3, [[1.0]], [[0]] * 3, length=5, patience=[2])
    assert nobody.value == pytest.approx(180)


def test_no_drawn_day_with_leavers_loses_less_than_the_fluid_on_average() -> None:
    """One class, three agents, a rush in the second of four intervals; time goes by in small steps."""
    dice, step, counts, lost = np.random.default_rng(7), 0.01, [8, 80, 8, 8], 0
    days = 60
    for _ in range(days):
        came = np.sort(np.concatenate([10 * hour + 10 * dice.random(n) for hour, n in enumerate(counts)]))
        open_, busy, now = 0, 0, 0.0
        while now < 40:
            open_ += int(np.searchsorted(came, now + step) - np.searchsorted(came, now))
            left = int(dice.binomial(open_, step / 4))
            lost, open_ = lost + left, open_ - left
            busy -= int(dice.binomial(busy, step))
            started = min(open_, 3 - busy)
            open_, busy, now = open_ - started, busy + started, now + step
        lost += open_
    found = fluid(np.reshape(counts, (4, 1)), [[1]], [[3]] * 4, length=10, patience=[4])
    assert 0 < found.value <= lost / days


# --- a trace ------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(times=TIMES, agents=st.integers(1, 2), threshold=st.integers(0, 8))
def test_no_order_of_service_beats_the_bounds_of_a_trace(
    times: list[tuple[int, int]], agents: int, threshold: int
) -> None:
    came, takes = trace_of(times)
    orders = [waits_in_order(came, takes, agents, order) for order in permutations(range(len(came)))]
    assert srpt(came, takes, agents) <= min(map(sum, orders)) + 1e-9
    best = max(sum(wait <= threshold for wait in waits) for waits in orders)
    found = on_time(came, takes, agents, threshold)
    assert best <= found <= len(came)
    assert on_time(came, takes, agents, threshold + 3) >= found or threshold == 0
    assert on_time(came, takes, [(-1.0, 99.0)] * agents, threshold) >= best


@settings(max_examples=60, deadline=None)
@given(times=TIMES, agents=st.integers(1, 3), idle=st.lists(st.integers(0, 4), min_size=5, max_size=5))
def test_whoever_dawdles_waits_longer_than_the_pool(
    times: list[tuple[int, int]], agents: int, idle: list[int]
) -> None:
    """Services go to starts in their order; each start may be put off, as skills may force it to be."""
    came, takes = trace_of(times)
    pooled = pooled_fcfs(came, takes, agents)
    ends, now, slow = [-inf] * agents, -inf, []
    for at, work, pause in zip(came, takes, idle, strict=False):
        ends.sort()
        now = max(now, at, ends[0]) + pause
        ends[0] = now + work
        slow.append(now - at)
    assert all(pooled <= np.array(slow) + 1e-9)
    assert sum(pooled_fcfs(came, takes, agents + 1)) <= sum(pooled)


@settings(max_examples=60)
@given(times=TIMES, agents=st.integers(1, 3))
def test_who_is_always_there_is_as_good_as_a_number(times: list[tuple[int, int]], agents: int) -> None:
    came, takes = trace_of(times)
    spans = [(-1.0, inf)] * agents
    assert pooled_fcfs(came, takes, spans).tolist() == pooled_fcfs(came, takes, agents).tolist()


@settings(max_examples=80)
@given(
    times=TIMES,
    spans=st.lists(st.tuples(st.integers(0, 15), st.integers(1, 20)), min_size=1, max_size=3),
    whose=st.lists(st.integers(0, 2), min_size=5, max_size=5),
)
def test_with_spans_no_choice_of_agents_starts_earlier(
    times: list[tuple[int, int]], spans: list[tuple[int, int]], whose: list[int]
) -> None:
    """Each in turn is given to any agent who comes to be free within her span, the first or another."""
    came, takes = trace_of(times)
    shifts = [(float(start), float(start + lasts)) for start, lasts in spans]
    pooled = pooled_fcfs(came, takes, shifts)
    free, now = [start for start, _ in shifts], -inf
    for at, work, choice, wait in zip(came, takes, whose, pooled, strict=False):
        could = [(max(now, at, free[one]), one) for one, (_, until) in enumerate(shifts)]
        could = sorted((when, one) for when, one in could if when < shifts[one][1])
        if not could:
            break
        now, one = could[choice % len(could)]
        free[one] = now + work
        assert at + wait <= now + 1e-9


def test_who_leaves_finishes_and_who_comes_later_goes_on() -> None:
    assert pooled_fcfs([0, 1, 2], [4, 4, 4], [(0, 3), (1, 2), (9, 10)]).tolist() == [0, 0, 7]
    assert pooled_fcfs([0, 1], [4, 4], [(0, 3)]).tolist() == [0, inf]


def test_cases_by_hand() -> None:
    assert pooled_fcfs([0, 1, 2], [4, 4, 4], 2).tolist() == [0, 0, 2]
    assert srpt([0, 0, 0], [3, 1, 2], 1) == pytest.approx(4)  # 0 + 1 + 3
    assert srpt([0, 1], [5, 1], 1) == pytest.approx(1)  # interrupted for the short one
    assert on_time([0, 0, 0], [2, 2, 2], 1, threshold=2) == 2
    assert on_time([0, 0], [0, 1], 1, threshold=0) == 2
    assert on_time([0, 50], [1, 1], [(0, 10)], threshold=5) == 1
    found = bounds.traced([0, 0, 0], [2, 2, 2], 1, threshold=2)
    assert found.best("mean wait").value == pytest.approx(2)
    assert found.best("on time").value == pytest.approx(2 / 3)


# --- a batch ------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(value=st.lists(st.lists(st.integers(-3, 9), min_size=3, max_size=3), min_size=3, max_size=3))
def test_a_batch_is_worth_the_best_of_all_ways_to_pair(value: list[list[int]]) -> None:
    best = max(sum(max(0, value[row][to]) for row, to in enumerate(way)) for way in permutations(range(3)))
    assert best_matching([1, 1, 1], [1, 1, 1], value) == pytest.approx(best)


def test_alike_ones_of_a_batch_are_counted_and_what_does_not_fit_is_left() -> None:
    assert best_matching([3, 1], [2, 5], [[4, -inf], [6, -inf]]) == pytest.approx(10)
    assert best_matching([3], [2], [[-1]]) == 0.0


# --- gaps and laws ------------------------------------------------------------------------------


def test_a_gap_is_how_many_times_as_bad_a_figure_is() -> None:
    wait = bounds.Bound(name="pooled", figure="mean wait", value=10, valid="proved")
    share = bounds.Bound(name="windows", figure="on time", value=0.9, valid="proved")
    none = bounds.Bound(name="fluid", figure="abandonment", value=0, valid="on average")
    assert bounds.gap(12, wait) == pytest.approx(1.2)
    assert bounds.gap(0.6, share) == pytest.approx(1.5)
    assert (bounds.gap(0, none), bounds.gap(0.1, none)) == (1.0, inf)
    assert bounds.Bounds([wait, none]).best("mean wait") is wait
    for wrong in (nan, -1):
        with pytest.raises(UsageError, match="value must be"):
            bounds.gap(wrong, wait)


def test_priorities_move_waits_between_classes_and_keep_their_sum() -> None:
    rates = [0.7, 1.2, 1.5]
    waits = theory.priorities(rates, service=1, agents=4)
    assert conservation.kleinrock_departure(rates, waits, 1, 4) == pytest.approx(0.0, abs=1e-12)
    assert conservation.kleinrock_departure(rates, [1.1 * wait for wait in waits], 1, 4) == pytest.approx(0.1)


def test_little_and_the_balance_tell_where_something_is_missing() -> None:
    assert conservation.little_departures([2, 0], [3, 4], [6, 0]).tolist() == [0, 0]
    assert conservation.flow_balance([9, 5], [7, 5], [1, 0], [0, 0], [0, 0]).tolist() == [1, 0]


# --- what is wrong ------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "empty": (lambda: pooled_fcfs([], [], 1), "arrivals must hold at least one"),
    "unsorted": (lambda: srpt([1, 0], [1, 1], 1), r"arrivals must never fall: \[1\]"),
    "not a number": (
        lambda: pooled_fcfs([0, nan], [1, 1], 1),
        r"arrivals must be finite numbers.*\[1\] is nan",
    ),
    "negative": (lambda: on_time([0], [-1], 1, 5), r"service must be finite numbers from 0"),
    "unequal": (lambda: srpt([0, 1], [1], 1), "service must have 2 numbers, not 1"),
    "nobody": (lambda: srpt([0], [1], 0), "agents must be a whole number"),
    "a bad span": (lambda: pooled_fcfs([0], [1], [(2, 2)]), r"end after they begin.*\[0\]"),
    "a text": (lambda: pooled_fcfs(["x"], [1], 1), "arrivals must be a line of numbers"),
    "a bad threshold": (lambda: on_time([0], [1], 1, nan), "threshold must be a finite number"),
    "a step of 0": (lambda: on_time([0], [1], 1, 1, step=0), "step must be > 0"),
    "overload": (lambda: pooled_wait([3], [[1]], [2]), "grows without bound"),
    "overload of few": (
        lambda: subset_cost([2, 0.1], [[1.0, inf], [1.0, 1.0]], [1, 9], [1, 1]),
        "without bound",
    ),
    "overload of the small": (lambda: optimum([2], [[1]], [1]), "without bound"),
    "no skill": (lambda: pooled_wait([1, 1], [[1.0], [inf]], [2]), "can serve class 1"),
    "no time": (lambda: pooled_wait([1], [[0]], [2]), "service must be means > 0"),
    "half an agent": (lambda: pooled_wait([1], [[1]], [1.5]), "agents must be whole"),
    "a missing team": (lambda: pooled_wait([1], [[1, 1]], [2]), "agents must have 2 numbers"),
    "no arrivals": (lambda: least_load([0], [[1]], [1]), "a class with a rate > 0"),
    "no patience": (lambda: pooled_abandonment([1], [[1]], [1], [0]), "patience must be means > 0"),
    "many classes": (lambda: subset_cost([0.1] * 13, [[1]] * 13, [9], [1] * 13), "at most 12 classes"),
    "a large floor": (lambda: optimum([1], [[1, 1, 1]], [1]), "one or two classes and agents"),
    "no room": (lambda: optimum([0.5], [[1]], [1], most=0), "most must be a whole number"),
    "a flat day": (lambda: fluid([1, 2], [[1]], [[1]], length=1), "counts must be a table"),
    "a short day": (lambda: fluid([[1]], [[1]], [[1], [2]], length=1), "agents must have 1 rows, not 2"),
    "no interval": (lambda: fluid([[1]], [[1]], [[1]], length=0), "length must be > 0"),
    "endless worth": (lambda: best_matching([1], [1], [[inf]]), "value must be finite"),
    "part of one": (lambda: conservation.flow_balance([1.5], [1], [0], [0], [0]), "entered must be whole"),
    "no bound": (lambda: bounds.Bound(name="x", figure="cost", value=nan, valid=""), "must be a number"),
}


@pytest.mark.parametrize(("asked", "said"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_named(asked: Callable[[], object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        asked()


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.startswith("scipy"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr("workassign.lab.solver.import_module", missing)
    with pytest.raises(UsageError, match=r"bounds need an extra: pip install 'workassign\[batch\]'"):
        least_load([1], [[1]], [2])
