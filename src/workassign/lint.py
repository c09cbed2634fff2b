"""What is wrong, dead or dangerous in a plan, and in the roster that is to serve it?

Only what can be told beforehand: nothing is simulated, and of a policy nothing is believed but
what its own settings say. Each room of `linting` looks for one kind of trouble.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from workassign.groups import formed
from workassign.linting.bounds import Bound, starvation_bound
from workassign.linting.capacity import of_capacity, of_channels
from workassign.linting.dead import of_change, of_dead_settings
from workassign.linting.delays import of_agents_delays, of_delays, of_kept_agents
from workassign.linting.doors import of_doors
from workassign.linting.findings import KINDS, SEVERITIES, Finding, Severity
from workassign.linting.head_starts import of_head_starts
from workassign.linting.moments import of_moments
from workassign.linting.order import of_orders, of_tiers, of_twins
from workassign.linting.policies import of_policies
from workassign.linting.priorities import Outranked, of_priorities, outranked
from workassign.linting.promises import of_promises
from workassign.linting.roster import of_agents, of_coverage, of_skills
from workassign.linting.sample import Sample, of_sample
from workassign.linting.staff import Staff
from workassign.linting.steps import of_moves, of_steps
from workassign.linting.teams import of_groups, of_labels, of_reviews, of_rotations, of_surge
from workassign.linting.traits import of_queue_needs, of_traits
from workassign.model import Agent, Interaction
from workassign.plan import Plan

__all__ = [
    "KINDS",
    "Bound",
    "Finding",
    "Severity",
    "as_data",
    "lint",
    "starvation_bound",
    "text",
    "worst_first",
]


def lint(
    plan: Plan,
    roster: Sequence[Agent] = (),
    sample: Iterable[Interaction] = (),
    *,
    before: Plan | None = None,
) -> list[Finding]:
    """Return what is wrong, dead or dangerous, the worst first; without a roster, of the plan alone.

    *sample* is what came in on some earlier day, or what is expected; *before* is the plan that
    holds until this one does. Refusal policies are asked once for each cause, no other policy is
    called.

    Cost: O(sample + agents x queues that they name + queues squared + kinds of needs x different
    skills and attributes): 2,000 agents, 1,000 queues and 1,000 kinds of needs take a few seconds.

    >>> from workassign.plan import Queue
    >>> from workassign.policies import sla
    >>> finding, = lint(Plan(queues={"vip": Queue(offer_for=60, sla=sla.first_response(30))}))[:1]
    >>> finding.kind, finding.severity, finding.place
    ('slow_offer', 'warning', 'queues.vip.offer_for')
    """
    roster = [formed(agent, plan.groups) for agent in roster]
    staff = Staff(roster, plan.queues) if roster else None
    after = {} if staff is None else outranked(plan, staff)
    work = Sample.of(sample)
    found = [*_of_plan(plan), *of_tiers(plan, staff or _ANYBODY)]
    found += of_kept_agents(plan, staff)
    found += of_steps(plan, work.names, own_tiers=bool(work.tiers))
    found += of_surge(plan, own_tiers=bool(work.tiers))
    if staff is not None:
        found += _of_roster(plan, staff, after)
        found += of_traits(plan, staff, work.names)
    if before is not None:
        found += of_change(plan, before)
    found += of_sample(plan, staff, work, after)
    return worst_first(found)


_ANYBODY = Staff([Agent(id="anybody")])
"""Stands in for a roster that is not known: the same agents may serve all queues."""


def _of_plan(plan: Plan) -> Iterator[Finding]:
    """Look at the plan by itself."""
    yield from of_policies(plan)
    yield from of_promises(plan)
    yield from of_dead_settings(plan)
    yield from of_moves(plan)
    yield from of_doors(plan)
    yield from of_rotations(plan)
    yield from of_channels(plan)
    yield from of_moments(plan)
    for name, queue in plan.queues.items():
        yield from of_head_starts(f"queues.{name}", queue)
        yield from of_delays(f"queues.{name}", queue)
    for bound in starvation_bound(plan):
        yield from of_orders(plan, bound)


def _of_roster(plan: Plan, staff: Staff, after: Mapping[str, Outranked]) -> Iterator[Finding]:
    """Look at the roster, and at the plan in its hands."""
    yield from of_agents(plan, staff.agents)
    yield from of_coverage(plan, staff)
    yield from of_queue_needs(plan, staff)
    yield from of_skills(plan, staff.agents)
    yield from of_capacity(plan, staff.agents)
    yield from of_priorities(plan, staff, after)
    yield from of_agents_delays(plan, staff)
    yield from of_twins(plan, staff)
    yield from of_groups(plan, staff.agents)
    yield from of_reviews(plan, staff.agents)
    yield from of_labels(staff.agents)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order in which they are shown."""
    return sorted(findings, key=lambda each: (SEVERITIES.index(each.severity), each.place, each.message))


def text(findings: Sequence[Finding], bounds: Sequence[Bound] = ()) -> str:
    """Return findings, and bounds, for a terminal.

    >>> print(text([], starvation_bound(Plan())))
    Nothing found.
    tier 1 (default): overtaken by nothing more than 0 s later; no head starts
    """
    lines = [
        f"{each.severity:7}  {each.place}: {each.message} ({each.suggestion}) [{each.kind}]"
        for each in findings
    ]
    counts = Counter(each.severity for each in findings)
    total = ", ".join(f"{counts[each]} {each}" for each in SEVERITIES if counts[each])
    return "\n".join([*lines, f"{total}." if findings else "Nothing found.", *map(str, bounds)])


def as_data(findings: Sequence[Finding], bounds: Sequence[Bound] = ()) -> dict[str, Any]:
    """Return findings, and bounds, as plain data that JSON can hold."""
    return {
        "findings": [attrs.asdict(each) for each in findings],
        "bounds": [attrs.asdict(each) for each in bounds],
    }
