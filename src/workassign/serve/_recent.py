"""What became durable lately, and when is time due next? Written by any thread, read by the loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from math import inf

from workassign.events import Event
from workassign.model import Instant

__all__ = ["Recent"]


class Recent:
    """The last events, at most *size* of them, whoever brought them about.

    It listens to a desk, and calls *news*, which must be quick, after it was told something.
    """

    def __init__(self, size: int, news: Callable[[], object]) -> None:
        self.last = 0
        """The number of the last durable event."""
        self.wake: Instant = inf
        """When time is due next, as far as known; minus infinity: look."""
        self._events: deque[Event] = deque(maxlen=size)
        self._news = news
        self._lock = threading.Lock()

    def hear(self, last: int, events: Sequence[Event], wake: Instant) -> None:
        """Take in what a desk tells: see `workassign.desk.Desk.listen`."""
        with self._lock:
            if last - len(events) != self.last:
                self._events.clear()  # something was left out: it is in the store
            self._events.extend(events)
            self.last, self.wake = last, wake
        self._news()

    def after(self, number: int, most: int) -> list[Event] | None:
        """Return up to *most* events after *number*; None if only the store has them.

        Cost: O(the events that are kept).
        """
        with self._lock:
            skipped = number - (self.last - len(self._events))
            if skipped < 0:
                return None
            return list(islice(self._events, skipped, skipped + most))
