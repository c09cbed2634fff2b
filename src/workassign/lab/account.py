"""What is there to tell of a run? Everything that a summary, a report or a JSON file shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Protocol

import attrs

from workassign.lab.figures import Effect, Figures, QueueFigures
from workassign.lab.kpis import KeyFigures
from workassign.lab.ledger import Ledger
from workassign.lab.written import percent

__all__ = ["Account", "Mood", "Source", "team_rows"]


class Mood(Protocol):
    """How people felt about a brand in one hour (its number, from 0 of POSIX time)."""

    @property
    def brand(self) -> str:
        """Whom it is about; empty: nobody in particular."""

    @property
    def hour(self) -> int:
        """The number of the hour."""

    @property
    def unhappy(self) -> int:
        """How many were unhappy."""

    @property
    def neither(self) -> int:
        """How many were neither."""

    @property
    def happy(self) -> int:
        """How many were happy."""

    @property
    def unknown(self) -> int:
        """Of how many nobody can tell."""

    @property
    def mean(self) -> float | None:
        """The mean sentiment, -1 to 1; None: nobody's is known."""


@attrs.frozen(kw_only=True)
class Source:
    """What was read: read = bad + dropped + entered."""

    name: str
    read: int
    bad: tuple[tuple[int, str], ...]
    """Records that cannot be used: line and reason."""
    dropped: Mapping[str, int]
    """Stage -> how many left there, and entered no queue of their own."""
    notes: Mapping[str, int]
    """What was odd but did no harm -> how often."""
    out_of_order: int
    joined: tuple[str, ...] = ()
    """Of the stages, those at which nothing is lost: it is part of something that entered."""
    entered: int = 0
    """How many entered a queue as interactions of their own; copies and samples are not among them."""
    audited: Mapping[str, int] = attrs.field(factory=dict)
    """Stage -> how many of what it dropped people look at."""
    samples: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, repr=False)
    """Stage -> some texts that it dropped; in the report only."""
    moods: tuple[Mood, ...] = ()
    """By brand and hour."""
    measured: Mapping[str, float | None] = attrs.field(factory=dict)
    """How good the screening was, where people had labelled the mentions: figure -> value."""

    @property
    def all_bad(self) -> bool:
        """Whether there were records, and none of them can be used."""
        return 0 < self.read == len(self.bad)

    def left_at(self, stage: str) -> str:
        """Return what became of what left at *stage*, in words."""
        return f"{'joined' if stage in self.joined else 'dropped'}: {stage}"

    def as_data(self) -> dict[str, Any]:
        """Return the counts as plain data: no text of a customer is in them."""
        said = (each for each in attrs.fields(Source) if each.name not in ("samples", "moods"))
        return {
            **{each.name: getattr(self, each.name) for each in said},
            "moods": [
                {
                    "brand": each.brand,
                    "hour": each.hour,
                    "unhappy": each.unhappy,
                    "neither": each.neither,
                    "happy": each.happy,
                    "unknown": each.unknown,
                    "mean": each.mean,
                }
                for each in self.moods
            ],
        }


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
            "funnel": self.source.as_data(),
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
