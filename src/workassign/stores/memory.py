"""A journal in memory: for tests, simulations and trials. It is gone with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from workassign.errors import JournalError
from workassign.journal import chained, check_rewrite, linked
from workassign.stores.cursors import moves

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps bodies in a list."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[tuple[int, int, bytes]] = []
        self._cursors: dict[str, int] = {}
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

    def rewrite(self, expected_head: int, changed: Mapping[int, bytes], batch: Sequence[bytes]) -> int:
        """Put other bodies in place of some, append *batch* and return the new head."""
        with self._lock:
            check_rewrite(expected_head, self.head(), changed)
            bodies = [changed.get(seq, body) for seq, body in enumerate(self.load())]
            self._rows = linked([*bodies, *batch], -1, -1, 0)
            return self.head()

    def cursor(self, name: str) -> int:
        """Return where the consumer *name* stands; 0 if there is none of that name."""
        return self.cursors().get(name, 0)

    def cursors(self) -> dict[str, int]:
        """Return where each consumer stands, by its name, sorted."""
        self.head()
        with self._lock:
            return dict(sorted(self._cursors.items()))

    def keep(self, name: str, seq: int) -> None:
        """Let the consumer *name* stand at *seq*. Forward only."""
        self.head()
        with self._lock:
            if moves(name, self._cursors.get(name), seq):
                self._cursors[name] = seq

    def forget(self, name: str) -> None:
        """Drop the consumer *name*, if there is one."""
        self.head()
        with self._lock:
            self._cursors.pop(name, None)

    def reopen(self) -> None:
        """Go on: what is there is there."""
        self._closed = False

    def close(self) -> None:
        """Take nothing more; what is there can be had again by `reopen`."""
        self._closed = True
