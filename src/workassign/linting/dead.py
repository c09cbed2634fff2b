"""What is written in a plan that nothing ever asks?"""

from __future__ import annotations

from collections.abc import Iterator

from workassign.linting.findings import Finding, finding
from workassign.linting.known import backoffs, target
from workassign.plan import Plan, Queue
from workassign.queues import Alarms

__all__ = ["of_change", "of_dead_settings"]

_PLAIN = Queue()


def of_dead_settings(plan: Plan) -> Iterator[Finding]:
    """Look for settings that nothing asks, alarms that mean nothing, calendars without a target."""
    for name, queue in plan.queues.items():
        yield from _of_offers(f"queues.{name}", queue)
        yield from _of_reopening(f"queues.{name}", queue, plan.retention)
        if queue.alarms is not None:
            yield from _of_alarms(f"queues.{name}.alarms", queue, queue.alarms)
    used = {each.calendar for queue in plan.queues.values() for each in queue.targets}
    used |= {rule.closed for queue in plan.queues.values() for rule in queue.overflow}
    used |= {step.closed for queue in plan.queues.values() for step in queue.steps}
    for name in plan.calendars:
        if name not in used:
            message, suggestion = "no target counts its hours", "name it in a target, or remove it"
            yield finding("unused_calendar", f"calendars.{name}", message, suggestion)


def _of_offers(place: str, queue: Queue) -> Iterator[Finding]:
    """Look for settings of offers where none are made."""
    if not queue.auto_accept:
        return
    why = "nothing is offered here: auto_accept assigns at once"
    suggestion = "leave it out, or switch auto_accept off"
    if queue.offer_for != _PLAIN.offer_for:
        yield finding(
            "dead_setting", f"{place}.offer_for", f"is {queue.offer_for:g} s, but {why}", suggestion
        )
    # Not so `declined`: that is asked, too, when an agent gives back what she holds.
    expired = backoffs(queue)["expired"]
    if expired is not None and expired != backoffs(_PLAIN)["expired"]:
        message = f"says what follows when an offer expires, but {why}"
        yield finding("dead_setting", f"{place}.refusals", message, suggestion)


def _of_reopening(place: str, queue: Queue, retention: float) -> Iterator[Finding]:
    """Look for a limit on what does not happen, or happens no longer."""
    place, limit = f"{place}.reopen_within", queue.reopen_within
    if limit is None:
        return
    if not queue.reopen:
        message = f"is {limit:g} s, but a message opens nothing again here: reopen is false"
        yield finding("dead_setting", place, message, "leave it out, or switch reopen on")
    elif limit > retention:
        message = f"is {limit:g} s, but what is closed is forgotten after {retention:g} s (retention)"
        yield finding("dead_setting", place, message, f"at most {retention:g}, or a longer retention")


def _of_alarms(place: str, queue: Queue, alarms: Alarms) -> Iterator[Finding]:
    """Look for alarms that never ring, and for those that always do."""
    if alarms == Alarms():
        yield finding("silent_alarm", place, "names no alarm: it never rings", "name one, or leave it out")
    if (breach := alarms.next_breach) is None:
        return
    place = f"{place}.next_breach"
    if queue.sla is None and not queue.targets:
        message = "never rings: there is no target here that could be missed"
        yield finding("silent_alarm", place, message, "promise something, or leave it out")
        return
    shortest = min(_plain_seconds(queue), default=None)
    if shortest is not None and shortest <= breach:
        message = f"is {breach:g} s, and a target is {shortest:g} s: it rings from the start of the clock"
        yield finding("constant_alarm", place, message, f"stay well below {shortest:g}")


def _plain_seconds(queue: Queue) -> list[float]:
    """Return the targets that are the same for all, by the wall clock."""
    short = None if queue.sla is None else target(queue)
    found = [float(each.within) for each in queue.targets if not callable(each.within) and not each.calendar]
    return found if short is None else [*found, short]


def of_change(plan: Plan, before: Plan) -> Iterator[Finding]:
    """Look at what the change from *before* to *plan* needs: successors of the queues that go."""
    for name in plan.successors:
        if name not in before.queues:
            message = "is never used: the plan before has no such queue"
            suggestion = "correct the name, or remove it"
            yield finding("unused_successor", f"successors.{name}", message, suggestion)
    for name in before.queues:
        if name not in plan.queues and name not in plan.successors:
            message = (
                "was in the plan before and has no successor: while work is open there, the change is refused"
            )
            yield finding(
                "missing_successor", f"successors.{name}", message, "name the queue that takes over"
            )
