"""What can be added up, and merged? Counts, durations with their quantiles, a row of all of them."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from workassign import formulas

__all__ = ["RELATIVE_ERROR", "Durations", "Row", "Totals", "Waits", "exact_sum", "grained"]

RELATIVE_ERROR = 2**-8
"""A quantile is off by no more than this share of itself; count, sum and longest are exact."""

# A bin is the upper half of a 32-bit float: sign, exponent, and 7 bits of the fraction. So bins
# are 0.8 % wide everywhere, and a whole list is put into bins by three calls that run in C.
_UPPER = 1 if sys.byteorder == "little" else 0


def _bins(values: list[float]) -> array[int]:
    return array("H", array("f", values).tobytes())[_UPPER::2]


# Adding and taking away this leaves a multiple of 2**-20 s. Sums of such up to 2**33 s are exact,
# whatever the order: what was gathered live, in any portions, equals what a journal gives.
_GRAIN = 1.5 * 2**32


def grained(seconds: float) -> float:
    """Return *seconds* to a microsecond."""
    return (seconds + _GRAIN) - _GRAIN


def exact_sum(values: list[float]) -> float:
    """Return the sum of *values*, each to a microsecond, the same in any order."""
    grain = _GRAIN
    return sum([(value + grain) - grain for value in values])


def _middle(code: int) -> float:
    """Return the middle of a bin."""
    edges = array("f")
    halves = (0, code, 0, code + 1) if _UPPER else (code, 0, code + 1, 0)
    edges.frombytes(array("H", halves).tobytes())
    return (edges[0] + edges[1]) / 2 if edges[0] else 0.0


_NO_BINS: Counter[int] = Counter()
"""Stands in until there is something to put into bins; nobody writes to it."""


class Totals:
    """Durations in seconds: their number and sum.

    New ones are appended to `new` and taken in by `settle`, many at once.
    """

    __slots__ = ("count", "new", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.new: list[float] = []

    def settle(self) -> None:
        """Take in what is new. Cost: O(new), in C."""
        new = self.new
        if new:
            self.count += len(new)
            self.total += exact_sum(new)
            new.clear()

    def add(self, other: Totals) -> None:
        """Add what another has."""
        other.settle()
        self.count += other.count
        self.total += other.total

    @property
    def mean(self) -> float | None:
        """The mean; None of nothing."""
        return formulas.mean(self.total, self.count)

    def data(self) -> list[Any]:
        """Return all as plain data."""
        self.settle()
        return [self.count, self.total]


class Durations(Totals):
    """Durations with bins for their quantiles."""

    __slots__ = ("bins",)

    def __init__(self) -> None:
        super().__init__()
        self.bins: Counter[int] = _NO_BINS

    def settle(self) -> None:
        """Take in what is new. Cost: O(new), in C."""
        if self.new:
            self._own_bins().update(_bins(self.new))
            super().settle()

    def _own_bins(self) -> Counter[int]:
        if self.bins is _NO_BINS:
            self.bins = Counter()
        return self.bins

    def add(self, other: Totals) -> None:
        """Add what another has. Cost: O(its bins)."""
        super().add(other)
        if isinstance(other, Durations) and other.bins:
            self._own_bins().update(other.bins)

    def quantile(self, share: float) -> float | None:
        """Return the least duration that at least *share* of all are not above; None of nothing.

        Cost: O(bins log bins).
        """
        if not self.count:
            return None
        wanted, below = share * self.count, 0
        for code in sorted(self.bins):
            below += self.bins[code]
            if below >= wanted:
                return _middle(code)
        raise AssertionError(f"{self.count} durations, but {below} in bins")

    def data(self) -> list[Any]:
        """Return all as plain data."""
        return [*super().data(), sorted(self.bins.items())]


class Waits(Durations):
    """Waits under a threshold, the same for all that are `new`: also how many kept it, and the excess."""

    __slots__ = ("excess", "limit", "longest", "promised", "targeted", "within")

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self.limit = 0.0
        self.targeted = False
        """Those that are new have an SLA target to their acceptance."""
        self.within = 0
        self.excess = 0.0
        self.promised = 0
        """How many had such a target."""

    def settle(self) -> None:
        """Take in what is new. Cost: O(new), in C; O(n log n) if some are beyond the threshold."""
        new = self.new
        if not new:
            return
        most = max(new)
        self.longest = max(self.longest, most)
        kept = len(new)
        if most > self.limit:
            new.sort()
            kept = bisect_right(new, self.limit)
            self.excess += exact_sum(new[kept:]) - grained(self.limit) * (len(new) - kept)
        self.within += kept
        self.promised += len(new) if self.targeted else 0
        super().settle()

    def under(self, limit: float, *, targeted: bool) -> list[float]:
        """Return the list of what is new, for waits under *limit*."""
        if limit != self.limit or targeted != self.targeted:
            self.settle()
            self.limit, self.targeted = limit, targeted
        return self.new

    def add(self, other: Totals) -> None:
        """Add what another has."""
        super().add(other)
        if isinstance(other, Waits):
            self.longest = max(self.longest, other.longest)
            self.within += other.within
            self.excess += other.excess
            self.promised += other.promised

    def data(self) -> list[Any]:
        """Return all as plain data."""
        return [*super().data(), self.longest, self.within, self.excess, self.promised]


class Row:
    """Everything that is counted of one scope in one interval. Rows can be merged."""

    __slots__ = ("counts", "durations", "entered", "handles", "resolutions", "rings", "waits")

    def __init__(self) -> None:
        self.entered = 0
        self.waits = Waits()
        """Of what was answered: its count is A."""
        self.rings = Durations()
        """From the offer to its acceptance."""
        self.handles = Totals()
        """From the assignment to its end."""
        self.resolutions = Totals()
        """From the opening to the completion."""
        self.counts: defaultdict[str, float] = defaultdict(float)
        """Everything rarer, by name: numbers, and sums of seconds or sentiments."""
        self.durations: dict[str, Durations] = {}
        """Durations that are rarer, by name."""

    def of(self, name: str) -> Durations:
        """Return the rarer durations of that name."""
        if name not in self.durations:
            self.durations[name] = Durations()
        return self.durations[name]

    @property
    def is_blank(self) -> bool:
        """Whether nothing was counted."""
        if self.entered or self.counts or self.durations:
            return False
        return not any(each.new or each.count for each in self._all())

    def settle(self) -> None:
        """Take in all that is new."""
        for each in self._all():
            each.settle()

    def _all(self) -> Iterator[Totals]:
        yield from (self.waits, self.rings, self.handles, self.resolutions)
        yield from self.durations.values()

    def add(self, other: Row) -> None:
        """Add what another has. Cost: O(its bins)."""
        self.entered += other.entered
        self.waits.add(other.waits)
        self.rings.add(other.rings)
        self.handles.add(other.handles)
        self.resolutions.add(other.resolutions)
        for name, number in other.counts.items():
            self.counts[name] += number
        for name, durations in other.durations.items():
            self.of(name).add(durations)

    def data(self) -> dict[str, Any]:
        """Return all as plain data; equal rows give equal data."""
        return {
            "entered": self.entered,
            "waits": self.waits.data(),
            "rings": self.rings.data(),
            "handles": self.handles.data(),
            "resolutions": self.resolutions.data(),
            "counts": {name: number for name, number in sorted(self.counts.items()) if number},
            "durations": {name: each.data() for name, each in sorted(self.durations.items())},
        }
