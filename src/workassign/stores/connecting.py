"""How is a PostgreSQL server spoken to: a connection that notices its death, and tables as they must be?"""

from __future__ import annotations

import os
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from workassign.errors import JournalError, UsageError

if TYPE_CHECKING:
    import psycopg

__all__ = ["DSN", "connected", "dsn_of", "migrate", "said"]

DSN = "WORKASSIGN_DSN"
"""The variable of the environment that says where the store is: arguments can be seen by everybody."""

_MAKING = 0x776B_6173_0000_0000
"""The advisory lock of whoever makes the tables."""


def dsn_of(given: str | None) -> str:
    """Return the DSN that was *given*, or that of the environment.

    Raises:
        UsageError: If there is neither.
    """
    found = given or os.environ.get(DSN)
    if not found:
        raise UsageError(f"there is no store: set {DSN}, or say --dsn")
    return found


def connected(dsn: str, silence: float, patience: float | None = None) -> psycopg.Connection[Any]:
    """Return a connection to *dsn*, each statement on its own, that gives a dead server up.

    A server is dead whose machine says nothing for *silence* seconds, and one that does not answer
    for *patience* seconds; None: for longer than it may take over a statement. What *dsn* says
    itself goes before.

    Raises:
        UsageError: If psycopg is not installed, or *dsn* cannot be read.
        JournalError: If there is no connection to be had.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict

        from workassign.stores import _session
    except ImportError:
        raise UsageError("PostgreSQL needs psycopg: pip install 'workassign[postgres]'") from None
    seconds = max(1, int(silence))
    given = {
        "connect_timeout": max(2, seconds),
        "keepalives_idle": seconds,
        "keepalives_interval": seconds,
        "keepalives_count": 2,
        "tcp_user_timeout": max(1000, int(silence * 1000)),
        "application_name": "workassign",
    }
    try:
        given.update(conninfo_to_dict(dsn))
    except psycopg.Error:
        raise UsageError("the DSN cannot be read as one of PostgreSQL") from None  # it may hold a password
    try:
        connection = _session.Session.connect(**given, autocommit=True)  # type: ignore[arg-type]
        longest = max(10, 2 * silence)
        connection.silence = longest + silence if patience is None else patience
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
        )
        _give_up_after(connection, seconds, int(longest * 1000))
        return connection
    except psycopg.Error as error:
        raise JournalError(f"PostgreSQL cannot be reached: {said(error)}") from None


def _give_up_after(connection: psycopg.Connection[Any], silence: int, longest: int) -> None:
    """Let the server give up a client that says nothing for *silence* seconds, and what takes *longest* ms.

    A client that was cut off in the middle of an append would hold the row of its shard for hours.
    """
    names = {
        "statement_timeout": longest,
        "idle_in_transaction_session_timeout": longest,
        "tcp_keepalives_idle": silence,
        "tcp_keepalives_interval": silence,
        "tcp_keepalives_count": 2,
        "tcp_user_timeout": 1000 * silence,
    }
    connection.execute(
        "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS it (name, value)",
        (list(names), [str(value) for value in names.values()]),
    )


def migrate(connection: psycopg.Connection[Any]) -> None:
    """Make the tables that are missing, all of a step or nothing.

    Raises:
        JournalError: If they are of a newer version than this one.
    """
    steps = _steps()
    if (layout := _layout(connection)) < steps[-1][0]:
        connection.execute("SELECT pg_advisory_lock(%s)", (_MAKING,))
        try:
            with connection.transaction():
                # Somebody else may have been first. It is seen by a transaction that begins only now.
                layout = _layout(connection)
                for number, script in steps[layout:]:
                    connection.execute(script)
                    connection.execute("INSERT INTO workassign.layout (number) VALUES (%s)", (number,))
        finally:
            if not connection.broken:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_MAKING,))
    if layout > steps[-1][0]:
        raise JournalError(f"the tables have layout {layout}; this version reads up to {steps[-1][0]}")


def _steps() -> list[tuple[int, bytes]]:
    """Return the numbered steps that make the tables, in order, from 1 on."""
    found = sorted(
        (each for each in (files("workassign.stores") / "sql").iterdir() if each.name.endswith(".sql")),
        key=lambda each: each.name,
    )
    return [(int(each.name[:3]), each.read_bytes()) for each in found]


def _layout(connection: psycopg.Connection[Any]) -> int:
    there = connection.execute("SELECT to_regclass('workassign.layout') IS NOT NULL").fetchone()
    if there != (True,):
        return 0
    found = connection.execute("SELECT coalesce(max(number), 0) FROM workassign.layout").fetchone()
    return int(found[0]) if found else 0


def said(error: psycopg.Error) -> str:
    """Return what the server said, without what it quotes of the data."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
