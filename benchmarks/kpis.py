"""What do live key figures add to the life of an interaction, and what does a read of them cost?

Two equal engines live the same lives in turns, small pieces each, one with `Kpis` fed after every
turn: the extra is what the figures cost. Reads are timed with a thousand interactions open and
with a hundred thousand. Times are processor times, as multiples of the floor F as well.

    python -m benchmarks.kpis --json out/kpis.json [--quick]
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import thread_time
from typing import Any

from benchmarks.floor import Floor
from benchmarks.lifecycle import GRID, STEP, Saturated, Size
from workassign import Engine, Interaction
from workassign.kpi import Kpis

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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--quick", action="store_true", help="leave out the million")
    options = parser.parse_args(argv)
    cases = []
    for size in SIZES[:2] if options.quick else SIZES:
        cases.append(measure(size, 200, 500))
        print(_line(cases[-1]), flush=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {"cases": cases, "python": sys.version.split()[0]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _line(case: dict[str, Any]) -> str:
    life = (
        "{queued:>9,} queued {agents:>6,} agents: {plain_f:.1f} F, with figures {told_f:.1f} F: +{extra:.1%}"
    )
    reads = "figures {read_figures_us:.0f} us, of an hour {read_hour_us:.0f} us, live {read_live_us:.0f} us"
    return f"{life}; reads: {reads}".format(**case)


if __name__ == "__main__":
    main()
