"""Where does the beginning of a journal go that is removed, and how is it put together again?

An archive is a journal in a file of its own: the header, and the entries that are to go. The next
archive goes on where this one ends, and says so itself. Archives and the journal, joined, are the
whole journal again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from os import PathLike
from pathlib import Path
from zlib import crc32

from workassign.errors import JournalError, UsageError
from workassign.journal import Store
from workassign.retention import Beginning, beginning, gone, header_only
from workassign.snapshots import Snapshots
from workassign.stores._disk import sync
from workassign.stores.sqlite import SqliteStore

__all__ = ["Joined", "archive"]

_BATCH = 1000


def archive(store: Store, before: int, path: str | PathLike[str]) -> int:
    """Write the entries of *store* up to *before* - 1 to *path*, prove them there, and return *before*.

    The file gets its name when all of it is there. One that has it already is taken for what a crash
    left between archiving and removing: it must hold these entries, or the first of them; then it
    stays as it is, and what comes back is the entry behind its last one.

    Raises:
        UsageError: If something else is at *path*, or *before* is behind the journal's head.
        JournalError: If an entry is damaged, or the file cannot be written.
    """
    target, begin = Path(path), beginning(store)
    if target.suffix == ".jsonl":
        raise UsageError(f"{target.name}: an archive is an SQLite file, and not text")
    if not begin.seq < before <= store.head() + 1:
        raise UsageError(f"there is nothing from entry {begin.seq} to entry {before - 1} to archive")
    if target.exists():
        return _proved(store, before, target)
    fresh = target.with_name(target.name + ".new")
    try:
        fresh.unlink(missing_ok=True)
        _write(store, begin, before, fresh)
        _proved(store, before, fresh)
        sync(fresh)
        fresh.replace(target)
        sync(target.parent)
    except OSError as error:
        raise JournalError(f"{target.name}: cannot be written: {error.strerror}") from None
    finally:
        for ending in ("", "-wal"):
            with suppress(OSError):  # the disk fails on, and has said so
                fresh.with_name(fresh.name + ending).unlink(missing_ok=True)
    return before


def _write(store: Store, begin: Beginning, before: int, fresh: Path) -> None:
    copy = SqliteStore(fresh)
    try:
        copy.append(-1, [next(store.load())])
        if begin.removed:
            copy.go_on(begin)
        rest = islice(store.load(begin.seq), before - begin.seq)
        while batch := list(islice(rest, _BATCH)):
            copy.append(copy.head(), batch)
    finally:
        copy.close()


def _proved(store: Store, before: int, path: Path) -> int:
    """Compare the archive at *path* with *store*, to its end, and return the entry behind that."""
    copy = SqliteStore(path, readonly=True)
    try:
        begin, there = beginning(store), beginning(copy)
        if (there.seq, there.crc) != (begin.seq, begin.crc):
            raise UsageError(
                f"{path.name} is there already: it begins with entry {there.seq}, and not {begin.seq}"
            )
        if copy.head() < begin.seq or copy.head() >= before:
            raise UsageError(f"{path.name} is there already: it ends with entry {copy.head()}")
        if next(copy.load()) != next(store.load()):
            raise UsageError(f"{path.name} is there already, and of another journal")
        ours = islice(store.load(begin.seq), copy.head() - begin.removed)
        for seq, (body, kept) in enumerate(zip(ours, copy.load(begin.seq), strict=True), begin.seq):
            if body != kept:
                raise UsageError(f"{path.name} is there already: entry {seq} is another one there")
        return copy.head() + 1
    finally:
        copy.close()


class Joined:
    """A journal in several parts, to be read: archives, and the journal that they were taken from.

    It is a store; its snapshots are those of the last part. Closing it closes them.

    Raises:
        UsageError: If there are no parts.
        JournalError: If the parts are not of one journal, overlap, or leave something out.
    """

    def __init__(self, parts: Sequence[Store]) -> None:
        """Join *parts*, given in any order."""
        if not parts:
            raise UsageError("there is nothing to join")
        self._parts = sorted(parts, key=lambda part: beginning(part).seq)
        headers = [next(part.load(), b"") for part in self._parts]
        if any(header != headers[0] for header in headers):
            raise JournalError("the files are not of one journal: their headers differ")
        for one, other in pairwise(self._parts):
            head, first = one.head(), beginning(other).seq
            if first > head + 1:
                raise JournalError(f"entries {head + 1} to {first - 1} are in none of the files")
            if first <= head:
                raise JournalError(f"entries {first} to {head} are in two of the files")
        self._header = headers[0]

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Raise a JournalError: it can only be read."""
        raise JournalError("a journal in several files is open to read only")

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on, checked, also from one part to the next."""
        begin = self.begins()
        if 0 < start < begin.seq:
            raise gone(begin)
        if start == 0 and begin.removed:
            return header_only(iter([self._header]), begin)
        return self._load(start)

    def _load(self, start: int) -> Iterator[bytes]:
        crc: int | None = None
        """The checksum of the entry before; None: not known."""
        if start == 0 and self._header:
            yield self._header
        for part in self._parts:
            if part.head() < start:
                continue
            begin = beginning(part)
            before = begin.crc if begin.removed else crc32(self._header)
            if crc is not None and crc != before:
                raise JournalError(f"entry {begin.seq} does not follow: it went on from another entry")
            crc = before if start <= begin.seq else None
            for body in part.load(max(start, begin.seq)):
                crc = None if crc is None else crc32(body, crc)
                yield body

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        return self._parts[-1].head()

    def begins(self) -> Beginning:
        """Return where the first part begins."""
        return beginning(self._parts[0])

    def prune(self, before: int, at: float) -> int:
        """Raise a JournalError: it can only be read."""
        raise JournalError("a journal in several files is open to read only")

    def snapshot(self, seq: int, body: bytes) -> None:
        """Raise a JournalError: it can only be read."""
        raise JournalError("a journal in several files is open to read only")

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield what the last part keeps, the newest first."""
        last = self._parts[-1]
        return last.snapshots() if isinstance(last, Snapshots) else iter(())

    def reopen(self) -> None:
        """Find out what is really there."""
        for part in self._parts:
            part.reopen()

    def close(self) -> None:
        """Close the parts."""
        for part in self._parts:
            part.close()
