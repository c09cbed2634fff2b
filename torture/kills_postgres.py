"""Is all that was answered for still in PostgreSQL after the writer was killed at any moment?

As `torture.kills`, which starts and checks; the boundaries are those of the statements that change
something: before one is sent, when it is sent and its answer has not come (the server carries it
out, or does not), and when the answer has come.

    python -m torture.kills_postgres --starts 100 --seed 1 [--json PATH]
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from select import select
from typing import Any, ClassVar, TypeVar

import attrs
import psycopg
from psycopg.pq.abc import PGresult
from psycopg.waiting import Ready, Wait

from torture.counts import asked, told
from torture.kills import Say, run
from torture.servers import a_server
from workassign.journal import Store
from workassign.stores import _appending, _session
from workassign.stores._fenced import ACQUIRE, KEEP_SNAPSHOT, RELEASE
from workassign.stores.postgres import PostgresStore

__all__ = ["PostgresBench", "main"]

_CHANGES = {ACQUIRE: "acquire", KEEP_SNAPSHOT: "snapshot", RELEASE: "release"}
_MOMENTS = ("before", "unheard", "after")
_LEASE = 60.0

T = TypeVar("T")


@attrs.define
class PostgresBench:
    """A shard for each journal; who was killed is followed when the server notices that its session ended."""

    dsn: str
    name: str = "postgres"
    _shards: int = 0

    @contextmanager
    def fresh(self) -> Iterator[None]:
        """Begin a shard."""
        self._shards += 1
        yield

    def open(self) -> Store:
        """Lead the shard, as soon as nobody does."""
        return PostgresStore(self.dsn, shard=f"kills-{self._shards}", lease=_LEASE, wait=_LEASE)

    @contextmanager
    def dying(self, boundary: int | None, say: Say) -> Iterator[None]:
        """Kill this process at that boundary: from now on its sessions count."""
        _Dying.boundary, _Dying.say = boundary, say
        vars(_session).update(Session=_Dying)
        vars(_appending).update(ask=_ask)
        yield


class _Dying(_session.Session):
    """A session that kills its process."""

    boundary: ClassVar[int | None] = None
    say: ClassVar[Say]
    changes: ClassVar[int] = 0
    """So many statements that change something have begun."""

    unheard = ""
    """What it dies of when it is sent."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> psycopg.Cursor[Any]:
        """Say it to the server, and die if that is the moment."""
        change = _CHANGES.get(query)
        moment = None if change is None else self._moment()
        if moment == "before":
            self._die(f"{change} before")
        self.unheard = f"{change} unheard" if moment == "unheard" else ""
        cursor = super().execute(query, params, **how)
        if moment == "after":
            self._die(f"{change} after")
        return cursor

    def wait(self, gen: Generator[Any, Any, T], *timing: float, **named: float | None) -> T:  # type: ignore[override]
        """Wait for what the server says, or die as soon as it has been told."""
        if not self.unheard:
            return super().wait(gen, *timing, **named)
        wanted = next(gen)
        while wanted & Wait.W:
            select([], [self.fileno()], [])
            wanted = gen.send(Ready.W)
        self._die(self.unheard)
        raise AssertionError("it is dead")

    @classmethod
    def _moment(cls) -> str | None:
        number, cls.changes = cls.changes, cls.changes + 1
        if cls.boundary is None or cls.boundary // len(_MOMENTS) != number:
            return None
        return _MOMENTS[cls.boundary % len(_MOMENTS)]

    @classmethod
    def _die(cls, why: str) -> None:
        cls.say(f"!write {why}")
        os.kill(os.getpid(), signal.SIGKILL)


_SAID = _appending.ask


def _ask(connection: psycopg.Connection[Any], values: Sequence[bytes]) -> PGresult:
    """Append, as the library does, and die if that is the moment."""
    assert isinstance(connection, _Dying)
    moment = connection._moment()
    if moment == "before":
        connection._die("append before")
    connection.unheard = "append unheard" if moment == "unheard" else ""
    answer = _SAID(connection, values)
    if moment == "after":
        connection._die("append after")
    return answer


def main(argv: Sequence[str] | None = None) -> int:
    """Start, kill, tell; 1 if a promise was broken."""
    given = asked(__doc__, "--starts", 100).parse_args(argv)
    with a_server() as dsn:
        return told(run(given.starts, given.seed, bench=PostgresBench(dsn)), given.json)


if __name__ == "__main__":
    sys.exit(main())
