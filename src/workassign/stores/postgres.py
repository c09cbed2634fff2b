"""A journal in PostgreSQL: the shelf for several nodes, of which one leads at a time.

Each journal is a *shard*: a row that says who leads it (the epoch, which rises with every leader),
where its journal ends (the head), and until when nobody else may try (the lease). A batch is
appended by one statement that does nothing unless epoch and head are still what the writer
thinks: a leader that was deposed while it slept, or whose words arrive late, writes nothing. The
epoch alone would not do (an append whose answer was lost, sent again); the lease is there for
availability only, and compared with the clock of the server only.

Beside the lease the leader's session holds an advisory lock, where it can have it. Whoever gets
that lock knows that the session has ended, and need not wait for the lease.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from zlib import crc32

from workassign.errors import Deposed, JournalError, LockedError, UsageError
from workassign.journal import chained, check_rewrite, linked
from workassign.model import Instant
from workassign.retention import Beginning, check_removable, check_snapshot, gone, header_only
from workassign.snapshots import KEPT
from workassign.stores._appending import Appending
from workassign.stores._fenced import (
    ACQUIRE,
    APPEND,
    FORGET_CURSOR,
    KEEP_CURSOR,
    KEEP_SNAPSHOT,
    LOOK,
    PRUNE,
    RELEASE,
    RENEW,
)
from workassign.stores._fit import opened, writable
from workassign.stores._shard_rewriting import rewrite_shard
from workassign.stores.connecting import connected, migrate, said
from workassign.stores.cursors import found, moves, row_of

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresStore", "check"]

PROMPT = 0.5
"""What time it is at the server is believed if the answer came within so many seconds."""

_PAGE = 2000
"""Rows are read so many at a time, so that appends can come in between."""

_LOCKS = 0x776B_6173
"""The first half of our advisory locks ("wkas"); the second is the name of the shard, hashed."""


class PostgresStore:
    """Keeps the journal of one shard in PostgreSQL, and leads that shard while it is open.

    Needs the extra `postgres`. The tables are made by the first who opens it. Whoever opens a shard
    that nobody leads becomes its leader. Every append prolongs the lease; whoever appends seldom
    calls `renew`, as a node does, or may find that somebody else has taken over. That is never a danger to
    the journal: whoever was deposed writes nothing.

    Raises:
        LockedError: If somebody else leads the shard.
        UsageError: If psycopg is not installed, *dsn* cannot be read, *shard* is no name of 1 to 128
            characters, or *lease* is not between 0.1 and 3600.
        JournalError: If the server cannot be reached, or holds something else.
    """

    def __init__(
        self,
        dsn: str,
        *,
        shard: str = "main",
        lease: float = 5.0,
        wait: float = 0.0,
        advisory: bool = True,
        readonly: bool = False,
    ) -> None:
        """Lead *shard* at *dsn* for *lease* seconds at a time (5), after a *wait* of so many at most.

        Without *advisory* it takes no advisory lock: for servers behind a pool that gives every
        transaction another session. With *readonly* the shard may be led by others; what they append
        is seen, and nothing is written.
        """
        check(shard, lease)
        self.shard = shard
        self.lease = lease
        self.epoch = 0
        """Under which it leads; 0: it does not."""
        self._dsn = dsn
        self._readonly = readonly
        self._advisory = advisory
        self._owner = uuid.uuid4()
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._append: Appending | None = None
        self._locks = False
        """The session holds the advisory lock."""
        self._poisoned = False
        self._head = -1
        self._crc = 0
        self._begin = Beginning()
        self.renewed = 0.0
        """When the lease was last asked for with success, by `time.monotonic`."""
        self._ahead = 0.0
        """How far the server's time is ahead of `time.monotonic` here."""
        self._open(wait)

    # --- the journal ------------------------------------------------------------------------

    def append(self, expected_head: int, batch: Sequence[bytes]) -> int:
        """Write all of *batch* in one statement, wait for the disk, and return the new head.

        Raises:
            Deposed: If somebody else leads now; nothing was written.
        """
        with self._lock:
            connection = self._writable()
            rows = linked(batch, expected_head, self._head, self._crc)
            if not rows:
                return self._head
            _, crcs, bodies = zip(*rows, strict=True)
            with self._lasting("appending"):
                self._append = self._append or Appending(connection, APPEND)
                asked = time.monotonic()
                found = self._append(self.shard, self.epoch, self._head, self.lease, crcs, bodies)
                if found[0] != len(rows):
                    raise Deposed(self.shard)
            self._heard(asked, found[1])
            self._head, self._crc, _ = rows[-1]
            return self._head

    def load(self, start: int = 0) -> Iterator[bytes]:
        """Yield the bodies from *start* on, checked."""
        with self._lock:
            self._opened()
            if self._readonly:
                self._look()
            head, last, begin = self._head, self._crc, self._begin
            crc = self._crc_of(start - 1)
        if 0 < start < begin.seq:
            raise gone(begin)
        if start == 0 and begin.removed:
            return header_only(chained(self._rows(0, 0, None)), begin)
        return chained(self._rows(start, head, last), start, crc)

    def head(self) -> int:
        """Return the seq of the last entry; -1 if there is none."""
        with self._lock:
            self._opened()
            if self._readonly:
                self._look()
            return self._head

    def snapshot(self, seq: int, body: bytes) -> None:
        """Keep *body*, how things stood after the entry *seq*, and the snapshot before it.

        Raises:
            Deposed: If somebody else leads now; nothing was written.
        """
        with self._lock:
            connection = self._writable()
            check_snapshot(seq, self._head, self._begin)
            values = {
                **self._mine(),
                "seq": seq,
                "crc": crc32(body, self._crc_of(seq)),
                "body": body,
                "others": KEPT - 1,
            }
            with self._lasting("keeping a snapshot"):
                if connection.execute(KEEP_SNAPSHOT, values).fetchone() != (1,):
                    raise Deposed(self.shard)

    def snapshots(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield what is kept, the newest first: the seq, and the body; None: it was altered."""
        with self._lock:
            self._opened()
            found = self._ask(
                "SELECT seq FROM workassign.snapshot WHERE shard = %s AND seq <= %s ORDER BY seq DESC",
                (self.shard, self._head),
            )
        for (seq,) in found:
            with self._lock:
                rows = self._ask(
                    "SELECT crc, body FROM workassign.snapshot WHERE shard = %s AND seq = %s",
                    (self.shard, seq),
                )
                before = self._crc_of(seq)
            if rows:  # else a newer one has replaced it meanwhile
                [(crc, body)] = rows
                yield seq, body if crc == crc32(body, before) else None

    def rewrite(self, expected_head: int, changed: Mapping[int, bytes], batch: Sequence[bytes]) -> int:
        """Put other bodies in place of some, append *batch* and return the new head; no snapshot stays.

        One transaction: others wait. The server's free space has the old bodies until `VACUUM FULL`.

        Raises:
            Deposed: If somebody else leads now; nothing was written.
        """
        for _ in self.load():
            pass  # what is damaged is not made whole
        with self._lock:
            connection = self._writable()
            check_rewrite(expected_head, self._head, changed)
            before = self._crc_of(min(changed, default=self._head + 1) - 1)
            with self._lasting("rewriting"):
                self._head, self._crc = rewrite_shard(
                    connection, self._mine(), self._head, before, changed, batch
                )
            return self._head

    def begins(self) -> Beginning:
        """Return where the journal begins, if its oldest entries were removed."""
        with self._lock:
            self._opened()
            if self._readonly:
                self._look()
            return self._begin

    def prune(self, before: int, at: Instant) -> int:
        """Remove the entries 1 to *before* - 1 in one statement; return how many those were.

        Raises:
            Deposed: If somebody else leads now; nothing was removed.
        """
        with self._lock:
            connection, begin = self._writable(), self._begin
            if before <= begin.seq:
                return 0
            [(oldest,)] = self._ask(
                "SELECT min(seq) FROM workassign.snapshot WHERE shard = %s AND seq <= %s",
                (self.shard, self._head),
            )
            check_removable(before, oldest)
            moved = Beginning(before, self._crc_of(before - 1), float(at))
            values = {
                **self._mine(),
                "before": before,
                "last": before - 1,
                "crc": moved.crc,
                "at": moved.at,
            }
            with self._lasting("removing entries"):
                if connection.execute(PRUNE, values).fetchone() != (1,):
                    raise Deposed(self.shard)
            self._begin = moved
            return before - begin.seq

    # --- who was told -----------------------------------------------------------------------

    def cursor(self, name: str) -> int:
        """Return where the consumer *name* stands; 0 if there is none of that name."""
        return self.cursors().get(name, 0)

    def cursors(self) -> dict[str, int]:
        """Return where each consumer stands, by its name, sorted."""
        question = 'SELECT name, seq, crc FROM workassign.consumer WHERE shard = %s ORDER BY name COLLATE "C"'
        with self._lock:
            self._opened()
            return found(self._ask(question, (self.shard,)))

    def keep(self, name: str, seq: int) -> None:
        """Let the consumer *name* stand at *seq*. Forward only.

        Raises:
            Deposed: If somebody else leads now; nothing was written.
        """
        kept = self.cursors().get(name)
        with self._lock:
            connection = self._writable()
            if not moves(name, kept, seq):
                return
            _, _, crc = row_of(name, seq)
            values = {**self._mine(), "name": name, "seq": seq, "crc": crc}
            with self._lasting("keeping a cursor"):
                if connection.execute(KEEP_CURSOR, values).fetchone() != (1,):
                    raise Deposed(self.shard)

    def forget(self, name: str) -> None:
        """Drop the consumer *name*, if there is one.

        Raises:
            Deposed: If somebody else leads now; nothing was written.
        """
        with self._lock:
            connection = self._writable()
            with self._lasting("forgetting a cursor"):
                if connection.execute(FORGET_CURSOR, {**self._mine(), "name": name}).fetchone() != (1,):
                    raise Deposed(self.shard)

    # --- leading ----------------------------------------------------------------------------

    def renew(self) -> None:
        """Lead for another lease.

        Raises:
            Deposed: If somebody else leads now.
            JournalError: If the server did not answer; whether this one still leads is unknown.
        """
        with self._lock:
            connection = self._writable()
            with self._lasting("renewing the lease"):
                self._locks = self._locks or self._locked(connection)
                asked = time.monotonic()
                found = connection.execute(RENEW, {**self._mine(), "locks": self._locks}).fetchone()
                if found is None:
                    raise Deposed(self.shard)
            self._heard(asked, found[0])

    def clock(self) -> float:
        """Return the server's time, POSIX seconds, as last heard: one clock for all nodes.

        It asks nobody. It may step when the server's clock does: see `serve.clock.SteadyClock`.
        """
        return time.monotonic() + self._ahead

    def reopen(self) -> None:
        """Find out what is really there, and lead again if nobody else does.

        Raises:
            LockedError: If somebody else leads.
        """
        with self._lock:
            self._close()
            self._open(0.0)

    def close(self) -> None:
        """Lead no more: somebody else may at once. May be called twice."""
        with self._lock:
            connection = self._connection
            if connection is not None and self.epoch and not self._poisoned:
                import psycopg

                with suppress(psycopg.Error):  # what is given up now ends by itself, with the lease
                    connection.execute(RELEASE, self._mine())
            self._close()

    # --- beginning and ending ---------------------------------------------------------------

    def _open(self, wait: float) -> None:
        self._connection = connected(self._dsn, self.lease)
        import psycopg

        try:
            if self._readonly:
                self._look()
            else:
                migrate(self._connection)
                self._acquire(self._connection, wait)
        except psycopg.Error as error:
            self._close()
            raise JournalError(f"{self._name} cannot be opened: {said(error)}") from None
        except BaseException:
            self._close()
            raise
        self._poisoned = False

    def _acquire(self, connection: psycopg.Connection[Any], wait: float) -> None:
        connection.execute(
            "INSERT INTO workassign.shard (name) VALUES (%s) ON CONFLICT DO NOTHING", (self.shard,)
        )
        patience = time.monotonic() + wait
        while not self._acquired(connection, min(patience - time.monotonic(), self.lease / 3)):
            if time.monotonic() >= patience:
                raise LockedError(f"{self._name} is led by somebody else")

    def _acquired(self, connection: psycopg.Connection[Any], wait: float) -> bool:
        """Whether it leads, after at most *wait* seconds."""
        self._locks = self._locked(connection, wait)
        asked = time.monotonic()
        found = connection.execute(ACQUIRE, {**self._mine(), "locks": self._locks}).fetchone()
        if found is None:
            if self._locks:  # whoever leads without it may want it
                connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (_LOCKS, self.shard))
                time.sleep(max(0.0, wait))
            return False
        self.epoch, self._head, self._crc, now, *begins = found
        self._begin = self._sound(Beginning(*begins))
        self._heard(asked, now)
        return True

    def _locked(self, connection: psycopg.Connection[Any], wait: float = 0.0) -> bool:
        """Whether this connection gets the advisory lock, within *wait* seconds."""
        if not self._advisory:
            time.sleep(max(0.0, wait))
            return False
        if wait <= 0:
            found = connection.execute(
                "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCKS, self.shard)
            ).fetchone()
            return found == (True,)
        from psycopg.errors import LockNotAvailable

        connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(max(1, int(wait * 1000))),))
        try:
            connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (_LOCKS, self.shard))
            return True
        except LockNotAvailable:
            return False
        finally:
            if not connection.broken:
                connection.execute("SELECT set_config('lock_timeout', '0', false)")

    def _look(self) -> None:
        """See where the journal of others begins and ends."""
        found = self._ask(LOOK, (self.shard,))
        if not found:
            raise JournalError(f"there is no shard {self.shard!r}")
        self._head, self._crc, *begins = found[0]
        self._begin = self._sound(Beginning(*begins))

    def _sound(self, begin: Beginning) -> Beginning:
        """Return *begin*, which must be one for this head."""
        ends = begin.removed == self._head > 0 and begin.crc != self._crc
        if ends or not 1 <= begin.seq <= max(0, self._head) + 1:
            raise JournalError(f"{self._name}: the beginning was altered")
        return begin

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        self.epoch, self._locks, self._append = 0, False, None
        if connection is not None:
            connection.close()

    # --- asking the server ------------------------------------------------------------------

    def _mine(self) -> dict[str, Any]:
        return {"shard": self.shard, "epoch": self.epoch, "owner": self._owner, "lease": self.lease}

    def _heard(self, asked: float, server: float) -> None:
        """Take in what time it was at the server when it answered a question *asked* then, and led."""
        now = time.monotonic()
        if now - asked < PROMPT or not self.renewed:  # else nobody knows when in between it was that time
            self._ahead = server - (asked + now) / 2
        self.renewed = asked

    def _opened(self) -> psycopg.Connection[Any]:
        return opened(self._connection, self._name)

    def _writable(self) -> psycopg.Connection[Any]:
        return writable(self._opened(), self._name, readonly=self._readonly, poisoned=self._poisoned)

    @property
    def _name(self) -> str:
        return f"shard {self.shard!r}"

    @contextmanager
    def _lasting(self, what: str) -> Iterator[None]:
        """Take nothing more, until `reopen`, after a writing that failed: nobody knows what was kept."""
        import psycopg

        try:
            yield
        except BaseException as error:
            self._poisoned = True
            if isinstance(error, psycopg.Error):
                raise JournalError(f"{self._name}: {what} failed: {said(error)}") from None
            raise

    def _ask(self, question: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        import psycopg

        try:
            return self._opened().execute(question, values, binary=True).fetchall()
        except psycopg.Error as error:
            raise JournalError(f"{self._name} cannot be read: {said(error)}") from None

    def _crc_of(self, seq: int) -> int:
        if seq < 0:
            return 0
        if seq == self._begin.removed and seq:
            return self._begin.crc
        found = self._ask(
            "SELECT crc FROM workassign.journal WHERE shard = %s AND seq = %s", (self.shard, seq)
        )
        return int(found[0][0]) if found else 0

    def _rows(self, start: int, head: int, last: int | None) -> Iterator[tuple[int, int, bytes]]:
        """Yield the rows up to *head*, which must be there and have the checksum *last*, if it is known."""
        question = (
            "SELECT seq, crc, body FROM workassign.journal"
            " WHERE shard = %s AND seq >= %s AND seq <= %s ORDER BY seq LIMIT %s"
        )
        seq, crc = start - 1, None
        while seq < head:
            with self._lock:
                rows = self._ask(question, (self.shard, seq + 1, head, _PAGE))
                if self._readonly and (not rows or rows[0][0] > seq + 1):
                    self._look()  # the leader may have removed it meanwhile
                if 0 < seq + 1 < self._begin.seq:
                    raise gone(self._begin)
            if not rows:
                raise JournalError(f"entry {seq + 1} is missing: the head is {head}")
            for seq, crc, body in rows:
                yield seq, crc, body
        if None not in (crc, last) and crc != last:
            raise JournalError(f"entry {head} was altered: the head has checksum {last}, not {crc}")


def check(shard: str, lease: float) -> None:
    """Check what a shard is called, and for how long it is led at a time.

    Raises:
        UsageError: If *shard* is no name of 1 to 128 characters, or *lease* is not between 0.1 and 3600.
    """
    if not (isinstance(shard, str) and 1 <= len(shard) <= 128 and shard.isprintable()):
        raise UsageError(f"shard must be a name of 1 to 128 printable characters, not {shard!r}")
    if not 0.1 <= lease <= 3600:
        raise UsageError(f"lease must be between 0.1 and 3600 seconds, not {lease!r}")
