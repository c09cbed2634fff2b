"""How long are customers ready to wait? What waits that ended otherwise still tell.

Who gave up shows her patience; who was served shows only that hers was longer (a *censored* time).
The mean over those who gave up is far too short, the mean over all is wrong either way. The
product-limit estimator uses both: at each wait at which somebody gave up, survival falls by the
share who did among those who were still waiting.

Source: E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", Journal of
the American Statistical Association 53 (1958), 457-481; for call centers: L. Brown et al., "Statistical
analysis of a telephone call center", the same journal 100 (2005), 36-50.
"""

from __future__ import annotations

from math import inf, log

import attrs
import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.distributions import Floats

__all__ = ["Floats", "Survival", "kaplan_meier"]


@attrs.frozen(kw_only=True, eq=False)
class Survival:
    """The share of customers who are still ready to wait, by how long they have waited.

    A staircase up to the last time that anybody gave up; beyond, where no wait tells anything, customers
    lose patience at the overall rate (an exponential tail), or never if nobody gave up at all.
    """

    times: Floats
    """When somebody gave up, seconds, rising."""
    shares: Floats
    """The share that is left from then on, falling, each from 0 to 1."""
    rate: float
    """How many gave up per second of waiting: the estimate of an exponential patience, its inverse."""

    def at(self, wait: float) -> float:
        """Return the share whose patience is longer than *wait* (seconds). Cost: O(log n).

        >>> round(kaplan_meier([10, 20, 30], [True, False, True]).at(15), 3)
        0.667
        """
        step = int(np.searchsorted(self.times, wait, side="right"))
        if step < len(self.times):
            return float(self.shares[step - 1]) if step else 1.0
        last = float(self.times[-1]) if step else 0.0
        left = float(self.shares[-1]) if step else 1.0
        return left * float(np.exp(-self.rate * max(wait - last, 0.0)))

    def draw(self, luck: float, *, beyond: float | None = None) -> float:
        """Return the patience that the uniform number *luck*, above 0 up to 1, stands for.

        Small numbers stand for much patience. *beyond* (seconds): the patience is known to be longer,
        and is drawn from those that are. Infinity if it never ends. Cost: O(log n).

        Raises:
            UsageError: If *luck* is not above 0 and up to 1.
        """
        if not 0 < luck <= 1:
            raise UsageError(f"luck must be above 0 and up to 1, not {luck!r}")
        past = 0 if beyond is None else int(np.searchsorted(self.times, beyond, side="right"))
        left = float(self.shares[past - 1]) if past else 1.0
        if left <= 0.0:  # everybody in the data had given up by then: only the rate can tell
            return self._tail(luck, beyond or 0.0)
        share = left * luck
        step = int(np.searchsorted(-self.shares, -share, side="right"))
        if step < len(self.times):
            return float(self.times[step])
        last, least = (float(self.times[-1]), float(self.shares[-1])) if step else (0.0, 1.0)
        return self._tail(share / min(left, least), max(last, beyond or 0.0))

    @property
    def mean(self) -> float:
        """The mean patience, the tail included; infinity if some never give up.

        >>> kaplan_meier([10, 20, 30], [True, True, True]).mean
        20.0
        """
        steps = np.concatenate(([0.0], self.times))
        left = np.concatenate(([1.0], self.shares))
        area = float(left[:-1] @ np.diff(steps))
        if left[-1] <= 0.0:
            return area
        return area + float(left[-1]) / self.rate if self.rate > 0 else inf

    def sample(self, dice: np.random.Generator, size: int) -> Floats:
        """Return *size* values of patience: so it is a distribution, for a simulated stream."""
        luck = 1.0 - dice.random(size)
        step = np.searchsorted(-self.shares, -luck, side="right")
        last, least = (float(self.times[-1]), float(self.shares[-1])) if self.times.size else (0.0, 1.0)
        beyond = luck / min(1.0, least) if least > 0 else np.ones(size)
        tail = last - np.log(np.minimum(beyond, 1.0)) / self.rate if self.rate > 0 else np.full(size, inf)
        found: Floats = np.where(step < self.times.size, np.append(self.times, inf)[step], tail)
        return found

    def _tail(self, luck: float, since: float) -> float:
        return since - log(luck) / self.rate if self.rate > 0 else inf


def kaplan_meier(waits: ArrayLike, gave_up: ArrayLike) -> Survival:
    """Return the estimate of patience from *waits* (seconds), of which those who *gave_up* are complete.

    Somebody who was served at the very time at which another gave up counts as still waiting then.
    Cost: O(n log n).

    Raises:
        UsageError: If there are no waits, one is negative or not finite, or the columns differ in length.

    >>> curve = kaplan_meier([10, 20, 30, 40], [True, False, True, False])
    >>> curve.times.tolist(), curve.shares.tolist(), curve.rate
    ([10.0, 30.0], [0.75, 0.375], 0.02)
    """
    waited, ended = np.asarray(waits, dtype=np.float64), np.asarray(gave_up, dtype=bool)
    if waited.ndim != 1 or waited.shape != ended.shape or not len(waited):
        raise UsageError("waits and gave_up must be two columns of one length, at least 1")
    if not (np.isfinite(waited).all() and (waited >= 0).all()):
        raise UsageError("waits must be finite and at least 0")
    times, step = np.unique(waited, return_inverse=True)
    lost = np.bincount(step, weights=ended, minlength=len(times))
    gone = np.bincount(step, minlength=len(times))
    still = len(waited) - np.concatenate(([0], np.cumsum(gone)[:-1]))
    shares = np.cumprod(1.0 - lost / still)
    total = float(waited.sum())
    rate = float(ended.sum()) / total if total > 0 else 0.0
    return Survival(times=times[lost > 0], shares=shares[lost > 0], rate=rate)
