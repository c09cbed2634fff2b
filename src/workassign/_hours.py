"""Which seconds of a year are open? Tables of intervals, built when first asked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import accumulate
from math import ceil, inf
from typing import TypeAlias

import attrs

__all__ = ["CYCLE", "DAY", "EPOCH", "YEAR", "Interval", "Intervals", "Years"]

DAY = 86_400
CYCLE = 400
"""Years after which the Gregorian calendar repeats, weekdays and all."""
YEAR = 146_097 * DAY // CYCLE
"""Seconds of a mean year: a whole number. Tables are cut by it, whatever the date then is."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Opening and closing in seconds after the midnight with which the interval's date begins: one that
# crosses the next midnight closes after more than a day.
Interval: TypeAlias = tuple[int, int]
Intervals: TypeAlias = tuple[Interval, ...]


@attrs.frozen
class Year:
    """The open intervals of one mean year, in order, apart from each other, as instants.

    All the figures are whole, so sums of them are exact.
    """

    opens: list[float]
    closes: list[float]
    passed: list[float]
    """Open seconds of the year before each interval, and at last of the whole year."""
    total: float

    @classmethod
    def of(cls, intervals: Iterable[Interval]) -> Year:
        """Build the table from intervals in order of their opening, which may touch or overlap."""
        opens: list[float] = []
        closes: list[float] = []
        for opening, closing in intervals:
            if closes and opening <= closes[-1]:
                closes[-1] = max(closes[-1], float(closing))
            else:
                opens.append(float(opening))
                closes.append(float(closing))
        lengths = (end - start for start, end in zip(opens, closes, strict=True))
        passed = list(accumulate(lengths, initial=0.0))
        return cls(opens, closes, passed, passed[-1])

    def opening(self, at: float) -> float | None:
        """When the interval opens, or has opened, that is the first to close after *at*."""
        i = bisect_right(self.closes, at)
        return self.opens[i] if i < len(self.opens) else None

    def closing(self, at: float) -> float | None:
        """When it closes next, if it is open at *at*."""
        i = bisect_right(self.opens, at) - 1
        return self.closes[i] if i >= 0 and at < self.closes[i] else None

    def until(self, at: float) -> float:
        """Open seconds of the year before *at*."""
        i = bisect_right(self.opens, at) - 1
        return self.passed[i] + (min(at, self.closes[i]) - self.opens[i]) if i >= 0 else 0.0

    def earliest(self, passed: float) -> float:
        """The first instant by which so many open seconds have passed: more than 0, at most all."""
        i = bisect_left(self.passed, passed) - 1
        return self.opens[i] + (passed - self.passed[i])

    def latest(self, passed: float) -> float:
        """The last instant by which no more than so many open seconds have passed: less than all."""
        i = bisect_right(self.passed, passed, 0, len(self.opens)) - 1
        return self.opens[i] + (passed - self.passed[i])


class Years(dict[int, Year]):
    """The tables of all years by number, 0 from 1970 on; each is built when first looked up.

    Two threads may build the same table; the tables are equal, so it does not matter whose stays.
    """

    # Before the first of these years every zone keeps its first offset; after the last one it
    # changes clocks by rule. There, tables repeat after a cycle, as does the calendar.
    _FIRST, _LAST = 1800 - 1970, 2200 - 1970

    def __init__(self, zone: tzinfo, week: Sequence[Intervals], dates: Mapping[int, Intervals]) -> None:
        super().__init__()
        self._zone = zone
        self._week = week
        self._dates = dates
        self._weekly = sum(end - start for each in week for start, end in each)
        settled = (max(dates) + 3) * DAY if dates else -inf  # nothing but the week counts from here on
        self._last = max(self._LAST, int(settled // YEAR) + 1) if dates else self._LAST
        self.always_from = settled if self._weekly == 7 * DAY else inf
        self.always = self.always_from == -inf

    def __missing__(self, number: int) -> Year:
        """Build a table. Cost: O(intervals of a year)."""
        twin = self._twin(number)
        shift = (number - twin) * YEAR
        self[number] = year = Year.of((start + shift, end + shift) for start, end in self._open(twin))
        return year

    def _twin(self, number: int) -> int:
        """The year that stands for this one: itself, or one that is whole cycles away."""
        if number < self._FIRST:
            return self._FIRST - CYCLE + (number - self._FIRST) % CYCLE
        if number > self._last:
            return self._last + 1 + (number - self._last - 1) % CYCLE
        return number

    def _open(self, number: int) -> Iterator[Interval]:
        """The year's open intervals, by POSIX time."""
        for begin, end, offset in _stretches(self._zone, number * YEAR, (number + 1) * YEAR):
            for opening, closing in self._local(begin + offset, end + offset):
                if opening < closing:
                    yield opening - offset, closing - offset

    def _local(self, first: int, last: int) -> Iterator[Interval]:
        """What the week and the dates say from *first* to *last*, by the wall clock; some are empty."""
        for day in range(first // DAY - 1, -(-last // DAY)):
            # Day 0, 1 January 1970, was a Thursday.
            for opens, closes in self._dates.get(day, self._week[(day + 3) % 7]):
                yield max(first, day * DAY + opens), min(last, day * DAY + closes)

    def total(self, number: int) -> float:
        """Open seconds of a year; of far years only the twins' tables are kept."""
        return self[self._twin(number)].total

    def spend(self, seconds: float, number: int, step: int) -> tuple[int, float]:
        """Walk over years from *number* on until what is left of *seconds* ends in one.

        Cost: O(years), but no more than some cycles of them.
        """
        while seconds > (total := self.total(number)):
            seconds -= total
            number += step
            outward = number > self._last if step > 0 else number < self._FIRST
            # An open second a week needs millions of years to make ten, so whole cycles of 20,871
            # weeks are skipped; a quarter more than one, since clocks are set back, too.
            if outward and seconds > 26_000 * self._weekly:
                cycle = sum(self.total(number + step * i) for i in range(CYCLE))
                skipped = ceil(seconds / cycle) - 1
                seconds -= skipped * cycle
                number += step * CYCLE * skipped
        return number, seconds


def _stretches(zone: tzinfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut the time from *begin* to *end* where the zone changes clocks; give each part's offset, too."""
    while begin < end:
        change = _change(zone, begin, end)
        yield begin, change, _offset(zone, begin)
        begin = change


def _change(zone: tzinfo, begin: int, end: int) -> int:
    """When the zone changes clocks after *begin*, or *end* if it does not before."""
    offset = _offset(zone, begin)
    # A look every other day is enough: no zone has ever changed clocks twice within three.
    looks = range(begin + 2 * DAY, end, 2 * DAY)
    most = next((at for at in looks if _offset(zone, at) != offset), end)
    return begin + bisect_left(range(begin, most), True, key=lambda at: _offset(zone, at) != offset)


def _offset(zone: tzinfo, at: int) -> int:
    """Seconds that the zone's wall clock is ahead of UTC."""
    ahead = (EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds())
