"""What are the figures of a run, and what did the scoring change?

Every figure has its formula beside it. Waits are seconds from submission to the first
acceptance, of whatever was answered. Hours are whole hours of POSIX time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

import attrs
import numpy as np

from workassign.lab.ledger import HOUR, AgentHours, Case, Ledger
from workassign.model import AgentId, Instant

__all__ = [
    "AgentFigures",
    "ClockHour",
    "Effect",
    "Figures",
    "Hour",
    "QueueFigures",
    "Side",
    "TeamFigures",
    "Waits",
    "effects",
    "figures",
    "waits_of",
]

TENTH = 0.9
"""A group holds what is at or above this quantile."""


@attrs.frozen(kw_only=True)
class Waits:
    """Waits of what was answered, seconds; quantiles are interpolated. None where nothing was."""

    answered: int
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    longest: float | None = None


@attrs.frozen(kw_only=True)
class QueueFigures:
    """One queue, or all: entered = answered + abandoned + exited + waiting."""

    name: str
    entered: int
    """What came in, from another queue or opened again included."""
    reopened: int
    """Of these, what had been closed before."""
    answered: int
    """Ever accepted."""
    abandoned: int
    """Left by the customer before anybody accepted."""
    exited: Mapping[str, int]
    """Reason -> closed or moved on otherwise before anybody accepted."""
    waiting: int
    """Open at the end and never accepted."""
    target: float | None
    """The SLA target to the first response, seconds."""
    within: int
    """Answered within the target."""
    missed: int
    """The target passed with nobody having accepted."""
    waits: Waits
    peak: int
    """The most that ever waited at once."""
    offers: Mapping[str, int]
    """What became of offers: made, accepted, declined, expired, taken back -> how many."""

    @property
    def hit_rate(self) -> float | None:
        """SLA first response: within / (within + missed); None if neither ever was."""
        return _rate(self.within, self.missed)


@attrs.frozen(kw_only=True)
class TeamFigures:
    """A team: occupancy is its load over time / its capacity over time, while signed on."""

    team: str
    agents: int
    hours: float
    """Hours that its agents were available or busy, summed up."""
    worked: int
    """Assignments."""
    occupancy: float | None
    by_clock: Mapping[int, float]
    """Hour of the day, 0 to 23 -> occupancy, where anybody was there."""


@attrs.frozen(kw_only=True)
class AgentFigures:
    """An agent: see `TeamFigures`."""

    agent: AgentId
    team: str
    hours: float
    worked: int
    occupancy: float | None


@attrs.frozen(kw_only=True)
class Hour:
    """What came in during one hour (number, from 0 of POSIX time) and how it went, over all queues."""

    number: int
    arrivals: Mapping[str, int]
    peak: Mapping[str, int]
    """Queue -> the most that waited at once."""
    waits: Waits
    """Of what came in this hour."""
    within: int
    missed: int
    occupancy: float | None


@attrs.frozen(kw_only=True)
class ClockHour:
    """An hour of the day, 0 to 23 in local time, over all days and queues."""

    hour: int
    arrivals: int
    waits: Waits
    """Of what came in this hour."""
    within: int
    missed: int
    occupancy: float | None

    @property
    def hit_rate(self) -> float | None:
        """SLA first response of what came in this hour."""
        return _rate(self.within, self.missed)


@attrs.frozen(kw_only=True)
class Figures:
    """The figures of one run."""

    start: Instant | None
    end: Instant
    total: QueueFigures
    queues: tuple[QueueFigures, ...]
    teams: tuple[TeamFigures, ...]
    agents: tuple[AgentFigures, ...]
    occupancy: float | None
    hours: tuple[Hour, ...]
    """From the first hour to the last, without a gap."""
    clock: tuple[ClockHour, ...]
    """All 24 hours of the day."""
    refused: Mapping[str, int]
    failed: Mapping[str, int]
    first_errors: Mapping[str, str]
    """Policy that failed -> its first failure."""


def figures(ledger: Ledger, team_of: Mapping[AgentId, str], zone: tzinfo = UTC) -> Figures:
    """Return the figures of a ledger, which ends here. *team_of*: agent -> team.

    *zone* tells which hour of the day it was.
    """
    ledger.close()
    by_queue: dict[str, list[Case]] = {name: [] for name in ledger.waiting}
    for case in ledger.cases.values():
        by_queue[case.queue].append(case)

    def clock(hour: int) -> int:
        return datetime.fromtimestamp(hour * HOUR, zone).hour

    return Figures(
        start=ledger.start,
        end=ledger.end,
        total=_total(ledger),
        queues=tuple(_queue(name, cases, ledger) for name, cases in by_queue.items()),
        teams=_teams(ledger, team_of, clock),
        agents=tuple(_agent(name, team_of, hours) for name, hours in ledger.agents.items()),
        occupancy=_share(ledger.agents.values()),
        hours=_hours(ledger),
        clock=_clock(ledger, clock),
        refused=dict(sorted(ledger.refused.items())),
        failed=dict(sorted(ledger.failed.items())),
        first_errors=dict(sorted(ledger.first_errors.items())),
    )


def waits_of(cases: Iterable[Case]) -> Waits:
    """Return the waits of those of *cases* that were answered."""
    seconds = np.array([case.wait for case in cases if case.wait is not None])
    if not len(seconds):
        return Waits(answered=0)
    p50, p90, p95 = (float(each) for each in np.quantile(seconds, (0.5, 0.9, 0.95)))
    mean, longest = float(seconds.mean()), float(seconds.max())
    return Waits(answered=len(seconds), mean=mean, p50=p50, p90=p90, p95=p95, longest=longest)


def _rate(within: int, missed: int) -> float | None:
    return within / (within + missed) if within + missed else None


def _within(case: Case) -> bool:
    return case.target is not None and case.wait is not None and not case.missed


# --- queues ---------------------------------------------------------------------------------

_OFFERS = ("made", "accepted", "declined", "expired", "taken back")


def _queue(name: str, cases: Sequence[Case], ledger: Ledger) -> QueueFigures:
    moved = {cause: number for (queue, cause), number in sorted(ledger.moved.items()) if queue == name}
    offers = {what: ledger.offers[name, what] for what in _OFFERS}
    return _line(name, cases, moved, offers, ledger.waiting[name].peak, ledger.targets.get(name))


def _total(ledger: Ledger) -> QueueFigures:
    """Return the figures of everything; what moved between queues counts once."""
    offers = {what: sum(n for (_, was), n in ledger.offers.items() if was == what) for what in _OFFERS}
    targets = set(ledger.targets.values())
    target = targets.pop() if len(targets) == 1 else None
    return _line("all queues", list(ledger.cases.values()), {}, offers, ledger.everywhere.peak, target)


def _line(
    name: str,
    cases: Sequence[Case],
    moved: Mapping[str, int],
    offers: Mapping[str, int],
    peak: float,
    target: float | None,
) -> QueueFigures:
    fates = [case.fate for case in cases]
    exited = dict(moved)
    for case in cases:
        if case.fate == "exited":
            exited[case.end] = exited.get(case.end, 0) + 1
    return QueueFigures(
        name=name,
        entered=len(cases) + sum(moved.values()),
        reopened=sum(case.reopened for case in cases),
        answered=fates.count("answered"),
        abandoned=fates.count("abandoned"),
        exited=exited,
        waiting=fates.count("waiting"),
        target=target,
        within=sum(map(_within, cases)),
        missed=sum(case.missed for case in cases),
        waits=waits_of(cases),
        peak=round(peak),
        offers=offers,
    )


# --- agents ---------------------------------------------------------------------------------


def _share(agents: Iterable[AgentHours]) -> float | None:
    pairs = [(sum(each.load.area.values()), sum(each.capacity.area.values())) for each in agents]
    capacity = sum(pool for _, pool in pairs)
    return sum(load for load, _ in pairs) / capacity if capacity else None


def _agent(name: AgentId, team_of: Mapping[AgentId, str], hours: AgentHours) -> AgentFigures:
    return AgentFigures(
        agent=name,
        team=team_of.get(name, "other agents"),
        hours=_signed_on(hours),
        worked=hours.worked,
        occupancy=_share([hours]),
    )


def _signed_on(hours: AgentHours) -> float:
    return sum(hours.capacity.area.values()) / hours.pool / HOUR


def _teams(
    ledger: Ledger, team_of: Mapping[AgentId, str], clock: Callable[[int], int]
) -> tuple[TeamFigures, ...]:
    members: dict[str, list[AgentHours]] = {}
    for name, hours in ledger.agents.items():
        members.setdefault(team_of.get(name, "other agents"), []).append(hours)
    return tuple(
        TeamFigures(
            team=team,
            agents=len(agents),
            hours=sum(_signed_on(each) for each in agents),
            worked=sum(each.worked for each in agents),
            occupancy=_share(agents),
            by_clock=_share_by(agents, clock),
        )
        for team, agents in members.items()
    )


def _share_by(agents: Iterable[AgentHours], place: Callable[[int], int]) -> dict[int, float]:
    """Return the occupancy in every place to which *place* puts an hour."""
    load: dict[int, float] = {}
    capacity: dict[int, float] = {}
    for agent in agents:
        for level, total in ((agent.load, load), (agent.capacity, capacity)):
            for hour, area in level.area.items():
                total[place(hour)] = total.get(place(hour), 0.0) + area
    return {where: load.get(where, 0.0) / pool for where, pool in sorted(capacity.items()) if pool > 0}


# --- hours ----------------------------------------------------------------------------------


def _hours(ledger: Ledger) -> tuple[Hour, ...]:
    if ledger.start is None:
        return ()
    occupancy = _share_by(ledger.agents.values(), lambda hour: hour)
    came: dict[int, list[Case]] = {}
    for case in ledger.cases.values():
        came.setdefault(int(case.at // HOUR), []).append(case)
    numbers = range(int(ledger.start // HOUR), int(ledger.end // HOUR) + 1)
    return tuple(_hour(number, came.get(number, []), ledger, occupancy.get(number)) for number in numbers)


def _hour(number: int, cases: Sequence[Case], ledger: Ledger, occupancy: float | None) -> Hour:
    queues = [case.queue for case in cases]
    return Hour(
        number=number,
        arrivals={name: queues.count(name) for name in ledger.waiting},
        peak={name: round(level.peaks.get(number, 0.0)) for name, level in ledger.waiting.items()},
        waits=waits_of(cases),
        within=sum(map(_within, cases)),
        missed=sum(case.missed for case in cases),
        occupancy=occupancy,
    )


def _clock(ledger: Ledger, clock: Callable[[int], int]) -> tuple[ClockHour, ...]:
    occupancy = _share_by(ledger.agents.values(), clock)
    came: dict[int, list[Case]] = {hour: [] for hour in range(24)}
    for case in ledger.cases.values():
        came[clock(int(case.at // HOUR))].append(case)
    return tuple(
        ClockHour(
            hour=hour,
            arrivals=len(cases),
            waits=waits_of(cases),
            within=sum(map(_within, cases)),
            missed=sum(case.missed for case in cases),
            occupancy=occupancy.get(hour),
        )
        for hour, cases in came.items()
    )


# --- what scoring changed -------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Side:
    """A group of interactions in one run."""

    waits: Waits
    hit_rate: float | None


@attrs.frozen(kw_only=True)
class Effect:
    """The same group of interactions, and the rest, with scoring and without."""

    group: str
    members: int
    share: float
    """Of all interactions in which the figure is known; above a tenth where many are equal."""
    least: float
    """The figure from which an interaction belongs to the group."""
    scored: Side
    unscored: Side
    rest_scored: Side
    rest_unscored: Side


def effects(scored: Ledger, unscored: Ledger) -> tuple[Effect, ...]:
    """Return how the most influential, unhappy and valuable tenths fared in two runs of a day.

    A group is what is at or above its 90th percentile, everything equal to that included: with
    a few labels of sentiment it can be far more than a tenth.
    """
    found = (_effect(name, known, scored, unscored) for name, known in _GROUPS.items())
    return tuple(effect for effect in found if effect is not None)


def _followers(case: Case) -> float | None:
    customer = case.interaction.customer
    return None if customer is None else customer.followers


def _unhappiness(case: Case) -> float | None:
    felt = case.interaction.sentiment
    return None if felt is None else -felt


def _value(case: Case) -> float | None:
    customer = case.interaction.customer
    return None if customer is None else customer.value


def _head_start(case: Case) -> float | None:
    return case.head_start


_GROUPS: Mapping[str, Callable[[Case], float | None]] = {
    "most influential": _followers,
    "most unhappy": _unhappiness,
    "most valuable": _value,
    "largest head start": _head_start,
}


def _effect(
    name: str, known: Callable[[Case], float | None], scored: Ledger, unscored: Ledger
) -> Effect | None:
    measured = {key: value for key, case in scored.cases.items() if (value := known(case)) is not None}
    if not measured or len(set(measured.values())) == 1:
        return None
    least = float(np.quantile(list(measured.values()), TENTH, method="higher"))
    members = [key for key, value in measured.items() if value >= least]
    chosen = set(members)
    rest = [key for key in measured if key not in chosen]
    return Effect(
        group=name,
        members=len(members),
        share=len(members) / len(measured),
        least=least,
        scored=_side(scored, members),
        unscored=_side(unscored, members),
        rest_scored=_side(scored, rest),
        rest_unscored=_side(unscored, rest),
    )


def _side(ledger: Ledger, keys: Iterable[str]) -> Side:
    cases = [ledger.cases[key] for key in keys if key in ledger.cases]
    within, missed = sum(map(_within, cases)), sum(case.missed for case in cases)
    return Side(waits=waits_of(cases), hit_rate=_rate(within, missed))
