"""How does an asyncio application hold a desk? A queue before it, a thread that writes, and events after it.

Commands wait in a bounded queue. One thread takes all that wait, up to a batch, lets the desk
carry them out and write them together; meanwhile the next ones gather. The loop decides nothing,
writes nothing and never waits for the disk, and nobody is answered before the disk has it.

Three outcomes, told apart by the error:

- an answer: it happened, and it is durable;
- `Overloaded`, `Stopped`, `UsageError`, `PlanError`: it did not happen;
- `JournalError`, or a cancelled `await`: nobody knows. Say it again with the same `key`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum
from itertools import islice
from math import inf
from types import TracebackType
from typing import Protocol, TypeAlias, TypeVar

from workassign.commands import Command, Submit, Tick
from workassign.desk import Desk
from workassign.errors import JournalError, Overloaded, PlanError, Stopped, UsageError
from workassign.events import Event
from workassign.model import Interaction
from workassign.serve._consuming import Events, Page
from workassign.serve._recent import Recent

__all__ = ["CallLater", "Events", "Service"]

_LOG = logging.getLogger("workassign.service")

T = TypeVar("T")

Answer: TypeAlias = list[Event] | UsageError | PlanError

BATCH = 500
"""So many commands are carried out and written together at most."""

LOOK = 60.0
"""At least every so many seconds the clock is looked at: it may have been set, or the machine slept."""

PAGE = 256
"""So many events a consumer holds at most."""

_UNKNOWN = "the store failed, and it is unknown whether it happened: ask again with the same key"
_DEAD = "the store failed, so nothing is carried out any more: start another service"


class Cancellable(Protocol):
    """A call that is still to come."""

    def cancel(self) -> object:
        """Let it not come."""


CallLater: TypeAlias = Callable[[float, Callable[[], object]], Cancellable]
"""Calls something in so many seconds, on the loop: `loop.call_later`, unless a test has its own."""


class _Stage(Enum):
    NEW = "the service has not been started"
    STARTING = "the service is being started"
    WORKING = "the service works"
    STOPPING = "the service is being stopped"
    STOPPED = "the service was stopped"
    FAILED = _DEAD


class Service:
    """Carries out commands for an event loop, one batch after the other.

    >>> from workassign import Desk, MemoryStore
    >>> async def main() -> str:
    ...     with Desk.open(MemoryStore(), clock=lambda: 5.0) as desk:
    ...         async with Service(desk) as service:
    ...             [submitted] = await service.submit(Interaction(id="tweet-1"))
    ...             return submitted.interaction.id
    >>> asyncio.run(main())
    'tweet-1'

    Its methods belong to the loop on which it was started; other threads may use the desk itself
    meanwhile. The desk is not closed with the service. Once its store has failed, a service
    carries out nothing more; another one on the same desk goes on from what the store has.

    Raises:
        UsageError: If *room* or *buffer* is less than 1, or a service is started twice.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        room: int = 10_000,
        buffer: int = 1_024,
        call_later: CallLater | None = None,
    ) -> None:
        """Serve *desk*; *room* commands may wait, and the last *buffer* events are kept for consumers."""
        for name, value in (("room", room), ("buffer", buffer)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        self._desk = desk
        self._room = room
        self._call_later = call_later
        self._stage = _Stage.NEW
        self._failure: BaseException | None = None
        self._waiting: OrderedDict[asyncio.Future[list[Event]], Command] = OrderedDict()
        self._due = False
        """A tick is due."""
        self._alarm: Cancellable | None = None
        self._recent = Recent(buffer, self._told)
        self._pace = 0.0
        """How long a command takes, of late; 0 if that is not known yet."""

    # --- beginning and ending ---------------------------------------------------------------

    async def start(self) -> None:
        """Begin to work. What fell due while nobody worked happens now.

        Raises:
            UsageError: If it was started before, or the desk is closed.
            JournalError: If the desk cannot be read.
        """
        if self._stage is not _Stage.NEW:
            raise UsageError("a service is started once: make another one")
        self._stage = _Stage.STARTING
        self._loop = asyncio.get_running_loop()
        self._later: CallLater = self._call_later or self._loop.call_later
        self._call, self._pulse = asyncio.Event(), asyncio.Event()
        self._writer = ThreadPoolExecutor(1, "workassign-write")
        self._reader = ThreadPoolExecutor(2, "workassign-read")
        try:
            await self._loop.run_in_executor(self._writer, self._listen)
        except BaseException:
            self._stage = _Stage.STOPPED
            self._let_go()
            raise
        self._stage = _Stage.WORKING
        self._work = self._loop.create_task(self._carry_on(), name="workassign-service")
        self._look()

    def _listen(self) -> None:
        self._thread = threading.get_ident()
        self._desk.listen(self._recent.hear)

    async def stop(self, *, drain: bool = True) -> None:
        """Accept nothing more, carry out what was accepted, and end. May be called twice.

        Without *drain* what still waits gets `Stopped`; what is being written is waited for. If
        the stop itself is cancelled, what is being written is unknown to whoever asked for it.

        Raises:
            UsageError: If it is being started.
        """
        if self._stage is _Stage.STARTING:
            raise UsageError(self._stage.value)
        if self._stage is _Stage.NEW:
            self._stage = _Stage.STOPPED
        if self._stage is _Stage.WORKING:
            self._stage = _Stage.STOPPING
        if self._stage is _Stage.STOPPED:
            return
        if not drain:
            self._refuse_waiting()
        self._call.set()
        try:
            await asyncio.wait({self._work})
        except asyncio.CancelledError:
            self._refuse_waiting()
            self._work.cancel()
            raise
        finally:
            if self._stage is not _Stage.FAILED:
                self._stage = _Stage.STOPPED
            self._let_go()
        await asyncio.to_thread(self._reader.shutdown)
        await asyncio.to_thread(self._writer.shutdown)

    def _let_go(self) -> None:
        """Let go of timer, desk and threads, and tell the consumers; what is being read is read."""
        if self._alarm is not None:
            self._alarm.cancel()
        with suppress(RuntimeError):  # it was let go before
            self._writer.submit(self._desk.unlisten, self._recent.hear)  # not here: the desk may be busy
        self._writer.shutdown(wait=False)
        self._reader.shutdown(wait=False)
        self._announce()

    async def __aenter__(self) -> Service:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it; what was accepted is carried out."""
        await self.stop()

    # --- asking for something ---------------------------------------------------------------

    async def handle(self, command: Command) -> list[Event]:
        """Carry out *command* and return its events, once they are durable.

        Commands are carried out in the order in which they were accepted. If the wait is
        cancelled, a command that still waits is withdrawn and never happens; one that was taken
        already happens. Whoever was cancelled cannot tell which: a `key` makes it safe to ask again.

        Raises:
            Overloaded: If too many wait; it was not accepted.
            Stopped: If the service does not work; it was not accepted, or it was given back.
            UsageError: If *command* is none or malformed; nothing happened.
            PlanError: If it is a `ChangePlan` whose plan is wrong; nothing happened.
            JournalError: If the store failed. Whether it happened is unknown.
        """
        if self._stage is not _Stage.WORKING:
            raise Stopped(self._stage.value) from self._failure
        if len(self._waiting) >= self._room:
            raise Overloaded(self._drained_in())
        answer: asyncio.Future[list[Event]] = self._loop.create_future()
        self._waiting[answer] = command
        self._call.set()
        try:
            return await answer
        finally:
            self._waiting.pop(answer, None)  # cancelled: its room is free at once

    async def submit(self, interaction: Interaction, *, key: str | None = None) -> list[Event]:
        """Take in *interaction*: `handle(Submit(interaction, key=key))`."""
        return await self.handle(Submit(interaction, key=key))

    async def ask(self, question: Callable[[Desk], T]) -> T:
        """Return what *question* finds at the desk, in another thread: all of it is durable.

        `await service.ask(lambda desk: desk.interaction("tweet-1"))`

        Raises:
            Stopped: If the service does not work.
        """
        if self._stage not in {_Stage.WORKING, _Stage.STOPPING}:
            raise Stopped(self._stage.value) from self._failure
        return await self._loop.run_in_executor(self._reader, question, self._desk)

    @property
    def waiting(self) -> int:
        """How many commands wait to be taken."""
        return len(self._waiting)

    def _drained_in(self) -> float:
        """Return in how many seconds what waits now will have been taken, at the pace of late."""
        return min(max(len(self._waiting) * self._pace, 0.05), 60.0) if self._pace else 1.0

    # --- hearing what happened --------------------------------------------------------------

    @property
    def last(self) -> int:
        """The number of the last durable event; `events(after=service.last)` has what comes from now on."""
        return self._recent.last

    def events(self, after: int = 0) -> Events:
        """Return every durable event after number *after*, with its number, and go on with what comes.

        See `Events`.

        Raises:
            UsageError: If *after* is negative.
        """
        if after < 0:
            raise UsageError(f"after must not be negative, not {after}")
        return Events(self._page, after)

    def _told(self) -> None:
        """Hear of something durable, in whichever thread wrote it."""
        if threading.get_ident() != self._thread:  # else the loop looks when the batch is back
            with suppress(RuntimeError):  # the loop is gone, and the service was never stopped
                self._loop.call_soon_threadsafe(self._look)

    def _announce(self) -> None:
        """Wake every consumer that waits."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def _page(self, after: int) -> Page | None:
        """Return events after number *after*, waiting for the next one; None at the end."""
        while True:
            if self._stage in {_Stage.NEW, _Stage.STARTING}:
                raise Stopped(self._stage.value)
            pulse, last = self._pulse, self._recent.last
            found = self._recent.after(after, PAGE)
            if found:
                return deque(enumerate(found, after + 1))
            if self._stage is _Stage.FAILED:
                raise JournalError(f"{_DEAD}; go on after event {after}") from self._failure
            if self._stage is _Stage.STOPPED:
                if found is None:
                    raise Stopped(f"{self._stage.value}: go on after event {after}")
                return None
            page = None
            if found is None or after > last:
                page = await self._loop.run_in_executor(self._reader, self._read, after)
            if page:
                return page
            await pulse.wait()

    def _read(self, after: int) -> Page:
        """Return a page of events after number *after* from the store."""
        return deque(islice(self._desk.events(after), PAGE))

    # --- time -------------------------------------------------------------------------------

    def _look(self) -> None:
        """Tell consumers what is new, and see when time is due next."""
        self._announce()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        wake = self._recent.wake
        if self._stage is not _Stage.WORKING or wake == inf:
            return
        pause = wake - self._desk.clock()
        if pause <= 0:
            self._due = True
            self._call.set()
        else:
            self._alarm = self._later(min(pause, LOOK), self._look)

    # --- batches ----------------------------------------------------------------------------

    async def _carry_on(self) -> None:
        """Carry out batch after batch, until the service is stopped and nobody waits, or the store fails."""
        batch: dict[asyncio.Future[list[Event]], Command] = {}
        try:
            while True:
                if not self._waiting and not self._due:
                    if self._stage is _Stage.STOPPING:
                        return
                    self._call.clear()
                    await self._call.wait()
                    continue
                batch = self._taken()
                begun = self._loop.time()
                commands = list(batch.values()) or [Tick()]
                answers = await self._loop.run_in_executor(self._writer, self._desk.handle_all, commands)
                self._keep_pace((self._loop.time() - begun) / len(commands))
                self._answer(batch, answers)
                self._look()
        except BaseException as error:
            self._fail(batch, error)
            if not isinstance(error, Exception):
                raise

    def _taken(self) -> dict[asyncio.Future[list[Event]], Command]:
        """Take what waits, up to a batch. From now on it cannot be withdrawn."""
        self._due = False
        waiting = self._waiting
        return dict(waiting.popitem(last=False) for _ in range(min(len(waiting), BATCH)))

    def _answer(self, batch: dict[asyncio.Future[list[Event]], Command], answers: list[Answer]) -> None:
        for future, answer in zip(batch, answers, strict=False):  # a tick has no future
            if future.done():  # cancelled, and carried out
                continue
            if isinstance(answer, list):
                future.set_result(answer)
            else:
                future.set_exception(answer)

    def _keep_pace(self, seconds: float) -> None:
        self._pace += (seconds - self._pace) / 8 if self._pace else seconds

    def _fail(self, batch: dict[asyncio.Future[list[Event]], Command], error: BaseException) -> None:
        """End. Who was taken hears that it is unknown, who waits that it did not happen."""
        _LOG.error("%s; the service carries out nothing more", type(error).__name__)
        self._stage, self._failure = _Stage.FAILED, error
        for future in batch:
            if not future.done():
                future.set_exception(_caused(JournalError(_UNKNOWN), error))
        self._refuse_waiting()
        self._look()

    def _refuse_waiting(self) -> None:
        while self._waiting:
            future, _ = self._waiting.popitem(last=False)
            if not future.done():
                future.set_exception(_caused(Stopped(self._stage.value), self._failure))


def _caused(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error
