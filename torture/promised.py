"""What has a store promised, up to every moment?

A shelf in front of the shelf notes what goes in, what was answered for, and what an opening has
shown: that, too, is promised from then on, for somebody may have acted upon it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from zlib import crc32

import attrs

from torture.counts import Violation
from workassign.errors import JournalError
from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

__all__ = ["Promise", "Promised", "Shelf", "chain"]


Shelf: TypeAlias = SqliteStore | JsonlStore
"""A store on a disk."""


@attrs.frozen(kw_only=True)
class Promise:
    """What must be there after a crash just now, and what may be."""

    bodies: list[bytes] = attrs.field(factory=list)
    """All that was ever appended, in order; more may be added later."""
    sure: int = 0
    """So many of them must be there …"""
    tried: int = 0
    """… or so many: nobody was told yet."""
    snapshots: Mapping[int, bytes] = attrs.field(factory=dict)
    """Seq -> body of all snapshots that were ever given."""
    newest: int = -1
    """This snapshot, or a later one, must be there."""
    backups: Mapping[str, tuple[int, bool]] = attrs.field(factory=dict)
    """Name -> how many entries, and whether it must be there."""

    def allows(self, count: int, shelf: Shelf) -> bool:
        """Whether so many entries may be there: a batch is all or nothing; but as text, line by line."""
        part = isinstance(shelf, JsonlStore) and self.sure <= count <= self.tried
        return count in (self.sure, self.tried) or part


class Promised:
    """A store that notes what it has promised."""

    def __init__(self, shelf: Shelf, before: Promise, tell: Callable[[Promise], None]) -> None:
        """Stand before *shelf*, just opened, of which this was promised *before*.

        Raises:
            Violation: If it has not kept that.
        """
        self.shelf = shelf
        self.now = before
        self._tell = tell
        self._found()

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """As the store does."""
        bodies = [*self.now.bodies[: self.now.sure], *batch]
        self._note(bodies=bodies, tried=len(bodies))
        head = self.shelf.append(expected_head, batch)
        self._note(sure=len(bodies))
        return head

    def snapshot(self, seq: int, body: bytes) -> None:
        """As the store does, if it keeps snapshots."""
        if isinstance(self.shelf, SqliteStore):
            self._note(snapshots={**self.now.snapshots, seq: body})
            self.shelf.snapshot(seq, body)
            self._note(newest=seq)

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """As the store does, if it keeps snapshots."""
        return self.shelf.snapshots() if isinstance(self.shelf, SqliteStore) else iter(())

    def backup(self, path: Path) -> None:
        """As the store does, if it makes backups."""
        if isinstance(self.shelf, SqliteStore):
            self._note(backups={**self.now.backups, path.name: (self.now.sure, False)})
            self.shelf.backup(path)
            self._note(backups={**self.now.backups, path.name: (self.now.sure, True)})

    def compact(self) -> None:
        """As the store does, if it can."""
        if isinstance(self.shelf, SqliteStore):
            self.shelf.compact()

    def load(self, start: int = 0) -> Iterator[bytes]:
        """As the store does."""
        return self.shelf.load(start)

    def head(self) -> int:
        """As the store does."""
        return self.shelf.head()

    def reopen(self) -> None:
        """As the store does; what it shows is promised."""
        self.shelf.reopen()
        self._found()

    def close(self) -> None:
        """As the store does."""
        self.shelf.close()

    def _found(self) -> None:
        kept, promise = self.shelf.head() + 1, self.now
        if not promise.allows(kept, self.shelf):
            raise Violation(f"opened with {kept} entries, not {promise.sure} or {promise.tried}")
        try:
            bodies = list(self.shelf.load())
        except JournalError as error:
            raise Violation(f"opened, but cannot be read: {error}") from None
        if bodies != promise.bodies[:kept]:
            raise Violation("opened with other bytes than were appended")
        self._note(bodies=bodies, sure=kept, tried=kept)

    def _note(self, **changes: Any) -> None:
        self.now = attrs.evolve(self.now, **changes)
        self._tell(self.now)


def chain(bodies: Sequence[bytes]) -> int:
    """Return the checksum that all *bodies* end with."""
    crc = 0
    for body in bodies:
        crc = crc32(body, crc)
    return crc
