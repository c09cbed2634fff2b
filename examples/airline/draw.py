"""How is chance drawn, so that one seed gives the same bytes everywhere?

Law: *only `random()` is drawn.* It is the one stream that the standard library promises
to keep from version to version; every other distribution is computed from it here.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

__all__ = ["Dice"]

T = TypeVar("T")


class Dice(Random):
    """Seeded chance. Strings are good seeds: they do not depend on hash randomization."""

    def chance(self, share: float) -> bool:
        """Say yes in *share* of all cases; 0.0 is never, 1.0 is always."""
        return self.random() < share

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, *limit*."""
        return int(self.random() * limit)

    def rounded(self, mean: float) -> int:
        """*mean*, or the whole number above or below it that makes it right on average."""
        return int(mean + self.random())

    def pick(self, items: Sequence[T]) -> T:
        """One of *items*, all alike."""
        return items[self.below(len(items))]

    def weigh(self, weights: Mapping[T, float]) -> T:
        """One key, in proportion to its weight. Cost: O(n)."""
        return at_share(weights, self.random())

    def exponential(self, mean: float) -> float:
        """A waiting time without memory, in the unit of *mean*."""
        return -mean * math.log(1.0 - self.random())

    def poisson(self, mean: float) -> int:
        """How many independent events fall where *mean* are expected. Cost: O(mean)."""
        events = 0
        reached = self.exponential(1.0)
        while reached < mean:
            events += 1
            reached += self.exponential(1.0)
        return events

    def geometric(self, mean: float) -> int:
        """A size from 1 up, *mean* on average; *mean* is above 1."""
        return 1 + int(math.log(1.0 - self.random()) / math.log(1.0 - 1.0 / mean))

    def between(self, quantiles: Sequence[tuple[float, float]]) -> float:
        """A value from a table of (share below, value), straight lines in between."""
        share = self.random()
        upper = bisect_right(quantiles, share, hi=len(quantiles) - 1, key=lambda row: row[0])
        (low, start), (high, end) = quantiles[upper - 1], quantiles[upper]
        return start + (end - start) * (share - low) / (high - low)


def at_share(weights: Mapping[T, float], share: float) -> T:
    """The key found *share* (0.0 up to, not including, 1.0) along the weights laid end to end.

    >>> at_share({"late": 3, "lost": 1}, 0.8)
    'lost'
    """
    left = share * sum(weights.values())
    for key, weight in weights.items():
        if left < weight:
            return key
        left -= weight
    return max(weights, key=lambda key: weights[key])  # rounding went past the end
