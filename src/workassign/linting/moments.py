"""Which queues does a free work policy name in vain?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workassign.linting.findings import Finding, finding, listed
from workassign.linting.known import settings_of
from workassign.plan import Plan
from workassign.policies import naming
from workassign.queues import free_works

__all__ = ["of_moments"]

_TABLES = {"queue_ratio": "shares", "ageing": "speeds", "threshold": "above", "max_weight": "weights"}
"""Our policies, and the setting that names queues."""


def of_moments(plan: Plan) -> Iterator[Finding]:
    """Look for queues that a free work policy names and is never shown. Cost: O(queues squared)."""
    works = free_works(plan.queues)
    for first in dict.fromkeys(works.values()):
        spec = naming.describe(plan.queues[first].work)
        for use, setting in _TABLES.items():
            if (settings := settings_of(spec, f"work:{use}")) is not None:
                missed = list(_unshown(plan, works, first, settings[setting], skills=use == "max_weight"))
                if missed:
                    message = f"never sees {listed(missed)}: these have another work policy, or are not there"
                    suggestion = "give all the queues that it names the same `work`, or leave them out"
                    yield finding("unshown_queue", f"queues.{first}.work.{setting}", message, suggestion)


def _unshown(
    plan: Plan, works: Mapping[str, str], first: str, named: Mapping[str, object], *, skills: bool
) -> Iterator[str]:
    """Yield what is *named* and no queue whose work policy is that of *first*, nor a skill, if it may be."""
    for name in named:
        if name in plan.queues:
            if works.get(name) != first:
                yield name
        elif not skills or (plan.skills is not None and name not in plan.skills):
            yield name
