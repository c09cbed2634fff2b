"""Which agent for this interaction, when several are free?

The least key wins; equal keys go to whoever has been idle longest, then to the lower roster
number. An agent key must stay the same until that agent's next event: then it can be indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import fsum
from typing import Protocol, TypeAlias

from workassign.model import AgentId, Instant
from workassign.needs import Needs
from workassign.policies.naming import factory

__all__ = [
    "AgentFacts",
    "AgentKey",
    "PairKey",
    "Selection",
    "best_skill",
    "fewest_handled",
    "least_loaded",
    "longest_idle",
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

Selection: TypeAlias = AgentKey
"""An agent key; one with an attribute `pair_key` ranks by that first."""


def longest_idle(agent: AgentFacts) -> float:
    """Prefer whoever finished something, or became available, longest ago."""
    return agent.idle_since


def least_loaded(agent: AgentFacts) -> float:
    """Prefer whoever has the least share of her capacity in use."""
    return agent.load / agent.capacity


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


def _mixed(number: int) -> int:
    """Scramble 64 bits (the finalizer of splitmix64): the same everywhere, unlike `hash`."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return number ^ (number >> 31)


def goes_by_idleness(selection: Selection) -> bool:
    """Whether the agent key is known to be how long she is idle: it need not be asked, and cannot fail."""
    return selection is longest_idle or selection is best_skill


@factory
def seeded_random(seed: int = 0) -> Selection:
    """Prefer by a hash of *seed*, the agent and her last offer: looks random, replays alike.

    Raises:
        ValueError: If *seed* is no whole number.
    """
    if type(seed) is not int:
        raise ValueError(f"seed must be a whole number, not {seed!r}")

    def key(agent: AgentFacts) -> float:
        mixed = _mixed(_mixed(_mixed(seed & 0xFFFFFFFFFFFFFFFF) + agent.number) + agent.last_offer)
        return (mixed >> 11) * 2.0**-53

    return key
