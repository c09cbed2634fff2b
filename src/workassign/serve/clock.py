"""What time is it, where the clock of the machine may jump?

The time of day comes from one clock and its pace from another, which nobody can set. As long as
the two agree, give or take what time servers correct, the time of day is followed. Where it runs
away, by more than 30 s forward or 1 s backward, it is not believed at first: deadlines must not
be missed by the thousand because somebody mistyped a date. Time goes on at its own pace then.

A jump forward that lasts is believed after a while: a machine that slept really is late. A jump
backward never is, since time cannot go back; the clock keeps its pace until the day has caught up.
A time of day that stands still falls behind, and is one jump backward, however long it stands.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from workassign.errors import UsageError

__all__ = ["SteadyClock"]

_LOG = logging.getLogger("workassign.clock")

FORWARD = 30.0
"""A time of day that is so many seconds ahead has jumped."""

BACKWARD = 1.0
"""A time of day that is so many seconds behind has jumped."""


class SteadyClock:
    """Gives seconds, POSIX, that never go back: the clock for `Desk`. Thread-safe; two readings a call.

    Nothing is noticed while nobody asks. Whoever waits for an instant must look again now and
    then; `Service` and `Ticker` do, at least once a minute.

    Raises:
        UsageError: If *believe_after* is not positive.

    >>> day, pace = [1000.0], [0.0]
    >>> clock = SteadyClock(lambda: day[0], lambda: pace[0])
    >>> day[0], pace[0] = 1010.0, 10.0  # ten seconds later
    >>> clock()
    1010.0
    >>> day[0], pace[0] = 87410.0, 11.0  # somebody sets tomorrow
    >>> clock(), clock.jumps, clock.gap
    (1011.0, 1, 86399.0)
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        *,
        believe_after: float = 60.0,
    ) -> None:
        """Begin at what *wall* says; *steady* gives the pace, in seconds.

        A jump forward is believed once it has lasted *believe_after* seconds.
        """
        if not believe_after > 0:
            raise UsageError(f"believe_after must be positive, not {believe_after!r}")
        self.jumps = 0
        """How many jumps were noticed; falling back further, while it is behind, is no other one."""
        self.gap = 0.0
        """How far the time of day was ahead of this clock when it was last read; seconds."""
        self._wall, self._steady = wall, steady
        self._believe_after = believe_after
        self._lock = threading.Lock()
        self._offset = wall() - steady()
        """What this clock is ahead of *steady*."""
        self._jumped: tuple[float, float] | None = None
        """When *steady* a jump was noticed, and what *wall* was ahead of it then."""

    def __call__(self) -> float:
        """Return the time."""
        with self._lock:
            pace = self._steady()
            ahead = self._wall() - pace
            self.gap = ahead - self._offset
            if -BACKWARD <= self.gap <= FORWARD:
                # Corrected a little forward: follow. A little backward: keep the pace; it cannot go back.
                self._jumped = None
                self._offset = max(self._offset, ahead)
            elif self._is_believed(pace, ahead):
                self._follow(ahead)
            return pace + self._offset

    def anchor(self) -> None:
        """Believe the time of day now, if it is ahead: for an operator who knows that it is right."""
        with self._lock:
            self._follow(max(self._offset, self._wall() - self._steady()))

    def _is_believed(self, pace: float, ahead: float) -> bool:
        """Whether the jump has lasted; one that was not there before is noticed."""
        if self._is_new(ahead):
            self.jumps += 1
            self._jumped = (pace, ahead)
            _LOG.warning("the clock of the machine jumped by %+.3f s; it is not followed", self.gap)
            return False
        return self._jumped is not None and self.gap > 0 and pace - self._jumped[0] >= self._believe_after

    def _is_new(self, ahead: float) -> bool:
        """Whether it is another jump than the last. A day that stands still is behind by ever more."""
        if self._jumped is None:
            return True
        if self.gap < 0:
            return self._jumped[1] > self._offset  # it was ahead before
        return abs(ahead - self._jumped[1]) > BACKWARD

    def _follow(self, ahead: float) -> None:
        _LOG.warning("the clock of the machine is followed again, %+.3f s", ahead - self._offset)
        self._offset, self._jumped, self.gap = ahead, None, 0.0
