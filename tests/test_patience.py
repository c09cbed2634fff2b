"""An estimate of patience can be drawn from, as any distribution of a simulated stream."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from workassign.lab.distributions import Distribution
from workassign.lab.patience import kaplan_meier


def dice() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    ("waits", "gave_up"),
    [
        ([10, 20, 30, 40], [True, False, True, False]),
        ([10, 20, 30], [True, True, True]),
        ([10, 20], [False, False]),
        ([0, 0], [True, False]),
    ],
)
def test_values_drawn_are_those_that_each_luck_stands_for(waits: list[float], gave_up: list[bool]) -> None:
    curve = kaplan_meier(waits, gave_up)
    assert isinstance(curve, Distribution)
    one_by_one = [curve.draw(luck) for luck in (1.0 - dice().random(500)).tolist()]
    assert curve.sample(dice(), 500).tolist() == pytest.approx(one_by_one)


def test_the_mean_is_that_of_the_values_drawn() -> None:
    waits = dice().exponential(100.0, 400)
    curve = kaplan_meier(waits, dice().random(400) < 0.4)
    assert curve.sample(dice(), 200_000).mean() == pytest.approx(curve.mean, rel=0.01)


def test_where_nobody_gave_up_patience_has_no_end() -> None:
    curve = kaplan_meier([10, 20], [False, False])
    assert curve.mean == inf
    assert np.isinf(curve.sample(dice(), 3)).all()
