"""How does an engine stand to its journal, from one (re)start of a desk to the first failure?"""

from __future__ import annotations

import logging
from array import array
from collections.abc import Callable, Iterator

from workassign.commands import Command
from workassign.engine import Engine
from workassign.events import Event
from workassign.journal import Entry, Recorder, Store, header, replay, resume, take_up
from workassign.kpi import Kpis
from workassign.model import Instant
from workassign.plan import Plan

__all__ = ["Run", "numbered", "resumed"]

_LOG = logging.getLogger("workassign.desk")


class Run:
    """An engine and its journal, from one (re)start to the first failure."""

    __slots__ = ("begin", "counts", "durable", "failure", "fresh", "kept", "kpis", "recorder")

    def __init__(self, recorder: Recorder, counts: array[int], kpis: Kpis | None, begin: int = 0) -> None:
        self.recorder = recorder
        self.begin = self.kept = begin
        """The entry with which it began: a snapshot's, or the header; and the last one with a snapshot."""
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


def resumed(store: Store, make_kpis: Callable[[Plan], Kpis] | None) -> Run:
    """Replay the journal, or what is behind its newest snapshot, and go on from there."""
    kpis = None if make_kpis is None else make_kpis(Plan.from_data(header(store).plan))

    def count(entry: Entry) -> None:
        counts.append(counts[-1] + len(entry.facts))
        if kpis is not None:
            kpis.take(entry.at, entry.facts)

    if kpis is not None:  # they are of the whole journal
        counts = array("q", [0])
        return Run(Recorder(replay(store, count), store), counts, kpis)
    begun = resume(store)
    counts = array("q", [begun.events])
    engine = take_up(begun, store, count)
    _LOG.info("replayed %d entries from entry %d on", len(counts) - 1, begun.seq + 1)
    return Run(Recorder(engine, store), counts, kpis, begun.seq)


def numbered(found: Iterator[Entry], number: int, since: int) -> Iterator[tuple[int, Event]]:
    """Yield the events of *found*, the first of which has the number after *number*, after *since*."""
    for entry in found:
        for event in entry.facts:
            number += 1
            if number > since:
                yield number, event
