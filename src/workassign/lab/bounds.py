"""How near is a figure to what no rule could beat?

Bounds of one figure side by side, and how far a figure is from the sharpest. What is bounded is reckoned in
`steady_bounds` (the long run), `fluid_bounds` (a day in intervals), `trace_bounds` (one trace) and
`control` (the optimum itself).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import inf, isnan
from typing import Literal, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.checked import numbers
from workassign.lab.steady_bounds import pooled_abandonment, pooled_wait, subset_cost
from workassign.lab.trace_bounds import Spans, on_time, pooled_fcfs, srpt
from workassign.model import is_number

__all__ = ["Bound", "Bounds", "Figure", "gap", "steady", "traced"]

Figure: TypeAlias = Literal["mean wait", "abandonment", "on time", "cost"]
"""What is bounded: seconds (or the unit of the trace); shares; a cost per unit of time."""

_LARGEST_IS_BEST = ("on time",)


@attrs.frozen(kw_only=True)
class Bound:
    """What no rule gets below; of what is served on time: above."""

    name: str
    figure: Figure
    value: float
    valid: str
    """For which rules and under which assumptions it holds, in words."""

    def __attrs_post_init__(self) -> None:
        if not is_number(self.value) or isnan(self.value):
            raise UsageError(f"the bound {self.name!r} must be a number, not {self.value!r}")


def _listed(bounds: Iterable[Bound]) -> tuple[Bound, ...]:
    return tuple(bounds)


@attrs.frozen
class Bounds:
    """Bounds of one floor or trace, by name."""

    all: tuple[Bound, ...] = attrs.field(converter=_listed)

    def __iter__(self) -> Iterator[Bound]:
        return iter(self.all)

    def best(self, figure: Figure) -> Bound:
        """Return the sharpest bound of *figure*, the first of equals.

        Raises:
            UsageError: If there is none.
        """
        found = [bound for bound in self.all if bound.figure == figure]
        if not found:
            raise UsageError(f"there is no bound of {figure!r}")
        sign = -1.0 if figure in _LARGEST_IS_BEST else 1.0
        return max(found, key=lambda bound: sign * bound.value)


def gap(value: float, bound: Bound) -> float:
    """Return how many times as bad *value* is as *bound*: 1 is the best that can be.

    Near 1 proves that a rule is good; a large ratio proves nothing, since the bound may be loose. Where the
    bound is 0 it is infinity, or 1 if the value is 0, too. Clearly below 1 the figure was reached under
    other assumptions than those of the bound (or by chance: compare means of many runs).

    Raises:
        UsageError: If *value* is no number from 0 on.

    >>> gap(0.6, Bound(name="pooled", figure="mean wait", value=0.5, valid="proved"))
    1.2
    """
    if not is_number(value) or not value >= 0.0:
        raise UsageError(f"value must be a number from 0 on, not {value!r}")
    worse, better = (bound.value, value) if bound.figure in _LARGEST_IS_BEST else (value, bound.value)
    if worse == better:
        return 1.0
    return worse / better if better else inf


def steady(
    arrivals: ArrayLike, service: ArrayLike, agents: ArrayLike, patience: ArrayLike | None = None
) -> Bounds:
    """Return the bounds of a floor in the long run; the arguments are those of `steady_bounds`.

    Of the mean wait: pooled, and without *patience* by subsets of classes, which is never looser. Of
    abandonment, with *patience*: pooled. Needs scipy where there is no *patience*.

    Raises:
        UsageError: If a figure is out of its range, more comes in than can be served where nobody leaves,
        there
            are more than 12 classes then, or scipy is not installed.
    """
    wait = pooled_wait(arrivals, service, agents, patience)
    chance = "Poisson arrivals, exponential service; any rule that does not foresee how long a service takes"
    if patience is not None:
        coupled = f"{chance}; exponential patience; proved where classes are alike, else argued by coupling"
        left = pooled_abandonment(arrivals, service, agents, patience)
        return Bounds(
            [
                Bound(name="pooled", figure="mean wait", value=wait, valid=coupled),
                Bound(name="pooled", figure="abandonment", value=left, valid=coupled),
            ]
        )
    rates = numbers("arrivals", arrivals)
    even = np.full(len(rates), 1.0 / rates.sum())
    subsets = subset_cost(arrivals, service, agents, even, counting="queue")
    return Bounds(
        [
            Bound(name="pooled", figure="mean wait", value=wait, valid=f"proved: {chance}"),
            Bound(name="subsets", figure="mean wait", value=subsets, valid=f"proved: {chance}"),
        ]
    )


def traced(
    arrivals: ArrayLike, service: ArrayLike, agents: Spans, *, threshold: float | None = None
) -> Bounds:
    """Return the bounds of a trace; the arguments are those of `trace_bounds`.

    Of the mean wait, where nobody leaves: pooled, and where agents are a number, clairvoyant. With a
    *threshold*, of the share served within it. Needs scipy then.

    Raises:
        UsageError: If the trace, the agents or *threshold* are not right, or scipy is not installed.
    """
    waits = pooled_fcfs(arrivals, service, agents)
    pooled = "proved pathwise: services drawn in order of starts, alike for all; nothing is interrupted"
    found = [Bound(name="pooled", figure="mean wait", value=float(waits.mean()), valid=pooled)]
    alike = "proved: any rule, clairvoyant and interrupting ones too; services alike at all agents"
    if isinstance(agents, int):
        least = srpt(arrivals, service, agents) / len(waits)
        found.append(Bound(name="clairvoyant", figure="mean wait", value=least, valid=alike))
    if threshold is not None:
        share = on_time(arrivals, service, agents, threshold) / len(waits)
        found.append(Bound(name="windows", figure="on time", value=share, valid=alike))
    return Bounds(found)
