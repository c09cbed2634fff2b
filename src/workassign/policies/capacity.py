"""Has this agent room for it?

Her pool and the limits of her channels hold always, in exact arithmetic. A policy can only
forbid more; it is asked after every event of that agent and in between its answer stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from workassign.policies.selection import AgentFacts

__all__ = ["Capacity", "one_at_a_time", "one_channel_at_a_time"]

Capacity: TypeAlias = Callable[[AgentFacts, str, float], bool]
"""Whether the agent may take one more interaction of a channel that takes up so many units."""


def one_at_a_time(agent: AgentFacts, channel: str, units: float) -> bool:
    """Nothing new while she is offered or holds anything."""
    return agent.load == 0


def one_channel_at_a_time(agent: AgentFacts, channel: str, units: float) -> bool:
    """Several interactions together only if they are of one channel."""
    return agent.load == 0 or agent.on_channel(channel) > 0
