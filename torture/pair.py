"""How do two nodes run as processes that can be killed, stopped and cut off?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import psycopg

from torture.relay import Relay

__all__ = ["Pair", "reached"]

_NAME = "torture-node-"

_LEADS = """
    SELECT application_name, pid FROM pg_stat_activity
    WHERE application_name LIKE %s
      AND (query LIKE '%%SET head = head + %%' OR query LIKE '%%locks = locks OR%%'
           OR query LIKE '%%INTO workassign.snapshot%%')
    ORDER BY query_start DESC LIMIT 1
"""
"""Whoever has appended or renewed last; its session."""


_PREVENT = """
    CREATE OR REPLACE FUNCTION workassign.prevent_commit() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END';
    DROP TRIGGER IF EXISTS prevent_commit ON workassign.journal;
    CREATE CONSTRAINT TRIGGER prevent_commit AFTER INSERT ON workassign.journal
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.shard = {shard} AND NEW.epoch = {epoch})
        EXECUTE FUNCTION workassign.prevent_commit()
"""
"""What has been appended under an epoch is rolled back, when the server has said what it found."""


class Pair:
    """Two nodes of one shard, each behind a relay. To be used as a context: nothing is left over."""

    def __init__(
        self, dsn: str, folder: Path, shard: str, lease: float, *, fenced: bool, dice: Random
    ) -> None:
        """Start both; they write their logs into *folder*."""
        self._dsn, self._folder, self._shard, self._lease = dsn, folder, shard, lease
        self._fenced, self._dice = fenced, dice
        server = Path(str(psycopg.conninfo.conninfo_to_dict(dsn)["host"]))
        self.relays = [Relay(folder / f"relay-{shard}-{place}", server) for place in (0, 1)]
        self._logs = [(folder / f"node-{shard}-{place}.log").open("ab") for place in (0, 1)]
        self._stopped: set[int] = set()
        self.died = 0
        """So many ended by themselves."""
        self._nodes = [self._started(0), self._started(1)]

    def _started(self, place: int) -> subprocess.Popen[bytes]:
        dsn = psycopg.conninfo.make_conninfo(
            self._dsn, host=str(self.relays[place].folder), application_name=f"{_NAME}{self._shard}-{place}"
        )
        said = [sys.executable, "-m", "torture.carrying", dsn, self._shard, str(self._lease)]
        if not self._fenced:
            said.append("--without-fence")
        elif self._dice.random() < 0.5:
            said.append("--unwatched")
        log = self._logs[place]
        return subprocess.Popen(said, stdin=subprocess.PIPE, stdout=log, stderr=log)

    def __enter__(self) -> Pair:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both."""
        for place in (0, 1):
            self.kill(place)
        for relay in self.relays:
            relay.close()
        for log in self._logs:
            log.close()

    # --- faults -----------------------------------------------------------------------------

    def kill(self, place: int) -> None:
        """Kill a node with SIGKILL; one that is stopped, too."""
        node = self._nodes[place]
        node.kill()
        node.wait()
        assert node.stdin is not None
        with suppress(OSError):
            node.stdin.close()
        self._stopped.discard(place)

    def stop(self, place: int) -> None:
        """Let a node stand still: SIGSTOP."""
        self._stopped.add(place)
        self._nodes[place].send_signal(signal.SIGSTOP)

    def go_on(self, place: int) -> None:
        """Let a node that stands still go on: SIGCONT."""
        self._nodes[place].send_signal(signal.SIGCONT)
        self._stopped.discard(place)

    def tend(self) -> None:
        """Start whichever node has ended, as systemd would."""
        for place, node in enumerate(self._nodes):
            if node.poll() is not None:
                self.died += node.returncode != -signal.SIGKILL
                self.kill(place)  # which leaves nothing of it open
                self._nodes[place] = self._started(place)

    # --- looking ----------------------------------------------------------------------------

    def leader(self, patience: float = 30.0) -> tuple[int, int]:
        """Return which node leads, and the process of its session with the server.

        Raises:
            TimeoutError: If nobody does, for *patience* seconds.
        """
        ends = time.monotonic() + patience
        while time.monotonic() < ends:
            self.tend()
            with suppress(psycopg.Error), psycopg.connect(self._dsn, autocommit=True) as connection:
                found = connection.execute(_LEADS, (f"{_NAME}{self._shard}-%",)).fetchone()
                if found is not None:
                    return int(found[0][-1]), int(found[1])
            time.sleep(0.02)
        raise TimeoutError(f"nobody leads shard {self._shard}")

    def wait_for_both(self, patience: float = 30.0) -> None:
        """Wait until both have a session.

        Raises:
            TimeoutError: If they have none within *patience* seconds.
        """
        ends = time.monotonic() + patience
        names = [f"{_NAME}{self._shard}-{place}" for place in (0, 1)]
        question = (
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name = ANY(%s)"
        )
        while time.monotonic() < ends:
            self.tend()
            with suppress(psycopg.Error), psycopg.connect(self._dsn, autocommit=True) as connection:
                if connection.execute(question, (names,)).fetchone() == (2,):
                    return
            time.sleep(0.02)
        raise TimeoutError(f"a node of shard {self._shard} does not come up")

    def end_session(self, session: int) -> None:
        """Let the server end a session."""
        with reached(self._dsn) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", (session,))

    def prevent_commit(self) -> None:
        """Let the server carry out the leader's next append, and end its session instead of a commit."""
        with reached(self._dsn) as connection, connection.transaction():
            connection.execute("LOCK workassign.journal")
            [(epoch,)] = connection.execute(
                "SELECT epoch FROM workassign.shard WHERE name = %s", (self._shard,)
            ).fetchall()
            statement = psycopg.sql.SQL(_PREVENT).format(shard=self._shard, epoch=epoch)
            connection.execute(statement)

    def kill_session(self, session: int) -> None:
        """Kill the process of a session with SIGKILL: the server ends all, and begins anew."""
        with suppress(psycopg.Error), reached(self._dsn) as witness:
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)
            ends = time.monotonic() + 5.0  # if that session had ended, nothing comes of it
            while time.monotonic() < ends:
                witness.execute("SELECT 1")
                time.sleep(0.002)


def reached(dsn: str, patience: float = 60.0) -> psycopg.Connection[Any]:
    """Return a session with the server, as soon as it is up.

    Raises:
        psycopg.OperationalError: If it is not, for *patience* seconds.
    """
    ends = time.monotonic() + patience
    while True:
        try:
            return psycopg.connect(dsn, autocommit=True)
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
        time.sleep(0.02)
