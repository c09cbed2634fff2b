"""Who takes part, what waits there, and is all that was given out given once, to whom it may be?"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Protocol

from benchmarks.rivals.libraries import Pgqueuer, Procrastinate
from benchmarks.rivals.load import Asker, Item, Load
from benchmarks.rivals.running import Ran, Rival, run
from benchmarks.rivals.sql import BEST, CLASS_KEYED, DISPATCHED, TEXTBOOK

__all__ = [
    "ANYBODY",
    "AT_ONCE",
    "CONNECTIONS",
    "DISPATCHERS",
    "RIVALS",
    "SHARED",
    "Contender",
    "Lane",
    "There",
]

AT_ONCE = "postgres_at_once"
"""Our desk, told of all agents in one call: to be compared with `dispatched`."""

CONNECTIONS = {1: 1, 8: 8, 64: 16}
"""By the number of agents; with two cores, 64 connections bring less than 16."""
DISPATCHERS = {1: 1, 8: 1, 64: 2}
"""The same where a process asks for several agents at once."""

STUCK = 1_000_000_000
"""Items with such numbers can be done by nobody."""


class Contender(Protocol):
    """Who takes part."""

    def add(self, items: Sequence[Item]) -> None:
        """Let *items* wait."""

    def run(self, askers: Sequence[Asker], seconds: float) -> Ran:
        """Let *askers* ask for so many *seconds*."""


class Installable(Rival, Protocol):
    """A rival that has tables."""

    def install(self, dsn: str, load: Load) -> None:
        """Make them."""

    def add(self, dsn: str, load: Load, items: Sequence[Item], *, first: bool) -> None:
        """Let *items* wait; *first*: the first that ever do."""


RIVALS: dict[str, Installable] = {
    "skip_locked": TEXTBOOK,
    "class_keyed": CLASS_KEYED,
    "skip_locked_best": BEST,
    "dispatched": DISPATCHED,
    "procrastinate": Procrastinate(by_class=False),
    "procrastinate_by_class": Procrastinate(by_class=True),
    "pgqueuer": Pgqueuer(by_class=False),
    "pgqueuer_batch_of_10": Pgqueuer(by_class=False, batch=10),
    "pgqueuer_by_class": Pgqueuer(by_class=True),
}
SHARED = {"dispatched": "skip_locked_best", "pgqueuer_batch_of_10": "pgqueuer", AT_ONCE: "postgres"}
"""These ask what another has, in their own way."""
ANYBODY = ("procrastinate", "pgqueuer", "pgqueuer_batch_of_10")
"""These have no skills: whoever asks gets what is first."""


class There:
    """A rival that is installed in a database."""

    def __init__(
        self, rival: Installable, dsn: str, load: Load, connections: Mapping[int, int], *, first: bool = True
    ) -> None:
        """Take the database at *dsn*, with so many *connections* for so many agents.

        *first*: nothing was loaded there yet.
        """
        self.dsn = dsn
        self._rival, self._load, self._connections = rival, load, connections
        self._first = first

    def add(self, items: Sequence[Item]) -> None:
        """Let *items* wait."""
        self._rival.add(self.dsn, self._load, items, first=self._first)
        self._first = False

    def run(self, askers: Sequence[Asker], seconds: float) -> Ran:
        """Let *askers* ask for so many *seconds*."""
        connections = self._connections.get(len(askers), len(askers))
        return run(self._rival, self.dsn, askers, connections, seconds)


class Lane:
    """One contender, what has come to it, and a check of all that it gives out."""

    def __init__(self, name: str, contender: Contender, load: Load) -> None:
        """Begin with nothing."""
        self.name = name
        self.contender = contender
        self.came = array("h")
        """The class of each item, by its number less one."""
        self.gone: set[int] = set()
        self._load = load
        self._rates: dict[int, list[float]] = {}
        self._waits: dict[int, list[float]] = {}
        self._reaches: dict[int, frozenset[int]] = {}

    def beside(self, name: str, contender: Contender) -> Lane:
        """Return another lane to the same tables."""
        found = Lane(name, contender, self._load)
        found.came, found.gone = self.came, self.gone
        return found

    def add(self, items: Sequence[Item]) -> None:
        """Let *items* wait, which must be the next in order, or be those that nobody can do."""
        self.contender.add(items)
        self.came.extend(item.group for item in items if item.number < STUCK)

    def add_next(self, count: int) -> None:
        """Let so many more wait."""
        if count:
            self.add(self._load.items(len(self.came) + 1, count))

    def stop_up(self, count: int) -> None:
        """Let so many wait before all others that nobody can do."""
        self.add(self._load.stuck(STUCK, count))

    def turn(self, agents: int, seconds: float) -> tuple[int, float]:
        """Let so many *agents* work; return how many items were given out, and how many a second.

        Raises:
            AssertionError: If anything was given out twice, or to somebody who cannot do it.
        """
        askers = self._load.askers(agents)
        ran = self.contender.run(askers, seconds)
        for agent, number in ran.claims:
            assert number not in self.gone, f"{self.name}: {number} was given out twice"
            assert 1 <= number <= len(self.came), f"{self.name}: nobody can do {number}"
            fits = self.name in ANYBODY or self.came[number - 1] in self._reach(agent)
            assert fits, f"{self.name}: agent {agent} cannot do {number}"
            self.gone.add(number)
        self._rates.setdefault(agents, []).append(ran.rate)
        self._waits.setdefault(agents, []).extend(ran.waits)
        return len(ran.claims), ran.rate

    def _reach(self, agent: int) -> frozenset[int]:
        if agent not in self._reaches:
            self._reaches[agent] = frozenset(self._load.asker(agent).reach)
        return self._reaches[agent]

    def figures(self) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Return claims per second (medians) and milliseconds of waiting, by agents; begin anew."""
        rates = {str(agents): round(median(each), 1) for agents, each in self._rates.items()}
        waits = {str(agents): _spread(each) for agents, each in self._waits.items()}
        self._rates, self._waits = {}, {}
        return rates, waits


def _spread(waits: Sequence[float]) -> dict[str, float]:
    if len(waits) < 2:
        return {}
    cuts = quantiles(waits, n=100)
    return {"p50": round(cuts[49] * 1e3, 3), "p99": round(cuts[98] * 1e3, 3)}
