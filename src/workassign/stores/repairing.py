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
from workassign.retention import Beginning, gone
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
    """Entries, the header among them: their seqs are 0, and from `begins` on as many as are left."""
    reason: str
    """Why it ends there; empty: nothing is wrong with what can be read."""
    head: int | None
    """The seq of the last entry that there was, as the journal says itself; None: nobody knows."""
    behind: int | None
    """So many entries behind the damage are there still, but follow from nothing; None: nobody knows."""
    begins: int = 1
    """The first entry behind the header; above 1 what was before was removed on purpose."""

    @property
    def last(self) -> int:
        """The seq of the last entry that was kept."""
        return self.kept + self.begins - 2

    @property
    def lost(self) -> int | None:
        """How many entries were lost; None: nobody knows."""
        return None if self.head is None else max(0, self.head - self.last)

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, and nothing was wrong."""
        return not self.reason and self.lost == 0


def repair(source: str | PathLike[str], out: str | PathLike[str]) -> Repaired:
    """Write the longest beginning of the journal in *source* that holds to *out*, a new file.

    An entry holds if it is there, in its place, and its checksum goes on from the one before. The
    new file has no snapshots, unless the beginning of the journal was removed: then it has those that
    hold, for nothing can be replayed without. Cost: O(entries), and a copy of the file beside *out* for
    the time.

    Raises:
        UsageError: If there is something at *out*, or nothing at *source*; or the journal has no
            beginning, and *out* is text.
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
    return Repaired(
        kept=kept, reason=found.reason, head=found.head, behind=found.behind, begins=found.begin.seq
    )


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
    store: SqliteStore | JsonlStore = (JsonlStore if fresh.suffix == ".jsonl" else SqliteStore)(fresh)
    kept = 0
    try:
        batch: list[bytes] = []
        for kept, body in enumerate(found.holding(), 1):
            batch.append(body)
            if len(batch) == _BATCH or kept == 1:
                store.append(store.head(), batch)
                batch = []
            if kept == 1 and found.begin.removed:
                _go_on(store, found.begin)
        store.append(store.head(), batch)
        if isinstance(store, SqliteStore):
            for seq, snapshot in found.snapshots:
                store.snapshot(seq, snapshot)
    finally:
        store.close()
    return kept


def _go_on(store: SqliteStore | JsonlStore, begin: Beginning) -> None:
    if not isinstance(store, SqliteStore):
        raise UsageError(f"{gone(begin)}: what is left can be kept in an SQLite file only, not as text")
    store.go_on(begin)


class _Found:
    """What can be read of a journal: why no more, the head that it names, what stands behind."""

    def __init__(self, path: Path) -> None:
        self.reason = ""
        self.head: int | None = None
        self.behind: int | None = None
        self.begin = Beginning()
        self.snapshots: list[tuple[int, bytes]] = []
        """Those that hold and are needed, the oldest first."""
        self._path = path


class _Rows(_Found):
    """What can be read of a journal in a table."""

    def holding(self) -> Iterator[bytes]:
        """Yield the bodies as far as they hold; then the reason is known."""
        try:
            with closing(sqlite3.connect(self._path)) as connection:
                head = self._head(connection)
                self.begin = self._beginning(connection)
                seq, crc = 0, 0
                while (row := self._row(connection, seq)) is not None:
                    crc = crc32(row[1], crc)
                    if row[0] != crc:
                        self.reason = f"entry {seq} was altered"
                        break
                    yield row[1]
                    if seq == 0 and self.begin.removed:
                        seq, crc = self.begin.removed, self.begin.crc
                    self._keep_snapshot(connection, seq, crc)
                    seq += 1
                self._sum_up(connection, seq, head, crc)
        except _DAMAGED as error:
            self.reason = self.reason or f"the file cannot be read: {error}"

    def _beginning(self, connection: sqlite3.Connection) -> Beginning:
        """Return where the journal says that it begins; where it does not, or nobody can read it, with 1."""
        try:
            rows = connection.execute("SELECT seq, crc, at FROM beginning").fetchall()
        except _DAMAGED:
            return Beginning()  # an older file; else entry 1 is missing
        sound = [tuple(map(type, row)) for row in rows] == [(int, int, float)] and rows[0][0] > 1
        return Beginning(*rows[0]) if sound else Beginning()

    def _keep_snapshot(self, connection: sqlite3.Connection, seq: int, crc: int) -> None:
        """Keep the snapshot after the entry *seq*, of that checksum, if it is needed, there, and holds."""
        if self.begin.removed:
            with suppress(*_DAMAGED):
                found = connection.execute("SELECT crc, body FROM snapshot WHERE seq = ?", (seq,)).fetchall()
                if [type(body) for _, body in found] == [bytes] and found[0][0] == crc32(found[0][1], crc):
                    self.snapshots.append((seq, found[0][1]))

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
        if not self.reason and self.begin.removed and not self.snapshots:
            self.reason = f"no snapshot holds, and {gone(self.begin)}"
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
