"""What does a scenario give any rule of routing to work with? The work that was drawn, and who is on duty.

Bounds start from here: nothing of it depends on how work is routed.
"""

from __future__ import annotations

from math import floor, inf

import attrs
import numpy as np

from workassign.lab.crowd import Crowd
from workassign.lab.distributions import Floats, as_floats
from workassign.lab.duty import BACK, COME, duties
from workassign.lab.scenario import Crew, Scenario, Stream

__all__ = ["Planned", "least_factor", "on_duty", "planned", "slots"]

Spans = list[tuple[float, float]]


@attrs.frozen(kw_only=True, eq=False)
class Planned:
    """Who writes by himself, in order of arrival, how long that takes at least, and who is on duty."""

    arrived: Floats
    work: Floats
    """Seconds, wrap-up included: by the fastest crew, at her best."""
    spans: Spans
    """From when to when one more can be begun, one for each that an agent can hold at a time."""

    @property
    def most(self) -> int:
        """How many can be in hand at once, at most: who leaves finishes what she has begun."""
        since = np.sort([begin for begin, _ in self.spans])
        until = np.sort([end for _, end in self.spans]) + float(self.work.max(initial=0.0))
        open_ = np.arange(1, since.size + 1) - np.searchsorted(until, since, side="left")
        return int(open_.max(initial=0))


def planned(scenario: Scenario, seed: int) -> Planned:
    """Return what *scenario* gives with this *seed*. Cost: that of drawing it."""
    crowd = Crowd(scenario, seed)
    streams = np.asarray(crowd.streams, dtype=np.int64)
    work = np.full(streams.size, inf)
    for crew, column in zip(scenario.crews, crowd.work, strict=True):
        speed = np.array([least_factor(crew, each) for each in scenario.streams])
        work = np.fmin(work, as_floats(column) * speed[streams])
    wrap_ups = [scenario.plan.queues[each.queue].wrap_up or 0.0 for each in scenario.streams]
    return Planned(
        arrived=as_floats(crowd.times),
        work=work + as_floats(wrap_ups)[streams],
        spans=[span for crew in scenario.crews for span in on_duty(crew, scenario, seed)],
    )


def least_factor(crew: Crew, each: Stream) -> float:
    """Return by what the work drawn is multiplied at least, when somebody of *crew* does it."""
    return min([1.0, *each.by_level.values()]) / max([1.0, *crew.pace])


def slots(crew: Crew, scenario: Scenario) -> list[int]:
    """Return how many the agents of *crew* can each hold at a time, of what takes up least."""
    least = min(scenario.plan.channels[each.channel].units for each in scenario.streams)
    return [floor(agent.capacity / least + 1e-9) for agent in crew.agents]


def on_duty(crew: Crew, scenario: Scenario, seed: int) -> Spans:
    """Return from when to when agents of *crew* may begin something, by what each can hold.

    Of a crew with sizes the agents who can hold most are taken to be there.
    """
    many = slots(crew, scenario)
    if crew.sizes:
        return _sized(crew, scenario.start, sorted(many, reverse=True))
    since: dict[int, float] = {}
    found: Spans = []
    for at, who, what in duties(crew, scenario.start, seed):
        if what in (COME, BACK):
            since[who] = at
        elif who in since:
            begin = since.pop(who)
            # Of a break that begins with the shift there is nothing before it.
            found += [(begin, at)] * many[who] if begin < at else []
    return found + [(begin, inf) for who, begin in since.items() for _ in range(many[who])]


def _sized(crew: Crew, start: float, many: list[int]) -> Spans:
    edges = [(max(at, start), size) for at, size in sorted(crew.sizes)] + [(inf, 0)]
    found: Spans = []
    since: dict[int, float] = {}
    for at, size in edges:
        for who in range(len(many)):
            if who < size:
                since.setdefault(who, at)
            elif who in since and (begin := since.pop(who)) < at:
                found += [(begin, at)] * many[who]
    return found
