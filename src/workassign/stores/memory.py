"""A journal in memory: for tests, simulations and trials. It is gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from workassign.errors import JournalError
from workassign.journal import chained, linked

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps bodies in a list."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[tuple[int, int, bytes]] = []
        self._lock = threading.Lock()
        self._closed = False

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Keep all of *batch* and return the new head."""
        with self._lock:
            crc = self._rows[-1][1] if self._rows else 0
            self._rows.extend(linked(batch, expected_head, self.head(), crc))
            return self.head()

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on, checked."""
        self.head()
        before = self._rows[start - 1 : start] if start else []
        return chained(self._rows[start:], start, before[0][1] if before else 0)

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        if self._closed:
            raise JournalError("the store is closed")
        return len(self._rows) - 1

    def reopen(self) -> None:
        """Go on: what is there is there."""
        self._closed = False

    def close(self) -> None:
        """Take nothing more; what is there can be had again by `reopen`."""
        self._closed = True
