"""What was counted when? Rows by the minute, older ones by the quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workassign._gauges import Row
from workassign.model import Instant

__all__ = ["FINE", "MINUTE", "QUARTER", "Series"]

MINUTE = 60.0
QUARTER = 15
"""Minutes of a coarse row."""
FINE = 60
"""So many minutes are kept one by one."""


class Series:
    """The rows of one scope. Memory grows with time, never with what happens."""

    __slots__ = ("_minute", "_quarter", "before", "minutes", "quarters", "row")

    def __init__(self) -> None:
        self.minutes: dict[int, Row] = {}
        self.quarters: dict[int, Row] = {}
        self.before = Row()
        """Everything that is too old to be kept by time."""
        self.row = Row()
        """That of the present minute, once time has begun."""
        self._minute = self._quarter = -(2**62)

    def at(self, instant: Instant) -> Row:
        """Return the row that *instant* belongs to. Cost: O(1)."""
        minute = int(instant // MINUTE)
        row = self.minutes.get(minute)
        if row is None:
            row = self.quarters.get(minute // QUARTER)
        if row is None:
            row = self.minutes[minute] = Row()
        return row

    def begin(self, minute: int, keep: int) -> None:
        """Go on to *minute*: merge what is older than an hour, drop what is older than *keep* minutes.

        Cost: O(1); at every quarter of an hour O(rows since the last).
        """
        quarter = minute // QUARTER
        if quarter != self._quarter:
            self._quarter = quarter
            self._merge(quarter * QUARTER - FINE, minute - keep)
        if self.row.is_blank and self.minutes.get(self._minute) is self.row:
            del self.minutes[self._minute]  # nothing happened: it serves for this minute, too
            self.minutes[minute] = self.row
        else:
            self.row = self.minutes.setdefault(minute, Row())
        self._minute = minute

    def _merge(self, oldest: int, kept: int) -> None:
        for past in sorted(self.minutes):
            if past >= oldest:
                break
            row = self.minutes.pop(past)
            if not row.is_blank:
                row.settle()
                self.quarters.setdefault(past // QUARTER, Row()).add(row)
        for past in sorted(self.quarters):
            if (past + 1) * QUARTER > kept:
                break
            self.before.add(self.quarters.pop(past))

    def between(self, first: int, last: int) -> Iterator[tuple[int, Row]]:
        """Yield the rows from minute *first* to *last*, with the minute in which each begins, in order."""
        for quarter in sorted(self.quarters):
            if first <= quarter * QUARTER <= last:
                yield quarter * QUARTER, self.quarters[quarter]
        for minute in sorted(self.minutes):
            if first <= minute <= last:
                yield minute, self.minutes[minute]

    def data(self) -> dict[str, Any]:
        """Return all rows that hold anything as plain data."""
        rows = {f"q{each}": row for each, row in self.quarters.items()}
        rows |= {f"m{each}": row for each, row in self.minutes.items()}
        blank = Row().data()
        found = {name: row.data() for name, row in sorted(rows.items())}
        return {"before": self.before.data(), **{name: data for name, data in found.items() if data != blank}}
