"""Who of a roster can do what?

Agents are the bits of an int: bit 0 is the first of the roster. A question about two queues or
about needs is then one `&`, however many agents there are. Law: *only here* is it said what
serving, answering, meeting and having room mean for the linter. Whoever does not meet a queue's
own needs does not serve it, whatever she names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from workassign.linting.findings import listed
from workassign.model import Agent, AgentId
from workassign.needs import ANYBODY, Needs
from workassign.plan import Queue

__all__ = ["Agents", "Staff", "answers", "asked", "closest"]

Agents: TypeAlias = int
"""A set of agents of the roster, as bits."""

_Names: TypeAlias = Callable[[Agent], Mapping[str, int] | None]

_Table: TypeAlias = tuple[tuple[tuple[str, int], ...] | None, frozenset[str]]
"""Priorities for queues (None: 1 for all), and the queues whose own needs are not met."""


class Staff:
    """The agents of a roster, asked for by what they can do.

    Cost: O(agents x queues and channels that they name) to build; a new kind of needs O(different
    skills and attributes + agents whom it names), everything else O(1) in sets.
    """

    def __init__(self, roster: Sequence[Agent], queues: Mapping[str, Queue] | None = None) -> None:
        """Take stock of *roster*, which is to serve *queues*; None: they ask for nothing."""
        self.agents = roster
        self.attributes = frozenset(name for agent in roster for name in agent.attributes)
        """What anybody has."""
        self._of_queue, self._of_any_queue = _by_name(roster, lambda agent: agent.queues)
        self._of_channel, self._of_any_channel = _by_name(roster, _answered)
        self._of_id: dict[AgentId, Agents] = {}
        self._of_traits: dict[tuple[tuple[tuple[str, float], ...], str], Agents] = {}
        for number, agent in enumerate(roster):
            self._of_id[agent.id] = self._of_id.get(agent.id, 0) | 1 << number
            # 1, 1.0 and True are equal, but not the same to needs: hence the attributes as text.
            traits = (tuple(sorted(agent.skills.items())), repr(dict(agent.attributes)))
            self._of_traits[traits] = self._of_traits.get(traits, 0) | 1 << number
        self._meeting: dict[Needs, Agents] = {}
        self._roomy: dict[float, Agents] = {}
        self._fit = {
            name: self.meeting(queue.needs)
            for name, queue in (queues or {}).items()
            if queue.needs is not ANYBODY
        }
        """Queue with needs of its own -> who meets them."""
        self._of_table: dict[_Table, Agents] = {}
        for number, agent in enumerate(roster):
            table = None if agent.queues is None else tuple(agent.queues.items())
            unfit = frozenset(
                name
                for name, who in self._fit.items()
                if not who >> number & 1 and (agent.queues is None or name in agent.queues)
            )
            self._of_table[table, unfit] = self._of_table.get((table, unfit), 0) | 1 << number

    def naming(self, queue: str) -> Agents:
        """Return who is there for *queue*, whether or not she meets its needs."""
        return self._of_queue.get(queue, 0) | self._of_any_queue

    def serving(self, queue: str) -> Agents:
        """Return who serves *queue*, and meets its own needs."""
        return self.naming(queue) & self._fit.get(queue, -1)

    def answering(self, channel: str) -> Agents:
        """Return who serves *channel*."""
        return self._of_channel.get(channel, 0) | self._of_any_channel

    def meeting(self, needs: Needs) -> Agents:
        """Return who has what *needs* ask for."""
        if needs not in self._meeting:
            self._meeting[needs] = _union(self._able(needs))
        return self._meeting[needs]

    def _able(self, needs: Needs) -> Iterator[Agents]:
        """Yield those who meet *needs*: whom it names one by one, the others by skills and attributes."""
        apart = _union(self._of_id.get(who, 0) for who in needs.names.agents)
        for alike in self._of_traits.values():
            others = alike & ~apart
            if others and self.agents[_first(others)].meets(needs):
                yield others
        while apart:
            number = _first(apart)
            apart &= ~(1 << number)
            if self.agents[number].meets(needs):
                yield 1 << number

    def there(self, who: AgentId) -> bool:
        """Whether somebody of that id is on the roster."""
        return who in self._of_id

    def roomy(self, units: float) -> Agents:
        """Return whose capacity is at least *units*."""
        if units not in self._roomy:
            able = (1 << number for number, agent in enumerate(self.agents) if agent.capacity >= units)
            self._roomy[units] = _union(able)
        return self._roomy[units]

    def tables(self, queues: Mapping[str, object]) -> Iterator[tuple[dict[str, int], Agents]]:
        """Yield every different table of priorities for *queues*, and whose it is.

        Without the queues whose own needs she does not meet.
        """
        for (table, unfit), who in self._of_table.items():
            priorities = dict.fromkeys(queues, 1) if table is None else dict(table)
            kept = {name: each for name, each in priorities.items() if name in queues and name not in unfit}
            yield kept, who

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


def _first(who: Agents) -> int:
    """Return the number of the first of *who*."""
    return (who & -who).bit_length() - 1


def _union(sets: Iterable[Agents]) -> Agents:
    found = 0
    for each in sets:
        found |= each
    return found


def answers(agent: Agent, channel: str) -> bool:
    """Whether *agent* takes anything on *channel*."""
    return agent.channels is None or agent.channels.get(channel, 0) > 0


def asked(needs: Needs) -> str:
    """Say what *needs* ask for.

    >>> asked(Needs({"x": 2, "y": 1})), asked(Needs('language == "es" AND level("x") >= 2'))
    ('x 2, y 1', 'x 2, language == "es"')
    """
    return ", ".join(_said(part) for part in _in_order(needs))


def closest(agents: Iterable[Agent], needs: Needs) -> str:
    """Say which of *agents* lacks the least of what *needs* ask for, and what that is.

    >>> closest([Agent(id="ann"), Agent(id="bob", skills={"x": 1})], Needs({"x": 1, "y": 2}))
    'bob is closest: she lacks y 2'
    """
    found = [(agent.id, _lacking(agent, needs)) for agent in agents]
    who, missing = min(found, key=lambda each: (len(each[1]), each[0]))
    return f"{who} is closest: she lacks {listed(missing)}"


def _lacking(agent: Agent, needs: Needs) -> list[str]:
    """Return what *agent* has not, or not well enough, of what *needs* ask for."""
    return [_said(part) for part in _in_order(needs) if not agent.meets(part)]


def _in_order(needs: Needs) -> list[Needs]:
    """Return the parts of *needs*, plain skills first."""
    return sorted(needs.parts, key=lambda part: part.text is not None)


def _said(part: Needs) -> str:
    return part.text or ", ".join(f"{skill} {least:g}" for skill, least in part.skills)
