"""Where does something that waits stand in the schedule of its queue, what comes next, and when?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Literal, TypeAlias

import attrs

from workassign import _schedule
from workassign._records import PRESENT, Work
from workassign._scene import figure, when
from workassign._state import State
from workassign.model import Instant
from workassign.needs import Needs
from workassign.policies.escalation import Step

__all__ = ["Milestone", "timeline", "told_timeline"]

Standing: TypeAlias = Literal["taken", "waits", "ahead", "never"]


@attrs.frozen(kw_only=True)
class Milestone:
    """One step in the schedule of something that waits."""

    step: int
    """Its number in the plan, from 1."""
    text: str
    """When it is due, and what it changes, in words."""
    standing: Standing
    """taken; waits: its time has come, its condition has not; ahead; never: not as things are."""
    due: Instant | None
    """When its time comes, or came; None: not by itself."""
    eligible: int
    """How many who are signed on could take it from then on, with room or without."""


def timeline(state: State, work: Work, at: Instant) -> tuple[Milestone, ...]:
    """Return the schedule of *work*, which waits: what was taken, then the others in order of time.

    Cost: O(steps x agents).
    """
    steps = work.sig.queue.plan.steps
    now = _eligible(state, work, work.sig.needs)
    taken = [
        Milestone(step=i + 1, text=_told(step), standing="taken", due=None, eligible=now)
        for i, step in enumerate(steps)
        if _schedule.is_taken(work, i)
    ]
    return (*taken, *_ahead(state, work, at))


def _ahead(state: State, work: Work, at: Instant) -> Iterator[Milestone]:
    needs, steps = work.sig.needs, work.sig.queue.plan.steps
    for number, due in sorted(_schedule.ahead(state, work), key=lambda pair: (pair[1], pair[0])):
        step = steps[number]
        if due < inf:
            needs = step.relaxed(needs)
        standing: Standing = "never" if due == inf else "waits" if due <= at else "ahead"
        yield Milestone(
            step=number + 1,
            text=_told(step),
            standing=standing,
            due=None if due == inf else due,
            eligible=_eligible(state, work, needs),
        )


def _eligible(state: State, work: Work, needs: Needs) -> int:
    """Count who is signed on and could take *work* if it needed *needs*."""
    there = (agent for agent in state.agents.values() if agent.presence in PRESENT)
    return sum(1 for agent in there if agent.pool >= work.sig.units and agent.can_do(work.sig, needs))


def told_timeline(stones: Sequence[Milestone]) -> list[str]:
    """Return one line for each step."""
    return [f"{each.step}. {_told_standing(each)}: {each.text}" for each in stones]


def _told_standing(stone: Milestone) -> str:
    if stone.standing == "taken":
        return "taken"
    could = f"{stone.eligible or 'nobody'} signed on could take it then"
    if stone.due is None:
        return f"not as things are ({could})"
    if stone.standing == "waits":
        return f"its time came at {when(stone.due)}, its condition has not ({could})"
    return f"at {when(stone.due)} ({could})"


def _told(step: Step) -> str:
    """Return when a step is due and what it changes."""
    return f"{', '.join(_conditions(step)) or 'at once'}: {'; '.join(_changes(step))}"


def _conditions(step: Step) -> Iterator[str]:
    if step.after:
        yield f"after {figure(step.after)} s"
    if step.slack is not None:
        yield f"{figure(step.slack)} s before the first target is missed"
    if step.closed is not None:
        yield f"when calendar {step.closed} is closed"
    if step.eligible_below is not None:
        yield f"if fewer than {step.eligible_below} signed on could take it"
    if step.free_below is not None:
        yield f"if fewer than {step.free_below} are free to take it"
    if step.expected_wait is not None:
        yield f"if it is expected to wait for more than {figure(step.expected_wait)} s"


def _changes(step: Step) -> Iterator[str]:
    if step.drop:
        yield f"{', '.join(step.drop)} is needed no more"
    for skill, level in step.lower.items():
        yield f"{skill} at level {figure(level)} will do"
    for name, values in step.widen.items():
        yield f"{name} {' or '.join(map(str, values))} will do, too"
    if step.also is not None:
        yield f"so will whoever meets: {step.also.text or step.also.data}"
    if step.tier is not None:
        yield f"tier {step.tier}"
    if step.head_start:
        yield f"head start {figure(step.head_start)} s more"
    if step.queue is not None:
        yield f"moves to queue {step.queue}"
    if step.notify is not None:
        yield f"notifies {step.notify}"
