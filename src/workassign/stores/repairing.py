"""What of a damaged journal can be saved? Its longest beginning that holds, into a new file.

The damaged file is only read, and that as a copy: nothing is ever mended in place.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from os import PathLike
from pathlib import Path
from typing import Any
from zlib import crc32

import attrs

from workassign.errors import JournalError, LockedError, UsageError
from workassign.journal import Store
from workassign.stores.jsonl import JsonlStore, line_of
from workassign.stores.logs import batches_behind_damage
from workassign.stores.sqlite import SqliteStore

__all__ = ["Repaired", "repair"]

_BATCH = 1000
_DAMAGED = (sqlite3.Error, UnicodeDecodeError, OverflowError)


@attrs.frozen(kw_only=True)
class Repaired:
    """What was saved, and what was lost."""

    kept: int
    """Entries, the header among them: their seqs are 0 to kept - 1."""
    reason: str
    """Why it ends there; empty: nothing is wrong with what can be read."""
    head: int | None
    """The seq of the last entry that there was, as the journal says itself; None: nobody knows."""
    behind: int | None
    """So many entries behind the damage are there still, but follow from nothing; None: nobody knows."""

    @property
    def lost(self) -> int | None:
        """How many entries were lost; None: nobody knows."""
        return None if self.head is None else max(0, self.head + 1 - self.kept)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, and nothing was wrong."""
        return not self.reason and self.lost == 0


def repair(source: str | PathLike[str], out: str | PathLike[str]) -> Repaired:
    """Write the longest beginning of the journal in *source* that holds to *out*, a new file.

    An entry holds if it is there, in its place, and its checksum goes on from the one before. The
    new file has no snapshots. Cost: O(entries), and a copy of the file beside *out* for the time.

    Raises:
        UsageError: If there is something at *out*, or nothing at *source*.
        LockedError: If somebody has *source* open.
        JournalError: If not even the first entry holds, or *out* cannot be written.
    """
    old, new = Path(source), Path(out)
    if new.exists():
        raise UsageError(f"{new.name} is there already: a repair replaces nothing")
    if not old.is_file():
        raise UsageError(f"{old.name}: there is no journal")
    _check_closed(old)
    try:
        lost = batches_behind_damage(old.with_name(f"{old.name}-wal"))
        with tempfile.TemporaryDirectory(dir=new.parent, prefix=f"{new.name}.") as folder:
            copy = _copied(old, Path(folder))
            found = _Lines(copy) if old.suffix == ".jsonl" else _Rows(copy)
            fresh = Path(folder) / f"new{new.suffix}"
            kept = _saved(found, fresh)
            if not kept:
                raise JournalError(f"{old.name}: nothing of it can be saved: {found.reason}")
            fresh.replace(new)
    except OSError as error:
        raise JournalError(f"{new.name}: cannot be written: {error.strerror}") from None
    if lost and not found.reason:
        found.reason, found.head = f"the log was altered, with at least {lost} batches behind that", None
    return Repaired(kept=kept, reason=found.reason, head=found.head, behind=found.behind)


def _check_closed(file: Path) -> None:
    kind = JsonlStore if file.suffix == ".jsonl" else SqliteStore
    try:
        kind(file, readonly=True).close()
    except LockedError:
        raise
    except JournalError:
        pass  # that is why we are here


def _copied(old: Path, folder: Path) -> Path:
    """Copy the file, and the log beside it that a crash may have left."""
    for ending in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(old.with_name(old.name + ending), folder / f"old{ending}")
    return folder / "old"


def _saved(found: _Rows | _Lines, fresh: Path) -> int:
    """Keep in *fresh* what holds, and return how many entries that are."""
    store: Store = JsonlStore(fresh) if fresh.suffix == ".jsonl" else SqliteStore(fresh)
    try:
        batch: list[bytes] = []
        for body in found.holding():
            batch.append(body)
            if len(batch) == _BATCH:
                store.append(store.head(), batch)
                batch = []
        return store.append(store.head(), batch) + 1
    finally:
        store.close()


class _Found:
    """What can be read of a journal: why no more, the head that it names, what stands behind."""

    def __init__(self, path: Path) -> None:
        self.reason = ""
        self.head: int | None = None
        self.behind: int | None = None
        self._path = path


class _Rows(_Found):
    """What can be read of a journal in a table."""

    def holding(self) -> Iterator[bytes]:
        """Yield the bodies as far as they hold; then the reason is known."""
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                head = self._head(connection)
                kept, crc = 0, 0
                while (row := self._row(connection, kept)) is not None:
                    crc = crc32(row[1], crc)
                    if row[0] != crc:
                        self.reason = f"entry {kept} was altered"
                        break
                    yield row[1]
                    kept += 1
                self._sum_up(connection, kept, head, crc)
        except _DAMAGED as error:
            self.reason = self.reason or f"the file cannot be read: {error}"

    def _head(self, connection: sqlite3.Connection) -> tuple[int, int] | None:
        """Return the seq and checksum of the head, if they can be read."""
        try:
            rows = connection.execute("SELECT seq, crc FROM head").fetchall()
        except _DAMAGED:
            return None
        sound = len(rows) == 1 and all(type(each) is int for each in rows[0])
        return rows[0] if sound else None

    def _row(self, connection: sqlite3.Connection, seq: int) -> tuple[int, bytes] | None:
        """Return checksum and body of an entry; None if it is not there."""
        try:
            found: Any = connection.execute("SELECT crc, body FROM journal WHERE seq = ?", (seq,)).fetchone()
        except _DAMAGED as error:
            self.reason = f"entry {seq} cannot be read: {error}"
            return None
        if found is not None and (type(found[0]) is not int or type(found[1]) is not bytes):
            self.reason = f"entry {seq} was altered"
            return None
        return found  # type: ignore[no-any-return]

    def _sum_up(
        self, connection: sqlite3.Connection, kept: int, head: tuple[int, int] | None, crc: int
    ) -> None:
        """Say what is behind the last entry that holds."""
        with suppress(*_DAMAGED):
            asked = connection.execute("SELECT count(*) FROM journal WHERE seq >= ?", (kept,))
            (self.behind,) = asked.fetchone()
        if head is None:
            self.reason = self.reason or "the head was altered"
            return
        if not self.reason and self.behind:
            self.reason = f"entry {kept} is missing"
        if not self.reason and head != (kept - 1, crc):
            last = f"the head is {head[0]}, and"
            self.reason = (
                f"entry {kept} is missing: {last} that is all" if head[0] >= kept else "the head was altered"
            )
        self.head = head[0] if head[0] >= kept - 1 else None


class _Lines(_Found):
    """What can be read of a journal as text."""

    def holding(self) -> Iterator[bytes]:
        """Yield the bodies as far as they hold; then the reason is known."""
        lines = self._path.read_bytes().split(b"\n")
        whole = not lines[-1]
        rows = [line_of(line) for line in (lines[:-1] if whole else lines)]
        kept, crc = 0, 0
        for row in rows:
            if row is None or row[0] != kept or crc32(row[2], crc) != row[1]:
                torn = kept == len(rows) - 1 and not whole
                self.reason = "" if torn else f"entry {kept} was altered, or is missing"
                break
            crc = row[1]
            yield row[2]
            kept += 1
        self.behind = sum(1 for row in rows[kept:] if row is not None)
        self.head = kept - 1 if not self.reason else max((row[0] for row in rows if row), default=None)
