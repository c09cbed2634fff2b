"""Arrivals that are dealt out, one after the other, to several streams."""

from __future__ import annotations

import attrs

from workassign.lab.arrivals import Arrivals, Dice
from workassign.lab.distributions import Floats

__all__ = ["Turn"]


@attrs.frozen
class Turn:
    """Every so many-th of a *whole* process: of *count* streams this is the one at *place*."""

    whole: Arrivals
    name: str
    place: int
    count: int

    def times(self, start: float, end: float, dice: Dice) -> Floats:
        """Return the instants of those whose turn it is here."""
        times = self.whole.times(start, end, lambda purpose: dice(f"whole {self.name} {purpose}"))
        return times[self.place :: self.count]

    def expected(self, start: float, end: float) -> float:
        """Return its share of the whole."""
        return self.whole.expected(start, end) / self.count
