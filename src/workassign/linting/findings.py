"""What can be found, and how bad is it? The closed list of kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import attrs

__all__ = ["KINDS", "SEVERITIES", "Finding", "Severity", "alike", "finding", "listed"]

Severity: TypeAlias = Literal["error", "warning", "info"]
"""error: something here never works; warning: it does harm; info: good to know."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

KINDS: Mapping[str, Severity] = {
    # what a policy is
    "nameless_policy": "error",
    "own_policy": "info",
    # head starts
    "dead_scorer": "warning",
    "dead_part": "info",
    "cap_never_reached": "info",
    "cap_cuts_often": "warning",
    "cap_cuts": "info",
    # delays beside promises
    "broken_refusals": "error",
    "slow_sticky_wait": "warning",
    "slow_batch": "warning",
    "slow_offer": "warning",
    "slow_cool_down": "warning",
    "slow_exclusion": "info",
    "slow_delay": "warning",
    "dead_delay": "info",
    "keeps_everybody": "warning",
    "dead_keep_free": "info",
    # promises
    "dead_step": "warning",
    "dead_case": "warning",
    "idle_case": "info",
    # rules that are never heard
    "dead_setting": "info",
    "silent_alarm": "warning",
    "constant_alarm": "warning",
    "unused_calendar": "info",
    "unused_successor": "info",
    "missing_successor": "warning",
    # steps
    "unreached_overflow": "warning",
    "idle_rotation": "warning",
    "idle_surge": "info",
    "unreached_step": "warning",
    "idle_step": "info",
    "endless_moves": "warning",
    # who comes before whom
    "shadowed_queue": "warning",
    "starving_tier": "info",
    "outranked_queue": "warning",
    "inverted_priority": "warning",
    "inverted_target": "warning",
    "outweighed_target": "info",
    "unheard_target": "info",
    "unheard_priorities": "info",
    "unshown_queue": "warning",
    "twin_queues": "info",
    "mixed_orders": "warning",
    "unknown_targets": "info",
    "differing_targets": "info",
    # the roster
    "agent_twice": "error",
    "unknown_name": "error",
    "idle_agent": "error",
    "unserved_queue": "error",
    "unserved_label": "error",
    "empty_group": "warning",
    "idle_review": "warning",
    "unserved_channel": "error",
    "oversized_channel": "error",
    "wasted_capacity": "warning",
    "unreachable_limit": "info",
    "unused_skill": "warning",
    "scarce_skill": "warning",
    "nobody_for_queue_needs": "error",
    "unknown_trait": "warning",
    "one_sided_beside": "warning",
    "idle_reserve": "info",
    # a sample of work
    "refused_work": "error",
    "unroutable_needs": "error",
    "own_tier": "info",
    "dead_sticky_wait": "info",
    "unknown_preference": "info",
    # the table [mentions] of a plan file
    "dead_topic": "warning",
    "unfed_scorer": "info",
}
"""Every kind of finding and its severity; the pages explain each."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that somebody should look at."""

    kind: str
    """One of `KINDS`."""
    severity: Severity
    place: str
    """Where, as a path: `queues.vip.scoring[0]`, `roster.ann`, `sample`."""
    message: str
    suggestion: str


def finding(kind: str, place: str, message: str, suggestion: str) -> Finding:
    """Return a finding with the severity of its kind."""
    return Finding(kind=kind, severity=KINDS[kind], place=place, message=message, suggestion=suggestion)


def listed(names: Sequence[str]) -> str:
    """Return names in one phrase, not more than a few.

    >>> listed(["a", "b"]), listed(list("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    few = ", ".join(names[:5])
    return f"{few} and {len(names) - 5} more" if len(names) > 5 else few


def alike(count: int) -> str:
    """Say that a finding about one holds for so many in all.

    >>> alike(1), alike(3)
    ('', ' (and 2 alike)')
    """
    return f" (and {count - 1} alike)" if count > 1 else ""
