"""Would the harnesses see it? Stores that break the promise, each in one way.

They are for the harnesses alone, as a control: whoever finds nothing in these sees nothing.
"""

from __future__ import annotations

import os
import sqlite3

from workassign.stores.jsonl import JsonlStore
from workassign.stores.sqlite import SqliteStore

__all__ = ["MUTANTS", "STORES"]


class Unsynced(SqliteStore):
    """Waits for no disk."""

    def _set_up(self, connection: sqlite3.Connection) -> None:
        super()._set_up(connection)
        connection.execute("PRAGMA synchronous = OFF")


class Hasty(SqliteStore):
    """Answers before the commit, which comes with whatever is asked next."""

    def _write(self, connection: sqlite3.Connection, rows: list[tuple[int, int, bytes]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", rows)
        connection.execute("UPDATE head SET seq = ?, crc = ?", rows[-1][:2])

    def _opened(self) -> sqlite3.Connection:
        # Whatever comes next, be it a batch, a snapshot or a backup, comes after the commit.
        connection = super()._opened()
        if connection.in_transaction:
            connection.execute("COMMIT")
        return connection


class Beheaded(SqliteStore):
    """Writes the head in a transaction of its own."""

    def _write(self, connection: sqlite3.Connection, rows: list[tuple[int, int, bytes]]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO journal VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        connection.execute("UPDATE head SET seq = ?, crc = ?", rows[-1][:2])


class Trusting(SqliteStore):
    """Shows what a killed process left unsynced."""

    def _settle_log(self) -> None:
        pass


class UnsyncedText(JsonlStore):
    """Waits for no disk."""

    def _write(self, file: int, data: bytes) -> None:
        os.write(file, data)


MUTANTS: dict[str, type[SqliteStore] | type[JsonlStore]] = {
    "unsynced": Unsynced,
    "hasty": Hasty,
    "beheaded": Beheaded,
    "trusting": Trusting,
    "unsynced-text": UnsyncedText,
}

STORES: dict[str, type[SqliteStore] | type[JsonlStore]] = {
    "sqlite": SqliteStore,
    "jsonl": JsonlStore,
    **MUTANTS,
}
