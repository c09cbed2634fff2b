"""Which capacities can never fill, which limits never hold?

What fills an agent is a sum of her channels' units, each at most so many times: a knapsack. Its
reachable sums are the bits of an int, in the greatest common measure of all units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd
from typing import TypeAlias

from workassign._records import UNIT
from workassign.linting.findings import Finding, alike, finding
from workassign.linting.staff import answers
from workassign.model import Agent
from workassign.plan import Plan
from workassign.policies.capacity import one_at_a_time, one_channel_at_a_time

__all__ = ["fullest", "of_capacity", "of_channels"]

_MOST_STEPS = 100_000
"""A pool of more steps than this is only compared with the sum of all limits."""

_Kind: TypeAlias = tuple[float, tuple[tuple[str, int], ...] | None]
"""What agents have in common here: capacity and channels."""


def of_capacity(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for capacity that nothing can use up, and for limits that the pool never lets reach.

    Cost: O(different pairs of capacity and channels x channels).
    """
    kinds: dict[_Kind, list[Agent]] = {}
    for agent in roster:
        channels = None if agent.channels is None else tuple(agent.channels.items())
        kinds.setdefault((agent.capacity, channels), []).append(agent)
    if all(channel.pending_units is None for channel in plan.channels.values()):
        yield from _of_reserves(roster)
    for agents in kinds.values():
        yield from _of_pool(plan, agents[0], alike(len(agents)))
        yield from _of_limits(plan, agents[0], alike(len(agents)))


def of_channels(plan: Plan) -> Iterator[Finding]:
    """Look for channels that may run beside others which do not allow that."""
    for name, channel in plan.channels.items():
        for other in channel.beside or ():
            back = plan.channels[other].beside
            if back is not None and name not in back:
                message = f"names {other!r}, which may not run beside {name!r}: they never run together"
                suggestion = f"name {name!r} in channels.{other}.beside, or leave {other!r} out"
                yield finding("one_sided_beside", f"channels.{name}.beside", message, suggestion)


def _of_reserves(roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for reserves where nothing ever takes up less than it may later."""
    for agent in roster:
        if agent.reserve:
            message = f"is {agent.reserve:g}, but no channel has pending_units: it is never kept"
            suggestion = "give a channel pending_units, or leave it out"
            yield finding("idle_reserve", f"roster.{agent.id}.reserve", message, suggestion)


def _of_pool(plan: Plan, agent: Agent, more: str) -> Iterator[Finding]:
    """Look at what the channels of *agent* can add up to."""
    most = _most_at_once(plan, agent)
    if 0 < most < agent.capacity:
        message = f"is {agent.capacity:g}, but her channels never add up to more than {most:g}{more}"
        suggestion = f"{most:g} says the same; or raise a limit, or serve another channel"
        yield finding("wasted_capacity", f"roster.{agent.id}.capacity", message, suggestion)


def _most_at_once(plan: Plan, agent: Agent) -> float:
    """Return the largest load that *agent* can ever have."""
    loads = [
        (channel.units, None if agent.channels is None else agent.channels[name])
        for name, channel in plan.channels.items()
        if answers(agent, name) and channel.units <= agent.capacity
    ]
    if plan.capacity is one_at_a_time:
        return max((units for units, _ in loads), default=0.0)
    if plan.capacity is one_channel_at_a_time:
        return max((fullest(agent.capacity, [load]) for load in loads), default=0.0)
    return fullest(agent.capacity, loads)


def fullest(capacity: float, loads: Sequence[tuple[float, int | None]]) -> float:
    """Return the largest sum up to *capacity*, each of *loads* (units, limit) used at most so often.

    Of a pool with very many steps only an upper bound: the sum of all limits.

    >>> fullest(5, [(2, 2)]), fullest(5, [(2, None)]), fullest(5, [(2, 2), (0.5, None)])
    (4.0, 4.0, 5.0)
    """
    whole = [(round(units * UNIT), limit) for units, limit in loads]
    pool = round(capacity * UNIT)
    step = gcd(*(units for units, _ in whole))
    if not step:
        return 0.0
    counts = [(units // step, pool // units if limit is None else limit) for units, limit in whole]
    steps = pool // step
    if steps > _MOST_STEPS:
        return min(pool, sum(units * step * count for units, count in counts)) / UNIT
    return _reachable(counts, steps) * step / UNIT


def _reachable(counts: Sequence[tuple[int, int]], most: int) -> int:
    """Return the largest sum <= *most* of units, each at most so often."""
    sums, within = 1, (1 << most + 1) - 1
    for units, count in counts:
        left, batch = min(count, most // units), 1
        while left > 0:
            # In batches of 1, 2, 4, ...: every number up to the limit is a sum of some of them.
            batch = min(batch, left)
            sums |= sums << batch * units & within
            left, batch = left - batch, batch * 2
    return sums.bit_length() - 1


def _of_limits(plan: Plan, agent: Agent, more: str) -> Iterator[Finding]:
    """Look for limits of channels that are beyond the pool of *agent*."""
    for name, limit in (agent.channels or {}).items():
        channel = plan.channels.get(name)
        if channel is None or limit <= 1:
            continue  # one that does not fit at all is the business of the roster
        least = channel.units if channel.pending_units is None else channel.pending_units
        if not least:
            continue
        fit = round(agent.capacity * UNIT) // round(least * UNIT)
        if fit < limit:
            message = f"is {limit}, but her capacity of {agent.capacity:g} is full with {fit}{more}"
            place = f"roster.{agent.id}.channels.{name}"
            yield finding("unreachable_limit", place, message, f"{fit} says the same; or raise the capacity")
