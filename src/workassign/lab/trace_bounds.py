"""What could no rule beat on this very trace?

A trace is two lines of numbers, one place for each interaction: *arrivals*, instants that never fall, and
*service*, how long the handling takes, wrap-up included. *agents* is how many there are, always; or the spans
(from, until) in which one more is on duty, who finishes what she has begun. Times are in one unit.

A figure near its bound is proved to be good. One far from its bound proves nothing: the bound may be loose.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace
from math import floor, inf
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from workassign.errors import UsageError
from workassign.lab.checked import Floats, amount, numbers, table
from workassign.lab.solver import corner, scipy_part
from workassign.model import whole_problem

__all__ = ["Spans", "best_matching", "on_time", "pooled_fcfs", "srpt"]

Spans: TypeAlias = int | Sequence[tuple[float, float]]
"""How many agents there are, always; or the spans (from, until) in which one more is on duty."""

_MOST_AGENTS = 1_000_000
_CELLS = 4
"""Into how many cells of time a window is cut, about."""


def pooled_fcfs(arrivals: ArrayLike, service: ArrayLike, agents: Spans) -> Floats:
    """Return the wait of each interaction if all agents could do everything, first come, first served.

    *service* is in order of starts: the k-th service that starts, whichever interaction it is for, takes the
    k-th time. Then no rule starts its k-th service earlier, whatever the skills, idling or not (the recursion
    of Kiefer and Wolfowitz 1955 is monotone), so no rule's waits have a smaller sum, or sum of squares;
    nothing is interrupted, nobody leaves. That is a proof for a simulation that draws services in order of
    starts; where they belong to interactions it holds on average if services are alike for all, in
    distribution. Only sums are bound: a single interaction may well wait less under another rule. When a span
    ends, the agent who leaves is taken to be the one who is busy longest, which is the best that can be.
    Infinity where nobody is ever on duty again. Tight where nearly everybody can do everything. Cost:
    O((interactions + spans) x log agents).

    Raises:
        UsageError: If the trace or the agents are not as said above.

    >>> pooled_fcfs([0, 1, 2], [4, 4, 4], 2)
    array([0., 0., 2.])
    """
    came, takes = _trace(arrivals, service)
    if isinstance(agents, int):
        return _always(came.tolist(), takes.tolist(), _number(agents)) - came
    return _in_spans(came.tolist(), takes.tolist(), _spans(agents)) - came


def srpt(arrivals: ArrayLike, service: ArrayLike, agents: int) -> float:
    """Return the sum of all waits, below which no rule gets, even if it knew all services before.

    One machine that is as fast as all *agents* together, and serves whatever would be done first (shortest
    remaining time, Schrage 1968), has the smallest sum of times in system; all services less of that is
    waiting; at least 0. Proved for any rule, interrupting and clairvoyant ones too, where services belong to
    interactions and are the same (or the best) at every agent; nobody leaves. Useful only in overload: with
    enough agents it is 0. Cost: O(interactions x log interactions).

    Raises:
        UsageError: If the trace or the agents are not as said above.

    >>> srpt([0, 0, 0], [3, 1, 2], 1)
    4.0
    """
    came, takes = _trace(arrivals, service)
    speed = _number(agents)
    open_, inside, now = list[float](), 0.0, -inf
    for at, work in zip([*came.tolist(), inf], [*(takes / speed).tolist(), 0.0], strict=True):
        while open_ and now + open_[0] <= at:
            now += open_[0]
            inside += now
            heappop(open_)
        if open_ and at < inf:
            heapreplace(open_, open_[0] - (at - now))
        now = at
        heappush(open_, work)
    return max(0.0, inside - float(came.sum()) - float(takes.sum()))


def on_time(
    arrivals: ArrayLike, service: ArrayLike, agents: Spans, threshold: float, *, step: float | None = None
) -> int:
    """Return how many can be served within *threshold* of their arrival, at most, by any rule.

    Whoever is served in time is worked on only from her arrival to threshold + service after it: the most
    work that fits into such windows, by cells of *step* of time in which agents have only their time, and one
    interaction no more than the time that its window shares with the cell. Work may be split, interrupted and
    moved, and what is not served in time not served at all, so the bound is proved for any rule, a
    clairvoyant one too, where services belong to interactions and are the same (or the best) at every agent.
    With spans, each lasts longer by the longest service, for what is finished after it. All of them where
    there is enough time; tight in overload. *step* is by default a quarter of threshold + mean service; a
    shorter one makes the bound a little tighter. Cost: a linear program of interactions x (window / step + 2)
    variables. Needs scipy.

    Raises:
        UsageError: If the trace, the agents, *threshold* (from 0 on) or *step* (> 0) are not as said above,
            or scipy is not installed.

    >>> on_time([0, 0, 0], [2, 2, 2], 1, threshold=2)
    2
    """
    came, takes = _trace(arrivals, service)
    within = amount("threshold", threshold)
    spans = [(-inf, inf)] * _number(agents) if isinstance(agents, int) else _spans(agents)
    at_once = int((takes == 0.0).sum())  # no work at all: they are granted
    came, takes = came[takes > 0.0], takes[takes > 0.0]
    if not len(takes):
        return at_once
    ends = came + within + takes
    cell = (within + float(takes.mean())) / _CELLS if step is None else amount("step", step)
    if cell == 0.0:
        raise UsageError("step must be > 0")
    edges = came[0] + cell * np.arange(floor((ends.max() - came[0]) / cell) + 2)
    room = _room(edges, [(start, until + float(takes.max())) for start, until in spans])
    return at_once + floor(_most_done(came, ends, takes, edges, room) + 1e-6)


def best_matching(waiting: ArrayLike, free: ArrayLike, value: ArrayLike) -> float:
    """Return the largest sum of values that one batch can give: what waits, to whom is free, once each.

    *waiting*: how many of each kind of interaction; *free*: how many of each kind of agent; *value* of each
    kind of interaction (row) with each kind of agent (column), minus infinity where they do not fit. The
    transportation problem, exact; who is not worth matching (value below 0) is not. The bound is of this one
    window, as it was found: a rule that takes the best of every window need not be best over the day. Cost: a
    linear program of kinds x kinds variables, whatever the numbers. Needs scipy.

    Raises:
        UsageError: If a figure is out of its range, the table does not fit, or scipy is not installed.

    >>> best_matching([1, 1], [1, 1], [[10, 9], [9, 1]])
    18.0
    """
    rows, columns = numbers("waiting", waiting), numbers("free", free)
    worth = table("value", value, rows=len(rows), columns=len(columns), low=-inf, endless=True)
    if np.isposinf(worth).any():
        raise UsageError("value must be finite, or minus infinity where a pair does not fit")
    ends = np.argwhere(worth > 0.0)
    if not len(ends):
        return 0.0
    gains, each = worth[worth > 0.0], np.arange(len(ends))
    sparse = scipy_part("sparse", "bounds")
    both = (np.concatenate([ends[:, 0], len(rows) + ends[:, 1]]), np.concatenate([each, each]))
    shape = (len(rows) + len(columns), len(ends))
    uses = sparse.csr_array((np.ones(2 * len(ends)), both), shape=shape)
    found = corner(-gains, "bounds", A_ub=uses, b_ub=np.concatenate([rows, columns]))
    if found is None:
        raise RuntimeError("nothing could always be matched with nobody")
    return float(gains @ found)


def _always(came: list[float], takes: list[float], agents: int) -> Floats:
    """Return the starts, with so many agents."""
    ends, starts = [-inf] * min(agents, len(came)), []
    for at, work in zip(came, takes, strict=True):
        start = max(at, ends[0])
        heapreplace(ends, start + work)
        starts.append(start)
    return np.array(starts)


def _in_spans(came: list[float], takes: list[float], spans: list[tuple[float, float]]) -> Floats:
    """Return the starts, with so many agents as there are spans at the time."""
    changes = sorted([(start, 1) for start, _ in spans] + [(until, -1) for _, until in spans])
    busy: list[float] = []  # until when those on duty are, in order
    on_duty, done, starts = 0, 0, []
    now = -inf
    for at, work in zip(came, takes, strict=True):
        now = max(now, at)
        while True:
            while done < len(changes) and changes[done][0] <= now:
                when, change = changes[done]
                on_duty, done = on_duty + change, done + 1
                del busy[: bisect_right(busy, when)]
                if change < 0 and busy:
                    busy.pop()
            del busy[: bisect_right(busy, now)]
            if len(busy) < on_duty or now == inf:
                break
            now = min(busy[0] if busy else inf, changes[done][0] if done < len(changes) else inf)
        insort(busy, now + work)
        starts.append(now)
    return np.array(starts)


def _room(edges: Floats, spans: list[tuple[float, float]]) -> Floats:
    """Return the time that agents have in each cell between *edges*."""
    begins, ends = np.sort([start for start, _ in spans]), np.sort([until for _, until in spans])
    return _time_after(begins, edges) - _time_after(ends, edges)


def _time_after(instants: Floats, edges: Floats) -> Floats:
    """Return how much of each cell comes after each of *instants*, in all."""
    inside = np.clip(instants, edges[0], edges[-1])
    cell = np.clip(np.searchsorted(edges, inside, side="right") - 1, 0, len(edges) - 2)
    whole = np.cumsum(np.bincount(cell, minlength=len(edges) - 1)) * np.diff(edges)
    return whole - np.bincount(cell, weights=inside - edges[cell], minlength=len(edges) - 1)


def _most_done(came: Floats, ends: Floats, takes: Floats, edges: Floats, room: Floats) -> float:
    """Return the largest sum of shares of interactions that are done: a flow of work into cells."""
    sparse = scipy_part("sparse", "bounds")
    first = np.searchsorted(edges, came, side="right") - 1
    last = np.searchsorted(edges, ends, side="left") - 1
    spans = np.maximum(last - first, 0) + 1
    item = np.repeat(np.arange(len(came)), spans)
    cell = np.arange(len(item)) - np.repeat(np.cumsum(spans) - spans, spans) + first[item]
    shared = np.minimum(ends[item], edges[cell + 1]) - np.maximum(came[item], edges[cell])
    places = (np.concatenate([item, len(came) + cell]), np.tile(np.arange(len(item)), 2))
    shape = (len(came) + len(room), len(item))
    # Shares of interactions, not of time, so that the program has figures about 1.
    work = takes[item]
    uses = sparse.csr_array((np.concatenate([np.ones(len(item)), work]), places), shape=shape)
    found = corner(
        -np.ones(len(item)),
        "bounds",
        A_ub=uses,
        b_ub=np.concatenate([np.ones(len(came)), room]),
        bounds=np.column_stack([np.zeros(len(item)), np.maximum(shared, 0.0) / work]),
    )
    if found is None:
        raise RuntimeError("nothing could always be done")
    return float(found.sum())


def _trace(arrivals: ArrayLike, service: ArrayLike) -> tuple[Floats, Floats]:
    came = numbers("arrivals", arrivals, low=-inf)
    takes = numbers("service", service, count=len(came))
    if (early := np.flatnonzero(np.diff(came) < 0.0)).size:
        raise UsageError(f"arrivals must never fall: [{early[0] + 1}] is before the one before it")
    return came, takes


def _number(agents: int) -> int:
    if problem := whole_problem(agents, 1, _MOST_AGENTS):
        raise UsageError(f"agents {problem}")
    return agents


def _spans(agents: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    found = table("agents", agents, columns=2, low=-inf, endless=True)
    if (wrong := np.flatnonzero(found[:, 0] >= found[:, 1])).size:
        raise UsageError(f"agents must be spans that end after they begin, which [{wrong[0]}] does not")
    return [(start, until) for start, until in found.tolist()]
