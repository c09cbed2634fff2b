"""Who lets time pass at a desk that threads use? One more thread, which sleeps until something is due."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from math import inf

from workassign.desk import Desk
from workassign.errors import JournalError, UsageError
from workassign.events import Event
from workassign.model import Instant
from workassign.serve._within import Within

__all__ = ["Ticker"]

_LOG = logging.getLogger("workassign.ticker")

LOOK = 60.0
"""At least every so many seconds the clock is looked at: it may have been set, or the machine slept."""

SHORTEST = 0.001
"""A nap of less than so many seconds is not worth taking: the tick is so much late at most."""


class Ticker(Within):
    """Ticks a desk whenever something is due, from `start` to `stop`.

    It is woken when something becomes due earlier, by whichever thread; it does not poll. When the
    store has failed it logs that, and tries again after *retry* seconds.

    Raises:
        UsageError: If *retry* is not positive.

    >>> from workassign import Desk, MemoryStore
    >>> with Desk.open(MemoryStore()) as desk, Ticker(desk) as ticker:
    ...     ticker.running
    True
    """

    def __init__(self, desk: Desk, *, retry: float = 1.0) -> None:
        if not retry > 0:
            raise UsageError(f"retry must be positive, not {retry!r}")
        self._desk = desk
        self._retry = retry
        self._changed = threading.Condition(threading.Lock())
        self._planned: Instant = -inf
        """Until when it sleeps."""
        self._called = False
        """It must look now."""
        self._ends = False
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it minds the time. An error that is no fault of the store ends it; Python reports that."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin; what fell due before happens now. A server that forks starts it after the fork.

        Raises:
            UsageError: If it was started before, or the desk is closed.
            JournalError: If the desk cannot be read.
        """
        if self._thread is not None:
            raise UsageError("a ticker is started once: make another one")
        self._desk.listen(self._hear)
        self._thread = threading.Thread(target=self._run, name="workassign-ticker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, once a tick that is on its way has been written. Stop it before the desk is closed."""
        with self._changed:
            self._ends = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._desk.unlisten(self._hear)

    def look(self) -> None:
        """Look at the clock again, now: for whoever has set it."""
        with self._changed:
            self._called = True
            self._changed.notify()

    def _hear(self, last: int, events: Sequence[Event], wake: Instant) -> None:
        """Wake up, if something is due before it would. The desk calls this: see `Desk.listen`."""
        with self._changed:
            # What it did itself, or failed to do, it knows.
            if wake < self._planned and threading.current_thread() is not self._thread:
                self._called = True
                self._changed.notify()

    def _run(self) -> None:
        while not self._ends:
            with self._changed:
                # Whatever is told while it looks makes it look again.
                self._called, self._planned = False, inf
            try:
                wake = self._desk.next_wake
                pause = wake - self._desk.clock()
                if pause <= 0:
                    self._desk.tick()
                    continue
            except JournalError as error:
                _LOG.error("%s; the tick is tried again in %g s", type(error).__name__, self._retry)
                self._sleep(-inf, self._retry)  # whatever becomes due meanwhile
            else:
                self._sleep(wake, max(pause, SHORTEST))

    def _sleep(self, until: Instant, seconds: float) -> None:
        """Sleep, unless it is called."""
        with self._changed:
            self._planned = until
            self._changed.wait_for(
                lambda: self._called or self._ends, None if seconds == inf else min(seconds, LOOK)
            )
