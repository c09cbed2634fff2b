"""Which rules at the door of a queue never count?"""

from __future__ import annotations

from collections.abc import Iterator

from workassign.hours import Calendar
from workassign.linting.findings import Finding, finding
from workassign.plan import Plan, Queue
from workassign.policies.admission import Overflow
from workassign.queues import first_dues

__all__ = ["of_doors"]

_ALWAYS = Calendar()

_LEAST = ("length", "oldest_age", "expected_wait")
"""What is so for a smaller figure, too."""

_MOST = ("eligible_below", "free_below", "slack")
"""What is so for a larger figure, too."""


def of_doors(plan: Plan) -> Iterator[Finding]:
    """Look for rules of overflow that never hold, or never come to be asked. Cost: O(rules squared)."""
    for name, queue in plan.queues.items():
        for number, rule in enumerate(queue.overflow):
            place = f"queues.{name}.overflow[{number}]"
            yield from _of_rule(place, plan, queue, rule)
            before = (i for i, each in enumerate(queue.overflow[:number]) if _covers(each, rule))
            if (first := next(before, None)) is not None:
                message = f"never counts: whenever it holds, overflow[{first}] does, which comes first"
                yield finding("unreached_overflow", place, message, "put it first, or remove it")


def _of_rule(place: str, plan: Plan, queue: Queue, rule: Overflow) -> Iterator[Finding]:
    """Look for a condition that is never so."""
    if rule.length is not None and queue.most is not None and rule.length > queue.most:
        message = f"is {rule.length}, but {queue.most} is the most that is let in: only moves add to that"
        yield finding("unreached_overflow", f"{place}.length", message, f"at most {queue.most}")
    if rule.slack is not None and queue.sla is None and not first_dues(queue):
        message = "nothing promises here when somebody turns to it, so nothing is left or gone of that"
        yield finding("unreached_overflow", f"{place}.slack", message, "promise something, or remove it")
    if rule.closed is not None and _is_always_open(plan.calendars[rule.closed]):
        message = f"calendar {rule.closed!r} is never closed"
        yield finding("unreached_overflow", f"{place}.closed", message, "give it hours, or remove it")


def _is_always_open(calendar: Calendar) -> bool:
    return calendar.week == _ALWAYS.week and not calendar.holidays and not calendar.exceptions


def _covers(first: Overflow, then: Overflow) -> bool:
    """Whether *first* holds whenever *then* does."""
    return all(_implied(name, getattr(first, name), getattr(then, name)) for name in first.conditions)


def _implied(name: str, asked: float | str, given: float | str | None) -> bool:
    """Whether what is *asked* is so wherever the same condition is as *given*; None: it is not asked."""
    if isinstance(given, int | float) and isinstance(asked, int | float):
        return asked <= given if name in _LEAST else asked >= given
    return asked == given
