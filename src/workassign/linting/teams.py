"""Which groups, labels and phases have nobody, and which rotations and surges change nothing?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workassign.linting.findings import Finding, finding, listed
from workassign.model import Agent
from workassign.plan import Plan
from workassign.policies.review import PHASE
from workassign.policies.surge import Surge

__all__ = ["of_groups", "of_labels", "of_reviews", "of_rotations", "of_surge"]


def of_rotations(plan: Plan) -> Iterator[Finding]:
    """Look for rotations whose turns are all alike."""
    for name, rotation in plan.rotations.items():
        first, *others = rotation.periods
        if all(each.channels == first.channels for each in others):
            message, suggestion = (
                "changes nothing: all its periods have the same channels",
                "give each its own",
            )
            yield finding("idle_rotation", f"rotations.{name}.periods", message, suggestion)


def of_surge(plan: Plan, *, own_tiers: bool) -> Iterator[Finding]:
    """Look for a surge that changes nothing; *own_tiers*: something in a sample brings a tier."""
    surge = plan.surge
    if surge is None:
        return
    if surge.collapse is None and surge.templates is None:
        if surge.borrow is None:
            message = "begins and ends, and changes nothing"
            yield finding("idle_surge", "surge", message, "give collapse, templates or borrow")
        if surge.floor is not None:
            message = "spares nothing: nothing is collapsed or answered by a template"
            yield finding("idle_surge", "surge.floor", message, "leave it out, or give collapse or templates")
    elif surge.floor is not None and not own_tiers and all(map(surge.spares, _tiers(plan))):
        message = f"is {surge.floor}: every queue is spared, nothing is ever collapsed or answered"
        yield finding("idle_surge", "surge.floor", message, "give an earlier tier")


def _tiers(plan: Plan) -> set[int]:
    return {queue.tier for queue in plan.queues.values()}


def of_groups(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for groups that nobody on *roster* is in, and for help that is none."""
    known = {name for agent in roster for name in agent.groups}
    for name in plan.groups:
        if name not in known:
            what = _asked_for(plan, name)
            message = f"nobody on the roster is in it{what and ', but '}{what}"
            yield finding("empty_group", f"groups.{name}", message, "put somebody in, or remove it")
    if plan.surge is not None and plan.surge.borrow is not None:
        yield from _of_borrow(plan.surge, roster)


def _asked_for(plan: Plan, group: str) -> str:
    """Return what counts on *group*."""
    asking = [f"rotations.{name}" for name, each in plan.rotations.items() if group in each.groups]
    if plan.surge is not None and plan.surge.borrow is not None and group in plan.surge.borrow.groups:
        asking.append("surge.borrow")
    return f"{listed(asking)} {'counts' if len(asking) == 1 else 'count'} on it" if asking else ""


def _of_borrow(surge: Surge, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for a surge whose helpers serve all those queues anyway."""
    assert surge.borrow is not None
    queues = surge.borrow.queues
    helpers = [agent for agent in roster if surge.borrows(agent)]
    if helpers and all(agent.queues is None or queues.keys() <= agent.queues.keys() for agent in helpers):
        message = f"changes nothing: whoever is in these groups serves {listed([*queues])} anyway"
        yield finding("idle_surge", "surge.borrow.queues", message, "name other queues, or other groups")


def of_reviews(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for phases of training that nobody on *roster* is in."""
    told = [agent.attributes.get(PHASE) for agent in roster]
    phases = {phase for each in told for phase in (each if isinstance(each, tuple) else (each,))}
    for name, queue in plan.queues.items():
        if queue.review is None:
            continue
        asked = [*dict.fromkeys((*queue.review.before, *queue.review.after))]
        if unknown := [phase for phase in asked if phase not in phases]:
            message = f"nobody on the roster has the {PHASE} {listed(unknown)}"
            suggestion = "correct the name, or give it to somebody"
            yield finding("idle_review", f"queues.{name}.review", message, suggestion)


def of_labels(roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for labels that nobody on *roster* may take."""
    limits = [agent.labels or {} for agent in roster]
    for label in dict.fromkeys(name for each in limits for name in each):
        if all(each.get(label) == 0 for each in limits):
            message = "nobody may take what has this label: everybody's limit is 0"
            yield finding("unserved_label", f"labels.{label}", message, "let somebody take some")
