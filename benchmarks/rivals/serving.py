"""Which PostgreSQL is measured?

It syncs every commit, as it would by default; it has room in memory for
everything, and no checkpoint comes between, for whoever is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql

from torture.servers import a_server

__all__ = ["SETTINGS", "database", "fill", "served", "settings_of"]

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "max_connections": "200",
}


@contextmanager
def served(megabytes: int) -> Iterator[str]:
    """Have a server with so many *megabytes* of shared buffers; its address, of the database `postgres`."""
    with a_server({**SETTINGS, "shared_buffers": f"{megabytes}MB"}) as dsn:
        yield dsn


def database(dsn: str, name: str) -> str:
    """Make the database *name* at *dsn* and return its address."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return psycopg.conninfo.make_conninfo(dsn, dbname=name)


def fill(connection: psycopg.Connection[Any], copy: str, lines: Iterable[str]) -> None:
    """Send *lines*, in the text format of COPY, to the statement *copy*."""
    found = iter(lines)
    with connection.cursor().copy(copy.encode()) as rows:
        while some := "".join(islice(found, 10_000)):
            rows.write(some)


def settings_of(dsn: str) -> dict[str, str]:
    """Return what the server at *dsn* says of itself."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = {"server_version": "", "shared_buffers": "", "wal_sync_method": ""} | SETTINGS
        for name in found:
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row is not None
            found[name] = row[0]
        return found
