"""What is simulated? Customers who write, crews who work, and the plan between them.

Times are seconds, counted like the instants of the engine: from 0, or POSIX time.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf, isfinite, isinf
from typing import Any

import attrs

from workassign.errors import UsageError
from workassign.lab.arrivals import MOST, Arrivals, Recorded
from workassign.lab.distributions import Distribution, as_tuple
from workassign.model import Agent, Instant, Interaction, Value
from workassign.needs import ANYBODY, Needs
from workassign.plan import Plan

__all__ = [
    "Contagion",
    "Crew",
    "Customers",
    "Learning",
    "OverloadWarning",
    "Reaction",
    "Return",
    "Scenario",
    "Stream",
]


class OverloadWarning(UserWarning):
    """More work comes in than can be done, and nobody gives up: the queue grows without bound."""


def _share(_: object, field: Any, value: object) -> None:  # noqa: ANN401 - attrs' own type is private
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise UsageError(f"{field.name} must be a share from 0 to 1, not {value!r}")


def _table(what: str, value: Mapping[str, Any], each: type, name: str) -> None:
    wrong = [entry for entry in value.values() if not isinstance(entry, each)]
    if wrong:
        raise UsageError(f"{what} must be {name}, not {wrong[0]!r}")


@attrs.frozen(kw_only=True)
class Customers:
    """Who writes: figures drawn for each new customer; None: not known."""

    value: Distribution | None = None
    """Lifetime value."""
    influence: Distribution | None = None
    """A score; what is above 100 counts as 100."""
    anger: Distribution | None = None
    """0 is neutral, 1 furious and more: her sentiment is 0 less this, at least -1."""
    segments: Mapping[str, float] = attrs.field(factory=dict)
    """Segment -> share; what is left of 1 is in none."""

    def __attrs_post_init__(self) -> None:
        """Check the segments."""
        if (
            any(not 0 <= share <= 1 for share in self.segments.values())
            or sum(self.segments.values()) > 1 + 1e-9
        ):
            raise UsageError(f"segments must be shares that sum up to at most 1, not {dict(self.segments)!r}")


@attrs.frozen(kw_only=True)
class Return:
    """Whoever was not answered comes back: calls again, or posts again, angrier and further heard."""

    share: float = attrs.field(default=1.0, validator=_share)
    """Of those who gave up, so many come back."""
    after: Distribution
    """Seconds from giving up to the next attempt."""
    most: int = 10
    """Attempts in all, the first one included."""
    angrier: float = 0.0
    """So much lower is her sentiment at each further attempt, down to -1."""
    reach: float = 1.0
    """Her influence is multiplied by this at each further attempt, up to 100."""
    same: bool = False
    """She is as patient, and takes as long, as at first; else both are drawn anew."""

    def __attrs_post_init__(self) -> None:
        """Check the numbers."""
        if type(self.most) is not int or not 1 <= self.most <= 1000:
            raise UsageError(f"most must be a whole number from 1 to 1000, not {self.most!r}")
        if not 0 <= self.angrier <= 2 or not (isfinite(self.reach) and self.reach > 0):
            raise UsageError("angrier must be from 0 to 2, and reach positive")


@attrs.frozen(kw_only=True)
class Contagion:
    """What is not answered makes others write: each has *children* on average until it is answered.

    The children come after exponential delays of mean `decay`; they are as contagious themselves. An
    answer travels: it keeps those from writing who would have written later.
    """

    children: float
    decay: float

    def __attrs_post_init__(self) -> None:
        """Check that a storm ends."""
        if not 0 <= self.children < 1:
            raise UsageError(f"children must be from 0 to below 1, or it never ends, not {self.children!r}")
        if not (isfinite(self.decay) and self.decay > 0):
            raise UsageError(f"decay must be a positive number of seconds, not {self.decay!r}")


@attrs.frozen(kw_only=True)
class Stream:
    """Customers who are alike: when they write, what they need, how long that takes, how long they wait.

    Raises:
        UsageError: If something is missing, or is no distribution.
    """

    name: str
    arrivals: Arrivals
    handling: Distribution | Mapping[str, Distribution]
    """Seconds of work; by crew, if they differ ("default" for all others)."""
    patience: Distribution | None = None
    """Seconds until a customer nobody has accepted gives up; None: she waits."""
    queue: str = "default"
    channel: str = "default"
    needs: Needs = ANYBODY
    tier: int | None = None
    label: str | None = None
    attributes: Mapping[str, Value] = attrs.field(factory=dict)
    customers: Customers | None = None
    by_level: Mapping[int, float] = attrs.field(factory=dict)
    """Proficiency -> factor of the handle time, in between interpolated: by an agent's mean level
    in the skills that are needed."""
    returns: Return | None = None
    contagion: Contagion | None = None

    def __attrs_post_init__(self) -> None:
        """Check every part."""
        if not isinstance(self.arrivals, Arrivals):
            raise UsageError(f"arrivals of {self.name!r} must be arrivals, not {self.arrivals!r}")
        works = self.handling if isinstance(self.handling, Mapping) else {"default": self.handling}
        _table(f"handling of {self.name!r}", works, Distribution, "a distribution")
        if not works:
            raise UsageError(f"handling of {self.name!r} must not be empty")
        for crew, work in works.items():
            if isinf(work.mean):
                raise UsageError(
                    f"handling of {self.name!r} by {crew!r} has no finite mean: nobody gets done"
                )
        if self.patience is not None and not isinstance(self.patience, Distribution):
            raise UsageError(f"patience of {self.name!r} must be a distribution, not {self.patience!r}")
        if any(not (isfinite(factor) and factor > 0) for factor in self.by_level.values()):
            raise UsageError(
                f"by_level of {self.name!r} must be positive factors, not {dict(self.by_level)!r}"
            )
        if self.returns is not None and self.patience is None:
            raise UsageError(f"stream {self.name!r} has returns, but nobody gives up: it needs a patience")
        _ = self.template

    @property
    def template(self) -> Interaction:
        """An interaction as all of this stream are."""
        return Interaction(
            id=self.name,
            queue=self.queue,
            channel=self.channel,
            needs=self.needs,
            tier=self.tier,
            label=self.label,
            attributes=self.attributes,
        )

    def handled_by(self, crew: str) -> Distribution | None:
        """Return how long *crew* takes."""
        if not isinstance(self.handling, Mapping):
            return self.handling
        return self.handling.get(crew, self.handling.get("default"))


@attrs.frozen(kw_only=True)
class Reaction:
    """How agents answer what they are offered. Without it they accept at once.

    Raises:
        UsageError: If shares are none, or are more than all.
    """

    delay: Distribution
    """Seconds until she accepts or declines; an offer that expires before that has run out."""
    declined: float = attrs.field(default=0.0, validator=_share)
    """The share of offers that are declined."""
    unanswered: float = attrs.field(default=0.0, validator=_share)
    """The share of offers that run out."""
    back_after: float = 300.0
    """Whoever was set away for letting offers run out comes back after so many seconds."""

    def __attrs_post_init__(self) -> None:
        """Check the shares."""
        if self.declined + self.unanswered > 1:
            raise UsageError("declined and unanswered must be at most 1 together")
        if not (isfinite(self.back_after) and self.back_after > 0):
            raise UsageError(f"back_after must be positive, not {self.back_after!r}")


@attrs.frozen(kw_only=True)
class Learning:
    """Handle times shrink with practice: from *start* times the usual one towards 1."""

    start: float = 1.5
    half: float = 100.0
    """After so many interactions half of the difference is gone."""

    def __attrs_post_init__(self) -> None:
        """Check both."""
        if not 1 <= self.start <= 100 or not (isfinite(self.half) and self.half > 0):
            raise UsageError("start must be from 1 to 100, and half positive")

    def factor(self, handled: int) -> float:
        """Return the factor of the handle time of whoever has handled so many.

        >>> Learning(start=2.0, half=50.0).factor(50)
        1.5
        """
        return float(1 + (self.start - 1) * 0.5 ** (handled / self.half))


Spans = tuple[tuple[Instant, Instant], ...]


def _checked_spans(spans: Iterable[Iterable[float]]) -> Spans:
    found = []
    for span in spans:
        pair = tuple(span)
        if len(pair) != 2 or not pair[0] < pair[1] or not isfinite(pair[0]):
            raise UsageError(f"a span must be two instants, the first before the second, not {pair!r}")
        found.append((float(pair[0]), float(pair[1])))
    found.sort()
    for (_, end), (begin, _) in pairwise(found):
        if begin < end:
            raise UsageError(f"spans must not overlap, but one ends at {end:g} and one begins at {begin:g}")
    return tuple(found)


def _spans(spans: Iterable[Iterable[float]] | None) -> Spans | None:
    return None if spans is None else _checked_spans(spans)


def _sizes(sizes: Iterable[tuple[Instant, int]]) -> tuple[tuple[Instant, int], ...]:
    return tuple((at, size) for at, size in sizes)


def _agents(agents: Iterable[Agent]) -> tuple[Agent, ...]:
    return tuple(agents)


@attrs.frozen(kw_only=True)
class Crew:
    """Agents who work alike, at the same hours.

    Raises:
        UsageError: If hours overlap, or a number is none.
    """

    name: str
    agents: tuple[Agent, ...] = attrs.field(converter=_agents)
    shifts: Spans | None = attrs.field(default=None, converter=_spans)
    """From when to when they work; None: all the time. Who holds something finishes it."""
    breaks: Spans = attrs.field(default=(), converter=_checked_spans)
    """When they are away, within their shifts."""
    absence: float = attrs.field(default=0.0, validator=_share)
    """The share of their shifts to which they do not come, drawn for each of them."""
    sizes: tuple[tuple[Instant, int], ...] = attrs.field(default=(), converter=_sizes)
    """From each instant on so many of them are there, instead of `shifts`: who is idle leaves first,
    then whoever is done first."""
    reaction: Reaction | None = None
    learning: Learning | None = None
    pace: tuple[float, ...] = attrs.field(default=(), converter=as_tuple)
    """How fast each conversation goes on while an agent has 1, 2, 3 ... of them: the last one holds
    for more. Empty: as fast as ever."""

    def __attrs_post_init__(self) -> None:
        """Check agents, pace and sizes."""
        if not all(isinstance(agent, Agent) for agent in self.agents):
            raise UsageError(f"agents of crew {self.name!r} must be agents, not {self.agents!r}")
        if any(not (isfinite(rate) and rate > 0) for rate in self.pace):
            raise UsageError(f"pace of crew {self.name!r} must be positive rates, not {self.pace!r}")
        if self.sizes and (self.shifts is not None or self.absence or self.breaks):
            raise UsageError(f"crew {self.name!r} has sizes: it can have no shifts, breaks or absence")
        for _, size in self.sizes:
            if type(size) is not int or not 0 <= size <= len(self.agents):
                raise UsageError(
                    f"sizes of crew {self.name!r} must be from 0 to {len(self.agents)} agents, not {size!r}"
                )

    @classmethod
    def of(cls, name: str, count: int, **settings: Any) -> Crew:  # noqa: ANN401 - of Agent and Crew
        """Return a crew of *count* agents, whose ids are NAME-1 and so on, and who are alike.

        Settings of a crew are its own, all others those of its agents.

        >>> [agent.id for agent in Crew.of("night", 2, skills={"en": 1}).agents]
        ['night-1', 'night-2']

        Raises:
            UsageError: If *count* is no number from 0 to a million, or a setting is wrong.
        """
        if type(count) is not int or not 0 <= count <= 1_000_000:
            raise UsageError(f"a crew must have from 0 to 1,000,000 agents, not {count!r}")
        own = {each.name for each in attrs.fields(cls)} & settings.keys()
        alike = {key: value for key, value in settings.items() if key not in own}
        digits = len(str(count))
        agents = tuple(Agent(id=f"{name}-{number:0{digits}}", **alike) for number in range(1, count + 1))
        return cls(name=name, agents=agents, **{key: settings[key] for key in own})


def _streams(streams: Iterable[Stream]) -> tuple[Stream, ...]:
    return tuple(streams)


def _crews(crews: Iterable[Crew]) -> tuple[Crew, ...]:
    return tuple(crews)


@attrs.frozen(kw_only=True)
class Scenario:
    """A day, or a month, of work: who writes, who works, under which plan, and for how long.

    Raises:
        UsageError: If parts contradict each other, or it would never end.

    Warns:
        OverloadWarning: If more comes in than can be done and nobody gives up.
    """

    plan: Plan
    streams: tuple[Stream, ...] = attrs.field(converter=_streams)
    crews: tuple[Crew, ...] = attrs.field(converter=_crews)
    duration: float
    """Customers write from `start` for so many seconds."""
    start: Instant = 0.0
    drain_for: float = inf
    """Then work goes on until nothing is open, at most for so many seconds."""
    lines: int | None = None
    """So many can be waiting or talking at a time, others are blocked; None: no such limit."""
    turn_away: bool = False
    """Whoever still waits when `duration` is over, or comes back later, is turned away."""
    name: str = "scenario"

    def __attrs_post_init__(self) -> None:
        """Check that the parts fit together."""
        if not isinstance(self.plan, Plan):
            raise UsageError(f"plan must be a Plan, not {self.plan!r}")
        for what, value in (("duration", self.duration), ("start", self.start)):
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise UsageError(
                    f"{what} must be a finite number of seconds, or it never ends, not {value!r}"
                )
        if self.duration <= 0 or not self.drain_for >= 0:
            raise UsageError("duration must be positive, and drain_for at least 0")
        if self.lines is not None and (type(self.lines) is not int or self.lines < 1):
            raise UsageError(f"lines must be a whole number, at least 1, not {self.lines!r}")
        self._check_names()
        self._check_streams()
        self._check_load()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Scenario:
        """Build a scenario from plain data, as in a TOML file: its plan, and the table `[scenario]`.

        Raises:
            PlanError: If anything is wrong; every problem is listed with its path.
        """
        from workassign.lab.scenario_tables import scenario_from

        return scenario_from(data)

    def _check_names(self) -> None:
        for what, names in (
            ("streams", [stream.name for stream in self.streams]),
            ("crews", [crew.name for crew in self.crews]),
            ("agents", [agent.id for crew in self.crews for agent in crew.agents]),
        ):
            if not names:
                raise UsageError(f"a scenario without {what}: nothing would happen")
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise UsageError(f"two {what} are called {twice!r}")

    def _check_streams(self) -> None:
        for stream in self.streams:
            if stream.queue not in self.plan.queues:
                raise UsageError(f"stream {stream.name!r}: the plan has no queue {stream.queue!r}")
            if stream.channel not in self.plan.channels:
                raise UsageError(f"stream {stream.name!r}: the plan has no channel {stream.channel!r}")
            if (problem := self.plan.unknown(stream.needs)) is not None:
                raise UsageError(f"stream {stream.name!r}: {problem[1]}")
            for crew in self.crews:
                if stream.handled_by(crew.name) is None and self.serves(crew, stream):
                    raise UsageError(f"handling of {stream.name!r} leaves out crew {crew.name!r}")

    def serves(self, crew: Crew, stream: Stream) -> bool:
        """Whether somebody of *crew* could be given something of *stream*, as to queue and skills."""
        own = self.plan.queues[stream.queue].needs
        return any(
            (agent.queues is None or stream.queue in agent.queues)
            and stream.needs.met_by(agent.skills, agent.attributes, agent.id)
            and own.met_by(agent.skills, agent.attributes, agent.id)
            for agent in crew.agents
        )

    def _check_load(self) -> None:
        """Warn if there is more work than time, and nobody who gives up."""
        end = self.start + self.duration
        work, time = 0.0, 0.0
        for stream in self.streams:
            expected = stream.arrivals.expected(self.start, end)
            if isinf(expected) or expected > MOST:
                raise UsageError(
                    f"stream {stream.name!r} expects {expected:,.0f} arrivals, more than "
                    f"{MOST:,}: rates are per second"
                )
            if stream.patience is None and not isinstance(
                stream.arrivals, Recorded
            ):  # a trace is over one day
                works = stream.handling if isinstance(stream.handling, Mapping) else {"": stream.handling}
                work += expected * min(each.mean for each in works.values())
        for crew in self.crews:
            fastest = max([(n + 1) * rate for n, rate in enumerate(crew.pace)], default=1.0)
            units = max((agent.capacity for agent in crew.agents), default=1.0)
            time += _presence(crew, self.start, end) * max(fastest, 1.0 if crew.pace else units)
        if work > time * (1 + 1e-9):
            warnings.warn(
                f"{self.name}: {work:,.0f} seconds of work come in from those who never give up, and there "
                f"are only {time:,.0f} seconds of agents' time: their queue grows without bound",
                OverloadWarning,
                stacklevel=4,
            )


def _presence(crew: Crew, start: Instant, end: Instant) -> float:
    """Return the seconds that the agents of *crew* are there between the two instants."""
    if crew.sizes:
        edges = [max(start, at) for at, _ in crew.sizes] + [end]
        return sum(size * max(edges[i + 1] - edges[i], 0) for i, (_, size) in enumerate(crew.sizes))
    spans = ((start, end),) if crew.shifts is None else crew.shifts
    seconds = sum(max(min(end, b) - max(start, a), 0) for a, b in spans)
    return len(crew.agents) * (1 - crew.absence) * seconds
