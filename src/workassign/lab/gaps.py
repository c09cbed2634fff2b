"""How near did a simulated day come to what no rule of routing could beat?

Each bound of `bounds`, `trace_bounds`, `steady_bounds` and `fluid_bounds` holds under conditions. The
ones that this very scenario fulfils stand here beside what was reached, the others with the reason
why they say nothing of it. What is compared is all of the day, the warm-up too; only the bounds of the
long run are compared with the figures, which leave the warm-up out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from workassign._frames import frame
from workassign._markup import passage
from workassign._markup import table as html_table
from workassign.errors import UsageError
from workassign.lab.arrivals import Busy, Poisson, Profile
from workassign.lab.bounds import Bound, Bounds, Figure, gap, steady
from workassign.lab.columns import Outcome
from workassign.lab.distributions import Exponential
from workassign.lab.fluid_bounds import fluid
from workassign.lab.planned import Planned, least_factor, on_duty, planned, slots
from workassign.lab.results import Result, promised
from workassign.lab.trace_bounds import on_time, pooled_fcfs, srpt

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

    from workassign.lab.distributions import Floats
    from workassign.lab.scenario import Scenario

__all__ = ["Gaps", "Line", "Skipped", "gaps"]

MOST_ON_TIME = 20_000
"""The linear program of `on_time` takes seconds for so many interactions."""
STRETCHES = 48
"""Into so many intervals a day is cut for the fluid bound."""


@attrs.frozen(kw_only=True)
class Line:
    """A bound, and what was reached."""

    bound: Bound
    reached: float

    @property
    def gap(self) -> float:
        """How many times as bad as the bound: 1 is the best that can be; NaN if nothing was measured."""
        return gap(self.reached, self.bound) if self.reached >= 0 else float("nan")


@attrs.frozen(kw_only=True)
class Skipped:
    """A bound that says nothing of this result, and why."""

    name: str
    figure: Figure
    reason: str


@attrs.frozen(repr=False)
class Gaps:
    """Bounds beside what was reached; see `gaps`."""

    name: str
    lines: tuple[Line, ...]
    skipped: tuple[Skipped, ...]

    def __iter__(self) -> Iterator[Line]:
        """Yield those that apply."""
        return iter(self.lines)

    def best(self, figure: Figure) -> Line:
        """Return the line of the sharpest bound of *figure*.

        Raises:
            UsageError: If none applies; the reasons are told.
        """
        mine = [line for line in self.lines if line.bound.figure == figure]
        if not mine:
            why = "; ".join(f"{each.name}: {each.reason}" for each in self.skipped if each.figure == figure)
            raise UsageError(f"no bound of {figure!r} applies{': ' if why else ''}{why}")
        # Bounds of one figure may stand beside different scopes: the smallest gap is the sharpest.
        return min(mine, key=lambda line: (line.gap != line.gap, line.gap))

    def to_frame(self) -> DataFrame:
        """Return a pandas DataFrame: a row a bound, those that do not apply with the reason.

        Raises:
            UsageError: If pandas is missing.
        """
        rows = [
            {
                "figure": line.bound.figure,
                "bound": line.bound.name,
                "reached": line.reached,
                "best": line.bound.value,
                "gap": line.gap,
                "valid": line.bound.valid,
            }
            for line in self.lines
        ]
        none = float("nan")
        rows += [
            {
                "figure": each.figure,
                "bound": each.name,
                "reached": none,
                "best": none,
                "gap": none,
                "valid": f"skipped: {each.reason}",
            }
            for each in self.skipped
        ]
        return frame(rows, columns=["figure", "bound", "reached", "best", "gap", "valid"])

    def __str__(self) -> str:
        """Return a line for each."""
        lines = [
            f"{line.bound.figure}, {line.bound.name}: reached {line.reached:.4g}, "
            f"no rule beats {line.bound.value:.4g}, gap {line.gap:.3g}"
            for line in self.lines
        ]
        lines += [f"{each.figure}, {each.name}: skipped: {each.reason}" for each in self.skipped]
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Say what it is of, and each line."""
        return f"<Gaps of {self.name}>\n{self}"

    def _repr_html_(self) -> str:
        """Return both as a table, for a notebook."""
        rows = [
            (
                line.bound.figure,
                line.bound.name,
                f"{line.reached:.4g}",
                f"{line.bound.value:.4g}",
                f"{line.gap:.3g}",
                line.bound.valid,
            )
            for line in self.lines
        ]
        rows += [(each.figure, each.name, "", "", "", f"skipped: {each.reason}") for each in self.skipped]
        head = ("figure", "bound", "reached", "no rule beats", "gap", "")
        return passage(f"{self.name}: how near to the best", html_table(head, rows, words=5))


class _SaysNothing(Exception):  # noqa: N818 - no error: it says why a bound does not apply
    """A bound does not apply."""


def gaps(result: Result) -> Gaps:
    """Return the bounds of what was simulated beside what was reached.

    A gap near 1 proves that the plan did about as well as anything could; a large one proves nothing,
    since bounds take it that everybody can do everything. Below 1 only by chance, where a bound is one
    of means. Cost: drawing the scenario once more, and linear programs for "on time" (up to 20,000
    interactions) and "abandonment", seconds at most.
    """
    trace = planned(result.scenario, result.seed)
    lines: list[Line] = []
    skipped: list[Skipped] = []
    for name, figure, make in _BOUNDS:
        try:
            lines += make(result, trace)
        except _SaysNothing as reason:
            skipped.append(Skipped(name=name, figure=figure, reason=str(reason)))
        except UsageError as error:
            skipped.append(Skipped(name=name, figure=figure, reason=str(error)))
    return Gaps(f"{result.scenario.name}, seed {result.seed}", tuple(lines), tuple(skipped))


def _unless(*faults: tuple[bool, str]) -> None:
    """Check that none of the faults is there.

    Raises:
        _SaysNothing: With the reason of the first one that is.
    """
    for is_there, reason in faults:
        if is_there:
            raise _SaysNothing(reason)


# --- this very trace ------------------------------------------------------------------------


def _check_trace(result: Result, trace: Planned) -> None:
    """Check that the same ones arrive, and have a place to wait, under any rule."""
    streams = result.scenario.streams
    lost = set(result.journeys.outcome.tolist()) & {Outcome.BLOCKED, Outcome.EXITED}
    _unless(
        (not trace.arrived.size, "nothing arrived"),
        (not trace.spans, "nobody is on duty"),
        (any(each.contagion for each in streams), "who writes depends on who is answered (contagion)"),
        (any(each.returns for each in streams), "who comes back depends on who is answered (returns)"),
        (bool(lost), "some were not let in or closed otherwise, which depends on the rule"),
    )


def _check_waits(result: Result, trace: Planned) -> None:
    """Check that everybody waits until somebody comes."""
    _check_trace(result, trace)
    open_ = bool(np.isnan(result.journeys.started).any())
    _unless(
        (
            any(each.patience for each in result.scenario.streams),
            "customers may leave, so waits end otherwise",
        ),
        (open_, "some were never answered, so their waits are not known"),
    )


def _pooled(result: Result, trace: Planned) -> list[Line]:
    _check_waits(result, trace)
    works = {f"{each.handling} {each.by_level}" for each in result.scenario.streams}
    wraps = {result.scenario.plan.queues[each.queue].wrap_up for each in result.scenario.streams}
    _unless(
        (
            len(works) > 1 or len(wraps) > 1,
            "some streams take longer than others: short work first may beat it",
        )
    )
    wait = float(pooled_fcfs(trace.arrived, trace.work, trace.spans).mean())
    valid = (
        "all can do everything; holds on average over days, for rules that do not foresee how long it takes"
    )
    return [_waited(result, Bound(name="pooled", figure="mean wait", value=wait, valid=valid))]


def _clairvoyant(result: Result, trace: Planned) -> list[Line]:
    _check_waits(result, trace)
    wait = srpt(trace.arrived, trace.work, trace.most) / trace.arrived.size
    valid = "proved: any rule on this very day, even one that foresees and interrupts"
    return [_waited(result, Bound(name="clairvoyant", figure="mean wait", value=wait, valid=valid))]


def _waited(result: Result, bound: Bound) -> Line:
    return Line(bound=bound, reached=float(result.journeys.waits.mean()))


def _on_time(result: Result, trace: Planned) -> list[Line]:
    _check_trace(result, trace)
    many = trace.arrived.size
    _unless((many > MOST_ON_TIME, f"more than {MOST_ON_TIME:,} interactions take too long to reckon with"))
    limits = np.array([promised(result.scenario, each.queue) for each in result.scenario.streams])
    most = float(limits.max())
    share = on_time(trace.arrived, trace.work, trace.spans, most) / many
    kept = float((result.journeys.waits <= limits[result.journeys.stream])[_answered(result)].sum()) / many
    told = (
        f"within {most:g} s"
        if len(set(limits.tolist())) == 1
        else f"all within the longest promise, {most:g} s"
    )
    valid = f"proved: any rule on this very day, even one that foresees and interrupts; {told}"
    return [Line(bound=Bound(name="windows", figure="on time", value=share, valid=valid), reached=kept)]


def _answered(result: Result) -> Any:  # noqa: ANN401 - marks, by row
    return ~np.isnan(result.journeys.started)


# --- in the long run, and on average --------------------------------------------------------


def _check_chance(scenario: Scenario) -> None:
    """Check that all times are exponential, and nothing but chance brings customers."""
    works = [work for each in scenario.streams for work in _works(scenario, each)]
    _unless(
        (any(not isinstance(work, Exponential) for work in works), "handle times are not exponential"),
        (
            any(scenario.plan.queues[each.queue].wrap_up for each in scenario.streams),
            "with a wrap-up, handle times are not exponential",
        ),
        (
            any(each.patience and not isinstance(each.patience, Exponential) for each in scenario.streams),
            "patience is not exponential",
        ),
        (any(each.contagion or each.returns for each in scenario.streams), "who writes depends on the rule"),
        (scenario.lines is not None, "some may find no line"),
    )


def _works(scenario: Scenario, each: Any) -> list[Any]:  # noqa: ANN401 - distributions
    found = (each.handled_by(crew.name) for crew in scenario.crews)
    return [work for work in found if work is not None]


def _means(scenario: Scenario) -> Floats:
    """Return the mean handle times of streams (rows) by crews (columns); infinity: cannot."""
    found = np.full((len(scenario.streams), len(scenario.crews)), np.inf)
    for row, each in enumerate(scenario.streams):
        for column, crew in enumerate(scenario.crews):
            work = each.handled_by(crew.name)
            if work is not None and scenario.serves(crew, each):
                found[row, column] = work.mean * least_factor(crew, each)
    return found


def _patience(scenario: Scenario) -> Floats | None:
    if not any(each.patience for each in scenario.streams):
        return None
    return np.array([np.inf if each.patience is None else each.patience.mean for each in scenario.streams])


def _steady(result: Result, trace: Planned) -> list[Line]:
    scenario = result.scenario
    _check_chance(scenario)
    _unless(
        (
            any(not isinstance(each.arrivals, Poisson) for each in scenario.streams),
            "arrivals change over time",
        ),
        (
            any(
                crew.shifts is not None or crew.breaks or crew.sizes or crew.absence
                for crew in scenario.crews
            ),
            "agents come and go",
        ),
    )
    rates = [each.arrivals.rate for each in scenario.streams if isinstance(each.arrivals, Poisson)]
    agents = [sum(slots(crew, scenario)) for crew in scenario.crews]
    found: Bounds = steady(rates, _means(scenario), agents, _patience(scenario))
    figures = result.figures()
    reached = {"mean wait": figures["mean_wait"], "abandonment": figures["abandon_rate"]}
    return [
        Line(
            bound=attrs.evolve(
                bound,
                name=f"long run, {bound.name}",
                valid=f"{bound.valid}; of means: one run may be luckier",
            ),
            reached=reached[bound.figure],
        )
        for bound in found
    ]


def _fluid(result: Result, trace: Planned) -> list[Line]:
    scenario = result.scenario
    _check_chance(scenario)
    patience = _patience(scenario)
    _unless(
        (patience is None and not scenario.turn_away, "nobody leaves, and nobody is turned away"),
        (not trace.arrived.size, "nothing arrived"),
        (
            any(not isinstance(each.arrivals, Poisson | Profile | Busy) for each in scenario.streams),
            "within an interval, arrivals are not spread evenly",
        ),
    )
    edges = np.linspace(scenario.start, scenario.start + scenario.duration, STRETCHES + 1)
    counts = [
        np.histogram(result.journeys.arrived[result.journeys.stream == place], edges)[0]
        for place in range(len(scenario.streams))
    ]
    lost = fluid(
        np.array(counts, dtype=float).T,
        _means(scenario),
        _staffing(scenario, result.seed, edges),
        length=float(edges[1] - edges[0]),
        patience=patience,
        closes=scenario.turn_away,
    ).value
    gone = np.isin(result.journeys.outcome, (Outcome.ABANDONED, Outcome.TURNED_AWAY))
    early = result.journeys.ended <= edges[-1]
    many = trace.arrived.size
    valid = "holds for means over days with as many arrivals by interval: one lucky day may lose less"
    bound = Bound(name="fluid", figure="abandonment", value=lost / many, valid=valid)
    return [Line(bound=bound, reached=float((gone & early).sum()) / many)]


def _staffing(scenario: Scenario, seed: int, edges: Floats) -> Floats:
    """Return how many of each crew (column) are at work in each interval (row), on average, at most.

    Whoever leaves has something in her hands, at most, that takes as long again as if it had just begun.
    """
    begins, ends = edges[:-1], edges[1:]
    columns = []
    for column, crew in enumerate(scenario.crews):
        means = _means(scenario)[:, column]
        longest = float(means[np.isfinite(means)].max(initial=0.0))
        spans = np.array(on_duty(crew, scenario, seed)).reshape(-1, 2)
        since, until = spans[:, :1], spans[:, 1:]
        there = np.clip(until, begins, ends) - np.clip(since, begins, ends)
        if longest:
            left, right = (np.maximum(each - until, 0.0) / longest for each in (begins, ends))
            there += longest * (np.exp(-left) - np.exp(-right))
        average = there.sum(axis=0) / (ends - begins)
        at_end = float(((since < edges[-1]) & (until >= edges[-1])).sum())
        columns.append([*average[:-1], max(average[-1], at_end)])
    return np.array(columns).T


_Make = Callable[[Result, Planned], list[Line]]

_BOUNDS: tuple[tuple[str, Figure, _Make], ...] = (
    ("pooled", "mean wait", _pooled),
    ("clairvoyant", "mean wait", _clairvoyant),
    ("windows", "on time", _on_time),
    ("fluid", "abandonment", _fluid),
    ("long run", "mean wait", _steady),
)
"""Bounds by name, what they are of, and how they are reckoned."""
