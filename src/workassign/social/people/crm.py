"""What does the CRM know of this author, and what if it does not answer?

Law: *a CRM never stops routing*. Whatever it does, a lookup returns within its time-out, raises
nothing, and says how it came by its answer. After several bad answers in a row the CRM is left
alone for a while, then tried once; meanwhile a lookup costs some microseconds. (One thing only is
beyond this: a callable that computes without ever letting go of the interpreter.)
"""

from __future__ import annotations

import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from threading import Condition, Event, Thread
from typing import Literal, TypeAlias, get_args

import attrs

from workassign.errors import UsageError
from workassign.model import Instant, is_number, range_problem, whole_problem
from workassign.social.people.customers import Ask, BadFactsError, CustomerFacts, facts_of

__all__ = ["Answer", "How", "Late", "Lookup"]

How: TypeAlias = Literal["asked", "cached", "stale", "timed out", "failed", "rubbish", "unknown", "off"]
"""How an answer came about.

- asked: the CRM has just said so; cached: it said so within `keep`;
- unknown: it knows, or knew within `keep`, no such customer;
- stale: it gave no good answer now, but did so earlier;
- timed out, failed (it raised), rubbish (it answered what cannot be), off (it was not asked, for it
  gave several bad answers in a row): so nothing is known. Where `share` is used up, it has timed
  out at once.
"""

_GOOD = ("asked", "unknown")
_IDLE_FOR = 10.0
"""A thread that has had nothing to do for so many seconds ends."""
_MOST_HANGING = 64
"""There are never more than `workers` and so many threads: no more are begun while so many hang."""
_MOST_REASONS = 50
_MOST_AHEAD = 1_000
"""So many questions for which nobody waits are kept to be asked."""

_Key: TypeAlias = tuple[str, str]


@attrs.frozen
class Answer:
    """What is known of a customer, and how that came about."""

    facts: CustomerFacts | None
    how: How


@attrs.frozen
class Late:
    """What the CRM said of an author when somebody had given up waiting for it."""

    network: str
    author: str
    facts: CustomerFacts


class _Call:
    """One question to the CRM, and all who wait for its answer."""

    __slots__ = ("done", "facts", "given_up", "how", "key", "lost", "started", "waiters")

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.done = Event()
        self.how: How = "failed"
        self.facts: CustomerFacts | None = None
        self.waiters = 0
        self.started = False
        self.given_up = False
        """Somebody has gone on without the answer."""
        self.lost = False
        """It takes longer than anybody waits, so its thread does not count as one of the workers."""


@attrs.define(eq=False, repr=False)  # what it keeps is personal data: it is not to be printed
class Lookup:
    """Asks a CRM, from threads of its own, and remembers what it said. Thread-safe.

    >>> lookup = Lookup(lambda network, author: {"id": "c-17"} if author == "ann" else None, timeout=5)
    >>> lookup.lookup("mastodon", "ann").how, lookup.lookup("mastodon", "ann").how
    ('asked', 'cached')
    >>> lookup.lookup("mastodon", "bob")
    Answer(facts=None, how='unknown')
    >>> lookup.close()

    Raises:
        UsageError: If a setting is out of its range.
    """

    _ask: Ask
    _timeout: float = attrs.field(default=0.05, kw_only=True)
    """Seconds that a mention waits for an answer, at most."""
    _keep: float = attrs.field(default=3600.0, kw_only=True)
    """Seconds for which an answer holds."""
    _most: int = attrs.field(default=100_000, kw_only=True)
    """So many authors are kept: those asked for last."""
    _workers: int = attrs.field(default=4, kw_only=True)
    """The CRM is asked so many questions at once, at most, not counting those that hang."""
    _strikes: int = attrs.field(default=5, kw_only=True)
    """After so many bad answers in a row the CRM is left alone …"""
    _rest: float = attrs.field(default=30.0, kw_only=True)
    """… for so many seconds, then tried once."""
    _share: float | None = attrs.field(default=None, kw_only=True)
    """Bounds what a CRM that is slow, but not too slow, may cost: when so much of a second went into
    waiting, nobody waits for the rest of it, and new authors are asked for behind everybody's back,
    for their next mention. 0 to 1; None: no bound. Of use where one thread looks up all mentions."""
    _clock: Callable[[], Instant] = attrs.field(default=time.monotonic, kw_only=True)
    """How late it is, for all but the time-out."""

    # One lock for all of it. Nobody else's code runs under it, but the clock.
    _lock: Condition = attrs.field(factory=Condition, init=False)
    _kept: OrderedDict[_Key, tuple[Instant, CustomerFacts | None]] = attrs.field(
        factory=OrderedDict, init=False
    )
    """Until when it holds, and what: the one asked for last comes last."""
    _queue: deque[_Call] = attrs.field(factory=deque, init=False)
    """Those for which somebody waits come first."""
    _open: dict[_Key, _Call] = attrs.field(factory=dict, init=False)
    _threads: int = attrs.field(default=0, init=False)
    _idle: int = attrs.field(default=0, init=False)
    _lost: int = attrs.field(default=0, init=False)
    _in_a_row: int = attrs.field(default=0, init=False)
    _off_until: Instant | None = attrs.field(default=None, init=False)
    _trying: bool = attrs.field(default=False, init=False)
    _second: Instant = attrs.field(default=-math.inf, init=False)
    _spent: float = attrs.field(default=0.0, init=False)
    _closed: bool = attrs.field(default=False, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)
    _reasons: Counter[str] = attrs.field(factory=Counter, init=False)
    _late: deque[Late] = attrs.field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        """Check the settings."""
        for name, seconds, longest in (
            ("timeout", self._timeout, 60.0),
            ("keep", self._keep, 30 * 86_400.0),
            ("rest", self._rest, 30 * 86_400.0),
        ):
            if problem := range_problem(seconds, longest):
                raise UsageError(f"{name} {problem}")
        for name, number, limit in (
            ("most", self._most, 10**8),
            ("workers", self._workers, 64),
            ("strikes", self._strikes, 1000),
        ):
            if problem := whole_problem(number, 1, limit):
                raise UsageError(f"{name} {problem}")
        if self._share is not None and not (is_number(self._share) and 0 < self._share <= 1):
            raise UsageError(f"share must be above 0 and at most 1, not {self._share!r}")
        if not callable(self._ask):
            raise UsageError(
                f"ask must be a callable (network, author) -> facts, not {type(self._ask).__name__}"
            )
        self._late = deque(maxlen=self._most)

    def lookup(self, network: str, author: str) -> Answer:
        """Return what is known of *author*, within the time-out whatever the CRM does.

        Cost: some microseconds where the answer is kept or the CRM is off, else what it takes.
        """
        key = (network, author)
        with self._lock:
            now = self._clock()
            until, facts = self._kept.get(key, (now, None))
            if now < until:
                self._kept.move_to_end(key)
                return self._counted("unknown" if facts is None else "cached", facts)
            trial = self._off_until is not None
            if self._closed or (trial and (self._trying or now < self._off_until)):  # type: ignore[operator]
                return self._fallback("off", key)
            if not trial and not self._may_wait(now):
                self._ask_ahead(key)
                return self._fallback("timed out", key)
            self._trying = trial
            call = self._joined(key, anew=trial)
        try:
            call.done.wait(self._timeout)
        finally:  # whoever is interrupted while she waits leaves everything in order, too
            with self._lock:
                self._spent += self._clock() - now
                answer = self._settled(call, trial=trial)
        return answer

    def late(self) -> list[Late]:
        """Return the facts that came too late for somebody since this was last asked; at most `most`.

        Lookups have them by then. What was submitted without them stays as it is: whoever runs the
        desk may transfer it to another queue.
        """
        with self._lock:
            found = list(self._late)
            self._late.clear()
            return found

    @property
    def counts(self) -> dict[str, int]:
        """How many answers came about in which way, and how many of the CRM's came late."""
        with self._lock:
            return {how: self._counts[how] for how in (*get_args(How), "late")}

    @property
    def reasons(self) -> dict[str, int]:
        """What was wrong with bad answers: the rule that rubbish broke, the type of what was raised.

        Never what it said, which may be personal data.
        """
        with self._lock:
            return dict(sorted(self._reasons.items()))

    @property
    def off(self) -> bool:
        """Whether the CRM is left alone just now."""
        with self._lock:
            return self._off_until is not None or self._closed

    @property
    def hanging(self) -> int:
        """How many questions take longer than anybody waits, just now.

        A call that never returns keeps its thread for ever. With 64 of them nobody is asked any
        more: give the client that the callable uses a time-out of its own, of some seconds.
        """
        with self._lock:
            return self._lost

    def close(self, within: float = 0.0) -> None:
        """Ask no more, and wait at most *within* seconds for questions that are still open.

        What is kept is still answered. Threads end with their last question; those that hang do
        not keep the program from ending.
        """
        with self._lock:
            self._closed = True
            self._lock.notify_all()
            self._lock.wait_for(lambda: not self._threads, within)

    # --- all below holds the lock, but `_serve` and `_asked` ---------------------------------------

    def _counted(self, how: How, facts: CustomerFacts | None) -> Answer:
        self._counts[how] += 1
        return Answer(facts, how)

    def _fallback(self, how: How, key: _Key) -> Answer:
        """Return what was known earlier, else *how* it comes that nothing is known."""
        _, facts = self._kept.get(key, (0.0, None))
        return self._counted(how if facts is None else "stale", facts)

    def _joined(self, key: _Key, *, anew: bool) -> _Call:
        """Return the open question about *key*, else a new one; *anew*: none that hangs already."""
        call = self._open.get(key)
        if call is None or (anew and call.given_up):
            call = self._open[key] = _Call(key)
            self._queue.appendleft(call)  # before those for which nobody waits
            self._staff()
        call.waiters += 1
        return call

    def _may_wait(self, now: Instant) -> bool:
        """Whether of this second's share anything is left."""
        if self._share is None:
            return True
        if not 0 <= now - self._second < 1:
            self._second, self._spent = now, 0.0
        return self._spent < self._share

    def _ask_ahead(self, key: _Key) -> None:
        """Ask about *key* without waiting, unless that is too much already."""
        if key not in self._open and len(self._queue) < _MOST_AHEAD:
            call = self._open[key] = _Call(key)
            call.given_up = True
            self._queue.append(call)
            self._staff()

    def _settled(self, call: _Call, *, trial: bool) -> Answer:
        """Return what became of *call*, and decide whether to ask any further."""
        call.waiters -= 1
        if trial:
            self._trying = False
        how: How = call.how if call.done.is_set() else "timed out"
        if how in _GOOD:
            self._in_a_row, self._off_until = 0, None
            return self._counted(how, call.facts)
        if how == "timed out":
            self._give_up(call)
        self._in_a_row += 1
        if trial or self._in_a_row >= self._strikes:
            self._switch_off()
        return self._fallback(how, call.key)

    def _switch_off(self) -> None:
        """Leave the CRM alone for a while."""
        self._in_a_row, self._off_until = 0, self._clock() + self._rest
        # What is being asked just now may hang, too: whoever tries next is to find a free thread.
        for call in list(self._open.values()):
            if call.started and not call.lost:
                call.lost = True
                self._lost += 1
            elif not call.started and not call.waiters:
                self._queue.remove(call)
                self._forget(call)

    def _give_up(self, call: _Call) -> None:
        """Go on without an answer: it will be late, or is not asked for at all if nobody waits."""
        call.given_up = True
        if call.started and not call.lost:
            call.lost = True
            self._lost += 1
            self._staff()
        elif not call.started and not call.waiters:
            self._queue.remove(call)
            self._forget(call)

    def _forget(self, call: _Call) -> None:
        if self._open.get(call.key) is call:
            del self._open[call.key]

    def _staff(self) -> None:
        """See to it that somebody takes up what is queued, if there may be anybody more."""
        if self._idle >= len(self._queue):
            self._lock.notify()
        elif self._threads - self._lost < self._workers and self._threads < self._workers + _MOST_HANGING:
            self._threads += 1
            try:
                Thread(target=self._serve, name="workassign-crm", daemon=True).start()
            except RuntimeError:  # the system has no more of them: then this question times out
                self._threads -= 1

    def _serve(self) -> None:
        """Ask one question after the other. Runs in threads of its own."""
        while (call := self._next()) is not None:
            how, facts, reason = self._asked(call.key)
            with self._lock:
                self._finish(call, how, facts)
                if reason is not None:
                    known = reason in self._reasons or len(self._reasons) < _MOST_REASONS
                    self._reasons[reason if known else "others"] += 1

    def _next(self) -> _Call | None:
        """Return the next question; None: this thread is not needed any more."""
        with self._lock:
            while self._threads - self._lost <= self._workers:  # else others took over while it hung
                if self._queue:
                    call = self._queue.popleft()
                    call.started = True
                    return call
                self._idle += 1
                woken = not self._closed and self._lock.wait(_IDLE_FOR)
                self._idle -= 1
                if not woken and not self._queue:
                    break
            self._threads -= 1
            self._lock.notify_all()
            return None

    def _asked(self, key: _Key) -> tuple[How, CustomerFacts | None, str | None]:
        """Return how the CRM answers, with what, and what is wrong with that."""
        try:
            facts = facts_of(self._ask(*key))
        except BadFactsError as error:
            return "rubbish", None, str(error)
        # Somebody else's code may raise anything, even what means to end the program: here it
        # would only end the thread.
        except BaseException as error:  # noqa: BLE001
            return "failed", None, type(error).__name__[:40]
        return "unknown" if facts is None else "asked", facts, None

    def _finish(self, call: _Call, how: How, facts: CustomerFacts | None) -> None:
        """Take in an answer, in time or late."""
        call.how, call.facts = how, facts
        self._forget(call)
        if how in _GOOD:
            self._kept[call.key] = (self._clock() + self._keep, facts)
            self._kept.move_to_end(call.key)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        self._lost -= call.lost
        if call.given_up:
            self._counts["late"] += 1
            if facts is not None:
                self._late.append(Late(*call.key, facts))
        call.done.set()
