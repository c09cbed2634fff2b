"""Rules that a case asks for and no shipped policy has: as anybody would write them beside a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

from workassign.model import Instant
from workassign.needs import Needs
from workassign.policies.grades import free
from workassign.policies.naming import factory
from workassign.policies.seeded import bits_of, drawn
from workassign.policies.selection import AgentFacts, Bench, FreeSelection
from workassign.policies.work import FreeRank, Head

__all__ = ["SHARE", "at_random", "longest_by_weight", "most_idle_in_order", "shortest_idle"]

SHARE = 1e-9
"""So little breaks a tie."""


def shortest_idle(agent: AgentFacts) -> float:
    """Prefer whoever finished something last."""
    return -agent.idle_since


@factory
def most_idle_in_order() -> FreeSelection:
    """Prefer the group of whom most are free; of equal ones, the one that is best at what is needed."""

    @free
    def rank(benches: Sequence[Bench], needs: Needs, sequence: int, now: Instant) -> list[float]:
        skill = needs.skills[0][0]
        return [-float(bench.free) - SHARE * bench.skills[skill] for bench in benches]

    return rank


@factory
def at_random(seed: int = 0) -> FreeRank:
    """A head by lot, drawn anew for every decision: each that waits is as likely, if no line has two."""

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        moment = bits_of(now)
        # The least of exponential times is each with a probability by its rate: the length.
        return [-log(1.0 - drawn(seed, moment, bits_of(head.since))) / head.length for head in heads]

    return rank


@factory
def longest_by_weight() -> FreeRank:
    """The largest weight x length, by the agent's own weights: her level of the skill `weight QUEUE`.

    Of equal ones, her own order of queues.
    """

    @free
    def rank(heads: Sequence[Head], skills: Mapping[str, float], now: Instant) -> list[float]:
        return [-skills[f"weight {head.queue}"] * head.length + SHARE * head.priority for head in heads]

    return rank
