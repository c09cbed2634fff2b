"""Which delays use up the promise that the queue makes, and what is kept from agents in vain, or too much?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.known import backoffs, target
from workassign.linting.staff import Staff
from workassign.plan import Plan, Queue

__all__ = ["of_agents_delays", "of_delays", "of_kept_agents"]


def of_delays(place: str, queue: Queue) -> Iterator[Finding]:
    """Look at delays that use up the SLA target."""
    known = backoffs(queue)
    for cause in sorted(cause for cause, each in known.items() if each is None):
        message = f"answers nothing usable for the cause {cause!r}"
        suggestion = "return a Backoff for every cause and reason"
        yield finding("broken_refusals", f"{place}.refusals", message, suggestion)
    within = target(queue)
    if within is None:
        return
    if queue.sticky_wait is not None and queue.sticky_wait >= within:
        message = f"is {queue.sticky_wait:g} s: that wait alone misses the target of {within:g} s"
        yield finding("slow_sticky_wait", f"{place}.sticky_wait", message, f"stay well below {within:g}")
    if queue.batch is not None and queue.batch.window >= within:
        message = f"has windows of {queue.batch.window:g} s: one alone may miss the target of {within:g} s"
        yield finding("slow_batch", f"{place}.batch", message, f"stay well below {within:g}")
    if not queue.auto_accept and queue.offer_for >= within:
        message = f"is {queue.offer_for:g} s: one offer that nobody answers misses the target of {within:g} s"
        suggestion = f"stay well below {within:g}, so that a second offer is in time"
        yield finding("slow_offer", f"{place}.offer_for", message, suggestion)
    usable = {cause: each for cause, each in known.items() if each is not None}
    cold = {cause: each.cool_down for cause, each in usable.items() if each.cool_down >= within}
    excluded = {c: each.exclusion for c, each in usable.items() if each.exclusion >= within and c not in cold}
    for field, long in (("cool_down", cold), ("exclusion", excluded)):
        if long:
            yield _too_long(f"{place}.refusals", field, long, within)


def _too_long(place: str, field: str, long: Mapping[str, float], within: float) -> Finding:
    """Say that an agent who refused is not asked again in time."""
    times = ", ".join(f"{seconds:g} s if {cause}" for cause, seconds in long.items())
    whom = "anybody who refused" if field == "cool_down" else "who refused, while others are left,"
    message = f"{field} is {times}: {whom} is not asked again within the target of {within:g} s"
    return finding(f"slow_{field}", place, message, f"keep {field} below {within:g}")


def of_agents_delays(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for queues from which nobody is given anything in time, and for delays in vain."""
    delayed = [agent for agent in staff.agents if agent.delays]
    some = {name for agent in delayed for name in agent.delays}
    for name, queue in ((name, queue) for name, queue in plan.queues.items() if name in some):
        within, serving = target(queue), staff.named(staff.serving(name))
        least = min((agent.delays.get(name, 0.0) for agent in serving), default=0.0)
        if within is not None and least >= within:
            message = f"all who serve it have a delay of {least:g} s or more, the target is {within:g} s"
            suggestion = f"let somebody have it before {within:g} s"
            yield finding("slow_delay", f"queues.{name}", message, suggestion)
    borrow = None if plan.surge is None else plan.surge.borrow
    batched = {name for name, queue in plan.queues.items() if queue.batch is not None}
    for agent in delayed:
        lent = borrow.queues if borrow is not None and set(borrow.groups) & set(agent.groups) else {}
        vain = set(agent.delays) - {*(agent.queues or agent.delays), *lent}
        if agent.queues is not None and vain:
            message = f"has a delay for what she does not serve: {listed(sorted(vain))}"
            yield finding("dead_delay", f"roster.{agent.id}", message, "leave it out, or let her serve it")
        weighed = sorted(agent.delays.keys() & batched)
        if weighed:
            message = f"has a delay for what is given out in batches: {listed(weighed)}"
            yield finding("dead_delay", f"roster.{agent.id}", message, "leave it out: it counts for nothing")


def of_kept_agents(plan: Plan, staff: Staff | None) -> Iterator[Finding]:
    """Look for queues that keep everybody free, or for which there is nothing to be kept from."""
    last = max(queue.tier for queue in plan.queues.values())
    for name, queue in plan.queues.items():
        keep = queue.keep_free
        if keep is None:
            continue
        place = f"queues.{name}.keep_free"
        if last <= keep.tier:
            message = f"no queue is of a later tier than {keep.tier}: there is nothing to keep agents from"
            yield finding("dead_keep_free", place, message, "a lower tier, or leave it out")
        serving = 0 if staff is None else staff.serving(name).bit_count()
        if staff is not None and serving <= keep.agents:
            message = f"keeps {keep.agents} free, but {serving} serve it: what is of a later tier can starve"
            yield finding("keeps_everybody", place, message, "keep fewer, or let more serve it")
