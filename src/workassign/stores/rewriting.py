"""How are bodies of a journal in SQLite replaced, so that nothing of the old ones is left in the file?"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from zlib import crc32

from workassign.journal import linked

__all__ = ["rewrite_rows", "scrub"]

_PAGE = 2000


def rewrite_rows(
    connection: sqlite3.Connection,
    head: int,
    crc_before: int,
    changed: Mapping[int, bytes],
    batch: Sequence[bytes],
) -> tuple[int, int]:
    """Replace the *changed* bodies, append *batch*, drop the snapshots; return seq and checksum of the head.

    One transaction. *head* is the last seq, and *crc_before* the checksum of the entry before the first
    that changes. What is deleted is overwritten with zeros, from now on as long as *connection* lasts.
    """
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    crc = crc_before
    start = min(changed, default=head + 1)
    for begin in range(start, head + 1, _PAGE):
        asked = connection.execute(
            "SELECT seq, body FROM journal WHERE seq BETWEEN ? AND ? ORDER BY seq",
            (begin, min(begin + _PAGE - 1, head)),
        )
        rows = []
        for seq, body in asked.fetchall():
            fresh = changed.get(seq, body)
            crc = crc32(fresh, crc)
            rows.append((crc, fresh, seq))
        connection.executemany("UPDATE journal SET crc = ?, body = ? WHERE seq = ?", rows)
    added = linked(batch, head, head, crc)
    connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", added)
    last = added[-1][:2] if added else (head, crc)
    connection.execute("UPDATE head SET seq = ?, crc = ?", last)
    connection.execute("DELETE FROM snapshot")
    connection.execute("COMMIT")
    return last


def scrub(connection: sqlite3.Connection) -> None:
    """Leave nothing in the file, or in the log beside it, that is in no table any more."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
