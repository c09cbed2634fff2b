"""Who always comes after somebody else, and was that meant?

A queue of an earlier tier comes first, whatever waits: what anybody serves only after something
else can wait for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from workassign.errors import PlanError
from workassign.linting.bounds import Bound, tiers_of
from workassign.linting.findings import Finding, finding, listed
from workassign.linting.known import head_start, settings_of, targets
from workassign.linting.staff import Agents, Staff
from workassign.plan import Plan, Queue
from workassign.policies import naming, ordering
from workassign.queues import first_dues

__all__ = ["of_orders", "of_tiers", "of_twins"]


def of_tiers(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for queues that an earlier tier can starve, and for promises that tiers turn round.

    Cost: O(queues squared).
    """
    promised = targets(plan.queues)
    earlier: list[str] = []
    for queues in tiers_of(plan).values():
        for name in queues:
            here = staff.serving(name)
            if rivals := [other for other in earlier if staff.serving(other) & here]:
                yield _starved(name, rivals, staff)
                yield from _inverted(name, rivals, promised)
        earlier += queues


def _starved(name: str, rivals: list[str], staff: Staff) -> Finding:
    """Say that what is in *rivals* comes before what is in *name*."""
    place, free = f"queues.{name}.tier", staff.serving(name)
    for other in rivals:
        free &= ~staff.serving(other)
    if free:
        message = f"whoever also serves {listed(rivals)} comes to it only when nothing is left there"
        return finding("starving_tier", place, message, "none, if the others are enough")
    message = f"waits for as long as anything is in {listed(rivals)}, which can be for ever"
    suggestion = "use one tier and a head start: it overtakes by so many seconds and no more"
    return finding("shadowed_queue", place, message, suggestion)


def _inverted(name: str, rivals: Sequence[str], promised: Mapping[str, float]) -> Iterator[Finding]:
    """Look for a promise that is shorter than one that always comes first."""
    within = promised.get(name, inf)
    longer = {other: promised[other] for other in rivals if promised.get(other, 0.0) > within}
    if longer:
        message = (
            f"promises {within:g} s, but what is in {listed(list(longer))} always comes first, "
            f"where {max(longer.values()):g} s would do"
        )
        suggestion = "put the shorter promise in the earlier tier, or order one tier by `due`"
        yield finding("inverted_target", f"queues.{name}.tier", message, suggestion)


def of_orders(plan: Plan, bound: Bound) -> Iterator[Finding]:
    """Look at the orders within one tier."""
    queues = {name: plan.queues[name] for name in bound.queues}
    for name, queue in queues.items():
        deaf = queue.ordering is ordering.arrival and not queue.scoring and not _hurried(queue)
        if deaf and _promises_differ(queue):
            message = "differs between interactions, but all of them wait in the order of arrival"
            suggestion = "order by `due`, or add a scorer: who is promised less time should be served sooner"
            yield finding("unheard_target", f"queues.{name}.{_where_promised(queue)}", message, suggestion)
    due = {name: queue for name, queue in queues.items() if queue.ordering is ordering.due}
    if not due:
        return
    place, promised = f"queues.{next(iter(due))}.ordering", targets(due)
    unknown = [name for name in due if name not in promised]
    if len(due) < len(queues):
        others = [name for name in queues if name not in due]
        message = (
            f"{listed(list(due))} and {listed(others)} are of one tier: due instants compete with arrivals"
        )
        yield finding("mixed_orders", place, message, "order the whole tier alike")
    elif unknown:
        message = f"targets in {listed(unknown)} may differ: nothing is promised to whoever has a long one"
        yield finding("unknown_targets", place, message, "use one target for a queue")
    elif len(set(promised.values())) > 1:
        message = f"targets in {listed(list(due))} differ: the longest may be overtaken by what comes later"
        if bound.within is not None:
            message += f", up to {bound.within:g} s"
        yield finding("differing_targets", place, message, "none, if that is meant")
        yield from _outweighed(due, promised)


def _outweighed(due: Mapping[str, Queue], promised: Mapping[str, float]) -> Iterator[Finding]:
    """Look for head starts that put a longer promise before the shortest one."""
    shortest = min(promised, key=lambda name: (promised[name], name))
    for name, queue in due.items():
        longer, most = promised[name] - promised[shortest], head_start(queue)
        if 0 < longer < most:
            message = (
                f"head starts of up to {most:g} s outweigh that its target is {longer:g} s longer than "
                f"that of {shortest}: what came at the same instant, and has more time, can go first"
            )
            suggestion = f"cap head starts at {longer:g} s, if the promises are to decide"
            yield finding("outweighed_target", f"queues.{name}.head_start_cap", message, suggestion)


def _promises_differ(queue: Queue) -> bool:
    """Whether one of ours says by when to turn to a newcomer, and not to all alike."""
    specs = [naming.describe(queue.sla)] if queue.sla is not None else []
    specs += [naming.describe(each.within) for each in first_dues(queue) if callable(each.within)]
    return any(settings_of(spec, use) is not None for spec in specs for use in ("sla:tightened", "sla:by"))


def _hurried(queue: Queue) -> bool:
    """Whether a step puts first what is near the end of its target."""
    return any(
        step.slack is not None and (step.tier is not None or step.head_start or step.queue is not None)
        for step in queue.steps
    )


def _where_promised(queue: Queue) -> str:
    return "targets" if queue.sla is None else "sla"


def of_twins(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for queues that differ in nothing but their name: settings, agents, priorities."""
    try:
        settings = plan.to_data()["queues"]
    except PlanError:
        return  # what has no name cannot be compared; it is an error of its own
    served: dict[str, dict[int, Agents]] = {name: {} for name in plan.queues}
    for priorities, who in staff.tables(plan.queues):
        for name, priority in priorities.items():
            served[name][priority] = served[name].get(priority, 0) | who
    alike: dict[tuple[str, tuple[tuple[int, Agents], ...]], list[str]] = {}
    for name, by_priority in served.items():
        if by_priority:
            key = (json.dumps(settings[name], sort_keys=True), tuple(sorted(by_priority.items())))
            alike.setdefault(key, []).append(name)
    for first, *others in alike.values():
        if others:
            message = f"is like {first} in every setting and in who serves it"
            suggestion = "one queue is enough, unless they are to be reported apart"
            yield finding("twin_queues", f"queues.{listed(others)}", message, suggestion)
