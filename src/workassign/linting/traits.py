"""Which needs does nobody on the roster meet, or ask for what nobody has?"""

from __future__ import annotations

from collections.abc import Iterator

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.staff import Staff, asked, closest
from workassign.linting.steps import places
from workassign.needs import ANYBODY, Names, Needs
from workassign.plan import Plan

__all__ = ["of_queue_needs", "of_traits"]


def of_queue_needs(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for queues whose own needs nobody meets, not even after their steps."""
    for name, queue in plan.queues.items():
        if queue.needs is ANYBODY or not (here := staff.naming(name)):
            continue  # that nobody serves it is the business of the roster
        if any(staff.naming(there) & staff.meeting(needs) for there, needs in places(plan, name, ANYBODY)):
            continue
        message = f"nobody who serves the queue meets them: {asked(queue.needs)}"
        suggestion = closest(staff.named(here), queue.needs)
        yield finding("nobody_for_queue_needs", f"queues.{name}.needs", message, suggestion)


def of_traits(plan: Plan, staff: Staff, sampled: Names | None) -> Iterator[Finding]:
    """Look for attributes that nobody has and agents who are not there, in all needs that are known."""
    for name, queue in plan.queues.items():
        yield from _of_names(staff, f"queues.{name}.needs", queue.needs.names)
        for number, step in enumerate(queue.steps):
            also: Needs | None = step.also
            if also is not None:
                yield from _of_names(staff, f"queues.{name}.steps[{number}].also", also.names)
    if sampled is not None:
        yield from _of_names(staff, "sample", sampled)


def _of_names(staff: Staff, place: str, names: Names) -> Iterator[Finding]:
    if missing := sorted(names.attributes - staff.attributes):
        message = f"nobody on the roster has the attribute asked for: {listed(missing)}"
        yield finding("unknown_trait", place, message, "correct the name, or give it to somebody")
    if strangers := sorted(who for who in names.agents if not staff.there(who)):
        message = f"these agents are asked for by name, and not on the roster: {listed(strangers)}"
        yield finding("unknown_trait", place, message, "correct the ids")
