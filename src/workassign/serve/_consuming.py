"""How does one consumer go through the events?"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from workassign.events import Event

__all__ = ["Events", "Page"]

Page: TypeAlias = deque[tuple[int, Event]]
"""Some events with their numbers, in order."""


class Events:
    """Durable events with their numbers, in order, one after the other, for one consumer.

    `async for number, event in service.events(after=cursor)`. Keep the last number that you are
    done with, and go on after it: also after a restart. A consumer that keeps up is served from
    memory, one that does not reads the store, a page at a time; however slow it is, it holds up
    nobody and costs one page. A cancelled wait loses nothing: ask for the next one again.

    It ends when the service was stopped and everything was told.

    Raises:
        UsageError: If there is no event *after* yet. Once, from the first step.
        Stopped: If the service was stopped while this one was so far behind that only the store
            has the rest, or has not been started.
        JournalError: If the store failed; another service can be asked for what comes after.
    """

    def __init__(self, page: Callable[[int], Awaitable[Page | None]], after: int) -> None:
        """Begin after number *after*; *page* gives what comes after a number, None at the end."""
        self.number = after
        """The number of the last event that was given out."""
        self._next = page
        self._page: Page = deque()

    def __aiter__(self) -> Events:
        """Return itself."""
        return self

    async def __anext__(self) -> tuple[int, Event]:
        """Return the next event and its number, waiting for it."""
        if not self._page:
            page = await self._next(self.number)
            if page is None:
                raise StopAsyncIteration
            self._page = page
        self.number, event = self._page.popleft()
        return self.number, event
