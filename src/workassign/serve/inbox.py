"""How does a process that does not lead a shard ask the one that does? Through the store.

A command is written into the shard's inbox; whoever leads carries it out and writes the answer
beside it. Three outcomes, told apart by the error, as everywhere:

- an answer: it happened, and it is durable;
- `Overloaded`, `Stopped`, `UsageError`, `PlanError`: it did not happen;
- `JournalError`: nobody knows. Say it again with the same `key`.

The notices of the server only save waiting: whoever missed one looks again twice a second.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any

from workassign.commands import Command
from workassign.errors import JournalError, Overloaded, PlanError, Stopped, UsageError
from workassign.events import Event
from workassign.stores.connecting import connected, migrate, said
from workassign.wire import answer_from_json, command_to_json

if TYPE_CHECKING:
    import psycopg

__all__ = ["ANSWERED", "ASKED", "Inbox"]

_LOG = logging.getLogger("workassign.inbox")

ASKED = "workassign_asked"
"""The channel on which leaders hear that something is in an inbox: its shard."""

ANSWERED = "workassign_answered_"
"""With the id of the asker: the channel on which it hears of answers."""

LOOK = 0.5
"""At least every so many seconds an asker looks for its answers."""

_UNKNOWN = "nobody knows whether it happened: ask again with the same key"

_PUT = """
    WITH put AS (
        INSERT INTO workassign.inbox (id, shard, asker, until, body)
        SELECT %(id)s, %(shard)s, %(asker)s, clock_timestamp() + make_interval(secs => %(patience)s), %(body)s
        WHERE (
            SELECT count(*) FROM (
                SELECT 1 FROM workassign.inbox WHERE shard = %(shard)s AND outcome IS NULL LIMIT %(room)s
            ) AS waiting
        ) < %(room)s
        RETURNING shard
    )
    SELECT pg_notify(%(channel)s, shard) FROM put
"""

_FIND = """
    SELECT id, outcome, answer FROM workassign.inbox WHERE id = ANY(%s) AND outcome IS NOT NULL
"""


class _Waiting:
    """Somebody who waits for an answer."""

    __slots__ = ("answer", "known", "outcome")

    def __init__(self) -> None:
        self.known = threading.Event()
        self.outcome = ""
        self.answer: bytes | None = None


class Inbox:
    """Asks the leader of a shard, whichever process that is. Thread-safe.

    It needs two connections and one thread, which are made with the first question: a server that
    forks may make it before.

    Raises:
        UsageError: If *patience* is not positive, or *room* is less than 1. From `handle`, also if
            psycopg is not installed, or *dsn* cannot be read.
    """

    def __init__(self, dsn: str, *, shard: str = "main", patience: float = 10.0, room: int = 10_000) -> None:
        """Ask for *shard* at *dsn*, waiting *patience* seconds; *room* commands may wait in its inbox."""
        if not patience > 0:
            raise UsageError(f"patience must be positive, not {patience!r}")
        if room < 1:
            raise UsageError(f"room must be at least 1, not {room}")
        self._dsn, self._shard, self._patience, self._room = dsn, shard, patience, room
        self._asker = uuid.uuid4()
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._waiting: dict[uuid.UUID, _Waiting] = {}
        self._listening: threading.Thread | None = None
        self._calls = threading.Event()
        """Somebody waits, or it is closed."""
        self._ends = threading.Event()

    def handle(self, command: Command) -> list[Event]:
        """Let the leader carry out *command* and return its events, which are durable.

        One with a `key` is carried out by the next leader if this one fails; one without is not
        tried twice.

        Raises:
            UsageError: If *command* is none or malformed; nothing happened.
            PlanError: If it is a `ChangePlan` whose plan is wrong; nothing happened.
            Overloaded: If too many wait; it was not accepted.
            Stopped: If the inbox is closed, or nobody has led for as long as it waited; nothing happened.
            JournalError: If there was no answer in time, or the server failed. Whether it happened
                is unknown.
        """
        body = command_to_json(command)
        asked, waiting = uuid.uuid4(), _Waiting()
        with self._lock:
            self._check_open()
            self._waiting[asked] = waiting
            self._listen()
        try:
            self._put(asked, body)
            self._calls.set()
            if not waiting.known.wait(self._patience):
                raise JournalError(f"there was no answer in {self._patience:g} s: {_UNKNOWN}")
            return _outcome(waiting)
        finally:
            with self._lock:
                self._waiting.pop(asked, None)

    def close(self) -> None:
        """Ask no more; whoever waits is told that it is unknown. May be called twice."""
        with self._lock:
            self._ends.set()
            connection, self._connection = self._connection, None
            listening = self._listening
            waiting = list(self._waiting.values())
        for each in waiting:
            each.outcome = "unknown"
            each.known.set()
        self._calls.set()
        if connection is not None:
            import psycopg

            with suppress(psycopg.Error):  # the listener wakes by itself, a little later
                connection.execute("SELECT pg_notify(%s, '')", (ANSWERED + self._asker.hex,))
            connection.close()
        if listening is not None and listening is not threading.current_thread():
            listening.join()

    def __enter__(self) -> Inbox:
        """Return it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # --- asking -----------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._ends.is_set():
            raise Stopped("the inbox is closed")

    def _put(self, asked: uuid.UUID, body: bytes) -> None:
        """Write a question; if there is no room, it was not."""
        values = {
            "id": asked,
            "shard": self._shard,
            "asker": self._asker,
            "patience": self._patience,
            "body": body,
            "room": self._room,
            "channel": ASKED,
        }
        with self._lock:
            self._check_open()
            connection = self._connection or connected(self._dsn, self._patience, self._patience)
            import psycopg

            try:
                if self._connection is None:
                    migrate(connection)  # it may be the first who comes
                    # A question need not be on the disk: its answer is there after what it brought about.
                    connection.execute("SELECT set_config('synchronous_commit', 'off', false)")
                accepted = connection.execute(_PUT, values).fetchone() is not None
                self._connection = connection
            except psycopg.Error as error:
                self._connection = None
                connection.close()
                raise JournalError(f"asking failed: {said(error)}; {_UNKNOWN}") from None
        if not accepted:
            raise Overloaded(1.0)

    # --- hearing ----------------------------------------------------------------------------

    def _listen(self) -> None:
        if self._listening is None:
            self._listening = threading.Thread(target=self._hear, name="workassign-inbox", daemon=True)
            self._listening.start()

    def _hear(self) -> None:
        """Bring answers to those who wait, until it is closed."""
        try:
            import psycopg
        except ImportError:
            return  # whoever asks is told
        while not self._ends.is_set():
            try:
                with connected(self._dsn, self._patience) as connection:
                    connection.execute(f'LISTEN "{ANSWERED}{self._asker.hex}"')
                    self._bring(connection)
            except UsageError:
                return  # whoever asks is told
            except (psycopg.Error, JournalError) as error:
                _LOG.warning("%s; answers are looked for again", type(error).__name__)
                self._ends.wait(LOOK)

    def _bring(self, connection: psycopg.Connection[Any]) -> None:
        while not self._ends.is_set():
            with self._lock:
                wanted = list(self._waiting)
                if not wanted and not self._ends.is_set():
                    self._calls.clear()
            if not wanted:
                self._calls.wait()
                continue
            for asked, outcome, answer in connection.execute(_FIND, (wanted,), binary=True):
                waiting = self._waiting.get(asked)
                if waiting is not None:
                    waiting.outcome, waiting.answer = outcome, answer
                    waiting.known.set()
                    with self._lock:
                        self._waiting.pop(asked, None)
            with suppress(StopIteration):
                next(connection.notifies(timeout=LOOK, stop_after=1))


def _outcome(waiting: _Waiting) -> list[Event]:
    """Return the answer, or raise what stands in its place."""
    said_so = waiting.answer or b""
    if waiting.outcome == "done":
        return answer_from_json(said_so)
    if waiting.outcome == "usage":
        raise UsageError(said_so.decode())
    if waiting.outcome == "plan":
        raise PlanError(json.loads(said_so))
    if waiting.outcome == "late":
        raise Stopped("nobody carried it out while it was waited for")
    raise JournalError(_UNKNOWN)
