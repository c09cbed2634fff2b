"""Is it too early in an agent's shift, or too late, to give her something?

After she has come she has one thing at a time for as long as her login ramp lasts; and nothing is
begun that would not be done by the end of her shift.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign._records import AgentState
from workassign._room import Kind
from workassign.model import Channel, Instant
from workassign.policies.holds import Hold

__all__ = ["held_by_time", "last_call", "turning_points"]


def held_by_time(agent: AgentState, kind: Kind, at: Instant) -> Hold | None:
    """Return the hold that keeps all work of *kind* from *agent* at an instant; None: there is none."""
    if agent.shift is not None and at >= last_call(agent.shift, kind.handle_time):
        return Hold.SHIFT_END
    if agent.ramp is not None and at < agent.ramp and agent.holdings:
        return Hold.LOGIN_RAMP
    return None


def last_call(shift: Instant, handle_time: float | None) -> Instant:
    """Return from when on work that takes so long is not begun in a shift that ends then."""
    return shift if handle_time is None else shift - handle_time


def turning_points(agent: AgentState, channels: Mapping[str, Channel]) -> Iterator[Instant]:
    """Yield when *agent* gets no more of some channel, and when her shift ends."""
    if agent.shift is not None:
        times = {channel.handle_time for channel in channels.values()} | {None}
        yield from sorted(last_call(agent.shift, each) for each in times)
