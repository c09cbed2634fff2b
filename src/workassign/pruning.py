"""How much of a journal may go, and how does it go?

The law of this file: nothing goes that a restart needs, that a reader has still to read, or that is
not old enough. What must be remembered (answers to keys among it) is in the snapshots; so every
snapshot that is kept must hold, and only what all of them stand behind may go.
"""

from __future__ import annotations

from math import isfinite

import attrs

from workassign.errors import JournalError, UsageError
from workassign.journal import Store, entries
from workassign.model import Instant
from workassign.retention import Prunes, beginning
from workassign.snapshots import Snapshots, standing

__all__ = ["Removable", "check_age", "check_prunes", "prune", "removable", "remove"]

_SLICE = 20_000
"""So many entries go at a time: appends, and the renewal of a lease, can come in between."""


@attrs.frozen(kw_only=True)
class Removable:
    """What of a journal may go: the entries from *begins* to *before* - 1."""

    begins: int
    """The first entry behind the header that is there."""
    before: int
    why: str
    """What keeps the next one: its age, a snapshot, or who has still to read it."""

    @property
    def count(self) -> int:
        """How many entries those are."""
        return self.before - self.begins


def check_age(older_than: float, name: str = "older_than") -> None:
    """Check that *older_than* is a number of seconds, zero or more.

    Raises:
        UsageError: If it is not.
    """
    sound = isinstance(older_than, int | float) and not isinstance(older_than, bool)
    if not (sound and isfinite(older_than) and older_than >= 0):
        raise UsageError(f"{name} must be a number of seconds >= 0, not {older_than!r}")


def check_prunes(store: object) -> None:
    """Check that entries can be removed from *store*.

    Raises:
        UsageError: If they cannot.
    """
    if not (isinstance(store, Prunes) and isinstance(store, Snapshots)):
        raise UsageError(f"{type(store).__name__} removes no entries: SqliteStore and PostgresStore do")


def removable(store: Store, older_than: float, *, not_beyond: int | None = None) -> Removable:
    """Return what may go of what is more than *older_than* seconds before the last entry.

    Nothing behind the entry *not_beyond* goes: the last one that all who read the journal have read.
    Cost: reading the snapshots, and O(log entries).

    Raises:
        UsageError: If *older_than* is no number of seconds, or from *store* nothing can be removed.
        JournalError: If an entry that is looked at is damaged.
        PlanError: If a policy that a snapshot's plan names is not there any more.
    """
    check_age(older_than)
    check_prunes(store)
    assert isinstance(store, Prunes)
    assert isinstance(store, Snapshots)
    first, head = store.begins().seq, store.head()
    if head < first:
        return Removable(begins=first, before=first, why="there is none left")
    young = _first_since(store, older_than, first, head)
    if young == first:  # before the snapshots are read, which takes its time
        return Removable(begins=first, before=first, why=f"entry {first} is young enough")
    try:
        oldest = _oldest(store)
    except JournalError as error:
        return Removable(begins=first, before=first, why=f"{error}: another must take its place first")
    if oldest is None:
        return Removable(begins=first, before=first, why="there is no snapshot to begin with instead")
    limits = [
        (oldest + 1, f"the oldest snapshot is that after entry {oldest}"),
        (young, f"entry {young} is young enough"),
    ]
    if not_beyond is not None:
        limits.append((not_beyond + 1, f"entry {not_beyond + 1} has still to be read"))
    before, why = min(limits)
    return Removable(begins=first, before=max(first, before), why=why)


def remove(store: Store, before: int, at: Instant) -> int:
    """Remove the entries up to *before* - 1, which went through `removable`; return how many.

    They go in slices, oldest first: after a crash some of them may be there still. *at* is when.

    Raises:
        JournalError: If the last one of a slice does not hold, or writing failed.
    """
    assert isinstance(store, Prunes)
    removed = 0
    for slice_end in [*range(beginning(store).seq + _SLICE, before, _SLICE), before]:
        next(store.load(slice_end - 1))  # what goes on from it will go on from something sound
        removed += store.prune(slice_end, at)
    return removed


def prune(store: Store, older_than: float, *, at: Instant, not_beyond: int | None = None) -> int:
    """Remove what is `removable`, at the instant *at*; return how many entries that were.

    Raises:
        UsageError: If *older_than* is no number of seconds, or from *store* nothing can be removed.
        JournalError: If an entry that is looked at is damaged, or writing failed.
        Deposed: If somebody else leads the store's shard; nothing more was removed.
        PlanError: If a policy that a snapshot's plan names is not there any more.
    """
    found = removable(store, older_than, not_beyond=not_beyond)
    return remove(store, found.before, at) if found.count else 0


def _oldest(store: Snapshots) -> int | None:
    """Return the entry of the oldest snapshot, all of which must hold; None if there is none."""
    oldest = None
    for seq, body in store.snapshots():
        standing(seq, body)
        oldest = seq
    return oldest


def _first_since(store: Store, older_than: float, first: int, head: int) -> int:
    """Return the first entry from *first* on that is not so much older than the last one, the head."""
    low, high, since = first, head, _at(store, head) - older_than
    while low < high:
        middle = (low + high) // 2
        if _at(store, middle) < since:
            low = middle + 1
        else:
            high = middle
    return low


def _at(store: Store, seq: int) -> Instant:
    return next(entries(store, seq)).at
