"""Which agents are never used, which queues, channels and skills does nobody cover?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.staff import Staff, answers
from workassign.model import Agent, AgentId
from workassign.plan import Plan

__all__ = ["of_agents", "of_coverage", "of_skills"]


def of_agents(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for agents whom the engine would refuse, or who can never take anything."""
    for who, count in Counter(agent.id for agent in roster).items():
        if count > 1:
            yield finding("agent_twice", f"roster.{who}", "is on the roster twice", "keep one of them")
    for agent in roster:
        yield from _of_names(plan, agent)
        sizes = [each.units for name, each in plan.channels.items() if answers(agent, name)]
        if not sizes or min(sizes) > agent.capacity:
            message = (
                f"can never take anything: capacity {agent.capacity:g}" if sizes else "serves no channel"
            )
            suggestion = "raise the capacity, or serve another channel"
            yield finding("idle_agent", f"roster.{agent.id}", message, suggestion)


def _of_names(plan: Plan, agent: Agent) -> Iterator[Finding]:
    """Look for names of queues, channels, skills and attributes that the plan does not have."""
    tables: tuple[tuple[str, Iterable[str], Iterable[str] | None], ...] = (
        ("queue", {**(agent.queues or {}), **agent.delays}, plan.queues),
        ("channel", agent.channels or (), plan.channels),
        ("skill", agent.skills, plan.skills),
        ("attribute", agent.attributes, plan.attributes),
        ("group", agent.groups, plan.groups),
    )
    for what, names, known in tables:
        for name in names:
            if known is not None and name not in known:
                message = f"{what} {name!r} is not in the plan: the agent would be refused"
                suggestion = f"add it, or use one of {listed(sorted(known))}"
                yield finding("unknown_name", f"roster.{agent.id}", message, suggestion)


def of_coverage(plan: Plan, staff: Staff) -> Iterator[Finding]:
    """Look for queues and channels that nobody serves, and for channels that fit nobody."""
    message, suggestion = "nobody on the roster serves it", "give it to somebody, or remove it"
    for name in plan.queues:
        if not staff.naming(name):
            yield finding("unserved_queue", f"queues.{name}", message, suggestion)
    for name, channel in plan.channels.items():
        able = staff.answering(name)
        if not able:
            yield finding("unserved_channel", f"channels.{name}", message, suggestion)
        elif not able & staff.roomy(channel.units):
            most = max(agent.capacity for agent in staff.named(able))
            text = f"is {channel.units:g}, more than the largest capacity, {most:g}: nobody can ever take one"
            advice = f"at most {most:g}, or raise a capacity"
            yield finding("oversized_channel", f"channels.{name}.units", text, advice)


def of_skills(plan: Plan, roster: Sequence[Agent]) -> Iterator[Finding]:
    """Look for skills that nobody has, or one agent only."""
    having: dict[str, set[AgentId]] = {skill: set() for skill in plan.skills or ()}
    for agent in roster:
        for skill in agent.skills:
            having.setdefault(skill, set()).add(agent.id)
    for skill, who in having.items():
        if not who:
            message, suggestion = "is declared, but nobody has it", "train somebody, or remove it"
            yield finding("unused_skill", f"skills.{skill}", message, suggestion)
        elif len(who) == 1 and len(roster) > 1:
            message = f"only {min(who)} has it: what needs it waits whenever she is away"
            yield finding("scarce_skill", f"skills.{skill}", message, "train a second one")
