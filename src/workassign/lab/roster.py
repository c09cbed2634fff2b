"""Who works when? Teams and single agents of the table `[roster]`, and their shifts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

import attrs

from workassign.errors import PlanError
from workassign.hours import zone_of
from workassign.model import Agent, AgentId, Instant
from workassign.plan import Plan
from workassign.settings import structured

__all__ = ["Member", "Roster", "Shift", "Team", "Turnout", "zone_named"]

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_AGENTS = 10_000

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):([0-5]\d)")


@attrs.frozen(kw_only=True)
class Shift:
    """Local hours on some days of the week; an end before the start is on the next day.

    Raises:
        ValueError: If a day or an hour is none.
    """

    start: str
    """HH:MM, local time."""
    end: str
    """HH:MM, up to 24:00."""
    days: tuple[str, ...] = ("mon-sun",)
    """Days, or spans of days: `mon`, `thu-sat`."""

    def __attrs_post_init__(self) -> None:
        """Check days and hours."""
        _ = self.weekdays
        for name in ("start", "end"):
            if not _CLOCK.fullmatch(getattr(self, name)):
                raise ValueError(f"{name} must be a time of day such as 08:30, not {getattr(self, name)!r}")
        if self.start == self.end:
            raise ValueError(f"start and end are both {self.start}; a whole day is 00:00 to 24:00")

    @property
    def weekdays(self) -> frozenset[int]:
        """The days on which it starts, Monday = 0."""
        found: set[int] = set()
        for span in self.days:
            first, _, last = span.partition("-")
            if first not in WEEK or (last or first) not in WEEK:
                raise ValueError(f"days must be of {', '.join(WEEK)}, or spans such as mon-fri, not {span!r}")
            begin, end = WEEK.index(first), WEEK.index(last or first)
            found.update(day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0)))
        return frozenset(found)

    def on(self, day: date, zone: tzinfo) -> tuple[Instant, Instant]:
        """Return the instants at which it begins and ends if it starts on *day*."""
        begin = _local(day, self.start, zone)
        return begin, _local(day + timedelta(days=1) if self.end < self.start else day, self.end, zone)


def _local(day: date, clock: str, zone: tzinfo) -> Instant:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).timestamp()


@attrs.frozen(kw_only=True)
class Team:
    """Agents who are alike and work the same shifts; their ids are NAME-1 and so on."""

    name: str
    agents: int
    """How many."""
    shifts: tuple[Shift, ...]
    skills: Mapping[str, float] = attrs.field(factory=dict)
    queues: Mapping[str, int] | None = None
    channels: Mapping[str, int] | None = None
    capacity: float = 1.0
    attributes: Mapping[str, Any] = attrs.field(factory=dict)
    pull: bool = False
    groups: tuple[str, ...] = ()
    labels: Mapping[str, int] | None = None
    reserve: float = 0.0
    login_ramp: float | None = None
    delays: Mapping[str, float] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Raise if there can be no such agents."""
        if not 0 <= self.agents <= MOST_AGENTS:
            raise ValueError(f"agents must be from 0 to {MOST_AGENTS:,}, not {self.agents}")
        _agent(self, f"{self.name}-{self.agents}")

    def members(self) -> list[Agent]:
        """Return the agents, numbered with equally many digits."""
        digits = len(str(self.agents))
        return [_agent(self, f"{self.name}-{number:0{digits}}") for number in range(1, self.agents + 1)]


@attrs.frozen(kw_only=True)
class Member:
    """One agent by name."""

    id: AgentId
    shifts: tuple[Shift, ...]
    team: str = "single agents"
    """The team that reports count her in."""
    skills: Mapping[str, float] = attrs.field(factory=dict)
    queues: Mapping[str, int] | None = None
    channels: Mapping[str, int] | None = None
    capacity: float = 1.0
    attributes: Mapping[str, Any] = attrs.field(factory=dict)
    pull: bool = False
    groups: tuple[str, ...] = ()
    labels: Mapping[str, int] | None = None
    reserve: float = 0.0
    login_ramp: float | None = None
    delays: Mapping[str, float] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        """Raise if there can be no such agent."""
        _agent(self, self.id)


def _agent(like: Team | Member, name: AgentId) -> Agent:
    return Agent(
        id=name,
        skills=like.skills,
        queues=like.queues,
        channels=like.channels,
        capacity=like.capacity,
        attributes=like.attributes,
        pull=like.pull,
        groups=like.groups,
        labels=like.labels,
        reserve=like.reserve,
        login_ramp=like.login_ramp,
        delays=like.delays,
    )


class Turnout(NamedTuple):
    """An agent comes (*on*) or goes, at an instant."""

    at: Instant
    agent: AgentId
    on: bool


@attrs.frozen(kw_only=True)
class Roster:
    """The table `[roster]` of a plan file; without it nobody works."""

    zone: str = "+00:00"
    """The clock of the shifts: an offset from UTC such as -08:00, or a name such as Europe/Berlin."""
    teams: tuple[Team, ...] = ()
    agents: tuple[Member, ...] = ()

    def __attrs_post_init__(self) -> None:
        """Raise a ValueError if the zone is unknown or two agents have one id."""
        zone_named(self.zone)
        ids = [agent.id for agent in self.members()]
        if twice := sorted({each for each in ids if ids.count(each) > 1} if len(set(ids)) < len(ids) else ()):
            raise ValueError(f"several agents have the id {twice[0]!r}")

    @classmethod
    def from_data(cls, data: Mapping[str, Any], plan: Plan) -> Roster:
        """Return the roster in the plan file's *data*, checked against the *plan* itself.

        Raises:
            PlanError: If anything is wrong; every problem is listed with its path.
        """
        roster = structured(data.get("roster", {}), cls, "roster")
        if problems := roster.unknown_to(plan):
            raise PlanError(problems)
        return roster

    def unknown_to(self, plan: Plan) -> list[str]:
        """Return the problems with what the roster names and *plan* does not have."""
        problems = []
        named: list[tuple[str, Team | Member]] = [(f"teams[{i}]", each) for i, each in enumerate(self.teams)]
        named += [(f"agents[{i}]", each) for i, each in enumerate(self.agents)]
        for path, like in named:
            for what, names, known in (
                ("skill", like.skills, plan.skills if plan.skills is not None else like.skills),
                ("queue", {**(like.queues or {}), **like.delays}, plan.queues),
                ("channel", like.channels or (), plan.channels),
                ("group", like.groups, plan.groups),
            ):
                unknown = [name for name in names if name not in known]
                problems += [f"roster.{path}.{what}s: there is no {what} {name!r}" for name in unknown]
        return problems

    def members(self) -> list[Agent]:
        """Return every agent, teams first."""
        teams = [agent for team in self.teams for agent in team.members()]
        return [*teams, *(_agent(each, each.id) for each in self.agents)]

    def team_of(self) -> dict[AgentId, str]:
        """Return the team of every agent."""
        teams = {agent.id: team.name for team in self.teams for agent in team.members()}
        return teams | {each.id: each.team for each in self.agents}

    def turnouts(self, first: Instant, last: Instant) -> list[Turnout]:
        """Return who comes and goes from *first* to *last*, in order of time.

        Whoever is on shift at *first* comes then; shifts that touch are one.
        """
        zone = zone_named(self.zone)
        found: list[Turnout] = []
        for agent, shifts in self._shifts():
            for begin, end in _merged(_spans(shifts, zone, first, last)):
                found.append(Turnout(max(begin, first), agent, True))
                if end <= last:
                    found.append(Turnout(end, agent, False))
        place = {agent.id: number for number, agent in enumerate(self.members())}
        return sorted(found, key=lambda each: (each.at, each.on, place[each.agent]))

    def _shifts(self) -> Iterator[tuple[AgentId, tuple[Shift, ...]]]:
        for team in self.teams:
            yield from ((agent.id, team.shifts) for agent in team.members())
        yield from ((each.id, each.shifts) for each in self.agents)


def zone_named(name: str) -> tzinfo:
    """Return the time zone that an offset from UTC or an IANA name means.

    Raises:
        ValueError: If there is none, or this system has no table of zones.

    >>> zone_named("-08:00")
    datetime.timezone(datetime.timedelta(days=-1, seconds=57600))
    """
    if offset := _OFFSET.fullmatch(name):
        away = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-away if offset[1] == "-" else away)
    zone = zone_of(name)
    if zone is None:
        raise ValueError(f"zone {name!r} is unknown here; an offset such as -08:00 always works")
    return zone


def _spans(
    shifts: tuple[Shift, ...], zone: tzinfo, first: Instant, last: Instant
) -> Iterator[tuple[Instant, Instant]]:
    """Yield every span of work that is not over at *first* and begins by *last*."""
    day = datetime.fromtimestamp(first, zone).date() - timedelta(days=1)
    until = datetime.fromtimestamp(last, zone).date()
    while day <= until:
        for shift in shifts:
            if day.weekday() in shift.weekdays:
                begin, end = shift.on(day, zone)
                if end > first and begin <= last:
                    yield begin, end
        day += timedelta(days=1)


def _merged(spans: Iterator[tuple[Instant, Instant]]) -> list[tuple[Instant, Instant]]:
    merged: list[tuple[Instant, Instant]] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
