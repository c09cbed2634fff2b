"""Which agent for this interaction, when several are free?

The least key wins; equal keys go to whoever has been idle longest, then to the lower roster
number. An agent key must stay the same until that agent's next event: then it can be indexed. A
free policy ranks benches instead, the groups of free agents who are alike, by what is so just now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import NamedTuple, Protocol, TypeAlias

from workassign.model import AgentId, Instant
from workassign.needs import Needs
from workassign.policies.grades import free, is_free
from workassign.policies.naming import factory
from workassign.policies.seeded import checked_seed, drawn

__all__ = [
    "AgentFacts",
    "AgentKey",
    "Bench",
    "FreeSelection",
    "PairKey",
    "Selection",
    "best_skill",
    "fewest_handled",
    "least_loaded",
    "longest_idle",
    "most_idle",
    "most_loaded",
    "random_idle",
    "round_robin",
    "seeded_random",
]


class AgentFacts(Protocol):
    """What a policy may know of an agent; nothing can be changed through it."""

    @property
    def id(self) -> AgentId:
        """Her id."""

    @property
    def number(self) -> int:
        """Her place on the roster, from 0, never used again."""

    @property
    def skills(self) -> Mapping[str, float]:
        """Skill -> proficiency."""

    @property
    def queues(self) -> Mapping[str, int] | None:
        """Queue -> her priority for it; None: all at 1."""

    @property
    def capacity(self) -> float:
        """Units of work that she can take at once."""

    @property
    def load(self) -> float:
        """Units that she is offered or holds."""

    @property
    def idle_since(self) -> Instant:
        """When she last finished something or became available."""

    @property
    def last_offer(self) -> int:
        """The sequence number of the last interaction put before her; 0: none yet."""

    @property
    def handled(self) -> int:
        """How many interactions she has been assigned."""

    def on_channel(self, channel: str) -> int:
        """How many interactions of *channel* she is offered or holds."""

    def channel_limit(self, channel: str) -> int | None:
        """How many at a time she takes on *channel*; None: no limit of its own, 0: none."""


AgentKey: TypeAlias = Callable[[AgentFacts], float]
"""A number that stays the same until that agent's next event; the least is asked first."""

PairKey: TypeAlias = Callable[[Needs, Mapping[str, float]], float]
"""A number for needs and an agent's skills that comes before the agent key; least first."""


class Bench(NamedTuple):
    """Agents who could be given an interaction now, and are alike: of equal skills, queues and priorities."""

    skills: Mapping[str, float]
    queues: Mapping[str, int] | None
    """Queue -> their priority for it; None: all at 1."""
    free: int
    """How many of them could be given it now."""
    staff: int
    """How many of them are there who can serve it at all, with room or without."""
    first: AgentFacts
    """Of those who are free, who has been idle longest."""


FreeSelection: TypeAlias = Callable[[Sequence[Bench], Needs, int, Instant], Sequence[float]]
"""The ranks, least first, of benches for an interaction with these needs and this sequence number.

It has an attribute `free`, True. Asked for every decision, once for all benches of which the
interaction's preferences say the same. Of a bench, and of equal ranks, whoever has been idle
longest is asked. Cost: O(groups of agents who are alike). With an attribute `each`, True, every
free agent is a bench of her own, at a cost of O(free agents).
"""

Selection: TypeAlias = AgentKey | FreeSelection
"""An agent key (one with an attribute `pair_key` ranks by that first), or a free selection."""


def longest_idle(agent: AgentFacts) -> float:
    """Prefer whoever finished something, or became available, longest ago."""
    return agent.idle_since


def least_loaded(agent: AgentFacts) -> float:
    """Prefer whoever has the least share of her capacity in use."""
    return agent.load / agent.capacity


def most_loaded(agent: AgentFacts) -> float:
    """Prefer whoever has the largest share of her capacity in use: fill one agent before the next."""
    return -agent.load / agent.capacity


def round_robin(agent: AgentFacts) -> float:
    """Prefer whoever was given an offer longest ago, whether she took it or not."""
    return float(agent.last_offer)


def fewest_handled(agent: AgentFacts) -> float:
    """Prefer whoever has been assigned the fewest interactions."""
    return float(agent.handled)


def _surplus(needs: Needs, skills: Mapping[str, float]) -> float:
    """Minus the proficiency in all that is needed: the most proficient comes first."""
    return -fsum(skills[skill] for skill, _ in needs.skills)


def best_skill(agent: AgentFacts) -> float:
    """Prefer the most proficient in what is needed (sum of levels), then the longest idle."""
    return agent.idle_since


best_skill.pair_key = _surplus  # type: ignore[attr-defined]


def goes_by_idleness(selection: Selection) -> bool:
    """Whether the agent key is known to be how long she is idle: it need not be asked, and cannot fail.

    So it is with a free selection: it is asked of benches, and on a bench the longest idle comes first.
    """
    return selection is longest_idle or selection is best_skill or is_free(selection)


@factory
def seeded_random(seed: int = 0) -> Selection:
    """Prefer by a hash of *seed*, the agent and her last offer: looks random, replays alike.

    Her key stands until her next offer, so it is not a new draw for every decision: see `random_idle`.

    Raises:
        ValueError: If *seed* is no whole number.
    """
    checked_seed(seed)

    def key(agent: AgentFacts) -> float:
        return drawn(seed, agent.number, agent.last_offer)

    return key


# --- free: by what is so just now -----------------------------------------------------------


@factory
def most_idle() -> FreeSelection:
    """Prefer the group of like agents of whom most are free, in it the longest idle."""

    @free
    def rank(benches: Sequence[Bench], needs: Needs, sequence: int, now: Instant) -> list[float]:
        return [-float(bench.free) for bench in benches]

    return rank


@factory
def random_idle(seed: int = 0) -> FreeSelection:
    """Prefer by a hash of *seed*, the interaction and the agent: each free one is equally likely, every time.

    Unlike `seeded_random`, whose key an agent keeps until her next offer: there, who has just
    lost is likely to lose again, so whoever has just come free is asked more often. The same
    interaction asks in the same order, whenever it is asked. Cost: O(free agents) a decision.

    Raises:
        ValueError: If *seed* is no whole number.
    """
    checked_seed(seed)

    @free
    def rank(benches: Sequence[Bench], needs: Needs, sequence: int, now: Instant) -> list[float]:
        return [drawn(seed, sequence, bench.first.number) for bench in benches]

    rank.each = True  # type: ignore[attr-defined]
    return rank
