"""Which numbers are meant? Sets of numbers as sorted, disjoint intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import TypeAlias

__all__ = ["Interval", "Ranges", "contains", "difference", "intersection", "union"]

Interval: TypeAlias = tuple[float, bool, float, bool]
"""Low end, whether it belongs, high end, whether it belongs. Infinite ends never belong."""

Ranges: TypeAlias = tuple[Interval, ...]

_Cut: TypeAlias = tuple[float, int]
"""A place between numbers: just before the number (0) or just after it (1)."""


def union(*sets: Ranges) -> Ranges:
    """Return the numbers that are in any of the sets.

    >>> union(((1.0, True, 3.0, True),), ((3.0, False, 4.0, True),))
    ((1.0, True, 4.0, True),)
    """
    return _combined(sets, lambda depth: depth > 0)


def intersection(*sets: Ranges) -> Ranges:
    """Return the numbers that are in all of the sets."""
    return _combined(sets, lambda depth: depth == len(sets))


def difference(first: Ranges, second: Ranges) -> Ranges:
    """Return the numbers of the first that are not in the second."""
    return intersection(first, _complement(second))


def contains(ranges: Ranges, number: float) -> bool:
    """Whether *number* is in the set."""
    return any(
        low < number < high or (number == low and with_low) or (number == high and with_high)
        for low, with_low, high, with_high in ranges
    )


def _cuts(interval: Interval) -> tuple[_Cut, _Cut]:
    low, with_low, high, with_high = interval
    return (low, 0 if with_low else 1), (high, 1 if with_high else 0)


def _interval(start: _Cut, end: _Cut) -> Interval:
    return start[0], start[1] == 0, end[0], end[1] == 1


def _combined(sets: Iterable[Ranges], is_in: Callable[[int], bool]) -> Ranges:
    """Walk all ends in order, and keep what lies within as many sets as wanted."""
    steps: dict[_Cut, int] = {}
    for ranges in sets:
        for interval in ranges:
            start, end = _cuts(interval)
            if start < end:
                steps[start] = steps.get(start, 0) + 1
                steps[end] = steps.get(end, 0) - 1
    found: list[Interval] = []
    depth, since = 0, None
    for cut in sorted(steps):
        depth += steps[cut]
        if is_in(depth) and since is None:
            since = cut
        elif not is_in(depth) and since is not None:
            found.append(_interval(since, cut))
            since = None
    return tuple(found)


def _complement(ranges: Ranges) -> Ranges:
    found: list[Interval] = []
    since: _Cut = (-inf, 1)
    for interval in ranges:
        start, end = _cuts(interval)
        if since < start:
            found.append(_interval(since, start))
        since = end
    if since < (inf, 0):
        found.append(_interval(since, (inf, 0)))
    return tuple(found)
