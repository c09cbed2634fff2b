"""When is a conversation over whose agent has others beside it?

Each conversation has an amount of work; it goes on at a pace that depends on how many its agent
holds, and changes at once when that number does. So no end is known before it is there: each time
the number changes, what is left is reckoned anew.
"""

from __future__ import annotations

from workassign.model import Instant

__all__ = ["Concurrency"]


class Concurrency:
    """What one agent holds, and how much work is left of each."""

    __slots__ = ("_left", "_pace", "_since")

    def __init__(self, pace: tuple[float, ...]) -> None:
        """Start with empty hands; *pace* by number held, the last one holds for more."""
        self._pace = pace
        self._left: dict[int, float] = {}
        self._since: Instant = 0.0

    def begin(self, number: int, work: float, at: Instant) -> None:
        """Let her begin with so many seconds of *work*, alone."""
        self._reach(at)
        self._left[number] = work

    def end(self, number: int, at: Instant) -> None:
        """Take a conversation out of her hands, done or not."""
        self._reach(at)
        del self._left[number]

    def next_end(self) -> tuple[Instant, int] | None:
        """Return when the next one is over if nothing changes, and which; None: she holds nothing."""
        if not self._left:
            return None
        number = min(self._left, key=lambda each: (self._left[each], each))
        return self._since + max(self._left[number], 0.0) / self._rate(), number

    def _rate(self) -> float:
        return self._pace[min(len(self._left), len(self._pace)) - 1]

    def _reach(self, at: Instant) -> None:
        """Let time pass until *at*."""
        if self._left:
            done = (at - self._since) * self._rate()
            for number in self._left:
                self._left[number] -= done
        self._since = at
