"""What do the closed forms of queueing theory say, and how many agents does it take?

Long-run figures of systems that are simple enough to be solved: they stand beside a simulation, which
must agree, and they size a team before there is one. Rates are per unit of time, whatever that is;
waits, patience and service are in the same unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from math import ceil, exp, expm1, inf, isfinite, log, sqrt
from statistics import NormalDist

import attrs

from workassign.errors import UsageError
from workassign.model import is_number, whole_problem

__all__ = [
    "Abandoning",
    "Waiting",
    "agents_for",
    "erlang_a",
    "erlang_b",
    "erlang_c",
    "pollaczek_khinchine",
    "priorities",
    "square_root_staffing",
    "waiting",
]

_MOST_AGENTS = 1_000_000
_NEGLIGIBLE = -45.0
"""The logarithm of how much less likely than the likeliest a state is that is left out."""


@attrs.frozen(kw_only=True)
class Waiting:
    """A queue in the long run whose customers wait for as long as it takes."""

    delayed: float
    """Share of those who cannot be served at once."""
    wait: float
    """Mean wait of all."""
    length: float
    """Mean number that waits (Little: rate x wait)."""
    occupancy: float
    """Share of the agents' time that is taken up."""
    falls: float
    """The rate at which the wait of the delayed, which is exponential, comes to an end."""

    def within(self, time: float) -> float:
        """Return the share that is served within *time*, at least 0."""
        return 1.0 - self.delayed * exp(-self.falls * _positive("time", time, zero=True))


@attrs.frozen(kw_only=True)
class Abandoning:
    """A queue in the long run whose customers leave when their patience ends."""

    delayed: float
    """Share of those who cannot be served at once."""
    abandoned: float
    """Share of those who leave."""
    wait: float
    """Mean wait of all, to the service or to the leaving."""
    length: float
    """Mean number that waits."""
    occupancy: float
    """Share of the agents' time that is taken up."""
    _states: tuple[float, ...] = attrs.field(repr=False)
    """How likely an arrival finds so many waiting, all agents being busy."""
    _ratio: float = attrs.field(repr=False)
    """The rate of service of all agents, by the rate of leaving of one customer."""
    _leaving: float = attrs.field(repr=False)

    def within(self, time: float) -> float:
        """Return the share of all that is served within *time*, at least 0.

        Behind so many others the wait offered is a sum of exponentials whose rates go up by the rate
        of leaving: by that a Beta variable (Rényi). Cost: O(states).
        """
        passed = self._leaving * _positive("time", time, zero=True)
        served, ratio = 1.0 - self.delayed, self._ratio
        if passed == 0.0:
            return served
        # Of those with k others before them, I(k + 1, ratio + 1) would be through by then.
        gone, step = log(-expm1(-passed)), -(ratio + 1) * passed
        through = -expm1(step)
        for ahead, share in enumerate(self._states):
            served += share * max(through, 0.0) * ratio / (ratio + ahead + 1)
            step += gone + log(ratio + 1 + ahead) - log(ahead + 1)
            through -= exp(step)
        return served


def erlang_b(load: float, agents: int) -> float:
    """Return the share that is turned away where nobody can wait: M/G/*agents*/*agents* (Erlang 1917).

    *load* is arrivals x mean service, in erlangs, > 0. Cost: O(agents).

    Raises:
        UsageError: If a figure is out of its range.

    >>> round(erlang_b(6, 8), 4)
    0.1219
    """
    load, agents = _positive("load", load), _whole("agents", agents)
    inverse = 1.0
    for number in range(1, agents + 1):
        inverse = 1.0 + inverse * number / load
        if inverse == inf:
            return 0.0
    return 1.0 / inverse


def erlang_c(load: float, agents: int) -> float:
    """Return the share that has to wait where nobody leaves: M/M/*agents* (Erlang 1917); 1 if overloaded.

    *load* is arrivals x mean service, in erlangs, > 0. Cost: O(agents).

    Raises:
        UsageError: If a figure is out of its range.

    >>> round(erlang_c(4, 5), 4)
    0.5541
    """
    blocked = erlang_b(load, agents)
    if load >= agents:
        return 1.0
    return blocked / (1.0 - load / agents * (1.0 - blocked))


def waiting(arrivals: float, service: float, agents: int) -> Waiting:
    """Return the figures of M/M/*agents*: customers who wait for as long as it takes, in their order.

    *arrivals* is a rate, *service* the mean time of one, both > 0. Cost: O(agents).

    Raises:
        UsageError: If a figure is out of its range, or more comes in than can be served: then the
            queue grows without bound.

    >>> found = waiting(arrivals=4, service=1, agents=5)
    >>> round(found.wait, 4), round(found.within(0.25), 4)
    (0.5541, 0.5685)
    """
    arrivals, service = _positive("arrivals", arrivals), _positive("service", service)
    load, agents = arrivals * service, _whole("agents", agents)
    _bounded(load / agents)
    delayed, falls = erlang_c(load, agents), agents / service - arrivals
    mean = delayed / falls
    return Waiting(delayed=delayed, wait=mean, length=arrivals * mean, occupancy=load / agents, falls=falls)


def erlang_a(arrivals: float, service: float, agents: int, patience: float) -> Abandoning:
    """Return the figures of M/M/*agents* + M: who waits longer than her patience leaves (Palm 1946).

    *arrivals* is a rate; *service* and *patience* are means of exponential times, all > 0. There is no
    overload: enough leave. Cost: O(states that matter), some agents + load x patience / service.

    Raises:
        UsageError: If a figure is out of its range.

    >>> found = erlang_a(arrivals=10, service=1, agents=10, patience=2)
    >>> round(found.abandoned, 4), round(found.delayed, 4), round(found.within(0.2), 4)
    (0.1039, 0.6197, 0.572)
    """
    arrivals, service = _positive("arrivals", arrivals), _positive("service", service)
    agents, patience = _whole("agents", agents), _positive("patience", patience)
    served, leaving = agents / service, 1.0 / patience
    # Logarithms of how likely a state is, next to that of all agents busy and nobody waiting.
    line = _until_negligible(arrivals / (served + ahead * leaving) for ahead in count(1))
    below = _until_negligible(busy / (arrivals * service) for busy in range(agents, 0, -1))
    top = max(*line, *below)
    waits = [exp(each - top) for each in line]
    idles = [exp(each - top) for each in below[1:]]
    total = sum(waits) + sum(idles)
    idle = sum(number * each for number, each in enumerate(idles, start=1)) / total
    states = tuple(each / total for each in waits)
    length = sum(ahead * share for ahead, share in enumerate(states))
    return Abandoning(
        delayed=sum(states),
        abandoned=length * leaving / arrivals,
        wait=length / arrivals,
        length=length,
        occupancy=1.0 - idle / agents,
        states=states,
        ratio=served / leaving,
        leaving=leaving,
    )


def priorities(arrivals: Sequence[float], service: float, agents: int) -> list[float]:
    """Return the mean wait of each class, the most urgent first, where urgent work goes first (Cobham 1954).

    Nobody is interrupted. *arrivals* are the rates of the classes, *service* is the mean of the
    exponential time that work of every class takes, all > 0. A class for which there is not enough time
    waits for ever: infinity. Cost: O(agents + classes).

    Raises:
        UsageError: If a figure is out of its range, or there is no class.

    >>> [round(wait, 3) for wait in priorities([1.2, 2.0], service=1, agents=4)]
    [0.213, 1.065]
    """
    rates = [_positive("arrivals", rate) for rate in arrivals]
    if not rates:
        raise UsageError("arrivals must name at least one class")
    service, agents = _positive("service", service), _whole("agents", agents)
    first = erlang_c(sum(rates) * service, agents) * service / agents
    waits, used = [], 0.0
    for rate in rates:
        before, used = used, used + rate * service / agents
        waits.append(first / ((1.0 - before) * (1.0 - used)) if used < 1.0 else inf)
    return waits


def pollaczek_khinchine(arrivals: float, service: float, variation: float) -> float:
    """Return the mean wait for one agent, however the time of service is distributed: M/G/1.

    *arrivals* is a rate, *service* the mean time, both > 0, and *variation* the standard deviation of
    the time by its mean (0: always the same, 1: exponential), at least 0 (Pollaczek 1930, Khinchine
    1932). Cost: O(1).

    Raises:
        UsageError: If a figure is out of its range, or more comes in than can be served.

    >>> pollaczek_khinchine(0.8, 1, variation=0)
    2.0000000000000004
    """
    arrivals, service = _positive("arrivals", arrivals), _positive("service", service)
    spread, load = _positive("variation", variation, zero=True), arrivals * service
    _bounded(load)
    return load * service * (1.0 + spread * spread) / (2.0 * (1.0 - load))


# --- staffing -----------------------------------------------------------------------------------


def agents_for(
    arrivals: float, service: float, *, share: float, within: float, patience: float | None = None
) -> int:
    """Return the fewest agents with whom *share* of all is served *within* a time: 80/20 is 0.8 in 20 s.

    By `waiting`, or by `erlang_a` where customers have *patience*. 0 < *share* < 1, *within* is at
    least 0. Cost: O(load) a try, O(log load) tries.

    Raises:
        UsageError: If a figure is out of its range, or more than a million agents would be needed.

    >>> agents_for(100 / 3600, 180, share=0.8, within=20)
    8
    """
    if not isinstance(share, int | float) or not 0 < share < 1:
        raise UsageError(f"share must be a number between 0 and 1, not {share!r}")
    load = _positive("arrivals", arrivals) * _positive("service", service)
    within = _positive("within", within, zero=True)

    def is_enough(agents: int) -> bool:
        if patience is not None:
            return erlang_a(arrivals, service, agents, patience).within(within) >= share
        return load < agents and waiting(arrivals, service, agents).within(within) >= share

    few, many = 0, max(1, ceil(load))
    while not is_enough(many):
        few, many = many, 2 * many
        if many > _MOST_AGENTS:
            raise UsageError(f"more than {_MOST_AGENTS} agents would be needed")
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if is_enough(middle) else (middle, many)
    return many


def square_root_staffing(load: float, delayed: float = 0.2) -> int:
    """Return how many agents it takes so that about *delayed* of all have to wait: load + beta x its root.

    *load* in erlangs, > 0; 0 < *delayed* < 1. Beta solves the delay formula of Halfin and Whitt (1981),
    which is exact for large loads and within one agent or so for small ones. Cost: O(1).

    Raises:
        UsageError: If a figure is out of its range.

    >>> square_root_staffing(100), square_root_staffing(100, delayed=0.5)
    (111, 106)
    """
    load = _positive("load", load)
    if not isinstance(delayed, int | float) or not 0 < delayed < 1:
        raise UsageError(f"delayed must be a number between 0 and 1, not {delayed!r}")
    normal = NormalDist()
    low, high = 0.0, 40.0
    for _ in range(100):
        beta = (low + high) / 2
        density = normal.pdf(beta)
        chance = 1.0 / (1.0 + beta * normal.cdf(beta) / density) if density else 0.0
        low, high = (beta, high) if chance > delayed else (low, beta)
    return ceil(load + high * sqrt(load))


def _until_negligible(ratios: Iterable[float]) -> list[float]:
    """Return the logarithms of states of which each is so many times as likely as the one before.

    The ratios fall, so that after the likeliest state each is less likely than the one before.
    """
    found = [0.0]
    top = 0.0
    for ratio in ratios:
        found.append(found[-1] + log(ratio))
        top = max(top, found[-1])
        if found[-1] < top + _NEGLIGIBLE:
            break
    return found


def _positive(name: str, value: float, *, zero: bool = False) -> float:
    if not is_number(value) or not isfinite(value) or value < 0 or (value == 0 and not zero):
        raise UsageError(f"{name} must be a finite number {'from 0 on' if zero else '> 0'}, not {value!r}")
    return float(value)


def _whole(name: str, value: int) -> int:
    if problem := whole_problem(value, 1, _MOST_AGENTS):
        raise UsageError(f"{name} {problem}")
    return value


def _bounded(occupancy: float) -> None:
    if occupancy >= 1:
        raise UsageError(f"the queue grows without bound: {occupancy:g} of all the agents' time is asked for")
