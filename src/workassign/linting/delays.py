"""Which delays use up the promise that the queue makes?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.linting.findings import Finding, finding
from workassign.linting.known import backoffs, target
from workassign.plan import Queue

__all__ = ["of_delays"]


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
