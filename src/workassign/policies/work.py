"""Which waiting interaction for this freed agent?

Within a tier the least rank wins, then the waiting key. A keyed policy ranks needs, queue and
the agent's profile, never a single interaction: so its rank is computed once for each pair. A
free one ranks the heads of all lines that she can reach by what is so just now: how many wait
there, and since when. It is asked for every decision, at a cost of O(lines that she can reach).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum, inf
from typing import NamedTuple, TypeAlias

from workassign.model import LARGEST, Instant
from workassign.needs import Needs
from workassign.policies.grades import free
from workassign.policies.naming import factory

__all__ = [
    "FreeRank",
    "Head",
    "WorkPolicy",
    "WorkRank",
    "ageing",
    "best_skill",
    "greatest_need",
    "longest_queue",
    "max_weight",
    "queue_priority",
    "queue_ratio",
    "threshold",
]

WorkRank: TypeAlias = Callable[[Needs, Mapping[str, float], int], float]
"""The rank, least first, of work with these needs for an agent with these skills and this
priority (1 is best) for the work's queue."""


class Head(NamedTuple):
    """What stands first, for one agent, among interactions that are alike: of one queue, tier and needs."""

    queue: str
    needs: Needs
    tier: int
    length: int
    """How many that are like it wait, itself included, whoever they wait for."""
    since: Instant
    """When it came."""
    key: Instant
    """Where its waiting counts from: the reference that its queue's ordering gives, less its head start."""
    priority: int
    """The agent's priority for its queue, 1 is best."""


FreeRank: TypeAlias = Callable[[Sequence[Head], Mapping[str, float], Instant], Sequence[float]]
"""The ranks, least first, of heads that an agent with these skills could take now: as many as heads.

It has an attribute `free`, True. It is shown the heads of one tier, of all queues whose `work` is
this policy (the same function, or made with the same settings); heads of other queues keep the
rank that their own policy gives. Equal ranks go by key.
"""

WorkPolicy: TypeAlias = WorkRank | FreeRank
"""A keyed rank, or a free one."""


def greatest_need(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
    """Whatever has waited longest, head starts included."""
    return 0.0


def best_skill(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
    """What she is best at first (mean level over what is needed), then what waited longest."""
    levels = [skills[skill] for skill, _ in needs.skills]
    return -fsum(levels) / len(levels) if levels else 0.0


def queue_priority(needs: Needs, skills: Mapping[str, float], priority: int) -> float:
    """Her own order of queues first, then what waited longest."""
    return float(priority)


# --- free: by what is so just now -----------------------------------------------------------


@factory
def longest_queue() -> FreeRank:
    """The queue in which most wait whose like she could take, then what waited longest.

    >>> heads = [Head("a", Needs(), 1, 2, 0.0, 0.0, 1), Head("b", Needs(), 1, 5, 9.0, 9.0, 1)]
    >>> longest_queue()(heads, {}, 10.0)
    [-2.0, -5.0]
    """

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        lengths = _lengths(heads)
        return [-float(lengths[head.queue]) for head in heads]

    return rank


@factory
def max_weight(weights: Mapping[str, float], otherwise: float = 1.0) -> FreeRank:
    """The class with the largest weight x length (MaxWeight): keeps every queue stable that can be.

    A class is a queue that *weights* names, else the needed skill with the largest weight there,
    else the queue, at the weight *otherwise*. For the least cost of waiting, the weight of a class
    is its cost of waiting for a second, divided by its mean handle time (`h x mu`): Tassiulas and
    Ephremides (1992); Mandelbaum and Stolyar (2004), of a cost that grows with the square.

    Raises:
        ValueError: If there are no weights, or one is no number from 0 to a million.

    >>> heads = [Head("a", Needs(), 1, 2, 0.0, 0.0, 1), Head("b", Needs(), 1, 5, 9.0, 9.0, 1)]
    >>> max_weight({"a": 3.0})(heads, {}, 10.0)
    [-6.0, -5.0]
    """
    known = _table("weights", weights)
    rest = _number("otherwise", otherwise)

    def class_of(head: Head) -> tuple[float, str]:
        if head.queue in known:
            return known[head.queue], head.queue
        skills = [(known[skill], f"skill {skill}") for skill, _ in head.needs.skills if skill in known]
        return max(skills, default=(rest, head.queue))

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        classes = [class_of(head) for head in heads]
        lengths: dict[tuple[float, str], int] = {}
        for each, head in zip(classes, heads, strict=True):
            lengths[each] = lengths.get(each, 0) + head.length
        return [_bounded(-each[0] * lengths[each]) for each in classes]

    return rank


@factory
def queue_ratio(shares: Mapping[str, float]) -> FreeRank:
    """The queue that is longest beyond its share of all that waits (fixed queue ratio, FQR).

    Keeps the lengths of queues in proportion to *shares*, whatever they add up to; a queue that is
    not named has none. Equal ones: the queue that is named first. Gurvich and Whitt (2009).

    Raises:
        ValueError: If there are no shares, all are 0, or one is no number from 0 to a million.

    >>> heads = [Head("a", Needs(), 1, 2, 0.0, 0.0, 1), Head("b", Needs(), 1, 5, 9.0, 9.0, 1)]
    >>> queue_ratio({"a": 1, "b": 9})(heads, {}, 10.0)
    [0.0, 1.0]
    """
    known = _table("shares", shares)
    total = fsum(known.values())
    if not total:
        raise ValueError("shares must not all be 0")
    places = {name: place for place, name in enumerate(known)}

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        lengths = _lengths(heads)
        waiting = sum(lengths.values())

        def place(queue: str) -> tuple[float, int, str]:
            share = known.get(queue, 0.0) / total
            # Rounded, so that shares like a third do not break what is a tie.
            return -round(lengths[queue] - share * waiting, 9), places.get(queue, len(places)), queue

        order = {queue: float(number) for number, queue in enumerate(sorted(lengths, key=place))}
        return [order[head.queue] for head in heads]

    return rank


@factory
def ageing(speeds: Mapping[str, float], otherwise: float = 1.0) -> FreeRank:
    """What has the largest speed x seconds waited, head starts included: delay-dependent priority.

    Each queue ages at its own speed, *otherwise* where it has none: at 2, one minute counts like two.
    Seconds are counted from the key: in arrival order that is what it waited; in due order they
    are what it is overdue, and less than nothing before that. Kleinrock (1964).

    Raises:
        ValueError: If there are no speeds, or one is no number from 0 to a million.

    >>> heads = [Head("a", Needs(), 1, 2, 0.0, 0.0, 1), Head("b", Needs(), 1, 5, 9.0, 9.0, 1)]
    >>> ageing({"b": 20})(heads, {}, 10.0)
    [-10.0, -20.0]
    """
    known = _table("speeds", speeds)
    rest = _number("otherwise", otherwise)

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        return [_bounded(known.get(head.queue, rest) * (head.key - now)) for head in heads]

    return rank


@factory
def threshold(above: Mapping[str, int]) -> FreeRank:
    """A queue first while more wait there than *above* says of it, else her own order of queues.

    Of several such queues, the one that *above* names first. For two classes and an agent who
    serves both (the N-model), `{ first = 4 }` and her priorities 2 for `first`, 1 for `second`:
    `first` while more than 4 wait in it, else `second`, else `first`.

    Raises:
        ValueError: If *above* is empty, or a number in it is no whole one >= 0.

    >>> heads = [Head("a", Needs(), 1, 5, 0.0, 0.0, 2), Head("b", Needs(), 1, 9, 9.0, 9.0, 1)]
    >>> threshold({"a": 4})(heads, {}, 10.0), threshold({"a": 5})(heads, {}, 10.0)
    ([-1.0, 1.0], [2.0, 1.0])
    """
    if not isinstance(above, Mapping) or not above:
        raise ValueError(f"above must be a table queue -> how many, not {above!r}")
    for queue, most in above.items():
        if type(most) is not int or most < 0:
            raise ValueError(f"above.{queue} must be a whole number >= 0, not {most!r}")
    places = {str(queue): place for place, queue in enumerate(above)}
    mosts = {str(queue): most for queue, most in above.items()}

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        lengths = _lengths(heads)
        return [
            float(places[head.queue] - len(places))
            if lengths[head.queue] > mosts.get(head.queue, inf)
            else float(head.priority)
            for head in heads
        ]

    return rank


def _lengths(heads: Sequence[Head]) -> dict[str, int]:
    """Return how many wait in each queue, as far as heads of it are shown."""
    lengths: dict[str, int] = {}
    for head in heads:
        lengths[head.queue] = lengths.get(head.queue, 0) + head.length
    return lengths


def _bounded(rank: float) -> float:
    """Return *rank*, no larger than a policy's number may be."""
    return max(-LARGEST, min(LARGEST, rank))


def _table(what: str, table: object) -> dict[str, float]:
    if not isinstance(table, Mapping) or not table:
        raise ValueError(f"{what} must be a table name -> number, not {table!r}")
    return {str(name): _number(f"{what}.{name}", value) for name, value in table.items()}


def _number(what: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e6:
        raise ValueError(f"{what} must be a number from 0 to 1000000, not {value!r}")
    return float(value)
