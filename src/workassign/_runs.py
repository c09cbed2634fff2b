"""How does an engine stand to its journal, from one (re)start of a desk to the first failure?"""

from __future__ import annotations

import logging
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import islice

from workassign.commands import Command
from workassign.engine import Engine
from workassign.errors import Removed, UsageError
from workassign.events import Event
from workassign.journal import Entry, Recorder, Store, entries, header, replay, resume, take_up
from workassign.kpi import Kpis
from workassign.model import Instant
from workassign.plan import Plan
from workassign.retention import beginning, gone
from workassign.sealing import Seal

__all__ = ["Run", "entry_read", "events_since", "resumed"]

_LOG = logging.getLogger("workassign.desk")


class Run:
    """An engine and its journal, from one (re)start to the first failure."""

    __slots__ = ("begin", "counts", "durable", "failure", "fresh", "kept", "kpis", "recorder")

    def __init__(self, recorder: Recorder, counts: array[int], kpis: Kpis | None, begin: int = 0) -> None:
        self.recorder = recorder
        self.begin = self.kept = begin
        """The entry with which it began: a snapshot's, or the header; and the last one with a snapshot.

        It moves on when entries are removed."""
        self.kpis = kpis
        """What the turns so far add up to."""
        self.durable = recorder.last
        """The seq of the last entry that is in the store."""
        self.counts = counts
        """For each entry from `begin` on, the number of its last event; for the header 0."""
        self.failure: BaseException | None = None
        self.fresh: list[Event] | None = None
        """The events that are not in the store yet; None if nobody listens."""

    @property
    def engine(self) -> Engine:
        return self.recorder.engine

    def handle(self, command: Command, at: Instant) -> list[Event]:
        """Let the engine decide, and count what it brought about."""
        recorder = self.recorder
        last = recorder.last
        answer = recorder.handle(command, at)
        if recorder.last > last:
            facts = self.engine.facts
            self.counts.append(self.counts[-1] + len(facts))
            if self.fresh is not None:
                self.fresh.extend(facts)
            if self.kpis is not None:
                self.kpis.take(self.engine.now, facts)
        return answer

    def forget(self, before: int) -> None:
        """Forget what is known of the entries before the entry *before*, which were removed."""
        if (gone := before - 1 - self.begin) > 0:
            del self.counts[:gone]
            self.begin += gone


def resumed(store: Store, make_kpis: Callable[[Plan], Kpis] | None, seal: Seal | None = None) -> Run:
    """Replay the journal, or what is behind its newest snapshot, and go on from there."""
    kpis = None if make_kpis is None else make_kpis(Plan.from_data(header(store).plan))

    def count(entry: Entry) -> None:
        counts.append(counts[-1] + len(entry.facts))
        if kpis is not None:
            kpis.take(entry.at, entry.facts)

    if kpis is not None:  # they are of the whole journal
        if (begin := beginning(store)).removed:
            raise Removed(f"key figures are of the whole journal, and {gone(begin)}: open it without kpis")
        counts = array("q", [0])
        return Run(Recorder(replay(store, count), store, seal), counts, kpis)
    begun = resume(store)
    counts = array("q", [begun.events])
    engine = take_up(begun, store, count)
    _LOG.info("replayed %d entries from entry %d on", len(counts) - 1, begun.seq + 1)
    return Run(Recorder(engine, store, seal), counts, kpis, begun.seq)


def events_since(store: Store, run: Run, since: int) -> Iterator[tuple[int, Event]]:
    """Return the events after number *since*, with their numbers, up to what is durable now.

    Cost: of what is before the snapshot that *run* began with: O(all that is before).

    Raises:
        Removed: If the event after *since* was removed from the journal.
    """
    counts = run.counts
    if since >= counts[0] and (place := bisect_left(counts, since + 1)) == len(counts):
        return iter(())
    if since < counts[0] or beginning(store).seq > run.begin + place:  # what was before is counted again
        first, number = _first(store, run)
        if since < number:
            raise Removed(f"events 1 to {number} were removed: ask for those since {number}, or later")
        return _numbered(entries(store, first), number, since)
    return _numbered(entries(store, run.begin + place), counts[place - 1], since)


def entry_read(store: Store, run: Run, number: int) -> int:
    """Return the last entry none of whose events comes after *number*. Cost: as of `events_since`.

    Raises:
        UsageError: If there is no event of that number yet.
    """
    counts = run.counts
    if not 0 <= number <= counts[-1]:
        raise UsageError(f"there is no event {number}: the last one is {counts[-1]}")
    if number >= counts[0]:
        return run.begin + bisect_right(counts, number) - 1
    first, count = _first(store, run)
    for entry in entries(store, first):
        count += len(entry.facts)
        if count > number:
            return entry.seq - 1
    raise AssertionError("there are more events")


def _first(store: Store, run: Run) -> tuple[int, int]:
    """Return the first entry that is there, and the number of the last event before it."""
    first = beginning(store).seq
    if first == 1:
        return 1, 0
    if first > run.begin:
        return first, run.counts[first - 1 - run.begin]
    there = islice(entries(store, first), run.begin + 1 - first)
    return first, run.counts[0] - sum(len(entry.facts) for entry in there)


def _numbered(found: Iterator[Entry], number: int, since: int) -> Iterator[tuple[int, Event]]:
    """Yield the events of *found*, the first of which has the number after *number*, after *since*."""
    for entry in found:
        for event in entry.facts:
            number += 1
            if number > since:
                yield number, event
