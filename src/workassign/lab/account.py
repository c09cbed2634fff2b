"""What is there to tell of a run? Everything that a summary, a report or a JSON file shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

import attrs

from workassign.lab.figures import Effect, Figures, QueueFigures
from workassign.lab.kpis import KeyFigures
from workassign.lab.ledger import Ledger
from workassign.lab.written import percent

__all__ = ["Account", "Source", "team_rows"]


@attrs.frozen(kw_only=True)
class Source:
    """What was read: read = bad + dropped + entered."""

    name: str
    read: int
    bad: tuple[tuple[int, str], ...]
    """Records that cannot be used: line and reason."""
    dropped: Mapping[str, int]
    """Stage of the screening -> how many it dropped."""
    notes: Mapping[str, int]
    """What was odd but did no harm -> how often."""
    out_of_order: int

    @property
    def all_bad(self) -> bool:
        """Whether there were records, and none of them can be used."""
        return 0 < self.read == len(self.bad)


@attrs.frozen(kw_only=True)
class Account:
    """One run beside the same day without scoring."""

    plan: str
    plan_hash: str
    seed: int
    zone: tzinfo
    source: Source
    found: Figures
    unscored: Figures
    effects: tuple[Effect, ...]
    ledger: Ledger
    keys: KeyFigures
    synthetic: bool
    """Whether followers and customer values are synthetic."""

    def as_data(self) -> dict[str, Any]:
        """Return all figures as plain data; times in seconds."""
        return {
            "plan": self.plan,
            "plan_hash": self.plan_hash,
            "seed": self.seed,
            "zone": str(self.zone),
            "synthetic_customers": self.synthetic,
            "funnel": attrs.asdict(self.source),
            "run": _figures(self.found),
            "without_scoring": _figures(self.unscored),
            "effects": [attrs.asdict(effect) for effect in self.effects],
            **self.keys.as_data(),
        }


def _figures(found: Figures) -> dict[str, Any]:
    data = attrs.asdict(found)
    return {
        **data,
        "total": _line(found.total),
        "queues": [_line(each) for each in found.queues],
        "clock": [{**attrs.asdict(each), "hit_rate": each.hit_rate} for each in found.clock],
    }


def _line(line: QueueFigures) -> dict[str, Any]:
    return {**attrs.asdict(line), "hit_rate": line.hit_rate}


def team_rows(found: Figures) -> list[tuple[str, ...]]:
    """Return a row a team, and one for all: name, agents, hours signed on, worked, occupancy."""
    rows: list[tuple[str, ...]] = [
        (each.team, str(each.agents), f"{each.hours:,.1f}", f"{each.worked:,}", percent(each.occupancy))
        for each in found.teams
    ]
    hours = f"{sum(each.hours for each in found.teams):,.1f}"
    worked = f"{sum(each.worked for each in found.teams):,}"
    rows.append(("all teams", str(len(found.agents)), hours, worked, percent(found.occupancy)))
    return rows
