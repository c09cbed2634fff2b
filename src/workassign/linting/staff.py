"""Who of a roster can do what?

Agents are the bits of an int: bit 0 is the first of the roster. A question about two queues or
about needs is then one `&`, however many agents there are. Law: *only here* is it said what
serving, answering, meeting and having room mean for the linter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from workassign.model import Agent
from workassign.needs import Needs

__all__ = ["Agents", "Staff", "answers", "lacking", "wanted"]

Agents: TypeAlias = int
"""A set of agents of the roster, as bits."""

_Names: TypeAlias = Callable[[Agent], Mapping[str, int] | None]


class Staff:
    """The agents of a roster, asked for by what they can do.

    Cost: O(agents x queues and channels that they name) to build; a new kind of needs O(different
    tables of skills), everything else O(1) in sets.
    """

    def __init__(self, roster: Sequence[Agent]) -> None:
        """Take stock of *roster*."""
        self.agents = roster
        self._of_queue, self._of_any_queue = _by_name(roster, lambda agent: agent.queues)
        self._of_channel, self._of_any_channel = _by_name(roster, _answered)
        self._of_skills: dict[tuple[tuple[str, float], ...], tuple[Mapping[str, float], Agents]] = {}
        self._of_table: dict[tuple[tuple[str, int], ...] | None, Agents] = {}
        for number, agent in enumerate(roster):
            skills = tuple(sorted(agent.skills.items()))
            _, others = self._of_skills.get(skills, (agent.skills, 0))
            self._of_skills[skills] = (agent.skills, others | 1 << number)
            table = None if agent.queues is None else tuple(agent.queues.items())
            self._of_table[table] = self._of_table.get(table, 0) | 1 << number
        self._meeting: dict[Needs, Agents] = {}
        self._roomy: dict[float, Agents] = {}

    def serving(self, queue: str) -> Agents:
        """Return who serves *queue*."""
        return self._of_queue.get(queue, 0) | self._of_any_queue

    def answering(self, channel: str) -> Agents:
        """Return who serves *channel*."""
        return self._of_channel.get(channel, 0) | self._of_any_channel

    def meeting(self, needs: Needs) -> Agents:
        """Return who has the skills that *needs* ask for."""
        if needs not in self._meeting:
            able = (who for levels, who in self._of_skills.values() if needs.met_by(levels))
            self._meeting[needs] = _union(able)
        return self._meeting[needs]

    def roomy(self, units: float) -> Agents:
        """Return whose capacity is at least *units*."""
        if units not in self._roomy:
            able = (1 << number for number, agent in enumerate(self.agents) if agent.capacity >= units)
            self._roomy[units] = _union(able)
        return self._roomy[units]

    def tables(self, queues: Mapping[str, object]) -> Iterator[tuple[dict[str, int], Agents]]:
        """Yield every different table of priorities for *queues*, and whose it is."""
        for table, who in self._of_table.items():
            priorities = dict.fromkeys(queues, 1) if table is None else dict(table)
            yield {name: each for name, each in priorities.items() if name in queues}, who

    def named(self, who: Agents) -> list[Agent]:
        """Return the agents in a set, in roster order."""
        return [agent for number, agent in enumerate(self.agents) if who >> number & 1]


def _by_name(roster: Sequence[Agent], names_of: _Names) -> tuple[dict[str, Agents], Agents]:
    """Return who names what, and who takes everything."""
    named: dict[str, Agents] = {}
    everything = 0
    for number, agent in enumerate(roster):
        names = names_of(agent)
        if names is None:
            everything |= 1 << number
        for name in names or ():
            named[name] = named.get(name, 0) | 1 << number
    return named, everything


def _answered(agent: Agent) -> Mapping[str, int] | None:
    """Return the channels on which *agent* takes something; None: on all."""
    channels = agent.channels
    return None if channels is None else {name: limit for name, limit in channels.items() if limit}


def _union(sets: Iterator[Agents]) -> Agents:
    found = 0
    for each in sets:
        found |= each
    return found


def answers(agent: Agent, channel: str) -> bool:
    """Whether *agent* takes anything on *channel*."""
    return agent.channels is None or agent.channels.get(channel, 0) > 0


def wanted(needs: Needs) -> tuple[tuple[str, float], ...]:
    """Return the skills that *needs* ask for, with their least levels."""
    return needs.skills


def lacking(agent: Agent, needs: Needs) -> list[str]:
    """Return what *agent* has not, or not well enough, of what *needs* ask for."""
    return [f"{skill} {least:g}" for skill, least in wanted(needs) if agent.skills.get(skill, -1.0) < least]
