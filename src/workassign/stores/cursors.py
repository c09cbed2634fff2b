"""Where does each reader of the events stand? A number, kept beside the journal, that only rises.

A reader is a consumer with a name; its cursor is the number of the last event that it has been
told, as `Desk.events` counts them. The smallest cursor is how far a journal may be cut at its
beginning without anybody missing something.
"""

from __future__ import annotations

import re
from typing import Protocol, runtime_checkable
from zlib import crc32

from workassign.errors import JournalError, UsageError

__all__ = ["CONSUMERS", "Cursors", "check_name", "found", "moves", "row_of"]

CONSUMERS = """
    CREATE TABLE consumer (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
"""
"""The table of the cursors, for stores that are tables."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST = 2**63 - 1


@runtime_checkable
class Cursors(Protocol):
    """What a store has beside `Store`, if it keeps cursors. All of it may be called from several threads.

    Every method raises a JournalError if the shelf cannot be read or written, or is closed.
    """

    def cursor(self, name: str) -> int:
        """Return where the consumer *name* stands; 0 if there is none of that name."""

    def keep(self, name: str, seq: int) -> None:
        """Let the consumer *name* stand at *seq*; it is durable then. Where it stands, it may stand.

        Raises:
            UsageError: If it stands further on already, *name* is none, or *seq* is no number from 0 on.
        """

    def cursors(self) -> dict[str, int]:
        """Return where each consumer stands, by its name, sorted."""

    def forget(self, name: str) -> None:
        """Drop the consumer *name*, if there is one, so that nothing is kept for it any more."""


def check_name(what: str, name: object) -> None:
    """Refuse a *name* that could not stand in an id, a header or a log.

    Raises:
        UsageError: If it is not 1 to 64 letters, digits, `_` and `-`. It says *what* is wrong.
    """
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise UsageError(f"{what} must be 1 to 64 letters, digits, _ and -, not {name!r:.80}")


def moves(name: str, kept: int | None, seq: int) -> bool:
    """Return whether *name*, which stands at *kept* (None: it is new), has to be written to stand at *seq*.

    Raises:
        UsageError: If that would be backwards, or one of them is none.
    """
    check_name("the name of a consumer", name)
    if type(seq) is not int or not 0 <= seq <= _MOST:
        raise UsageError(f"a cursor must be a whole number from 0 on, not {seq!r:.80}")
    if kept is not None and seq < kept:
        raise UsageError(f"a cursor only moves forward: {name} stands at {kept}, and cannot go back to {seq}")
    return seq != kept


def row_of(name: str, seq: int) -> tuple[str, int, int]:
    """Return the row of a cursor, with its checksum. For stores."""
    return name, seq, crc32(f"{name}:{seq}".encode())


def found(rows: list[tuple[str, int, int]]) -> dict[str, int]:
    """Return the cursors in *rows*. For stores.

    Raises:
        JournalError: If one was altered: better nothing is told than something is left out.
    """
    for row in rows:
        if tuple(map(type, row)) != (str, int, int) or row_of(*row[:2]) != row:
            raise JournalError(f"the cursor of {row[0]!r:.80} was altered: forget it, and say where to go on")
    return {name: seq for name, seq, _ in rows}
