"""What do free policies say just now, of what waits and of who is free?

A free policy is shown heads, or benches, as they are at this moment, and its ranks hold for this
one decision. Which interactions and agents are alike is a matter of what anybody can see of them
(queue, tier and needs; skills and queues), not of how the index keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from workassign._asking import Asking
from workassign._lines import Line
from workassign._profiles import Link, Profile, Standing
from workassign._reach import priority
from workassign._records import AgentState, Signature, Work
from workassign.model import Instant
from workassign.needs import Needs
from workassign.policies.grades import is_free
from workassign.policies.selection import Bench, Selection
from workassign.policies.work import Head
from workassign.queues import Queue, free_works

__all__ = ["Class", "Moments", "benches_of", "class_of", "head_of", "likeness", "place"]

Class: TypeAlias = tuple[str, int, Needs]
"""Queue, tier and needs: what interactions that are alike have in common."""

May: TypeAlias = Callable[[AgentState], bool]
"""Whether an agent may be given an interaction."""

Urgency: TypeAlias = tuple[int, float, float, int]
"""Tier, rank, key, sequence."""


class Moments:
    """Asks the free policies of a plan."""

    def __init__(self, asking: Asking, queues: Mapping[str, Queue]) -> None:
        self._asking = asking
        self.works = free_works(queues)
        """Queue with a free work policy -> the first queue with the same one, under which it is asked."""
        self.selects = any(is_free(queue.selection) for queue in queues.values())
        """Some queue has a free selection."""

    # --- what waits -------------------------------------------------------------------------

    def first(
        self, agent: AgentState, heads: Mapping[Class, Work], chosen: Work | None, at: Instant
    ) -> Work | None:
        """Return what comes first for *agent*: one of *heads*, or what she chose of the keyed queues.

        *heads* has what stands first of each class of the free queues. Those of the least tier alone
        are ranked.
        """
        tier = min((each[1] for each in heads), default=None)
        if tier is None or (chosen is not None and chosen.sig.tier < tier):
            return chosen
        shown = sorted((head for name, head in heads.items() if name[1] == tier), key=place)
        lengths = _lengths(agent.profile.momentary)
        best, least = chosen, None if chosen is None else _keyed_urgency(chosen, agent)
        ranked: dict[str, list[Work]] = {}
        for head in shown:
            ranked.setdefault(self.works[head.sig.queue.name], []).append(head)
        for queue, works in ranked.items():
            told = [head_of(work, agent, lengths[class_of(work.sig)]) for work in works]
            ranks = self._asking.ranks(queue, told, agent.agent.skills, at)
            for rank, work in zip(ranks, works, strict=True):
                urgency = (tier, float(rank), work.key, work.seq)
                if least is None or urgency < least:
                    best, least = work, urgency
        return best

    # --- who is free ------------------------------------------------------------------------

    def picks(self, work: Work, pools: Iterable[Line], may: May | None, at: Instant) -> Iterator[AgentState]:
        """Yield who stands in *pools* and *may* be given *work* (None: they all may), the preferred first.

        Cost: O(pools) for the first, where all may and no bench is one agent's; else O(who stands there).
        """
        seats = _seats(work.sig.queue.plan.selection, pools, may)
        if not seats:
            return
        staff = _staff(work.sig.link.profiles)
        benches = [_bench(seat, staff) for seat in seats]
        ranks = self._asking.bench_ranks(work.sig, work.seq, benches, at)
        best = min(zip(ranks, seats, strict=True), key=lambda pair: (pair[0], pair[1].first.seq))[1].first
        yield best.agent
        rest = [
            (rank, each.seq, each)
            for rank, seat in zip(ranks, seats, strict=True)
            for each in seat.standings()
            if each is not best and (may is None or may(each.agent))
        ]
        yield from (each.agent for _, _, each in sorted(rest, key=lambda ranked: ranked[:2]))


class _Seat(NamedTuple):
    """A bench as the index has it: where its free agents stand."""

    pools: list[Line]
    free: int
    first: Standing
    alone: bool
    """It is the bench of `first` alone, whoever else stands there."""

    def standings(self) -> Iterator[Standing]:
        """Yield its agents' standings, in no particular order."""
        if self.alone:
            yield self.first
        else:
            for pool in self.pools:
                yield from pool


def _seats(selection: Selection, pools: Iterable[Line], may: May | None) -> list[_Seat]:
    """Return the benches of those who *may*, in the order in which their first became idle."""
    filled = [pool for pool in pools if pool.head is not None]
    if getattr(selection, "each", False) is True:
        alone = (each for pool in filled for each in pool if may is None or may(each.agent))
        seats = [_Seat([each.line], 1, each, True) for each in alone]
    else:
        benches: dict[object, list[Line]] = {}
        for pool in filled:
            benches.setdefault(likeness(pool.head.agent), []).append(pool)  # type: ignore[union-attr]
        found = (_counted(bench, may) for bench in benches.values())
        seats = [seat for seat in found if seat is not None]
    return sorted(seats, key=lambda seat: seat.first.seq)


def _counted(pools: list[Line], may: May | None) -> _Seat | None:
    """Return the bench of those in *pools* who *may*; None: nobody does."""
    if may is None:
        heads: list[Standing] = [pool.head for pool in pools if pool.head is not None]
        return _Seat(pools, sum(map(len, pools)), min(heads, key=_idle), False)
    able = [each for pool in pools for each in pool if may(each.agent)]
    return _Seat(pools, len(able), min(able, key=_idle), False) if able else None


def _staff(profiles: Iterable[Profile]) -> dict[object, int]:
    """Return how many are there, with room or without, by what makes them alike."""
    found: dict[object, int] = {}
    for profile in profiles:
        for agent in profile.present.values():
            name = likeness(agent)
            found[name] = found.get(name, 0) + len(profile.present)
            break  # all who are in one profile are alike
    return found


def _bench(seat: _Seat, staff: Mapping[object, int]) -> Bench:
    agent: AgentState = seat.first.agent
    there = 1 if seat.alone else staff[likeness(agent)]
    return Bench(agent.agent.skills, agent.agent.queues, seat.free, there, agent.view)


def benches_of(
    group: Iterable[AgentState], there: Iterable[AgentState], selection: Selection
) -> list[tuple[Bench, list[AgentState]]]:
    """Return the benches of a *group* who are free, of those who are *there*, each with who sits on it.

    Found from the facts alone, at a cost of O(agents): for whoever looks back.
    """
    alone = getattr(selection, "each", False) is True
    staff = Counter(map(likeness, there))
    seats: dict[object, list[AgentState]] = {}
    for agent in sorted(group, key=lambda each: (each.idle_since, each.number)):
        seats.setdefault(agent.number if alone else likeness(agent), []).append(agent)
    found = []
    for seat in seats.values():
        who, like = seat[0].agent, 1 if alone else staff[likeness(seat[0])]
        found.append((Bench(who.skills, who.queues, len(seat), like, seat[0].view), seat))
    return found


def likeness(agent: AgentState) -> object:
    """Return what agents who are alike have in common, whatever profiles keep them apart."""
    who = agent.agent
    return frozenset(who.skills.items()), None if who.queues is None else frozenset(who.queues.items())


def _idle(standing: Standing) -> tuple[Instant, int]:
    return standing.seq


def class_of(sig: Signature) -> Class:
    """Return what *sig* has in common with all that is like it."""
    return sig.queue.name, sig.tier, sig.needs


def _lengths(links: Iterable[Link]) -> dict[Class, int]:
    """Return how many wait of each class whose like can be found by *links*, whoever they wait for."""
    found: dict[Class, int] = {}
    for link in links:
        if link is link.sig.link:  # that of a younger age is counted with it
            name = class_of(link.sig)
            found[name] = found.get(name, 0) + link.length()
    return found


def head_of(work: Work, agent: AgentState, length: int) -> Head:
    """Return *work* as a free policy is shown it: first of *length* that are alike."""
    sig = work.sig
    rank = priority(agent.agent.queues, sig)
    return Head(sig.queue.name, sig.needs, sig.tier, length, work.since, work.key, rank)


def place(work: Work) -> tuple[float, int]:
    """Return where *work* stands among others of its tier, whatever their rank."""
    return work.key, work.seq


def _keyed_urgency(work: Work, agent: AgentState) -> Urgency:
    sig = work.sig
    return sig.tier, sig.link.ranks[id(agent.profile)], work.key, work.seq
