"""What is served only after something else of its tier, because agents have priorities?

Within a tier the least rank of the work policy comes first; of ours, `greatest_need` ranks
everything 0 and `queue_priority` by the agent's own priority for the queue. So with these it is
known beforehand which queue an agent serves first, and what everybody serves only after another
queue can wait for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from math import inf

import attrs

from workassign.linting.bounds import tiers_of
from workassign.linting.findings import Finding, finding, listed
from workassign.linting.known import settings_of, targets
from workassign.linting.staff import Agents, Staff
from workassign.plan import Plan, Queue
from workassign.policies import naming, work

__all__ = ["Outranked", "came_after", "of_priorities", "outranked"]


@attrs.frozen
class Outranked:
    """Which queues are served before one of their tier, and by whom."""

    first: dict[str, Agents] = attrs.field(factory=dict)
    """For whoever serves it later, a queue that she serves first of all."""
    slower: dict[str, Agents] = attrs.field(factory=dict)
    """For whoever serves it after one that promises more time, that one."""


def outranked(plan: Plan, staff: Staff) -> dict[str, Outranked]:
    """Return the queues that somebody serves only after another one of their tier.

    Cost: O(different tables of queues x queues).
    """
    promised = targets(plan.queues)
    found: dict[str, Outranked] = {}
    for queues in tiers_of(plan).values():
        for priorities, who in staff.tables(queues):
            for name, other, slower in _after(queues, priorities, promised):
                each = found.setdefault(name, Outranked())
                each.first[other] = each.first.get(other, 0) | who
                if slower is not None:
                    each.slower[slower] = each.slower.get(slower, 0) | who
    return found


def _after(
    queues: Mapping[str, Queue], priorities: Mapping[str, int], promised: Mapping[str, float]
) -> Iterator[tuple[str, str, str | None]]:
    """Yield each queue that comes after another for an agent with these priorities.

    With it one that comes first of all, and the one before it that promises the longest time if
    that is longer than its own.
    """
    known = [(_rank(queues[name], priority), name) for name, priority in priorities.items()]
    ranked = sorted((rank, name) for rank, name in known if rank is not None)
    slowest: tuple[float, str] = (-inf, "")
    for rank, group in groupby(ranked, key=lambda pair: pair[0]):
        names = [name for _, name in group]
        if rank > ranked[0][0]:
            for name in names:
                late = slowest[0] > promised.get(name, inf)
                yield name, ranked[0][1], slowest[1] if late else None
        slowest = max(slowest, *((promised.get(name, 0.0), name) for name in names))


def _rank(queue: Queue, priority: int) -> float | None:
    """Return the rank of all work of *queue* for an agent with this priority; None: it depends."""
    if queue.work is work.queue_priority:
        return float(priority)
    return 0.0 if queue.work is work.greatest_need else None


def of_priorities(plan: Plan, staff: Staff, after: Mapping[str, Outranked]) -> Iterator[Finding]:
    """Look for queues that everybody serves only after another one, and for priorities in vain."""
    yield from _of_unheard(plan, staff)
    for name in after:
        if (found := came_after(plan, name, staff.serving(name), after)) is not None:
            kind, message = found
            suggestion = "let somebody serve it at the best priority, or serve the tier by greatest_need"
            yield finding(kind, f"queues.{name}.work", message, suggestion)


def came_after(
    plan: Plan, queue: str, able: Agents, after: Mapping[str, Outranked]
) -> tuple[str, str] | None:
    """Return how all who are *able* serve *queue* only after others: kind of finding and message."""
    found = after.get(queue)
    if found is None or not able or not (first := _covering(able, found.first)):
        return None
    if not (slower := _covering(able, found.slower)):
        message = f"everybody serves something else first ({listed(first)}): it can wait for ever"
        return "outranked_queue", message
    promised = targets({name: plan.queues[name] for name in (queue, *slower)})
    message = (
        f"{promised[queue]:g} s are promised, but everybody serves something else first "
        f"({listed(slower)}), where {max(promised[name] for name in slower):g} s would do"
    )
    return "inverted_priority", message


def _covering(able: Agents, queues: Mapping[str, Agents]) -> list[str]:
    """Return the queues that any who are *able* serve first, if all of them do so; else none."""
    names = [name for name, who in queues.items() if who & able]
    for name in names:
        able &= ~queues[name]
    return [] if able else names


def _of_unheard(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for priorities of agents that no work policy of theirs asks."""
    if not all(_is_deaf(queue) for queue in plan.queues.values()):
        return
    differ = [who for each, who in staff.tables(plan.queues) if len(set(each.values())) > 1]
    if differ:
        count = sum(who.bit_count() for who in differ)
        first = staff.named(differ[0])[0].id
        message = (
            f"{count} of the agents (first: {first}) have priorities for queues that no work policy asks"
        )
        suggestion = 'set work = "queue_priority" where they should count'
        yield finding("unheard_priorities", "roster", message, suggestion)


def _is_deaf(queue: Queue) -> bool:
    """Whether the work policy of *queue* is one of ours that asks nobody's priority."""
    if queue.work in (work.greatest_need, work.best_skill):
        return True
    deaf = ("longest_queue", "max_weight", "queue_ratio", "ageing")
    spec = naming.describe(queue.work)
    return any(settings_of(spec, f"work:{use}") is not None for use in deaf)
