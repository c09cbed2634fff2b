"""How many followers and which lifetime value has an author? Synthetic figures.

Public files of mentions hold neither. Where a plan file asks for them in
`[simulation.customers]`, they are drawn by author: seeded, skewed like the real thing, and true
of nobody. Figures that the file does hold are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import attrs

from workassign.lab.draws import Lognormal, Purpose, stream

__all__ = ["SyntheticCustomers"]

MOST_FOLLOWERS = 100_000_000


@attrs.frozen(kw_only=True)
class SyntheticCustomers:
    """The table `[simulation.customers]`: how the figures of authors are spread."""

    followers: Lognormal = Lognormal(median=300.0, spread=1.6)
    stars: float = 0.01
    """The share of authors whose followers have a Pareto tail instead, 0 to 1."""
    star_followers: float = 20_000.0
    """Every star has more than these."""
    star_tail: float = 1.2
    """The tail's exponent, > 0: the smaller, the larger the largest."""
    value: Lognormal = Lognormal(median=800.0, spread=1.1)

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError for what cannot be."""
        if not 0 <= self.stars <= 1:
            raise ValueError(f"stars must be between 0 and 1, not {self.stars!r}")
        if self.star_followers < 0 or self.star_tail <= 0:
            raise ValueError("star_followers must be at least 0, and star_tail positive")

    def followers_of(self, author: str, seed: int) -> int:
        """Return the synthetic follower count of *author*."""
        dice = stream(seed, Purpose.FOLLOWERS, author)
        normal, luck, tail = dice.standard_normal(), dice.random(), dice.pareto(self.star_tail)
        many = self.star_followers * (1 + tail) if luck < self.stars else self.followers.at(normal)
        return int(min(many, MOST_FOLLOWERS))

    def value_of(self, author: str, seed: int) -> float:
        """Return the synthetic lifetime value of *author*, in whole cents."""
        return round(self.value.at(stream(seed, Purpose.VALUE, author).standard_normal()), 2)

    def drawer(self, seed: int) -> Callable[[str], tuple[int, float]]:
        """Return what gives followers and value of an author, drawn once for each."""
        return cache(lambda author: (self.followers_of(author, seed), self.value_of(author, seed)))
