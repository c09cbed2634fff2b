"""How do several processes carry one shard, so that it goes on when one of them fails?

Each runs a node. One leads: it holds the engine, carries out what its own process asks and what
is in the shard's inbox, and lets time pass. The others stand by, and take over when its session
with the server has ended, or its lease. What fell due meanwhile happens then.

Leading is one thread. It carries out the inbox, ticks and renews the lease, so an engine that is
stuck loses its lease. A leader that has not heard from the server for too long no longer answers
of itself: it cannot know whether it still leads. The journal does not depend on any of that: the
fence in the store does it (`stores.postgres`).
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar

from workassign.commands import Command
from workassign.desk import Desk
from workassign.errors import JournalError, LockedError, Stopped, UsageError
from workassign.events import Event
from workassign.model import Instant
from workassign.plan import Plan
from workassign.sealing import Seal
from workassign.serve import _asked
from workassign.serve._within import Within
from workassign.serve.clock import SteadyClock
from workassign.serve.inbox import Inbox
from workassign.stores.connecting import connected
from workassign.stores.postgres import PostgresStore, check

if TYPE_CHECKING:
    import psycopg

__all__ = ["Node"]

_LOG = logging.getLogger("workassign.node")

T = TypeVar("T")

TRUSTED = 0.7
"""A leader trusts its lease for so much of it, counted from before it was asked for."""

RENEWED = 1 / 3
"""A lease is renewed when so much of it has passed."""

SILENT = 1.5
"""A leader that has done nothing for so many leases is stuck."""

AGAIN = 0.05
"""After a failure it tries again in so many seconds, then in twice as many, up to a lease."""

LOOK = 1.0
"""At least every so many seconds the inbox is looked at: a notice may have been lost."""

SNAPSHOT = 50_000
"""After so many entries a snapshot is taken."""


class Node(Within):
    """Leads a shard, or stands by. Any process may run one; any thread may ask it.

    `handle` works on every node: on the one that leads it asks the desk, on the others the leader,
    through the store.

    Raises:
        UsageError: As `PostgresStore` does, or if it is started twice.
    """

    def __init__(  # noqa: PLR0913 - settings, all of them by name
        self,
        dsn: str,
        *,
        shard: str = "main",
        plan: Plan | None = None,
        lease: float = 5.0,
        patience: float = 10.0,
        room: int = 10_000,
        snapshot_every: int = SNAPSHOT,
        keep: float | None = None,
        seal: Seal | None = None,
        while_leading: Callable[[Desk, PostgresStore], AbstractContextManager[object]] | None = None,
        stuck: Callable[[], object] | None = None,
    ) -> None:
        """Carry *shard* at *dsn*, under *plan*; None: the journal's, or the default one.

        A leader is followed after *lease* seconds of silence at the latest; a replay or a snapshot
        must not take longer. Whoever asks waits *patience* seconds, and *room* commands may wait.
        *snapshot_every*, *keep* and *seal* are as of `Desk.open`.

        *while_leading* gives what goes on beside the desk as long as it leads: an `Outbox`. *stuck*
        is called if the leader does nothing for one and a half leases: a program ends itself then
        (`os._exit`), since whatever holds its thread cannot be ended.
        """
        check(shard, lease)
        self.shard = shard
        self._dsn, self._plan, self._lease = dsn, plan, lease
        self._habits: dict[str, Any] = {"snapshot_every": snapshot_every, "keep": keep, "seal": seal}
        self._stuck = stuck
        self._while_leading = while_leading
        self._inbox = Inbox(dsn, shard=shard, patience=patience, room=room)
        self._store: PostgresStore | None = None
        self._desk: Desk | None = None
        self._alive = inf
        """When it was last seen to work, by `time.monotonic`; infinity while it stands by."""
        self._wake: Instant = inf
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None
        self._bell: socket.socket | None = None
        """Written to, it wakes the thread that leads."""

    # --- beginning and ending ---------------------------------------------------------------

    def start(self) -> None:
        """Begin to stand by, in a thread of its own. A server that forks does that after the fork."""
        if self._thread is not None:
            raise UsageError("a node is started once: make another one")
        self._thread = threading.Thread(target=self.run, name=f"workassign-{self.shard}", daemon=True)
        self._thread.start()

    def run(self) -> None:
        """Stand by and lead, in turns, until `stop`.

        Raises:
            UsageError: If psycopg is not installed, the DSN cannot be read, or shard or lease are wrong.
            PlanError: If the journal cannot go on under the plan.
        """
        if self._stuck is not None:
            threading.Thread(target=self._watch, name="workassign-watch", daemon=True).start()
        pause = AGAIN
        while not self._ends.is_set():
            try:
                with ExitStack() as held:
                    found = self._taken_over(held)
                    pause = AGAIN
                    self._lead(*found, self._hung(held))
            except LockedError:
                pass
            except JournalError as error:
                _LOG.warning("shard %s: %s", self.shard, error)
                self._ends.wait(pause)
                pause = min(2 * pause, self._lease)

    def stop(self) -> None:
        """End. What was accepted is carried out by whoever leads next. May be called twice."""
        self._ends.set()
        self._ring()
        if self._thread is not None:
            self._thread.join()
        self._inbox.close()

    # --- asking for something ---------------------------------------------------------------

    @property
    def leads(self) -> bool:
        """Whether it leads, and has heard so lately enough to be sure."""
        return self._trusted() is not None

    @property
    def epoch(self) -> int:
        """The number of leaders that the shard has had, if it leads; 0 if it does not."""
        store = self._store
        return 0 if store is None else store.epoch

    def handle(self, command: Command) -> list[Event]:
        """Carry out *command*, here or at whichever node leads, and return its events, which are durable.

        Raises:
            UsageError: If *command* is none or malformed; nothing happened.
            PlanError: If it is a `ChangePlan` whose plan is wrong; nothing happened.
            Overloaded, Stopped: As `Inbox.handle` does; nothing happened.
            JournalError: If whether it happened is unknown: ask again with the same `key`.
        """
        desk = self._trusted()
        if desk is None:
            return self._inbox.handle(command)
        try:
            return desk.handle(command)
        except UsageError:
            if self._desk is desk:
                raise
        return self._inbox.handle(command)  # it has ended meanwhile

    def ask(self, question: Callable[[Desk], T]) -> T:
        """Return what *question* finds at the desk, if this node leads.

        Raises:
            Stopped: If it does not: another one does, or nobody.
            JournalError: If it does no more.
        """
        desk = self._trusted()
        if desk is None:
            raise Stopped(f"this node does not lead shard {self.shard!r}")
        return question(desk)

    def _trusted(self) -> Desk | None:
        store, desk = self._store, self._desk
        if store is None or desk is None or time.monotonic() - store.renewed > TRUSTED * self._lease:
            return None
        return desk

    # --- leading ----------------------------------------------------------------------------

    def _taken_over(self, held: ExitStack) -> tuple[PostgresStore, Desk, psycopg.Connection[Any]]:
        """Wait until it leads; *held* gives everything back.

        Raises:
            LockedError: If somebody else led for as long as it waited.
        """
        wait = min(self._lease, LOOK)
        store = PostgresStore(self._dsn, shard=self.shard, lease=self._lease, wait=wait)
        held.callback(_closed, store)
        with self._renewing(store):
            clock = SteadyClock(store.clock)
            desk = Desk.open(store, self._plan, clock=clock, **self._habits)
        held.callback(_closed, desk)
        inbox = held.enter_context(connected(self._dsn, self._lease))
        desk.listen(self._hear)
        if self._while_leading is not None:
            held.enter_context(self._while_leading(desk, store))
        self._alive = time.monotonic()
        held.callback(self._stand_by)  # before the desk is closed
        self._store, self._desk = store, desk
        _LOG.info("shard %s: leading, epoch %d", self.shard, store.epoch)
        return store, desk, inbox

    def _stand_by(self) -> None:
        self._store = self._desk = self._bell = None
        self._alive = inf

    def _hung(self, held: ExitStack) -> socket.socket:
        """Hang up the bell, and return where it is heard."""
        bell, rung = (held.enter_context(each) for each in socket.socketpair())
        for each in (bell, rung):
            each.setblocking(False)
        self._bell = bell
        return rung

    def _lead(
        self, store: PostgresStore, desk: Desk, inbox: psycopg.Connection[Any], rung: socket.socket
    ) -> None:
        """Carry out what is asked, and let time pass, until it ends.

        Raises:
            JournalError: If it does not lead any more, or cannot know.
        """
        import psycopg

        try:
            _asked.listen(inbox)
            cleared, renewed, looks = time.monotonic(), store.renewed, True
            while not self._ends.is_set():
                self._alive = now = time.monotonic()
                if looks:
                    looks = self._carry_out(store, desk, inbox)
                if desk.next_wake <= desk.clock():
                    desk.tick()
                if now - renewed >= RENEWED * self._lease:  # also if appends do: only this gets the lock
                    store.renew()
                    renewed = now
                if now - cleared >= _asked.KEPT:
                    _asked.clear(inbox, self.shard)
                    cleared = now
                looks = looks or self._pause(store, desk, inbox, rung)
        except psycopg.Error as error:
            raise JournalError(f"the inbox cannot be read: {type(error).__name__}") from None

    def _carry_out(self, store: PostgresStore, desk: Desk, inbox: psycopg.Connection[Any]) -> bool:
        """Carry out what is in the inbox; whether there may be more."""
        asked = _asked.take(inbox, self.shard, store.epoch)
        if not asked:
            return False
        commands = [each.command for each in asked if each.command is not None]
        answers = desk.handle_all(commands)
        _asked.answer(inbox, self.shard, store.epoch, asked, answers)
        return len(asked) == _asked.BATCH

    def _pause(
        self, store: PostgresStore, desk: Desk, inbox: psycopg.Connection[Any], rung: socket.socket
    ) -> bool:
        """Sleep until something is asked or due; whether the inbox should be looked at."""
        if _noticed(inbox):  # it came together with an answer: nobody would wake for it
            return True
        renewal = store.renewed + RENEWED * self._lease - time.monotonic()
        due = desk.next_wake
        self._wake = due
        pause = max(0.0, min(LOOK, renewal, due - desk.clock()))
        with selectors.DefaultSelector() as selector:
            selector.register(inbox.fileno(), selectors.EVENT_READ)
            selector.register(rung, selectors.EVENT_READ)
            found = selector.select(pause)
        self._wake = -inf
        with suppress(BlockingIOError):
            rung.recv(4096)
        return _noticed(inbox) or not found

    def _hear(self, last: int, events: Sequence[Event], wake: Instant) -> None:
        """Wake up if something is due before it would; the desk calls this."""
        if wake < self._wake:
            self._ring()

    def _ring(self) -> None:
        bell = self._bell
        if bell is not None:
            with suppress(OSError):  # it is full, or it has just ended
                bell.send(b"!")

    # --- time -------------------------------------------------------------------------------

    @contextmanager
    def _renewing(self, store: PostgresStore) -> Iterator[None]:
        """Keep the lease while the journal is read, however long it is."""
        ready = threading.Event()

        def renew() -> None:
            with suppress(JournalError):  # the first append says so, too
                while not ready.wait(RENEWED * self._lease):
                    store.renew()

        renewing = threading.Thread(target=renew, name="workassign-renew", daemon=True)
        renewing.start()
        try:
            yield
        finally:
            ready.set()
            renewing.join()

    def _watch(self) -> None:
        """Call out if the leader is stuck."""
        while not self._ends.wait(self._lease / 2):
            if time.monotonic() - self._alive > SILENT * self._lease:
                _LOG.critical("shard %s: the leader is stuck", self.shard)
                assert self._stuck is not None
                self._stuck()
                return


def _noticed(inbox: psycopg.Connection[Any]) -> bool:
    """Whether it has heard that something was asked."""
    return any(True for _ in inbox.notifies(timeout=0))


def _closed(each: PostgresStore | Desk) -> None:
    """Close it; what the store did not take is unknown to whoever asked for it."""
    with suppress(JournalError):
        each.close()
