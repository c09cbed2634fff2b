"""What happens to a stream of interactions, worked out by compiled code?

Only `workassign.lab.kernel` imports this: it checks what comes in, and here it is trusted. Every
function is compiled by numba on the first run (some seconds), and released from the interpreter's
lock. Order is total everywhere: what could tie is told apart by arrival number or roster number.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["Routes", "Work", "play"]

NOBODY = -1


class Routes(NamedTuple):
    """Who can take what, and in which order; classes and agents are numbers from 0."""

    tier: NDArray[np.float64]
    """By class."""
    head_start: NDArray[np.float64]
    """By class, in seconds."""
    slope: NDArray[np.float64]
    """By class: how fast it ages."""
    profile: NDArray[np.int64]
    """By agent."""
    reached_from: NDArray[np.int64]
    """Where in `reached` the classes of a profile begin; they end where the next one's begin."""
    reached: NDArray[np.int64]
    """The classes of each profile, by tier."""
    asked_from: NDArray[np.int64]
    """Where in `asked` the profiles of a class begin."""
    asked: NDArray[np.int64]
    """The profiles of each class, by rank."""
    rank: NDArray[np.float64]
    """Beside each of `asked`."""
    bench_from: NDArray[np.int64]
    """Where in a list of all agents by profile those of a profile begin."""
    factor: NDArray[np.float64]
    """Class x agent: by what a service time is multiplied; without rows: by nothing."""


class Work(NamedTuple):
    """What comes in, by arrival number."""

    arrival: NDArray[np.float64]
    cls: NDArray[np.int64]
    service: NDArray[np.float64]
    leaves: NDArray[np.float64]
    """When patience ends, if nobody has begun by then."""


class Queues(NamedTuple):
    """What waits, a chain for each class: who has left stays in it until it comes to the head."""

    head: NDArray[np.int64]
    tail: NDArray[np.int64]
    after: NDArray[np.int64]
    """By arrival number: who is behind it."""


class Bench(NamedTuple):
    """Who is idle, a ring for each profile, longest idle first."""

    agent: NDArray[np.int64]
    since: NDArray[np.float64]
    first: NDArray[np.int64]
    many: NDArray[np.int64]


class Services(NamedTuple):
    """What is being served: a heap by (end, arrival number)."""

    end: NDArray[np.float64]
    whose: NDArray[np.int64]


# --- what is being served -------------------------------------------------------------------


@njit(inline="always")
def is_later(end: float, whose: int, services: Services, place: int) -> bool:
    """Whether a service ends after the one at a place of the heap."""
    other = services.end[place]
    return bool(end > other or (end == other and whose > services.whose[place]))


@njit(inline="always")
def rise(services: Services, size: int, end: float, whose: int) -> None:
    """Put a service into a heap of so many. Cost: O(log size)."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if is_later(end, whose, services, above):
            break
        services.end[place] = services.end[above]
        services.whose[place] = services.whose[above]
        place = above
    services.end[place] = end
    services.whose[place] = whose


@njit(inline="always")
def sink(services: Services, size: int, end: float, whose: int) -> None:
    """Put a service in the place of the first one in a heap of so many. Cost: O(log size)."""
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        right = below + 1
        if right < size and is_later(services.end[below], services.whose[below], services, right):
            below = right
        if not is_later(end, whose, services, below):
            break
        services.end[place] = services.end[below]
        services.whose[place] = services.whose[below]
        place = below
    services.end[place] = end
    services.whose[place] = whose


# --- who is idle ----------------------------------------------------------------------------


@njit(inline="always")
def sit_down(bench: Bench, routes: Routes, agent: int, at: float) -> None:
    """Let *agent* be idle from *at* on: behind all others, among those of one instant by roster number."""
    profile = routes.profile[agent]
    base = routes.bench_from[profile]
    room = routes.bench_from[profile + 1] - base
    place = bench.first[profile] + bench.many[profile]
    if place >= room:
        place -= room
    left = bench.many[profile]
    bench.many[profile] += 1
    while left > 0:
        before = (place if place > 0 else room) - 1
        if bench.since[base + before] != at or bench.agent[base + before] < agent:
            break
        bench.agent[base + place] = bench.agent[base + before]
        bench.since[base + place] = at
        place = before
        left -= 1
    bench.agent[base + place] = agent
    bench.since[base + place] = at


@njit(inline="always")
def stand_up(bench: Bench, routes: Routes, cls: int) -> int:
    """Return who takes an interaction of class *cls*, idle no more. Cost: O(profiles that can)."""
    best, chosen, since, rank = NOBODY, NOBODY, np.inf, np.inf
    for place in range(routes.asked_from[cls], routes.asked_from[cls + 1]):
        if best != NOBODY and routes.rank[place] != rank:
            break
        profile = routes.asked[place]
        if bench.many[profile] == 0:
            continue
        head = routes.bench_from[profile] + bench.first[profile]
        agent, idle = bench.agent[head], bench.since[head]
        if best == NOBODY or idle < since or (idle == since and agent < chosen):
            best, chosen, since, rank = profile, agent, idle, routes.rank[place]
    if best != NOBODY:
        bench.many[best] -= 1
        first = bench.first[best] + 1
        room = routes.bench_from[best + 1] - routes.bench_from[best]
        bench.first[best] = 0 if first == room else first
    return chosen


# --- what waits -----------------------------------------------------------------------------


@njit(inline="always")
def queue_up(queues: Queues, cls: int, number: int) -> None:
    """Let an interaction wait."""
    if queues.head[cls] == NOBODY:
        queues.head[cls] = number
    else:
        queues.after[queues.tail[cls]] = number
    queues.tail[cls] = number


@njit(inline="always")
def take(queues: Queues, routes: Routes, work: Work, profile: int, at: float, passed: int) -> int:
    """Return what an agent of *profile* takes, waiting no more; of ends of patience *at*, *passed* are over.

    Cost: O(classes that she can reach, up to the first tier in which something waits).
    """
    best, chosen, tier, score, key = NOBODY, NOBODY, 0.0, 0.0, 0.0
    for place in range(routes.reached_from[profile], routes.reached_from[profile + 1]):
        cls = routes.reached[place]
        if best != NOBODY and routes.tier[cls] != tier:
            break
        number = queues.head[cls]
        while number != NOBODY and (
            work.leaves[number] < at or (work.leaves[number] == at and number < passed)
        ):
            number = queues.after[number]
        queues.head[cls] = number
        if number == NOBODY:
            continue
        reference = work.arrival[number] - routes.head_start[cls]
        urgency = routes.slope[cls] * (at - reference)
        # Where slopes are equal, this is the order of references: rounding never turns it round.
        if (
            best == NOBODY
            or urgency > score
            or (urgency == score and (reference < key or (reference == key and number < chosen)))
        ):
            best, chosen, tier, score, key = cls, number, routes.tier[cls], urgency, reference
    if best != NOBODY:
        queues.head[best] = queues.after[chosen]
    return chosen


# --- one thing after the other --------------------------------------------------------------


@njit(inline="always")
def ends(routes: Routes, work: Work, number: int, agent: int, at: float) -> float:
    """Return when the service ends that *agent* begins."""
    time = work.service[number]
    if routes.factor.shape[0] > 0:
        time *= routes.factor[work.cls[number], agent]
    return float(at + time)


@njit(nogil=True)
def play(routes: Routes, work: Work) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return by arrival number when each service begins (NaN: never), by whom (-1), and when it ends.

    Of what is never served the end is that of its patience. At one instant arrivals come first; then
    ends of services and of patience by the arrival number of whose they are.
    """
    many, agents, classes = len(work.arrival), len(routes.profile), len(routes.tier)
    profiles = len(routes.bench_from) - 1
    start, by, end = np.full(many, np.nan), np.full(many, NOBODY), work.leaves.copy()
    queues = Queues(np.full(classes, NOBODY), np.full(classes, NOBODY), np.full(many, NOBODY))
    bench = Bench(np.empty(agents, np.int64), np.empty(agents), np.zeros(profiles, np.int64),
                  np.zeros(profiles, np.int64))  # fmt: skip
    for agent in range(agents):
        sit_down(bench, routes, agent, 0.0)
    services, size = Services(np.empty(agents + 1), np.empty(agents + 1, np.int64)), 0
    coming, passed, at = 0, NOBODY, -1.0
    while coming < many or size > 0:
        if coming < many and (size == 0 or work.arrival[coming] <= services.end[0]):
            number = coming
            if work.arrival[coming] > at:
                passed, at = NOBODY, work.arrival[coming]
            coming += 1
            agent = stand_up(bench, routes, work.cls[number])
            if agent == NOBODY:
                queue_up(queues, work.cls[number], number)
                continue
            size += 1
            end[number] = ends(routes, work, number, agent, at)
            rise(services, size - 1, end[number], number)
        else:
            ended = services.whose[0]
            # A service that takes no time ends after others of this instant have, whatever its number.
            passed = ended if services.end[0] > at else max(passed, ended)
            agent, at = by[ended], services.end[0]
            number = take(queues, routes, work, routes.profile[agent], at, passed)
            if number == NOBODY:
                size -= 1
                sink(services, size, services.end[size], services.whose[size])
                sit_down(bench, routes, agent, at)
                continue
            end[number] = ends(routes, work, number, agent, at)
            sink(services, size, end[number], number)
        start[number], by[number] = at, agent
    return start, by, end
