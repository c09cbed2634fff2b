"""Which key figures of a run are told, in which order, and how are they written?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from workassign.formulas import gini, share_spread
from workassign.inversions import Inversions, inversions
from workassign.journal import Store, header
from workassign.kpi import KPIS, Figures, Kpi, Kpis, TargetFigures
from workassign.model import AgentId

__all__ = ["GROUPS", "LEVELS", "Evenness", "KeyFigures", "key_figures", "value_of"]

MOST_FOLLOWED = 50_000
"""Inversions need a pass of their own, which a journal of more entries does not get."""

LEVELS = tuple(name for name in KPIS if name.startswith("sl_"))
"""The variants of the service level."""

GROUPS: Mapping[str, Sequence[str]] = {
    "Flow": (
        *("entered", "reopened", "answered", "within", "abandoned", "abandoned_within"),
        *("abandoned_short", "exited", "flowed_out", "waiting"),
    ),
    "Service level": LEVELS,
    "Waits": (
        *("asa", "wait_p50", "wait_p90", "wait_p95", "wait_max", "excess_wait"),
        *("abandon_rate", "abandon_rate_after_short", "wait_parity"),
    ),
    "Responses": ("first_response", "next_response", "resolution", "messages", "replies", "bot_replies"),
    "Handling": (
        *("handled", "completed", "handle_time", "handle_time_active", "wrap_up_time", "occupancy"),
        *("transfer_rate", "hops_p95", "escalations"),
    ),
    "Offers": (
        *("accept_rate", "decline_rate", "timeout_rate", "offers_per_accept"),
        *("time_to_accept", "time_to_accept_p95", "sticky_hit_rate"),
    ),
    "Quality": ("reopen_rate", "first_contact_resolution", "one_touch", "reviews", "rejection_rate"),
    "Mood": ("sentiment", "sentiment_shift", "happiness"),
}
"""Every figure, in one group."""


@attrs.frozen(kw_only=True)
class Evenness:
    """How evenly a team's handled work is shared among its agents."""

    team: str
    agents: int
    handled: int
    gini: float | None
    share_spread: float | None


@attrs.frozen(kw_only=True)
class KeyFigures:
    """The key figures of a whole journal."""

    total: Figures
    queues: Mapping[str, Figures]
    targets: tuple[TargetFigures, ...]
    segments: Mapping[str, tuple[int, float]]
    """Customer segment -> answered and mean wait; "-" is everybody without one."""
    teams: tuple[Evenness, ...]
    inversions: Inversions | None
    """None: the journal is too long to follow."""

    def as_data(self) -> dict[str, Any]:
        """Return them as plain data; times in seconds."""
        found = self.inversions
        return {
            "kpis": {
                "all": self.total.as_dict(),
                "queues": {name: figures.as_dict() for name, figures in self.queues.items()},
            },
            "targets": [attrs.asdict(target) for target in self.targets],
            "inversions": None if found is None else {**attrs.asdict(found), "share": found.share},
            "evenness": [attrs.asdict(team) for team in self.teams],
        }


def key_figures(kpis: Kpis, store: Store, team_of: Mapping[AgentId, str]) -> KeyFigures:
    """Return the key figures of *kpis*, which has taken in the whole journal of *store*.

    Raises:
        JournalError: If the journal is damaged.
    """
    planned = [name for name in header(store).plan["queues"] if name in kpis.queues]
    handled: dict[str, list[int]] = {}
    for each in kpis.agents():
        handled.setdefault(team_of.get(each.agent, "other agents"), []).append(each.handled)
    return KeyFigures(
        total=kpis.figures(),
        queues={name: kpis.figures(name) for name in dict.fromkeys([*planned, *kpis.queues])},
        targets=tuple(kpis.targets()),
        segments=kpis.segments(),
        teams=tuple(_evenness(team, levels) for team, levels in handled.items()),
        inversions=inversions(store) if store.head() < MOST_FOLLOWED else None,
    )


def _evenness(team: str, levels: Sequence[int]) -> Evenness:
    return Evenness(
        team=team,
        agents=len(levels),
        handled=sum(levels),
        gini=gini(levels) if len(levels) > 1 else None,
        share_spread=share_spread(levels) if len(levels) > 1 else None,
    )


def value_of(figures: Figures, kpi: Kpi) -> float | None:
    """Return a figure as a number: of reasons their sum."""
    value = getattr(figures, kpi.name)
    return sum(value.values()) if isinstance(value, Mapping) else value
