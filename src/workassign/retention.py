"""Where does a journal begin whose oldest entries were removed?

Entry 0, the header, always stays. Behind it the journal goes on with a later entry than the first,
and the shelf remembers the checksum of the last one that was removed: damage at the new beginning is
noticed as anywhere else. Whoever asks for what was removed is told so, and never gets less unawares.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import attrs

from workassign.errors import JournalError, Removed
from workassign.model import Instant

__all__ = ["Beginning", "Prunes", "beginning", "check_removable", "check_snapshot", "gone", "header_only"]


@attrs.frozen
class Beginning:
    """Where a journal begins, behind its header."""

    seq: int = 1
    """The first entry that was not removed; it may be one that is still to come."""
    crc: int = 0
    """The checksum of the entry before; 0 if nothing was removed."""
    at: Instant | None = None
    """When the last removal was; None if nothing was removed."""

    @property
    def removed(self) -> int:
        """How many entries were removed: 1 to so many."""
        return self.seq - 1


@runtime_checkable
class Prunes(Protocol):
    """What a store has beside `Store` and `Snapshots`, if its oldest entries can be removed."""

    def begins(self) -> Beginning:
        """Return where the journal begins.

        Raises:
            JournalError: If it cannot be read.
        """

    def prune(self, before: int, at: Instant) -> int:
        """Remove the entries 1 to *before* - 1, all of them or nothing; return how many those were.

        *at* is when. The header stays, and so does all that is behind the oldest snapshot. Only
        whoever may append may remove.

        Raises:
            JournalError: If an entry behind the oldest snapshot would go, or writing failed; then
                nothing more is taken until `reopen`.
        """


def beginning(store: object) -> Beginning:
    """Return where the journal in *store* begins, of whatever kind that is."""
    return store.begins() if isinstance(store, Prunes) else Beginning()


def gone(begin: Beginning) -> Removed:
    """Return the error that tells what is not there any more."""
    from workassign._scene import when

    entries = f"entries 1 to {begin.removed}" if begin.removed > 1 else "entry 1"
    on = "" if begin.at is None else f" ({when(begin.at)})"
    return Removed(f"the journal begins with entry {begin.seq}: {entries} of it were removed{on}")


def header_only(header: Iterator[bytes], begin: Beginning) -> Iterator[bytes]:
    """Yield the *header*, and then tell that what follows was removed. For stores."""
    yield from header
    raise gone(begin)


def check_removable(before: int, oldest: int | None) -> None:
    """Check that the entries up to *before* - 1 may go if *oldest* is the oldest snapshot's. For stores.

    Raises:
        JournalError: If a restart might need one of them.
    """
    if oldest is None:
        raise JournalError("no entry can be removed: there is no snapshot to begin with instead")
    if before > oldest + 1:
        raise JournalError(f"entry {before - 1} cannot be removed: it is behind the snapshot after {oldest}")


def check_snapshot(seq: int, head: int, begin: Beginning) -> None:
    """Check that a snapshot may be kept of how things stood after the entry *seq*. For stores.

    Raises:
        Removed: If that entry was removed.
        JournalError: If it is not there.
    """
    if 0 <= seq < begin.removed:
        raise gone(begin)
    if not 0 <= seq <= head:
        raise JournalError(f"there is no entry {seq} to take a snapshot after: the head is {head}")
