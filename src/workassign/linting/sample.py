"""What would become of work that came in on some earlier day, or is expected?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import TypeAlias

import attrs

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.priorities import Outranked, came_after
from workassign.linting.staff import Staff, asked, closest
from workassign.linting.steps import places
from workassign.model import Interaction
from workassign.needs import Names, Needs, joined
from workassign.plan import Plan

__all__ = ["Sample", "of_sample"]

_Kind: TypeAlias = tuple[str, str, Needs, tuple[str, ...]]
"""What interactions have in common here: queue, channel, needs, the queues that they are shared with."""

_Problem: TypeAlias = tuple[str, str]
"""A message and a suggestion."""


@attrs.frozen
class Sample:
    """What is to be known of a sample of work, counted once."""

    kinds: dict[_Kind, list[str]] = attrs.field(factory=dict)
    """Kind -> ids of those who are so."""
    queues: Counter[str] = attrs.field(factory=Counter)
    """Queue -> how many come there; `preferring`: and prefer an agent."""
    preferring: Counter[str] = attrs.field(factory=Counter)
    preferred: Counter[str] = attrs.field(factory=Counter)
    """Agent -> how many prefer her."""
    tiers: Counter[tuple[str, int]] = attrs.field(factory=Counter)
    """Queue and tier -> how many bring that tier of their own."""

    @classmethod
    def of(cls, interactions: Iterable[Interaction]) -> Sample:
        """Count *interactions*."""
        found = cls()
        for each in interactions:
            kind = (each.queue, each.channel, each.needs, each.shared_with)
            found.kinds.setdefault(kind, []).append(each.id)
            found.queues[each.queue] += 1
            if each.prefers is not None:
                found.preferring[each.queue] += 1
                found.preferred[each.prefers] += 1
            if each.tier is not None:
                found.tiers[each.queue, each.tier] += 1
        return found

    @property
    def names(self) -> Names | None:
        """What anything in it asks for; None: there is nothing in it."""
        if not self.kinds:
            return None
        found = [needs.names for _, _, needs, _ in self.kinds]
        return Names(*(frozenset().union(*each) for each in zip(*found, strict=True)))


def of_sample(
    plan: Plan, staff: Staff | None, sample: Sample, after: Mapping[str, Outranked]
) -> Iterator[Finding]:
    """Look for work that would be refused, that nobody could do, that fits nobody, or comes last.

    *after* has the queues that somebody serves only after another one.

    Cost: O(kinds of needs x different skills and attributes).
    """
    for kind, ids in sample.kinds.items():
        many = f"{len(ids)} of the sample (first: {ids[0]})"
        yield from _of_kind(plan, staff, kind, many)
        if staff is not None and kind[0] in after and not kind[3]:
            yield from _of_latecomers(plan, staff, kind, many, after)
    urgent = sum(
        count
        for (name, tier), count in sample.tiers.items()
        if name in plan.queues and tier < plan.queues[name].tier
    )
    if urgent:
        message = (
            f"{urgent} of the sample bring an earlier tier than their queue's: no bound holds against them"
        )
        yield finding("own_tier", "sample", message, "a head start is bounded, a tier is not")
    yield from _of_sticky_waits(plan, sample.queues, sample.preferring)
    if staff is not None:
        yield from _of_preferred(staff, sample.preferred)


def _of_kind(plan: Plan, staff: Staff | None, kind: _Kind, many: str) -> Iterator[Finding]:
    """Look at whether work of one kind can be done at all."""
    what, problem = "refused_work", _refused(plan, kind)
    if problem is None and staff is not None:
        what, problem = "unroutable_needs", _unroutable(plan, staff, kind)
    if problem is not None:
        message, suggestion = problem
        yield finding(what, "sample", f"{many}: {message}", suggestion)


def _of_latecomers(
    plan: Plan, staff: Staff, kind: _Kind, many: str, after: Mapping[str, Outranked]
) -> Iterator[Finding]:
    """Look for work that only those can do who serve another queue first, though others serve its own."""
    queue, channel, needs, _ = kind
    able = staff.serving(queue) & staff.answering(channel) & staff.meeting(needs)
    found = came_after(plan, queue, able, after)
    # Where that holds for the whole queue it is said once, of the queue.
    if found is not None and came_after(plan, queue, staff.serving(queue), after) != found:
        suggestion = "let somebody who can do it serve its queue at the best priority"
        yield finding(found[0], "sample", f"{many}: of those who can do it, {found[1]}", suggestion)


def _refused(plan: Plan, kind: _Kind) -> _Problem | None:
    """Return why the engine would not take such work in."""
    queue, channel, needs, shared = kind
    for name in (queue, *shared):
        if name not in plan.queues:
            return f"there is no queue {name!r}", f"use one of {listed(list(plan.queues))}"
    if channel not in plan.channels:
        return f"there is no channel {channel!r}", f"use one of {listed(list(plan.channels))}"
    unknown = plan.unknown(needs)
    if unknown is None:
        return None
    rule, reason = unknown
    known = plan.skills if rule == "unknown_skill" else plan.attributes
    return reason, f"use one of {listed(sorted(known or ()))}"


def _unroutable(plan: Plan, staff: Staff, kind: _Kind) -> _Problem | None:
    """Return why nobody on the roster could ever take such work, not even after all steps."""
    queue, channel, own, shared = kind
    units = plan.channels[channel].units
    fit = staff.answering(channel) & staff.roomy(units)
    others = reduce(or_, map(staff.naming, shared), 0)
    if any(
        fit & (staff.naming(there) | others) & staff.meeting(needs)
        for there, needs in places(plan, queue, own)
    ):
        return None
    needs = joined(own, plan.queues[queue].needs)
    here = (staff.naming(queue) | others) & staff.answering(channel)
    what = f"queue {' or '.join((queue, *shared))}, channel {channel}"
    if not here:
        return f"nobody serves both {what}", "give both to one agent"
    able = here & staff.meeting(needs)
    if not able:
        message = f"nobody on {what} meets the needs {asked(needs)}"
        return message, closest(staff.named(here), needs)
    most = max(agent.capacity for agent in staff.named(able))
    message = f"takes {units:g} units on channel {channel}, those who can do it have at most {most:g}"
    return message, "raise a capacity, or lower the channel's units"


def _of_sticky_waits(plan: Plan, queues: Counter[str], preferring: Counter[str]) -> Iterator[Finding]:
    """Look for waits for a preferred agent where nothing prefers anybody."""
    for name, queue in plan.queues.items():
        if queue.sticky_wait is not None and queues[name] and not preferring[name]:
            message = f"nothing waits for anybody: none of the {queues[name]} of the sample prefers an agent"
            suggestion = "set `prefers` of interactions, or leave it out"
            yield finding("dead_sticky_wait", f"queues.{name}.sticky_wait", message, suggestion)


def _of_preferred(staff: Staff, preferred: Counter[str]) -> Iterator[Finding]:
    """Look for preferred agents who are not on the roster."""
    missing = {who: count for who, count in preferred.items() if not staff.there(who)}
    if missing:
        message = f"{sum(missing.values())} of the sample prefer {listed(list(missing))}, not on the roster"
        suggestion = "correct the ids: such a preference is passed over"
        yield finding("unknown_preference", "sample", message, suggestion)
