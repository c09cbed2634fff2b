"""Which rows of a target can never tell, or tell the wrong way round?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.known import fixed, settings_of
from workassign.plan import Plan
from workassign.policies import naming

__all__ = ["of_promises"]


def of_promises(plan: Plan) -> Iterator[Finding]:
    """Look at the steps and cases of every target that is a policy."""
    for name, queue in plan.queues.items():
        if queue.sla is not None:
            yield from _of_target(plan, f"queues.{name}.sla", naming.describe(queue.sla))
        for number, target in enumerate(queue.targets):
            if callable(target.within):
                place = f"queues.{name}.targets[{number}].within"
                yield from _of_target(plan, place, naming.describe(target.within))


def _of_target(plan: Plan, place: str, spec: object) -> Iterator[Finding]:
    """Look at a described target, and at the policies within it."""
    if (tightened := settings_of(spec, "sla:tightened")) is not None:
        yield from _of_steps(place, tightened)
        yield from _of_target(plan, f"{place}.seconds", tightened["seconds"])
    elif (by := settings_of(spec, "sla:by")) is not None:
        yield from _of_cases(plan, place, by)
        for value, each in by["cases"].items():
            yield from _of_target(plan, f"{place}.cases.{value}", each)
        yield from _of_target(plan, f"{place}.otherwise", by.get("otherwise"))


def _of_steps(place: str, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Look for steps that never tighten: wherever one applies, something shorter does, too."""
    usual = fixed(spec["seconds"])
    for field in ("followers", "influence", "sentiment"):
        # From the step that applies to most people to the one that applies to fewest.
        wide = -1 if field == "sentiment" else 1
        steps = sorted(
            (wide * bound, seconds, number) for number, (bound, seconds) in enumerate(spec.get(field, ()))
        )
        least = inf if usual is None else usual
        for bound, seconds, number in steps:
            if seconds >= least:
                message = f"gives {seconds:g} s, but {least:g} s apply already: the least of all counts"
                suggestion = f"give {field} {wide * bound:g} less than {least:g}, or remove it"
                yield finding("dead_step", f"{place}.{field}[{number}]", message, suggestion)
            least = min(least, seconds)


def _of_cases(plan: Plan, place: str, spec: Mapping[str, Any]) -> Iterator[Finding]:
    """Look for cases that never come, that make no difference, or that favour a later tier."""
    field, cases, rest = spec["field"], spec["cases"], spec.get("otherwise")
    for value, each in cases.items():
        if (why := _never(plan, field, str(value))) is not None:
            suggestion = "correct it, or remove it"
            yield finding("dead_case", f"{place}.cases.{value}", f"never comes: {why}", suggestion)
        elif rest is not None and each == rest:
            message = "says the same as `otherwise`"
            yield finding("idle_case", f"{place}.cases.{value}", message, "leave it out")
    if field == "tier":
        yield from _of_tiers(place, cases)


def _never(plan: Plan, field: str, value: str) -> str | None:
    """Return why no interaction has this value; None: one may have it."""
    if field == "channel" and value not in plan.channels:
        return f"there is no channel {value!r}; there are {listed(list(plan.channels))}"
    if field == "tier" and value not in map(str, range(100)):
        return "a tier is a whole number from 0 to 99"
    return None


def _of_tiers(place: str, cases: Mapping[str, Any]) -> Iterator[Finding]:
    """Look for a tier that is promised more than an earlier one."""
    known = {int(value): fixed(each) for value, each in cases.items() if str(value).isdecimal()}
    longest: tuple[float, int] = (-inf, 0)
    for tier, seconds in sorted((tier, seconds) for tier, seconds in known.items() if seconds is not None):
        if seconds < longest[0]:
            message = (
                f"is promised {seconds:g} s, the more urgent tier {longest[1]} only {longest[0]:g} s: "
                "it waits behind that tier and is due before it"
            )
            suggestion = "give the earlier tier the shorter target"
            yield finding("inverted_target", f"{place}.cases.{tier}", message, suggestion)
        longest = max(longest, (seconds, tier))
