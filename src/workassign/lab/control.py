"""What does the very best rule cost, where a floor is small enough to be solved: two classes and agents?"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from workassign.errors import UsageError
from workassign.lab.checked import Floats, mean_services, numbers
from workassign.lab.solver import scipy_part
from workassign.lab.steady_bounds import least_load
from workassign.model import whole_problem

__all__ = ["Optimum", "optimum"]

_IDLE = -1
_FIRST, _LAST = 20, 160
"""How many of a class may be in queue, in the first try and in the last."""
_CLOSE = 1e-6
"""By how much of itself the cost may still grow when twice as many may be in queue."""
_SETTLED = 1e-8
"""By how much of itself the cost must fall for another round."""
_ROUNDS = 100

Places: TypeAlias = NDArray[np.int64]


@attrs.frozen(kw_only=True, eq=False)
class Optimum:
    """The smallest mean cost per unit of time, and what was looked at to find it."""

    cost: float
    most: int
    """How many of each class could be in queue; the cost with more is the same or larger."""
    growth: float
    """By how much of itself the cost grew when `most` was last doubled; infinity if it never was."""
    rounds: int
    """How often the rule was improved, with the last `most`."""


@attrs.frozen(kw_only=True, eq=False)
class _Chain:
    """All states of a floor with room for *most* of each class, as one line of states."""

    shape: tuple[int, ...]
    costs: Floats
    """Per unit of time in each state."""
    rates: list[Floats]
    """Of each kind of event, in each state."""
    after: list[Places]
    """The state after each kind of event, before anybody starts anything."""
    starts: list[Places]
    """The state after each way to start something, the first being to start nothing."""


def optimum(
    arrivals: ArrayLike,
    service: ArrayLike,
    costs: ArrayLike,
    *,
    while_served: bool = True,
    most: int | None = None,
) -> Optimum:
    """Return the smallest mean cost per unit of time that a rule can have, of all that do not interrupt.

    *arrivals* are the rates of one or two classes, *service* the mean time of each class (row) by each of one
    or two agents (column), infinity where she cannot serve it; all times are exponential and nobody leaves.
    *costs* are per interaction and unit of time, by class, from arrival to the end of service, or of the wait
    if not *while_served*. A rule sees all numbers, and may keep an agent idle.

    An average cost Markov decision process, solved by policy iteration (Howard 1960), each rule by one sparse
    factorisation. At most *most* of each class are in queue, and who comes on top of them is turned away for
    nothing: that only lowers the cost, so that it is a bound in any case (to 1e-8). Without *most* it is
    doubled from 20 until the cost grows by less than 1e-6 of itself, up to 160 (`growth` says how near that
    is). Exact up to that: a ratio to it is how much a rule loses. Cost: seconds; states are (most + 1)^2 x
    the ways in which agents can be busy. Needs scipy.

    Raises:
        UsageError: If a figure is out of its range, there are more than two classes or agents, nobody can
        serve a
            class, more comes in than can be served, or scipy is not installed.

    >>> round(optimum([1.04, 0.32], [[1, 2], [float("inf"), 1]], [3, 1], most=40).cost, 4)
    12.0635
    """
    rates = numbers("arrivals", arrivals)
    means = mean_services(service, len(rates))
    if max(means.shape) > 2:
        raise UsageError(f"there must be one or two classes and agents, not {len(means)} and {len(means.T)}")
    each = numbers("costs", costs, count=len(rates))
    if (load := least_load(rates, means, np.ones(means.shape[1]))) >= 1.0:
        raise UsageError(f"the queues grow without bound: {load:g} of all the agents' time is asked for")
    if most is not None and (problem := whole_problem(most, 1, 2 * _LAST)):
        raise UsageError(f"most {problem}")
    if not (matter := (each > 0.0) & (rates > 0.0)).any():  # the others are best left alone
        return Optimum(cost=0.0, most=most or _FIRST, growth=0.0, rounds=0)

    def solved(room: int, hint: Places | None) -> tuple[float, Places, int]:
        chain = _chain(rates[matter], means[matter], each[matter], room, while_served=while_served)
        return _improved(chain, hint)

    room, growth = most or _FIRST, np.inf
    cost, choices, rounds = solved(room, None)
    while most is None and growth > _CLOSE and room < _LAST:
        before, room = cost, 2 * room
        cost, choices, rounds = solved(room, choices)
        growth = (cost - before) / cost
    return Optimum(cost=cost, most=room, growth=growth, rounds=rounds)


def _chain(rates: Floats, means: Floats, each: Floats, most: int, *, while_served: bool) -> _Chain:
    """Return the states: numbers in queue, then what each agent is busy with."""
    classes, agents = means.shape
    ways = list(
        product(*([_IDLE, *np.flatnonzero(np.isfinite(means[:, j])).tolist()] for j in range(agents)))
    )
    place = {way: number for number, way in enumerate(ways)}
    shape = (*([most + 1] * classes), len(ways))
    *queues, way = (axis.ravel() for axis in np.indices(shape))
    here = np.arange(prod(shape))

    def moved(change: list[int], turned: list[int]) -> Places:
        """Return the state with *change* in the queues, *turned* being the new way of each; else the same."""
        new = np.array(turned)[way]
        lengths = [queue + by for queue, by in zip(queues, change, strict=True)]
        fits = np.logical_and.reduce([new >= 0, *((length >= 0) & (length <= most) for length in lengths)])
        index = np.ravel_multi_index([*lengths, new], shape, mode="clip")
        return np.where(fits, index, here)

    stay, still = list(range(len(ways))), [0] * classes
    events = [np.full(len(here), rate) for rate in rates]
    after = [moved([int(k == other) for other in range(classes)], stay) for k in range(classes)]
    for j in range(agents):
        speed = np.array([0.0 if way[j] == _IDLE else 1.0 / means[way[j], j] for way in ways])
        events.append(speed[way])
        after.append(moved(still, [place[_with(way, j, _IDLE)] for way in ways]))
    starts = [here]
    for chosen in product(range(_IDLE, classes), repeat=agents):
        turned = [place.get(_started(way, chosen) or (), -1) for way in ways]
        if any(k != _IDLE for k in chosen) and max(turned) >= 0:
            starts.append(moved([-chosen.count(k) for k in range(classes)], turned))
    busy = np.array([sum(each[k] for k in way if k != _IDLE) for way in ways])[way] * while_served
    costs = busy + sum(cost * queue for cost, queue in zip(each, queues, strict=True))
    return _Chain(shape=shape, costs=costs, rates=events, after=after, starts=starts)


def _with(way: tuple[int, ...], agent: int, what: int) -> tuple[int, ...]:
    return (*way[:agent], what, *way[agent + 1 :])


def _started(way: tuple[int, ...], chosen: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return what agents are busy with once they start what is *chosen*; None if one is busy already."""
    if any(_IDLE not in (new, old) for old, new in zip(way, chosen, strict=True)):
        return None
    return tuple(old if new == _IDLE else new for old, new in zip(way, chosen, strict=True))


def _improved(chain: _Chain, hint: Places | None) -> tuple[float, Places, int]:
    """Return the cost of the best rule, what it starts where, and after how many rounds.

    The first rule is the best one with less room, its *hint* being that of the edge from there on; without
    one, nobody is idle, and the costliest queue is served.
    """
    starts, here = np.array(chain.starts), np.arange(len(chain.costs))
    if hint is None:
        costs = chain.costs * chain.costs - 1e-9 * sum(chain.rates)
        choices = np.argmin(costs[starts], axis=0)
    else:
        more = [(0, new - old) for new, old in zip(chain.shape, hint.shape, strict=True)]
        choices = np.pad(hint, more, mode="edge").ravel()
    before = np.inf
    for number in range(1, _ROUNDS + 1):
        cost, values = _valued(chain, starts[choices, here])
        reached = values[starts]
        best = np.argmin(reached, axis=0)
        now = reached[choices, here]
        better = reached[best, here] < now - 1e-9 * (1.0 + abs(now))
        if before - cost <= _SETTLED * cost or not better.any():
            return cost, choices.reshape(chain.shape), number
        before, choices = cost, np.where(better, best, choices)
    raise RuntimeError(f"no best rule was found in {_ROUNDS} rounds")


def _valued(chain: _Chain, rule: Places) -> tuple[float, Floats]:
    """Return the mean cost of *rule*, and what it costs more to begin in each state than in the empty one.

    The values v and the cost g solve: flow out of a state x (v there - v after) = cost of the state - g.
    """
    sparse, linalg = scipy_part("sparse", "bounds"), scipy_part("sparse.linalg", "bounds")
    size = len(rule)
    here = np.arange(size)
    rows = np.tile(here, len(chain.rates) + 1)
    columns = np.concatenate([here, *(rule[after] for after in chain.after)])
    flows = np.concatenate([sum(chain.rates), *(-rate for rate in chain.rates)])
    flow: Any = sparse.csc_array((flows, (rows, columns)), shape=(size, size))
    solve = linalg.splu(flow[1:, 1:].tocsc()).solve
    costs, ones = solve(chain.costs[1:]), solve(np.ones(size - 1))
    empty = flow[[0], 1:].toarray()[0]
    cost = float((chain.costs[0] - empty @ costs) / (1.0 - empty @ ones))
    return cost, np.concatenate([[0.0], costs - cost * ones])
