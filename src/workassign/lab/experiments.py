"""Which is better, and how sure are we? Runs with several seeds, alone or in pairs.

A pair of runs with one seed meets the same customers (common random numbers), so what differs is
what the scenarios do differently; the interval of a difference is that of the paired differences.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from math import isnan, nan
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import attrs
import numpy as np

from workassign._frames import frame
from workassign._markup import passage
from workassign._markup import table as html_table
from workassign.errors import UsageError
from workassign.lab.results import Result
from workassign.lab.scenario import Scenario
from workassign.lab.simulation import simulate
from workassign.lab.statistics import Estimate, estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from pandas import DataFrame  # type: ignore[import-untyped]

__all__ = ["RATIOS", "Comparison", "Hands", "Measure", "Replications", "compare", "replicate"]

Measure: TypeAlias = Callable[[Result], Mapping[str, float]]
"""What is kept of a run. To work in other processes it must be a function of a module."""

T = TypeVar("T")

RATIOS: Mapping[str, str] = {
    "abandon_rate": "entered",
    "p_wait": "entered",
    "asa": "answered",
    "sl_offered": "entered",
    "sl_answered": "answered",
    "handle_time": "completed",
}
"""Figures that are ratios, and the count below the line: their mean over runs (the expectation of
ratios) is not the sum above over the sum below (the ratio of expectations)."""


def _usual(result: Result) -> Mapping[str, float]:
    return result.figures()


@attrs.frozen
class Replications:
    """The figures of a scenario with several seeds."""

    name: str
    seeds: tuple[int, ...]
    runs: tuple[Mapping[str, float], ...] = attrs.field(repr=False)
    """The figures of each seed."""
    level: float = 0.95

    def __getitem__(self, figure: str) -> Estimate:
        """Return the estimate of a figure: its mean over the runs, an expectation of ratios if it is one.

        Raises:
            UsageError: If there is no such figure.
        """
        return estimate(self._column(figure), self.level)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Every figure's estimate."""
        return {figure: self[figure] for figure in self.runs[0]}

    def ratio_of_expectations(self, figure: str) -> Estimate:
        """Return the sum above the line over the sum below it, over all runs, for one of `RATIOS`.

        The interval is a jackknife's: each run left out once (Quenouille 1956, Tukey 1958).

        Raises:
            UsageError: If the figure is no ratio.
        """
        if figure not in RATIOS:
            raise UsageError(f"{figure!r} is no ratio of counts; {', '.join(RATIOS)} are")
        below = np.asarray(self._column(RATIOS[figure]), dtype=float)
        ratios = np.asarray(self._column(figure), dtype=float)
        above = np.where(below > 0, np.nan_to_num(ratios) * below, 0.0)
        whole, many = below.sum(), len(self.runs)
        if whole <= 0 or many < 2:
            return estimate([above.sum() / whole if whole > 0 else nan], self.level)
        ratio = above.sum() / whole
        left_out = (above.sum() - above) / np.maximum(whole - below, np.finfo(float).tiny)
        around = estimate((many * ratio - (many - 1) * left_out).tolist(), self.level)
        half = around.half_width
        return Estimate(float(ratio), around.error, float(ratio) - half, float(ratio) + half, many)

    def to_frame(self) -> DataFrame:
        """Return a pandas DataFrame: a row a seed, a column a figure.

        Raises:
            UsageError: If pandas is missing.
        """
        return frame([{"seed": seed, **run} for seed, run in zip(self.seeds, self.runs, strict=True)])

    def _column(self, figure: str) -> list[float]:
        if figure not in self.runs[0]:
            raise UsageError(f"there is no figure {figure!r}; there are {', '.join(self.runs[0])}")
        return [run[figure] for run in self.runs]

    def __str__(self) -> str:
        """Return the estimates, a line each."""
        return "\n".join(f"{figure}: {each}" for figure, each in self.estimates.items())

    def _repr_html_(self) -> str:
        """Return the estimates as a table, for a notebook."""
        rows = [_row(figure, each) for figure, each in self.estimates.items()]
        head = ("figure", "mean", "low", "high")
        title = f"{self.name}, {len(self.runs)} runs, {self.level:.0%} intervals"
        return passage(title, html_table(head, rows, words=0))


@attrs.frozen
class Hands:
    """What two runs with one seed did differently with the same customers."""

    seed: int
    customers: int
    """How many were in both."""
    changed_hands: int
    """Answered in both, by different agents."""
    answered_only_in_a: int
    answered_only_in_b: int
    sooner_in_b: int
    """Answered in both, and sooner in b."""
    later_in_b: int


@attrs.frozen
class Comparison:
    """Two scenarios with the same seeds."""

    a: Replications
    b: Replications
    hands: tuple[Hands, ...] = attrs.field(repr=False)
    """What changed hands, by seed."""
    scenarios: tuple[Scenario, Scenario] = attrs.field(repr=False)
    warm_up: float = 0.0

    def __getitem__(self, figure: str) -> Estimate:
        """Return the estimate of b - a, from paired runs.

        Raises:
            UsageError: If there is no such figure.
        """
        pairs = zip(self.a._column(figure), self.b._column(figure), strict=True)
        return estimate([b - a for a, b in pairs], self.a.level)

    @property
    def differences(self) -> dict[str, Estimate]:
        """Every figure's estimate of b - a."""
        return {figure: self[figure] for figure in self.a.runs[0]}

    def clear(self, figure: str) -> bool:
        """Whether the interval of b - a leaves out 0: one of the two is better, as far as can be told."""
        each = self[figure]
        return each.low > 0 or each.high < 0

    def changed(self, seed: int | None = None) -> DataFrame:
        """Return who was answered by somebody else, or in one run only, with one of the seeds.

        Both runs are made again, here. Columns: interaction, stream, arrived, and agent, wait and
        outcome in a and in b.

        Raises:
            UsageError: If pandas is missing.
        """
        seed = self.a.seeds[0] if seed is None else seed
        one, other = (simulate(each, seed, warm_up=self.warm_up).to_frame() for each in self.scenarios)
        columns = ["interaction", "agent", "wait", "outcome"]
        both = one[["stream", "arrived", *columns]].merge(
            other[columns], on="interaction", suffixes=("_a", "_b")
        )
        differs = both["agent_a"].fillna("") != both["agent_b"].fillna("")
        return both[differs].reset_index(drop=True)

    def plot(self, figures: Sequence[str] | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw the differences with their intervals: see `workassign.lab.plots.differences`.

        Raises:
            UsageError: If matplotlib is missing, or there is no such figure.
        """
        from workassign.lab.plots import differences

        return differences(self, figures, ax=ax)

    def __str__(self) -> str:
        """Return the differences, a line each; those that are clear are marked."""
        return "\n".join(
            f"{figure}: {each}{' *' if self.clear(figure) else ''}"
            for figure, each in self.differences.items()
        )

    def _repr_html_(self) -> str:
        """Return both and the differences as a table, for a notebook."""
        rows = []
        for figure, each in self.differences.items():
            mark = "clear" if self.clear(figure) else ""
            rows.append((figure, str(self.a[figure]), str(self.b[figure]), str(each), mark))
        head = ("figure", self.a.name, self.b.name, "difference", "")
        title = f"{self.b.name} against {self.a.name}, {len(self.a.runs)} pairs, {self.a.level:.0%} intervals"
        return passage(title, html_table(head, rows, words=0))


def replicate(  # noqa: PLR0913 - settings by keyword
    scenario: Scenario,
    seeds: int | Iterable[int] = 30,
    *,
    warm_up: float = 0.0,
    measure: Measure = _usual,
    precision: Mapping[str, float] | None = None,
    most: int = 1000,
    level: float = 0.95,
    executor: Executor | None = None,
    processes: int | None = None,
    progress: bool = False,
) -> Replications:
    """Run *scenario* with several *seeds* (a number: 0, 1, 2 ...), and return their figures.

    With a *precision*, figure -> relative half width, more seeds follow in the order of numbers until
    each figure is so precise, or *most* runs have been made; looking so often makes intervals a little
    too narrow, by some percent of their confidence. *measure* says what is kept of a run: by default
    its figures. Runs go to *executor*, or to *processes* of this machine (by default one a core; 1:
    none but this). The result does not depend on where they ran.

    Raises:
        UsageError: If a setting is none of its kind.
    """
    wanted = _checked_seeds(seeds)
    once = partial(_run, scenario, warm_up, measure)
    with _workers(executor, processes, len(wanted)) as each, _progress(progress, len(wanted)) as tell:
        runs = [tell(run) for run in each(once, wanted)]
        found = Replications(scenario.name, tuple(wanted), tuple(runs), level)
        while precision and len(runs) < most and not _is_precise(found, precision):
            further = list(range(max(wanted) + 1, max(wanted) + 1 + min(len(runs), most - len(runs), 16)))
            runs += [tell(run) for run in each(once, further)]
            wanted += further
            found = Replications(scenario.name, tuple(wanted), tuple(runs), level)
    return found


def compare(  # noqa: PLR0913 - settings by keyword
    a: Scenario,
    b: Scenario,
    seeds: int | Iterable[int] = 30,
    *,
    warm_up: float = 0.0,
    measure: Measure = _usual,
    level: float = 0.95,
    executor: Executor | None = None,
    processes: int | None = None,
    progress: bool = False,
) -> Comparison:
    """Run both scenarios with the same *seeds*, and return how they differ.

    Streams of the same name meet the same customers; so what differs by more than its interval is
    the doing of what differs between the two. Settings as of `replicate`.

    Raises:
        UsageError: If a setting is none of its kind, or the scenarios have no stream in common.
    """
    if not {each.name for each in a.streams} & {each.name for each in b.streams}:
        raise UsageError("the scenarios have no stream in common: there is nothing to compare")
    wanted = _checked_seeds(seeds)
    once = partial(_run_pair, a, b, warm_up, measure)
    with _workers(executor, processes, len(wanted)) as each, _progress(progress, len(wanted)) as tell:
        pairs = [tell(pair) for pair in each(once, wanted)]
    return Comparison(
        Replications(a.name, tuple(wanted), tuple(pair[0] for pair in pairs), level),
        Replications(b.name, tuple(wanted), tuple(pair[1] for pair in pairs), level),
        tuple(pair[2] for pair in pairs),
        (a, b),
        warm_up,
    )


def _run(scenario: Scenario, warm_up: float, measure: Measure, seed: int) -> Mapping[str, float]:
    return dict(measure(simulate(scenario, seed, warm_up=warm_up)))


def _run_pair(
    a: Scenario, b: Scenario, warm_up: float, measure: Measure, seed: int
) -> tuple[Mapping[str, float], Mapping[str, float], Hands]:
    one, other = simulate(a, seed, warm_up=warm_up), simulate(b, seed, warm_up=warm_up)
    return dict(measure(one)), dict(measure(other)), _hands(one, other)


def _hands(one: Result, other: Result) -> Hands:
    """Return what changed between two runs, over the customers who are in both."""
    place = {name: row for row, name in enumerate(other.ids)}
    pairs = np.array(
        [(row, place[name]) for row, name in enumerate(one.ids) if name in place], dtype=np.int64
    )
    rows, others = pairs.reshape(-1, 2).T
    agents_a = np.asarray([*one.agents, ""], dtype=object)[one.journeys.agent[rows]]
    agents_b = np.asarray([*other.agents, ""], dtype=object)[other.journeys.agent[others]]
    in_a, in_b = ~np.isnan(one.journeys.started[rows]), ~np.isnan(other.journeys.started[others])
    sooner = other.journeys.waits[others] - one.journeys.waits[rows]
    both = in_a & in_b
    return Hands(
        one.seed,
        len(rows),
        int((both & (agents_a != agents_b)).sum()),
        int((in_a & ~in_b).sum()),
        int((in_b & ~in_a).sum()),
        int((both & (sooner < 0)).sum()),
        int((both & (sooner > 0)).sum()),
    )


def _is_precise(found: Replications, precision: Mapping[str, float]) -> bool:
    for figure, most in precision.items():
        each = found[figure]
        if isnan(each.mean) or not each.half_width <= most * abs(each.mean):
            return False
    return True


def _checked_seeds(seeds: int | Iterable[int]) -> list[int]:
    found = list(range(seeds)) if isinstance(seeds, int) and not isinstance(seeds, bool) else seeds
    if not isinstance(found, Iterable):
        raise UsageError(f"seeds must be a number of them, or whole numbers, not {seeds!r}")
    found = list(found)
    if not found or any(type(seed) is not int or seed < 0 for seed in found) or len(set(found)) < len(found):
        raise UsageError(f"seeds must be different whole numbers from 0 on, at least one, not {seeds!r}")
    return found


@contextmanager
def _workers(
    executor: Executor | None, processes: int | None, runs: int
) -> Iterator[Callable[[Callable[[int], T], Sequence[int]], Iterator[T]]]:
    """Yield how to do something with many seeds, in their order, wherever it is done."""
    if processes is not None and (type(processes) is not int or processes < 1):
        raise UsageError(f"processes must be a whole number, at least 1, not {processes!r}")
    if executor is not None:
        yield executor.map
        return
    many = min(processes if processes is not None else os.cpu_count() or 1, runs)
    if many == 1:
        yield map
        return
    with ProcessPoolExecutor(many) as pool:
        yield pool.map


@contextmanager
def _progress(wanted: bool, total: int) -> Iterator[Callable[[T], T]]:
    """Yield a function that takes note of a run that is done, and returns it."""
    if not wanted:
        with nullcontext():
            yield lambda run: run
        return
    try:
        from rich.progress import Progress
    except ImportError:
        raise UsageError("a progress bar needs an extra: pip install 'workassign[report]'") from None
    with Progress(transient=True) as bar:
        task = bar.add_task("runs", total=total)

        def tell(run: T) -> T:
            bar.advance(task)
            return run

        yield tell


def _row(figure: str, each: Estimate) -> tuple[str, str, str, str]:
    return figure, f"{each.mean:.4g}", f"{each.low:.4g}", f"{each.high:.4g}"
