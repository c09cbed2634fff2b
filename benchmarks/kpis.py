"""What do live key figures add to the life of an interaction, and what does a read of them cost?

Two equal engines live the same lives in turns, small pieces each, one with `Kpis` fed after every
turn: the extra is what the figures cost. The same with a `Desk`, which keeps a journal in memory
too: that is what an application has. Reads are timed with a thousand interactions open and with a
hundred thousand. Times are processor times, as multiples of the floor F as well.

    python -m benchmarks.kpis --json out/kpis.json [--quick]
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import thread_time
from typing import Any

from benchmarks.command import parser, write
from benchmarks.floor import Floor
from benchmarks.lifecycle import GRID, STEP, Saturated, Size
from workassign import Agent, Desk, Engine, Interaction, Kpis, MemoryStore, Plan
from workassign.commands import Accept, AddAgent, Complete, SignOn, Submit

SIZES = [GRID[1], GRID[4], GRID[7]]
"""100 classes, at the three sizes."""


class Told(Saturated):
    """A saturated engine, and the key figures of its whole past."""

    def __init__(self, size: Size) -> None:
        """Fill it, and tell the figures all about it: by its journal's facts, one turn each."""
        turns: list[tuple[float, list[Any]]] = []
        _spy(turns, lambda: super(Told, self).__init__(size))
        self.kpis = Kpis(self.engine.plan)
        for at, facts in turns:
            self.kpis.take(at, facts)
        self.kpis.figures()

    def live(self, lives: list[tuple[int, Interaction]]) -> None:
        """Live by the engine's own methods, and tell the figures."""
        held, now, take = self.held, self.now, self.kpis.take
        submit, complete, accept = self.engine.submit, self.engine.complete, self.engine.accept
        for place, interaction in lives:
            now += STEP
            take(now, submit(interaction, now))
            done = held[place]
            facts: list[Any] = complete(done.interaction, done.agent, done.fence, now)
            take(now, facts)
            offered = facts[1]
            facts = accept(offered.offer, offered.agent, now)
            take(now, facts)
            held[place] = facts[0]
        self.now = now


def _spy(turns: list[tuple[float, list[Any]]], fill: Callable[[], None]) -> None:
    """Note the facts of every turn while *fill* is at work."""
    kept = {name: getattr(Engine, name) for name in ("submit", "accept", "handle")}

    def noting(name: str) -> Callable[..., Any]:
        def call(engine: Engine, *args: Any, **kwargs: Any) -> Any:
            answer = kept[name](engine, *args, **kwargs)
            turns.append((engine.now, engine.facts))
            return answer

        return call

    for name in kept:
        setattr(Engine, name, noting(name))
    try:
        fill()
    finally:
        for name, method in kept.items():
            setattr(Engine, name, method)


def measure(size: Size, pieces: int, piece: int) -> dict[str, Any]:
    """Return what a life costs without and with live figures, and their ratio."""
    told, plain, floor = Told(size), Saturated(size), Floor()
    gc.collect()
    gc.freeze()
    told.live(told.prepare(piece))
    plain.by_methods(plain.prepare(piece))
    ratios, costs = [], []
    for number in range(pieces):
        pair = [(told, told.live), (plain, plain.by_methods)]
        found = {}
        for engine, run in pair if number % 2 else pair[::-1]:
            lives = engine.prepare(piece)
            before = floor.measure()
            start = thread_time()
            run(lives)
            cost = (thread_time() - start) / piece * 1e6
            found[engine] = cost / ((before + floor.measure()) / 2)
        ratios.append(found[told] / found[plain] - 1)
        costs.append((found[plain], found[told]))
    gc.unfreeze()
    return {
        **size._asdict(),
        "plain_f": median(cost for cost, _ in costs),
        "told_f": median(cost for _, cost in costs),
        "extra": median(ratios),
        "read_figures_us": _read(told.kpis.figures),
        "read_hour_us": _read(lambda: told.kpis.figures(window=3600.0)),
        "read_live_us": _read(told.kpis.live),
    }


class Counter:
    """A desk with a busy agent a hundred times over, and something waiting for each."""

    def __init__(self, kpis: Callable[[Plan], Kpis] | None) -> None:
        """Begin the day."""
        self.now = 0.0
        self.desk = Desk(Engine(), MemoryStore(), clock=lambda: self.now, kpis=kpis)
        self.made = 0
        self.held: list[Any] = []
        for number in range(100):
            self.desk.handle(AddAgent(Agent(id=f"agent-{number}")))
            self.desk.handle(SignOn(f"agent-{number}"))
            offered: Any = self.desk.handle(Submit(self.make(1)[0]))[-1]
            self.held += self.desk.handle(Accept(offered.offer, offered.agent))
        for interaction in self.make(100):
            self.desk.handle(Submit(interaction))

    def make(self, many: int) -> list[Interaction]:
        """Return new interactions."""
        self.made += many
        return [Interaction(id=f"{number:012d}") for number in range(self.made - many, self.made)]

    def live(self, interactions: list[Interaction]) -> None:
        """Live by commands, each of them durable when it returns."""
        handle, held = self.desk.handle, self.held
        for place, interaction in enumerate(interactions):
            self.now += STEP
            handle(Submit(interaction))
            done = held[place % 100]
            offered: Any = handle(Complete(done.interaction, done.agent, done.fence))[1]
            held[place % 100] = handle(Accept(offered.offer, offered.agent))[0]


def measure_desk(pieces: int, piece: int) -> dict[str, Any]:
    """Return what live figures add to a life at a desk."""
    told, plain = Counter(Kpis), Counter(None)
    ratios, costs = [], []
    for number in range(pieces):
        found = {}
        for counter in (told, plain) if number % 2 else (plain, told):
            ready = counter.make(piece)
            start = thread_time()
            counter.live(ready)
            found[counter] = (thread_time() - start) / piece * 1e6
        ratios.append(found[told] / found[plain] - 1)
        costs.append(found[plain])
    return {"plain_us": median(costs), "extra": median(ratios)}


def _read(read: Callable[[], object]) -> float:
    """Return the cost of a read in microseconds."""
    read()
    costs = []
    for _ in range(20):
        start = thread_time()
        read()
        costs.append(thread_time() - start)
    return median(costs) * 1e6


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, and write the figures."""
    asked = parser(__doc__)
    asked.add_argument("--quick", action="store_true", help="leave out the million")
    options = asked.parse_args(argv)
    cases = []
    for size in SIZES[:2] if options.quick else SIZES:
        cases.append(measure(size, 200, 500))
        print(_line(cases[-1]), flush=True)
    desk = measure_desk(100, 200)
    print("at a desk: {plain_us:.0f} us a life, with figures +{extra:.1%}".format(**desk))
    write({"cases": cases, "desk": desk, "python": sys.version.split()[0]}, options.json)


def _line(case: dict[str, Any]) -> str:
    life = (
        "{queued:>9,} queued {agents:>6,} agents: {plain_f:.1f} F, with figures {told_f:.1f} F: +{extra:.1%}"
    )
    reads = "figures {read_figures_us:.0f} us, of an hour {read_hour_us:.0f} us, live {read_live_us:.0f} us"
    return f"{life}; reads: {reads}".format(**case)


if __name__ == "__main__":
    main()
