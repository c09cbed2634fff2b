"""When do customers write? Arrival processes, drawn for a stretch of time.

Times are seconds; a rate is arrivals per second of time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Protocol, runtime_checkable

import attrs
import numpy as np

from workassign.errors import PlanError
from workassign.lab.distributions import Distribution, Floats, as_floats, as_tuple, distribution

__all__ = [
    "MOST",
    "Arrivals",
    "Busy",
    "Part",
    "Poisson",
    "Profile",
    "Recorded",
    "Renewal",
    "SelfExciting",
    "arrivals",
    "mixture",
]

MOST = 50_000_000
"""A stretch of time with more arrivals than this is a slip of the pen."""

Dice = Callable[[str], np.random.Generator]
"""Gives the random numbers of a purpose, from the beginning; the empty name is the stream's own."""


@runtime_checkable
class Arrivals(Protocol):
    """A process of arrivals."""

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants of the arrivals from *start* to below *end*, in order."""

    def expected(self, start: float, end: float) -> float:
        """Return how many arrivals must be expected between the two."""


def _checked_rate(name: str, rate: object, *, zero: bool = True) -> float:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not isfinite(rate):
        raise ValueError(f"{name} must be a finite number of arrivals per second, not {rate!r}")
    if rate < 0 or (rate == 0 and not zero):
        raise ValueError(f"{name} must be {'at least 0' if zero else 'positive'}, not {rate!r}")
    return float(rate)


def _checked_number(expected: float, start: float, end: float) -> None:
    if expected > MOST:
        raise ValueError(
            f"{expected:,.0f} arrivals between {start:g} and {end:g} are more than {MOST:,}: "
            "is the rate per second?"
        )


@attrs.frozen
class Poisson:
    """Independent customers at a constant *rate*."""

    rate: float

    def __attrs_post_init__(self) -> None:
        """Check the rate."""
        _checked_rate("rate", self.rate)

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants."""
        return _poisson(self.rate, start, end, dice(""))

    def expected(self, start: float, end: float) -> float:
        """Return rate x time."""
        return self.rate * (end - start)


def _poisson(rate: float, start: float, end: float, dice: np.random.Generator) -> Floats:
    """Return arrivals one after the other, so that a longer stretch begins with the same ones."""
    expected = rate * (end - start)
    _checked_number(expected, start, end)
    if expected <= 0:
        return np.empty(0)
    block = int(expected + 4 * expected**0.5) + 16
    gaps, last = [dice.standard_exponential(block)], start
    found = [last + np.cumsum(gaps[0]) / rate]
    while found[-1][-1] < end:
        found.append(found[-1][-1] + np.cumsum(dice.standard_exponential(block)) / rate)
    times = np.concatenate(found)
    return times[: int(np.searchsorted(times, end))]


@attrs.frozen
class Profile:
    """Independent customers at a rate that changes at set times, by the hour of the day for example.

    `rates[i]` holds from `breakpoints[i - 1]` to `breakpoints[i]`, seconds after the beginning; with
    a *period* (86,400: a day) it begins again after so many seconds, counted from instant 0.
    """

    rates: tuple[float, ...] = attrs.field(converter=as_tuple)
    breakpoints: tuple[float, ...] = attrs.field(converter=as_tuple)
    period: float | None = None

    def __attrs_post_init__(self) -> None:
        """Check rates and breakpoints."""
        for rate in self.rates:
            _checked_rate("a rate", rate)
        if len(self.rates) != len(self.breakpoints) + 1:
            raise ValueError(f"{len(self.rates)} rates need {len(self.rates) - 1} breakpoints between them")
        if any(b <= a for a, b in zip((0.0, *self.breakpoints), self.breakpoints, strict=False)):
            raise ValueError(f"breakpoints must rise from above 0, not {self.breakpoints!r}")
        if self.period is not None and not self.period > (self.breakpoints or (0.0,))[-1]:
            raise ValueError(f"period must be after the last breakpoint, not {self.period!r}")

    @classmethod
    def even(cls, rates: Sequence[float], each: float, *, periodic: bool = True) -> Profile:
        """Return rates that hold for *each* seconds, one after the other."""
        breakpoints = [each * (place + 1) for place in range(len(rates) - 1)]
        return cls(tuple(rates), tuple(breakpoints), each * len(rates) if periodic else None)

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants: unit arrivals on the scale of the expected number, stretched."""
        knots, levels = self._cumulative(start, end)
        unit = _poisson(1.0, 0.0, float(levels[-1]), dice(""))
        return np.interp(unit, levels, knots)

    def expected(self, start: float, end: float) -> float:
        """Return the area under the rates."""
        return float(self._cumulative(start, end)[1][-1])

    def _cumulative(self, start: float, end: float) -> tuple[Floats, Floats]:
        """Return instants, and how many arrivals are expected up to each."""
        if self.period is None:
            edges = [0.0, *self.breakpoints]
            knots = [start, *(start + edge for edge in edges[1:] if start + edge < end), end]
            rates = list(self.rates[: len(knots) - 1])
        else:
            knots, rates = [start], []
            turn, place = divmod(start, self.period)
            number = int(np.searchsorted(self.breakpoints, place, side="right"))
            while knots[-1] < end:
                edges = [*self.breakpoints, self.period]
                rates.append(self.rates[number])
                knots.append(min(turn * self.period + edges[number], end))
                number += 1
                if number == len(self.rates):
                    turn, number = turn + 1, 0
        widths = np.diff(knots)
        return np.asarray(knots), np.concatenate([[0.0], np.cumsum(widths * rates)])


@attrs.frozen
class Busy:
    """Another process whose rates are multiplied by a random factor, drawn anew for each stretch.

    Such days are busier or quieter than Poisson would have it (a doubly stochastic process). With a
    *name*, all processes of that name have the same factors: the whole desk has a busy day.
    """

    usual: Poisson | Profile
    factor: Distribution
    each: float = 86_400.0
    name: str = ""

    def __attrs_post_init__(self) -> None:
        """Check the stretch."""
        if not (isfinite(self.each) and self.each > 0):
            raise ValueError(f"each must be a positive number of seconds, not {self.each!r}")

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants."""
        edges = np.append(np.arange(start, end, self.each), end)
        factors = self.factor.sample(dice(f"factor {self.name}"), len(edges) - 1)
        expected = [self.usual.expected(start, edge) for edge in edges]
        scaled = np.concatenate([[0.0], np.cumsum(np.diff(expected) * factors)])
        unit = _poisson(1.0, 0.0, float(scaled[-1]), dice(""))
        # Back through the factors to the usual number, and from there to the clock.
        usual = np.interp(unit, scaled, expected)
        knots, levels = _as_profile(self.usual)._cumulative(start, end)
        return np.interp(usual, levels, knots)

    def expected(self, start: float, end: float) -> float:
        """Return what is usual, times the mean factor."""
        return self.usual.expected(start, end) * self.factor.mean


def _as_profile(usual: Poisson | Profile) -> Profile:
    return usual if isinstance(usual, Profile) else Profile((usual.rate,), ())


@attrs.frozen
class SelfExciting:
    """Arrivals that bring about further ones, as what goes viral does (Hawkes 1971).

    Each arrival has on average *children* further ones, below 1, after an exponential delay of mean
    *decay* seconds; they have their own in turn. So `usual` arrivals become usual / (1 - children).
    """

    usual: Poisson | Profile
    children: float
    decay: float

    def __attrs_post_init__(self) -> None:
        """Check that a storm ends."""
        if not 0 <= self.children < 1:
            raise ValueError(
                f"children must be at least 0 and below 1 (or it never ends), not {self.children!r}"
            )
        if not (isfinite(self.decay) and self.decay > 0):
            raise ValueError(f"decay must be a positive number of seconds, not {self.decay!r}")

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants, generation by generation."""
        generation = self.usual.times(start, end, dice)
        found, viral = [generation], dice("viral")
        while generation.size:
            many = viral.poisson(self.children, generation.size)
            born = np.repeat(generation, many)
            generation = born + viral.standard_exponential(born.size) * self.decay
            generation = generation[generation < end]
            found.append(generation)
            _checked_number(sum(each.size for each in found), start, end)
        return np.sort(np.concatenate(found))

    def expected(self, start: float, end: float) -> float:
        """Return the number if all children came before the end: an upper bound."""
        return self.usual.expected(start, end) / (1 - self.children)


@attrs.frozen
class Renewal:
    """Independent gaps of any distribution: more regular than Poisson, or more in bursts."""

    gap: Distribution

    def __attrs_post_init__(self) -> None:
        """Check that time goes on."""
        if not self.gap.mean > 0:
            raise ValueError("the mean gap must be positive, or it never ends")

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants; the first gap begins at *start*."""
        expected = self.expected(start, end)
        _checked_number(expected, start, end)
        own, found = dice(""), [np.array([start])]
        while found[-1][-1] < end:
            gaps = self.gap.sample(own, int(expected) + 16)
            found.append(found[-1][-1] + np.cumsum(gaps))
        times = np.concatenate(found)[1:]
        return times[: int(np.searchsorted(times, end))]

    def expected(self, start: float, end: float) -> float:
        """Return time / mean gap."""
        return (end - start) / self.gap.mean


@attrs.frozen(eq=False)
class Recorded:
    """A trace: arrivals at these very instants, in order."""

    at: Floats = attrs.field(converter=as_floats)

    def __attrs_post_init__(self) -> None:
        """Check the order."""
        if self.at.ndim != 1 or not np.isfinite(self.at).all() or (np.diff(self.at) < 0).any():
            raise ValueError("a trace must be finite instants in order of time")

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return those from *start* to below *end*."""
        first, last = np.searchsorted(self.at, [start, end])
        return self.at[first:last]

    def expected(self, start: float, end: float) -> float:
        """Return how many there are."""
        first, last = np.searchsorted(self.at, [start, end])
        return float(last - first)


@attrs.frozen
class Part:
    """Those of a *whole* process that are of one kind: see `mixture`."""

    whole: Arrivals
    name: str
    shares: tuple[float, ...]
    number: int

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants of those that are of this kind."""
        times = self.whole.times(start, end, lambda purpose: dice(f"whole {self.name} {purpose}"))
        luck = dice(f"whole {self.name} kinds").random(times.size)
        which = np.searchsorted(np.cumsum(self.shares)[:-1], luck, side="right")
        found: Floats = times[which == self.number]
        return found

    def expected(self, start: float, end: float) -> float:
        """Return its share of the whole."""
        return self.whole.expected(start, end) * self.shares[self.number]


def mixture(whole: Arrivals, shares: Mapping[str, float], name: str = "mixture") -> dict[str, Part]:
    """Return the *whole* as arrivals by kind: each arrival is of one kind, by its share.

    Two mixtures of one *name* have the same dice.

    Raises:
        ValueError: If the shares are negative or do not sum up to 1.

    >>> parts = mixture(Poisson(2.0), {"billing": 0.25, "technical": 0.75})
    >>> parts["billing"].expected(0, 100)
    50.0
    """
    values = tuple(shares.values())
    if not values or any(not 0 <= share <= 1 for share in values) or abs(sum(values) - 1) > 1e-9:
        raise ValueError(f"shares must be from 0 to 1 and sum up to 1, not {dict(shares)!r}")
    return {kind: Part(whole, name, values, number) for number, kind in enumerate(shares)}


# --- as data --------------------------------------------------------------------------------


def arrivals(data: object, path: str = "arrivals") -> Arrivals:
    """Return what a table such as `{ process = "poisson", rate = 0.5 }` says.

    Processes: `poisson` (rate), `profile` (rates, breakpoints or each, period), `busy` (usual,
    factor, each, name), `self_exciting` (usual, children, decay), `renewal` (gap), `recorded` (at).

    Raises:
        PlanError: If anything is wrong, with its path.
    """
    if not isinstance(data, Mapping):
        raise PlanError([f"{path}: must be a table with process, not {data!r}"])
    settings: dict[str, Any] = dict(data)
    kind = settings.pop("process", None)
    if "usual" in settings:
        settings["usual"] = arrivals(settings["usual"], f"{path}.usual")
    for name in ("factor", "gap"):
        if name in settings:
            settings[name] = distribution(settings[name], f"{path}.{name}")
    make = _PROCESSES.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise PlanError([f"{path}.process: there is no {kind!r}; there are {', '.join(sorted(_PROCESSES))}"])
    if kind == "profile" and "each" in settings:
        make = Profile.even
    try:
        return make(**settings)
    except (TypeError, ValueError) as error:
        raise PlanError([f"{path}: {error}"]) from None


_PROCESSES: Mapping[str, Callable[..., Arrivals]] = {
    "busy": Busy,
    "poisson": Poisson,
    "profile": Profile,
    "recorded": Recorded,
    "renewal": Renewal,
    "self_exciting": SelfExciting,
}
