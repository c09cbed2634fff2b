"""What did agents do with their time?"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import accumulate
from typing import Any

from workassign._gauges import Row
from workassign._records import UNIT
from workassign._series import MINUTE, Series
from workassign.groups import Group, formed
from workassign.model import Agent, AgentId, Instant, Presence

__all__ = ["SIGNED_ON", "People", "Person", "Shifts"]

SIGNED_ON = (Presence.AVAILABLE, Presence.BUSY, Presence.DRAINING)
"""In these an agent's time counts as capacity."""


class Shifts:
    """When an agent is scheduled, and paid: intervals in order, apart from each other."""

    def __init__(self, shifts: Sequence[tuple[Instant, Instant]]) -> None:
        self._starts = [start for start, _ in shifts]
        self._ends = [end for _, end in shifts]
        self._before = list(accumulate((end - start for start, end in shifts), initial=0.0))

    def until(self, at: Instant) -> float:
        """Return the scheduled seconds before *at*."""
        number = bisect_right(self._starts, at)
        if not number:
            return 0.0
        return self._before[number - 1] + min(at, self._ends[number - 1]) - self._starts[number - 1]


_NO_SHIFTS = Shifts(())


class Person:
    """An agent: her presence, what she holds, and how long."""

    __slots__ = (
        "active",
        "adherent",
        "agent",
        "area",
        "busy",
        "capacity",
        "counts",
        "elapsed",
        "enrolled",
        "focus",
        "handled",
        "holding",
        "last",
        "load",
        "on",
        "on_roster",
        "presence",
        "seconds",
        "shifts",
        "since",
        "told",
    )

    def __init__(self, agent: Agent, told: Agent, at: Instant, shifts: Shifts | None) -> None:
        self.agent = agent
        self.told = told
        """As she is without what her groups add."""
        self.enrolled = at
        self.on_roster = True
        self.shifts = shifts or _NO_SHIFTS
        self.adherent = 0.0
        """Scheduled seconds that she was not offline."""
        self.presence = Presence.OFFLINE
        self.since = at
        """Since when her presence, or her capacity, is what it is."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """Presence -> seconds."""
        self.on = False
        """Signed on: her time counts as capacity."""
        self.capacity = 0.0
        """Millionths of unit seconds that she was signed on."""
        self.holding = 0
        self.load = 0
        """Millionths of a unit that she holds."""
        self.last = at
        self.focus = 0.0
        """Seconds of hers that each thing that she holds has had since she began."""
        self.area = 0.0
        """Millionths of unit seconds of what she held while signed on."""
        self.busy = 0.0
        """Seconds with anything at all in her hands while signed on."""
        self.handled = 0
        self.elapsed = 0.0
        """Seconds that what she handled took."""
        self.active = 0.0
        """Seconds of hers that it had."""
        self.counts: Counter[str] = Counter()
        """What became of her offers."""

    def pass_time(self, at: Instant) -> None:
        """Share the time until *at* among what she holds."""
        if self.holding:
            passed = at - self.last
            self.focus += passed / self.holding
            if self.on:
                self.area += passed * self.load
                self.busy += passed
        self.last = at

    def stay(self, at: Instant) -> None:
        """Count the time of her presence until *at*."""
        passed = at - self.since
        self.seconds[self.presence.value] += passed
        if self.on:
            self.capacity += passed * round(self.agent.capacity * UNIT)
        if self.presence is not Presence.OFFLINE:
            self.adherent += self.shifts.until(at) - self.shifts.until(self.since)
        self.since = at

    def as_of(self, at: Instant) -> Person:
        """Return how she stands at an instant that is not past; she herself is not changed."""
        then = copy(self)
        then.seconds = self.seconds.copy()
        then.stay(at)
        then.pass_time(at)
        return then

    def data(self) -> list[Any]:
        """Return all as plain data."""
        return [
            [self.presence.value, self.since, dict(sorted(self.seconds.items()))],
            [self.capacity, self.adherent],
            [self.holding, self.load, self.last, self.focus, self.area, self.busy],
            [self.handled, self.elapsed, self.active, dict(sorted(self.counts.items()))],
        ]


class People(dict[AgentId, Person]):
    """Everybody who was ever on the roster, and the load and capacity of all over time."""

    def __init__(self, schedule: Mapping[AgentId, Shifts]) -> None:
        super().__init__()
        self._schedule = schedule
        self.series = Series()
        """Millionths of unit seconds of `load` and `capacity` while signed on, by the minute."""
        self.load = 0
        self.capacity = 0
        self.moment = 0.0
        """What must be added to `load` times the minute so far, to have the unit seconds of the minute."""
        self.capacity_moment = 0.0
        self._begin = 0.0
        self._started = False

    def begin(self, minute: int, keep: int) -> None:
        """Go on to *minute*: all minutes up to then are complete. Cost: O(minutes), at most *keep*."""
        begin = minute * MINUTE
        if self._started:
            self._complete(begin, keep)
        self._begin, self._started = begin, True
        self.moment = self.capacity_moment = 0.0
        self.series.begin(minute, keep)

    def _complete(self, until: Instant, keep: int) -> None:
        row, begin = self.series.row, self._begin
        row.counts["load"] += self.load * MINUTE + self.moment
        row.counts["capacity"] += self.capacity * MINUTE + self.capacity_moment
        begin += MINUTE
        skipped = max(0.0, (until - begin) // MINUTE - keep) * MINUTE
        self.series.before.counts["load"] += self.load * skipped
        self.series.before.counts["capacity"] += self.capacity * skipped
        begin += skipped
        while begin < until and (self.load or self.capacity):
            row = self.series.at(begin)
            row.counts["load"] += self.load * MINUTE
            row.counts["capacity"] += self.capacity * MINUTE
            begin += MINUTE

    def so_far(self, first: int, at: Instant) -> Row:
        """Return what minute *first*, and the time since, have until *at* beside the complete minutes."""
        row, begin = Row(), first * MINUTE
        if not self._started or at < self._begin:
            return row
        if begin <= self._begin:
            row.counts["load"] = self.load * (at - self._begin) + self.moment
            row.counts["capacity"] = self.capacity * (at - self._begin) + self.capacity_moment
        elif at > begin:
            row.counts["load"], row.counts["capacity"] = (
                self.load * (at - begin),
                self.capacity * (at - begin),
            )
        return row

    def enroll(self, told: Agent, groups: Mapping[str, Group], at: Instant) -> None:
        """Put somebody on the roster, offline."""
        known = self.get(told.id)
        if known is None:
            self[told.id] = Person(formed(told, groups), told, at, self._schedule.get(told.id))
        else:  # she was there before, and was removed
            self.change(known, told, groups, at)
            known.on_roster = True

    def carry(self, person: Person, units: int, at: Instant) -> None:
        """Let what an agent holds rise by *units*, a whole number of millionths."""
        person.pass_time(at)
        person.load += units
        if person.on:
            self._load(units, at)

    def reload(self, person: Person, load: int, at: Instant) -> None:
        """Let what an agent holds take up *load*."""
        if load != person.load:
            self.carry(person, load - person.load, at)

    def come(self, person: Person, presence: Presence, at: Instant) -> None:
        """Let an agent's presence be another one."""
        person.stay(at)
        person.pass_time(at)
        person.presence = presence
        if person.on != (presence in SIGNED_ON):
            person.on = not person.on
            sign = 1 if person.on else -1
            self._grow(sign * round(person.agent.capacity * UNIT), at)
            self._load(sign * person.load, at)

    def change(self, person: Person, told: Agent, groups: Mapping[str, Group], at: Instant) -> None:
        """Let an agent have another capacity."""
        person.told, agent = told, formed(told, groups)
        person.stay(at)
        if person.on:
            self._grow(round(agent.capacity * UNIT) - round(person.agent.capacity * UNIT), at)
        person.agent = agent

    def _load(self, units: int, at: Instant) -> None:
        self.load += units
        self.moment -= units * (at - self._begin)

    def _grow(self, units: int, at: Instant) -> None:
        self.capacity += units
        self.capacity_moment -= units * (at - self._begin)

    def data(self) -> dict[str, Any]:
        """Return all as plain data."""
        return {
            "people": {name: person.data() for name, person in sorted(self.items())},
            "series": self.series.data(),
            "now": [self.load, self.capacity, self.moment, self.capacity_moment],
        }
