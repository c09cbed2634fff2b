"""What became of everything that was read? Counts by stage, samples of what left, moods by brand.

Every mention leaves the funnel at one stage, or enters a queue, so: read = bad + dropped + entered.
Among the stages that it can leave at are two that lose nothing: what goes on with a conversation,
and what is nearly the same as something that is there already.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from itertools import islice

import attrs

from workassign.model import Instant
from workassign.social.mentions import BadRecord, Mention

__all__ = [
    "COLLAPSED",
    "JOINED",
    "LOSSLESS",
    "OURS",
    "REFUSED",
    "REPEATED",
    "Funnel",
    "Mood",
    "Sample",
    "Tally",
]

REPEATED = "record repeated"
"""The same record with the same id once more."""
REFUSED = "not let in"
"""The engine refused it: its queue is full, or gone. Whoever wrote it gets a new interaction next time."""
OURS = "written by us"
"""An answer of ours that comes back, or a post of the brand's own."""
JOINED = "same conversation"
"""It goes on with what the customer said before: it joins that interaction."""
COLLAPSED = "near-duplicate"
"""It is nearly the same as something that is there: its reach is added to that interaction's."""

LOSSLESS = (JOINED, COLLAPSED)
"""What leaves at these is part of something that entered."""

HOUR = 3600.0
MOODS_KEPT = 100_000
"""So many hours of brands are remembered, those that began last: a year and more of ten brands."""
SAMPLES = 5
"""So many of what left at a stage are shown."""
SHOWN = 280
"""A sample's text is cut after so many characters."""
UNHAPPY, HAPPY = -0.05, 0.05
"""Beyond these a sentiment is unhappy, or happy: VADER's own limits."""


@attrs.frozen
class Sample:
    """One that left at a stage, for people to judge."""

    key: str
    text: str = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Mood:
    """How people felt about a brand in one hour (its number, from 0 of POSIX time)."""

    brand: str
    hour: int
    unhappy: int
    neither: int
    happy: int
    unknown: int
    """Nobody can tell: another language, say."""
    total: float
    """The sum of the known sentiments."""

    @property
    def mean(self) -> float | None:
        """The mean sentiment of those that are known."""
        known = self.unhappy + self.neither + self.happy
        return self.total / known if known else None


@attrs.frozen(kw_only=True)
class Funnel:
    """What became of what was read: read = bad + dropped + entered."""

    read: int
    bad: tuple[BadRecord, ...]
    dropped: Mapping[str, int]
    """Stage -> how many left there, in the stages' order."""
    entered: int
    notes: Mapping[str, int]
    """What was odd but did no harm -> in how many records."""
    out_of_order: int
    audited: Mapping[str, int] = attrs.field(factory=dict)
    """Stage -> how many of what left there are looked at by people."""
    samples: Mapping[str, tuple[Sample, ...]] = attrs.field(factory=dict)
    """Stage -> some of what left there, drawn by their keys."""
    moods: tuple[Mood, ...] = ()
    """By brand and hour, of what is no repost, no near-duplicate and not the brand's own."""


class Tally:
    """Counts what goes through a funnel. Memory: some samples, and `MOODS_KEPT` moods."""

    def __init__(self, stages: Sequence[str]) -> None:
        """Count what leaves at *stages*, in their order."""
        self.dropped: Counter[str] = Counter(dict.fromkeys(stages, 0))
        self.audited: Counter[str] = Counter()
        self.entered = 0
        self._samples: dict[str, list[tuple[int, str, str]]] = {}
        self._moods: dict[tuple[str, int], list[float]] = {}

    def left(self, mention: Mention, stage: str) -> None:
        """A mention left at a stage."""
        self.dropped[stage] += 1
        # Those with the largest numbers stay: a sample that depends on keys alone.
        entry = (-_number(mention.key), mention.key, mention.text[:SHOWN])
        heap = self._samples.setdefault(stage, [])
        if len(heap) < SAMPLES:
            heapq.heappush(heap, entry)
        elif entry > heap[0]:
            heapq.heapreplace(heap, entry)

    def anew(self, stage: str) -> None:
        """What left at a stage entered a queue after all."""
        self.dropped[stage] -= 1
        self.entered += 1

    def turned_away(self, stage: str = REFUSED) -> None:
        """What had entered was not let in: it left at *stage*."""
        self.dropped[stage] += 1
        self.entered -= 1

    def felt(self, brand: str | None, at: Instant, sentiment: float | None) -> None:
        """Somebody wrote about a brand."""
        counts = self._moods.setdefault((brand or "", int(at // HOUR)), [0, 0, 0, 0, 0.0])
        if len(self._moods) > MOODS_KEPT:
            for oldest in list(islice(self._moods, MOODS_KEPT // 10)):
                del self._moods[oldest]
        if sentiment is None:
            counts[3] += 1
            return
        counts[0 if sentiment < UNHAPPY else 2 if sentiment > HAPPY else 1] += 1
        counts[4] += sentiment

    def samples(self) -> dict[str, tuple[Sample, ...]]:
        """Return samples of what left, by stage."""
        found = {
            stage: tuple(Sample(key, text) for _, key, text in sorted(heap, reverse=True))
            for stage, heap in self._samples.items()
        }
        return {stage: found[stage] for stage in self.dropped if stage in found}

    def moods(self) -> tuple[Mood, ...]:
        """Return how people felt, by brand and hour."""
        return tuple(
            Mood(
                brand=brand,
                hour=hour,
                unhappy=int(counts[0]),
                neither=int(counts[1]),
                happy=int(counts[2]),
                unknown=int(counts[3]),
                total=counts[4],
            )
            for (brand, hour), counts in sorted(self._moods.items())
        )


def _number(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest())
