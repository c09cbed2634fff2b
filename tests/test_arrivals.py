"""Customers write when their process says, from its own dice."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from workassign.errors import PlanError
from workassign.lab.arrivals import (
    Arrivals,
    Busy,
    Poisson,
    Profile,
    Recorded,
    Renewal,
    SelfExciting,
    arrivals,
    mixture,
)
from workassign.lab.distributions import Constant, Exponential, Gamma

DAY = 86_400.0


def dice(seed: int = 1) -> Callable[[str], np.random.Generator]:
    return lambda purpose: np.random.default_rng([seed, crc32(purpose.encode())])


PROCESSES: list[Arrivals] = [
    Poisson(0.5),
    Profile.even([0.2, 1.0, 0.0, 0.4], 3600.0),
    Profile((0.2, 0.6), (1800.0,)),
    Busy(Poisson(0.5), Gamma(1.0, 20.0), each=3600.0),
    Busy(Profile.even([0.2, 1.0], 3600.0), Gamma(1.0, 20.0), each=1800.0),
    SelfExciting(Poisson(0.2), children=0.6, decay=60.0),
    Renewal(Gamma(2.0, 3.0)),
    Recorded(np.arange(0.0, 200_000.0, 2.0)),
]


@pytest.mark.parametrize("process", PROCESSES, ids=lambda each: type(each).__name__)
def test_arrivals_are_in_order_within_the_stretch_and_as_many_as_expected(process: Arrivals) -> None:
    start, end = 7_200.0, 7_200.0 + 2 * DAY
    counts = [process.times(start, end, dice(seed)).size for seed in range(20)]
    times = process.times(start, end, dice())
    assert (np.diff(times) >= 0).all()
    assert times[0] >= start
    assert times[-1] < end
    assert np.mean(counts) == pytest.approx(process.expected(start, end), rel=0.03)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda each: type(each).__name__)
def test_the_same_dice_bring_the_same_customers(process: Arrivals) -> None:
    assert np.array_equal(process.times(0.0, DAY, dice()), process.times(0.0, DAY, dice()))


def test_a_longer_day_begins_with_the_same_customers() -> None:
    short, long = (Poisson(0.1).times(0.0, end, dice()) for end in (1_000.0, 2_000.0))
    assert np.array_equal(long[: short.size], short)


def test_poisson_arrivals_vary_as_much_as_their_number() -> None:
    counts = np.histogram(Poisson(1.0).times(0.0, 100_000.0, dice()), bins=1_000)[0]
    assert counts.var() / counts.mean() == pytest.approx(1.0, abs=0.15)


def test_arrivals_follow_the_hours_of_a_profile_from_any_start() -> None:
    profile = Profile.even([0.0, 1.0, 0.0], 3600.0)
    times = profile.times(5_400.0, 5_400.0 + 5 * 10_800.0, dice())
    assert set((times % 10_800.0 // 3600.0).tolist()) == {1.0}


def test_busy_days_vary_more_than_poisson() -> None:
    process = Busy(Poisson(1.0), Gamma(1.0, 10.0), each=1_000.0)
    counts = np.histogram(process.times(0.0, 500_000.0, dice()), bins=500)[0]
    # Var / mean = 1 + mean x var(factor) = 1 + 1000 x 0.1
    assert counts.var() / counts.mean() == pytest.approx(101.0, rel=0.25)


def test_what_goes_viral_comes_in_bursts() -> None:
    process = SelfExciting(Poisson(0.05), children=0.8, decay=30.0)
    counts = np.histogram(process.times(0.0, 2_000_000.0, dice()), bins=1_000)[0]
    # Over windows much longer than the bursts: var / mean = 1 / (1 - children)^2.
    assert counts.var() / counts.mean() == pytest.approx(25.0, rel=0.25)


def test_a_mixture_gives_every_arrival_to_one_kind() -> None:
    whole = SelfExciting(Poisson(0.1), children=0.5, decay=60.0)
    parts = mixture(whole, {"billing": 0.3, "praise": 0.7}, "mentions")
    found = {kind: part.times(0.0, DAY, dice()) for kind, part in parts.items()}
    everything = whole.times(0.0, DAY, lambda purpose: dice()(f"whole mentions {purpose}"))
    assert np.array_equal(np.sort(np.concatenate(list(found.values()))), everything)
    assert found["billing"].size / everything.size == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Poisson(-1.0), "rate must be at least 0"),
        (lambda: Poisson(nan), "rate must be a finite number"),
        (lambda: Poisson(inf), "rate must be a finite number"),
        (lambda: Profile((1.0, 2.0), ()), "2 rates need 1 breakpoints"),
        (lambda: Profile((1.0, 2.0, 3.0), (5.0, 4.0)), "breakpoints must rise"),
        (lambda: Profile((1.0, 2.0), (5.0,), 4.0), "period must be after the last breakpoint"),
        (lambda: SelfExciting(Poisson(1.0), 1.0, 10.0), "or it never ends"),
        (lambda: SelfExciting(Poisson(1.0), 0.5, 0.0), "decay must be a positive number"),
        (lambda: Renewal(Constant(0.0)), "or it never ends"),
        (lambda: Recorded([2.0, 1.0]), "in order of time"),
        (lambda: Recorded([nan]), "finite instants"),
        (lambda: mixture(Poisson(1.0), {"a": 0.5}), "sum up to 1"),
        (lambda: Poisson(1e9).times(0.0, DAY, dice()), "is the rate per second"),
        (lambda: Busy(Poisson(1.0), Exponential(1.0), each=0.0), "each must be a positive number"),
    ],
)
def test_what_never_ends_or_makes_no_sense_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"process": "poisson", "rate": 0.5}, Poisson(0.5)),
        ({"process": "profile", "rates": [1.0, 2.0], "each": 60.0}, Profile.even([1.0, 2.0], 60.0)),
        ({"process": "profile", "rates": [1.0, 2.0], "breakpoints": [60.0]}, Profile((1.0, 2.0), (60.0,))),
        (
            {"process": "busy", "usual": {"process": "poisson", "rate": 1.0}, "factor": 1.5},
            Busy(Poisson(1.0), Constant(1.5)),
        ),
        (
            {
                "process": "self_exciting",
                "usual": {"process": "poisson", "rate": 1.0},
                "children": 0.5,
                "decay": 9.0,
            },
            SelfExciting(Poisson(1.0), 0.5, 9.0),
        ),
        ({"process": "renewal", "gap": {"dist": "exponential", "mean": 2.0}}, Renewal(Exponential(2.0))),
    ],
)
def test_arrivals_can_be_written_as_tables(data: Any, expected: Arrivals) -> None:
    assert arrivals(data) == expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"process": "poison"}, "arrivals.process: there is no 'poison'"),
        ({"process": "poisson", "rate": -1}, "arrivals: rate must be at least 0"),
        ({"process": "poisson", "speed": 1}, "arrivals: .*speed"),
        (3, "arrivals: must be a table"),
    ],
)
def test_a_wrong_table_says_what_is_wrong(data: Any, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        arrivals(data)
