"""What could no rule beat in the long run, by arrival rates, mean services and teams?

A floor here is three things: *arrivals*, the rate of each class; *service*, the mean handle time of
each class (row) by each team (column), infinity where the team cannot serve the class; *agents*, how
many there are in each team. Times and rates are in one unit, whatever it is.

A figure near its bound is proved to be good. One far from its bound proves nothing: the bound may be loose.
"""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.checked import Floats, mean_services, mean_times, numbers
from workassign.lab.solver import corner
from workassign.lab.theory import erlang_a

__all__ = ["least_load", "pooled_abandonment", "pooled_wait", "subset_cost"]

_MOST_CLASSES = 12


@attrs.frozen(kw_only=True)
class _Floor:
    arrivals: Floats
    service: Floats
    agents: Floats

    @property
    def can(self) -> Floats:
        """1 where a class can be served by a team, else 0."""
        return np.isfinite(self.service).astype(np.float64)

    def fastest(self, classes: Floats) -> Floats:
        """Return the best rate of each agent who can serve one of *classes* (a mask), the fastest first."""
        best = (1.0 / self.service[classes.astype(bool) & (self.arrivals > 0.0)]).max(axis=0)
        speeds = np.repeat(best, self.agents.astype(int))
        return -np.sort(-speeds[speeds > 0.0])


def pooled_wait(
    arrivals: ArrayLike, service: ArrayLike, agents: ArrayLike, patience: ArrayLike | None = None
) -> float:
    """Return the mean wait of all, below which no rule gets, as if everybody could do everything.

    Without *patience*: the mean queue of a birth-death process with all arrivals, in which n interactions are
    served by the n fastest agents, each at the best rate she has for any class; by Little's law that is a
    wait. With agents alike it is Erlang C. The number in system under any rule is at least that, state by
    state, so the bound is proved, for Poisson arrivals, exponential service and rules that do not know how
    long a service will take; interrupting is allowed. With *patience* (the mean of each class, exponential;
    infinity: never leaves): `pooled_abandonment` x the shortest patience, since of each class the share that
    leaves is wait / patience; as valid as that is.

    Tight where everybody can do everything equally fast; skills, speeds and unequal classes loosen it.
    Cost: O(classes x teams + agents).

    Raises:
        UsageError: If a figure is out of its range, somebody has nobody who can serve her, or nobody leaves
            and more comes in than all could serve.

    >>> round(pooled_wait([2, 2], [[1], [1]], [5]), 4)
    0.5541
    """
    floor = _floor(arrivals, service, agents)
    if patience is not None:
        lasts = mean_times("patience", patience, len(floor.arrivals))[floor.arrivals > 0.0]
        left = pooled_abandonment(arrivals, service, agents, patience)
        return left * float(lasts.min()) if left else 0.0
    total = float(floor.arrivals.sum())
    return _birth_death(floor, np.ones(len(floor.arrivals)))[1] / total


def pooled_abandonment(
    arrivals: ArrayLike, service: ArrayLike, agents: ArrayLike, patience: ArrayLike
) -> float:
    """Return the share that leaves, below which no rule gets, as if everybody could do everything.

    Erlang A (Palm 1946) with all arrivals, all agents at the best rate of any class and team, and the longest
    of the mean *patience* of the classes; 0 if some class never leaves (infinity). Proved where service and
    patience are alike for all; for others it is argued by coupling, not proved. Exponential times. Tight
    where everybody can do everything equally fast. Cost: that of `workassign.lab.theory.erlang_a`.

    Raises:
        UsageError: If a figure is out of its range, or somebody has nobody who can serve her.

    >>> round(pooled_abandonment([6, 4], [[1], [1]], [10], [2, 2]), 4)
    0.1039
    """
    floor = _floor(arrivals, service, agents)
    longest = float(mean_times("patience", patience, len(floor.arrivals))[floor.arrivals > 0.0].max())
    speeds = floor.fastest(np.ones(len(floor.arrivals)))
    if np.isinf(longest):
        return 0.0
    return erlang_a(float(floor.arrivals.sum()), 1.0 / float(speeds[0]), len(speeds), longest).abandoned


def least_load(arrivals: ArrayLike, service: ArrayLike, agents: ArrayLike) -> float:
    """Return the smallest share of time that the busiest team is busy, if work is shared out for that.

    The static planning program (Harrison 2000): at 1 or above, no rule keeps the queues bounded. Exact
    whatever the distributions. Cost: a linear program of classes x teams variables. Needs scipy.

    Raises:
        UsageError: If a figure is out of its range, somebody has nobody who can serve her, or scipy is not
            installed.

    >>> round(least_load([1.04, 0.32], [[1, 2], [float("inf"), 1]], [1, 1]), 9)
    0.8
    """
    floor = _floor(arrivals, service, agents)
    served, busy = _flows(floor)
    found = corner(
        np.append(np.zeros(served.shape[1]), 1.0),
        "bounds",
        A_eq=np.column_stack([served, np.zeros(len(served))]),
        b_eq=floor.arrivals,
        A_ub=np.column_stack([busy, -floor.agents]),
        b_ub=np.zeros(len(busy)),
    )
    if found is None:
        raise RuntimeError("whatever can be served can be shared out")
    return float(found[-1])


def subset_cost(
    arrivals: ArrayLike,
    service: ArrayLike,
    agents: ArrayLike,
    weights: ArrayLike,
    *,
    counting: Literal["system", "queue"] = "system",
) -> float:
    """Return the mean of the sum of *weights* x numbers of each class, below which no rule gets.

    *counting* the whole system, or the queue alone. For each set of classes the number in system is at least
    that of a birth-death process in which only they arrive, and n of them are served by the n fastest agents
    who can serve one of them, each at her best rate for them, interrupting at will; and as much waits at
    least as there. A linear program finds the smallest sum under all of these; how often each team serves
    each class, which is bound by flow and capacity, ties the two. Proved as `pooled_wait` is (which it is for
    one set, of all). For one pool with a common service time it is what can be reached exactly, with
    interrupting (Shanthikumar and Yao 1992). About 0.7 to 1 of the optimum on many skill graphs, about half
    where agents have two speeds. With weights of 1 / all arrivals the queue is the mean wait of all. Cost:
    2^classes x (agents + classes), and a program of twice 2^classes rules. Needs scipy.

    Raises:
        UsageError: If a figure is out of its range, there are more than 12 classes, somebody has nobody who
            can serve her, more comes in than can be served, or scipy is not installed.

    >>> round(subset_cost([4], [[1]], [5], [1], counting="queue"), 4)
    2.2165
    """
    floor = _floor(arrivals, service, agents)
    if (classes := len(floor.arrivals)) > _MOST_CLASSES:
        raise UsageError(f"there must be at most {_MOST_CLASSES} classes, not {classes}")
    if counting not in ("system", "queue"):
        raise UsageError(f"counting must be system or queue, not {counting!r}")
    costs = numbers("weights", weights, count=classes)
    sets = (np.arange(1, 2**classes)[:, None] >> np.arange(classes) & 1).astype(np.float64)
    least = np.array([_birth_death(floor, each) for each in sets])
    served, busy = _flows(floor)
    # The variables: how many of each class are in system, and how many agents are at work on each pair.
    serving = (served > 0.0).astype(np.float64)
    worth = np.concatenate([costs, costs @ serving * (-1.0 if counting == "queue" else 0.0)])
    found = corner(
        worth,
        "bounds",
        A_ub=np.block(
            [[-sets, 0.0 * sets @ serving], [-sets, sets @ serving], [np.zeros((len(busy), classes)), busy]]
        ),
        b_ub=np.concatenate([-least.T.ravel(), floor.agents]),
        A_eq=np.column_stack([np.zeros((classes, classes)), served]),
        b_eq=floor.arrivals,
    )
    if found is None:
        raise UsageError("the queues grow without bound: who can serve a class has too little time for it")
    return max(0.0, float(worth @ found))


def _birth_death(floor: _Floor, classes: Floats) -> tuple[float, float]:
    """Return how many are in system and how many wait, if only *classes* (a mask) arrive."""
    if (arrivals := float(classes @ floor.arrivals)) == 0.0:
        return 0.0, 0.0
    speeds = floor.fastest(classes)
    rates = np.cumsum(speeds)
    if (ratio := arrivals / float(rates[-1])) >= 1.0:
        raise UsageError(f"the queue grows without bound: {ratio:g} of all the agents' time is asked for")
    chances = np.concatenate([[0.0], np.cumsum(np.log(arrivals) - np.log(rates))])
    chances = np.exp(chances - chances.max())
    full, below = chances[-1] / (1.0 - ratio), chances[:-1]  # all are busy: a geometric queue
    waits = full * ratio / (1.0 - ratio)
    total = full + below.sum()
    inside = float(below @ np.arange(len(below))) + full * len(speeds) + waits
    return float(inside / total), float(waits / total)


def _flows(floor: _Floor) -> tuple[Floats, Floats]:
    """Return what an agent at work on each pair that fits serves of each class, and whom she is of."""
    rows, columns = np.nonzero(floor.can)
    served, busy = np.zeros((len(floor.arrivals), len(rows))), np.zeros((len(floor.agents), len(rows)))
    served[rows, np.arange(len(rows))] = 1.0 / floor.service[rows, columns]
    busy[columns, np.arange(len(rows))] = 1.0
    return served, busy


def _floor(arrivals: ArrayLike, service: ArrayLike, agents: ArrayLike) -> _Floor:
    rates = numbers("arrivals", arrivals)
    means, team = mean_services(service, len(rates)), numbers("agents", agents)
    if rates.sum() == 0.0:
        raise UsageError("arrivals must have a class with a rate > 0")
    if len(team) != means.shape[1]:
        raise UsageError(f"agents must have {means.shape[1]} numbers, one for each team, not {len(team)}")
    if (team != np.floor(team)).any():
        raise UsageError("agents must be whole numbers")
    found = _Floor(arrivals=rates, service=means, agents=team)
    if (alone := np.flatnonzero((rates > 0.0) & (found.can @ team == 0.0))).size:
        raise UsageError(f"service must name a team with agents that can serve class {alone[0]}")
    return found
