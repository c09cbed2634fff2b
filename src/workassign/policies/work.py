"""Which waiting interaction for this freed agent?

Within a tier the least rank wins, then the waiting key. The rank belongs to needs, queue and
agent's profile, never to a single interaction: so it is computed once for each pair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import fsum
from typing import TypeAlias

from workassign.needs import Needs

__all__ = ["WorkRank", "best_skill", "greatest_need", "queue_priority"]

WorkRank: TypeAlias = Callable[[Needs, Mapping[str, float], int], float]
"""The rank, least first, of work with these needs for an agent with these skills and this
priority (1 is best) for the work's queue."""


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
