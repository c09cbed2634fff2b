"""A journal in one SQLite file: the shelf for a service.

One connection, which locks the file while it is open. The write-ahead log is synchronized with
every commit, so that a batch that was answered for survives a crash and a loss of power. Beside
the entries stands the head (seq and checksum), written in the same transaction: a journal that
lost its tail is noticed too. A live file must not be copied by hand: `backup` does that.

Snapshots stand beside the entries, each with a checksum that goes on from that of its entry.

Opened to read only, it also reads where nobody may write, and leaves nothing behind.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from os import PathLike
from pathlib import Path
from typing import Any
from zlib import crc32

from workassign.errors import JournalError, LockedError, UsageError
from workassign.journal import chained, linked
from workassign.stores.logs import batches_behind_damage

__all__ = ["SqliteStore"]

APPLICATION = 0x776B_6173  # "wkas"
"""The application id that tells our files from others."""

LAYOUT = 2
"""The layout of the tables; not the format of the entries, which the header says."""

_SNAPSHOTS = "CREATE TABLE snapshot (seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL);"

_STEPS = {1: _SNAPSHOTS}
"""Layout -> what makes the next one of it."""

KEPT = 2
"""So many snapshots are kept: if the newest is damaged, there is the one before."""

_BROKEN = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises of a damaged file; the second one where a name in its message is damaged too."""

_NO_ROOM = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)
"""What SQLite raises where it may put nothing beside a file."""

_PAGE = 2000
"""Rows are read so many at a time, so that appends can come in between."""

_TABLES = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE journal (seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, crc INTEGER NOT NULL);
    INSERT INTO head VALUES (1, -1, 0);
    {_SNAPSHOTS}
    PRAGMA application_id = {APPLICATION};
    PRAGMA user_version = {LAYOUT};
    COMMIT;
"""


class SqliteStore:
    """Keeps a journal in an SQLite file, which it locks while it is open.

    Raises:
        LockedError: If the file is open elsewhere.
        JournalError: If it is no journal, or cannot be read or made.
    """

    def __init__(self, path: str | PathLike[str], *, readonly: bool = False) -> None:
        """Open the journal at *path*, or make a new one, readable to its owner only.

        With *readonly* it must be there; others may read it meanwhile, and nothing is appended.
        """
        self._path = Path(path)
        self._readonly = readonly
        self._made: list[Path] = []
        """What SQLite put beside the file for a reading."""
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._poisoned = False
        self._head = -1
        self._crc = 0
        self._layout = LAYOUT
        self._open()

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Write all of *batch* in one transaction, wait for the disk, and return the new head."""
        with self._lock:
            connection = self._writable()
            rows = linked(batch, expected_head, self._head, self._crc)
            if not rows:
                return self._head
            with self._lasting("appending"):
                self._write(connection, rows)
            self._head, self._crc, _ = rows[-1]
            return self._head

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on, checked."""
        with self._lock:
            self._opened()
            head = self._head
            crc = self._crc_of(start - 1)
        return chained(self._rows(start, head), start, crc)

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        self._opened()
        return self._head

    def snapshot(self, seq: int, body: bytes) -> None:
        """Keep *body*, how things stood after the entry *seq*, and the snapshot before it."""
        with self._lock:
            connection = self._writable()
            if not 0 <= seq <= self._head:
                raise JournalError(
                    f"there is no entry {seq} to take a snapshot after: the head is {self._head}"
                )
            row = (seq, crc32(body, self._crc_of(seq)), body)
            with self._lasting("keeping a snapshot"):
                self._write_snapshot(connection, row)

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield what is kept, the newest first: the seq, and the body; None: it was altered."""
        with self._lock:
            self._opened()
            if self._layout < LAYOUT:  # open to read only: it had none
                return
            found = self._ask("SELECT seq FROM snapshot WHERE seq <= ? ORDER BY seq DESC", (self._head,))
        for (seq,) in found:
            with self._lock:
                body = self._snapshot(seq)
            yield seq, body

    def backup(self, path: str | PathLike[str]) -> int:
        """Write a copy of the journal to *path*, where nothing may be; return its head.

        The store may be open and at work: appends wait meanwhile. The copy is read to its end, and
        every checksum proved, before it gets its name; until then it is `path.new`.

        Raises:
            UsageError: If there is something at *path*.
            JournalError: If this journal is damaged, or the copy cannot be written.
        """
        target = Path(path)
        if target.exists():
            raise UsageError(f"{target.name} is there already: a backup replaces nothing")
        fresh = target.with_name(target.name + ".new")
        try:
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            with self._lock:
                _copy(self._opened(), fresh)
            head = _proved(fresh)
            fresh.replace(target)
            _sync(target.parent)
        except (OSError, *_BROKEN) as error:
            raise JournalError(f"{target.name}: cannot be written: {error}") from None
        finally:
            fresh.unlink(missing_ok=True)
        return head

    def compact(self) -> tuple[int, int]:
        """Give back the room that nothing is in; return the bytes of the file before and after.

        Every entry and the snapshots stay, byte for byte. Appends wait meanwhile. It takes as much
        room again as the file has.

        Raises:
            JournalError: If an entry is damaged, which is left as it is; or writing failed.
        """
        for _ in self.load():
            pass
        with self._lock:
            connection = self._writable()
            with self._lasting("compacting"):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                before = self._path.stat().st_size
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return before, self._path.stat().st_size

    def reopen(self) -> None:
        """Find out what is really there."""
        with self._lock:
            self._close()
            self._open()

    def close(self) -> None:
        """Write everything into the one file and unlock it."""
        with self._lock:
            self._close()

    # --- writing ----------------------------------------------------------------------------

    def _write(self, connection: sqlite3.Connection, rows: list[tuple[int, int, bytes]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE head SET seq = ?, crc = ?", rows[-1][:2])
        connection.execute("COMMIT")

    def _write_snapshot(self, connection: sqlite3.Connection, row: tuple[int, int, bytes]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", row)
        connection.execute(
            "DELETE FROM snapshot WHERE seq NOT IN (SELECT seq FROM snapshot ORDER BY seq DESC LIMIT ?)",
            (KEPT,),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all that is in the log is in the file now

    @contextmanager
    def _lasting(self, what: str) -> Iterator[None]:
        """Take nothing more, until `reopen`, after a writing that failed: nobody knows what was kept."""
        try:
            yield
        except BaseException as error:
            self._poisoned = True
            if isinstance(error, sqlite3.Error):
                raise JournalError(f"{self._path.name}: {what} failed: {error}") from error
            raise

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError(f"{self._path.name}: the store is closed")
        return self._connection

    def _writable(self) -> sqlite3.Connection:
        connection = self._opened()
        if self._readonly:
            raise JournalError(f"{self._path.name} is open to read only")
        if self._poisoned:
            raise JournalError(f"{self._path.name}: an append has failed: reopen the store")
        return connection

    # --- opening ----------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            connection = self._for_reading() if self._readonly else self._for_writing()
        except (OSError, *_BROKEN) as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                raise LockedError(f"{self._path.name} is open elsewhere") from None
            raise JournalError(f"{self._path.name}: cannot be opened as a journal: {error}") from None
        self._connection, self._poisoned = connection, False

    def _check_log(self) -> None:
        """Refuse a log that was altered: opening it would drop what was answered for, and say nothing."""
        log = self._path.with_name(self._path.name + "-wal")
        if not (lost := batches_behind_damage(log)):
            return
        with closing(
            sqlite3.connect(self._path.absolute().as_uri() + "?mode=ro", timeout=0, uri=True)
        ) as asked:
            try:
                asked.execute("SELECT 1 FROM sqlite_master")
            except _BROKEN as error:  # whoever has it open is at work on the log just now; else it is damaged
                if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                    raise
        raise JournalError(f"{log.name} was altered: at least {lost} batches behind that would be lost")

    def _for_writing(self) -> sqlite3.Connection:
        self._check_log()
        self._path.touch(mode=0o600)
        return self._connected(str(self._path), self._set_up)

    def _for_reading(self) -> sqlite3.Connection:
        """Open a file that is there; where SQLite can put nothing beside it, as one that rests.

        What a crash left in the write-ahead log would be missing then: better nothing than less.
        """
        if not self._path.is_file():
            raise FileNotFoundError("no file is there")
        self._check_log()
        uri = self._path.absolute().as_uri() + "?mode=ro"
        log, shared = (self._path.with_name(self._path.name + ending) for ending in ("-wal", "-shm"))
        self._made = [each for each in (log, shared) if not each.exists()]
        try:
            return self._connected(uri, self._find_head)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _NO_ROOM:
                raise
        if log.exists() and log.stat().st_size:
            raise JournalError(
                f"{self._path.name}: its last entries are in {log.name}, which can only be read where SQLite "
                "may write: copy both to such a folder"
            )
        return self._connected(uri + "&immutable=1", self._find_head)

    def _connected(self, name: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        """Return a connection to *name*, prepared; it is closed if that fails."""
        connection = sqlite3.connect(
            name, timeout=0, isolation_level=None, check_same_thread=False, uri=self._readonly
        )
        try:
            prepare(connection)
        except BaseException as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_BUSY:
                self._clear_away()
            connection.close()
            raise
        return connection

    def _set_up(self, connection: sqlite3.Connection) -> None:
        """Lock the file, make the tables of a new one, and find the head."""
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        is_new = self._is_new(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if is_new:
            connection.executescript(_TABLES)
        else:
            connection.execute("BEGIN IMMEDIATE")  # takes the lock now, and not with the first append
            connection.execute("COMMIT")
        while self._layout < LAYOUT:
            self._migrate(connection)
        self._find_head(connection)

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Make the next layout of this one, all of it or nothing."""
        step, layout = _STEPS[self._layout], self._layout + 1
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {layout}; COMMIT;")
        self._layout = layout

    def _is_new(self, connection: sqlite3.Connection) -> bool:
        """Whether there is nothing in the file yet; what is there must be ours."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        is_new: bool = application == 0 and tables == 0
        if not is_new and application != APPLICATION:
            raise JournalError(f"{self._path.name} is no workassign journal")
        if not is_new and not 1 <= layout <= LAYOUT:
            raise JournalError(f"{self._path.name} has layout {layout}; this version reads up to {LAYOUT}")
        self._layout = LAYOUT if is_new else layout
        return is_new

    def _find_head(self, connection: sqlite3.Connection) -> None:
        if self._readonly and self._is_new(connection):
            raise JournalError(f"{self._path.name} is no workassign journal: it is empty")
        head = connection.execute("SELECT seq, crc FROM head").fetchall()
        if len(head) != 1 or not all(type(each) is int for each in head[0]):
            raise JournalError(f"{self._path.name}: the head was altered")
        self._head, self._crc = head[0]
        if self._head < 0:  # an empty journal: is it?
            (rows,) = connection.execute("SELECT count(*) FROM (SELECT 1 FROM journal LIMIT 1)").fetchone()
            if rows or head[0] != (-1, 0):
                raise JournalError(
                    f"{self._path.name}: the head was altered: it says that there are no entries"
                )

    def _close(self) -> None:
        if self._connection is not None:
            try:
                self._clear_away()
                self._connection.close()
            except (OSError, sqlite3.Error) as error:
                raise JournalError(f"{self._path.name}: closing failed: {error}") from error
            finally:
                self._connection = None

    def _clear_away(self) -> None:
        """Remove what SQLite put beside the file to read it; while that is locked nobody writes there."""
        if self._readonly:
            for each in self._made:
                each.unlink(missing_ok=True)

    # --- reading ----------------------------------------------------------------------------

    def _ask(self, question: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._opened().execute(question, values).fetchall()
        except _BROKEN as error:
            raise JournalError(f"{self._path.name}: cannot be read: {error}") from None

    def _crc_of(self, seq: int) -> int:
        if seq < 0:
            return 0
        found = self._ask("SELECT crc FROM journal WHERE seq = ?", (seq,))
        return found[0][0] if found and type(found[0][0]) is int else 0

    def _snapshot(self, seq: int) -> bytes | None:
        """Return the body of the snapshot after the entry *seq*; None if it was altered."""
        try:
            rows = self._ask("SELECT crc, body FROM snapshot WHERE seq = ?", (seq,))
        except JournalError:
            return None
        if len(rows) != 1 or type(rows[0][1]) is not bytes:
            return None
        crc, body = rows[0]
        return body if crc == crc32(body, self._crc_of(seq)) else None

    def _rows(self, start: int, head: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the rows up to *head*, which must be there and have the checksum of the head."""
        question = "SELECT seq, crc, body FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?"
        seq, crc = start - 1, None
        while seq < head:
            with self._lock:
                rows = self._ask(question, (seq + 1, min(_PAGE, head - seq)))
            if not rows:
                raise JournalError(f"entry {seq + 1} is missing: the head is {head}")
            for row in rows:
                if tuple(map(type, row)) != (int, int, bytes):
                    raise JournalError(f"entry {seq + 1} was altered")
                seq, crc, body = row
                yield seq, crc, body
        if head == self._head and crc is not None and crc != self._crc:
            raise JournalError(f"entry {head} was altered: the head has checksum {self._crc}, not {crc}")


def _copy(connection: sqlite3.Connection, fresh: Path) -> None:
    """Copy what *connection* has open to the file *fresh*, and wait for the disk."""
    with closing(sqlite3.connect(fresh, timeout=0, isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read where nobody may write
    _sync(fresh)


def _proved(fresh: Path) -> int:
    """Read the journal in *fresh* to its end and return its head."""
    copy = SqliteStore(fresh, readonly=True)
    try:
        for _ in copy.load():
            pass
        return copy.head()
    finally:
        copy.close()


def _sync(path: Path) -> None:
    """Wait until *path*, a file or the names in a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
