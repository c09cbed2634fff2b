"""Who is there when? What each crew does with its hours: acts for the diary of a floor."""

from __future__ import annotations

from collections.abc import Iterator

from workassign.lab.draws import Purpose, stream
from workassign.lab.scenario import Crew
from workassign.model import Instant

__all__ = ["AWAY", "BACK", "COME", "GO", "Duty", "SizedCrew", "duties"]

COME, GO, AWAY, BACK = "come", "go", "away", "back"

Duty = tuple[Instant, int, str]
"""An instant, the place of an agent in her crew, and what she does then."""


def duties(crew: Crew, start: Instant, seed: int) -> Iterator[Duty]:
    """Yield what the agents of *crew* do: in the order of agents, not of time.

    Nothing is done before *start*: who is on shift then comes then.
    """
    shifts = crew.shifts if crew.shifts is not None else ((start, float("inf")),)
    for place, agent in enumerate(crew.agents):
        luck = stream(seed, Purpose.ABSENCE, agent.id).random(len(shifts)) if crew.absence else None
        for number, (begin, end) in enumerate(shifts):
            if end <= start or (luck is not None and luck[number] < crew.absence):
                continue
            come = max(begin, start)
            for away, back in crew.breaks:
                if away <= come < back:  # she comes after a break with which her shift begins
                    come = back
            if come >= end:
                continue
            yield come, place, COME
            for away, back in crew.breaks:
                if come < away < end:
                    yield away, place, AWAY
                    if back < end:
                        yield back, place, BACK
            if end < float("inf"):
                yield end, place, GO


class SizedCrew:
    """A crew of which so many are there: who is idle leaves first, then whoever is done first.

    While too many are busy, all of them are draining; as soon as enough have left, the others stay.
    """

    def __init__(self, crew: Crew) -> None:
        """Start with nobody there."""
        self._most = len(crew.agents)
        self.on: set[int] = set()
        """Places of those who are there to stay."""
        self.draining: set[int] = set()
        """Places of those of whom some leave when they are done."""
        self.size = 0

    def resize(self, size: int, idle: list[int]) -> tuple[list[int], list[int], list[int]]:
        """Return who comes, who goes, and who drains from now on, when *size* are to be there.

        *idle* are the places of those who are there and hold nothing, in the order of preference.
        """
        self.size = size
        there = self.on | self.draining
        surplus = len(there) - size
        if surplus <= 0:
            staying = sorted(self.draining)
            self.on |= self.draining
            self.draining.clear()
            free = [place for place in range(self._most) if place not in self.on]
            come = free[:-surplus] if surplus else []
            self.on.update(come)
            return [*staying, *come], [], []
        go = [place for place in idle if place in self.on][:surplus]
        self.on.difference_update(go)
        if surplus > len(go):
            drain = sorted(self.on)
            self.draining.update(drain)
            self.on.clear()
            return [], go, drain
        return [], go, []

    def left(self, place: int) -> list[int]:
        """Take in that a draining agent has left; return who stays after all."""
        self.draining.discard(place)
        if len(self.draining) > self.size:
            return []
        staying = sorted(self.draining)
        self.on |= self.draining
        self.draining.clear()
        return staying
