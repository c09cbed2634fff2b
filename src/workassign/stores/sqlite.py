"""A journal in one SQLite file: the shelf for a service.

One connection, which locks the file while it is open. The write-ahead log is synchronized with
every commit, so that a batch that was answered for survives a crash and a loss of power. Beside
the entries stands the head (seq and checksum), written in the same transaction: a journal that
lost its tail is noticed too. A live file must not be copied by hand: `backup` does that.

Snapshots stand beside the entries, each with a checksum that goes on from that of its entry; and
the cursors of those who are told of the events. Entries behind which every snapshot stands may be
removed: then the file says where its journal begins.

Opened to read only, it also reads where nobody may write, and leaves nothing behind.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import Any
from zlib import crc32

from workassign.errors import JournalError, LockedError, UsageError
from workassign.journal import chained, check_rewrite, linked
from workassign.model import Instant
from workassign.retention import (
    Beginning,
    beginning,
    check_removable,
    check_snapshot,
    gone,
    header_only,
)
from workassign.snapshots import KEPT
from workassign.stores._disk import sync, write_through
from workassign.stores._fit import opened, writable
from workassign.stores.cursors import CONSUMERS, found, moves, row_of
from workassign.stores.logs import batches_behind_damage
from workassign.stores.rewriting import rewrite_rows, scrub

__all__ = ["SqliteStore"]

APPLICATION = 0x776B_6173  # "wkas"
"""The application id that tells our files from others."""

LAYOUT = 4
"""The layout of the tables; not the format of the entries, which the header says."""

_SNAPSHOTS = "CREATE TABLE snapshot (seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL, body BLOB NOT NULL);"

_BEGINNING = """
    CREATE TABLE beginning (
        one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, crc INTEGER NOT NULL, at REAL
    );
    INSERT INTO beginning VALUES (1, 1, 0, NULL);
"""

_STEPS = {1: _SNAPSHOTS, 2: CONSUMERS, 3: _BEGINNING}
"""Layout -> what makes the next one of it."""

_WITH_SNAPSHOTS, _WITH_CURSORS, _WITH_BEGINNING = 2, 3, 4
"""The first layouts that have them."""

BEHIND = "stands behind the head"
"""Said of a journal that has more than its head knows of."""

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
    {CONSUMERS}
    {_BEGINNING}
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
        self._begin = Beginning()
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
            head, begin = self._head, self._begin
            crc = self._crc_of(start - 1)
        if 0 < start < begin.seq:
            raise gone(begin)
        if start == 0 and begin.removed:
            return header_only(chained(self._rows(0, 0)), begin)
        return chained(self._rows(start, head), start, crc)

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        self._opened()
        return self._head

    def snapshot(self, seq: int, body: bytes) -> None:
        """Keep *body*, how things stood after the entry *seq*, and the snapshot before it."""
        with self._lock:
            connection = self._writable()
            check_snapshot(seq, self._head, self._begin)
            row = (seq, crc32(body, self._crc_of(seq)), body)
            with self._lasting("keeping a snapshot"):
                self._write_snapshot(connection, row)

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield what is kept, the newest first: the seq, and the body; None: it was altered."""
        with self._lock:
            self._opened()
            if self._layout < _WITH_SNAPSHOTS:  # open to read only: it had none
                return
            kept = self._ask("SELECT seq FROM snapshot WHERE seq <= ? ORDER BY seq DESC", (self._head,))
        for (seq,) in kept:
            with self._lock:
                body = self._snapshot(seq)
            yield seq, body

    def begins(self) -> Beginning:
        """Return where the journal begins, if its oldest entries were removed."""
        with self._lock:
            self._opened()
            return self._begin

    def prune(self, before: int, at: Instant) -> int:
        """Remove the entries 1 to *before* - 1 in one transaction; return how many those were."""
        with self._lock:
            connection, begin = self._writable(), self._begin
            if before <= begin.seq:
                return 0
            [(oldest,)] = self._ask("SELECT min(seq) FROM snapshot WHERE seq <= ?", (self._head,))
            check_removable(before, oldest)
            moved = Beginning(before, self._crc_of(before - 1), float(at))
            with self._lasting("removing entries"):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DELETE FROM journal WHERE seq BETWEEN 1 AND ?", (before - 1,))
                self._write_beginning(connection, moved)
                connection.execute("COMMIT")
            self._begin = moved
            return before - begin.seq

    def go_on(self, begin: Beginning) -> None:
        """Let a journal that has only its header go on where *begin* says: for a copy of a part.

        Raises:
            UsageError: If it has more, or less.
            JournalError: If writing failed.
        """
        with self._lock:
            connection = self._writable()
            if self._head != 0 or begin.at is None:
                raise UsageError(f"only behind a header a journal can begin with entry {begin.seq}")
            with self._lasting("beginning"):
                connection.execute("BEGIN IMMEDIATE")
                self._write_beginning(connection, begin)
                connection.execute("UPDATE head SET seq = ?, crc = ?", (begin.removed, begin.crc))
                connection.execute("COMMIT")
            self._begin, self._head, self._crc = begin, begin.removed, begin.crc

    def cursor(self, name: str) -> int:
        """Return where the consumer *name* stands; 0 if there is none of that name."""
        return self.cursors().get(name, 0)

    def cursors(self) -> dict[str, int]:
        """Return where each consumer stands, by its name, sorted."""
        with self._lock:
            self._opened()
            return self._cursors()

    def keep(self, name: str, seq: int) -> None:
        """Let the consumer *name* stand at *seq*, and wait for the disk. Forward only."""
        with self._lock:
            connection = self._writable()
            if moves(name, self._cursors().get(name), seq):
                with self._lasting("keeping a cursor"):
                    connection.execute("INSERT OR REPLACE INTO consumer VALUES (?, ?, ?)", row_of(name, seq))

    def forget(self, name: str) -> None:
        """Drop the consumer *name*, if there is one."""
        with self._lock:
            connection = self._writable()
            with self._lasting("forgetting a cursor"):
                connection.execute("DELETE FROM consumer WHERE name = ?", (name,))

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
            sync(target.parent)
        except (OSError, *_BROKEN) as error:
            raise JournalError(f"{target.name}: cannot be written: {error}") from None
        finally:
            with suppress(OSError):  # the disk fails on, and has said so
                fresh.unlink(missing_ok=True)
        return head

    def compact(self) -> tuple[int, int]:
        """Give back the room that nothing is in; return the bytes of the file before and after.

        Every entry and the snapshots stay, byte for byte. Appends wait meanwhile. It takes as much
        room again as the file has.

        Raises:
            JournalError: If an entry is damaged, which is left as it is; or writing failed.
        """
        _read_through(self)
        with self._lock:
            connection = self._writable()
            with self._lasting("compacting"):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                before = self._path.stat().st_size
                scrub(connection)
            return before, self._path.stat().st_size

    def rewrite(self, expected_head: int, changed: Mapping[int, bytes], batch: Sequence[bytes]) -> int:
        """Put other bodies in place of some, append *batch* and return the new head; no snapshot stays.

        It takes as much room again as the file has.
        """
        for _ in self.load():
            pass  # what is damaged is not made whole
        with self._lock:
            connection = self._writable()
            check_rewrite(expected_head, self._head, changed)
            before = self._crc_of(min(changed, default=self._head + 1) - 1)
            with self._lasting("rewriting"):
                self._head, self._crc = rewrite_rows(connection, self._head, before, changed, batch)
                scrub(connection)
            return self._head

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

    def _write_beginning(self, connection: sqlite3.Connection, begin: Beginning) -> None:
        connection.execute("UPDATE beginning SET seq = ?, crc = ?, at = ?", (begin.seq, begin.crc, begin.at))

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
        return opened(self._connection, self._path.name)

    def _writable(self) -> sqlite3.Connection:
        return writable(self._opened(), self._path.name, readonly=self._readonly, poisoned=self._poisoned)

    @property
    def _log(self) -> Path:
        """Where SQLite keeps its write-ahead log."""
        return self._path.with_name(self._path.name + "-wal")

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
        log = self._log
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
        self._settle_log()
        return self._connected(str(self._path), self._set_up)

    def _settle_log(self) -> None:
        """Bring into the file, durably, what a process that was killed has left in the log.

        Whoever is shown it may rely on it, and of that process nobody knows whether a sync had failed.
        """
        log = self._log
        if log.exists() and log.stat().st_size:
            with closing(self._connected(str(self._path), self._take)):
                self._make_log_sure()

    def _take(self, connection: sqlite3.Connection) -> None:
        """Lock the file, which must be ours or new, from now on."""
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._is_new(connection)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("COMMIT")

    def _for_reading(self) -> sqlite3.Connection:
        """Open a file that is there; where SQLite can put nothing beside it, as one that rests.

        What a crash left in the write-ahead log would be missing then: better nothing than less.
        """
        if not self._path.is_file():
            raise FileNotFoundError("no file is there")
        self._check_log()
        uri = self._path.absolute().as_uri() + "?mode=ro"
        log, shared = self._log, self._path.with_name(self._path.name + "-shm")
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
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":  # which SQLite says and raises nothing; other logs are not as durable
            raise JournalError(f"{self._path.name}: no write-ahead log can be kept on this disk, or just now")
        connection.execute("PRAGMA synchronous = FULL")
        if is_new:
            connection.executescript(_TABLES)
        else:
            connection.execute("BEGIN IMMEDIATE")  # takes the lock now, and not with the first append
            connection.execute("COMMIT")
        while self._layout < LAYOUT:
            self._migrate(connection)
        self._find_head(connection)
        # A log that was removed, with a batch that failed, must not come back after a loss of power.
        sync(self._path.parent)

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
        (last,) = connection.execute("SELECT max(seq) FROM journal").fetchone()
        if last is not None and last > self._head:
            # A disk that failed to sync, and then lost its power, may leave pages of two times.
            raise JournalError(f"{self._path.name}: entry {last} {BEHIND} {self._head}: repair it")
        self._begin = self._found_beginning(connection) if self._layout >= _WITH_BEGINNING else Beginning()

    def _found_beginning(self, connection: sqlite3.Connection) -> Beginning:
        """Return where the journal begins; what was removed must not be there, and the next be no later."""
        rows = connection.execute("SELECT seq, crc, at FROM beginning").fetchall()
        kinds = [tuple(map(type, row)) for row in rows]
        if rows == [(1, 0, None)]:
            return Beginning()
        begin = Beginning(*rows[0]) if kinds == [(int, int, float)] else Beginning(0)
        (rests,) = connection.execute(
            "SELECT count(*) FROM (SELECT 1 FROM journal WHERE seq BETWEEN 1 AND ? LIMIT 1)", (begin.removed,)
        ).fetchone()
        ends = begin.removed == self._head and begin.crc != self._crc
        if rests or ends or not 2 <= begin.seq <= self._head + 1:
            raise JournalError(f"{self._path.name}: the beginning was altered")
        return begin

    def _close(self) -> None:
        if self._connection is not None:
            try:
                self._clear_away()
                if self._poisoned:
                    with suppress(OSError):  # the disk fails on: then it stays as it is
                        self._make_log_sure()
                self._connection.close()
            except (OSError, sqlite3.Error) as error:
                raise JournalError(f"{self._path.name}: closing failed: {error}") from error
            finally:
                self._connection = None

    def _make_log_sure(self) -> None:
        """Put the log, as it can be read, into a new file that is on the disk for sure.

        After a sync that failed nobody knows what of the log is there, and a later one that succeeds does
        not tell. But closing copies it into the file itself, page by page, for which it must be there.
        """
        log = self._log
        if not log.exists():
            return
        fresh = log.with_name(log.name + ".new")
        try:
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                write_through(handle, log.read_bytes())
            finally:
                os.close(handle)
            fresh.replace(log)
            sync(log.parent)
        finally:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)

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
        if seq == self._begin.removed and seq:
            return self._begin.crc
        rows = self._ask("SELECT crc FROM journal WHERE seq = ?", (seq,))
        return rows[0][0] if rows and type(rows[0][0]) is int else 0

    def _cursors(self) -> dict[str, int]:
        if self._layout < _WITH_CURSORS:  # open to read only: it had none
            return {}
        return found(self._ask("SELECT name, seq, crc FROM consumer ORDER BY name", ()))

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
                if 0 < seq + 1 < self._begin.seq:  # while it was read
                    raise gone(self._begin)
                rows = self._ask(question, (seq + 1, min(_PAGE, head - seq)))
            if not rows:
                raise JournalError(f"entry {seq + 1} is missing: the head is {head}")
            for row in rows:
                if type(row[0]) is not int or type(row[1]) is not int or type(row[2]) is not bytes:
                    raise JournalError(f"entry {seq + 1} was altered")
                seq, crc, _ = row
                yield row
        if head == self._head and crc is not None and crc != self._crc:
            raise JournalError(f"entry {head} was altered: the head has checksum {self._crc}, not {crc}")


def _copy(connection: sqlite3.Connection, fresh: Path) -> None:
    """Copy what *connection* has open to the file *fresh*, and wait for the disk."""
    with closing(sqlite3.connect(fresh, timeout=0, isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which can be read where nobody may write
    sync(fresh)


def _proved(fresh: Path) -> int:
    """Read the journal in *fresh* to its end and return its head."""
    copy = SqliteStore(fresh, readonly=True)
    try:
        _read_through(copy)
        return copy.head()
    finally:
        copy.close()


def _read_through(store: SqliteStore) -> None:
    """Prove every checksum of *store*."""
    first = beginning(store).seq
    if first > 1:
        next(store.load())
    for _ in store.load(first if first > 1 else 0):
        pass
