"""What does an application hold? An engine whose facts are durable before anybody sees them.

Any thread may call anything. Turns are decided one after the other, under one lock; then each
caller waits until its turn is in the store. While one batch is being written, the turns that are
decided meanwhile gather, and whoever waits writes them all at once: with many callers the disk
is asked seldom, and never by two at a time.

If writing fails, nobody knows what was kept. The engine is dropped, everybody who waits is told,
and the next call begins again from what the store really holds.
"""

from __future__ import annotations

import logging
import threading
import time
from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from os import PathLike
from types import TracebackType
from typing import TypeAlias

from workassign._habits import Habits, check_figures
from workassign._runs import Run, entry_read, events_since, resumed
from workassign._turns import TurnLock
from workassign.commands import ChangePlan, Command, Tick
from workassign.engine import Engine
from workassign.erasing import KEPT, Erasure, erase
from workassign.errors import JournalError, PlanError, UsageError
from workassign.events import Event, Refused
from workassign.explain import Explanation, WhyNot, WhyWaiting, explain, why_not, why_waiting
from workassign.journal import Store, entries, header, record
from workassign.kpi import Kpis
from workassign.model import AgentId, Instant, InteractionId
from workassign.plan import Plan
from workassign.pruning import removable, remove
from workassign.sealing import Seal
from workassign.snapshots import take
from workassign.stores.cursors import Cursors
from workassign.views import AgentView, InteractionView, QueueView, agent_in, interaction_in, queue_in
from workassign.waiting import Wait, expected_wait

__all__ = ["AgentView", "Desk", "InteractionView", "Listener", "QueueView"]

Listener: TypeAlias = Callable[[int, Sequence[Event], Instant], object]
"""Hears what has become durable: the number of its last event, the events, and when time is due next."""

_LOG = logging.getLogger("workassign.desk")

_UNKNOWN = "it could not be made durable, and it is unknown whether it happened: ask again with the same key"


class Desk:
    """Routes interactions and keeps a journal of it. Thread-safe.

    >>> from workassign.commands import Submit
    >>> from workassign.model import Interaction
    >>> from workassign.stores.memory import MemoryStore
    >>> desk = Desk(Engine(), MemoryStore(), clock=lambda: 5.0)
    >>> [event] = desk.handle(Submit(Interaction(id="tweet-1")))
    >>> desk.interaction("tweet-1").position
    1

    Raises:
        UsageError: If the engine has a past. From every method, if the desk is closed.
        PlanError: If a policy of the plan has no name that a journal could keep, whatever the store.
        JournalError: If the store has a journal already (see `open`), or cannot be written.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        *,
        clock: Callable[[], float] = time.time,
        kpis: Callable[[Plan], Kpis] | None = None,
        snapshot_every: int | None = None,
        seal: Seal | None = None,
        keep: float | None = None,
        read: Callable[[], int] | None = None,
    ) -> None:
        """Begin a journal of a fresh *engine* in an empty *store*.

        *clock* gives seconds. *kpis* makes what gathers the key figures from the plan: `Kpis`, or
        one with settings (`partial(Kpis, zone="Europe/Berlin")`). After every *snapshot_every*
        entries the desk takes a `snapshot` by itself; None: never. After each snapshot it removes what
        is more than *keep* seconds old, as `prune` does; None: nothing. *read*, asked then, gives the
        number of the last event that everybody has read who reads the events (0: none). With a *seal*
        the journal is sealed.
        """
        habits = Habits(snapshot_every, keep, read)
        habits.check(store, kpis=kpis is not None)  # before anything is written
        gathered = None if kpis is None else kpis(engine.plan)
        run = Run(record(engine, store, seal), array("q", [0]), gathered)
        self._begin(run, store, clock, kpis, habits, seal)

    @classmethod
    def open(
        cls,
        store: Store,
        plan: Plan | None = None,
        *,
        clock: Callable[[], float] = time.time,
        kpis: Callable[[Plan], Kpis] | None = None,
        snapshot_every: int | None = None,
        seal: Seal | None = None,
        keep: float | None = None,
        read: Callable[[], int] | None = None,
    ) -> Desk:
        """Go on where the journal in *store* ends, or begin one if it is empty.

        A *plan* other than the one that the journal ends with is a change of plan, at once; None
        keeps the journal's. *clock*, *kpis*, *snapshot_every*, *keep* and *read* as when a journal is
        begun; the key figures are those of the whole journal. Cost: a replay of what is behind the
        newest snapshot that holds; of the whole journal where there is none, or with *kpis*. A journal that
        is sealed with a key goes on only with the *seal* that has it; of the seals before only the last
        is checked.

        Raises:
            JournalError: If the journal is damaged, or *seal* lacks its key.
            Removed: If its beginning is needed, for *kpis* or as no snapshot holds, and was removed.
            UsageError: If there is a *seal*, and the journal was begun without.
            PlanError: If *plan* cannot be changed to (open interactions in a queue that is gone),
                or names a policy that is not there.
        """
        if store.head() < 0:
            every = snapshot_every
            return cls(
                Engine(plan),
                store,
                clock=clock,
                kpis=kpis,
                snapshot_every=every,
                seal=seal,
                keep=keep,
                read=read,
            )
        desk, habits = cls.__new__(cls), Habits(snapshot_every, keep, read)
        habits.check(store, kpis=kpis is not None)
        desk._begin(resumed(store, kpis, seal), store, clock, kpis, habits, seal)
        if plan is not None:
            desk._change_plan(plan)
        return desk

    def _begin(
        self,
        run: Run,
        store: Store,
        clock: Callable[[], float],
        kpis: Callable[[Plan], Kpis] | None,
        habits: Habits,
        seal: Seal | None,
    ) -> None:
        self._seal = seal
        self._make_kpis = kpis
        self._habits = habits
        self._every = habits.every
        self._forgets = False
        """A snapshot was taken, and nothing was removed since."""
        self._tried = 0
        """The last entry after which a snapshot was tried."""
        self._turns = threading.Condition(TurnLock())  # type: ignore[arg-type]
        self._run: Run | None = run
        self._store = store
        self._clock = clock
        self._busy = False
        """A batch is being written."""
        self._closed = False
        self._listeners: tuple[Listener, ...] = ()
        self._told_wake = inf

    def _change_plan(self, plan: Plan) -> None:
        data = plan.to_data()
        with self._settled() as run:
            if run.engine.plan.hash == plan.hash:
                return
        for event in self.handle(ChangePlan(data)):
            if isinstance(event, Refused) and event.command == ChangePlan.__name__:
                raise PlanError([event.reason])

    # --- asking for something ---------------------------------------------------------------

    def handle(self, command: Command, at: Instant | None = None) -> list[Event]:
        """Carry out *command* and return its events, once they are durable.

        It happens now, or at *at*: a caller who gives instants must give them in order. The
        clock may stumble; time never goes back.

        Raises:
            UsageError: If *command* is none or malformed, or *at* is before the last turn.
            PlanError: If it is a `ChangePlan` whose plan is wrong; nothing has changed then.
            JournalError: If it could not be made durable. Whether it happened is unknown: ask
                again with the same `key`.
        """
        with self._turns:
            run = self._ready()
            if at is None:
                at = max(self._clock(), run.engine.now)
            answer = self._decide(run, command, at)
            self._await(run, run.recorder.last)
            self._keep_if_due(run)
        self._forget_if_due()
        return answer

    def snapshot(self) -> bool:
        """Let the store keep how things stand, so that the next `open` begins there; whether it can.

        Turns wait meanwhile. Cost: O(all that is kept): about a second for 100,000 open interactions.

        Raises:
            JournalError: If it could not be written. The journal has all that was durable before.
        """
        with self._settled() as run:
            try:
                kept = take(self._store, run.engine, run.durable, run.counts[-1])
            except BaseException as error:
                self._give_up(run, error)
                raise
            run.kept = run.durable
            self._forgets = kept and self._habits.keep is not None
        self._forget_if_due()
        return kept

    def prune(
        self, older_than: float, *, read: int | None = None, archived: str | PathLike[str] | None = None
    ) -> int:
        """Remove what is more than *older_than* seconds before the journal's last entry; return how much.

        Entries stay that a restart from the oldest snapshot needs, and those with an event after
        number *read*: the last that everybody has read who reads the events; None: what the desk was
        told when it was made. A consumer whose cursor the store keeps need not be told. The header
        stays always. Where a snapshot does not hold, or there is none, nothing is removed. What goes is
        first written to *archived*, a new file (see `workassign.stores.archiving.archive`). Turns go on
        meanwhile, but for moments. Cost: reading the snapshots, and O(what is removed).

        Raises:
            UsageError: If *older_than* is no number of seconds, there is no event *read* yet, the
                store cannot remove anything, the desk gathers key figures, or something else is at
                *archived*.
            JournalError: If an entry that is looked at is damaged, or writing failed. The journal has
                all that was durable, but what was to be removed.
        """
        check_figures(kpis=self._make_kpis is not None)
        if read is None and self._habits.read is not None:
            read = self._habits.read()
        stands = list(self._store.cursors().values()) if isinstance(self._store, Cursors) else []
        stands += [] if read is None else [read]
        with self._settled() as run:
            limit = entry_read(self._store, run, min(stands)) if stands else None
        found = removable(self._store, older_than, not_beyond=limit)
        if not found.count:
            return 0
        before = found.before
        if archived is not None:
            from workassign.stores.archiving import archive

            before = archive(self._store, before, archived)
        try:
            removed = remove(self._store, before, self._clock())
        except BaseException as error:
            with self._turns:
                if self._run is run:
                    self._give_up(run, error)
            raise
        with self._turns:
            run.forget(before)
        _LOG.info("removed %d entries from the journal: it begins with entry %d", removed, before)
        return removed

    def handle_all(self, commands: Sequence[Command]) -> list[list[Event] | UsageError | PlanError]:
        """Carry out *commands* one after the other, now, and return their answers once all are durable.

        They are written together. One that is wrong changes nothing: its error stands in place of
        its answer, and the others are carried out.

        Raises:
            UsageError: If the desk is closed.
            JournalError: As `handle` does, for all of them; ask for all of them again.
        """
        answers: list[list[Event] | UsageError | PlanError] = []
        with self._turns:
            run = self._ready()
            for command in commands:
                try:
                    answers.append(self._decide(run, command, max(self._clock(), run.engine.now)))
                except (UsageError, PlanError) as error:
                    answers.append(error)
            self._await(run, run.recorder.last)
            self._keep_if_due(run)
        self._forget_if_due()
        return answers

    def erase(self, customer: str, *, actor: str | None = None, keep: Collection[str] = KEPT) -> Erasure:
        """Erase *customer*, and all that is hers, from the journal and from here; return how much that was.

        Turns wait meanwhile. The engine is made anew from the journal, with pseudonyms, and has no snapshot
        then: take one. See `workassign.erasing.erase`. Cost: O(the journal), read five times.

        Raises:
            UsageError: If *customer* or *actor* is no name, or the store cannot be rewritten.
            JournalError: If the journal is damaged, or writing failed: then ask again.
        """
        with self._settled() as run:
            at = max(self._clock(), run.engine.now)
            try:
                done = erase(self._store, customer, seal=self._seal, actor=actor, at=at, keep=keep)
            except UsageError:
                raise  # nothing has changed
            except BaseException as error:
                self._give_up(run, error)
                raise
            if done.number:
                self._run, self._told_wake = None, -inf
                self._ready()
                for listener in self._listeners:
                    listener(run.counts[run.durable - run.begin], (), -inf)
            return done

    def tick(self, at: Instant | None = None) -> list[Event]:
        """Let what is due happen, and return it."""
        return self.handle(Tick(), at)

    @property
    def next_wake(self) -> Instant:
        """When `tick` must be called next; infinity if nothing is due."""
        with self._turns:
            return self._ready().engine.next_wake

    @property
    def clock(self) -> Callable[[], float]:
        """What tells the time here."""
        return self._clock

    def listen(self, listener: Listener) -> None:
        """Tell *listener* of everything that becomes durable from now on, in order; first how things stand.

        It is called by whichever thread wrote, before anybody is answered, while the desk stands
        still: it must be quick, raise nothing and ask the desk nothing. With no events it is told
        that only `next_wake` moved, or, with minus infinity, that a write failed: what is due must
        be asked anew, and numbers may leave something out then, which `events` has.
        """
        with self._settled() as run:
            self._listeners += (listener,)
            run.fresh = []
            self._tell(run, ())

    def unlisten(self, listener: Listener) -> None:
        """Tell *listener* no more. Cost: O(listeners); nothing happens if it does not listen."""
        with self._turns:
            self._listeners = tuple(each for each in self._listeners if each != listener)
            if self._run is not None and not self._listeners:
                self._run.fresh = None

    def close(self) -> None:
        """Write what is pending and close the store. May be called twice."""
        with self._turns:
            if self._closed:
                return
            self._idle()
            self._closed = True
            try:
                if self._run is not None and self._run.recorder.pending:
                    self._write(self._run)
            finally:
                self._run = None
                self._store.close()

    def __enter__(self) -> Desk:
        """Return the desk."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # --- looking ----------------------------------------------------------------------------

    def interaction(self, interaction: InteractionId) -> InteractionView:
        """Return how *interaction* stands. Cost: O(1); while it waits, O(all interactions kept).

        Raises:
            UsageError: If there is none of that id, or it was closed longer ago than the plan's
                retention.
        """
        with self._settled() as run:
            return interaction_in(run.engine, interaction)

    def agent(self, agent: AgentId) -> AgentView:
        """Return how *agent* stands. Cost: O(what she has).

        Raises:
            UsageError: If she is not on the roster.
        """
        with self._settled() as run:
            return agent_in(run.engine, agent)

    def queue(self, queue: str) -> QueueView:
        """Return how *queue* stands. Cost: O(all interactions kept); its order is sorted later.

        Raises:
            UsageError: If there is no such queue.
        """
        with self._settled() as run:
            return queue_in(run.engine, queue)

    def expected_wait(self, interaction: InteractionId, share: float = 0.8) -> Wait | None:
        """Return how long *interaction* will still wait, and its place in line.

        None, and cost, as of `workassign.waiting.expected_wait`.

        Raises:
            UsageError: If there is no such interaction, or *share* is no number between 0 and 1.
        """
        with self._settled() as run:
            return expected_wait(run.engine, interaction, share)

    def alarms(self) -> list[tuple[str, str]]:
        """Return the alarms that are raised now: queue and alarm, sorted. Cost: O(these)."""
        with self._settled() as run:
            return sorted(run.engine._state.alarms)

    def explain(self, interaction: InteractionId) -> Explanation:
        """Return the whole story of *interaction* with every decision about it, all of it durable.

        The journal is read and replayed beside the desk, which goes on meanwhile. Cost: O(the journal),
        and for every decision about it O(agents x kinds of waiting work + waiting).

        Raises:
            UsageError: If it was never taken in.
            JournalError: If the journal is damaged.
            Removed: If the beginning of the journal was removed.
        """
        with self._settled():
            plan, turns = header(self._store).plan, entries(self._store)
        return explain(plan, turns, interaction)

    def why_not(self, agent: AgentId, interaction: InteractionId) -> WhyNot:
        """Return all that keeps *agent* from *interaction* now, or that nothing does and who comes first.

        Asked of the live engine, as of its last turn. Cost: as of `workassign.explain.why_not`.

        Raises:
            UsageError: If there is no such agent or interaction.
        """
        with self._settled() as run:
            return why_not(run.engine, agent, interaction)

    def why_waiting(self, interaction: InteractionId) -> WhyWaiting:
        """Return what keeps *interaction* from everybody now, and what would let it be routed.

        Asked of the live engine, as of its last turn, while the desk stands still. Cost: O(agents x
        kinds of waiting work + waiting x log waiting).

        Raises:
            UsageError: If there is no such interaction.
        """
        with self._settled() as run:
            return why_waiting(run.engine, interaction)

    @contextmanager
    def kpis(self) -> Iterator[Kpis]:
        """Hold everything still while the key figures are read, all of them durable.

        Raises:
            UsageError: If the desk was made without.
        """
        with self._settled() as run:
            if run.kpis is None:
                raise UsageError("this desk gathers no key figures: give it kpis=Kpis")
            yield run.kpis

    def events(self, since: int = 0) -> Iterator[tuple[int, Event]]:
        """Yield every durable event after number *since*, with its number, from 1 on.

        It ends with the last one that is durable now; ask again with the last number seen.
        Turns may go on meanwhile.

        Raises:
            UsageError: If there is no event *since* yet.
            JournalError: If the journal is damaged.
            Removed: If the event after *since* was removed; it says from which number on there are some.
        """
        with self._settled() as run:
            counts = run.counts
            if not 0 <= since <= counts[-1]:
                raise UsageError(f"there is no event {since}: the last one is {counts[-1]}")
            return events_since(self._store, run, since)

    # --- turns and batches ------------------------------------------------------------------

    def _ready(self) -> Run:
        """Return the run that goes on, begun anew if the last one failed."""
        if self._closed:
            raise UsageError("the desk is closed")
        if self._run is None:
            self._idle()
        if self._run is None:  # still: somebody else may have been first
            self._store.reopen()
            self._run = resumed(self._store, self._make_kpis, self._seal)
            self._run.fresh = [] if self._listeners else None
        return self._run

    def _decide(self, run: Run, command: Command, at: Instant) -> list[Event]:
        try:
            return run.handle(command, at)
        except (UsageError, PlanError):
            raise  # nothing has changed
        except BaseException as error:
            self._give_up(run, error)
            raise

    def _await(self, run: Run, seq: int) -> None:
        """Wait until the entry *seq* is durable, writing what is pending if nobody else does."""
        while run.durable < seq:
            if run.failure is not None:
                raise JournalError(_UNKNOWN) from run.failure
            if self._busy:
                self._turns.wait()
            else:
                self._lead(run)
        if self._listeners and run.engine.next_wake != self._told_wake:
            self._tell(run, ())  # time moved on without a fact

    def _lead(self, run: Run) -> None:
        """Write what is pending, and let others decide meanwhile."""
        batch, run.recorder.pending = run.recorder.pending, []
        fresh, run.fresh = run.fresh, None if run.fresh is None else []
        self._busy = True
        self._turns.release()
        try:
            head = self._store.append(run.durable, batch)
        except BaseException as error:
            self._turns.acquire()
            self._busy = False
            self._give_up(run, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._turns.acquire()
            self._busy = False
            run.durable = head
            self._tell(run, fresh)
            self._turns.notify_all()

    def _write(self, run: Run) -> None:
        """Write what is pending while nobody else can do anything."""
        fresh, run.fresh = run.fresh, None if run.fresh is None else []
        try:
            run.durable = run.recorder.flush()
        except BaseException as error:
            self._give_up(run, error)
            raise
        self._tell(run, fresh)
        self._turns.notify_all()

    def _keep_if_due(self, run: Run) -> None:
        if self._every is not None and run.durable - max(run.kept, self._tried) >= self._every:
            self._keep()

    def _keep(self) -> None:
        """Take a snapshot, if it can be: whoever asked for something else has got that."""
        self._idle()
        run = self._run
        if run is None or run.durable - max(run.kept, self._tried) < (self._every or 0):
            return  # somebody else was first
        self._tried = run.recorder.last
        try:
            if run.recorder.pending:
                self._write(run)
            kept = take(self._store, run.engine, run.durable, run.counts[-1])
            run.kept = run.durable
            self._forgets = kept and self._habits.keep is not None
        except Exception as error:  # noqa: BLE001 - what was asked for is durable, and must be told
            _LOG.error("%s; no snapshot could be taken", type(error).__name__)
            if isinstance(error, JournalError) and self._run is run:
                self._give_up(run, error)

    def _forget_if_due(self) -> None:
        """Remove what is old, after a snapshot: whoever asked for something else has got that."""
        if not self._forgets:
            return
        with self._turns:
            due, self._forgets = self._forgets, False
        if due and self._habits.keep is not None:
            try:
                self.prune(self._habits.keep)
            except Exception:  # noqa: BLE001 - as when a snapshot cannot be taken
                _LOG.exception("nothing could be removed from the journal")

    def _tell(self, run: Run, fresh: Sequence[Event] | None) -> None:
        if fresh is not None and self._listeners:
            self._told_wake = run.engine.next_wake
            for listener in self._listeners:
                listener(run.counts[run.durable - run.begin], fresh, self._told_wake)

    def _give_up(self, run: Run, error: BaseException) -> None:
        """Drop an engine that may be ahead of its journal, and tell everybody who waits."""
        _LOG.error("%s; the engine will be made anew from the journal", type(error).__name__)
        run.failure = error
        if self._run is run:
            self._run = None
        self._told_wake = -inf
        for listener in self._listeners:
            listener(run.counts[run.durable - run.begin], (), -inf)
        self._turns.notify_all()

    def _idle(self) -> None:
        """Wait until no batch is being written."""
        while self._busy:
            self._turns.wait()

    @contextmanager
    def _settled(self) -> Iterator[Run]:
        """Hold everything still while all that has happened is durable."""
        with self._turns:
            self._idle()
            run = self._ready()
            if run.recorder.pending:
                self._write(run)
            yield run
