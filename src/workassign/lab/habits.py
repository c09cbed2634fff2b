"""How do agents react to offers, and how fast are they at what?"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from workassign.lab.columns import Verdict
from workassign.lab.draws import Purpose, stream
from workassign.lab.scenario import Crew, Stream
from workassign.model import Agent, OfferId

__all__ = ["Reactions", "level_factor"]


class Reactions:
    """How the agents of a crew react to offers: drawn for each interaction, its first offer in columns."""

    def __init__(self, crew: Crew, seed: int, size: int) -> None:
        self._reaction, self._seed, self._name = crew.reaction, seed, crew.name
        self._seen: set[int] = set()
        if crew.reaction is not None:
            dice = stream(seed, Purpose.REACTION, crew.name)
            self._luck = dice.random(size).tolist()
            self._delays = crew.reaction.delay.sample(dice, size).tolist()

    def to(self, number: int, name: str, offer: OfferId) -> tuple[float, Verdict | None]:
        """Return after how many seconds she reacts to an offer, and how; None: not at all."""
        reaction = self._reaction
        assert reaction is not None
        if number in self._seen or number >= len(self._luck):
            dice = stream(self._seed, Purpose.REACTION, f"{self._name}/{name}/{offer}")
            luck, delay = dice.random(), float(reaction.delay.sample(dice, 1)[0])
        else:
            self._seen.add(number)
            luck, delay = self._luck[number], self._delays[number]
        if luck < reaction.unanswered:
            return delay, None
        declines = luck < reaction.unanswered + reaction.declined
        return delay, Verdict.DECLINED if declines else Verdict.ACCEPTED


def level_factor(each: Stream, agent: Agent) -> float:
    """Return by what the handle time of a stream is multiplied for an agent, by her proficiency."""
    needed = [agent.skills[name] for name in sorted(each.needs.names.skills) if name in agent.skills]
    if not each.by_level or not needed:
        return 1.0
    return _between(each.by_level, sum(needed) / len(needed))


def _between(points: Mapping[int, float], at: float) -> float:
    """Return the value at a level, interpolated between those that are given."""
    levels = sorted(points)
    if at <= levels[0]:
        return points[levels[0]]
    for low, high in pairwise(levels):
        if at <= high:
            return points[low] + (points[high] - points[low]) * (at - low) / (high - low)
    return points[levels[-1]]
