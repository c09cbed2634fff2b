"""Did a customer have to come again about the same thing?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from workassign._stories import Story
from workassign.model import Instant, Interaction

__all__ = ["Contacts"]


class _Contact:
    """A completed interaction of a known customer, until its window is over."""

    __slots__ = ("again", "at", "key")

    def __init__(self, key: tuple[str, str], at: Instant) -> None:
        self.key = key
        """Customer and queue."""
        self.at = at
        self.again = False


class Contacts:
    """First contact resolution: nobody came again within the window. Memory: O(completed within it)."""

    def __init__(self, window: float) -> None:
        self.window = window
        self._open: deque[_Contact] = deque()
        self._kept: dict[tuple[str, str], list[_Contact]] = {}
        """Customer and queue -> contacts after which she has not come again."""

    def completed(self, queue: str, story: Story, at: Instant) -> None:
        """Begin the window of what was completed just now."""
        customer = story.interaction.customer
        if customer is None:
            return
        contact = story.contact = _Contact((customer.id, queue), at)
        self._kept.setdefault(contact.key, []).append(contact)
        self._open.append(contact)

    def came(self, queue: str, who: Interaction, at: Instant) -> None:
        """Note that a customer came with something."""
        if who.customer is not None:
            for contact in self._kept.pop((who.customer.id, queue), ()):
                contact.again = contact.again or at <= contact.at + self.window

    def again(self, story: Story, at: Instant) -> None:
        """Note that a customer came again with the very same."""
        contact = story.contact
        if isinstance(contact, _Contact) and at <= contact.at + self.window:
            contact.again = True

    def over(self, at: Instant) -> Iterator[tuple[str, bool]]:
        """Yield the queue of each window that is over by *at*, and whether nobody came again."""
        while self._open and self._open[0].at + self.window <= at:
            contact = self._open.popleft()
            kept = self._kept.get(contact.key)
            if kept is not None and contact in kept:
                kept.remove(contact)
                if not kept:
                    del self._kept[contact.key]
            yield contact.key[1], not contact.again
