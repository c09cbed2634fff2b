"""Who is first in line, and first among lines?

A line holds entries by (key, seq), and the key of an entry never changes while it stands in one.
Interactions stand in lines, free agents in pools: both are `Line`. A decision looks at the heads
of the lines in a group, never at what stands behind them.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from itertools import islice
from math import inf
from operator import attrgetter
from typing import Any, TypeAlias

__all__ = ["Board", "Entry", "Group", "Line", "enter"]

WIDE = 64
"""Up to so many heads are looked at one by one; above, all heads are walked in key order."""

WALK = 4
"""A step of the walk costs a quarter of a look at a head."""

_FINITE = sys.float_info.max  # above every key, and below that of an empty line

NEAR = 6
"""So many first steps are taken by a plain loop, which starts faster than one that runs in C."""

Entry: TypeAlias = Any
"""What has `key`, `seq` and `place`: an interaction, or a free agent's standing."""


class Board:
    """The heads of all lines that compete with one another, sorted, once any group is wide."""

    __slots__ = ("_keys", "filled", "lines", "tied", "wide")

    def __init__(self) -> None:
        self.wide = False
        self.filled = 0
        """How many of the lines are not empty."""
        self.tied = False
        """Two heads have had the same key: then who is first is asked with care."""
        self._keys: list[float] = []
        self.lines: list[Line] = []

    def widen(self, lines: list[Line]) -> None:
        """Start to keep the heads sorted."""
        self.wide = True
        self.lines = sorted((line for line in lines if line.head is not None), key=lambda line: line.key)
        self._keys = [line.key for line in self.lines]
        self.tied = len(set(self._keys)) < len(self._keys)

    def first_of_equals(self, line: Line, members: set[Line]) -> Line:
        """Return the member with the least seq among the lines with the key of *line*."""
        keys, lines, key, best = self._keys, self.lines, line.key, line
        at = bisect_left(keys, key) + 1
        while at < len(keys) and keys[at] == key:
            if lines[at] in members and lines[at].head.seq < best.head.seq:  # type: ignore[union-attr]
                best = lines[at]
            at += 1
        return best

    def moved(self, line: Line, before: float) -> None:
        """Follow a line whose head had the key *before*. Cost: O(log lines), and one memmove."""
        keys, lines, key = self._keys, self.lines, line.key
        if before != inf:
            at = bisect_left(keys, before)
            while lines[at] is not line:
                at += 1
            del keys[at], lines[at]
        if not keys or key > keys[-1]:
            if key != inf:
                keys.append(key)
                lines.append(line)
            return
        at = bisect_left(keys, key)
        if keys[at] == key:
            self.tied = True
        keys.insert(at, key)
        lines.insert(at, line)


class Line:
    """Entries by (key, seq): a lane for those that come in order, a heap for the others.

    Equal keys share one heap item that holds its entries by seq. Leaving the heap is exact;
    who leaves the lane from behind the head is a ghost until the head reaches it.
    """

    __slots__ = ("_buckets", "_ghosts", "_heap", "_lane", "_tail", "board", "head", "key")

    def __init__(self, board: Board) -> None:
        self.board = board
        self.key = inf
        """The head's key; infinity if nothing stands here."""
        self.head: Entry | None = None
        self._lane: deque[Entry] = deque()
        self._tail = -inf
        """The key of the last that came to the lane."""
        self._ghosts: set[int] = set()
        self._heap: list[float] = []
        self._buckets: dict[float, list[Entry]] = {}

    def __len__(self) -> int:
        return len(self._lane) - len(self._ghosts) + sum(map(len, self._buckets.values()))

    def __iter__(self) -> Iterator[Entry]:
        """Yield the entries in no particular order."""
        yield from (entry for entry in self._lane if entry.place is self)
        for bucket in self._buckets.values():
            yield from bucket

    def push(self, entry: Entry) -> None:
        """Let *entry* stand here. Cost: O(1) if it comes after all others, else O(log n)."""
        key = entry.key
        if key > self._tail and not self._ghosts:
            self._lane.append(entry)
            self._tail = key
            entry.place = self
        else:
            self._push_out_of_order(entry)
        before = self.key
        if key < before:
            self.head, self.key = entry, key
            board = self.board
            if before == inf:
                board.filled += 1
            if board.wide:
                board.moved(self, before)
        elif key == before and entry.seq < self.head.seq:  # type: ignore[union-attr]
            self.head = entry

    def _push_out_of_order(self, entry: Entry) -> None:
        key, lane = entry.key, self._lane
        last = not lane or key > self._tail or (key == self._tail and entry.seq > lane[-1].seq)
        if last and id(entry) not in self._ghosts:
            lane.append(entry)
            self._tail = key
            entry.place = self
            return
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = [entry]
            heappush(self._heap, key)
        else:
            insort(bucket, entry, key=_seq)
        entry.place = self._heap

    def pop(self) -> Entry:
        """Take the head, which there must be, out. Cost: O(1) from the lane, else O(log n)."""
        entry, lane = self.head, self._lane
        if entry.place is self:  # type: ignore[union-attr]
            lane.popleft()
        else:
            self._leave_heap(entry)
        entry.place = None  # type: ignore[union-attr]
        if self._heap or (lane and lane[0].place is not self):
            self._advance()
            return entry
        before, board = self.key, self.board
        if lane:
            self.head = head = lane[0]
            self.key = head.key
        else:
            self.head, self.key = None, inf
            board.filled -= 1
        if board.wide:
            board.moved(self, before)
        return entry

    def remove(self, entry: Entry) -> None:
        """Take *entry* out, wherever it stands."""
        lane = self._lane
        if entry.place is not self:
            self._leave_heap(entry)
        elif lane[0] is entry:
            lane.popleft()
        else:
            self._ghosts.add(id(entry))
        entry.place = None
        if entry is self.head:
            self._advance()
        elif len(self._ghosts) * 2 > len(lane) + 64:
            self._lay_ghosts()

    def _leave_heap(self, entry: Entry) -> None:
        bucket = self._buckets[entry.key]
        if len(bucket) == 1:
            del self._buckets[entry.key]  # its key stays in the heap and is passed over
            if len(self._heap) > 2 * len(self._buckets) + 64:
                self._heap[:] = sorted(self._buckets)  # a sorted list is a heap
        else:
            del bucket[bisect_left(bucket, entry.seq, key=_seq)]

    def _advance(self) -> None:
        """Find the next head."""
        lane, heap, buckets = self._lane, self._heap, self._buckets
        ghosts = self._ghosts
        while lane and lane[0].place is not self:
            ghosts.discard(id(lane.popleft()))
        while heap and heap[0] not in buckets:
            heappop(heap)
        head = lane[0] if lane else None
        if heap:
            first = buckets[heap[0]][0]
            if head is None or first.key < head.key or (first.key == head.key and first.seq < head.seq):
                head = first
        before, self.head = self.key, head
        if head is None:
            self.key = inf
            self.board.filled -= 1
        else:
            self.key = head.key
        if self.board.wide:
            self.board.moved(self, before)

    def _lay_ghosts(self) -> None:
        self._lane = deque(entry for entry in self._lane if entry.place is self)
        self._ghosts.clear()


_seq = attrgetter("seq")


class Group:
    """Lines among which only the key decides: all of one tier and rank that a side can reach."""

    __slots__ = ("_is_member", "board", "lines", "members", "order")

    def __init__(self, order: tuple[float, ...], board: Board) -> None:
        self.order = order
        """Groups are asked in this order."""
        self.board = board
        self.lines: list[Line] = []
        self.members: set[Line] = set()
        self._is_member = self.members.__contains__

    def add(self, line: Line) -> None:
        """Let *line* compete."""
        self.lines.append(line)
        self.members.add(line)

    def first(self) -> Line | None:
        """Return the line whose head has the least (key, seq); None if all are empty."""
        lines = self.lines
        if len(lines) == 1:
            return lines[0] if lines[0].head is not None else None
        if len(lines) > WIDE:
            return self._walk()
        # To look only at those that are not empty was tried: so plain a loop is 4 % of a life faster.
        best, least = None, _FINITE
        for line in lines:
            if line.key <= least and (best is None or line.key < least or _is_before(line, best)):
                best, least = line, line.key
        return best

    def _walk(self) -> Line | None:
        """Walk all heads in key order to the first that belongs here.

        Give up after some multiple of the lines here: then asking these one by one is no dearer.
        """
        board, limit = self.board, WALK * len(self.lines)
        best = None
        for line in board.lines[:NEAR]:
            if line in self.members:
                best = line
                break
        else:
            best = next(filter(self._is_member, islice(board.lines, NEAR, limit)), None)
        if best is None:
            if len(board.lines) <= limit:
                return None
            return min((line for line in self.lines if line.head is not None), key=_head_key, default=None)
        return board.first_of_equals(best, self.members) if board.tied else best


def _is_before(line: Line, best: Line) -> bool:
    """Whether the head of *line* comes before that of *best*, which has the same key."""
    return line.head.seq < best.head.seq  # type: ignore[no-any-return, union-attr]


def _head_key(line: Line) -> tuple[float, Any]:
    assert line.head is not None
    return line.key, line.head.seq


def enter(
    groups: list[Group], order: tuple[float, ...], board: Board, line: Line, rivals: Callable[[], list[Line]]
) -> None:
    """Put *line* into the group of its order, which is made in its place if there is none."""
    at = bisect_left(groups, order, key=_order)
    if at == len(groups) or groups[at].order != order:
        groups.insert(at, Group(order, board))
    groups[at].add(line)
    if len(groups[at].lines) > WIDE and not board.wide:
        board.widen(rivals())


def _order(group: Group) -> tuple[float, ...]:
    return group.order
