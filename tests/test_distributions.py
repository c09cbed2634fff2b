"""Durations are spread as they say, and refuse what no duration can be."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from workassign.errors import PlanError
from workassign.lab.distributions import (
    Constant,
    Distribution,
    Empirical,
    Erlang,
    Exponential,
    Gamma,
    Given,
    LogNormal,
    Mixed,
    Pareto,
    Shifted,
    Sum,
    Uniform,
    distribution,
)

KINDS: list[tuple[Distribution, float]] = [
    (Constant(3.0), 0.0),
    (Exponential(2.0), 1.0),
    (LogNormal(5.0, 1.5), 1.5),
    (LogNormal.of_median(100.0, 0.5), 0.533),
    (Gamma(4.0, 0.5), 2**0.5),
    (Erlang(4.0, 4), 0.5),
    (Uniform(1.0, 3.0), 0.2887),
    (Pareto(1.0, 4.0), 0.3536),
    (Empirical((1.0, 1.0, 4.0)), 0.7071),
    (Sum((Exponential(4.0), Exponential(1.0))), 17**0.5 / 5),
    (Mixed((Exponential(1.0), Exponential(9.0)), (0.5, 0.5)), 1.5099),
    (Shifted(Exponential(1.0), by=2.0), 1 / 3),
]


def dice(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("spread", "variation"), KINDS, ids=lambda each: type(each).__name__)
def test_values_have_the_mean_and_the_variation_that_they_are_said_to_have(
    spread: Distribution, variation: float
) -> None:
    values = spread.sample(dice(), 200_000)
    assert values.shape == (200_000,)
    assert (values >= 0).all()
    assert values.mean() == pytest.approx(spread.mean, rel=0.02)
    assert values.std() / values.mean() == pytest.approx(variation, rel=0.05, abs=1e-9)


@pytest.mark.parametrize(("spread", "variation"), KINDS, ids=lambda each: type(each).__name__)
def test_the_same_dice_give_the_same_values(spread: Distribution, variation: float) -> None:
    assert np.array_equal(spread.sample(dice(), 50), spread.sample(dice(), 50))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Exponential(1.0), Exponential(2.5)),
        (Gamma(1.0, 3.0), Gamma(2.5, 3.0)),
        (Erlang(1.0, 2), Erlang(2.5, 2)),
    ],
)
def test_one_family_draws_the_same_numbers_but_for_their_scale(
    one: Distribution, other: Distribution
) -> None:
    assert other.sample(dice(), 50) == pytest.approx(2.5 * one.sample(dice(), 50))


def test_a_share_may_wait_for_ever() -> None:
    patience = Shifted(Exponential(1.0), never=0.25)
    assert np.isinf(patience.sample(dice(), 100_000)).mean() == pytest.approx(0.25, abs=0.01)
    assert patience.mean == inf


def test_a_heavy_tail_has_no_mean() -> None:
    assert Pareto(1.0, 1.0).mean == inf


def test_given_values_come_in_order_and_must_be_enough() -> None:
    given = Given([3.0, 1.0, 2.0])
    assert given.sample(dice(), 2).tolist() == [3.0, 1.0]
    with pytest.raises(ValueError, match="4 values are needed, but only 3 are given"):
        given.sample(dice(), 4)


@pytest.mark.parametrize("wrong", [0, -1.0, nan, inf, True, "3", None])
def test_a_mean_must_be_a_positive_number(wrong: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="mean must be a finite number above 0"):
        Exponential(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(2.0, 1.0), "high must be at least low"),
        (lambda: Erlang(1.0, 0), "k must be a whole number"),
        (lambda: Empirical(()), "values must not be empty"),
        (lambda: Empirical((1.0, nan)), "values must be a list of finite numbers"),
        (lambda: Given([-1.0]), "values must be a list of finite numbers"),
        (lambda: Mixed((Constant(1.0),), (0.5,)), "sum up to 1"),
        (lambda: Sum(()), "parts must be distributions"),
        (lambda: Shifted(Constant(1.0), never=2.0), "never must be a share"),
    ],
)
def test_what_is_no_distribution_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (30, Constant(30)),
        ({"dist": "exponential", "mean": 2.0}, Exponential(2.0)),
        ({"dist": "lognormal", "mean": 2.0, "cv": 1.0}, LogNormal(2.0, 1.0)),
        ({"dist": "lognormal", "median": 2.0, "spread": 1.0}, LogNormal.of_median(2.0, 1.0)),
        (
            {"dist": "sum", "parts": [1.0, {"dist": "erlang", "mean": 2.0, "k": 2}]},
            Sum((Constant(1.0), Erlang(2.0, 2))),
        ),
        (
            {"dist": "mixed", "parts": [1.0, 2.0], "shares": [0.5, 0.5]},
            Mixed((Constant(1.0), Constant(2.0)), (0.5, 0.5)),
        ),
        (
            {"dist": "shifted", "part": {"dist": "exponential", "mean": 2.0}, "never": 0.1},
            Shifted(Exponential(2.0), 0.0, 0.1),
        ),
        ({"dist": "empirical", "values": [1.0, 2.0]}, Empirical((1.0, 2.0))),
    ],
)
def test_distributions_can_be_written_as_tables(data: Any, expected: Distribution) -> None:
    assert distribution(data) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"dist": "normal"}, r"handling.dist: there is no 'normal'; there are constant, "),
        ({"mean": 3.0}, "handling.dist: there is no None"),
        ({"dist": "exponential", "mean": -1.0}, "handling: mean must be a finite number above 0"),
        ({"dist": "exponential", "median": 1.0}, "handling.median: unknown"),
        ({"dist": "sum", "parts": [{"dist": "x"}]}, r"handling.parts\[0\].dist: there is no 'x'"),
        ("fast", "handling: must be a number of seconds or a table with dist"),
        (True, "handling: must be a number of seconds"),
    ],
)
def test_a_wrong_table_says_what_is_wrong_and_where(data: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        distribution(data, "handling")
