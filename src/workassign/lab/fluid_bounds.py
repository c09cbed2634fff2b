"""How much must be lost where more comes in, interval by interval, than can be served?"""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.checked import Floats, amount, mean_services, mean_times, numbers, table
from workassign.lab.solver import corner, scipy_part

__all__ = ["Fluid", "fluid"]

_PARTS = (1.0, 0.5, 0.25, 0.125, 0.0625)
"""Over which last parts of an interval time in system is reckoned back from its end."""


@attrs.frozen(kw_only=True, eq=False)
class Fluid:
    """The least that is lost, and where it is lost if it is lost so."""

    value: float
    """The sum of weights x lost: what no rule gets below."""
    abandoned: Floats
    """How many leave, by interval (row) and class (column)."""
    left: Floats
    """How many of each class are in system at the end, in service or waiting."""


@attrs.frozen(kw_only=True, eq=False)
class _Day:
    counts: Floats
    service: Floats
    agents: Floats
    length: float
    weights: Floats
    patience: Floats
    closes: bool


def fluid(
    counts: ArrayLike,
    service: ArrayLike,
    agents: ArrayLike,
    *,
    length: float,
    weights: ArrayLike | None = None,
    patience: ArrayLike | None = None,
    closes: bool = True,
) -> Fluid:
    """Return the least weighted number that is lost over a day, by any rule, as if work were a fluid.

    *counts*: how many of each class (column) arrive in each interval (row), evenly, of *length* each.
    *service*: the mean handle time of each class (row) by each team (column), infinity where the team cannot
    serve it. *agents*: how many of each team (column) are on duty in each interval (row), on average; those
    who finish something after their shift still are. *weights* by class, 1 by default; *patience*: its mean
    by class, infinity (and by default) where nobody leaves. Where the day *closes*, who still waits at the
    end is lost too. The day begins empty.

    A linear program of mean values: numbers at the ends of intervals balance with arrivals, services and
    leaving; agents have only their time; who leaves is time waited / patience (of classes with patience), and
    over the last part of an interval time in system is at least that part x (the number at its end less half
    of what came in over it), over all of it at least (the number at its begin less what went) x *length*.
    Every rule's mean values fulfil that if service and patience are exponential, so the bound holds for mean
    numbers over days with these arrivals (the fluid model of Harrison and Zeevi 2004, relaxed); one lucky day
    may lose less. 0 where there is enough time, tight in overload; take the larger of it and of a pooled
    bound. Shorter intervals make it tighter.

    Cost: a linear program of intervals x (pairs that fit + 2 x classes) variables. Needs scipy.

    Raises:
        UsageError: If a figure is out of its range, tables do not fit together, or scipy is not installed.

    >>> found = fluid([[10.0]], [[1.0]], [[5]], length=1)
    >>> round(found.value, 9)  # ten came, five could be served, and the five agents have one each at the end
    0.0
    >>> found = fluid([[100.0]], [[1.0]], [[5]], length=10)  # 50 are served, 5 are in service
    >>> round(found.value, 9)
    45.0
    """
    day = _day(counts, service, agents, length, weights, patience, closes=closes)
    pairs = int(np.isfinite(day.service).sum())
    costs = _costs(day, pairs)
    found = corner(costs, "bounds", bounds=_limits(day, pairs), **_rules(day))
    if found is None:
        raise RuntimeError("everybody could always stay to the end")
    _, inside, gone, _, _ = np.split(found, np.cumsum(_widths(day, pairs))[:-1])
    return Fluid(
        value=max(0.0, float(costs @ found)),
        abandoned=gone.reshape(day.counts.shape),
        left=inside.reshape(day.counts.shape)[-1],
    )


# The variables: the time that agents spend on each pair that fits, by interval; how many of each class are in
# system at the end of each; how many leave in each; who of each pair is in service at the very end; and who
# is lost then.


def _costs(day: _Day, pairs: int) -> Floats:
    intervals, classes = day.counts.shape
    nothing = np.zeros(intervals * (pairs + classes))
    lost = day.weights if day.closes else np.zeros(classes)
    return np.concatenate([nothing, np.tile(day.weights, intervals), np.zeros(pairs), lost])


def _limits(day: _Day, pairs: int) -> Floats:
    """Return the lower and upper limit of each variable: all from 0 on; without patience nobody leaves."""
    intervals, classes = day.counts.shape
    leaving = np.tile(np.where(np.isinf(day.patience), 0.0, np.inf), intervals)
    most = np.concatenate(
        [np.full(intervals * (pairs + classes), np.inf), leaving, np.full(pairs + classes, np.inf)]
    )
    return np.column_stack([np.zeros(len(most)), most])


def _rules(day: _Day) -> dict[str, Any]:
    """Return what holds under every rule of routing, as scipy takes it."""
    sparse = scipy_part("sparse", "bounds")
    intervals, classes = day.counts.shape
    rows, columns = np.nonzero(np.isfinite(day.service))
    each, one, ends = np.arange(len(rows)), np.ones(len(rows)), np.array([[0], [intervals - 1]])
    of_class = sparse.csr_array((one, (rows, each)), shape=(classes, len(rows)))
    of_team = sparse.csr_array((one, (columns, each)), shape=(day.agents.shape[1], len(rows)))
    served = of_class @ sparse.diags(1.0 / day.service[rows, columns])
    inside = sparse.eye(classes)
    waits = np.flatnonzero(np.isfinite(day.patience))
    keep = inside.tocsr()[waits] * day.length
    stays = sparse.eye(classes).tocsr()[waits] @ sparse.diags(
        np.where(np.isfinite(day.patience), day.patience, 0.0)
    )
    worked = of_class.tocsr()[waits]

    def at(part: Any, where: Any) -> Any:  # noqa: ANN401 - scipy's
        return sparse.kron(where, part)

    now, before = sparse.eye(intervals), sparse.eye(intervals, k=-1)
    last = sparse.csr_array(([1.0], ends), shape=(1, intervals))
    wide = [sparse.csr_array((0, width)) for width in _widths(day, len(rows))]
    balance = [at(served, now), at(inside, now) - at(inside, before), at(inside, now), None, None]
    rules = [
        [at(of_team, now), None, None, None, None],
        [None, None, None, of_team, None],
        [None, at(inside, last), None, -of_class, -inside],
        *([-at(worked, now), part * at(keep, now), -at(stays, now), None, None] for part in _PARTS),
        [-at(worked + keep @ served, now), at(keep, before), -at(stays + keep, now), None, None],
        wide,
    ]
    come = day.length * day.counts[:, waits].ravel() / 2.0
    limits = [(day.agents * day.length).ravel(), day.agents[-1], np.zeros(classes)]
    limits += [part * part * come for part in _PARTS] + [np.zeros(len(come))]
    return {
        "A_eq": sparse.bmat([balance, wide], format="csr"),
        "b_eq": day.counts.ravel(),
        "A_ub": sparse.bmat(rules if len(waits) else [*rules[:3], wide], format="csr"),
        "b_ub": np.concatenate(limits),
    }


def _widths(day: _Day, pairs: int) -> list[int]:
    """Return how many variables there are of each of the five kinds."""
    intervals, classes = day.counts.shape
    return [intervals * pairs, intervals * classes, intervals * classes, pairs, classes]


def _day(
    counts: ArrayLike,
    service: ArrayLike,
    agents: ArrayLike,
    length: float,
    weights: ArrayLike | None,
    patience: ArrayLike | None,
    *,
    closes: bool,
) -> _Day:
    came = table("counts", counts)
    intervals, classes = came.shape
    means = mean_services(service, classes)
    if not np.isfinite(means).any():
        raise UsageError("service must name a team that can serve a class")
    if amount("length", length) == 0.0:
        raise UsageError("length must be > 0")
    ones, ever = np.ones(classes), np.full(classes, np.inf)
    return _Day(
        counts=came,
        service=means,
        agents=table("agents", agents, rows=intervals, columns=means.shape[1]),
        length=float(length),
        weights=ones if weights is None else numbers("weights", weights, count=classes),
        patience=ever if patience is None else mean_times("patience", patience, classes),
        closes=closes,
    )
