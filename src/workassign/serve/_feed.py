"""Which events come after one? The latest from memory, the older ones from the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf

from workassign.desk import Desk
from workassign.errors import JournalError, UsageError
from workassign.events import Event
from workassign.serve._recent import Recent

__all__ = ["Feed"]

PAGE = 256
"""So many events of those in memory are given out at once."""

BUFFER = 1024
"""So many are kept there, for all consumers together."""


class Feed:
    """The durable events of a desk, for several readers. It calls *news* when there are new ones.

    A reader that keeps up costs the desk nothing; one that does not reads the journal beside it,
    and holds a page of that.
    """

    def __init__(self, desk: Desk, news: Callable[[], object]) -> None:
        self._desk = desk
        self._recent = Recent(BUFFER, news)

    def open(self) -> None:
        """Begin to listen."""
        self._desk.listen(self._recent.hear)

    def close(self) -> None:
        """Listen no more."""
        self._desk.unlisten(self._recent.hear)

    @property
    def last(self) -> int:
        """The number of the last event that is known to be durable."""
        return self._recent.last

    @property
    def sound(self) -> bool:
        """Whether news will be told; else a write failed, and somebody must ask."""
        return self._recent.wake != -inf

    def is_closed(self) -> bool:
        """Whether the desk was closed, so that nothing will come any more."""
        try:
            self._desk.next_wake  # noqa: B018 - it refuses once it is closed
        except UsageError:
            return True
        except JournalError:
            pass
        return False

    def now(self) -> float:
        """Return what time it is at the desk."""
        return self._desk.clock()

    def after(self, number: int) -> Iterator[tuple[int, Event]]:
        """Return events after *number*, with their numbers; none if there are none now.

        Raises:
            UsageError: If the desk is closed, or there is no event *number*.
            JournalError: If the journal cannot be read; from its steps too.
        """
        found = self._recent.after(number, PAGE)
        if found:
            return enumerate(found, number + 1)
        if found is None or not self.sound:
            return self._desk.events(number)
        return iter(())
