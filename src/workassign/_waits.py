"""How long will something that waits still wait? Learnt from what was held, taken and left.

The law of this room: fed by `_state` alone, and only where the plan asks for it. A forecast is the
work ahead, divided by those who can do it: of what comes before, as much counts as the agents who
can take this one are of those who can take that. How far forecasts were off, measured against how
far off they could be expected to be, gives the interval: the quantiles of the last few hundred.
Roots only, no logarithms and powers: these are not the same to the last bit on every machine.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from math import fsum, inf, sqrt
from typing import Any, TypeAlias

from sortedcontainers import SortedList

from workassign._ages import Ages
from workassign._records import PRESENT, AgentState, Signature, Work
from workassign.model import SHORTEST, Agent, AgentId, Instant, InteractionId
from workassign.queues import forecasts

__all__ = ["KEPT", "Waits"]

KEPT = 300
"""So many of the last forecasts, once they were answered, tell how far off the next may be."""

FADES = 0.99
"""What was learnt of handling times counts so much less with each that is learnt."""

LEAVES = 0.995
"""The same of how many leave, with each that is taken or leaves."""

PATIENCE = 3 * 3600.0
"""So many seconds of waiting without anybody leaving are assumed at the beginning."""

LENT = 10
"""So many handling times of all queues count among those of one."""

MODEL = 0.6
"""How far off, in the logarithm, a forecast is of itself, however many are ahead."""

_BEGIN = (-2.2, -1.7, -1.3, -1.0, -0.7, -0.4, -0.2, 0.0, 0.2, 0.4, 0.7, 1.0, 1.3, 1.7, 2.2)
"""What is believed before anything was seen: nearly a normal spread, and never forgotten at once."""

_Place: TypeAlias = tuple[Instant, int]
"""Key and sequence of something that waits."""


class _Kind:
    """Agents who can do the same, and how many of them are there."""

    __slots__ = ("bit", "like", "there")

    def __init__(self, agent: Agent, bit: int) -> None:
        self.like = AgentState(agent, 0, 0.0)
        """One who is as they are, and holds nothing."""
        self.bit = bit
        self.there = 0

    def room(self, sig: Signature) -> int:
        """Return the millionths of units that one of them has for work like *sig*, with nothing to do."""
        limit = self.like.view.channel_limit(sig.channel)
        return self.like.pool if limit is None else min(self.like.pool, limit * sig.units)


class Waits:
    """Who waits before whom, who can take what, and how far off forecasts were."""

    def __init__(self) -> None:
        self.lines: dict[Signature, SortedList[_Place]] = {}
        """What waits, by kind; never an empty one."""
        self.ages = Ages()
        self._standing: dict[InteractionId, tuple[Signature, _Place]] = {}
        self._kinds: dict[tuple[object, ...], _Kind] = {}
        self._there: dict[AgentId, tuple[AgentState, _Kind]] = {}
        """Who is available or busy."""
        self._named: set[AgentId] = set()
        """The agents whom needs name: each is a kind of her own."""
        self._masks: dict[Signature, int] = {}
        """Which kinds can take it, as bits."""
        self._rooms: dict[tuple[int, Signature], int] = {}
        self._handling: dict[tuple[str, str], list[float]] = {}
        """(queue, channel) -> sum of handling times, and their number, both fading."""
        self._handled = [0.0, 0.0]
        """The same of all."""
        self._left = 0.0
        self._waited = 0.0
        """How many left of late, and for how many seconds, all added up, there was waiting."""
        self._until: Instant = -inf
        self.promised: dict[InteractionId, tuple[Instant, float, float]] = {}
        """What waits since it came in: when that was, the forecast, how many it was to wait for."""
        self._scores: deque[float] = deque(_BEGIN, KEPT)
        self._sorted = sorted(_BEGIN)
        self.learnt = 0
        """How many forecasts were answered so far."""

    # --- what happens -----------------------------------------------------------------------

    def came(self, work: Work, at: Instant) -> None:
        """Something came in: forecast its wait, if its queue asks for that."""
        self.follow(work, at)
        if forecasts(work.sig.queue.plan) and (found := self.forecast(work, at)) is not None:
            self.promised[work.interaction.id] = (at, *found)

    def follow(self, work: Work, at: Instant) -> None:
        """Let *work* stand where it waits, or nowhere. Cost: O(log n)."""
        who = work.interaction.id
        self.ages.follow(work)
        now = (work.sig, (work.key, work.seq)) if work.stage == "waiting" else None
        before = self._standing.get(who)
        if now == before:
            return
        self._pass(at)
        if before is not None:
            sig, place = self._standing.pop(who)
            line = self.lines[sig]
            line.remove(place)
            if not line:
                del self.lines[sig]
        if now is not None:
            self._standing[who] = now
            sig, place = now
            self._know(sig)
            self.lines.setdefault(sig, SortedList()).add(place)

    def taken(self, work: Work, at: Instant) -> None:
        """*work* is in somebody's hands; what did not have to wait teaches nothing about waiting."""
        self.follow(work, at)
        promise = self.promised.get(work.interaction.id)
        if promise is not None and promise[0] == at:
            del self.promised[work.interaction.id]

    def accepted(self, work: Work, at: Instant) -> None:
        """*work* has its agent: learn how far off its forecast was."""
        self.taken(work, at)
        self._fade(at)
        promise = self.promised.pop(work.interaction.id, None)
        if promise is None:
            return
        since, seconds, ahead = promise
        score = 2 * (sqrt((at - since) / seconds) - 1) / _spread(ahead)
        if len(self._scores) == KEPT:
            del self._sorted[bisect_left(self._sorted, self._scores[0])]
        self._scores.append(score)
        insort(self._sorted, score)
        self.learnt += 1

    def closed(self, work: Work, at: Instant, *, left: bool) -> None:
        """*work* was closed before it had its agent, or taken from her; its customer *left*, or not."""
        self.follow(work, at)
        self.promised.pop(work.interaction.id, None)
        if left:
            self._fade(at)
            self._left += 1

    def done(self, work: Work, seconds: float) -> None:
        """*work* was held for so long."""
        place = (work.sig.queue.name, work.sig.channel)
        for known in (self._handled, self._handling.setdefault(place, [0.0, 0.0])):
            known[0] = known[0] * FADES + seconds
            known[1] = known[1] * FADES + 1

    def attend(self, agent: AgentState) -> None:
        """Keep who is there, and what she can do."""
        self.dismiss(agent.agent.id)
        if agent.presence in PRESENT:
            kind = self._kind(agent.agent)
            self._there[agent.agent.id] = (agent, kind)
            kind.there += 1
            self._rooms.clear()

    def dismiss(self, agent: AgentId) -> None:
        """Somebody is not there any more."""
        known = self._there.pop(agent, None)
        if known is not None:
            known[1].there -= 1
            self._rooms.clear()

    def begin(self, works: Iterable[Work], agents: Iterable[AgentState], at: Instant) -> None:
        """Look at all there is, under another plan perhaps; what was learnt stays. Cost: O(all)."""
        self._pass(at)
        self.lines.clear()
        self._standing.clear()
        self.ages.clear()
        for table in (self._kinds, self._there, self._masks, self._rooms):
            table.clear()
        self._named.clear()
        for agent in agents:
            self.attend(agent)
        for work in works:
            self.follow(work, at)

    # --- questions --------------------------------------------------------------------------

    def position(self, work: Work) -> int:
        """Return the place of *work*, from 1, among what whoever is there and can take it can take.

        Cost: O(kinds of waiting work x log n).
        """
        who = self._who(work.sig) & sum(kind.bit for kind in self._kinds.values() if kind.there)
        ahead = (count for sig, count in self._ahead(work) if sig is work.sig or self._who(sig) & who)
        return 1 + sum(ahead)

    def forecast(self, work: Work, at: Instant) -> tuple[float, float] | None:
        """Return the seconds that *work* should have to wait, and for how many. Cost: as of `position`.

        None while nobody is there who could take it, or nothing was ever done.
        """
        sig = work.sig
        self._know(sig)
        who, seconds = self._who(sig), self._seconds(sig)
        mine = self._room(who, sig)
        if not mine or seconds < SHORTEST:
            return None
        ahead, load = [1.0], [sig.units * seconds]
        for other, count in self._ahead(work):
            all_of_it = self._room(self._who(other), other)
            if all_of_it:
                share = count * self._room(who & self._who(other), other) / all_of_it
                ahead.append(share)
                load.append(share * other.units * self._seconds(other))
        wait = fsum(load) / mine
        waited = self._waited + (at - self._until) * len(self._standing)
        leave = self._left / (waited + PATIENCE)
        # Of those ahead some leave: the line shrinks faster than it is served.
        return wait / sqrt(1 + wait * leave), fsum(ahead)

    def expected(self, work: Work, at: Instant) -> float | None:
        """Return the likeliest wait of *work*, None if nobody knows. Cost: as of `position`."""
        found = self.forecast(work, at)
        return None if found is None else self.interval(*found, 0.5)[0]

    def interval(self, seconds: float, ahead: float, share: float) -> tuple[float, float, float]:
        """Return the likeliest wait, and between which it lies with a probability of *share*."""
        spread, tail = _spread(ahead) / 2, (1 - share) / 2
        roots = [max(0.0, 1 + self._quantile(part) * spread) for part in (0.5, tail, 1 - tail)]
        middle, low, high = (seconds * root * root for root in roots)
        return middle, low, high

    def standing(self) -> Iterator[tuple[InteractionId, Signature, _Place]]:
        """Yield what stands where."""
        yield from ((who, *where) for who, where in self._standing.items())

    def there(self, sig: Signature) -> int:
        """Return how many who are there could take *sig*; for checks."""
        who = self._who(sig)
        return sum(kind.there for kind in self._kinds.values() if kind.bit & who)

    def as_data(self) -> dict[str, Any]:
        """Return what was learnt, as plain data."""
        return {
            "handling": {"/".join(place): list(known) for place, known in sorted(self._handling.items())},
            "handled": list(self._handled),
            "patience": [self._left, self._waited, None if self._until == -inf else self._until],
            "promised": {who: list(promise) for who, promise in self.promised.items()},
            "scores": [self.learnt, list(self._scores)],
        }

    # --- helpers ----------------------------------------------------------------------------

    def _pass(self, at: Instant) -> None:
        """Let time pass for all that waits."""
        if self._standing:
            self._waited += (at - self._until) * len(self._standing)
        self._until = at

    def _fade(self, at: Instant) -> None:
        self._pass(at)
        self._left *= LEAVES
        self._waited *= LEAVES

    def _ahead(self, work: Work) -> Iterator[tuple[Signature, int]]:
        """Yield how many of each kind come before *work*."""
        place, tier = (work.key, work.seq), work.sig.tier
        for sig, line in self.lines.items():
            if sig.tier < tier:
                yield sig, len(line)
            elif sig.tier == tier and (count := line.bisect_left(place)):
                yield sig, count

    def _seconds(self, sig: Signature) -> float:
        """Return how long work like *sig* is held, 0 if nobody knows."""
        total, number = self._handled
        if not number:
            return 0.0
        known = self._handling.get((sig.queue.name, sig.channel), (0.0, 0.0))
        return (known[0] + LENT * total / number) / (known[1] + LENT)

    def _who(self, sig: Signature) -> int:
        """Return the bits of the kinds of agents who can take *sig*."""
        mask = self._masks.get(sig)
        if mask is None:
            kinds = (kind for kind in self._kinds.values() if self._can(kind, sig))
            mask = self._masks[sig] = sum(kind.bit for kind in kinds)
        return mask

    def _can(self, kind: _Kind, sig: Signature) -> bool:
        return kind.like.pool >= sig.units and kind.like.can_do(sig, sig.needs)

    def _room(self, who: int, sig: Signature) -> int:
        """Return the room for work like *sig* that those of *who* have who are there."""
        room = self._rooms.get((who, sig))
        if room is None:
            kinds = (kind for kind in self._kinds.values() if kind.there and kind.bit & who)
            room = self._rooms[who, sig] = sum(kind.there * kind.room(sig) for kind in kinds)
        return room

    def _kind(self, agent: Agent) -> _Kind:
        """Find, or make, the kind of *agent*."""
        queues, channels = agent.queues, agent.channels
        key = (
            agent.capacity,
            tuple(agent.skills.items()),
            None if queues is None else tuple(queues),
            None if channels is None else tuple(channels.items()),
            None if agent.labels is None else tuple(agent.labels.items()),
            repr(dict(agent.attributes)),  # tells 1 from True, which are equal keys
            agent.id if agent.id in self._named else "",
        )
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds[key] = _Kind(agent, 1 << len(self._kinds))
            for sig in self._masks:
                if self._can(kind, sig):
                    self._masks[sig] |= kind.bit
        return kind

    def _know(self, sig: Signature) -> None:
        """Tell apart the agents whom *sig* names."""
        if sig not in self._masks and not sig.needs.names.agents <= self._named:
            self._tell_apart(sig.needs.names.agents)

    def _tell_apart(self, names: frozenset[AgentId]) -> None:
        """Let each of these, whom needs name, be a kind of her own. Cost: O(agents who are there)."""
        self._named |= names
        there = [agent for agent, _ in self._there.values()]
        for table in (self._kinds, self._there, self._masks, self._rooms):
            table.clear()
        for agent in there:
            self.attend(agent)

    def _quantile(self, part: float) -> float:
        """Return the score that *part* of them do not exceed."""
        scores = self._sorted
        place = part * (len(scores) - 1)
        low = int(place)
        high = min(low + 1, len(scores) - 1)
        return scores[low] + (scores[high] - scores[low]) * (place - low)


def _spread(ahead: float) -> float:
    """Return how far off, in the logarithm, a forecast may be that waits for so many."""
    return sqrt(1 / ahead + MODEL * MODEL)
