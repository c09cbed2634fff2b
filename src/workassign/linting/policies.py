"""Can every policy be named in a journal, and is it one of ours?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.errors import PlanError
from workassign.linting.findings import Finding, finding
from workassign.linting.known import is_ours, policies
from workassign.plan import Plan
from workassign.policies import naming

__all__ = ["of_policies"]


def of_policies(plan: Plan) -> Iterator[Finding]:
    """Look at what each policy is: whether it can be named, was made, and is one of ours."""
    try:
        plan.to_data()
    except PlanError as error:
        for problem in error.problems:
            place, _, message = problem.partition(": ")
            suggestion = "use a module's function, or a factory marked with `naming.factory`"
            yield finding("nameless_policy", place, f"cannot be journaled: {message}", suggestion)
    for place, policy in policies(plan):
        for use in _outside(naming.describe(policy)):
            message = f"{use} is not one of the library's: its cost and its bounds are not known here"
            suggestion = "keep it pure and fast: it is asked within a turn"
            yield finding("own_policy", place, message, suggestion)


def _outside(spec: object) -> Iterator[str]:
    """Yield the names in a described policy that are not ours, its parts included."""
    if isinstance(spec, Mapping):
        yield from _outside(spec["use"])
        for part in spec.get("parts", ()):
            yield from _outside(part[1])
    elif isinstance(spec, str) and not is_ours(spec):
        yield spec
