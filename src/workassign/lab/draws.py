"""What is chance in a simulated day? Numbers that belong to an id, whatever happens around it.

Every purpose has a stream of its own, and within it every interaction or author: the draw is a
function of (seed, purpose, id). So two plans meet the same customers with the same patience and
the same work (common random numbers), and what differs between them is the plan's doing.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b
from math import exp, log

import attrs
import numpy as np

__all__ = ["Lognormal", "Purpose", "stream"]

WORD = 0xFFFFFFFF


class Purpose(IntEnum):
    """What a stream of random numbers is for; numbers are only ever added."""

    HANDLING = 0
    REACTION = 1
    PATIENCE = 2
    FOLLOWERS = 3
    VALUE = 4
    CONVERSATION = 5
    ARRIVALS = 6
    MOOD = 7
    RETURN = 8
    CONTAGION = 9
    ABSENCE = 10


def stream(seed: int, purpose: Purpose, subject: str) -> np.random.Generator:
    """Return the random numbers of one *subject* (an id) for one *purpose*.

    >>> first = stream(7, Purpose.HANDLING, "tweet-1").random()
    >>> first == stream(7, Purpose.HANDLING, "tweet-1").random()
    True
    """
    digest = int.from_bytes(blake2b(subject.encode(), digest_size=8).digest(), "big")
    key = (int(purpose), digest >> 32, digest & WORD)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


@attrs.frozen(kw_only=True)
class Lognormal:
    """Durations or amounts of which half are below the median, skewed to the right.

    Raises:
        ValueError: If the median is not positive or the spread negative.
    """

    median: float
    spread: float
    """Standard deviation of the logarithm: about 68 % lie within a factor exp(spread)."""

    def __attrs_post_init__(self) -> None:
        """Check both."""
        if self.median <= 0:
            raise ValueError(f"median must be positive, not {self.median!r}")
        if not 0 <= self.spread <= 5:
            raise ValueError(f"spread must be between 0 and 5, not {self.spread!r}")

    def at(self, normal: float) -> float:
        """Return the value that a standard normal draw stands for."""
        return exp(log(self.median) + self.spread * normal)
