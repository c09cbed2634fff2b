"""Who serves which channels when? Teams that alternate, by schedule or by load."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from itertools import accumulate
from math import floor
from typing import Any

import attrs

from workassign.model import LATEST, Agent, Instant, is_number, range_problem

__all__ = ["Period", "Rotation", "turned"]

MOST_PERIODS = 100
"""A rotation has at most so many periods."""


@attrs.frozen(kw_only=True)
class Period:
    """What the members of a rotation serve for a while.

    Raises:
        UsageError: If a channel is no name, or a limit out of its range, as of an `Agent`.
    """

    channels: Mapping[str, int] | None = None
    """Channels served -> how many at a time, instead of their own; None: their own."""
    seconds: float | None = None
    """How long it lasts; None where the load decides."""

    def __attrs_post_init__(self) -> None:
        """Check the channels as an agent's."""
        object.__setattr__(self, "channels", Agent(id="member", channels=self.channels).channels)


@attrs.frozen(kw_only=True)
class Rotation:
    """Agents who do one thing after the other: two hours of calls, two hours of e-mails, and again.

    By schedule: the periods follow one another without an end, the first began at `start`. By
    load: there are two; the second holds from when `on` interactions of `queue` have nobody who
    accepted them, until they are fewer than `off`.
    """

    groups: tuple[str, ...]
    """Whoever is in one of these groups takes part."""
    periods: tuple[Period, ...]
    start: Instant = 0.0
    """When a first period began, or will begin; the cycle goes on before and after it."""
    queue: str | None = None
    on: int | None = None
    off: int | None = None

    def at(self, at: Instant) -> tuple[int, Instant, Instant]:
        """Return the number, from 0, of the period that the schedule has at *at*, its begin and its end."""
        ends = list(accumulate(each.seconds or 0.0 for each in self.periods))
        base = self.start + floor((at - self.start) / ends[-1]) * ends[-1]
        while base > at:  # rounded up
            base -= ends[-1]
        begin = base
        for number, seconds in enumerate(ends):
            end = base + seconds
            if at < end:
                return number, begin, end
            begin = end
        return 0, begin, begin + ends[0]  # rounded down

    def has(self, told: Agent) -> bool:
        """Whether an agent who was *told* to be so takes part."""
        return any(name in self.groups for name in told.groups)

    def problems(
        self, queues: Container[str], channels: Container[str], groups: Container[str]
    ) -> Iterator[tuple[str, str]]:
        """Yield what is wrong in a plan that has these: the setting and the rule."""
        if not isinstance(self.groups, tuple) or not self.groups:
            yield "groups", f"must be a list of groups, not {self.groups!r}"
        else:
            yield from (
                ("groups", f"there is no group {name!r}") for name in self.groups if name not in groups
            )
        if not is_number(self.start) or not -LATEST <= self.start <= LATEST:
            yield (
                "start",
                f"must be seconds within {LATEST:g} of 0, or a time with its zone, not {self.start!r}",
            )
        if not isinstance(self.periods, tuple) or not all(isinstance(each, Period) for each in self.periods):
            yield "periods", f"must be a list of periods, not {self.periods!r}"
            return
        if not 2 <= len(self.periods) <= MOST_PERIODS:
            yield "periods", f"must be from 2 to {MOST_PERIODS}, not {len(self.periods)}"
        for i, period in enumerate(self.periods):
            unknown = (name for name in period.channels or () if name not in channels)
            yield from ((f"periods[{i}].channels", f"there is no channel {name!r}") for name in unknown)
        yield from self._by_schedule() if self.queue is None else self._by_load(queues)

    def _by_schedule(self) -> Iterator[tuple[str, str]]:
        for name in ("on", "off"):
            if getattr(self, name) is not None:
                yield name, "is the length of a queue: name the queue"
        for i, period in enumerate(self.periods):
            if (problem := range_problem(period.seconds)) is not None:
                yield f"periods[{i}].seconds", problem

    def _by_load(self, queues: Container[str]) -> Iterator[tuple[str, str]]:
        if self.queue not in queues:
            yield "queue", f"there is no queue {self.queue!r}"
        if len(self.periods) != 2:
            yield "periods", f"must be two where a queue decides, not {len(self.periods)}"
        for i, period in enumerate(self.periods):
            if period.seconds is not None:
                yield f"periods[{i}].seconds", "is for a schedule: here the queue decides"
        on, off = self.on, self.off
        if type(on) is not int or type(off) is not int or not 1 <= off <= on <= 1_000_000:
            yield "on", f"on and off must be whole numbers, 1 <= off <= on <= 1000000, not {on!r} and {off!r}"

    def to_data(self) -> dict[str, Any]:
        """Return what it says as plain data."""
        data: dict[str, Any] = {"groups": list(self.groups)}
        data["periods"] = [
            {
                **({} if each.channels is None else {"channels": dict(each.channels)}),
                **({} if each.seconds is None else {"seconds": each.seconds}),
            }
            for each in self.periods
        ]
        if self.queue is None:
            return {**data, "start": self.start}
        return {**data, "queue": self.queue, "on": self.on, "off": self.off}


def turned(agent: Agent, told: Agent, rotations: Mapping[str, Rotation], periods: Mapping[str, int]) -> Agent:
    """Return *agent*, who was *told* so, with the channels whose turn it is; later rotations go first.

    *periods*: rotation -> the number of its period, from 0.
    """
    for name, rotation in rotations.items():
        channels = rotation.periods[periods.get(name, 0)].channels
        if channels is not None and rotation.has(told):
            agent = attrs.evolve(agent, channels=channels)
    return agent
