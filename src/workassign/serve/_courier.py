"""What does one consumer need next: to be told something, to be left alone for a while, or help?

It sleeps nowhere and starts nothing. `turn` does the next thing and says in how many seconds it
wants to be called again; who calls it, and what the time is, others say.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from hashlib import blake2b
from math import inf

from workassign.errors import JournalError, UsageError
from workassign.events import Event
from workassign.model import Instant
from workassign.serve._feed import Feed
from workassign.serve.notices import Alarm, ConsumerView, Deliver, Notice, Progress, Terms, Undelivered
from workassign.stores.cursors import Cursors

__all__ = ["Courier", "pause_before"]

_LOG = logging.getLogger("workassign.outbox")

RETRY = 1.0
"""A store that failed is asked again after so many seconds."""

PASSED_OVER = 256
"""So many events that a consumer does not want are passed over in one turn, or without being kept."""

LONGEST_ASKED = 86_400.0
"""A consumer that asks for more seconds than this to be left alone is asked again after these."""

_IDLE = (Progress.STOPPED, Progress.AHEAD, Progress.ENDED)


def pause_before(notice: str, attempt: int, first: float, longest: float) -> float:
    """Return how many seconds to wait after the failed *attempt* (1, 2 …) to tell the *notice* of that id.

    *first* doubles with each attempt, up to *longest*; up to half of that is taken off, so that
    those who failed together do not come back together. What is taken off follows from the id and
    the attempt: there are no dice.
    """
    whole = min(longest, first * 2.0 ** min(attempt - 1, 60))
    drawn = int.from_bytes(blake2b(f"{notice}|{attempt}".encode(), digest_size=8).digest(), "big")
    return whole * (1.0 - 0.5 * drawn / 2**64)


class Courier:
    """Tells one consumer everything, in order, at least once. `turn` is for one thread at a time."""

    def __init__(
        self,
        name: str,
        deliver: Deliver,
        terms: Terms,
        *,
        shard: str,
        feed: Feed,
        cursors: Cursors,
        pace: Callable[[], float],
        alarm: Callable[[Alarm], object],
    ) -> None:
        self.name = name
        self._deliver, self._terms, self._shard = deliver, terms, shard
        self._feed, self._cursors, self._pace, self._alarm = feed, cursors, pace, alarm
        self._lock = threading.Lock()
        """One turn at a time."""
        self._asked = ""
        """What an operator wants."""
        self._progress = Progress.WORKING
        self._begun = False
        self._cursor = self._number = 0
        """How far it is kept that it has been told, and how far it has been."""
        self._owed = False
        """Something was told, and that is not kept yet."""
        self._coming: Iterator[tuple[int, Event]] = iter(())
        self._head: Notice | None = None
        """What is to be told next."""
        self._oldest: Instant | None = None
        """When that happened; while the next one is looked for, when the last one did."""
        self._attempts = self._dead = 0
        self._failed_at, self._due = inf, -inf
        """When, in the pace, the first attempt failed; before when there is no other one."""
        self._reason = ""
        self._trouble = ""
        """What is wrong with the store, if something is."""
        self._raised: set[str] = set()
        self._ringing = threading.Lock()

    @property
    def ended(self) -> bool:
        """Whether there is nothing to do any more, ever."""
        return self._progress is Progress.ENDED

    @property
    def asked(self) -> bool:
        """Whether an operator wants something."""
        return bool(self._asked)

    def turn(self) -> float:
        """Do the next thing; return the seconds until there may be another: infinity, when there is news."""
        with self._lock:
            try:
                pause, self._trouble = self._next(), ""
            except JournalError as error:
                pause = self._missed(error)
            self.look()
            return pause

    def ask(self, what: str) -> None:
        """Take the wish of an operator, `resume` or `skip`, for the next turn."""
        self._asked = what

    def close(self) -> None:
        """Let go of what is told by, if that holds something."""
        close = getattr(self._deliver, "close", None)
        if close is not None:
            close()

    def view(self) -> ConsumerView:
        """Return how it stands."""
        lag = max(0, self._feed.last - self._number) if self._begun else 0
        oldest = self._oldest
        return ConsumerView(
            name=self.name,
            progress=self._progress,
            cursor=self._cursor,
            lag=lag,
            lag_seconds=0.0 if oldest is None else max(0.0, self._feed.now() - oldest),
            attempts=self._attempts,
            reason=self._reason or self._trouble,
            dead=self._dead,
        )

    # --- one turn ---------------------------------------------------------------------------

    def _missed(self, error: JournalError) -> float:
        """Ask a store that failed again later, unless it is closed for good."""
        self._coming = iter(())
        if self._feed.is_closed():
            return self._end()
        if not self._trouble:  # once, and not every second
            _LOG.error("%s: %s; tried again every %g s", self.name, type(error).__name__, RETRY)
        self._trouble = type(error).__name__
        return RETRY

    def _next(self) -> float:
        if self._asked:
            self._carry_out()
        if self._progress in _IDLE:
            return inf
        if not self._begun and not self._begin():
            return inf
        if self._owed:
            self._keep()
        if self._head is not None:
            pause = self._due - self._pace()
            if pause > 0:
                return pause
            pause = self._try(self._head)
            if pause > 0:
                return pause
        return self._look_ahead()

    def _carry_out(self) -> None:
        """Do what an operator asked for."""
        asked, self._asked = self._asked, ""
        if self._progress is Progress.ENDED:
            return
        self._attempts, self._failed_at, self._due = 0, inf, -inf
        self._progress, self._reason = Progress.WORKING, ""
        if asked == "skip" and self._head is not None:
            _LOG.warning("%s: %s was passed over by hand", self.name, self._head.id)
            self._told(self._head.number)
        self._ring("stopped", False)
        self._ring("ahead", False)

    def _begin(self) -> bool:
        """Find out where it stands; whether there is such a place in the journal."""
        kept = self._cursors.cursors().get(self.name)
        last = self._feed.last
        start = kept
        if start is None:
            start = last if self._terms.after is None else self._terms.after
        self._cursor = self._number = start
        self._coming, self._head, self._oldest, self._owed = iter(()), None, None, False
        if start > last:
            self._be_ahead()
            return False
        if kept is None:
            self._cursors.keep(self.name, start)  # what happens from now on must be told, come what may
        self._begun = True
        return True

    def _try(self, notice: Notice) -> float:
        """Tell it; 0 if that is settled, else the seconds until the next attempt."""
        self._attempts += 1
        try:
            self._deliver(notice)
        except Undelivered as answer:
            return self._failed(notice, answer.reason, answer.retry_after, answer.gone)
        except Exception as error:  # noqa: BLE001 - whatever happened there, it was not told; what it says may be personal
            return self._failed(notice, type(error).__name__, None, False)
        self._told(notice.number)
        self._keep()
        return 0.0

    def _told(self, number: int) -> None:
        self._number, self._head, self._owed = number, None, True
        self._attempts, self._failed_at, self._due = 0, inf, -inf
        self._progress, self._reason = Progress.WORKING, ""

    def _keep(self) -> None:
        """Keep that it was told. If that fails it is tried again, and nothing else is told before."""
        try:
            self._cursors.keep(self.name, self._number)
        except UsageError as error:
            self._owed = self._begun = False  # whoever resumes it finds out anew where it stands
            self._stop(f"somebody else tells it too: {error}")
        else:
            self._cursor, self._owed = self._number, False

    # --- when it fails ----------------------------------------------------------------------

    def _failed(self, notice: Notice, reason: str, asked: float | None, gone: bool) -> float:
        now, terms = self._pace(), self._terms
        self._failed_at = min(self._failed_at, now)
        self._reason = reason
        late = now - self._failed_at >= terms.give_up_after
        if gone or late or self._attempts == terms.attempts:
            return self._give_up(notice, gone)
        pause = pause_before(notice.id, self._attempts, terms.first_pause, terms.longest_pause)
        pause = max(pause, min(asked or 0.0, LONGEST_ASKED))
        self._progress, self._due = Progress.RETRYING, now + pause
        _LOG.warning(
            "%s: %s: attempt %d: %s; again in %.3g s", self.name, notice.id, self._attempts, reason, pause
        )
        return pause

    def _give_up(self, notice: Notice, gone: bool) -> float:
        put_aside = self._terms.dead_letter
        if put_aside is None or gone:
            self._stop(self._reason)
            return inf
        try:
            put_aside(notice, self._reason)
        except Exception as error:  # noqa: BLE001 - it is nowhere then, so it must not be left behind
            self._stop(f"{self._reason}; putting it aside failed: {type(error).__name__}")
            return inf
        _LOG.warning("%s: %s was put aside: %s", self.name, notice.id, self._reason)
        self._dead += 1
        self._told(notice.number)
        self._keep()
        return 0.0

    def _stop(self, reason: str) -> None:
        self._progress, self._reason = Progress.STOPPED, reason
        self._ring("stopped", True)

    # --- what comes next --------------------------------------------------------------------

    def _look_ahead(self) -> float:
        """Find what is to be told next; 0 if there is something, or more to look through."""
        for _ in range(PASSED_OVER):
            if self._progress in _IDLE:
                return inf
            found = next(self._coming, None) or self._more()
            if found is None:
                self._oldest = None
                return inf if self._feed.sound or self._progress in _IDLE else RETRY
            number, event = found
            if not self._terms.only or type(event) in self._terms.only:
                self._head = Notice(shard=self._shard, number=number, event=event)
                self._oldest = event.at
                return 0.0
            self._number = number
            if number - self._cursor >= PASSED_OVER:
                self._keep()
        return 0.0

    def _more(self) -> tuple[int, Event] | None:
        """Return what comes after all that was looked at, if it is there; the rest is coming."""
        try:
            self._coming = self._feed.after(self._number)
        except UsageError:
            if self._feed.is_closed():
                self._end()
            else:
                self._be_ahead()
            return None
        return next(self._coming, None)

    def _end(self) -> float:
        self._progress = Progress.ENDED
        _LOG.info("%s: the desk was closed; it goes on after event %d", self.name, self._cursor)
        return inf

    def _be_ahead(self) -> None:
        self._begun = False
        self._progress = Progress.AHEAD
        self._reason = f"it stands at {self._number}, the last event is {self._feed.last}"
        self._ring("ahead", True)

    # --- alarms -----------------------------------------------------------------------------

    def look(self) -> None:
        """Ring when it is too far behind, and again when it has caught up half of that.

        Any thread may, also while something is being told, which may take long.
        """
        view, terms = self.view(), self._terms
        share = max(view.lag / terms.lag_events, view.lag_seconds / terms.lag_seconds)
        if share > 1.0:
            self._ring("lag", True)
        elif share <= 0.5:
            self._ring("lag", False)

    def _ring(self, kind: str, raised: bool) -> None:
        """Say that something began or ended, if that is new."""
        with self._ringing:
            if (kind in self._raised) == raised:
                return
            (self._raised.add if raised else self._raised.discard)(kind)
        self._alarm(Alarm(kind=kind, raised=raised, consumer=self.view()))
