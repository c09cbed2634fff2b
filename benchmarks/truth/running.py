"""How is a figure estimated, and how sure is that? Independent runs, longer until it is sure enough.

A figure is a formula of sums over all runs (a ratio of expectations, mostly); its standard error is
the jackknife's, each run left out once. Where sums are known beforehand (how many arrive), others
can be corrected by regression on them (control variates).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from math import ceil, isfinite, isnan, nan, sqrt
from typing import Any, TypeAlias

import attrs
import numpy as np

from workassign.lab.distributions import Floats
from workassign.lab.experiments import Measure, replicate
from workassign.lab.scenario import OverloadWarning, Scenario

__all__ = ["Budget", "Found", "Output", "Trial", "run_trial"]

Sums: TypeAlias = Mapping[str, Floats]
AT_LEAST = 20_000
"""A trial begins with so many arrivals: a guess of how many more it takes needs some."""

Formula: TypeAlias = Callable[[Sums], Floats]
"""A figure of mean sums over runs, element by element."""


@attrs.frozen
class Output:
    """A figure that a case knows, and how it follows from sums."""

    name: str
    exact: float
    formula: Formula
    error: float = 0.0
    """The reference's own standard error."""
    least: float = 0.0
    """The variance of one run is at least this: of what is so rare that runs may show none of it."""


@attrs.frozen(kw_only=True)
class Trial:
    """A scenario to be run often, what is added up, and what follows."""

    scenario: Scenario
    warm_up: float
    measure: Measure
    outputs: Sequence[Output]
    controls: Mapping[str, float] = attrs.field(factory=dict)
    """Sums with known expectations."""
    arrivals: float
    """About how many arrive in one run."""
    fewest: int = 2
    """Runs to begin with, at least: where some differ much from others."""


@attrs.frozen
class Budget:
    """How sure a figure has to be, and how much that may cost."""

    precision: float = 0.018
    """Standard error by value."""
    first: int = 40
    """Runs to begin with."""
    by_control: int = 40
    """Runs to begin with for each sum that is known beforehand."""
    most: float = 1.2e7
    """Arrivals of a trial, all runs together."""


@attrs.frozen
class Found:
    """What a simulation says of an output."""

    name: str
    exact: float
    sim: float
    se: float
    """Standard error of the difference: the simulation's own, and the reference's."""

    @property
    def z(self) -> float | None:
        """Standard errors between the two; None: equal, with no spread at all."""
        if self.se > 0:
            return (self.sim - self.exact) / self.se
        same = abs(self.sim - self.exact) <= 1e-6 * max(1.0, abs(self.exact))
        return None if same else nan

    @property
    def is_sharp(self) -> bool:
        """Whether the standard error is at most 2 % of the value."""
        return self.se <= 0.02 * abs(self.exact) or self.z is None


def run_trial(trial: Trial, seed: int, budget: Budget, executor: Executor | None) -> tuple[list[Found], int]:
    """Return what *trial* says of its outputs, and after how many runs."""
    runs: list[Mapping[str, float]] = []
    # What is known of sums helps only where runs show how others follow from them.
    wanted = max(
        budget.first, trial.fewest, ceil(AT_LEAST / trial.arrivals), budget.by_control * len(trial.controls)
    )
    most = max(wanted, int(budget.most / trial.arrivals))
    while True:
        seeds = range(seed + len(runs), seed + wanted)
        runs += _runs(trial, seeds, executor)
        found = [_found(output, runs, trial.controls) for output in trial.outputs]
        further = _further(found, trial.outputs, len(runs), budget.precision)
        if further == 0 or len(runs) >= most:
            return found, len(runs)
        # A guess from few runs is none: not more than four times as many at once.
        wanted = min(most, len(runs) + min(further, 3 * len(runs)))


def _runs(trial: Trial, seeds: range, executor: Executor | None) -> list[Mapping[str, float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OverloadWarning)
        done = replicate(
            trial.scenario,
            seeds,
            warm_up=trial.warm_up,
            measure=trial.measure,
            executor=executor,
            processes=None if executor is not None else 1,
        )
    return list(done.runs)


def _further(found: Sequence[Found], outputs: Sequence[Output], runs: int, precision: float) -> int:
    """Return how many more runs it takes until every output is sure enough."""
    needed = float(runs)
    for each, output in zip(found, outputs, strict=True):
        own = sqrt(max(each.se**2 - output.error**2, 0.0))
        # Where the reference is not so sure itself, half as sure will do: it counts in the difference.
        target = max(sqrt(max((precision * output.exact) ** 2 - output.error**2, 0.0)), 2 * output.error)
        if own > target > 0 and isfinite(own):
            needed = max(needed, runs * (own / target) ** 2)
    return 0 if needed <= runs else max(ceil(needed * 1.05) - runs, runs // 8 + 1)


def _found(output: Output, runs: Sequence[Mapping[str, float]], controls: Mapping[str, float]) -> Found:
    sums = _Columns(runs, controls)
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = float(np.asarray(output.formula(_Means(sums)))[0])
        left_out = np.asarray(output.formula(_LeftOut(sums)))
    many, used = len(runs), len(controls)
    spread = float(np.var(left_out)) if not isnan(whole) else nan
    own = sqrt((many - 1) * spread * (many - 1) / max(many - 1 - used, 1))
    own = max(own, sqrt(output.least / many))
    if own <= 1e-12 * abs(whole):
        own = 0.0
    return Found(output.name, output.exact, whole, sqrt(own**2 + output.error**2))


class _Columns:
    """The sums of all runs by name, corrected by what is known of others."""

    def __init__(self, runs: Sequence[Mapping[str, float]], controls: Mapping[str, float]) -> None:
        self._runs = runs
        self._shifts: Floats | None = None
        if controls:
            known = np.array([[run[name] for name in controls] for run in runs])
            self._shifts = known - np.array(list(controls.values()))
        self._done: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._done:
            values = np.array([run.get(name, 0.0) for run in self._runs])
            if self._shifts is not None:
                centred = self._shifts - self._shifts.mean(axis=0)
                slopes, *_ = np.linalg.lstsq(centred, values - values.mean(), rcond=None)
                values = values - self._shifts @ slopes
            self._done[name] = values
        column: Floats = self._done[name]
        return column


class _Means(Mapping[str, Any]):
    """The mean of each sum over the runs."""

    def __init__(self, columns: _Columns) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._columns[name].mean(keepdims=True))

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class _LeftOut(_Means):
    """The same, each run left out once."""

    def __getitem__(self, name: str) -> Floats:
        values = self._columns[name]
        return np.asarray((values.sum() - values) / (len(values) - 1))
