"""How sure are we? Means of independent runs, and intervals around them.

Intervals are Student's: mean ± t(n - 1, (1 + level) / 2) · s / sqrt(n), for n independent values
(replications, or batches long enough to be nearly independent). Quantiles of t are computed here,
so that an interval needs nothing but numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import atan, cos, inf, isnan, nan, pi, sin, sqrt
from statistics import NormalDist

import attrs
import numpy as np

__all__ = ["Estimate", "estimate", "t_quantile"]


@attrs.frozen
class Estimate:
    """A mean of n values, and where the truth lies with so much confidence."""

    mean: float
    error: float
    """Standard error of the mean; NaN if there is only one value."""
    low: float
    high: float
    count: int
    """How many values there were: runs in which nothing happened have none."""

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        """Return it as one reads it.

        >>> str(estimate([1.0, 2.0, 3.0]))
        '2 ± 2.48'
        """
        return f"{self.mean:.4g} ± {self.half_width:.3g}"


def estimate(values: Sequence[float], level: float = 0.95) -> Estimate:
    """Return the mean of independent *values* with its interval; NaN among them are left out.

    Raises:
        ValueError: If *level* is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level!r}")
    known = [value for value in values if not isnan(value)]
    count = len(known)
    if count == 0:
        return Estimate(nan, nan, nan, nan, 0)
    mean = float(np.mean(known))
    if count == 1:
        return Estimate(mean, nan, -inf, inf, 1)
    error = float(np.std(known, ddof=1)) / sqrt(count)
    half = t_quantile((1 + level) / 2, count - 1) * error
    return Estimate(mean, error, mean - half, mean + half, count)


@cache
def t_quantile(share: float, freedom: int) -> float:
    """Return below which value a t variable of so many degrees of freedom is with probability *share*.

    By bisection of the distribution function, a finite sum (Abramowitz and Stegun 26.7.3-4).

    Raises:
        ValueError: If *share* is not between 0 and 1, or *freedom* below 1.

    >>> round(t_quantile(0.975, 9), 4), round(t_quantile(0.975, 1_000_000), 4)
    (2.2622, 1.96)
    """
    if not 0 < share < 1 or freedom < 1:
        raise ValueError(f"share must be between 0 and 1 and freedom at least 1, not {share!r}, {freedom!r}")
    if share < 0.5:
        return -t_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while _t_below(high, freedom) < share:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_below(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _t_below(value: float, freedom: int) -> float:
    """Return P(T <= value) for value >= 0, exactly for up to 1,000 degrees of freedom.

    Beyond, the first terms of the normal's expansion do (Abramowitz and Stegun 26.7.8).
    """
    if freedom > 1000:
        normal = value * (1 - 1 / (4 * freedom)) / sqrt(1 + value * value / (2 * freedom))
        return NormalDist().cdf(normal)
    angle = atan(value / sqrt(freedom))
    square = cos(angle) ** 2
    term = total = cos(angle) if freedom % 2 else 1.0
    for step in range(2 if freedom % 2 else 1, freedom - 1, 2):
        term *= square * step / (step + 1)
        total += term
    if freedom % 2:
        inside = angle + (sin(angle) * total if freedom > 1 else 0.0)
        return 0.5 + inside / pi
    return 0.5 + sin(angle) * total / 2
