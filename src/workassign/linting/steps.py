"""Which steps are never taken, which change nothing, and which go round in a circle?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workassign.linting.findings import Finding, finding, listed
from workassign.needs import Names, Needs, joined
from workassign.plan import Plan, Queue
from workassign.policies.escalation import Step

__all__ = ["of_moves", "of_steps", "places"]


_LONG = 6
"""Of a circle of more queues, only so many are named."""


def of_steps(plan: Plan, names: Names | None, *, own_tiers: bool) -> Iterator[Finding]:
    """Look for steps that are never taken, and for those that change nothing.

    *names* is what a sample asks for, None without one; *own_tiers*: something in it brings a tier.
    """
    for name, queue in plan.queues.items():
        last = _last(queue)
        for number, step in enumerate(queue.steps):
            place = f"queues.{name}.steps[{number}]"
            yield from _of_reach(plan, place, queue, number, last)
            yield from _of_relaxing(place, queue, step, names)
            if step.tier == queue.tier and not own_tiers and not _other_tiers(queue):
                message = "is the tier of the queue already: it changes nothing but for what brings its own"
                yield finding("idle_step", f"{place}.tier", message, "give another tier, or leave it out")


def _other_tiers(queue: Queue) -> bool:
    """Whether a step gives another tier than the queue's, so that one can give that back."""
    return any(step.tier not in (None, queue.tier) for step in queue.steps)


# --- never taken ----------------------------------------------------------------------------------


def _last(queue: Queue) -> tuple[float, int] | None:
    """Return age and number of the first step that moves everything that still waits; None: none does."""
    moves = ((step.after, number) for number, step in enumerate(queue.steps) if _moves_all(step))
    return min(moves, default=None)


def _moves_all(step: Step) -> bool:
    conditions = (step.slack, step.closed, step.eligible_below, step.free_below, step.expected_wait)
    return step.queue is not None and all(each is None for each in conditions)


def _of_reach(
    plan: Plan, place: str, queue: Queue, number: int, last: tuple[float, int] | None
) -> Iterator[Finding]:
    """Look for what comes before a step, whenever it could be due."""
    step = queue.steps[number]
    if _gone(step, number, last):
        assert last is not None
        where = queue.steps[last[1]].queue
        mover = f"steps[{last[1]}]"
        message = f"is never taken: {mover} has moved everything to {where} by then, after {last[0]:g} s"
        yield finding("unreached_step", f"{place}.after", message, f"put it before {mover}, or remove it")
    elif step.slack is not None and not _promises(queue):
        elsewhere = any(_promises(other) for other in plan.queues.values())
        then = "only what missed one in another queue takes it" if elsewhere else "it is never due"
        message = f"there is no target here that could be missed: {then}"
        yield finding("unreached_step", f"{place}.slack", message, "promise something, or remove it")


def _gone(step: Step, number: int, last: tuple[float, int] | None) -> bool:
    """Whether everything has been moved away by the time that *step* is due; they are taken in order."""
    return last is not None and (step.after, number) > last


def _promises(queue: Queue) -> bool:
    return queue.sla is not None or bool(queue.targets)


# --- no change ------------------------------------------------------------------------------------


def _of_relaxing(place: str, queue: Queue, step: Step, names: Names | None) -> Iterator[Finding]:
    """Look for what nothing asks for, so that there is nothing to relax."""
    known = [queue.needs.names, *(each.also.names for each in queue.steps if each.also is not None)]
    if names is not None:
        known.append(names)
    skills = frozenset(name for each in known for name in each.skills)
    attributes = frozenset(name for each in known for name in each.attributes)
    agents = frozenset("agent" for each in known if each.agents)
    for setting, given, asked in (
        ("drop", step.drop, skills | attributes | agents),
        ("lower", step.lower, skills),
        ("widen", step.widen, attributes),
    ):
        if idle := [name for name in given if name not in asked]:
            sampled = (
                "nothing of the sample asks" if names is not None else "only what asks by itself notices"
            )
            message = f"changes nothing for {listed(idle)}: the needs of the queue do not ask, {sampled}"
            yield finding("idle_step", f"{place}.{setting}", message, "correct the name, or leave it out")


# --- moves ----------------------------------------------------------------------------------------


def of_moves(plan: Plan) -> Iterator[Finding]:
    """Look for queues between which steps move things in a circle. Cost: O(queues x moves)."""
    moves = {name: _moves(queue) for name, queue in plan.queues.items()}
    told: set[str] = set()
    for name in plan.queues:
        if name not in told and (circle := _circle(moves, name)):
            told.update(circle)
            way = [*circle, name] if len(circle) <= _LONG else [*circle[:_LONG], "...", name]
            message = f"things can go round for ever: {' -> '.join(way)}"
            suggestion = "let one of these queues keep what comes there"
            yield finding("endless_moves", f"queues.{name}.steps", message, suggestion)


def _moves(queue: Queue) -> list[str]:
    """Return the queues to which steps of *queue* move things, without those that are never taken."""
    last = _last(queue)
    steps = enumerate(queue.steps)
    found = (step.queue for number, step in steps if not _gone(step, number, last))
    return [name for name in dict.fromkeys(found) if name is not None]


def _circle(moves: dict[str, list[str]], start: str) -> Sequence[str]:
    """Return the queues of a shortest circle from *start*, in order; empty: there is none."""
    came: dict[str, str] = {}
    ahead = [start]
    for name in ahead:
        for other in moves[name]:
            if other == start:
                circle = [name]
                while circle[-1] != start:
                    circle.append(came[circle[-1]])
                return circle[::-1]
            if other not in came:
                came[other] = name
                ahead.append(other)
    return ()


def places(plan: Plan, queue: str, needs: Needs) -> Iterator[tuple[str, Needs]]:
    """Yield where work with these *needs* of its own can come to by steps, and what is needed there.

    That is its own queue first, without steps; then it and the others, all their steps taken.
    """
    yield queue, joined(needs, plan.queues[queue].needs)
    ahead = [queue]
    for name in ahead:
        here = plan.queues[name]
        yield name, _relaxed(here, joined(needs, here.needs))
        ahead += [other for other in _moves(here) if other not in ahead]


def _relaxed(queue: Queue, needs: Needs) -> Needs:
    """Return *needs* after all steps, in whatever order: whoever can ever do it, can now."""
    last = _last(queue)
    taken = (step for number, step in enumerate(queue.steps) if not _gone(step, number, last))
    steps = [step for step in taken if step.relaxes]
    for _ in steps:
        before = needs
        for step in steps:
            needs = step.relaxed(needs)
        if needs is before:
            break
    return needs
