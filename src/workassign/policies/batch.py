"""Who gets what, when all that waits is weighed against all who are free at once?

What waits in a queue with a `Batch` is held until a window of time ends. Then the policy sees
everything at once: rows of interactions that are alike, columns of agents who are alike, and the
pairs of them that fit. The policies themselves live outside the core (`workassign.lab.batches`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from math import floor
from typing import TypeAlias

import attrs

from workassign.model import Instant, is_number
from workassign.needs import Needs
from workassign.policies.grades import alike

__all__ = ["LONGEST_WINDOW", "SHORTEST_WINDOW", "Batch", "Column", "Given", "Matching", "Pair", "Row"]

SHORTEST_WINDOW, LONGEST_WINDOW = 0.01, 60.0
"""Seconds."""


@attrs.frozen
class Row:
    """Interactions that wait, and are alike: of one queue and tier, and the same to everybody who is free."""

    queue: str
    tier: int
    """The lower is served first."""
    needs: Needs
    waits: tuple[float, ...]
    """For how long each has waited, seconds, head starts included, the most urgent first.

    In a queue in order of due dates, for how long it is overdue; then it is negative before that.
    """


@attrs.frozen
class Column:
    """Agents who are free, and alike: equally skilled, and the same to all that waits."""

    skills: Mapping[str, float]
    agents: int
    """How many; each takes one."""


@attrs.frozen
class Pair:
    """A row and a column that fit: any of these interactions may go to any of these agents."""

    row: int
    column: int
    wanted: float
    """The sum of the weights of what the needs prefer and these agents have."""
    rank: float
    """What the queue's selection says of needs and skills, the least is best; 0 where it says nothing."""
    preferred: bool
    """The interaction asks for this very agent."""


Given: TypeAlias = Sequence[tuple[int, int, int]]
"""Row, column, how many: the most urgent of the row go to those of the column whom selection prefers."""

Matching: TypeAlias = Callable[[Sequence[Row], Sequence[Column], Sequence[Pair]], Given]
"""Says who gets what. What it leaves although it fits is given one by one, as without a batch."""


@attrs.frozen(kw_only=True)
class Batch:
    """What waits in a queue is given out at the ends of windows, all at once.

    Windows end at the multiples of `window` on the clock. Queues with equal batches are weighed together.
    """

    window: float
    """Seconds, 0.01 to 60."""
    use: Matching

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the setting and the rule."""
        if not is_number(self.window) or not SHORTEST_WINDOW <= self.window <= LONGEST_WINDOW:
            yield "window", f"must be from {SHORTEST_WINDOW} to {LONGEST_WINDOW:g}, not {self.window!r}"
        if not callable(self.use):
            yield "use", f"must be callable, not {self.use!r}"
        elif getattr(self.use, "__is_factory__", False):
            yield "use", f"{self.use.__name__} makes a policy: call it, {self.use.__name__}(...)"

    def joins(self, other: Batch) -> bool:
        """Whether this and *other* are one: of equal windows, by the same policy."""
        return self is other or (alike(self.use, other.use) and self.window == other.window)

    def end(self, at: Instant) -> Instant:
        """Return when the window ends in which *at* is: the first multiple of `window` after it.

        >>> Batch(window=2.0, use=print).end(3.5), Batch(window=2.0, use=print).end(4)
        (4.0, 6.0)
        """
        return next(end for n in count(floor(at / self.window)) if (end := n * float(self.window)) > at)

    def ends_at(self, at: Instant) -> bool:
        """Whether a window ends just at this instant."""
        first = floor(at / self.window)
        return any(n * float(self.window) == at for n in (first - 1, first, first + 1))
