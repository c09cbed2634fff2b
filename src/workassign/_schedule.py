"""Which steps of its queue has something that waits taken, and when is the time of the others?"""

from __future__ import annotations

from math import floor, inf

from workassign._records import Work
from workassign._state import State
from workassign.model import Instant
from workassign.policies.escalation import Step

__all__ = ["ahead", "asked_next", "due", "is_taken"]

MINUTE = 60.0


def is_taken(work: Work, number: int) -> bool:
    """Whether *work* has taken the step of this *number*, from 0, since it came to its queue."""
    return work.progress is not None and bool(work.progress.taken >> number & 1)


def ahead(state: State, work: Work) -> list[tuple[int, Instant]]:
    """Return the numbers of the steps that *work* has not taken, and when their time comes or came."""
    steps = enumerate(work.sig.queue.plan.steps)
    return [(number, due(state, work, step)) for number, step in steps if not is_taken(work, number)]


def asked_next(at: Instant) -> Instant:
    """Return when it is asked again, after *at*, how long something is expected to wait."""
    return (floor(at / MINUTE) + 1) * MINUTE


def due(state: State, work: Work, step: Step) -> Instant:
    """Return when the time of *step* comes for *work* as things stand; infinity: not by itself."""
    age = work.came + step.after
    if step.closed is not None:
        return state.plan.calendars[step.closed].next_closing(age)
    return age if step.slack is None else max(age, _first_breach(state, work) - step.slack)


def _first_breach(state: State, work: Work) -> Instant:
    """Return when a target of *work* is missed first; -inf: one was, inf: none is running out."""
    who = work.interaction.id
    known = state.conversations.get(who)
    clocks = () if known is None else tuple(known.clocks.values())
    if who in state.missed or any(clock.missed for clock in clocks):
        return -inf
    dues = [clock.due for clock in clocks if clock.since is not None and clock.due is not None]
    if work.pending and work.due is not None:
        dues.append(work.due)
    return min(dues, default=inf)
