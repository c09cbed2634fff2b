"""Who was told what? Everything that happens, to every consumer, in order, at least once.

The journal is the outbox: nothing is copied, and a consumer that is slow, or away for days, costs
no memory, no place in a queue, and no moment of the desk. Where each stands is kept, once it has
confirmed, in a store; whatever was not confirmed is told again, under the same id.

Each consumer has a thread, so that one that is down holds up nobody else. What fails is tried
again after pauses that double; the next one is not told before, since the order would be lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from math import inf

from workassign.desk import Desk
from workassign.errors import UsageError
from workassign.serve._courier import Courier
from workassign.serve._feed import Feed
from workassign.serve._within import Within
from workassign.serve.notices import (
    Alarm,
    ConsumerView,
    DeadLetter,
    Deliver,
    Notice,
    Progress,
    Terms,
    Undelivered,
    number_of,
)
from workassign.stores.cursors import Cursors, check_name

__all__ = [
    "Alarm",
    "ConsumerView",
    "DeadLetter",
    "Deliver",
    "Notice",
    "Outbox",
    "Progress",
    "Terms",
    "Undelivered",
    "number_of",
]

_LOG = logging.getLogger("workassign.outbox")

LOOK = 10.0
"""At least every so many seconds it is looked how far behind a consumer is."""


class Outbox(Within):
    """Tells consumers what happens at a desk. Thread-safe.

    >>> from workassign import Desk, Interaction, MemoryStore
    >>> from workassign.commands import Submit
    >>> store, heard = MemoryStore(), []
    >>> desk = Desk.open(store, clock=lambda: 5.0)
    >>> outbox = Outbox(desk, store, shard="main")
    >>> outbox.add("crm", lambda notice: heard.append((notice.id, notice.type)), Terms(after=0))
    >>> _ = desk.handle(Submit(Interaction(id="tweet-1")))
    >>> while outbox.turn("crm") == 0:  # or `with outbox:`, which has threads for that
    ...     pass
    >>> heard, store.cursors()
    ([('main:1', 'Submitted')], {'crm': 1})
    >>> outbox.stop()
    >>> desk.close()

    A desk and its journal have one outbox: two that tell the same consumer would tell it twice.

    Raises:
        UsageError: If *shard* is no name, or *cursors* keeps none.
    """

    def __init__(
        self,
        desk: Desk,
        cursors: Cursors,
        *,
        shard: str = "main",
        alarm: Callable[[Alarm], object] | None = None,
        pace: Callable[[], float] = time.monotonic,
    ) -> None:
        """Tell what happens at *desk*, and keep in *cursors* where each consumer stands.

        *cursors* may be the desk's own store. *shard* stands in every id: a journal keeps it for
        ever, and no other has it. *alarm* is called from one of the threads when somebody should
        look, and when that is over; the log says it too. *pace* gives seconds that nobody can set.
        """
        check_name("shard", shard)
        if not isinstance(cursors, Cursors):
            raise UsageError(f"a {type(cursors).__name__} keeps no cursors: give a SqliteStore for them")
        self._shard, self._cursors, self._pace = shard, cursors, pace
        self._on_alarm = alarm
        self._opening = threading.Lock()
        self._changed = threading.Condition(threading.Lock())
        self._news = 0
        """How often there was something new."""
        self._feed = Feed(desk, self._hear)
        self._listens = self._started = self._ends = False
        self._couriers: dict[str, Courier] = {}
        self._threads: list[threading.Thread] = []

    def add(self, name: str, deliver: Deliver, terms: Terms | None = None) -> None:
        """Tell the consumer *name* from now on, by *deliver*, from where it stands, on *terms*.

        A name that was never kept begins where the terms say. *deliver* is called from one thread;
        if it has a `close`, that is called when the outbox is stopped.

        Raises:
            UsageError: If there is one of that name, or it is none, or the outbox was stopped.
        """
        check_name("the name of a consumer", name)
        with self._changed:
            if self._ends:
                raise UsageError("the outbox was stopped: make another one")
            if name in self._couriers:
                raise UsageError(f"there is a consumer {name} already")
            courier = self._couriers[name] = Courier(
                name,
                deliver,
                Terms() if terms is None else terms,
                shard=self._shard,
                feed=self._feed,
                cursors=self._cursors,
                pace=self._pace,
                alarm=self._ring,
            )
            if self._started:
                self._begin(courier)

    def start(self) -> None:
        """Let every consumer have its thread. A server that forks starts it after the fork.

        Raises:
            UsageError: If it was started before, or the desk is closed.
            JournalError: If the desk cannot be read.
        """
        with self._changed:
            if self._started or self._ends:
                raise UsageError("an outbox is started once: make another one")
        self._listen()
        with self._changed:
            self._started = True
            self._spawn("workassign-look", self._watch)
            for courier in self._couriers.values():
                self._begin(courier)

    def stop(self) -> None:
        """End, once what is being told has been answered. Stop it before the desk is closed."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():  # an alarm may stop it
                thread.join()
        with self._opening:
            if self._listens:
                self._feed.close()
                self._listens = False
        for courier in self._couriers.values():
            courier.close()

    # --- looking and helping ----------------------------------------------------------------

    def consumers(self) -> list[ConsumerView]:
        """Return how matters stand with each, by name. Cost: O(consumers)."""
        with self._changed:
            couriers = sorted(self._couriers.items())
        return [courier.view() for _, courier in couriers]

    def look(self) -> None:
        """Look how far behind each is, and ring: with threads that happens by itself, every ten seconds."""
        with self._changed:
            couriers = list(self._couriers.values())
        for courier in couriers:
            courier.look()

    def resume(self, name: str, *, skip: bool = False) -> None:
        """Tell *name* again, at once, where it stopped or pauses; with *skip* what comes after that.

        One that was ahead is asked anew where it stands: `cursors.forget(name)` before.

        Raises:
            UsageError: If there is no such consumer.
        """
        self._of(name).ask("skip" if skip else "resume")
        self._hear()

    def turn(self, name: str) -> float:
        """Do the next thing for *name* here and now: for whoever has a thread, or a loop, of his own.

        Return in how many seconds there is more to do: 0, at once; infinity, when something happens.

        Raises:
            UsageError: If there is no such consumer, or the outbox was stopped, or the desk is closed
                before the first turn.
        """
        courier = self._of(name)
        self._listen()
        return courier.turn()

    def _of(self, name: str) -> Courier:
        with self._changed:
            if name not in self._couriers:
                raise UsageError(f"there is no consumer {name!r:.80}")
            return self._couriers[name]

    def _listen(self) -> None:
        """Listen to the desk, if it does not yet."""
        with self._opening:  # not the lock that the desk asks for when it tells something
            if self._ends:
                raise UsageError("the outbox was stopped: make another one")
            if not self._listens:
                self._feed.open()
                self._listens = True

    # --- threads ----------------------------------------------------------------------------

    def _begin(self, courier: Courier) -> None:
        self._spawn(f"workassign-tell-{courier.name}", lambda: self._run(courier))

    def _spawn(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _watch(self) -> None:
        """Look now and then, since who tells something may be held up."""
        while not self._ends:
            self.look()
            with self._changed:
                self._changed.wait_for(lambda: self._ends, LOOK)

    def _hear(self) -> None:
        """Wake everybody who waits for news. The desk calls this: see `Desk.listen`."""
        with self._changed:
            self._news += 1
            self._changed.notify_all()

    def _run(self, courier: Courier) -> None:
        while not self._ends and not courier.ended:
            seen = self._news
            pause = courier.turn()
            if pause > 0:
                self._wait(seen, pause, courier)

    def _wait(self, seen: int, pause: float, courier: Courier) -> None:
        """Wait for news, or *pause* seconds; for an operator in any case."""

        def is_up() -> bool:
            return self._ends or courier.asked or (pause == inf and self._news != seen)

        with self._changed:
            self._changed.wait_for(is_up, None if pause == inf else pause)

    def _ring(self, alarm: Alarm) -> None:
        """Say it in the log, and to whoever wants to know."""
        view = alarm.consumer
        _LOG.log(
            logging.WARNING if alarm.raised else logging.INFO,
            *("%s: alarm %s %s: %d events and %.0f s behind; %s", view.name, alarm.kind),
            *("raised" if alarm.raised else "ended", view.lag, view.lag_seconds, view.reason or "no failure"),
        )
        if self._on_alarm is None:
            return
        try:
            self._on_alarm(alarm)
        except Exception as error:  # noqa: BLE001 - who is told of alarms must not stop what they are about
            _LOG.error("%s: the alarm could not be told: %s", view.name, type(error).__name__)
